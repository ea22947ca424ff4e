/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c */
/*
 * Split virtqueues with drivers that mean ill: every field of every structure wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <abi/range.h>
#include "dm/devices/virtio_queue.h"

#define RAM   0x10000
#define DESC  0x1000
#define AVAIL 0x2000
#define USED  0x3000
#define SIZE  8

static u8 *ram;
static struct dm_vm vm;
static struct virtq_state queue;
static struct virtq q;
static struct virtq_chain chain;

void *vm_ram(const struct dm_vm *guest, gpa_t gpa, u64 len)
{
	(void)guest;
	return len && range_within(gpa, len, RAM) ? ram + gpa : NULL;
}

int vm_read(const struct dm_vm *guest, gpa_t gpa, void *to, u64 len)
{
	void *p = vm_ram(guest, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(to, p, len);
	return 0;
}

int vm_write(const struct dm_vm *guest, gpa_t gpa, const void *from, u64 len)
{
	void *p = vm_ram(guest, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(p, from, len);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	free(ram);
	ram = calloc(1, RAM);
	queue = (struct virtq_state){
		.desc = DESC, .avail = AVAIL, .used = USED, .size = SIZE, .enabled = 1
	};
	q = (struct virtq){ .vm = &vm, .state = &queue };
	return 0;
}

static void put16(u64 at, u32 value)
{
	u16 v = (u16)value;

	memcpy(ram + at, &v, 2);
}

static u16 get16(u64 at)
{
	u16 v;

	memcpy(&v, ram + at, 2);
	return v;
}

static void desc_at(u64 table, u32 n, u64 addr, u32 len, u32 flags, u32 next)
{
	memcpy(ram + table + 16 * n, &addr, 8);
	memcpy(ram + table + 16 * n + 8, &len, 4);
	put16(table + 16 * n + 12, flags);
	put16(table + 16 * n + 14, next);
}
#define desc(n, addr, len, flags, next) desc_at(DESC, n, addr, len, flags, next)

static void offer(u32 head)
{
	u16 index = get16(AVAIL + 2);

	put16(AVAIL + 4 + 2u * (index % SIZE), head);
	put16(AVAIL + 2, index + 1u);
}

static void takes_chains_in_order(void **state)
{
	u8 data[8] = { 0 };

	(void)state;
	assert_int_equal(virtq_next(&q, &chain), 0);
	memcpy(ram + 0x4000, "abcdefgh", 8);
	desc(3, 0x4000, 3, 1, 5);
	desc(5, 0x4003, 0, 1, 1);
	desc(1, 0x4003, 5, 1, 2);
	desc(2, 0x5000, 4, 3, 7);
	desc(7, 0x6000, 4, 2, 0);
	offer(3);
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_int_equal(chain.out_len, 8);
	assert_int_equal(chain.in_len, 8);
	assert_int_equal(virtq_read(&vm, &chain, 0, data, 8), 8);
	assert_memory_equal(data, "abcdefgh", 8);
	assert_int_equal(virtq_read(&vm, &chain, 2, data, 100), 6);
	assert_memory_equal(data, "cdefgh", 6);
	assert_int_equal(virtq_read(&vm, &chain, 9, data, 1), 0);
	assert_int_equal(virtq_read(&vm, &chain, ~0ULL, data, 1), 0);
	assert_int_equal(virtq_write(&vm, &chain, 2, "12345678", 8), 6);
	assert_memory_equal(ram + 0x5002, "12", 2);
	assert_memory_equal(ram + 0x6000, "3456", 4);
	assert_int_equal(ram[0x6004], 0);
	assert_int_equal(virtq_complete(&q, &chain, 6), 0);
	assert_int_equal(get16(USED + 2), 1);
	assert_int_equal(get16(USED + 4), 3);
	assert_int_equal(get16(USED + 8), 6);
	assert_int_equal(virtq_next(&q, &chain), 0);
}

static void wraps_around(void **state)
{
	(void)state;
	desc(0, 0x4000, 4, 0, 0);
	for (u32 i = 0; i < 70000; i++) {
		offer(0);
		assert_int_equal(virtq_next(&q, &chain), 1);
		assert_int_equal(virtq_complete(&q, &chain, 0), 0);
		assert_int_equal(get16(USED + 2), (u16)(i + 1));
	}
}

static void follows_indirect_tables(void **state)
{
	(void)state;
	desc_at(0x8000, 0, 0x4000, 4, 1, 2);
	desc_at(0x8000, 2, 0x5000, 4, 2, 0);
	desc(0, 0x4100, 4, 1, 1);
	desc(1, 0x8000, 48, 4, 0);
	offer(0);
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_int_equal(chain.out_count, 2);
	assert_int_equal(chain.in_count, 1);
	desc(1, 0x8000, 47, 4, 0); /* not a number of descriptors */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(1, 0x8000, 0, 4, 0);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(1, 0x8000, 0xfffffff0, 4, 0);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(1, 0x8000, 32, 4, 0); /* next is past its end */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(1, 0x8000, 48, 5, 0); /* indirect with next */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(1, RAM - 16, 48, 4, 0);
	desc_at(RAM - 16, 0, 0x4000, 4, 1, 1);
	assert_int_equal(virtq_next(&q, &chain), -EFAULT);
	desc(1, ~0ULL - 15, 48, 4, 0);
	assert_int_equal(virtq_next(&q, &chain), -EFAULT);
	desc(1, 0x8000, 48, 4, 0);
	desc_at(0x8000, 2, 0x8000, 48, 4, 0); /* a table in a table */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc_at(0x8000, 2, 0x4000, 4, 1, 0); /* a loop */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
}

