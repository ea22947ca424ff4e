/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* HTTP: pages of text but /metrics. */
#include "http_internal.h"
#include "net.h"
#include "dm/devices/uart.h"
#include "dm/display/display.h"
#include "dm/hypercall.h"
#include "dm/life.h"
#include "dm/remote/follow.h"
#include "dm/runtime.h"

void http_add(struct http_text *t, const char *data, size_t len)
{
	if (len > t->size - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->at + t->len, data, len);
	t->len += len;
}

void http_print(struct http_text *t, const char *format, ...)
{
	char line[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = str_vformat(line, sizeof(line), format, args);
	va_end(args);
	http_add(t, line, MIN((size_t)n, sizeof(line) - 1));
}

/* ---- the page: all pictures, each fetched again (if changed) a while after it was shown. Its own
 * address may have the password in it, which no browser lets scripts fetch. */

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Oriel</title>\n"
	"<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n<style>\n"
	"body{background:#101014;color:#ddd;font-family:sans-serif;margin:1em}\n"
	"a{color:#9cf}figure{display:inline-block;margin:0 1em 1em 0}\n"
	"img{max-width:100%;display:block;border:1px solid #444}\n"
	"</style></head><body>\n<h1>Oriel</h1>\n"
	"<p><a href=\"/log\">log</a> <a href=\"/status.json\">status</a> "
	"<a href=\"/metrics\">metrics</a></p>\n";
static const char page_tail[] =
	"<script>\n"
	"async function again(i,u,tag){\n"
	" try{const r=await fetch(u,{cache:'no-cache',headers:tag?{'If-None-Match':tag}:{}});\n"
	"  if(r.status!=304){const old=i.src;\n"
	"   if(r.ok)i.src=URL.createObjectURL(await r.blob());else i.removeAttribute('src');\n"
	"   if(old.startsWith('blob:'))URL.revokeObjectURL(old);tag=r.ok&&r.headers.get('ETag')}\n"
	" }catch(e){}\n"
	" setTimeout(()=>again(i,u,tag),1000)}\n"
	"for(const i of document.images)\n"
	" setTimeout(again,1000,i,location.origin+i.getAttribute('src'),null);\n"
	"</script></body></html>\n";

void http_page_index(struct http_text *t)
{
	http_add(t, page_head, sizeof(page_head) - 1);
	for (u32 i = 0; i < dm_vm_count; i++) {
		const struct vm_config *c = dm_vms[i].config;
		u32 heads = c->display == DISPLAY_NONE ? 0 : MAX(c->heads, 1);

		for (u32 k = 0; k < heads; k++)
			http_print(t,
				   "<figure><img src=\"/vm/%s.png?head=%u\" alt=\"no picture\">"
				   "<figcaption>%s <a href=\"/vm/%s/console\">console</a>"
				   "</figcaption></figure>\n",
				   c->name, k, c->name, c->name);
	}
	http_print(t, "<figure><img src=\"/screen.png\" alt=\"the screen\">"
		      "<figcaption>the screen</figcaption></figure>\n");
	http_add(t, page_tail, sizeof(page_tail) - 1);
}

/* ---- text as it is */

void http_page_log(struct http_text *t)
{
	u64 at, end;

	for (follow_log_range(&at, &end); at < end; at++) {
		char c = follow_log_byte(at);

		http_add(t, &c, 1);
	}
}

void http_page_console(struct http_text *t, struct dm_vm *vm)
{
	u64 end = uart_text_end(vm), at = end - MIN(end, (u64)UART_TEXT);
	char part[1024];

	while (at < end) {
		size_t n = uart_text_read(vm, &at, part, MIN(end - at, (u64)sizeof(part)));

		if (!n)
			break;
		http_add(t, part, n);
	}
}

/* ---- status */

static void add_string(struct http_text *t, const char *s)
{
	http_print(t, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			http_print(t, "\\%c", *s);
		else if ((u8)*s < ' ' || (u8)*s > '~')
			http_print(t, "\\u%04x", (u8)*s);
		else
			http_add(t, s, 1);
	}
	http_print(t, "\"");
}

static void add_guest(struct http_text *t, struct dm_vm *vm)
{
	struct rect at = display_placement(vm, 0);
	const char *reason, *state = life_describe(vm, &reason);

	http_print(t, "{\"name\":\"%s\",\"state\":\"%s\",\"reason\":", vm->config->name, state);
	add_string(t, reason);
	http_print(t, ",\"memory\":%llu,\"cpus\":%u,\"focused\":%s,\"frames\":%llu,",
		   (unsigned long long)vm->config->memory, vm->config->cpus,
		   display_focused() == vm ? "true" : "false",
		   (unsigned long long)display_stats(vm)->frames);
	http_print(t, "\"place\":{\"x\":%u,\"y\":%u,\"width\":%u,\"height\":%u},\"heads\":[", at.x,
		   at.y, at.width, at.height);
	for (u32 i = 0; vm->config->display != DISPLAY_NONE && i < MAX(vm->config->heads, 1); i++) {
		u32 width = 0, height = 0;

		if (screenshot_size(vm, i, &width, &height))
			width = height = 0;
		http_print(t, "%s{\"width\":%u,\"height\":%u}", i ? "," : "", width, height);
	}
	http_print(t, "]}");
}

void http_page_status(struct http_text *t)
{
	u64 up = time_to_us(time_now() - dm_info->boot_tsc) / 1000000;
	u32 width = 0, height = 0;

	if (screenshot_size(NULL, 0, &width, &height))
		width = height = 0;
	http_print(t, "{\"build\":\"%s\",\"uptime_seconds\":%llu,\"restarts\":%u,",
		   dm_info->build_id, (unsigned long long)up, dm_info->generation);
	http_print(t, "\"screen\":{\"width\":%u,\"height\":%u},", width, height);
	http_print(t, "\"addresses\":[\"%s\",\"%s\"],\"guests\":[", net_address4(), net_address6());
	for (u32 i = 0; i < dm_vm_count; i++) {
		if (i)
			http_print(t, ",");
		add_guest(t, &dm_vms[i]);
	}
	http_print(t, "]}\n");
}
