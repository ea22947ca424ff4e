/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* PCI: both ways to configuration space, sizes and moves of BARs, MSI-X, the pin.
 * PCI 3.0, 6.2.5, 6.8.2. */
#include "kit/pci.h"

#include "kit/apic.h"
#include "kit/vgpu.h"

#define VECTOR_MSI    0x71
#define MSIX_ENABLE   0x8000u
#define MSIX_MASK_ALL 0x4000u
#define ENTRY_MASKED  1u

#define PCI_STATUS	     6
#define PCI_COMMAND_INTX_OFF 0x400u
#define STATUS_INTERRUPT     8u

#define DEVICES 256

static volatile u32 interrupts;
static struct vgpu gpu;

static void on_msi(struct trap_frame *f)
{
	(void)f;
	interrupts++;
	apic_eoi();
}

static u32 interrupts_in(u32 us)
{
	u32 before = interrupts;

	irq_enable();
	wait_us(us);
	irq_disable();
	return interrupts - before;
}

static void test_enumeration(void)
{
	u32 found = 0, different = 0;

	for (u32 devfn = 0; devfn < DEVICES; devfn++) {
		u32 id = pci_read((u8)devfn, 0);

		if (id != 0xffffffff)
			found++;
		for (u16 at = 0; at < 64; at += 4) {
			if (pci_read((u8)devfn, at) != read32(pci_ecam((u8)devfn, at)))
				different++;
		}
	}
	report(found >= 3, "bus 0 has a host bridge, an ISA bridge and a display (%u functions)",
	       found);
	report(different == 0, "ports and ECAM show the same (%u words differ)", different);
	report(pci_read(0, 0) == 0x29c08086, "the host bridge is Q35's");
	report(read32(GUEST_ECAM_BASE + (1u << 20)) == 0xffffffff, "bus 1 is empty");
	report(read32(pci_ecam(0, 0) + 0x7f8000) == 0xffffffff, "a far bus is empty");
}

static void test_config_sizes(void)
{
	u64 line = pci_ecam(gpu.devfn, PCI_INTERRUPT_LINE);
	u64 id = pci_ecam(gpu.devfn, 0);

	report(*(volatile u8 *)id == 0xf4 && *(volatile u8 *)(id + 1) == 0x1a &&
		       *(volatile u16 *)(id + 2) == 0x1050,
	       "configuration space is read in 8 and 16 bits");
	*(volatile u8 *)line = 0x5a;
	report(*(volatile u8 *)line == 0x5a, "the interrupt line register keeps a byte");
	report(*(volatile u8 *)(line + 1) == (pci_read(gpu.devfn, 0x3c) >> 8 & 0xff),
	       "the byte next to it is not touched");
	pci_write(gpu.devfn, 0, 0);
	report(pci_read(gpu.devfn, 0) == 0x10501af4, "the ids are read-only");
}

static void test_bars(void)
{
	for (u32 bar = 0; bar < 6; bar++) {
		u32 value = pci_read(gpu.devfn, PCI_BAR(bar));
		u64 size = pci_bar_size(gpu.devfn, bar);

		if (!size)
			continue;
		report((size & (size - 1)) == 0 && size >= 4, "BAR %u has a size: %lx", bar, size);
		report(pci_read(gpu.devfn, PCI_BAR(bar)) == value, "BAR %u is put back", bar);
		if ((value & 7) == 4)
			bar++;
	}
}

/* Nothing answers there: all ones (QEMU's own machine gives zero). */
static bool is_empty(u64 at)
{
	return *(volatile u16 *)at == (on_plain_machine() ? 0 : 0xffff);
}

