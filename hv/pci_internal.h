/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the files of the PCI bus share with each other: register numbers of the configuration
 * header (PCI Local Bus 3.0, 6.1) and the functions between them.
 * Locking: "locked" functions are called with the guest's lock held, the others without.
 */
#ifndef HV_PCI_INTERNAL_H
#define HV_PCI_INTERNAL_H

#include "vm.h"

enum pci_register {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_CLASS_SUB = 0x0a,
	PCI_CLASS_BASE = 0x0b,
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_SUBSYSTEM_VENDOR = 0x2c,
	PCI_SUBSYSTEM = 0x2e,
	PCI_ROM = 0x30,
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d,
	PCI_HEADER_END = 0x40,
	PCI_CONFIG_SIZE = 0x100,
};

enum pci_command {
	PCI_COMMAND_IO = BIT(0),
	PCI_COMMAND_MEMORY = BIT(1),
	PCI_COMMAND_MASTER = BIT(2),
	PCI_COMMAND_PARITY = BIT(6),
	PCI_COMMAND_SERR = BIT(8),
	PCI_COMMAND_INTX_OFF = BIT(10),
};
#define PCI_ROM_ENABLE		1u
#define PCI_STATUS_INTX		BIT(3)
#define PCI_STATUS_CAPABILITIES BIT(4)

/* MSI-X capability (6.8.2): control at +2, table at +4, PBA at +8. */
#define PCI_CAP_MSIX	    0x11
#define PCI_CAP_MSIX_LEN    12
#define MSIX_CONTROL_ENABLE BIT(15)
#define MSIX_CONTROL_MASK   BIT(14)
#define MSIX_ENTRY_MASKED   BIT(0)
#define MSIX_PBA_LEN	    8

/* VIRTIO 1.2, 4.1.4.9: bar at +4, offset at +8, length at +12, pci_cfg_data at +16. */
#define PCI_CAP_VENDOR	   0x09
#define PCI_CAP_WINDOW	   5
#define PCI_CAP_WINDOW_LEN 20

static inline u16 pci_get16(const u8 *config, u32 at)
{
	return (u16)(config[at] | config[at + 1] << 8);
}

static inline u32 pci_get32(const u8 *config, u32 at)
{
	return pci_get16(config, at) | (u32)pci_get16(config, at + 2) << 16;
}

static inline void pci_put16(u8 *config, u32 at, u32 value)
{
	config[at] = (u8)value;
	config[at + 1] = (u8)(value >> 8);
}

static inline void pci_put32(u8 *config, u32 at, u32 value)
{
	pci_put16(config, at, value);
	pci_put16(config, at + 2, value >> 16);
}

/* ---- pci.c */
/* The function with that id, or NULL. Locked, or of a guest that does not gain functions. */
struct pci_function *pci_function(struct vm *vm, u16 id);
/* Puts a checked template on the bus. Locked. Its id, or -EEXIST, -ENOSPC. */
int pci_function_add(struct vm *vm, const struct pci_template *t, bool own) must_check;
/* Computes the interrupt pins again and tells the IOAPIC of changes. Locked. */
void pci_pins_update(struct vm *vm);

/* ---- pci_template.c */
/* Checks what the device domain sent and completes it in place: BAR flags and MSI-X capability in
 * config, every writable bit in writable, unused fields zero (so that equal devices compare
 * equal). 0 or -EINVAL. No locking. */
int pci_template_check(struct pci_template *t, u64 vram_size) must_check;

/* ---- pci_bridge.c */
/* Adds the hypervisor's own functions. Locked. 0 or -errno. */
int pci_bridges_add(struct vm *vm) must_check;
/* Carries out what the host bridge's registers now say. Locked. True: vm_sync() must be called
 * after unlocking. */
bool pci_bridges_update(struct vm *vm) must_check;

/* ---- pci_config.c */
/* Handlers: ctx is the struct vm. */
enum trap_result pci_ecam(void *ctx, struct vcpu *v, u64 offset, struct access *a);
enum trap_result pci_address_port(void *ctx, struct vcpu *v, u64 offset, struct access *a);
enum trap_result pci_data_port(void *ctx, struct vcpu *v, u64 offset, struct access *a);

/* ---- pci_bar.c */
/* Gives the function's BARs their addresses, where they fit. Locked. */
void pci_bars_assign(struct pci_function *f);
/* Maps and unmaps BARs as the configuration of all functions now says. Locked. True: plain memory
 * went away, vm_sync() must be called after unlocking. */
bool pci_bars_update(struct vm *vm) must_check;
/* An access of the guest to the BAR, wherever it comes from. */
enum trap_result pci_bar_access(struct pci_bar *bar, struct vcpu *v, u64 offset, struct access *a);

/* ---- pci_rom.c */
/* The size of the ROM BAR (a power of two), 0: the device has none. */
u32 pci_rom_size(const struct pci_template *t);
/* Takes away ROMs that are no longer where the configuration says, or adds those that are not
 * there yet. Locked. */
void pci_roms_unmap(struct vm *vm);
void pci_roms_map(struct vm *vm);
/* Whether memory at [addr, addr + len) may be a BAR's. Locked. */
bool pci_memory_is_free(const struct vm *vm, u64 addr, u64 len);

/* ---- pci_msix.c */
static inline u32 pci_msix_table_len(const struct pci_template *t)
{
	return t->msix_vectors * (u32)sizeof(struct msix_entry);
}
/* Whether [offset, offset + len) of that BAR touches the MSI-X table or PBA. */
bool pci_msix_overlaps(const struct pci_template *t, u32 bar, u64 offset, u64 len);
/* An access that does. */
enum trap_result pci_msix_access(struct pci_function *f, u64 offset, struct access *a);
bool pci_msix_enabled(const struct pci_function *f); /* locked */
void pci_msix_reset(struct pci_function *f);	     /* locked */
/* Sends what is pending and no longer masked. */
void pci_msix_flush(struct pci_function *f);

#endif
