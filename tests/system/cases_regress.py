# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""tools/regress: what it says of a picture that is right, of one pixel that is not, and of machines
that panic, never draw, or are not there."""
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import xml.etree.ElementTree as xml
import zlib

from case import Case, conf, vm
from console import Failure
from machine import golden, source_of
from pictures import TOP

BOOTED = """
[machine]
run = "qemu-svm"
config = "oriel.conf"
[[case]]
name = "right"
steps = [
  { text = "guest: quadrants shown", vm = "bare", secs = 120 },
  { picture = "golden.png", vm = "bare", secs = 20 },
  { still = 1, vm = "bare" },
  { command = "list", says = "^bare running" },
]
[[case]]
name = "one pixel"
steps = [ { picture = "changed.png", vm = "bare", secs = 2 } ]
[[case]]
name = "one pixel masked"
steps = [ { picture = "changed.png", vm = "bare", secs = 2, masks = [[500, 300, 1, 1]] } ]
[[case]]
name = "never draws"
steps = [ { picture = "golden.png", vm = "dark", secs = 3 } ]
[[case]]
name = "never that sum"
steps = [ { crc = "12345678", vm = "bare", secs = 2 } ]
[[case]]
name = "powers off"
steps = [ { command = "poweroff" }, { sleep = 3 }, { still = 1, vm = "bare" } ]
"""

ONE_STEP = """
[machine]
%s
[[case]]
name = "one"
steps = [ { picture = "golden.png", secs = 2 } ]
"""


def read_png(path):
    """Width, height and lines of an RGB picture (PNG specification, sections 5 and 9)."""
    with open(path, "rb") as f:
        data = f.read()
    width, height = struct.unpack(">II", data[16:24])
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw, step, above, lines = zlib.decompress(packed), 3 * width + 1, bytearray(3 * width), []
    for y in range(height):
        kind, line = raw[y * step], bytearray(raw[y * step + 1:(y + 1) * step])
        for i, value in enumerate(line if kind else ()):
            a, b, c = line[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (value + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        lines.append(line)
        above = line
    return width, height, lines


def write_png(path, width, height, lines):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(x) for x in lines))) +
                chunk(b"IEND", b""))


def regress(m, name, text, *options):
    """Exit status, output, and what the JUnit file says: reasons by case, None for passed."""
    path = m.path(name + ".toml")
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run([os.path.join(TOP, "tools", "regress"), path, "--out", m.path("out"),
                           *options], capture_output=True, text=True, timeout=m.case.timeout)
    verdicts, junit = {}, m.path("out/%s.xml" % name)
    for case in xml.parse(junit).getroot() if os.path.exists(junit) else ():
        failure = case.find("failure")
        verdicts[case.get("name")] = None if failure is None else failure.get("message")
    return done.returncode, done.stdout + done.stderr, verdicts


def expect(what, text, pattern):
    if not re.search(pattern, text or "passed"):
        raise Failure('%s: should say "%s", says: %s' % (what, pattern, text))


def booted(m):
    """All verdicts of a machine that it boots, and what the report shows."""
    with open(m.path("oriel.conf"), "w") as f:
        f.write(conf(vm("bare", "gpu.elf", "size=1024x768 stay=1"),
                     vm("dark", "idle.elf", display="virtio-gpu")))
    for name in ("gpu.elf", "idle.elf"):
        os.symlink(source_of(name), m.path(name))
    shutil.copy(golden("quadrants-1024x768"), m.path("golden.png"))
    width, height, lines = read_png(m.path("golden.png"))
    lines[300][3 * 500] ^= 0x20
    write_png(m.path("changed.png"), width, height, lines)
    status, said, verdicts = regress(m, "booted", BOOTED)
    for name, pattern in (("right", "^passed$"), ("one pixel", "changed.png of bare: 1 pixels"),
                          ("one pixel masked", "^passed$"),
                          ("never draws", "dark has drawn nothing within 3 s"),
                          ("never that sum", "never 12345678 within 2 s: the checksum is "),
                          ("powers off", "cannot be sent|the machine ended|status 0")):
        if name not in verdicts:
            raise Failure("no verdict on %s: %s" % (name, said))
        expect(name, verdicts[name], pattern)
    expect("status", str(status), "^1$")
    with open(m.path("out/booted.html")) as f:
        report = f.read()
    if len(re.findall("src='data:image/png;base64,", report)) != 3:
        raise Failure("the report does not show three pictures")


def accepts(m):
    """Replaces a picture only when told so, after it has said what would change."""
    for option, changed in ((), False), (("--yes",), True):
        shutil.copy(m.path("changed.png"), m.path("mine.png"))
        text = "[[case]]".join(BOOTED.split("[[case]]")[:2])     # the first one
        text = text.replace("golden.png", "mine.png").replace("secs = 20", "secs = 1")
        status, said, _ = regress(m, "accept", text, "--accept", *option)
        expect("--accept", said, r"would change: .*mine.png: 1 pixels differ")
        same = read_png(m.path("mine.png")) == read_png(m.path("golden.png"))
        if same != changed or status:
            raise Failure("--accept %s: %s" % (" ".join(option), said))


def not_there(m):
    """Nobody at the address, one that accepts and says nothing, and no such line."""
    shutil.copy(golden("quadrants-1024x768"), m.path("golden.png"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://oriel:x@127.0.0.1:%d" % silent.getsockname()[1]
        for name, machine, pattern in (
                ("nobody", 'http = "http://oriel:x@127.0.0.1:9"', "127.0.0.1:9 is not reachable"),
                ("silent", 'http = "%s"' % url, "is not reachable: .*timed out"),
                ("no-line", 'serial = "/dev/no-such-line"', "there is no /dev/no-such-line")):
            status, _, verdicts = regress(m, name, ONE_STEP % machine)
            expect(name, verdicts.get("one"), pattern)
            expect("status", str(status), "^1$")


def panics(m):
    """A machine whose serial line ends in a panic."""
    def machine(listener):
        s = listener.accept()[0]
        with s:
            s.recv(100)
            s.sendall(b"bare running, 64 MiB\r\nok\r\n")
            while b"screenshot" not in s.recv(100):
                s = listener.accept()[0]
            s.sendall(b"[9.1] oriel: PANIC: a test\r\n")
            s.recv(100)
    path = os.path.join(m.path("com1"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(4)
        threading.Thread(target=machine, args=(listener,), daemon=True).start()
        _, _, verdicts = regress(m, "panics", ONE_STEP % ('serial = "%s"' % path))
    expect("a panic", verdicts.get("one"), "the hypervisor panicked: oriel: PANIC: a test")


def bad_files(m):
    for name, text, pattern in (
            ("empty", "", "needs one of"), ("key", '[machine]\nrun="kvm"\nx=1\n', "no key x"),
            ("none", '[machine]\nrun="kvm"\n', "no .*case"), ("toml", "x", "."),
            ("step", ONE_STEP.replace("secs", "sex") % 'run="kvm"', "what is")):
        status, said, _ = regress(m, name, text)
        expect("the status of " + name, str(status), "^2$")
        expect(name, said, "^regress: .*" + pattern)


REGRESS = [
    Case("regress-verdicts", "", machine="host", timeout=240, steps=[booted, accepts]),
    Case("regress-machines", "", machine="host", timeout=100,
         steps=[not_there, panics, bad_files]),
]
