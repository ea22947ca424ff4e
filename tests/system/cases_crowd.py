# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Oriel authors
"""Many who look at once, by VNC and by HTTP, while guests animate."""
import threading

from case import Case, conf, vm
from console import Failure
from net import addressed, ask_often, at_rest, quiet_metrics
from rfb import COPYRECT, FIRST, HEXTILE, RAW, SCREEN, ZRLE, Client, SlowViewer
from steps import flips_on, need, not_logged, powers_off, started, until

GUESTS = ("left", "right")
SECOND = FIRST + 1
VIEWERS = ((SCREEN, (RAW,)), (SCREEN, (COPYRECT, ZRLE)), (SCREEN, (HEXTILE,)),
           (FIRST, (ZRLE,)), (FIRST, (COPYRECT, RAW)), (SECOND, (COPYRECT, HEXTILE)),
           (SECOND, (ZRLE,)))
PICTURES = ("/screen.png", *4 * ("/vm/left.png", "/vm/right.png"))
FRAME_US = 1000000 // 60


class Viewer(threading.Thread):
    """Always asks for more."""

    def __init__(self, m, n, encodings):
        super().__init__(daemon=True)
        self.client = Client(m, n)
        self.client.log_in(encodings)
        self.updates, self.failure, self.leaves = 0, None, False
        self.start()

    def run(self):
        try:
            self.client.ask(False)
            while not self.leaves:
                self.client.update()
                self.updates += 1
                self.client.ask(True)
        except (OSError, Failure) as e:
            self.failure = e
        finally:
            self.client.close()


def crowd(m):
    """8 viewers are connected, of which the first takes a byte a second; 100 pictures are asked for
    by HTTP one after the other, then 16 at once. All come, each of the 7 gets pictures all the
    time, and when all have gone so has their memory."""
    before, slow = quiet_metrics(m), SlowViewer(m, SCREEN)
    viewers = [Viewer(m, *v) for v in VIEWERS]

    def each_has(more):
        since = [v.updates for v in viewers]

        def check():
            failed = [str(v.failure) for v in viewers if v.failure]
            need(not failed, "viewers: " + ", ".join(failed))
            return all(v.updates >= n + more for v, n in zip(viewers, since))
        return check
    until(each_has(1), "picture for each viewer")
    went_on = each_has(2)
    ask_often(m, PICTURES, 100, 16, rounds=1)
    until(went_on, "further pictures for each viewer")
    for v in viewers:
        v.leaves = True
    slow.leaves.set()
    for v in (slow, *viewers):
        v.join(60)
    until(lambda: m.console.stats()["vnc_clients"] == 0, "end of all connections")
    at_rest(m, before)


def answered_in_time(m):
    """No fence came later than two frames after it was due: by Oriel's own count, and, one frame
    more as that is when it is due at last, by the guests'."""
    stats = m.console.stats()
    late = {guest: stats[guest + ".fence_latest_us"] for guest in GUESTS}
    slowest = {guest: int(m.console.wait_guest(guest, r"FLIPS .* slowest_us=(\d+)", 60,
                                               len(m.console.guests[guest]))[1])
               for guest in GUESTS}
    m.note = "latest fences %s us, slowest answers %s us" % (
        list(late.values()), list(slowest.values()))
    for guest in GUESTS:
        need(late[guest] <= 2 * FRAME_US, "a fence of %s came %d us late" % (guest, late[guest]))
        need(slowest[guest] <= 3 * FRAME_US, "%s waited %d us" % (guest, slowest[guest]))


def animated(name):
    return vm(name, "flips.elf", "fence=1 width=320 height=240", size="320x240")


# Time is counted in instructions there, 8 ns each, which is slower than any real machine; so a late
# answer is the device domain's fault, or the scheduler's, never that of a machine that others load.
# One processor has to do for the guests, which never rest, and for the device domain.
CROWD = [
    Case("crowd", conf(animated("left"), animated("right"), address="dhcp"), nic="e1000e",
         options=["--icount=3"], steps=[
             started(*GUESTS), addressed(), flips_on("left"), flips_on("right"), crowd,
             flips_on("left"), flips_on("right"), answered_in_time,
             not_logged("PANIC|restarts|is broken"), powers_off()]),
]
