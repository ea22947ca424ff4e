/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Layouts and numbers of the GPU device as the driver sees them: VIRTIO 1.2 section 5.7.
 * All fields little-endian.
 */
#ifndef DM_DEVICES_VIRTIO_GPU_PROTOCOL_H
#define DM_DEVICES_VIRTIO_GPU_PROTOCOL_H

#include <abi/range.h>

#define VIRTIO_GPU_F_VIRGL	   BIT(0)
#define VIRTIO_GPU_F_EDID	   BIT(1)
#define VIRTIO_GPU_F_RESOURCE_UUID BIT(2)
#define VIRTIO_GPU_F_RESOURCE_BLOB BIT(3)

#define GPU_MAX_SCANOUTS   16
#define GPU_CURSOR_SIZE	   64 /* pixels, both ways */
#define GPU_FLAG_FENCE	   BIT(0)
#define GPU_EVENT_DISPLAY  BIT(0)
#define GPU_BLOB_MEM_GUEST 1
#define GPU_BLOB_FLAGS	   7u /* mappable, shareable, cross-device */

enum gpu_command_type {
	GPU_CMD_GET_DISPLAY_INFO = 0x0100,
	GPU_CMD_RESOURCE_CREATE_2D,
	GPU_CMD_RESOURCE_UNREF,
	GPU_CMD_SET_SCANOUT,
	GPU_CMD_RESOURCE_FLUSH,
	GPU_CMD_TRANSFER_TO_HOST_2D,
	GPU_CMD_RESOURCE_ATTACH_BACKING,
	GPU_CMD_RESOURCE_DETACH_BACKING,
	GPU_CMD_GET_CAPSET_INFO,
	GPU_CMD_GET_CAPSET,
	GPU_CMD_GET_EDID,
	GPU_CMD_RESOURCE_ASSIGN_UUID,
	GPU_CMD_RESOURCE_CREATE_BLOB,
	GPU_CMD_SET_SCANOUT_BLOB,
	GPU_CMD_UPDATE_CURSOR = 0x0300,
	GPU_CMD_MOVE_CURSOR,

	GPU_OK_NODATA = 0x1100,
	GPU_OK_DISPLAY_INFO,
	GPU_OK_CAPSET_INFO,
	GPU_OK_CAPSET,
	GPU_OK_EDID,
	GPU_OK_RESOURCE_UUID,
	GPU_ERR_UNSPEC = 0x1200,
	GPU_ERR_OUT_OF_MEMORY,
	GPU_ERR_INVALID_SCANOUT_ID,
	GPU_ERR_INVALID_RESOURCE_ID,
	GPU_ERR_INVALID_CONTEXT_ID,
	GPU_ERR_INVALID_PARAMETER,
};

struct gpu_header {
	u32 type;
	u32 flags;
	u64 fence_id;
	u32 ctx_id;
	u8 ring_idx;
	u8 padding[3];
};

struct gpu_create_2d {
	struct gpu_header header;
	u32 resource_id, format, width, height;
};

struct gpu_resource_command { /* UNREF, DETACH_BACKING, ASSIGN_UUID */
	struct gpu_header header;
	u32 resource_id, padding;
};

struct gpu_set_scanout {
	struct gpu_header header;
	struct rect r;
	u32 scanout_id, resource_id;
};

struct gpu_set_scanout_blob {
	struct gpu_header header;
	struct rect r;
	u32 scanout_id, resource_id, width, height, format, padding;
	u32 strides[4], offsets[4];
};

struct gpu_flush {
	struct gpu_header header;
	struct rect r;
	u32 resource_id, padding;
};

struct gpu_transfer {
	struct gpu_header header;
	struct rect r;
	u64 offset;
	u32 resource_id, padding;
};

struct gpu_attach { /* followed by nr_entries x gpu_mem_entry */
	struct gpu_header header;
	u32 resource_id, nr_entries;
};

struct gpu_mem_entry {
	u64 addr;
	u32 len, padding;
};

struct gpu_create_blob { /* followed by nr_entries x gpu_mem_entry */
	struct gpu_header header;
	u32 resource_id, blob_mem, blob_flags, nr_entries;
	u64 blob_id, size;
};

struct gpu_get_edid {
	struct gpu_header header;
	u32 scanout, padding;
};

struct gpu_update_cursor { /* MOVE_CURSOR uses only the position */
	struct gpu_header header;
	u32 scanout_id, x, y, padding0;
	u32 resource_id, hot_x, hot_y, padding1;
};

struct gpu_display_info {
	struct gpu_header header;
	struct {
		struct rect r;
		u32 enabled, flags;
	} modes[GPU_MAX_SCANOUTS];
};

struct gpu_edid {
	struct gpu_header header;
	u32 size, padding;
	u8 edid[1024];
};

struct gpu_uuid {
	struct gpu_header header;
	u8 uuid[16];
};

struct gpu_config {
	u32 events_read, events_clear, num_scanouts, num_capsets;
};

_Static_assert(sizeof(struct gpu_header) == 24, "VIRTIO 1.2 section 5.7.6.7");
_Static_assert(sizeof(struct gpu_set_scanout_blob) == 96, "VIRTIO 1.2 section 5.7.6.8");
_Static_assert(sizeof(struct gpu_create_blob) == 56, "VIRTIO 1.2 section 5.7.6.8");
_Static_assert(sizeof(struct gpu_transfer) == 56, "VIRTIO 1.2 section 5.7.6.8");
_Static_assert(sizeof(struct gpu_display_info) == 408, "VIRTIO 1.2 section 5.7.6.8");
_Static_assert(sizeof(struct gpu_edid) == 1056, "VIRTIO 1.2 section 5.7.6.8");
_Static_assert(sizeof(struct gpu_update_cursor) == 56, "VIRTIO 1.2 section 5.7.6.10");

#endif
