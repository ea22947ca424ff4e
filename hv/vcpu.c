/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Events, timers and interrupts of one vCPU; see vcpu.h. */
#include <arch/cpu.h>
#include "domain.h"
#include "exit.h"
#include "ioreq.h"
#include "vcpu.h"

#define NEVER (~0ULL)

/* v->deadline: what ends by time other than the LAPIC timer: the 8254 (vCPU 0), HC_WAIT. */
static void refresh_deadline(struct vcpu *v)
{
	if (vcpu_is_domain(v))
		v->deadline = domain_deadline(v);
	else
		v->deadline = v->index == 0 ? v->vm->pit.deadline : NEVER;
}

static void run_timers(struct vcpu *v, u64 now)
{
	if (vcpu_is_domain(v)) {
		domain_timer(v, now);
	} else {
		if (now >= v->lapic.deadline)
			vlapic_timer(v, now);
		if (v->index == 0 && now >= v->vm->pit.deadline)
			vpit_timer(v->vm, now);
	}
	refresh_deadline(v);
}

static u32 take_events(struct vcpu *v, u32 mask)
{
	return __atomic_fetch_and((u32 *)&v->events, ~mask, __ATOMIC_SEQ_CST) & mask;
}

static void keep_event(struct vcpu *v, u32 event)
{
	__atomic_fetch_or((u32 *)&v->events, event, __ATOMIC_RELAXED);
}

static void do_stop(struct vcpu *v)
{
	take_events(v, ~0U);
	sched_unload(v);
	ioreq_cancel(v);
	v->io.active = false;
	v->io.replay_count = 0;
	v->deadline = NEVER;
	v->state = VCPU_STOPPED;
	vm_vcpu_stopped(v);
}

static void do_start(struct vcpu *v)
{
	sched_unload(v);
	virt->vcpu_reset(&v->arch, v->start_boot ? &v->start : NULL);
	pv_reset(v);
	v->io.active = false;
	v->io.replay_count = 0;
	refresh_deadline(v);
	v->state = v->start_boot ? VCPU_RUNNABLE : VCPU_WAIT_SIPI;
}

/* INIT: the boot processor would start at the reset vector, which no guest asks of itself. */
static void do_init(struct vcpu *v)
{
	sched_unload(v);
	virt->vcpu_reset(&v->arch, NULL);
	pv_reset(v);
	vlapic_init_signal(&v->lapic);
	v->state = VCPU_WAIT_SIPI;
}

static bool pic_waits(struct vcpu *v)
{
	return vpic_pending(&v->vm->pic) && vlapic_accepts_pic(&v->lapic);
}

/* Whether an interrupt waits that would end HLT. */
static bool interrupt_waits(struct vcpu *v)
{
	if (v->events & VCPU_EVENT_NMI)
		return true;
	if (!(v->events & VCPU_EVENT_IRQ))
		return false;
	pv_eoi_settle(v);
	if (vlapic_pending(&v->lapic) >= 0)
		return true;
	return pic_waits(v);
}

static void control_events(struct vcpu *v)
{
	u32 events = take_events(v, VCPU_EVENT_STOP | VCPU_EVENT_START | VCPU_EVENT_INIT |
					    VCPU_EVENT_SIPI | VCPU_EVENT_TIMER);

	/* A vCPU that is to stop before it has begun counts as stopped too. */
	if ((events & VCPU_EVENT_STOP) &&
	    (v->state != VCPU_STOPPED || (events & VCPU_EVENT_START))) {
		do_stop(v);
		return;
	}
	if (events & VCPU_EVENT_START)
		do_start(v);
	if ((events & VCPU_EVENT_INIT) && v->state != VCPU_STOPPED)
		do_init(v);
	if ((events & VCPU_EVENT_SIPI) && v->state == VCPU_WAIT_SIPI) {
		virt->vcpu_sipi(&v->arch, v->sipi_vector);
		v->state = VCPU_RUNNABLE;
	}
	refresh_deadline(v);
}

