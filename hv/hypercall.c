/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain's calls: one function each, one table. Nothing it passes is trusted beyond
 * what it may do anyway: numbers are checked, pointers must lie in its own image, structures are
 * copied in once.
 */
#include <abi/range.h>
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "domain.h"
#include "host_nic.h"
#include "hypercall.h"
#include "log.h"
#include "pages.h"
#include "sched.h"
#include "string.h"
#include "boot.h"
#include "vcpu.h"
#include "vram.h"

#define MACHINE	  (~0ULL)
#define LOG_MAX	  512
#define DIRTY_MAX MIB(64)

typedef s64 hypercall_fn(const u64 arg[4]);

static struct vm *guest(u64 index)
{
	return index < handoff->config.vm_count ? &vms[index] : NULL;
}

static s64 hc_wait(const u64 *arg)
{
	u64 deadline = arg[0];

	domain_wait(&vms[DOMAIN_VM].vcpus[0], deadline);
	return 0;
}

static s64 hc_log(const u64 *arg)
{
	u64 text = arg[0];
	u64 len = arg[1];
	const char *p = domain_pointer(text, len);

	if (!p || !len || len > LOG_MAX)
		return -EINVAL;
	log_printf("dm: %.*s", (int)len, p);
	return 0;
}

static s64 hc_ioreq_done(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 vcpu = arg[1];

	if (!g || vcpu >= g->vcpu_count)
		return -EINVAL;
	vcpu_notify(&g->vcpus[vcpu], VCPU_EVENT_IOREQ);
	return 0;
}

static bool is_stopped(const struct vm *g)
{
	return g->state == VM_STOPPED || g->state == VM_FATAL;
}

static s64 hc_pci_add(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 template = arg[1];
	static struct pci_template copy;
	const void *p = domain_pointer(template, sizeof(copy));

	if (!g || !p)
		return -EINVAL;
	memcpy(&copy, p, sizeof(copy));
	return pci_add(g, &copy);
}

static enum trap_result trap_forward(void *ctx, struct vcpu *v, u64 offset, struct access *a)
{
	u64 packed = (u64)ctx;

	(void)offset;
	return ioreq_post(v, (u16)packed, (enum ioreq_space)(packed >> 32), 0, a->addr, a);
}

/* Adding the same region again is how a restarted domain finds its own. */
static s64 hc_trap_add(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 what = arg[1];
	u64 base = arg[2];
	u64 len = arg[3];
	u32 space = (u32)(what >> 32);
	struct trap_region old, r = { .base = base,
				      .len = len,
				      .fn = trap_forward,
				      .ctx = (void *)what,
				      .takes_blocks = space == IOREQ_MMIO };
	enum trap_space in = space == IOREQ_PIO ? TRAP_PIO : TRAP_MMIO;
	int rc;

	if (!g || space > IOREQ_MMIO || (what & 0xffffffff) > 0xffff || !len)
		return -EINVAL;
	if (space == IOREQ_PIO && !range_within(base, len, 0x10000))
		return -EINVAL;
	if (trap_find(&g->traps, in, base, 1, &old) && old.base == base && old.len == len &&
	    old.fn == trap_forward && old.ctx == r.ctx)
		return 0;
	if (!is_stopped(g))
		return -EBUSY;
	spin_lock(&g->lock);
	rc = trap_add(&g->traps, in, &r);
	spin_unlock(&g->lock);
	return rc;
}

static s64 hc_doorbell_add(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 device_bar = arg[1];
	u64 offset = arg[2];
	u64 len_id = arg[3];

	if (!g || device_bar >> 24 || len_id >> 24 || (len_id & 0xff00))
		return -EINVAL;
	return pci_add_doorbell(g, (u16)(device_bar >> 8), (u8)device_bar, offset,
				(u8)(len_id >> 16), (u8)len_id);
}

static s64 hc_msix(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 device = arg[1];
	u64 vector = arg[2];

	return g && !((device | vector) >> 16) ? pci_msix(g, (u16)device, (u16)vector) : -EINVAL;
}

static s64 hc_intx(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 device = arg[1];
	u64 level = arg[2];

	return g && !(device >> 16) ? pci_intx(g, (u16)device, level) : -EINVAL;
}

static s64 hc_isa_irq(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 irq = arg[1];
	u64 level = arg[2];

	if (!g || irq > 15)
		return -EINVAL;
	vm_isa_irq(g, (u32)irq, level);
	return 0;
}

static s64 hc_vm_reset(const u64 *arg)
{
	struct vm *g = guest(arg[0]);

	return g ? vm_power_on_reset(g) : -EINVAL;
}

static s64 hc_vm_start(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 start = arg[1];
	const void *p = domain_pointer(start, sizeof(struct vm_start));
	struct vm_start copy;

	if (!g || !p)
		return -EINVAL;
	memcpy(&copy, p, sizeof(copy));
	return vm_start(g, &copy);
}

static s64 hc_vm_stop(const u64 *arg)
{
	struct vm *g = guest(arg[0]);

	return g ? vm_stop(g) : -EINVAL;
}

