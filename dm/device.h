/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A device model: one const ops table per kind, listed in the device table (dm/devices.c), one
 * struct dm_device per instance. All of dm is single-threaded; no callback may block or recurse
 * into the event loop.
 *
 * Everything a device must remember across a restart of the device domain lies in its part of the
 * state region (`state`, state_size bytes, zero when the guest starts): no pointers, and valid at
 * every instant (the domain may die between any two stores). Everything else (pointers, caches)
 * is rebuilt by create() and adopt().
 */
#ifndef DM_DEVICE_H
#define DM_DEVICE_H

#include <abi/hypercall.h>

struct dm_vm;
struct dm_device;
struct monitors;

struct dm_access {
	u64 addr;  /* PIO: port; BAR: offset in the BAR; MMIO: guest physical address */
	u64 value; /* to write, or the answer (preset to all ones) */
	u64 from;  /* of a block */
	u32 count; /* the same value written this many times (string instructions); else 1 */
	u8 size;   /* 1, 2, 4, 8 */
	u8 space;  /* enum ioreq_space */
	u8 bar;
	bool write;
	/* MMIO only: count elements to be moved from GPA `from` to GPA addr. At least one of the
	 * two is in the device's region; the other is there too, or RAM. */
	bool block;
};

struct dm_device_ops {
	const char *name;
	size_t state_size;
	/* Whether this guest's configuration wants the device. NULL: always. */
	bool (*wanted)(const struct vm_config *config);
	/* Registers ports, BARs, doorbells (bus.h); called once in each generation of dm, and must
	 * register the same things in the same order each time. 0 or -errno. */
	int (*create)(struct dm_device *dev);
	/* Power-on state; the guest's memory is not touched. Guest start and reset. */
	void (*reset)(struct dm_device *dev);
	/* After a restart of dm: check state (anything out of range: repair or -EINVAL, then the
	 * device is reset) and go on. Doorbells that came meanwhile are pending already. */
	int (*adopt)(struct dm_device *dev);
	/* A guest's access to one of the device's ports, BARs or MMIO ranges. */
	void (*access)(struct dm_device *dev, struct dm_access *access);
	/* The guest wrote to VRAM, which hc_vram_watch() was asked to tell. NULL: it never is. */
	void (*vram_written)(struct dm_device *dev);
	/* The doorbell registered with this queue number was written. */
	void (*doorbell)(struct dm_device *dev, unsigned queue);
	/* Called when now >= dev->deadline; sets the next one (DM_NO_DEADLINE: none). */
	void (*timer)(struct dm_device *dev);
	/* Of a display device only (devices/monitors.h): the monitors in its state; and, after they
	 * changed, to tell the guest. Bit n of `exchanged`: monitor n is another one now. */
	u32 max_monitors;
	struct monitors *(*monitors)(struct dm_device *dev);
	void (*replug)(struct dm_device *dev, u32 exchanged);
};

struct dm_device {
	const struct dm_device_ops *ops;
	struct dm_vm *vm;
	void *state;  /* in the state region */
	void *priv;   /* static storage of the model, not kept across restarts */
	u16 id;	      /* given by the hypervisor (PCI) or by the bus (ports) */
	u64 deadline; /* TSC; DM_NO_DEADLINE at first */
};

#endif
