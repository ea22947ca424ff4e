/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/vga_stubs.c */
/* sources: dm/display/copy.c dm/display/pixels.c dm/display/surface.c */

/* The bochs display interface, and how it and the VGA share memory, window and screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "vga_stubs.h"
#include "dm/display/surface.h"

static u32 shown_pixel(u32 x, u32 y)
{
	struct piece_cursor at = surface_cursor(&vga_world.surface);
	u32 pixel;

	assert_true(x < vga_world.surface.width && y < vga_world.surface.height);
	surface_read(&vga_world.surface, &at, x, y, 1, &pixel);
	return pixel & 0xffffff;
}

/* ---- Registers */

static void takes_every_id(void **state)
{
	(void)state;
	assert_int_equal(vga_dispi_read(DISPI_ID), 0xb0c5);
	for (u16 id = 0xb0c0; id <= 0xb0c5; id++) {
		vga_dispi(DISPI_ID, id);
		assert_int_equal(vga_dispi_read(DISPI_ID), id);
	}
	vga_dispi(DISPI_ID, 0xb0c6);
	vga_dispi(DISPI_ID, 0xb0bf);
	assert_int_equal(vga_dispi_read(DISPI_ID), 0xb0c5);
}

static void tells_its_limits(void **state)
{
	(void)state;
	vga_dispi(DISPI_XRES, 640);
	vga_dispi(DISPI_ENABLE, DISPI_GETCAPS);
	assert_int_equal(vga_dispi_read(DISPI_XRES), 3840);
	assert_int_equal(vga_dispi_read(DISPI_YRES), 2160);
	assert_int_equal(vga_dispi_read(DISPI_BPP), 32);
	vga_dispi(DISPI_ENABLE, 0);
	assert_int_equal(vga_dispi_read(DISPI_XRES), 640);
	assert_int_equal(vga_dispi_read(DISPI_MEMORY_64K), 256);
	vga_dispi(DISPI_MEMORY_64K, 1);
	assert_int_equal(vga_dispi_read(DISPI_MEMORY_64K), 256);
	assert_int_equal(vga_dispi_read(DISPI_COUNT), 0xffff);
	assert_int_equal(vga_dispi_read(0xffff), 0xffff);
}

/* The enable register's index, not its offset, is what an offset in the BAR means. */
static void has_its_registers_in_the_bar(void **state)
{
	(void)state;
	vga_bar_write(0x502, 2, 800);
	vga_bar_write(0x504, 4, 600 | 32u << 16);
	vga_bar_write(0x508, 2, 0x41);
	assert_int_equal(vga_bar_read(0x502, 2), 800);
	assert_int_equal(vga_bar_read(0x502, 4), 800 | 600u << 16);
	assert_int_equal(vga_bar_read(0x514, 2), 256);
	assert_int_equal(vga_bar_read(0x516, 2), 0xffff);
	assert_int_equal(vga_bar_read(0x503, 2), 0xffff);
	vga_frame();
	assert_int_equal(vga_world.surface.width, 800);
	assert_int_equal(vga_bar_read(0x600, 4), 8);
	assert_int_equal(vga_bar_read(0x604, 4), 0x1e1e1e1e);
	vga_bar_write(0x604, 4, 0xbebebebe);
	assert_int_equal(vga_bar_read(0x604, 4), 0xbebebebe);
	vga_world.vram[3] = 0x11; /* blue is last now */
	vga_frame();
	assert_int_equal(shown_pixel(0, 0), 0x000011);
	vga_bar_write(0x604, 4, 7);
	assert_int_equal(vga_bar_read(0x604, 4), 0xbebebebe);
}

static void clears_unless_told_not_to(void **state)
{
	(void)state;
	memset(vga_world.vram, 0x77, STUB_VRAM);
	vga_dispi_mode(640, 480, 32, 0x41);
	assert_int_equal(shown_pixel(0, 0), 0);
	assert_int_equal(shown_pixel(639, 479), 0);
	assert_int_equal(vga_world.vram[640 * 480 * 4], 0x77);
	memset(vga_world.vram, 0x77, STUB_VRAM);
	vga_dispi_mode(640, 480, 32, 0xc1);
	assert_int_equal(shown_pixel(0, 0), 0x777777);
}

