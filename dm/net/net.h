/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The network: the one card, lwIP on it, addresses. Off unless [network] is configured; without a
 * card everything here does nothing.
 *
 * Servers on lwIP's raw API (tcp_new, tcp_listen...) are created by their init functions, which
 * dm/main.c calls after net_init; lwIP calls them back out of net_receive and net_run only. There
 * is no sys_timeout(): who needs time gives a deadline to the event loop, or uses tcp_poll.
 */
#ifndef DM_NET_NET_H
#define DM_NET_NET_H

#include <abi/types.h>

struct tcp_pcb;

/* Starts the card and lwIP. */
void net_init(void);
/* Whether there is a card: only then may lwIP be called. */
bool net_is_on(void);
/* Each server calls it for a new connection, before it writes. */
void net_accepted(struct tcp_pcb *pcb);
/* HOST_EVENT_NET. */
void net_receive(void);
/* What is due by time; TSC when to call again. */
u64 net_run(void);
/* Bits that nobody outside can guess. */
u32 net_random(void);

struct net_stats {
	u64 received, sent; /* frames */
	u64 received_bytes, sent_bytes;
	u64 no_memory; /* frames dropped: no pbuf */
	u64 ring_full; /* frames not sent: no room in the card's ring */
	u64 link_changes;
	bool link;
};
extern struct net_stats net_stats;
/* The addresses as text: IPv4 ("" until there is one), IPv6 link-local. */
const char *net_address4(void);
const char *net_address6(void);

#endif
