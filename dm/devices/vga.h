/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The VGA part of a display device, the bochs display interface (dispi.h) included. A device
 * embeds struct vga, keeps struct vga_state in its own state, and passes on what belongs here:
 *
 *   create   vga_bind, then vga_register (its ports and the legacy window)
 *   reset    vga_reset                   (80x25 text, nothing left of before)
 *   adopt    vga_adopt
 *   access   vga_access                  (false: not ours)
 *   timer    vga_timer; vga->deadline is to be merged into the device's own
 *
 * Who owns the screen: whatever vga_show(vga, true) says. While shown, the model hands head 0 of
 * the guest to the display: dispi's linear framebuffer when that is enabled, otherwise the VGA
 * picture. A virtio-gpu calls vga_show(vga, false) when its driver sets a scanout on head 0, and
 * vga_show(vga, true) when that goes away. Nothing is painted but by vga_timer.
 *
 * When a virtio driver dies (a crash screen, safe mode), its scanout is left behind. So what the
 * guest draws while not shown is noticed: a mode set by dispi, a write to the legacy window, or to
 * dispi's linear framebuffer, of which the first write is told by the hypervisor (vga_written). If
 * the owner has said nothing by vga_yield(vga) for VGA_SILENCE_US since, vga_takes_over() is true
 * once, and state->taken stays set until the owner yields to its driver again.
 *
 * Polling: plain memory tells of changes by dirty bits only, so while shown they are looked at
 * once a frame as long as something changes or registers are touched, and four times a second
 * once nothing has for a second (as often as a cursor blinks). Not shown,
 * nothing is polled.
 *
 * Sources: FreeVGA, IBM VGA XGA Technical Reference, Intel OSRC VGA registers.
 */
#ifndef DM_DEVICES_VGA_H
#define DM_DEVICES_VGA_H

#include "dispi.h"

#define VGA_MEMORY_SIZE KIB(256)
#define VGA_MAX_WIDTH	1280 /* of a VGA picture; more is cut off */
#define VGA_MAX_HEIGHT	1024
#define VGA_SILENCE_US	1000000
#define VGA_CHUNK_CELLS 64 /* what one bit of vga->dirty stands for */
#define VGA_CHUNKS	(MIB(16) / 4 / VGA_CHUNK_CELLS)

#define VGA_BAR_PORTS 0x400 /* in BAR 2: ports 0x3c0-0x3df */
#define VGA_BAR_DISPI 0x500 /* 16 bits each */
#define VGA_BAR_QEXT  0x600

/* What is mapped as plain memory into the legacy window; see vga_window.c. */
enum vga_window { VGA_WINDOW_NONE, VGA_WINDOW_ODD_EVEN, VGA_WINDOW_CHAIN4, VGA_WINDOW_BANK };

/* In the state region. Every value of every field is safe: indices are masked where used. */
struct vga_state {
	u8 misc, feature, enable;
	u8 seq_index, seq[8];
	u8 gfx_index, gfx[16];
	u8 crtc_index, crtc[32];
	u8 attr_index, attr_flip, attr[32];
	u8 dac_mask, dac_reading, dac_read_index, dac_write_index, dac_part, dac_latch[3];
	u8 dac[256][3]; /* as written: 6 or 8 bits */
	u8 big_endian;	/* QEXT */
	u8 taken;	/* shown although the owner's driver has set something */
	u32 latch;
	u32 window; /* enum vga_window | place << 8 | offset in 64 KiB << 16 */
	struct dispi_state dispi;
};

struct vga_mode {	   /* as the registers say; vga_mode.c */
	u32 width, height; /* of the picture, 1 at least */
	u32 chars;	   /* a line */
	u32 dots;	   /* a character */
	u32 scale;	   /* master dots a dot: 1 or 2 */
	u32 rows_scan;	   /* scan lines a row */
	u32 line_shift;	   /* 1: every scan line twice */
	u32 split;	   /* first line after line compare */
	u32 start, pitch;  /* address counter: at the top, a row */
	u32 first_scan;	   /* preset row scan */
	u32 pan;	   /* dots */
	bool text, blank, split_unpans;
};

struct vga {
	struct dm_device *dev;
	struct vga_state *state;
	u8 *vram; /* NULL: none */
	u64 vram_size;
	u8 *window;   /* plain memory of odd/even and chain-4 windows, 64 KiB */
	u32 *pixels;  /* the VGA picture */
	u64 deadline; /* of vga_timer; DM_NO_DEADLINE: nothing to do */
	u64 takes_at; /* when to take over, if nobody yields; DM_NO_DEADLINE: nothing was drawn */
	bool shown;
	bool full;    /* all must be drawn again */
	bool changed; /* registers or trapped memory since the last frame */
	u32 idle;     /* frames in a row without a change */
	struct dispi dispi;
	struct vga_mode mode;	/* as last drawn */
	u32 palette[256];	/* DAC, 0xRRGGBB */
	u32 colours[16];	/* through the attribute controller */
	struct piece piece;	/* the VGA picture's memory */
	struct surface surface; /* as last handed over */
	u32 cursor_cell;	/* as last drawn, see vga_present.c */
	u32 cursor_shape;
	bool blinking;		    /* a character drawn blinks */
	bool blink_phase;	    /* cursor and blinking characters are dark */
	u64 dirty[VGA_CHUNKS / 64]; /* cells written since they were drawn */
};

/* Binds the model to its state and the guest's VRAM; no register changes. */
void vga_bind(struct vga *vga, struct dm_device *dev, struct vga_state *state);
/* Ports 0x3b0-0x3bb, 0x3c0-0x3df, 0x1ce-0x1d0 and memory 0xa0000-0xbffff. 0 or -errno. */
int vga_register(struct vga *vga);
/* Power-on: 80x25 text, a font in plane 2, cursor off; all of the legacy window is trapped. */
void vga_reset(struct vga *vga);
/* After a restart: maps the window again, draws everything. False: the state makes no sense. */
bool vga_adopt(struct vga *vga) must_check;
/* A port, the legacy window, or BAR 2 at VGA_BAR_PORTS..0x6ff. False: not one of those. */
bool vga_access(struct vga *vga, struct dm_access *a);
/* Whether head 0 is ours. Hands over the picture at once when it becomes so. */
void vga_show(struct vga *vga, bool shown);
/* The guest wrote to VRAM: VM_EVENT_VRAM. */
void vga_written(struct vga *vga);
/* Once deadline has passed, before vga_timer: true, vga_show(vga, true) is called for. */
bool vga_takes_over(struct vga *vga) must_check;
/* The owner's driver shows something on head 0. True: it was taken, so show that. */
bool vga_yield(struct vga *vga);
/* When deadline has passed: looks for changes, paints them, sets the next deadline. */
void vga_timer(struct vga *vga);

#endif
