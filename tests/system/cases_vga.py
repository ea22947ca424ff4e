# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Cases of the VGA and the bochs interface, by register (tests/guest/vga.c): every mode's picture,
one boot for all of them, on both test machines and on QEMU's own VGA; and exits, counted."""
import time

from case import Case, conf, vm
from console import Failure
from machine import golden
from pictures import crc
from steps import PICTURE_SECS, check_picture, command, passes, powers_off, says, started

# In the guest's order; a mode in which something blinks has both of its pictures.
MODES = {
    "text80x25": ("vga-text80x25", "vga-text80x25-dark"),
    "bright": ("vga-bright",),
    "cursor": ("vga-cursor", "vga-bright"),
    **{mode: ("vga-" + mode,) for mode in (
        "text512", "text40x25", "text80x50", "text132x60", "mono", "cga4", "cga2", "ega320x200",
        "ega640x350", "vga640x480", "13h", "x320x240", "xsplit", "dispi4", "dispi8", "dispi15",
        "dispi16", "dispi24", "dispi32", "dispi4k", "banked")},
}
LARGE = ("dispi4k",)    # takes more than the usual 16 MiB, and has no room on the panel
USUAL = [mode for mode in MODES if mode not in LARGE]


def picture(what, *names):
    """The guest shows each of these pictures, pixel for pixel by their checksum."""
    def step(m):
        missing = {crc(golden(name)): name for name in names}
        end = time.monotonic() + PICTURE_SECS
        while missing:
            missing.pop(m.console.command("crc bare")[0], None)
            if missing and time.monotonic() > end:
                name = sorted(missing.values())[0]
                shot = m.shot("guest-" + what.replace(" ", "-"), "bare")
                raise Failure("%s never shows %s: %s" % (
                    what, name, m.differs(golden(name), shot) or "it does now"))
    return step


def on_panel(mode):
    """The panel, as QEMU sees it, has one of the mode's pictures where the guest is."""
    def step(m):
        check_picture(m, "QEMU's screendump of mode " + mode,
                      lambda: m.screendump("panel-" + mode), MODES[mode], crop=m.place("bare"))
    return step


# What the guest does between "ready" and "done" with video memory, ten times over, and how many
# exits for trapped memory and requests to the device each of the ten may cost.
WORKS = {
    "lfb": (0, 0),                  # 1024x768x32 through BAR 0
    "text": (0, 0),                 # 80x25 characters with attributes
    "planar-stos": (1, 10),         # 38,400 bytes by REP STOSB: a request a page
    "planar-movs-in": (1, 10),      # by REP MOVSB from memory
    "planar-movs-out": (1, 10),     # to memory
    "planar-scroll": (1, 20),       # from video memory to video memory
}


def works(name):
    exits, requests = WORKS[name]

    def step(m):
        says("bare", "guest: ready: " + name)(m)
        before = m.console.stats()
        command("key bare ret")(m)
        says("bare", "guest: done: " + name)(m)
        after = m.console.stats()
        for counter, limit in (("bare.exits_mmio", 10 * exits), ("bare.exits_other", 0),
                               ("bare.ioreqs_virtio-vga", 10 * requests)):
            found = after[counter] - before[counter]
            if found > limit:
                raise Failure("%s: %s is %d, not %d or less" % (name, counter, found, limit))
        command("key bare ret")(m)
    return step


# Whose picture is seen when a virtio driver has set a scanout, is silent while something else is
# drawn, goes on, and is reset.
SCREEN = (
    ("virtio", "quadrants-640x480"),
    ("crash", "vga-dispi24"),           # the same colours by 32 bits
    ("virtio again", "quadrants-640x480"),
    ("vga", "vga-vga640x480"),
    ("scanout again", "quadrants-640x480"),
    ("reset", "vga-vga640x480"),
)


def screens():
    steps = []
    for what, name in SCREEN:
        steps += [says("bare", "guest: screen: %s$" % what, 120), picture(what, name),
                  command("key bare ret", 300)]
    return steps


def answers(*commands):
    """Each of these commands is answered, while the guest traps without end."""
    def step(m):
        says("bare", "guest: poking", 300)(m)
        for text in commands:
            m.console.command(text)
    return step


def all_modes(name, modes, panel, work, vram="16M", **keys):
    steps = [started("bare")]
    for mode in modes:
        steps += [says("bare", "guest: mode %s shown" % mode, 300), picture(mode, *MODES[mode])]
        steps += [on_panel(mode)] if panel and mode not in LARGE else []
        steps += [command("key bare ret", 300)]
    steps += [works(w) for w in WORKS] if work else []
    steps += screens()
    steps += [answers("list", "stats", "list", "crc bare", "list"), command("key bare ret", 300)]
    return Case(name, conf(vm("bare", "vga.elf", "mode=all work=%d share=1 poke=1" % work, vram=vram)),
                steps=steps + [passes("bare"), powers_off()], **keys)


# ---- QEMU's own VGA ----------------------------------------------------------------------------

# QEMU's DAC widens six bits to eight by repeating the lowest bit, where full scale has to stay full
# scale: up to 3 of 255 apart.
DAC_TOLERANCE = 3
# Five bits of a pixel are widened so that white stays white; QEMU leaves zeros.
TOLERANCES = {"dispi15": 7}
# Where QEMU 7.2 is wrong by the VGA's documentation, so that its pictures differ.
WRONG = {
    "text80x25": "attribute bit 7 blinks the character where the mode control register says so; "
                 "QEMU takes it for a bright background always",
    "text40x25": "nine-dot characters stay nine dots wide when the dot clock is halved (clocking "
                 "mode bits 0 and 3 are independent); QEMU draws eight",
    "mono": "attribute 1 is underlined at the underline location in monochrome modes; QEMU does "
            "not underline",
    "xsplit": "pixel panning applies to graphics, above the split; QEMU ignores it",
    "dispi4": "the map mask applies to dispi's 4-bit modes; QEMU takes no writes there",
}


def same_in_qemu(mode):
    """QEMU's picture is one of ours; or, where it is known to be wrong, is not."""
    def step(m):
        try:
            check_picture(m, "mode %s in QEMU" % mode, lambda: m.screendump("qemu-" + mode),
                          MODES[mode], 1 if mode in WRONG else PICTURE_SECS,
                          tolerance=TOLERANCES.get(mode, DAC_TOLERANCE))
        except Failure:
            if mode not in WRONG or not m.mismatch:
                raise
            m.mismatch = None
            return
        if mode in WRONG:
            raise Failure("mode %s is as in QEMU, although %s" % (mode, WRONG[mode]))
    return step


def press(key):
    def step(m):
        m.press(key)
    return step


def in_qemu():
    steps = []
    for mode in USUAL:
        steps += [says("bare", "guest: mode %s shown" % mode), same_in_qemu(mode), press("ret")]
    return Case("vga-modes-qemu", conf(vm("bare", "vga.elf", "mode=all")), machine="qemu-vga",
                steps=steps + [passes("bare")])


VGA_CASES = [all_modes("vga-modes", MODES, panel=True, work=True, vram="64M"), in_qemu()]
VGA_CASES_BOCHS = [all_modes("vga-modes-vmx", USUAL, panel=False, work=False, machine="bochs-vmx",
                             memory="512M", timeout=900)]
