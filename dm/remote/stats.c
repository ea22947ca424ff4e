/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The command stats: a line `name value` for each counter; `GUEST.name value` among the machine's.
 */
#include "../devices/gpu.h"
#include "../display/display.h"
#include "../hypercall.h"
#include "../runtime.h"
#include "../state.h"
#include "command.h"
#include "rfb.h"
#include "rfb_tcp.h"
#include "stats.h"

const char *const stats_names[STAT_COUNT] = {
	[STAT_EXITS] = "exits",
	[STAT_EXIT_PIO] = "exits_pio",
	[STAT_EXIT_MMIO] = "exits_mmio",
	[STAT_EXIT_DOORBELL] = "exits_doorbell",
	[STAT_EXIT_MSR] = "exits_msr",
	[STAT_EXIT_CPUID] = "exits_cpuid",
	[STAT_EXIT_CR] = "exits_cr",
	[STAT_EXIT_HYPERCALL] = "exits_hypercall",
	[STAT_EXIT_HLT] = "exits_hlt",
	[STAT_EXIT_IRQ] = "exits_irq",
	[STAT_EXIT_TIMER] = "exits_timer",
	[STAT_EXIT_WINDOW] = "exits_window",
	[STAT_EXIT_OTHER] = "exits_other",
	[STAT_IOREQS] = "ioreqs",
	[STAT_INJECTED] = "interrupts_injected",
	[STAT_TIMER_TICKS] = "timer_ticks",
	[STAT_UNCLAIMED] = "unclaimed_accesses",
};

static void print_value(const char *prefix, const char *name, u64 value)
{
	command_print("%s%s%s %llu\n", prefix, prefix[0] ? "." : "", name,
		      (unsigned long long)value);
}

static void print_guest(struct dm_vm *vm, const char *prefix)
{
	const struct display_stats *display = display_stats(vm);
	struct gpu_usage usage = gpu_usage(vm);
	struct vm_stats stats;

	if (hc_vm_stats(vm->index, &stats))
		return;
	for (u32 i = 0; i < STAT_COUNT; i++)
		print_value(prefix, stats_names[i], stats.counters[i]);
	for (u32 i = 0; i < vm->device_count; i++) {
		char name[32];

		str_format(name, sizeof(name), "ioreqs_%s", vm->devices[i].ops->name);
		print_value(prefix, name, state_guest(vm->index)->accesses[i]);
	}
	print_value(prefix, "doorbells", state_guest(vm->index)->doorbells);
	print_value(prefix, "frames", display->frames);
	print_value(prefix, "bytes_painted", display->bytes_painted);
	print_value(prefix, "bytes_copied", display->bytes_copied);
	print_value(prefix, "resources", usage.resources);
	print_value(prefix, "resource_bytes", usage.bytes);
	print_value(prefix, "fence_latest_us", time_to_us(usage.fence_latest));
	print_value(prefix, "memory", vm->config->memory);
}

static void print_machine(void)
{
	struct vm_stats stats;

	if (hc_vm_stats(HC_MACHINE, &stats))
		return;
	print_value("", "boot_tsc", dm_info->boot_tsc);
	print_value("", "uptime_us", time_to_us(time_now() - dm_info->boot_tsc));
	print_value("", "idle_us", time_to_us(stats.idle_tsc));
	print_value("", "memory_used", stats.memory_used);
	print_value("", "free_pages", stats.free_pages);
	print_value("", "dm_restarts", stats.dm_restarts);
	print_value("", "dm_wakeups", stats.dm_wakeups);
	print_value("", "dm_exits", stats.dm_exits);
	print_value("", "dm_longest_us", time_to_us(stats.dm_longest));
	print_value("", "vnc_clients", rfb_tcp_stats.clients);
	print_value("", "vnc_opened", rfb_counters.opened);
	print_value("", "vnc_authenticated", rfb_counters.authenticated);
	print_value("", "vnc_refused", rfb_counters.ended[RFB_REFUSED]);
	print_value("", "vnc_malformed", rfb_counters.ended[RFB_MALFORMED]);
	print_value("", "vnc_slow", rfb_counters.ended[RFB_SLOW]);
	print_value("", "vnc_full", rfb_tcp_stats.full);
	print_value("", "vnc_updates", rfb_counters.updates);
	print_value("", "vnc_bytes", rfb_counters.bytes);
}

enum command_result command_stats(struct command_job *job, char **args, u32 count)
{
	struct dm_vm *vm;

	(void)job;
	if (count == 1) {
		vm = command_vm(args[0]);
		if (!vm)
			return COMMAND_FAILED;
		print_guest(vm, "");
		return COMMAND_DONE;
	}
	print_machine();
	for (u32 i = 0; i < dm_vm_count; i++)
		print_guest(&dm_vms[i], dm_vms[i].config->name);
	return COMMAND_DONE;
}
