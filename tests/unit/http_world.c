/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements http_world.h. */
#include <stdlib.h>
#include <string.h>

#include "http_world.h"
#include "dm_stubs.h"
#include "dm/devices/gpu.h"
#include "dm/devices/uart.h"
#include "dm/display/display.h"
#include "dm/life.h"
#include "dm/net/http.h"
#include "dm/net/net.h"
#include "dm/remote/follow.h"
#include "dm/remote/stats.h"
#include "dm/runtime.h"

#include "lwip/priv/memp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"

struct world_client world_clients[WORLD_CLIENTS];
u32 world_colour;
u64 world_generation;
u32 world_heads;
bool world_no_memory;

static struct tcp_pcb pcbs[WORLD_CLIENTS], listener;
static tcp_accept_fn on_accept;
static u64 due;

struct net_stats net_stats;
struct stats_ lwip_stats;
const ip_addr_t ip_addr_any_type = IPADDR_ANY_TYPE_INIT;
const char *const stats_names[STAT_COUNT] = { [0 ... STAT_COUNT - 1] = "exits_kind" };

/* ---- lwIP */

static u32 number(const struct tcp_pcb *pcb)
{
	u32 n = (u32)(pcb - pcbs);

	if (n >= WORLD_CLIENTS)
		abort();
	return n;
}

struct tcp_pcb *tcp_new_ip_type(u8_t type)
{
	(void)type;
	return &listener;
}

err_t tcp_bind(struct tcp_pcb *pcb, const ip_addr_t *address, u16_t port)
{
	(void)pcb, (void)address, (void)port;
	return ERR_OK;
}

struct tcp_pcb *tcp_listen_with_backlog(struct tcp_pcb *pcb, u8_t backlog)
{
	(void)backlog;
	return pcb;
}

void tcp_accept(struct tcp_pcb *pcb, tcp_accept_fn accept)
{
	(void)pcb;
	on_accept = accept;
}

void tcp_arg(struct tcp_pcb *pcb, void *arg)
{
	pcb->callback_arg = arg;
}

void tcp_recv(struct tcp_pcb *pcb, tcp_recv_fn recv)
{
	pcb->recv = recv;
}

void tcp_sent(struct tcp_pcb *pcb, tcp_sent_fn sent)
{
	pcb->sent = sent;
}

void tcp_err(struct tcp_pcb *pcb, tcp_err_fn err)
{
	pcb->errf = err;
}

void tcp_recved(struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb, (void)len;
}

err_t tcp_output(struct tcp_pcb *pcb)
{
	if (!world_clients[number(pcb)].open)
		abort();
	return ERR_OK;
}

static u32 room(const struct world_client *c)
{
	return c->window - MIN(c->window, c->unacked);
}

err_t tcp_write(struct tcp_pcb *pcb, const void *data, u16_t len, u8_t flags)
{
	struct world_client *c = &world_clients[number(pcb)];

	if (!c->open || !(flags & TCP_WRITE_FLAG_COPY))
		abort();
	if (world_no_memory || len > room(c))
		return ERR_MEM;
	c->unacked += len;
	pcb->snd_buf = room(c);
	if (len <= sizeof(c->output) - c->len) {
		memcpy(c->output + c->len, data, len);
		c->len += len;
	}
	return ERR_OK;
}

err_t tcp_close(struct tcp_pcb *pcb)
{
	struct world_client *c = &world_clients[number(pcb)];

	if (!c->open)
		abort();
	if (world_no_memory)
		return ERR_MEM;
	c->open = false;
	c->closed = true;
	return ERR_OK;
}

/* As lwIP's it tells the owner; who is in a callback must return ERR_ABRT then. */
void tcp_abort(struct tcp_pcb *pcb)
{
	struct world_client *c = &world_clients[number(pcb)];

	if (!c->open)
		abort();
	c->open = false;
	c->aborted = true;
	if (pcb->errf)
		pcb->errf(pcb->callback_arg, ERR_ABRT);
}

u16_t pbuf_copy_partial(const struct pbuf *p, void *to, u16_t len, u16_t offset)
{
	memcpy(to, (const char *)p->payload + offset, len);
	return len;
}

u8_t pbuf_free(struct pbuf *p)
{
	free(p->payload);
	free(p);
	return 1;
}

/* ---- the rest */

bool net_is_on(void)
{
	return true;
}

void net_accepted(struct tcp_pcb *pcb)
{
	(void)pcb;
}

const char *net_address4(void)
{
	return "192.0.2.1";
}

const char *net_address6(void)
{
	return "fe80::1";
}

struct dm_vm *vm_find(const char *name)
{
	return strcmp(name, "test") == 0 ? &dm_vms[0] : NULL;
}

int screenshot_size(struct dm_vm *vm, u32 head, u32 *width, u32 *height)
{
	(void)vm;
	*width = WORLD_WIDTH;
	*height = WORLD_HEIGHT;
	return head < world_heads ? 0 : -ENOENT;
}

void screenshot_lines(struct dm_vm *vm, u32 head, u32 y, u32 count, u32 *out)
{
	(void)vm, (void)head;
	for (u32 i = 0; i < count * WORLD_WIDTH; i++)
		out[i] = world_colour + (y + i / WORLD_WIDTH) * (i % WORLD_WIDTH);
}

