/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A guest with a VGA on the host: VRAM in an array of its own (so that the address sanitizer sees
 * every byte too far), a display that notes what it is given, a legacy window whose plain mapping
 * is followed, dirty bits.
 */
#ifndef TESTS_UNIT_VGA_STUBS_H
#define TESTS_UNIT_VGA_STUBS_H

#include "dm/devices/vga_internal.h"

#define STUB_VRAM MIB(16)

struct vga_world {
	struct dm_info info;
	struct dm_vm vm;
	struct dm_device dev;
	struct vga vga;
	struct vga_state state;
	u8 ram[2 * PAGE_SIZE]; /* the guest's, from address 0 on */
	u8 *vram;	       /* vram_size bytes and what is hidden behind them */
	u64 vram_size;
	u64 now;
	/* the window as mapped: len 0, not */
	u64 window_gpa, window_offset, window_len;
	u32 maps;
	bool watched; /* VRAM */
	u64 dirty[(STUB_VRAM + VRAM_HIDDEN_SIZE) / PAGE_SIZE / 64];
	u32 dirty_calls;
	/* the display */
	struct surface surface; /* as set; width 0: none */
	u32 sets, damages;
	struct rect damage; /* around all since it was last cleared */
};
extern struct vga_world vga_world;

/* Everything anew, after power-on, shown; with STUB_VRAM or that many bytes. */
void vga_world_start(void);
void vga_world_start_small(u64 vram_size);
void vga_world_stop(void);
/* vga_world_start() and vga_world_stop() around each test of cmocka's. */
int vga_setup(void **state);
int vga_teardown(void **state);
/* As after a restart of the domain. */
bool vga_world_restart(void);

/* The guest: ports, memory. Memory that is mapped is written directly, with its dirty bit. */
u32 vga_in(u16 port, u8 size);
void vga_out(u16 port, u8 size, u32 value);
u8 vga_peek(u32 address);
void vga_poke(u32 address, u8 value);
void vga_stos(u32 address, u32 value, u8 size, u32 count);
void vga_movs(u32 to, u32 from, u8 size, u32 count); /* a block; addresses of ram or the window */
u64 vga_bar_read(u32 offset, u8 size);
void vga_bar_write(u32 offset, u8 size, u64 value);
void vga_seq(u8 index, u8 value);
void vga_gfx(u8 index, u8 value);
void vga_crtc(u8 index, u8 value);
void vga_attr(u8 index, u8 value);
void vga_dispi(u16 index, u16 value);
u16 vga_dispi_read(u16 index);
/* Sets a mode of the bochs interface, and lets a frame pass. */
void vga_dispi_mode(u16 width, u16 height, u16 bpp, u16 enable);

/* The next frame; then a pixel of the surface, 0xRRGGBB (32-bit formats only). */
void vga_frame(void);
u32 vga_pixel(u32 x, u32 y);

/* Mode sets, memory cleared: planar 640x480, 320x200 in 256 colours. */
void vga_set_planar(void);
void vga_set_13h(void);

/* VRAM as the four planes lie in it: plane n in byte n of each. */
static inline u32 *vga_world_cells(void)
{
	return (u32 *)(void *)vga_world.vram;
}

#endif
