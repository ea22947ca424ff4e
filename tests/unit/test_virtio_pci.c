/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/virtio_queue*.c dm/devices/virtio_pci*.c */
/* sources: tests/unit/virtio_stubs.c tests/unit/virtq_driver.c tests/unit/dm_stubs.c */

/*
 * The virtio transport with a model that answers every request: negotiation and its refusals,
 * notifications, interrupts, resets of queues and of the device, and turns that end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm_stubs.h"
#include "virtio_stubs.h"
#include "virtq_driver.h"

#define QUEUES	 2
#define FEATURE	 BIT(3) /* the model's own */
#define TURN_US	 VIRTIO_TURN_US
#define STATUS	 20
#define ACCEPTED 11 /* ACKNOWLEDGE, DRIVER, FEATURES_OK */

static struct virtio_device *const vd = &virtio_stub_vd;
static struct dm_device *d;
static u32 handled[QUEUES], resets, msix[4], takes_us;
static u64 hold_for;
static bool pin, msix_on;

static void config_read(struct virtio_device *v, u8 *config)
{
	(void)v;
	memcpy(config, "\1\2\3\4\5\6\7\10", 8);
}

static void driver_reset(struct virtio_device *v)
{
	(void)v;
	resets++;
}

static s64 handle(struct virtio_device *v, u32 queue, const struct virtq_chain *chain)
{
	(void)chain;
	handled[queue]++;
	dm_stubs.now += takes_us * (STUB_HZ / 1000000);
	if (hold_for)
		virtio_pci_hold(v, dm_stubs.now + hold_for);
	return 0;
}

static const struct virtio_device_ops model = {
	.features = VIRTIO_TRANSPORT_FEATURES | FEATURE,
	.queue_count = QUEUES,
	.queue_size = { 256, 64 },
	.config_len = 8,
	.config_read = config_read,
	.reset = driver_reset,
	.handle = handle,
};

bool bus_msix(struct dm_device *dev, u16 vector)
{
	(void)dev;
	if (!msix_on)
		return false;
	msix[vector]++;
	return true;
}

void bus_intx(struct dm_device *dev, bool level)
{
	(void)dev;
	pin = level;
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	d = virtio_stub_model(&model);
	memset(handled, 0, sizeof(handled));
	memset(msix, 0, sizeof(msix));
	resets = takes_us = 0;
	msix_on = false;
	hold_for = 0;
	driver_start(false, false, 64);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	driver_stop();
	dm_stubs_teardown();
	return 0;
}

static u64 get(u32 offset, u8 size)
{
	return virtio_stub_get(d, offset, size);
}

static void set(u32 offset, u8 size, u64 value)
{
	virtio_stub_set(d, offset, size, value);
}

static bool negotiate(u64 features)
{
	return virtio_stub_negotiate(d, features);
}

static void enable(u16 size)
{
	virtio_stub_enable(d, 0, size, (u64[]){ DRIVER_DESC, DRIVER_AVAIL, DRIVER_USED });
}

static void drive(u64 features, u16 size)
{
	driver_start(features & VIRTIO_F_RING_PACKED, features & VIRTIO_F_EVENT_IDX, size);
	assert_true(negotiate(features | VIRTIO_F_VERSION_1));
	enable(size);
	assert_int_equal(get(28, 2), 1);
	set(STATUS, 1, ACCEPTED | VIRTIO_DRIVER_OK);
	assert_int_equal(d->deadline, 0); /* looks for requests that came before */
	virtio_pci_timer(vd);
}

static u32 collect(void)
{
	u32 n = 0, len;

	while (driver_collect(&len) >= 0)
		n++;
	return n;
}

static void features_are_negotiated(void **state)
{
	(void)state;
	set(0, 4, 1);
	assert_int_equal(get(4, 4), (VIRTIO_TRANSPORT_FEATURES | FEATURE) >> 32);
	set(0, 4, 2);
	assert_int_equal(get(4, 4), 0);
	assert_false(negotiate(0)); /* a legacy driver */
	assert_false(negotiate(FEATURE));
	assert_false(negotiate(VIRTIO_F_VERSION_1 | BIT(5)));
	assert_false(negotiate(VIRTIO_F_VERSION_1 | BIT(63)));
	enable(8);
	assert_int_equal(get(28, 2), 0); /* not before features are settled */
	set(STATUS, 1, 15);
	assert_int_equal(get(STATUS, 1) & 12, 0);
	assert_true(negotiate(VIRTIO_F_VERSION_1 | FEATURE));
	set(8, 4, 0);
	set(12, 4, 0);
	assert_int_equal(get(12, 4), FEATURE); /* settled */
	assert_true(negotiate(model.features));
	assert_int_equal(resets, 6);
}

