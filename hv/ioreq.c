/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Request slots and doorbells in the page shared with the device domain, which is not trusted: a
 * request is what vcpu->io holds, the slot is only its copy. Of a slot are read back state, seq,
 * value and status, each once, and a wrong answer is no answer.
 *
 * A cancelled request that the device domain already works on leaves its slot in the domain's
 * hands (io.orphan): the vCPU's next request is kept back until the domain is done with the old
 * one, or was started again. Locking: see ioreq.h.
 */
#include "domain.h"
#include "ioreq.h"

static struct ioreq *vcpu_slot(const struct vcpu *v)
{
	return &domain_shared->ioreq[v->vm->index][v->index];
}

static u32 slot_state(const struct ioreq *slot)
{
	return __atomic_load_n((const u32 *)&slot->state, __ATOMIC_ACQUIRE);
}

static void slot_set_state(struct ioreq *slot, enum ioreq_state state)
{
	__atomic_store_n((u32 *)&slot->state, state, __ATOMIC_RELEASE);
}

/* The bits first, then the look at whether the domain sleeps (see abi/ioreq.h). */
static void domain_signal(struct vm *vm, _Atomic u64 *bits, u32 bit)
{
	__atomic_fetch_or((u64 *)bits, BIT(bit), __ATOMIC_SEQ_CST);
	__atomic_fetch_or((u64 *)&domain_shared->pending, BIT(vm->index), __ATOMIC_SEQ_CST);
	domain_wake();
}

void doorbell_ring(struct vm *vm, u32 id)
{
	domain_signal(vm, &domain_shared->doorbells[vm->index], id);
}

/* Fills the slot from the private copy. Locked. */
static void publish(struct vcpu *v)
{
	const struct vcpu_io *io = &v->io;
	struct ioreq *slot = vcpu_slot(v);

	slot->seq = io->seq;
	slot->addr = io->posted.addr;
	slot->value = io->posted.value;
	slot->device = io->device;
	slot->space = io->space;
	slot->size = io->posted.size;
	slot->write = io->posted.write;
	slot->status = IOREQ_OK;
	slot->bar = io->bar;
	slot->block = io->posted.block;
	slot->count = io->posted.count;
	slot->from = io->posted.from;
	slot_set_state(slot, IOREQ_PENDING);
}

/* Tells the device domain of what publish() did. Not locked. */
static void request_signal(struct vcpu *v)
{
	domain_signal(v->vm, &domain_shared->ioreq_pending[v->vm->index], v->index);
}

/* Whether the slot is the hypervisor's to fill. Locked. */
static bool slot_is_free(struct vcpu *v)
{
	u32 state;

	if (!v->io.orphan)
		return true;
	state = slot_state(vcpu_slot(v));
	v->io.orphan = state == IOREQ_PENDING || state == IOREQ_BUSY;
	return !v->io.orphan;
}

enum trap_result ioreq_post(struct vcpu *v, u16 device, enum ioreq_space space, u8 bar, u64 addr,
			    struct access *a)
{
	struct vcpu_io *io = &v->io;
	bool ready;

	if (v->vm->index >= MAX_VMS || v->index >= MAX_VM_CPUS)
		return TRAP_UNHANDLED;
	spin_lock(&io->lock);
	if (io->active) {
		spin_unlock(&io->lock);
		return TRAP_UNHANDLED;
	}
	io->posted = *a;
	io->posted.addr = addr;
	io->device = device;
	io->space = (u8)space;
	io->bar = bar;
	io->seq++;
	io->active = true;
	ready = slot_is_free(v);
	if (ready)
		publish(v);
	spin_unlock(&io->lock);
	v->counters[STAT_IOREQS]++;
	if (ready)
		request_signal(v);
	return TRAP_DEFER;
}

/* Whether the slot holds the answer to the request. Locked. */
static bool slot_answers(const struct vcpu *v)
{
	const struct ioreq *slot = vcpu_slot(v);

	return v->io.active && !v->io.orphan && slot_state(slot) == IOREQ_DONE &&
	       __atomic_load_n(&slot->seq, __ATOMIC_RELAXED) == v->io.seq;
}

/* Takes the answer out of the slot, which is free then. Locked. */
static u64 slot_take(struct vcpu *v)
{
	struct ioreq *slot = vcpu_slot(v);
	u64 answer = __atomic_load_n(&slot->value, __ATOMIC_RELAXED);
	u32 size = v->io.posted.size;

	if (__atomic_load_n(&slot->status, __ATOMIC_RELAXED) != IOREQ_OK)
		answer = ~0ULL;
	v->io.active = false;
	slot_set_state(slot, IOREQ_FREE);
	return size >= 8 ? answer : answer & (BIT(8 * size) - 1);
}

int ioreq_take(struct vcpu *v, u64 *value)
{
	struct vcpu_io *io = &v->io;
	bool answered, ready;

	spin_lock(&io->lock);
	ready = io->active && io->orphan && slot_is_free(v);
	answered = !ready && slot_answers(v);
	if (ready)
		publish(v);
	if (answered)
		*value = slot_take(v);
	spin_unlock(&io->lock);
	if (ready)
		request_signal(v);
	return answered ? 0 : -EAGAIN;
}

void ioreq_cancel(struct vcpu *v)
{
	struct vcpu_io *io = &v->io;
	u32 pending = IOREQ_PENDING;

	spin_lock(&io->lock);
	if (io->active && !io->orphan) {
		struct ioreq *slot = vcpu_slot(v);
		bool withdrawn =
			__atomic_compare_exchange_n((u32 *)&slot->state, &pending, IOREQ_FREE,
						    false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

		io->orphan = !withdrawn && pending == IOREQ_BUSY;
		if (!io->orphan)
			slot_set_state(slot, IOREQ_FREE);
	}
	io->active = false;
	spin_unlock(&io->lock);
}

static void repost(struct vcpu *v)
{
	bool answered, ready;

	spin_lock(&v->io.lock);
	answered = slot_answers(v);
	ready = v->io.active && !answered;
	v->io.orphan = false;
	if (ready)
		publish(v);
	else if (!answered)
		slot_set_state(vcpu_slot(v), IOREQ_FREE);
	spin_unlock(&v->io.lock);
	if (ready)
		request_signal(v);
	if (answered)
		vcpu_notify(v, VCPU_EVENT_IOREQ);
}

void ioreq_repost_all(void)
{
	for (u32 i = 0; i < MAX_VMS; i++)
		for (u32 n = 0; n < vms[i].vcpu_count; n++)
			repost(&vms[i].vcpus[n]);
}
