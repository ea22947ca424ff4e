/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Host serial port driver, see com1.h. Receiving is by interrupt (the hypervisor turns it into
 * HOST_EVENT_SERIAL), transmitting by looking again one FIFO time later: an idle machine polls
 * nothing. Invariant: tail <= head <= tail + COM1_RING.
 */
#include "com1.h"
#include "../runtime.h"
#include "../state.h"

#define COM1_RING 65536u
#define COM1_FIFO 16u
/* One call of com1_push sends at most this much, so that guests are served meanwhile. */
#define COM1_BURST 1024u

enum { THR = 0, RBR = 0, DLL = 0, IER = 1, DLM = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5, SCR = 7 };
enum { LSR_DATA_READY = 0x01, LSR_THR_EMPTY = 0x20 };

struct com1_state {
	u64 head, tail;
	char ring[COM1_RING];
};

static struct com1_state *com1;
static u16 port; /* 0: none */
static u64 fifo_time;

static u8 read_reg(u16 reg)
{
	u8 value;

	__asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"((u16)(port + reg)));
	return value;
}

static void write_reg(u16 reg, u8 value)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"((u16)(port + reg)));
}

static bool present(void)
{
	write_reg(SCR, 0x5a);
	return read_reg(SCR) == 0x5a;
}

void com1_init(void)
{
	u32 baud = dm_info->config.serial_baud ? dm_info->config.serial_baud : 115200;
	u32 divisor = MAX(115200 / baud, 1u);

	com1 = state_alloc_host(sizeof(*com1));
	if (!com1)
		dm_die("no room for the serial port's state");
	if (com1->head - com1->tail > COM1_RING)
		com1->tail = com1->head;
	port = (u16)dm_info->config.serial_port;
	if (!port)
		return;
	if (!present()) {
		log_line("no serial port at 0x%x", port);
		port = 0;
		return;
	}
	/* Ten bits a byte. */
	fifo_time = time_from_us(COM1_FIFO * 10000000ULL / baud);
	write_reg(IER, 0);
	write_reg(LCR, 0x80);
	write_reg(DLL, (u8)divisor);
	write_reg(DLM, (u8)(divisor >> 8));
	write_reg(LCR, 0x03);
	write_reg(FCR, 0x01);
	write_reg(MCR, 0x0b);
	write_reg(IER, 0x01);
}

size_t com1_space(void)
{
	return COM1_RING - (size_t)(com1->head - com1->tail);
}

bool com1_idle(void)
{
	return com1->head == com1->tail;
}

void com1_write(const char *text, size_t len)
{
	u64 head = com1->head;
	u64 end = com1->tail + COM1_RING;

	for (size_t i = 0; i < len && head + 2 <= end; i++) {
		if (text[i] == '\n')
			com1->ring[head++ % COM1_RING] = '\r';
		com1->ring[head++ % COM1_RING] = text[i];
	}
	*(volatile u64 *)&com1->head = head;
}

u64 com1_push(void)
{
	u32 sent = 0;

	if (!port) {
		com1->tail = com1->head;
		return DM_NO_DEADLINE;
	}
	while (com1->tail != com1->head) {
		if (sent >= COM1_BURST)
			return 0;
		if (!(read_reg(LSR) & LSR_THR_EMPTY))
			return time_now() + fifo_time;
		for (u32 i = 0; i < COM1_FIFO && com1->tail != com1->head; i++, sent++) {
			write_reg(THR, (u8)com1->ring[com1->tail % COM1_RING]);
			*(volatile u64 *)&com1->tail = com1->tail + 1;
		}
	}
	return DM_NO_DEADLINE;
}

int com1_receive(void)
{
	if (!port || !(read_reg(LSR) & LSR_DATA_READY))
		return -1;
	return read_reg(RBR);
}
