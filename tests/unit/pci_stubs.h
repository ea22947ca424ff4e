/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A guest with a PCI bus and nothing else: what lies around the bus records what is asked of it.
 * One thread. */
#ifndef TESTS_PCI_STUBS_H
#define TESTS_PCI_STUBS_H

#include "vm.h"

#define STUB_RECORDS 64

struct stub_message {
	u64 address;
	u32 data;
};
struct stub_request {
	u16 device;
	u8 bar;
	u64 addr;
	struct access access;
};
struct stub_mapping {
	u64 gpa, hpa, len;
};

struct pci_stubs {
	struct vm vm;
	struct vcpu vcpu;
	struct vm_config config;
	struct handoff handoff;			    /* its files are the ROMs */
	u8 pam[SHADOW_PAMS];			    /* as shadow_update() was told last */
	struct stub_message messages[STUB_RECORDS]; /* by vm_msi(); counts may pass the array */
	u32 message_count;
	struct stub_request requests[STUB_RECORDS]; /* by ioreq_post() */
	u32 request_count;
	struct stub_mapping mappings[STUB_RECORDS]; /* what stage2 has now */
	u32 mapping_count;
	int map_error; /* what stage2_map() answers */
	u64 doorbells;
	u32 lines; /* level of each IOAPIC pin */
	u32 syncs, logs;
};
extern struct pci_stubs stubs;

#define STUB_VRAM      0x40000000ULL
#define STUB_VRAM_SIZE MIB(16)

/* A guest with that much RAM, its bus initialised; fails the test when that fails. */
void stubs_setup(u64 ram_size, bool firmware);
/* An access of the guest, as hv/exit.c would make it; all ones where nobody is. */
enum trap_result stubs_access(enum trap_space space, struct access *a);
u64 stubs_read(enum trap_space space, u64 addr, u8 size);
void stubs_write(enum trap_space space, u64 addr, u8 size, u64 value);
/* Configuration space by ECAM. */
u64 ecam_read(u32 devfn, u32 at, u8 size);
void ecam_write(u32 devfn, u32 at, u8 size, u64 value);
/* A device with what devices have: MSI-X (capability 0x40, 4 vectors) in BAR 2 (64-bit, 16 KiB,
 * PBA at 0x800), window (0x50), VRAM in BAR 0 (16 MiB), ports in BAR 4 (16), pin A. */
void stubs_template(struct pci_template *t, u8 devfn);
/* The invariants of the bus: every mapped BAR is where it may be and nobody else is, VRAM is mapped
 * for exactly the BARs that say so, and what a guest cannot write is as after reset. */
void stubs_check_bus(void);

#endif
