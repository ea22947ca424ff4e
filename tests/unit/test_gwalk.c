/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: arch/x86/gwalk.c */

/*
 * The walk of guest page tables: random rights on every level, judged by the SDM's rules written
 * down once more as conditions on the whole path; and edges by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "gwalk.h"
#include "random.h"
#include "x86.h"

#define P  BIT(0)
#define W  BIT(1)
#define U  BIT(2)
#define A  BIT(5)
#define D  BIT(6)
#define PS BIT(7)
#define NX BIT(63)

#define ROUNDS	 500000
#define RAM_SIZE (6 * PAGE_SIZE)
#define ROOT	 0x1000 /* tables of the levels follow one another, the root first */

static u8 ram[RAM_SIZE];
static u32 writes;
static bool read_only;

static int ram_read(void *ctx, gpa_t gpa, void *to, u32 len)
{
	(void)ctx;
	if (gpa + len > RAM_SIZE)
		return -EFAULT;
	memcpy(to, ram + gpa, len);
	return 0;
}

static int ram_write(void *ctx, gpa_t gpa, const void *from, u32 len)
{
	(void)ctx;
	assert_int_equal(len, 1);
	if (read_only || gpa + len > RAM_SIZE)
		return -EFAULT;
	memcpy(ram + gpa, from, len);
	writes++;
	return 0;
}

static const struct guest_memory memory = { ram_read, ram_write, NULL };

/* One way through the tables. */
struct path {
	u32 levels, entry_size, bits, leaf; /* leaf: the level of the leaf */
	gpa_t at[5];
	u64 entry[5]; /* by level */
	u64 linear;
};

static u64 index_at(const struct path *p, u32 level)
{
	return p->linear >> (12 + p->bits * (level - 1)) & (BIT(p->bits) - 1);
}

static void path_store(struct path *p)
{
	for (u32 level = p->levels; level >= 1; level--) {
		gpa_t table = ROOT + (p->levels - level) * PAGE_SIZE;
		u64 index = index_at(p, level);

		if (p->levels == 3 && level == 3)
			index &= 3;
		p->at[level] = table + index * p->entry_size;
		if (level > p->leaf)
			p->entry[level] |= table + PAGE_SIZE;
		memcpy(ram + p->at[level], &p->entry[level], p->entry_size);
	}
}

static u64 path_load(const struct path *p, u32 level)
{
	u64 entry = 0;

	memcpy(&entry, ram + p->at[level], p->entry_size);
	return entry;
}

static bool pdpte(const struct path *p, u32 level)
{
	return p->levels == 3 && level == 3;
}

/* All entries of the path that have rights have the bit. */
static bool everywhere(const struct path *p, u64 bit)
{
	for (u32 level = p->leaf; level <= p->levels; level++)
		if (!pdpte(p, level) && !(p->entry[level] & bit))
			return false;
	return true;
}

static bool anywhere(const struct path *p, u64 bit)
{
	for (u32 level = p->leaf; level <= p->levels; level++)
		if (p->entry[level] & bit)
			return true;
	return false;
}

/* SDM vol. 3, 4.6.1, read from the side of what is forbidden. */
static bool forbidden(const struct gwalk_state *s, const struct path *p, u32 access)
{
	bool write = access & GWALK_WRITE, user = access & GWALK_USER, fetch = access & GWALK_FETCH;
	bool user_page = everywhere(p, U), writable = everywhere(p, W);

	if (user && !user_page)
		return true;
	if (write && !writable && (user || s->cr0 & CR0_WP))
		return true;
	if (fetch && anywhere(p, NX))
		return true;
	if (!user && user_page && fetch && s->cr4 & CR4_SMEP)
		return true;
	return !user && user_page && !fetch && s->cr4 & CR4_SMAP && !(s->rflags & GWALK_AC);
}

static void random_state(struct random *r, struct gwalk_state *s)
{
	u64 x = random_next(r);

	*s = (struct gwalk_state){ .cr0 = CR0_PE | CR0_PG | (x & CR0_WP) };
	s->cr3 = ROOT | (random_below(r, 2) ? 0x18 : 0);
	s->cr4 = x & (CR4_SMEP | CR4_SMAP | CR4_PSE);
	s->rflags = x >> 30 & GWALK_AC;
	if (random_below(r, 3))
		s->cr4 |= CR4_PAE;
	if (s->cr4 & CR4_PAE && random_below(r, 2))
		s->efer = EFER_LMA | EFER_LME;
	if (x & BIT(50))
		s->efer |= EFER_NXE;
}

