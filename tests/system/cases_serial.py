# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""The serial console at 115,200 baud, with guests at full speed; pictures that were damaged on the
way, that are known already, and that move."""
import time

from case import Case, conf, linux, vm
from console import Failure
from machine import golden
from pictures import compare, crc
from steps import command, flips_on, powers_off, says, started
from wire import BYTES_A_SECOND, over_wire

DAMAGE_AT = 3000    # in the middle of the first picture


def pictures(guest, name, damage=DAMAGE_AT):
    """A damaged picture is asked for again; and again when it may have changed, which it has not."""
    def step(m):
        shot = m.path("wire.png")
        said, carried, _ = over_wire(m, "--vm", guest, "-o", shot, damage=damage)
        if "damaged" not in said:
            raise Failure("the picture was not damaged")
        m.mismatch = compare(golden(name), shot)
        if m.mismatch:
            raise Failure("%s over the wire: %s" % (guest, m.mismatch.reason))
        said, carried, secs = over_wire(m, "--vm", guest, "-o", shot)
        m.note = "%s: %d bytes in %.1f s" % (name, carried, secs)
        if carried > BYTES_A_SECOND * secs:
            raise Failure("faster than the wire: " + m.note)
        said, carried, secs = over_wire(m, "--vm", guest, "-o", shot, "--if-changed")
        if said.strip() != "unchanged" or m.console.command("crc " + guest)[0] != crc(shot):
            raise Failure("the picture has changed: " + said)
        m.note += ", unchanged: %d bytes in %.1f s" % (carried, secs)
        if carried > 4096:      # log lines of the other guest may come between
            raise Failure("an unchanged picture costs %d bytes" % carried)
    return step


def animation(guest, *names, least=20):
    """The record shows that the guest's frames are these pictures and nothing else, in turn."""
    def step(m):
        sums = [crc(golden(name)) for name in names]
        m.console.command("frames %s on" % guest)
        time.sleep(4)
        m.console.command("frames %s off" % guest)
        head, *frames = m.console.command("frames " + guest)
        times = [float(line.split()[0]) for line in frames]
        shown = [line.split()[2] for line in frames]
        if head != "frames %d off" % len(frames) or len(frames) < least:
            raise Failure("%s, but %d frames" % (head, len(frames)))
        if times != sorted(times) or set(shown) != set(sums):
            raise Failure("frames are %s, not %s" % (sorted(set(shown)), sorted(sums)))
        same = sum(a == b for a, b in zip(shown, shown[1:]))
        if same:
            raise Failure("%d of %d frames are the one before" % (same, len(shown)))
    return step


SERIAL = [
    Case("serial-wire", conf(linux("flips", test="flip", size="640x480"),
                             vm("bare", "gpu.elf", "size=1920x1080 stay=1")), cpus=2, steps=[
        started("flips", "bare"),
        says("bare", "guest: quadrants shown"),
        says("flips", "guest: flipping", 150),
        pictures("bare", "quadrants-1920x1080"),
        animation("flips", "quadrants-640x480", "turned-640x480"),
        flips_on("flips"),
        command("list"),
        powers_off(),
    ]),
]
