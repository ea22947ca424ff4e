/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/net/net.c tests/unit/dm_stubs.c build/src/lwip/src/core/[a-z]*.c */
/* sources: build/src/lwip/src/core/ipv4/[a-z]*.c build/src/lwip/src/core/ipv6/[a-z]*.c */
/* sources: build/src/lwip/src/netif/ethernet.c */
/*
 * Frames from a network where anybody may say anything, to lwIP as the domain has it and a server
 * that echoes. The input is steps: time passes; a frame as it is, with or without right checksums;
 * or a segment of TCP near to what a connection expects. A broken assertion of lwIP's is a crash,
 * and nothing may be held when all connections have ended.
 */
#include <stdlib.h>
#include <string.h>
#include "dm/drivers/nic.h"
#include "dm/hypercall.h"
#include "dm/net/net.h"
#include "dm/runtime.h"
#include "dm_stubs.h"

#include "lwip/inet_chksum.h"
#include "lwip/priv/memp_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"

#define PORT  80
#define FRAME NIC_FRAME
enum { ETHERNET = 14, IPV4 = 20, TCP = 20, SYN = 2, FIN = 1 };

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 *input;
static size_t left;
static u8 frame[FRAME], sent[NIC_FRAME];
static u32 frame_len;
static u32 their_next, our_next; /* sequence numbers: what comes next from lwIP, and from here */

static u8 take(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

static u32 take16(void)
{
	u32 high = take();

	return high << 8 | take();
}

static u32 get32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
}

static void put32(u8 *p, u32 value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

/* ---- the card */

void hc_irq_unmask(enum host_event event)
{
	(void)event;
}

static int start(const struct dm_nic *nic, u8 mac[6])
{
	(void)nic;
	memcpy(mac, "\2\0\0\0\0\1", 6);
	return 0;
}

static bool yes(void)
{
	return true;
}

static const u8 *receive(u32 *len)
{
	*len = frame_len;
	frame_len = 0;
	return *len ? frame : NULL;
}

static void nothing(void)
{
}

static u8 *transmit(void)
{
	return sent;
}

/* Notes what connections have come to. */
static void transmit_done(u32 len)
{
	const u8 *ip = sent + ETHERNET, *tcp = ip + IPV4;
	u32 header = (u32)(tcp[12] >> 4) * 4;

	if (len < ETHERNET + IPV4 + TCP || sent[12] != 8 || sent[13] != 0 || ip[9] != 6)
		return;
	their_next = get32(tcp + 4) + ((u32)ip[2] << 8 | ip[3]) - IPV4 - header +
		     (tcp[13] & SYN ? 1 : 0) + (tcp[13] & FIN ? 1 : 0);
	our_next = get32(tcp + 8);
}

const struct nic_ops nic_e1000 = { "test",  start,   yes,      yes,
				   receive, nothing, transmit, transmit_done };
const struct nic_ops nic_virtio = { 0 };

/* ---- the server */

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg, (void)err;
	if (!p) {
		tcp_recv(pcb, NULL);
		return tcp_close(pcb);
	}
	for (struct pbuf *q = p; q; q = q->next)
		(void)tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg, (void)err;
	net_accepted(pcb);
	tcp_recv(pcb, on_receive);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}

static void begin(void)
{
	static const u8 address[4] = { 192, 0, 2, 2 }, gateway[4] = { 192, 0, 2, 1 };
	struct config *c = &dm_stubs.info.config;
	struct tcp_pcb *pcb;

	dm_stubs_setup(0);
	dm_stubs.info.nic.kind = NIC_E1000;
	c->net_mode = NET_STATIC;
	memcpy(c->net_address, address, 4);
	memcpy(c->net_gateway, gateway, 4);
	c->net_prefix = 24;
	net_init();
	pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, PORT) != ERR_OK)
		abort();
	pcb = tcp_listen(pcb);
	tcp_accept(pcb, on_accept);
}

/* ---- what arrives */

static void arrive(u32 len)
{
	frame_len = len;
	net_receive();
	net_run();
}

