/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the files of the emulation share (arch_emulate() itself is in arch/vcpu.h).
 *
 * Functions return 0, EMUL_FAULT (a guest exception is noted in struct emul), EMUL_RESTART, or
 * -errno. The rule that makes replay possible: all accesses of an instruction (or of one string
 * iteration) come first, reads before writes, devices before memory; only then are registers
 * changed.
 */
#ifndef ARCH_X86_EMULATE_H
#define ARCH_X86_EMULATE_H

#include "decode.h"
#include "gwalk.h"

#define EMUL_FAULT   1
#define EMUL_RESTART 2 /* a string instruction did enough for now: RIP stays */

struct emul {
	struct arch_vcpu *v;
	const struct guest_memory *mem;
	emul_access_fn *access;
	void *ctx;
	struct gwalk_state walk;
	struct insn insn;
	u32 mode;	     /* as insn_decode() takes it */
	bool user;	     /* CPL 3 */
	bool protected_mode; /* faults push error codes */
	bool segment_rights; /* protected mode, and not virtual-8086 mode */
	bool first;	     /* no access yet in this instruction or iteration */
	struct {
		u8 vector;
		u32 error;
		u64 address; /* of a page fault */
	} fault;
};

/* Where an operand lies: in one page, or in two (len[1] is 0 in the first case). */
struct emul_place {
	gpa_t gpa[2];
	u32 len[2];
};

/* emulate_mem.c */

/* Reads instruction bytes at RIP + offset into bytes, up to max and never past the page's end.
 * *got: how many. -ENOTSUP: not in memory. */
int emul_fetch(struct emul *e, u32 offset, u8 *bytes, u32 max, u32 *got) must_check;
/* Checks segment and page rights for size bytes (at most a page). access: GWALK_WRITE or 0. */
int emul_translate(struct emul *e, enum segment_reg segment, u64 offset, u32 size, u32 access,
		   struct emul_place *place) must_check;
/* Checks the segment alone. */
int emul_linear(struct emul *e, enum segment_reg segment, u64 offset, u32 size, u32 access,
		u64 *linear) must_check;
/* All bytes of the place. */
int emul_read(struct emul *e, const struct emul_place *place, void *to) must_check;
int emul_write(struct emul *e, const struct emul_place *place, const void *from) must_check;
/* One call of the access function. */
int emul_access_call(struct emul *e, struct emul_access *a) must_check;
/* Notes #GP(0), or #SS(0) for the stack segment; returns EMUL_FAULT. */
int emul_fault_segment(struct emul *e, enum segment_reg segment);

/* emulate_insn.c */

/* Does what e->insn says, but for moving RIP on. */
int emul_run(struct emul *e) must_check;
u64 emul_reg_read(const struct emul *e, u32 reg, u32 size);
/* 4 bytes clear the upper half, 1 and 2 keep the rest. */
void emul_reg_write(struct emul *e, u32 reg, u32 size, u64 value);

/* emulate_string.c */

int emul_string(struct emul *e) must_check;

#endif
