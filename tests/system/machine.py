# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""One run of Oriel: its image, the machine, pictures."""
import os
import re
import shutil
import subprocess
import tempfile
import time

from console import Console, Failure, qmp

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build")
TOOLS = os.path.join(BUILD, "tools")
START_SECS = 5


def source_of(name):
    """Where a file that a configuration names is found."""
    for path in (os.path.join(BUILD, "guest", name), os.path.join(BUILD, "debian", name),
                 os.path.join(BUILD, name), os.path.join("/usr/share/seabios", name),
                 os.path.join("/usr/share/ovmf", name)):
        if os.path.exists(path):
            return path
    raise Failure("no file %s in build/" % name)


class Machine:
    """Folder build/system/NAME keeps what the run leaves."""

    def __init__(self, case):
        self.case = case
        self.folder = os.path.join(BUILD, "system", case.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.sockets = tempfile.mkdtemp(prefix="oriel-")
        self.process = None
        self.console = Console(os.path.join(self.sockets, "com1"), self.is_alive)
        self.marks = {}     # what steps note for later steps

    def path(self, name):
        return os.path.join(self.folder, name)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def make_image(self):
        case = self.case
        with open(self.path("oriel.conf"), "w") as f:
            f.write(case.conf)
        for name in re.findall(r"^(?:kernel|initrd|firmware|option_rom|disk|cdrom)\s*=\s*(\S+)", case.conf, re.M):
            if name in case.missing or os.path.exists(self.path(name)):
                continue
            if name in case.files:
                with open(self.path(name), "wb") as f:
                    f.write(case.files[name]())
            else:
                os.symlink(source_of(name), self.path(name))
        env = dict(os.environ, BUILD=BUILD)
        if case.bad_image:
            env["ALLOW_MISSING"] = "1"
        made = subprocess.run([os.path.join(TOP, "tools", "mkimage"), self.path("oriel.conf"),
                               self.path("image")], env=env, capture_output=True, text=True)
        if made.returncode:
            raise Failure("no image: " + made.stderr.strip())

    def start(self):
        case = self.case
        command = [os.path.join(TOP, "tools", "run"), case.machine, self.path("image"),
                   "--cpus", str(case.cpus), "--memory", case.memory,
                   "--timeout", str(case.timeout), "--serial", "unix:" + self.console.path,
                   "--debug", self.path("debug.log")]
        if case.machine == "qemu-svm":
            command += ["--qmp", os.path.join(self.sockets, "qmp")]
        command += case.options
        if case.arguments:
            command += ["--"] + case.arguments
        self.errors = open(self.path("run.log"), "w")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=self.errors, env=dict(os.environ, BUILD=BUILD))
        self.console.connect()

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
        end = time.monotonic() + timeout
        while True:
            alive = self.is_alive()
            m = re.search(pattern, self.debug_log(), re.M)
            if m:
                return m
            if not alive or time.monotonic() > end:
                raise Failure('no "%s" in the log' % pattern)
            time.sleep(0.2)

    def wait_end(self, timeout):
        """The exit status of tools/run."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure("the machine still runs") from None

    def close(self):
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.disconnect()
        if self.process:
            self.errors.close()
        with open(self.path("serial.log"), "w") as f:
            f.write("\n".join(self.console.transcript) + "\n")
        shutil.rmtree(self.sockets, ignore_errors=True)
        for name in ("image",):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    # ---- pictures ----

    def shot(self, name, guest=None):
        """oriel-shot of a guest, or of the screen; the console is lent to it meanwhile."""
        path = self.path(name + ".png")
        command = [os.path.join(TOOLS, "oriel-shot"), "--serial", self.console.path, "-o", path,
                   "--timeout", "60"]
        if guest:
            command += ["--vm", guest]
        self.console.disconnect()
        try:
            made = subprocess.run(command, capture_output=True, text=True, timeout=200)
        finally:
            self.console.connect()
        if made.returncode:
            raise Failure("oriel-shot: " + made.stderr.strip())
        return path

    def screendump(self, name):
        path = self.path(name + ".ppm")
        qmp(os.path.join(self.sockets, "qmp"), "screendump", filename=path)
        return path

    def place(self, guest):
        """Where the guest is on the panel: x, y, width, height."""
        for line in self.console.command("list"):
            m = re.match(r"%s .*, at (\d+),(\d+) (\d+)x(\d+)$" % re.escape(guest), line)
            if m:
                return tuple(int(v) for v in m.groups())
        raise Failure("%s is not on the panel" % guest)

    def differs(self, golden, picture, crop=None):
        """What oriel-diff says when the pictures differ, else None."""
        command = [os.path.join(TOOLS, "oriel-diff"), golden, picture, "--out",
                   picture[:-4] + ".diff.png"]
        if crop:
            command += ["--crop", "%d,%d,%d,%d" % crop]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            os.unlink(picture[:-4] + ".diff.png")
            return None
        return (done.stdout + done.stderr).strip().replace("\n", ", ")


def golden(name):
    return os.path.join(HERE, "golden", name + ".png")
