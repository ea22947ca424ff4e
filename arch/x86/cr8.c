/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * MOV to and from CR8 by its bytes, for processors that do not say which register it names.
 * AMD APM vol. 3, "MOV CRn": 0F 20 and 0F 22 with REX.R, or CR0 with a LOCK prefix.
 */
#include <arch/vcpu.h>

#define LOCK	 0xf0
#define REX_BASE 0x40
#define REX_R	 4
#define REX_B	 1

int arch_decode_cr8(struct arch_vcpu *v, const struct guest_memory *mem, struct vmexit *e)
{
	u8 bytes[15], rex = 0, at = 0;
	u32 n = arch_fetch(v, mem, bytes);
	bool lock = n && bytes[0] == LOCK;

	at += lock;
	if (at < n && (bytes[at] & 0xf0) == REX_BASE)
		rex = bytes[at++];
	if (at + 3U > n)
		return -EFAULT;
	if (bytes[at] != 0x0f || (bytes[at + 1] & ~2) != 0x20)
		return -ENOTSUP;
	if ((bytes[at + 2] >> 3 & 7) != 0 || (!lock && !(rex & REX_R)))
		return -ENOTSUP;
	e->write = bytes[at + 1] & 2;
	e->size = (u8)((bytes[at + 2] & 7) | (rex & REX_B) << 3);
	e->value = v->regs.gpr[e->size];
	e->insn_len = (u8)(at + 3);
	return 0;
}
