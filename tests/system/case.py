# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""A case of the table: what runs where, and the steps to go through."""
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    conf: str                   # oriel.conf's text
    steps: list                 # functions of a Machine, see steps.py
    machine: str = "qemu-svm"   # or bochs-vmx; qemu-vga: without Oriel
    cpus: int = 1
    memory: str = "2G"
    timeout: int = 300          # seconds for the whole run
    nic: str = ""               # the network card's name; "": no network
    options: list = field(default_factory=list)     # for tools/run
    arguments: list = field(default_factory=list)   # for the emulator
    files: dict = field(default_factory=dict)   # name in conf -> function giving its bytes
    missing: tuple = ()         # names in conf that are left out of the image
    bad_image: bool = False     # the image builder would refuse this configuration


def vm(name, kernel, cmdline="", memory="64M", cpus=1, size="1024x768", **more):
    """A guest's section."""
    keys = {"memory": memory, "cpus": cpus, "kernel": kernel, "cmdline": cmdline,
            "display": "virtio-vga", "size": size, "log_serial": "yes", **more}
    return "[vm %s]\n" % name + "".join("%s = %s\n" % kv for kv in keys.items() if kv[1] != "")


def linux(name="linux", test="quadrants", cpus=1, size="1024x768", memory="256M",
          kernel="vmlinuz", initrd="initrd.img", more="", **keys):
    """A Linux guest; its command line chooses the test (tests/linux/init)."""
    cmdline = "console=ttyS0 quiet oriel.test=%s oriel.size=%s %s" % (test, size, more)
    return vm(name, kernel, cmdline.strip(), memory, cpus, size, initrd=initrd, **keys)


def conf(*guests, screen="", address=""):
    network = "[network]\naddress = %s\npassword = secret\n" % address if address else ""
    return "[screen]\nlayout = tiles\n%s[console]\nserial = com1,115200\n" % screen + network + \
        "".join(guests)
