/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Finding what the client has already, be it elsewhere: a console that scrolls is a CopyRect and a
 * line of text instead of a whole picture (RFC 6143 section 7.7.2).
 *
 * Nothing keeps clients' pictures. Instead, of each line's part in each column of tiles that was
 * sent, a number made of its pixels is kept. Before a large update, the lines of the box around it
 * are read, and lines with equal numbers are equal: 64 bits make others too rare to matter. What
 * changes after a line was read is damage and sent next time, so every picture comes out right.
 */
#include "rfb_internal.h"
#include "dm/runtime.h"

#define MIN_ROWS    4  /* tiles: the box that is worth a look */
#define MIN_COPY    32 /* lines: what is worth copying */
#define ANCHORS	    16 /* lines that are looked for elsewhere */
#define MAX_PLACES  8  /* where one anchor is compared */
#define MAX_BACKOFF 64

static u64 mix(u64 sum, u64 value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15ULL;
	return sum ^ sum >> 29;
}

/* Never 0. */
static u64 cell_of(const u32 *pixels, u32 count)
{
	u64 sum = count;

	for (u32 i = 0; i < count; i++)
		sum = mix(sum, pixels[i]);
	return sum | 1;
}

void rfb_scan_reset(struct rfb *c)
{
	struct rfb_scan *s = &c->scan;

	s->columns = (c->width + RFB_TILE_WIDTH - 1) / RFB_TILE_WIDTH;
	s->height = c->height;
	if (s->height > RFB_SCAN_LINES || s->columns * s->height > RFB_SCAN_CELLS)
		s->height = 0;
	s->skip = 1; /* in the next update there is nothing to find */
	s->backoff = 0;
	if (c->copies)
		memset(s->cells, 0, sizeof(s->cells[0]) * s->columns * s->height);
}

void rfb_scan_sent(struct rfb *c, const struct rect *r, const u32 *pixels)
{
	struct rfb_scan *s = &c->scan;

	for (u32 y = 0; s->height && y < r->height; y++) {
		u64 *cell = s->cells + (r->y + y) * s->columns + r->x / RFB_TILE_WIDTH;

		for (u32 x = 0; x < r->width; x += RFB_TILE_WIDTH)
			*cell++ = cell_of(pixels + y * r->width + x,
					  MIN(RFB_TILE_WIDTH, r->width - x));
	}
}

/* The box around the tiles to be sent; how many they are. */
static u32 find_box(struct rfb *c, u32 *first_row, u32 *end_row)
{
	struct rfb_scan *s = &c->scan;
	u32 rows = (c->height + RFB_TILE_HEIGHT - 1) / RFB_TILE_HEIGHT, count = 0;

	s->left = s->columns;
	s->right = 0;
	*first_row = rows;
	*end_row = 0;
	for (u32 row = 0; row < rows; row++) {
		for (u32 column = 0; column < s->columns; column++) {
			if (!rfb_is_sending(c, row, column))
				continue;
			count++;
			s->left = MIN(s->left, column);
			s->right = MAX(s->right, column + 1);
			*first_row = MIN(*first_row, row);
			*end_row = row + 1;
		}
	}
	return count;
}

bool rfb_scan_begin(struct rfb *c)
{
	struct rfb_scan *s = &c->scan;
	u32 first_row, end_row, count;

	if (!s->height)
		return false;
	count = find_box(c, &first_row, &end_row);
	if (count == 0 || end_row - first_row < MIN_ROWS ||
	    2 * count < (end_row - first_row) * (s->right - s->left))
		return false;
	if (s->skip) {
		s->skip--;
		return false;
	}
	s->top = s->at = first_row * RFB_TILE_HEIGHT;
	s->bottom = MIN(end_row * RFB_TILE_HEIGHT, s->height);
	return true;
}

/* A line of the box in one number. */
static u64 line_of_cells(const u64 *cells, u32 count)
{
	u64 sum = 0;

	for (u32 i = 0; i < count; i++) {
		if (!cells[i])
			return 0;
		sum = mix(sum, cells[i]);
	}
	return sum | 1;
}

static u64 *cells_of_line(struct rfb_scan *s, u32 y)
{
	return s->cells + y * s->columns + s->left;
}

bool rfb_scan_step(struct rfb *c)
{
	static u32 pixels[RFB_MAX_SIZE];
	struct rfb_scan *s = &c->scan;
	u32 x = s->left * RFB_TILE_WIDTH, width = MIN(s->right * RFB_TILE_WIDTH, c->width) - x;
	u32 end = MIN(s->at + MAX(RFB_UNIT_PIXELS / width, 1), s->bottom);

	for (; s->at < end; s->at++) {
		u64 cells[RFB_MAX_SIZE / RFB_TILE_WIDTH];
		u32 n = 0;

		rfb_read_line(c, x, s->at, width, pixels);
		for (u32 i = 0; i < width; i += RFB_TILE_WIDTH)
			cells[n++] = cell_of(pixels + i, MIN(RFB_TILE_WIDTH, width - i));
		s->fresh[s->at] = line_of_cells(cells, n);
	}
	return s->at == s->bottom;
}

