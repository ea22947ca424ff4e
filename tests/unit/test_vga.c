/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/vga_stubs.c */

/* The VGA model: registers, the planes' data path, plain windows, pictures, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "vga_stubs.h"

/* ---- Registers */

static void keeps_only_the_bits_there_are(void **state)
{
	(void)state;
	vga_seq(1, 0xff);
	assert_int_equal(vga_in(0x3c5, 1), 0x3d);
	vga_gfx(5, 0xff);
	assert_int_equal(vga_in(0x3cf, 1), 0x7b);
	vga_gfx(200, 0xff);
	assert_int_equal(vga_in(0x3ce, 1), 200);
	assert_int_equal(vga_in(0x3cf, 1), 0);
	vga_crtc(0x10, 0x5a);
	assert_int_equal(vga_in(0x3d5, 1), 0x5a);
	vga_crtc(0xff, 1);
	assert_int_equal(vga_in(0x3d5, 1), 0);
}

static void protects_the_first_crtc_registers(void **state)
{
	(void)state;
	vga_crtc(0x11, 0x0e);
	vga_crtc(0, 0x11);
	vga_crtc(7, 0x0f);
	vga_crtc(0x11, 0x8e);
	vga_crtc(0, 0x22);
	vga_crtc(7, 0xf0);
	vga_out(0x3d4, 1, 0);
	assert_int_equal(vga_in(0x3d5, 1), 0x11);
	vga_out(0x3d4, 1, 7);
	assert_int_equal(vga_in(0x3d5, 1), 0x1f); /* line compare bit 8 alone is free */
}

static void answers_at_the_colour_or_mono_ports(void **state)
{
	(void)state;
	assert_int_equal(vga_in(0x3b4, 1), 0xff);
	vga_out(0x3d4, 1, 7);
	assert_int_equal(vga_in(0x3d4, 1), 7);
	vga_out(0x3c2, 1, 0x66);
	assert_int_equal(vga_in(0x3cc, 1), 0x66);
	assert_int_equal(vga_in(0x3d4, 1), 0xff);
	assert_int_equal(vga_in(0x3b4, 1), 7);
	assert_int_not_equal(vga_in(0x3ba, 1), 0xff);
}

static void turns_the_attribute_flip_flop(void **state)
{
	(void)state;
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, 0x03);
	vga_out(0x3c0, 1, 0xff);
	vga_out(0x3c0, 1, 0x04);
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, 0x03 | 0x20);
	assert_int_equal(vga_in(0x3c1, 1), 0x3f);
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, 0x1f); /* there is no such register */
	vga_out(0x3c0, 1, 0xff);
	assert_int_equal(vga_in(0x3c1, 1), 0);
}

static void counts_through_the_dac(void **state)
{
	(void)state;
	vga_out(0x3c8, 1, 255);
	for (u32 i = 0; i < 6; i++)
		vga_out(0x3c9, 1, 0x90 + i);
	assert_int_equal(vga_in(0x3c8, 1), 1);
	vga_out(0x3c7, 1, 255);
	assert_int_equal(vga_in(0x3c7, 1), 3);
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(vga_in(0x3c9, 1), 0x10 + i);
	vga_dispi(DISPI_ENABLE, DISPI_8BIT_DAC);
	vga_out(0x3c7, 1, 255);
	assert_int_equal(vga_in(0x3c9, 1), 0x90);
	vga_out(0x3c8, 1, 9); /* two thirds of a colour change nothing */
	vga_out(0x3c9, 1, 1);
	vga_out(0x3c9, 1, 1);
	vga_out(0x3c7, 1, 9);
	assert_int_equal(vga_in(0x3c7, 1), 3);
	assert_int_not_equal(vga_in(0x3c9, 1), 1);
}

static void tells_where_the_beam_is(void **state)
{
	u8 seen = 0, missed = 0;

	(void)state;
	vga_world.info.tsc_hz = 1000000000;
	for (u32 i = 0; i < 4000; i++, vga_world.now += 10007) {
		u8 v = (u8)vga_in(0x3da, 1);

		assert_true(v == 0 || v == 1 || v == 9);
		seen |= v;
		missed |= (u8)~v;
	}
	assert_int_equal(seen & missed, 9);
}