static void sum_counters(const struct vm *vm, u64 *counters)
{
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		for (u32 k = 0; k < STAT_COUNT; k++)
			counters[k] += vm->vcpus[i].counters[k];
	}
	counters[STAT_EXITS] = 0;
	for (u32 k = STAT_EXIT_PIO; k <= STAT_EXIT_OTHER; k++)
		counters[STAT_EXITS] += counters[k];
}

static void machine_stats(struct vm_stats *s)
{
	u64 domain[STAT_COUNT] = { 0 };

	for (u32 i = 0; i < handoff->config.vm_count; i++)
		sum_counters(&vms[i], s->counters);
	sum_counters(&vms[DOMAIN_VM], domain);
	s->dm_exits = domain[STAT_EXITS];
	s->state = VM_RUNNING;
	s->free_pages = pages_free_count();
	s->memory_used = vm_memory_overhead();
	s->dm_wakeups = domain_counters.wakeups;
	s->dm_restarts = domain_counters.restarts;
	s->dm_longest = domain_counters.longest;
	s->idle_tsc = sched_idle_ticks();
}

static s64 hc_vm_stats(const u64 *arg)
{
	u64 vm = arg[0];
	u64 stats = arg[1];
	struct vm_stats *s = domain_pointer(stats, sizeof(*s));
	struct vm *g = guest(vm);

	if (!s || (!g && vm != MACHINE))
		return -EINVAL;
	memset(s, 0, sizeof(*s));
	if (!g) {
		machine_stats(s);
		return 0;
	}
	sum_counters(g, s->counters);
	s->state = g->state;
	memcpy(s->reason, g->reason, sizeof(s->reason));
	return 0;
}

static s64 hc_vram_window(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 gpa = arg[1];
	u64 offset = arg[2];
	u64 len = arg[3];

	return g ? vram_window(g, gpa, offset, len) : -EINVAL;
}

static s64 hc_vram_watch(const u64 *arg)
{
	struct vm *g = guest(arg[0]);

	return g && g->vram_size && arg[1] <= 1 ? vram_watch(g, arg[1]) : -EINVAL;
}

static s64 hc_vram_dirty(const u64 *arg)
{
	struct vm *g = guest(arg[0]);
	u64 offset = arg[1];
	u64 len = arg[2];
	u64 bitmap = arg[3];
	u64 *p =
		len <= DIRTY_MAX ? domain_pointer(bitmap, ALIGN_UP(len / PAGE_SIZE, 64) / 8) : NULL;

	return g && p && !(bitmap % 8) ? vram_dirty(g, offset, len, p) : -EINVAL;
}

static s64 hc_irq_unmask(const u64 *arg)
{
	u64 event = arg[0];

	if (event == HOST_EVENT_SERIAL && handoff->config.serial_port)
		irq_host_unmask(4);
	else if (event == HOST_EVENT_KEYBOARD)
		irq_host_unmask(1);
	else if (event == HOST_EVENT_NET)
		return host_nic_unmask();
	else
		return -EINVAL;
	return 0;
}

static s64 hc_restart(const u64 *arg)
{
	if (arg[0])
		domain_restart("it gave up");
	else
		domain_restart_asked();
	return 0;
}

static s64 hc_poweroff(const u64 *arg)
{
	u64 reboot = arg[0];

	log_printf("oriel: %s", reboot ? "reboot" : "power off");
	(void)!host_nic_enable(false);
	machine_poweroff(reboot);
}

static s64 hc_nic_enable(const u64 *arg)
{
	return host_nic_enable(arg[0]);
}

static hypercall_fn *const hypercall_table[HC_COUNT] = {
	[HC_WAIT] = hc_wait,
	[HC_LOG] = hc_log,
	[HC_IOREQ_DONE] = hc_ioreq_done,
	[HC_PCI_ADD] = hc_pci_add,
	[HC_TRAP_ADD] = hc_trap_add,
	[HC_DOORBELL_ADD] = hc_doorbell_add,
	[HC_MSIX] = hc_msix,
	[HC_INTX] = hc_intx,
	[HC_ISA_IRQ] = hc_isa_irq,
	[HC_VM_RESET] = hc_vm_reset,
	[HC_VM_START] = hc_vm_start,
	[HC_VM_STOP] = hc_vm_stop,
	[HC_VM_STATS] = hc_vm_stats,
	[HC_IRQ_UNMASK] = hc_irq_unmask,
	[HC_RESTART] = hc_restart,
	[HC_POWEROFF] = hc_poweroff,
	[HC_VRAM_WINDOW] = hc_vram_window,
	[HC_VRAM_DIRTY] = hc_vram_dirty,
	[HC_VRAM_WATCH] = hc_vram_watch,
	[HC_NIC_ENABLE] = hc_nic_enable,
};

void hypercall_handle(struct vcpu *v, const struct vmexit *e)
{
	u64 *gpr = v->arch.regs.gpr;
	const u64 arg[4] = { gpr[RDI], gpr[RSI], gpr[RDX], gpr[R10] };
	u64 number = gpr[RAX];

	virt->advance(&v->arch, e->insn_len);
	if (number >= HC_COUNT) {
		gpr[RAX] = (u64)-EINVAL;
		return;
	}
	gpr[RAX] = (u64)hypercall_table[number](arg);
}
