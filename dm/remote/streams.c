/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Commands whose answer is long: pictures, the log, guests' text. Printed as the port has room. */
#include "../devices/uart.h"
#include "../display/display.h"
#include "../display/png.h"
#include "../drivers/com1.h"
#include "../runtime.h"
#include "command.h"
#include "follow.h"

#define BASE64_BYTES 57u /* 76 characters a line */

/* "screen" or nothing: *vm NULL; else VM[:HEAD]. */
static bool parse_picture(char **args, u32 count, struct dm_vm **vm, u32 *head)
{
	*vm = NULL;
	*head = 0;
	if (count == 0 || strcmp(args[0], "screen") == 0)
		return true;
	*vm = command_head(args[0], 0, head);
	return *vm != NULL;
}

static size_t base64_line(char *to, const u8 *from, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		u32 v = (u32)from[i] << 16 | (left > 1 ? (u32)from[i + 1] << 8 : 0) |
			(left > 2 ? from[i + 2] : 0u);

		to[n++] = digits[v >> 18];
		to[n++] = digits[v >> 12 & 63];
		to[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
		to[n++] = left > 2 ? digits[v & 63] : '=';
	}
	to[n++] = '\n';
	return n;
}

static enum command_result step_picture(struct command_job *job)
{
	char line[BASE64_BYTES / 3 * 4 + 1];

	while (job->at < job->end && com1_space() >= COMMAND_STEP) {
		size_t len = MIN(job->end - job->at, (u64)BASE64_BYTES);

		com1_write(line, base64_line(line, job->data + job->at, len));
		job->at += len;
	}
	if (job->at < job->end)
		return COMMAND_MORE;
	command_print("end\n");
	return COMMAND_DONE;
}

/* Eight or fewer hexadecimal digits. */
static bool parse_crc(const char *text, u32 *crc)
{
	u32 digits = 0;

	*crc = 0;
	for (; *text; text++, digits++) {
		char c = (char)(*text | ('A' ^ 'a')); /* digits stay what they are */

		if (c >= '0' && c <= '9')
			*crc = *crc << 4 | (u32)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*crc = *crc << 4 | (u32)(c - 'a' + 10);
		else
			return false;
	}
	return digits > 0 && digits <= 8;
}

/* Arguments from `if-not` on, if there are any: whether the picture is the one that was named. */
static enum command_result check_unchanged(char **args, u32 count, struct dm_vm *vm, u32 head,
					   bool *unchanged)
{
	u32 known, crc;

	*unchanged = false;
	if (count < 2)
		return COMMAND_DONE;
	if (count != 3 || strcmp(args[1], "if-not") != 0 || !parse_crc(args[2], &known))
		return command_fail("usage: screenshot screen|VM[:HEAD] if-not CRC");
	*unchanged = screenshot_crc(vm, head, &crc) == 0 && crc == known;
	if (*unchanged)
		command_print("unchanged %08x\n", crc);
	return COMMAND_DONE;
}

enum command_result command_screenshot(struct command_job *job, char **args, u32 count)
{
	struct dm_vm *vm;
	bool unchanged;
	size_t len;
	u32 head;

	if (!parse_picture(args, count, &vm, &head))
		return COMMAND_FAILED;
	if (check_unchanged(args, count, vm, head, &unchanged) == COMMAND_FAILED)
		return COMMAND_FAILED;
	if (unchanged)
		return COMMAND_DONE;
	if (screenshot_png(vm, head, &job->data, &len))
		return command_fail("nothing is shown there");
	job->at = 0;
	job->end = len;
	job->quiet = true;
	job->step = step_picture;
	command_print("png %llu crc32 %08x\n", (unsigned long long)len, png_crc(0, job->data, len));
	return COMMAND_MORE;
}

enum command_result command_crc(struct command_job *job, char **args, u32 count)
{
	struct dm_vm *vm;
	u32 head, crc;

	(void)job;
	if (!parse_picture(args, count, &vm, &head))
		return COMMAND_FAILED;
	if (screenshot_crc(vm, head, &crc))
		return command_fail("nothing is shown there");
	command_print("%08x\n", crc);
	return COMMAND_DONE;
}

/*
 * Guests write what they like, an `ok` included: the length tells where their text ends. Carriage
 * returns in it are left out and not counted.
 */
static void begin_text(struct command_job *job, u64 length)
{
	command_print("text %llu\n", (unsigned long long)length);
	job->quiet = true;
}

static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			com1_write(text + i, 1);
}

static enum command_result end_text(void)
{
	command_print("\n");
	return COMMAND_DONE;
}

static enum command_result step_log(struct command_job *job)
{
	u64 start, end;

	follow_log_range(&start, &end);
	if (job->at < start)
		job->at = start;
	for (; job->at < job->end && com1_space() >= COMMAND_STEP; job->at++) {
		char c = follow_log_byte(job->at);

		print_text(&c, 1);
	}
	return job->at < job->end ? COMMAND_MORE : end_text();
}

enum command_result command_log(struct command_job *job, char **args, u32 count)
{
	u64 length = 0;

	(void)args, (void)count;
	follow_log_range(&job->at, &job->end);
	for (u64 at = job->at; at < job->end; at++)
		length += follow_log_byte(at) != '\r';
	begin_text(job, length);
	job->step = step_log;
	return COMMAND_MORE;
}

static enum command_result step_console(struct command_job *job)
{
	char text[256];

	while (job->at < job->end && com1_space() >= COMMAND_STEP) {
		size_t n = uart_text_read(job->vm, &job->at, text,
					  MIN(job->end - job->at, (u64)sizeof(text)));

		if (n == 0)
			break;
		print_text(text, n);
	}
	return job->at < job->end ? COMMAND_MORE : end_text();
}

enum command_result command_console(struct command_job *job, char **args, u32 count)
{
	u64 at, length = 0;
	char c;

	(void)count;
	job->vm = command_vm(args[0]);
	if (!job->vm)
		return COMMAND_FAILED;
	job->end = uart_text_end(job->vm);
	/* Not the very oldest: the guest may write on meanwhile. */
	job->at = job->end - MIN(job->end, UART_TEXT - UART_TEXT / 8);
	at = job->at;
	while (at < job->end && uart_text_read(job->vm, &at, &c, 1))
		length += c != '\r';
	begin_text(job, length);
	job->step = step_console;
	return COMMAND_MORE;
}
