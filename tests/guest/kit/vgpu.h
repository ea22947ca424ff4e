/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A virtio-gpu driver by polling: one command, one answer. VIRTIO 1.2, 2.7
 * (split virtqueues), 4.1.4 (PCI capabilities), 5.7 (GPU device).
 */
#ifndef KIT_VGPU_H
#define KIT_VGPU_H

#include "kit.h"

enum vgpu_command {
	VGPU_GET_DISPLAY_INFO = 0x100,
	VGPU_RESOURCE_CREATE_2D,
	VGPU_RESOURCE_UNREF,
	VGPU_SET_SCANOUT,
	VGPU_RESOURCE_FLUSH,
	VGPU_TRANSFER_TO_HOST_2D,
	VGPU_RESOURCE_ATTACH_BACKING,
	VGPU_RESOURCE_DETACH_BACKING,
	VGPU_GET_CAPSET_INFO,
	VGPU_GET_CAPSET,
	VGPU_GET_EDID,
	VGPU_OK_NODATA = 0x1100,
	VGPU_OK_DISPLAY_INFO,
	VGPU_OK_EDID = 0x1104,
	VGPU_ERR_UNSPEC = 0x1200,
	VGPU_ERR_OUT_OF_MEMORY,
	VGPU_ERR_INVALID_SCANOUT_ID,
	VGPU_ERR_INVALID_RESOURCE_ID,
	VGPU_ERR_INVALID_CONTEXT_ID,
	VGPU_ERR_INVALID_PARAMETER,
};
#define VGPU_FORMAT_BGRX 2u
#define VGPU_FLAG_FENCE	 1u
#define VGPU_MAX_PIECES	 8
#define VGPU_QUEUES	 2 /* control, cursor */

struct vgpu_header {
	u32 type, flags;
	u64 fence;
	u32 context;
	u8 ring, reserved[3];
};
struct vgpu_rect {
	u32 x, y, width, height;
};
struct vgpu_piece {
	u64 address;
	u32 len, reserved;
};

/* virtio_pci_common_cfg */
enum vgpu_common {
	COMMON_DEVICE_FEATURE_SELECT = 0,
	COMMON_DEVICE_FEATURE = 4,
	COMMON_DRIVER_FEATURE_SELECT = 8,
	COMMON_DRIVER_FEATURE = 12,
	COMMON_MSIX_CONFIG = 16,
	COMMON_NUM_QUEUES = 18,
	COMMON_STATUS = 20,
	COMMON_GENERATION = 21,
	COMMON_QUEUE_SELECT = 22,
	COMMON_QUEUE_SIZE = 24,
	COMMON_QUEUE_MSIX = 26,
	COMMON_QUEUE_ENABLE = 28,
	COMMON_QUEUE_NOTIFY = 30,
	COMMON_QUEUE_DESC = 32,
	COMMON_QUEUE_DRIVER = 40,
	COMMON_QUEUE_DEVICE = 48,
};
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define NO_VECTOR	   0xffffu

struct vgpu {
	u8 devfn;
	u64 common, device_config, isr, notify; /* addresses */
	u32 features;				/* offered, the low 32 bits */
};

/* Finds the device and its structures. False: there is none. */
bool vgpu_find(struct vgpu *g);
/* Reset, VERSION_1, both queues. Their interrupt goes to that MSI-X vector, or NO_VECTOR. */
bool vgpu_start(struct vgpu *g, u16 vector);
/* The same with other features (the low 32 bits). */
bool vgpu_start_with(struct vgpu *g, u32 features, u16 vector);
/* Sends on queue n; how many bytes the device says it wrote, or -1 after five seconds. */
s64 vgpu_send(struct vgpu *g, u16 n, const void *command, u32 len, void *answer, u32 answer_len);
/* Sends a command of `len` bytes; the answer's type, or 0 after five seconds without one. */
u32 vgpu_command(struct vgpu *g, const void *command, u32 len, void *answer, u32 answer_len);

/* The commands with fixed shapes; the answer's type. */
u32 vgpu_create(struct vgpu *g, u32 resource, u32 format, u32 width, u32 height);
u32 vgpu_attach(struct vgpu *g, u32 resource, const struct vgpu_piece *pieces, u32 count);
u32 vgpu_scanout(struct vgpu *g, u32 scanout, u32 resource, struct vgpu_rect r);
u32 vgpu_transfer(struct vgpu *g, u32 resource, struct vgpu_rect r, u64 offset);
u32 vgpu_flush(struct vgpu *g, u32 resource, struct vgpu_rect r);
u32 vgpu_simple(struct vgpu *g, enum vgpu_command type, u32 resource); /* unref, detach */

#endif
