/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The display device: virtio-gpu alone (class 0x0380), or as the union device "virtio-vga", which
 * is a VGA with the bochs display interface besides (vga.h), for software that does not know
 * virtio. While the driver has set no scanout on the first head, the VGA has it.
 *
 * BAR 2 below the virtio structures: EDID at 0, then what vga.h says.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

#define GPU_DEVICE_ID 0x1050
#define GPU_SUBSYSTEM 0x1100
#define GPU_DEVFN     (2 << 3)

/* How long an exchanged monitor is unplugged: programs must notice that it was gone. */
#define AWAY_US 1000000

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
	gpu->state->away = 0;
	memset(gpu->ticks, 0, sizeof(gpu->ticks));
}

static const struct virtio_device_ops gpu_virtio_ops = {
	.features = VIRTIO_TRANSPORT_FEATURES | VIRTIO_GPU_F_EDID | VIRTIO_GPU_F_RESOURCE_UUID |
		    VIRTIO_GPU_F_RESOURCE_BLOB,
	.queue_count = GPU_QUEUES,
	.queue_size = { 256, 64 },
	.config_len = sizeof(struct gpu_config),
	.config_read = config_read,
	.config_write = config_write,
	.reset = driver_reset,
	.handle = gpu_handle,
};

/* Readies what the monitors decide. */
static void show_monitors(struct gpu *gpu)
{
	const struct monitors *monitors = &gpu->state->monitors;

	(void)monitors_edid(gpu->dev->vm, monitors, 0, gpu->edid);
	display_plug(gpu->dev->vm, monitors_count(gpu->dev->vm, monitors));
}

static void bind(struct dm_device *dev, bool vga)
{
	struct gpu *gpu = &gpus[dev->vm->index];
	u64 size = 0;

	dev->priv = gpu;
	gpu->dev = dev;
	gpu->state = dev->state;
	gpu->vd = (struct virtio_device){ .ops = &gpu_virtio_ops,
					  .dev = dev,
					  .state = &gpu->state->virtio };
	gpu->done = 0;
	gpu->cleared = (struct gpu_extent){ 0 };
	gpu->heads = GPU_MAX_SCANOUTS;
	gpu->max_entries = dev->vm->config->gpu_entries;
	gpu->has_vga = vga;
	gpu->back_at = time_now() + time_from_us(AWAY_US);
	memset(gpu->ticks, 0, sizeof(gpu->ticks));
	gpu->pool = state_pool(dev->vm->index, &size);
	gpu->pool_pages = (u32)MIN(size / PAGE_SIZE, GPU_MAX_POOL_PAGES);
	if (vga)
		vga_bind(&gpu->vga, dev, &gpu->state->vga);
	show_monitors(gpu);
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
	if (!gpu->pool_pages)
		return -ENOMEM;
	if (vga) {
		id.bar0 = (struct pci_bar_template){ .size = gpu->vga.vram_size,
						     .kind = PCI_BAR_VRAM,
						     .prefetch = 1 };
		err = vga_register(&gpu->vga);
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

/* The VGA part is looked at when its time has come, and monitors that are away return. */
static void schedule(struct gpu *gpu)
{
	if (gpu->state->away)
		gpu->dev->deadline = MIN(gpu->dev->deadline, gpu->back_at);
	if (gpu->has_vga)
		gpu->dev->deadline = MIN(gpu->dev->deadline, gpu->vga.deadline);
}

static void reset(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	if (gpu->has_vga)
		vga_reset(&gpu->vga);
	driver_reset(&gpu->vd);
	virtio_pci_reset(&gpu->vd);
	schedule(gpu);
}

static int adopt(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;
	int err;

	if (gpu->has_vga && !vga_adopt(&gpu->vga))
		return -EINVAL;
	err = virtio_pci_adopt(&gpu->vd);
	if (err)
		return err;
	if (gpu->state->events) /* the interrupt may not have been raised */
		virtio_pci_config_changed(&gpu->vd);
	gpu_resources_adopt(gpu);
	gpu_scanouts_adopt(gpu);
	gpu_cursors_adopt(gpu);
	schedule(gpu);
	return 0;
}

/* Section 5.7.4.1: the driver is told to ask again. */
static void tell_driver(struct gpu *gpu)
{
	gpu->state->events |= GPU_EVENT_DISPLAY;
	virtio_pci_config_changed(&gpu->vd);
}

void gpu_monitors_told(struct gpu *gpu)
{
	if (gpu->state->away && gpu->back_at == DM_NO_DEADLINE)
		gpu->back_at = time_now() + time_from_us(AWAY_US);
}

static void timer(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	virtio_pci_timer(&gpu->vd);
	if (gpu->state->away && time_now() >= gpu->back_at) {
		gpu->state->away = 0;
		tell_driver(gpu);
	}
	if (gpu->has_vga && vga_takes_over(&gpu->vga))
		gpu_scanout_show(gpu, 0);
	if (gpu->has_vga)
		vga_timer(&gpu->vga);
	schedule(gpu);
}

static void vram_written(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	vga_written(&gpu->vga);
	schedule(gpu);
}

static struct monitors *monitors(struct dm_device *dev)
{
	struct gpu *gpu = dev->priv;

	return &gpu->state->monitors;
}

/* A monitor with another mode is unplugged first, as a real one would be: many a compositor keeps
 * the mode of an output as long as that stays connected. */
static void replug(struct dm_device *dev, u32 exchanged)
{
	struct gpu *gpu = dev->priv;

	show_monitors(gpu);
	gpu_scanouts_show(gpu);
	if (!gpu->state->away)
		gpu->back_at = DM_NO_DEADLINE;
	gpu->state->away |= exchanged;
	tell_driver(gpu);
	schedule(gpu);
}

static void edid_read(const struct gpu *gpu, struct dm_access *a)
{
	a->value = 0;
	if (a->addr < EDID_MAX)
		memcpy(&a->value, gpu->edid + a->addr, MIN(a->size, EDID_MAX - a->addr));
}

static void gpu_access(struct dm_device *dev, struct dm_access *a)
{
	struct gpu *gpu = dev->priv;
	bool is_bar = a->space == IOREQ_PCI_BAR;

	if (is_bar && (a->bar == VIRTIO_NOTIFY_BAR || a->addr >= VIRTIO_COMMON))
		virtio_pci_access(&gpu->vd, a);
	else if (is_bar && a->addr < KIB(1) && !a->write)
		edid_read(gpu, a);
	else if (gpu->has_vga)
		(void)vga_access(&gpu->vga, a);
	schedule(gpu);
}

static void doorbell(struct dm_device *dev, unsigned queue)
{
	struct gpu *gpu = dev->priv;

	virtio_pci_queue(&gpu->vd, queue);
	schedule(gpu);
}

struct gpu_usage gpu_usage(const struct dm_vm *vm)
{
	const struct gpu *gpu = &gpus[vm->index];
	struct gpu_usage usage = { 0 };

	if (gpu->dev) {
		usage = gpu_resources_usage(gpu);
		usage.fence_latest = gpu->vd.latest;
	}
	return usage;
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
	.vram_written = vram_written,
	.doorbell = doorbell,
	.timer = timer,
	.max_monitors = MONITORS_MAX,
	.monitors = monitors,
	.replug = replug,
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
	.max_monitors = MONITORS_MAX,
	.monitors = monitors,
	.replug = replug,
};
