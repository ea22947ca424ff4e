/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The two functions of the bus that are the hypervisor's own, with the registers that firmware
 * programs: the host bridge (Q35's memory controller hub) and the ISA bridge (ICH9's LPC
 * interface). The host bridge is the bus's first function, so that its registers are found
 * without searching.
 *
 * Configuration space in memory is at GUEST_ECAM_BASE always, which is where SeaBIOS and OVMF put
 * it: PCIEXBAR cannot be changed. There is no SMM: the SMRAM register is locked. Locking: see
 * pci.h.
 */
#include "pci_internal.h"
#include "string.h"

#define DEVFN_HOST_BRIDGE 0x00
#define DEVFN_ISA_BRIDGE  0xf8

/* Intel 3 Series Express Chipset datasheet, 5.1. */
#define PCIEXBAR	0x60
#define PCIEXBAR_ENABLE 1
#define SMRAM		0x9d
#define SMRAM_LOCKED	0x12 /* D_LCK, C_BASE_SEG */
#define PAM_ALL_RAM	0x33

/* Intel ICH9 datasheet, 13.1. */
#define LPC_PMBASE	   0x40
#define LPC_ACPI_CNTL	   0x44
#define LPC_ACPI_EN	   0x80
#define LPC_PIRQ_A	   0x60
#define LPC_PIRQ_E	   0x68
#define LPC_PIRQS_OFF	   0x80808080
#define LPC_PIRQS_WRITABLE 0x8f8f8f8f

/* A function without BARs and capabilities: its registers are plain scratch memory at most. */
static void own_template(struct pci_template *t, u8 devfn, u16 device, u8 sub_class)
{
	memset(t, 0, sizeof(*t));
	t->devfn = devfn;
	t->rom_file = FILE_NONE;
	pci_put16(t->config, PCI_VENDOR, 0x8086);
	pci_put16(t->config, PCI_DEVICE, device);
	t->config[PCI_CLASS_SUB] = sub_class;
	t->config[PCI_CLASS_BASE] = 0x06;
	pci_put16(t->config, PCI_SUBSYSTEM_VENDOR, 0x1af4);
	pci_put16(t->config, PCI_SUBSYSTEM, 0x1100);
}

static int add(struct vm *vm, struct pci_template *t)
{
	int result = pci_template_check(t, 0);

	if (!result)
		result = pci_function_add(vm, t, true);
	return MIN(result, 0);
}

/* A guest without firmware finds the registers as firmware would have left them. */
static int host_bridge_add(struct vm *vm)
{
	struct pci_template t;

	own_template(&t, DEVFN_HOST_BRIDGE, 0x29c0, 0x00);
	pci_put32(t.config, PCIEXBAR, GUEST_ECAM_BASE | PCIEXBAR_ENABLE);
	if (vm->config->firmware == FILE_NONE)
		memset(&t.config[SHADOW_PAM], PAM_ALL_RAM, SHADOW_PAMS);
	memset(&t.writable[SHADOW_PAM], PAM_ALL_RAM, SHADOW_PAMS);
	t.config[SMRAM] = SMRAM_LOCKED;
	return add(vm, &t);
}

/* PMBASE and ACPI_CNTL fixed, PIRQ routing without effect. */
static int isa_bridge_add(struct vm *vm)
{
	struct pci_template t;

	own_template(&t, DEVFN_ISA_BRIDGE, 0x2918, 0x01);
	pci_put32(t.config, LPC_PMBASE, GUEST_PM_BASE | 1);
	t.config[LPC_ACPI_CNTL] = LPC_ACPI_EN;
	pci_put32(t.config, LPC_PIRQ_A, LPC_PIRQS_OFF);
	pci_put32(t.config, LPC_PIRQ_E, LPC_PIRQS_OFF);
	pci_put32(t.writable, LPC_PIRQ_A, LPC_PIRQS_WRITABLE);
	pci_put32(t.writable, LPC_PIRQ_E, LPC_PIRQS_WRITABLE);
	return add(vm, &t);
}

int pci_bridges_add(struct vm *vm)
{
	int error = host_bridge_add(vm);

	return error ? error : isa_bridge_add(vm);
}

bool pci_bridges_update(struct vm *vm)
{
	return shadow_update(vm, &vm->pci.functions[0].config[SHADOW_PAM]);
}
