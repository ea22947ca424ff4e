/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain's surroundings on the host: runtime, hypercalls, bus, one guest with memory,
 * state, serial port. All functions are weak, so a test links the real thing where it wants it.
 * One thread.
 */
#ifndef TESTS_DM_STUBS_H
#define TESTS_DM_STUBS_H

#include "dm/device.h"
#include "dm/vm.h"

#define STUB_HZ	    1000000000ULL
#define STUB_OUTPUT 262144u

struct dm_stubs {
	struct dm_info info;
	u64 now; /* TSC */
	u8 *ram; /* of guest 0, info.config.vms[0].memory bytes; NULL: none */
	u8 irq[16];
	u32 irq_raised[16];
	char log[1024]; /* the last line */
	u32 log_lines;
	u32 stops, resets, starts; /* calls of vm_stop, vm_reset, vm_start */
	int life_result;	   /* what they answer */
	bool in_transit;
	struct vm_stats stats;
	u32 hypercalls;
	u16 pci_id; /* of the next HC_PCI_ADD */
	/* serial port */
	char output[STUB_OUTPUT];
	size_t output_len;
	size_t space;	   /* what com1_space answers */
	const char *input; /* com1_receive takes it byte by byte */
	/* keyboard */
	u32 keys; /* calls of i8042_key */
	u16 last_key;
	bool keyboard_busy;
	struct stub_pointer {
		u32 calls; /* of i8042_pointer, and the last one's values */
		s32 dx, dy, wheel;
		u32 buttons;
	} pointer;
};
extern struct dm_stubs dm_stubs;

/* Everything anew: one guest called "test" with that much memory (0: none mapped). */
void dm_stubs_setup(u64 memory);
void dm_stubs_teardown(void);
/* A device of guest 0 with zeroed state, reset. */
struct dm_device *dm_stubs_device(const struct dm_device_ops *ops);
/* The guest's accesses to ports. */
u64 dm_stubs_in(struct dm_device *dev, u16 port, u8 size);
void dm_stubs_out(struct dm_device *dev, u16 port, u8 size, u64 value);
/* Maps zeroed memory at a fixed address, as the domain has it. */
void dm_stubs_map(u64 address, u64 size);

#endif
