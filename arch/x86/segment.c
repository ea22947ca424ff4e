/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Segments as after a far jump to flat code or in real mode. */
#include <arch/vcpu.h>

#define TYPE_CODE 0x1b /* non-system, execute/read, accessed */
#define TYPE_DATA 0x13 /* non-system, read/write, accessed */

void arch_segment_flat(struct segment *s, u16 selector, bool code, bool long_mode)
{
	*s = (struct segment){
		.limit = 0xffffffff,
		.selector = selector,
		.attr = (u32)((code ? TYPE_CODE : TYPE_DATA) | SEG_ATTR_P | SEG_ATTR_G |
			      (long_mode ? SEG_ATTR_L : SEG_ATTR_DB)),
	};
}

void arch_segment_real(struct segment *s, u16 selector, bool code)
{
	*s = (struct segment){
		.base = (u64)selector << 4,
		.limit = 0xffff,
		.selector = selector,
		.attr = (code ? TYPE_CODE : TYPE_DATA) | (u32)SEG_ATTR_P,
	};
}
