/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The machine's network card as the device domain gets it: one, found by the hypervisor at start
 * when [network] is on. The domain has its registers (memory BARs, uncached) and an area of memory
 * that the card may be told to use. The hypervisor keeps configuration space and the MSI-X table:
 * the card's one interrupt arrives as HOST_EVENT_NET.
 *
 * Bus mastering is off at start and whenever the domain starts again, until HC_NIC_ENABLE: by then
 * the driver has reset the card and made its rings anew. Nothing but bus mastering holds the card
 * back: without an IOMMU whoever programs it can have it read and write all memory.
 */
#ifndef ABI_NIC_H
#define ABI_NIC_H

#include <abi/types.h>

#define DM_NIC_BASE	0x11000000ULL /* + bar * DM_NIC_STRIDE */
#define DM_NIC_STRIDE	MIB(1)	      /* of a larger BAR the beginning is mapped */
#define DM_NIC_DMA_BASE 0x12000000ULL /* WB memory for the card, contiguous */
#define DM_NIC_DMA_SIZE MIB(2)
/* The servers' memory: not cleared, and there with a card only. */
#define DM_NET_BASE 0x13000000ULL
#define DM_NET_SIZE MIB(64)

enum nic_kind { /* which driver */
		NIC_NONE,
		NIC_E1000,  /* 8254x: PCI */
		NIC_E1000E, /* 82574 and the I217 to I219 */
		NIC_VIRTIO, /* VIRTIO 1.0 */
};

enum nic_irq {
	NIC_IRQ_LINE,  /* level-triggered: masked when it fired, until HC_IRQ_UNMASK */
	NIC_IRQ_MSI,   /* never masked */
	NIC_IRQ_MSI_X, /* entry 0; never masked */
};

struct dm_nic {
	u32 kind; /* enum nic_kind */
	u32 irq;  /* enum nic_irq */
	u16 vendor, device;
	u16 location; /* bus << 8 | device << 3 | function */
	u16 reserved;
	u64 bar[6]; /* where the BAR's registers are in the domain's space; 0: not there */
	u64 bar_len[6];
	u64 dma_phys;	/* what the card calls DM_NIC_DMA_BASE */
	u8 config[256]; /* configuration space as found */
};

#endif
