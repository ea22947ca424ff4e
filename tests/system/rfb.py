# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""A VNC client of few words, for what programs cannot be made to do."""
import socket
import subprocess
import threading
import zlib

from steps import need

SCREEN, FIRST = 0, 1                # ports after the one of VNC
RAW, COPYRECT, HEXTILE, ZRLE = 0, 1, 5, 16
PIXEL_FORMAT = bytes((0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0))
HEXTILE_RAW, HEXTILE_BACK, HEXTILE_FORE, HEXTILE_RECTS, HEXTILE_COLOURED = 1, 2, 4, 8, 16


def port(m, n):
    return m.port + 1 + n


def number(data):
    return int.from_bytes(data, "big")


def vnc_key(password):
    """DES' key: each byte the other way round."""
    return bytes(int("{:08b}".format(b)[::-1], 2) for b in password[:8].ljust(8, b"\0"))


class Client:
    """Pixels have 4 bytes, of ZRLE's 3. Only Raw ones are kept, in `picture`."""

    def __init__(self, m, n, buffer=0):
        self.s = socket.socket()
        self.s.settimeout(60)
        if buffer:      # of the socket: what it holds beside what has been read
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.s.connect(("127.0.0.1", port(m, n)))
        self.f = self.s.makefile("rb")
        self.stream = zlib.decompressobj()

    def close(self):
        self.f.close()
        self.s.close()

    def read(self, n):
        data = self.f.read(n)
        need(len(data) == n, "the connection ended after %d of %d bytes" % (len(data), n))
        return data

    def say(self, data):
        self.s.sendall(data)

    def closed(self):
        """The server has ended it, now or soon."""
        try:
            while self.f.read(65536):
                pass
        except ConnectionError:
            pass
        return True

    def greet(self):
        need(self.read(12) == b"RFB 003.008\n", "another greeting")
        self.say(b"RFB 003.008\n")
        need(self.read(2) == b"\1\2", "other kinds of authentication")
        self.say(b"\2")
        return self.read(16)

    def log_in(self, encodings=(RAW,)):
        challenge = self.greet()
        done = subprocess.run(["openssl", "enc", "-des-ecb", "-nopad", "-provider", "legacy",
                               "-provider", "default", "-K", vnc_key(b"secret").hex()],
                              input=challenge, capture_output=True)
        need(len(done.stdout) == 16, "openssl: " + done.stderr.decode())
        self.say(done.stdout)
        need(self.read(4) == bytes(4), "the password is not taken")
        self.say(b"\1")
        start = self.read(24)
        self.read(number(start[20:24]))
        self.width, self.height = number(start[:2]), number(start[2:4])
        self.picture = bytearray(4 * self.width * self.height)
        self.say(PIXEL_FORMAT + b"\2\0" + len(encodings).to_bytes(2, "big") +
                 b"".join(e.to_bytes(4, "big") for e in encodings))

    def ask(self, incremental):
        self.say(bytes((3, incremental, 0, 0, 0, 0)) + self.width.to_bytes(2, "big") +
                 self.height.to_bytes(2, "big"))

    def update(self):
        """Reads one; how many pixels it had."""
        pixels = 0
        for _ in range(number(self.read(4)[2:])):
            rect = self.read(12)
            x, y, w, h = (number(rect[i:i + 2]) for i in (0, 2, 4, 6))
            {RAW: self.raw, COPYRECT: self.copy, HEXTILE: self.hextile,
             ZRLE: self.zrle}[number(rect[8:])](x, y, w, h)
            pixels += w * h
        return pixels

    def raw(self, x, y, w, h):
        data = self.read(4 * w * h)
        for row in range(h):
            at = 4 * ((y + row) * self.width + x)
            self.picture[at:at + 4 * w] = data[4 * row * w:4 * (row + 1) * w]

    def copy(self, *_):
        self.read(4)

    def hextile(self, _x, _y, w, h):
        for top in range(0, h, 16):
            for left in range(0, w, 16):
                kind = self.read(1)[0]
                if kind & HEXTILE_RAW:
                    self.read(4 * min(16, w - left) * min(16, h - top))
                    continue
                self.read(4 * bool(kind & HEXTILE_BACK) + 4 * bool(kind & HEXTILE_FORE))
                if kind & HEXTILE_RECTS:
                    self.read(self.read(1)[0] * (6 if kind & HEXTILE_COLOURED else 2))

    def zrle(self, *_):
        need(self.stream.decompress(self.read(number(self.read(4)))), "a rectangle of nothing")

    def save(self, path):
        """What has come by Raw, as a PPM."""
        rgb = bytearray(3 * self.width * self.height)
        for to, at in ((0, 2), (1, 1), (2, 0)):
            rgb[to::3] = self.picture[at::4]
        with open(path, "wb") as f:
            f.write(b"P6\n%d %d\n255\n" % (self.width, self.height) + rgb)
        return path


def shot(m, name, n):
    """What a client is shown on port n when it comes, a PPM."""
    client = Client(m, n)
    client.log_in()
    client.ask(False)
    client.update()
    client.close()
    return client.save(m.path(name + ".ppm"))


class SlowViewer(threading.Thread):
    """Takes a byte a second of all that it asks for: more than the sockets in between have room
    for."""

    def __init__(self, m, n):
        super().__init__(daemon=True)
        self.client = Client(m, n, buffer=4096)
        self.client.log_in()
        self.leaves = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.leaves.wait(1):
                self.client.ask(False)
                if not self.client.s.recv(1):
                    return
        except OSError:
            pass
        finally:
            self.client.close()
