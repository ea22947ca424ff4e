/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel-diff GOLDEN ACTUAL [--mask x,y,w,h]... [--crop x,y,w,h] [--tolerance N] [--out DIFF.png]
 *            [--actual PART.png]
 *
 * Compares two pictures (PNG, PPM and what else stb_image reads) and prints how many pixels differ
 * by more than the tolerance in any channel, and where. Masked rectangles do not count; --crop
 * takes that part of ACTUAL first. Exit status: 0 equal enough, 1 different, 2 bad input. DIFF.png
 * shows GOLDEN dimmed, masks in blue, differing pixels in red, and a yellow frame around all of
 * those; PART.png, which is written when they differ, is ACTUAL, cropped.
 *
 * oriel-diff --crc PICTURE prints what the console's command crc says of such a picture.
 */
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#include <stb_image_write.h>

#include "picture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MASKS 64
#define FRAME_GAP 4 /* pixels between the frame and what it shows */

struct area {
	int x, y, width, height;
};

struct options {
	const char *golden, *actual, *out, *part;
	struct area masks[MAX_MASKS];
	int mask_count;
	struct area crop; /* width 0: all */
	int tolerance;
};

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "oriel-diff: %s: %s\n", which, what);
	exit(2);
}

static struct area parse_area(const char *text)
{
	struct area a;
	char end;

	if (sscanf(text, "%d,%d,%d,%d%c", &a.x, &a.y, &a.width, &a.height, &end) != 4 || a.x < 0 ||
	    a.y < 0 || a.width <= 0 || a.height <= 0)
		fail("not x,y,width,height", text);
	return a;
}

static void parse_option(struct options *o, const char *name, const char *value)
{
	if (!value)
		fail("needs a value", name);
	if (!strcmp(name, "--mask")) {
		if (o->mask_count == MAX_MASKS)
			fail("too many", name);
		o->masks[o->mask_count++] = parse_area(value);
	} else if (!strcmp(name, "--crop")) {
		o->crop = parse_area(value);
	} else if (!strcmp(name, "--out")) {
		o->out = value;
	} else if (!strcmp(name, "--actual")) {
		o->part = value;
	} else if (!strcmp(name, "--tolerance")) {
		char *end;

		o->tolerance = (int)strtol(value, &end, 10);
		if (*end || end == value || o->tolerance < 0 || o->tolerance > 255)
			fail("not a number from 0 to 255", value);
	} else {
		fail("unknown option", name);
	}
}

static struct options parse(int argc, char **argv)
{
	struct options o = { 0 };

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--", 2)) {
			parse_option(&o, argv[i], argv[i + 1]);
			i++;
		} else if (!o.golden) {
			o.golden = argv[i];
		} else if (!o.actual) {
			o.actual = argv[i];
		} else {
			fail("one argument too many", argv[i]);
		}
	}
	if (!o.actual)
		fail("oriel-diff GOLDEN ACTUAL [--mask x,y,w,h]... [--crop x,y,w,h] [--tolerance "
		     "N] "
		     "[--out DIFF.png] [--actual PART.png]",
		     "usage");
	return o;
}

static struct picture load(const char *path)
{
	struct picture p;
	const char *why;

	if (picture_load(&p, path, &why))
		fail(why, path);
	return p;
}

static void crop(struct picture *p, const struct area *a, const char *path)
{
	if (a->x > p->width - a->width || a->y > p->height - a->height)
		fail("the part to crop is not within the picture", path);
	for (int y = 0; y < a->height; y++)
		memmove(p->rgb + 3 * (size_t)y * (size_t)a->width,
			p->rgb + 3 * ((size_t)(a->y + y) * (size_t)p->width + (size_t)a->x),
			3 * (size_t)a->width);
	p->width = a->width;
	p->height = a->height;
}

