/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device "bochs": 1234:1111 revision 2, a VGA with the bochs display interface and no virtio.
 * BAR 0 is VRAM; BAR 2 has EDID at 0, VGA registers at 0x400, dispi at 0x500, QEXT at 0x600. The
 * screen is always the VGA model's.
 */
#include "dm/devices.h"
#include "dm/bus.h"
#include "monitors.h"
#include "vga_internal.h"

#define BOCHS_VENDOR   0x1234
#define BOCHS_DEVICE   0x1111
#define BOCHS_DEVFN    (2 << 3)
#define BOCHS_REVISION 2
#define BOCHS_BAR_SIZE KIB(4)

struct bochs_state {
	struct vga_state vga;
	struct monitors monitors;
};

static struct bochs {
	struct vga vga;
	struct bochs_state *state;
	u8 edid[EDID_MAX];
} devices[MAX_VMS];

static void replug(struct dm_device *dev, u32 exchanged)
{
	struct bochs *b = dev->priv;

	(void)exchanged;
	(void)monitors_edid(dev->vm, &b->state->monitors, 0, b->edid);
}

static struct monitors *monitors(struct dm_device *dev)
{
	struct bochs *b = dev->priv;

	return &b->state->monitors;
}

static int create(struct dm_device *dev)
{
	struct bochs *b = &devices[dev->vm->index];
	struct pci_template t = {
		.devfn = BOCHS_DEVFN,
		.rom_file = dev->vm->config->option_rom,
		.config = { [0] = BOCHS_VENDOR & 0xff,
			    BOCHS_VENDOR >> 8,
			    BOCHS_DEVICE & 0xff,
			    BOCHS_DEVICE >> 8,
			    [8] = BOCHS_REVISION,
			    0x00,
			    0x00,
			    0x03,
			    [0x2c] = 0xf4,
			    0x1a,
			    0x00,
			    0x11 },
	};
	int rc;

	dev->priv = b;
	b->state = dev->state;
	vga_bind(&b->vga, dev, &b->state->vga);
	replug(dev, 0);
	t.bars[0] = (struct pci_bar_template){ .size = b->vga.vram_size,
					       .kind = PCI_BAR_VRAM,
					       .prefetch = 1 };
	t.bars[2] = (struct pci_bar_template){ .size = BOCHS_BAR_SIZE, .kind = PCI_BAR_MMIO };
	rc = vga_register(&b->vga);
	return rc ? rc : bus_add_pci(dev, &t);
}

static void show(struct dm_device *dev)
{
	struct bochs *b = dev->priv;

	vga_show(&b->vga, true);
	dev->deadline = b->vga.deadline;
}

static void reset(struct dm_device *dev)
{
	struct bochs *b = dev->priv;

	vga_reset(&b->vga);
	show(dev);
}

static int adopt(struct dm_device *dev)
{
	struct bochs *b = dev->priv;

	if (!vga_adopt(&b->vga))
		return -EINVAL;
	show(dev);
	return 0;
}

static void access(struct dm_device *dev, struct dm_access *a)
{
	struct bochs *b = dev->priv;

	if (vga_access(&b->vga, a)) {
		dev->deadline = b->vga.deadline;
	} else if (a->space == IOREQ_PCI_BAR && a->bar == 2 && !a->write) {
		a->value = 0;
		if (a->addr < EDID_MAX)
			memcpy(&a->value, b->edid + a->addr, MIN(a->size, EDID_MAX - a->addr));
	}
}

static void timer(struct dm_device *dev)
{
	struct bochs *b = dev->priv;

	vga_timer(&b->vga);
	dev->deadline = b->vga.deadline;
}

static bool wanted(const struct vm_config *config)
{
	return config->display == DISPLAY_BOCHS;
}

const struct dm_device_ops bochs_ops = {
	.name = "bochs",
	.state_size = sizeof(struct bochs_state),
	.wanted = wanted,
	.create = create,
	.reset = reset,
	.adopt = adopt,
	.access = access,
	.timer = timer,
	.max_monitors = 1,
	.monitors = monitors,
	.replug = replug,
};
