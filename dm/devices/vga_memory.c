/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The way of a byte between the processor and the planes (FreeVGA "VGA Graphics Controller"; IBM
 * VGA XGA Technical Reference 2.4): which planes and cell an address means, write modes 0-3, read
 * modes 0 and 1, latches. A cell is handled as one u32, so each step does all four planes at once.
 *
 * Addresses: sequential, cell = address. Odd/even, address bit 0 chooses between the even and the
 * odd planes and the cell's bit 0 becomes zero, or bit 16 of the address in the 128 KiB window (the
 * page bit of the miscellaneous output register is set by every BIOS mode and yet they all use the
 * first page; it is taken for what it does there: nothing). Chain-4, bits 0 and 1 choose the plane,
 * and the cell has bits 14 and 15 in their place, as the CRTC has in doubleword mode.
 *
 * While dispi is on in a linear mode, the window at 0xa0000 is its bank and the above does not
 * apply. Every index is masked here, by the same function for all modes (vga_cell_mask).
 */
#include "vga_internal.h"

enum { FUNCTION_COPY, FUNCTION_AND, FUNCTION_OR, FUNCTION_XOR };

/* Bit p of v, for each plane p, as a byte of zeros or ones. */
static u32 expand(u32 v)
{
	return (v & 1 ? 0xffu : 0) | (v & 2 ? 0xff00u : 0) | (v & 4 ? 0xff0000u : 0) |
	       (v & 8 ? 0xff000000u : 0);
}

static u32 spread(u8 v)
{
	return v * 0x01010101u;
}

static u8 rotate(u8 v, u32 count)
{
	return (u8)(v >> count | v << (8 - count));
}

struct place {
	u32 cell;
	u32 planes; /* a bit a plane */
};

static bool is_wide(const struct vga *vga)
{
	return (vga->state->gfx[GFX_MISC] & 0x0c) == 0;
}

/* The bank moves planar modes only. */
static struct place place_at(const struct vga *vga, u32 at)
{
	const struct vga_state *s = vga->state;
	u32 bank = dispi_enabled(&vga->dispi) ? (u32)dispi_bank(&vga->dispi) : 0;
	struct place p = { .cell = at, .planes = 0xf };

	if (s->seq[SEQ_MEMORY] & MEM_CHAIN4) {
		p.planes = 1u << (at & 3);
		p.cell = (at & ~3u) | (at >> 14 & 3);
	} else if (!(s->seq[SEQ_MEMORY] & MEM_SEQUENTIAL)) {
		p.planes = at & 1 ? 0xa : 0x5;
		p.cell = (at & ~1u) | (is_wide(vga) ? at >> 16 & 1 : 0);
	}
	p.cell = ((p.cell & (VGA_CELLS - 1)) + bank) & vga_cell_mask(vga);
	return p;
}

struct vga_range vga_mem_range(const struct vga *vga)
{
	static const struct vga_range ranges[] = {
		{ 0, 0x20000 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 }
	};

	if (vga_is_linear(vga))
		return ranges[1];
	if (!(vga->state->misc & MISC_RAM) || vga->vram_size < VGA_MEMORY_SIZE)
		return (struct vga_range){ 0 };
	return ranges[vga->state->gfx[GFX_MISC] >> 2 & 3];
}

/* Where the byte is, when it is memory that needs no planes; and false: nobody answers. */
static bool locate(struct vga *vga, u32 offset, u32 *at, u8 **direct)
{
	struct vga_range r = vga_mem_range(vga);

	*direct = NULL;
	if (!range_inside(offset, 1, r.base, r.len))
		return false;
	*at = offset - r.base;
	if (!vga_is_linear(vga)) {
		*direct = vga_window_at(vga, offset);
		return true;
	}
	if (!range_within(dispi_bank(&vga->dispi), KIB(64), vga->vram_size))
		return false;
	*direct = vga->vram + dispi_bank(&vga->dispi) + *at;
	return true;
}

/* ---- Reading */

static u8 compare_colours(const struct vga_state *s)
{
	u32 differs = (s->latch ^ expand(s->gfx[GFX_COMPARE])) & expand(s->gfx[GFX_CARE]);

	return (u8) ~(differs | differs >> 8 | differs >> 16 | differs >> 24);
}

u8 vga_mem_read(struct vga *vga, u32 offset)
{
	struct vga_state *s = vga->state;
	u32 at, plane = s->gfx[GFX_READ_PLANE] & 3;
	u8 *direct;

	if (!locate(vga, offset, &at, &direct))
		return 0xff;
	if (direct)
		return *direct;
	s->latch = vga_cells(vga)[place_at(vga, at).cell];
	if (s->gfx[GFX_MODE] & 0x08)
		return compare_colours(s);
	if (s->seq[SEQ_MEMORY] & MEM_CHAIN4)
		plane = at & 3;
	else if (s->gfx[GFX_MODE] & GFX_ODD_EVEN)
		plane = (plane & 2) | (at & 1);
	return (u8)(s->latch >> (8 * plane));
}

/* ---- Writing */

static u32 combine(const struct vga_state *s, u32 data)
{
	switch (s->gfx[GFX_FUNCTION] >> 3 & 3) {
	case FUNCTION_AND:
		return data & s->latch;
	case FUNCTION_OR:
		return data | s->latch;
	case FUNCTION_XOR:
		return data ^ s->latch;
	default:
		return data;
	}
}

/* The four planes' new bytes, were all of them written. */
static u32 write_data(const struct vga_state *s, u8 value)
{
	u32 set = expand(s->gfx[GFX_SET_RESET]), mask = spread(s->gfx[GFX_BIT_MASK]), data, which;
	u8 turned = rotate(value, s->gfx[GFX_FUNCTION] & 7);

	switch (s->gfx[GFX_MODE] & 3) {
	case 0:
		which = expand(s->gfx[GFX_ENABLE_SET_RESET]);
		data = (spread(turned) & ~which) | (set & which);
		break;
	case 1:
		return s->latch;
	case 2:
		data = expand(value);
		break;
	default:
		data = set;
		mask &= spread(turned);
	}
	return (combine(s, data) & mask) | (s->latch & ~mask);
}

void vga_mem_write(struct vga *vga, u32 offset, u8 value)
{
	const struct vga_state *s = vga->state;
	struct place p;
	u32 at, planes, *cell;
	u8 *direct;

	if (!locate(vga, offset, &at, &direct))
		return;
	if (direct) { /* the guest's dirty bits do not tell of this */
		*direct = value;
		vga->full = true;
		return;
	}
	p = place_at(vga, at);
	planes = expand(p.planes & s->seq[SEQ_PLANES]);
	if (!planes)
		return;
	cell = &vga_cells(vga)[p.cell];
	*cell = (*cell & ~planes) | (write_data(s, value) & planes);
	vga_mark(vga, p.cell);
	if (planes & expand(4) && !(s->gfx[GFX_MISC] & 1))
		vga->full = true; /* a font is loaded */
}
