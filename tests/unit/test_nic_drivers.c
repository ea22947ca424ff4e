/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/drivers/e1000.c dm/drivers/virtio_net.c tests/unit/dm_stubs.c */
/*
 * The network cards' drivers with cards of plain memory: rings that wrap, lengths and entries that
 * no card may write, and rings that are full.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "dm/drivers/nic.h"
#include "dm/hypercall.h"
#include "dm/runtime.h"
#include "dm_stubs.h"

#define PHYS 0x7654000000ULL

s64 hypercall(enum hypercall number, u64 a, u64 b, u64 c, u64 d)
{
	(void)b, (void)c, (void)d;
	return number == HC_NIC_ENABLE && a == 1 ? 0 : -EINVAL;
}

u64 time_now(void)
{
	return dm_stubs.now += STUB_HZ / 1000;
}

static u8 *const memory = (u8 *)DM_NIC_DMA_BASE;
static u8 registers[0x6000];
static struct dm_nic nic;

static void put(void *at, u64 value, u32 size)
{
	memcpy(at, &value, size);
}

static u64 get(const void *at, u32 size)
{
	u64 value = 0;

	memcpy(&value, at, size);
	return value;
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs_map(DM_NIC_DMA_BASE, DM_NIC_DMA_SIZE);
	memset(registers, 0, sizeof(registers));
	nic = (struct dm_nic){ .dma_phys = PHYS,
			       .bar = { (uintptr_t)registers },
			       .bar_len = { sizeof(registers) } };
	return 0;
}

/* Fills a buffer with what tells frames apart. */
static void fill(u8 *buffer, u32 n)
{
	for (u32 i = 0; i < NIC_FRAME; i++)
		buffer[i] = (u8)(n + i);
}

static void expect_frame(const struct nic_ops *ops, u32 n, u32 want)
{
	u32 len = 0;
	const u8 *frame = ops->receive(&len);

	assert_non_null(frame);
	assert_int_equal(len, want);
	for (u32 i = 0; i < len; i++)
		assert_int_equal(frame[i], (u8)(n + i));
	ops->receive_done();
}

static void expect_none(const struct nic_ops *ops)
{
	u32 len;

	assert_null(ops->receive(&len));
}

/* ---- e1000 */

enum { RDBAL = 0x2800, RDLEN = 0x2808, RDT = 0x2818, TDT = 0x3818, RAL = 0x5400 };
enum { DD = 1, EOP = 2, DESC = 16, TX_RING = 4096, BUFFERS = 8192 };

static u32 card; /* the next descriptor it will fill */

