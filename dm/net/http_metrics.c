/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* HTTP: /metrics, Prometheus' text format 0.0.4. A family's samples stand together. */
#include "http_internal.h"
#include "net.h"
#include "picture.h"
#include "dm/devices/gpu.h"
#include "dm/display/display.h"
#include "dm/hypercall.h"
#include "dm/life.h"
#include "dm/remote/rfb.h"
#include "dm/remote/rfb_tcp.h"
#include "dm/remote/stats.h"
#include "dm/runtime.h"
#include "dm/state.h"

#include "lwip/priv/memp_priv.h"
#include "lwip/stats.h"

static void family(struct http_text *t, const char *name, const char *type, const char *help)
{
	http_print(t, "# HELP oriel_%s %s\n# TYPE oriel_%s %s\n", name, help, name, type);
}

static void sample(struct http_text *t, const char *name, const char *labels, u64 value)
{
	http_print(t, "oriel_%s%s %llu\n", name, labels, (unsigned long long)value);
}

static void counter(struct http_text *t, const char *name, const char *help, u64 value)
{
	family(t, name, "counter", help);
	sample(t, name, "", value);
}

static void gauge(struct http_text *t, const char *name, const char *help, u64 value)
{
	family(t, name, "gauge", help);
	sample(t, name, "", value);
}

static void seconds(struct http_text *t, const char *name, const char *type, const char *help,
		    u64 ticks)
{
	u64 us = time_to_us(ticks);

	family(t, name, type, help);
	http_print(t, "oriel_%s %llu.%06u\n", name, (unsigned long long)(us / 1000000),
		   (u32)(us % 1000000));
}

/* ---- guests */

enum guest_value {
	GUEST_UP,
	GUEST_MEMORY,
	GUEST_FRAMES,
	GUEST_PAINTED,
	GUEST_COPIED,
	GUEST_DOORBELLS,
	GUEST_REQUESTS,
	GUEST_INJECTED,
	GUEST_TICKS,
	GUEST_UNCLAIMED,
	GUEST_RESOURCES,
	GUEST_RESOURCE_BYTES,
	GUEST_VALUES
};

static void guest_values(struct dm_vm *vm, const struct vm_stats *stats, u64 value[GUEST_VALUES])
{
	const struct display_stats *display = display_stats(vm);
	struct gpu_usage usage = gpu_usage(vm);

	value[GUEST_UP] = stats->state == VM_RUNNING;
	value[GUEST_MEMORY] = vm->config->memory;
	value[GUEST_FRAMES] = display->frames;
	value[GUEST_PAINTED] = display->bytes_painted;
	value[GUEST_COPIED] = display->bytes_copied;
	value[GUEST_DOORBELLS] = state_guest(vm->index)->doorbells;
	value[GUEST_REQUESTS] = stats->counters[STAT_IOREQS];
	value[GUEST_INJECTED] = stats->counters[STAT_INJECTED];
	value[GUEST_TICKS] = stats->counters[STAT_TIMER_TICKS];
	value[GUEST_UNCLAIMED] = stats->counters[STAT_UNCLAIMED];
	value[GUEST_RESOURCES] = usage.resources;
	value[GUEST_RESOURCE_BYTES] = usage.bytes;
}

static const struct {
	const char *name, *type, *help;
} guest_families[GUEST_VALUES] = {
	[GUEST_UP] = { "guest_up", "gauge", "Whether the guest runs." },
	[GUEST_MEMORY] = { "guest_memory_bytes", "gauge", "Memory of the guest." },
	[GUEST_FRAMES] = { "guest_frames_total", "counter", "Frames shown." },
	[GUEST_PAINTED] = { "guest_painted_bytes_total", "counter",
			    "Bytes written to the framebuffer." },
	[GUEST_COPIED] = { "guest_copied_bytes_total", "counter", "Other copies of pixels." },
	[GUEST_DOORBELLS] = { "guest_doorbells_total", "counter", "Doorbells served." },
	[GUEST_REQUESTS] = { "guest_requests_total", "counter",
			     "Accesses that the device domain answered." },
	[GUEST_INJECTED] = { "guest_interrupts_total", "counter", "Interrupts given." },
	[GUEST_TICKS] = { "guest_timer_ticks_total", "counter", "Timer expiries." },
	[GUEST_UNCLAIMED] = { "guest_unclaimed_accesses_total", "counter",
			      "Accesses to what does not exist." },
	[GUEST_RESOURCES] = { "guest_resources", "gauge", "Resources of its display device." },
	[GUEST_RESOURCE_BYTES] = { "guest_resource_bytes", "gauge", "Memory of these." },
};

