/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the specification demands (VIRTIO 1.2 section 5.7.6). Where it leaves the error code open,
 * the one that fits best; where a request is wrong in several ways, the error of any of them.
 */
#include "protocol.h"

#define MAX_SIDE     16384 /* of a picture on a scanout: the device's own limit */
#define PAGES(bytes) (((bytes) + PAGE_SIZE - 1) / PAGE_SIZE)
#define CURSOR_BYTES 16384
#define TABLE_ENTRY  32 /* bytes of gpu_memory for an entry of backing, at most */

struct area {
	u64 x, y, width, height;
};

static u64 get32(const u8 *request, u32 offset)
{
	return protocol_get(request + offset, 4);
}

static struct area area_of(const u8 *request)
{
	return (struct area){ get32(request, 24), get32(request, 28), get32(request, 32),
			      get32(request, 36) };
}

static bool area_within(const struct area *a, u64 width, u64 height)
{
	return a->x + a->width <= width && a->y + a->height <= height;
}

static bool area_empty(const struct area *a)
{
	return !a->width || !a->height;
}

static bool format_known(u64 format)
{
	for (u32 i = 0; i < ARRAY_SIZE(protocol_formats); i++)
		if (protocol_formats[i] == format)
			return true;
	return false;
}

void model_reset(struct model *m, const struct protocol_wire *wire, u32 features)
{
	m->wire = wire;
	m->features = features;
	m->count = 0;
}

struct model_resource *model_find(struct model *m, u32 id)
{
	for (u32 i = 0; id && i < m->count; i++)
		if (m->resources[i].id == id)
			return &m->resources[i];
	return NULL;
}

static const struct model_resource *find(const struct model *m, u64 id)
{
	for (u32 i = 0; id && i < m->count; i++)
		if (m->resources[i].id == id)
			return &m->resources[i];
	return NULL;
}

/* Memory comes in whole pages, one after the other: whether there may be none left for so many,
 * as the gaps between what is in use are small, and whether there cannot be. */
static void judge_pages(const struct model *m, u64 pages, struct verdict *v)
{
	u64 all = m->wire->gpu_memory / PAGE_SIZE, used = 0, parts = 1;

	for (u32 i = 0; i < m->count; i++) {
		used += m->resources[i].pages + m->resources[i].table_pages;
		parts += 2;
	}
	if (pages <= (used < all ? (all - used) / parts : 0))
		return;
	v->may_lack = true;
	if (pages > all)
		v->errors |= ALLOW(ERR_MEMORY);
}

/* Entries of memory at `at`; the sum of their lengths. */
static u64 judge_entries(const struct model *m, const u8 *request, u32 len, u32 at, u64 count,
			 struct verdict *v)
{
	u64 total = 0;

	if (count > m->wire->gpu_entries)
		v->errors |= ALLOW(ERR_MEMORY);
	if (len < at || (len - at) / 16 < count)
		v->errors |= ALLOW(ERR_PARAMETER);
	for (u32 i = 0; i < count && at + 16 <= len; i++, at += 16) {
		u64 address = protocol_get(request + at, 8), bytes = get32(request, at + 8);

		total += bytes;
		if (bytes && (address > m->wire->ram_end || bytes > m->wire->ram_end - address))
			v->errors |= ALLOW(ERR_PARAMETER);
	}
	if (total == 0)
		v->errors |= ALLOW(ERR_PARAMETER);
	return total;
}

static void judge_create_2d(const struct model *m, const u8 *r, struct verdict *v)
{
	u64 id = get32(r, 24), pixels = get32(r, 32) * get32(r, 36);

	if (!id || find(m, id))
		v->errors |= ALLOW(ERR_RESOURCE);
	if (!format_known(get32(r, 28)) || !pixels)
		v->errors |= ALLOW(ERR_PARAMETER);
	if (pixels > m->wire->gpu_memory / 4)
		v->errors |= ALLOW(ERR_MEMORY);
	else if (!v->errors)
		judge_pages(m, PAGES(pixels * 4), v);
}

