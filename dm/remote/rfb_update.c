/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the client is sent: FramebufferUpdate messages (RFC 6143 section 7.6.1). An update begins
 * when the client has asked and something of what it wants changed; the tiles to send are taken out
 * of c->dirty then, and what changes meanwhile is dirty again. It is sent as units: rectangles of
 * up to RFB_UNIT_TILES tiles in a row, each read at once and when its turn comes.
 *
 * Once a client has moved the pointer it draws the guest's cursor itself, if it can: then its
 * picture comes without. Until then the picture is what a screenshot shows.
 */
#include "rfb_internal.h"
#include "dm/display/damage.h"
#include "dm/display/png.h"
#include "dm/runtime.h"

#define INTERVAL      16000 /* microseconds from one update to the next, at least */
#define SMALLEST      16    /* pixels each way, when nothing is shown yet */
#define RECT_SIZE     12
#define COPY_SIZE     (RECT_SIZE + 4)
#define CURSOR_PIXELS (RFB_CURSOR_SIZE * RFB_CURSOR_SIZE)

/* Of tiles: that many at most, each with every other of its tiles, and a cursor and a copy. The
 * rectangles are counted in 16 bits. */
#define MOST_ROWS 500
_Static_assert(MOST_ROWS * 64 * RFB_TILE_WORDS / 2 + 2 <= 0xffff, "rectangles can be counted");

enum { MESSAGE_UPDATE = 0, MESSAGE_COLOUR_MAP = 1 };

static u32 tiles(u32 pixels, u32 tile)
{
	return (pixels + tile - 1) / tile;
}

/* ---- What there is to send */

/* Bits of word i of a row for columns [first, end). */
static u64 columns_mask(u32 i, u32 first, u32 end)
{
	u32 from = MAX(first, 64 * i), to = MIN(end, 64 * (i + 1));

	if (from >= to)
		return 0;
	return (to - from == 64 ? ~0ULL : BIT(to - from) - 1) << (from - 64 * i);
}

static void mark_dirty(struct rfb *c, const struct rect *r)
{
	struct rect all = { 0, 0, c->width, c->height }, part = rect_intersect(r, &all);
	u32 first = part.x / RFB_TILE_WIDTH, end = tiles(part.x + part.width, RFB_TILE_WIDTH);
	u32 bottom = tiles(part.y + part.height, RFB_TILE_HEIGHT);

	for (u32 row = part.y / RFB_TILE_HEIGHT; !rect_empty(&part) && row < bottom; row++)
		for (u32 i = first / 64; i < tiles(end, 64); i++)
			c->dirty[row][i] |= columns_mask(i, first, end);
	c->news = true;
}

static void mark_all(struct rfb *c)
{
	struct rect all = { 0, 0, c->width, c->height };

	mark_dirty(c, &all);
}

void rfb_damage(struct rfb *c, const struct rect *r, bool cursor)
{
	if (!rfb_is_authenticated(c))
		return;
	if (!cursor || !c->draws_cursor)
		mark_dirty(c, r);
	c->cursor_changed |= cursor;
	c->news = true;
}

static struct rect unite(const struct rect *a, const struct rect *b)
{
	u32 x = MIN(a->x, b->x), y = MIN(a->y, b->y);

	return (struct rect){ x, y, MAX(a->x + a->width, b->x + b->width) - x,
			      MAX(a->y + a->height, b->y + b->height) - y };
}

void rfb_request(struct rfb *c, const struct rect *r, bool incremental)
{
	c->wanted = c->requested ? unite(&c->wanted, r) : *r;
	c->requested = c->news = true;
	c->refresh |= !incremental;
}

static u32 run_of_tiles(const struct rfb *c, u32 row, u32 column)
{
	u32 n = 0, columns = tiles(c->width, RFB_TILE_WIDTH);

	while (n < RFB_UNIT_TILES && column + n < columns && rfb_is_sending(c, row, column + n))
		n++;
	return n;
}

