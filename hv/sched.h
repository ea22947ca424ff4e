/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Which vCPU a core runs. vCPUs stay on the core they were given; a core takes the device domain
 * first, then its runnable vCPUs in turn, a slice each when there are several; a domain that does
 * not come to an end lets them have a slice between. With nothing to run it halts. Everything of a
 * core is touched by that core only, but for `attention`.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "vm.h"

#define MAX_CORE_VCPUS (MAX_VMS * MAX_VM_CPUS + 1)

/* Adds the vCPU to its core's list (v->cpu); before that core runs. */
void sched_add(struct vcpu *v);
/* Never returns. Prepares the vCPUs of the calling core, then runs them. */
__attribute__((noreturn)) void sched_run(void);
/* TSC ticks that all cores together spent halted. */
u64 sched_idle_ticks(void);

#endif
