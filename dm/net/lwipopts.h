/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * lwIP's configuration: raw API only, all memory static, sized for 8 VNC and 16 HTTP connections
 * with full send buffers at once, and as many again that are being refused, half open or closing.
 * lwIP's own timers are off: dm/net/net.c calls its cyclic functions (an idle network wakes
 * nobody), so sys_timeout() is not there. Fragments are dropped: nothing served here needs them.
 */
#ifndef DM_NET_LWIPOPTS_H
#define DM_NET_LWIPOPTS_H

#define NO_SYS			   1
#define SYS_LIGHTWEIGHT_PROT	   0
#define LWIP_TIMERS		   0
#define LWIP_NETCONN		   0
#define LWIP_SOCKET		   0
#define LWIP_SINGLE_NETIF	   1
#define LWIP_NETIF_HOSTNAME	   1
#define LWIP_NETIF_LOOPBACK	   0
#define LWIP_NETIF_STATUS_CALLBACK 1

/* ---- memory */
#define MEM_ALIGNMENT		8
#define MEM_SIZE		(6 << 20) /* tcp_write's copies */
#define MEMP_NUM_TCP_PCB	48
#define MEMP_NUM_TCP_PCB_LISTEN 12 /* HTTP, VNC of the screen and of 8 guests */
#define MEMP_NUM_TCP_SEG	3072
#define MEMP_NUM_UDP_PCB	2
#define MEMP_NUM_PBUF		64
#define PBUF_POOL_SIZE		512
#define PBUF_POOL_BUFSIZE	1600

/* ---- TCP */
#define TCP_MSS			   1460
#define TCP_WND			   (16 * TCP_MSS)
#define TCP_SND_BUF		   (88 * TCP_MSS)
#define TCP_SND_QUEUELEN	   (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT		   (32 * TCP_MSS)
#define LWIP_WND_SCALE		   1 /* for send buffers above 64 KiB */
#define TCP_RCV_SCALE		   0
#define TCP_OOSEQ_MAX_PBUFS	   24 /* of a connection: strangers cannot fill the pool */
#define TCP_LISTEN_BACKLOG	   1
#define TCP_DEFAULT_LISTEN_BACKLOG 8
#define TCP_MSL			   2000UL
#define LWIP_TCP_KEEPALIVE	   1
#define LWIP_HOOK_FILENAME	   "dm/net/hooks.h"
#define LWIP_HOOK_TCP_ISN	   net_tcp_isn

/* ---- protocols */
#define LWIP_RAW		       0
#define LWIP_DNS		       0
#define LWIP_IGMP		       0
#define LWIP_ICMP		       1
#define LWIP_DHCP		       1
#define DHCP_DOES_ARP_CHECK	       0
#define IP_REASSEMBLY		       0
#define IP_FRAG			       0
#define LWIP_IPV6		       1
#define LWIP_IPV6_NUM_ADDRESSES	       1 /* link-local */
#define LWIP_IPV6_AUTOCONFIG	       0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT  0
#define LWIP_IPV6_FRAG		       0
#define LWIP_IPV6_REASS		       0
#define LWIP_IPV6_MLD		       1
#define MEMP_NUM_MLD6_GROUP	       4
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 0
#define LWIP_CHKSUM_ALGORITHM	       3

/* ---- counters, shown by /metrics */
#define LWIP_STATS	   1
#define LWIP_STATS_LARGE   1
#define LWIP_STATS_DISPLAY 0
#define MIB2_STATS	   0

#endif
