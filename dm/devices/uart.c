/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's serial port: a 16550A at 0x3f8, IRQ 4 (TI PC16550D data sheet). It sends at once, so
 * the transmitter is always empty; what is sent goes into a text ring that the console reads.
 * What comes in waits for room in the receiver, as if the sender minded the guest's RTS.
 *
 * Invariants (checked in adopt): rx_len <= UART_FIFO, rx_first < UART_FIFO.
 */
#include "uart.h"
#include "../bus.h"
#include "../devices.h"
#include "../runtime.h"

#define UART_PORT  0x3f8
#define UART_PORTS 8
#define UART_IRQ   4
#define UART_FIFO  16u

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };
enum { IER_RX = 0x01, IER_THRE = 0x02, IER_LINE = 0x04, IER_MODEM = 0x08, IER_MASK = 0x0f };
enum {
	IIR_MODEM = 0x00,
	IIR_NONE = 0x01,
	IIR_THRE = 0x02,
	IIR_RX = 0x04,
	IIR_LINE = 0x06,
	IIR_TIMEOUT = 0x0c,
	IIR_FIFO = 0xc0,
};
enum { FCR_ENABLE = 0x01, FCR_CLEAR_RX = 0x02, FCR_TRIGGER_SHIFT = 6 };
enum { LCR_DLAB = 0x80 };
enum { MCR_OUT2 = 0x08, MCR_LOOP = 0x10, MCR_MASK = 0x1f };
enum { LSR_READY = 0x01, LSR_OVERRUN = 0x02, LSR_IDLE = 0x60 };
enum { MSR_DELTA_MASK = 0x0f, MSR_TERI = 0x04, MSR_CONNECTED = 0xb0 };

struct uart_state {
	u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	u8 msr; /* as last computed, with delta bits */
	u8 overrun;
	u8 thre; /* the transmitter-empty interrupt is pending */
	u8 irq;	 /* level of the line */
	u8 rx_first, rx_len;
	u8 rx[UART_FIFO];
	u8 elsewhere; /* the last text came by uart_text_put */
	u8 reserved[2];
	u64 written; /* bytes ever; text[written % UART_TEXT] is next */
	u64 logged;
	char text[UART_TEXT];
};

