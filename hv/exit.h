/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What is done about each exit: the one switch. */
#ifndef HV_EXIT_H
#define HV_EXIT_H

#include "vm.h"

/* Called by the vCPU's core right after the exit. May change v->state. */
void exit_handle(struct vcpu *v, struct vmexit *e);
/* The device domain answered the vCPU's request: finishes the instruction, or asks for more. */
void exit_resume(struct vcpu *v);

#endif
