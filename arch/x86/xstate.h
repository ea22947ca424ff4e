/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The FPU, SSE and AVX state, debug registers and TSC_AUX of guests, moved at load and put. */
#ifndef X86_XSTATE_H
#define X86_XSTATE_H

#include <arch/vcpu.h>

/* Which components a guest may use: a subset of the machine's (x87, SSE, AVX, AVX-512). */
u64 xstate_supported(void);
void xstate_init(struct arch_vcpu *v); /* power-on contents */
void xstate_load(struct arch_vcpu *v);
void xstate_put(struct arch_vcpu *v);
#endif
