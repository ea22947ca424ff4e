/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/display_world.c */
/* libs: -lz */
/*
 * Painting: formats, panels of all kinds, pieces, scaling, covering, layouts; each paint is
 * compared with what composing the panel line by line gives.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "display_world.h"
#include "dm/display/compositor.h"
#include "dm/display/copy.h"
#include "dm/display/pixels.h"

static const u32 formats[] = { 1, 2, 3, 4, 67, 68, 121, 134 };

static int teardown(void **state)
{
	(void)state;
	world_stop();
	return 0;
}

static u32 panel_pixel(u32 x, u32 y)
{
	const struct handoff_gop *gop = &world_info.gop;
	u32 value = 0;

	memcpy(&value, (u8 *)world_panel + (y * gop->stride + x) * gop->pixel_bytes,
	       gop->pixel_bytes);
	return value;
}

/* What the panel should show, by the general way, against what was painted. */
static void compare_with_composed(void)
{
	static u32 line[SCANOUT_MAX_WIDTH];
	const struct handoff_gop *gop = &world_info.gop;
	struct channel rgb[3] = { channel_of(gop->red_mask), channel_of(gop->green_mask),
				  channel_of(gop->blue_mask) };
	u32 used = gop->red_mask | gop->green_mask | gop->blue_mask;

	for (u32 y = 0; y < gop->height; y++) {
		compose_panel_line(0, y, gop->width, line);
		pixels_to_masks(line, line, gop->width, rgb);
		for (u32 x = 0; x < gop->width; x++)
			if ((panel_pixel(x, y) & used) != (line[x] & used))
				fail_msg("pixel %u,%u: %08x instead of %08x", x, y,
					 panel_pixel(x, y), line[x]);
	}
}

static void paint_all_of(u32 vm)
{
	display_damage(&dm_vms[vm], 0, &(struct rect){ 0, 0, ~0u, ~0u });
}

static void converts_formats(void **state)
{
	/* a=0x40 r=0x11 g=0x22 b=0x33, by bytes in memory */
	static const u8 bytes[][4] = { { 0x33, 0x22, 0x11, 0x40 }, { 0x33, 0x22, 0x11, 0x40 },
				       { 0x40, 0x11, 0x22, 0x33 }, { 0x40, 0x11, 0x22, 0x33 },
				       { 0x11, 0x22, 0x33, 0x40 }, { 0x40, 0x33, 0x22, 0x11 },
				       { 0x40, 0x33, 0x22, 0x11 }, { 0x11, 0x22, 0x33, 0x40 } };
	u8 at[5];
	u32 pixel;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		memcpy(at + 1, bytes[i], 4); /* not aligned */
		pixels_to_bgrx(&pixel, at + 1, 1, formats[i]);
		assert_int_equal(pixel, 0x40112233);
	}
}

static void converts_to_masks(void **state)
{
	static const struct {
		u32 red, green, blue, pixel;
	} panels[] = {
		{ 0xff0000, 0xff00, 0xff, 0xff8001 },
		{ 0xff, 0xff00, 0xff0000, 0x0180ff },
		{ 0xf800, 0x07e0, 0x001f, 0xfc00 },
		{ 0xff000000, 0xff0000, 0xff00, 0xff800100 },
		{ 0x3ff00000, 0xffc00, 0x3ff, 0x3ff00000 | 0x202 << 10 | 4 },
		{ 0x7, 0x38, 0xc0, 0x27 },
		{ 0xff, 0, 0, 0xff },
	};
	u32 white = 0xffffff, in = 0xff8001, out;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(panels); i++) {
		struct channel rgb[3] = { channel_of(panels[i].red), channel_of(panels[i].green),
					  channel_of(panels[i].blue) };

		pixels_to_masks(&out, &in, 1, rgb);
		assert_int_equal(out, panels[i].pixel);
		pixels_to_masks(&out, &white, 1, rgb);
		assert_int_equal(out, panels[i].red | panels[i].green | panels[i].blue);
	}
}

static void blends(void **state)
{
	u32 dst[4] = { 0x102030, 0xffffff, 0xffffff, 0x646464 };
	const u32 src[4] = { 0xff0a0b0c, 0, 0x80ffffff, 0x80320000 };

	(void)state;
	pixels_blend(dst, src, 4);
	assert_int_equal(dst[0], 0x0a0b0c);
	assert_int_equal(dst[1], 0xffffff);
	assert_int_equal(dst[2], 0xffffff); /* a lie about multiplied alpha does not wrap */
	assert_int_equal(dst[3], 0x643232);
}

