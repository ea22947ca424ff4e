/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The inside of the HTTP server: what http.c (connections) and the makers of pages share.
 */
#ifndef DM_NET_HTTP_INTERNAL_H
#define DM_NET_HTTP_INTERNAL_H

#include <abi/types.h>

struct dm_vm;

/* What has been answered and refused since the start. */
struct http_counters {
	u64 connections, refused_connections;
	u64 requests, not_modified;
	u64 auth_failures;
	u64 malformed;	/* 400, 405, 414, 431, 505 */
	u64 oversized;	/* more than HTTP_REQUEST_MAX bytes */
	u64 incomplete; /* ended by the client before the request's end */
	u64 timeouts;	/* requests not sent, or answers not taken, in time */
	u64 aborted;	/* by the client or the network */
	u64 bytes;
};
extern struct http_counters http_counters;
/* Connections open now. */
u32 http_open_connections(void);

/* A body of text in the making: what does not fit is left out and `full` set. */
struct http_text {
	char *at;
	size_t len, size;
	bool full;
};
void http_print(struct http_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void http_add(struct http_text *t, const char *data, size_t len);

/* The pages; http_pages.c, http_metrics.c. */
void http_page_index(struct http_text *t);
void http_page_log(struct http_text *t);
void http_page_console(struct http_text *t, struct dm_vm *vm);
void http_page_status(struct http_text *t);
void http_page_metrics(struct http_text *t);

#endif
