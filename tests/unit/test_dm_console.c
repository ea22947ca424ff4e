/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/remote/console.c dm/remote/commands.c dm/remote/stats.c dm/remote/streams.c */
/* sources: dm/remote/frames.c dm/display/frames.c */
/* sources: dm/remote/follow.c dm/input.c dm/remote/type.c dm/remote/keys.c */
/* sources: dm/remote/send.c dm/remote/pointer.c dm/devices/uart.c */
/* sources: dm/devices/monitors.c dm/devices/edid.c tests/unit/dm_stubs.c */

/* The serial console: its command lines, answers, and what comes between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dm/devices.h"
#include "dm/devices/gpu.h"
#include "dm/display/display.h"
#include "dm/display/frames.h"
#include "dm/display/png.h"
#include "dm/display/compositor.h"
#include "dm/input.h"
#include "dm/devices/monitors.h"
#include "dm/remote/console.h"
#include "dm/remote/follow.h"
#include "dm/drivers/com1.h"
#include "dm_stubs.h"
#include "random.h"

static struct log_ring *ring;
static struct dm_device *uart;
static u8 picture[200];
static struct display_stats painted;
static const struct dm_vm *focused;

/* The display's side. */
struct rect display_placement(const struct dm_vm *vm, u32 head)
{
	(void)vm, (void)head;
	return (struct rect){ 10, 20, 1024, 768 };
}

void display_focus(struct dm_vm *vm)
{
	focused = vm;
}

struct gpu_usage gpu_usage(const struct dm_vm *vm)
{
	(void)vm;
	return (struct gpu_usage){ 3, 8192, 0 };
}

struct display_stats *display_stats(const struct dm_vm *vm)
{
	(void)vm;
	return &painted;
}

int screenshot_png(struct dm_vm *vm, u32 head, const u8 **png, size_t *len)
{
	*png = picture;
	*len = sizeof(picture);
	return vm && head ? -ENOENT : 0;
}

int screenshot_crc(struct dm_vm *vm, u32 head, u32 *crc)
{
	*crc = vm ? 0x12345678 : 0xcafe;
	return head ? -ENOENT : 0;
}

u32 png_crc(u32 crc, const void *data, size_t len)
{
	(void)data;
	return crc + (u32)len;
}

static void log_add(const char *text)
{
	for (; *text; text++)
		ring->text[ring->head++ % LOG_RING_SIZE] = *text;
}

