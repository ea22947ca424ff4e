/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The picture: finds out what changed since the last frame and gives that to the display.
 *
 * VGA pictures are drawn line by line into memory behind the VRAM. Lines without a dirty cell are
 * not drawn; of those drawn, what equals the picture already is no damage. dispi's linear
 * framebuffers are shown where they are, and damage is what dirty bits say, in whole lines.
 */
#include "vga_internal.h"
#include "dm/hypercall.h"

#define IDLE_FRAMES  60
#define IDLE_US	     250000
#define BLINK_FRAMES 16
#define BAND_GAP     32 /* lines between two damaged parts that are painted as one */
#define HEAD	     0

/* ---- Damage in bands of lines */

struct band {
	u32 top, end, left, right; /* top == end: empty */
};

static void band_emit(struct vga *vga, struct band *b)
{
	struct rect r = { b->left, b->top, b->right - b->left, b->end - b->top };

	if (b->top < b->end)
		display_damage(vga->dev->vm, HEAD, &r);
	*b = (struct band){ 0 };
}

static void band_add(struct vga *vga, struct band *b, u32 top, u32 end, u32 left, u32 right)
{
	if (b->top < b->end && top > b->end + BAND_GAP)
		band_emit(vga, b);
	if (b->top == b->end)
		*b = (struct band){ top, end, left, right };
	b->end = end;
	b->left = MIN(b->left, left);
	b->right = MAX(b->right, right);
}

/* ---- What is shown */

static bool same_surface(const struct surface *a, const struct surface *b)
{
	return a->width == b->width && a->height == b->height && a->stride == b->stride &&
	       a->format == b->format && a->offset == b->offset && a->pieces == b->pieces;
}

static void damage_all(struct vga *vga)
{
	struct rect all = { 0, 0, vga->surface.width, vga->surface.height };

	display_damage(vga->dev->vm, HEAD, &all);
}

/* Hands the surface over when it is another one; true: all of it was painted. */
static bool show_surface(struct vga *vga, const struct surface *s)
{
	if (vga->surface.pieces && same_surface(&vga->surface, s))
		return false;
	vga->surface = *s;
	display_set(vga->dev->vm, HEAD, &vga->surface);
	damage_all(vga);
	return true;
}

/* ---- VGA pictures */

static bool any_dirty(const struct vga *vga)
{
	for (u32 i = 0; i < ARRAY_SIZE(vga->dirty); i++)
		if (vga->dirty[i])
			return true;
	return false;
}

static bool row_dirty(const struct vga *vga, const struct vga_mode *m, const struct vga_line *line)
{
	for (u32 i = 0; i <= m->chars + 1; i++) {
		u32 chunk = vga_cell_at(vga, line->counter + i, line->scan) / VGA_CHUNK_CELLS;

		if (vga->dirty[chunk / 64 % ARRAY_SIZE(vga->dirty)] & BIT(chunk % 64))
			return true;
	}
	return false;
}

/* The cursor is drawn anew where it was and where it is, when it moved or changed. */
static void follow_cursor(struct vga *vga)
{
	const u8 *crtc = vga->state->crtc;
	u32 cell = vga_cursor_cell(vga);
	u32 shape = crtc[CRTC_CURSOR_START] | (u32)crtc[CRTC_CURSOR_END] << 8;

	if (cell == vga->cursor_cell && shape == vga->cursor_shape)
		return;
	if (cell != ~0u)
		vga_mark(vga, cell);
	if (vga->cursor_cell != ~0u)
		vga_mark(vga, vga->cursor_cell);
	vga->cursor_cell = cell;
	vga->cursor_shape = shape;
}

/* True when characters that blink have to be drawn again. */
static bool follow_blinking(struct vga *vga, const struct vga_mode *m)
{
	bool phase = time_now() / (vga_frame_ticks() * BLINK_FRAMES) & 1, turned;

	turned = phase != vga->blink_phase;
	vga->blink_phase = phase;
	if (m->text)
		follow_cursor(vga);
	return turned && m->text && vga->blinking;
}

/* Puts a line into the picture, and what is new of it into the band. */
static void line_store(struct vga *vga, u32 y, const u32 *line, struct band *band)
{
	u32 width = vga->mode.width, left = 0, right = width;
	u32 *to = vga->pixels + (size_t)y * width;

	while (left < right && line[left] == to[left])
		left++;
	while (right > left && line[right - 1] == to[right - 1])
		right--;
	if (left == right)
		return;
	memcpy(to + left, line + left, 4 * (size_t)(right - left));
	band_add(vga, band, y, y + 1, left, right);
}

/* Where the beam is; see FreeVGA on preset row scan, maximum scan line, line compare. */
struct beam {
	struct vga_line line;
	u32 sub; /* lines since the row began, doubled ones counted */
};

static void beam_next(struct beam *b, const struct vga_mode *m, u32 next_y)
{
	if (next_y == m->split) {
		b->line.counter = 0;
		b->sub = 0;
		if (m->split_unpans)
			b->line.pan = 0;
	} else if (++b->sub >= m->rows_scan << m->line_shift) {
		b->sub = 0;
		b->line.counter += m->pitch;
	}
	b->line.scan = b->sub >> m->line_shift;
}

static bool same_line(const struct vga_line *a, const struct vga_line *b)
{
	return a->counter == b->counter && a->scan == b->scan && a->pan == b->pan;
}

