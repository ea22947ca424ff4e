/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The registers behind ports 0x3b0-0x3df: sequencer, graphics controller, CRTC, attribute
 * controller, DAC and the external registers (FreeVGA "Accessing the VGA Registers"; IBM VGA XGA
 * Technical Reference, section 2). The CRTC, input status 1 and feature control are at 0x3bx or
 * 0x3dx as the miscellaneous output register says; at the others nobody answers.
 *
 * Bits that a register does not have read as zero. Undefined indices take no writes.
 */
#include "vga_internal.h"

#define PROTECT	       0x80 /* of retrace end: CRTC registers 0-7 are read-only */
#define STATUS_0_SENSE 0x10

static const u8 seq_bits[] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const u8 gfx_bits[] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };
static const u8 attr_bits[] = {
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f,
};

/* ---- DAC */

static u8 dac_mask_bits(const struct vga *vga)
{
	return vga->state->dispi.regs[DISPI_ENABLE] & DISPI_8BIT_DAC ? 0xff : 0x3f;
}

static u8 dac_read(struct vga *vga)
{
	struct vga_state *s = vga->state;
	u8 value = s->dac[s->dac_read_index][s->dac_part % 3];

	s->dac_part = (u8)((s->dac_part + 1) % 3);
	if (!s->dac_part)
		s->dac_read_index++;
	return value & dac_mask_bits(vga);
}

/* A colour changes when its third part arrives. */
static void dac_write(struct vga *vga, u8 value)
{
	struct vga_state *s = vga->state;

	s->dac_latch[s->dac_part % 3] = value;
	s->dac_part = (u8)((s->dac_part + 1) % 3);
	if (!s->dac_part) {
		memcpy(s->dac[s->dac_write_index++], s->dac_latch, 3);
		vga->full = true;
		vga_touch(vga);
	}
}

/* ---- Indexed registers */

static void seq_write(struct vga *vga, u8 value)
{
	struct vga_state *s = vga->state;
	u32 i = s->seq_index;

	if (i >= ARRAY_SIZE(seq_bits))
		return;
	value &= seq_bits[i];
	if (s->seq[i] == value)
		return;
	s->seq[i] = value;
	if (i != SEQ_PLANES && i != SEQ_RESET) {
		vga->full = true;
		vga_touch(vga);
	}
	vga_window_update(vga);
}

static void gfx_write(struct vga *vga, u8 value)
{
	struct vga_state *s = vga->state;
	u32 i = s->gfx_index;

	if (i >= ARRAY_SIZE(gfx_bits))
		return;
	value &= gfx_bits[i];
	if ((i == GFX_MODE || i == GFX_MISC) && s->gfx[i] != value) {
		vga->full = true;
		vga_touch(vga);
	}
	s->gfx[i] = value;
	vga_window_update(vga);
}

static void crtc_write(struct vga *vga, u8 value)
{
	struct vga_state *s = vga->state;
	u32 i = s->crtc_index;

	if (i >= CRTC_COUNT)
		return;
	if ((s->crtc[CRTC_RETRACE_END] & PROTECT) && i <= CRTC_OVERFLOW) {
		if (i != CRTC_OVERFLOW)
			return;
		value = (u8)((s->crtc[i] & ~0x10) | (value & 0x10)); /* line compare bit 8 */
	}
	if (s->crtc[i] == value)
		return;
	s->crtc[i] = value;
	/* The cursor is followed by the picture itself. */
	if (i < CRTC_CURSOR_START || i > CRTC_CURSOR_LOW || i == CRTC_START_HIGH ||
	    i == CRTC_START_LOW)
		vga->full = true;
	vga_touch(vga);
}

/* Index and data by turns at one port. */
static void attr_write(struct vga *vga, u8 value)
{
	struct vga_state *s = vga->state;
	u32 i = s->attr_index & 0x1f;

	s->attr_flip = !s->attr_flip;
	if (s->attr_flip) {
		if ((s->attr_index ^ value) & ATTR_SCREEN) {
			vga->full = true;
			vga_touch(vga);
		}
		s->attr_index = value & 0x3f;
		return;
	}
	if (i >= ATTR_COUNT || s->attr[i] == (value & attr_bits[i]))
		return;
	s->attr[i] = value & attr_bits[i];
	vga->full = true;
	vga_touch(vga);
}

