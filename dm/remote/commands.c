/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The command table, and the commands about guests and the machine. */
#include "../devices/monitors.h"
#include "../display/display.h"
#include "../drivers/com1.h"
#include "../hypercall.h"
#include "../life.h"
#include "../runtime.h"
#include "../state.h"
#include "command.h"

#define TRANSIT_LIMIT_US 10000000
#define DRAIN_POLL_US	 1000

void command_print(const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = str_vformat(text, sizeof(text), format, args);
	va_end(args);
	com1_write(text, MIN((size_t)n, sizeof(text) - 1));
}

enum command_result command_fail(const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	str_vformat(text, sizeof(text), format, args);
	va_end(args);
	command_print("error: %s\n", text);
	return COMMAND_FAILED;
}

struct dm_vm *command_vm(const char *name)
{
	struct dm_vm *vm = vm_find(name);

	if (!vm)
		command_fail("no guest is called %s", name);
	return vm;
}

const char *command_number(const char *text, char end, u32 *value)
{
	*value = 0;
	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9' && *value < 100000; text++)
		*value = *value * 10 + (u32)(*text - '0');
	return *text == end ? text + (end != 0) : NULL;
}

struct dm_vm *command_head(char *name, u32 none, u32 *head)
{
	char *c = name;

	*head = none;
	while (*c && *c != ':')
		c++;
	if (*c == ':') {
		*c++ = 0;
		if (!command_number(c, 0, head) || *head >= MONITORS_MAX) {
			command_fail("a head is a number from 0 to 15");
			return NULL;
		}
	}
	return command_vm(name);
}

static enum command_result run_help(struct command_job *job, char **args, u32 count)
{
	(void)job, (void)args, (void)count;
	for (const struct command *c = command_table; c->name; c++)
		command_print("%s%s%s - %s\n", c->name, c->arguments[0] ? " " : "", c->arguments,
			      c->help);
	return COMMAND_DONE;
}

static void print_guest(const struct dm_vm *vm)
{
	const char *reason;
	const char *state = life_describe(vm, &reason);
	struct rect at = display_placement(vm, 0);

	command_print("%s %s%s%s, %llu MiB, %u cpus", vm->config->name, state,
		      reason[0] ? ": " : "", reason, (unsigned long long)(vm->config->memory >> 20),
		      vm->config->cpus);
	if (at.width)
		command_print(", at %u,%u %ux%u\n", at.x, at.y, at.width, at.height);
	else
		command_print(", not shown\n");
}

static enum command_result run_list(struct command_job *job, char **args, u32 count)
{
	(void)job, (void)args, (void)count;
	for (u32 i = 0; i < dm_vm_count; i++)
		print_guest(&dm_vms[i]);
	return COMMAND_DONE;
}

static enum command_result run_focus(struct command_job *job, char **args, u32 count)
{
	struct dm_vm *vm = command_vm(args[0]);

	(void)job, (void)count;
	if (!vm)
		return COMMAND_FAILED;
	display_focus(vm);
	return COMMAND_DONE;
}

static enum command_result monitors_result(const struct dm_vm *vm, int rc, const char *range)
{
	if (rc == -ENODEV)
		return command_fail("%s has no display", vm->config->name);
	return rc ? command_fail("%s", range) : COMMAND_DONE;
}

static enum command_result run_resize(struct command_job *job, char **args, u32 count)
{
	u32 width = 0, height = 0, head;
	struct dm_vm *vm = command_head(args[0], MONITORS_ALL, &head);
	const char *rest = command_number(args[1], 'x', &width);

	(void)job, (void)count;
	if (!vm)
		return COMMAND_FAILED;
	if (!rest || !command_number(rest, 0, &height))
		width = 0;
	return monitors_result(vm, monitors_resize(vm, head, width, height),
			       "a size is from 64x64 to 7680x4320");
}

static enum command_result run_heads(struct command_job *job, char **args, u32 count)
{
	struct dm_vm *vm = command_vm(args[0]);
	u32 heads;

	(void)job, (void)count;
	if (!vm)
		return COMMAND_FAILED;
	if (!command_number(args[1], 0, &heads))
		heads = 0;
	return monitors_result(vm, monitors_plug(vm, heads),
			       "heads are 1 to 16, and 1 of the device bochs");
}

static enum command_result describe_failure(struct dm_vm *vm, int rc)
{
	const char *reason;

	switch (rc) {
	case -EPERM:
		return command_fail("refused: %s", vm->refusal);
	case -EBUSY:
		return command_fail("%s is %s", vm->config->name, life_describe(vm, &reason));
	case -ENOENT:
		return command_fail("%s does not run", vm->config->name);
	default:
		life_describe(vm, &reason);
		return command_fail("%s", reason);
	}
}

