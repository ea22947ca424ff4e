/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What lwIP calls of ours, beside arch/cc.h. */
#ifndef DM_NET_HOOKS_H
#define DM_NET_HOOKS_H

#include "lwip/ip_addr.h"

/* The first sequence number of a connection (RFC 6528: not to be guessed). */
u32_t net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
		  u16_t remote_port);

#endif
