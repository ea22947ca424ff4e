/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/life.c tests/unit/dm_stubs.c */

/* Guests' lives: start, stop, reset, failure, and what a new generation of dm makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/display/display.h"
#include "dm/hypercall.h"
#include "dm/life.h"
#include "dm/loader/loader.h"
#include "dm/runtime.h"
#include "dm/state.h"
#include "dm_stubs.h"

static struct {
	u32 loads, starts, stops, resets, device_resets, adoptions, messages;
	int load_result, stop_result;
	int suspect;
} did;

int loader_check(struct dm_vm *vm, char *error)
{
	(void)vm;
	str_format(error, LOADER_ERROR_SIZE, "%s", did.load_result ? "kernel k: no" : "");
	return did.load_result;
}

int loader_load(struct dm_vm *vm, struct vm_start *start, char *error)
{
	memset(start, 0, sizeof(*start));
	did.loads++;
	return loader_check(vm, error);
}

void display_message(const char *line)
{
	(void)line;
	did.messages++;
}

int hc_vm_reset(u32 vm)
{
	(void)vm;
	did.resets++;
	return dm_stubs.stats.state == VM_RUNNING ? -EBUSY : 0;
}

int hc_vm_start(u32 vm, const struct vm_start *start)
{
	(void)vm, (void)start;
	did.starts++;
	dm_stubs.stats.state = VM_RUNNING;
	return 0;
}

int hc_vm_stop(u32 vm)
{
	(void)vm;
	did.stops++;
	if (!did.stop_result)
		dm_stubs.stats.state = VM_STOPPING;
	return did.stop_result;
}

int devices_create(struct dm_vm *vm)
{
	(void)vm;
	return 0;
}

void devices_vram_written(struct dm_vm *vm)
{
	(void)vm;
}

void devices_reset(struct dm_vm *vm)
{
	(void)vm;
	did.device_resets++;
}

void devices_adopt(struct dm_vm *vm)
{
	(void)vm;
	did.adoptions++;
}

int state_suspect(void)
{
	return did.suspect;
}

void state_serve(u32 vm)
{
	(void)vm;
}

void state_serve_done(void)
{
}

static struct state_guest *guest(void)
{
	return state_guest(0);
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	memset(&did, 0, sizeof(did));
	did.suspect = -1;
	dm_stubs.stats.state = VM_STOPPED;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static void stopped_now(void)
{
	dm_stubs.stats.state = VM_STOPPED;
	life_event(&dm_vms[0], VM_EVENT_STOPPED);
}

static void first_start_stop_and_reset(void **state)
{
	struct dm_vm *vm = &dm_vms[0];

	(void)state;
	life_init(false);
	assert_int_equal(guest()->phase, PHASE_RUNNING);
	assert_int_equal(guest()->registered, 1);
	assert_int_equal(did.starts, 1);
	assert_int_equal(vm_start(vm), -EBUSY);
	assert_int_equal(vm_stop(vm), 0);
	assert_true(life_in_transit(vm));
	assert_int_equal(vm_start(vm), -EBUSY);
	stopped_now();
	assert_false(life_in_transit(vm));
	assert_int_equal(guest()->phase, PHASE_STOPPED);
	assert_int_equal(did.device_resets, 2);
	assert_int_equal(vm_stop(vm), -ENOENT);
	assert_int_equal(vm_start(vm), 0);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm_reset(vm), 0);
	stopped_now();
	assert_int_equal(guest()->phase, PHASE_RUNNING);
	assert_int_equal(did.starts, 3);
	/* A stop during a reset wins. */
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm_stop(vm), 0);
	stopped_now();
	assert_int_equal(guest()->phase, PHASE_STOPPED);
	/* Events out of place do nothing. */
	stopped_now();
	life_event(vm, VM_EVENT_STOPPED);
	assert_int_equal(did.starts, 3);
}

static void bad_guests_are_refused_before_any_starts(void **state)
{
	const char *reason;

	(void)state;
	did.load_result = -EINVAL;
	life_init(false);
	assert_int_equal(did.starts | did.loads, 0);
	assert_int_equal(did.messages, 1);
	assert_string_equal(dm_stubs.log, "[vm test] kernel k: no");
	assert_string_equal(life_describe(&dm_vms[0], &reason), "refused");
	assert_string_equal(reason, "kernel k: no");
	assert_int_equal(vm_start(&dm_vms[0]), -EPERM);
	assert_int_equal(vm_reset(&dm_vms[0]), -EPERM);
}

