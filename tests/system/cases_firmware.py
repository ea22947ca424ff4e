# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Guests that start from a firmware image: SeaBIOS and OVMF, boot menus, disks and CDs."""
import os

from case import Case, conf, vm
from console import Failure
from firmware_images import FONT, grub_disk, isolinux_cd, uefi_disk
from machine import BUILD
from steps import (command, logged, moves, never_says, powers_off, says, shows, started)

SERIAL = """serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
"""
BOOT = """	linux /vmlinuz console=ttyS0 oriel.test=quadrants
	initrd /initrd.img
"""
GRAPHICS = """	set gfxmode=1024x768
	set gfxpayload=keep
	loadfont /grub/unicode.pf2
	terminal_output gfxterm serial
	unset timeout
	menuentry "Debian, with the framebuffer kept" {
	""" + BOOT + """	}
	menuentry "Nothing" {
		true
	}
"""
# The second entry goes on to the same file, which then has a menu in graphics.
MENU = SERIAL + """set timeout=30
if [ "$graphics" = yes ]; then
""" + GRAPHICS + """
else
	menuentry "Debian" {
	""" + BOOT + """	}
	menuentry "Menu in graphics" {
		set graphics=yes
		export graphics
		configfile /grub/grub.cfg
	}
fi
"""
KEEPS = SERIAL + """load_env
if [ "$kept" = yes ]; then
	echo "disk: kept"
	sleep 1000
fi
set kept=yes
save_env kept
reboot
"""
VESAMENU = """SERIAL 0 115200
DEFAULT vesamenu.c32
MENU TITLE Oriel
MENU RESOLUTION 640 480
LABEL one
	MENU LABEL First
	LOCALBOOT -1
LABEL two
	MENU LABEL Second
	LINUX /vmlinuz console=ttyS0 oriel.test=none
	INITRD /initrd.img
"""
# OVMF's GRUB begins with the menu in graphics.
UEFI_MENU = SERIAL + GRAPHICS
# What a kernel says that does not like what it finds.
COMPLAINTS = r"can't claim|no compatible bridge|not claimed|Firmware Bug|conflicts with|overlaps"
MEMTEST = "/boot/memtest86+x64"
MEMTEST_DISK = grub_disk("linux /memtest\nboot\n", memtest=MEMTEST + ".bin")


def memtest_masks(left, top, cell):
    """What depends on the machine or moves, on a screen of such cells of 16 lines: speeds and
    sizes, the processor's name, progress, the clock, the cores in use, the number of passes."""
    return [(left + cell * x, top + 16 * y, cell * width, 16 * height)
            for x, y, width, height in ((10, 1, 18, 4), (29, 0, 51, 6), (50, 7, 8, 1),
                                        (68, 7, 12, 1), (7, 8, 20, 1), (50, 8, 8, 1))]


MEMTEST_BIOS_MASKS = memtest_masks(0, 0, 9)
MEMTEST_UEFI_MASKS = memtest_masks(0, 40, 8)
LINUX = {"vmlinuz": os.path.join(BUILD, "debian", "vmlinuz"),
         "initrd.img": os.path.join(BUILD, "initrd.img")}


def bios(name="bios", memory="256M", **keys):
    keys.setdefault("option_rom", "vgabios-virtio.bin")
    return vm(name, "", "", memory, firmware="bios-256k.bin", **keys)


def boot_menu(guest, tries=4):
    """SeaBIOS' boot menu is there. The key for it must come within a second: on a busy machine it
    may be late."""
    def step(m):
        for n in range(1, tries + 1):
            m.wait_debug("(?s)" + ".*".join(["firmware: Press ESC"] * n), 60)
            m.console.command("key %s esc" % guest)
            try:
                m.wait_debug("firmware: 1. Virtio disk", 10)
                return
            except Failure:
                m.console.command("reset " + guest)
        raise Failure("no boot menu in %d tries" % tries)
    return step