static void start_e1000(void)
{
	static const u8 address[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	u8 mac[6];

	memcpy(registers + RAL, address, 6);
	assert_int_equal(nic_e1000.start(&nic, mac), 0);
	assert_memory_equal(mac, address, 6);
	assert_true(get(registers + RDBAL, 8) == PHYS);
	assert_int_equal(get(registers + RDLEN, 4), DESC * NIC_RING);
	assert_int_equal(get(registers + RDT, 4), NIC_RING - 1);
	card = 0;
}

static void e1000_fills(u32 n, u32 len, u8 status, u8 errors)
{
	u8 *desc = memory + DESC * card;

	assert_int_not_equal(card, get(registers + RDT, 4)); /* the card has it */
	assert_int_equal(desc[12], 0);
	assert_true(get(desc, 8) == PHYS + BUFFERS + (u64)card * NIC_BUFFER);
	fill(memory + BUFFERS + card * NIC_BUFFER, n);
	put(desc + 8, len, 2);
	desc[12] = status;
	desc[13] = errors;
	card = (card + 1) % NIC_RING;
}

static void e1000_receives(void **state)
{
	static const u32 lens[] = { 1, 60, 1513, NIC_FRAME };
	static const u32 wrong[] = { NIC_FRAME + 1, NIC_BUFFER, NIC_BUFFER + 1, 0xffff };

	(void)state;
	start_e1000();
	expect_none(&nic_e1000);
	for (u32 n = 0; n < 1000; n++) {
		if (n % 3 == 0)
			e1000_fills(0, wrong[n % 4], DD | EOP, 0);
		if (n % 5 == 0)
			e1000_fills(0, 60, DD, 0); /* goes on */
		if (n % 7 == 0)
			e1000_fills(0, 60, DD | EOP, 1);
		e1000_fills(n, lens[n % 4], DD | EOP, 0);
		expect_frame(&nic_e1000, n, lens[n % 4]);
		if (n % 11)
			continue;
		expect_none(&nic_e1000);
		assert_int_equal(get(registers + RDT, 4), (card + NIC_RING - 1) % NIC_RING);
	}
	/* A whole ring, of nothing but nonsense. */
	expect_none(&nic_e1000);
	for (u32 i = 0; i < NIC_RING - 1; i++)
		e1000_fills(0, 0xffff, DD | EOP, 0xff);
	expect_none(&nic_e1000);
	e1000_fills(5, 60, DD | EOP, 0);
	expect_frame(&nic_e1000, 5, 60);
}

static void e1000_sends(void **state)
{
	u32 sent = 0;

	(void)state;
	start_e1000();
	for (u32 round = 0; round < 5; round++) {
		u8 *frame;

		while ((frame = nic_e1000.transmit())) {
			u8 *desc = memory + TX_RING + DESC * (sent % NIC_RING);

			frame[0] = (u8)sent++;
			nic_e1000.transmit_done(NIC_FRAME);
			assert_int_equal(get(desc + 8, 2), NIC_FRAME);
			assert_int_equal(desc[12], 0);
			assert_int_equal(get(registers + TDT, 4), sent % NIC_RING);
		}
		/* One stays free, or a full ring would look empty. */
		assert_int_equal(sent, (round + 1) * (NIC_RING - 1));
		for (u32 i = 0; i < NIC_RING; i++)
			memory[TX_RING + DESC * i + 12] = DD;
	}
}

static void e1000_needs_registers(void **state)
{
	u8 mac[6];

	(void)state;
	assert_int_equal(nic_e1000.start(&nic, mac), -EIO); /* no address */
	nic.bar_len[0] = sizeof(registers) - 1;
	assert_int_equal(nic_e1000.start(&nic, mac), -ENODEV);
	nic.bar[0] = 0;
	nic.bar_len[0] = sizeof(registers);
	assert_int_equal(nic_e1000.start(&nic, mac), -ENODEV);
}

/* ---- virtio-net */

enum { COMMON = 0, NOTIFY = 0x100, ISR = 0x200, DEVICE = 0x300 };
enum { HEADER = 12, AVAIL_INDEX = 4098, AVAIL = 4100, USED_INDEX = 4618, USED = 4620 };
enum { QUEUE_BUFFERS = 6668, QUEUE = (QUEUE_BUFFERS + NIC_RING * NIC_BUFFER + 15) / 16 * 16 };

static void add_capability(u32 at, u8 kind, u32 offset, u8 next)
{
	nic.config[at] = 9;
	nic.config[at + 1] = next;
	nic.config[at + 3] = kind;
	put(nic.config + at + 8, offset, 4);
}

static int start_virtio(void)
{
	u8 mac[6];

	nic.config[0x34] = 0x40;
	add_capability(0x40, 1, COMMON, 0x60);
	add_capability(0x60, 2, NOTIFY, 0x80);
	add_capability(0x80, 3, ISR, 0xa0);
	add_capability(0xa0, 4, DEVICE, 0);
	/* Read for both halves: VERSION_1 in the higher one, MAC and STATUS in the lower one. */
	put(registers + COMMON + 4, 0x10021, 4);
	put(registers + COMMON + 0x18, NIC_RING, 2);
	return nic_virtio.start(&nic, mac);
}

static void virtio_uses(u32 queue, u32 id, u32 len)
{
	u8 *q = memory + queue * QUEUE;
	u32 index = (u32)get(q + USED_INDEX, 2);

	put(q + USED + 8 * (index % NIC_RING), id, 4);
	put(q + USED + 8 * (index % NIC_RING) + 4, len, 4);
	put(q + USED_INDEX, index + 1, 2);
}

static void virtio_receives(void **state)
{
	static const u32 lens[] = { 1, 60, 1513, NIC_FRAME };
	static const u32 wrong[] = { 0, HEADER, HEADER + NIC_FRAME + 1, ~0u };
	static const u32 nobody[] = { NIC_RING, 0xffff, 0x10000, ~0u };
	u32 next = 0;

	(void)state;
	assert_int_equal(start_virtio(), 0);
	expect_none(&nic_virtio);
	for (u32 n = 0; n < 70000; n++) {
		u32 id = (u32)get(memory + AVAIL + 2 * (next++ % NIC_RING), 2);

		assert_in_range(id, 0, NIC_RING - 1);
		if (n % 3 == 0)
			virtio_uses(0, nobody[n % 4], HEADER + 60);
		if (n % 7 == 0) {
			virtio_uses(0, id, wrong[n % 4]);
			expect_none(&nic_virtio); /* it is offered again */
			id = (u32)get(memory + AVAIL + 2 * (next++ % NIC_RING), 2);
		}
		fill(memory + QUEUE_BUFFERS + id * NIC_BUFFER + HEADER, n);
		virtio_uses(0, id, HEADER + lens[n % 4]);
		expect_frame(&nic_virtio, n, lens[n % 4]);
		assert_int_equal(get(memory + AVAIL_INDEX, 2), (next + NIC_RING) % 0x10000);
	}
	/* An index that jumps: old entries once more, and then it is quiet. */
	for (u32 i = 0; i < NIC_RING; i++)
		put(memory + USED + 8 * i, ~0u, 4);
	put(memory + USED_INDEX, get(memory + USED_INDEX, 2) - 1, 2);
	expect_none(&nic_virtio);
}

static void virtio_sends(void **state)
{
	u8 *q = memory + QUEUE;
	u32 sent = 0;

	(void)state;
	assert_int_equal(start_virtio(), 0);
	for (u32 round = 0; round < 300; round++) {
		while (nic_virtio.transmit()) {
			u32 id;

			nic_virtio.transmit_done(60);
			id = (u32)get(q + AVAIL + 2 * (sent++ % NIC_RING), 2);
			assert_int_equal(get(q + 16 * id + 8, 4), HEADER + 60);
		}
		assert_int_equal(sent, (round + 1) * NIC_RING);
		for (u32 i = 0; i < NIC_RING; i++)
			virtio_uses(1, i, 0);
		assert_non_null(nic_virtio.transmit());
		virtio_uses(1, NIC_RING, 0); /* nobody's */
	}
	/* More than were sent: no more are free than there are. */
	for (u32 i = 0; i < 1000; i++) {
		virtio_uses(1, 3, 0);
		assert_non_null(nic_virtio.transmit());
	}
}

/* Structures that do not lie in their BARs, lists without end: no such card. */
static void virtio_needs_its_structures(void **state)
{
	static const struct {
		u32 at, value, size;
	} changes[] = {
		{ 0x34, 0, 1 },
		{ 0x41, 0x40, 1 },
		{ 0x81, 0x40, 1 },
		{ 0x44, 1, 1 },
		{ 0x44, 6, 1 },
		{ 0x44, 0xff, 1 },
		{ 0x48, 0x6000 - 0x37, 4 },
		{ 0x48, ~0u, 4 },
		{ 0xa8, 0x6000 - 7, 4 },
		{ 0x68, 0x6000 - 1, 4 },
		{ 0x88, 0x6000, 4 },
	};

	u8 mac[6];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		assert_int_equal(start_virtio(), 0);
		put(nic.config + changes[i].at, changes[i].value, changes[i].size);
		if (nic_virtio.start(&nic, mac) != -ENODEV)
			fail_msg("change %u", i);
		memset(nic.config, 0, sizeof(nic.config));
	}
	assert_int_equal(start_virtio(), 0);
	put(registers + COMMON + 0x18, NIC_RING - 1, 2);
	assert_int_equal(nic_virtio.start(&nic, mac), -ENODEV);
	put(registers + COMMON + 0x18, NIC_RING, 2);
	put(registers + COMMON + 4, 0x20, 4); /* not VERSION_1 */
	assert_int_equal(nic_virtio.start(&nic, mac), -ENODEV);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(e1000_receives),  TEST(e1000_sends),  TEST(e1000_needs_registers),
		TEST(virtio_receives), TEST(virtio_sends), TEST(virtio_needs_its_structures),
	};

	return cmocka_run_group_tests_name("nic_drivers", tests, NULL, NULL);
}