u64 display_generation(const struct dm_vm *vm)
{
	(void)vm;
	return world_generation;
}

struct display_stats *display_stats(const struct dm_vm *vm)
{
	static struct display_stats stats;

	(void)vm;
	return &stats;
}

struct rect display_placement(const struct dm_vm *vm, u32 head)
{
	(void)vm, (void)head;
	return (struct rect){ 1, 2, 3, 4 };
}

struct dm_vm *display_focused(void)
{
	return &dm_vms[0];
}

struct gpu_usage gpu_usage(const struct dm_vm *vm)
{
	(void)vm;
	return (struct gpu_usage){ 0 };
}

const char *life_describe(const struct dm_vm *vm, const char **reason)
{
	(void)vm;
	*reason = "a \"reason\"\\\n";
	return "failed";
}

u64 uart_text_end(struct dm_vm *vm)
{
	(void)vm;
	return 100000;
}

size_t uart_text_read(struct dm_vm *vm, u64 *at, char *to, size_t size)
{
	(void)vm;
	memset(to, 'u', size);
	*at += size;
	return size;
}

void follow_log_range(u64 *start, u64 *end)
{
	*start = 5;
	*end = 60005;
}

char follow_log_byte(u64 at)
{
	return (char)('a' + at % 26);
}

/* ---- clients */

void world_start(void)
{
	static bool mapped;
	static struct stats_mem pools[MEMP_MAX];

	dm_stubs_setup(0);
	if (!mapped)
		dm_stubs_map(DM_NET_BASE, DM_NET_SIZE);
	mapped = true;
	for (u32 i = 0; i < MEMP_MAX; i++)
		lwip_stats.memp[i] = &pools[i];
	str_format(dm_stubs.info.config.password, 64, "secret");
	dm_stubs.info.config.http_port = 80;
	memset(world_clients, 0, sizeof(world_clients));
	world_colour = 0x123456;
	world_generation += 100; /* never back: pictures are remembered */
	world_heads = 1;
	world_no_memory = false;
	http_init();
	due = DM_NO_DEADLINE;
}

static void check(struct tcp_pcb *pcb, err_t err)
{
	bool aborted = world_clients[number(pcb)].aborted;

	if (aborted != (err == ERR_ABRT))
		abort();
	due = 0;
}

int world_connect(void)
{
	int i = 0;

	while (i < WORLD_CLIENTS && world_clients[i].open)
		i++;
	if (i == WORLD_CLIENTS)
		return -1;
	memset(&world_clients[i], 0, sizeof(world_clients[i]));
	memset(&pcbs[i], 0, sizeof(pcbs[i]));
	world_clients[i].open = true;
	world_clients[i].window = pcbs[i].snd_buf = TCP_SND_BUF;
	check(&pcbs[i], on_accept(NULL, &pcbs[i], ERR_OK));
	return world_clients[i].open ? i : -1;
}

void world_send(int i, const void *data, size_t len)
{
	struct pbuf *p;

	if (!world_clients[i].open || !pcbs[i].recv || !len)
		return;
	p = calloc(1, sizeof(*p));
	p->payload = malloc(len);
	memcpy(p->payload, data, len);
	p->len = p->tot_len = (u16)len;
	check(&pcbs[i], pcbs[i].recv(pcbs[i].callback_arg, &pcbs[i], p, ERR_OK));
}

void world_say(int client, const char *text)
{
	world_send(client, text, strlen(text));
}

void world_acknowledge(int i, u32 n)
{
	struct world_client *c = &world_clients[i];

	n = MIN(MIN(n, c->unacked), 0xffffu);
	if (!c->open || !n)
		return;
	c->unacked -= n;
	pcbs[i].snd_buf = room(c);
	if (pcbs[i].sent)
		check(&pcbs[i], pcbs[i].sent(pcbs[i].callback_arg, &pcbs[i], (u16)n));
}

void world_end(int i)
{
	if (world_clients[i].open && pcbs[i].recv)
		check(&pcbs[i], pcbs[i].recv(pcbs[i].callback_arg, &pcbs[i], NULL, ERR_OK));
}

void world_lose(int i)
{
	if (!world_clients[i].open)
		return;
	world_clients[i].open = false;
	if (pcbs[i].errf)
		pcbs[i].errf(pcbs[i].callback_arg, ERR_RST);
}

void world_turn(void)
{
	due = http_run();
}

void world_pass(u64 us)
{
	u64 end = dm_stubs.now + time_from_us(us);

	for (u32 i = 0; i < 100000 && due <= end; i++) {
		dm_stubs.now = MAX(dm_stubs.now + 1, due);
		due = http_run();
	}
	dm_stubs.now = MAX(dm_stubs.now, end);
}

void world_step(void)
{
	dm_stubs.now++;
	due = http_run();
}

void world_settle(void)
{
	for (u32 round = 0; round < 1000; round++) {
		world_pass(100);
		for (int i = 0; i < WORLD_CLIENTS; i++)
			world_acknowledge(i, 65535);
	}
}
