/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements dm/life.h. No state of its own beyond the phases in the state region. */
#include "life.h"
#include "devices.h"
#include "display/display.h"
#include "hypercall.h"
#include "loader/loader.h"
#include "runtime.h"
#include "state.h"

/* Restarts of the domain while it serves one guest, each this soon after the last, before that
 * guest is taken to be the cause. */
#define LIFE_MAX_DEATHS	     3
#define LIFE_DEATH_WINDOW_US 10000000

static u32 phase_of(const struct dm_vm *vm)
{
	return state_guest(vm->index)->phase;
}

static void set_phase(struct dm_vm *vm, enum state_phase phase)
{
	*(volatile u32 *)&state_guest(vm->index)->phase = phase;
}

static void fail(struct dm_vm *vm, const char *reason)
{
	struct state_guest *guest = state_guest(vm->index);

	str_format(guest->failure, sizeof(guest->failure), "%s", reason);
	set_phase(vm, PHASE_FAILED);
	log_line("[vm %s] failed: %s", vm->config->name, reason);
}

static int load_and_run(struct dm_vm *vm)
{
	struct vm_start start;
	char error[LOADER_ERROR_SIZE];
	int rc;

	set_phase(vm, PHASE_LOADING);
	rc = hc_vm_reset(vm->index);
	if (rc) {
		fail(vm, "the hypervisor refused to reset it");
		return -EIO;
	}
	devices_reset(vm);
	if (loader_load(vm, &start, error)) {
		fail(vm, error);
		return -EIO;
	}
	rc = hc_vm_start(vm->index, &start);
	if (rc) {
		fail(vm, "the hypervisor refused to start it");
		return -EIO;
	}
	set_phase(vm, PHASE_RUNNING);
	log_line("[vm %s] started", vm->config->name);
	return 0;
}

static bool is_at_rest(const struct dm_vm *vm)
{
	struct vm_stats stats;

	return hc_vm_stats(vm->index, &stats) == 0 && stats.state != VM_RUNNING &&
	       stats.state != VM_STOPPING;
}

static void stopped(struct dm_vm *vm)
{
	switch (phase_of(vm)) {
	case PHASE_RESETTING:
		log_line("[vm %s] reset", vm->config->name);
		load_and_run(vm);
		break;
	case PHASE_STOPPING:
		devices_reset(vm);
		set_phase(vm, PHASE_STOPPED);
		log_line("[vm %s] stopped", vm->config->name);
		break;
	default:
		break;
	}
}

static void ask_to_stop(struct dm_vm *vm, enum state_phase phase)
{
	set_phase(vm, phase);
	if (hc_vm_stop(vm->index))
		stopped(vm); /* it does not run: no event will tell */
}

int vm_start(struct dm_vm *vm)
{
	u32 phase = phase_of(vm);

	if (vm->refused)
		return -EPERM;
	if (phase != PHASE_STOPPED && phase != PHASE_FAILED)
		return -EBUSY;
	/* It still runs when the last generation's state was lost. */
	if (!is_at_rest(vm)) {
		ask_to_stop(vm, PHASE_RESETTING);
		return 0;
	}
	return load_and_run(vm);
}

int vm_stop(struct dm_vm *vm)
{
	switch (phase_of(vm)) {
	case PHASE_RUNNING:
		ask_to_stop(vm, PHASE_STOPPING);
		return 0;
	case PHASE_RESETTING:
		set_phase(vm, PHASE_STOPPING);
		return 0;
	case PHASE_STOPPING:
		return 0;
	default:
		return -ENOENT;
	}
}

int vm_reset(struct dm_vm *vm)
{
	switch (phase_of(vm)) {
	case PHASE_RUNNING:
		ask_to_stop(vm, PHASE_RESETTING);
		return 0;
	case PHASE_RESETTING:
		return 0;
	default:
		return vm_start(vm);
	}
}

/* The picture stays as it was: it may tell what happened. */
static void fatal(struct dm_vm *vm)
{
	struct vm_stats stats;

	if (phase_of(vm) != PHASE_RUNNING) {
		stopped(vm);
		return;
	}
	if (hc_vm_stats(vm->index, &stats))
		stats.reason[0] = 0;
	stats.reason[sizeof(stats.reason) - 1] = 0;
	fail(vm, stats.reason[0] ? stats.reason : "stopped by the hypervisor");
}