static void has_the_ports_in_its_bar(void **state)
{
	(void)state;
	vga_bar_write(0x404, 2, 0x0a02);
	assert_int_equal(vga_in(0x3c5, 1), 0x0a);
	assert_int_equal(vga_bar_read(0x405, 1), 0x0a);
	vga_bar_write(0x414, 2, 0x7713);
	assert_int_equal(vga_in(0x3d5, 1), 0x77);
	assert_int_equal(vga_bar_read(0x41f, 2), 0xffff); /* reaches out: nobody */
}

/* ---- The data path */

static void writes_planes_by_mask(void **state)
{
	(void)state;
	vga_set_planar();
	vga_seq(2, 5);
	vga_poke(0xa0000, 0x3c);
	assert_int_equal(vga_world_cells()[0], 0x003c003c);
	vga_seq(2, 0xf);
	vga_gfx(1, 0x6);
	vga_gfx(0, 0x2);
	vga_poke(0xa0001, 0x81);
	assert_int_equal(vga_world_cells()[1], 0x8100ff81);
}

static void rotates_combines_and_masks(void **state)
{
	(void)state;
	vga_set_planar();
	vga_world_cells()[5] = 0x0ff0aa55;
	vga_peek(0xa0005);
	vga_gfx(3, 0x18 | 4); /* XOR, turned by 4 */
	vga_poke(0xa0005, 0xf0);
	assert_int_equal(vga_world_cells()[5], 0x0ff0aa55 ^ 0x0f0f0f0f);
	vga_world_cells()[5] = 0x0ff0aa55;
	vga_gfx(3, 0x08);
	vga_poke(0xa0005, 0x3c);
	assert_int_equal(vga_world_cells()[5], 0x0ff0aa55 & 0x3c3c3c3c);
	vga_world_cells()[5] = 0x0ff0aa55;
	vga_gfx(3, 0x10);
	vga_gfx(8, 0x0f);
	vga_poke(0xa0005, 0xff);
	assert_int_equal(vga_world_cells()[5], 0x0ff0aa55 | 0x0f0f0f0f);
}

static void has_write_modes_1_to_3(void **state)
{
	(void)state;
	vga_set_planar();
	vga_world_cells()[7] = 0x12345678;
	vga_peek(0xa0007);
	vga_gfx(5, 1);
	vga_poke(0xa0008, 0xff);
	assert_int_equal(vga_world_cells()[8], 0x12345678);
	vga_gfx(5, 2);
	vga_gfx(8, 0xf0);
	vga_poke(0xa0009, 0x05);
	assert_int_equal(vga_world_cells()[9], 0x02f406f8);
	vga_gfx(5, 3);
	vga_gfx(0, 0x3);
	vga_gfx(8, 0xff);
	vga_poke(0xa000a, 0x0f);
	assert_int_equal(vga_world_cells()[10], 0x10305f7f);
}

static void has_both_read_modes(void **state)
{
	(void)state;
	vga_set_planar();
	vga_world_cells()[3] = 0xff00aa55;
	for (u32 plane = 0; plane < 4; plane++) {
		vga_gfx(4, (u8)plane);
		assert_int_equal(vga_peek(0xa0003), 0xff00aa55u >> (8 * plane) & 0xff);
	}
	vga_gfx(5, 8);
	vga_gfx(2, 0x9); /* planes 3 and 0 set */
	vga_gfx(7, 0xf);
	assert_int_equal(vga_peek(0xa0003), 0x55);
	vga_gfx(7, 0x8);
	assert_int_equal(vga_peek(0xa0003), 0xff);
	vga_gfx(7, 0);
	vga_gfx(2, 0);
	assert_int_equal(vga_peek(0xa0003), 0xff);
}

