/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/http_world.c tests/unit/dm_stubs.c dm/net/http.c dm/net/http_request.c */
/* sources: dm/net/http_pages.c dm/net/http_metrics.c dm/net/picture.c dm/display/png.c */
/* sources: dm/display/zstream.c */
/* libs: -lz -lm */
/*
 * The HTTP server over a TCP of the test's: requests, passwords, pictures, and clients that do not
 * behave.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "http_world.h"
#include "dm/net/http_internal.h"
#include "dm/net/http_request.h"
#include "dm/net/picture.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>

/* "oriel:secret" */
#define AUTH "Authorization: Basic b3JpZWw6c2VjcmV0\r\n"

static int setup(void **state)
{
	(void)state;
	world_start();
	return 0;
}

/* Everybody goes; nothing is held. */
static int teardown(void **state)
{
	(void)state;
	world_no_memory = false;
	for (int i = 0; i < WORLD_CLIENTS; i++)
		world_lose(i);
	world_settle();
	assert_int_equal(http_open_connections(), 0);
	assert_int_equal(picture_held(), 0);
	return 0;
}

static int ask(const char *request)
{
	int client = world_connect();

	assert_true(client >= 0);
	world_say(client, request);
	return client;
}

static int get(const char *path, const char *fields)
{
	char request[512];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", path, fields);
	return ask(request);
}

static u32 status_of(int client)
{
	u32 status = 0;

	sscanf(world_clients[client].output, "HTTP/1.1 %u ", &status);
	return status;
}

static const char *body_of(int client, size_t *len)
{
	struct world_client *c = &world_clients[client];
	const char *end = strstr(c->output, "\r\n\r\n"), *said;

	assert_non_null(end);
	*len = c->len - (size_t)(end + 4 - c->output);
	said = strstr(c->output, "Content-Length: ");
	if (said && said < end)
		assert_int_equal(strtoul(said + 16, NULL, 10), *len);
	return end + 4;
}

static void expect(const char *request, u32 status)
{
	int client = ask(request);

	world_settle();
	if (status_of(client) != status)
		fail_msg("%s is answered by %.60s", request, world_clients[client].output);
	assert_true(world_clients[client].closed);
}

static void expect_colour(int client, u32 colour)
{
	int width, height, channels;
	size_t len;
	const char *body = body_of(client, &len);
	u8 *rgb = stbi_load_from_memory((const u8 *)body, (int)len, &width, &height, &channels, 3);

	assert_non_null(rgb);
	assert_int_equal(width, WORLD_WIDTH);
	assert_int_equal(height, WORLD_HEIGHT);
	for (u32 y = 0; y < WORLD_HEIGHT; y++) {
		for (u32 x = 0; x < WORLD_WIDTH; x++) {
			const u8 *p = rgb + 3 * (y * WORLD_WIDTH + x);

			assert_int_equal((u32)p[0] << 16 | (u32)p[1] << 8 | p[2],
					 (colour + y * x) & 0xffffff);
		}
	}
	stbi_image_free(rgb);
}

/* ---- reading requests */

static void reads_requests(void **state)
{
	static const struct {
		const char *text;
		u32 status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 0 },
		{ "HEAD /a?b HTTP/1.0\n\n", 0 },
		{ "POST / HTTP/1.1\r\n\r\n", 405 },
		{ "GET / HTTP/2.0\r\n\r\n", 505 },
		{ "GET / HTTP/1.x\r\n\r\n", 400 },
		{ "GET http://host/ HTTP/1.1\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n\r\n", 400 },
		{ "GET x HTTP/1.1\r\n\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\n\r\n", 400 },
		{ "\r\n\r\n", 400 },
		{ "\n\n", 400 },
		{ "GET / HTTP/1.1\r\nAuthorization: Basic \x80\r\n\r\n", 431 },
	};
	struct http_request r;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].text);

		assert_int_equal(http_request_parse(cases[i].text, len, &r), cases[i].status);
	}
}

static void finds_the_end_wherever_it_is_cut(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nbody";

	(void)state;
	for (size_t len = 0; len < sizeof(request); len++)
		assert_int_equal(http_request_end(request, len), len < 27 ? 0 : 27);
}

