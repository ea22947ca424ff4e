# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""VNC with clients that others have written, with many at once, and with such as break the
rules."""
import base64
import os
import pty
import re
import select
import socket
import subprocess
import termios
import threading
import time
import urllib.request

from case import Case, conf, linux, vm
from console import Failure
from steps import flips_on, not_logged, powers_off, says, started

# "secret", as VNC programs keep it in files.
PASSWORD_FILE = bytes.fromhex("2e2dbf576eb06c9e")
SCREEN, FIRST = 0, 1                # ports after the one of VNC
TEXT = "Hello, World! \"quotes\" | ~/x_y {0}"
RAW_FORMAT = bytes((0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0))


def need(condition, sentence):
    if not condition:
        raise Failure(sentence)


def port(m, n):
    return m.port + 1 + n


def until(check, what, secs=60):
    """Waits for check() to give something true."""
    end = time.monotonic() + secs
    while True:
        found = check()
        if found:
            return found
        need(time.monotonic() < end, "no %s within %d s" % (what, secs))
        time.sleep(0.3)


def counter(m, name):
    return m.console.stats()["vnc_" + name]


def lwip_memory(m):
    """What lwIP has in use: its heap and pools."""
    request = urllib.request.Request("http://127.0.0.1:%d/metrics" % m.port)
    request.add_header("Authorization",
                       "Basic " + base64.b64encode(b"oriel:secret").decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    return re.findall(r"^oriel_lwip_(?:heap|pool)_used.*", text, re.M)


# ---- Programs


def with_password(command, secs):
    """Runs a program that asks its terminal for the password; what it printed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    said, asked, end = b"", False, time.monotonic() + secs
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            data = os.read(fd, 4096)
        except OSError:
            break               # it has closed its terminal
        said += data
        # What is typed before it has turned the echo off is thrown away.
        if not asked and b"assword" in said:
            until(lambda: not termios.tcgetattr(fd)[3] & termios.ECHO, "question", 10)
            os.write(fd, b"secret\n")
            asked = True
    else:
        os.kill(pid, 9)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    need(status == 0, "%s: status %d, %s" % (command[0], status, said.decode(errors="replace")))
    return said.decode(errors="replace")


def capture(m, n, name):
    """gvnccapture's picture, a PNG."""
    path = m.path(name + ".png")
    number = port(m, n) - 5900      # a "display"; negative ones it does not take
    need(number >= 0, "port %d is too low for gvnccapture" % port(m, n))
    with_password(["gvnccapture", "127.0.0.1:%d" % number, path], 60)
    need(os.path.exists(path), "gvnccapture has made no picture")
    return path


def snapshot(m, n, name):
    """vncsnapshot's picture, a JPEG of the best quality."""
    path = m.path(name + ".jpg")
    done = subprocess.run(["vncsnapshot", "-quiet", "-passwd", password_file(m), "-quality", "100",
                           "127.0.0.1::%d" % port(m, n), path], capture_output=True, text=True,
                          timeout=60)
    need(os.path.exists(path), "vncsnapshot: " + done.stderr.strip())
    return path


def password_file(m):
    path = m.path("password")
    with open(path, "wb") as f:
        f.write(PASSWORD_FILE)
    os.chmod(path, 0o600)
    return path


def same_pictures(guest, n):
    """What VNC shows on port n is what the serial line shows, or at last: it may still change."""
    def step(m):
        def differs():
            return m.differs(m.shot("serial", guest), capture(m, n, "vnc"))
        end = time.monotonic() + 40
        while True:
            said = differs()
            if not said:
                break
            need(time.monotonic() < end, "gvnccapture of %s: %s" % (guest or "the screen", said))
    return step


def same_snapshot(guest, n):
    def step(m):
        # JPEG: nearly the same.
        said = m.differs(m.shot("serial", guest), snapshot(m, n, "vnc"), tolerance=100)
        need(not said, "vncsnapshot of %s: %s" % (guest, said))
    return step