static u8 interrupt_id(const struct uart_state *s)
{
	static const u8 trigger[] = { 1, 4, 8, 14 };
	u8 level = s->fcr & FCR_ENABLE ? trigger[s->fcr >> FCR_TRIGGER_SHIFT] : 1;

	if ((s->ier & IER_LINE) && s->overrun)
		return IIR_LINE;
	if ((s->ier & IER_RX) && s->rx_len)
		return s->rx_len >= level ? IIR_RX : IIR_TIMEOUT;
	if ((s->ier & IER_THRE) && s->thre)
		return IIR_THRE;
	if ((s->ier & IER_MODEM) && (s->msr & MSR_DELTA_MASK))
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_irq(struct dm_device *dev)
{
	struct uart_state *s = dev->state;
	/* OUT2 gates the line on a PC; in loopback mode it is disconnected. */
	bool open = (s->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
	u8 irq = open && interrupt_id(s) != IIR_NONE;

	if (irq == s->irq)
		return;
	s->irq = irq;
	bus_isa_irq(dev->vm, UART_IRQ, irq);
}

static u8 modem_lines(const struct uart_state *s)
{
	if (!(s->mcr & MCR_LOOP))
		return MSR_CONNECTED;
	/* RTS -> CTS, DTR -> DSR, OUT1 -> RI, OUT2 -> DCD */
	return (u8)((s->mcr & 0x02) << 3 | (s->mcr & 0x01) << 5 | (s->mcr & 0x0c) << 4);
}

static void update_modem(struct uart_state *s)
{
	u8 lines = modem_lines(s);
	u8 changed = (u8)((s->msr ^ lines) >> 4);

	if (lines & 0x40) /* the ring indicator tells its trailing edge only */
		changed &= (u8)~MSR_TERI;
	s->msr = (u8)(lines | (s->msr & MSR_DELTA_MASK) | changed);
}

static u32 receive_room(const struct uart_state *s)
{
	return s->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static void receive(struct uart_state *s, u8 byte)
{
	if (s->rx_len >= receive_room(s)) {
		s->overrun = 1;
		return;
	}
	s->rx[(s->rx_first + s->rx_len) % UART_FIFO] = byte;
	s->rx_len++;
}

static u8 take_received(struct uart_state *s)
{
	u8 byte = s->rx[s->rx_first];

	if (!s->rx_len)
		return 0;
	s->rx_len--;
	s->rx_first = (s->rx_first + 1) % UART_FIFO;
	return byte;
}

static void put_text(struct uart_state *s, char c)
{
	s->text[s->written % UART_TEXT] = c;
	s->written++;
}

static void transmit(struct uart_state *s, u8 byte)
{
	if (s->mcr & MCR_LOOP) {
		receive(s, byte);
	} else {
		s->elsewhere = 0;
		put_text(s, (char)byte);
	}
	s->thre = 1;
}

static void write_fcr(struct uart_state *s, u8 value)
{
	if ((value & FCR_CLEAR_RX) || ((value ^ s->fcr) & FCR_ENABLE)) {
		s->rx_len = 0;
		s->rx_first = 0;
	}
	s->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
}

static void write_register(struct uart_state *s, unsigned reg, u8 value)
{
	bool latch = s->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		if (latch)
			s->dll = value;
		else
			transmit(s, value);
		break;
	case REG_IER:
		if (latch) {
			s->dlm = value;
			break;
		}
		/* Allowing the interrupt while the transmitter is empty raises it. */
		if ((value & IER_THRE) && !(s->ier & IER_THRE))
			s->thre = 1;
		s->ier = value & IER_MASK;
		break;
	case REG_IIR_FCR:
		write_fcr(s, value);
		break;
	case REG_LCR:
		s->lcr = value;
		break;
	case REG_MCR:
		s->mcr = value & MCR_MASK;
		update_modem(s);
		break;
	case REG_SCR:
		s->scr = value;
		break;
	default: /* LSR and MSR are read-only */
		break;
	}
}

static u8 read_iir(struct uart_state *s)
{
	u8 id = interrupt_id(s);

	if (id == IIR_THRE)
		s->thre = 0;
	return s->fcr & FCR_ENABLE ? id | IIR_FIFO : id;
}

static u8 read_lsr(struct uart_state *s)
{
	u8 lsr = LSR_IDLE;

	if (s->rx_len)
		lsr |= LSR_READY;
	if (s->overrun)
		lsr |= LSR_OVERRUN;
	s->overrun = 0;
	return lsr;
}

static u8 read_register(struct uart_state *s, unsigned reg)
{
	bool latch = s->lcr & LCR_DLAB;
	u8 value;

	switch (reg) {
	case REG_DATA:
		return latch ? s->dll : take_received(s);
	case REG_IER:
		return latch ? s->dlm : s->ier;
	case REG_IIR_FCR:
		return read_iir(s);
	case REG_LCR:
		return s->lcr;
	case REG_MCR:
		return s->mcr;
	case REG_LSR:
		return read_lsr(s);
	case REG_MSR:
		value = s->msr;
		s->msr &= (u8)~MSR_DELTA_MASK;
		return value;
	default:
		return s->scr;
	}
}

static void uart_access(struct dm_device *dev, struct dm_access *a)
{
	struct uart_state *s = dev->state;
	u32 count = MIN(a->count, UART_TEXT);
	u64 value = 0;

	if (a->write) {
		for (u32 n = 0; n < count; n++)
			for (u32 i = 0; i < a->size; i++)
				write_register(s, (unsigned)(a->addr - UART_PORT + i) & 7,
					       (u8)(a->value >> 8 * i));
	} else {
		for (u32 i = 0; i < a->size; i++)
			value |= (u64)read_register(s, (unsigned)(a->addr - UART_PORT + i) & 7)
				 << 8 * i;
		a->value = value;
	}
	update_irq(dev);
}

static int uart_create(struct dm_device *dev)
{
	return bus_add_ports(dev, UART_PORT, UART_PORTS);
}

/* The text stays: it may tell why the guest was reset. */
static void uart_reset(struct dm_device *dev)
{
	struct uart_state *s = dev->state;

	memset(s, 0, offsetof(struct uart_state, written));
	s->dll = 12;
	s->msr = MSR_CONNECTED;
}

static int uart_adopt(struct dm_device *dev)
{
	struct uart_state *s = dev->state;

	if (s->rx_len > UART_FIFO || s->rx_first >= UART_FIFO || s->logged > s->written)
		return -EINVAL;
	/* The last generation may have died between the two. */
	s->irq = !s->irq;
	update_irq(dev);
	return 0;
}

const struct dm_device_ops uart_ops = {
	.name = "uart",
	.state_size = sizeof(struct uart_state),
	.create = uart_create,
	.reset = uart_reset,
	.adopt = uart_adopt,
	.access = uart_access,
};

static struct uart_state *state_of(struct dm_vm *vm)
{
	struct dm_device *dev = devices_find(vm, &uart_ops);

	return dev ? dev->state : NULL;
}

u64 uart_text_end(struct dm_vm *vm)
{
	const struct uart_state *s = state_of(vm);

	return s ? s->written : 0;
}

size_t uart_text_read(struct dm_vm *vm, u64 *at, char *to, size_t size)
{
	const struct uart_state *s = state_of(vm);
	size_t n = 0;

	if (!s)
		return 0;
	if (s->written > UART_TEXT && *at < s->written - UART_TEXT)
		*at = s->written - UART_TEXT;
	for (; n < size && *at < s->written; n++, ++*at)
		to[n] = s->text[*at % UART_TEXT];
	return n;
}

u64 *uart_text_logged(struct dm_vm *vm)
{
	struct uart_state *s = state_of(vm);

	return s ? &s->logged : NULL;
}

void uart_text_put(struct dm_vm *vm, const char *text, size_t len)
{
	struct uart_state *s = state_of(vm);

	if (!s)
		return;
	s->elsewhere = 1;
	for (size_t i = 0; i < len; i++)
		put_text(s, text[i]);
}

bool uart_text_elsewhere(struct dm_vm *vm)
{
	const struct uart_state *s = state_of(vm);

	return s && s->elsewhere;
}

bool uart_receive(struct dm_vm *vm, u8 byte)
{
	struct dm_device *dev = devices_find(vm, &uart_ops);
	struct uart_state *s = dev ? dev->state : NULL;

	if (!s || (s->mcr & MCR_LOOP) || s->rx_len >= receive_room(s))
		return false;
	receive(s, byte);
	update_irq(dev);
	return true;
}