static bool masked(const struct options *o, int x, int y)
{
	for (int i = 0; i < o->mask_count; i++) {
		const struct area *m = &o->masks[i];

		if (x >= m->x && x - m->x < m->width && y >= m->y && y - m->y < m->height)
			return true;
	}
	return false;
}

static bool same(const unsigned char *a, const unsigned char *b, int tolerance)
{
	for (int i = 0; i < 3; i++)
		if (abs(a[i] - b[i]) > tolerance)
			return false;
	return true;
}

/* What differs: the number of pixels, and the area around them. */
struct difference {
	long count;
	int left, top, right, bottom; /* the last two are within */
};

static void note(struct difference *d, int x, int y)
{
	if (!d->count++)
		*d = (struct difference){ 1, x, y, x, y };
	d->left = x < d->left ? x : d->left;
	d->right = x > d->right ? x : d->right;
	d->bottom = y;
}

/* Paints the golden picture over with what was found. */
static struct difference compare(const struct options *o, struct picture *golden,
				 const struct picture *actual)
{
	struct difference d = { 0 };

	for (int y = 0; y < golden->height; y++) {
		for (int x = 0; x < golden->width; x++) {
			size_t at = 3 * ((size_t)y * (size_t)golden->width + (size_t)x);
			unsigned char *g = golden->rgb + at;
			bool mask = masked(o, x, y);
			bool differs = !mask && !same(g, actual->rgb + at, o->tolerance);

			for (int i = 0; i < 3; i++)
				g[i] = (unsigned char)(g[i] / 3);
			if (mask)
				g[2] = 160;
			if (differs) {
				g[0] = 255;
				note(&d, x, y);
			}
		}
	}
	return d;
}

/* Two pixels thick for each 512 of the width, so that it is seen when the picture is scaled down.
 */
static void paint_frame(struct picture *p, const struct difference *d)
{
	int thick = 2 + p->width / 512 * 2, far = FRAME_GAP + thick;

	for (int y = d->top - far; y <= d->bottom + far; y++) {
		for (int x = d->left - far; x <= d->right + far; x++) {
			bool inside = x >= d->left - FRAME_GAP && x <= d->right + FRAME_GAP &&
				      y >= d->top - FRAME_GAP && y <= d->bottom + FRAME_GAP;

			if (inside || x < 0 || y < 0 || x >= p->width || y >= p->height)
				continue;
			memcpy(p->rgb + 3 * ((size_t)y * (size_t)p->width + (size_t)x),
			       "\xff\xff\0", 3);
		}
	}
}

static int print_crc(const char *path)
{
	struct picture p = load(path);

	printf("%08x\n", picture_crc(&p));
	picture_free(&p);
	return 0;
}

static void save(const char *path, const struct picture *p)
{
	if (path && !stbi_write_png(path, p->width, p->height, 3, p->rgb, 0))
		fail("cannot be written", path);
}

static int print_difference(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	struct picture golden = load(o.golden), actual = load(o.actual);
	struct difference d;

	if (o.crop.width)
		crop(&actual, &o.crop, o.actual);
	if (golden.width != actual.width || golden.height != actual.height) {
		printf("sizes differ: %dx%d and %dx%d\n", golden.width, golden.height, actual.width,
		       actual.height);
		save(o.part, &actual);
		return 1;
	}
	d = compare(&o, &golden, &actual);
	if (d.count)
		paint_frame(&golden, &d);
	save(o.out, &golden);
	if (d.count)
		save(o.part, &actual);
	if (d.count == 1)
		printf("1 pixel differs, at %d,%d\n", d.left, d.top);
	else if (d.count)
		printf("%ld pixels differ, within %d,%d %dx%d\n", d.count, d.left, d.top,
		       d.right - d.left + 1, d.bottom - d.top + 1);
	else
		printf("0 pixels differ\n");
	picture_free(&golden);
	picture_free(&actual);
	return d.count != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--crc"))
		return print_crc(argv[2]);
	return print_difference(argc, argv);
}