static void guest_says(const char *text)
{
	for (; *text; text++)
		dm_stubs_out(uart, 0x3f8, 1, (u8)*text);
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(0);
	dm_stubs.info.config.vms[0].memory = MIB(512);
	dm_stubs.info.config.vms[0].log_serial = 1;
	dm_stubs_map(DM_LOG_BASE, sizeof(struct log_ring) + LOG_RING_SIZE);
	ring = (struct log_ring *)DM_LOG_BASE;
	uart = dm_stubs_device(&uart_ops);
	console_init(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dm_stubs_teardown();
	return 0;
}

static void type(const char *text)
{
	dm_stubs.input = text;
	console_receive();
}

/* What the console prints for that input until it rests. */
static const char *answer(const char *text)
{
	dm_stubs.output_len = 0;
	dm_stubs.output[0] = 0;
	type(text);
	for (u32 i = 0; i < 100; i++, dm_stubs.now += STUB_HZ / 1000)
		console_run();
	return dm_stubs.output;
}

static void lines_end_in_every_way(void **state)
{
	(void)state;
	assert_string_equal(answer("focus test\n"), "ok\n");
	assert_ptr_equal(focused, &dm_vms[0]);
	assert_string_equal(answer("crc\r"), "0000cafe\nok\n");
	assert_string_equal(answer("crc screen\r\n\r\n"), "0000cafe\nok\n");
	assert_string_equal(answer("crc tesx\bt\n"), "12345678\nok\n");
	assert_string_equal(answer("  crc \t test:0  \n"), "12345678\nok\n");
	assert_string_equal(answer("cr"), "");
	assert_string_equal(answer("c\n"), "0000cafe\nok\n");
}

static void keys_are_typed(void **state)
{
	(void)state;
	dm_stubs.info.config.vms[0].input = INPUT_PS2;
	assert_string_equal(answer("key test \"a b\" ret ctrl-c\n"), "");
	assert_in_range(dm_stubs.keys, 10, 12); /* in a tenth of a second */
	assert_string_equal(answer(""), "ok\n");
	assert_int_equal(dm_stubs.keys, 12);
	assert_int_equal(dm_stubs.last_key, KEY_LEFT_CTRL);
	assert_string_equal(answer("key test ret nokey\n"), "error: no key is called nokey\n");
	assert_string_equal(answer("key test \"a b\n"), "error: no key is called \"a b\n");
	assert_int_equal(dm_stubs.keys, 12);
	dm_stubs.keyboard_busy = true;
	assert_string_equal(answer("key test ret\n"), "");
	dm_stubs.now += 10 * STUB_HZ;
	assert_string_equal(answer(""), "error: test does not read its keyboard\n");
}

static void text_is_sent(void **state)
{
	static const char expected[] = "a\"b\r\003\033[A";

	(void)state;
	assert_string_equal(answer("send test \"a\\\"b\" ret ctrl-c up\n"), "");
	for (u32 i = 0; i < sizeof(expected) - 1; i++) {
		assert_int_equal(dm_stubs_in(uart, 0x3f8, 1), expected[i]);
		answer("");
	}
	assert_int_equal(dm_stubs_in(uart, 0x3fd, 1) & 1, 0);
	assert_string_equal(answer("send test frob\n"), "error: cannot send frob\n");
	assert_string_equal(answer("send test \"abc\"\n"), ""); /* room for one, without a FIFO */
	dm_stubs.now += 10 * STUB_HZ;
	assert_string_equal(answer(""), "error: test does not read its serial port\n");
}

static struct head shown;

struct head *compositor_head(const struct dm_vm *vm, u32 head)
{
	(void)vm;
	return head ? NULL : &shown;
}

static void pointers_are_put(void **state)
{
	(void)state;
	shown.surface.width = shown.surface.height = 0;
	assert_string_equal(answer("pointer test 5,5\n"), "error: nothing is shown there\n");
	shown.surface.width = 100;
	shown.surface.height = 50;
	assert_string_equal(answer("pointer test 5,5\n"), "ok\n");
	assert_string_equal(answer("pointer test 99,500 left right down\n"), "ok\n");
	assert_int_equal(dm_stubs.pointer.dx, 94);
	assert_int_equal(dm_stubs.pointer.dy, 44);
	assert_int_equal(dm_stubs.pointer.buttons, INPUT_LEFT | INPUT_RIGHT);
	assert_int_equal(dm_stubs.pointer.wheel, -1);
	assert_string_equal(answer("pointer test:1 5,5\n"), "error: nothing is shown there\n");
	assert_string_equal(answer("pointer test 5,x\n"), "error: a position is X,Y in pixels\n");
	assert_string_equal(answer("pointer test 5,5 far\n"), "error: no button is called far\n");
}

/* Nothing else may wake the domain once the line has been read: the console itself asks to be
 * called until the command is done. */
static void unfinished_commands_go_on_at_once(void **state)
{
	u32 calls = 0;

	(void)state;
	dm_stubs.output_len = 0;
	dm_stubs.output[0] = 0;
	type("log\n");
	while (console_run() <= dm_stubs.now && calls < 100)
		calls++;
	assert_true(calls < 100);
	assert_non_null(strstr(dm_stubs.output, "ok\n"));
}

/* What finds no room is missed in the line where it was lost, and ends no other. */
static void what_was_lost_is_told(void **state)
{
	char much[2000] = "";

	(void)state;
	dm_stubs.info.config.vms[0].input = INPUT_PS2;
	strcat(much, "key test a\ncrc\n");
	for (u32 i = 0; i < 1010; i++)
		strcat(much, "x");
	strcat(much, "lost\npoweroff\npower");
	assert_string_equal(answer(much), "ok\n0000cafe\nok\n");
	assert_string_equal(answer("off\n"), "error: line too long\n");
	assert_string_equal(answer("crc\n"), "0000cafe\nok\n");
}

static void wrong_lines_are_answered(void **state)
{
	char longest[600];

	(void)state;
	assert_string_equal(answer("frob\n"), "error: unknown command, try help\n");
	assert_string_equal(answer("stop\n"), "error: usage: stop VM\n");
	assert_string_equal(answer("stop a b\n"), "error: usage: stop VM\n");
	assert_string_equal(answer("stop a b c d\n"), "error: usage: stop VM\n");
	assert_string_equal(
		answer("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\n"),
		"error: too many words\n");
	assert_string_equal(answer("stop nobody\n"), "error: no guest is called nobody\n");
	assert_string_equal(answer("key test a\n"), "error: test has no keyboard\n");
	assert_string_equal(answer("crc test:x\n"), "error: a head is a number from 0 to 15\n");
	assert_string_equal(answer("crc test:1\n"), "error: nothing is shown there\n");
	memset(longest, 'x', sizeof(longest) - 2);
	strcpy(longest + sizeof(longest) - 2, "\n");
	assert_string_equal(answer(longest), "error: line too long\n");
	assert_string_equal(answer("crc\n"), "0000cafe\nok\n");
}

/* A display device's side of monitors.h. */
static struct monitors plugged;
static u32 replugged;

static struct monitors *stub_monitors(struct dm_device *dev)
{
	(void)dev;
	return &plugged;
}

static void stub_replug(struct dm_device *dev, u32 exchanged)
{
	(void)dev, (void)exchanged;
	replugged++;
}

static void monitors_change(void **state)
{
	static const struct dm_device_ops ops = { .name = "display",
						  .max_monitors = MONITORS_MAX,
						  .monitors = stub_monitors,
						  .replug = stub_replug };
	static const char *const sizes[] = { "63x64",  "64x63",	  "7681x64", "64x4321",
					     "640",    "640x",	  "x480",    "640x480x",
					     "-1x480", "640*480", "0x280x1", "99999999999999x480" };

	(void)state;
	assert_string_equal(answer("resize test 800x600\n"), "error: test has no display\n");
	assert_string_equal(answer("heads test 2\n"), "error: test has no display\n");
	dm_vms[0].devices[0].ops = &ops;
	dm_vms[0].device_count = 1;
	memset(&plugged, 0, sizeof(plugged));
	replugged = 0;
	assert_string_equal(answer("resize test 800x600\n"), "ok\n");
	assert_int_equal(plugged.sizes[0], 800 << 16 | 600);
	assert_int_equal(plugged.sizes[15], 800 << 16 | 600);
	assert_string_equal(answer("resize test:15 7680x4320\nresize test:1 64x64\n"), "ok\nok\n");
	assert_int_equal(plugged.sizes[0], 800 << 16 | 600);
	assert_int_equal(plugged.sizes[1], 64 << 16 | 64);
	assert_int_equal(plugged.sizes[15], 7680 << 16 | 4320);
	assert_string_equal(answer("heads test 16\n"), "ok\n");
	assert_int_equal(plugged.count, 16);
	assert_int_equal(replugged, 4);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		char line[64];

		snprintf(line, sizeof(line), "resize test %s\n", sizes[i]);
		assert_string_equal(answer(line), "error: a size is from 64x64 to 7680x4320\n");
	}
	assert_string_equal(answer("resize test:16 64x64\n"),
			    "error: a head is a number from 0 to 15\n");
	assert_string_equal(answer("resize test: 64x64\n"),
			    "error: a head is a number from 0 to 15\n");
	assert_string_equal(answer("heads test 0\nheads test 17\nheads test x\n"),
			    "error: heads are 1 to 16, and 1 of the device bochs\n"
			    "error: heads are 1 to 16, and 1 of the device bochs\n"
			    "error: heads are 1 to 16, and 1 of the device bochs\n");
	assert_int_equal(replugged, 4);
	dm_vms[0].device_count = 0;
}