void life_event(struct dm_vm *vm, u64 events)
{
	if (events & VM_EVENT_FATAL)
		fatal(vm);
	else if (events & VM_EVENT_STOPPED)
		stopped(vm);
	else if ((events & VM_EVENT_VRAM) && phase_of(vm) == PHASE_RUNNING)
		devices_vram_written(vm);
}

bool life_in_transit(const struct dm_vm *vm)
{
	u32 phase = phase_of(vm);

	return phase == PHASE_STOPPING || phase == PHASE_RESETTING;
}

const char *life_describe(const struct dm_vm *vm, const char **reason)
{
	static const char *const names[] = {
		[PHASE_STOPPED] = "stopped",	 [PHASE_LOADING] = "loading",
		[PHASE_RUNNING] = "running",	 [PHASE_STOPPING] = "stopping",
		[PHASE_RESETTING] = "resetting", [PHASE_FAILED] = "failed",
	};
	u32 phase = phase_of(vm);

	*reason = "";
	if (vm->refused) {
		*reason = vm->refusal;
		return "refused";
	}
	if (phase == PHASE_FAILED)
		*reason = state_guest(vm->index)->failure;
	return phase < ARRAY_SIZE(names) ? names[phase] : "unknown";
}

static void refuse(struct dm_vm *vm, const char *why, bool tell)
{
	char line[sizeof(vm->refusal) + 48];

	vm->refused = true;
	str_format(vm->refusal, sizeof(vm->refusal), "%s", why);
	str_format(line, sizeof(line), "[vm %s] %s", vm->config->name, why);
	display_message(line);
	if (tell)
		log_line("%s", line);
}

static void create(struct dm_vm *vm, bool adopted)
{
	char error[LOADER_ERROR_SIZE];

	if (devices_create(vm)) {
		refuse(vm, "its devices cannot be created", !adopted);
		return;
	}
	state_guest(vm->index)->registered = 1;
	if (loader_check(vm, error))
		refuse(vm, error, !adopted);
}

/* Whether the guest has ended the domain too often in a row to be served again. */
static bool is_poison(struct dm_vm *vm)
{
	struct state_guest *guest = state_guest(vm->index);
	u64 now = time_now();

	if (state_suspect() != (int)vm->index)
		return false;
	if (now - guest->last_death > time_from_us(LIFE_DEATH_WINDOW_US))
		guest->deaths = 0;
	guest->last_death = now;
	return ++guest->deaths >= LIFE_MAX_DEATHS;
}

static void adopt_live(struct dm_vm *vm, u32 phase, u32 state)
{
	state_serve(vm->index);
	devices_adopt(vm);
	state_serve_done();
	if (state == VM_FATAL)
		fatal(vm);
	else if (phase == PHASE_LOADING || (phase == PHASE_RUNNING && state == VM_RUNNING))
		set_phase(vm, PHASE_RUNNING);
	else if (phase == PHASE_RUNNING && state == VM_STOPPED)
		set_phase(vm, PHASE_STOPPED);
	else if (state == VM_STOPPED)
		stopped(vm);
	else
		hc_vm_stop(vm->index);
}

static void adopt(struct dm_vm *vm)
{
	u32 phase = phase_of(vm);
	struct vm_stats stats;

	if (hc_vm_stats(vm->index, &stats))
		dm_die("guest %u has no state", vm->index);
	state_guest(vm->index)->failure[sizeof(state_guest(0)->failure) - 1] = 0;
	if (phase == PHASE_STOPPED || phase == PHASE_FAILED)
		return;
	if (phase > PHASE_FAILED)
		phase = PHASE_RUNNING;
	if (is_poison(vm)) {
		hc_vm_stop(vm->index);
		fail(vm, "serving it ended the device domain again and again");
	} else if (phase == PHASE_LOADING && stats.state != VM_RUNNING) {
		fail(vm, "loading it ended the device domain");
	} else {
		adopt_live(vm, phase, stats.state);
	}
}

void life_init(bool adopted)
{
	for (u32 i = 0; i < dm_vm_count; i++)
		create(&dm_vms[i], adopted);
	for (u32 i = 0; i < dm_vm_count; i++) {
		if (adopted)
			adopt(&dm_vms[i]);
		else if (!dm_vms[i].refused)
			vm_start(&dm_vms[i]);
	}
}