static void chains_planes(void **state)
{
	(void)state;
	vga_set_13h();
	vga_gfx(8, 0xfe); /* keeps the window trapped */
	vga_poke(0xa0000 + 0x4002, 0x42);
	assert_int_equal(vga_world_cells()[0x4001] >> 16 & 0xff, 0x42);
	assert_int_equal(vga_peek(0xa0000 + 0x4002), 0x42);
	vga_seq(4, 2);
	vga_gfx(5, 0x10);
	vga_seq(2, 3);
	vga_poke(0xa0000 + 0x203, 0x66);
	assert_int_equal(vga_world_cells()[0x202] >> 8 & 0xff, 0x66);
	assert_int_equal(vga_peek(0xa0000 + 0x203), 0x66);
}

static void opens_the_windows_it_is_told_to(void **state)
{
	static const struct {
		u8 misc;
		u32 base, end;
	} windows[] = { { 1, 0xa0000, 0xc0000 },
			{ 5, 0xa0000, 0xb0000 },
			{ 9, 0xb0000, 0xb8000 },
			{ 13, 0xb8000, 0xc0000 } };

	(void)state;
	vga_set_planar();
	for (u32 i = 0; i < 4; i++) {
		vga_gfx(6, windows[i].misc);
		vga_world_cells()[0] = 0x11;
		vga_world_cells()[(windows[i].end - windows[i].base - 1) & 0xffff] = 0x22;
		assert_int_equal(vga_peek(windows[i].base), 0x11);
		assert_int_equal(vga_peek(windows[i].end - 1), 0x22);
		if (i > 1)
			assert_int_equal(vga_peek(windows[i].base - 1), 0xff);
		if (windows[i].end < 0xc0000)
			assert_int_equal(vga_peek(windows[i].end), 0xff);
	}
	vga_out(0x3c2, 1, 0xe1); /* no memory */
	assert_int_equal(vga_peek(0xb8000), 0xff);
}

static void takes_string_stores_in_one(void **state)
{
	(void)state;
	vga_set_planar();
	vga_stos(0xa0100, 0x8001, 2, 100);
	for (u32 i = 0; i < 200; i++)
		assert_int_equal(vga_world_cells()[0x100 + i], i % 2 ? 0x80808080 : 0x01010101);
	assert_int_equal(vga_world_cells()[0x100 + 200], 0);
	vga_gfx(6, 1);
	vga_stos(0xbfff0, 0xff, 1, 4096); /* past the window's end */
	assert_int_equal(vga_world_cells()[0xffff], 0xffffffff);
	assert_int_equal(vga_world_cells()[0], 0);
}

static void takes_string_moves_in_one(void **state)
{
	(void)state;
	vga_set_planar();
	for (u32 i = 0; i < sizeof(vga_world.ram); i++)
		vga_world.ram[i] = (u8)(i * 7);
	vga_seq(2, 5);
	vga_movs(0xa0100, 0xff0, 2, 100);
	for (u32 i = 0; i < 200; i++)
		assert_int_equal(vga_world_cells()[0x100 + i], (u8)((0xff0 + i) * 7) * 0x00010001u);
	assert_int_equal(vga_world_cells()[0x100 + 200], 0);
	vga_gfx(4, 2);
	vga_movs(0x1800, 0xa0100, 4, 50);
	assert_memory_equal(vga_world.ram + 0x1800, vga_world.ram + 0xff0, 200);
	vga_seq(2, 0xf);
	vga_gfx(5, 1); /* by the latches, all planes, and running into itself */
	vga_world_cells()[0x300] = 0x12345678;
	vga_movs(0xa0301, 0xa0300, 1, 64);
	for (u32 i = 0; i <= 64; i++)
		assert_int_equal(vga_world_cells()[0x300 + i], 0x12345678);
	assert_int_equal(vga_world_cells()[0x341], 0);
}