static void list_tells_of_guests(void **state)
{
	(void)state;
	assert_string_equal(answer("list\n"),
			    "test running, 512 MiB, 1 cpus, at 10,20 1024x768\nok\n");
	dm_vms[0].refused = true;
	strcpy(dm_vms[0].refusal, "kernel x: not a kernel");
	assert_non_null(strstr(answer("list\n"), "test refused: kernel x: not a kernel, 512 MiB"));
	dm_stubs.life_result = -EPERM;
	assert_string_equal(answer("start test\n"), "error: refused: kernel x: not a kernel\n");
}

static void stop_waits_for_the_guest(void **state)
{
	(void)state;
	dm_stubs.in_transit = true;
	assert_string_equal(answer("stop test\ncrc\n"), "");
	dm_stubs.in_transit = false;
	assert_string_equal(answer(""), "ok\n0000cafe\nok\n");
	dm_stubs.in_transit = true;
	assert_string_equal(answer("reset test\n"), "");
	dm_stubs.now += 11 * STUB_HZ;
	assert_string_equal(answer(""), "error: test does not stop\n");
	dm_stubs.life_result = -ENOENT;
	assert_string_equal(answer("stop test\n"), "error: test does not run\n");
}

static void screenshot_is_whole(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p;
	u32 at = 0;

	(void)state;
	for (u32 i = 0; i < sizeof(picture); i++)
		picture[i] = (u8)(i * 7);
	dm_stubs.space = 0; /* nothing can be printed yet, and log lines come */
	answer("screenshot\n");
	dm_stubs.space = 65536;
	log_add("[1.0] before\n");
	p = answer("");
	assert_memory_equal(p, "[1.0] before\npng 200 crc32 000000c8\n", 36);
	p += 36;
	while (memcmp(p, "end\n", 4) != 0) {
		const char *end = strchr(p, '\n');

		assert_true(end - p <= 76 && (end - p) % 4 == 0);
		for (; p < end; p += 4) {
			u32 v = 0, pad = p[3] != '=' ? 0 : p[2] != '=' ? 1 : 2;

			for (u32 i = 0; i < 4; i++)
				v = v << 6 |
				    (p[i] == '=' ? 0 : (u32)(strchr(digits, p[i]) - digits));
			for (u32 i = 0; i < 3 - pad; i++)
				assert_int_equal(picture[at++], (u8)(v >> (16 - 8 * i)));
		}
		p++;
	}
	assert_int_equal(at, sizeof(picture));
	assert_string_equal(p, "end\nok\n");
}

