/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A guest's life: checked, loaded, started, stopped, reset, failed, adopted. The phase lies in the
 * state region (enum state_phase) and is written before the step it names, so that a new
 * generation of the device domain knows where to go on.
 */
#ifndef DM_LIFE_H
#define DM_LIFE_H

#include "vm.h"

/* Creates all guests and checks that they load; then starts them (refused ones excepted) or, with
 * adopted, takes over what the last generation left. */
void life_init(bool adopted);
/*
 * vm_start loads the guest's kernel and starts it; vm_reset keeps the guest and does stop, load,
 * start. Stopping completes in the background, when the hypervisor reports it (life_event).
 * -EPERM: refused at start; -EBUSY: it runs, or is being stopped; -ENOENT: it does not run;
 * -EIO: loading or starting failed (state_guest()->failure says why).
 */
int vm_start(struct dm_vm *vm);
int vm_stop(struct dm_vm *vm);
int vm_reset(struct dm_vm *vm);
/* vm_events bits (enum vm_event) of the guest. */
void life_event(struct dm_vm *vm, u64 events);
/* Whether stopping or resetting is still under way. */
bool life_in_transit(const struct dm_vm *vm);
/* One word and, for refused and failed guests, the reason ("" otherwise). */
const char *life_describe(const struct dm_vm *vm, const char **reason);

#endif