static void judge_set_scanout(const struct model *m, const u8 *r, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 44));
	struct area a = area_of(r);

	if (get32(r, 40) >= m->wire->scanouts)
		v->errors |= ALLOW(ERR_SCANOUT);
	if (!get32(r, 44))
		return;
	if (!res || res->blob)
		v->errors |= ALLOW(ERR_RESOURCE);
	else if (!area_within(&a, res->width, res->height) || area_empty(&a) ||
		 !area_within(&a, MAX_SIDE, MAX_SIDE))
		v->errors |= ALLOW(ERR_PARAMETER);
}

static void judge_flush(const struct model *m, const u8 *r, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 40));
	struct area a = area_of(r);

	if (!res)
		v->errors |= ALLOW(ERR_RESOURCE);
	else if (!res->blob && !area_within(&a, res->width, res->height))
		v->errors |= ALLOW(ERR_PARAMETER);
}

static void judge_transfer(const struct model *m, const u8 *r, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 48));
	u64 offset = protocol_get(r + 40, 8), span;
	struct area a = area_of(r);

	if (!res)
		v->errors |= ALLOW(ERR_RESOURCE);
	if (!res || res->blob) /* a blob is the guest's memory: there is nothing to do */
		return;
	if (!res->backed)
		v->errors |= ALLOW(ERR_UNSPEC);
	if (area_empty(&a) || !area_within(&a, res->width, res->height)) {
		v->errors |= ALLOW(ERR_PARAMETER);
		return;
	}
	span = (a.height - 1) * res->width * 4 + a.width * 4;
	if (res->backed && (offset > res->backing || span > res->backing - offset))
		v->errors |= ALLOW(ERR_PARAMETER);
}

static void judge_attach(const struct model *m, const u8 *r, u32 len, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 24));
	u64 count = get32(r, 28), total = judge_entries(m, r, len, 32, count, v);

	if (!res) {
		v->errors |= ALLOW(ERR_RESOURCE);
		return;
	}
	if (res->backed)
		v->errors |= ALLOW(ERR_UNSPEC);
	if (res->blob && total < res->size)
		v->errors |= ALLOW(ERR_PARAMETER);
	judge_pages(m, PAGES(count * TABLE_ENTRY), v);
}

static void judge_create_blob(const struct model *m, const u8 *r, u32 len, struct verdict *v)
{
	u64 id = get32(r, 24), count = get32(r, 36), size = protocol_get(r + 48, 8);

	if (!id || find(m, id))
		v->errors |= ALLOW(ERR_RESOURCE);
	if (get32(r, 28) != 1 || get32(r, 32) > 7 || !size)
		v->errors |= ALLOW(ERR_PARAMETER);
	if (!count)
		return;
	if (judge_entries(m, r, len, 56, count, v) < size)
		v->errors |= ALLOW(ERR_PARAMETER);
	judge_pages(m, PAGES(count * TABLE_ENTRY), v);
}

static void judge_set_scanout_blob(const struct model *m, const u8 *r, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 44));
	u64 width = get32(r, 48), stride = get32(r, 64), offset = get32(r, 80);
	struct area a = area_of(r);

	if (get32(r, 40) >= m->wire->scanouts)
		v->errors |= ALLOW(ERR_SCANOUT);
	if (!get32(r, 44))
		return;
	if (!res || !res->blob) {
		v->errors |= ALLOW(ERR_RESOURCE);
		return;
	}
	if (!format_known(get32(r, 56)) || width > MAX_SIDE || stride < 4 * width || stride % 4 ||
	    offset % 4 || area_empty(&a) || !area_within(&a, width, get32(r, 52)) ||
	    !area_within(&a, MAX_SIDE, MAX_SIDE) || !res->backed ||
	    offset + (a.y + a.height - 1) * stride + 4 * (a.x + a.width) > res->size)
		v->errors |= ALLOW(ERR_PARAMETER);
}

static void judge_cursor(const struct model *m, const u8 *r, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 40));

	if (get32(r, 24) >= m->wire->scanouts)
		v->errors |= ALLOW(ERR_SCANOUT);
	if (get32(r, 0) == MOVE_CURSOR || !get32(r, 40))
		return;
	if (!res)
		v->errors |= ALLOW(ERR_RESOURCE);
	else if (res->blob ? !res->backed || res->size < CURSOR_BYTES
			   : res->width != 64 || res->height != 64)
		v->errors |= ALLOW(ERR_PARAMETER);
}

