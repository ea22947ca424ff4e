# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Pictures made by hand: what guests draw, and that with something changed."""
import struct
import zlib

RED, GREEN, BLUE, WHITE = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff", b"\xff\xff\xff"
QUADRANTS = (RED, GREEN, BLUE, WHITE)
TURNED = (BLUE, RED, WHITE, GREEN)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(width, height, rows):
    """The file's bytes; rows of RGB (PNG specification, sections 5 and 11.2.2)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def quadrants(width, height, colours=QUADRANTS):
    """Rows of what drmtest and the gpu guest draw."""
    left, right = width // 2, width - width // 2
    upper = colours[0] * left + colours[1] * right
    lower = colours[2] * left + colours[3] * right
    return [upper] * (height // 2) + [lower] * (height - height // 2)


def changed(rows, x, y):
    """The same with one pixel a little darker or lighter in red."""
    row = bytearray(rows[y])
    row[3 * x] ^= 0x20
    return rows[:y] + [bytes(row)] + rows[y + 1:]
