/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The EDID that a guest reads: VESA E-EDID release A2 (EDID 1.4), a base block and one CTA-861
 * extension. Pure.
 */
#ifndef DM_DEVICES_EDID_H
#define DM_DEVICES_EDID_H

#include <abi/types.h>

#define EDID_SIZE 256

/* Fills edid for a monitor that prefers width x height (up to 4095 each) at `refresh` Hz. */
void edid_make(u8 edid[EDID_SIZE], u32 width, u32 height, u32 refresh, u32 serial);

#endif