static void refuses_bad_chains(void **state)
{
	(void)state;
	offer(SIZE); /* CVE-2011-2512: an index out of range */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	put16(AVAIL + 4, 0xffff);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	put16(AVAIL + 4, 0);
	desc(0, 0x4000, 4, 1, 0xffff);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(0, 0x4000, 4, 1, 0); /* a loop of one */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(0, 0x4000, 4, 1, 1); /* a loop of two */
	desc(1, 0x4000, 4, 1, 0);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	desc(0, 0x4000, 4, 3, 1); /* readable after writable */
	desc(1, 0x4000, 4, 0, 0);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	put16(AVAIL + 2, SIZE + 1); /* more than the ring holds */
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
	put16(AVAIL + 2, 0xffff);
	assert_int_equal(virtq_next(&q, &chain), -EINVAL);
}

static void refuses_bad_addresses(void **state)
{
	static const u64 addresses[] = { RAM, RAM - 3, ~0ULL, ~0ULL - 3, 1ULL << 63 };
	u8 data[4];

	(void)state;
	offer(0);
	for (u32 i = 0; i < ARRAY_SIZE(addresses); i++) {
		desc(0, addresses[i], 4, 0, 0);
		assert_int_equal(virtq_next(&q, &chain), 1);
		assert_int_equal(virtq_read(&vm, &chain, 0, data, 4), -EFAULT);
		desc(0, addresses[i], 4, 2, 0);
		assert_int_equal(virtq_next(&q, &chain), 1);
		assert_int_equal(virtq_write(&vm, &chain, 0, data, 4), -EFAULT);
	}
	desc(0, ~0ULL - 1, 8, 0, 0); /* wraps around */
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_int_equal(virtq_read(&vm, &chain, 3, data, 4), -EFAULT);
}

static void checks_rings(void **state)
{
	(void)state;
	assert_true(virtq_usable(&q));
	for (u32 size = 0; size < 600; size++) {
		queue.size = (u16)size;
		assert_int_equal(virtq_usable(&q), size && size <= 256 && !(size & (size - 1)));
	}
	queue.size = SIZE;
	queue.desc = DESC + 8;
	assert_false(virtq_usable(&q));
	queue.desc = RAM - 16 * SIZE + 16;
	assert_false(virtq_usable(&q));
	queue.desc = DESC;
	queue.avail = AVAIL + 1;
	assert_false(virtq_usable(&q));
	queue.avail = ~1ULL;
	assert_false(virtq_usable(&q));
	queue.avail = AVAIL;
	queue.used = USED + 2;
	assert_false(virtq_usable(&q));
	queue.used = RAM - 8;
	assert_false(virtq_usable(&q));
	assert_int_equal(virtq_adopt(&q), -EINVAL);
}

