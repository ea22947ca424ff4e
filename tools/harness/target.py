# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""What is tested: an Oriel that tools/run has booted, or a machine at the end of a serial line or
at an address."""
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from console import PANIC, Console, Failure, wait_until
from pictures import BUILD, TOOLS, TOP, crc

SHOT_SECS = 60
HTTP_SECS = 15
ANSWER_SECS = 10        # for `list`, when a machine is asked whether it is still there
START_SECS = 60         # for the emulator's serial line to be there
PANIC_STALL = 2         # a panic's report ends with so much silence
END_SECS = 5            # from the end of the serial line to that of tools/run


class Target:
    """A folder that keeps what the run leaves, and what is asked of any machine."""

    note = ""           # what the verdict's line is to tell
    mismatch = None     # the last pictures that differ, see pictures.py

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_shot(self, where, name, guest, secs):
        """oriel-shot of a guest (or VM:HEAD), or of the screen."""
        path = self.path(name + ".png")
        command = [os.path.join(TOOLS, "oriel-shot"), *where, "-o", path, "--timeout", str(secs)]
        if guest:
            command += ["--vm", guest]
        try:
            made = subprocess.run(command, capture_output=True, text=True, timeout=4 * secs)
        except subprocess.TimeoutExpired:
            raise Failure("oriel-shot: no answer") from None
        if made.returncode:
            raise Failure("oriel-shot: " + made.stderr.strip().removeprefix("oriel-shot: "))
        return path

    def why_ended(self):
        """Why the machine is not there any more, or None."""
        return None


class SerialTarget(Target):
    """Through the console on a serial line: a unix socket or a terminal device."""

    def __init__(self, folder, path):
        super().__init__(folder)
        self.console = Console(path, self.is_alive)

    def is_alive(self):
        return not self.console.lost and not self.console.panic

    def start(self):
        self.console.connect()

    def is_up(self, secs):
        """Waits until the console answers."""
        end = time.monotonic() + secs
        while time.monotonic() < end and not self.why_ended():
            try:
                self.console.command("list", min(4, secs))
            except Failure:
                time.sleep(0.05)
                continue
            self.console.drain()
            return True
        return False

    def answers(self):
        self.command("list", ANSWER_SECS)

    def shot(self, name, guest=None):
        """The console is lent to oriel-shot meanwhile."""
        self.console.disconnect()
        try:
            return self.run_shot(["--serial", self.console.path], name, guest, SHOT_SECS)
        except Failure as e:    # it may have seen a panic
            if PANIC.search(str(e)):
                self.console.heard(str(e).removeprefix("oriel-shot: ").split("\n"))
            raise
        finally:
            self.console.connect()

    def command(self, text, secs=60):
        return self.console.command(text, secs)

    def checksum(self, guest=None):
        return self.command("crc " + (guest or "screen"))[0]

    def text(self, guest):
        """The guest's serial output."""
        return "\n".join(self.command("console " + guest))

    def type(self, guest, keys):
        self.command("key %s %s" % (guest, keys))

    def why_ended(self):
        if self.console.panic:
            return "the hypervisor panicked: " + self.console.panic
        return "%s was closed at its other end" % self.console.path if self.console.lost else None

    def close(self):
        """The report of a panic, which takes a while, is taken in to its end."""
        if self.console.panic and not self.console.lost:
            self.console.drain(PANIC_STALL)
        self.console.disconnect()
        with open(self.path("serial.log"), "w", encoding="utf-8") as f:
            f.write("\n".join(self.console.transcript) + "\n")


