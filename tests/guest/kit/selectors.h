/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Selectors of the kit's GDT (start.S), for C and assembly. */
#ifndef KIT_SELECTORS_H
#define KIT_SELECTORS_H

#define SEL_CODE32 0x08
#define SEL_DATA   0x10
#define SEL_CODE64 0x18
#define SEL_CODE16 0x20
#define SEL_DATA16 0x28

#endif
