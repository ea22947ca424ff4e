/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One HTTP request, read (RFC 9110, 9112): method, path, and of the header fields those two that
 * matter here. Pure.
 */
#ifndef DM_NET_HTTP_REQUEST_H
#define DM_NET_HTTP_REQUEST_H

#include <abi/types.h>

#define HTTP_REQUEST_MAX 4096 /* request line and header together */

struct http_request {
	bool head;	       /* HEAD, not GET */
	char path[128];	       /* without the query */
	char query[64];	       /* without '?'; "" */
	char credentials[192]; /* of the scheme Basic, as they came; "" */
	char if_none_match[256];
};

/* Where the header ends (after its empty line); 0: not yet. */
size_t http_request_end(const char *text, size_t len);
/* Reads it, `len` bytes up to that end: 0, or the status to answer: 400 malformed, 405 neither GET
 * nor HEAD, 414 path too long, 431 a field too long, 505 another version. */
u32 http_request_parse(const char *text, size_t len, struct http_request *r);
/* Whether `tag` (quotes included) is one of If-None-Match's. */
bool http_request_has(const struct http_request *r, const char *tag);
/* The user's credentials for comparison; to: 192 bytes. */
void http_basic_auth(char *to, const char *user, const char *password);
/* Takes the same time whatever differs, and wherever. */
bool http_same_secret(const char *given, const char *secret);

#endif
