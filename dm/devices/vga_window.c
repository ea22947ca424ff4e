/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Which part of the legacy window (0xa0000-0xbffff) is plain memory to the guest.
 *
 * Text (odd/even) and chain-4 layouts give each address one byte of one plane, so as long as the
 * graphics controller changes nothing on the way, the guest may write memory instead of trapping.
 * Neither layout is linear in the cells, though: so 64 KiB behind the VRAM stand for the window.
 * They are filled from the cells when the window is mapped; at each frame the pages that the guest
 * has dirtied are copied back into the cells, which also tells what has changed; and when registers
 * take the layout away, the window is unmapped first and copied back whole. All else (drawing,
 * planar access) only ever looks at cells.
 *
 * dispi's bank window is VRAM itself, and is mapped as such.
 *
 * Mapping waits for the first access (vga_window_use): mode setting passes through many layouts.
 *
 * Restarts: state->window is set after the window was filled and cleared after it was copied back,
 * and both copies may be done again, so at each instant what it says is where the truth is.
 */
#include "vga_internal.h"
#include "dm/hypercall.h"

#define WINDOW_SIZE KIB(64)

static enum vga_window kind_of(u32 window)
{
	return (enum vga_window)(window & 0xff);
}

static u32 place_of(u32 window)
{
	return window >> 8 & 3;
}

static struct vga_range range_of(u32 window)
{
	static const struct vga_range ranges[] = {
		{ 0, 0 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 }
	};

	return ranges[place_of(window)];
}

/* A byte goes from the processor to a plane and back unchanged. */
static bool controller_is_idle(const struct vga_state *s)
{
	return !(s->gfx[GFX_MODE] & 0x0b) && !s->gfx[GFX_ENABLE_SET_RESET] &&
	       !s->gfx[GFX_FUNCTION] && s->gfx[GFX_BIT_MASK] == 0xff;
}

static enum vga_window layout_of(const struct vga_state *s)
{
	u8 planes = s->seq[SEQ_PLANES] & 0xf;

	if (!controller_is_idle(s))
		return VGA_WINDOW_NONE;
	if (s->seq[SEQ_MEMORY] & MEM_CHAIN4)
		return planes == 0xf ? VGA_WINDOW_CHAIN4 : VGA_WINDOW_NONE;
	if ((s->seq[SEQ_MEMORY] & MEM_SEQUENTIAL) || !(s->gfx[GFX_MODE] & GFX_ODD_EVEN))
		return VGA_WINDOW_NONE;
	return planes == 3 && !(s->gfx[GFX_READ_PLANE] & 2) ? VGA_WINDOW_ODD_EVEN : VGA_WINDOW_NONE;
}

/* What the registers allow to be mapped, as state->window has it. */
static u32 wanted(const struct vga *vga)
{
	const struct vga_state *s = vga->state;
	u32 place = s->gfx[GFX_MISC] >> 2 & 3;
	enum vga_window kind;

	if (vga_is_linear(vga)) {
		u64 bank = dispi_bank(&vga->dispi);

		if (!range_within(bank, WINDOW_SIZE, vga->vram_size))
			return VGA_WINDOW_NONE;
		return VGA_WINDOW_BANK | 1u << 8 | (u32)(bank / WINDOW_SIZE) << 16;
	}
	kind = layout_of(s);
	if (dispi_enabled(&vga->dispi) || !vga_mem_range(vga).len || place == 0 ||
	    kind == VGA_WINDOW_NONE)
		return VGA_WINDOW_NONE;
	return (u32)kind | place << 8;
}

static u32 cell_of(enum vga_window kind, u32 at)
{
	return kind == VGA_WINDOW_CHAIN4 ? (at & 0xfffc) | (at >> 14 & 3) : at & 0xfffe;
}

