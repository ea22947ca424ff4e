/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One channel of the 8254 (Intel 8254 datasheet), as vpit.c uses it. Clocks are the 8254's
 * (VPIT_HZ), times are TSC values. Before a channel is looked at or written, vpit_channel_adopt()
 * brings it to the present.
 */
#ifndef HV_VPIT_CHANNEL_H
#define HV_VPIT_CHANNEL_H

#include "vpit.h"

enum vpit_access { ACCESS_LATCH, ACCESS_LOW, ACCESS_HIGH, ACCESS_BOTH };

/* The TSC ticks after which that many clocks have passed. */
u64 vpit_channel_tsc(u64 clocks);
bool vpit_channel_is_periodic(const struct vpit_channel *c);
/* A count that was written while a period ran takes over if the period has ended. */
void vpit_channel_adopt(struct vpit_channel *c, u64 now);
bool vpit_channel_output(const struct vpit_channel *c, u64 now);
/* When the output next rises after t, gate high; ~0: never. */
u64 vpit_channel_next_edge(const struct vpit_channel *c, u64 t);
/* A control word that names a mode. */
void vpit_channel_control(struct vpit_channel *c, u8 value, u64 now);
void vpit_channel_write(struct vpit_channel *c, u8 value, u64 now);
u8 vpit_channel_read(struct vpit_channel *c, u64 now);
void vpit_channel_latch_count(struct vpit_channel *c, u64 now);
void vpit_channel_latch_status(struct vpit_channel *c, u64 now);
void vpit_channel_gate(struct vpit_channel *c, bool gate, u64 now);

#endif
