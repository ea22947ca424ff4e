/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The virtio-gpu device's inside (VIRTIO 1.2 section 5.7), shared by the virtio_gpu*.c files:
 *
 *   virtio_gpu.c		the device: creation, reset, adoption, configuration
 *   virtio_gpu_commands.c	decodes a request, calls one of the below, answers
 *   virtio_gpu_resources.c	the resource table
 *   virtio_gpu_backing.c	guest memory behind resources, transfers
 *   virtio_gpu_pool.c		the guest's part of the picture pool, in pages
 *   virtio_gpu_scanouts.c	scanouts and flushes
 *   virtio_gpu_pace.c		when flushes are answered
 *   virtio_gpu_cursor.c	cursors
 *
 * struct gpu_state is what outlives a restart of dm. An entry's deciding field (a resource's id, a
 * backing's run_count, a scanout's resource_id) is stored last when it comes to be and first when
 * it goes, so that at each instant the tables make sense. Functions that carry out a command
 * return GPU_OK_NODATA or the GPU_ERR_ code to answer with; those that change something call
 * gpu_begin() once everything is checked, and may be called again for the same command after a
 * restart, when `redo` tells them that its own traces are no error. What takes long is done in
 * parts: GPU_AGAIN, and the same command comes again, with gpu->done as it was left (though the
 * guest may have changed everything in it).
 */
#ifndef DM_DEVICES_VIRTIO_GPU_H
#define DM_DEVICES_VIRTIO_GPU_H

#include "dm/display/display.h"
#include "dm/state.h"
#include "gpu.h"
#include "monitors.h"
#include "vga.h"
#include "virtio_gpu_protocol.h"
#include "virtio_pci.h"

#define GPU_MAX_RESOURCES  1024
#define GPU_MAX_POOL_PAGES (MAX_GPU_MEMORY / PAGE_SIZE)
#define GPU_TURN_BYTES	   MIB(8) /* of pixels, copied or cleared at once: a millisecond or two */
#define GPU_AGAIN	   0u	  /* in place of an answer: there is more to do */
#define GPU_CURSOR_PIXELS  (GPU_CURSOR_SIZE * GPU_CURSOR_SIZE)

enum { GPU_CONTROL_QUEUE, GPU_CURSOR_QUEUE, GPU_QUEUES };
enum gpu_resource_kind { GPU_RESOURCE_2D = 1, GPU_RESOURCE_BLOB };

struct gpu_extent { /* pages of the pool */
	u32 first, count;
};

/* One stretch of guest memory; the pool holds run_count of them for a resource with backing,
 * and after them, rebuilt at adoption, the same as struct piece. */
struct gpu_run {
	gpa_t gpa;
	u64 len;
};

struct gpu_resource {
	u32 id; /* 0: free */
	u32 kind;
	u32 format, width, height; /* 2D only */
	u32 run_count;		   /* 0: no backing */
	u64 size;		   /* bytes of the picture or of the blob */
	u64 backing_len;	   /* bytes that the runs cover */
	u64 uuid;		   /* what gpu_resource_uuid() makes its UUID of; 0: none yet */
	struct gpu_extent pixels;  /* 2D only */
	struct gpu_extent runs;
};

struct gpu_scanout {
	u32 resource_id; /* 0: off */
	u32 format, stride;
	struct rect r; /* the part of the resource's picture that is shown */
	u64 offset;    /* of the picture in the blob */
};

struct gpu_cursor {
	u32 resource_id;  /* 0: hidden */
	u32 x, y;	  /* of its top left pixel; two's complement */
	u32 hot_x, hot_y; /* as the driver gave them */
};

struct gpu_state {
	struct virtio_state virtio;
	u32 events;
	struct monitors monitors;
	u32 away;  /* bit n: monitor n is unplugged for a moment, as it was exchanged */
	u64 uuids; /* given out since the machine started */
	struct gpu_scanout scanouts[GPU_MAX_SCANOUTS];
	struct gpu_cursor cursors[GPU_MAX_SCANOUTS];
	struct gpu_resource resources[GPU_MAX_RESOURCES];
	struct vga_state vga;
	u32 images[GPU_MAX_SCANOUTS][GPU_CURSOR_PIXELS]; /* the cursors' */
};

struct gpu {
	struct virtio_device vd;
	struct dm_device *dev;
	struct gpu_state *state;
	u32 heads;	 /* scanouts that a driver may use, with a monitor or without */
	u32 max_entries; /* of a resource's backing */
	bool has_vga;	 /* the union device with BAR 0 */
	struct vga vga;
	u8 *pool;
	u32 pool_pages;
	u32 doing;		   /* the control queue's current command, done in parts */
	u64 done;		   /* bytes of it */
	struct gpu_extent cleared; /* what CREATE_2D is at; count 0: it is not */
	u64 pool_used[GPU_MAX_POOL_PAGES / 64]; /* a bit a page; rebuilt at adoption */
	u64 back_at;				/* TSC: when monitors that are away return */
	struct piece pixels[GPU_MAX_SCANOUTS];	/* 2D resources on scanouts, as one piece */
	u8 edid[EDID_MAX];			/* of the first monitor, for BAR 2 */
	u64 ticks[GPU_MAX_SCANOUTS]; /* of the refresh rate: the last one that a flush has got */
};

