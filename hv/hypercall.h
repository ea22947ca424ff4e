/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The device domain's calls. */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "vm.h"

/* v is the domain's vCPU, at a hypercall exit. */
void hypercall_handle(struct vcpu *v, const struct vmexit *e);

#endif