static void guests(struct http_text *t)
{
	static struct vm_stats stats[MAX_VMS];
	static u64 values[MAX_VMS][GUEST_VALUES];
	char labels[80];

	for (u32 i = 0; i < dm_vm_count; i++) {
		if (hc_vm_stats(i, &stats[i]))
			return;
		guest_values(&dm_vms[i], &stats[i], values[i]);
	}
	for (u32 k = 0; k < GUEST_VALUES && dm_vm_count; k++) {
		family(t, guest_families[k].name, guest_families[k].type, guest_families[k].help);
		for (u32 i = 0; i < dm_vm_count; i++) {
			str_format(labels, sizeof(labels), "{guest=\"%s\"}",
				   dm_vms[i].config->name);
			sample(t, guest_families[k].name, labels, values[i][k]);
		}
	}
	if (dm_vm_count)
		family(t, "guest_exits_total", "counter", "Exits to the hypervisor, by kind.");
	for (u32 i = 0; i < dm_vm_count; i++) {
		for (u32 k = STAT_EXIT_PIO; k <= STAT_EXIT_OTHER; k++) {
			str_format(labels, sizeof(labels), "{guest=\"%s\",kind=\"%s\"}",
				   dm_vms[i].config->name, stats_names[k] + strlen("exits_"));
			sample(t, "guest_exits_total", labels, stats[i].counters[k]);
		}
	}
}

/* ---- the machine */

static void machine(struct http_text *t)
{
	struct vm_stats s;

	family(t, "build_info", "gauge", "The build.");
	http_print(t, "oriel_build_info{build=\"%s\"} 1\n", dm_info->build_id);
	seconds(t, "uptime_seconds", "gauge", "Time since the loader began.",
		time_now() - dm_info->boot_tsc);
	if (hc_vm_stats(HC_MACHINE, &s))
		return;
	seconds(t, "idle_seconds_total", "counter", "Time that cores spent halted, all cores.",
		s.idle_tsc);
	gauge(t, "memory_used_bytes", "Memory of hypervisor and device domain.", s.memory_used);
	gauge(t, "free_pages", "Pages left in the hypervisor's pool.", s.free_pages);
	counter(t, "domain_restarts_total", "Restarts of the device domain.", s.dm_restarts);
	counter(t, "domain_wakeups_total", "Times that the device domain was woken.", s.dm_wakeups);
	counter(t, "domain_exits_total", "Exits of the device domain.", s.dm_exits);
	seconds(t, "domain_longest_seconds", "gauge",
		"Longest run of the device domain between two waits.", s.dm_longest);
}

/* ---- the network */

static void memory(struct http_text *t)
{
	static const struct {
		int pool;
		const char *label;
	} pools[] = {
		{ MEMP_TCP_PCB, "{pool=\"tcp_pcb\"}" }, { MEMP_TCP_SEG, "{pool=\"tcp_seg\"}" },
		{ MEMP_PBUF, "{pool=\"pbuf\"}" },	{ MEMP_PBUF_POOL, "{pool=\"pbuf_pool\"}" },
		{ MEMP_UDP_PCB, "{pool=\"udp_pcb\"}" }, { MEMP_ND6_QUEUE, "{pool=\"nd6_queue\"}" },
	};

	family(t, "lwip_pool_used", "gauge", "Elements of lwIP's pools in use.");
	for (u32 i = 0; i < ARRAY_SIZE(pools); i++)
		sample(t, "lwip_pool_used", pools[i].label, lwip_stats.memp[pools[i].pool]->used);
	family(t, "lwip_pool_failures_total", "counter", "Elements that lwIP could not get.");
	for (u32 i = 0; i < ARRAY_SIZE(pools); i++)
		sample(t, "lwip_pool_failures_total", pools[i].label,
		       lwip_stats.memp[pools[i].pool]->err);
	gauge(t, "lwip_heap_used_bytes", "lwIP's heap in use.", lwip_stats.mem.used);
	gauge(t, "lwip_heap_max_bytes", "The most of it ever in use.", lwip_stats.mem.max);
	counter(t, "lwip_heap_failures_total", "Allocations from it that failed.",
		lwip_stats.mem.err);
}

