/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The DSDT of guests with keyboard and mouse behind the 8042. */
#define WITH_PS2
#include "dsdt.asl"
