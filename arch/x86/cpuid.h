/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Start of the CPUID tables (arch/vcpu.h has arch_cpuid). Needs the clock's rate. */
#ifndef X86_CPUID_H
#define X86_CPUID_H

void cpuid_init(void);

#endif
