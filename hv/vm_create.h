/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Pieces of a guest's creation that the device domain needs too (hv/vm.c). */
#ifndef HV_VM_CREATE_H
#define HV_VM_CREATE_H

#include "vm.h"

/* Second stage (empty) and vCPUs, the first on core *core % cores and so on; *core goes on. */
int vm_create_vcpus(struct vm *vm, u32 count, u32 *core, u32 cores) must_check;

#endif
