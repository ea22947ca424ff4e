/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_compositor */
/* sources: dm/remote/rfb_typing.c dm/remote/rfb_view.c */
/*
 * What viewers see and do: an observer is told of every pixel that becomes another; lines are what
 * is composed; the pointer finds the picture under it; keys follow the focus, and guests' patience.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "display_world.h"
#include "dm/display/compositor.h"
#include "dm/display/damage.h"
#include "dm/input.h"
#include "dm/remote/rfb_view.h"

enum { WIDTH = 800, HEIGHT = 600 };

static char notes[4096];
static bool busy; /* guests do not read their keyboards */
static u64 now;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t len = strlen(notes);
	va_list args;

	va_start(args, format);
	vsnprintf(notes + len, sizeof(notes) - len, format, args);
	va_end(args);
}

bool input_key(struct dm_vm *vm, u16 key, bool down)
{
	note("%u%c%x ", vm->index, down ? '+' : '-', key);
	return true;
}

bool input_key_ready(struct dm_vm *vm)
{
	(void)vm;
	return !busy;
}

void input_pointer(struct dm_vm *vm, u32 head, u32 x, u32 y, u32 width, u32 height, u32 buttons,
		   s32 wheel)
{
	note("%u.%u:%u,%u/%ux%u:%u:%d ", vm->index, head, x, y, width, height, buttons, wheel);
}

static void expect(const char *want)
{
	assert_string_equal(notes, want);
	notes[0] = 0;
}

static void type_all(void)
{
	for (u64 next = now; next != ~0ULL; next = rfb_typing_run(now))
		now = next;
}

static int teardown(void **state)
{
	(void)state;
	display_observe(NULL);
	world_stop();
	notes[0] = 0;
	busy = false;
	return 0;
}

/* ---- A viewer's copy of what it was told of */

static u32 copy[WIDTH * HEIGHT];
static struct rfb_view viewer;

static void refresh(const struct rect *r)
{
	struct rect all = { 0, 0, 0, 0 }, part;

	rfb_view_screen.size(&viewer, &all.width, &all.height);
	part = rect_intersect(r, &all);
	for (u32 y = part.y; y < part.y + part.height; y++)
		rfb_view_screen.line(&viewer, part.x, y, part.width, false,
				     copy + y * WIDTH + part.x);
}

static void head_changed(struct dm_vm *vm, u32 head, const struct rect *r, bool cursor)
{
	(void)cursor;
	if (viewer.vm == vm && head == 0)
		refresh(r);
}

static void panel_changed(const struct rect *r)
{
	if (!viewer.vm)
		refresh(r);
}

static const struct display_observer observer = { head_changed, panel_changed };

/* The viewer's copy is the picture as it is. */
static void compare(void)
{
	static u32 line[WIDTH];
	u32 width, height;

	rfb_view_screen.size(&viewer, &width, &height);
	for (u32 y = 0; y < height; y++) {
		rfb_view_screen.line(&viewer, 0, y, width, false, line);
		for (u32 x = 0; x < width; x++)
			if ((line[x] ^ copy[y * WIDTH + x]) & 0xffffff)
				fail_msg("%u,%u", x, y);
	}
}

static void change_everything(void)
{
	static u32 cursor[CURSOR_SIZE * CURSOR_SIZE];

	for (u32 i = 0; i < ARRAY_SIZE(cursor); i++)
		cursor[i] = 0xff000000 | i;
	world_picture(0, 200, 150, PIXEL_B8G8R8X8, 200 * 4, 65536);
	display_damage(&dm_vms[0], 0, &(struct rect){ 0, 0, 200, 150 });
	compare();
	world_picture(1, 640, 480, PIXEL_R8G8B8X8, 640 * 4, 4096);
	display_damage(&dm_vms[1], 0, &(struct rect){ 0, 0, 640, 480 });
	compare();
	for (u32 i = 0; i < 2; i++) {
		u32 size = i ? 600 : 150;

		world_change(i);
		display_damage(&dm_vms[i], 0, &(struct rect){ 0, 0, size, size });
		display_damage(&dm_vms[i], 0, &(struct rect){ 0, 0, 640, 480 });
		compare();
	}
	display_cursor(&dm_vms[0], 0, cursor, 30, 40);
	compare();
	display_cursor(&dm_vms[0], 0, cursor, 150, 140);
	compare();
	display_cursor(&dm_vms[0], 0, NULL, 150, 140);
	compare();
	display_message("a message");
	compare();
	display_focus(&dm_vms[1]);
	compare();
	display_set(&dm_vms[0], 0, NULL);
	compare();
	display_plug(&dm_vms[0], 2);
	compare();
	display_plug(&dm_vms[0], 0);
	compare();
}

