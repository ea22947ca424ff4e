/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/state.c dm/bus.c tests/unit/dm_stubs.c */

/*
 * What outlives a restart of the device domain: found again when it is sound, given up when it is
 * not; registrations, requests and doorbells over a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/bus.h"
#include "dm/devices.h"
#include "dm/runtime.h"
#include "dm/state.h"
#include "dm_stubs.h"
#include "random.h"

#define STATE_SIZE MIB(4)

static struct dm_shared *shared;
static struct dm_access last;
static u32 accesses, rings[4];

size_t devices_state_size(const struct vm_config *config, size_t align)
{
	(void)config;
	return ALIGN_UP((size_t)100000, align);
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs_map(DM_STATE_BASE, STATE_SIZE);
	dm_stubs_map(DM_SHARED_BASE, ALIGN_UP(sizeof(*shared), PAGE_SIZE));
	shared = (struct dm_shared *)DM_SHARED_BASE;
	dm_stubs.info.state_size = STATE_SIZE;
	dm_stubs.info.config.vm_count = 2;
	dm_stubs.info.config.vms[1].gpu_memory = MIB(2);
	memset(rings, 0, sizeof(rings));
	accesses = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static bool next_generation(void)
{
	dm_stubs.info.generation++;
	return state_init();
}

static void state_is_found_again(void **state)
{
	u64 size, size2;
	u8 *a, *b, *pool;

	(void)state;
	assert_false(state_init());
	assert_null(state_alloc(0, 200000));
	a = state_alloc(0, 100);
	b = state_alloc(1, 33);
	pool = state_pool(1, &size);
	assert_true(a && b && (uintptr_t)a % 64 == 0 && (uintptr_t)b % 64 == 0);
	assert_true((uintptr_t)pool % PAGE_SIZE == 0);
	assert_int_equal(size, MIB(2));
	assert_true((u64)(uintptr_t)pool + size <= DM_STATE_BASE + STATE_SIZE);
	*a = 1;
	*b = 2;
	state_guest(1)->phase = PHASE_RUNNING;
	state_serve(1);
	assert_true(next_generation());
	assert_int_equal(state_suspect(), 1);
	assert_ptr_equal(state_alloc(0, 100), a);
	assert_ptr_equal(state_alloc(1, 33), b);
	assert_ptr_equal(state_pool(1, &size2), pool);
	assert_int_equal(*a | *b, 3);
	assert_int_equal(state_guest(1)->phase, PHASE_RUNNING);
	assert_true(next_generation());
	assert_int_equal(state_suspect(), -1);
}

static void another_layout_is_a_first_start(void **state)
{
	(void)state;
	assert_false(state_init());
	state_guest(0)->phase = PHASE_RUNNING;
	dm_stubs.info.config.vm_count = 1;
	assert_false(next_generation());
	assert_int_equal(state_guest(0)->phase, PHASE_STOPPED);
	dm_stubs.info.config.vms[0].gpu_memory = MIB(1);
	assert_false(next_generation());
	dm_stubs.info.build_id[0] = 'x';
	assert_false(next_generation());
	assert_true(next_generation());
}

static void garbage_is_given_up(void **state)
{
	struct random r = random_seeded("state");

	(void)state;
	for (u32 round = 0; round < 20; round++) {
		u64 *p = (u64 *)DM_STATE_BASE;

		for (u64 i = 0; i < STATE_SIZE / 8; i += 16)
			p[i] = random_next(&r);
		assert_false(next_generation());
		for (u64 i = 16; i < STATE_SIZE / 8; i++)
			assert_int_equal(p[i], 0);
		assert_int_equal(state_guest(0)->phase, PHASE_STOPPED);
		assert_int_equal(state_suspect(), -1);
	}
	/* A damaged suspect is nobody. */
	((u32 *)DM_STATE_BASE)[4] = 77;
	assert_true(next_generation());
	assert_int_equal(state_suspect(), -1);
}

/* ---- bus --------------------------------------------------------------------------------------
 */

static void on_access(struct dm_device *dev, struct dm_access *a)
{
	(void)dev;
	last = *a;
	accesses++;
	if (!a->write)
		a->value = 0x1234;
}

static void on_doorbell(struct dm_device *dev, unsigned queue)
{
	(void)dev;
	rings[queue]++;
}

