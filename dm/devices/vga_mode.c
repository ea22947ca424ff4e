/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the registers say about the picture: its size in master dots (the dots of the undivided
 * dot clock, as a monitor would see them: mode 13h is 640x400, 40 columns of 9 dots are 720 wide),
 * how the address counter runs, colours, and the beam's position. FreeVGA "CRT Controller
 * Registers", "Attribute Controller Registers".
 *
 * dispi's 4-bit modes are the planar case with size, pitch and start from dispi's registers.
 */
#include "vga_internal.h"

#define LINE_HZ	       31469 /* of every VGA mode */
#define LINE_VISIBLE   80    /* percent of a line before its blanking */
#define STATUS_BLANK   0x01
#define STATUS_RETRACE 0x08

/* Ten bits: eight in the register at `low`, two in the overflow register. */
static u32 vertical(const struct vga_state *s, u32 low, u32 bit8, u32 bit9)
{
	u32 overflow = s->crtc[CRTC_OVERFLOW];

	return s->crtc[low] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

static u32 line_compare(const struct vga_state *s)
{
	return s->crtc[CRTC_COMPARE] | (s->crtc[CRTC_OVERFLOW] & 0x10u) << 4 |
	       (s->crtc[CRTC_MAX_SCAN] & 0x40u) << 3;
}

static void geometry_of_crtc(const struct vga_state *s, struct vga_mode *m)
{
	const u8 *crtc = s->crtc;

	m->chars = crtc[CRTC_WIDTH] + 1u;
	m->width = m->chars * m->dots * m->scale;
	m->height = vertical(s, CRTC_HEIGHT, 1, 6) + 1;
	if (crtc[CRTC_MODE] & 0x04) /* the vertical counters run at half speed */
		m->height *= 2;
	m->split = line_compare(s) + 1;
	m->start = (u32)crtc[CRTC_START_HIGH] << 8 | crtc[CRTC_START_LOW];
	m->start += crtc[CRTC_PRESET] >> 5 & 3;
	m->pitch = crtc[CRTC_OFFSET] * 2u;
	m->first_scan = crtc[CRTC_PRESET] & 0x1f;
	m->rows_scan = (crtc[CRTC_MAX_SCAN] & 0x1f) + 1u;
	m->line_shift = crtc[CRTC_MAX_SCAN] >> 7;
}

static void geometry_of_dispi(const struct vga *vga, struct vga_mode *m)
{
	u32 x, y, width, height;

	dispi_size(&vga->dispi, &width, &height);
	dispi_offset(&vga->dispi, &x, &y);
	m->text = false;
	m->scale = 1;
	m->dots = 8;
	m->chars = (MAX(width, 1) + 7) / 8;
	m->width = MAX(width, 1);
	m->height = MAX(height, 1);
	m->split = ~0u;
	m->pitch = (dispi_virtual_width(&vga->dispi) + 7) / 8;
	m->start = y * m->pitch + x / 8;
	m->pan = x % 8;
	m->rows_scan = 1;
}

/* Dots that the picture is shifted to the left by. */
static u32 panning(const struct vga_state *s, u32 dots)
{
	u32 pan = s->attr[ATTR_PAN] & 0xf;

	if (s->gfx[GFX_MODE] & GFX_SHIFT_256)
		return pan & 6;
	if (dots == 9)
		return pan >= 8 ? 0 : pan + 1;
	return pan & 7;
}

struct vga_mode vga_mode_of(const struct vga *vga)
{
	const struct vga_state *s = vga->state;
	struct vga_mode m = { 0 };

	m.text = !(s->gfx[GFX_MISC] & 1) && !(s->attr[ATTR_MODE] & ATTR_GRAPHICS);
	m.blank = !(s->attr_index & ATTR_SCREEN) || (s->seq[SEQ_CLOCK] & SEQ_OFF);
	m.split_unpans = s->attr[ATTR_MODE] & ATTR_UNPAN;
	m.dots = s->seq[SEQ_CLOCK] & SEQ_8_DOTS ? 8 : 9;
	m.scale = s->seq[SEQ_CLOCK] & SEQ_HALF ? 2 : 1;
	m.pan = panning(s, m.dots);
	if (dispi_enabled(&vga->dispi))
		geometry_of_dispi(vga, &m);
	else
		geometry_of_crtc(s, &m);
	m.width = MIN(m.width, VGA_MAX_WIDTH);
	m.height = MIN(m.height, VGA_MAX_HEIGHT);
	return m;
}

/*
 * The CRTC counts characters; memory sees the count as it is (byte mode), doubled with bit 13 or 15
 * of it as bit 0 (word mode), or times four with bits 12 and 13 below (doubleword mode). The row's
 * scan line may take the place of bits 13 and 14, as the CGA and Hercules had it.
 */
u32 vga_cell_at(const struct vga *vga, u32 counter, u32 scan)
{
	const u8 *crtc = vga->state->crtc;
	u32 mode = crtc[CRTC_MODE], cell = counter;

	if (dispi_enabled(&vga->dispi))
		return counter & vga_cell_mask(vga);
	if (crtc[CRTC_UNDERLINE] & 0x40)
		cell = counter << 2 | (counter >> 12 & 3);
	else if (!(mode & 0x40))
		cell = counter << 1 | (counter >> (mode & 0x20 ? 15 : 13) & 1);
	if (!(mode & 1))
		cell = (cell & ~(1u << 13)) | (scan & 1) << 13;
	if (!(mode & 2))
		cell = (cell & ~(1u << 14)) | (scan >> 1 & 1) << 14;
	return cell & (VGA_CELLS - 1);
}

/* ---- Colours */

static u32 dac_colour(const struct vga_state *s, u32 index)
{
	bool is_8_bit = s->dispi.regs[DISPI_ENABLE] & DISPI_8BIT_DAC;
	u32 colour = 0;

	for (u32 i = 0; i < 3; i++) {
		u32 v = s->dac[index][i];

		if (!is_8_bit)
			v = (v & 0x3f) << 2 | (v & 0x3f) >> 4;
		colour = colour << 8 | v;
	}
	return colour;
}

void vga_palette_update(struct vga *vga)
{
	const struct vga_state *s = vga->state;
	u32 select = s->attr[ATTR_SELECT];

	for (u32 i = 0; i < 256; i++)
		vga->palette[i] = dac_colour(s, i & s->dac_mask);
	for (u32 i = 0; i < 16; i++) {
		u32 v = s->attr[i & s->attr[ATTR_PLANES] & 0xf] & 0x3f;

		if (s->attr[ATTR_MODE] & ATTR_P54)
			v = (v & 0xf) | (select & 3) << 4;
		v |= (select & 0xc) << 4;
		vga->colours[i] = vga->palette[v];
	}
}

/* ---- The beam */

/*
 * Retrace is said to last all the vertical blanking: software waits for it by reading, and an
 * emulated read takes longer than two lines.
 */
u8 vga_retrace(const struct vga *vga)
{
	const struct vga_state *s = vga->state;
	u32 shown = vertical(s, CRTC_HEIGHT, 1, 6) + 1;
	u32 total = MAX(vertical(s, 6, 0, 5) + 2, shown + 10);
	u64 line_ticks = MAX(dm_info->tsc_hz / LINE_HZ, 100);
	u64 now = time_now(), line = now / line_ticks % total;

	if (line >= shown)
		return STATUS_RETRACE | STATUS_BLANK;
	return now % line_ticks >= line_ticks * LINE_VISIBLE / 100 ? STATUS_BLANK : 0;
}
