# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""A bare-metal guest on QEMU without Oriel: on QEMU's own VGA."""
import re
import subprocess

from console import Console
from machine import Machine, source_of


class PlainConsole(Console):
    """What the guest writes, as lines of the guest."""

    guest = "bare"

    def _line(self, line):
        self.transcript.append(line)
        self.guests.setdefault(self.guest, []).append(line)


class PlainQemu(Machine):
    """Runs the kernel and command line of the case's one guest."""

    def __init__(self, case):
        super().__init__(case)
        self.console = PlainConsole(self.console.path, self.is_alive)

    def make_image(self):
        pass

    def start(self):
        keys = dict(re.findall(r"^(\w+) = (.*)$", self.case.conf, re.M))
        self.errors = open(self.path("run.log"), "w")
        self.process = subprocess.Popen(
            ["timeout", str(self.case.timeout), "qemu-system-x86_64", "-kernel",
             source_of(keys["kernel"]), "-append", keys["cmdline"], "-vga", "std", "-m", "64",
             "-display", "none", "-no-reboot", "-serial",
             "unix:%s,server=on,wait=on" % self.console.path,
             "-qmp", "unix:%s/qmp,server=on,wait=off" % self.sockets],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        self.console.connect(60)

    def press(self, key):
        self.control("send-key", keys=[{"type": "qcode", "data": key}])
