/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What lwIP calls of ours, beside arch/cc.h. */
#ifndef DM_NET_HOOKS_H
#define DM_NET_HOOKS_H

#include "lwip/err.h"
#include "lwip/ip_addr.h"

struct tcp_hdr;
struct tcp_pcb;

/* The first sequence number of a connection (RFC 6528: not to be guessed). */
u32_t net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
		  u16_t remote_port);

/* Whether a segment may go to its connection: ERR_OK, or it is dropped. Its options are `first`
 * bytes after the header, and the others at `rest`. */
err_t net_tcp_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options,
		      u16_t first, const u8_t *rest);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, first, rest, p) \
	net_tcp_segment(pcb, header, options, first, rest)

#endif