static void sizes_and_addresses_are_checked(void **state)
{
	static const u16 sizes[] = { 0, 3, 48, 257, 512, 0xffff };

	(void)state;
	assert_true(negotiate(VIRTIO_F_VERSION_1));
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		set(24, 2, sizes[i]);
		assert_int_equal(get(24, 2), 256);
	}
	set(22, 2, QUEUES); /* no such queue */
	assert_int_equal(get(24, 2), 0);
	set(28, 2, 1);
	assert_int_equal(get(28, 2), 0);
	set(26, 2, 1);
	assert_int_equal(get(26, 2), VIRTIO_NO_VECTOR);
	set(22, 2, 0);
	set(26, 2, QUEUES + 1); /* no such vector */
	assert_int_equal(get(26, 2), VIRTIO_NO_VECTOR);
	set(32, 8, DRIVER_RAM - 16);
	set(28, 2, 1);
	assert_int_equal(get(28, 2), 0);
	assert_true(get(STATUS, 1) & VIRTIO_NEEDS_RESET);
	assert_true(negotiate(VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED));
	set(24, 2, 48); /* packed rings may have any size */
	assert_int_equal(get(24, 2), 48);
}

static void notifications_are_heard_everywhere(void **state)
{
	(void)state;
	drive(0, 8);
	driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0); /* a doorbell */
	assert_int_equal(handled[0], 1);
	driver_offer(1, 0, false);
	virtio_stub_write(d, VIRTIO_NOTIFY_BAR, 0, 2, 0);
	assert_int_equal(handled[0], 1); /* the guest does not wait for it */
	assert_int_equal(d->deadline, 0);
	virtio_pci_timer(vd);
	assert_int_equal(handled[0], 2);
	driver_offer(1, 0, false);
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_NOTIFY, 2, 0); /* through the window */
	assert_int_equal(handled[0], 2);
	virtio_pci_timer(vd);
	assert_int_equal(handled[0], 3);
	driver_offer(1, 0, false);
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_NOTIFY + VIRTIO_NOTIFY_MULTIPLIER, 2, 1);
	virtio_stub_write(d, VIRTIO_NOTIFY_BAR, 0, 2, 1); /* another queue's, which is off */
	virtio_stub_write(d, VIRTIO_NOTIFY_BAR, 0, 2, 0xffff);
	virtio_pci_queue(vd, ~0u);
	virtio_pci_timer(vd);
	assert_int_equal(handled[0], 3);
	assert_int_equal(virtio_stub_read(d, VIRTIO_NOTIFY_BAR, 0, 2), 0);
}

static void interrupts_take_their_way(void **state)
{
	(void)state;
	drive(0, 8);
	driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_true(pin);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 1);
	assert_false(pin);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 0);
	virtio_pci_config_changed(vd);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 2);
	assert_int_equal(get(21, 1), 1);
	msix_on = true;
	set(22, 2, 0);
	set(26, 2, 2);
	driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(msix[2], 1);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 0);
	set(16, 2, 1);
	virtio_pci_config_changed(vd);
	assert_int_equal(msix[1], 1);
	assert_false(pin);
	/* Section 4.1.4.5.1: this bit, whatever the interrupt is. */
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 2);
	/* Vectors are of no use while MSI-X is disabled. */
	msix_on = false;
	driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_true(pin);
	virtio_pci_config_changed(vd);
	assert_int_equal(msix[1] + msix[2], 2);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_ISR, 1), 3);
	assert_false(pin);
}

