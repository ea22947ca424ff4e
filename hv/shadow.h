/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's firmware ROM and the memory between 768 KiB and 1 MiB.
 *
 * A guest with `firmware` has the file as ROM that ends at 4 GiB, and its last 128 KiB (or all of
 * a smaller one) once more up to 1 MiB. Over that, and over the space for option ROMs beneath,
 * lies RAM that the host bridge's PAM registers switch in, for reads and for writes apart (Intel 3
 * Series Express Chipset datasheet, 5.1.16-22). What is neither RAM nor ROM reads all ones; writes
 * to what is no RAM are dropped. Memory that can be read is mapped, everything else traps.
 *
 * The ROM is the loaded file itself, mapped read-only: guests with the same firmware share it.
 *
 * Locking: changes hold the guest's lock; reads by the instruction emulation take none, as a guest
 * that switches under its own accesses must expect either answer.
 */
#ifndef HV_SHADOW_H
#define HV_SHADOW_H

#include <abi/handoff.h>

struct vm;

#define SHADOW_SEGMENTS 13   /* twelve of 16 KiB from 0xc0000, one of 64 KiB at 0xf0000 */
#define SHADOW_PAM	0x90 /* the first of the registers in the host bridge */
#define SHADOW_PAMS	7
#define SHADOW_ROM_MAX	MIB(16)

struct shadow {
	const u8 *rom; /* NULL: none */
	hpa_t rom_hpa;
	u64 rom_len;
	u8 modes[SHADOW_SEGMENTS]; /* PAM's two bits: 1 reads, 2 writes reach RAM */
};

/* Once a guest: ROM and trap regions. Segments are RAM until the first update. */
int shadow_create(struct vm *vm) must_check;
/* Maps the segments as the registers now say. Locked. True: rights went away, vm_sync() must be
 * called after unlocking. */
bool shadow_update(struct vm *vm, const u8 pam[SHADOW_PAMS]) must_check;
/* For the instruction emulation. Whether a read of [gpa, gpa + len) finds ROM, which then is at
 * *rom; whether a write there is not one to RAM. */
bool shadow_rom(const struct vm *vm, gpa_t gpa, u64 len, const u8 **rom);
bool shadow_blocks_read(const struct vm *vm, gpa_t gpa, u64 len);
bool shadow_blocks_write(const struct vm *vm, gpa_t gpa, u64 len);

#endif
