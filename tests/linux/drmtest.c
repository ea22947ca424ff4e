/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What a Linux guest does to its display in the tests and the bench.
 *
 *   drmtest quadrants [WxH]     red, green / blue, white; stays for ever
 *   drmtest heads [WxH]         the same on all heads, turned by one place from each to the next
 *   drmtest pointer X,Y [WxH]   the same on one, and a cursor there
 *   drmtest TEST N [WxH]        TEST of the table below, N frames; flip 0 goes on for ever
 *   drmtest mark NAME           one MARK line
 *
 * Lines printed (stable; the runner and the bench read them):
 *
 *   MARK name=NAME at=start|end tsc=T
 *   RESULT name=NAME frames=N ns_per_frame=T errors=E size=WxH
 *   FLIPS frames=N errors=E                             once a second, of flip 0
 *   FAIL name=NAME reason=TEXT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "card.h"

#define DEFAULT_WIDTH  1024
#define DEFAULT_HEIGHT 768
#define CURSOR_SIZE    64
#define RECT_SIZE      64
#define FLIP_REPORT_NS 1000000000u

#define RED   0xff0000u
#define GREEN 0x00ff00u
#define BLUE  0x0000ffu
#define WHITE 0xffffffu

struct test_state {
	struct card card;
	struct picture pictures[2];
	struct picture cursor;
	unsigned long errors;
};

struct test {
	const char *name;
	int (*prepare)(struct test_state *s, uint32_t width, uint32_t height);
	int (*frame)(struct test_state *s, unsigned long n);
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void mark(const char *name, const char *at)
{
	printf("MARK name=%s at=%s tsc=%llu\n", name, at, __builtin_ia32_rdtsc());
	fflush(stdout);
}

static void fill_rect(const struct picture *p, uint32_t x, uint32_t y, uint32_t width,
		      uint32_t height, uint32_t colour)
{
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++)
			p->pixels[(size_t)row * p->stride + column] = colour;
	}
}

/* colours: top left, top right, bottom left, bottom right. Odd sizes: the left and upper parts
 * are the smaller ones. */
static void draw_quadrants(const struct picture *p, const uint32_t colours[4])
{
	uint32_t w = p->width / 2, h = p->height / 2;

	fill_rect(p, 0, 0, w, h, colours[0]);
	fill_rect(p, w, 0, p->width - w, h, colours[1]);
	fill_rect(p, 0, h, w, p->height - h, colours[2]);
	fill_rect(p, w, h, p->width - w, p->height - h, colours[3]);
}

#define TURNS 4
static const uint32_t quadrants[TURNS][4] = {
	{ RED, GREEN, BLUE, WHITE },
	{ BLUE, RED, WHITE, GREEN },
	{ WHITE, BLUE, GREEN, RED },
	{ GREEN, WHITE, RED, BLUE },
};

/* A frame's drawing for the bench: every pixel changes, one colour a line. */
static void draw_frame(const struct picture *p, unsigned long n)
{
	for (uint32_t y = 0; y < p->height; y++) {
		uint64_t colour = ((y + n) & 0xff) << 16 | ((n * 7) & 0xff) << 8 | (y & 0xff);
		uint64_t *row = (uint64_t *)&p->pixels[(size_t)y * p->stride];

		colour |= colour << 32;
		for (uint32_t x = 0; x < p->width / 2; x++)
			row[x] = colour;
	}
}

static int prepare_nothing(struct test_state *s, uint32_t width, uint32_t height)
{
	(void)s;
	(void)width;
	(void)height;
	return 0;
}

static int prepare_memory(struct test_state *s, uint32_t width, uint32_t height)
{
	struct picture *p = &s->pictures[0];

	p->width = width;
	p->height = height;
	p->stride = width;
	p->pixels = calloc((size_t)width * height, 4);
	return p->pixels ? 0 : -ENOMEM;
}

static int prepare_screen(struct test_state *s, uint32_t width, uint32_t height)
{
	int rc = card_open(&s->card, width, height);

	for (int i = 0; rc == 0 && i < 2; i++)
		rc = card_create(&s->card, width, height, 1, &s->pictures[i]);
	if (rc)
		return rc;
	for (int i = 0; i < 2; i++)
		draw_quadrants(&s->pictures[i], quadrants[i]);
	return card_show(&s->card, &s->pictures[0]);
}

