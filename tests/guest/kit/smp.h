/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Starting other processors: INIT, SIPI, SIPI, then a C function in long mode. */
#ifndef KIT_SMP_H
#define KIT_SMP_H

#include "kit.h"

#define SMP_MAX 8

/* Puts the entry code at its page below 1 MiB; `entry` is what started processors run, with a
 * number counted from 1 in order of arrival. */
void smp_prepare(void (*entry)(u32 number));
/* Sends INIT and two SIPIs to that APIC id, or to all others (destination SMP_ALL). */
void smp_start(u32 destination);
#define SMP_ALL 0xffu
/* How many have arrived. */
u32 smp_arrived(void);

#endif