/* Cells to window. */
static void fill(struct vga *vga, u32 window)
{
	enum vga_window kind = kind_of(window);
	u32 step = kind == VGA_WINDOW_CHAIN4 ? 4 : 2;

	for (u32 at = 0; at < range_of(window).len; at += step)
		memcpy(vga->window + at, &vga_cells(vga)[cell_of(kind, at)], step);
}

/* Window to cells. */
static void copy_back(struct vga *vga, u32 window, u32 first, u32 len)
{
	enum vga_window kind = kind_of(window);
	u32 step = kind == VGA_WINDOW_CHAIN4 ? 4 : 2;

	for (u32 at = first; at < first + len; at += step) {
		u32 cell = cell_of(kind, at);
		u32 *p = &vga_cells(vga)[cell], value = *p;

		memcpy(&value, vga->window + at, step);
		if (value != *p) {
			*p = value;
			vga_mark(vga, cell);
		}
	}
}

static bool is_copy(u32 window)
{
	return kind_of(window) == VGA_WINDOW_ODD_EVEN || kind_of(window) == VGA_WINDOW_CHAIN4;
}

static int map(struct vga *vga, u32 window)
{
	struct vga_range r = range_of(window);
	u64 offset = is_copy(window) ? vga->vram_size : (window >> 16) * WINDOW_SIZE;

	return hc_vram_window(vga->dev->vm->index, LEGACY_BASE + r.base, offset, r.len);
}

static void unmap(struct vga *vga)
{
	hc_vram_window(vga->dev->vm->index, LEGACY_BASE, 0, 0);
}

static void take_back(struct vga *vga)
{
	u32 window = vga->state->window;

	unmap(vga);
	if (is_copy(window))
		copy_back(vga, window, 0, range_of(window).len);
	else
		vga->full = true; /* the window's dirty bits are gone with it */
	vga->state->window = VGA_WINDOW_NONE;
}

void vga_window_update(struct vga *vga)
{
	u32 now = vga->state->window, next;

	if (now == VGA_WINDOW_NONE)
		return;
	next = wanted(vga);
	if (next == now)
		return;
	if (kind_of(now) == VGA_WINDOW_BANK && kind_of(next) == VGA_WINDOW_BANK) {
		vga->full = true;
		vga->state->window = next;
		if (!map(vga, next))
			return;
	}
	take_back(vga);
}

void vga_window_use(struct vga *vga)
{
	u32 window = wanted(vga);

	if (vga->state->window != VGA_WINDOW_NONE || window == VGA_WINDOW_NONE)
		return;
	if (is_copy(window))
		fill(vga, window);
	vga->state->window = window;
	if (map(vga, window))
		vga->state->window = VGA_WINDOW_NONE;
}

void vga_window_reset(struct vga *vga)
{
	unmap(vga);
	vga->state->window = VGA_WINDOW_NONE;
}

void vga_window_hide(struct vga *vga)
{
	if (vga->state->window != VGA_WINDOW_NONE)
		take_back(vga);
}

void vga_window_adopt(struct vga *vga)
{
	if (kind_of(vga->state->window) > VGA_WINDOW_BANK || vga->vram_size < VGA_MEMORY_SIZE)
		vga->state->window = VGA_WINDOW_NONE;
	take_back(vga);
}

void vga_window_sync(struct vga *vga)
{
	u32 window = vga->state->window;
	u64 dirty[1] = { 0 };
	u32 len = range_of(window).len;

	if (!is_copy(window))
		return;
	if (hc_vram_dirty(vga->dev->vm->index, vga->vram_size, len, dirty) || vga->full)
		dirty[0] = ~0ULL;
	for (u32 page = 0; page < len / PAGE_SIZE; page++)
		if (dirty[0] & BIT(page))
			copy_back(vga, window, page * PAGE_SIZE, PAGE_SIZE);
}

u8 *vga_window_at(const struct vga *vga, u32 offset)
{
	struct vga_range r = range_of(vga->state->window);

	if (!is_copy(vga->state->window) || !range_inside(offset, 1, r.base, r.len))
		return NULL;
	return vga->window + (offset - r.base);
}
