/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_compositor */
/* libs: -lm */
/*
 * Screenshots, read back by another decoder and compared pixel by pixel.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "dm/display/frames.h"
#include "display_world.h"
#include "dm/display/compositor.h"
#include "dm/display/png.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>

static struct png encoder;
static u8 file[PNG_CAPACITY];

static int teardown(void **state)
{
	(void)state;
	world_stop();
	return 0;
}

static u32 big(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/* Every chunk's checksum, which the decoder does not look at. */
static void check_chunks(const u8 *png, size_t len)
{
	size_t at = 8;

	while (at < len) {
		u32 size = big(png + at);

		assert_in_range(size, 0, len - at - 12);
		assert_int_equal(big(png + at + 8 + size), crc32(0, png + at + 4, size + 4));
		at += 12 + size;
	}
	assert_int_equal(at, len);
}

/* Decodes and gives the pixels as 0x00RRGGBB. */
static u32 *decode(const u8 *png, size_t len, u32 width, u32 height)
{
	int w, h, channels;
	u8 *rgb = stbi_load_from_memory(png, (int)len, &w, &h, &channels, 3);
	u32 *pixels = malloc(4 * (size_t)width * height);

	check_chunks(png, len);
	assert_non_null(rgb);
	assert_int_equal(channels, 3);
	assert_int_equal(w, width);
	assert_int_equal(h, height);
	for (size_t i = 0; i < (size_t)width * height; i++)
		pixels[i] = (u32)rgb[3 * i] << 16 | (u32)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
	stbi_image_free(rgb);
	return pixels;
}

static void round_trip(u32 width, u32 height, u32 (*pixel)(u32 x, u32 y), size_t most)
{
	u32 *line = malloc(4 * (size_t)width), *got;
	size_t len;

	png_begin(&encoder, file, sizeof(file), width, height);
	for (u32 y = 0; y < height; y++) {
		for (u32 x = 0; x < width; x++)
			line[x] = pixel(x, y);
		png_line(&encoder, line);
	}
	assert_int_equal(png_end(&encoder, &len), 0);
	assert_in_range(len, 57, most);
	got = decode(file, len, width, height);
	for (u32 y = 0; y < height; y++)
		for (u32 x = 0; x < width; x++)
			assert_int_equal(got[y * width + x], pixel(x, y) & 0xffffff);
	free(got);
	free(line);
}

static u32 flat(u32 x, u32 y)
{
	(void)x;
	(void)y;
	return 0xff123456;
}

static u32 quadrants(u32 x, u32 y)
{
	return y < 384 ? x < 512 ? 0xff0000 : 0xff00 : x < 512 ? 0xff : 0xffffff;
}

static u32 gradient(u32 x, u32 y)
{
	return (x & 0xff) << 16 | (y & 0xff) << 8 | ((x + y) & 0xff);
}

static u32 noise(u32 x, u32 y)
{
	u32 v = x * 2654435761u ^ y * 2246822519u;

	v = (v ^ v >> 15) * 2654435761u;
	return v ^ v >> 13;
}

static u32 text(u32 x, u32 y)
{
	return noise(x / 2 % 40, y / 2 % 24) & 1 ? 0xffffff : 0;
}

static void compresses_all_kinds(void **state)
{
	(void)state;
	round_trip(1, 1, flat, 100);
	round_trip(1024, 768, flat, 6000);
	round_trip(1024, 768, quadrants, 6000);
	round_trip(1024, 768, gradient, 200000);
	round_trip(1024, 768, text, 120000);
	for (u32 width = 1; width < 20; width++)
		round_trip(width, 50, noise, 5000);
	round_trip(1023, 769, noise, 2700000);
	round_trip(PNG_MAX_WIDTH, 5, noise, 300000);
}

static void refuses_what_does_not_fit(void **state)
{
	static u32 line[4096];
	size_t len;

	(void)state;
	png_begin(&encoder, file, sizeof(file), 4096, 2160);
	for (u32 y = 0; y < 2160; y++) {
		for (u32 x = 0; x < 4096; x++)
			line[x] = noise(x, y);
		png_line(&encoder, line);
	}
	assert_int_equal(png_end(&encoder, &len), -ENOMEM);
	round_trip(64, 64, noise, 20000); /* and the next one is fine */
}