static void random_path(struct random *r, const struct gwalk_state *s, struct path *p)
{
	bool long_mode = s->efer & EFER_LMA, pae = s->cr4 & CR4_PAE;

	*p = (struct path){ .levels = long_mode ? 4
				      : pae	? 3
						: 2,
			    .entry_size = pae ? 8 : 4,
			    .bits = pae ? 9 : 10,
			    .linear = random_next(r),
			    .leaf = 1 };
	if (!long_mode)
		p->linear &= 0xffffffff;
	if (pae || s->cr4 & CR4_PSE)
		p->leaf = 1 + (u32)random_below(r, long_mode ? 3 : 2);
	for (u32 level = p->leaf; level <= p->levels; level++) {
		u64 rights = random_next(r) & (W | U | A | D);

		p->entry[level] = P | (random_below(r, 3) ? W | U | (rights & (A | D)) : rights);
		if (s->efer & EFER_NXE && pae && random_below(r, 4) == 0)
			p->entry[level] |= NX;
		if (pdpte(p, level))
			p->entry[level] = P;
		if (level == p->leaf && level > 1)
			p->entry[level] |= PS;
		if (random_below(r, 30) == 0)
			p->entry[level] &= ~P;
	}
}

/* The leaf's page, and what of the linear address is within. */
static u64 random_leaf(struct random *r, struct path *p)
{
	u32 shift = 12 + p->bits * (p->leaf - 1);
	u64 page = random_next(r) & 0x000ffffffffff000ULL & ~(BIT(shift) - 1);

	if (p->entry_size == 4)
		page &= 0xffffffff;
	p->entry[p->leaf] |= page;
	if (p->leaf > 1 && random_below(r, 2))
		p->entry[p->leaf] |= BIT(12); /* PAT */
	if (p->entry_size == 4 && p->leaf == 2) {
		u64 high = random_below(r, 256);

		p->entry[2] |= high << 13;
		page |= high << 32;
	}
	return page | (p->linear & (BIT(shift) - 1));
}

static void check_bits(const struct path *p, u32 access)
{
	for (u32 level = p->leaf; level <= p->levels; level++) {
		u64 expected = p->entry[level];

		if (!pdpte(p, level))
			expected |= A;
		if (level == p->leaf && access & GWALK_WRITE)
			expected |= D;
		assert_int_equal(path_load(p, level), expected);
	}
}

static void check_unchanged(const struct path *p)
{
	for (u32 level = p->leaf; level <= p->levels; level++)
		assert_int_equal(path_load(p, level), p->entry[level]);
}

static void test_random(void **state)
{
	struct random r = random_seeded("gwalk");
	u32 good = 0;

	(void)state;
	for (u64 round = test_rounds(ROUNDS); round; round--) {
		static const u32 kinds[] = { 0, GWALK_WRITE, GWALK_FETCH };
		u32 access =
			kinds[random_below(&r, 3)] | (random_next(&r) & BIT(40) ? GWALK_USER : 0);
		struct gwalk_state s;
		struct path p;
		u32 error = 0, expected;
		gpa_t gpa = 0;

		random_state(&r, &s);
		random_path(&r, &s, &p);
		u64 target = random_leaf(&r, &p);

		path_store(&p);
		int rc = gwalk(&s, &memory, p.linear, access, &gpa, &error);

		if (everywhere(&p, P) && (!pdpte(&p, p.levels) || p.entry[3] & P) &&
		    !forbidden(&s, &p, access)) {
			assert_int_equal(rc, 0);
			assert_int_equal(gpa, target);
			check_bits(&p, access);
			good++;
			continue;
		}
		assert_int_equal(rc, -EFAULT);
		expected = access & (GWALK_WRITE | GWALK_USER);
		if (s.cr4 & CR4_SMEP || (s.cr4 & CR4_PAE && s.efer & EFER_NXE))
			expected |= access & GWALK_FETCH;
		if (everywhere(&p, P) && (!pdpte(&p, p.levels) || p.entry[3] & P))
			expected |= GWALK_PRESENT;
		assert_int_equal(error, expected);
		check_unchanged(&p);
	}
	printf("%u of them allowed\n", good);
	assert_true(good > test_rounds(ROUNDS) / 5);
}

