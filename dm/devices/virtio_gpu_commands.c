/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Requests: copied in once, looked up in one table, carried out, answered (VIRTIO 1.2 section
 * 5.7.6.7). The answer is always a header, longer only for the three commands that return data, and
 * is never longer than the driver left room for. Commands of features that were not negotiated,
 * those of the 3D kind among them, are unknown ones.
 */
#include "virtio_gpu.h"
#include "dm/runtime.h"

union request {
	struct gpu_header header;
	struct gpu_create_2d create_2d;
	struct gpu_resource_command resource;
	struct gpu_set_scanout set_scanout;
	struct gpu_set_scanout_blob set_scanout_blob;
	struct gpu_flush flush;
	struct gpu_transfer transfer;
	struct gpu_attach attach;
	struct gpu_create_blob create_blob;
	struct gpu_get_edid get_edid;
	struct gpu_update_cursor cursor;
};

union answer {
	struct gpu_header header;
	struct gpu_display_info display_info;
	struct gpu_edid edid;
	struct gpu_uuid uuid;
};

typedef u32 command_fn(struct gpu *gpu, const union request *r, const struct virtq_chain *chain,
		       union answer *answer);

static u32 get_display_info(struct gpu *gpu, const union request *r,
			    const struct virtq_chain *chain, union answer *answer)
{
	const struct monitors *monitors = &gpu->state->monitors;
	const struct dm_vm *vm = gpu->dev->vm;

	(void)r;
	(void)chain;
	gpu_monitors_told(gpu);
	for (u32 i = 0; i < monitors_count(vm, monitors); i++) {
		struct monitors_size size = monitors_size(vm, monitors, i);

		if (gpu->state->away >> i & 1)
			continue;
		answer->display_info.modes[i].r.width = size.width;
		answer->display_info.modes[i].r.height = size.height;
		answer->display_info.modes[i].enabled = 1;
	}
	return GPU_OK_DISPLAY_INFO;
}

static u32 get_edid(struct gpu *gpu, const union request *r, const struct virtq_chain *chain,
		    union answer *answer)
{
	(void)chain;
	if (r->get_edid.scanout >= gpu->heads)
		return GPU_ERR_INVALID_SCANOUT_ID;
	answer->edid.size = monitors_edid(gpu->dev->vm, &gpu->state->monitors, r->get_edid.scanout,
					  answer->edid.edid);
	return GPU_OK_EDID;
}

static u32 assign_uuid(struct gpu *gpu, const union request *r, const struct virtq_chain *chain,
		       union answer *answer)
{
	(void)chain;
	return gpu_resource_uuid(gpu, r->resource.resource_id, answer->uuid.uuid);
}

/* No capability sets are offered: num_capsets is 0, so every index and id is out of range. */
static u32 no_capset(struct gpu *gpu, const union request *r, const struct virtq_chain *chain,
		     union answer *answer)
{
	(void)gpu;
	(void)r;
	(void)chain;
	(void)answer;
	return GPU_ERR_INVALID_PARAMETER;
}

#define COMMAND(name, call)                                                                       \
	static u32 name(struct gpu *gpu, const union request *r, const struct virtq_chain *chain, \
			union answer *answer)                                                     \
	{                                                                                         \
		(void)chain;                                                                      \
		(void)answer;                                                                     \
		return call;                                                                      \
	}
COMMAND(create_2d, gpu_resource_create_2d(gpu, &r->create_2d, chain->redo))
COMMAND(unref, gpu_resource_unref(gpu, r->resource.resource_id, chain->redo))
COMMAND(set_scanout, gpu_set_scanout(gpu, &r->set_scanout))
COMMAND(flush, gpu_flush(gpu, &r->flush))
COMMAND(transfer, gpu_transfer_to_host(gpu, &r->transfer))
COMMAND(attach, gpu_attach_backing(gpu, &r->attach, chain))
COMMAND(detach, gpu_detach_backing(gpu, r->resource.resource_id, chain->redo))
COMMAND(create_blob, gpu_resource_create_blob(gpu, &r->create_blob, chain))
COMMAND(set_scanout_blob, gpu_set_scanout_blob(gpu, &r->set_scanout_blob))
COMMAND(update_cursor, gpu_update_cursor(gpu, &r->cursor))
COMMAND(move_cursor, gpu_move_cursor(gpu, &r->cursor))

struct command {
	u32 type;
	u32 queue;
	u32 len;     /* of the request's fixed part */
	u64 feature; /* that must have been negotiated, or 0 */
	command_fn *fn;
};

