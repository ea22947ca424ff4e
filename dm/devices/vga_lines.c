/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One scan line from cells to pixels. A line is first drawn in dots, a character more than is
 * shown, and then shifted by the panning and stretched where the dot clock is halved. All addresses
 * go through vga_cell_at, so nothing outside the planes can be met; a font lies in the 64 KiB of
 * plane 2 whatever the registers say.
 */
#include "vga_internal.h"

#define DOTS_MAX    (VGA_MAX_WIDTH + 2 * 9)
#define FONT_STRIDE 32
#define UNDERLINED  0x01 /* foreground 1 on background 0, brightness and blinking aside */

/* How many counter steps a character takes: count by two or four. */
static u32 counter_at(const struct vga *vga, u32 counter, u32 column)
{
	const u8 *crtc = vga->state->crtc;

	if (dispi_enabled(&vga->dispi))
		return counter + column;
	if (crtc[CRTC_UNDERLINE] & 0x20)
		return counter + column / 4;
	return counter + (crtc[CRTC_MODE] & 0x08 ? column / 2 : column);
}

/* ---- Text */

/* Where in plane 2 the character map for attribute bit 3 begins. */
static u32 font_base(const struct vga_state *s, bool second)
{
	u32 v = s->seq[SEQ_FONT];
	u32 map = second ? (v >> 2 & 3) | (v >> 3 & 4) : (v & 3) | (v >> 2 & 4);

	return (map & 3) * 0x4000 + (map >> 2) * 0x2000;
}

u32 vga_cursor_cell(const struct vga *vga)
{
	const u8 *crtc = vga->state->crtc;
	u32 at = (u32)crtc[CRTC_CURSOR_HIGH] << 8 | crtc[CRTC_CURSOR_LOW];

	if ((crtc[CRTC_CURSOR_START] & 0x20) || vga->blink_phase)
		return ~0u;
	return vga_cell_at(vga, at + (crtc[CRTC_CURSOR_END] >> 5 & 3), 0);
}

static bool on_cursor(const struct vga_state *s, u32 scan)
{
	return scan >= (s->crtc[CRTC_CURSOR_START] & 0x1fu) &&
	       scan <= (s->crtc[CRTC_CURSOR_END] & 0x1fu);
}

/* The nine dots of a character's scan line, the leftmost in bit 8. */
static u32 glyph(const struct vga *vga, u8 character, u8 attribute, u32 scan)
{
	const struct vga_state *s = vga->state;
	u32 at = font_base(s, attribute & 8) + character * FONT_STRIDE + (scan & 0x1f);
	u32 bits = vga_cells(vga)[at & (VGA_CELLS - 1)] >> 16 & 0xff;
	bool line = (s->attr[ATTR_MODE] & ATTR_LINE9) && character >= 0xc0 && character <= 0xdf;

	if ((s->attr[ATTR_MODE] & ATTR_MONO) && (attribute & 0x77) == UNDERLINED &&
	    scan == (s->crtc[CRTC_UNDERLINE] & 0x1fu))
		return 0x1ff;
	return bits << 1 | (line ? bits & 1 : 0);
}

static void text_cell(struct vga *vga, const struct vga_mode *m, u32 cell, u32 scan, bool cursor,
		      u32 *out)
{
	u32 value = vga_cells(vga)[cell];
	u8 attribute = (u8)(value >> 8), ink = attribute & 0xf, paper = attribute >> 4;
	u32 bits = glyph(vga, (u8)value, attribute, scan), colours[2];

	if (vga->state->attr[ATTR_MODE] & ATTR_BLINK) {
		paper &= 7;
		if (attribute & 0x80) {
			vga->blinking = true;
			bits = vga->blink_phase ? 0 : bits;
		}
	}
	if (cursor)
		bits = 0x1ff;
	colours[0] = vga->colours[paper];
	colours[1] = vga->colours[ink];
	for (u32 i = 0; i < m->dots; i++)
		out[i] = colours[bits >> (8 - i) & 1];
}

static void text_line(struct vga *vga, const struct vga_mode *m, const struct vga_line *line,
		      u32 columns, u32 *dots)
{
	u32 cursor = on_cursor(vga->state, line->scan) ? vga_cursor_cell(vga) : ~0u;

	for (u32 i = 0; i < columns; i++) {
		u32 cell = vga_cell_at(vga, counter_at(vga, line->counter, i), line->scan);

		text_cell(vga, m, cell, line->scan, cell == cursor, dots + i * m->dots);
	}
}

/* ---- Graphics: eight dots of a cell */

static void planar_cell(const struct vga *vga, u32 value, u32 *out)
{
	for (u32 i = 0; i < 8; i++) {
		u32 v = value >> (7 - i);

		out[i] = vga->colours[(v & 1) | (v >> 7 & 2) | (v >> 14 & 4) | (v >> 21 & 8)];
	}
}

/* Two bits from planes 0 and 2 for the left half, from 1 and 3 for the right. */
static void cga_cell(const struct vga *vga, u32 value, u32 *out)
{
	for (u32 i = 0; i < 8; i++) {
		u32 v = value >> (i < 4 ? 0 : 8) >> (6 - 2 * (i % 4));

		out[i] = vga->colours[(v & 3) | (v >> 14 & 0xc)];
	}
}

static void packed_cell(const struct vga *vga, u32 value, u32 *out)
{
	for (u32 i = 0; i < 8; i++)
		out[i] = vga->palette[value >> (8 * (i / 2)) & 0xff];
}

static void graphics_line(const struct vga *vga, const struct vga_mode *m,
			  const struct vga_line *line, u32 columns, u32 *dots)
{
	u32 shift = vga->state->gfx[GFX_MODE] & (GFX_SHIFT_256 | GFX_SHIFT_CGA);

	if (dispi_enabled(&vga->dispi))
		shift = 0;
	for (u32 i = 0; i < columns; i++, dots += m->dots) {
		u32 cell = vga_cell_at(vga, counter_at(vga, line->counter, i), line->scan);
		u32 value = vga_cells(vga)[cell];

		if (shift & GFX_SHIFT_256)
			packed_cell(vga, value, dots);
		else if (shift)
			cga_cell(vga, value, dots);
		else
			planar_cell(vga, value, dots);
		if (m->dots == 9)
			dots[8] = vga->colours[0];
	}
}

void vga_line_draw(struct vga *vga, const struct vga_mode *m, const struct vga_line *line, u32 *out)
{
	static u32 dots[DOTS_MAX];
	u32 needed = m->width / m->scale + (m->width % m->scale) + line->pan;
	u32 columns = MIN((needed + m->dots - 1) / m->dots, DOTS_MAX / m->dots);

	if (m->blank) {
		memset(out, 0, 4 * (size_t)m->width);
		return;
	}
	if (m->text)
		text_line(vga, m, line, columns, dots);
	else
		graphics_line(vga, m, line, columns, dots);
	for (u32 x = 0; x < m->width; x++)
		out[x] = dots[x / m->scale + line->pan];
}