static u16 checksum(const u8 *data, u32 len, u32 sum)
{
	for (u32 i = 0; i + 1 < len; i += 2)
		sum += (u32)data[i] << 8 | data[i + 1];
	if (len & 1)
		sum += (u32)data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static u32 pseudo_sum(const u8 *addresses, u32 count, u32 protocol, u32 len)
{
	u32 sum = protocol + len;

	for (u32 i = 0; i < count; i += 2)
		sum += (u32)addresses[i] << 8 | addresses[i + 1];
	return sum;
}

/* The checksum of what is at `at`, if there is room for one. */
static void fix_payload(u8 *at, u32 len, u32 protocol, u32 pseudo)
{
	u32 offset = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;

	if (len < offset + 2 ||
	    (protocol != 6 && protocol != 17 && protocol != 1 && protocol != 58))
		return;
	put16(at + offset, 0);
	put16(at + offset, checksum(at, len, protocol == 1 ? 0 : pseudo));
}

static void fix_checksums(u32 len)
{
	u8 *ip = frame + ETHERNET;
	u32 header = (u32)(ip[0] & 15) * 4, total;

	if (len < ETHERNET + IPV4)
		return;
	if (frame[12] == 8 && frame[13] == 0) {
		total = (u32)ip[2] << 8 | ip[3];
		if (header < IPV4 || total < header || total > len - ETHERNET)
			return;
		put16(ip + 10, 0);
		put16(ip + 10, checksum(ip, header, 0));
		fix_payload(ip + header, total - header, ip[9],
			    pseudo_sum(ip + 12, 8, ip[9], total - header));
	} else if (frame[12] == 0x86 && frame[13] == 0xdd && len >= ETHERNET + 40) {
		total = (u32)ip[4] << 8 | ip[5];
		if (total <= len - ETHERNET - 40)
			fix_payload(ip + 40, total, ip[6], pseudo_sum(ip + 8, 32, ip[6], total));
	}
}

static void begin_frame(u32 type)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
	put16(frame + 12, type);
}

static void arp_request(void)
{
	static const u8 body[] = { 0,	1, 8, 0, 6, 4, 0, 1, 2, 0, 0,	0, 0, 2,
				   192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2 };

	begin_frame(0x806);
	memcpy(frame + ETHERNET, body, sizeof(body));
	arrive(60);
}

/* To this machine, of any kind. */
static void any_frame(void)
{
	static const u32 types[] = { 0x800, 0x806, 0x86dd, 0x8100 };
	u32 how = take(), len = take16() % (NIC_FRAME + 1);

	begin_frame(types[how % 4]);
	if (how & 4)
		memset(frame, 0xff, 6);
	for (u32 i = ETHERNET; i < len; i++)
		frame[i] = take();
	if (how & 8 && types[how % 4] == 0x800) {
		frame[ETHERNET] = 0x45;
		put16(frame + ETHERNET + 2, MAX(len, ETHERNET) - ETHERNET);
		put32(frame + ETHERNET + 16, 0xc0000202);
	}
	if (how & 16)
		fix_checksums(len);
	arrive(len);
}

/* Of a few connections, near to what is expected. */
static void segment(void)
{
	u8 *ip = frame + ETHERNET, *tcp = ip + IPV4;
	u32 who = take(), flags = take(), shift = take(), window = take16();
	u32 options = take() % 11, len = take() * 5u, total = IPV4 + TCP + 4 * options + len;

	begin_frame(0x800);
	ip[0] = 0x45;
	put16(ip + 2, total);
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + 12, 0xc0000201);
	put32(ip + 16, 0xc0000202);
	put16(tcp, 1000 + who % 4);
	put16(tcp + 2, PORT);
	put32(tcp + 4, our_next + (u32)((s8)(shift << 4) >> 4) * (1 + (who >> 4) * 97));
	put32(tcp + 8, their_next + (u32)((s8)shift >> 4) * (1 + (who >> 4) * 97));
	tcp[12] = (u8)((5 + options) << 4);
	tcp[13] = (u8)flags;
	put16(tcp + 14, window);
	for (u32 i = 0; i < 4 * options; i++)
		tcp[TCP + i] = take();
	if (who & 8)
		put16(tcp + 18, take16());
	fix_checksums(ETHERNET + total);
	arrive(ETHERNET + total);
}

static void pass(u32 ms)
{
	for (; ms >= 100; ms -= 100) {
		dm_stubs.now += STUB_HZ / 10;
		net_run();
	}
}

static void end_all(void)
{
	while (tcp_active_pcbs)
		tcp_abort(tcp_active_pcbs);
	while (tcp_tw_pcbs)
		tcp_abort(tcp_tw_pcbs);
	pass(20000); /* for addresses that were asked for */
	if (lwip_stats.memp[MEMP_TCP_SEG]->used || lwip_stats.memp[MEMP_TCP_PCB]->used ||
	    lwip_stats.memp[MEMP_PBUF_POOL]->used || lwip_stats.mem.used > 1000)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static bool begun;

	if (!begun)
		begin();
	begun = true;
	input = data;
	left = size;
	their_next = our_next = 0;
	arp_request();
	while (left) {
		u8 step = take();

		if (step < 16)
			pass(100u << (step & 7));
		else if (step < 96)
			any_frame();
		else
			segment();
	}
	end_all();
	return 0;
}
