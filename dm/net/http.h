/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The HTTP server (RFC 9110, 9112): pictures, guests' text, the log, counters. Everything needs the
 * password (user `oriel`). One request a connection.
 *
 * lwIP's own httpd hands its hooks the path only: neither Authorization nor If-None-Match reaches
 * them, and status and header are its own. What would be left of it is the loop that sends.
 */
#ifndef DM_NET_HTTP_H
#define DM_NET_HTTP_H

#include <abi/types.h>

/* Listens, when there is a network and a port is configured. */
void http_init(void);
/* Goes on with pictures and timeouts; TSC when to call again. */
u64 http_run(void);

#endif