/* The driver hears which monitors there are: those that are away return a while after that. */
void gpu_monitors_told(struct gpu *gpu);

/* Everything of a control command has been checked; its effects begin. */
void gpu_begin(struct gpu *gpu);

/* ---- virtio_gpu_commands.c: virtio_device_ops.handle */
s64 gpu_handle(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain);

/* ---- virtio_gpu_pool.c */
/* First-fit; false when there is no room. The caller records the extent in the state. */
bool gpu_pool_alloc(struct gpu *gpu, u64 bytes, struct gpu_extent *extent) must_check;
void gpu_pool_free(struct gpu *gpu, const struct gpu_extent *extent);
/* At adoption: takes exactly these pages; false when they are not there or not free. */
bool gpu_pool_claim(struct gpu *gpu, const struct gpu_extent *extent) must_check;
void *gpu_pool_at(const struct gpu *gpu, const struct gpu_extent *extent);
/* Nothing in use. */
void gpu_pool_reset(struct gpu *gpu);

/* ---- virtio_gpu_resources.c */
struct gpu_resource *gpu_resource_find(struct gpu *gpu, u32 id);
u32 gpu_resource_create_2d(struct gpu *gpu, const struct gpu_create_2d *c, bool redo);
u32 gpu_resource_create_blob(struct gpu *gpu, const struct gpu_create_blob *c,
			     const struct virtq_chain *chain);
u32 gpu_resource_unref(struct gpu *gpu, u32 id, bool redo);
/* The resource's UUID, the same each time, and no other resource's on this machine. */
u32 gpu_resource_uuid(struct gpu *gpu, u32 id, u8 uuid[16]);
struct gpu_usage gpu_resources_usage(const struct gpu *gpu);
void gpu_resources_reset(struct gpu *gpu);
/* Drops whatever does not make sense, claims the pages of the rest. */
void gpu_resources_adopt(struct gpu *gpu);
bool gpu_format_known(u32 format);

/* ---- virtio_gpu_backing.c */
/* Reads `count` entries at `offset` of the chain into a new list of runs, which is then res's. */
u32 gpu_backing_read(struct gpu *gpu, const struct virtq_chain *chain, u64 offset, u32 count,
		     struct gpu_resource *res);
void gpu_backing_drop(struct gpu *gpu, struct gpu_resource *res);
/* After a restart: whether the runs make sense; rebuilds their pieces. */
bool gpu_backing_adopt(struct gpu *gpu, struct gpu_resource *res);
const struct piece *gpu_backing_pieces(const struct gpu *gpu, const struct gpu_resource *res);
u32 gpu_attach_backing(struct gpu *gpu, const struct gpu_attach *c,
		       const struct virtq_chain *chain);
u32 gpu_detach_backing(struct gpu *gpu, u32 id, bool redo);
u32 gpu_transfer_to_host(struct gpu *gpu, const struct gpu_transfer *t);

/* ---- virtio_gpu_scanouts.c */
u32 gpu_set_scanout(struct gpu *gpu, const struct gpu_set_scanout *c);
u32 gpu_set_scanout_blob(struct gpu *gpu, const struct gpu_set_scanout_blob *c);
u32 gpu_flush(struct gpu *gpu, const struct gpu_flush *c);
/* Hands the head's picture (scanout, else linear framebuffer, else none) to the display. */
void gpu_scanout_show(struct gpu *gpu, u32 head);
/* The resource's memory has changed or gone: the same for each head that shows it. */
void gpu_scanouts_refresh(struct gpu *gpu, u32 resource_id);
/* The resource goes: heads that show it are off. */
void gpu_scanouts_forget(struct gpu *gpu, u32 resource_id);
/* The same for all heads, and paints them. */
void gpu_scanouts_show(struct gpu *gpu);
void gpu_scanouts_reset(struct gpu *gpu);
void gpu_scanouts_adopt(struct gpu *gpu);

/* ---- virtio_gpu_pace.c */
/* The time (TSC) at which a fenced flush that was just carried out is to be answered; 0: now. */
u64 gpu_pace(struct gpu *gpu, const struct gpu_flush *c);

/* ---- virtio_gpu_cursor.c */
u32 gpu_update_cursor(struct gpu *gpu, const struct gpu_update_cursor *c);
u32 gpu_move_cursor(struct gpu *gpu, const struct gpu_update_cursor *c);
/* The head's picture came or went: its cursor is only shown over one. */
void gpu_cursor_show(const struct gpu *gpu, u32 head);
void gpu_cursors_reset(struct gpu *gpu);
void gpu_cursors_adopt(struct gpu *gpu);

#endif
