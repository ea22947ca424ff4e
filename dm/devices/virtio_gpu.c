/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The display device: virtio-gpu alone (class 0x0380), or as the union device "virtio-vga", which
 * has the linear framebuffer in BAR 0 and the bochs registers besides, for software that does not
 * know virtio. While the driver has set no scanout, the linear framebuffer is shown.
 *
 * BAR 2 below the virtio structures: EDID at 0, VGA registers at 0x400, bochs registers at 0x500,
 * QEXT at 0x600.
 */
#include "virtio_gpu.h"
#include "edid.h"
#include "dm/runtime.h"

#define GPU_DEVICE_ID 0x1050
#define GPU_SUBSYSTEM 0x1100
#define GPU_DEVFN     (2 << 3)
#define VRAM_BAR_SIZE MIB(16)
#define BAR_DISPI     0x500
#define BAR_QEXT      0x600
#define QEXT_SIZE     8
#define QEXT_LITTLE   0x1e1e1e1e
#define FULL_RECT     (&(struct rect){ 0, 0, 0xffff, 0xffff })

static struct gpu gpus[MAX_VMS];

static void config_read(struct virtio_device *vd, u8 *config)
{
	const struct gpu *gpu = container_of(vd, struct gpu, vd);
	struct gpu_config c = { .events_read = gpu->state->events, .num_scanouts = gpu->heads };

	memcpy(config, &c, sizeof(c));
}

static void config_write(struct virtio_device *vd, u32 offset, u32 size, u32 value)
{
	struct gpu *gpu = container_of(vd, struct gpu, vd);

	if (offset == offsetof(struct gpu_config, events_clear) && size == 4)
		gpu->state->events &= ~value;
}

static void driver_reset(struct virtio_device *vd)
{
	struct gpu *gpu = container_of(vd, struct gpu, vd);

	gpu_scanouts_reset(gpu);
	gpu_cursors_reset(gpu);
	gpu_resources_reset(gpu);
	gpu->state->events = 0;
}

static const struct virtio_device_ops gpu_virtio_ops = {
	.features = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
		    VIRTIO_GPU_F_EDID | VIRTIO_GPU_F_RESOURCE_BLOB,
	.queue_count = GPU_QUEUES,
	.queue_size = { 256, 64 },
	.config_len = sizeof(struct gpu_config),
	.config_read = config_read,
	.config_write = config_write,
	.reset = driver_reset,
	.handle = gpu_handle,
};

static void bind(struct dm_device *dev, bool vga)
{
	struct gpu *gpu = &gpus[dev->vm->index];
	const struct vm_config *config = dev->vm->config;
	u32 refresh = dm_info->config.refresh;
	u64 size = 0;

	dev->priv = gpu;
	gpu->dev = dev;
	gpu->state = dev->state;
	gpu->vd = (struct virtio_device){ &gpu_virtio_ops, dev, &gpu->state->virtio };
	gpu->heads = MIN(MAX(config->heads, 1), GPU_MAX_SCANOUTS);
	gpu->vga = vga;
	gpu->pool = state_pool(dev->vm->index, &size);
	gpu->pool_pages = (u32)MIN(size / PAGE_SIZE, GPU_MAX_POOL_PAGES);
	if (vga)
		dispi_bind(&gpu->dispi, dev->vm, &gpu->state->dispi);
	edid_make(gpu->edid, config->width, config->height, refresh ? refresh : 60,
		  dev->vm->index + 1);
}

static int create(struct dm_device *dev, bool vga)
{
	struct virtio_identity id = { .devfn = GPU_DEVFN,
				      .device = GPU_DEVICE_ID,
				      .subsystem = GPU_SUBSYSTEM,
				      .class_code = vga ? 0x030000 : 0x038000,
				      .msix_vectors = GPU_QUEUES + 1 };
	struct gpu *gpu;
	int err;

	bind(dev, vga);
	gpu = dev->priv;
	if (gpu->pool_pages < gpu->heads * (GPU_CURSOR_BYTES / PAGE_SIZE))
		return -ENOMEM;
	if (vga) {
		id.bar0 = (struct pci_bar_template){ .size = VRAM_BAR_SIZE,
						     .kind = PCI_BAR_VRAM,
						     .prefetch = 1 };
		err = bus_add_ports(dev, DISPI_PORT, DISPI_PORT_COUNT);
		if (err)
			return err;
	}
	return virtio_pci_create(&gpu->vd, &id);
}

static int vga_create(struct dm_device *dev)
{
	return create(dev, true);
}

static int gpu_create(struct dm_device *dev)
{
	return create(dev, false);
}

static void reset(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	if (gpu->vga)
		dispi_reset(&gpu->dispi);
	driver_reset(&gpu->vd);
	virtio_pci_reset(&gpu->vd);
}

