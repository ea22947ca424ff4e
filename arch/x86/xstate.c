/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns XCR0 while a guest is loaded. Between load and put the guest's values live in the
 * processor: the hypervisor itself is built without vector instructions and breakpoints.
 */
#include <abi/types.h>
#include <arch/upcall.h>
#include "x86.h"
#include "xstate.h"
#include "string.h"

#define XCR0_X87     BIT(0)
#define XCR0_SSE     BIT(1)
#define XCR0_AVX     BIT(2)
#define XCR0_AVX512  (BIT(5) | BIT(6) | BIT(7))
#define FXSAVE_FCW   0
#define FXSAVE_MXCSR 24

static u64 supported; /* 0: not yet asked */
static bool has_xsave, has_rdtscp;

u64 xstate_supported(void)
{
	if (supported)
		return supported;
	has_rdtscp = cpuid(0x80000001, 0).edx & BIT(27);
	has_xsave = cpuid(1, 0).ecx & BIT(26);
	supported = XCR0_X87 | XCR0_SSE;
	if (!has_xsave)
		return supported;
	supported = cpuid(0xd, 0).eax & (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512);
	if ((supported & XCR0_AVX512) != XCR0_AVX512)
		supported &= ~XCR0_AVX512;
	return supported;
}

void xstate_init(struct arch_vcpu *v)
{
	u16 fcw = 0x37f;
	u32 mxcsr = 0x1f80;

	memset(v->xstate, 0, XSTATE_SIZE);
	memcpy(v->xstate + FXSAVE_FCW, &fcw, sizeof(fcw));
	memcpy(v->xstate + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	v->xcr0 = XCR0_X87;
	v->tsc_aux = 0;
	memset(v->dr, 0, sizeof(v->dr));
}

static u64 debug_read(unsigned n)
{
	u64 x;

	switch (n) {
	case 0:
		__asm__ volatile("mov %%db0, %0" : "=r"(x));
		break;
	case 1:
		__asm__ volatile("mov %%db1, %0" : "=r"(x));
		break;
	case 2:
		__asm__ volatile("mov %%db2, %0" : "=r"(x));
		break;
	default:
		__asm__ volatile("mov %%db3, %0" : "=r"(x));
		break;
	}
	return x;
}

static void debug_write(const u64 dr[4])
{
	__asm__ volatile("mov %0, %%db0" : : "r"(dr[0]));
	__asm__ volatile("mov %0, %%db1" : : "r"(dr[1]));
	__asm__ volatile("mov %0, %%db2" : : "r"(dr[2]));
	__asm__ volatile("mov %0, %%db3" : : "r"(dr[3]));
}

void xstate_load(struct arch_vcpu *v)
{
	u64 mask = xstate_supported();

	if (has_xsave) {
		xsetbv(0, mask);
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(v->xstate), "a"((u32)mask), "d"((u32)(mask >> 32))
				 : "memory");
		xsetbv(0, v->xcr0);
	} else {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(v->xstate) : "memory");
	}
	debug_write(v->dr);
	if (has_rdtscp)
		wrmsr(MSR_TSC_AUX, v->tsc_aux);
}

void xstate_put(struct arch_vcpu *v)
{
	u64 mask = xstate_supported();

	if (has_xsave) {
		v->xcr0 = xgetbv(0); /* a guest may have set it without an exit */
		xsetbv(0, mask);
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(v->xstate), "a"((u32)mask), "d"((u32)(mask >> 32))
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" : : "r"(v->xstate) : "memory");
	}
	for (unsigned n = 0; n < 4; n++)
		v->dr[n] = debug_read(n);
	if (has_rdtscp)
		v->tsc_aux = rdmsr(MSR_TSC_AUX);
}

int arch_xsetbv(struct arch_vcpu *v, u32 index, u64 value)
{
	u64 avx512 = value & XCR0_AVX512;

	if (index != 0 || !(value & XCR0_X87) || (value & ~xstate_supported()))
		return -EINVAL;
	if ((value & XCR0_AVX) && !(value & XCR0_SSE))
		return -EINVAL;
	if (avx512 && (avx512 != XCR0_AVX512 || !(value & XCR0_AVX)))
		return -EINVAL;
	v->xcr0 = value;
	xsetbv(0, value);
	return 0;
}
