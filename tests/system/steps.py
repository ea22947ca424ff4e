# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Steps of the cases. Each is made by a function here and is itself a function of the Machine; it
raises Failure when something is not as it should be."""
import os
import re
import subprocess
import time

from console import Failure, wait_until
from machine import golden
from pictures import wait_equal

PICTURE_SECS = 20

CLEAN = r"guest: (\d+) passed, 0 failed"
KERNEL_LINE = r"^\[ *\d+\.\d+\] "
# What the Debian kernel says at level "error" and above without anything being wrong: of the end it
# was asked for, or of the processor and the clock that the machine below has.
HARMLESS = re.compile(r"reboot: |Unable to calibrate against PIT|Fast TSC calibration failed|"
                      r"RETBleed: WARNING")


def need(condition, sentence):
    if not condition:
        raise Failure(sentence)


def until(check, what, secs=60):
    """Waits for check() to give something true."""
    return wait_until(check, "no %s within %d s" % (what, secs), secs)


def started(*guests):
    """The machine is up: the guests are started and the console answers."""
    def step(m):
        for name in guests:
            m.wait_debug(r"\[vm %s\] started" % re.escape(name), m.case.timeout)
        m.console.command("list")
    return step


def says(guest, pattern, secs=120):
    """The guest prints that, later than what `says` has seen of it."""
    def step(m):
        def line():
            lines = m.console.guests.get(guest, [])
            for n in range(m.marks.get(guest, 0), len(lines)):
                if re.search(pattern, lines[n]):
                    return n + 1
            return None
        m.marks[guest] = m.console.wait_for('"%s" from %s' % (pattern, guest), line, secs)
    return step


def starts_anew(guest):
    """The guest is stopped and started; what it printed before does not count for `says`."""
    def step(m):
        command("stop " + guest)(m)
        state(guest, "stopped")(m)
        m.marks[guest] = len(m.console.guests.get(guest, []))
        command("start " + guest)(m)
    return step


def never_says(guest, pattern):
    """Nothing of what the guest has printed so far is like that."""
    def step(m):
        for line in m.console.guests.get(guest, []):
            if re.search(pattern, line):
                raise Failure('%s says "%s"' % (guest, line))
    return step


def passes(guest, secs=120):
    """A bare-metal guest ends with nothing failed."""
    def step(m):
        m.console.wait_guest(guest, r"guest: \d+ passed, \d+ failed", secs)
        failed = [line for line in m.console.guests[guest] if line.startswith("FAIL")]
        if failed:
            raise Failure("%s: %s%s" % (guest, failed[0], " and %d more" % (len(failed) - 1)
                                        if len(failed) > 1 else ""))
        m.console.wait_guest(guest, CLEAN, 1)
    return step


def logged(pattern, secs=20):
    def step(m):
        m.wait_debug(pattern, secs)
    return step


def not_logged(pattern):
    def step(m):
        found = re.search(pattern, m.debug_log(), re.M)
        if found:
            raise Failure('the log says "%s"' % found[0])
    return step


def state(guest, word, secs=10):
    """The console's list shows the guest in that state."""
    def step(m):
        said = []

        def check():
            said[:] = [x for x in m.console.command("list") if x.startswith(guest + " ")]
            return said and re.match(r"%s %s" % (re.escape(guest), word), said[0])
        wait_until(check, lambda: "%s should be %s, list says %s" % (guest, word, said), secs)
    return step


def command(text, secs=60):
    def step(m):
        m.console.command(text, secs)
    return step


def monitor(line):
    """A command of QEMU's monitor."""
    def step(m):
        m.control("human-monitor-command", **{"command-line": line})
    return step


def refuses(text, pattern):
    """The console's answer is an error that says so."""
    def step(m):
        try:
            m.console.command(text)
        except Failure as e:
            if re.search(pattern, str(e)):
                return
            raise
        raise Failure('"%s" is not refused' % text)
    return step


def wait(secs):
    def step(_):
        time.sleep(secs)
    return step


def repeat(times, *steps):
    def step(m):
        for n in range(times):
            for s in steps:
                try:
                    s(m)
                except Failure as e:
                    raise Failure("round %d: %s" % (n + 1, e)) from None
    return step


def check_picture(m, what, take, pictures, secs=PICTURE_SECS, **how):
    """What take() gives equals one of the golden pictures; how: for compare(). A guest
    may still be drawing, and QEMU may see the panel while it is being painted: there are more
    tries for a while; a picture that is wrong stays so."""
    wait_equal(m, what, take, [golden(name) for name in pictures], secs, **how)


def check_panel(m, what, pictures, **how):
    """The panel as Oriel and as QEMU see it."""
    check_picture(m, "oriel-shot of the screen" + what, lambda: m.shot("screen"), pictures, **how)
    if m.case.machine == "qemu-svm":
        check_picture(m, "QEMU's screendump" + what, lambda: m.screendump("panel"), pictures, **how)


def shows(guest, *pictures, panel=True, **how):
    """The guest's picture, and the guest's part of the panel, each equal one of the golden
    pictures, but for masks=[(x, y, width, height)], within secs. A guest may be
    NAME:HEAD, but its part of the panel is known of head 0 only."""
    def step(m):
        check_picture(m, "oriel-shot of " + guest, lambda: m.shot("guest-" + guest, guest),
                      pictures, **how)
        if panel:
            check_panel(m, " of " + guest, pictures, crop=m.place(guest), **how)
    return step