static int adopt(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;
	int err;

	if (gpu->vga && !dispi_adopt(&gpu->dispi))
		return -EINVAL;
	err = virtio_pci_adopt(&gpu->vd);
	if (err)
		return err;
	gpu_resources_adopt(gpu);
	gpu_cursors_adopt(gpu);
	gpu_scanouts_adopt(gpu);
	return 0;
}

/* The linear framebuffer is on show: no virtio scanout on the first head, and a mode is set. */
static bool lfb_shown(const struct gpu *gpu)
{
	struct surface surface;

	return gpu->vga && !gpu->state->scanouts[0].resource_id &&
	       dispi_surface(&gpu->dispi, &surface);
}

/* Guests draw into the linear framebuffer without telling: it is painted at the refresh rate. */
static void lfb_schedule(struct gpu *gpu)
{
	u32 refresh = dm_info->config.refresh;

	if (lfb_shown(gpu))
		gpu->dev->deadline =
			MIN(gpu->dev->deadline,
			    time_now() + time_from_us(1000000 / (refresh ? refresh : 60)));
}

static void lfb_changed(struct gpu *gpu)
{
	if (gpu->state->scanouts[0].resource_id)
		return;
	gpu_scanout_show(gpu, 0);
	display_damage(gpu->dev->vm, 0, FULL_RECT);
	lfb_schedule(gpu);
}

static void timer(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	virtio_pci_timer(&gpu->vd);
	if (lfb_shown(gpu))
		display_damage(dev->vm, 0, FULL_RECT);
	lfb_schedule(gpu);
}

static void bar_read(struct gpu *gpu, struct dm_access *a)
{
	if (a->addr < KIB(1)) {
		a->value = 0;
		if (a->addr < EDID_SIZE)
			memcpy(&a->value, gpu->edid + a->addr, MIN(a->size, EDID_SIZE - a->addr));
	} else if (range_inside(a->addr, a->size, BAR_DISPI, 2 * DISPI_COUNT)) {
		if (gpu->vga && a->size == 2 && !(a->addr & 1))
			a->value = dispi_read(&gpu->dispi, (u32)(a->addr - BAR_DISPI) / 2);
	} else if (gpu->vga && a->size == 4 && (a->addr == BAR_QEXT || a->addr == BAR_QEXT + 4)) {
		a->value = a->addr == BAR_QEXT ? QEXT_SIZE : QEXT_LITTLE;
	}
}

static void bar_access(struct gpu *gpu, struct dm_access *a)
{
	if (a->bar == VIRTIO_NOTIFY_BAR || a->addr >= VIRTIO_COMMON) {
		virtio_pci_access(&gpu->vd, a);
		lfb_schedule(gpu);
	} else if (!a->write) {
		bar_read(gpu, a);
	} else if (gpu->vga && a->size == 2 && !(a->addr & 1) &&
		   range_inside(a->addr, 2, BAR_DISPI, 2 * DISPI_COUNT)) {
		if (dispi_write(&gpu->dispi, (u32)(a->addr - BAR_DISPI) / 2, (u16)a->value))
			lfb_changed(gpu);
	}
}

static void gpu_access(struct dm_device *dev, struct dm_access *a)
{
	struct gpu *gpu = dev->priv;

	if (a->space == IOREQ_PIO) {
		if (dispi_port(&gpu->dispi, a))
			lfb_changed(gpu);
	} else {
		bar_access(gpu, a);
	}
}

static void doorbell(struct dm_device *dev, unsigned queue)
{
	struct gpu *gpu = dev->priv;

	virtio_pci_queue(&gpu->vd, queue);
	lfb_schedule(gpu); /* the driver may have turned its scanout off */
}

static bool vga_wanted(const struct vm_config *config)
{
	return config->display == DISPLAY_VIRTIO_VGA;
}

static bool gpu_wanted(const struct vm_config *config)
{
	return config->display == DISPLAY_VIRTIO_GPU;
}

const struct dm_device_ops virtio_vga_ops = {
	.name = "virtio-vga",
	.state_size = sizeof(struct gpu_state),
	.wanted = vga_wanted,
	.create = vga_create,
	.reset = reset,
	.adopt = adopt,
	.access = gpu_access,
	.doorbell = doorbell,
	.timer = timer,
};

const struct dm_device_ops virtio_gpu_ops = {
	.name = "virtio-gpu",
	.state_size = sizeof(struct gpu_state),
	.wanted = gpu_wanted,
	.create = gpu_create,
	.reset = reset,
	.adopt = adopt,
	.access = gpu_access,
	.doorbell = doorbell,
	.timer = timer,
};
