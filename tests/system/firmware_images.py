# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Disks and CDs that guests with firmware boot from, made of Debian's GRUB and ISOLINUX."""
import os
import shutil
import struct
import subprocess
import tempfile

SECTOR = 512
DISK_SIZE = 24 << 20
PARTITION = 2048            # sector where the one partition begins
GRUB = "/usr/lib/grub"
FONT = {"grub/unicode.pf2": "/usr/share/grub/unicode.pf2"}    # for grub_disk
ISOLINUX = "/usr/lib/ISOLINUX"
SYSLINUX = "/usr/lib/syslinux/modules/bios"
MODULES = ("part_msdos fat normal linux configfile serial terminal echo reboot test sleep loadenv "
           "minicmd all_video gfxterm font").split()
BIOS_MODULES = MODULES + ["biosdisk", "linux16"]


def _run(*command, **keys):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, MTOOLS_SKIP_CHECK="1", PATH=os.environ["PATH"] +
                            ":/usr/sbin:/sbin"), **keys)


def _partition_table(disk):
    """One partition of the type that UEFI starts from and a BIOS does not ask after."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\1\1\0", 0xef, b"\xfe\xff\xff", PARTITION,
                        DISK_SIZE // SECTOR - PARTITION)
    with open(disk, "r+b") as f:
        f.seek(446)
        f.write(entry)
        f.seek(510)
        f.write(b"\x55\xaa")


def _make_disk(disk, files):
    """A disk with a FAT file system; files: path there -> file here."""
    with open(disk, "wb") as f:
        f.truncate(DISK_SIZE)
    _run("mkfs.vfat", "-F", "16", "--offset", str(PARTITION), disk,
         str((DISK_SIZE - PARTITION * SECTOR) // 1024))
    volume = "%s@@%d" % (disk, PARTITION * SECTOR)
    folders = {path.rpartition("/")[0] for path in files} - {""}
    for folder in sorted(folders | {f.rpartition("/")[0] for f in folders} - {""}):
        _run("mmd", "-i", volume, "::/" + folder)
    for path, source in files.items():
        _run("mcopy", "-i", volume, source, "::/" + path)
    _partition_table(disk)


def _grub_image(work, target, modules):
    """GRUB as one file, which goes on with /grub/grub.cfg of the disk that it came from."""
    core, early = os.path.join(work, "core-" + target), os.path.join(work, "early.cfg")
    with open(early, "w") as f:
        f.write("set root=(hd0,msdos1)\nset prefix=(hd0,msdos1)/grub\n"
                "configfile /grub/grub.cfg\n")
    _run("grub-mkimage", "-O", target, "-d", os.path.join(GRUB, target), "-o", core,
         "-p", "(hd0,msdos1)/grub", "-c", early, *modules)
    return core


def _install_bios_grub(work, disk):
    """GRUB's first sector, and the rest where that looks for it: its list of blocks says so too."""
    with open(os.path.join(GRUB, "i386-pc", "boot.img"), "rb") as f:
        code = f.read(440)
    with open(_grub_image(work, "i386-pc", BIOS_MODULES), "rb") as c, open(disk, "r+b") as f:
        f.write(code)
        f.seek(SECTOR)
        f.write(c.read())


def uefi_disk(**files):
    """A function that gives a disk image with files by path; one may be EFI/BOOT/BOOTX64.EFI."""
    def make():
        with tempfile.TemporaryDirectory() as work:
            disk = os.path.join(work, "disk")
            _make_disk(disk, files)
            with open(disk, "rb") as f:
                return f.read()
    return make


def grub_disk(config, uefi=False, **files):
    """The same with GRUB, that grub.cfg, and the files."""
    def make():
        with tempfile.TemporaryDirectory() as work:
            disk = os.path.join(work, "disk")
            texts = {"grub.cfg": config, "grubenv": "# GRUB Environment Block\n".ljust(1024, "#")}
            names = dict(files)
            for name, text in texts.items():
                names["grub/" + name] = os.path.join(work, name)
                with open(names["grub/" + name], "w") as f:
                    f.write(text)
            if uefi:
                names["EFI/BOOT/BOOTX64.EFI"] = _grub_image(work, "x86_64-efi", MODULES)
            _make_disk(disk, names)
            if not uefi:
                _install_bios_grub(work, disk)
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