def moves(guest, secs=PICTURE_SECS):
    """The guest's picture changes."""
    def step(m):
        first = m.shot("first", guest)
        wait_until(lambda: m.differs(first, m.shot("second", guest)),
                   "the picture of %s stays as it is" % guest, secs)
        m.mismatch = None
    return step


def shows_panel(*pictures):
    """The whole panel equals one of the golden pictures."""
    def step(m):
        check_panel(m, "", pictures)
    return step


def no_kernel_errors(guest):
    """With `quiet` the kernel prints errors only: there are none on the guest's console."""
    def step(m):
        for line in m.console.command("console " + guest, 60):
            if re.search(KERNEL_LINE, line) and not HARMLESS.search(line):
                raise Failure("%s's kernel says: %s" % (guest, line))
    return step


def edid_passes(guest):
    """The EDID that the guest has printed last (lines "guest: edid HEX") passes edid-decode."""
    def step(m):
        lines = m.console.guests[guest]
        last = max(n for n, line in enumerate(lines) if line.startswith("guest: monitors"))
        first = last
        while lines[first - 1].startswith("guest: edid "):
            first -= 1
        edid = bytes.fromhex("".join(line.split()[2] for line in lines[first:last]))
        if len(edid) < 128 or len(edid) % 128:
            raise Failure("%s reads an EDID of %d bytes" % (guest, len(edid)))
        done = subprocess.run(["edid-decode", "--check", "-"], input=edid, capture_output=True)
        if done.returncode:
            raise Failure("edid-decode: " + done.stdout.decode(errors="replace")[-400:])
    return step


def flips_on(guest, secs=30):
    """The guest goes on flipping pages, without an error."""
    def step(m):
        at = len(m.console.guests.get(guest, []))
        for _ in range(2):
            found = m.console.wait_guest(guest, r"FLIPS frames=(\d+) errors=(\d+)", secs, at)
            if found[2] != "0":
                raise Failure("%s: %s" % (guest, found[0]))
            at = len(m.console.guests[guest])
    return step


def flips_at(guest, rate, percent, secs=250):
    """The guest's bench `flip` ran at that many frames a second."""
    def step(m):
        found = m.console.wait_guest(guest, r"RESULT name=flip .* ns_per_frame=(\d+) errors=0", secs)
        got = 1e9 / int(found[1])
        if abs(got - rate) > rate * percent / 100:
            raise Failure("%s flips %.2f times a second, not %d" % (guest, got, rate))
    return step


def note_stats(key, *names):
    """Keeps these of the machine's counters."""
    def step(m):
        stats = m.console.stats()
        m.marks[key] = {name: stats[name] for name in names}
    return step


def same_stats(key, secs=10):
    """The counters are, or soon are, what they were."""
    def step(m):
        other = []

        def same():
            stats = m.console.stats()
            other[:] = ["%s was %d and is %d" % (name, value, stats[name])
                        for name, value in m.marks[key].items() if stats[name] != value]
            return not other
        wait_until(same, lambda: ", ".join(other), secs)
    return step


def counts(name, least):
    """A counter of the machine (or GUEST.name) has reached that value."""
    def step(m):
        value = m.console.stats().get(name)
        if value is None or value < least:
            raise Failure("%s is %s, not %d or more" % (name, value, least))
    return step


def cpu_seconds(m):
    """Processor time that the emulator has used."""
    ticks = 0
    for pid in m.children():
        with open("/proc/%s/stat" % pid) as f:
            fields = f.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


# What a timer tick costs by itself: the halt it ends, its end of interrupt, the next one's setting.
TICK_EXITS = 3


def idles(guest, secs=10, exits=20, busy_percent=5):
    """Beside its own timer ticks an idle guest causes few exits, and the cores sleep, as Oriel
    counts it and as the emulator's own processor time shows."""
    def step(m):
        first, began = m.console.stats(), cpu_seconds(m)
        time.sleep(secs)
        used, second = cpu_seconds(m) - began, m.console.stats()
        d = {name: second[name] - first[name] for name in first if name in second}
        took = d["uptime_us"] / 1e6
        rate = (d[guest + ".exits"] - TICK_EXITS * d[guest + ".timer_ticks"]) / took
        busy = 100 - 100 * d["idle_us"] / (took * 1e6 * m.case.cpus)
        if rate > exits:
            raise Failure("%s: %.1f exits a second beyond its %d ticks in %.1f s (%s)" % (
                guest, rate, d[guest + ".timer_ticks"], took,
                ", ".join("%s %d" % (name[len(guest) + 1:], d[name]) for name in d
                          if name.startswith(guest + ".exits_") and d[name])))
        if busy > busy_percent:
            raise Failure("the cores are busy %.1f %% of the time" % busy)
        if used > secs / 2:
            raise Failure("the emulator used %.1f s of processor time in %d s" % (used, secs))
    return step


def ends(status=0, secs=30):
    """The machine ends by itself, with that status of tools/run."""
    def step(m):
        got = m.wait_end(secs)
        if got != status:
            with open(m.path("run.log")) as f:
                raise Failure("tools/run ended with status %d: %s" % (got, f.read().strip()))
    return step


def powers_off():
    """The console switches the machine off; the answer may be lost with the machine."""
    def step(m):
        try:
            m.console.command("poweroff")
        except (Failure, OSError):
            pass
        ends(0)(m)
    return step
