/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See virtq_driver.h. Owns the driver and the guest's memory. */
#include "virtq_driver.h"

#include <abi/range.h>
#include <stdlib.h>
#include <string.h>

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
#define WRAP 0x8000u

struct driver driver;

/* ---- what the code under test calls */

void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len)
{
	(void)vm;
	if (driver.die_in && --driver.die_in == 0)
		longjmp(driver.death, 1);
	return len && range_within(gpa, len, DRIVER_RAM) ? driver.ram + gpa : NULL;
}

int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len)
{
	void *p = vm_ram(vm, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(to, p, len);
	return 0;
}

int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len)
{
	void *p = vm_ram(vm, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(p, from, len);
	return 0;
}

/* ---- the driver */

u16 driver_get16(u64 at)
{
	u16 value;

	memcpy(&value, driver.ram + at, 2);
	return value;
}

void driver_put16(u64 at, u32 value)
{
	u16 v = (u16)value;

	memcpy(driver.ram + at, &v, 2);
}

void driver_desc(u64 table, u32 n, u64 addr, u32 len, u16 flags, u16 next)
{
	memcpy(driver.ram + table + 16 * n, &addr, 8);
	memcpy(driver.ram + table + 16 * n + 8, &len, 4);
	driver_put16(table + 16 * n + 12, flags);
	driver_put16(table + 16 * n + 14, next);
}

void driver_stop(void)
{
	free(driver.ram);
	memset(&driver, 0, sizeof(driver));
}

void driver_start(bool packed, bool event_idx, u16 size)
{
	driver_stop();
	driver.ram = calloc(1, DRIVER_RAM);
	driver.state = (struct virtq_state){
		.desc = DRIVER_DESC, .avail = DRIVER_AVAIL, .used = DRIVER_USED, .size = size
	};
	driver.q = (struct virtq){ &driver.vm, &driver.state, event_idx, packed };
	virtq_start(&driver.q);
	driver.state.enabled = 1;
	driver.next = driver.seen = packed ? WRAP : 0;
	driver.free = size;
}

static u16 advance(u16 place, u32 slots)
{
	u32 index = (place & (WRAP - 1)) + slots, wrap = place & WRAP;

	if (!driver.q.packed)
		return (u16)(place + slots);
	return (u16)(index < driver.state.size ? index | wrap
					       : (index - driver.state.size) | (wrap ^ WRAP));
}

static u16 free_head(void)
{
	u16 head = (u16)(rand() % driver.state.size);

	while (driver.busy[head])
		head = (u16)((head + 1) % driver.state.size);
	return head;
}

static u16 lap_flags(u16 place)
{
	return place & WRAP ? 0x80 : 0x8000;
}

/* Packed: descriptors one after another, the first one's flags last. */
static void offer_packed(u16 head, u32 out, u32 total, bool indirect)
{
	u16 place = driver.next, first_flags = 0;

	for (u32 i = 0; i < (indirect ? 1 : total); i++, place = advance(place, 1)) {
		u32 index = place & (WRAP - 1);
		u16 flags = (u16)(lap_flags(place) | (i + 1 < total && !indirect ? NEXT : 0) |
				  (i >= out ? WRITE : 0) | (indirect ? INDIRECT : 0));
		u64 at = indirect ? DRIVER_TABLES + 256ULL * head : DRIVER_DATA + i;

		driver_desc(DRIVER_DESC, index, at, indirect ? 16 * total : 1, head,
			    i ? flags : driver_get16(DRIVER_DESC + 16 * index + 14));
		first_flags = i ? first_flags : flags;
	}
	driver_put16(DRIVER_DESC + 16 * (driver.next & (WRAP - 1)) + 14, first_flags);
}

/* Split: the list goes head, and then through the free descriptors that come after it. */
static void offer_split(u16 head, u32 out, u32 total, bool indirect)
{
	u16 at = head;

	if (indirect) {
		driver_desc(DRIVER_DESC, head, DRIVER_TABLES + 256ULL * head, 16 * total, INDIRECT,
			    0);
		driver.busy[head] = true;
	}
	for (u32 i = 0; i < total && !indirect; i++) {
		u16 next = at;

		driver.busy[at] = true;
		while (i + 1 < total && driver.busy[next])
			next = (u16)((next + 1) % driver.state.size);
		driver_desc(DRIVER_DESC, at, DRIVER_DATA + i, 1,
			    (u16)((i + 1 < total ? NEXT : 0) | (i >= out ? WRITE : 0)), next);
		at = next;
	}
	driver_put16(DRIVER_AVAIL + 4 + 2ULL * (driver.next & (driver.state.size - 1u)), head);
	driver_put16(DRIVER_AVAIL + 2, driver.next + 1u);
}

int driver_offer(u32 out, u32 in, bool indirect)
{
	u32 total = out + in, slots = indirect ? 1 : total;
	u16 head;

	if (slots > driver.free)
		return -1;
	head = free_head();
	for (u32 i = 0; indirect && i < total; i++) {
		u16 flags = i >= out ? WRITE : 0, next = i + 1 < total ? NEXT : 0;

		driver_desc(DRIVER_TABLES + 256ULL * head, i, DRIVER_DATA + i, 1,
			    driver.q.packed ? 0x5555 : flags | next,
			    driver.q.packed ? flags : (u16)(i + 1));
	}
	driver.slots[head] = (u16)slots;
	driver.free = (u16)(driver.free - slots);
	if (driver.q.packed)
		offer_packed(head, out, total, indirect);
	else
		offer_split(head, out, total, indirect);
	driver.busy[head] = true;
	driver.next = advance(driver.next, driver.q.packed ? slots : 1);
	return head;
}

static void free_list(u16 head)
{
	for (u16 at = head, left = driver.slots[head]; left; left--) {
		driver.busy[at] = false;
		at = driver_get16(DRIVER_DESC + 16ULL * at + 14);
	}
}

int driver_collect(u32 *len)
{
	u64 at;
	u32 head;

	if (driver.q.packed) {
		u16 flags;

		at = DRIVER_DESC + 16 * (driver.seen & (WRAP - 1));
		flags = driver_get16(at + 14);
		if (!!(flags & 0x80) != !!(driver.seen & WRAP) ||
		    !!(flags & 0x8000) != !!(driver.seen & WRAP))
			return -1;
		head = driver_get16(at + 12);
		memcpy(len, driver.ram + at + 8, 4);
	} else {
		if (driver_get16(DRIVER_USED + 2) == driver.seen)
			return -1;
		at = DRIVER_USED + 4 + 8ULL * (driver.seen & (driver.state.size - 1u));
		memcpy(&head, driver.ram + at, 4);
		memcpy(len, driver.ram + at + 4, 4);
	}
	if (head >= driver.state.size || !driver.busy[head])
		abort(); /* answered what was not asked, or twice */
	driver.seen = advance(driver.seen, driver.q.packed ? driver.slots[head] : 1);
	driver.free = (u16)(driver.free + driver.slots[head]);
	if (driver.q.packed)
		driver.busy[head] = false;
	else
		free_list((u16)head);
	return (int)head;
}
