# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Oriel's serial console through a unix socket or a serial line, and QEMU's control socket."""
import errno
import json
import os
import re
import select
import socket
import stat
import termios
import threading
import time
import tty


class Failure(Exception):
    """What did not happen, in one sentence."""


PANIC = re.compile(r"\] oriel: PANIC: (.*)")
LOOK_MS = 200       # how often a reader looks whether it is to go on
CONNECT_SECS = 5


def wait_until(check, what, secs, every=0.3):
    """What check() gives, once it is something true. what: the Failure's sentence, or a function
    that gives it."""
    end = time.monotonic() + secs
    while True:
        late = time.monotonic() > end
        found = check()
        if found:
            return found
        if late:
            raise Failure(what() if callable(what) else what)
        time.sleep(every)


class SerialLine:
    """A terminal device, set to 115200 8N1, raw, with what Console asks of a socket."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(self.fd)
            mode = termios.tcgetattr(self.fd)
            mode[2] |= termios.CLOCAL | termios.CREAD
            mode[4] = mode[5] = termios.B115200
            termios.tcsetattr(self.fd, termios.TCSANOW, mode)
        except termios.error:   # no terminal: as it is
            pass
        self.closed = False
        self.ended = threading.Event()

    def recv(self, size):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        data = b""
        try:
            while not self.closed and not data:
                if poll.poll(LOOK_MS):
                    data = os.read(self.fd, size)
                    self.closed = self.closed or not data
        except OSError:     # unplugged
            self.closed = True
        if not data:
            os.close(self.fd)
            self.ended.set()
        return data

    def sendall(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def shutdown(self, _):
        self.closed = True

    def close(self):
        """The reader does it, when it has seen the end: until then it takes what comes."""
        self.ended.wait(2)


def open_line(path):
    if stat.S_ISCHR(os.stat(path).st_mode):
        return SerialLine(path)
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
    except OSError:
        s.close()
        raise
    return s


class Console:
    """One client of the console. A thread collects lines; guests' lines (NAME| ...) and log lines
    ([...] ...) are kept apart from the answer to a command. What follows an answer's line "text N"
    is N bytes of anything, and belongs to the answer."""

    def __init__(self, path, is_alive):
        self.path = path
        self.is_alive = is_alive
        self.socket = None
        self.lock = threading.Condition()
        self.guests = {}        # name -> lines
        self.log = []
        self.answer = []
        self.text_left = 0
        self.transcript = []
        self.received = 0       # bytes
        self.lost = False       # the other end has closed the line
        self.panic = None       # why the hypervisor panicked

    def connect(self, secs=CONNECT_SECS):
        """Waits for the socket to be there; a machine that ends meanwhile ends the wait."""
        end = time.monotonic() + secs
        while self.socket is None:
            try:
                self.socket = open_line(self.path)
            except OSError as e:
                if not self.is_alive():
                    return False
                if time.monotonic() > end:
                    raise Failure("there is no " + self.path if e.errno == errno.ENOENT else
                                  "%s: %s" % (self.path, e.strerror or e)) from None
                time.sleep(0.05)
        self.lost = False
        threading.Thread(target=self._read, args=(self.socket,), daemon=True).start()
        return True

    def disconnect(self):
        """Leaves the line to another client."""
        line, self.socket = self.socket, None
        if line:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:     # the other end is gone
                pass
            line.close()

    def _read(self, s):
        rest = b""
        while True:
            try:
                data = s.recv(65536)
            except OSError:
                data = b""
            *lines, rest = (rest + data).split(b"\n")
            with self.lock:
                self.received += len(data)
                for line in lines:
                    self._bytes(line.rstrip(b"\r"))
                if not data:
                    self.lost = self.lost or self.socket is s
                self.lock.notify_all()
            if not data:
                return

    def _bytes(self, data):
        line = data.decode(errors="replace")
        if self.text_left > 0:
            self.text_left -= len(data) + 1
            self.transcript.append(line)
            self.answer.append(line)
        else:
            self._line(line)

    def heard(self, lines):
        """What another client has been told."""
        with self.lock:
            for line in lines:
                self._line(line)

    def _line(self, line):
        self.transcript.append(line)
        m = re.match(r"([a-z0-9_-]+)\| (.*)", line)
        if m:
            self.guests.setdefault(m[1], []).append(m[2])
            return
        panic = PANIC.search(line)      # in the middle of another line, perhaps
        if panic:
            self.panic = self.panic or panic[1]
        if line.startswith("[") or line.startswith("oriel: "):
            self.log.append(line)
        else:
            self.answer.append(line)
            if re.fullmatch(r"text \d+", line):
                self.text_left = int(line[5:])

    def wait_for(self, what, check, timeout):
        """Waits until check() (called with the lines locked) gives something true."""
        end = time.monotonic() + timeout
        with self.lock:
            while True:
                found = check()
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure("no %s within %d s" % (what, timeout))
                if not self.is_alive():
                    raise Failure("the machine or its line ended before %s" % what)
                self.lock.wait(min(left, 0.5))

    def wait_guest(self, name, pattern, timeout, after=0):
        """Waits for a line of the guest's serial output, from line number `after` on."""
        def search():
            lines = self.guests.get(name, [])
            for n in range(after, len(lines)):
                m = re.search(pattern, lines[n])
                if m:
                    return m
            return None
        return self.wait_for('"%s" from %s' % (pattern, name), search, timeout)

    def command(self, text, timeout=30):
        """The answer's lines. An answer that is an error raises Failure."""
        with self.lock:
            self.answer.clear()
            self.text_left = 0
        try:
            self.socket.sendall(text.encode() + b"\n")
        except (AttributeError, OSError):   # not connected, or not any more
            raise Failure('"%s" cannot be sent: the line is closed' % text) from None

        def ended():
            for n, line in enumerate([] if self.text_left > 0 else self.answer):
                if line == "ok" or line.startswith("error: "):
                    return self.answer[:n + 1]
            return None
        lines = self.wait_for('answer to "%s"' % text, ended, timeout)
        if lines[-1] != "ok":
            raise Failure('"%s" says %s' % (text, lines[-1]))
        return lines[:-1]

    def drain(self, secs=0.5):
        """Waits until nothing is said for so long: answers to earlier questions, for one."""
        with self.lock:
            seen = -1
            while seen != self.received and not self.lost:
                seen = self.received
                self.lock.wait_for(lambda: seen != self.received or self.lost, secs)

    def stats(self, guest=None):
        """Counters by name."""
        values = {}
        for line in self.command("stats " + guest if guest else "stats"):
            name, _, value = line.partition(" ")
            if value.isdigit():
                values[name] = int(value)
        return values


def qmp(path, command, **arguments):
    """One command to QEMU."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(path)
        f = s.makefile("rw")
        for c in ({"execute": "qmp_capabilities"},
                  {"execute": command, "arguments": arguments}):
            f.write(json.dumps(c) + "\n")
            f.flush()
            while True:
                answer = json.loads(f.readline() or '{"error": "QEMU is gone"}')
                if "error" in answer:
                    raise Failure("QEMU: %s" % answer["error"])
                if "return" in answer:
                    break
        return answer["return"]