/* What neither the window nor memory has, on either side, is not touched. */
static void refuses_moves_that_reach_out(void **state)
{
	static const u32 bad[][2] = {
		{ 0xbffff, 0 },		 { 0xa0000, sizeof(vga_world.ram) - 1 },
		{ 0xa0000, 0xbffff },	 { 0x9ffff, 0xa0000 },
		{ 0xa0000, 0xffffffff }, { 0xffffffff, 0xa0000 },
	};

	(void)state;
	vga_set_planar();
	vga_gfx(6, 1);
	memset(vga_world.ram, 0xff, sizeof(vga_world.ram));
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		vga_movs(bad[i][0], bad[i][1], 1, 2);
	for (u32 i = 0; i < VGA_CELLS; i++)
		assert_int_equal(vga_world_cells()[i], 0);
	for (u32 i = 0; i < sizeof(vga_world.ram); i++)
		assert_int_equal(vga_world.ram[i], 0xff);
}

/* ---- Plain windows */

static void text_is_plain_memory(void **state)
{
	u32 calls;

	(void)state;
	vga_frame();
	assert_int_equal(vga_world.window_len, 0);
	vga_poke(0xb8000, 'A'); /* the first access traps, and maps */
	assert_int_equal(vga_world.window_gpa, 0xb8000);
	assert_int_equal(vga_world.window_len, 0x8000);
	assert_int_equal(vga_peek(0xb8001), 7);
	assert_int_equal(vga_peek(0xb8000), 'A');
	vga_frame();
	calls = vga_world.maps;
	vga_poke(0xb8000 + 2 * (80 * 3 + 5), 'B');
	assert_int_equal(vga_world_cells()[2 * (80 * 3 + 5)] & 0xff, ' ');
	vga_frame();
	assert_int_equal(vga_world_cells()[2 * (80 * 3 + 5)] & 0xffff, 0x742);
	assert_int_equal(vga_world.maps, calls);
	/* Only that character was painted. */
	assert_true(vga_world.damage.x >= 45 && vga_world.damage.x < 54);
	assert_true(vga_world.damage.y >= 48 && vga_world.damage.y < 64);
	assert_true(vga_world.damage.width <= 9 && vga_world.damage.height <= 16);
}

static void gives_the_window_back_for_fonts(void **state)
{
	(void)state;
	vga_poke(0xb8000, 'A');
	vga_poke(0xb8002, 'B');
	vga_seq(2, 4);
	assert_int_equal(vga_world.window_len, 0);
	assert_int_equal(vga_world_cells()[2] & 0xffff, 0x742);
	vga_seq(4, 6);
	vga_gfx(5, 0);
	vga_gfx(6, 4);
	vga_stos(0xa0000 + 32 * 'B', 0x55, 1, 16);
	assert_int_equal(vga_world.window_len, 0);
	vga_seq(2, 3);
	vga_seq(4, 2);
	vga_gfx(5, 0x10);
	vga_gfx(6, 0xe);
	assert_int_equal(vga_peek(0xb8002), 'B');
	assert_int_equal(vga_world.window_len, 0x8000);
	vga_frame();
	assert_int_equal(vga_pixel(9, 3), 0);
	assert_int_equal(vga_pixel(10, 3), 0xaaaaaa);
}

static void chain_4_is_plain_memory(void **state)
{
	(void)state;
	vga_set_13h();
	vga_poke(0xa0000, 1);
	assert_int_equal(vga_world.window_len, 0x10000);
	vga_frame();
	for (u32 x = 0; x < 320; x++)
		vga_poke(0xa0000 + 150 * 320 + x, (u8)x);
	vga_frame();
	assert_int_equal(vga_world.damage.y, 300);
	assert_int_equal(vga_world.damage.height, 2);
	assert_int_equal(vga_world.surface.width, 640);
	assert_int_equal(vga_world.surface.height, 400);
	assert_int_equal(vga_pixel(2 * 0x3f, 301), 0xff3c00);
	assert_int_equal(vga_pixel(2 * 0x3f + 1, 300), 0xff3c00);
	/* Unchained, each byte is where its plane has it. */
	vga_seq(4, 6);
	assert_int_equal(vga_world.window_len, 0);
	vga_gfx(4, 1);
	assert_int_equal(vga_peek(0xa0000 + ((150 * 320 + 4) & 0xfffc) + (150 * 320 >> 14)), 5);
}

