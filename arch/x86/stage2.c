/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The walker of second-stage page tables, for every format (arch/stage2.h).
 *
 * Locking: the caller's, as the header says. Processors walk the tables and set accessed and dirty
 * bits at the same time, so an entry that may be in use changes by an atomic exchange only, and
 * never in two steps.
 *
 * Invariants: a table that is linked in stays linked in until stage2_destroy(): a large mapping
 * over an existing table fills the table instead. So no processor can hold on to a freed table.
 */
#include <abi/range.h>
#include <arch/io.h>
#include <arch/stage2.h>
#include <arch/upcall.h>

#define LEVELS	    4
#define ENTRIES	    512
#define ADDRESS_END BIT(48)

static u64 level_size(unsigned level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static u64 *table_slot(hpa_t table, gpa_t gpa, unsigned level)
{
	return (u64 *)phys_to_virt(table) + (gpa / level_size(level)) % ENTRIES;
}

static u64 entry_read(const u64 *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static void generation_bump(struct stage2 *s)
{
	__atomic_fetch_add(&s->generation, 1, __ATOMIC_SEQ_CST);
}

static hpa_t table_alloc(struct stage2 *s)
{
	hpa_t table = page_alloc();

	if (table)
		s->pages++;
	return table;
}

static bool range_valid(gpa_t gpa, u64 len)
{
	return !((gpa | len) & PAGE_MASK) && range_within(gpa, len, ADDRESS_END);
}

int stage2_init(struct stage2 *s, const struct stage2_format *format, u32 max_level)
{
	if (max_level < 1 || max_level >= LEVELS)
		return -EINVAL;
	*s = (struct stage2){ .format = format, .max_level = max_level };
	s->root = table_alloc(s);
	return s->root ? 0 : -ENOMEM;
}

/* The next table below *slot, or 0 when there is none: empty, or a leaf. */
static hpa_t table_below(const struct stage2 *s, const u64 *slot, unsigned level)
{
	u64 pte = entry_read(slot);

	if (level == 1 || !s->format->present(pte) || s->format->is_leaf(pte, level))
		return 0;
	return s->format->address(pte);
}

void stage2_destroy(struct stage2 *s)
{
	hpa_t table[LEVELS + 1];
	unsigned at[LEVELS + 1] = { 0 };
	unsigned level = LEVELS;

	if (!s->root)
		return;
	table[level] = s->root;
	while (level <= LEVELS) {
		if (level == 1 || at[level] == ENTRIES) {
			page_free(table[level++]);
			s->pages--;
			continue;
		}
		hpa_t below =
			table_below(s, (u64 *)phys_to_virt(table[level]) + at[level]++, level);

		if (below) {
			table[--level] = below;
			at[level] = 0;
		}
	}
	s->root = 0;
}

/* The memory type of a leaf: the one whose leaf has the same bits where the types differ. */
static enum stage2_memtype leaf_memtype(const struct stage2_format *f, u64 pte, unsigned level)
{
	static const enum stage2_memtype types[] = { MEMTYPE_WB, MEMTYPE_UC, MEMTYPE_WC };
	u64 bits[ARRAY_SIZE(types)];
	size_t i = 0;

	for (size_t t = 0; t < ARRAY_SIZE(types); t++)
		bits[t] = f->leaf(f->address(pte), f->prot(pte), types[t], level);
	u64 mask = (bits[0] ^ bits[1]) | (bits[0] ^ bits[2]);

	while (i < ARRAY_SIZE(types) - 1 && ((bits[i] ^ pte) & mask))
		i++;
	return types[i];
}

static void split_fill(const struct stage2_format *f, u64 *table, u64 pte, unsigned level)
{
	enum stage2_memtype type = leaf_memtype(f, pte, level);
	u64 dirty_bits = f->dirty(pte) ? pte ^ f->clear_dirty(pte) : 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		hpa_t hpa = f->address(pte) + i * level_size(level - 1);
		u64 leaf = f->leaf(hpa, f->prot(pte), type, level - 1);

		table[i] = f->clear_dirty(leaf) | dirty_bits;
	}
}

/* Makes a large leaf a table of the next smaller ones with the same rights, type and dirty state.
 * A processor may set the leaf's accessed and dirty bits until the exchange succeeds. */
static int leaf_split(struct stage2 *s, u64 *slot, unsigned level)
{
	hpa_t table = table_alloc(s);
	u64 pte = entry_read(slot);

	if (!table)
		return -ENOMEM;
	do {
		split_fill(s->format, phys_to_virt(table), pte, level);
	} while (!__atomic_compare_exchange_n(slot, &pte, s->format->table(table), false,
					      __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
	generation_bump(s);
	return 0;
}

/* Links an empty table into an empty slot. */
static int table_link(struct stage2 *s, u64 *slot)
{
	hpa_t table = table_alloc(s);

	if (!table)
		return -ENOMEM;
	__atomic_store_n(slot, s->format->table(table), __ATOMIC_RELEASE);
	return 0;
}

/* Finds the slot where [gpa, ...) gets a leaf of at most *level, making tables on the way; *level
 * becomes smaller where a table is in the way. */
static int slot_make(struct stage2 *s, gpa_t gpa, unsigned *level, u64 **slot)
{
	hpa_t table = s->root;
	unsigned at = LEVELS;

	for (;;) {
		*slot = table_slot(table, gpa, at);
		hpa_t below = table_below(s, *slot, at);

		if (!below && at <= *level) {
			*level = at;
			return 0;
		}
		if (!below) {
			bool leaf = s->format->present(entry_read(*slot));
			int rc = leaf ? leaf_split(s, *slot, at) : table_link(s, *slot);

			if (rc)
				return rc;
			below = table_below(s, *slot, at);
		}
		table = below;
		at--;
	}
}

static void leaf_replace(struct stage2 *s, u64 *slot, u64 pte)
{
	u64 old = __atomic_exchange_n(slot, pte, __ATOMIC_SEQ_CST);

	if (s->format->present(old))
		generation_bump(s);
}

int stage2_map(struct stage2 *s, gpa_t gpa, hpa_t hpa, u64 len, u32 prot, enum stage2_memtype type)
{
	if (!range_valid(gpa, len) || (hpa & PAGE_MASK) || !range_within(hpa, len, BIT(52)) ||
	    !(prot & STAGE2_READ) || (prot & ~(u32)STAGE2_RWX))
		return -EINVAL;
	while (len) {
		unsigned level = s->max_level;
		u64 *slot;

		while (((gpa | hpa) & (level_size(level) - 1)) || len < level_size(level))
			level--;
		int rc = slot_make(s, gpa, &level, &slot);

		if (rc)
			return rc;
		leaf_replace(s, slot, s->format->leaf(hpa, prot, type, level));
		gpa += level_size(level);
		hpa += level_size(level);
		len -= level_size(level);
	}
	return 0;
}

/* The lowest slot that says anything about gpa, and its level. */
static u64 *slot_find(const struct stage2 *s, gpa_t gpa, unsigned *level)
{
	hpa_t table = s->root;
	u64 *slot;

	*level = LEVELS;
	for (;;) {
		slot = table_slot(table, gpa, *level);
		table = table_below(s, slot, *level);
		if (!table)
			return slot;
		(*level)--;
	}
}

/* slot_find() for a change to [gpa, gpa + len): a leaf that reaches out of it is split first. */
static int slot_find_within(struct stage2 *s, gpa_t gpa, u64 len, u64 **slot, unsigned *level)
{
	for (;;) {
		*slot = slot_find(s, gpa, level);
		if (!s->format->present(entry_read(*slot)))
			return 0;
		if (!(gpa & (level_size(*level) - 1)) && len >= level_size(*level))
			return 0;
		int rc = leaf_split(s, *slot, *level);

		if (rc)
			return rc;
	}
}

/* From gpa to the end of the slot it is in, but no more than len. */
static u64 step_length(gpa_t gpa, u64 len, unsigned level)
{
	return MIN(len, level_size(level) - (gpa & (level_size(level) - 1)));
}

int stage2_unmap(struct stage2 *s, gpa_t gpa, u64 len)
{
	unsigned level;
	u64 *slot, step;

	if (!range_valid(gpa, len))
		return -EINVAL;
	for (; len; gpa += step, len -= step) {
		int rc = slot_find_within(s, gpa, len, &slot, &level);

		if (rc)
			return rc;
		step = step_length(gpa, len, level);
		if (s->format->present(entry_read(slot)))
			leaf_replace(s, slot, 0);
	}
	return 0;
}

int stage2_lookup(const struct stage2 *s, gpa_t gpa, hpa_t *hpa, u64 *len, u32 *prot)
{
	unsigned level;

	if (gpa >= ADDRESS_END)
		return -ENOENT;
	u64 pte = entry_read(slot_find(s, gpa, &level));
	u64 offset = gpa & (level_size(level) - 1);

	if (!s->format->present(pte))
		return -ENOENT;
	*hpa = s->format->address(pte) + offset;
	*len = level_size(level) - offset;
	if (prot)
		*prot = s->format->prot(pte);
	return 0;
}

static bool dirty_take(const struct stage2_format *f, u64 *slot)
{
	u64 pte = entry_read(slot);

	while (f->present(pte) && f->dirty(pte))
		if (__atomic_compare_exchange_n(slot, &pte, f->clear_dirty(pte), false,
						__ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static void bitmap_set(u64 *bitmap, u64 first, u64 count)
{
	for (u64 i = first; i < first + count; i++)
		bitmap[i / 64] |= BIT(i % 64);
}

int stage2_dirty(struct stage2 *s, gpa_t gpa, u64 len, u64 *bitmap)
{
	bool any = false;
	unsigned level;
	u64 *slot, step;

	if (!range_valid(gpa, len))
		return -EINVAL;
	for (u64 i = 0; i < (len / PAGE_SIZE + 63) / 64; i++)
		bitmap[i] = 0;
	for (u64 done = 0; done < len; done += step) {
		int rc = slot_find_within(s, gpa + done, len - done, &slot, &level);

		step = step_length(gpa + done, len - done, level);
		/* Without memory to split with, a leaf that reaches out of the range stays dirty:
		 * its other pages' state must not get lost. */
		bool dirty = rc ? s->format->dirty(entry_read(slot)) : dirty_take(s->format, slot);

		if (dirty)
			bitmap_set(bitmap, done / PAGE_SIZE, step / PAGE_SIZE);
		any |= dirty;
	}
	if (any)
		generation_bump(s);
	return 0;
}
