/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Runs one instruction in place of the processor (arch_emulate() and arch_fetch() of arch/vcpu.h).
 * Here: the state that matters, fetching, and what comes after. Locking: the vCPU's (arch/vcpu.h).
 */
#include "emulate.h"
#include "x86.h"

#define VECTOR_PF   14
#define ATTR_DPL(a) ((a) >> 5 & 3)

static void prepare(struct emul *e, struct arch_vcpu *v, const struct guest_memory *mem)
{
	struct segment cs, ss;
	bool vm86;

	*e = (struct emul){ .v = v, .mem = mem, .first = true };
	e->walk.cr0 = virt->get_sys(v, SYS_CR0);
	e->walk.cr3 = virt->get_sys(v, SYS_CR3);
	e->walk.cr4 = virt->get_sys(v, SYS_CR4);
	e->walk.efer = virt->get_sys(v, SYS_EFER);
	e->walk.rflags = v->regs.rflags;
	virt->get_segment(v, SEG_CS, &cs);
	virt->get_segment(v, SEG_SS, &ss);
	vm86 = v->regs.rflags & RFLAGS_VM;
	e->protected_mode = e->walk.cr0 & CR0_PE;
	e->segment_rights = e->protected_mode && !vm86;
	e->user = e->protected_mode && (vm86 || ATTR_DPL(ss.attr) == 3);
	e->mode = cs.attr & SEG_ATTR_DB ? 4 : 2;
	if (e->walk.efer & EFER_LMA && cs.attr & SEG_ATTR_L)
		e->mode = 8;
}

u32 arch_fetch(struct arch_vcpu *v, const struct guest_memory *mem, u8 bytes[15])
{
	struct emul e;
	u32 got, more;

	prepare(&e, v, mem);
	if (emul_fetch(&e, 0, bytes, INSN_MAX, &got))
		return 0;
	if (got == INSN_MAX || emul_fetch(&e, got, bytes + got, INSN_MAX - got, &more))
		return got;
	return got + more;
}

/* The next page is read only when the instruction goes on there. */
static int fetch_and_decode(struct emul *e)
{
	u8 bytes[INSN_MAX];
	u32 got, more;
	int rc = emul_fetch(e, 0, bytes, INSN_MAX, &got);

	if (rc)
		return rc;
	rc = insn_decode(bytes, got, e->mode, &e->insn);
	if (rc != -ERANGE)
		return rc;
	rc = emul_fetch(e, got, bytes + got, INSN_MAX - got, &more);
	return rc ? rc : insn_decode(bytes, got + more, e->mode, &e->insn);
}

static void inject(struct emul *e)
{
	if (e->fault.vector == VECTOR_PF)
		virt->set_sys(e->v, SYS_CR2, e->fault.address);
	virt->inject_exception(e->v, e->fault.vector, e->protected_mode, e->fault.error);
}

int arch_emulate(struct arch_vcpu *v, const struct guest_memory *mem, const struct vmexit *exit,
		 emul_access_fn *access, void *ctx)
{
	struct emul e;
	int rc;

	prepare(&e, v, mem);
	e.access = access;
	e.ctx = ctx;
	rc = fetch_and_decode(&e);
	if (!rc && exit->kind == EXIT_PIO && e.insn.op != INSN_INS && e.insn.op != INSN_OUTS)
		rc = -ENOTSUP;
	if (!rc)
		rc = emul_run(&e);
	switch (rc) {
	case 0:
		v->regs.rflags &= ~RFLAGS_RF;
		virt->advance(v, e.insn.length);
		return 0;
	case EMUL_FAULT:
		inject(&e);
		return 1;
	case EMUL_RESTART:
		return 0;
	default:
		return rc;
	}
}
