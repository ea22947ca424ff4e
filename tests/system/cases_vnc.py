# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""VNC with clients that others have written, and with such as break the rules."""
import os
import pty
import re
import select
import subprocess
import termios
import time

from case import Case, conf, linux, vm
from net import metrics
from rfb import FIRST, PIXEL_FORMAT, SCREEN, Client, SlowViewer, port
from steps import need, not_logged, powers_off, says, started, until

# "secret", as VNC programs keep it in files.
PASSWORD_FILE = bytes.fromhex("2e2dbf576eb06c9e")
TEXT = "Hello, World! \"quotes\" | ~/x_y {0}"


def counter(m, name):
    return m.console.stats()["vnc_" + name]


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

# ---- Those that break the rules


def reads_slowly(n):
    """From now on somebody reads a byte a second."""
    def step(m):
        m.marks["slow"] = SlowViewer(m, n)
    return step


def is_dropped(m):
    """That one is, though its own end may know later."""
    until(lambda: counter(m, "slow") == 1, "end of the slow client")
    m.marks["slow"].leaves.set()


def breaks_rules(n):
    """Wrong passwords and wrong messages end their connections, and only theirs."""
    def step(m):
        before = m.console.stats()
        wrong, half = Client(m, n), Client(m, n)
        wrong.greet()
        wrong.say(bytes(16))
        half.say(b"RFB ")
        for said in (b"\1", PIXEL_FORMAT[:4] + b"\0" + PIXEL_FORMAT[5:], b"\2\0\xff\xff",
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
        stats, samples = m.console.stats(), metrics(m)
        for name, stat in (("auth_failures", "refused"), ("malformed", "malformed"),
                           ("timeouts", "slow")):
            need(samples["oriel_vnc_%s_total" % name] == stats["vnc_" + stat],
                 "/metrics has another number of " + name)
    return step


VNC = [
    Case("vnc-viewers", conf(linux(test="type"), vm("bare", "gpu.elf", "size=1024x768 stay=1"),
                     address="dhcp"), nic="e1000e", steps=[
        started("linux", "bare"),
        says("linux", "reads its keyboard", 150),
        reads_slowly(FIRST),
        same_pictures(None, SCREEN),
        same_pictures("linux", FIRST),
        types(TIGERVNC, "linux", FIRST),
        types(TIGHTVNC, "linux", SCREEN),
        same_pictures("linux", FIRST),
        same_snapshot("linux", FIRST),
        is_dropped,
        breaks_rules(FIRST),
        not_logged("restarted"),
        powers_off(),
    ]),
]
