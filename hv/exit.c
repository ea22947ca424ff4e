/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The exit switch, and how an access finds who answers it: vendor code has decoded the exit, trap.c
 * knows the regions; an access that the device domain must answer leaves the vCPU waiting, and the
 * instruction is carried out again when the answer is there (exit_resume).
 */
#include <abi/range.h>
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "domain.h"
#include "exit.h"
#include "hypercall.h"
#include "ioreq.h"
#include "shadow.h"
#include "vcpu.h"
#include "vram.h"

#define UD	       6
#define GP	       13
#define CR4_OSXSAVE    BIT(18)
#define MSR_APIC_FIRST 0x800
#define MSR_APIC_LAST  0x8ff

/* A guest that does nothing but touch what is not there is broken: more than this many such
 * accesses within a second stop it. */
#define UNCLAIMED_BURST 20000

static void advance(struct vcpu *v, const struct vmexit *e)
{
	virt->advance(&v->arch, e->insn_len);
}

static void inject_gp(struct vcpu *v)
{
	virt->inject_exception(&v->arch, GP, true, 0);
}

static void unclaimed(struct vcpu *v, bool pio, u64 addr)
{
	u64 now = time_now();

	v->counters[STAT_UNCLAIMED]++;
	if (now - v->unclaimed_since > time_hz()) {
		v->unclaimed_since = now;
		v->unclaimed_burst = 0;
	}
	if (++v->unclaimed_burst > UNCLAIMED_BURST)
		vm_fatal(v->vm, "vCPU %u hammers %s that does not exist: 0x%lx", v->index,
			 pio ? "a port" : "memory", addr);
}

/* 0, or -EAGAIN: the vCPU waits for the device domain. */
static int dispatch(struct vcpu *v, enum trap_space space, struct access *a)
{
	struct trap_region region;
	enum trap_result result = TRAP_UNHANDLED;
	u64 addr = a->addr;

	if (trap_find(&v->vm->traps, space, addr, a->size, &region))
		result = region.fn(region.ctx, v, addr - region.base, a);
	if (result == TRAP_DEFER)
		return -EAGAIN;
	if (result == TRAP_UNHANDLED) {
		if (!a->write)
			a->value = ~0ULL;
		unclaimed(v, space == TRAP_PIO, addr);
	}
	return 0;
}

static void wait_for_answer(struct vcpu *v, const struct vmexit *e)
{
	v->io.exit = *e;
	if (v->state == VCPU_RUNNABLE)
		v->state = VCPU_IOREQ;
}

static void pio_finish(struct vcpu *v, const struct vmexit *e, u64 value)
{
	u64 *rax = &v->arch.regs.gpr[RAX];

	if (!e->write) {
		if (e->size == 4)
			*rax = (u32)value;
		else if (e->size == 2)
			*rax = (*rax & ~0xffffULL) | (value & 0xffff);
		else
			*rax = (*rax & ~0xffULL) | (value & 0xff);
	}
	advance(v, e);
}

static void exit_pio(struct vcpu *v, const struct vmexit *e)
{
	struct access a = { .addr = e->addr,
			    .value = e->write ? e->value : ~0ULL,
			    .count = 1,
			    .size = e->size,
			    .write = e->write };

	if (dispatch(v, TRAP_PIO, &a))
		wait_for_answer(v, e);
	else
		pio_finish(v, e, a.value);
}

/* As vm_memory_ops reads and writes it; ROM is not. */
static bool is_ram(struct vm *vm, gpa_t gpa, u64 len, bool write)
{
	const u8 *rom;

	if (!vm_ram(vm, gpa, len))
		return false;
	return write ? !shadow_blocks_write(vm, gpa, len)
		     : !shadow_blocks_read(vm, gpa, len) && !shadow_rom(vm, gpa, len, &rom);
}

/* Whether a block can be given to one region: it has one side, and the other, if not RAM. */
static bool block_region(struct vcpu *v, const struct emul_access *m, struct trap_region *region)
{
	u64 len = (u64)m->count * m->size;
	bool to_ram = is_ram(v->vm, m->addr, len, true);
	bool from_ram = is_ram(v->vm, m->from, len, false);

	if ((to_ram && from_ram) ||
	    !trap_find(&v->vm->traps, TRAP_MMIO, to_ram ? m->from : m->addr, m->size, region))
		return false;
	return region->takes_blocks &&
	       (to_ram || range_inside(m->addr, len, region->base, region->len)) &&
	       (from_ram || range_inside(m->from, len, region->base, region->len));
}

/*
 * Accesses of an emulated instruction. Answers are kept until the instruction, or the iteration of
 * a string instruction, is done: run again, it finds them here.
 */