/* Every copy the processor can do, at all small lengths and offsets. */
static void copies(void **state)
{
	u8 from[6000], to[6200], want[6200];

	(void)state;
	copy_init();
	for (u32 i = 0; i < sizeof(from); i++)
		from[i] = (u8)(i * 7 + (i >> 8));
	for (u32 len = 0; len < 5900; len += len < 700 ? 1 : 97) {
		u32 skew = len % 37;

		memset(to, 0xcc, sizeof(to));
		memset(want, 0xcc, sizeof(want));
		memcpy(want + skew, from + len % 3, len);
		copy_wide(to + skew, from + len % 3, len);
		assert_memory_equal(to, want, sizeof(to));
	}
}

/* A picture cut into pieces of odd lengths, some in the middle of a pixel. */
static void paints_pieces(void **state)
{
	(void)state;
	for (u32 f = 0; f < ARRAY_SIZE(formats); f++) {
		for (u32 cut = 1; cut < 900; cut += 89) {
			world_start(320, 200, LAYOUT_TILES, 1);
			world_picture(0, 61, 40, formats[f], 61 * 4 + 12, cut);
			paint_all_of(0);
			compare_with_composed();
			assert_int_equal(display_stats(&dm_vms[0])->bytes_painted, 61 * 40 * 4);
			world_change(0);
			display_damage(&dm_vms[0], 0, &(struct rect){ 7, 3, 20, 30 });
			display_damage(&dm_vms[0], 0, &(struct rect){ 27, 3, 34, 37 });
			display_damage(&dm_vms[0], 0, &(struct rect){ 0, 0, 61, 3 });
			display_damage(&dm_vms[0], 0, &(struct rect){ 7, 33, 20, 7 });
			display_damage(&dm_vms[0], 0, &(struct rect){ 0, 3, 7, 37 });
			compare_with_composed();
		}
	}
}

static void paints_odd_panels(void **state)
{
	static const u32 masks[][4] = { { 0xff, 0xff00, 0xff0000, 4 },
					{ 0xf800, 0x7e0, 0x1f, 4 },
					{ 0xf800, 0x7e0, 0x1f, 2 },
					{ 0xff0000, 0xff00, 0xff, 3 },
					{ 0x3ff00000, 0xffc00, 0x3ff, 4 } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(masks); i++) {
		world_start(320, 200, LAYOUT_TILES, 2);
		world_info.gop.red_mask = masks[i][0];
		world_info.gop.green_mask = masks[i][1];
		world_info.gop.blue_mask = masks[i][2];
		world_info.gop.pixel_bytes = masks[i][3];
		world_info.gop.width = 300; /* lines longer than the picture */
		memset(world_panel, 0, 320 * 200 * 4);
		display_init();
		world_picture(0, 100, 90, PIXEL_B8G8R8X8, 400, 4096);
		world_picture(1, 333, 90, PIXEL_R8G8B8X8, 333 * 4, 4096); /* scaled */
		paint_all_of(0);
		paint_all_of(1);
		compare_with_composed();
		for (u32 y = 0; y < 200; y++)
			for (u32 x = 300; x < 320; x++)
				assert_int_equal(panel_pixel(x, y), 0);
	}
}

static void scales_to_nearest(void **state)
{
	struct rect place;

	(void)state;
	world_start(320, 200, LAYOUT_TILES, 1);
	world_picture(0, 800, 300, PIXEL_B8G8R8X8, 3200, 100000);
	paint_all_of(0);
	place = display_placement(&dm_vms[0], 0);
	assert_int_equal(place.width, 320);
	assert_int_equal(place.height, 120);
	assert_int_equal(place.y, 40);
	for (u32 y = 0; y < 120; y++)
		for (u32 x = 0; x < 320; x++)
			assert_int_equal(world_panel[(place.y + y) * 320 + x],
					 world_pixel(0, x * 800 / 320, y * 300 / 120));
	/* Small damage repaints all that shows it. */
	world_change(0);
	for (u32 y = 0; y < 300; y += 7)
		for (u32 x = 0; x < 800; x += 13)
			display_damage(&dm_vms[0], 0, &(struct rect){ x, y, 13, 7 });
	compare_with_composed();
}

