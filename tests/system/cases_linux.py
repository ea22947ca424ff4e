# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Debian's kernel on each of its display drivers: VGA text, a firmware's framebuffer, bochs,
virtio_gpu, and the changes between them."""
import time

from case import Case, conf, linux, vm
from cases_firmware import LINUX as FILES
from cases_firmware import bios
from firmware_images import grub_disk, isolinux_cd
from machine import golden
from net import addressed, curl
from pictures import compare
from steps import (command, need, never_says, no_kernel_errors, note_stats, powers_off, repeat,
                   same_stats, says, shows, shows_panel, started)
from wire import over_wire

XGA = "quadrants-1024x768"
VGA = "quadrants-640x480"
TEXT = "linux-text80x25"
FBCON = "linux-fbcon-1024x768"
LEFT_BY_LINUX = ("free_pages", "linux.resources", "linux.resource_bytes")
USERLAND = "initrd-userland.img"


def text(name, guest, picture, by, boot=150, **keys):
    """The guest's text console: the picture, and which of the kernel's drivers made it."""
    return Case(name, conf(guest, screen=keys.pop("screen", "")), steps=[
        started("linux"),
        says("linux", "guest: text shown by .*" + by, boot),
        shows("linux", picture),
        no_kernel_errors("linux"),
        powers_off(),
    ], **keys)


def carries(guest, picture):
    """The picture over the serial line and over HTTP, what that costs, and what it costs again."""
    def step(m):
        serial, http = m.path("serial.png"), m.path("http.png")
        _, sent, secs = over_wire(m, "--vm", guest, "-o", serial)
        _, again, _ = over_wire(m, "--vm", guest, "-o", serial, "--if-changed")
        began = time.monotonic()
        _, fields, png = curl(m, "/vm/%s.png" % guest)
        m.note = "%s: serial %d bytes, %.1f s, again %d; HTTP %d bytes, %.2f s" % (
            picture, sent, secs, again, len(png), time.monotonic() - began)
        status, _, body = curl(m, "/vm/%s.png" % guest, "-H", "If-None-Match: " + fields["etag"])
        need(status == 304 and not body and again < 1000, "unchanged, but %d bytes, %d over HTTP"
             % (again, len(body)))
        with open(http, "wb") as out:
            out.write(png)
        for shot in (serial, http):
            m.mismatch = compare(golden(picture), shot)
            need(not m.mismatch, m.mismatch and "%s: %s" % (shot, m.mismatch.reason))
    return step


CMDLINE = "console=ttyS0 quiet oriel.test=text oriel.driver=none"
GRUB = """linux16 /vmlinuz vga=0xf01 %s
initrd16 /initrd.img
boot
""" % CMDLINE
ISOLINUX = """DEFAULT linux
LABEL linux
	LINUX /vmlinuz
	INITRD /initrd.img
	APPEND vga=0x344 %s
