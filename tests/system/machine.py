# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""One run of Oriel for a case of the table: its image, what only the tests' machines have."""
import contextlib
import os
import re
import socket

from console import Failure, qmp, wait_until
from pictures import BUILD, compare
from target import BootedTarget, Target

HERE = os.path.dirname(os.path.abspath(__file__))


def source_of(name):
    """Where a file that a configuration names is found."""
    for path in (os.path.join(BUILD, "guest", name), os.path.join(BUILD, "debian", name),
                 os.path.join(BUILD, name), os.path.join("/usr/share/seabios", name),
                 os.path.join("/usr/share/ovmf", name)):
        if os.path.exists(path):
            return path
    raise Failure("no file %s in build/" % name)


def free_ports(count):
    """The first of as many TCP ports in a row that nobody has."""
    while True:
        with contextlib.ExitStack() as sockets:
            first = 0
            try:
                for n in range(count):
                    s = sockets.enter_context(socket.socket())
                    s.bind(("127.0.0.1", first + n if first else 0))
                    first = first or s.getsockname()[1]
                return first
            except (OSError, OverflowError):
                pass


class Machine(BootedTarget):
    """Folder build/system/NAME keeps what the run leaves."""

    def __init__(self, case):
        super().__init__(os.path.join(BUILD, "system", case.name), case.machine, case.cpus,
                         case.memory, case.timeout, case.options)
        self.case = case
        self.marks = {}     # what steps note for later steps
        if case.machine == "qemu-svm":
            self.options += ["--qmp", os.path.join(self.sockets, "qmp")]
        self.port = None    # leads to HTTP, the next ones to VNC
        if case.nic:
            self.port = free_ports(10)
            self.options += ["--net", str(self.port), "--nic", case.nic]

    def make_image(self):
        case = self.case
        with open(self.path("oriel.conf"), "w") as f:
            f.write(case.conf)
        for name in re.findall(r"^(?:kernel|initrd|firmware|option_rom|disk|cdrom)\s*=\s*(\S+)",
                               case.conf, re.M):
            if name in case.missing or os.path.exists(self.path(name)):
                continue
            if name in case.files:
                with open(self.path(name), "wb") as f:
                    f.write(case.files[name]())
            else:
                os.symlink(source_of(name), self.path(name))
        self.build_image(self.path("oriel.conf"),
                         **({"ALLOW_MISSING": "1"} if case.bad_image else {}))

    def start(self):
        super().start(self.case.arguments)

    def children(self):
        """Process ids below tools/run."""
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
            return f.read().split()

    def debug_log(self):
        try:
            with open(self.path("debug.log"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_debug(self, pattern, timeout):
        """Waits for a line of the loader's or the hypervisor's log, also from before the
        console."""
        def search():
            alive = self.is_alive()
            found = re.search(pattern, self.debug_log(), re.M)
            if not found and not alive:
                raise Failure('no "%s" in the log' % pattern)
            return found
        return wait_until(search, 'no "%s" in the log' % pattern, timeout)

    # ---- pictures ----

    def http_shot(self, name, guest=None):
        """oriel-shot through the network."""
        return self.run_shot(["--http", "http://oriel:secret@127.0.0.1:%d" % self.port], name,
                             guest, 60)

    def control(self, command, **arguments):
        """QEMU's answer."""
        return qmp(os.path.join(self.sockets, "qmp"), command, **arguments)

    def screendump(self, name):
        path = self.path(name + ".ppm")
        self.control("screendump", filename=path)
        return path

    def place(self, guest):
        """Where the guest is on the panel: x, y, width, height."""
        for line in self.console.command("list"):
            m = re.match(r"%s .*, at (\d+),(\d+) (\d+)x(\d+)$" % re.escape(guest), line)
            if m:
                return tuple(int(v) for v in m.groups())
        raise Failure("%s is not on the panel" % guest)

    def differs(self, golden, picture, crop=None, tolerance=0):
        """What oriel-diff says when the pictures differ, else None."""
        self.mismatch = compare(golden, picture, crop, tolerance=tolerance)
        return self.mismatch.reason if self.mismatch else None


class HostOnly(Target):
    """Only a folder: the steps run programs of their own."""

    process = None

    def __init__(self, case):
        super().__init__(os.path.join(BUILD, "system", case.name))
        self.case = case

    def make_image(self):
        pass

    def start(self):
        pass

    def close(self):
        pass


def golden(name):
    return os.path.join(HERE, "golden", name + ".png")
