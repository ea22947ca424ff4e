# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""A serial line as it is: the emulators' take any number of bytes at once, this one 115,200 bits a
second, ten bits a byte, and it may damage what it carries."""
import os
import pty
import select
import socket
import subprocess
import threading
import time
import tty

from console import Failure
from pictures import TOOLS

BYTES_A_SECOND = 115200 / 10
CHUNK = 64


class Wire:
    """Between a new socket at `path` and the one of a serial console, for one client. The byte
    number `damage` that goes to the client arrives as another one."""

    def __init__(self, path, console, damage=None):
        self.damage = damage
        self.carried = 0        # bytes to the client
        self.machine = socket.socket(socket.AF_UNIX)
        self.machine.connect(console)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.path = path
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.thread.join(10)
        self.machine.close()
        self.listener.close()
        os.unlink(self.path)

    def _damaged(self, data):
        at = None if self.damage is None else self.damage - self.carried
        if at is not None and 0 <= at < len(data):
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        return data

    def _run(self):
        client = self.listener.accept()[0]
        free = time.monotonic()     # when the line to the client is
        with client:
            while True:
                ready = select.select([client, self.machine], [], [])[0]
                if client in ready:
                    data = client.recv(CHUNK)
                    if not data:
                        return
                    self.machine.sendall(data)
                if self.machine in ready:
                    data = self.machine.recv(CHUNK)
                    free = max(free, time.monotonic()) + len(data) / BYTES_A_SECOND
                    time.sleep(max(0, free - time.monotonic()))
                    try:
                        client.sendall(self._damaged(data))
                    except OSError:
                        return
                    self.carried += len(data)
                    if not data:
                        return


class Pump:
    """A terminal device, `path`, that leads to the socket of a serial console."""

    def __init__(self, console):
        self.machine = socket.socket(socket.AF_UNIX)
        self.machine.connect(console)
        self.master, self.slave = pty.openpty()     # open: it outlasts its clients
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.stop, self.stopped = os.pipe()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.stopped)
        self.thread.join(10)
        self.machine.close()
        for fd in (self.master, self.slave, self.stop):
            os.close(fd)

    def _run(self):
        while True:
            ready = select.select([self.master, self.machine, self.stop], [], [])[0]
            if self.stop in ready:
                return
            if self.master in ready:
                self.machine.sendall(os.read(self.master, CHUNK))
            if self.machine in ready:
                data = self.machine.recv(CHUNK)
                if not data:
                    return
                os.write(self.master, data)


def over_wire(m, *options, damage=None):
    """oriel-shot over a real line: what it says, bytes carried, seconds."""
    path = m.path("wire")
    m.console.disconnect()
    wire = Wire(path, m.console.path, damage)
    began = time.monotonic()
    try:
        done = subprocess.run([os.path.join(TOOLS, "oriel-shot"), "--serial", path, "--timeout",
                               "100", *options], capture_output=True, text=True, timeout=250)
        secs = time.monotonic() - began
    finally:
        wire.close()
        m.console.connect()
    if done.returncode:
        raise Failure("oriel-shot: " + done.stderr.strip())
    return done.stdout + done.stderr, wire.carried, secs