/* The BAR that holds the common configuration goes elsewhere and comes back. */
static void test_move(void)
{
	u64 at = gpu.common, old = 0, size = 0, moved = 0xf8000000;
	u32 bar, queues = *(volatile u16 *)(at + COMMON_NUM_QUEUES);

	for (bar = 0; bar < 6; bar++) {
		old = pci_bar_address(gpu.devfn, bar);
		size = pci_bar_size(gpu.devfn, bar);
		if (size && at >= old && at < old + size)
			break;
	}
	if (bar == 6 || queues != 2) {
		report(false, "the common configuration lies in a BAR and tells of 2 queues");
		return;
	}
	pci_write(gpu.devfn, PCI_BAR(bar), (u32)moved);
	if ((pci_read(gpu.devfn, PCI_BAR(bar)) & 7) == 4)
		pci_write(gpu.devfn, PCI_BAR(bar + 1), 0);
	report(*(volatile u16 *)(at - old + moved + COMMON_NUM_QUEUES) == 2,
	       "a moved BAR answers at its new place");
	report(is_empty(at + COMMON_NUM_QUEUES), "and not at its old one");
	pci_write16(gpu.devfn, PCI_COMMAND, PCI_COMMAND_MASTER);
	report(is_empty(at - old + moved + COMMON_NUM_QUEUES),
	       "with memory decoding off it does not answer");
	pci_write(gpu.devfn, PCI_BAR(bar), (u32)old);
	if ((pci_read(gpu.devfn, PCI_BAR(bar)) & 7) == 4)
		pci_write(gpu.devfn, PCI_BAR(bar + 1), (u32)(old >> 32));
	pci_write16(gpu.devfn, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	report(*(volatile u16 *)(at + COMMON_NUM_QUEUES) == 2, "moved back, it answers again");
}

/* One command to the display, hence one interrupt of the queue. */
static void ask(void)
{
	static u8 answer[512];
	struct vgpu_header h = { .type = VGPU_GET_DISPLAY_INFO };

	vgpu_command(&gpu, &h, sizeof(h), answer, 408);
}

static bool pin_status(void)
{
	return pci_read16(gpu.devfn, PCI_STATUS) & STATUS_INTERRUPT;
}

/* MSI-X was in use and is disabled, but the queue still has its vector. */
static void test_pin(u8 cap)
{
	u32 gsi = GUEST_PCI_INTX_GSI + (gpu.devfn >> 3) % 4;

	ioapic_route(gsi, VECTOR_MSI, apic_id());
	ask();
	report(interrupts_in(20000) == 1, "with MSI-X disabled, an answer interrupts by the pin");
	report(pin_status(), "and the status register tells of it");
	report(*(volatile u8 *)gpu.isr == 1 && !pin_status(), "until the ISR status is read");
	pci_write16(gpu.devfn, PCI_COMMAND,
		    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
	ask();
	report(interrupts_in(20000) == 0 && *(volatile u8 *)gpu.isr == 1,
	       "the pin can be switched off");
	pci_write16(gpu.devfn, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_write16(gpu.devfn, (u16)(cap + 2), MSIX_ENABLE);
	*(volatile u16 *)(gpu.common + COMMON_QUEUE_SELECT) = 0;
	*(volatile u16 *)(gpu.common + COMMON_QUEUE_MSIX) = NO_VECTOR;
	ask();
	report(interrupts_in(20000) == 0, "with MSI-X, a queue without a vector is silent");
	pci_write16(gpu.devfn, (u16)(cap + 2), 0);
	ioapic_mask(gsi);
}

static void test_msix(void)
{
	u8 cap = pci_capability(gpu.devfn, PCI_CAP_MSIX, 0);
	u32 control, table, pba;
	u64 entry, pending;

	report(cap != 0, "the display has MSI-X");
	if (!cap)
		return;
	control = pci_read16(gpu.devfn, (u16)(cap + 2));
	table = pci_read(gpu.devfn, (u16)(cap + 4));
	pba = pci_read(gpu.devfn, (u16)(cap + 8));
	entry = pci_bar_address(gpu.devfn, table & 7) + (table & ~7u) + 16; /* vector 1 */
	pending = pci_bar_address(gpu.devfn, pba & 7) + (pba & ~7u);
	report((control & 0x7ff) >= 1, "its table has %u entries", (control & 0x7ff) + 1);
	pci_write16(gpu.devfn, (u16)(cap + 2), MSIX_ENABLE);
	report(read32(entry + 12) & ENTRY_MASKED, "an entry begins masked");
	write32(entry, 0xfee00000 | apic_id() << 12);
	write32(entry + 4, 0);
	write32(entry + 8, VECTOR_MSI);
	write32(entry + 12, 0);
	report(read32(entry + 8) == VECTOR_MSI, "an entry reads back");
	report(vgpu_start(&gpu, 1), "the display starts with its queue on vector 1");
	report(*(volatile u16 *)(gpu.common + COMMON_QUEUE_MSIX) == 1, "the queue has vector 1");
	ask();
	report(interrupts_in(20000) == 1, "an answer interrupts by MSI-X");
	write32(entry + 12, ENTRY_MASKED);
	ask();
	report(interrupts_in(20000) == 0, "a masked entry does not interrupt");
	report(read32(pending) & 2, "but its pending bit is set");
	write32(entry + 12, 0);
	report(interrupts_in(20000) == 1, "unmasking delivers it");
	report(!(read32(pending) & 2), "and clears the pending bit");
	pci_write16(gpu.devfn, (u16)(cap + 2), MSIX_ENABLE | MSIX_MASK_ALL);
	ask();
	report(interrupts_in(20000) == 0, "the function mask holds all vectors back");
	pci_write16(gpu.devfn, (u16)(cap + 2), MSIX_ENABLE);
	report(interrupts_in(20000) == 1, "clearing it delivers");
	pci_write16(gpu.devfn, (u16)(cap + 2), 0);
	test_pin(cap);
}

void main(void)
{
	pic_init(0);
	apic_enable();
	trap_set_handler(VECTOR_MSI, on_msi);
	test_enumeration();
	if (!vgpu_find(&gpu)) {
		report(false, "there is a virtio-gpu");
		return;
	}
	test_config_sizes();
	test_bars();
	test_move();
	test_msix();
}
