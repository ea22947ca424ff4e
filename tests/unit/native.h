/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Runs one instruction on the processor under the test, in 64-bit or in 32-bit mode, with all
 * registers given. Everything lies at fixed addresses below 2 GiB.
 */
#ifndef TESTS_NATIVE_H
#define TESTS_NATIVE_H

#include <arch/vcpu.h>

#define NATIVE_DATA	 0x10100000UL /* the instruction may read and write here */
#define NATIVE_DATA_SIZE (4 * PAGE_SIZE)

/* Maps what is needed. False: this process cannot run such code in that mode (4, 8). */
bool native_prepare(u32 mode);
/* Where the instruction will be: what its RIP-relative operands count from. */
u64 native_rip(u32 mode);
/* Registers and status flags go in and come out (mode 4: the low halves); rip is left alone. */
void native_run(u32 mode, const u8 *bytes, u32 len, struct vcpu_regs *regs);

#endif
