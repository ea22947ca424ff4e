# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Pictures compared: every golden picture in the tree goes through here, and so through
oriel-diff."""
import os
import subprocess
import time
from dataclasses import dataclass

from console import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILD") or os.path.join(TOP, "build")
TOOLS = os.path.join(BUILD, "tools")
SETTLE_SECS = 0.2


@dataclass
class Mismatch:
    """Two pictures that differ, as PNG files; `difference` is None where the sizes differ, `actual`
    where there was none."""
    expected: str
    actual: str
    difference: str
    reason: str


def compare(golden, picture, crop=None, masks=(), tolerance=0):
    """None when the picture (or its part x, y, w, h `crop`) equals the golden one, but for masked
    parts and up to the tolerance in each channel; else a Mismatch."""
    stem = os.path.splitext(picture)[0]
    actual, difference = stem + ".actual.png", stem + ".diff.png"
    for path in (actual, difference):
        if os.path.exists(path):
            os.unlink(path)
    command = [os.path.join(TOOLS, "oriel-diff"), golden, picture, "--out", difference,
               "--actual", actual, "--tolerance", str(tolerance)]
    if crop:
        command += ["--crop", "%d,%d,%d,%d" % tuple(crop)]
    for mask in masks:
        command += ["--mask", "%d,%d,%d,%d" % tuple(mask)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        os.unlink(difference)
        return None
    reason = (done.stdout + done.stderr).strip().replace("\n", ", ")
    return Mismatch(golden, actual if os.path.exists(actual) else None,
                    difference if os.path.exists(difference) else None, reason)


def crc(picture):
    """What the console's `crc` says of such a picture."""
    done = subprocess.run([os.path.join(TOOLS, "oriel-diff"), "--crc", picture],
                          capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return done.stdout.strip()


def wait_equal(target, what, take, goldens, secs, **how):
    """Takes pictures until one equals one of the golden ones: the guest may still be drawing. One
    that is wrong stays so: then Failure, and target.mismatch keeps what was seen last."""
    end = time.monotonic() + secs
    while True:
        picture = take()
        # The first one last: its are the files that are left.
        mismatches = [compare(golden, picture, **how) for golden in reversed(goldens)]
        if not all(mismatches):
            target.mismatch = None
            os.unlink(picture)
            return
        target.mismatch = mismatches[-1]
        if time.monotonic() > end:
            raise Failure("%s: %s" % (what, mismatches[-1].reason))
        time.sleep(max(SETTLE_SECS, secs / 200))    # a picture costs time that the guest needs