static void draw(struct vga *vga, bool all)
{
	static u32 line[VGA_MAX_WIDTH];
	const struct vga_mode *m = &vga->mode;
	struct beam b = { .line = { m->start, MIN(m->first_scan, m->rows_scan - 1), m->pan } };
	struct vga_line last = { 0 };
	struct band band = { 0 };
	bool drawn = false, dirty = false;

	b.sub = b.line.scan << m->line_shift;
	for (u32 y = 0; y < m->height; beam_next(&b, m, ++y)) {
		bool again = y && same_line(&b.line, &last);

		if (!again) {
			dirty = all || row_dirty(vga, m, &b.line);
			drawn = false;
		}
		last = b.line;
		if (!dirty)
			continue;
		if (!drawn)
			vga_line_draw(vga, m, &b.line, line);
		drawn = true;
		line_store(vga, y, line, &band);
	}
	band_emit(vga, &band);
}

/* True: something else than a blink was new. */
static bool present_vga(struct vga *vga)
{
	struct vga_mode m = vga_mode_of(vga);
	bool all = vga->full, changed;
	struct surface s = { .width = m.width,
			     .height = m.height,
			     .stride = m.width * 4,
			     .format = PIXEL_B8G8R8X8,
			     .pieces = &vga->piece,
			     .piece_count = 1 };

	vga_window_sync(vga);
	changed = vga->full || any_dirty(vga);
	vga->full = false;
	if (all) {
		vga_palette_update(vga);
		vga->blinking = false;
	}
	vga->mode = m;
	all |= follow_blinking(vga, &m);
	if (!same_surface(&s, &vga->surface)) {
		/* A picture of another shape: what is there belongs to the old one. */
		memset(vga->pixels, 0, 4 * (size_t)m.width * m.height);
		show_surface(vga, &s);
		all = true;
	}
	if (all || any_dirty(vga))
		draw(vga, all);
	memset(vga->dirty, 0, sizeof(vga->dirty));
	return changed;
}

/* ---- Linear framebuffers */

/* Lines that share a byte with the page at `from` in VRAM; pages come in ascending order. */
static void add_page(struct vga *vga, struct band *band, u64 from)
{
	const struct surface *s = &vga->surface;
	u64 to = from + PAGE_SIZE;
	u64 top = from > s->offset ? (from - s->offset) / s->stride : 0;
	u64 bottom = to > s->offset ? (to - s->offset + s->stride - 1) / s->stride : 0;

	bottom = MIN(bottom, s->height);
	if (top < bottom)
		band_add(vga, band, (u32)top, (u32)bottom, 0, s->width);
}

/* True when the guest has written to the part of VRAM that is shown. */
static bool damage_dirty(struct vga *vga)
{
	static u64 dirty[MIB(64) / PAGE_SIZE / 64];
	const struct surface *s = &vga->surface;
	u64 base = s->offset & ~(u64)(PAGE_SIZE - 1);
	u64 end = s->offset + (u64)s->stride * s->height;
	u64 len = MIN(ALIGN_UP(end, PAGE_SIZE), MIN(vga->vram_size, MIB(64))) - base;
	struct band band = { 0 };
	bool any = false;
	u32 pages = (u32)(len / PAGE_SIZE);

	if (hc_vram_dirty(vga->dev->vm->index, base, len, dirty))
		return false;
	for (u32 i = 0; i < pages; i++) {
		if (dirty[i / 64] & BIT(i % 64)) {
			add_page(vga, &band, base + (u64)i * PAGE_SIZE);
			any = true;
		}
	}
	band_emit(vga, &band);
	return any;
}

static bool present_linear(struct vga *vga, struct surface *s)
{
	bool all = vga->full;

	vga->full = false;
	if (vga->state->big_endian && s->format == PIXEL_B8G8R8X8)
		s->format = PIXEL_X8R8G8B8;
	if (all)
		vga_palette_update(vga);
	if (!show_surface(vga, s) && all)
		damage_all(vga);
	return damage_dirty(vga) || all;
}

/* ---- Frames */

static bool present(struct vga *vga)
{
	struct surface s = { 0 };
	bool changed = vga->changed;

	vga->changed = false;
	if (dispi_surface(&vga->dispi, &s))
		return present_linear(vga, &s) || changed;
	if (vga->pixels && !vga_is_linear(vga))
		return present_vga(vga) || changed;
	vga->surface = s;
	display_set(vga->dev->vm, HEAD, NULL);
	return changed;
}

void vga_timer(struct vga *vga)
{
	u64 now = time_now();

	if (now < vga->deadline)
		return;
	if (!vga->shown) {
		vga->deadline = vga->takes_at;
		return;
	}
	if (present(vga))
		vga->idle = 0;
	else if (vga->idle < IDLE_FRAMES)
		vga->idle++;
	vga->deadline = now + (vga->idle < IDLE_FRAMES ? vga_frame_ticks() : time_from_us(IDLE_US));
}

void vga_show(struct vga *vga, bool shown)
{
	if (shown == vga->shown)
		return;
	vga->shown = shown;
	vga->surface = (struct surface){ 0 };
	vga->full = true;
	vga->idle = 0;
	vga->deadline = shown ? 0 : DM_NO_DEADLINE;
	vga->takes_at = DM_NO_DEADLINE;
	if (!shown)
		vga_window_hide(vga);
	vga_watch(vga);
	if (shown)
		vga_timer(vga);
}