static void clips_damage(void **state)
{
	static const struct rect damage[] = {
		{ 0, 0, 0, 0 },	  { 63, 63, 100, 100 }, { 64, 0, 1, 1 },  { ~0u, ~0u, 1, 1 },
		{ 1, 1, ~0u, 1 }, { ~0u, 0, ~0u, ~0u }, { 5, 5, 0, ~0u },
	};

	(void)state;
	world_start(320, 200, LAYOUT_TILES, 1);
	world_picture(0, 64, 64, PIXEL_B8G8R8X8, 256, 4096);
	for (u32 i = 0; i < ARRAY_SIZE(damage); i++)
		display_damage(&dm_vms[0], 0, &damage[i]);
	assert_int_equal(display_stats(&dm_vms[0])->bytes_painted, 4 + 63 * 4);
	display_damage(&dm_vms[0], 1, &damage[1]); /* no such head */
	display_set(&dm_vms[0], 0, NULL);
	display_damage(&dm_vms[0], 0, &damage[1]); /* nothing set */
	assert_int_equal(display_stats(&dm_vms[0])->bytes_painted, 4 + 63 * 4);
}

static void clears_what_shrinks(void **state)
{
	(void)state;
	world_start(320, 200, LAYOUT_TILES, 1);
	world_picture(0, 300, 150, PIXEL_B8G8R8X8, 1200, 4096);
	paint_all_of(0);
	world_picture(0, 64, 64, PIXEL_B8G8R8X8, 256, 4096);
	paint_all_of(0);
	compare_with_composed();
	assert_int_equal(world_panel[30 * 320 + 20], BACKGROUND);
	display_set(&dm_vms[0], 0, NULL);
	compare_with_composed();
	assert_int_equal(world_panel[100 * 320 + 160], BACKGROUND);
}

static void covers_pictures_in_pictures(void **state)
{
	struct rect small;

	(void)state;
	world_start(640, 400, LAYOUT_PIP, 3);
	world_picture(0, 640, 400, PIXEL_B8G8R8X8, 2560, 4096);
	world_picture(1, 300, 300, PIXEL_B8G8R8X8, 1200, 4096);
	world_picture(2, 100, 50, PIXEL_B8G8R8X8, 400, 4096);
	for (u32 i = 0; i < 3; i++)
		paint_all_of(i);
	compare_with_composed();
	small = display_placement(&dm_vms[1], 0);
	assert_int_equal(small.height, 100);
	world_change(0);
	paint_all_of(0); /* goes round the small ones */
	compare_with_composed();
	assert_int_equal(world_panel[(small.y + 5) * 640 + small.x + 5], world_pixel(1, 15, 15));
	display_focus(&dm_vms[1]);
	compare_with_composed();
	assert_int_equal(display_placement(&dm_vms[1], 0).width, 300);
	assert_int_equal(display_placement(&dm_vms[0], 0).width, 160);
}

static void shows_only_the_focused_guest(void **state)
{
	(void)state;
	world_start(640, 400, LAYOUT_FULL, 2);
	world_picture(0, 200, 100, PIXEL_B8G8R8X8, 800, 4096);
	world_picture(1, 300, 300, PIXEL_B8G8R8X8, 1200, 4096);
	paint_all_of(0);
	paint_all_of(1);
	compare_with_composed();
	assert_int_equal(display_placement(&dm_vms[1], 0).width, 0);
	assert_int_equal(display_stats(&dm_vms[1])->bytes_painted, 0);
	display_focus(&dm_vms[1]);
	compare_with_composed();
	assert_int_equal(display_placement(&dm_vms[0], 0).width, 0);
	assert_int_equal(display_placement(&dm_vms[1], 0).width, 300);
}

static void draws_messages(void **state)
{
	u32 lit = 0;

	(void)state;
	world_start(640, 400, LAYOUT_TILES, 1);
	for (u32 i = 0; i < 60; i++)
		display_message(
			"guest linux: \x01\xff kernel is empty, and a line that is much too long "
			"for the panel: ............................................end");
	compare_with_composed();
	for (u32 i = 0; i < 640 * 400; i++)
		lit += world_panel[i] != BACKGROUND;
	assert_in_range(lit, 1000, 640 * 400 / 2);
	world_picture(0, 640, 400, PIXEL_B8G8R8X8, 2560, 4096);
	paint_all_of(0);
	display_message("hidden behind the guest");
	compare_with_composed();
	assert_int_equal(world_panel[0], world_pixel(0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
		TEST(converts_formats),
		TEST(converts_to_masks),
		TEST(blends),
		TEST(copies),
		TEST(paints_pieces),
		TEST(paints_odd_panels),
		TEST(scales_to_nearest),
		TEST(clips_damage),
		TEST(clears_what_shrinks),
		TEST(covers_pictures_in_pictures),
		TEST(shows_only_the_focused_guest),
		TEST(draws_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