static void failures_keep_their_reason(void **state)
{
	const char *reason;

	(void)state;
	life_init(false);
	dm_stubs.stats.state = VM_FATAL;
	strcpy(dm_stubs.stats.reason, "triple fault");
	life_event(&dm_vms[0], VM_EVENT_FATAL);
	assert_string_equal(life_describe(&dm_vms[0], &reason), "failed");
	assert_string_equal(reason, "triple fault");
	assert_int_equal(did.device_resets, 1); /* the picture stays */
	assert_int_equal(vm_start(&dm_vms[0]), 0);
	assert_int_equal(guest()->phase, PHASE_RUNNING);
}

static void a_guest_nobody_knows_of_is_stopped_first(void **state)
{
	(void)state;
	dm_stubs.stats.state = VM_RUNNING;
	life_init(false);
	assert_int_equal(guest()->phase, PHASE_RESETTING);
	assert_int_equal(did.starts, 0);
	stopped_now();
	assert_int_equal(guest()->phase, PHASE_RUNNING);
	/* No event comes when it had stopped meanwhile. */
	did.stop_result = -EINVAL;
	assert_int_equal(vm_stop(&dm_vms[0]), 0);
	assert_int_equal(guest()->phase, PHASE_STOPPED);
}

static void adoption_goes_on_where_it_ended(void **state)
{
	static const struct {
		u32 phase, found, then;
		u32 starts, stops;
	} cases[] = {
		{ PHASE_RUNNING, VM_RUNNING, PHASE_RUNNING, 0, 0 },
		{ PHASE_RUNNING, VM_FATAL, PHASE_FAILED, 0, 0 },
		{ PHASE_RUNNING, VM_STOPPED, PHASE_STOPPED, 0, 0 },
		{ PHASE_STOPPED, VM_STOPPED, PHASE_STOPPED, 0, 0 },
		{ PHASE_FAILED, VM_FATAL, PHASE_FAILED, 0, 0 },
		{ PHASE_STOPPING, VM_RUNNING, PHASE_STOPPING, 0, 1 },
		{ PHASE_STOPPING, VM_STOPPING, PHASE_STOPPING, 0, 1 },
		{ PHASE_STOPPING, VM_STOPPED, PHASE_STOPPED, 0, 0 },
		{ PHASE_RESETTING, VM_STOPPED, PHASE_RUNNING, 1, 0 },
		{ PHASE_RESETTING, VM_FATAL, PHASE_RUNNING, 1, 0 },
		{ PHASE_LOADING, VM_STOPPED, PHASE_FAILED, 0, 0 },
		{ PHASE_LOADING, VM_RUNNING, PHASE_RUNNING, 0, 0 },
		{ 99, VM_RUNNING, PHASE_RUNNING, 0, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(state);
		guest()->phase = cases[i].phase;
		dm_stubs.stats.state = cases[i].found;
		life_init(true);
		if (guest()->phase != cases[i].then || did.starts != cases[i].starts ||
		    did.stops != cases[i].stops)
			fail_msg("case %u: phase %u, %u starts, %u stops", i, guest()->phase,
				 did.starts, did.stops);
	}
}

static void a_guest_that_kills_the_domain_is_given_up(void **state)
{
	(void)state;
	life_init(false);
	did.suspect = 0;
	for (u32 i = 0; i < 2; i++) {
		dm_stubs.now += STUB_HZ;
		life_init(true);
		assert_int_equal(guest()->phase, PHASE_RUNNING);
	}
	/* Long after, counting begins anew. */
	dm_stubs.now += 60 * STUB_HZ;
	for (u32 i = 0; i < 2; i++) {
		life_init(true);
		assert_int_equal(guest()->phase, PHASE_RUNNING);
	}
	did.adoptions = 0;
	life_init(true);
	assert_int_equal(guest()->phase, PHASE_FAILED);
	assert_int_equal(did.adoptions, 0);
	assert_int_equal(did.stops, 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(first_start_stop_and_reset),
		CASE(bad_guests_are_refused_before_any_starts),
		CASE(failures_keep_their_reason),
		CASE(a_guest_nobody_knows_of_is_stopped_first),
		CASE(adoption_goes_on_where_it_ended),
		CASE(a_guest_that_kills_the_domain_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
