/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Intel's 8254x, 82574 and the network part of its PCHs (I217 to I219, never tried), by what they
 * share: legacy descriptors, one queue each way, one interrupt. Intel "PCI/PCI-X Family of Gigabit
 * Ethernet Controllers Software Developer's Manual" (8254x) and the 82574 datasheet.
 *
 * The card owns receive descriptors from RDH up to (not including) RDT; `rx` is the next it will
 * have filled. Its PHY stays as the firmware set it up: it negotiates by itself.
 */
#include "nic.h"
#include "../hypercall.h"
#include "../runtime.h"

enum reg {
	CTRL = 0x0000,
	STATUS = 0x0008,
	EERD = 0x0014, /* reads the card's memory: 8254x */
	ICR = 0x00c0,  /* cleared by reading */
	ITR = 0x00c4,
	IMS = 0x00d0,
	IMC = 0x00d8,
	RCTL = 0x0100,
	TCTL = 0x0400,
	TIPG = 0x0410,
	RDBAL = 0x2800,
	RDBAH = 0x2804,
	RDLEN = 0x2808,
	RDH = 0x2810,
	RDT = 0x2818,
	TDBAL = 0x3800,
	TDBAH = 0x3804,
	TDLEN = 0x3808,
	TDH = 0x3810,
	TDT = 0x3818,
	TXDCTL = 0x3828,
	MTA = 0x5200,
	RAL = 0x5400,
	RAH = 0x5404,
	REGISTERS = 0x6000
};
enum {
	CTRL_ASDE = BIT(5), /* speed as the PHY finds it */
	CTRL_SLU = BIT(6),  /* link up */
	CTRL_RST = BIT(26),
	STATUS_LU = BIT(1),
	EERD_START = BIT(0),
	EERD_DONE = BIT(4),
	INT_LSC = BIT(2),
	INT_RXDMT0 = BIT(4),
	INT_RXO = BIT(6),
	INT_RXT0 = BIT(7),
	RCTL_EN = BIT(1),
	RCTL_MPE = BIT(4), /* all multicast: IPv6 needs some */
	RCTL_BAM = BIT(15),
	RCTL_SECRC = BIT(26), /* buffers of 2048 bytes: field 0 */
	TCTL_EN = BIT(1),
	TCTL_PSP = BIT(3),
	TCTL_CT = 0x0f << 4,
	TCTL_COLD = 0x3f << 12,
	TIPG_COPPER = 10 | 8 << 10 | 6 << 20,
	TXDCTL_COUNT = BIT(22), /* 82571 and later: thresholds count descriptors */
	RX_DD = 1,
	RX_EOP = 2,
	TX_DD = 1,
	TX_EOP_IFCS_RS = 1 | 2 | 8
};
#define RAH_VALID	BIT(31)
#define INTERRUPTS	(INT_LSC | INT_RXDMT0 | INT_RXO | INT_RXT0)
#define ITR_UNITS	488 /* of 256 ns: 8000 interrupts a second at most */
#define RESET_US	10000
#define RDT_STEP	16 /* buffers given back at once */
#define MULTICAST_WORDS 128

struct rx_desc {
	u64 address;
	u16 len, checksum;
	volatile u8 status;
	u8 errors;
	u16 special;
};
struct tx_desc {
	u64 address;
	u16 len;
	u8 checksum_offset, command;
	volatile u8 status;
	u8 checksum_start;
	u16 special;
};
struct dma {
	struct rx_desc rx[NIC_RING];
	struct tx_desc tx[NIC_RING];
	u8 rx_buffers[NIC_RING][NIC_BUFFER];
	u8 tx_buffers[NIC_RING][NIC_BUFFER];
};
_Static_assert(sizeof(struct dma) <= DM_NIC_DMA_SIZE, "rings and buffers fit");

static struct dma *const dma = (struct dma *)DM_NIC_DMA_BASE;
static u64 registers;
static u32 rx, rx_owed, tx;

static u32 get(u32 reg)
{
	return *(volatile u32 *)(registers + reg);
}

/* Also a barrier: what was written to memory before is seen by the card before the register. */
static void put(u32 reg, u32 value)
{
	__asm__ volatile("" : : : "memory");
	*(volatile u32 *)(registers + reg) = value;
}

static void delay(u64 us)
{
	u64 end = time_now() + time_from_us(us);

	while (time_now() < end)
		__builtin_ia32_pause();
}

static void make_rings(u64 phys)
{
	u64 rings = phys + offsetof(struct dma, rx);

	for (u32 i = 0; i < NIC_RING; i++) {
		dma->rx[i] = (struct rx_desc){
			.address = phys + offsetof(struct dma, rx_buffers[i]),
		};
		dma->tx[i] = (struct tx_desc){
			.address = phys + offsetof(struct dma, tx_buffers[i]),
			.status = TX_DD,
		};
	}
	rx = rx_owed = tx = 0;
	put(RDBAL, (u32)rings);
	put(RDBAH, (u32)(rings >> 32));
	put(RDLEN, sizeof(dma->rx));
	put(RDH, 0);
	put(RDT, NIC_RING - 1);
	rings = phys + offsetof(struct dma, tx);
	put(TDBAL, (u32)rings);
	put(TDBAH, (u32)(rings >> 32));
	put(TDLEN, sizeof(dma->tx));
	put(TDH, 0);
	put(TDT, 0);
}