/* Each reserved bit alone makes a fault with bit 3. */
static void check_reserved(const struct gwalk_state *s, struct path p, u32 level, u64 bit)
{
	u32 error = 0;
	gpa_t gpa;

	p.entry[level] |= bit;
	path_store(&p);
	assert_int_equal(gwalk(s, &memory, p.linear, 0, &gpa, &error), -EFAULT);
	assert_int_equal(error, GWALK_PRESENT | GWALK_RESERVED);
}

static void test_reserved(void **state)
{
	struct gwalk_state s = { .cr0 = CR0_PE | CR0_PG, .cr3 = ROOT, .cr4 = CR4_PAE };
	struct path p = { .levels = 4, .entry_size = 8, .bits = 9, .leaf = 1 };

	(void)state;
	s.efer = EFER_LMA;
	for (u32 level = 1; level <= 4; level++)
		p.entry[level] = P | W | U;
	check_reserved(&s, p, 4, PS);
	for (u32 level = 1; level <= 4; level++)
		check_reserved(&s, p, level, NX); /* without EFER.NXE */
	p.leaf = 2;
	p.entry[2] |= PS;
	check_reserved(&s, p, 2, BIT(13));
	check_reserved(&s, p, 2, BIT(20));
	p.leaf = 3;
	p.entry[3] |= PS;
	check_reserved(&s, p, 3, BIT(13));
	check_reserved(&s, p, 3, BIT(29));
	s.efer = EFER_NXE;
	p = (struct path){ .levels = 3, .entry_size = 8, .bits = 9, .leaf = 1 };
	for (u32 level = 1; level <= 3; level++)
		p.entry[level] = P;
	check_reserved(&s, p, 3, W);
	check_reserved(&s, p, 3, PS);
	check_reserved(&s, p, 3, NX);
	check_reserved(&s, p, 2, BIT(62));
	check_reserved(&s, p, 1, BIT(52));
	s.cr4 = CR4_PSE;
	p = (struct path){ .levels = 2, .entry_size = 4, .bits = 10, .leaf = 2 };
	p.entry[2] = P | PS;
	check_reserved(&s, p, 2, BIT(21));
}

static void test_edges(void **state)
{
	struct gwalk_state s = { .cr0 = CR0_PE };
	struct path p = { .levels = 4, .entry_size = 8, .bits = 9, .leaf = 1 };
	u32 error = 0;
	gpa_t gpa;

	(void)state;
	/* No paging. */
	assert_int_equal(gwalk(&s, &memory, 0x112345678, GWALK_WRITE, &gpa, &error), 0);
	assert_int_equal(gpa, 0x12345678);
	/* Tables that are not memory. */
	s = (struct gwalk_state){ .cr0 = CR0_PE | CR0_PG, .cr3 = MIB(1), .cr4 = CR4_PAE };
	s.efer = EFER_LMA;
	assert_int_equal(gwalk(&s, &memory, 0, 0, &gpa, &error), -ENOTSUP);
	/* Five levels. */
	s.cr3 = ROOT;
	s.cr4 |= CR4_LA57;
	assert_int_equal(gwalk(&s, &memory, 0, 0, &gpa, &error), -ENOTSUP);
	/* Tables that cannot be written: the walk works all the same. And nothing is written when
	 * nothing changes. */
	s.cr4 = CR4_PAE;
	for (u32 level = 1; level <= 4; level++)
		p.entry[level] = P | W | U;
	path_store(&p);
	read_only = true;
	assert_int_equal(gwalk(&s, &memory, 0, GWALK_WRITE, &gpa, &error), 0);
	read_only = false;
	assert_int_equal(gwalk(&s, &memory, 0, GWALK_WRITE, &gpa, &error), 0);
	writes = 0;
	assert_int_equal(gwalk(&s, &memory, 0, GWALK_WRITE, &gpa, &error), 0);
	assert_int_equal(writes, 0);
	assert_true(gwalk_canonical(0x7fffffffffff) && gwalk_canonical(0xffff800000000000));
	assert_false(gwalk_canonical(0x800000000000) || gwalk_canonical(0xffff7fffffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
