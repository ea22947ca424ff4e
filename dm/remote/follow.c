/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements follow.h. */
#include "follow.h"
#include "../devices/uart.h"
#include "../drivers/com1.h"
#include "../runtime.h"
#include "../state.h"

#include <stdatomic.h>

/* The hypervisor may be overwriting the oldest text while it is read here: keep off. */
#define LOG_MARGIN 1024u
#define LINE_MAX   512u
#define GUEST_LINE 200u

struct follow_state {
	u64 log_at;
};

static struct follow_state *state;
/* Guests' text before this holds no end of line after what was logged. */
static u64 scanned[MAX_VMS];

static const struct log_ring *ring(void)
{
	return (const struct log_ring *)DM_LOG_BASE;
}

void follow_init(bool adopted)
{
	u64 head = atomic_load(&ring()->head);

	state = state_alloc_host(sizeof(*state));
	if (!state)
		dm_die("no room for the console's state");
	if (!adopted || state->log_at > head)
		state->log_at = head;
}

void follow_log_range(u64 *start, u64 *end)
{
	*end = atomic_load_explicit(&ring()->head, memory_order_acquire);
	*start = *end > LOG_RING_SIZE - LOG_MARGIN ? *end - (LOG_RING_SIZE - LOG_MARGIN) : 0;
}

char follow_log_byte(u64 at)
{
	return ring()->text[at % LOG_RING_SIZE];
}

/* Length of the line at `at`, its end included; 0 when it is not complete. */
static u32 log_line_length(u64 at, u64 end)
{
	for (u32 n = 0; n < LINE_MAX && at + n < end; n++)
		if (follow_log_byte(at + n) == '\n')
			return n + 1;
	return end - at >= LINE_MAX ? LINE_MAX : 0;
}

static void follow_log(void)
{
	static const char lost[] = "[...] lines of the log were lost here\n";
	u64 start, end;

	follow_log_range(&start, &end);
	if (state->log_at < start) {
		com1_write(lost, sizeof(lost) - 1);
		state->log_at = start + log_line_length(start, end);
	}
	while (state->log_at < end && com1_space() >= LINE_MAX) {
		char line[LINE_MAX];
		u32 len = log_line_length(state->log_at, end);

		if (len == 0)
			break;
		for (u32 i = 0; i < len; i++)
			line[i] = follow_log_byte(state->log_at + i);
		com1_write(line, len);
		state->log_at += len;
	}
}

/* Takes one line of a guest's text; its length without the end, or -1 when none is complete. */
static int take_line(struct dm_vm *vm, u64 *at, char *line)
{
	u64 *logged = uart_text_logged(vm);
	char c = 0;
	int n = 0;

	*at = *logged;
	while (n < (int)GUEST_LINE && c != '\n') {
		if (!uart_text_read(vm, at, &c, 1))
			return -1;
		if ((c >= ' ' && c < 0x7f) || c == '\t')
			line[n++] = c;
	}
	return n;
}

static void follow_guest(struct dm_vm *vm)
{
	const char *name = vm->config->name;
	u64 end = uart_text_end(vm);

	while (scanned[vm->index] != end && com1_space() >= LINE_MAX) {
		char line[GUEST_LINE], text[LINE_MAX];
		u64 at;
		int n = take_line(vm, &at, line);

		if (n < 0) {
			scanned[vm->index] = end;
			return;
		}
		n = str_format(text, sizeof(text), "%s| %.*s\n", name, n, line);
		com1_write(text, (size_t)n);
		*uart_text_logged(vm) = at;
	}
}

void follow_run(void)
{
	follow_log();
	for (u32 i = 0; i < dm_vm_count; i++)
		if (dm_vms[i].config->log_serial && uart_text_logged(&dm_vms[i]))
			follow_guest(&dm_vms[i]);
}