static void bits_that_need_the_controller_trap(void **state)
{
	static const u8 settings[][2] = { { 1, 1 },    { 3, 1 },    { 3, 8 },
					  { 5, 0x41 }, { 5, 0x48 }, { 8, 0xfe } };

	(void)state;
	vga_set_13h();
	for (u32 i = 0; i < ARRAY_SIZE(settings); i++) {
		u8 old = vga_world.state.gfx[settings[i][0]];

		vga_poke(0xa0000, 1);
		assert_int_equal(vga_world.window_len, 0x10000);
		vga_gfx(settings[i][0], settings[i][1]);
		assert_int_equal(vga_world.window_len, 0);
		vga_poke(0xa0000, 1);
		assert_int_equal(vga_world.window_len, 0);
		vga_gfx(settings[i][0], old);
	}
}

static void nothing_is_polled_when_idle(void **state)
{
	u32 frames = 0;
	u64 end;

	(void)state;
	for (u32 i = 0; i < 100; i++)
		vga_frame();
	end = vga_world.now + 1000000;
	for (; vga_world.now < end; frames++)
		vga_frame();
	assert_in_range(frames, 3, 6);
	vga_poke(0xb8000, 'x');
	assert_true(vga_world.vga.deadline <= vga_world.now + 17000);
	vga_show(&vga_world.vga, false);
	assert_true(vga_world.vga.deadline == DM_NO_DEADLINE);
	vga_world.now += 10 * VGA_SILENCE_US;
	assert_false(vga_takes_over(&vga_world.vga));
}

/* The owner's driver has died: what is drawn then is shown, after a while, however it is drawn. */
static void drawing_takes_the_screen(void **state)
{
	struct vga *vga = &vga_world.vga;

	(void)state;
	vga_poke(0xb8000, 'x'); /* maps the window, which hiding takes back */
	for (u32 way = 0; way < 3; way++) {
		vga_show(vga, false);
		assert_int_equal(vga_world.window_len, 0);
		vga_in(0x3da, 1);
		vga_crtc(0x0f, (u8)way);
		if (way == 1) {
			vga_dispi(DISPI_XRES, 800);
			vga_dispi(DISPI_YRES, 600);
			vga_dispi(DISPI_BPP, 32);
		}
		assert_true(vga->deadline == DM_NO_DEADLINE);
		assert_int_equal(vga_world.watched, way == 2);
		if (way == 0)
			vga_poke(0xb8002, 'y');
		else if (way == 1)
			vga_dispi(DISPI_ENABLE, 0x41);
		else
			vga_written(vga);
		assert_true(vga->deadline == vga_world.now + VGA_SILENCE_US);
		assert_int_equal(vga_world.window_len, 0);
		vga_world.now += VGA_SILENCE_US - 1;
		vga_poke(0xb8004, 'z');
		assert_false(vga_takes_over(vga));
		vga_world.now++;
		assert_true(vga_takes_over(vga));
		assert_int_equal(vga_world.state.taken, 1);
		vga_show(vga, true);
		assert_false(vga_world.watched);
		assert_int_equal(vga_world.surface.width, way ? 800 : 720);
		assert_true(vga_yield(vga));
		assert_false(vga_yield(vga));
	}
}

static void a_driver_that_lives_keeps_the_screen(void **state)
{
	struct vga *vga = &vga_world.vga;

	(void)state;
	vga_dispi(DISPI_ENABLE, 0x41);
	vga_show(vga, false);
	vga_written(vga);
	vga_world.now += VGA_SILENCE_US - 1;
	assert_false(vga_yield(vga));
	assert_true(vga->deadline == DM_NO_DEADLINE);
	assert_true(vga_world.watched); /* told of the next write */
	vga_world.now += VGA_SILENCE_US;
	assert_false(vga_takes_over(vga));
	assert_true(vga_world_restart());
	assert_int_equal(vga_world.state.taken, 0);
}

/* ---- Pictures */

