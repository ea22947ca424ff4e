/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A driver's half of one virtqueue, split or packed, in a guest's memory of DRIVER_RAM bytes (on
 * the heap, so that the address sanitizer sees every byte too far). One queue at a time.
 */
#ifndef TESTS_UNIT_VIRTQ_DRIVER_H
#define TESTS_UNIT_VIRTQ_DRIVER_H

#include <setjmp.h>

#include "dm/devices/virtio_queue.h"

#define DRIVER_RAM    0x20000
#define DRIVER_DESC   0x1000
#define DRIVER_AVAIL  0x3000
#define DRIVER_USED   0x4000
#define DRIVER_TABLES 0x8000  /* indirect tables, 256 bytes for each id */
#define DRIVER_DATA   0x18000 /* what segments point to */

struct driver {
	u8 *ram;
	struct dm_vm vm;
	struct virtq_state state;
	struct virtq q;
	/* the driver's own */
	u16 next, seen; /* places in the ring, as the device counts them */
	u16 free;	/* entries of the ring */
	u16 slots[VIRTQ_MAX_SIZE];
	bool busy[VIRTQ_MAX_SIZE]; /* by head: offered, not answered */
	/* counts down at each access of the device's; at 0 it "dies" there */
	u32 die_in;
	jmp_buf death;
};
extern struct driver driver;

/* An enabled queue of that kind. */
void driver_start(bool packed, bool event_idx, u16 size);
void driver_stop(void);
/* Offers a chain of `out` readable segments of one byte and `in` writable ones: its head, or -1
 * when there is no room. */
int driver_offer(u32 out, u32 in, bool indirect);
/* Takes an answer: the chain's head, or -1 when there is none. */
int driver_collect(u32 *len);
/* Makes descriptor n of a table; the packed ring's order of the last two is up to the caller. */
void driver_desc(u64 table, u32 n, u64 addr, u32 len, u16 flags, u16 next);
u16 driver_get16(u64 at);
void driver_put16(u64 at, u32 value);

#endif
