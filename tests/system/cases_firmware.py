# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Guests that start from a firmware image: SeaBIOS and OVMF, boot menus, disks and CDs."""
import os

from case import Case, conf, vm
from console import Failure
from firmware_images import grub_disk, isolinux_cd
from machine import BUILD
from steps import command, logged, powers_off, says, shows, started, wait

SERIAL = """serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
"""
MENU = SERIAL + """set timeout=30
menuentry "Debian" {
	linux /vmlinuz console=ttyS0 quiet oriel.test=quadrants
	initrd /initrd.img
}
menuentry "Again" {
	reboot
}
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
LINUX = {"vmlinuz": os.path.join(BUILD, "debian", "vmlinuz"),
         "initrd.img": os.path.join(BUILD, "initrd.img")}


def bios(name="bios", memory="256M", **keys):
    keys.setdefault("option_rom", "vgabios-virtio.bin")
    return vm(name, "", "", memory, firmware="bios-256k.bin", **keys)


def sized(guest, width, height):
    """The guest's picture has that size."""
    def step(m):
        place = m.place(guest)
        if place[2:] != (width, height):
            raise Failure("%s is %dx%d" % (guest, place[2], place[3]))
    return step


FIRMWARE = [
    # SeaBIOS finds its ROM, its shadow RAM, fw_cfg, the option ROM, and nothing to boot from.
    Case("bios-prompt", conf(bios(memory="64M")), steps=[
        started("bios"),
        logged("firmware: Found 1 cpu"),
        logged("firmware: No bootable device"),
        shows("bios", "seabios-prompt", "seabios-prompt-blink"),    # the cursor
        command("reset bios"),
        logged("firmware: No bootable device"),
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
             logged(r"firmware: Found 4 cpu\(s\)"),
             says("bios", "No bootable device"),
             powers_off(),
         ]),
    # Keys choose in two menus, and the entry boots Debian's kernel from the disk.
    Case("bios-grub", conf(bios(disk="disk.img")), timeout=180,
         files={"disk.img": grub_disk(MENU, **LINUX)}, steps=[
             logged("firmware: .*Press ESC", 60),
             command("key bios esc"),
             logged("firmware: 1. Virtio disk", 60),
             command("key bios 1"),
             says("bios", "Again", 60),
             command("key bios down"),
             wait(1),
             shows("bios", "grub-text"),
             command("key bios up ret"),
             says("bios", "guest: quadrants shown", 120),
             shows("bios", "quadrants-1024x768"),
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
             wait(5),
             shows("bios", "isolinux-vesamenu"),
             command("key bios down ret"),
             says("bios", "Linux version", 100),
             powers_off(),
         ]),
    # OVMF takes its mode from the EDID, and its shell what is typed.
    Case("uefi-shell", conf(vm("uefi", "", "", "256M", firmware="OVMF.fd", size="800x600")),
         timeout=240, steps=[
             says("uefi", "UEFI Interactive Shell", 200),
             wait(12),  # until it has stopped waiting for somebody to stop it
             command("key uefi ret"),
             wait(3),
             command('key uefi "echo typed and read" ret'),
             says("uefi", "^typed and read", 30),
             sized("uefi", 800, 600),
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
]