bool vcpu_ready(struct vcpu *v, u64 now)
{
	if (v->events & ~(u32)VCPU_EVENT_IRQ)
		control_events(v);
	if (v->state == VCPU_STOPPED)
		return false;
	if (now >= vcpu_deadline(v))
		run_timers(v, now);
	switch (v->state) {
	case VCPU_RUNNABLE:
		return true;
	case VCPU_HALTED:
		if (interrupt_waits(v) &&
		    (virt->can_inject(&v->arch) || (v->events & VCPU_EVENT_NMI)))
			v->state = VCPU_RUNNABLE;
		break;
	case VCPU_IOREQ:
		if (take_events(v, VCPU_EVENT_IOREQ))
			exit_resume(v);
		break;
	case VCPU_WAITING:
		domain_try_wake(v, now);
		break;
	}
	return v->state == VCPU_RUNNABLE;
}

static void inject(struct vcpu *v, u8 vector)
{
	virt->inject_irq(&v->arch, vector);
	v->counters[STAT_INJECTED]++;
}

/*
 * An interrupt that has to wait for the guest, but not for hv: it counts as accepted during the
 * entry. That can be taken back as nothing looks at the LAPIC meanwhile, but for the paravirtual
 * EOI: it is offered too only where no other vector is in service, which the guest could end.
 */
static bool offer(struct vcpu *v, u8 vector)
{
	bool alone = !v->lapic.depth;

	if (!virt->offer_irq || !virt->offer_irq(&v->arch, vector))
		return false;
	vlapic_accept(&v->lapic, vector);
	if (alone)
		pv_eoi_offer(v, vector);
	return true;
}

void vcpu_end_offer(struct vcpu *v)
{
	u8 vector = v->arch.offered;

	v->arch.offered = 0;
	if (v->arch.offer_taken) {
		v->counters[STAT_INJECTED]++;
		return;
	}
	pv_eoi_settle(v);
	vlapic_unaccept(&v->lapic, vector);
}

/* The bit stays set as long as something waits that nobody will announce again. The LAPIC does so
 * by itself when an EOI or a lower priority lets another vector through. */
static void deliver_interrupt(struct vcpu *v)
{
	int vector;
	bool pic;

	take_events(v, VCPU_EVENT_IRQ);
	pv_eoi_settle(v);
	vector = vlapic_pending(&v->lapic);
	v->arch.blocked_class = vector < 0 ? vlapic_blocked_class(&v->lapic) : 0;
	pic = pic_waits(v);
	if (vector < 0 && !pic) {
		virt->want_window(&v->arch, false);
		return;
	}
	if (!virt->can_inject(&v->arch)) {
		keep_event(v, VCPU_EVENT_IRQ);
		virt->want_window(&v->arch, vector < 0 || !offer(v, (u8)vector));
		return;
	}
	if (vector >= 0) {
		vlapic_accept(&v->lapic, (u8)vector);
		inject(v, (u8)vector);
		if (pic)
			keep_event(v, VCPU_EVENT_IRQ);
		else if (vlapic_pending(&v->lapic) < 0)
			pv_eoi_offer(v, (u8)vector);
	} else {
		inject(v, vpic_take(v->vm));
	}
	virt->want_window(&v->arch, false);
}

bool vcpu_deliver(struct vcpu *v)
{
	if (v->events & (VCPU_EVENT_STOP | VCPU_EVENT_START | VCPU_EVENT_INIT | VCPU_EVENT_TIMER)) {
		control_events(v);
		if (v->state != VCPU_RUNNABLE)
			return false;
	}
	if (vcpu_is_domain(v)) {
		take_events(v, ~0U);
		return true;
	}
	take_events(v, VCPU_EVENT_WAKE | VCPU_EVENT_SIPI | VCPU_EVENT_IOREQ);
	if ((v->events & VCPU_EVENT_NMI) && virt->can_inject_nmi(&v->arch)) {
		take_events(v, VCPU_EVENT_NMI);
		virt->inject_nmi(&v->arch);
		v->counters[STAT_INJECTED]++;
	}
	if (v->events & VCPU_EVENT_IRQ)
		deliver_interrupt(v);
	return true;
}
