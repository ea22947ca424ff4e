/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * RFB over lwIP's raw API, see rfb_tcp.h. Callbacks only move bytes and take notes: connections end
 * in rfb_tcp_run(), outside of lwIP. What a client is sent goes into its send buffer as that has
 * room; nothing waits for it.
 */
#include "rfb_tcp.h"
#include "rfb_view.h"
#include "dm/display/display.h"
#include "dm/net/net.h"
#include "dm/runtime.h"

#include "lwip/tcp.h"

#define CLIENTS	     16
#define FOREVER	     ~0ULL
#define KEEP_IDLE_MS 60000 /* a silent peer is asked then, */
#define KEEP_NEXT_MS 10000 /* and so often, */
#define KEEP_COUNT   3	   /* so many times */

static struct client {
	bool used;
	bool gone; /* the peer has closed, or its connection is no more */
	struct tcp_pcb *pcb;
	struct rfb_view view;
	u64 opened;
	struct rfb rfb;
} clients[CLIENTS];

struct rfb_tcp_stats rfb_tcp_stats;

static u32 turn;      /* whose unit was encoded last */
static u64 next_unit; /* not before, in microseconds */

static u64 now_us(void)
{
	return time_to_us(time_now());
}

/* ---- Damage */

static void head_changed(struct dm_vm *vm, u32 head, const struct rect *r, bool cursor)
{
	if (head != 0)
		return;
	for (u32 i = 0; i < CLIENTS; i++)
		if (clients[i].used && clients[i].view.vm == vm)
			rfb_damage(&clients[i].rfb, r, cursor);
}

static void panel_changed(const struct rect *r)
{
	for (u32 i = 0; i < CLIENTS; i++)
		if (clients[i].used && !clients[i].view.vm)
			rfb_damage(&clients[i].rfb, r, false);
}

static const struct display_observer observer = { head_changed, panel_changed };

/* ---- Connections */

