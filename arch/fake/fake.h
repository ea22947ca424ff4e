/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A fake architecture: the contract of arch/include on the host, so that unit tests run the real
 * code above and around it. Each file can be linked without the others:
 *
 *   fake_memory.c  phys_to_virt() over an arena that starts at host physical FAKE_MEMORY_BASE
 *   fake_pages.c   page_alloc() and friends out of that arena (hv/pages.c instead where that is
 *                  what is tested)
 *   fake_virt.c    virtual processors as plain structs; needs arch/x86/segment.c
 *   fake_cpu.c     cores, timers, interrupt lines: noted, not done
 *   fake_log.c     log_printf() to stderr when FAKE_LOG is set in the environment; panic() aborts
 */
#ifndef ARCH_FAKE_FAKE_H
#define ARCH_FAKE_FAKE_H

#include <arch/vcpu.h>

#define FAKE_MEMORY_BASE MIB(16)
#define FAKE_MEMORY_SIZE MIB(64)

/* fake_pages.c: pages given out and not given back; after how many more there are none. */
extern u32 fake_pages_used;
extern u32 fake_pages_left;

/* fake_virt.c */
struct fake_vcpu {
	struct arch_vcpu arch; /* first */
	u64 sys[SYS_COUNT];
	struct segment segments[SEG_COUNT];
	bool shadow;		    /* interrupt shadow; advance() clears it */
	bool irq_ready;		    /* what can_inject() and can_inject_nmi() say */
	u32 irqs, nmis, exceptions; /* injected so far */
	u8 irq_vector;
	u8 exception_vector;
	bool exception_has_error;
	u32 exception_error;
	struct vmexit next_exit; /* what run() answers */
};

enum fake_mode { FAKE_REAL, FAKE_PROTECTED, FAKE_LONG };

extern const struct virt_ops fake_ops; /* virt points there from the start */
/* Zeroed registers and flat segments (real mode: base 0), CPL 0, no paging but in long mode, where
 * the caller sets CR3. */
void fake_vcpu_init(struct fake_vcpu *f, enum fake_mode mode);

/* fake_cpu.c */
extern u32 fake_cpu_now;  /* what cpu_index() says */
extern u64 fake_kicks;	  /* a bit a core that was kicked */
extern u64 fake_deadline; /* the last timer_arm() */

#endif
