/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The loop that each core spends its life in; see sched.h. */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "domain.h"
#include "exit.h"
#include "sched.h"
#include "trace.h"
#include "vcpu.h"

#define SLICE_NS  2000000 /* when several vCPUs of a core want to run */
#define DOMAIN_NS 8000000 /* how long the device domain keeps others waiting for theirs */
#define NEVER	  (~0ULL)

struct core {
	_Atomic u32 attention; /* somebody notified a vCPU of this core */
	u32 count, last;       /* of vcpus; the one that ran last */
	struct vcpu *vcpus[MAX_CORE_VCPUS];
	struct vcpu *loaded;  /* whose registers the processor holds */
	struct vcpu *running; /* in core_slice: sees its own events before each entry */
	u64 domain_since;     /* TSC: the domain has had the core from then on; 0: others have it */
	u64 guests_until;     /* TSC: until then others go before it */
	u64 idle_ticks;	      /* halted so far */
	u64 idle_since;	      /* TSC when the present halt began; 0: not halted */
};

static struct core cores[MAX_CPUS];

void sched_add(struct vcpu *v)
{
	struct core *c = &cores[v->cpu];

	if (c->count == MAX_CORE_VCPUS)
		panic("too many vCPUs on core %u", v->cpu);
	c->vcpus[c->count++] = v;
}

void vcpu_notify(struct vcpu *v, u32 events)
{
	__atomic_fetch_or((u32 *)&v->events, events, __ATOMIC_SEQ_CST);
	if (v->cpu == cpu_index()) {
		if (cores[v->cpu].running != v)
			cores[v->cpu].attention = 1;
		return;
	}
	if (!__atomic_exchange_n((u32 *)&cores[v->cpu].attention, 1, __ATOMIC_SEQ_CST))
		cpu_kick(v->cpu);
}

static void core_load(struct core *c, struct vcpu *v)
{
	if (c->loaded == v)
		return;
	if (c->loaded)
		virt->put(&c->loaded->arch);
	virt->load(&v->arch);
	c->loaded = v;
}

void sched_unload(struct vcpu *v)
{
	struct core *c = &cores[v->cpu];

	if (c->loaded != v)
		return;
	virt->put(&v->arch);
	c->loaded = NULL;
}

/* Whether guests go before the domain now. Work that other cores' guests heap upon it must not
 * take this core from its own. */
static bool guests_first(struct core *c, u64 now)
{
	if (c->domain_since && now - c->domain_since >= time_from_ns(DOMAIN_NS)) {
		c->guests_until = now + time_from_ns(SLICE_NS);
		c->domain_since = 0;
	}
	return now < c->guests_until;
}

/* The device domain before all (almost), else the next runnable one after the last. Looks at every
 * vCPU, so that none's timer stays overdue. *limit: when another one wants its turn. */
static struct vcpu *core_pick(struct core *c, u64 now, u64 *limit)
{
	struct vcpu *picked = NULL, *domain = NULL;
	u32 first = c->last + 1, picked_at = c->last;

	*limit = NEVER;
	for (u32 i = 0; i < c->count; i++) {
		u32 at = (first + i) % c->count;
		struct vcpu *v = c->vcpus[at];

		if (!vcpu_ready(v, now))
			continue;
		if (vcpu_is_domain(v)) {
			domain = v;
		} else if (picked) {
			*limit = now + time_from_ns(SLICE_NS);
		} else {
			picked = v;
			picked_at = at;
		}
	}
	if (domain && !(picked && guests_first(c, now))) {
		if (!c->domain_since)
			c->domain_since = now;
		*limit = picked ? c->domain_since + time_from_ns(DOMAIN_NS) : NEVER;
		return domain;
	}
	if (domain)
		*limit = c->guests_until;
	c->domain_since = 0;
	c->last = picked_at;
	return picked;
}

/* The earliest deadline of all vCPUs of the core but v, which keeps an eye on its own. */
static u64 core_deadline(const struct core *c, const struct vcpu *but)
{
	u64 deadline = NEVER;

	for (u32 i = 0; i < c->count; i++) {
		if (c->vcpus[i] != but)
			deadline = MIN(deadline, vcpu_deadline(c->vcpus[i]));
	}
	return deadline;
}

/* Runs v until it blocks, its time is up, or something else needs looking at. attention is read
 * before each entry: whoever sets it later kicks. */
static void slice(struct core *c, struct vcpu *v, u64 limit)
{
	struct trace_ring *trace = &trace_rings[cpu_index()];
	struct vmexit e;

	core_load(c, v);
	while (v->state == VCPU_RUNNABLE && !c->attention) {
		if (v->events && !vcpu_deliver(v))
			return;
		v->arch.deadline = MIN(limit, vcpu_deadline(v));
		v->in_guest++; /* a full barrier: what is read from here on is not older */
		virt->run(&v->arch, &e);
		__atomic_store_n((u32 *)&v->in_guest, v->in_guest + 1, __ATOMIC_RELEASE);
		if (v->arch.offered)
			vcpu_end_offer(v);
		trace_exit(trace, v->vm->index, v->index, v->arch.regs.rip, &e);
		exit_handle(v, &e);
		if (e.kind == EXIT_IRQ || e.kind == EXIT_TIMER)
			return;
	}
}

static void core_slice(struct core *c, struct vcpu *v, u64 limit)
{
	c->running = v;
	slice(c, v, limit);
	c->running = NULL;
}

static void core_idle(struct core *c)
{
	timer_arm(core_deadline(c, NULL));
	c->idle_since = time_now();
	cpu_idle(&c->attention);
	c->idle_ticks += time_now() - c->idle_since;
	c->idle_since = 0;
}

/* Control blocks are made on the core that will run them. */
static void core_prepare(struct core *c)
{
	for (u32 i = 0; i < c->count; i++) {
		if (virt->vcpu_init(&c->vcpus[i]->arch))
			panic("no memory for the control block of a virtual processor");
		if (vcpu_is_domain(c->vcpus[i]))
			domain_prepare(c->vcpus[i]);
	}
}

void sched_run(void)
{
	struct core *c = &cores[cpu_index()];

	core_prepare(c);
	for (;;) {
		u64 now = time_now();
		u64 limit = NEVER;
		struct vcpu *v;

		c->attention = 0;
		v = c->count ? core_pick(c, now, &limit) : NULL;
		if (!v) {
			core_idle(c);
			continue;
		}
		core_slice(c, v, MIN(core_deadline(c, v), limit));
	}
}

u64 sched_idle_ticks(void)
{
	u64 sum = 0, now = time_now();

	for (u32 i = 0; i < MAX_CPUS; i++) {
		u64 since = cores[i].idle_since; /* another core's: it may end meanwhile */

		sum += cores[i].idle_ticks + (since && since < now ? now - since : 0);
	}
	return sum;
}
