/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_blk.c dm/devices/virtio_queue*.c */
/* sources: dm/devices/virtio_pci*.c tests/unit/virtio_stubs.c tests/unit/dm_stubs.c */

/* Disks through their queue: reads, writes, what lies outside, and a read-only one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm_stubs.h"
#include "random.h"
#include "virtio_stubs.h"

#define SECTORS 16
#define DESC	0x1000
#define AVAIL	0x2000
#define USED	0x3000
#define REQUEST 0x4000
#define DATA	0x5000
#define STATUS	0x9000

static u8 image[SECTORS * 512 + 100]; /* the last sector is not whole */
static struct dm_device *d;
static u16 requests;

/* As a driver begins: features, queue 0 with eight entries, go. */
static void drive(const struct dm_device_ops *ops)
{
	d = dm_stubs_device(ops);
	requests = 0;
	memset(dm_stubs.ram, 0, 0x10000);
	virtio_stub_drive(d, 0, 0, 8, (u64[]){ DESC, AVAIL, USED });
	assert_int_equal(virtio_stub_get(d, 20, 1), 15);
}

static int setup(void **state)
{
	struct vm_config *config;

	(void)state;
	dm_stubs_setup(MIB(1));
	config = &dm_stubs.info.config.vms[0];
	config->disk = 0;
	config->cdrom = 0;
	dm_stubs.info.file_count = 1;
	dm_stubs.info.files[0].base = (u64)image;
	dm_stubs.info.files[0].len = sizeof(image);
	dm_stubs.info.vm_disk[0] = (u64)image;
	for (u32 i = 0; i < sizeof(image); i++)
		image[i] = (u8)(i / 512 + i);
	drive(&disk_ops);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static void describe(u32 n, u64 gpa, u32 len, u16 flags)
{
	u8 *at = dm_stubs.ram + DESC + 16 * n;
	u16 next = (u16)(n + 1);

	memcpy(at, &gpa, 8);
	memcpy(at + 8, &len, 4);
	memcpy(at + 12, &flags, 2);
	memcpy(at + 14, &next, 2);
}

/* One request; its status, and in *written what the used ring says. */
static u8 request(u32 type, u64 sector, u32 len, bool to_guest, u32 *written)
{
	u32 words[2] = { type, 0 };
	u16 head = 0;

	memcpy(dm_stubs.ram + REQUEST, words, 8);
	memcpy(dm_stubs.ram + REQUEST + 8, &sector, 8);
	dm_stubs.ram[STATUS] = 0xee;
	describe(0, REQUEST, 16, 1);
	if (len)
		describe(1, DATA, len, to_guest ? 3 : 1);
	describe(len ? 2 : 1, STATUS, 1, 2);
	memcpy(dm_stubs.ram + AVAIL + 4 + requests % 8 * 2, &head, 2);
	requests++;
	memcpy(dm_stubs.ram + AVAIL + 2, &requests, 2);
	d->ops->doorbell(d, 0);
	memcpy(written, dm_stubs.ram + USED + 4 + (requests - 1) % 8 * 8 + 4, 4);
	assert_memory_equal(dm_stubs.ram + USED + 2, &requests, 2);
	return dm_stubs.ram[STATUS];
}

static void sectors_are_read_and_written(void **state)
{
	u32 written;

	(void)state;
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE, 8), SECTORS);
	assert_int_equal(request(0, 3, 1024, true, &written), 0);
	assert_int_equal(written, 1025);
	assert_memory_equal(dm_stubs.ram + DATA, image + 3 * 512, 1024);
	memset(dm_stubs.ram + DATA, 0x5a, 512);
	assert_int_equal(request(1, 15, 512, false, &written), 0);
	assert_int_equal(written, 1);
	assert_int_equal(image[15 * 512], 0x5a);
	assert_int_equal(image[16 * 512 - 1], 0x5a);
	assert_int_not_equal(image[16 * 512], 0x5a);
	assert_int_equal(request(4, 0, 0, false, &written), 0); /* flush */
	assert_int_equal(request(8, 0, 20, true, &written), 0);
	assert_string_equal((char *)dm_stubs.ram + DATA, "oriel-disk");
	assert_int_equal(request(99, 0, 512, true, &written), 2);
}

static void nothing_outside_is_touched(void **state)
{
	u32 written;

	(void)state;
	assert_int_equal(request(0, SECTORS, 512, true, &written), 1);
	assert_int_equal(request(0, SECTORS - 1, 1024, true, &written), 1);
	assert_int_equal(request(0, ~0ULL, 512, true, &written), 1);
	assert_int_equal(request(1, ~0ULL / 512, 512, false, &written), 1);
	assert_int_equal(request(1, 0, 100, false, &written), 1); /* no whole sector */
	assert_int_equal(written, 1);
	assert_int_equal(image[0], 0);
}

static void cdrom_is_read_only(void **state)
{
	u32 written;

	(void)state;
	drive(&cdrom_ops);
	virtio_stub_set(d, 0, 4, 0);
	assert_int_equal(virtio_stub_get(d, 4, 4) & 32, 32);
	assert_int_equal(request(0, 1, 512, true, &written), 0);
	assert_memory_equal(dm_stubs.ram + DATA, image + 512, 512);
	assert_int_equal(request(1, 1, 512, false, &written), 1);
	assert_int_equal(image[512], 1);
}

static void any_request_does_no_harm(void **state)
{
	struct random r = random_seeded("blk");

	(void)state;
	for (u32 i = 0; i < 20000; i++) {
		for (u32 n = 0; n < 8; n++)
			describe(n, random_below(&r, 0x12000), (u32)random_below(&r, 3000),
				 (u16)random_below(&r, 4));
		for (u32 n = 0; n < 64; n++)
			dm_stubs.ram[REQUEST + random_below(&r, 32)] = (u8)random_below(&r, 20);
		requests++;
		memcpy(dm_stubs.ram + AVAIL + 2, &requests, 2);
		d->ops->doorbell(d, 0);
		if (virtio_stub_get(d, 20, 1) & VIRTIO_NEEDS_RESET)
			drive(&disk_ops);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sectors_are_read_and_written),
		CASE(nothing_outside_is_touched),
		CASE(cdrom_is_read_only),
		CASE(any_request_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