class Viewer:
    """A viewer on an X server of its own, that knows the password."""

    def __init__(self, m, command):
        read, write = os.pipe()
        self.log = open(m.path("viewer.log"), "w")
        # Without -noreset it starts anew when xdotool, so far its only client, leaves.
        self.processes = [subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1200x24", "-noreset",
             "-nolisten", "tcp"],
            pass_fds=(write,), stdout=self.log, stderr=self.log)]
        os.close(write)
        with os.fdopen(read, "rb") as f:
            display = f.readline().strip()
        need(display, "Xvfb does not start")
        self.env = dict(os.environ, DISPLAY=":" + display.decode(), HOME=m.folder)
        self.processes.append(subprocess.Popen(command, env=self.env, stdout=self.log,
                                               stderr=self.log))

    def xdotool(self, *words):
        return subprocess.run(["xdotool", *words], env=self.env, capture_output=True, text=True,
                              timeout=60).stdout.split()

    def type(self, text):
        """Into the window, once it is there."""
        window = until(lambda: self.xdotool("search", "--onlyvisible", "--name", "."),
                       "window of the viewer")[-1]
        time.sleep(1)
        self.xdotool("windowfocus", window)
        self.xdotool("mousemove", "--window", window, "200", "200")
        self.xdotool("type", "--delay", "60", text)
        self.xdotool("key", "Return")

    def close(self):
        for p in reversed(self.processes):
            p.terminate()
            p.wait(20)
        self.log.close()


def types(command, guest, n):
    """Typed into the viewer's window, a line comes out of the guest's text console."""
    def step(m):
        viewer = Viewer(m, [word.format(port=port(m, n), password=password_file(m))
                            for word in command])
        try:
            viewer.type(TEXT)
            says(guest, "typed: " + re.escape(TEXT) + "$", 60)(m)
        finally:
            viewer.close()
    return step


TIGERVNC = ("xtigervncviewer", "-PasswordFile", "{password}", "127.0.0.1::{port}")
TIGHTVNC = ("xtightvncviewer", "-passwd", "{password}", "-encodings", "copyrect hextile raw",
            "127.0.0.1::{port}")

# ---- A client of few words, for what programs cannot be made to do


class Client:
    def __init__(self, m, n):
        self.s = socket.create_connection(("127.0.0.1", port(m, n)), 30)
        self.s.settimeout(60)

    def read(self, n):
        data = b""
        while len(data) < n:
            part = self.s.recv(n - len(data))
            need(part, "the connection ended after %d of %d bytes" % (len(data), n))
            data += part
        return data

    def say(self, data):
        self.s.sendall(data)

    def closed(self):
        """The server has ended it, now or soon."""
        try:
            while self.s.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def greet(self):
        need(self.read(12) == b"RFB 003.008\n", "another greeting")
        self.say(b"RFB 003.008\n")
        need(self.read(2) == b"\1\2", "other kinds of authentication")
        self.say(b"\2")
        return self.read(16)

    def log_in(self):
        challenge = self.greet()
        done = subprocess.run(["openssl", "enc", "-des-ecb", "-nopad", "-provider", "legacy",
                               "-provider", "default", "-K", vnc_key(b"secret").hex()],
                              input=challenge, capture_output=True)
        need(len(done.stdout) == 16, "openssl: " + done.stderr.decode())
        self.say(done.stdout)
        need(self.read(4) == bytes(4), "the password is not taken")
        self.say(b"\1")
        start = self.read(24)
        self.read(int.from_bytes(start[20:24], "big"))
        self.width, self.height = (int.from_bytes(start[i:i + 2], "big") for i in (0, 2))
        self.say(RAW_FORMAT + b"\2\0\0\1\0\0\0\0")

    def ask(self, incremental):
        self.say(bytes((3, incremental, 0, 0, 0, 0)) + self.width.to_bytes(2, "big") +
                 self.height.to_bytes(2, "big"))

    def update(self):
        """Reads one; how many pixels it had."""
        head, pixels = self.read(4), 0
        for _ in range(int.from_bytes(head[2:], "big")):
            rect = self.read(12)
            count = int.from_bytes(rect[4:6], "big") * int.from_bytes(rect[6:8], "big")
            self.read(4 * count)
            pixels += count
        return pixels


