# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Cases of the network: cards, addresses, HTTP."""
import json
import re
import socket
import threading

import rfb
from case import Case, conf, linux, vm
from net import addressed, ask_often, at_rest, curl, metrics, quiet_metrics
from steps import (command, flips_on, need, not_logged, powers_off, says, shows, started, until)

XGA = "quadrants-1024x768"
GUEST = vm("bare", "gpu.elf", "size=1024x768 stay=1")

# ---- what is served ----------------------------------------------------------------------------


def serves(m):
    """Each path, with the password and without, and what is no request."""
    kinds = {"/": "text/html", "/log": "text/plain", "/status.json": "application/json",
             "/metrics": "text/plain", "/vm/bare/console": "text/plain",
             "/screen.png": "image/png", "/vm/bare.png": "image/png",
             "/vm/bare.png?head=0": "image/png"}
    for path, kind in kinds.items():
        status, fields, body = curl(m, path)
        need(status == 200 and fields["content-type"].startswith(kind) and body,
             "%s: %d %s" % (path, status, fields.get("content-type")))
        for password in (None, "oriel:secre", "oriel:secrets", "root:secret"):
            status, fields, body = curl(m, path, password=password)
            need(status == 401 and fields["www-authenticate"].startswith("Basic") and
                 b"PNG" not in body, "%s with password %s: %d" % (path, password, status))
    for path in ("/nothing", "/vm/", "/vm/none.png", "/vm/bare.png?head=1", "/vm/bare.png?head=x",
                 "/vm/bare", "/vm/" + 100 * "x" + ".png"):
        need(curl(m, path)[0] == 404, path + " is there")
    need(curl(m, "/", "-X", "POST", "-d", "x")[0] == 405, "POST is allowed")
    need(curl(m, "/" + 300 * "x")[0] == 414, "a long path is read")
    need(curl(m, "/", "-H", "X: " + 5000 * "x")[0] == 431, "a long header is read")
    need(json.loads(curl(m, "/status.json")[2])["guests"][0]["name"] == "bare", "status.json")
    need(b"/vm/bare.png" in curl(m, "/")[2], "the page does not show the guest")
    need(b"[vm bare] started" in curl(m, "/log")[2], "the log lacks a line")
    need(b"guest: quadrants shown" in curl(m, "/vm/bare/console")[2], "the guest's text")


def unchanged(m):
    """A still picture asked again costs an answer without it, and nothing is encoded."""
    for path in ("/screen.png", "/vm/bare.png"):
        tag = curl(m, path)[1]["etag"]
        before = metrics(m)["oriel_pictures_total"]
        for given in (tag, '"x", W/%s' % tag):
            status, fields, body = curl(m, path, "-H", "If-None-Match: " + given)
            need(status == 304 and not body and fields["etag"] == tag,
                 "%s asked with %s: %d" % (path, given, status))
        need(curl(m, path, "-H", 'If-None-Match: "x"')[0] == 200, "another tag: 304")
        status, fields, body = curl(m, path, "-I")
        need(status == 200 and int(fields["content-length"]) > 1000, "HEAD %s" % path)
        need(metrics(m)["oriel_pictures_total"] == before, "a still picture was made again")


def same_pictures(m):
    """Pixel for pixel over the serial line, HTTP and VNC, and on QEMU's screen."""
    for guest, n in ((None, rfb.SCREEN), ("bare", rfb.FIRST)):
        serial = m.shot("serial", guest)
        others = {"HTTP": m.http_shot("http", guest), "VNC": rfb.shot(m, "vnc", n)}
        if not guest and m.case.machine == "qemu-svm":
            others["QEMU's screen"] = m.screendump("panel")
        for name, picture in others.items():
            differences = m.differs(serial, picture)
            need(not differences, "%s, serial and %s: %s" % (guest or "screen", name, differences))


# ---- those who do not behave -------------------------------------------------------------------


class Slow(threading.Thread):
    """A connection that says `begin`, then a byte a second; `answer` is what came back."""

    def __init__(self, port, begin, goes_on=False):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.sendall(begin)
        self.goes_on = goes_on
        self.answer = b""
        self.start()

    def run(self):
        try:
            self.socket.settimeout(1 if self.goes_on else 60)
            for _ in range(60):
                try:
                    data = self.socket.recv(65536)
                    if not data:
                        return
                    self.answer += data
                except socket.timeout:
                    self.socket.sendall(b"x")
        except OSError:
            pass
        finally:
            self.socket.close()


