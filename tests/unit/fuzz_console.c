/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_dm_console */

/* The input is what arrives on the serial line; a zero byte lets time pass. Whatever it is, the
 * console then answers a command as ever. Commands that end the domain are left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dm/devices.h"
#include "dm/devices/gpu.h"
#include "dm/devices/monitors.h"
#include "dm/display/compositor.h"
#include "dm/display/display.h"
#include "dm/display/frames.h"
#include "dm/display/png.h"
#include "dm/hypercall.h"
#include "dm/remote/console.h"
#include "dm_stubs.h"

#define LONGEST 4096

static const u8 picture[3000];
static struct monitors plugged;
static jmp_buf end;
static bool mapped;

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/* The display's side. */
struct rect display_placement(const struct dm_vm *vm, u32 head)
{
	(void)vm;
	return (struct rect){ 10, 20, head ? 0 : 1024, 768 };
}

struct head *compositor_head(const struct dm_vm *vm, u32 head)
{
	static struct head shown;

	(void)vm;
	return head ? NULL : &shown;
}

void display_focus(struct dm_vm *vm)
{
	(void)vm;
}

struct dm_vm *display_focused(void)
{
	return &dm_vms[0];
}

struct display_stats *display_stats(const struct dm_vm *vm)
{
	static struct display_stats stats;

	(void)vm;
	return &stats;
}

struct gpu_usage gpu_usage(const struct dm_vm *vm)
{
	(void)vm;
	return (struct gpu_usage){ 0 };
}

int screenshot_png(struct dm_vm *vm, u32 head, const u8 **png, size_t *size)
{
	*png = picture;
	*size = sizeof(picture);
	return vm && head ? -ENOENT : 0;
}

int screenshot_crc(struct dm_vm *vm, u32 head, u32 *crc)
{
	*crc = vm ? 0x12345678 : 0xcafe;
	return head ? -ENOENT : 0;
}

u32 png_crc(u32 crc, const void *data, size_t size)
{
	(void)data;
	return crc + (u32)size;
}

static struct monitors *monitors(struct dm_device *dev)
{
	(void)dev;
	return &plugged;
}

static void replug(struct dm_device *dev, u32 exchanged)
{
	(void)exchanged;
	if (monitors_count(dev->vm, &plugged) > MONITORS_MAX)
		abort();
}

static const struct dm_device_ops display_ops = {
	.name = "display", .max_monitors = MONITORS_MAX, .monitors = monitors, .replug = replug
};

void hc_restart(bool failed)
{
	(void)failed;
	longjmp(end, 1);
}

void hc_poweroff(bool reboot)
{
	(void)reboot;
	longjmp(end, 1);
}

static void run(u32 steps)
{
	for (u32 i = 0; i < steps; i++, dm_stubs.now += STUB_HZ / 200)
		console_run();
}

static void setup(void)
{
	dm_stubs_setup(0);
	if (!mapped)
		dm_stubs_map(DM_LOG_BASE, sizeof(struct log_ring) + LOG_RING_SIZE);
	mapped = true;
	dm_stubs.info.config.vms[0].input = INPUT_PS2;
	dm_stubs_device(&uart_ops);
	dm_vms[0].devices[1] = (struct dm_device){ .ops = &display_ops, .vm = &dm_vms[0] };
	dm_vms[0].device_count = 2;
	memset(&plugged, 0, sizeof(plugged));
	for (u32 i = 0; i < 5; i++)
		frames_add(&dm_vms[0], 0);
	console_init(false);
}

/* Whether a line comes to be a command that does, as the console edits lines. */
static bool ends_domain(const u8 *data, size_t len)
{
	static char text[LONGEST + 1];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = (char)data[i];

		if ((c == 0x08 || c == 0x7f) && n && text[n - 1] != '\n')
			n--;
		else if (c == '\r' || c == '\n')
			text[n++] = '\n';
		else if (c >= ' ' && c != 0x7f)
			text[n++] = c;
	}
	text[n] = 0;
	return strstr(text, "fault-dm") || strstr(text, "hang-dm");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	static char text[LONGEST + 2];
	static const char asked[] = "0000cafe\nok\n";

	if (len > LONGEST || ends_domain(data, len))
		return 0;
	memcpy(text, data, len);
	text[len] = '\n';
	text[len + 1] = 0;
	setup();
	if (setjmp(end) == 0) {
		for (size_t at = 0; at <= len; at += strlen(text + at) + 1) {
			dm_stubs.input = text + at;
			for (u32 i = 0; i < 8; i++) {
				console_receive();
				run(1);
			}
			dm_stubs.output_len = 0;
		}
		run(4000); /* what was begun ends: a guest has 5 s to read a key */
		dm_stubs.output_len = 0;
		dm_stubs.input = "crc\n";
		console_receive();
		run(8);
		if (dm_stubs.output_len < sizeof(asked) - 1 ||
		    memcmp(dm_stubs.output + dm_stubs.output_len - (sizeof(asked) - 1), asked,
			   sizeof(asked) - 1))
			abort();
	}
	return 0;
}
