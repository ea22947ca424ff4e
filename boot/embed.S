/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The hypervisor and the device domain, inside the loader's PE file: one signature covers all. */
	.section .rodata
	.globl	embed_hv, embed_hv_end, embed_dm, embed_dm_end
	.hidden	embed_hv, embed_hv_end, embed_dm, embed_dm_end
	.balign	16
embed_hv:
	.incbin	"hv.stripped"
embed_hv_end:
	.balign	16
embed_dm:
	.incbin	"dm.stripped"
embed_dm_end:
	.section .note.GNU-stack, "", @progbits
