/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The tables of who answers which port or address. Invariants of a list: sorted by base, no two
 * regions overlap, none is empty or wraps. Locking and publication: see trap.h.
 *
 * Lookups read a copy that a change may be rebuilding, hence the relaxed atomic loads and stores
 * of everything in a list; what was read counts only if `current` stayed as it was.
 */
#include <abi/range.h>
#include "trap.h"

#define LOAD(field)	    __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define STORE(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)

static void region_copy(struct trap_region *to, const struct trap_region *from)
{
	STORE(to->base, LOAD(from->base));
	STORE(to->len, LOAD(from->len));
	STORE(to->fn, LOAD(from->fn));
	STORE(to->ctx, LOAD(from->ctx));
	STORE(to->word, LOAD(from->word));
	STORE(to->takes_blocks, LOAD(from->takes_blocks));
}

/* How many regions begin at or below addr. */
static u32 list_position(const struct trap_list *l, u64 addr)
{
	u32 low = 0, high = LOAD(l->count);

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (LOAD(l->regions[middle].base) <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool copies_find(const struct trap_copies *c, u64 addr, u32 size, struct trap_region *out)
{
	for (;;) {
		u32 current = __atomic_load_n((const u32 *)&c->current, __ATOMIC_ACQUIRE);
		const struct trap_list *l = &c->copy[current & 1];
		u32 position = list_position(l, addr);

		if (position)
			region_copy(out, &l->regions[position - 1]);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (LOAD(*(const u32 *)&c->current) == current)
			return position && range_inside(addr, size, out->base, out->len);
	}
}

bool trap_find(const struct trap_table *t, enum trap_space space, u64 addr, u32 size,
	       struct trap_region *out)
{
	const struct trap_copies *layers = t->spaces[space];

	if (!copies_find(&layers[TRAP_TOP], addr, size, out))
		return false;
	if (!out->word || (size == out->word && addr == out->base))
		return true;
	return copies_find(&layers[TRAP_BENEATH], addr, size, out);
}

static const struct trap_list *copies_current(const struct trap_copies *c)
{
	return &c->copy[LOAD(*(const u32 *)&c->current) & 1];
}

/* Builds the other copy: the valid one without region `skip`, with `added` (or NULL) at `at`. */
static void copies_publish(struct trap_copies *c, u32 skip, u32 at, const struct trap_region *added)
{
	u32 current = LOAD(*(u32 *)&c->current);
	const struct trap_list *from = &c->copy[current & 1];
	struct trap_list *to = &c->copy[(current + 1) & 1];
	u32 count = 0;

	/* Lookups that see a store below also see that `current` has left that copy before. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (u32 i = 0; i <= from->count; i++) {
		if (added && i == at)
			region_copy(&to->regions[count++], added);
		if (i < from->count && i != skip)
			region_copy(&to->regions[count++], &from->regions[i]);
	}
	STORE(to->count, count);
	__atomic_store_n((u32 *)&c->current, current + 1, __ATOMIC_RELEASE);
}

/* The first region that shares a byte with [base, base + len), or NULL. */
static const struct trap_region *list_overlap(const struct trap_list *l, u64 base, u64 len)
{
	u32 next = list_position(l, base);

	if (next && range_overlaps(base, len, l->regions[next - 1].base, l->regions[next - 1].len))
		return &l->regions[next - 1];
	if (next < l->count &&
	    range_overlaps(base, len, l->regions[next].base, l->regions[next].len))
		return &l->regions[next];
	return NULL;
}

bool trap_overlaps(const struct trap_table *t, enum trap_space space, u64 base, u64 len)
{
	return list_overlap(copies_current(&t->spaces[space][TRAP_TOP]), base, len) ||
	       list_overlap(copies_current(&t->spaces[space][TRAP_BENEATH]), base, len);
}

int trap_add(struct trap_table *t, enum trap_space space, const struct trap_region *r)
{
	struct trap_copies *c = &t->spaces[space][TRAP_TOP];
	const struct trap_list *l = copies_current(c);
	const struct trap_region *other;

	if (!r->len || r->base + r->len < r->base)
		return -EINVAL;
	other = list_overlap(l, r->base, r->len);
	if (other) {
		if (!other->word || !range_inside(r->base, r->len, other->base, other->len))
			return -EEXIST;
		c = &t->spaces[space][TRAP_BENEATH];
		l = copies_current(c);
		if (list_overlap(l, r->base, r->len))
			return -EEXIST;
	}
	if (l->count == TRAP_MAX)
		return -ENOSPC;
	copies_publish(c, TRAP_MAX, list_position(l, r->base), r);
	return 0;
}

int trap_remove(struct trap_table *t, enum trap_space space, u64 base)
{
	for (u32 layer = 0; layer < TRAP_LAYERS; layer++) {
		struct trap_copies *c = &t->spaces[space][layer];
		const struct trap_list *l = copies_current(c);
		u32 position = list_position(l, base);

		if (position && l->regions[position - 1].base == base) {
			copies_publish(c, position - 1, TRAP_MAX + 1, NULL);
			return 0;
		}
	}
	return -ENOENT;
}