static void shows_every_depth(void **state)
{
	static const struct {
		u16 bpp;
		u8 bytes[4];
		u32 colour;
	} depths[] = {
		{ 8, { 0x03 }, 0x00aaaa },
		{ 15, { 0x1f, 0x7c }, 0xff00ff },
		{ 16, { 0xe0, 0x07 }, 0x00ff00 },
		{ 24, { 0x33, 0x22, 0x11 }, 0x112233 },
		{ 32, { 0x33, 0x22, 0x11, 0xff }, 0x112233 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(depths); i++) {
		u32 size = (depths[i].bpp + 7u) / 8;

		vga_dispi_mode(640, 480, depths[i].bpp, 0x41);
		assert_int_equal(vga_world.surface.stride, 640 * size);
		memcpy(vga_world.vram + (640 * 479 + 639) * size, depths[i].bytes, size);
		assert_int_equal(shown_pixel(639, 479), depths[i].colour);
		assert_int_equal(shown_pixel(638, 479), 0);
	}
	vga_dispi_mode(640, 480, 8, 0x61); /* 8 bits a colour */
	vga_out(0x3c8, 1, 3);
	vga_out(0x3c9, 1, 0x81);
	vga_out(0x3c9, 1, 0x92);
	vga_out(0x3c9, 1, 0xa3);
	vga_world.vram[0] = 3;
	vga_frame();
	assert_int_equal(shown_pixel(0, 0), 0x8192a3);
}

static void pans_in_a_larger_picture(void **state)
{
	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	vga_dispi(DISPI_VIRT_WIDTH, 800);
	assert_int_equal(vga_dispi_read(DISPI_VIRT_HEIGHT), STUB_VRAM / 3200);
	vga_world.vram[(50 * 800 + 100) * 4] = 9;
	vga_dispi(DISPI_X_OFFSET, 100);
	vga_dispi(DISPI_Y_OFFSET, 50);
	vga_frame();
	assert_int_equal(shown_pixel(0, 0), 9);
	assert_int_equal(vga_world.surface.stride, 3200);
	vga_dispi(DISPI_VIRT_WIDTH, 639); /* narrower than what is shown */
	assert_int_equal(vga_dispi_read(DISPI_VIRT_WIDTH), 800);
}

static void draws_planar_pictures(void **state)
{
	(void)state;
	vga_set_planar();
	vga_dispi_mode(800, 600, 4, 0x41);
	assert_int_equal(vga_world.surface.width, 800);
	assert_int_equal(vga_world.surface.height, 600);
	vga_poke(0xa0000 + 599 * 100 + 99, 0x01);
	vga_frame();
	assert_int_equal(vga_pixel(799, 599), vga_world.vga.colours[0xf]);
	vga_dispi_mode(1024, 768, 4, 0x41);
	vga_dispi(DISPI_BANK, 1); /* beyond the adapter's 64 KiB */
	vga_poke(0xa0000 + 767 * 128 - 65536, 0x80);
	vga_frame();
	assert_int_equal(vga_pixel(0, 767), vga_world.vga.colours[0xf]);
}

/* ---- Bounds */

/* CVE-2016-3710: the bank window ends where VRAM does, whatever mode is on. */
static void the_bank_window_stays_in_vram(void **state)
{
	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	for (u32 bank = 0; bank <= 0xffff; bank += 0x101) {
		vga_dispi(DISPI_BANK, (u16)bank);
		vga_stos(0xa0000, 0x5a, 1, 1);
		vga_poke(0xaffff, 0x5b);
		assert_true(vga_world.window_offset + vga_world.window_len <= STUB_VRAM);
		assert_int_equal(vga_peek(0xaffff), 0x5b);
		assert_int_equal(vga_peek(0xb0000), 0xff);
	}
	for (u32 bank = 0; bank <= 0xffff; bank += 0xff) { /* the same, trapped, by planes */
		vga_dispi(DISPI_BPP, 4);
		vga_dispi(DISPI_BANK, (u16)bank);
		vga_stos(0xafff8, 0x5a, 8, 1);
		vga_peek(0xaffff);
		vga_dispi(DISPI_ENABLE, 0);
		vga_poke(0xaffff, 1);
		vga_dispi(DISPI_ENABLE, 0xc1);
	}
}

/* CVE-2016-3712: VGA registers written in a bochs mode, and the other way round. */
static void registers_of_the_other_mode_do_no_harm(void **state)
{
	(void)state;
	vga_dispi_mode(1024, 768, 32, 0x41);
	vga_crtc(0x11, 0);
	for (u8 i = 0; i < 0x19; i++)
		vga_crtc(i, 0xff);
	vga_seq(4, 0);
	vga_gfx(6, 0);
	vga_gfx(5, 0xff);
	vga_frame();
	assert_int_equal(vga_world.surface.width, 1024);
	vga_poke(0xa0000, 1);
	vga_poke(0xbffff, 1);
	vga_dispi(DISPI_BPP, 4);
	vga_frame();
	vga_poke(0xbffff, 1);
	vga_dispi(DISPI_XRES, 3840);
	vga_dispi(DISPI_YRES, 2160);
	vga_dispi(DISPI_Y_OFFSET, 0xffff);
	vga_frame();
	vga_dispi(DISPI_ENABLE, 0);
	vga_dispi(DISPI_X_OFFSET, 0xffff);
	vga_frame();
}

/* CVE-2016-9921 and pictures that VRAM does not hold: the stubs check each surface. */
static void no_picture_reaches_out_of_vram(void **state)
{
	static const u16 values[] = { 0, 1, 7, 640, 2160, 3840, 3841, 0x7fff, 0x8000, 0xffff };
	static const u16 depths[] = { 0, 4, 8, 15, 16, 24, 32, 0xffff };
	u32 n = ARRAY_SIZE(values);

	(void)state;
	for (u32 i = 0; i < n * n; i++) {
		vga_dispi_mode(values[i % n], values[i / n], depths[i % ARRAY_SIZE(depths)], 0xc1);
		for (u32 k = 0; k < n; k++) {
			vga_dispi(DISPI_VIRT_WIDTH, values[k]);
			vga_dispi(DISPI_X_OFFSET, values[(k + i) % n]);
			vga_dispi(DISPI_Y_OFFSET, values[(k * 3 + i) % n]);
			vga_dispi(DISPI_VIRT_HEIGHT, values[k]);
			vga_frame();
		}
	}
	vga_dispi_mode(3840, 2160, 32, 0x41); /* 31 MiB: what fits is shown */
	assert_int_equal(vga_world.surface.height, STUB_VRAM / (3840 * 4));
	vga_dispi_mode(3840, 2160, 8, 0x41);
	assert_int_equal(vga_world.surface.height, 2160);
}

/* ---- Damage and switching */

static void dirty_pages_become_lines(void **state)
{
	u64 page = 640 * 4 * 100 / PAGE_SIZE;

	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	vga_frame();
	vga_frame();
	assert_int_equal(vga_world.damages, 0);
	vga_world.dirty[page / 64] |= BIT(page % 64);
	vga_frame();
	assert_int_equal(vga_world.damages, 1);
	assert_int_equal(vga_world.damage.x, 0);
	assert_int_equal(vga_world.damage.width, 640);
	assert_true(vga_world.damage.y <= 100);
	assert_true(vga_world.damage.y + vga_world.damage.height > 100);
	assert_true(vga_world.damage.height <= 3);
}

static void the_bank_window_is_plain_memory(void **state)
{
	u32 maps;

	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	vga_dispi(DISPI_BANK, 3);
	vga_poke(0xa0000, 1);
	assert_int_equal(vga_world.window_offset, 3 * 65536);
	maps = vga_world.maps;
	vga_poke(0xa1234, 0x42);
	assert_int_equal(vga_world.vram[3 * 65536 + 0x1234], 0x42);
	vga_dispi(DISPI_BANK, 4); /* moves without another trap */
	assert_int_equal(vga_world.window_offset, 4 * 65536);
	assert_int_equal(vga_world.maps, maps + 1);
	vga_dispi(DISPI_ENABLE, 0);
	assert_int_equal(vga_world.window_len, 0);
}

static void the_vga_shows_again_when_disabled(void **state)
{
	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	vga_dispi(DISPI_ENABLE, 0);
	vga_frame();
	assert_int_equal(vga_world.surface.width, 720);
	assert_int_equal(vga_world.surface.height, 400);
}

/* A driver that had the screen is gone: what is in the framebuffer now is what is seen. */
static void a_crash_screen_is_seen(void **state)
{
	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	vga_show(&vga_world.vga, false);
	memset(vga_world.vram, 0x99, 640 * 480 * 4);
	vga_world.sets = 0;
	vga_show(&vga_world.vga, true);
	assert_int_equal(vga_world.sets, 1);
	assert_int_equal(shown_pixel(5, 5), 0x999999);
	assert_int_equal(vga_world.damage.height, 480);
}

static void a_restart_keeps_the_mode(void **state)
{
	(void)state;
	vga_dispi_mode(800, 600, 16, 0x41);
	vga_poke(0xa0000, 1);
	vga_world.surface = (struct surface){ 0 };
	assert_true(vga_world_restart());
	assert_int_equal(vga_world.surface.width, 800);
	vga_poke(0xa0001, 2);
	assert_int_equal(vga_world.vram[1], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, vga_setup, vga_teardown)
		TEST(takes_every_id),
		TEST(tells_its_limits),
		TEST(has_its_registers_in_the_bar),
		TEST(clears_unless_told_not_to),
		TEST(shows_every_depth),
		TEST(pans_in_a_larger_picture),
		TEST(draws_planar_pictures),
		TEST(the_bank_window_stays_in_vram),
		TEST(registers_of_the_other_mode_do_no_harm),
		TEST(no_picture_reaches_out_of_vram),
		TEST(dirty_pages_become_lines),
		TEST(the_bank_window_is_plain_memory),
		TEST(the_vga_shows_again_when_disabled),
		TEST(a_crash_screen_is_seen),
		TEST(a_restart_keeps_the_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
