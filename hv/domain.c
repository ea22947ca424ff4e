/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The device domain's life; see domain.h. */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "domain.h"
#include "domain_image.h"
#include "host_nic.h"
#include "ioreq.h"
#include "log.h"
#include "string.h"
#include "vcpu.h"

#define PORT_KEYBOARD_DATA    0x60
#define PORT_KEYBOARD_COMMAND 0x64
#define HANG_SECONDS	      10 /* longest run without HC_WAIT */
#define CRASHES_BEFORE_RESET  4	 /* in a row, without an HC_WAIT between: forget the state */
#define CRASHES_BEFORE_PANIC  8

struct domain_counters domain_counters;
static struct vcpu *domain_vcpu;
static u64 run_start;
static u32 crashes;

static struct vm *domain_vm(void)
{
	return &vms[DOMAIN_VM];
}

/* ---- signals ---- */

void domain_wake(void)
{
	if (domain_vcpu->state == VCPU_WAITING)
		vcpu_notify(domain_vcpu, VCPU_EVENT_WAKE);
}

void domain_vm_event(struct vm *vm, enum vm_event event)
{
	__atomic_fetch_or((u64 *)&domain_shared->vm_events[vm->index], event, __ATOMIC_SEQ_CST);
	__atomic_fetch_or((u64 *)&domain_shared->pending, BIT(vm->index), __ATOMIC_SEQ_CST);
	domain_wake();
}

void domain_host_event(enum host_event event)
{
	__atomic_fetch_or((u64 *)&domain_shared->host_events, event, __ATOMIC_SEQ_CST);
	__atomic_fetch_or((u64 *)&domain_shared->pending, DM_PENDING_HOST, __ATOMIC_SEQ_CST);
	domain_wake();
}

void irq_host_event(u32 line)
{
	if (line == host_nic_line())
		domain_host_event(HOST_EVENT_NET);
	else
		domain_host_event(line == 1 ? HOST_EVENT_KEYBOARD : HOST_EVENT_SERIAL);
}

/* ---- waiting ---- */

void domain_wait(struct vcpu *v, u64 deadline)
{
	u64 ran = time_now() - run_start;

	crashes = 0;
	domain_counters.longest = MAX(domain_counters.longest, ran);
	v->arch.regs.gpr[RAX] = 0;
	v->wait_until = deadline;
	v->state = VCPU_WAITING;
	v->deadline = deadline;
	if (__atomic_load_n((u64 *)&domain_shared->pending, __ATOMIC_SEQ_CST))
		domain_try_wake(v, 0);
}

void domain_try_wake(struct vcpu *v, u64 now)
{
	if (!__atomic_load_n((u64 *)&domain_shared->pending, __ATOMIC_SEQ_CST) &&
	    now < v->wait_until)
		return;
	domain_counters.wakeups++;
	run_start = time_now();
	v->state = VCPU_RUNNABLE;
	v->deadline = domain_deadline(v);
}

u64 domain_deadline(const struct vcpu *v)
{
	return v->state == VCPU_WAITING ? v->wait_until : run_start + HANG_SECONDS * time_hz();
}

void domain_timer(struct vcpu *v, u64 now)
{
	if (v->state == VCPU_RUNNABLE && now - run_start >= HANG_SECONDS * time_hz())
		domain_restart("it ran for too long without waiting");
}

/* ---- start and restart ---- */

static void enter_image(void)
{
	struct vm_start start = { .mode = VM_START_LONG64, .cr3 = domain_image_cr3() };

	start.rip = domain_image_load();
	__atomic_fetch_or((u64 *)&domain_shared->host_events,
			  HOST_EVENT_LOG | HOST_EVENT_SERIAL | HOST_EVENT_KEYBOARD,
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or((u64 *)&domain_shared->pending, ~0ULL >> (64 - MAX_VMS) | DM_PENDING_HOST,
			  __ATOMIC_SEQ_CST);
	run_start = time_now();
	domain_vcpu->start = start;
	domain_vcpu->start_boot = true;
	vcpu_notify(domain_vcpu, VCPU_EVENT_START);
}

/* The serial port and the keyboard controller are the domain's, without exits. */
void domain_prepare(struct vcpu *v)
{
	if (handoff->config.serial_port)
		virt->allow_ports(&v->arch, (u16)handoff->config.serial_port, 8);
	virt->allow_ports(&v->arch, PORT_KEYBOARD_DATA, 1);
	virt->allow_ports(&v->arch, PORT_KEYBOARD_COMMAND, 1);
}

void domain_start(void)
{
	const struct config *c = &handoff->config;

	domain_vcpu = &domain_vm()->vcpus[0];
	domain_vm()->state = VM_RUNNING;
	if (c->serial_port)
		irq_host_unmask(4);
	irq_host_unmask(1);
	log_set_handed_over(true);
	enter_image();
}

static void forget_state(void)
{
	log_printf("device domain: its state is given up, guests stop");
	for (u32 i = 0; i < handoff->config.vm_count; i++)
		(void)!vm_stop(&vms[i]);
	domain_image_clear_state();
}

void domain_restart(const char *reason)
{
	log_printf("device domain restarts: %s", reason);
	domain_counters.restarts++;
	crashes++;
	if (crashes >= CRASHES_BEFORE_PANIC)
		panic("the device domain fails again and again: %s", reason);
	if (crashes == CRASHES_BEFORE_RESET)
		forget_state();
	(void)!host_nic_enable(false); /* before the memory it may write to is used again */
	domain_image_next_generation(reason);
	ioreq_repost_all();
	enter_image();
}

void domain_restart_asked(void)
{
	crashes = 0;
	domain_restart("asked for");
}

void domain_fault(struct vcpu *v, const struct vmexit *e)
{
	char reason[128];

	if (e->kind == EXIT_EXCEPTION)
		log_format(reason, sizeof(reason), "exception %u (error %x, address %lx) at %lx",
			   e->vector, e->error, e->value, v->arch.regs.rip);
	else if (e->kind == EXIT_MMIO)
		log_format(reason, sizeof(reason), "%s of %lx at %lx",
			   e->fetch   ? "execution"
			   : e->write ? "write"
				      : "read",
			   e->addr, v->arch.regs.rip);
	else
		log_format(reason, sizeof(reason), "exit %x (%lx) at %lx", e->raw_reason,
			   e->raw_info, v->arch.regs.rip);
	domain_restart(reason);
}
