/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain's event loop. One thread, no interrupts: take what the hypervisor flagged,
 * serve it, run what is due by time, push out text, sleep until the next of either.
 *
 * No wake-up is lost: `pending` is taken before what it announces, and HC_WAIT returns at once when
 * a bit of it is set. After a restart everything is looked at once as if flagged.
 */
#include "bus.h"
#include "devices.h"
#include "display/display.h"
#include "drivers/com1.h"
#include "drivers/keyboard.h"
#include "hypercall.h"
#include "life.h"
#include "net/http.h"
#include "net/net.h"
#include "remote/console.h"
#include "remote/rfb_tcp.h"
#include "runtime.h"
#include "state.h"

#include <stdatomic.h>

__attribute__((noreturn)) void dm_main(void);

/* Work for others than guests. Each call does a step, which must be short: guests' frames and
 * fences wait for its end. The longest is the copy of a 4K picture, a few milliseconds. */
static u64 (*const remote[])(void) = { console_run, net_run };
/* The same, that can wait: encoding pictures. Together, in turn, they take at most half of the
 * time. */
static u64 (*const chores[])(void) = { http_run, rfb_tcp_run };
#define CHORE_US 100 /* shorter steps are but looks at what there is */

static u32 turn;       /* of chores[]: whose step comes first */
static u64 rest_until; /* TSC: no chores before */

/* How long the loop goes on when there is always something pending, before it shows by HC_WAIT that
 * it is alive. */
#define ROUND_US 100000

static struct dm_shared *const shared = (struct dm_shared *)DM_SHARED_BASE;

static void serve_vm(struct dm_vm *vm)
{
	u64 events = atomic_exchange(&shared->vm_events[vm->index], 0);

	state_serve(vm->index);
	bus_serve(vm);
	if (events)
		life_event(vm, events);
	state_serve_done();
}

static void serve_host(void)
{
	u64 events = atomic_exchange(&shared->host_events, 0);

	if (events & HOST_EVENT_SERIAL) {
		console_receive();
		hc_irq_unmask(HOST_EVENT_SERIAL);
		/* What came while the line was masked raised no edge. */
		console_receive();
	}
	if (events & HOST_EVENT_KEYBOARD) {
		keyboard_receive();
		hc_irq_unmask(HOST_EVENT_KEYBOARD);
		keyboard_receive();
	}
	if (events & HOST_EVENT_NET)
		net_receive();
}

static void serve_pending(u64 pending)
{
	for (u32 i = 0; i < dm_vm_count; i++)
		if (pending & BIT(i))
			serve_vm(&dm_vms[i]);
	if (pending & DM_PENDING_HOST)
		serve_host();
}

static u64 run_timers(void)
{
	u64 next = DM_NO_DEADLINE;
	u64 now = time_now();

	for (u32 i = 0; i < dm_vm_count; i++) {
		u64 deadline;

		if (state_guest(i)->phase != PHASE_RUNNING)
			continue;
		state_serve(i);
		deadline = devices_timers(&dm_vms[i], now);
		state_serve_done();
		next = MIN(next, deadline);
	}
	return next;
}

static void start(void)
{
	bool adopted;

	if (dm_info->size != sizeof(struct dm_info))
		dm_die("this device domain was built for another hypervisor");
	adopted = state_init();
	com1_init();
	keyboard_init();
	console_init(adopted);
	vm_init();
	display_init();
	if (dm_info->generation)
		log_line("restarted (%u): %s", dm_info->generation, dm_info->restart_reason);
	net_init();
	rfb_tcp_init();
	life_init(adopted);
	http_init();
}

/* A step of the next one; when to go on. */
static u64 run_chore(void)
{
	u64 now = time_now(), due, after;

	if (now < rest_until)
		return rest_until;
	due = chores[turn++ % ARRAY_SIZE(chores)]();
	after = time_now();
	if (after - now > time_from_us(CHORE_US))
		rest_until = after + (after - now);
	return due;
}

/* A step of each kind of remote work; guests that want something in between go first. When to go
 * on. */
static u64 run_remote(u64 guests_due)
{
	u64 deadline = DM_NO_DEADLINE;

	for (u32 i = 0; i < ARRAY_SIZE(remote) + ARRAY_SIZE(chores); i++) {
		u64 due = i < ARRAY_SIZE(remote) ? remote[i]() : run_chore();

		deadline = MIN(deadline, due);
		if (!(shared->pending & ~DM_PENDING_HOST) && time_now() < guests_due)
			continue;
		serve_pending(atomic_fetch_and(&shared->pending, DM_PENDING_HOST) &
			      ~DM_PENDING_HOST);
		guests_due = run_timers();
		deadline = 0; /* there may be more to do than the steps said */
	}
	return MIN(deadline, guests_due);
}

void dm_main(void)
{
	u64 pending = ~0ULL, waited;

	start();
	waited = time_now();
	for (;;) {
		u64 deadline;

		serve_pending(pending);
		deadline = run_remote(run_timers());
		pending = atomic_exchange(&shared->pending, 0);
		if (pending && time_now() - waited < time_from_us(ROUND_US))
			continue;
		hc_wait(pending ? 0 : deadline);
		waited = time_now();
		pending |= atomic_exchange(&shared->pending, 0);
	}
}