/* Lines [first, end) are what is at [first + by, end + by). */
struct shift {
	u32 first, end;
	s32 by;
};

static bool is_at(const struct rfb_scan *s, const u64 *had, u32 y, s32 by)
{
	s64 from = (s64)y + by;

	return from >= s->top && from < s->bottom && had[from] == s->fresh[y];
}

/* As many lines around y as were moved like it. */
static struct shift shift_around(const struct rfb_scan *s, const u64 *had, u32 y, s32 by)
{
	struct shift shift = { y, y + 1, by };

	while (shift.first > s->top && is_at(s, had, shift.first - 1, by))
		shift.first--;
	while (shift.end < s->bottom && is_at(s, had, shift.end, by))
		shift.end++;
	return shift;
}

/* How many lines it spares. */
static u32 gain(const struct rfb_scan *s, const u64 *had, const struct shift *shift)
{
	u32 n = 0;

	for (u32 y = shift->first; y < shift->end; y++)
		n += had[y] != s->fresh[y];
	return n;
}

/* The best of what some changed lines, evenly taken, were found to be part of; `had` is what the
 * client has, as s->fresh. */
static u32 find_shift(const struct rfb_scan *s, const u64 *had, struct shift *best)
{
	u32 step = MAX((s->bottom - s->top) / ANCHORS, 1), most = 0;

	for (u32 y = s->top; y < s->bottom; y++) {
		u32 places = 0;

		/* A line like the one above says little about where it was. */
		if (had[y] == s->fresh[y] || (y > s->top && s->fresh[y] == s->fresh[y - 1]))
			continue;
		for (u32 from = s->top; from < s->bottom && places < MAX_PLACES; from++) {
			struct shift shift;
			u32 n;

			if (had[from] != s->fresh[y])
				continue;
			places++;
			shift = shift_around(s, had, y, (s32)(from - y));
			n = gain(s, had, &shift);
			if (n > most) {
				most = n;
				*best = shift;
			}
		}
		y += step - 1;
	}
	return most;
}

/* What the client has after it has copied. */
static void shift_cells(struct rfb_scan *s, u64 *had, const struct shift *shift)
{
	u32 count = shift->end - shift->first;
	size_t size = sizeof(u64) * (s->right - s->left);

	for (u32 i = 0; i < count; i++) {
		u32 y = shift->by > 0 ? shift->first + i : shift->end - 1 - i;

		memcpy(cells_of_line(s, y), cells_of_line(s, (u32)((s32)y + shift->by)), size);
		had[y] = s->fresh[y];
	}
}

/* Rows of tiles that the client has are not sent. Whether there was one. */
static bool drop_rows(struct rfb *c, const u64 *had, const struct shift *shift)
{
	struct rfb_scan *s = &c->scan;
	bool dropped = false;

	for (u32 y = s->top; y < s->bottom; y += RFB_TILE_HEIGHT) {
		u32 end = MIN(y + RFB_TILE_HEIGHT, s->bottom), at = y;
		u64 *row = c->sending[y / RFB_TILE_HEIGHT];
		bool copied = shift && y < shift->end && end > shift->first;

		while (at < end && had[at] == s->fresh[at])
			at++;
		if (at == end)
			memset(row, 0, sizeof(c->sending[0]));
		dropped |= at == end;
		/* Copied over: all of its tiles are something else now. */
		for (u32 i = s->left; at < end && copied && i < s->right; i++)
			row[i / 64] |= BIT(i % 64);
	}
	return dropped;
}

bool rfb_scan_end(struct rfb *c, struct rect *to, u32 *from_y)
{
	static u64 had[RFB_SCAN_LINES];
	struct rfb_scan *s = &c->scan;
	struct shift shift = { 0 };
	bool copy;

	for (u32 y = s->top; y < s->bottom; y++)
		had[y] = line_of_cells(cells_of_line(s, y), s->right - s->left);
	copy = find_shift(s, had, &shift) >= MIN_COPY;
	if (copy)
		shift_cells(s, had, &shift);
	if (drop_rows(c, had, copy ? &shift : NULL))
		s->backoff = 0;
	else
		s->backoff = MIN(2 * s->backoff + 1, MAX_BACKOFF);
	s->skip = s->backoff;
	if (!copy)
		return false;
	to->x = s->left * RFB_TILE_WIDTH;
	to->width = MIN(s->right * RFB_TILE_WIDTH, c->width) - to->x;
	to->y = shift.first;
	to->height = shift.end - shift.first;
	*from_y = (u32)((s32)shift.first + shift.by);
	return true;
}