static void judge(const struct model *m, const u8 *r, u32 len, struct verdict *v)
{
	const struct model_resource *res = find(m, get32(r, 24));

	switch (get32(r, 0)) {
	case GET_DISPLAY_INFO:
		*v = (struct verdict){ .ok_type = OK_DISPLAY_INFO, .ok_len = 408 };
		break;
	case GET_EDID:
		*v = (struct verdict){ .ok_type = OK_EDID, .ok_len = 1056 };
		v->errors = get32(r, 24) >= m->wire->scanouts ? ALLOW(ERR_SCANOUT) : 0;
		break;
	case ASSIGN_UUID:
		*v = (struct verdict){ .ok_type = OK_UUID, .ok_len = 40 };
		v->errors = res ? 0 : ALLOW(ERR_RESOURCE);
		break;
	case GET_CAPSET_INFO: /* the device has none */
	case GET_CAPSET:
		v->errors = ALLOW(ERR_PARAMETER);
		break;
	case UNREF:
		v->errors = res ? 0 : ALLOW(ERR_RESOURCE);
		break;
	case DETACH:
		v->errors = !res ? ALLOW(ERR_RESOURCE) : !res->backed ? ALLOW(ERR_UNSPEC) : 0;
		break;
	case CREATE_2D:
		judge_create_2d(m, r, v);
		break;
	case SET_SCANOUT:
		judge_set_scanout(m, r, v);
		break;
	case FLUSH:
		judge_flush(m, r, v);
		break;
	case TRANSFER:
		judge_transfer(m, r, v);
		break;
	case ATTACH:
		judge_attach(m, r, len, v);
		break;
	case CREATE_BLOB:
		judge_create_blob(m, r, len, v);
		break;
	case SET_SCANOUT_BLOB:
		judge_set_scanout_blob(m, r, v);
		break;
	default:
		judge_cursor(m, r, v);
	}
}

struct verdict model_judge(const struct model *m, u32 queue, const u8 *request, u32 len)
{
	struct verdict v = { .ok_type = OK_NODATA, .ok_len = PROTOCOL_HEADER };

	for (u32 i = 0; len >= PROTOCOL_HEADER && i < protocol_command_count; i++) {
		const struct protocol_command *c = &protocol_commands[i];

		if (c->type != get32(request, 0) || c->queue != queue ||
		    (c->feature & ~m->features))
			continue;
		if (len < c->len)
			v.errors = ALLOW(ERR_PARAMETER);
		else
			judge(m, request, len, &v);
		return v;
	}
	v.errors = ALLOW(ERR_UNSPEC);
	return v;
}

static u64 total_of(const u8 *request, u32 at, u64 count)
{
	u64 total = 0;

	for (; count; count--, at += 16)
		total += get32(request, at + 8);
	return total;
}

static void apply_create(struct model *m, const u8 *r, bool blob)
{
	struct model_resource *res = &m->resources[m->count++];
	u64 count = get32(r, 36);

	*res = (struct model_resource){ .id = (u32)get32(r, 24), .blob = blob };
	if (blob) {
		res->size = protocol_get(r + 48, 8);
		res->backed = count;
		res->backing = total_of(r, 56, count);
		res->table_pages = PAGES(count * TABLE_ENTRY);
		return;
	}
	res->format = (u32)get32(r, 28);
	res->width = (u32)get32(r, 32);
	res->height = (u32)get32(r, 36);
	res->size = 4 * (u64)res->width * res->height;
	res->pages = PAGES(res->size);
}

void model_apply(struct model *m, const u8 *request)
{
	struct model_resource *res = model_find(m, (u32)get32(request, 24));

	switch (get32(request, 0)) {
	case CREATE_2D:
	case CREATE_BLOB:
		apply_create(m, request, get32(request, 0) == CREATE_BLOB);
		break;
	case UNREF:
		*res = m->resources[--m->count];
		break;
	case ATTACH:
		res->backed = true;
		res->backing = total_of(request, 32, get32(request, 28));
		res->table_pages = PAGES(get32(request, 28) * TABLE_ENTRY);
		break;
	case DETACH:
		res->backed = false;
		res->table_pages = 0;
		break;
	}
}
