# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""tools/regress: what it says of a picture that is right, of one pixel that is not, and of machines
that panic, never draw, end, or are not there; on a machine that it boots, and over each kind of
line to one that runs already."""
import contextlib
import mmap
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import xml.etree.ElementTree as xml

from case import Case, conf, vm
from console import Failure, qmp, wait_until
from machine import BUILD, golden, source_of
from net import addressed
from paint import changed, png, quadrants
from pictures import TOP, compare
from report import Result, write_html, write_junit
from steps import says, started
from wire import Pump

GUESTS = vm("bare", "gpu.elf", "size=1024x768 stay=1") + \
    vm("dark", "idle.elf", display="virtio-gpu")
# Memory that a test can reach.
RAM = ["-object", "memory-backend-memfd,id=ram,size=512M,share=on", "-machine",
       "memory-backend=ram"]

VERDICTS = """
[[case]]
name = "right"
steps = [
  { text = "guest: quadrants shown", vm = "bare", secs = 120 },
  { picture = "golden.png", vm = "bare", secs = 20 },
  { still = 1, vm = "bare" },
]
[[case]]
name = "one pixel"
steps = [ { picture = "changed.png", vm = "bare", secs = 2 } ]
[[case]]
name = "masked, near enough"
steps = [
  { picture = "changed.png", vm = "bare", secs = 2, masks = [[500, 300, 1, 1]] },
  { picture = "changed.png", vm = "bare", secs = 2, tolerance = 32 },
  { picture = "part.png", vm = "bare", secs = 2, crop = [0, 0, 64, 64] },
]
[[case]]
name = "another size"
steps = [ { picture = "part.png", vm = "bare", secs = 1 } ]
[[case]]
name = "no golden"
steps = [ { picture = "none.png", vm = "bare" } ]
[[case]]
name = "no such guest"
steps = [ { picture = "golden.png", vm = "bear" } ]
[[case]]
name = "never draws"
steps = [ { picture = "golden.png", vm = "dark", secs = 1 } ]
[[case]]
name = "never that sum"
steps = [ { crc = "12345678", vm = "bare", secs = 1 } ]
"""
SAID = {    # of each case, None: it passes
    "right": None, "one pixel": r"changed.png of bare: 1 pixel differs, at 500,300$",
    "masked, near enough": None, "another size": "sizes differ: 64x64 and 1024x768",
    "no golden": "no golden picture none.png", "no such guest": "bear|404",
    "never draws": "^dark has drawn nothing within 1 s$",
    "never that sum": "^never 12345678 within 1 s: the checksum is [0-9a-f]{8}$",
}

CONSOLE = """
[[case]]
name = "console"
steps = [ { command = "list", says = "^bare running" } ]
[[case]]
name = "no such key"
steps = [ { keys = "retrun", vm = "bare" } ]
"""
PANICS = """
[[case]]
name = "panics"
steps = [ { command = "fault-dm" }, { sleep = 30 }, { command = "list" } ]
[[case]]
name = "after"
steps = [ { sleep = 1 } ]
"""
PANIC = r"the hypervisor panicked: the device domain fails again and again: exception 6"

BOOTED = """
[machine]
run = "qemu-svm"
config = "oriel.conf"
memory = "512M"
options = %s
"""
ONE_STEP = """
[machine]
%s
[[case]]
name = "one"
steps = [ { picture = "golden.png", secs = 2 } ]
"""
BETWEEN = """
[[case]]
name = "before"
steps = [ { picture = "golden.png", vm = "bare" } ]
[[case]]
name = "while"
steps = [ { still = 90, vm = "bare", secs = 100 } ]
[[case]]
name = "after"
steps = [ { picture = "golden.png", vm = "bare" } ]
"""


# ---- tools/regress -----------------------------------------------------------------------------


def emulator_below(pid):
    """The process id of the QEMU that this process has started, by tools/run perhaps; or None."""
    pids = [str(pid)]
    while pids:
        pid = pids.pop()
        try:
            with open("/proc/%s/comm" % pid) as f:
                if f.read().startswith("qemu-system"):
                    return int(pid)
            with open("/proc/%s/task/%s/children" % (pid, pid)) as f:
                pids += f.read().split()
        except OSError:     # it has ended
            pass
    return None


class Regress:
    """One run of it, with a file of that text; its reports go to a folder with an odd name."""

    def __init__(self, m, name, text, *options, stdin=subprocess.DEVNULL):
        self.m, self.name, self.out = m, name, m.path("reports, of all")
        with open(m.path(name + ".toml"), "w") as f:
            f.write(text)
        self.said, self.ended = "", False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [os.path.join(TOP, "tools", "regress"), m.path(name + ".toml"), "--out", self.out,
             *options], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.said += line
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_said(self, pattern, secs=200):
        with self.changed:
            self.changed.wait_for(lambda: re.search(pattern, self.said) or self.ended, secs)
            if not re.search(pattern, self.said):
                raise Failure("regress does not say %s but: %s" % (pattern, self.said))

    def emulator(self):
        return emulator_below(self.process.pid)

    def end(self, status, secs=200):
        """What the JUnit file says: reasons by case, None for passed."""
        try:
            got = self.process.wait(secs)
        except subprocess.TimeoutExpired:
            raise Failure("%s: regress hangs: %s" % (self.name, self.said)) from None
        self.reader.join(10)
        if got != status:
            raise Failure("%s: regress ends with %d, not %d: %s" % (self.name, got, status,
                                                                   self.said))
        verdicts, junit = {}, os.path.join(self.out, self.name + ".xml")
        for case in xml.parse(junit).getroot() if os.path.exists(junit) else ():
            bad = next((e for e in case if e.tag in ("failure", "skipped")), None)
            verdicts[case.get("name")] = None if bad is None else bad.get("message")
        return verdicts

    def report(self, ending=".html"):
        with open(os.path.join(self.out, self.name + ending)) as f:
            return f.read()


def regress(m, name, text, status, *options, **more):
    with Regress(m, name, text, *options, **more) as r:
        return r, r.end(status)


def expect(what, text, pattern):
    """Pattern None: the case has passed, and has no text."""
    if not (text is None if pattern is None else re.search(pattern, text or "")):
        raise Failure('%s: should say "%s", says: %s' % (what, pattern, text))


def expect_all(r, verdicts, patterns):
    for name, pattern in patterns.items():
        if name not in verdicts:
            raise Failure("%s: no verdict on %s: %s" % (r.name, name, r.said))
        expect("%s, %s" % (r.name, name), verdicts[name], pattern)


def put_pictures(m):
    shutil.copy(golden("quadrants-1024x768"), m.path("golden.png"))
    rows = quadrants(1024, 768)
    for name, width, height, lines in (("changed", 1024, 768, changed(rows, 500, 300)),
                                       ("part", 64, 64, quadrants(1024, 768)[:64])):
        with open(m.path(name + ".png"), "wb") as f:
            f.write(png(width, height, [row[:3 * width] for row in lines]))


def put_configuration(m):
    with open(m.path("oriel.conf"), "w") as f:
        f.write(conf(GUESTS))
    for name in ("gpu.elf", "idle.elf"):
        os.symlink(source_of(name), m.path(name))


# ---- A panic -----------------------------------------------------------------------------------


def domain_entry():
    """The first instructions of the device domain, as its ELF file has them."""
    with open(os.path.join(BUILD, "obj", "boot", "dm.stripped"), "rb") as f:
        elf = f.read()
    entry, table = struct.unpack_from("<QQ", elf, 24)
    for n in range(struct.unpack_from("<H", elf, 56)[0]):
        offset, vaddr, _, size = struct.unpack_from("<QQQQ", elf, table + n * 56 + 8)
        if vaddr <= entry < vaddr + size:
            return elf[offset + entry - vaddr:offset + entry - vaddr + 64]
    raise Failure("the device domain has no entry")


def damage(emulator):
    """Memory goes bad: the device domain's program cannot start again. It is wherever it is, and
    what runs does not come by its entry any more."""
    code, found = domain_entry(), 0
    for fd in os.listdir("/proc/%d/fd" % emulator):
        path = "/proc/%d/fd/%s" % (emulator, fd)
        if not os.readlink(path).startswith("/memfd:memory-backend-memfd"):
            continue
        with open(path, "r+b") as f, mmap.mmap(f.fileno(), 0) as ram:
            at = ram.find(code)
            while at >= 0:
                ram[at:at + len(code)] = b"\x0f\x0b" * (len(code) // 2)     # ud2
                found += 1
                at = ram.find(code, at + 1)
    if not found:
        raise Failure("the device domain's program is not found in memory")


def expect_panic(r, verdicts):
    expect_all(r, verdicts, {"panics": PANIC, "after": PANIC})
    for ending in (".html", ".xml"):
        expect(r.name + ending, r.report(ending), r"\] oriel: PANIC: .*\n(.*\n)*.*build [0-9a-f]")


# ---- Steps -------------------------------------------------------------------------------------


def booted(m):
    """All verdicts on a machine that it boots, and what the report shows; at last a panic."""
    put_pictures(m)
    put_configuration(m)
    text = BOOTED % (["--"] + RAM) + VERDICTS + CONSOLE + PANICS
    with Regress(m, "booted", text) as r:
        r.wait_said("PASS booted/right")
        damage(r.emulator())
        verdicts = r.end(1)
    expect_all(r, verdicts, {**SAID, "console": None, "no such key": "retrun.* says error: "})
    expect_panic(r, verdicts)
    if len(re.findall("src='data:image/png;base64,", r.report())) != 3 + 2:
        raise Failure("the report does not show five pictures")


class Ends:
    """A machine that ends before it has begun, because of what is done to it."""

    def __init__(self, m):
        self.m = m
        self.control = os.path.join("/tmp", "oriel-%d.qmp" % os.getpid())

    def run(self, name, act, status, pattern, more=""):
        text = BOOTED % ["--qmp", self.control, "--", "-S"] + more + ONE_STEP.split("%s\n")[1]
        with Regress(self.m, name, text) as r:
            emulator = wait_until(r.emulator, lambda: "no QEMU: " + r.said, 60)
            wait_until(lambda: os.path.exists(self.control), "no control socket", 60)
            act(r, emulator)
            verdicts = r.end(status)
        expect_all(r, verdicts, {"one": pattern})
        r.report()
        wait_until(lambda: not os.path.exists("/proc/%d" % emulator), name + ": QEMU lives on", 10)
        with contextlib.suppress(OSError):
            os.unlink(self.control)

    def triple_fault(self, _, emulator):
        """A machine check that nobody has enabled shuts the processor down (AMD APM 2, 9.3.3)."""
        qmp(self.control, "human-monitor-command",
            **{"command-line": "mce 0 1 0xb200000000000000 0x4 0 0"})


def ends(m):
    """Machines that never come up, each with its reason; one that is interrupted leaves nothing."""
    put_pictures(m)
    put_configuration(m)
    e = Ends(m)
    e.run("reset", e.triple_fault, 1, r"does not start: the machine was reset \(a triple fault")
    e.run("killed", lambda _, emulator: os.kill(emulator, signal.SIGKILL), 1,
          "does not start: QEMU ended with status 137")
    e.run("silent", lambda *_: None, 1, "does not start: it does not answer within 2 s",
          "start = 2\n")
    e.run("timeout", lambda *_: None, 1, "does not start: still running after 2 s", "timeout = 2\n")
    e.run("interrupted", lambda r, _: r.process.send_signal(signal.SIGINT), 130,
          "not run: interrupted")
    e.run("terminated", lambda r, _: r.process.send_signal(signal.SIGTERM), 143,
          "not run: interrupted")
    r, verdicts = regress(m, "no-kernel", (BOOTED % []).replace("oriel.conf", "none.conf") +
                          ONE_STEP.split("%s\n")[1], 1)
    expect_all(r, verdicts, {"one": "does not start: no image: .*none.conf"})


def agrees(m):
    """The same file over each kind of line: the same verdicts."""
    put_pictures(m)
    m.console.disconnect()
    url = "http://oriel:secret@127.0.0.1:%d" % m.port
    machine = '[machine]\nserial = "/dev/no-such-line"\n'
    for name, to in (("socket", ["--serial", m.console.path]), ("http", ["--http", url])):
        r, verdicts = regress(m, name, machine + VERDICTS, 1, *to)
        expect_all(r, verdicts, SAID)
    with Pump(m.console.path) as line:
        first = "[[case]]".join(VERDICTS.split("[[case]]")[:3])
        r, verdicts = regress(m, "device", machine + first, 1, "--serial", line.path)
        expect_all(r, verdicts, {name: SAID[name] for name in ("right", "one pixel")})
    wrong = url.replace("secret", "wrong")
    r, verdicts = regress(m, "password", ONE_STEP % 'http = "%s"' % wrong, 1)
    expect_all(r, verdicts, {"one": "401 Unauthorized"})


def accepts(m):
    """Replaces a picture only when told so, after it has said what would change."""
    right = 'serial = "%s"' % m.console.path
    text = (ONE_STEP % right).replace('"golden.png"', '"mine.png", vm = "bare"').replace("2", "1")
    mine, same = m.path("mine.png"), lambda: not compare(m.path("golden.png"), m.path("mine.png"))

    def answer(word):
        master, slave = pty.openpty()
        os.write(master, word)
        try:
            return regress(m, "accept", text, 0 if word == b"y\n" else 1, "--accept",
                           stdin=slave)[0]
        finally:
            os.close(master)
            os.close(slave)
    shutil.copy(m.path("changed.png"), mine)
    r, _ = regress(m, "accept", text, 1, "--accept")
    expect("--accept", r.said, "would change: .*mine.png: 1 pixel differs, at 500,300\n"
                               "nothing was changed")
    expect("its report", r.report(), "(?s)would change: 1 pixel.*(base64,.*){3}")
    for word in (b"n\n", b"\4"):
        r = answer(word)
        expect("a no", r.said, "replace 1 pictures.*nothing was changed")
        if same():
            raise Failure("a no replaces the picture")
    r, _ = regress(m, "masked", text.replace("secs", "masks = [[500, 300, 1, 1]], secs"), 0,
                   "--accept", "--yes")
    expect("masked", r.said, "no picture would change")
    answer(b"y\n")
    if not same():
        raise Failure("a yes does not replace the picture")
    os.unlink(mine)
    r, _ = regress(m, "accept", text, 0, "--accept", "--yes")
    expect("a new one", r.said, "would change: .*mine.png: a new picture\nreplaced 1 pictures")
    if not same():
        raise Failure("a new picture is another one")


def interrupted(m):
    """In the middle: what was found out is reported."""
    with Regress(m, "between", '[machine]\nserial = "%s"\n' % m.console.path + BETWEEN) as r:
        r.wait_said("PASS between/before")
        r.process.send_signal(signal.SIGINT)
        verdicts = r.end(130, 60)
    expect_all(r, verdicts, {"before": None, "while": "interrupted$",
                             "after": "not run: interrupted"})


def unplugged(m):
    """The network cable, in the middle."""
    machine = '[machine]\nhttp = "http://oriel:secret@127.0.0.1:%d"\n' % m.port
    with Regress(m, "unplugged", machine + BETWEEN) as r:
        r.wait_said("PASS unplugged/before")
        m.control("set_link", name="net0", up=False)
        verdicts = r.end(1)
    expect_all(r, verdicts, {"before": None, "while": "no answer in time|is not reachable",
                             "after": "does not answer any more: .* is not reachable"})


def panics(m):
    damage(emulator_below(m.process.pid))
    r, verdicts = regress(m, "panics", '[machine]\nserial = "%s"\n' % m.console.path + PANICS, 1)
    expect_panic(r, verdicts)


def not_there(m):
    """Nobody at the address, one that accepts and says nothing, a line that is not there, one that
    nobody listens on, one on which nobody speaks, and one that is closed."""
    put_pictures(m)
    stale, mute, closes = m.path("stale"), m.path("mute"), m.path("closes")
    with contextlib.ExitStack() as sockets:
        silent = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = "http://oriel:x@127.0.0.1:%d" % silent.getsockname()[1]
        for path in (stale, mute, closes):
            s = sockets.enter_context(socket.socket(socket.AF_UNIX))
            s.bind(path)
            if path != stale:
                s.listen(4)
        threading.Thread(target=lambda: s.accept()[0].close(), daemon=True).start()
        for name, machine, pattern in (
                ("nobody", 'http = "http://oriel:x@127.0.0.1:9"', "127.0.0.1:9 is not reachable"),
                ("silent", 'http = "%s"' % url, "is not reachable: .*timed out"),
                ("no-line", 'serial = "/dev/no-such-line"', "there is no /dev/no-such-line"),
                ("stale", 'serial = "%s"' % stale, "stale: Connection refused"),
                ("mute", 'serial = "%s"' % mute, "it does not answer within 2 s"),
                ("closes", 'serial = "%s"' % closes, "closes was closed at its other end")):
            r, verdicts = regress(m, name, ONE_STEP % (machine + "\nstart = 2"), 1)
            expect_all(r, verdicts, {"one": pattern})


def bad_files(m):
    good = ONE_STEP % 'http = "http://x"'
    two = good + good[good.index("[[case]]"):]
    for name, text, pattern in (
            ("empty", "", "empty.toml:1: .machine. needs one of"),
            ("toml", "[machine]\nx", "toml.toml:2: "),
            ("key", good.replace("[[", "runs = 1\n[[", 1), "key.toml:4: .* no key runs: is it run"),
            ("run", good.replace("http =", "run ="), "run.toml:3: .* is not one of qemu-svm, "),
            ("config", ONE_STEP % 'run = "kvm"', "config.toml:3: run needs config"),
            ("none", "[machine]\nserial = '/x'", "none.toml:1: there is no .*case"),
            ("step", good.replace("secs", "sex"), "step.toml:6: .*no key sex"),
            ("kind", good.replace("picture", "pictur"), "kind.toml:6: .*no key pictur: is it pict"),
            ("number", good.replace("= 2", "= '2'"), "number.toml:6: .*not a number of seconds"),
            ("twice", two, "twice.toml:8: there is already a case .one."),
            ("case", good.replace("[[case]]", "[case]"), "case.toml:4: a case is written"),
            ("regex", good.replace('picture = "golden.png"', 'vm = "a", text = "("'),
             "regex.toml:6: .* is not a regular expression")):
        r, _ = regress(m, name, text, 2)
        expect(name, r.said, "^regress: .*" + pattern)


def odd_names(m):
    """Reports stay what they are whatever is written in them."""
    odd = "<b>'\"&\0\x1b\ud800\U0001f600"
    results = [Result(odd, "FAIL", odd, log=odd, first=odd), Result(odd, "SKIP", odd)]
    write_junit(m.path("odd.xml"), odd, results)
    write_html(m.path("odd.html"), odd, results)
    root = xml.parse(m.path("odd.xml")).getroot()
    expect("a name in JUnit", root[0].get("name"), "^<b>'\"&\\?\\?\\?\U0001f600$")
    with open(m.path("odd.html")) as f:
        if "<b>" in f.read():
            raise Failure("the report takes a name for its own text")


REGRESS = [
    Case("regress-booted", "", machine="host", timeout=240, steps=[booted]),
    Case("regress-ends", "", machine="host", timeout=120, steps=[ends]),
    Case("regress-live", conf(GUESTS, address="dhcp"), nic="e1000e", memory="512M", timeout=280,
         arguments=RAM, steps=[
             started("bare", "dark"), addressed(), says("bare", "guest: quadrants shown"), agrees,
             accepts, interrupted, unplugged, panics]),
    Case("regress-machines", "", machine="host", timeout=100,
         steps=[not_there, bad_files, odd_names]),
]
