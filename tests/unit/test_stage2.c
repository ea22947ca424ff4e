/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: arch/x86/stage2.c arch/fake/fake_memory.c arch/fake/fake_pages.c */

/*
 * The second-stage walker against a plain table with one entry a page, over random maps, unmaps,
 * guest writes and dirty queries; and the edges by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <arch/io.h>
#include <arch/stage2.h>
#include "fake.h"
#include "random.h"

/* A format of the test's own: rights in 2:0, type in 5:4, large 7, dirty 9, present 62. */
#define PRESENT BIT(62)
#define LARGE	BIT(7)
#define DIRTY	BIT(9)
#define ADDRESS 0x000ffffffffff000ULL

static u64 leaf(hpa_t hpa, u32 prot, enum stage2_memtype type, unsigned level)
{
	return PRESENT | hpa | prot | (u64)type << 4 | (level > 1 ? LARGE : 0);
}

static u64 table(hpa_t hpa)
{
	return PRESENT | hpa | STAGE2_RWX;
}

static bool present(u64 pte)
{
	return pte & PRESENT;
}

static bool is_leaf(u64 pte, unsigned level)
{
	return level == 1 || pte & LARGE;
}

static hpa_t address(u64 pte)
{
	return pte & ADDRESS;
}

static u32 prot_of(u64 pte)
{
	return pte & STAGE2_RWX;
}

static bool dirty(u64 pte)
{
	return pte & DIRTY;
}

static u64 clear_dirty(u64 pte)
{
	return pte & ~DIRTY;
}

static const struct stage2_format format = { leaf,    table,   present, is_leaf,
					     address, prot_of, dirty,	clear_dirty };

/* Two gigabytes around the 1 GiB mark, as pages. */
#define BASE  MIB(512)
#define PAGES (GIB(2) / PAGE_SIZE)

static struct model {
	hpa_t hpa; /* 0: not mapped */
	u8 prot, type;
	bool dirty;
} model[PAGES];

/* The leaf's entry, found without the code under test. */
static u64 *walk(const struct stage2 *s, gpa_t gpa, unsigned *level)
{
	hpa_t at = s->root;

	for (*level = 4;; (*level)--) {
		u64 *slot = (u64 *)phys_to_virt(at) + (gpa >> (12 + 9 * (*level - 1)) & 511);

		if (!present(*slot) || is_leaf(*slot, *level))
			return slot;
		at = address(*slot);
	}
}

