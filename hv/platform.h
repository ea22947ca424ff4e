/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The fixed parts of every guest's machine, and where they lie: the hypervisor's trap regions. */
#ifndef HV_PLATFORM_H
#define HV_PLATFORM_H

#include "vm.h"

int platform_create(struct vm *vm) must_check; /* registers the regions, once */
void platform_reset(struct vm *vm);	       /* power-on state, the guest is stopped */

#endif