FIRMWARE = [
    # SeaBIOS finds its ROM, its shadow RAM, fw_cfg, the option ROM, and nothing to boot from.
    Case("bios-prompt", conf(bios(memory="64M")), steps=[
        started("bios"),
        logged("firmware: Found 1 cpu", 60),
        logged("firmware: No bootable device", 60),
        shows("bios", "seabios-prompt", "seabios-prompt-blink"),    # the cursor
        command("reset bios"),
        logged("(?s)firmware: No bootable device.*firmware: No bootable device", 60),
        powers_off(),
    ]),
    # Without a display it talks by the serial port.
    Case("bios-serial", conf(bios(memory="64M", display="none", option_rom="", size="")), steps=[
        says("bios", "No bootable device"),
        powers_off(),
    ]),
    # Several processors are found and brought up.
    Case("bios-smp", conf(bios(memory="64M", cpus=4, display="none", option_rom="", size="")),
         cpus=2, steps=[
             logged(r"firmware: Found 4 cpu\(s\)", 60),
             says("bios", "No bootable device"),
             powers_off(),
         ]),
    # Keys choose in three menus, the last of them in graphics, and the entry boots Debian's kernel
    # from the disk, which first has the firmware's framebuffer.
    Case("bios-grub", conf(bios(disk="disk.img")), timeout=240,
         files={"disk.img": grub_disk(MENU, **LINUX, **FONT)}, steps=[
             boot_menu("bios"),
             command("key bios 1"),
             says("bios", "Menu in graphics", 60),
             command("key bios down"),
             shows("bios", "grub-text"),
             command("key bios ret"),
             says("bios", "framebuffer kept", 60),
             command("key bios down"),
             shows("bios", "grub-gfxterm"),
             command("key bios up ret"),
             says("bios", "fb0: VESA VGA", 120),
             says("bios", "guest: quadrants shown", 120),
             shows("bios", "quadrants-1024x768"),
             never_says("bios", COMPLAINTS),
             powers_off(),
         ]),
    Case("bios-memtest", conf(bios(memory="64M", disk="disk.img")), timeout=180,
         files={"disk.img": MEMTEST_DISK}, steps=[
             started("bios"),
             shows("bios", "memtest86", masks=MEMTEST_BIOS_MASKS, secs=90),
             moves("bios"),
             powers_off(),
         ]),
    # What is written to a disk stays there when the guest is reset.
    Case("bios-disk-keeps", conf(bios(memory="64M", disk="disk.img")), timeout=180,
         files={"disk.img": grub_disk(KEEPS)}, steps=[
             says("bios", "disk: kept", 100),
             powers_off(),
         ]),
    Case("bios-isolinux", conf(bios(cdrom="cd.iso")), timeout=180,
         files={"cd.iso": isolinux_cd(VESAMENU, **LINUX)}, steps=[
             logged("firmware: Booting from Hard Disk", 60),
             shows("bios", "isolinux-vesamenu", secs=60),
             command("key bios down ret"),
             says("bios", "Linux version", 100),
             powers_off(),
         ]),
    # OVMF takes its mode from the EDID, and its shell what is typed. The picture is still once the
    # shell has stopped waiting for somebody to stop it.
    Case("uefi-shell", conf(vm("uefi", "", "", "128M", firmware="OVMF.fd", size="800x600")),
         timeout=300, steps=[
             says("uefi", "UEFI Interactive Shell", 200),
             shows("uefi", "uefi-shell", secs=60),
             command('key uefi "echo typed and read" ret'),
             says("uefi", "^typed and read", 60),
             powers_off(),
         ]),
    # VirtioGpuDxe has no linear framebuffer: its pictures are transferred.
    Case("uefi-virtio-gpu", conf(vm("uefi", "", "", "128M", firmware="OVMF.fd", size="800x600",
                                    display="virtio-gpu")),
         timeout=240, steps=[
             says("uefi", "UEFI Interactive Shell", 200),
             shows("uefi", "uefi-shell", secs=60),
             powers_off(),
         ]),
    # GRUB on the firmware's framebuffer, Debian's kernel on it (efifb), then on virtio_gpu.
    Case("uefi-linux", conf(vm("uefi", "", "", "512M", firmware="OVMF.fd", disk="disk.img")),
         timeout=300, files={"disk.img": grub_disk(UEFI_MENU, True, **LINUX, **FONT)}, steps=[
             says("uefi", "framebuffer kept", 200),
             command("key uefi down"),
             shows("uefi", "grub-gfxterm"),
             command("key uefi up ret"),
             says("uefi", "fb0: EFI VGA", 120),
             says("uefi", "guest: quadrants shown", 120),
             shows("uefi", "quadrants-1024x768"),
             never_says("uefi", COMPLAINTS),
             powers_off(),
         ]),
    Case("uefi-memtest", conf(vm("uefi", "", "", "128M", firmware="OVMF.fd", disk="disk.img")),
         timeout=240,
         files={"disk.img": uefi_disk(**{"EFI/BOOT/BOOTX64.EFI": MEMTEST + ".efi"})}, steps=[
             says("uefi", r"starting Boot\d+", 200),
             shows("uefi", "memtest86-uefi", masks=MEMTEST_UEFI_MASKS, secs=90),
             moves("uefi"),
             powers_off(),
         ]),
    # Debian's graphical installer, on the kernel's own driver, at its first page.
    Case("installer", conf(vm("linux", "installer-linux", "vga=788 --- quiet", "1G",
                              initrd="installer-initrd.gz")),
         memory="3G", timeout=600, steps=[
             started("linux"),
             shows("linux", "debian-installer", secs=500),
             powers_off(),
         ]),
]

FIRMWARE_BOCHS = [
    Case("bios-serial-vmx", conf(bios(memory="64M", display="none", option_rom="", size="")),
         machine="bochs-vmx", memory="512M", timeout=300, steps=[
             says("bios", "No bootable device", 200),
             powers_off(),
         ]),
    Case("bios-prompt-vmx", conf(bios(memory="64M")), machine="bochs-vmx", memory="512M",
         timeout=300, steps=[
             logged("firmware: No bootable device", 200),
             shows("bios", "seabios-prompt", "seabios-prompt-blink"),
             powers_off(),
         ]),
    Case("bios-memtest-vmx", conf(bios(memory="64M", disk="disk.img")), machine="bochs-vmx",
         memory="512M", timeout=500, files={"disk.img": MEMTEST_DISK}, steps=[
             started("bios"),
             shows("bios", "memtest86", masks=MEMTEST_BIOS_MASKS, secs=400),
             moves("bios", 60),
             powers_off(),
         ]),
]
