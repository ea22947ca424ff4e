/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Port and memory access. */
#ifndef ARCH_IO_H
#define ARCH_IO_H

#include <abi/handoff.h>

static inline void io_out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 io_in8(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void io_out32(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline u32 io_in32(u16 port)
{
	u32 value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Device memory as a pointer, mapped uncached; at start, before other cores run guests. */
void *device_map(hpa_t base, u64 len);

static inline u32 mmio_read32(const volatile void *p)
{
	return *(const volatile u32 *)p;
}

static inline void mmio_write32(volatile void *p, u32 value)
{
	*(volatile u32 *)p = value;
}

#ifdef UNIT_TEST
void *phys_to_virt(hpa_t hpa); /* arch/fake: an arena */
hpa_t virt_to_phys(const void *p);
#else
static inline void *phys_to_virt(hpa_t hpa)
{
	return (void *)(DIRECT_MAP_BASE + hpa);
}

static inline hpa_t virt_to_phys(const void *p) /* direct-map pointers only */
{
	return (u64)p - DIRECT_MAP_BASE;
}
#endif

#endif
