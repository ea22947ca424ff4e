/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Wide copies; see copy.h. Plain stores, not streaming ones: the framebuffer is mapped
 * write-combining, and in ordinary memory the cache is wanted.
 */
#include "copy.h"
#include "dm/runtime.h"

typedef void copy_lines_fn(u8 *to, u64 stride, const struct copy_span *spans, u32 count,
			   u64 from_stride, u64 len);

/* For each line, f: where its bytes from `at` on come from, t: where they go to. The empty
 * statement keeps the compiler from counting t by multiplying. */
#define EACH_LINE(copy)                                                  \
	do {                                                             \
		const struct copy_span *s = spans, *end = spans + count; \
		u8 *t = to + at;                                         \
                                                                         \
		for (; s != end; s++) {                                  \
			const u8 *f = s->from + at;                      \
			u32 rows = s->rows;                              \
                                                                         \
			do {                                             \
				copy;                                    \
				f += from_stride;                        \
				t += stride;                             \
				__asm__("" : "+r"(t));                   \
			} while (--rows);                                \
		}                                                        \
	} while (0)

static void lines_plain(u8 *to, u64 stride, const struct copy_span *spans, u32 count,
			u64 from_stride, u64 len)
{
	u64 at = 0;

	EACH_LINE(memcpy(t, f, len));
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

/* Bytes of a line copied without a jump: columns of so many bytes, one after another, keep what is
 * done for each line small. */
#define BIG 4096

static void rest_avx2(u8 *to, const u8 *from, u64 len)
{
	for (; len >= 512; len -= 512, to += 512, from += 512)
		AVX2_STEPS(to, from, 16);
	for (; len >= 64; len -= 64, to += 64, from += 64)
		AVX2_STEPS(to, from, 2);
	tail(to, from, len);
}

static void lines_avx2(u8 *to, u64 stride, const struct copy_span *spans, u32 count,
		       u64 from_stride, u64 len)
{
	u64 at = 0;

	for (; at + BIG <= len; at += BIG)
		EACH_LINE(AVX2_STEPS(t, f, 128));
	if (at < len)
		EACH_LINE(rest_avx2(t, f, len - at));
	__asm__ volatile("vzeroupper" ::: "memory");
}

static void rest_sse2(u8 *to, const u8 *from, u64 len)
{
	for (; len >= 256; len -= 256, to += 256, from += 256)
		SSE2_STEPS(to, from, 16);
	for (; len >= 32; len -= 32, to += 32, from += 32)
		SSE2_STEPS(to, from, 2);
	tail(to, from, len);
}

static void lines_sse2(u8 *to, u64 stride, const struct copy_span *spans, u32 count,
		       u64 from_stride, u64 len)
{
	u64 at = 0;

	for (; at + BIG <= len; at += BIG)
		EACH_LINE(SSE2_STEPS(t, f, 256));
	if (at < len)
		EACH_LINE(rest_sse2(t, f, len - at));
}

static copy_lines_fn *chosen = lines_plain;

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
	chosen = have_avx2() ? lines_avx2 : lines_sse2;
}

void copy_wide(void *to, const void *from, u64 len)
{
	struct copy_span span = { from, 1 };

	chosen(to, 0, &span, 1, 0, len);
}

void copy_lines(void *to, u64 stride, const struct copy_span *spans, u32 count, u64 from_stride,
		u64 len)
{
	chosen(to, stride, spans, count, from_stride, len);
}
