/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements http_request.h. Every access stays within `len`: the text has no NUL at its end. */
#include "http_request.h"
#include "dm/runtime.h"

#define SECRET_MAX 192

struct span {
	const char *at;
	size_t len;
};

size_t http_request_end(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n')
			continue;
		if (i + 1 < len && text[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len && text[i + 1] == '\r' && text[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_field(struct span s, const char *name)
{
	if (s.len != strlen(name))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (lower(s.at[i]) != name[i])
			return false;
	return true;
}

/* Takes what comes before the next `end` off the front, and `end` too. */
static struct span until(struct span *rest, char end)
{
	struct span s = { rest->at, 0 };

	while (s.len < rest->len && rest->at[s.len] != end)
		s.len++;
	rest->at += MIN(s.len + 1, rest->len);
	rest->len -= MIN(s.len + 1, rest->len);
	return s;
}

static struct span next_line(struct span *rest)
{
	struct span s = until(rest, '\n');

	if (s.len && s.at[s.len - 1] == '\r')
		s.len--;
	return s;
}

static struct span trim(struct span s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Printable ASCII only, and it must fit. */
static bool copy_text(char *to, size_t size, struct span s)
{
	if (s.len >= size)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < ' ' || s.at[i] > '~')
			return false;
		to[i] = s.at[i];
	}
	to[s.len] = 0;
	return true;
}

static u32 parse_target(struct span target, struct http_request *r)
{
	struct span path;

	if (!target.len || target.at[0] != '/')
		return 400;
	path = until(&target, '?');
	if (path.len >= sizeof(r->path) || target.len >= sizeof(r->query))
		return 414;
	return copy_text(r->path, sizeof(r->path), path) &&
			       copy_text(r->query, sizeof(r->query), target)
		       ? 0
		       : 400;
}

static u32 parse_request_line(struct span line, struct http_request *r)
{
	struct span method = until(&line, ' '), target = until(&line, ' ');
	u32 status;

	if (line.len != 8 || memcmp(line.at, "HTTP/", 5) != 0 || line.at[7] < '0' ||
	    line.at[7] > '9')
		return 400;
	status = parse_target(target, r);
	if (status)
		return status;
	if (memcmp(line.at, "HTTP/1.", 7) != 0)
		return 505;
	r->head = is(method, "HEAD");
	return r->head || is(method, "GET") ? 0 : 405;
}

/* Other schemes are as good as nothing. */
static bool take_credentials(struct span value, struct http_request *r)
{
	struct span scheme = until(&value, ' ');

	return !is_field(scheme, "basic") ||
	       copy_text(r->credentials, sizeof(r->credentials), trim(value));
}

u32 http_request_parse(const char *text, size_t len, struct http_request *r)
{
	struct span rest = { text, len };
	u32 status;

	memset(r, 0, sizeof(*r));
	status = parse_request_line(next_line(&rest), r);
	while (rest.len) {
		struct span value = next_line(&rest), name = until(&value, ':');

		value = trim(value);
		if (is_field(name, "authorization") && !take_credentials(value, r))
			return 431;
		if (is_field(name, "if-none-match") &&
		    !copy_text(r->if_none_match, sizeof(r->if_none_match), value))
			return 431;
	}
	return status;
}

bool http_request_has(const struct http_request *r, const char *tag)
{
	struct span rest = { r->if_none_match, strlen(r->if_none_match) };

	while (rest.len) {
		struct span s = trim(until(&rest, ','));

		if (s.len > 2 && s.at[0] == 'W' && s.at[1] == '/') {
			s.at += 2;
			s.len -= 2;
		}
		if (is(s, "*") || is(s, tag))
			return true;
	}
	return false;
}

void http_basic_auth(char *to, const char *user, const char *password)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[128];
	size_t len = (size_t)str_format(text, sizeof(text), "%s:%s", user, password);

	len = MIN(len, sizeof(text) - 1);
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		u32 group = (u32)(u8)text[i] << 16;

		group |= left > 1 ? (u32)(u8)text[i + 1] << 8 : 0;
		group |= left > 2 ? (u32)(u8)text[i + 2] : 0;
		*to++ = digits[group >> 18 & 63];
		*to++ = digits[group >> 12 & 63];
		*to++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[group & 63] : '=';
	}
	*to = 0;
}

bool http_same_secret(const char *given, const char *secret)
{
	char a[SECRET_MAX] = "", b[SECRET_MAX] = "";
	u32 difference = 0;

	str_format(a, sizeof(a), "%s", given);
	str_format(b, sizeof(b), "%s", secret);
	for (size_t i = 0; i < sizeof(a); i++)
		difference |= (u32)(u8)a[i] ^ (u8)b[i];
	__asm__ volatile("" : "+r"(difference));
	return difference == 0;
}