static void takes_guests_and_screen(void **state)
{
	const u8 *png;
	size_t len;
	u32 *got;

	(void)state;
	world_start(320, 200, LAYOUT_TILES, 2);
	assert_int_equal(screenshot_png(&dm_vms[0], 0, &png, &len), -ENOENT);
	world_picture(0, 64, 48, PIXEL_B8G8R8X8, 256, 1000);
	world_picture(1, 400, 300, PIXEL_B8G8R8X8, 1600, 1000); /* scaled on the panel */
	assert_int_equal(screenshot_png(&dm_vms[1], 0, &png, &len), 0);
	got = decode(png, len, 400, 300);
	for (u32 y = 0; y < 300; y++)
		for (u32 x = 0; x < 400; x++)
			assert_int_equal(got[y * 400 + x], world_pixel(1, x, y) & 0xffffff);
	free(got);
	for (u32 i = 0; i < 2; i++)
		display_damage(&dm_vms[i], 0, &(struct rect){ 0, 0, 400, 300 });
	assert_int_equal(screenshot_png(NULL, 0, &png, &len), 0);
	got = decode(png, len, 320, 200);
	for (u32 i = 0; i < 320 * 200; i++)
		assert_int_equal(got[i], world_panel[i] & 0xffffff);
	free(got);
	assert_int_equal(screenshot_png(&dm_vms[0], 1, &png, &len), -ENOENT);
	assert_int_equal(screenshot_png(&dm_vms[0], ~0u, &png, &len), -ENOENT);
}

static void sums_pixels(void **state)
{
	u32 size[2] = { 64, 48 }, want, got;

	(void)state;
	assert_int_equal(png_crc(0, "123456789", 9), 0xcbf43926);
	world_start(320, 200, LAYOUT_TILES, 1);
	world_picture(0, 64, 48, PIXEL_B8G8R8X8, 256, 777);
	want = png_crc(0, size, 8);
	for (u32 y = 0; y < 48; y++) {
		for (u32 x = 0; x < 64; x++) {
			u32 p = world_pixel(0, x, y);
			u8 rgb[3] = { (u8)(p >> 16), (u8)(p >> 8), (u8)p };

			want = png_crc(want, rgb, 3);
		}
	}
	assert_int_equal(screenshot_crc(&dm_vms[0], 0, &got), 0);
	assert_int_equal(got, want);
}

static void records_frames(void **state)
{
	const struct rect all = { 0, 0, 64, 48 };
	struct frame f, last;
	u32 crc;

	(void)state;
	world_start(320, 200, LAYOUT_TILES, 2);
	world_picture(0, 64, 48, PIXEL_B8G8R8X8, 256, 777);
	display_damage(&dm_vms[0], 0, &all);
	assert_int_equal(frames_count(&dm_vms[0]), 0); /* not asked for */
	assert_false(frames_get(&dm_vms[0], 0, &f));
	frames_start(&dm_vms[0]);
	display_damage(&dm_vms[0], 0, &all);
	world_change(0);
	display_damage(&dm_vms[0], 0, &all);
	display_damage(&dm_vms[1], 0, &all);
	assert_int_equal(frames_count(&dm_vms[0]), 2);
	assert_int_equal(frames_count(&dm_vms[1]), 0);
	assert_true(frames_get(&dm_vms[0], 0, &f));
	assert_true(frames_get(&dm_vms[0], 1, &last));
	assert_false(frames_get(&dm_vms[0], 2, &f));
	assert_int_not_equal(f.crc, last.crc);
	assert_true(f.time < last.time);
	assert_int_equal(screenshot_crc(&dm_vms[0], 0, &crc), 0);
	assert_int_equal(last.crc, crc);
	for (u32 i = 0; i < FRAMES_MAX; i++)
		frames_add(&dm_vms[0], 0);
	assert_int_equal(frames_count(&dm_vms[0]), FRAMES_MAX + 2);
	assert_false(frames_get(&dm_vms[0], 1, &f));
	assert_true(frames_get(&dm_vms[0], 2, &f));
	assert_true(frames_get(&dm_vms[0], FRAMES_MAX + 1, &last));
	assert_true(f.time < last.time);
	frames_stop(&dm_vms[0]);
	display_damage(&dm_vms[0], 0, &all);
	assert_int_equal(frames_count(&dm_vms[0]), FRAMES_MAX + 2);
	frames_start(&dm_vms[0]);
	assert_int_equal(frames_count(&dm_vms[0]), 0);
	frames_stop(&dm_vms[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(compresses_all_kinds, teardown),
		cmocka_unit_test_teardown(refuses_what_does_not_fit, teardown),
		cmocka_unit_test_teardown(takes_guests_and_screen, teardown),
		cmocka_unit_test_teardown(sums_pixels, teardown),
		cmocka_unit_test_teardown(records_frames, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
