/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What a virtio device looks like in PCI configuration space: header, capabilities, BARs
 * (VIRTIO 1.2 sections 4.1.2 and 4.1.4), and its doorbells. Holds no state.
 */
#include "virtio_pci.h"
#include "dm/runtime.h"

enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_PCI };
enum { PCI_CAP_VENDOR = 0x09, PCI_CAP_MSIX = 0x11 };

#define VIRTIO_VENDOR	  0x1af4
#define FIRST_CAP	  0x40
#define MSIX_PBA	  0x800
#define PCI_STATUS_CAPS	  0x10
#define PCI_CLASS_DISPLAY 0x03
#define PCI_CLASS_VGA	  0x030000

struct builder {
	struct pci_template t;
	u8 link; /* where the offset of the next capability goes */
	u8 next; /* where that will be */
};

static void put(u8 *config, u32 offset, u32 value, u32 size)
{
	memcpy(config + offset, &value, size);
}

static u8 *add_cap(struct builder *b, u8 id, u8 len)
{
	u8 *cap = b->t.config + b->next;

	b->t.config[b->link] = b->next;
	cap[0] = id;
	b->link = (u8)(b->next + 1);
	b->next = (u8)(b->next + ((len + 3) & ~3));
	return cap;
}

static u8 *add_virtio_cap(struct builder *b, u8 type, u8 bar, u32 offset, u32 len)
{
	u8 size = type == CAP_NOTIFY || type == CAP_PCI ? 20 : 16;
	u8 *cap = add_cap(b, PCI_CAP_VENDOR, size);

	cap[2] = size;
	cap[3] = type;
	cap[4] = bar;
	put(cap, 8, offset, 4);
	put(cap, 12, len, 4);
	return cap;
}

static void add_caps(struct builder *b, const struct virtio_device *vd, u16 vectors)
{
	u8 *cap = add_cap(b, PCI_CAP_MSIX, 12);

	b->t.msix_cap = (u8)(cap - b->t.config);
	b->t.msix_vectors = vectors;
	b->t.msix_bar = VIRTIO_MSIX_BAR;
	b->t.msix_pba = MSIX_PBA;
	put(cap, 2, vectors - 1u, 2);
	put(cap, 4, VIRTIO_MSIX_BAR, 4);
	put(cap, 8, MSIX_PBA | VIRTIO_MSIX_BAR, 4);
	add_virtio_cap(b, CAP_COMMON, VIRTIO_BAR, VIRTIO_COMMON, VIRTIO_ISR - VIRTIO_COMMON);
	add_virtio_cap(b, CAP_ISR, VIRTIO_BAR, VIRTIO_ISR, VIRTIO_DEVICE - VIRTIO_ISR);
	if (vd->ops->config_len)
		add_virtio_cap(b, CAP_DEVICE, VIRTIO_BAR, VIRTIO_DEVICE,
			       VIRTIO_NOTIFY - VIRTIO_DEVICE);
	cap = add_virtio_cap(b, CAP_NOTIFY, VIRTIO_BAR, VIRTIO_NOTIFY,
			     (u32)VIRTIO_BAR_SIZE - VIRTIO_NOTIFY);
	put(cap, 16, VIRTIO_NOTIFY_MULTIPLIER, 4);
	add_virtio_cap(b, CAP_NOTIFY, VIRTIO_NOTIFY_BAR, 0, 4);
	cap = add_virtio_cap(b, CAP_PCI, 0, 0, 0);
	b->t.window_cap = (u8)(cap - b->t.config);
	b->t.writable[b->t.window_cap + 4] = 0xff;
	memset(b->t.writable + b->t.window_cap + 8, 0xff, 12);
}

static void add_header(struct builder *b, const struct virtio_identity *id)
{
	u8 *config = b->t.config;

	put(config, 0x00, VIRTIO_VENDOR, 2);
	put(config, 0x02, id->device, 2);
	put(config, 0x06, PCI_STATUS_CAPS, 2);
	put(config, 0x08, id->class_code << 8 | 1, 4); /* revision 1: modern */
	put(config, 0x2c, VIRTIO_VENDOR, 2);
	put(config, 0x2e, id->subsystem, 2);
	config[0x3d] = 1; /* INTA */
	b->link = 0x34;
	b->next = FIRST_CAP;
}

int virtio_pci_create(struct virtio_device *vd, const struct virtio_identity *id)
{
	static struct builder b;
	int err;

	memset(&b, 0, sizeof(b));
	b.t.devfn = id->devfn;
	b.t.rom_file = id->class_code >> 16 == PCI_CLASS_DISPLAY ? vd->dev->vm->config->option_rom
								 : FILE_NONE;
	b.t.bars[0] = id->bar0;
	/* UEFI's PCI bus driver counts a BAR of 64 bits once, and then takes BAR 5 for BAR 4: so
	 * only the union device, which it drives as VGA, has one. */
	b.t.bars[VIRTIO_BAR] =
		(struct pci_bar_template){ .size = VIRTIO_BAR_SIZE,
					   .kind = PCI_BAR_MMIO,
					   .is_64bit = id->class_code == PCI_CLASS_VGA };
	b.t.bars[VIRTIO_MSIX_BAR] =
		(struct pci_bar_template){ .size = KIB(4), .kind = PCI_BAR_MMIO };
	b.t.bars[VIRTIO_NOTIFY_BAR] = (struct pci_bar_template){ .size = 4, .kind = PCI_BAR_IO };
	add_header(&b, id);
	add_caps(&b, vd, id->msix_vectors);
	err = bus_add_pci(vd->dev, &b.t);
	for (u32 i = 0; !err && i < vd->ops->queue_count; i++) {
		u64 offset = VIRTIO_NOTIFY + i * VIRTIO_NOTIFY_MULTIPLIER;

		err = bus_add_doorbell(vd->dev, VIRTIO_BAR, offset, 2, i);
		if (!err)
			err = bus_add_doorbell(vd->dev, VIRTIO_BAR, offset, 4, i);
	}
	return err;
}