static void test_observer_sees_all(void **state)
{
	static const enum config_layout layouts[] = { LAYOUT_TILES, LAYOUT_FULL, LAYOUT_PIP };

	(void)state;
	for (u32 vm = 0; vm < 3; vm++) {
		for (u32 i = 0; i < ARRAY_SIZE(layouts); i++) {
			world_start(WIDTH, HEIGHT, layouts[i], 2);
			viewer = (struct rfb_view){ .vm = vm < 2 ? &dm_vms[vm] : NULL };
			memset(copy, 0, sizeof(copy));
			refresh(&(struct rect){ 0, 0, WIDTH, HEIGHT });
			display_observe(&observer);
			change_everything();
			display_observe(NULL);
			world_stop();
		}
	}
}

static void test_sizes(void **state)
{
	struct rfb_view view = { 0 };
	u32 width, height, line[10];

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 1);
	rfb_view_screen.size(&view, &width, &height);
	assert_int_equal(width, WIDTH);
	assert_int_equal(height, HEIGHT);
	view.vm = &dm_vms[0];
	rfb_view_screen.size(&view, &width, &height);
	assert_int_equal(width, 0);
	world_picture(0, 300, 100, PIXEL_B8G8R8X8, 1200, 65536);
	rfb_view_screen.size(&view, &width, &height);
	assert_int_equal(width, 300);
	assert_int_equal(height, 100);
	rfb_view_screen.line(&view, 290, 99, 10, false, line);
	assert_int_equal(line[9] & 0xffffff, world_pixel(0, 299, 99) & 0xffffff);
}

static void test_cursor(void **state)
{
	static const u32 image[CURSOR_SIZE * CURSOR_SIZE] = { 0xff123456 };
	struct rfb_view view = { 0 };
	struct rfb_cursor cursor;
	u32 pixel;

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 1);
	world_picture(0, 300, 100, PIXEL_B8G8R8X8, 1200, 65536);
	view.vm = &dm_vms[0];
	assert_false(rfb_view_screen.cursor(&view, &cursor));
	display_cursor_hot(&dm_vms[0], 0, 5, 6);
	display_cursor(&dm_vms[0], 0, image, 10, 20);
	assert_true(rfb_view_screen.cursor(&view, &cursor));
	assert_ptr_equal(cursor.pixels, image);
	assert_int_equal(cursor.hot_x, 5);
	assert_int_equal(cursor.hot_y, 6);
	rfb_view_screen.line(&view, 10, 20, 1, false, &pixel);
	assert_int_equal(pixel & 0xffffff, 0x123456);
	rfb_view_screen.line(&view, 10, 20, 1, true, &pixel);
	assert_int_equal(pixel & 0xffffff, world_pixel(0, 10, 20) & 0xffffff);
	view.vm = NULL;
	assert_false(rfb_view_screen.cursor(&view, &cursor));
}

/* Two guests side by side: the first one to one, the second scaled down. */
static void test_pointer_on_the_panel(void **state)
{
	struct rfb_view view = { 0 };
	struct rect first, second;

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 2);
	world_picture(0, 200, 100, PIXEL_B8G8R8X8, 800, 65536);
	world_picture(1, 800, 400, PIXEL_B8G8R8X8, 3200, 65536);
	first = display_placement(&dm_vms[0], 0);
	second = display_placement(&dm_vms[1], 0);
	rfb_view_screen.pointer(&view, 0, 0, 0, 0); /* between pictures */
	expect("");
	rfb_view_screen.pointer(&view, first.x + 7, first.y + 99, 0, 1);
	expect("0.0:7,99/200x100:0:1 ");
	rfb_view_screen.pointer(&view, second.x + second.width - 1, second.y, 0, 0);
	expect("1.0:798,0/800x400:0:0 ");
	assert_ptr_equal(display_focused(), &dm_vms[0]);
	/* A button pressed there: it has the focus, and the pointer until the button is let go. */
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 1, 0);
	assert_ptr_equal(display_focused(), &dm_vms[1]);
	rfb_view_screen.pointer(&view, first.x + 5, first.y + 5, 1, 0);
	rfb_view_screen.pointer(&view, 799, 599, 1, 0);
	rfb_view_screen.pointer(&view, first.x + 5, first.y + 5, 0, 0);
	rfb_view_screen.pointer(&view, first.x + 5, first.y + 5, 0, 0);
	expect("1.0:2,2/800x400:1:0 1.0:0,110/800x400:1:0 1.0:798,398/800x400:1:0 "
	       "1.0:0,110/800x400:0:0 0.0:5,5/200x100:0:0 ");
	/* The picture goes while the button is held. */
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 1, 0);
	display_set(&dm_vms[1], 0, NULL);
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 1, 0);
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 0, 0);
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 0, 0);
	display_plug(&dm_vms[1], 0);
	rfb_view_screen.pointer(&view, second.x + 1, second.y + 1, 4, 0);
	expect("1.0:2,2/800x400:1:0 ");
}