static void keeps_what_matters(void **state)
{
	static const char text[] = "GET /vm/a.png?head=2 HTTP/1.1\r\nhost: x\r\n"
				   "AUTHORIZATION:\t Basic abc \r\n"
				   "If-None-Match: \"a\" , W/\"b\",\"c\"\r\nX\r\n: y\r\n\r\n";
	struct http_request r;

	(void)state;
	assert_int_equal(http_request_parse(text, strlen(text), &r), 0);
	assert_string_equal(r.path, "/vm/a.png");
	assert_string_equal(r.query, "head=2");
	assert_string_equal(r.credentials, "abc");
	assert_true(http_request_has(&r, "\"a\""));
	assert_true(http_request_has(&r, "\"b\""));
	assert_true(http_request_has(&r, "\"c\""));
	assert_false(http_request_has(&r, "\"d\""));
	assert_false(http_request_has(&r, "\""));
}

static void compares_secrets(void **state)
{
	char auth[192];

	(void)state;
	http_basic_auth(auth, "oriel", "secret");
	assert_string_equal(auth, "b3JpZWw6c2VjcmV0");
	http_basic_auth(auth, "a", "b");
	assert_string_equal(auth, "YTpi");
	http_basic_auth(auth, "a", "bc");
	assert_string_equal(auth, "YTpiYw==");
	assert_true(http_same_secret("abc", "abc"));
	assert_false(http_same_secret("ab", "abc"));
	assert_false(http_same_secret("abcd", "abc"));
	assert_false(http_same_secret("", "abc"));
}

/* ---- serving */

static void serves_pages(void **state)
{
	static const struct {
		const char *path, *part;
	} pages[] = {
		{ "/", "/vm/test.png?head=0" },
		{ "/", "location.origin" }, /* without the password */
		{ "/log", "fghij" },
		{ "/vm/test/console", "uuuu" },
		{ "/status.json", "\"reason\":\"a \\\"reason\\\"\\\\\\u000a\"" },
		{ "/metrics", "\noriel_http_requests_total " },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
		int client = get(pages[i].path, AUTH);
		size_t len;

		world_settle();
		assert_int_equal(status_of(client), 200);
		assert_true(world_clients[client].closed);
		assert_non_null(strstr(body_of(client, &len), pages[i].part));
	}
}

/* The scheme is in letters of either case, and any number of blanks may follow (RFC 9110, 11.1). */
static void knows_the_scheme(void **state)
{
	static const struct {
		const char *value;
		u32 status;
	} cases[] = {
		{ "basic b3JpZWw6c2VjcmV0", 200 },
		{ "BASIC  b3JpZWw6c2VjcmV0 ", 200 },
		{ "Basic", 401 },
		{ "Basic ", 401 },
		{ "Basicb3JpZWw6c2VjcmV0", 401 },
		{ "b3JpZWw6c2VjcmV0", 401 },
		{ "Bearer b3JpZWw6c2VjcmV0", 401 },
		{ "Basic b3JpZWw6c2VjcmV0=", 401 },
		{ "Basic b3JpZWw6c2VjcmV0 x", 401 },
		{ "Basic oriel:secret", 401 },
		{ "Digest username=\"oriel\"", 401 },
		{ "", 401 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		char request[128];

		snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nAuthorization: %s\r\n\r\n",
			 cases[i].value);
		expect(request, cases[i].status);
	}
}