/* From (row, column) on; false: there is none. */
static bool find_unit(const struct rfb *c, u32 *row, u32 *column)
{
	u32 rows = tiles(c->height, RFB_TILE_HEIGHT);

	for (; *row < rows; ++*row, *column = 0) {
		for (u32 i = *column / 64; i < RFB_TILE_WORDS; i++) {
			u64 word = c->sending[*row][i];

			if (i == *column / 64)
				word &= ~0ULL << *column % 64;
			if (word) {
				*column = 64 * i + (u32)__builtin_ctzll(word);
				return true;
			}
		}
	}
	return false;
}

static u32 count_units(const struct rfb *c)
{
	u32 n = 0;

	for (u32 row = 0, column = 0; find_unit(c, &row, &column); n++)
		column += run_of_tiles(c, row, column);
	return n;
}

/* Takes the tiles that are wanted and dirty, of as many rows as an update can have; whether there
 * are any. */
static bool take_tiles(struct rfb *c)
{
	struct rect all = { 0, 0, c->width, c->height }, r = rect_intersect(&c->wanted, &all);
	u32 first = r.x / RFB_TILE_WIDTH, end = tiles(r.x + r.width, RFB_TILE_WIDTH);
	u32 bottom = tiles(r.y + r.height, RFB_TILE_HEIGHT);
	u64 any = 0;
	u32 taken = 0;

	for (u32 row = r.y / RFB_TILE_HEIGHT; !rect_empty(&r) && row < bottom; row++) {
		u64 here = 0;

		if (taken == MOST_ROWS) {
			c->news = true;
			break;
		}
		for (u32 i = first / 64; i < tiles(end, 64); i++) {
			u64 word = c->dirty[row][i] & columns_mask(i, first, end);

			c->sending[row][i] = word;
			c->dirty[row][i] &= ~word;
			here |= word;
		}
		taken += here != 0;
		any |= here;
	}
	return any;
}

/* ---- Messages */

static u8 *put_rect(u8 *to, const struct rect *r, s32 encoding)
{
	to = rfb_put16(rfb_put16(to, r->x), r->y);
	to = rfb_put16(rfb_put16(to, r->width), r->height);
	return rfb_put32(to, (u32)encoding);
}

static void put_header(struct rfb *c, u32 rects, u64 now)
{
	u8 *to = rfb_reserve(c, 4);

	to[0] = MESSAGE_UPDATE;
	to[1] = 0;
	rfb_put16(to + 2, rects);
	c->next_update = now + INTERVAL;
	c->requested = c->refresh; /* which was asked for since this update was begun */
	rfb_counters.updates++;
}

static void send_map(struct rfb *c)
{
	u8 *to = rfb_reserve(c, 6 + 6 * RFB_COLOURS);

	to[0] = MESSAGE_COLOUR_MAP;
	to[1] = 0;
	to = rfb_put16(rfb_put16(to + 2, 0), RFB_COLOURS);
	for (u32 i = 0; i < RFB_COLOURS; i++)
		for (u32 shift = 24; shift; shift -= 8)
			to = rfb_put16(to, (rfb_map_colour(i) >> (shift - 8) & 0xff) * 0x101);
}

static void send_unit(struct rfb *c)
{
	static u32 pixels[RFB_UNIT_PIXELS];
	u32 run;
	struct rect r;
	u8 *to, *end;

	find_unit(c, &c->row, &c->column);
	run = run_of_tiles(c, c->row, c->column);
	r.x = c->column * RFB_TILE_WIDTH;
	r.y = c->row * RFB_TILE_HEIGHT;
	r.width = MIN(run * RFB_TILE_WIDTH, c->width - r.x);
	r.height = MIN(RFB_TILE_HEIGHT, c->height - r.y);
	c->column += run;
	c->units--;
	for (u32 y = 0; y < r.height; y++)
		rfb_read_line(c, r.x, r.y + y, r.width, pixels + y * r.width);
	if (c->copies)
		rfb_scan_sent(c, &r, pixels);
	to = put_rect(rfb_reserve(c, RECT_SIZE), &r, c->encoding);
	end = c->encoding == RFB_ZRLE	   ? rfb_encode_zrle(c, to, pixels, r.width, r.height)
	      : c->encoding == RFB_HEXTILE ? rfb_encode_hextile(c, to, pixels, r.width, r.height)
					   : rfb_encode_raw(c, to, pixels, r.width, r.height);
	rfb_reserve(c, (size_t)(end - to));
}

