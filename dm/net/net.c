/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Network (see net.h): lwIP's netif on a driver, and lwIP's clock.
 *
 * lwIP wants its cyclic functions called ten times a second, for ever. Here they are, while there
 * is something to time: a connection, an address being asked for, or a frame in the last seconds.
 * A network at rest sleeps until REST_MS have passed (for the DHCP lease), or a frame comes; the
 * calls left out are made up for then, so that everything ages as it should.
 */
#include "net.h"
#include "hooks.h"
#include "dm/drivers/nic.h"
#include "dm/hypercall.h"
#include "dm/runtime.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#define BURST	64    /* frames taken at once: guests are served in between */
#define STIR_MS 10000 /* how long after a frame lwIP's clock goes on */
#define REST_MS 60000
#define TIMERS	8

struct net_stats net_stats;

static const struct nic_ops *card; /* NULL: none */
static struct netif netif;
static u32 due[TIMERS]; /* ms: next calls of lwip_cyclic_timers[] */
static u32 stirred;	/* ms: last frame in or out */
static bool more;	/* the card may hold frames still */
static u64 random_state;
static char address4[IP4ADDR_STRLEN_MAX], address6[IP6ADDR_STRLEN_MAX];

/* ---- chance */

static u64 mix(u64 value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
	return value ^ value >> 31;
}

u32 net_random(void)
{
	random_state = mix(random_state + time_now() + 0x9e3779b97f4a7c15ULL);
	return (u32)(random_state >> 32);
}

static void random_init(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;
	u64 value;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	for (u32 i = 0; i < 4 && (ecx & BIT(30)); i++) {
		__asm__ volatile("rdrand %0" : "=r"(value) : : "cc");
		random_state = mix(random_state ^ value);
	}
	net_random();
}

/* A clock of 4 us ticks, shifted for each pair of ends. */
u32_t net_tcp_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
		  u16_t remote_port)
{
	static u64 secret;
	u64 hash;

	if (!secret)
		secret = (u64)net_random() << 32 | net_random() | 1;
	hash = mix(secret ^ ((u64)local_port << 16 | remote_port));
	for (u32 i = 0; i < 4; i++)
		hash = mix(hash ^
			   ((u64)ip_2_ip6(local)->addr[i] << 32 | ip_2_ip6(remote)->addr[i]));
	return (u32)(hash + time_to_us(time_now()) / 4);
}

/* ---- the netif */

u32_t sys_now(void)
{
	return (u32)(time_to_us(time_now()) / 1000);
}

static err_t transmit(struct netif *n, struct pbuf *p)
{
	u8 *frame = p->tot_len <= NIC_FRAME ? card->transmit() : NULL;

	(void)n;
	if (!frame) {
		net_stats.ring_full++;
		return ERR_MEM;
	}
	pbuf_copy_partial(p, frame, p->tot_len, 0);
	card->transmit_done(p->tot_len);
	net_stats.sent++;
	net_stats.sent_bytes += p->tot_len;
	stirred = sys_now();
	return ERR_OK;
}

static err_t setup(struct netif *n)
{
	n->name[0] = 'e';
	n->name[1] = 'n';
	n->hostname = "oriel";
	n->mtu = 1500;
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
	n->hwaddr_len = 6;
	n->output = etharp_output;
	n->output_ip6 = ethip6_output;
	n->linkoutput = transmit;
	return ERR_OK;
}

static void take(const u8 *frame, u32 len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16)len, PBUF_POOL);

	if (!p) {
		net_stats.no_memory++;
		return;
	}
	net_stats.received++;
	net_stats.received_bytes += len;
	pbuf_take(p, frame, (u16)len);
	if (netif.input(p, &netif) != ERR_OK)
		pbuf_free(p);
}

static void take_frames(void)
{
	const u8 *frame;
	u32 len, n;

	for (n = 0; n < BURST && (frame = card->receive(&len)); n++) {
		take(frame, len);
		card->receive_done();
		stirred = sys_now();
	}
	more = n == BURST;
}

static void look_at_link(void)
{
	bool up = card->link();

	if (up == net_stats.link)
		return;
	net_stats.link = up;
	net_stats.link_changes++;
	stirred = sys_now();
	log_line("network: link %s", up ? "up" : "down");
	if (up)
		netif_set_link_up(&netif);
	else
		netif_set_link_down(&netif);
}

void net_receive(void)
{
	if (!card)
		return;
	if (card->acknowledge())
		look_at_link();
	take_frames();
	hc_irq_unmask(HOST_EVENT_NET);
}

/* A connection's maximum segment size comes with its first segment (RFC 9293, 3.7.1), but lwIP
 * takes a smaller one at any time; see net_accepted(). */
err_t net_tcp_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options,
		      u16_t first, const u8_t *rest)
{
	const u8 *bytes = (const u8 *)(header + 1);
	u32 len = 1;

	if (pcb->state < ESTABLISHED)
		return ERR_OK;
	for (u32 at = 0; at < options && len; at += len) {
		u32 kind = at < first ? bytes[at] : rest[at - first];

		if (kind == LWIP_TCP_OPT_MSS)
			return ERR_VAL;
		len = kind == LWIP_TCP_OPT_EOL ? 0 : 1;
		if (kind > LWIP_TCP_OPT_NOP && at + 1 < options)
			len = at + 1 < first ? bytes[at + 1] : rest[at + 1 - first];
	}
	return ERR_OK;
}