static void a_known_picture_is_not_sent(void **state)
{
	static const char *const wrong[] = { "if-not",	"if-not 123456789", "if-not x",
					     "if cafe", "if-not \"\"",	    "cafe" };

	(void)state;
	assert_string_equal(answer("screenshot screen if-not cafe\n"), "unchanged 0000cafe\nok\n");
	assert_string_equal(answer("screenshot test if-not 12345678\n"),
			    "unchanged 12345678\nok\n");
	assert_memory_equal(answer("screenshot screen if-not cafF\n"), "png 200 crc32 ", 14);
	assert_memory_equal(answer("screenshot screen if-not 0CAFE\n"), "unchanged", 9);
	assert_string_equal(answer("screenshot test:1 if-not cafe\n"),
			    "error: nothing is shown there\n");
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		char line[64];

		snprintf(line, sizeof(line), "screenshot screen %s\n", wrong[i]);
		assert_string_equal(answer(line),
				    "error: usage: screenshot screen|VM[:HEAD] if-not CRC\n");
	}
}

static void frames_are_listed(void **state)
{
	(void)state;
	assert_string_equal(answer("frames test\n"), "frames 0 off\nok\n");
	assert_string_equal(answer("frames test on\n"), "ok\n");
	dm_stubs.info.boot_tsc = dm_stubs.now;
	dm_stubs.now += STUB_HZ / 4;
	frames_add(&dm_vms[0], 0);
	dm_stubs.now += STUB_HZ;
	frames_add(&dm_vms[0], 0);
	assert_string_equal(answer("frames test\n"),
			    "frames 2 on\n0.250000 0 12345678\n1.250000 0 12345678\nok\n");
	assert_string_equal(answer("frames test off\n"), "ok\n");
	assert_string_equal(answer("frames test 1\n"), "frames 2 off\n1.250000 0 12345678\nok\n");
	assert_string_equal(answer("frames test 4097\nframes test x\n"),
			    "error: on, off, or a number up to 4096\n"
			    "error: on, off, or a number up to 4096\n");
	assert_string_equal(answer("frames nobody\n"), "error: no guest is called nobody\n");
}