static int emulated_access(void *ctx, struct emul_access *m)
{
	struct vcpu *v = ctx;
	struct vcpu_io *io = &v->io;
	struct access a = { .addr = m->addr,
			    .value = m->write ? m->value : ~0ULL,
			    .from = m->from,
			    .count = m->count,
			    .size = m->size,
			    .write = m->write,
			    .block = m->block };
	struct trap_region region;

	if (m->block && !block_region(v, m, &region))
		return -ENOTSUP;
	if (m->first && io->replay_at == io->replay_count)
		io->replay_at = io->replay_count = 0;
	if (io->replay_at < io->replay_count) {
		m->value = io->replay[io->replay_at++];
		m->count = io->replay_items;
		return 0;
	}
	if (io->replay_count == REPLAY_MAX)
		return -ENOTSUP;
	if (m->block ? region.fn(region.ctx, v, 0, &a) == TRAP_DEFER
		     : dispatch(v, m->pio ? TRAP_PIO : TRAP_MMIO, &a)) {
		io->replay_items = a.count;
		return -EAGAIN;
	}
	m->value = a.value;
	m->count = a.count;
	io->replay[io->replay_count++] = a.value;
	io->replay_items = a.count;
	io->replay_at = io->replay_count;
	return 0;
}

static void report_unknown(struct vcpu *v, const struct vmexit *e)
{
	const struct guest_memory mem = { vm_memory_ops.read, vm_memory_ops.write, v->vm };
	u8 bytes[15];
	u32 n = arch_fetch(&v->arch, &mem, bytes);

	vm_fatal(v->vm,
		 "vCPU %u: instruction %02x %02x %02x %02x %02x %02x (%u bytes read) at rip %lx "
		 "is beyond the emulator (address 0x%lx)",
		 v->index, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], n,
		 v->arch.regs.rip, e->addr);
}

static void emulate(struct vcpu *v, const struct vmexit *e)
{
	const struct guest_memory mem = { vm_memory_ops.read, vm_memory_ops.write, v->vm };
	int rc;

	v->io.replay_at = 0;
	rc = arch_emulate(&v->arch, &mem, e, emulated_access, v);
	if (rc == -EAGAIN) {
		wait_for_answer(v, e);
		return;
	}
	v->io.replay_count = 0;
	if (rc < 0)
		report_unknown(v, e);
}

static void exit_mmio(struct vcpu *v, const struct vmexit *e)
{
	u64 left;
	hpa_t hpa;
	u32 prot;
	bool mapped = !stage2_lookup(&v->vm->stage2, e->addr, &hpa, &left, &prot);

	/* Mapped meanwhile by another vCPU of the guest: try again. */
	if (mapped && (!e->write || (prot & STAGE2_WRITE)) && (!e->fetch || (prot & STAGE2_EXEC)))
		return;
	if (vcpu_is_domain(v)) {
		domain_fault(v, e);
		return;
	}
	if (mapped && e->write && vram_written(v->vm, e->addr))
		return;
	if (e->fetch) {
		vm_fatal(v->vm, "vCPU %u runs where there is no memory: rip %lx (0x%lx)", v->index,
			 v->arch.regs.rip, e->addr);
		return;
	}
	emulate(v, e);
}

static void exit_rdmsr(struct vcpu *v, const struct vmexit *e)
{
	u32 msr = (u32)e->addr;
	u64 value = 0;
	int rc = vlapic_rdmsr(v, msr, &value);

	if (rc == -ENOENT)
		rc = pv_rdmsr(v, msr, &value);
	if (rc == -ENOENT)
		rc = arch_rdmsr(&v->arch, msr, &value);
	if (rc) {
		inject_gp(v);
		return;
	}
	v->arch.regs.gpr[RAX] = (u32)value;
	v->arch.regs.gpr[RDX] = value >> 32;
	advance(v, e);
}

static void exit_wrmsr(struct vcpu *v, const struct vmexit *e)
{
	u32 msr = (u32)e->addr;
	int rc;

	if (msr >= MSR_APIC_FIRST && msr <= MSR_APIC_LAST)
		pv_eoi_settle(v);
	rc = vlapic_wrmsr(v, msr, e->value);
	if (rc == -ENOENT)
		rc = pv_wrmsr(v, msr, e->value);
	if (rc == -ENOENT)
		rc = arch_wrmsr(&v->arch, msr, e->value);
	if (rc)
		inject_gp(v);
	else
		advance(v, e);
}

static void exit_cpuid(struct vcpu *v, const struct vmexit *e)
{
	u64 *gpr = v->arch.regs.gpr;
	u32 out[4];
	bool osxsave = (u32)gpr[RAX] == 1 && (virt->get_sys(&v->arch, SYS_CR4) & CR4_OSXSAVE);

	arch_cpuid((u32)gpr[RAX], (u32)gpr[RCX], v->index, v->vm->vcpu_count, osxsave, out);
	gpr[RAX] = out[0];
	gpr[RBX] = out[1];
	gpr[RCX] = out[2];
	gpr[RDX] = out[3];
	advance(v, e);
}