class BootedTarget(SerialTarget):
    """An image of a configuration on a machine of tools/run."""

    def __init__(self, folder, machine, cpus=1, memory="2G", timeout=300, options=()):
        self.sockets = tempfile.mkdtemp(prefix="oriel-")
        super().__init__(folder, os.path.join(self.sockets, "com1"))
        self.options = ["--cpus", str(cpus), "--memory", str(memory), "--timeout", str(timeout),
                        *options]
        self.machine = machine
        self.process = None
        self.errors = None

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def build_image(self, conf, **environment):
        made = subprocess.run([os.path.join(TOP, "tools", "mkimage"), conf, self.path("image")],
                              env=dict(os.environ, BUILD=BUILD, **environment),
                              capture_output=True, text=True)
        if made.returncode:
            raise Failure("no image: " + made.stderr.strip())

    def start(self, arguments=()):
        """`arguments` are for the emulator."""
        command = [os.path.join(TOP, "tools", "run"), self.machine, self.path("image"),
                   "--serial", "unix:" + self.console.path, "--debug", self.path("debug.log"),
                   *self.options]
        if arguments:
            command += ["--", *arguments]
        self.errors = open(self.path("run.log"), "w")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=self.errors, env=dict(os.environ, BUILD=BUILD))
        self.console.connect(START_SECS)

    def _await_verdict(self):
        """The emulator has ended: tools/run is about to say why."""
        try:
            self.process.wait(END_SECS)
        except subprocess.TimeoutExpired:
            pass

    def why_ended(self):
        """tools/run tells it in its last line."""
        if self.is_alive() and self.console.lost:
            self._await_verdict()
        if self.is_alive() or not self.process:
            return super().why_ended()
        with open(self.path("run.log")) as f:
            said = f.read().strip().split("\n")[-1].removeprefix("run: ")
        return said or "it ended with status %d" % self.process.returncode

    def wait_end(self, timeout):
        """The exit status of tools/run."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure("the machine still runs") from None

    def close(self):
        if self.is_alive() and not os.path.exists(self.console.path):
            self._await_verdict()
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        super().close()
        if self.errors:
            self.errors.close()
        shutil.rmtree(self.sockets, ignore_errors=True)
        if os.path.exists(self.path("image")):
            os.unlink(self.path("image"))


class Unreachable(Failure):
    """Nobody is there, or says anything."""


class HttpTarget(Target):
    """A machine at an address, http://[user:password@]host[:port]."""

    def __init__(self, folder, url):
        super().__init__(folder)
        self.url = url.rstrip("/")
        self.reachable = False

    def start(self):
        pass

    def is_up(self, secs):
        """Waits until it answers; a refusal is an answer."""
        end = time.monotonic() + secs
        while True:
            try:
                self.get("/status.json", max(1, min(HTTP_SECS, secs)))
                return True
            except Unreachable:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def answers(self):
        self.get("/status.json", ANSWER_SECS)

    def get(self, path, secs=HTTP_SECS):
        url = urllib.parse.urlsplit(self.url)
        host = url.netloc.rpartition("@")[2]
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, "http://" + host, url.username or "", url.password or "")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPBasicAuthHandler(passwords))
        try:
            with opener.open("http://" + host + path, timeout=secs) as answer:
                body = answer.read()
            self.reachable = True
            return body
        except urllib.error.HTTPError as e:
            raise Failure("%s%s: %d %s" % (host, path, e.code, e.reason)) from None
        except (OSError, http.client.HTTPException) as e:
            self.reachable = False
            raise Unreachable("%s is not reachable: %s" % (
                host, getattr(e, "reason", e) or type(e).__name__)) from None

    def shot(self, name, guest=None):
        try:
            return self.run_shot(["--http", self.url], name, guest, HTTP_SECS)
        except Failure as e:
            if guest and " 404 " in str(e) and self.has(guest):
                raise Failure("nothing is shown there") from None
            raise

    def has(self, guest):
        guests = json.loads(self.get("/status.json"))["guests"]
        return guest.partition(":")[0] in [g["name"] for g in guests]

    def checksum(self, guest=None):
        picture = self.shot("checksum", guest)
        value = crc(picture)
        os.unlink(picture)
        return value

    def text(self, guest):
        return self.get("/vm/%s/console" % guest).decode(errors="replace")

    def command(self, text, secs=60):
        raise Failure('"%s" needs a serial line' % text)

    def type(self, guest, keys):
        raise Failure("keys need a serial line")

    def close(self):
        """The log is for the report; a machine that is not there has been waited for already."""
        if self.reachable:
            try:
                log = self.get("/log")
            except Failure:
                return
            with open(self.path("serial.log"), "wb") as f:
                f.write(log)


def wait_text(target, guest, pattern, secs):
    """A line of the guest's serial output, from any time."""
    return wait_until(lambda: re.search(pattern, target.text(guest), re.M),
                      'no "%s" from %s within %g s' % (pattern, guest, secs), secs, 0.5)