static int prepare_cursor(struct test_state *s, uint32_t width, uint32_t height)
{
	int rc = prepare_screen(s, width, height);

	if (rc == 0)
		rc = card_create(&s->card, CURSOR_SIZE, CURSOR_SIZE, 0, &s->cursor);
	if (rc)
		return rc;
	fill_rect(&s->cursor, 0, 0, CURSOR_SIZE / 2, CURSOR_SIZE / 2, 0xffff00ffu);
	return card_cursor_show(&s->card, &s->cursor);
}

static int frame_cpuid(struct test_state *s, unsigned long n)
{
	uint32_t eax = 0, ebx, ecx = 0, edx;

	(void)s;
	(void)n;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return 0;
}

static int frame_memfill(struct test_state *s, unsigned long n)
{
	draw_frame(&s->pictures[0], n);
	return 0;
}

static int frame_flip(struct test_state *s, unsigned long n)
{
	return card_flip(&s->card, &s->pictures[(n + 1) % 2]);
}

static int frame_flipfill(struct test_state *s, unsigned long n)
{
	draw_frame(&s->pictures[(n + 1) % 2], n);
	return frame_flip(s, n);
}

static int frame_dirty(struct test_state *s, unsigned long n)
{
	const struct picture *p = &s->pictures[0];

	(void)n;
	return card_dirty(&s->card, p, 0, 0, p->width, p->height);
}

static int frame_dirtyfill(struct test_state *s, unsigned long n)
{
	draw_frame(&s->pictures[0], n);
	return frame_dirty(s, n);
}

static int frame_rect(struct test_state *s, unsigned long n)
{
	const struct picture *p = &s->pictures[0];
	uint32_t x = (uint32_t)(n * 9) % (p->width - RECT_SIZE);
	uint32_t y = (uint32_t)(n * 5) % (p->height - RECT_SIZE);

	fill_rect(p, x, y, RECT_SIZE, RECT_SIZE, (uint32_t)(n * 0x10305) & 0xffffff);
	return card_dirty(&s->card, p, x, y, RECT_SIZE, RECT_SIZE);
}

static int frame_cursor(struct test_state *s, unsigned long n)
{
	int width = s->card.mode.hdisplay - CURSOR_SIZE;
	int height = s->card.mode.vdisplay - CURSOR_SIZE;

	return card_cursor_move(&s->card, (int)(n * 9) % width, (int)(n * 5) % height);
}

static const struct test tests[] = {
	{ "cpuid", prepare_nothing, frame_cpuid }, { "memfill", prepare_memory, frame_memfill },
	{ "flip", prepare_screen, frame_flip },	   { "flipfill", prepare_screen, frame_flipfill },
	{ "dirty", prepare_screen, frame_dirty },  { "dirtyfill", prepare_screen, frame_dirtyfill },
	{ "rect", prepare_screen, frame_rect },	   { "cursor", prepare_cursor, frame_cursor },
};

static int fail(const char *name, int rc)
{
	printf("FAIL name=%s reason=%s\n", name, strerror(-rc));
	return 1;
}

/* What has been set up stays on the screen for ever. */
static int stay(const char *name, const struct test_state *s, int rc)
{
	if (rc == 0)
		rc = card_settle(&s->card);
	if (rc)
		return fail(name, rc);
	printf("guest: %s shown\n", name);
	fflush(stdout);
	for (;;)
		pause();
}

static int show_quadrants(uint32_t width, uint32_t height)
{
	static struct test_state s;

	return stay("quadrants", &s, prepare_screen(&s, width, height));
}

static int show_heads(uint32_t width, uint32_t height)
{
	static struct test_state s;
	struct picture p;
	int rc = prepare_screen(&s, width, height);

	for (uint32_t head = 1; rc == 0; head++) {
		rc = card_head(&s.card, head, width, height);
		if (rc == -ENODEV)
			return stay("heads", &s, 0);
		if (rc == 0)
			rc = card_create(&s.card, width, height, 1, &p);
		if (rc == 0) {
			draw_quadrants(&p, quadrants[head % TURNS]);
			rc = card_show(&s.card, &p);
		}
	}
	return fail("heads", rc);
}