/* The client's picture gets the size of what is shown, and nothing of it is known to the client. */
static void send_size(struct rfb *c, u32 width, u32 height, u64 now)
{
	struct rect r = { 0, 0, width, height };

	put_header(c, 1, now);
	put_rect(rfb_reserve(c, RECT_SIZE), &r, RFB_DESKTOP_SIZE);
	c->width = width;
	c->height = height;
	memset(c->dirty, 0, sizeof(c->dirty));
	rfb_scan_reset(c);
	mark_all(c);
}

/* Section 7.8.1: pixels, then a mask of the visible ones. Without blending a pixel is either. */
static void put_cursor(struct rfb *c, const struct rfb_cursor *cursor)
{
	struct rect r = { MIN(cursor->hot_x, RFB_CURSOR_SIZE - 1),
			  MIN(cursor->hot_y, RFB_CURSOR_SIZE - 1), RFB_CURSOR_SIZE,
			  RFB_CURSOR_SIZE };
	u8 *to, *mask, *end;

	to = put_rect(rfb_reserve(c, RECT_SIZE), &r, RFB_CURSOR);
	mask = to + CURSOR_PIXELS * c->format.bytes;
	end = mask + CURSOR_PIXELS / 8;
	rfb_reserve(c, (size_t)(end - to));
	memset(mask, 0, CURSOR_PIXELS / 8);
	for (u32 i = 0; i < CURSOR_PIXELS; i++) {
		u32 pixel = cursor->pixels[i] & 0xffffff;

		to = rfb_pixels_write(&c->format, to, &pixel, 1);
		if (cursor->pixels[i] >> 31)
			mask[i / 8] |= (u8)(0x80 >> i % 8);
	}
}

/* Whether the client must be told of another cursor than it has: `cursor`, of no pixels for none.
 */
static bool cursor_to_send(struct rfb *c, struct rfb_cursor *cursor)
{
	u32 crc = 0;

	if (!c->draws_cursor || !c->cursor_changed)
		return false;
	c->cursor_changed = false;
	if (!c->screen->cursor(c->ctx, cursor)) {
		*cursor = (struct rfb_cursor){ 0 };
	} else {
		u32 hot[2] = { cursor->hot_x, cursor->hot_y };

		crc = png_crc(0, cursor->pixels, 4 * CURSOR_PIXELS);
		crc = png_crc(crc, hot, sizeof(hot)) | 1;
	}
	if (crc == c->cursor_crc)
		return false;
	c->cursor_crc = crc;
	return true;
}

/* ---- Updates */

/* What the client asked for since the last one counts from here on. */
static void apply_wishes(struct rfb *c)
{
	struct rfb_cursor cursor;

	if (c->format_changed) {
		c->format = c->next_format;
		c->format_changed = false;
		c->cursor_crc = 0;
		c->cursor_changed = true;
		if (c->format.mapped)
			send_map(c);
	}
	c->encoding = c->can.encoding;
	if (c->can.cursor && c->points && !c->draws_cursor && c->screen->cursor(c->ctx, &cursor)) {
		c->draws_cursor = c->cursor_changed = true;
		mark_all(c);
	} else if (c->draws_cursor && !c->can.cursor) {
		c->draws_cursor = false;
		c->cursor_crc = 0;
		mark_all(c);
	}
	if (c->refresh || c->copies != c->can.copy) {
		c->copies = c->can.copy;
		rfb_scan_reset(c);
	}
	if (c->refresh)
		mark_dirty(c, &c->wanted);
	c->refresh = false;
}