def misbehaved(m):
    """Too slow, half said, too long: counted, and nobody else notices."""
    before = quiet_metrics(m)
    slow = [Slow(m.port, b""), Slow(m.port, b"GET / HT"),
            Slow(m.port, b"GET /log HTTP/1.1\r\nX: ", goes_on=True)]
    for begin in (b"GET / HTTP/1.1\r\nAuthor", b"\r"):
        s = socket.create_connection(("127.0.0.1", m.port), 60)
        s.sendall(begin)
        s.close()
    for request, status in ((b"GET /\r\n\r\n", b"400"), (b"\x00\xff\r\n\r\n", b"400"),
                            (b"GET http://x/ HTTP/1.1\r\n\r\n", b"400"),
                            (b"GET / HTTP/2.0\r\n\r\n", b"505"), (4096 * b"G", b"431")):
        answer = Slow(m.port, request)
        answer.join(30)
        need(answer.answer[9:12] == status, "%s is answered by %s" % (request[:30],
                                                                       answer.answer[:40]))
    same_pictures(m)
    for s in slow:
        s.join(60)
        need(s.answer[9:12] == b"408", "a slow client got %s" % s.answer[:40])
    after = metrics(m)
    for name, least in (("timeouts", 3), ("incomplete", 2), ("malformed", 4), ("oversized", 1)):
        name = "oriel_http_%s_total" % name
        need(after[name] - before[name] >= least, "%s went up by %d only" % (
            name, after[name] - before[name]))
    at_rest(m, before)


def busy(guest, times, parallel):
    """Many pictures leave no memory behind."""
    def step(m):
        before = quiet_metrics(m)
        ask_often(m, ("/screen.png", "/vm/%s.png" % guest), times, parallel, rounds=3)
        at_rest(m, before)
    return step


# ---- the cable ---------------------------------------------------------------------------------


def replugged(m):
    """The cable is pulled and put in again, twice; connections come to an end or live on."""
    for n in (1, 2):
        waiting = Slow(m.port, b"GET / HTTP/1.1\r\n")
        for up, word in ((False, "down"), (True, "up")):
            count = len(re.findall("network: link " + word, m.debug_log()))
            m.control("set_link", name="net0", up=up)
            until(lambda: len(re.findall("network: link " + word, m.debug_log())) > count,
                  "link " + word)
        need(curl(m, "/")[0] == 200, "no answer after round %d" % n)
        waiting.socket.close()


def restarted(m):
    """A restart of the device domain: the card starts anew."""
    count = len(re.findall("network: address 10", m.debug_log()))
    for how in ("restart-dm", "fault-dm"):
        m.console.command(how)
        count += 1
        addressed(count)(m)
        same_pictures(m)


def card(name, nic, address, **keys):
    return Case(name, conf(GUEST, address=address), nic=nic, steps=[
        started("bare"), addressed(), says("bare", "guest: quadrants shown"), same_pictures,
        shows("bare", XGA), replugged, restarted, not_logged("PANIC"), powers_off()], **keys)


NET = [
    Case("net-http", conf(GUEST, address="dhcp"), nic="e1000e", cpus=2, steps=[
        started("bare"), addressed(), says("bare", "guest: quadrants shown"), serves, unchanged,
        same_pictures, misbehaved, not_logged("PANIC|restarts"), powers_off()]),
    card("net-e1000e", "e1000e", "dhcp"),
    card("net-e1000", "e1000", "dhcp"),
    card("net-virtio", "virtio", "10.0.2.15/24,10.0.2.2"),
    Case("net-busy", conf(linux(test="flip", size="640x480"), address="dhcp"), nic="e1000e",
         cpus=2, steps=[
             started("linux"), addressed(), says("linux", "guest: flipping", 150),
             busy("linux", 100, 16), flips_on("linux"), not_logged("PANIC|restarts"),
             powers_off()]),
]

NET_BOCHS = [
    Case("net-vmx", conf(GUEST, address="dhcp"), machine="bochs-vmx", memory="512M", nic="e1000",
         timeout=280, steps=[
             started("bare"), addressed(secs=120), says("bare", "guest: quadrants shown", 120),
             same_pictures, command("list"), powers_off()]),
]