static void check_page(const struct stage2 *s, u64 page)
{
	const struct model *m = &model[page];
	gpa_t gpa = BASE + page * PAGE_SIZE;
	u64 len = 0;
	hpa_t hpa = 0;
	u32 prot = 0;
	unsigned level;
	int rc = stage2_lookup(s, gpa + 5, &hpa, &len, &prot);

	if (!m->hpa) {
		assert_int_equal(rc, -ENOENT);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(hpa, m->hpa + 5);
	assert_int_equal(prot, m->prot);
	assert_true(len > 0 && len <= GIB(1));
	assert_int_equal(*walk(s, gpa, &level) >> 4 & 3, m->type);
}

/* As the processor does at a write: the leaf becomes dirty. */
static void guest_write(const struct stage2 *s, u64 page)
{
	unsigned level;
	u64 *slot = walk(s, BASE + page * PAGE_SIZE, &level);
	u64 pages = 1ULL << (9 * (level - 1));
	u64 first = ALIGN_DOWN(BASE / PAGE_SIZE + page, pages);

	if (!present(*slot) || !(prot_of(*slot) & STAGE2_WRITE))
		return;
	*slot |= DIRTY;
	for (u64 i = first; i < first + pages; i++)
		if (i >= BASE / PAGE_SIZE && i - BASE / PAGE_SIZE < PAGES)
			model[i - BASE / PAGE_SIZE].dirty = true;
}

static void check_dirty(struct stage2 *s, u64 first, u64 count)
{
	static u64 bitmap[PAGES / 64];
	u32 before = s->generation;
	bool any = false;

	memset(bitmap, 0xa5, sizeof(bitmap));
	assert_int_equal(stage2_dirty(s, BASE + first * PAGE_SIZE, count * PAGE_SIZE, bitmap), 0);
	for (u64 i = 0; i < count; i++) {
		assert_int_equal(bitmap[i / 64] >> (i % 64) & 1, model[first + i].dirty);
		any |= model[first + i].dirty;
		model[first + i].dirty = false;
	}
	if (any)
		assert_int_not_equal(s->generation, before);
}

static void pick_range(struct random *r, u64 *first, u64 *count)
{
	static const u64 sizes[] = { 1, 7, 512, 513, 1024, 5000, 262144 };
	u64 align = random_below(r, 3) ? 512 : 1;

	*count = sizes[random_below(r, ARRAY_SIZE(sizes))];
	*first = random_below(r, PAGES / align) * align;
	if (*count == 262144 && random_below(r, 2))
		*first = 131072; /* 1 GiB */
	*count = MIN(*count, PAGES - *first);
}

static void random_map(struct stage2 *s, struct random *r)
{
	static const hpa_t shifts[] = { 0, PAGE_SIZE, MIB(2), GIB(1) };
	hpa_t hpa = GIB(8) + shifts[random_below(r, ARRAY_SIZE(shifts))];
	u32 prot = STAGE2_READ | (u32)random_below(r, 4) << 1;
	u32 type = (u32)random_below(r, 3), before = s->generation;
	bool replaces = false;
	u64 first, count;

	pick_range(r, &first, &count);
	hpa += BASE + first * PAGE_SIZE;
	assert_int_equal(
		stage2_map(s, BASE + first * PAGE_SIZE, hpa, count * PAGE_SIZE, prot, type), 0);
	for (u64 i = 0; i < count; i++) {
		replaces |= model[first + i].hpa != 0;
		model[first + i] = (struct model){ hpa + i * PAGE_SIZE, (u8)prot, (u8)type, false };
	}
	if (replaces)
		assert_int_not_equal(s->generation, before);
}

static void random_unmap(struct stage2 *s, struct random *r)
{
	u32 before = s->generation;
	bool any = false;
	u64 first, count;

	pick_range(r, &first, &count);
	assert_int_equal(stage2_unmap(s, BASE + first * PAGE_SIZE, count * PAGE_SIZE), 0);
	for (u64 i = 0; i < count; i++) {
		any |= model[first + i].hpa != 0;
		model[first + i] = (struct model){ 0 };
	}
	if (any)
		assert_int_not_equal(s->generation, before);
}

static void run_model(u32 max_level)
{
	struct random r = random_seeded("stage2");
	struct stage2 s;
	u64 first, count;

	memset(model, 0, sizeof(model));
	assert_int_equal(stage2_init(&s, &format, max_level), 0);
	for (u64 round = 0; round < test_rounds(1500); round++) {
		switch (random_below(&r, 5)) {
		case 0:
			random_map(&s, &r);
			break;
		case 1:
			random_unmap(&s, &r);
			break;
		case 2:
			pick_range(&r, &first, &count);
			check_dirty(&s, first, count);
			break;
		default:
			for (int i = 0; i < 20; i++)
				guest_write(&s, random_below(&r, PAGES));
			break;
		}
		for (int i = 0; i < 200; i++)
			check_page(&s, random_below(&r, PAGES));
	}
	for (u64 page = 0; page < PAGES; page++)
		check_page(&s, page);
	check_dirty(&s, 0, PAGES);
	check_dirty(&s, 0, PAGES);
	assert_int_equal(s.pages, fake_pages_used);
	stage2_destroy(&s);
	assert_int_equal(fake_pages_used, 0);
}

static void test_model_large(void **state)
{
	(void)state;
	run_model(3);
}

static void test_model_medium(void **state)
{
	(void)state;
	run_model(2);
}

static void test_largest_leaves(void **state)
{
	struct stage2 s;
	hpa_t hpa;
	u64 len;

	(void)state;
	assert_int_equal(stage2_init(&s, &format, 3), 0);
	assert_int_equal(stage2_map(&s, GIB(1), GIB(4), GIB(2), STAGE2_RWX, MEMTYPE_WB), 0);
	assert_int_equal(s.pages, 2);
	assert_int_equal(s.generation, 0);
	assert_int_equal(stage2_lookup(&s, GIB(2) + 1, &hpa, &len, NULL), 0);
	assert_int_equal(hpa, GIB(5) + 1);
	assert_int_equal(len, GIB(1) - 1);
	/* One page out of the middle: two tables more, the rest unharmed. */
	assert_int_equal(stage2_unmap(&s, GIB(1) + MIB(2), PAGE_SIZE), 0);
	assert_int_equal(s.pages, 4);
	assert_int_equal(stage2_lookup(&s, GIB(1) + MIB(2), &hpa, &len, NULL), -ENOENT);
	assert_int_equal(stage2_lookup(&s, GIB(1), &hpa, &len, NULL), 0);
	assert_int_equal(len, MIB(2));
	assert_int_equal(stage2_lookup(&s, GIB(1) + MIB(2) + PAGE_SIZE, &hpa, &len, NULL), 0);
	assert_int_equal(hpa, GIB(4) + MIB(2) + PAGE_SIZE);
	stage2_destroy(&s);
	assert_int_equal(fake_pages_used, 0);
}

static void test_bad_ranges(void **state)
{
	struct stage2 s;
	u64 bitmap[1], len;
	hpa_t hpa;

	(void)state;
	assert_int_equal(stage2_init(&s, &format, 4), -EINVAL);
	assert_int_equal(stage2_init(&s, &format, 3), 0);
	assert_int_equal(stage2_map(&s, 1, 0, PAGE_SIZE, 7, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, 0, 1, PAGE_SIZE, 7, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, 0, 0, 1, 7, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, BIT(48), 0, PAGE_SIZE, 7, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, BIT(48) - PAGE_SIZE, 0, 2 * PAGE_SIZE, 7, MEMTYPE_WB),
			 -EINVAL);
	assert_int_equal(stage2_map(&s, 0, -PAGE_SIZE, 2 * PAGE_SIZE, 7, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, 0, 0, PAGE_SIZE, STAGE2_WRITE, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_map(&s, 0, 0, PAGE_SIZE, 15, MEMTYPE_WB), -EINVAL);
	assert_int_equal(stage2_unmap(&s, 0, -PAGE_SIZE), -EINVAL);
	assert_int_equal(stage2_dirty(&s, 5, PAGE_SIZE, bitmap), -EINVAL);
	assert_int_equal(stage2_lookup(&s, ~0ULL, &hpa, &len, NULL), -ENOENT);
	assert_int_equal(stage2_map(&s, BIT(48) - PAGE_SIZE, 0, PAGE_SIZE, 7, MEMTYPE_WB), 0);
	assert_int_equal(stage2_unmap(&s, 0, BIT(48)), 0);
	stage2_destroy(&s);
	stage2_destroy(&s);
	assert_int_equal(fake_pages_used, 0);
}

static void test_no_memory(void **state)
{
	u32 all = fake_pages_left;
	u64 bitmap[2] = { 0 };
	struct stage2 s;

	(void)state;
	fake_pages_left = 0;
	assert_int_equal(stage2_init(&s, &format, 2), -ENOMEM);
	fake_pages_left = 3;
	assert_int_equal(stage2_init(&s, &format, 2), 0);
	assert_int_equal(stage2_map(&s, 0, 0, MIB(4), 7, MEMTYPE_UC), 0);
	assert_int_equal(stage2_unmap(&s, PAGE_SIZE, PAGE_SIZE), -ENOMEM);
	/* Dirty state of a leaf that cannot be split stays. */
	unsigned level;

	*walk(&s, 0, &level) |= DIRTY;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(stage2_dirty(&s, MIB(1), MIB(1) / 4, bitmap), 0);
		assert_int_equal(bitmap[0], ~0ULL);
	}
	stage2_destroy(&s);
	fake_pages_left = all;
	assert_int_equal(fake_pages_used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_large),    cmocka_unit_test(test_model_medium),
		cmocka_unit_test(test_largest_leaves), cmocka_unit_test(test_bad_ranges),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