static void queues_are_reset(void **state)
{
	u64 features = VIRTIO_F_RING_PACKED | VIRTIO_F_RING_RESET;

	(void)state;
	drive(features, 10);
	hold_for = 1000;
	driver_offer(1, 1, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(handled[0], 1);
	assert_int_equal(d->deadline, dm_stubs.now + 1000);
	set(58, 2, 0);
	assert_int_equal(get(28, 2), 1);
	set(58, 2, 1);
	assert_int_equal(get(28, 2), 0);
	assert_int_equal(get(58, 2), 0);
	assert_int_equal(get(24, 2), 256);
	assert_int_equal(get(32, 4), 0);
	assert_true(d->deadline == DM_NO_DEADLINE);
	dm_stubs.now += 2000;
	virtio_pci_timer(vd);
	assert_int_equal(collect(), 0);
	hold_for = 0;
	driver_start(true, false, 6);
	enable(6);
	driver_offer(1, 1, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(collect(), 1);
	drive(VIRTIO_F_RING_PACKED, 10); /* not negotiated */
	set(58, 2, 1);
	assert_int_equal(get(28, 2), 1);
}

static void device_is_reset_with_answers_parked(void **state)
{
	(void)state;
	for (u32 packed = 0; packed < 2; packed++) {
		drive(packed ? VIRTIO_F_RING_PACKED : 0, 16);
		hold_for = 1000;
		for (u32 i = 0; i < 5; i++)
			driver_offer(1, 1, false);
		virtio_pci_queue(vd, 0);
		set(STATUS, 1, 0);
		assert_int_equal(get(STATUS, 1), 0);
		assert_true(d->deadline == DM_NO_DEADLINE);
		dm_stubs.now += 2000;
		virtio_pci_timer(vd);
		virtio_pci_queue(vd, 0);
		assert_int_equal(collect(), 0);
		hold_for = 0;
	}
}

/* More than can wait: what is over comes when there is room, and nothing is told too early. */
static void held_answers_are_never_early(void **state)
{
	(void)state;
	for (u32 packed = 0; packed < 2; packed++) {
		drive(packed ? VIRTIO_F_RING_PACKED : 0, 128);
		handled[0] = 0;
		hold_for = 1000;
		for (u32 i = 0; i < 40; i++)
			driver_offer(1, 1, true);
		virtio_pci_queue(vd, 0);
		virtio_pci_queue(vd, 0);
		assert_int_equal(handled[0], VIRTQ_MAX_PARKED);
		assert_int_equal(d->deadline, dm_stubs.now + 1000);
		dm_stubs.now += 999;
		virtio_pci_timer(vd);
		assert_int_equal(collect(), 0);
		dm_stubs.now++;
		virtio_pci_timer(vd);
		assert_int_equal(collect(), VIRTQ_MAX_PARKED);
		assert_int_equal(handled[0], 40);
		assert_int_equal(d->deadline, dm_stubs.now + 1000);
		dm_stubs.now += 1000;
		virtio_pci_timer(vd);
		assert_int_equal(collect(), 8);
		assert_true(d->deadline == DM_NO_DEADLINE);
	}
}

/* Sooner or later others have their turn, however much one queue has. */
static void turns_end(void **state)
{
	(void)state;
	drive(0, 128);
	for (u32 i = 0; i < 100; i++)
		driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(handled[0], VIRTIO_TURN_CHAINS);
	assert_int_equal(d->deadline, 0);
	virtio_pci_timer(vd);
	assert_int_equal(handled[0], 100);
	assert_true(d->deadline == DM_NO_DEADLINE);
	collect();
	takes_us = TURN_US / 4 + 1;
	for (u32 i = 0; i < 10; i++)
		driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(handled[0], 104); /* its time was up */
	assert_int_equal(collect(), 4);	   /* but what was done is told at once */
	for (u32 i = 0; i < 3; i++)
		virtio_pci_timer(vd);
	assert_int_equal(handled[0], 110);
	assert_true(d->deadline == DM_NO_DEADLINE);
}

static void broken_rings_break_the_device(void **state)
{
	(void)state;
	drive(0, 8);
	msix_on = true;
	set(16, 2, 1);
	driver_put16(DRIVER_AVAIL + 2, 100);
	virtio_pci_queue(vd, 0);
	assert_true(get(STATUS, 1) & VIRTIO_NEEDS_RESET);
	assert_int_equal(msix[1], 1);
	driver_put16(DRIVER_AVAIL + 2, 0);
	driver_offer(1, 0, false);
	virtio_pci_queue(vd, 0);
	assert_int_equal(handled[0], 0);
	set(STATUS, 1, 15 | VIRTIO_NEEDS_RESET);
	drive(VIRTIO_F_RING_PACKED, 8);
	driver_desc(DRIVER_DESC, 0, 0, 1, 0, 0x80 | 1); /* a chain without end */
	for (u32 i = 1; i < 8; i++)
		driver_desc(DRIVER_DESC, i, 0, 1, 0, 1);
	virtio_pci_queue(vd, 0);
	assert_true(get(STATUS, 1) & VIRTIO_NEEDS_RESET);
}

static void configuration_has_ends(void **state)
{
	(void)state;
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE + 4, 4), 0x08070605);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE + 6, 8), 0x0807);
	assert_int_equal(virtio_stub_read(d, VIRTIO_BAR, VIRTIO_DEVICE + 8, 4), 0);
	virtio_stub_write(d, VIRTIO_BAR, VIRTIO_DEVICE, 4, 77); /* nothing in it can be written */
	assert_int_equal(get(64, 4), 0);
	assert_int_equal(get(18, 2), QUEUES);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(features_are_negotiated),
		CASE(sizes_and_addresses_are_checked),
		CASE(notifications_are_heard_everywhere),
		CASE(interrupts_take_their_way),
		CASE(queues_are_reset),
		CASE(device_is_reset_with_answers_parked),
		CASE(held_answers_are_never_early),
		CASE(turns_end),
		CASE(broken_rings_break_the_device),
		CASE(configuration_has_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
