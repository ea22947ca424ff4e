/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Implements picture.h. The memory: a copy of pixels, the file being written, finished files. A
 * picture of more pixels than there is room for is encoded at once, without a copy.
 *
 * Invariant: files that have holders do not overlap; others may be written over at any time, and
 * are then taken off the list.
 */
#include "picture.h"
#include <abi/range.h>
#include "dm/display/display.h"
#include "dm/display/png.h"
#include "dm/runtime.h"

#define COPY_SIZE  MIB(32) /* 3840x2160 */
#define STORE_SIZE (DM_NET_SIZE - COPY_SIZE - PNG_CAPACITY)
#define PICTURES   48
#define SLICE_US   1000
#define REST_US	   500

static u32 *const copy = (u32 *)DM_NET_BASE;
static u8 *const file = (u8 *)(DM_NET_BASE + COPY_SIZE);
static u8 *const store = (u8 *)(DM_NET_BASE + COPY_SIZE + PNG_CAPACITY);

static struct picture pictures[PICTURES]; /* len 0: unused */
static struct png png;
static u32 line[PNG_MAX_WIDTH];
static u64 made;

static struct {
	bool active, begun, copied;
	struct picture picture; /* what it will be */
	u32 width, height, y;
	bool failed; /* `picture` could not be made */
} job;

static bool is_picture(const struct picture *p, const struct dm_vm *vm, u32 head, u64 generation)
{
	return p->vm == vm && p->head == head && p->generation >= generation;
}

/* The longest step of all, at most COPY_SIZE of memory: nothing else is done with it. */
static void begin(void)
{
	struct dm_vm *vm = job.picture.vm;
	u32 head = job.picture.head;

	job.begun = true;
	job.failed = screenshot_size(vm, head, &job.width, &job.height) != 0;
	job.active = !job.failed;
	if (job.failed)
		return;
	job.picture.generation = display_generation(vm);
	job.y = 0;
	job.copied = 4ULL * job.width * job.height <= COPY_SIZE;
	if (job.copied)
		screenshot_lines(vm, head, 0, job.height, copy);
	png_begin(&png, file, PNG_CAPACITY, job.width, job.height);
}

int picture_get(struct dm_vm *vm, u32 head, u64 generation, struct picture **out)
{
	u32 width, height;
	int err;

	for (u32 i = 0; i < PICTURES; i++) {
		if (!pictures[i].len || !is_picture(&pictures[i], vm, head, generation))
			continue;
		pictures[i].holders++;
		*out = &pictures[i];
		return 0;
	}
	if (job.active)
		return -EAGAIN;
	err = screenshot_size(vm, head, &width, &height);
	if (err)
		return err;
	if (job.failed && is_picture(&job.picture, vm, head, generation))
		return -ENOMEM;
	job.active = true;
	job.begun = job.failed = false;
	job.picture = (struct picture){ .vm = vm, .head = head };
	return -EAGAIN;
}

const u8 *picture_data(const struct picture *p)
{
	return store + p->at;
}

void picture_release(struct picture *p)
{
	p->holders--;
}

/* ---- the store */

static struct picture *blocking(size_t at, size_t len, bool held)
{
	for (u32 i = 0; i < PICTURES; i++) {
		struct picture *p = &pictures[i];

		if (held == (p->holders != 0) && range_overlaps(p->at, p->len, at, len))
			return p;
	}
	return NULL;
}

/* Where len bytes fit between files that are held: from the start, or after one of them. */
static bool find_room(size_t len, size_t *at)
{
	*at = 0;
	for (u32 tries = 0; tries <= PICTURES; tries++) {
		const struct picture *p = blocking(*at, len, true);

		if (!range_within(*at, len, STORE_SIZE))
			return false;
		if (!p)
			return true;
		*at = p->at + p->len;
	}
	return false;
}

static struct picture *unused_entry(void)
{
	struct picture *found = NULL;

	for (u32 i = 0; i < PICTURES; i++)
		if (!pictures[i].holders && (!found || !pictures[i].len))
			found = &pictures[i];
	return found;
}

static int keep(size_t len)
{
	struct picture *p;
	size_t at;

	if (!find_room(len, &at))
		return -ENOMEM;
	while ((p = blocking(at, len, false)))
		p->len = 0;
	/* An older picture of the same is of no use to anybody new. */
	for (u32 i = 0; i < PICTURES; i++)
		if (!pictures[i].holders &&
		    is_picture(&pictures[i], job.picture.vm, job.picture.head, 0))
			pictures[i].len = 0;
	p = unused_entry();
	if (!p)
		return -ENOMEM;
	memcpy(store + at, file, len);
	*p = job.picture;
	p->at = at;
	p->len = len;
	made++;
	return 0;
}

/* ---- the encoder */

static void encode_line(void)
{
	const u32 *pixels = copy + (u64)job.y * job.width;

	if (!job.copied) {
		screenshot_lines(job.picture.vm, job.picture.head, job.y, 1, line);
		pixels = line;
	}
	png_line(&png, pixels);
	job.y++;
}

u64 picture_run(void)
{
	u64 end = time_now() + time_from_us(SLICE_US);
	size_t len;

	if (!job.active)
		return DM_NO_DEADLINE;
	if (!job.begun) {
		begin();
		return 0;
	}
	while (job.y < job.height && (!job.copied || time_now() < end))
		encode_line();
	if (job.y < job.height)
		return time_now() + time_from_us(REST_US);
	job.active = false;
	job.failed = png_end(&png, &len) || keep(len);
	return 0;
}

u64 picture_held(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < PICTURES; i++)
		sum += pictures[i].holders ? pictures[i].len : 0;
	return sum;
}

u64 picture_count(void)
{
	return made;
}
