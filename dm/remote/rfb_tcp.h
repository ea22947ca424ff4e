/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * VNC on the network: the port of [network] vnc shows the panel, those after it the guests, in the
 * configuration's order. Connections are from a static pool; what has not logged in makes room for
 * who comes later. Off without a network, a port, or a password.
 */
#ifndef DM_REMOTE_RFB_TCP_H
#define DM_REMOTE_RFB_TCP_H

#include <abi/types.h>

/* After net_init(). */
void rfb_tcp_init(void);
/* After net_run(): checks all connections, encodes one unit for one of them, and hands keys on. Not
 * more than half of the time goes into encoding. TSC when to call again. */
u64 rfb_tcp_run(void);

struct rfb_tcp_stats {
	u64 full;    /* connections refused: no place */
	u32 clients; /* connections now */
};
extern struct rfb_tcp_stats rfb_tcp_stats;

#endif