static void draws_a_character_with_nine_dots(void **state)
{
	(void)state;
	vga_world_cells()[0xc4 * 32 + 5] |= 0xff0000;
	vga_poke(0xb8000, 0xc4);
	vga_poke(0xb8001, 0x1e);
	vga_poke(0xb8002, 0x41);
	vga_world.vga.full = true;
	vga_frame();
	assert_int_equal(vga_world.surface.width, 720);
	assert_int_equal(vga_world.surface.height, 400);
	for (u32 x = 0; x < 9; x++)
		assert_int_equal(vga_pixel(x, 5), 0xffff55);
	assert_int_equal(vga_pixel(0, 0), 0x0000aa);
	assert_int_equal(vga_pixel(17, 8), 0); /* no ninth dot for letters */
}

static void draws_and_moves_the_cursor(void **state)
{
	(void)state;
	vga_crtc(0x0a, 13);
	vga_crtc(0x0b, 14);
	vga_crtc(0x0f, 3);
	vga_world.now = 1000 * 16 * 2 * 16667ULL;
	vga_frame();
	assert_int_equal(vga_pixel(27, 13), 0xaaaaaa);
	assert_int_equal(vga_pixel(27, 12), 0);
	assert_int_equal(vga_pixel(27, 15), 0);
	vga_crtc(0x0f, 80);
	vga_frame();
	assert_int_equal(vga_pixel(27, 13), 0);
	assert_int_equal(vga_pixel(0, 16 + 14), 0xaaaaaa);
	vga_world.now += 16 * 16667; /* the dark half */
	vga_frame();
	assert_int_equal(vga_pixel(0, 16 + 14), 0);
	vga_world.now += 16 * 16667;
	vga_frame();
	assert_int_equal(vga_pixel(0, 16 + 14), 0xaaaaaa);
	vga_crtc(0x0a, 0x20);
	vga_frame();
	assert_int_equal(vga_pixel(0, 16 + 14), 0);
	vga_crtc(0x0a, 20); /* begins after its end */
	vga_frame();
	assert_int_equal(vga_pixel(0, 16 + 14), 0);
}

static void splits_and_pans(void **state)
{
	(void)state;
	vga_set_planar();
	vga_gfx(5, 2);
	vga_poke(0xa0000, 0x0f);		/* white at the top left of memory */
	vga_poke(0xa0000 + 100 * 80 + 1, 0x0a); /* where the display begins */
	vga_crtc(0x0c, (100 * 80) >> 8);
	vga_crtc(0x0d, (100 * 80) & 0xff);
	vga_crtc(0x18, 0x2b);
	vga_crtc(0x07, 0x2e); /* line compare 0x12b: bit 8 in register 7, bit 9 clear */
	vga_crtc(0x07, 0x3e);
	vga_crtc(0x09, 0x00);
	vga_attr(0x13, 3);
	vga_frame();
	assert_int_equal(vga_pixel(4, 0), 0);
	assert_int_equal(vga_pixel(5, 0), vga_world.vga.colours[0xa]);
	assert_int_equal(vga_pixel(12, 0), vga_world.vga.colours[0xa]);
	assert_int_equal(vga_pixel(13, 0), 0);
	assert_int_equal(vga_pixel(0, 0x12b), 0);
	assert_int_equal(vga_pixel(0, 0x12c), vga_world.vga.colours[0xf]);
	assert_int_equal(vga_pixel(5, 0x12c), 0);
	vga_attr(0x10, 0x21); /* the lower part does not pan */
	vga_frame();
	assert_int_equal(vga_pixel(7, 0x12c), vga_world.vga.colours[0xf]);
	assert_int_equal(vga_pixel(8, 0x12c), 0);
}

static void follows_colour_select_and_plane_enable(void **state)
{
	(void)state;
	vga_set_planar();
	vga_gfx(5, 2);
	vga_poke(0xa0000, 0x0f);
	vga_attr(0x12, 0x3);
	vga_frame();
	assert_int_equal(vga_world.vga.colours[0xf], vga_world.vga.palette[3]);
	assert_int_equal(vga_pixel(0, 0), vga_world.vga.palette[3]);
	vga_attr(0x14, 0xe);
	vga_frame();
	assert_int_equal(vga_pixel(0, 0), vga_world.vga.palette[0xc3]);
	vga_attr(0x10, 0x81);
	vga_frame();
	assert_int_equal(vga_pixel(0, 0), vga_world.vga.palette[0xe3]);
	vga_out(0x3c6, 1, 0x0f);
	vga_frame();
	assert_int_equal(vga_pixel(0, 0), vga_world.vga.palette[3]);
}

