/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The EDID that a guest reads: VESA E-EDID release A2 (EDID 1.4), a base block, a CTA-861 extension
 * and, for a mode that the base block has no numbers for, a DisplayID extension. Pure.
 */
#ifndef DM_DEVICES_EDID_H
#define DM_DEVICES_EDID_H

#include <abi/types.h>

#define EDID_MAX 384

struct edid_monitor {
	u32 width, height;	 /* the mode it prefers: 64 to 7680 each way */
	u32 refresh;		 /* Hz, 1 to 240 */
	u32 width_mm, height_mm; /* of the picture */
	u32 serial;
};

/* Fills edid, zero padded; its length, 256 or 384. */
u32 edid_make(u8 edid[EDID_MAX], const struct edid_monitor *monitor);

#endif