static void log_lines_come_whole(void **state)
{
	(void)state;
	log_add("[1.5] half");
	assert_string_equal(answer(""), "");
	log_add(" and half\n[1.6] next\n[1.7");
	assert_string_equal(answer(""), "[1.5] half and half\n[1.6] next\n");
	assert_string_equal(answer("log\n"),
			    "text 35\n[1.5] half and half\n[1.6] next\n[1.7\nok\n");
	for (u32 i = 0; i < 10000; i++)
		log_add("0123456789\n");
	answer("");
	assert_memory_equal(dm_stubs.output, "[...]", 5);
	assert_string_equal(strchr(dm_stubs.output, '\n') + 1 +
				    strlen(strchr(dm_stubs.output, '\n') + 1) - 11,
			    "0123456789\n");
}

static void guest_text_is_prefixed(void **state)
{
	(void)state;
	guest_says("Linux version\r\nlogin: ");
	assert_string_equal(answer(""), "test| Linux version\n");
	assert_string_equal(answer(""), "");
	guest_says("\033[1mroot\nok\n");
	assert_string_equal(answer(""), "test| login: [1mroot\ntest| ok\n");
	assert_string_equal(answer("console test\n"),
			    "text 33\nLinux version\nlogin: \033[1mroot\nok\n\nok\n");
	for (u32 i = 0; i < 300; i++)
		guest_says("x");
	answer("");
	assert_int_equal(dm_stubs.output_len, 6 + 200 + 1);
}

static void stats_name_every_counter(void **state)
{
	(void)state;
	dm_stubs.stats.counters[STAT_EXITS] = 77;
	painted.frames = 5;
	assert_non_null(strstr(answer("stats test\n"), "exits 77\n"));
	assert_non_null(strstr(dm_stubs.output, "\nframes 5\n"));
	assert_null(strstr(dm_stubs.output, "(null)"));
	assert_non_null(strstr(answer("stats\n"), "dm_restarts 0\n"));
	assert_non_null(strstr(dm_stubs.output, "\ntest.exits 77\n"));
}

static void any_input_is_answered_in_lines(void **state)
{
	struct random r = random_seeded("console");
	static char text[200];

	(void)state;
	for (u32 round = 0; round < 2000; round++) {
		u32 n = (u32)random_below(&r, sizeof(text) - 1);

		for (u32 i = 0; i < n; i++)
			text[i] = random_below(&r, 8) ? " abcrt:s\b"[random_below(&r, 9)]
						      : (char)(1 + random_below(&r, 255));
		text[n] = 0;
		answer(text);
		answer("\n");
	}
	answer("\n");
	assert_string_equal(answer("crc\n"), "0000cafe\nok\n");
}

static bool line_is_busy;

bool com1_idle(void)
{
	return !line_is_busy;
}

/* Nothing else may happen for long: the console itself says when it wants to go on. */
static void a_started_command_goes_on_by_itself(void **state)
{
	(void)state;
	line_is_busy = true;
	type("poweroff\n");
	assert_true(console_run() <= dm_stubs.now);
	assert_in_range(console_run(), dm_stubs.now, dm_stubs.now + STUB_HZ);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(lines_end_in_every_way),
		CASE(wrong_lines_are_answered),
		CASE(what_was_lost_is_told),
		CASE(keys_are_typed),
		CASE(text_is_sent),
		CASE(pointers_are_put),
		CASE(unfinished_commands_go_on_at_once),
		CASE(monitors_change),
		CASE(list_tells_of_guests),
		CASE(stop_waits_for_the_guest),
		CASE(screenshot_is_whole),
		CASE(a_known_picture_is_not_sent),
		CASE(frames_are_listed),
		CASE(log_lines_come_whole),
		CASE(guest_text_is_prefixed),
		CASE(stats_name_every_counter),
		CASE(any_input_is_answered_in_lines),
		CASE(a_started_command_goes_on_by_itself), /* for good */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