static void flush(struct client *c)
{
	const u8 *data;
	bool any = false;
	size_t n;

	while (c->pcb && (n = rfb_pending(&c->rfb, &data)) > 0) {
		n = MIN(n, tcp_sndbuf(c->pcb));
		n = MIN(n, 0xffff);
		if (!n || tcp_write(c->pcb, data, (u16)n, TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		rfb_sent(&c->rfb, n);
		any = true;
	}
	if (c->pcb && any)
		tcp_output(c->pcb);
}

/* Whoever broke the rules is cut off; others get what they were sent. */
static void end(struct client *c)
{
	if (c->pcb) {
		flush(c);
		tcp_arg(c->pcb, NULL);
		tcp_recv(c->pcb, NULL);
		tcp_sent(c->pcb, NULL);
		tcp_err(c->pcb, NULL);
		if (c->rfb.end == RFB_MALFORMED || c->rfb.end == RFB_SLOW ||
		    tcp_close(c->pcb) != ERR_OK)
			tcp_abort(c->pcb);
	}
	rfb_close(&c->rfb);
	rfb_counters.ended[c->rfb.end]++;
	c->used = false;
	c->pcb = NULL;
	if (--rfb_tcp_stats.clients == 0)
		display_observe(NULL);
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct client *c = arg;

	if (!p || err != ERR_OK) {
		c->gone = true;
		if (p)
			pbuf_free(p);
		return ERR_OK;
	}
	for (const struct pbuf *part = p; part; part = part->next)
		rfb_input(&c->rfb, part->payload, part->len, now_us());
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	flush(c);
	return ERR_OK;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	flush(arg);
	return ERR_OK;
}

static void failed(void *arg, err_t err)
{
	struct client *c = arg;

	(void)err;
	c->pcb = NULL;
	c->gone = true;
}

/* A place; the one that has taken longest to log in makes room. NULL: all are taken. */
static struct client *find_place(void)
{
	struct client *oldest = NULL;

	for (u32 i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];

		if (!c->used)
			return c;
		if (!rfb_is_authenticated(&c->rfb) && (!oldest || c->opened < oldest->opened))
			oldest = c;
	}
	if (oldest) {
		oldest->rfb.end = RFB_SLOW;
		end(oldest);
	}
	return oldest;
}

static void set_up(struct client *c, struct tcp_pcb *pcb)
{
	net_accepted(pcb);
	tcp_arg(pcb, c);
	tcp_recv(pcb, received);
	tcp_sent(pcb, sent);
	tcp_err(pcb, failed);
	tcp_nagle_disable(pcb);
	ip_set_option(pcb, SOF_KEEPALIVE);
	pcb->keep_idle = KEEP_IDLE_MS;
	pcb->keep_intvl = KEEP_NEXT_MS;
	pcb->keep_cnt = KEEP_COUNT;
}

static u64 random64(void)
{
	return (u64)net_random() << 32 | net_random();
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct dm_vm *vm = arg; /* NULL: the panel */
	u64 random[2] = { random64(), random64() };
	struct client *c;
	char name[48];

	if (!pcb || err != ERR_OK)
		return ERR_VAL;
	c = find_place();
	if (!c) {
		rfb_tcp_stats.full++;
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	c->used = true;
	c->gone = false;
	c->pcb = pcb;
	c->view = (struct rfb_view){ .vm = vm };
	c->opened = now_us();
	str_format(name, sizeof(name), "Oriel%s%s", vm ? ": " : "", vm ? vm->config->name : "");
	rfb_open(&c->rfb, &rfb_view_screen, &c->view, name, dm_info->config.password, random,
		 now_us());
	set_up(c, pcb);
	if (rfb_tcp_stats.clients++ == 0)
		display_observe(&observer);
	flush(c);
	return ERR_OK;
}

static void listen_on(u32 port, struct dm_vm *vm)
{
	struct tcp_pcb *pcb = port <= 0xffff ? tcp_new_ip_type(IPADDR_TYPE_ANY) : NULL, *listener;

	if (pcb && tcp_bind(pcb, IP_ANY_TYPE, (u16)port) == ERR_OK) {
		listener = tcp_listen(pcb);
		if (listener) {
			tcp_arg(listener, vm);
			tcp_accept(listener, accepted);
			return;
		}
	}
	log_line("vnc: cannot listen on port %u", port);
	if (pcb)
		tcp_close(pcb);
}

void rfb_tcp_init(void)
{
	const struct config *config = &dm_info->config;

	if (!net_is_on() || !config->vnc_port || !config->password[0])
		return;
	listen_on(config->vnc_port, NULL);
	for (u32 i = 0; i < dm_vm_count; i++)
		listen_on(config->vnc_port + 1u + i, &dm_vms[i]);
}

/* ---- The event loop's part */

/* One unit for the next client that has one due; when the next is, whoever's. */
static u64 encode(u64 now)
{
	u64 due = FOREVER;

	for (u32 i = 0; i < CLIENTS && now >= next_unit; i++) {
		struct client *c = &clients[(turn + 1 + i) % CLIENTS];
		u64 after;

		if (!c->used || rfb_due(&c->rfb) > now)
			continue;
		turn = (turn + 1 + i) % CLIENTS;
		rfb_work(&c->rfb, now);
		flush(c);
		after = now_us();
		next_unit = after + (after - now);
	}
	for (u32 i = 0; i < CLIENTS; i++) {
		u64 own = clients[i].used ? rfb_due(&clients[i].rfb) : FOREVER;

		due = MIN(due, own);
	}
	return due == FOREVER ? due : MAX(due, next_unit);
}

u64 rfb_tcp_run(void)
{
	static bool typing;
	u64 now, next = FOREVER, due;

	if (!rfb_tcp_stats.clients && !typing)
		return DM_NO_DEADLINE;
	now = now_us();
	for (u32 i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];

		if (!c->used)
			continue;
		due = rfb_check(&c->rfb, now);
		next = MIN(next, due);
		flush(c); /* it may have judged a password */
		if (c->gone || c->rfb.end != RFB_OPEN)
			end(c);
	}
	due = rfb_typing_run(now);
	typing = due != FOREVER;
	next = MIN(next, due);
	due = encode(now);
	next = MIN(next, due);
	now = now_us();
	return next == FOREVER ? DM_NO_DEADLINE
	       : next <= now   ? 0
			       : time_now() + time_from_us(next - now);
}