/* Until the hypervisor has stopped all vCPUs, and the guest is loaded again when resetting. */
static enum command_result step_transit(struct command_job *job)
{
	if (life_in_transit(job->vm)) {
		if (time_now() < job->deadline)
			return COMMAND_MORE;
		return command_fail("%s does not stop", job->vm->config->name);
	}
	if (state_guest(job->vm->index)->phase == PHASE_FAILED)
		return describe_failure(job->vm, -EIO);
	return COMMAND_DONE;
}

static enum command_result change(struct command_job *job, const char *name,
				  int (*how)(struct dm_vm *vm))
{
	struct dm_vm *vm = command_vm(name);
	int rc;

	if (!vm)
		return COMMAND_FAILED;
	rc = how(vm);
	if (rc)
		return describe_failure(vm, rc);
	job->vm = vm;
	job->deadline = time_now() + time_from_us(TRANSIT_LIMIT_US);
	job->step = step_transit;
	return COMMAND_MORE;
}

static enum command_result run_reset(struct command_job *job, char **args, u32 count)
{
	(void)count;
	return change(job, args[0], vm_reset);
}

static enum command_result run_stop(struct command_job *job, char **args, u32 count)
{
	(void)count;
	return change(job, args[0], vm_stop);
}

static enum command_result run_start(struct command_job *job, char **args, u32 count)
{
	(void)count;
	return change(job, args[0], vm_start);
}

/* What was printed lies in the state region: the next generation sends it. */
static enum command_result run_restart(struct command_job *job, char **args, u32 count)
{
	(void)job, (void)args, (void)count;
	command_print("ok\n");
	hc_restart(false);
}

static enum command_result step_poweroff(struct command_job *job)
{
	job->deadline = time_now() + time_from_us(DRAIN_POLL_US);
	if (!com1_idle())
		return COMMAND_MORE;
	hc_poweroff(false);
}

static enum command_result run_poweroff(struct command_job *job, char **args, u32 count)
{
	(void)args, (void)count;
	command_print("ok\n");
	job->step = step_poweroff;
	return COMMAND_MORE;
}

static enum command_result run_fault(struct command_job *job, char **args, u32 count)
{
	(void)job, (void)args, (void)count;
	command_print("ok\n");
	__asm__ volatile("ud2");
	return COMMAND_MORE;
}

static enum command_result run_hang(struct command_job *job, char **args, u32 count)
{
	(void)job, (void)args, (void)count;
	command_print("ok\n");
	for (;;)
		__builtin_ia32_pause();
	return COMMAND_MORE;
}

const struct command command_table[] = {
	{ "help", "", "this list", 0, 0, run_help },
	{ "list", "", "guests: state, memory, processors, place on the panel", 0, 0, run_list },
	{ "screenshot", "[screen|VM[:HEAD] [if-not CRC]]",
	  "a picture: png LENGTH crc32 SUM, base64, end; or: unchanged CRC", 0, 3,
	  command_screenshot },
	{ "frames", "VM [on|off|N]", "record the CRC of each frame; the last N, with times", 1, 2,
	  command_frames },
	{ "crc", "[screen|VM[:HEAD]]", "CRC-32 over a picture's size and pixels", 0, 1,
	  command_crc },
	{ "focus", "VM", "give a guest the focus", 1, 1, run_focus },
	{ "key", "VM KEYS",
	  "type into a guest: \"text\", names (ret esc tab space backspace up down left right home "
	  "end "
	  "pgup pgdn insert delete pause print f1..f12), modifiers before a key: ctrl-alt-delete, "
	  "shift-tab, alt-f1",
	  2, COMMAND_MAX_ARGS - 1, command_key },
	{ "pointer", "VM[:HEAD] X,Y [BUTTON]...",
	  "put a guest's pointer there, with these held: left middle right, up down (the wheel)", 2,
	  7, command_pointer },
	{ "send", "VM TEXT",
	  "text for a guest's serial console: \"root\" ret, names (esc tab space backspace up down "
	  "left right), ctrl-c",
	  2, COMMAND_MAX_ARGS - 1, command_send },
	{ "resize", "VM[:HEAD] WxH", "the mode that a guest's monitors, or one of them, prefer", 2,
	  2, run_resize },
	{ "heads", "VM N", "the number of monitors that are plugged into a guest", 2, 2,
	  run_heads },
	{ "reset", "VM", "stop a guest, load it again, start it", 1, 1, run_reset },
	{ "stop", "VM", "stop a guest at once", 1, 1, run_stop },
	{ "start", "VM", "load and start a stopped guest", 1, 1, run_start },
	{ "stats", "[VM]", "counters", 0, 1, command_stats },
	{ "restart-dm", "", "start the device domain again under the running guests", 0, 0,
	  run_restart },
	{ "log", "", "the log's text", 0, 0, command_log },
	{ "console", "VM", "a guest's serial output", 1, 1, command_console },
	{ "poweroff", "", "switch the machine off", 0, 0, run_poweroff },
	{ "fault-dm", "", "for tests: an invalid instruction in the device domain", 0, 0,
	  run_fault },
	{ "hang-dm", "", "for tests: an endless loop in the device domain", 0, 0, run_hang },
	{ 0 },
};