/* Whether the client was told of another size. */
static bool resize(struct rfb *c, u64 now)
{
	u32 width, height;

	c->screen->size(c->ctx, &width, &height);
	width = MIN(width, RFB_MAX_SIZE);
	height = MIN(height, RFB_MAX_SIZE);
	if (!c->can.resize || !width || !height || (width == c->width && height == c->height))
		return false;
	send_size(c, width, height, now);
	return true;
}

static void begin_update(struct rfb *c, const struct rect *copy, u32 copy_from, u64 now)
{
	struct rfb_cursor cursor;
	bool has_cursor = cursor_to_send(c, &cursor);

	c->units = count_units(c);
	c->row = c->column = 0;
	if (!c->units && !copy && !has_cursor)
		return;
	put_header(c, c->units + (copy ? 1 : 0) + (has_cursor ? 1 : 0), now);
	if (copy) {
		u8 *to = put_rect(rfb_reserve(c, COPY_SIZE), copy, RFB_COPYRECT);

		rfb_put16(rfb_put16(to, copy->x), copy_from);
	}
	if (has_cursor && cursor.pixels)
		put_cursor(c, &cursor);
	else if (has_cursor)
		put_rect(rfb_reserve(c, RECT_SIZE), &(struct rect){ 0 }, RFB_CURSOR);
}

static void look(struct rfb *c, u64 now)
{
	bool any;

	c->news = false;
	apply_wishes(c);
	if (resize(c, now))
		return;
	memset(c->sending, 0, tiles(c->height, RFB_TILE_HEIGHT) * sizeof(c->sending[0]));
	any = take_tiles(c);
	c->scanning = any && c->copies && rfb_scan_begin(c);
	if (!c->scanning)
		begin_update(c, NULL, 0, now);
}

static void scan(struct rfb *c, u64 now)
{
	struct rect to;
	u32 from_y;

	if (!rfb_scan_step(c))
		return;
	c->scanning = false;
	if (rfb_scan_end(c, &to, &from_y))
		begin_update(c, &to, from_y, now);
	else
		begin_update(c, NULL, 0, now);
}

u64 rfb_due(const struct rfb *c)
{
	if (c->out_len || c->end != RFB_OPEN)
		return ~0ULL;
	if (c->units || c->scanning)
		return 0;
	return c->requested && c->news ? c->next_update : ~0ULL;
}

void rfb_work(struct rfb *c, u64 now)
{
	if (rfb_due(c) > now)
		return;
	c->taken = 0;
	c->taken_since = now;
	if (c->units)
		send_unit(c);
	else if (c->scanning)
		scan(c, now);
	else
		look(c, now);
}

void rfb_read_line(const struct rfb *c, u32 x, u32 y, u32 count, u32 *out)
{
	u32 width, height, n = 0;

	c->screen->size(c->ctx, &width, &height);
	if (y < height && x < width) {
		n = MIN(count, width - x);
		c->screen->line(c->ctx, x, y, n, c->draws_cursor, out);
	}
	for (u32 i = 0; i < n; i++)
		out[i] &= 0xffffff;
	for (u32 i = n; i < count; i++)
		out[i] = 0;
}

void rfb_update_init(struct rfb *c)
{
	c->screen->size(c->ctx, &c->width, &c->height);
	c->width = MIN(MAX(c->width, SMALLEST), RFB_MAX_SIZE);
	c->height = MIN(MAX(c->height, SMALLEST), RFB_MAX_SIZE);
	if (!rfb_format_parse(&c->format, rfb_native_format))
		dm_die("RFB: the native format is none");
	rfb_scan_reset(c);
	mark_all(c);
}
