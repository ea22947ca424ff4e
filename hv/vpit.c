/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The ports of the 8254, port 0x61, the PM timer, and channel 0's interrupt. The channels
 * themselves are in vpit_channel.c.
 *
 * Locking: the guest's lock guards struct vpit; only `deadline` may be read without.
 * Invariants: channel 0's edges up to `seen` were raised. `deadline` is the next one after, or ~0
 * when there is none or when line 0 is masked at both interrupt controllers; then
 * vpit_mask_changed() looks again.
 */
#include <arch/cpu.h>
#include "muldiv.h"
#include "vm.h"
#include "vpit_channel.h"

/* A faster channel 0 raises no more, or its guest would do nothing else. */
#define MAX_EDGE_HZ 100000

#define PORT_CONTROL 0x43
#define PORT_SPEAKER 0x61

#define SPEAKER_GATE	 BIT(0)
#define SPEAKER_WRITABLE 0x0f
#define SPEAKER_REFRESH	 BIT(4)
#define SPEAKER_OUT	 BIT(5)
#define REFRESH_CLOCKS	 18 /* 15 us */

#define READBACK	   3
#define READBACK_NO_COUNT  BIT(5)
#define READBACK_NO_STATUS BIT(4)

static bool line_masked(const struct vm *vm)
{
	return (vm->pic.chip[0].imr & 1) && vioapic_masked(&vm->ioapic, 2);
}

static bool edge_passed(struct vpit *p, u64 now)
{
	bool passed = vpit_channel_next_edge(&p->channel[0], p->seen) <= now;

	p->seen = MAX(p->seen, now);
	vpit_channel_adopt(&p->channel[0], now);
	return passed;
}

static void raise_due(struct vm *vm, u64 now)
{
	if (!edge_passed(&vm->pit, now))
		return;
	vm->vcpus[0].counters[STAT_TIMER_TICKS]++;
	vm_isa_irq_locked(vm, 0, true);
	vm_isa_irq_locked(vm, 0, false);
}

static void rearm(struct vm *vm, u64 now)
{
	struct vpit *p = &vm->pit;
	struct vpit_channel *c = &p->channel[0];
	u64 shortest = time_hz() / MAX_EDGE_HZ;

	if (line_masked(vm))
		p->deadline = VPIT_NO_DEADLINE;
	else if (vpit_channel_is_periodic(c) && c->armed && vpit_channel_tsc(c->reload) < shortest)
		p->deadline = vpit_channel_next_edge(c, now + shortest);
	else
		p->deadline = vpit_channel_next_edge(c, now);
}

static void rearm_and_tell(struct vm *vm, u64 now)
{
	u64 before = vm->pit.deadline;

	rearm(vm, now);
	if (vm->pit.deadline < before)
		vcpu_notify(&vm->vcpus[0], VCPU_EVENT_TIMER);
}

void vpit_timer(struct vm *vm, u64 now)
{
	spin_lock(&vm->lock);
	if (now >= vm->pit.deadline) {
		raise_due(vm, now);
		rearm(vm, now);
	}
	spin_unlock(&vm->lock);
}

/* An edge that came while masked is latched in the 8259, but lost to the IOAPIC. */
void vpit_mask_changed(struct vm *vm)
{
	u64 now;

	if (line_masked(vm)) {
		vm->pit.deadline = VPIT_NO_DEADLINE;
		return;
	}
	if (vm->pit.deadline != VPIT_NO_DEADLINE || !vm->pit.channel[0].armed)
		return;
	now = time_now();
	if (edge_passed(&vm->pit, now)) {
		vpic_set(vm, 0, true);
		vpic_set(vm, 0, false);
	}
	rearm_and_tell(vm, now);
}

static void read_back(struct vpit *p, u8 value, u64 now)
{
	for (u32 i = 0; i < 3; i++) {
		struct vpit_channel *c = &p->channel[i];

		if (!(value & BIT(i + 1)))
			continue;
		vpit_channel_adopt(c, now);
		if (!(value & READBACK_NO_COUNT))
			vpit_channel_latch_count(c, now);
		if (!(value & READBACK_NO_STATUS))
			vpit_channel_latch_status(c, now);
	}
}

static void write_control(struct vpit *p, u8 value, u64 now)
{
	u32 index = value >> 6;
	struct vpit_channel *c;

	if (index == READBACK) {
		read_back(p, value, now);
		return;
	}
	c = &p->channel[index];
	if ((value >> 4 & 3) == ACCESS_LATCH) {
		vpit_channel_adopt(c, now);
		vpit_channel_latch_count(c, now);
		return;
	}
	vpit_channel_control(c, value, now);
}

static void write_speaker(struct vpit *p, u8 value, u64 now)
{
	p->speaker = value & SPEAKER_WRITABLE;
	vpit_channel_adopt(&p->channel[2], now);
	vpit_channel_gate(&p->channel[2], value & SPEAKER_GATE, now);
}

static u8 read_speaker(struct vpit *p, u64 now)
{
	u64 refreshes = mul_div64(now, VPIT_HZ, time_hz()) / REFRESH_CLOCKS;

	vpit_channel_adopt(&p->channel[2], now);
	return (u8)(p->speaker | (refreshes & 1 ? SPEAKER_REFRESH : 0) |
		    (vpit_channel_output(&p->channel[2], now) ? SPEAKER_OUT : 0));
}

static u8 port_read(struct vpit *p, u64 port, u64 now)
{
	if (port == PORT_SPEAKER)
		return read_speaker(p, now);
	return port == PORT_CONTROL ? 0xff : vpit_channel_read(&p->channel[port & 3], now);
}

static void port_write(struct vm *vm, u64 port, u8 value, u64 now)
{
	struct vpit *p = &vm->pit;

	raise_due(vm, now);
	if (port == PORT_SPEAKER)
		write_speaker(p, value, now);
	else if (port == PORT_CONTROL)
		write_control(p, value, now);
	else
		vpit_channel_write(&p->channel[port & 3], value, now);
	rearm_and_tell(vm, now);
}

enum trap_result vpit_pio(struct vm *vm, struct access *a)
{
	u64 answer = 0, now;

	spin_lock(&vm->lock);
	now = time_now();
	for (u32 i = 0; i < a->size; i++) {
		if (a->write)
			port_write(vm, a->addr + i, (u8)(a->value >> 8 * i), now);
		else
			answer |= (u64)port_read(&vm->pit, a->addr + i, now) << 8 * i;
	}
	spin_unlock(&vm->lock);
	if (!a->write)
		a->value = answer;
	return TRAP_DONE;
}

enum trap_result pmtimer_pio(struct vm *vm, struct access *a)
{
	u64 count = mul_div64(time_now() - vm->start_tsc, PMTIMER_HZ, time_hz());

	if (!a->write)
		a->value = (u32)count >> 8 * (a->addr & 3);
	return TRAP_DONE;
}

void vpit_reset(struct vpit *p, u64 now)
{
	*p = (struct vpit){ .seen = now, .deadline = VPIT_NO_DEADLINE };
	for (u32 i = 0; i < 3; i++) {
		p->channel[i].access = ACCESS_BOTH;
		p->channel[i].gate = i != 2;
		p->channel[i].reload = 65536;
		p->channel[i].start = now;
	}
}