static void suppresses_interrupts(void **state)
{
	(void)state;
	desc(0, 0x4000, 4, 2, 0);
	for (u32 i = 0; i < 2; i++) {
		offer(0);
		assert_int_equal(virtq_next(&q, &chain), 1);
		assert_int_equal(virtq_complete(&q, &chain, 0), 0);
	}
	assert_true(virtq_wants_interrupt(&q));
	assert_false(virtq_wants_interrupt(&q)); /* nothing new */
	put16(AVAIL, 1);
	offer(0);
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_int_equal(virtq_complete(&q, &chain, 0), 0);
	assert_false(virtq_wants_interrupt(&q));
	q.event_idx = true;
	put16(AVAIL + 4 + 2 * SIZE, 4); /* used_event: after the fifth */
	for (u32 i = 4; i <= 6; i++) {
		offer(0);
		assert_int_equal(virtq_next(&q, &chain), 1);
		assert_int_equal(virtq_complete(&q, &chain, 0), 0);
		assert_int_equal(virtq_wants_interrupt(&q), i == 5);
	}
	assert_int_equal(virtq_next(&q, &chain), 0);
	assert_int_equal(get16(USED + 4 + 8 * SIZE), 6); /* avail_event: tell about the next */
}

static void adopts_published_answers(void **state)
{
	(void)state;
	desc(0, 0x4000, 4, 2, 0);
	offer(0);
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_false(chain.redo);
	virtq_mark(&q);
	assert_int_equal(virtq_next(&q, &chain), 1); /* again, after a restart */
	assert_true(chain.redo);
	queue.intent = BIT(31) | 1 << 8 | VIRTQ_MAX_PARKED;
	put16(USED + 2, 1); /* it died after this store */
	assert_int_equal(virtq_adopt(&q), 0);
	assert_int_equal(virtq_position(&queue), 1);
	assert_int_equal(virtq_next(&q, &chain), 0);
	offer(0);
	assert_int_equal(virtq_next(&q, &chain), 1);
	assert_false(chain.redo);
	put16(USED + 2, 77); /* nonsense is left alone */
	assert_int_equal(virtq_adopt(&q), 0);
	assert_int_equal(virtq_position(&queue), 1);
}

/* Random rings must end in one of the three ways, without a byte too far. */
static void survives_noise(void **state)
{
	u8 data[64];

	(void)state;
	srand(7);
	for (u32 round = 0; round < 200000; round++) {
		int result;

		for (u32 n = 0; n < SIZE; n++)
			desc(n, (u32)rand() % (RAM + 0x100),
			     (u32)rand() % 4 ? (u32)rand() % 64 : (u32)rand(), (u32)rand() % 8,
			     (u32)rand() % (SIZE + 1));
		put16(AVAIL + 2, virtq_position(&queue) + (u32)rand() % (SIZE + 2));
		result = virtq_next(&q, &chain);
		assert_true(result == 0 || result == 1 || result == -EINVAL || result == -EFAULT);
		if (result == 1) {
			assert_true(virtq_read(&vm, &chain, (u32)rand() % 32, data, 64) <= 64);
			assert_true(virtq_write(&vm, &chain, (u32)rand() % 32, data, 64) <= 64);
			memset(ram + USED, 0, 0x100);
			virtq_start(&q);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
		TEST(takes_chains_in_order),   TEST(wraps_around),
		TEST(follows_indirect_tables), TEST(refuses_bad_chains),
		TEST(refuses_bad_addresses),   TEST(checks_rings),
		TEST(suppresses_interrupts),   TEST(adopts_published_answers),
		TEST(survives_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
