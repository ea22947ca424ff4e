/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Wide copies; see copy.h. Plain stores, not streaming ones: the framebuffer is mapped
 * write-combining, and in ordinary memory the cache is wanted.
 */
#include "copy.h"
#include "dm/runtime.h"

typedef void copy_rows_fn(u8 *to, u64 to_stride, const u8 *from, u64 from_stride, u64 len,
			  u32 rows);

static void rows_plain(u8 *to, u64 to_stride, const u8 *from, u64 from_stride, u64 len, u32 rows)
{
	for (; rows; rows--, to += to_stride, from += from_stride)
		memcpy(to, from, len);
}

/* One 32-byte load and store for each of `steps`, at growing offsets; two in flight. */
#define AVX2_STEPS(to, from, steps)                             \
	__asm__ volatile(".set copy_at, 0\n\t"                  \
			 ".rept " #steps " / 2\n\t"             \
			 "vmovdqu copy_at(%1), %%ymm0\n\t"      \
			 "vmovdqu copy_at + 32(%1), %%ymm1\n\t" \
			 "vmovdqu %%ymm0, copy_at(%0)\n\t"      \
			 "vmovdqu %%ymm1, copy_at + 32(%0)\n\t" \
			 ".set copy_at, copy_at + 64\n\t"       \
			 ".endr"                                \
			 :                                      \
			 : "r"(to), "r"(from)                   \
			 : "memory", "xmm0", "xmm1")

#define SSE2_STEPS(to, from, steps)                            \
	__asm__ volatile(".set copy_at, 0\n\t"                 \
			 ".rept " #steps " / 2\n\t"            \
			 "movdqu copy_at(%1), %%xmm0\n\t"      \
			 "movdqu copy_at + 16(%1), %%xmm1\n\t" \
			 "movdqu %%xmm0, copy_at(%0)\n\t"      \
			 "movdqu %%xmm1, copy_at + 16(%0)\n\t" \
			 ".set copy_at, copy_at + 32\n\t"      \
			 ".endr"                               \
			 :                                     \
			 : "r"(to), "r"(from)                  \
			 : "memory", "xmm0", "xmm1")

static void tail(u8 *to, const u8 *from, u64 len)
{
	for (; len >= 8; len -= 8, to += 8, from += 8)
		__builtin_memcpy(to, from, 8);
	for (; len; len--)
		*to++ = *from++;
}

#define ROWS_BODY(STEPS, big, big_steps, middle, middle_steps, small)                    \
	for (; rows; rows--, to += to_stride, from += from_stride) {                     \
		const u8 *f = from;                                                      \
		u8 *t = to;                                                              \
		u64 left = len;                                                          \
                                                                                         \
		for (; left >= (big); left -= (big), t += (big), f += (big))             \
			STEPS(t, f, big_steps);                                          \
		for (; left >= (middle); left -= (middle), t += (middle), f += (middle)) \
			STEPS(t, f, middle_steps);                                       \
		for (; left >= (small); left -= (small), t += (small), f += (small))     \
			STEPS(t, f, 2);                                                  \
		if (left)                                                                \
			tail(t, f, left);                                                \
	}

static void rows_avx2(u8 *to, u64 to_stride, const u8 *from, u64 from_stride, u64 len, u32 rows)
{
	ROWS_BODY(AVX2_STEPS, 4096, 128, 512, 16, 64)
	__asm__ volatile("vzeroupper" ::: "memory");
}

static void rows_sse2(u8 *to, u64 to_stride, const u8 *from, u64 from_stride, u64 len, u32 rows)
{
	ROWS_BODY(SSE2_STEPS, 2048, 128, 256, 16, 32)
}

static copy_rows_fn *chosen = rows_plain;

static void cpuid(u32 leaf, u32 regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			 : "a"(leaf), "c"(0));
}

/* Intel SDM volume 1, 14.3 and 14.7.1: the processor has AVX2 and its state is enabled. */
static bool have_avx2(void)
{
	enum { OSXSAVE = 1 << 27, AVX = 1 << 28, AVX2 = 1 << 5, XCR0_SSE_AVX = 6 };
	u32 regs[4], xcr0, high;

	cpuid(0, regs);
	if (regs[0] < 7)
		return false;
	cpuid(1, regs);
	if ((regs[2] & (OSXSAVE | AVX)) != (OSXSAVE | AVX))
		return false;
	__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
	if ((xcr0 & XCR0_SSE_AVX) != XCR0_SSE_AVX)
		return false;
	cpuid(7, regs);
	return regs[1] & AVX2;
}

void copy_init(void)
{
	chosen = have_avx2() ? rows_avx2 : rows_sse2;
}

void copy_wide(void *to, const void *from, u64 len)
{
	chosen(to, 0, from, 0, len, 1);
}

void copy_rows(void *to, u64 to_stride, const void *from, u64 from_stride, u64 len, u32 rows)
{
	chosen(to, to_stride, from, from_stride, len, rows);
}