def vnc_key(password):
    """DES' key: each byte the other way round."""
    return bytes(int("{:08b}".format(b)[::-1], 2) for b in password[:8].ljust(8, b"\0"))


def breaks_rules(n):
    """Wrong passwords and wrong messages end their connections, and only theirs."""
    def step(m):
        before = m.console.stats()
        wrong, half = Client(m, n), Client(m, n)
        wrong.greet()
        wrong.say(bytes(16))
        half.say(b"RFB ")
        for said in (b"\1", RAW_FORMAT[:4] + b"\0" + RAW_FORMAT[5:], b"\2\0\xff\xff",
                     b"\6\0\0\0\xff\xff\xff\xff"):
            client = Client(m, n)
            client.log_in()
            client.say(said)
            client.closed()
        Client(m, n).say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = wrong.read(8)
        need(answer[:4] == b"\0\0\0\1", "a wrong password was taken")
        need(wrong.read(answer[7]) == b"wrong password", "another reason")
        wrong.closed()
        half.closed()
        for name, more in (("refused", 1), ("malformed", 5), ("slow", 1)):
            until(lambda: counter(m, name) >= before["vnc_" + name] + more, "vnc_" + name)
        until(lambda: counter(m, "clients") == 0, "end of all connections")
    return step


def many_clients(count, secs, *guests):
    """So many look at the screen and the guests at once, one of which does not read; the guests
    go on, and each client gets pictures."""
    def step(m):
        stop, failures, pictures = threading.Event(), [], [0] * count
        memory = lwip_memory(m)
        stuck = Client(m, SCREEN)
        stuck.log_in()
        stuck.ask(False)

        def look(i):
            try:
                client = Client(m, i % (1 + len(guests)))
                client.log_in()
                client.ask(False)
                while not stop.is_set():
                    pictures[i] += client.update() > 0
                    client.ask(True)
                client.s.close()
            except (OSError, Failure) as e:
                failures.append("client %d: %s" % (i, e))
        threads = [threading.Thread(target=look, args=(i,), daemon=True) for i in range(count)]
        for t in threads:
            t.start()
        until(lambda: failures or counter(m, "clients") == count + 1, "%d clients" % count)
        time.sleep(secs)
        for guest in guests:
            flips_on(guest, 60)(m)
        until(lambda: failures or min(pictures) >= 2, "second picture for each", 90)
        stop.set()
        for t in threads:
            t.join(60)
        need(not failures, "; ".join(failures))
        stuck.s.close()
        until(lambda: counter(m, "clients") == 0, "end of all connections")
        until(lambda: lwip_memory(m) == memory, "return of lwIP's memory to " + str(memory))
    return step


VNC = [
    Case("vnc-viewers", conf(linux(test="type"), vm("bare", "gpu.elf", "size=1024x768 stay=1"),
                     address="dhcp"), nic="e1000e", steps=[
        started("linux", "bare"),
        says("linux", "reads its keyboard", 150),
        same_pictures(None, SCREEN),
        same_pictures("linux", FIRST),
        types(TIGERVNC, "linux", FIRST),
        types(TIGHTVNC, "linux", SCREEN),
        same_pictures("linux", FIRST),
        same_snapshot("linux", FIRST),
        breaks_rules(FIRST),
        not_logged("restarted"),
        powers_off(),
    ]),
    Case("vnc-many", conf(linux("left", "flip", size="640x480"),
                          linux("right", "flip", size="640x480"), address="dhcp"),
         nic="e1000e", cpus=2, steps=[
        started("left", "right"),
        flips_on("left", 150),
        flips_on("right", 150),
        many_clients(8, 5, "left", "right"),
        flips_on("left"),
        not_logged("restarted"),
        powers_off(),
    ]),
]