static void test_pointer_on_a_guest(void **state)
{
	struct rfb_view view = { 0 };

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 2);
	view.vm = &dm_vms[1];
	rfb_view_screen.pointer(&view, 3, 4, 1, 0); /* shows nothing */
	world_picture(1, 800, 400, PIXEL_B8G8R8X8, 3200, 65536);
	rfb_view_screen.pointer(&view, 700, 4, 1, -1);
	expect("1.0:700,4/800x400:1:-1 ");
	assert_ptr_equal(display_focused(), &dm_vms[0]);
}

/* What is held is released where it was pressed. */
static void test_keys_follow_the_focus(void **state)
{
	struct rfb_view panel = { 0 }, guest = { 0 };

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 2);
	rfb_view_screen.key(&panel, 0x1d, true);
	rfb_view_screen.key(&panel, 0x1e, true);
	display_focus(&dm_vms[1]);
	rfb_view_screen.key(&panel, 0x1e, false);
	rfb_view_screen.key(&panel, 0x30, true);
	rfb_view_screen.key(&panel, 0x30, false);
	type_all();
	expect("0+1d 1+30 0+1e 1-30 0-1d 0-1e ");
	guest.vm = &dm_vms[0];
	rfb_view_screen.key(&guest, 0x1f, true);
	rfb_view_screen.key(&guest, 0x1f, false);
	type_all();
	expect("0+1f 0-1f ");
}

static void test_typing_waits_for_the_guest(void **state)
{
	u64 next;

	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 2);
	type_all();
	now += 1000000;
	assert_true(rfb_typing_run(now) == ~0ULL);
	rfb_type(&dm_vms[0], 1, true);
	rfb_type(&dm_vms[0], 1, false);
	next = rfb_typing_run(now);
	expect("0+1 ");
	assert_true(next == now + 8000);
	rfb_typing_run(next - 1);
	expect("");
	busy = true;
	now = rfb_typing_run(next);
	now = rfb_typing_run(now);
	expect("");
	busy = false;
	assert_true(rfb_typing_run(now) == ~0ULL);
	expect("0-1 ");
	/* Never read: forgotten. */
	busy = true;
	rfb_type(&dm_vms[0], 2, true);
	for (u32 i = 0; i < 2000 && now != ~0ULL; i++)
		now = rfb_typing_run(now);
	assert_true(now == ~0ULL);
	now = 1000000000;
	busy = false;
	assert_true(rfb_typing_run(now) == ~0ULL);
	expect("");
}

/* Too much at once: what is down is released, and the guest can be typed to again. */
static void test_typing_too_much(void **state)
{
	(void)state;
	world_start(WIDTH, HEIGHT, LAYOUT_TILES, 1);
	rfb_type(&dm_vms[0], 0x2a, true);
	type_all();
	expect("0+2a ");
	busy = true;
	for (u32 i = 0; i < 256; i++)
		rfb_type(&dm_vms[0], 3, i % 2 == 0);
	rfb_type(&dm_vms[0], 4, true);
	busy = false;
	now += 1000000;
	type_all();
	expect("0-2a 0+4 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_sizes, teardown),
		cmocka_unit_test_teardown(test_cursor, teardown),
		cmocka_unit_test(test_observer_sees_all),
		cmocka_unit_test_teardown(test_pointer_on_the_panel, teardown),
		cmocka_unit_test_teardown(test_pointer_on_a_guest, teardown),
		cmocka_unit_test_teardown(test_keys_follow_the_focus, teardown),
		cmocka_unit_test_teardown(test_typing_waits_for_the_guest, teardown),
		cmocka_unit_test_teardown(test_typing_too_much, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