/*
 * lwIP makes segments no longer than half of the largest window that the peer ever had, and asserts
 * that none is longer when it adds to the last (2.1.3, tcp_write()): which a peer could break that
 * first has no window, for which full segments are made, and then a small one.
 */
void net_accepted(struct tcp_pcb *pcb)
{
	pcb->snd_wnd_max = MAX(pcb->snd_wnd_max, 2 * TCP_MSS);
}

/* ---- addresses */

/* lwIP calls this whenever any of them may have changed. */
static void tell_addresses(struct netif *n)
{
	char text[IP6ADDR_STRLEN_MAX] = "";

	if (!ip4_addr_isany_val(*netif_ip4_addr(n)))
		ip4addr_ntoa_r(netif_ip4_addr(n), text, sizeof(text));
	if (strcmp(text, address4) != 0) {
		memcpy(address4, text, sizeof(address4));
		log_line("network: address %s", address4[0] ? address4 : "given up");
	}
	if (ip6_addr_isvalid(netif_ip6_addr_state(n, 0))) {
		ip6addr_ntoa_r(netif_ip6_addr(n, 0), text, sizeof(text));
		if (strcmp(text, address6) != 0) {
			memcpy(address6, text, sizeof(address6));
			log_line("network: address %s", address6);
		}
	}
}

const char *net_address4(void)
{
	return address4;
}

const char *net_address6(void)
{
	return address6;
}

static void add_netif(const struct config *c)
{
	const u8 *a = c->net_address, *g = c->net_gateway;
	u32 bits = c->net_prefix ? ~0U << (32 - c->net_prefix) : 0;
	ip4_addr_t address, mask, gateway;

	IP4_ADDR(&address, a[0], a[1], a[2], a[3]);
	IP4_ADDR(&gateway, g[0], g[1], g[2], g[3]);
	ip4_addr_set_u32(&mask, lwip_htonl(bits));
	if (c->net_mode != NET_STATIC) {
		ip4_addr_set_zero(&address);
		ip4_addr_set_zero(&mask);
		ip4_addr_set_zero(&gateway);
	}
	netif_add(&netif, &address, &mask, &gateway, NULL, setup, ethernet_input);
	netif_set_default(&netif);
	netif_set_status_callback(&netif, tell_addresses);
	netif_create_ip6_linklocal_address(&netif, 1);
	netif_set_up(&netif);
	if (c->net_mode == NET_DHCP && dhcp_start(&netif) != ERR_OK)
		log_line("network: DHCP cannot be started");
	tell_addresses(&netif);
}

/* ---- life */

bool net_is_on(void)
{
	return card != NULL;
}

void net_init(void)
{
	static const struct nic_ops *const drivers[] = {
		[NIC_E1000] = &nic_e1000,
		[NIC_E1000E] = &nic_e1000,
		[NIC_VIRTIO] = &nic_virtio,
	};
	const struct dm_nic *nic = &dm_info->nic;
	const struct nic_ops *driver;
	u8 *mac = netif.hwaddr;
	int err;

	if (nic->kind == NIC_NONE || nic->kind >= ARRAY_SIZE(drivers))
		return;
	driver = drivers[nic->kind];
	random_init();
	err = driver->start(nic, mac);
	if (err) {
		log_line("network: %s %04x:%04x does not start (%d)", driver->name, nic->vendor,
			 nic->device, err);
		return;
	}
	card = driver;
	log_line("network: %s %04x:%04x, %02x:%02x:%02x:%02x:%02x:%02x", driver->name, nic->vendor,
		 nic->device, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	lwip_init();
	add_netif(&dm_info->config);
	for (int i = 0; i < lwip_num_cyclic_timers; i++)
		due[i] = sys_now() + lwip_cyclic_timers[i].interval_ms;
	look_at_link();
	hc_irq_unmask(HOST_EVENT_NET);
}

/* Whether lwIP has anything under way that its clock drives. */
static bool is_stirred(u32 now)
{
	return tcp_active_pcbs || tcp_tw_pcbs || now - stirred < STIR_MS ||
	       (dm_info->config.net_mode == NET_DHCP && net_stats.link && !address4[0]);
}

/*
 * lwIP goes on probing a closed window after the last that it had to send came through by a probe,
 * and asserts then that there is something to send (2.1.3, tcp_slowtmr()): any peer could end the
 * domain by that.
 */
static void stop_idle_probes(void)
{
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (!pcb->unsent || pcb->unacked)
			pcb->persist_backoff = 0;
}

u64 net_run(void)
{
	u32 now, wait = REST_MS;

	if (!card)
		return DM_NO_DEADLINE;
	if (more)
		take_frames();
	now = sys_now();
	for (int i = 0; i < lwip_num_cyclic_timers; i++) {
		for (; (s32)(now - due[i]) >= 0; due[i] += lwip_cyclic_timers[i].interval_ms) {
			stop_idle_probes();
			lwip_cyclic_timers[i].handler();
		}
		wait = MIN(wait, due[i] - now);
	}
	if (more)
		return 0;
	return time_now() + time_from_us(1000ULL * (is_stirred(now) ? wait : REST_MS));
}