""" % CMDLINE

LINUX_DISPLAYS = [
    # The kernel's own start, in real mode, sets the text mode that `vga=` asks for: 80x50.
    text("linux-vga-text50", bios("linux", disk="disk.img"), "linux-text80x50", r"VGA\+",
         files={"disk.img": grub_disk(GRUB, **FILES)}),
    # The same sets a mode of the VESA BIOS: vesafb on the firmware's framebuffer.
    text("linux-vesafb", bios("linux", cdrom="cd.iso"), FBCON, "VESA VGA",
         files={"cd.iso": isolinux_cd(ISOLINUX, **FILES)}),
    Case("linux-bochs", conf(linux(test="text", more="oriel.driver=bochs", display="bochs")),
         steps=[
             started("linux"),
             says("linux", "guest: text shown by .*bochs", 150),
             shows("linux", FBCON),
             command("key linux ret"),
             says("linux", "guest: quadrants shown", 60),
             shows("linux", XGA),
             no_kernel_errors("linux"),
             powers_off(),
         ]),
    # The loader tells the kernel of the VGA's text screen. virtio_gpu takes over from that and
    # gives it back when it is unloaded.
    Case("linux-takeover", conf(linux(test="takeover")), steps=[
        started("linux"),
        says("linux", r"guest: text shown by .*VGA\+", 150),
        shows("linux", TEXT),
        repeat(2,
               command("key linux ret"),
               says("linux", "guest: fb0 ok", 60),
               shows("linux", FBCON),
               command("key linux ret"),
               says("linux", "guest: unloaded", 60),
               shows("linux", TEXT)),
        # What is written to its memory is seen then.
        command("key linux ret"),
        says("linux", "guest: written", 60),
        shows("linux", "linux-text-written"),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    # Fifty rounds of loading and unloading leave nothing behind.
    Case("linux-reload", conf(linux(test="reload")), steps=[
        started("linux"),
        says("linux", "guest: reload begins", 150),
        note_stats("before", *LEFT_BY_LINUX),
        command("key linux ret"),
        says("linux", "guest: reload ends", 200),
        same_stats("before"),
        shows("linux", TEXT),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    # Nor do fifty resets of a guest that flips all the time.
    Case("gpu-reset-flips", conf(vm("bare", "flips.elf", size="640x480")), steps=[
        started("bare"),
        says("bare", "guest: flipping"),
        note_stats("before", "free_pages", "bare.resources", "bare.resource_bytes"),
        repeat(50, command("reset bare"), says("bare", "guest: flipping")),
        same_stats("before"),
        powers_off(),
    ]),
]


def stays(name, picture):
    """modetest shows that until a line is typed."""
    return [says("linux", "guest: modetest " + name, 60), shows("linux", picture),
            command("key linux ret"), says("linux", "guest: modetest ended", 60)]


def heads(count, size, pictures, *before, **keys):
    """Each head has its own picture; together they are on the panel."""
    name = "linux-%d-heads" % count
    return Case(name, conf(linux(size=size, heads=count, **keys)), steps=[
        started("linux"),
        *before,
        says("linux", "guest: heads shown", 150),
        *[shows("linux:%d" % n, picture, panel=False) for n, picture in enumerate(pictures)],
        shows_panel(name),
        no_kernel_errors("linux"),
        powers_off(),
    ])


def described(size, connected):
    """drm_info tells of so many connectors, and edid-decode finds no fault with their EDIDs."""
    lines = ["Driver: virtio_gpu", "DRM_CLIENT_CAP_ATOMIC supported"]
    for n in range(connected):
        lines += ["Connector %d" % n, "Status: connected", size + "@[0-9.]+ preferred"]
    lines += ["Connector %d" % connected, "Status: disconnected", "CRTC 0", "CRTC 1",
              "Plane 0", '"type".*Primary', "Plane 1", '"type".*Cursor']
    lines += ["guest: card0-Virtual-%d edid-decode 0" % (n + 1) for n in range(connected)]
    return [says("linux", line, 150) for line in lines]


LINUX_USERLAND = [
    Case("linux-modetest", conf(linux(test="modetest", initrd=USERLAND)), timeout=400, steps=[
        started("linux"),
        says("linux", "guest: mode 1024x768 set", 150),
        says("linux", "guest: mode 800x600 set"),
        says("linux", "guest: mode 640x480 set"),
        says("linux", "guest: modes ended"),
        never_says("linux", "guest: mode .* failed"),
        *stays("1024x768", "modetest-1024x768"),
        *stays("640x480", "modetest-640x480"),
        *stays("atomic", "modetest-atomic"),
        says("linux", "guest: modetest flips"),
        says("linux", r"^freq: \d+\.\d+Hz", 60),
        command("key linux ret"),
        says("linux", "guest: modetest cursor", 60),
        command("key linux ret"),
        says("linux", "guest: modetest ended", 60),
        never_says("linux", "failed (?!to set gamma)"),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    Case("linux-pointer", conf(linux(test="pointer")), steps=[
        started("linux"),
        says("linux", "guest: pointer shown", 150),
        shows("linux", "linux-pointer"),
        command("key linux ret"),
        says("linux", "guest: pointer shown", 60),
        shows("linux", "linux-pointer-edge"),
        command("key linux ret"),
        says("linux", "guest: pointer ended", 60),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
    heads(2, "640x480", [VGA, "turned-640x480"], *described("640x480", 2), test="describe",
          initrd=USERLAND),
    heads(4, "640x400", ["linux-head%d" % n for n in range(4)], test="heads"),
    # Weston's desktop, which follows the monitor and hears the keyboard; all that it had is given
    # back.
    Case("linux-weston", conf(linux(test="weston", initrd=USERLAND), address="dhcp"), nic="e1000e",
         timeout=400, steps=[
        started("linux"),
        says("linux", "guest: text shown", 150),
        shows("linux", FBCON),
        note_stats("before", *LEFT_BY_LINUX),
        command("key linux ret"),
        says("linux", "guest: weston runs", 100),
        shows("linux", "weston-desktop"),
        command("resize linux 1920x1080"),
        shows("linux", "weston-desktop-1920x1080", panel=False),
        addressed(),
        carries("linux", "weston-desktop-1920x1080"),
        command("resize linux 1024x768"),
        shows("linux", "weston-desktop"),
        command("key linux ret"),
        says("linux", "guest: weston stopped", 60),
        says("linux", "guest: weston heard event0"),
        same_stats("before"),
        shows("linux", FBCON),
        no_kernel_errors("linux"),
        powers_off(),
    ]),
]

LINUX_DISPLAYS_BOCHS = [
    text("linux-vga-text-vmx", linux(test="text", more="oriel.driver=none", kernel="vmlinux",
                                     initrd="initrd-raw.img", memory="192M"), TEXT,
         r"VGA\+", 600, machine="bochs-vmx", memory="512M", timeout=900, screen="mode = 800x600\n"),
]