static void network(struct http_text *t)
{
	const struct net_stats *n = &net_stats;

	gauge(t, "network_up", "Whether the link is up.", n->link);
	counter(t, "network_link_changes_total", "Link up or down.", n->link_changes);
	counter(t, "network_received_frames_total", "Frames received.", n->received);
	counter(t, "network_received_bytes_total", "Bytes received.", n->received_bytes);
	counter(t, "network_sent_frames_total", "Frames sent.", n->sent);
	counter(t, "network_sent_bytes_total", "Bytes sent.", n->sent_bytes);
	counter(t, "network_dropped_frames_total", "Frames dropped for want of memory.",
		n->no_memory);
	counter(t, "network_ring_full_total", "Frames not sent for want of room in the ring.",
		n->ring_full);
	memory(t);
}

static void http(struct http_text *t)
{
	const struct http_counters *c = &http_counters;

	gauge(t, "http_open_connections", "Connections now.", http_open_connections());
	counter(t, "http_connections_total", "Connections accepted.", c->connections);
	counter(t, "http_refused_connections_total", "Connections refused: too many.",
		c->refused_connections);
	counter(t, "http_requests_total", "Whole requests.", c->requests);
	counter(t, "http_not_modified_total", "Pictures that had not changed.", c->not_modified);
	counter(t, "http_auth_failures_total", "Requests with a wrong or no password.",
		c->auth_failures);
	counter(t, "http_malformed_total", "Requests that are none, or of unknown methods.",
		c->malformed);
	counter(t, "http_oversized_total", "Requests that were too long.", c->oversized);
	counter(t, "http_incomplete_total", "Requests that ended too early.", c->incomplete);
	counter(t, "http_timeouts_total", "Requests or answers that took too long.", c->timeouts);
	counter(t, "http_aborted_total", "Connections that broke.", c->aborted);
	counter(t, "http_sent_bytes_total", "Bytes of answers.", c->bytes);
	counter(t, "pictures_total", "Pictures made for the network.", picture_count());
	gauge(t, "pictures_held_bytes", "Bytes of pictures being sent.", picture_held());
}

static void vnc(struct http_text *t)
{
	const struct rfb_counters *c = &rfb_counters;

	gauge(t, "vnc_open_connections", "Connections now.", rfb_tcp_stats.clients);
	counter(t, "vnc_connections_total", "Connections accepted.", c->opened);
	counter(t, "vnc_refused_connections_total", "Connections refused: too many.",
		rfb_tcp_stats.full);
	counter(t, "vnc_authenticated_total", "Connections with the right password.",
		c->authenticated);
	counter(t, "vnc_auth_failures_total", "Connections with a wrong password.",
		c->ended[RFB_REFUSED]);
	counter(t, "vnc_malformed_total", "Connections ended for what the client sent.",
		c->ended[RFB_MALFORMED]);
	counter(t, "vnc_timeouts_total", "Connections ended for what took too long.",
		c->ended[RFB_SLOW]);
	counter(t, "vnc_updates_total", "Updates begun.", c->updates);
	counter(t, "vnc_sent_bytes_total", "Bytes sent.", c->bytes);
}

void http_page_metrics(struct http_text *t)
{
	machine(t);
	guests(t);
	network(t);
	http(t);
	vnc(t);
}