#define CONTROL GPU_CONTROL_QUEUE
#define CURSOR	GPU_CURSOR_QUEUE
static const struct command commands[] = {
	{ GPU_CMD_GET_DISPLAY_INFO, CONTROL, 24, 0, get_display_info },
	{ GPU_CMD_RESOURCE_CREATE_2D, CONTROL, 40, 0, create_2d },
	{ GPU_CMD_RESOURCE_UNREF, CONTROL, 32, 0, unref },
	{ GPU_CMD_SET_SCANOUT, CONTROL, 48, 0, set_scanout },
	{ GPU_CMD_RESOURCE_FLUSH, CONTROL, 48, 0, flush },
	{ GPU_CMD_TRANSFER_TO_HOST_2D, CONTROL, 56, 0, transfer },
	{ GPU_CMD_RESOURCE_ATTACH_BACKING, CONTROL, 32, 0, attach },
	{ GPU_CMD_RESOURCE_DETACH_BACKING, CONTROL, 32, 0, detach },
	{ GPU_CMD_GET_CAPSET_INFO, CONTROL, 32, 0, no_capset },
	{ GPU_CMD_GET_CAPSET, CONTROL, 32, 0, no_capset },
	{ GPU_CMD_GET_EDID, CONTROL, 32, VIRTIO_GPU_F_EDID, get_edid },
	{ GPU_CMD_RESOURCE_ASSIGN_UUID, CONTROL, 32, VIRTIO_GPU_F_RESOURCE_UUID, assign_uuid },
	{ GPU_CMD_RESOURCE_CREATE_BLOB, CONTROL, 56, VIRTIO_GPU_F_RESOURCE_BLOB, create_blob },
	{ GPU_CMD_SET_SCANOUT_BLOB, CONTROL, 96, VIRTIO_GPU_F_RESOURCE_BLOB, set_scanout_blob },
	{ GPU_CMD_UPDATE_CURSOR, CURSOR, 56, 0, update_cursor },
	{ GPU_CMD_MOVE_CURSOR, CURSOR, 56, 0, move_cursor },
};

static const struct command *find_command(const struct gpu *gpu, u32 queue, u32 type)
{
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (c->type == type && c->queue == queue)
			return !c->feature || virtio_has(&gpu->vd, c->feature) ? c : NULL;
	}
	return NULL;
}

static u32 carry_out(struct gpu *gpu, u32 queue, const union request *r, u64 len,
		     const struct virtq_chain *chain, union answer *answer)
{
	const struct command *c;

	if (len < sizeof(r->header))
		return GPU_ERR_UNSPEC;
	c = find_command(gpu, queue, r->header.type);
	if (!c)
		return GPU_ERR_UNSPEC;
	if (len < c->len)
		return GPU_ERR_INVALID_PARAMETER;
	return c->fn(gpu, r, chain, answer);
}

static u32 answer_len(u32 type)
{
	switch (type) {
	case GPU_OK_DISPLAY_INFO:
		return sizeof(struct gpu_display_info);
	case GPU_OK_EDID:
		return sizeof(struct gpu_edid);
	case GPU_OK_RESOURCE_UUID:
		return sizeof(struct gpu_uuid);
	}
	return sizeof(struct gpu_header);
}

void gpu_begin(struct gpu *gpu)
{
	virtio_pci_mark(&gpu->vd, GPU_CONTROL_QUEUE);
}

/* Another command than before: nothing of it is done. */
static void start_over(struct gpu *gpu, u32 type)
{
	gpu->doing = type;
	gpu->done = 0;
	if (gpu->cleared.count)
		gpu_pool_free(gpu, &gpu->cleared);
	gpu->cleared.count = 0;
}

s64 gpu_handle(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain)
{
	static union request request;
	static union answer answer;
	struct gpu *gpu = container_of(vd, struct gpu, vd);
	u32 type, len;
	s64 got;

	got = virtq_read(vd->dev->vm, chain, 0, &request, sizeof(request));
	if (got < 0)
		return got;
	if ((u64)got < sizeof(request.header)) /* no part of it counts, nor is anything left over */
		memset(&request.header, 0, sizeof(request.header));
	if (queue == GPU_CONTROL_QUEUE && !(chain->resumed && request.header.type == gpu->doing))
		start_over(gpu, request.header.type);
	memset(&answer, 0, sizeof(answer));
	type = carry_out(gpu, queue, &request, (u64)got, chain, &answer);
	if (type == GPU_AGAIN)
		return -EAGAIN;
	len = answer_len(type);
	if (chain->in_len < len && type < GPU_ERR_UNSPEC && len > sizeof(answer.header)) {
		memset(&answer, 0, sizeof(answer));
		type = GPU_ERR_INVALID_PARAMETER;
		len = sizeof(answer.header);
	}
	if (chain->in_len < len)
		return 0;
	answer.header.type = type;
	if (request.header.flags & GPU_FLAG_FENCE) {
		answer.header.flags = GPU_FLAG_FENCE;
		answer.header.fence_id = request.header.fence_id;
		answer.header.ctx_id = request.header.ctx_id;
		if (type == GPU_OK_NODATA && request.header.type == GPU_CMD_RESOURCE_FLUSH)
			virtio_pci_hold(vd, gpu_pace(gpu, &request.flush));
	}
	return virtq_write(vd->dev->vm, chain, 0, &answer, len);
}