static void is_dark_when_turned_off(void **state)
{
	(void)state;
	vga_set_planar();
	vga_stos(0xa0000, 0xff, 1, 80);
	vga_frame();
	assert_int_not_equal(vga_pixel(0, 0), 0);
	vga_seq(1, 0x21);
	vga_frame();
	assert_int_equal(vga_pixel(0, 0), 0);
	vga_seq(1, 1);
	vga_frame();
	assert_int_not_equal(vga_pixel(0, 0), 0);
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, 0);
	vga_frame();
	assert_int_equal(vga_pixel(0, 0), 0);
}

/* ---- Bounds: each of these has been a hole somewhere */

/* CVE-2018-5683, 2017-13672: nothing is drawn from past the planes. */
static void addresses_wrap_within_the_planes(void **state)
{
	(void)state;
	vga_set_planar();
	memset(vga_world.vram + VGA_MEMORY_SIZE, 0xff, STUB_VRAM - VGA_MEMORY_SIZE);
	vga_crtc(0x0c, 0xff);
	vga_crtc(0x0d, 0xff);
	vga_crtc(0x13, 0xff);
	vga_frame();
	for (u32 y = 0; y < 480; y++)
		for (u32 x = 0; x < 640; x++)
			assert_int_equal(vga_pixel(x, y), 0);
	vga_world_cells()[0] = 0xff;
	vga_world.vga.full = true;
	vga_frame();
	assert_int_equal(vga_pixel(8, 0), vga_world.vga.colours[1]);
}

static void fonts_and_cursors_stay_in_plane_2(void **state)
{
	(void)state;
	for (u32 i = 0; i < 80 * 25; i++) {
		vga_poke(0xb8000 + 2 * i, 0xff);
		vga_poke(0xb8001 + 2 * i, 0x0f);
	}
	vga_seq(3, 0x3f);
	vga_crtc(0x09, 0x9f);
	vga_crtc(0x0a, 0);
	vga_crtc(0x0b, 0x7f);
	vga_crtc(0x0e, 0xff);
	vga_crtc(0x0f, 0xff);
	vga_crtc(0x14, 0x7f);
	vga_crtc(0x17, 0x00);
	vga_frame();
	assert_int_equal(vga_world.surface.height, 400);
}

/* CVE-2016-9921: no size, and sizes beyond all bounds. */
static void any_geometry_is_drawn(void **state)
{
	(void)state;
	vga_crtc(0x11, 0);
	for (u8 i = 0; i < 0x19; i++)
		vga_crtc(i, 0);
	vga_frame();
	assert_int_equal(vga_world.surface.width, 9);
	assert_int_equal(vga_world.surface.height, 1);
	for (u32 i = 0; i < 0x19; i++)
		if (i != 0x11)
			vga_crtc((u8)i, 0xff);
	vga_seq(1, 8);
	vga_frame();
	assert_int_equal(vga_world.surface.width, VGA_MAX_WIDTH);
	assert_int_equal(vga_world.surface.height, VGA_MAX_HEIGHT);
	vga_gfx(6, 1);
	vga_gfx(5, 0x70);
	vga_frame();
	vga_seq(1, 0);
	vga_attr(0x13, 7);
	vga_frame();
}

/* CVE-2014-3615: a larger picture shows nothing of what lay in its memory. */
static void a_raised_mode_shows_nothing_old(void **state)
{
	(void)state;
	memset(vga_world.vga.pixels, 0xee, 4 * VGA_MAX_WIDTH * VGA_MAX_HEIGHT);
	vga_set_planar();
	for (u32 y = 0; y < 480; y += 7)
		for (u32 x = 0; x < 640; x++)
			assert_int_equal(vga_pixel(x, y), 0);
}