static void misc_write(struct vga *vga, u8 value)
{
	vga->state->misc = value;
	vga->full = true;
	vga_touch(vga);
	vga_window_update(vga);
}

/* ---- Ports */

/* Whether 0x3bx (0x3dx) is where the CRTC is; other ports are always there. */
static bool port_decoded(const struct vga_state *s, u16 port)
{
	bool colour = s->misc & MISC_COLOUR;

	return (port >= 0x3c0 && port <= 0x3cf) || colour == (port >= 0x3d0);
}

static u8 status_1(struct vga *vga)
{
	vga->state->attr_flip = 0;
	return vga_retrace(vga);
}

static u8 crtc_port_read(struct vga *vga, u16 port)
{
	const struct vga_state *s = vga->state;

	switch (port & 0xf) {
	case 0x4:
		return s->crtc_index;
	case 0x5:
		return s->crtc_index < CRTC_COUNT ? s->crtc[s->crtc_index] : 0;
	case 0xa:
		return status_1(vga);
	default:
		return 0xff;
	}
}

u8 vga_port_read(struct vga *vga, u16 port)
{
	const struct vga_state *s = vga->state;

	if (!port_decoded(s, port))
		return 0xff;
	switch (port) {
	case 0x3c0:
		return s->attr_flip ? 0 : s->attr_index;
	case 0x3c1:
		return (s->attr_index & 0x1f) < ATTR_COUNT ? s->attr[s->attr_index & 0x1f] : 0;
	case 0x3c2:
		return STATUS_0_SENSE;
	case 0x3c3:
		return s->enable;
	case 0x3c4:
		return s->seq_index;
	case 0x3c5:
		return s->seq_index < ARRAY_SIZE(seq_bits) ? s->seq[s->seq_index] : 0;
	case 0x3c6:
		return s->dac_mask;
	case 0x3c7:
		return s->dac_reading ? 3 : 0;
	case 0x3c8:
		return s->dac_write_index;
	case 0x3c9:
		return dac_read(vga);
	case 0x3ca:
		return s->feature;
	case 0x3cc:
		return s->misc;
	case 0x3ce:
		return s->gfx_index;
	case 0x3cf:
		return s->gfx_index < ARRAY_SIZE(gfx_bits) ? s->gfx[s->gfx_index] : 0;
	default:
		return port >= 0x3c0 && port <= 0x3cf ? 0xff : crtc_port_read(vga, port);
	}
}

static void crtc_port_write(struct vga *vga, u16 port, u8 value)
{
	switch (port & 0xf) {
	case 0x4:
		vga->state->crtc_index = value;
		break;
	case 0x5:
		crtc_write(vga, value);
		break;
	case 0xa:
		vga->state->feature = value & 0x0b;
		break;
	}
}

/* Which colour comes next, for reading or for writing. */
static void dac_index(struct vga_state *s, bool reading, u8 value)
{
	s->dac_reading = reading;
	s->dac_part = 0;
	*(reading ? &s->dac_read_index : &s->dac_write_index) = value;
}

void vga_port_write(struct vga *vga, u16 port, u8 value)
{
	struct vga_state *s = vga->state;

	if (!port_decoded(s, port))
		return;
	switch (port) {
	case 0x3c0:
		attr_write(vga, value);
		break;
	case 0x3c2:
		misc_write(vga, value);
		break;
	case 0x3c3:
		s->enable = value & 1;
		break;
	case 0x3c4:
		s->seq_index = value;
		break;
	case 0x3c5:
		seq_write(vga, value);
		break;
	case 0x3c6:
		s->dac_mask = value;
		vga->full = true;
		vga_touch(vga);
		break;
	case 0x3c7:
	case 0x3c8:
		dac_index(s, port == 0x3c7, value);
		break;
	case 0x3c9:
		dac_write(vga, value);
		break;
	case 0x3ce:
		s->gfx_index = value;
		break;
	case 0x3cf:
		gfx_write(vga, value);
		break;
	default:
		if (port < 0x3c0 || port > 0x3cf)
			crtc_port_write(vga, port, value);
	}
}