/* The cursor: opaque, half and quarter transparent (alpha multiplied in), and not there. */
static int show_pointer(int x, int y, uint32_t width, uint32_t height)
{
	static const uint32_t colours[4] = { 0xffff00ff, 0x80808000, 0x40000040, 0 };
	static struct test_state s;
	int rc = prepare_screen(&s, width, height);

	if (rc == 0)
		rc = card_create(&s.card, CURSOR_SIZE, CURSOR_SIZE, 0, &s.cursor);
	if (rc)
		return fail("pointer", rc);
	draw_quadrants(&s.cursor, colours);
	rc = card_cursor_show(&s.card, &s.cursor);
	if (rc == 0)
		rc = card_cursor_move(&s.card, x, y);
	return stay("pointer", &s, rc);
}

static void flip_forever(struct test_state *s)
{
	uint64_t reported = now_ns();

	for (unsigned long n = 1;; n++) {
		if (frame_flip(s, n))
			s->errors++;
		if (now_ns() - reported >= FLIP_REPORT_NS) {
			reported = now_ns();
			printf("FLIPS frames=%lu errors=%lu\n", n, s->errors);
			fflush(stdout);
		}
	}
}

/* One frame before the measure maps the pages; 0 frames: only that one (the bench's base). */
static int run_test(const struct test *t, unsigned long frames, uint32_t width, uint32_t height)
{
	static struct test_state s;
	int rc = t->prepare(&s, width, height);
	uint64_t start;

	if (rc == 0)
		rc = t->frame(&s, 0);
	if (rc == 0)
		rc = card_settle(&s.card);
	if (rc)
		return fail(t->name, rc);
	mark(t->name, "start");
	start = now_ns();
	for (unsigned long n = 1; n <= frames; n++) {
		if (t->frame(&s, n))
			s.errors++;
	}
	rc = card_settle(&s.card);
	start = now_ns() - start;
	mark(t->name, "end");
	printf("RESULT name=%s frames=%lu ns_per_frame=%llu errors=%lu size=%ux%u\n", t->name,
	       frames, (unsigned long long)(frames ? start / frames : 0), s.errors, width, height);
	if (rc)
		return fail(t->name, rc);
	return s.errors ? 1 : 0;
}

static int run_flip_forever(uint32_t width, uint32_t height)
{
	static struct test_state s;
	int rc = prepare_screen(&s, width, height);

	if (rc)
		return fail("flip", rc);
	printf("guest: flipping\n");
	fflush(stdout);
	flip_forever(&s);
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: drmtest quadrants | heads | pointer X,Y | mark NAME | TEST N [WxH]\n");
	return 2;
}

/* The commands that are not in the table; -1: none of them. */
static int run_picture(const char *name, const char *argument, uint32_t width, uint32_t height)
{
	int x, y;

	if (strcmp(name, "quadrants") == 0)
		return show_quadrants(width, height);
	if (strcmp(name, "heads") == 0)
		return show_heads(width, height);
	if (strcmp(name, "pointer") == 0 && sscanf(argument, "%d,%d", &x, &y) == 2)
		return show_pointer(x, y, width, height);
	return -1;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";
	const char *size = argc > 2 ? argv[argc - 1] : "";
	uint32_t width = DEFAULT_WIDTH, height = DEFAULT_HEIGHT;
	unsigned long frames;
	int rc;

	if (sscanf(size, "%ux%u", &width, &height) != 2) {
		width = DEFAULT_WIDTH;
		height = DEFAULT_HEIGHT;
	}
	rc = run_picture(name, argument, width, height);
	if (rc >= 0)
		return rc;
	if (argc < 3)
		return usage();
	if (strcmp(name, "mark") == 0) {
		mark(argument, "here");
		return 0;
	}
	frames = strtoul(argument, NULL, 10);
	if (strcmp(name, "flip") == 0 && frames == 0)
		return run_flip_forever(width, height);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strcmp(name, tests[i].name) == 0)
			return run_test(&tests[i], frames, width, height);
	}
	return usage();
}