static void reset_leaves_nothing_behind(void **state)
{
	(void)state;
	vga_set_13h();
	for (u32 i = 0; i < 65536; i++)
		vga_poke(0xa0000 + i, 0x3f);
	vga_dispi(DISPI_XRES, 640);
	vga_dispi(DISPI_YRES, 480);
	vga_dispi(DISPI_BPP, 32);
	vga_dispi(DISPI_ENABLE, 0x41);
	vga_poke(0xa0000, 1);
	vga_frame();
	vga_reset(&vga_world.vga);
	assert_int_equal(vga_world.window_len, 0);
	vga_frame();
	assert_int_equal(vga_world.surface.width, 720);
	for (u32 y = 0; y < 400; y++)
		for (u32 x = 0; x < 720; x++)
			assert_int_equal(vga_pixel(x, y), 0);
	assert_int_equal(vga_dispi_read(DISPI_ENABLE), 0);
}

/* ---- Restarts */

static void a_restart_keeps_text(void **state)
{
	(void)state;
	vga_poke(0xb8000, 'A');
	vga_poke(0xb8002, 'B'); /* only in the mapped window so far */
	vga_frame();
	vga_poke(0xb8002, 'C');
	assert_true(vga_world_restart());
	assert_int_equal(vga_world_cells()[2] & 0xff, 'C');
	assert_int_equal(vga_world.window_len, 0);
	assert_int_equal(vga_peek(0xb8002), 'C');
	assert_int_equal(vga_world.window_len, 0x8000);
	assert_int_equal(vga_world.surface.width, 720);
}

static void a_restart_takes_any_state(void **state)
{
	u8 *bytes = (u8 *)&vga_world.state;

	(void)state;
	srand(1);
	for (u32 n = 0; n < 30; n++) {
		for (size_t i = 0; i < sizeof(vga_world.state); i++)
			bytes[i] = (u8)rand();
		vga_world.state.dispi.regs[DISPI_ID] = 0xb0c5;
		assert_true(vga_world_restart());
		vga_frame();
		for (u32 i = 0; i < 64; i++) {
			vga_poke(0xa0000 + (u32)rand() % 0x20000, (u8)i);
			vga_peek(0xa0000 + (u32)rand() % 0x20000);
		}
	}
	vga_world.state.dispi.regs[DISPI_ID] = 0;
	assert_false(vga_world_restart());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, vga_setup, vga_teardown)
		TEST(keeps_only_the_bits_there_are),
		TEST(protects_the_first_crtc_registers),
		TEST(answers_at_the_colour_or_mono_ports),
		TEST(turns_the_attribute_flip_flop),
		TEST(counts_through_the_dac),
		TEST(tells_where_the_beam_is),
		TEST(has_the_ports_in_its_bar),
		TEST(writes_planes_by_mask),
		TEST(rotates_combines_and_masks),
		TEST(has_write_modes_1_to_3),
		TEST(has_both_read_modes),
		TEST(chains_planes),
		TEST(opens_the_windows_it_is_told_to),
		TEST(takes_string_stores_in_one),
		TEST(takes_string_moves_in_one),
		TEST(refuses_moves_that_reach_out),
		TEST(text_is_plain_memory),
		TEST(gives_the_window_back_for_fonts),
		TEST(chain_4_is_plain_memory),
		TEST(bits_that_need_the_controller_trap),
		TEST(nothing_is_polled_when_idle),
		TEST(drawing_takes_the_screen),
		TEST(a_driver_that_lives_keeps_the_screen),
		TEST(draws_a_character_with_nine_dots),
		TEST(draws_and_moves_the_cursor),
		TEST(splits_and_pans),
		TEST(follows_colour_select_and_plane_enable),
		TEST(is_dark_when_turned_off),
		TEST(addresses_wrap_within_the_planes),
		TEST(fonts_and_cursors_stay_in_plane_2),
		TEST(any_geometry_is_drawn),
		TEST(a_raised_mode_shows_nothing_old),
		TEST(reset_leaves_nothing_behind),
		TEST(a_restart_keeps_text),
		TEST(a_restart_takes_any_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
