/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Inside the VGA model:
 *
 *   vga.c		binding, reset, adoption, dispatch of accesses
 *   vga_regs.c		the registers behind ports
 *   vga_memory.c	the way of a byte between the processor and the four planes
 *   vga_window.c	which part of the legacy window is plain memory; changes made there
 *   vga_mode.c		what the registers say about the picture
 *   vga_lines.c	one scan line, from cells to pixels
 *   vga_present.c	the picture: what changed, and giving it to the display
 *
 * A cell is the four bytes that the planes have at one address: plane p of cell c is byte 4c + p
 * of VRAM. Addresses are as on the real adapter: odd/even and chain-4 leave cells unused, and the
 * CRTC's word and doubleword modes step over them, so software that mixes layouts sees what it
 * would see there.
 */
#ifndef DM_DEVICES_VGA_INTERNAL_H
#define DM_DEVICES_VGA_INTERNAL_H

#include "vga.h"
#include "dm/display/pixels.h"
#include "dm/runtime.h"

#define LEGACY_BASE    0xa0000u
#define LEGACY_SIZE    0x20000u
#define VGA_CELLS      (VGA_MEMORY_SIZE / 4)
#define MISC_COLOUR    0x01
#define MISC_RAM       0x02
#define SEQ_8_DOTS     0x01
#define SEQ_HALF       0x08
#define SEQ_OFF	       0x20
#define MEM_SEQUENTIAL 0x04 /* no odd/even */
#define MEM_CHAIN4     0x08
#define GFX_ODD_EVEN   0x10
#define GFX_SHIFT_CGA  0x20
#define GFX_SHIFT_256  0x40
#define ATTR_GRAPHICS  0x01
#define ATTR_MONO      0x02
#define ATTR_LINE9     0x04
#define ATTR_BLINK     0x08
#define ATTR_UNPAN     0x20
#define ATTR_P54       0x80
#define ATTR_SCREEN    0x20 /* of the index: the palette is the screen's */

enum { SEQ_RESET, SEQ_CLOCK, SEQ_PLANES, SEQ_FONT, SEQ_MEMORY };
enum {
	GFX_SET_RESET,
	GFX_ENABLE_SET_RESET,
	GFX_COMPARE,
	GFX_FUNCTION,
	GFX_READ_PLANE,
	GFX_MODE,
	GFX_MISC,
	GFX_CARE,
	GFX_BIT_MASK
};
enum {
	CRTC_TOTAL,
	CRTC_WIDTH,
	CRTC_OVERFLOW = 7,
	CRTC_PRESET,
	CRTC_MAX_SCAN,
	CRTC_CURSOR_START,
	CRTC_CURSOR_END,
	CRTC_START_HIGH,
	CRTC_START_LOW,
	CRTC_CURSOR_HIGH,
	CRTC_CURSOR_LOW,
	CRTC_RETRACE_START,
	CRTC_RETRACE_END,
	CRTC_HEIGHT,
	CRTC_OFFSET,
	CRTC_UNDERLINE,
	CRTC_BLANK_START,
	CRTC_BLANK_END,
	CRTC_MODE,
	CRTC_COMPARE,
	CRTC_COUNT
};
enum { ATTR_MODE = 16, ATTR_OVERSCAN, ATTR_PLANES, ATTR_PAN, ATTR_SELECT, ATTR_COUNT };

static inline u32 *vga_cells(const struct vga *vga)
{
	return (u32 *)(void *)vga->vram;
}

/* dispi is on with one byte or more a pixel: then it has the screen and the window. */
static inline bool vga_is_linear(const struct vga *vga)
{
	return dispi_enabled(&vga->dispi) && dispi_bpp(&vga->dispi) >= 8;
}

/* Cells beyond the adapter's 64 Ki only in dispi's 4-bit modes; else addresses wrap. */
static inline u32 vga_cell_mask(const struct vga *vga)
{
	if (dispi_enabled(&vga->dispi) && dispi_bpp(&vga->dispi) == 4)
		return (u32)(MIN(vga->vram_size, MIB(16)) / 4 - 1);
	return VGA_CELLS - 1;
}

static inline void vga_mark(struct vga *vga, u32 cell)
{
	u32 chunk = cell / VGA_CHUNK_CELLS % VGA_CHUNKS;

	vga->dirty[chunk / 64] |= BIT(chunk % 64);
}

/* ---- vga.c: something may have changed on the screen: the next frame is due in a frame's time */
void vga_touch(struct vga *vga);
/* Has the hypervisor tell of writes to VRAM while those are of interest. */
void vga_watch(struct vga *vga);
/* Ticks of a frame at the panel's refresh rate. */
u64 vga_frame_ticks(void);

/* ---- vga_regs.c: one byte; ports 0x3b0-0x3df */
u8 vga_port_read(struct vga *vga, u16 port);
void vga_port_write(struct vga *vga, u16 port, u8 value);

/* ---- vga_memory.c: at an offset in the legacy window */
u8 vga_mem_read(struct vga *vga, u32 offset);
void vga_mem_write(struct vga *vga, u32 offset, u8 value);
/* The part of the legacy window that answers; len 0: none. */
struct vga_range {
	u32 base, len;
};
struct vga_range vga_mem_range(const struct vga *vga);

/* ---- vga_window.c */
/* Registers changed: what is mapped and no longer may be is taken back. */
void vga_window_update(struct vga *vga);
/* The guest touched the window: maps what may be. */
void vga_window_use(struct vga *vga);
/* Nothing mapped; what the window holds is forgotten (reset), or kept (adopt). */
void vga_window_reset(struct vga *vga);
void vga_window_hide(struct vga *vga); /* nothing mapped, so that writes are seen */
void vga_window_adopt(struct vga *vga);
/* Brings cells up to date with what the guest wrote to plain memory. */
void vga_window_sync(struct vga *vga);
/* Where the byte lies while the window is mapped, or NULL. */
u8 *vga_window_at(const struct vga *vga, u32 offset);

/* ---- vga_mode.c */
struct vga_mode vga_mode_of(const struct vga *vga);
/* The cell at an address counter's value in a row's scan line. */
u32 vga_cell_at(const struct vga *vga, u32 counter, u32 scan);
/* palette and colours from the DAC and the attribute controller. */
void vga_palette_update(struct vga *vga);
/* Input status 1's bits 0 and 3. */
u8 vga_retrace(const struct vga *vga);

/* ---- vga_lines.c */
struct vga_line {
	u32 counter; /* of the row's first character */
	u32 scan;    /* scan line in the row */
	u32 pan;
};
/* The whole line into out, which has VGA_MAX_WIDTH pixels. */
void vga_line_draw(struct vga *vga, const struct vga_mode *m, const struct vga_line *line,
		   u32 *out);
/* The cursor's cell, or ~0 when it is not to be seen in this phase. */
u32 vga_cursor_cell(const struct vga *vga);

#endif
