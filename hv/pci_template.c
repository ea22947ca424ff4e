/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What a PCI device of the device domain may look like. The device domain is not trusted: after
 * this check nothing in a template can lead out of a BAR, an array or the 256 bytes of config.
 * Pure functions, no locking.
 */
#include <abi/range.h>
#include "pci_internal.h"
#include "string.h"

_Static_assert(sizeof(struct pci_template) == 16 + 6 * 16 + 512, "templates are compared bytewise");

#define BAR_MMIO_MIN 16
#define BAR_MMIO_MAX GIB(1)
#define BAR_IO_MIN   4
#define BAR_IO_MAX   256
#define CAPS_MAX     48 /* more than fit in 192 bytes: a loop */

static bool bar_size_ok(const struct pci_bar_template *b, u64 vram_size)
{
	if (b->size & (b->size - 1))
		return false;
	switch (b->kind) {
	case PCI_BAR_MMIO:
		return b->size >= BAR_MMIO_MIN && b->size <= BAR_MMIO_MAX;
	case PCI_BAR_IO:
		return b->size >= BAR_IO_MIN && b->size <= BAR_IO_MAX && !b->is_64bit;
	case PCI_BAR_VRAM:
		return b->size >= PAGE_SIZE && b->size <= MIN(vram_size, BAR_MMIO_MAX);
	default:
		return false;
	}
}

/* The BAR's flags and writable bits (6.2.5.1). */
static void bar_complete(struct pci_template *t, u32 i)
{
	struct pci_bar_template *b = &t->bars[i];
	u32 at = PCI_BAR0 + 4 * i;
	u64 mask = ~(b->size - 1);

	if (b->kind == PCI_BAR_IO) {
		pci_put32(t->config, at, 1);
		b->prefetch = 0;
	} else {
		b->is_64bit = !!b->is_64bit;
		b->prefetch = !!b->prefetch;
		pci_put32(t->config, at, (u32)b->is_64bit << 2 | (u32)b->prefetch << 3);
	}
	pci_put32(t->writable, at, (u32)mask);
	if (b->is_64bit)
		pci_put32(t->writable, at + 4, (u32)(mask >> 32));
}

static int bars_check(struct pci_template *t, u64 vram_size)
{
	for (u32 i = 0; i < 6; i++) {
		struct pci_bar_template *b = &t->bars[i];

		if (b->kind == PCI_BAR_NONE) {
			memset(b, 0, sizeof(*b));
			continue;
		}
		if (!bar_size_ok(b, vram_size))
			return -EINVAL;
		if (b->is_64bit && (i == 5 || t->bars[i + 1].kind != PCI_BAR_NONE))
			return -EINVAL;
		memset(b->reserved, 0, sizeof(b->reserved));
		bar_complete(t, i);
	}
	return 0;
}

/* Whether the list that the guest walks ends, stays behind the header and holds the capability
 * at `wanted` (0: none asked for). */
static bool caps_hold(const struct pci_template *t, u8 wanted)
{
	u8 at = t->config[PCI_CAPABILITIES];
	bool held = !wanted;

	for (u32 n = 0; at; n++, at = t->config[at + 1]) {
		if (n == CAPS_MAX || at < PCI_HEADER_END || at % 4)
			return false;
		held = held || at == wanted;
	}
	return held;
}

static int msix_check(struct pci_template *t)
{
	const struct pci_bar_template *b;
	u8 cap = t->msix_cap;

	if (!cap && !t->msix_vectors) {
		t->msix_bar = 0;
		t->msix_pba = 0;
		return 0;
	}
	if (!cap || !t->msix_vectors || t->msix_vectors > PCI_MAX_MSIX || t->msix_bar > 5)
		return -EINVAL;
	if (!caps_hold(t, cap) || cap > PCI_CONFIG_SIZE - PCI_CAP_MSIX_LEN ||
	    t->config[cap] != PCI_CAP_MSIX)
		return -EINVAL;
	b = &t->bars[t->msix_bar];
	if (b->kind != PCI_BAR_MMIO || t->msix_pba % MSIX_PBA_LEN ||
	    t->msix_pba < pci_msix_table_len(t) ||
	    !range_within(t->msix_pba, MSIX_PBA_LEN, b->size))
		return -EINVAL;
	memset(&t->writable[cap], 0, PCI_CAP_MSIX_LEN);
	pci_put16(t->writable, cap + 2U, MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
	pci_put16(t->config, cap + 2U, t->msix_vectors - 1U);
	pci_put32(t->config, cap + 4U, t->msix_bar);
	pci_put32(t->config, cap + 8U, t->msix_pba | t->msix_bar);
	return 0;
}

static int window_check(struct pci_template *t)
{
	u8 cap = t->window_cap;

	if (!cap)
		return 0;
	if (!caps_hold(t, cap) || cap > PCI_CONFIG_SIZE - PCI_CAP_WINDOW_LEN ||
	    t->config[cap] != PCI_CAP_VENDOR || t->config[cap + 3] != PCI_CAP_WINDOW)
		return -EINVAL;
	if (t->msix_cap && range_overlaps(cap, PCI_CAP_WINDOW_LEN, t->msix_cap, PCI_CAP_MSIX_LEN))
		return -EINVAL;
	memset(&t->writable[cap], 0, PCI_CAP_WINDOW_LEN);
	t->writable[cap + 4] = 0xff;
	memset(&t->writable[cap + 8], 0xff, 8);
	return 0;
}

/* Takes the header's registers out of the device domain's hands. */
static void header_complete(struct pci_template *t)
{
	u16 status = t->config[PCI_CAPABILITIES] ? PCI_STATUS_CAPABILITIES : 0;

	pci_put16(t->config, PCI_COMMAND, 0);
	pci_put16(t->config, PCI_STATUS, status);
	memset(&t->config[PCI_BAR0], 0, 24);
	pci_put32(t->config, PCI_ROM, 0);
	memset(t->writable, 0, PCI_HEADER_END);
	pci_put16(t->writable, PCI_COMMAND,
		  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
			  PCI_COMMAND_SERR | PCI_COMMAND_INTX_OFF);
	t->writable[PCI_INTERRUPT_LINE] = 0xff;
	if (pci_rom_size(t))
		pci_put32(t->writable, PCI_ROM, ~(pci_rom_size(t) - 1) | PCI_ROM_ENABLE);
}

int pci_template_check(struct pci_template *t, u64 vram_size)
{
	int error;

	t->reserved0 = 0;
	t->reserved1 = 0;
	if (pci_get16(t->config, PCI_VENDOR) == 0xffff || t->config[PCI_HEADER_TYPE] & 0x7f ||
	    t->config[PCI_INTERRUPT_PIN] > 4 || !caps_hold(t, 0))
		return -EINVAL;
	header_complete(t);
	error = bars_check(t, vram_size);
	if (!error)
		error = msix_check(t);
	if (!error)
		error = window_check(t);
	return error;
}
