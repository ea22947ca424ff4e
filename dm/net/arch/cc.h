/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* lwIP's view of the compiler and of the little C environment around it (dm/runtime.h). */
#ifndef DM_NET_ARCH_CC_H
#define DM_NET_ARCH_CC_H

#include "dm/runtime.h"

#define BYTE_ORDER LITTLE_ENDIAN

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H	   1

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

/* No debug output. A broken assertion ends the domain, which starts again. */
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) dm_die("lwip: %s", x)

u32 net_random(void);
#define LWIP_RAND() net_random()

#endif