/* A word of the card's memory; 0 when it does not come. */
static u16 read_word(u32 word)
{
	u64 end = time_now() + time_from_us(RESET_US);
	u32 value;

	put(EERD, word << 8 | EERD_START);
	do
		value = get(EERD);
	while (!(value & EERD_DONE) && time_now() < end);
	return (u16)(value & EERD_DONE ? value >> 16 : 0);
}

/* Its address, which the reset reads out of the card's memory again (Bochs' does not). */
static int read_mac(u32 kind, u8 mac[6])
{
	u32 low = get(RAL), high = get(RAH) & 0xffff;

	if (!low && !high && kind == NIC_E1000) {
		low = read_word(0) | (u32)read_word(1) << 16;
		high = read_word(2);
	}

	for (u32 i = 0; i < 4; i++)
		mac[i] = (u8)(low >> 8 * i);
	mac[4] = (u8)high;
	mac[5] = (u8)(high >> 8);
	put(RAL, low);
	put(RAH, high | (u32)RAH_VALID);
	return (low || high) && !(mac[0] & 1) ? 0 : -EIO;
}

static void reset(void)
{
	put(IMC, ~0U);
	put(RCTL, 0);
	put(TCTL, 0);
	put(CTRL, get(CTRL) | (u32)CTRL_RST);
	delay(RESET_US);
	put(IMC, ~0U);
	get(ICR);
}

static int e1000_start(const struct dm_nic *nic, u8 mac[6])
{
	registers = nic->bar[0];
	if (!registers || nic->bar_len[0] < REGISTERS)
		return -ENODEV;
	reset();
	if (read_mac(nic->kind, mac))
		return -EIO;
	for (u32 i = 0; i < MULTICAST_WORDS; i++)
		put(MTA + 4 * i, 0);
	make_rings(nic->dma_phys);
	if (hypercall(HC_NIC_ENABLE, 1, 0, 0, 0))
		return -ENODEV;
	put(CTRL, get(CTRL) | CTRL_SLU | CTRL_ASDE);
	put(TIPG, TIPG_COPPER);
	if (nic->kind == NIC_E1000E)
		put(TXDCTL, get(TXDCTL) | TXDCTL_COUNT);
	put(TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
	put(RCTL, RCTL_EN | RCTL_MPE | RCTL_BAM | RCTL_SECRC);
	put(ITR, ITR_UNITS);
	put(IMS, INTERRUPTS);
	return 0;
}

static bool e1000_acknowledge(void)
{
	return get(ICR) & INT_LSC;
}

static bool e1000_link(void)
{
	return get(STATUS) & STATUS_LU;
}

/* Gives all buffers back that have been read. */
static void give_back(void)
{
	if (rx_owed)
		put(RDT, (rx + NIC_RING - 1) % NIC_RING);
	rx_owed = 0;
}

static void e1000_receive_done(void)
{
	dma->rx[rx].status = 0;
	rx = (rx + 1) % NIC_RING;
	if (++rx_owed == RDT_STEP)
		give_back();
}

/* A frame longer than one buffer cannot come: long packets are off. */
static const u8 *e1000_receive(u32 *len)
{
	for (u32 i = 0; i < NIC_RING; i++) {
		const struct rx_desc *d = &dma->rx[rx];
		u8 status = d->status;

		if (!(status & RX_DD))
			break;
		__asm__ volatile("" : : : "memory");
		*len = d->len;
		if ((status & RX_EOP) && !d->errors && *len <= NIC_FRAME)
			return dma->rx_buffers[rx];
		e1000_receive_done();
	}
	give_back();
	return NULL;
}

static u8 *e1000_transmit(void)
{
	return dma->tx[tx].status & TX_DD && dma->tx[(tx + 1) % NIC_RING].status & TX_DD
		       ? dma->tx_buffers[tx]
		       : NULL;
}

static void e1000_transmit_done(u32 len)
{
	struct tx_desc *d = &dma->tx[tx];

	d->len = (u16)len;
	d->command = TX_EOP_IFCS_RS;
	d->status = 0;
	tx = (tx + 1) % NIC_RING;
	put(TDT, tx);
}

const struct nic_ops nic_e1000 = {
	.name = "e1000",
	.start = e1000_start,
	.acknowledge = e1000_acknowledge,
	.link = e1000_link,
	.receive = e1000_receive,
	.receive_done = e1000_receive_done,
	.transmit = e1000_transmit,
	.transmit_done = e1000_transmit_done,
};
