/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Scalar types and small helpers shared by every program of Oriel (boot, hv, dm, host tools and
 * unit tests). Freestanding: needs only the compiler's own headers.
 */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 gpa_t; /* guest physical address */
typedef u64 hpa_t; /* host physical address */

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

#define PAGE_SIZE	4096ULL
#define PAGE_MASK	(PAGE_SIZE - 1)
#define LARGE_PAGE_SIZE MIB(2)

#define BIT(n)				(1ULL << (n))
#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)			CHOOSE(a, <, b, __COUNTER__)
#define MAX(a, b)			CHOOSE(a, >, b, __COUNTER__)
#define ALIGN_DOWN(x, a)		((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)			ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Of two, the one that stands so to the other, in their common type; each is evaluated once. */
#define CHOOSE(a, than, b, n) CHOOSE_(a, than, b, n)
#define CHOOSE_(a, than, b, n)                                      \
	({                                                          \
		__typeof__(1 ? (a) : (b)) first_##n = (a);          \
		__typeof__(1 ? (a) : (b)) second_##n = (b);         \
		first_##n than second_##n ? first_##n : second_##n; \
	})

#define must_check    __attribute__((warn_unused_result))
#define packed_struct __attribute__((packed))

/* Errors are negative; a subset of the usual numbers, so that host tests may mix with libc's. */
#ifndef EPERM
#define EPERM	1
#define ENOENT	2
#define EIO	5
#define E2BIG	7
#define EAGAIN	11
#define ENOMEM	12
#define EFAULT	14
#define EBUSY	16
#define EEXIST	17
#define ENODEV	19
#define EINVAL	22
#define ENOSPC	28
#define ERANGE	34
#define ENOTSUP 95
#endif

#endif