static const struct dm_device_ops test_ops = { .name = "test",
					       .access = on_access,
					       .doorbell = on_doorbell };

static void create(void)
{
	static const struct pci_template template;
	struct dm_device *dev = dm_vms[0].devices;

	dm_vms[0].device_count = 2;
	for (u32 i = 0; i < 2; i++)
		dev[i] = (struct dm_device){ .ops = &test_ops, .vm = &dm_vms[0] };
	assert_int_equal(bus_add_ports(&dev[0], 0x300, 8), 0);
	assert_int_equal(bus_add_pci(&dev[1], &template), 0);
	assert_int_equal(bus_add_doorbell(&dev[1], 2, 0x3000, 2, 0), 0);
	assert_int_equal(bus_add_doorbell(&dev[1], 2, 0x3004, 2, 1), 0);
	assert_int_equal(bus_add_doorbell(&dev[1], 5, 0, 2, 1), 0);
	assert_int_equal(dev[0].id, 0x100);
	assert_int_equal(dev[1].id, 3);
}

static void post(u32 vcpu, u16 device, bool write)
{
	struct ioreq *slot = &shared->ioreq[0][vcpu];

	*slot = (struct ioreq){ .addr = 0x300,
				.value = 0x77,
				.device = device,
				.size = 2,
				.write = write,
				.count = 1,
				.status = IOREQ_OK };
	slot->state = IOREQ_PENDING;
	shared->ioreq_pending[0] |= BIT(vcpu);
}

static void requests_are_answered(void **state)
{
	(void)state;
	assert_false(state_init());
	create();
	post(0, 0x100, false);
	post(3, 3, true);
	post(4, 0x102, false);
	shared->ioreq_pending[0] |= BIT(5) | BIT(60);
	bus_serve(&dm_vms[0]);
	assert_int_equal(accesses, 2);
	assert_int_equal(shared->ioreq[0][0].state, IOREQ_DONE);
	assert_int_equal(shared->ioreq[0][0].value, 0x1234);
	assert_int_equal(shared->ioreq[0][3].state, IOREQ_DONE);
	assert_int_equal(last.value, 0x77);
	assert_true(last.write);
	assert_int_equal(shared->ioreq[0][4].status, IOREQ_FAULT);
	assert_int_equal(shared->ioreq[0][5].state, IOREQ_FREE);
	assert_int_equal(state_guest(0)->accesses[0], 1);
	/* Nothing is done for a failed guest. */
	state_guest(0)->phase = PHASE_FAILED;
	post(0, 0x100, false);
	bus_serve(&dm_vms[0]);
	assert_int_equal(shared->ioreq[0][0].status, IOREQ_FAULT);
	assert_int_equal(accesses, 2);
	state_guest(0)->phase = PHASE_RUNNING;
	/* Withdrawn. */
	post(0, 0x100, false);
	shared->ioreq[0][0].state = IOREQ_FREE;
	bus_serve(&dm_vms[0]);
	assert_int_equal(accesses, 2);
}

static void doorbells_reach_their_queue(void **state)
{
	(void)state;
	assert_false(state_init());
	create();
	shared->doorbells[0] = BIT(1) | BIT(9);
	bus_serve(&dm_vms[0]);
	assert_int_equal(rings[0], 0);
	assert_int_equal(rings[1], 1);
	bus_ring_all(&dm_vms[0]);
	assert_int_equal(rings[0], 1);
	assert_int_equal(rings[1], 2);
}

static void registrations_outlive_a_restart(void **state)
{
	u32 calls;

	(void)state;
	assert_false(state_init());
	create();
	state_guest(0)->registered = 1;
	calls = dm_stubs.hypercalls;
	assert_int_equal(calls, 5);
	assert_true(next_generation());
	create();
	assert_int_equal(dm_stubs.hypercalls, calls);
	shared->doorbells[0] = BIT(1);
	bus_serve(&dm_vms[0]);
	assert_int_equal(rings[1], 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(state_is_found_again),	   CASE(another_layout_is_a_first_start),
		CASE(garbage_is_given_up),	   CASE(requests_are_answered),
		CASE(doorbells_reach_their_queue), CASE(registrations_outlive_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