static void refuses(void **state)
{
	u64 failures = http_counters.auth_failures;

	(void)state;
	expect("GET / HTTP/1.1\r\n\r\n", 401);
	expect("GET /screen.png HTTP/1.1\r\nAuthorization: Basic b3JpZWw6c2VjcmV=\r\n\r\n", 401);
	expect("GET /nothing HTTP/1.1\r\nAuthorization: Basic\r\n\r\n", 401);
	assert_int_equal(http_counters.auth_failures, failures + 3);
	expect("GET /nothing HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/other.png HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/test.png?head=1 HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/test.png?head=4294967296 HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/test.png?head= HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/test.png?head=-1 HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/test.png?head=0x0 HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/../screen.png HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /screen%2epng%00 HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("GET /vm/.png HTTP/1.1\r\n" AUTH "\r\n", 404);
	expect("PUT / HTTP/1.1\r\n" AUTH "\r\n", 405);
	expect("GET / HTTP/3.0\r\n" AUTH "\r\n", 505);
	expect("nonsense\r\n\r\n", 400);
}

static void shows_pictures(void **state)
{
	int client = get("/screen.png", AUTH), other;

	(void)state;
	world_settle();
	assert_int_equal(status_of(client), 200);
	expect_colour(client, 0x123456);
	world_colour = 0x777777;
	other = get("/vm/test.png?head=0", AUTH);
	world_settle();
	expect_colour(other, 0x777777);
}

/* A picture that changes while it is encoded is the one of the moment when it was taken. */
static void never_mixes_pictures(void **state)
{
	int client = get("/screen.png", AUTH), later;

	(void)state;
	world_turn(); /* copies it */
	world_colour = 0x010101;
	world_generation++;
	later = get("/screen.png", AUTH);
	world_settle();
	expect_colour(client, 0x123456);
	expect_colour(later, 0x010101);
}

static void says_what_is_unchanged(void **state)
{
	char field[200];
	const char *tag;
	int client = get("/screen.png", AUTH), again;
	u64 made;
	size_t len;

	(void)state;
	world_settle();
	tag = strstr(world_clients[client].output, "ETag: ") + 6;
	snprintf(field, sizeof(field), AUTH "If-None-Match: %.*s\r\n", (int)strcspn(tag, "\r"),
		 tag);
	made = picture_count();
	again = get("/screen.png", field);
	world_settle();
	assert_int_equal(status_of(again), 304);
	body_of(again, &len);
	assert_int_equal(len, 0);
	assert_int_equal(picture_count(), made);
	world_generation++;
	again = get("/screen.png", field);
	world_settle();
	assert_int_equal(status_of(again), 200);
	/* Another picture of the same generation has another tag. */
	again = get("/vm/test.png", field);
	world_settle();
	assert_int_equal(status_of(again), 200);
}

static void serves_many_at_once(void **state)
{
	int clients[16];
	u64 made = picture_count();

	(void)state;
	for (u32 i = 0; i < 16; i++) {
		world_generation++;
		clients[i] = get(i % 2 ? "/screen.png" : "/vm/test.png", AUTH);
	}
	world_settle();
	for (u32 i = 0; i < 16; i++)
		expect_colour(clients[i], 0x123456);
	assert_in_range(picture_count() - made, 2, 4);
}

/* Two who always want the latest pictures do not keep a third from another one. */
static void serves_everybody_in_turn(void **state)
{
	static const char *const paths[] = { "/screen.png", "/vm/test.png?head=0" };
	int busy[2] = { get(paths[0], AUTH), get(paths[1], AUTH) };
	int third;
	u32 served = 0;

	(void)state;
	world_heads = 2;
	third = get("/vm/test.png?head=1", AUTH);
	for (u32 i = 0; i < 10000 && !status_of(third); i++) {
		for (u32 k = 0; k < 2; k++) {
			if (!status_of(busy[k]))
				continue;
			while (world_clients[busy[k]].open)
				world_acknowledge(busy[k], 65535);
			world_generation++;
			busy[k] = get(paths[k], AUTH);
			served++;
		}
		world_step();
	}
	assert_int_equal(status_of(third), 200);
	assert_in_range(served, 1, 8);
}

static void answers_head(void **state)
{
	int client = ask("HEAD /screen.png HTTP/1.1\r\n" AUTH "\r\n");
	const struct world_client *c = &world_clients[client];

	(void)state;
	world_settle();
	assert_int_equal(status_of(client), 200);
	assert_memory_equal(c->output + c->len - 4, "\r\n\r\n", 4);
	assert_true(c->closed);
}

/* ---- clients that do not behave */

static void bytes_may_come_one_by_one(void **state)
{
	static const char request[] = "GET /log HTTP/1.1\r\n" AUTH "\r\n";
	int client = world_connect();

	(void)state;
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		world_send(client, request + i, 1);
	world_settle();
	assert_int_equal(status_of(client), 200);
}

static void ends_the_slow(void **state)
{
	int silent = world_connect(), slow = world_connect();
	u64 timeouts = http_counters.timeouts;

	(void)state;
	for (u32 i = 0; i < 11; i++) {
		world_say(slow, "x");
		world_pass(1000000);
	}
	world_settle();
	assert_int_equal(status_of(silent), 408);
	assert_int_equal(status_of(slow), 408);
	assert_int_equal(http_counters.timeouts, timeouts + 2);
}

static void ends_who_does_not_read(void **state)
{
	int client = get("/log", AUTH), trickle = get("/log", AUTH);

	(void)state;
	for (u32 i = 0; i < 25; i++) {
		world_acknowledge(trickle, 1);
		world_pass(1000000);
	}
	assert_true(world_clients[client].aborted);
	assert_true(world_clients[trickle].aborted);
}

static void refuses_what_is_too_long(void **state)
{
	char much[HTTP_REQUEST_MAX + 100];
	int client = world_connect();
	u64 oversized = http_counters.oversized;

	(void)state;
	memset(much, 'x', sizeof(much));
	world_send(client, much, sizeof(much));
	world_send(client, much, sizeof(much)); /* and goes on */
	world_settle();
	assert_int_equal(status_of(client), 431);
	assert_int_equal(http_counters.oversized, oversized + 1);
}

static void survives_losses(void **state)
{
	(void)state;
	for (u32 us = 0; us < 4000; us += 100) {
		int client = get("/screen.png", AUTH);

		world_clients[client].window = 3000;
		world_generation++;
		world_pass(us);
		world_acknowledge(client, 1000);
		world_end(client);
		world_lose(client);
	}
	world_end(world_connect());
}

static void goes_on_when_memory_is_back(void **state)
{
	int client = get("/screen.png", AUTH);

	(void)state;
	world_clients[client].window = 1000;
	world_pass(100000);
	world_no_memory = true;
	world_acknowledge(client, 1000);
	world_pass(1000000);
	world_no_memory = false;
	world_clients[client].window = 100000;
	world_settle();
	expect_colour(client, 0x123456);
	assert_true(world_clients[client].closed);
}

static void turns_away_too_many(void **state)
{
	u64 refused = http_counters.refused_connections;

	(void)state;
	for (u32 i = 0; i < 32; i++)
		get("/log", AUTH); /* and does not read it */
	assert_int_equal(world_connect(), -1);
	assert_int_equal(http_counters.refused_connections, refused + 1);
}

/* Who says nothing keeps nobody out: the first of them goes. */
static void silence_gives_way(void **state)
{
	u64 timeouts = http_counters.timeouts;
	int busy = get("/log", AUTH), clients[31];

	(void)state;
	for (u32 i = 0; i < 31; i++) {
		clients[i] = world_connect();
		assert_true(clients[i] >= 0);
		world_pass(1000);
	}
	expect("GET /log HTTP/1.1\r\n" AUTH "\r\n", 200);
	assert_true(world_clients[clients[0]].aborted);
	assert_false(world_clients[clients[1]].aborted);
	assert_int_equal(status_of(busy), 200);
	assert_int_equal(http_counters.timeouts, timeouts + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_requests),
		TEST(finds_the_end_wherever_it_is_cut),
		TEST(keeps_what_matters),
		TEST(compares_secrets),
		TEST(serves_pages),
		TEST(knows_the_scheme),
		TEST(refuses),
		TEST(shows_pictures),
		TEST(never_mixes_pictures),
		TEST(says_what_is_unchanged),
		TEST(serves_many_at_once),
		TEST(serves_everybody_in_turn),
		TEST(answers_head),
		TEST(bytes_may_come_one_by_one),
		TEST(ends_the_slow),
		TEST(ends_who_does_not_read),
		TEST(refuses_what_is_too_long),
		TEST(survives_losses),
		TEST(goes_on_when_memory_is_back),
		TEST(turns_away_too_many),
		TEST(silence_gives_way),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