/* CR8: the only control register that vendor code leaves to others. */
static void exit_cr(struct vcpu *v, struct vmexit *e)
{
	const struct guest_memory mem = { vm_memory_ops.read, vm_memory_ops.write, v->vm };

	if (!e->insn_len && arch_decode_cr8(&v->arch, &mem, e)) {
		report_unknown(v, e);
		return;
	}
	if (e->write && e->value > 15) {
		inject_gp(v);
		return;
	}
	if (e->write)
		vlapic_set_cr8(v, e->value);
	else
		v->arch.regs.gpr[e->size] = vlapic_get_cr8(&v->lapic);
	advance(v, e);
}

static void exit_xsetbv(struct vcpu *v, const struct vmexit *e)
{
	if (arch_xsetbv(&v->arch, (u32)e->addr, e->value))
		inject_gp(v);
	else
		advance(v, e);
}

static void exit_fatal(struct vcpu *v, const struct vmexit *e)
{
	if (vcpu_is_domain(v)) {
		domain_fault(v, e);
		return;
	}
	virt->dump(&v->arch);
	if (e->triple_fault)
		vm_fatal(v->vm, "vCPU %u: triple fault at rip %lx", v->index, v->arch.regs.rip);
	else
		vm_fatal(v->vm, "vCPU %u: %s exit 0x%x (0x%lx) at rip %lx", v->index, virt->name,
			 e->raw_reason, e->raw_info, v->arch.regs.rip);
}

/* CR8 may change without an exit (SVM): the LAPIC learns of it here. */
static void sync_cr8(struct vcpu *v)
{
	if (v->arch.cr8 != v->lapic.tpr >> 4)
		vlapic_set_cr8(v, v->arch.cr8);
}

static const u8 counter_of[EXIT_KINDS] = {
	[EXIT_NONE] = STAT_EXIT_OTHER,
	[EXIT_PIO] = STAT_EXIT_PIO,
	[EXIT_MMIO] = STAT_EXIT_MMIO,
	[EXIT_RDMSR] = STAT_EXIT_MSR,
	[EXIT_WRMSR] = STAT_EXIT_MSR,
	[EXIT_CPUID] = STAT_EXIT_CPUID,
	[EXIT_CR] = STAT_EXIT_CR,
	[EXIT_XSETBV] = STAT_EXIT_OTHER,
	[EXIT_HYPERCALL] = STAT_EXIT_HYPERCALL,
	[EXIT_HLT] = STAT_EXIT_HLT,
	[EXIT_IRQ] = STAT_EXIT_IRQ,
	[EXIT_TIMER] = STAT_EXIT_TIMER,
	[EXIT_WINDOW] = STAT_EXIT_WINDOW,
	[EXIT_EXCEPTION] = STAT_EXIT_OTHER,
	[EXIT_SKIP] = STAT_EXIT_OTHER,
	[EXIT_INJECT_UD] = STAT_EXIT_OTHER,
	[EXIT_FATAL] = STAT_EXIT_OTHER,
};

void exit_handle(struct vcpu *v, struct vmexit *e)
{
	v->counters[counter_of[e->kind]]++;
	sync_cr8(v);
	switch (e->kind) {
	case EXIT_PIO:
		if (e->string)
			emulate(v, e);
		else
			exit_pio(v, e);
		break;
	case EXIT_MMIO:
		exit_mmio(v, e);
		break;
	case EXIT_RDMSR:
		exit_rdmsr(v, e);
		break;
	case EXIT_WRMSR:
		exit_wrmsr(v, e);
		break;
	case EXIT_CPUID:
		exit_cpuid(v, e);
		break;
	case EXIT_CR:
		exit_cr(v, e);
		break;
	case EXIT_XSETBV:
		exit_xsetbv(v, e);
		break;
	case EXIT_HYPERCALL:
		if (vcpu_is_domain(v))
			hypercall_handle(v, e);
		else
			virt->inject_exception(&v->arch, UD, false, 0);
		break;
	case EXIT_HLT:
		advance(v, e);
		v->state = VCPU_HALTED;
		break;
	case EXIT_WINDOW:
		virt->want_window(&v->arch, false);
		__atomic_fetch_or((u32 *)&v->events, VCPU_EVENT_IRQ, __ATOMIC_RELAXED);
		break;
	case EXIT_EXCEPTION:
		domain_fault(v, e);
		break;
	case EXIT_SKIP:
		advance(v, e);
		break;
	case EXIT_INJECT_UD:
		virt->inject_exception(&v->arch, UD, false, 0);
		break;
	case EXIT_FATAL:
		exit_fatal(v, e);
		break;
	case EXIT_NONE:
	case EXIT_IRQ:
	case EXIT_TIMER:
		break;
	}
}

void exit_resume(struct vcpu *v)
{
	struct vcpu_io *io = &v->io;
	struct vmexit e = io->exit;
	u64 value;

	if (ioreq_take(v, &value))
		return;
	v->state = VCPU_RUNNABLE;
	if (e.kind == EXIT_PIO && !e.string) {
		pio_finish(v, &e, value);
		return;
	}
	io->replay[io->replay_count++] = value;
	emulate(v, &e);
}
