/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Memory as an emulated instruction sees it: segments, guest paging, and then either guest memory
 * or a device. What struct guest_memory refuses is a device's. Locking: none of its own.
 */
#include "emulate.h"
#include "emulate_alu.h"

#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14

#define ATTR_WRITABLE	 BIT(1) /* of code: readable */
#define ATTR_EXPAND_DOWN BIT(2)
#define ATTR_CODE	 BIT(3)

int emul_fault_segment(struct emul *e, enum segment_reg segment)
{
	e->fault.vector = segment == SEG_SS ? VECTOR_SS : VECTOR_GP;
	e->fault.error = 0;
	return EMUL_FAULT;
}

static int page_walk(struct emul *e, u64 linear, u32 access, gpa_t *gpa)
{
	u32 error = 0;
	int rc = gwalk(&e->walk, e->mem, linear, access | (e->user ? GWALK_USER : 0), gpa, &error);

	if (rc != -EFAULT)
		return rc;
	e->fault.vector = VECTOR_PF;
	e->fault.error = error;
	e->fault.address = linear;
	return EMUL_FAULT;
}

int emul_fetch(struct emul *e, u32 offset, u8 *bytes, u32 max, u32 *got)
{
	u64 linear = e->v->regs.rip + offset;
	struct segment cs;
	gpa_t gpa;
	int rc;

	*got = 0;
	if (e->mode != 8) {
		virt->get_segment(e->v, SEG_CS, &cs);
		linear = (cs.base + (u32)linear) & 0xffffffff;
	} else if (!gwalk_canonical(linear)) {
		return emul_fault_segment(e, SEG_CS);
	}
	rc = page_walk(e, linear, GWALK_FETCH, &gpa);
	if (rc)
		return rc;
	max = MIN(max, (u32)(PAGE_SIZE - (linear & PAGE_MASK)));
	if (e->mem->read(e->mem->ctx, gpa, bytes, max))
		return -ENOTSUP;
	*got = max;
	return 0;
}

/* 64-bit mode has no limits, and only two bases. */
static int linear_64(struct emul *e, enum segment_reg segment, u64 offset, u32 size, u64 *linear)
{
	*linear = offset;
	if (segment == SEG_FS)
		*linear += virt->get_sys(e->v, SYS_FS_BASE);
	if (segment == SEG_GS)
		*linear += virt->get_sys(e->v, SYS_GS_BASE);
	if (!gwalk_canonical(*linear) || !gwalk_canonical(*linear + size - 1))
		return emul_fault_segment(e, segment);
	return 0;
}

static bool segment_allows(const struct segment *s, u32 access)
{
	bool code = s->attr & ATTR_CODE;

	if (access & GWALK_WRITE)
		return !code && s->attr & ATTR_WRITABLE;
	return !code || s->attr & ATTR_WRITABLE;
}

static bool segment_covers(const struct segment *s, bool expand_down, u64 offset, u32 size)
{
	u64 last = offset + size - 1;

	if (expand_down)
		return offset > s->limit && last <= (s->attr & SEG_ATTR_DB ? 0xffffffff : 0xffff);
	return last <= s->limit;
}

int emul_linear(struct emul *e, enum segment_reg segment, u64 offset, u32 size, u32 access,
		u64 *linear)
{
	struct segment s;
	bool expand_down;

	if (e->mode == 8)
		return linear_64(e, segment, offset, size, linear);
	virt->get_segment(e->v, segment, &s);
	expand_down =
		e->segment_rights && (s.attr & (ATTR_CODE | ATTR_EXPAND_DOWN)) == ATTR_EXPAND_DOWN;
	if (s.attr & SEG_ATTR_UNUSABLE || (e->segment_rights && !segment_allows(&s, access)) ||
	    !segment_covers(&s, expand_down, offset, size))
		return emul_fault_segment(e, segment);
	*linear = (s.base + offset) & 0xffffffff;
	return 0;
}

int emul_translate(struct emul *e, enum segment_reg segment, u64 offset, u32 size, u32 access,
		   struct emul_place *place)
{
	u64 linear, second;
	int rc = emul_linear(e, segment, offset, size, access, &linear);

	if (rc)
		return rc;
	place->len[0] = MIN(size, (u32)(PAGE_SIZE - (linear & PAGE_MASK)));
	place->len[1] = size - place->len[0];
	rc = page_walk(e, linear, access, &place->gpa[0]);
	if (rc || !place->len[1])
		return rc;
	second = linear + place->len[0];
	if (e->mode != 8)
		second &= 0xffffffff;
	return page_walk(e, second, access, &place->gpa[1]);
}

int emul_access_call(struct emul *e, struct emul_access *a)
{
	int rc;

	a->first = e->first;
	e->first = false;
	rc = e->access(e->ctx, a);
	if (!rc && !a->write)
		a->value = alu_cut(a->value, a->size);
	return rc;
}

/* How much of len bytes one device access takes: all if a processor could, else what is aligned. */
static u8 device_piece(gpa_t gpa, u32 len)
{
	u32 piece = 8;

	if (len <= 8 && !(len & (len - 1)))
		return (u8)len;
	while (piece > len || gpa & (piece - 1))
		piece /= 2;
	return (u8)piece;
}

static int device_read(struct emul *e, gpa_t gpa, u8 *to, u32 len)
{
	while (len) {
		struct emul_access a = { .addr = gpa, .count = 1, .size = device_piece(gpa, len) };
		int rc = emul_access_call(e, &a);

		if (rc)
			return rc;
		for (u32 i = 0; i < a.size; i++)
			*to++ = (u8)(a.value >> (8 * i));
		gpa += a.size;
		len -= a.size;
	}
	return 0;
}

static int device_write(struct emul *e, gpa_t gpa, const u8 *from, u32 len)
{
	while (len) {
		struct emul_access a = {
			.addr = gpa, .count = 1, .size = device_piece(gpa, len), .write = true
		};

		for (u32 i = 0; i < a.size; i++)
			a.value |= (u64)*from++ << (8 * i);
		int rc = emul_access_call(e, &a);

		if (rc)
			return rc;
		gpa += a.size;
		len -= a.size;
	}
	return 0;
}

int emul_read(struct emul *e, const struct emul_place *place, void *to)
{
	u8 *at = to;

	for (int i = 0; i < 2 && place->len[i]; at += place->len[i++]) {
		if (!e->mem->read(e->mem->ctx, place->gpa[i], at, place->len[i]))
			continue;
		int rc = device_read(e, place->gpa[i], at, place->len[i]);

		if (rc)
			return rc;
	}
	return 0;
}

static int write_part(struct emul *e, gpa_t gpa, const u8 *from, u32 len)
{
	if (!e->mem->write(e->mem->ctx, gpa, from, len))
		return 0;
	return device_write(e, gpa, from, len);
}

/* Of two parts, a device's goes first: its answer may have to be waited for, and the instruction,
 * which may have read the operand before, must then find memory unchanged. */
int emul_write(struct emul *e, const struct emul_place *place, const void *from)
{
	const u8 *part[2] = { from, (const u8 *)from + place->len[0] };
	u8 probe;
	int rc, first;

	if (!place->len[1])
		return write_part(e, place->gpa[0], part[0], place->len[0]);
	first = e->mem->read(e->mem->ctx, place->gpa[0], &probe, 1) ? 0 : 1;
	rc = write_part(e, place->gpa[first], part[first], place->len[first]);
	if (rc)
		return rc;
	return write_part(e, place->gpa[!first], part[!first], place->len[!first]);
}
