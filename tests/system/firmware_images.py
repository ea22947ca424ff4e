# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Disks and CDs that guests with firmware boot from, made of Debian's GRUB and ISOLINUX."""
import os
import shutil
import struct
import subprocess
import tempfile

SECTOR = 512
DISK_SIZE = 16 << 20
PARTITION = 2048            # sector where the one partition begins
GRUB = "/usr/lib/grub/i386-pc"
ISOLINUX = "/usr/lib/ISOLINUX"
SYSLINUX = "/usr/lib/syslinux/modules/bios"
GRUB_MODULES = ("biosdisk part_msdos fat normal linux linux16 configfile serial terminal echo "
                "reboot test sleep loadenv minicmd all_video gfxterm font").split()


def _run(*command, **keys):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, MTOOLS_SKIP_CHECK="1", PATH=os.environ["PATH"] +
                            ":/usr/sbin:/sbin"), **keys)


def _boot_record(disk):
    """A partition of type FAT16, and GRUB's first sector around it."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\1\1\0", 0x0e, b"\xfe\xff\xff", PARTITION,
                        DISK_SIZE // SECTOR - PARTITION)
    with open(os.path.join(GRUB, "boot.img"), "rb") as f:
        code = f.read(440)
    with open(disk, "r+b") as f:
        f.write(code)
        f.seek(446)
        f.write(entry)
        f.seek(510)
        f.write(b"\x55\xaa")


def grub_disk(config, **files):
    """A function that gives a disk image: GRUB with that grub.cfg, and the files by name."""
    def make():
        with tempfile.TemporaryDirectory() as work:
            disk, core = os.path.join(work, "disk"), os.path.join(work, "core.img")
            with open(os.path.join(work, "early.cfg"), "w") as f:
                f.write("set root=(hd0,msdos1)\nset prefix=(hd0,msdos1)/grub\n"
                        "configfile /grub/grub.cfg\n")
            with open(os.path.join(work, "grub.cfg"), "w") as f:
                f.write(config)
            with open(os.path.join(work, "grubenv"), "w") as f:
                f.write("# GRUB Environment Block\n".ljust(1024, "#"))
            _run("grub-mkimage", "-O", "i386-pc", "-o", core, "-p", "(hd0,msdos1)/grub",
                 "-c", os.path.join(work, "early.cfg"), *GRUB_MODULES)
            with open(disk, "wb") as f:
                f.truncate(DISK_SIZE)
            _run("mkfs.vfat", "-F", "16", "--offset", str(PARTITION), disk,
                 str((DISK_SIZE - PARTITION * SECTOR) // 1024))
            volume = "%s@@%d" % (disk, PARTITION * SECTOR)
            _run("mmd", "-i", volume, "::/grub")
            for name in ("grub.cfg", "grubenv"):
                _run("mcopy", "-i", volume, os.path.join(work, name), "::/grub/" + name)
            for name, source in files.items():
                _run("mcopy", "-i", volume, source, "::/" + name)
            _boot_record(disk)
            with open(core, "rb") as c, open(disk, "r+b") as f:
                f.seek(SECTOR)      # where boot.img looks, and its list of blocks says so too
                f.write(c.read())
            with open(disk, "rb") as f:
                return f.read()
    return make


def isolinux_cd(config, **files):
    """A function that gives a CD image which also boots as a disk (isohybrid)."""
    def make():
        with tempfile.TemporaryDirectory() as work:
            root = os.path.join(work, "root", "isolinux")
            os.makedirs(root)
            shutil.copy(os.path.join(ISOLINUX, "isolinux.bin"), root)
            for name in ("ldlinux", "libcom32", "libutil", "menu", "vesamenu"):
                shutil.copy(os.path.join(SYSLINUX, name + ".c32"), root)
            for name, source in files.items():
                shutil.copy(source, os.path.join(work, "root", name))
            with open(os.path.join(root, "isolinux.cfg"), "w") as f:
                f.write(config)
            image = os.path.join(work, "cd.iso")
            _run("xorriso", "-as", "mkisofs", "-o", image, "-b", "isolinux/isolinux.bin", "-c",
                 "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4",
                 "-boot-info-table", "-isohybrid-mbr", os.path.join(ISOLINUX, "isohdpfx.bin"),
                 os.path.join(work, "root"))
            with open(image, "rb") as f:
                return f.read()
    return make
