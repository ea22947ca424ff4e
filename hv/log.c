/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The log; see log.h. `lock` guards the ring and the ports, but in a panic. */
#include <abi/hypercall.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "domain.h"
#include "lock.h"
#include "log.h"
#include "screen.h"
#include "string.h"

#define STB_SPRINTF_IMPLEMENTATION
#define STB_SPRINTF_NOFLOAT
#define STB_SPRINTF_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_sprintf.h>
#pragma GCC diagnostic pop

#define LINE_MAX  512
#define UART_WAIT 100000 /* polls for an empty transmitter before a byte is dropped */

static struct {
	struct log_ring ring;
	char text[LOG_RING_SIZE];
} log_memory __attribute__((aligned(4096)));
static struct spinlock lock;
static u32 serial;
static bool debug_port, handed_over, panicking;

int log_vformat(char *to, size_t size, const char *format, va_list args)
{
	return stbsp_vsnprintf(to, (int)size, format, args);
}

int log_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = log_vformat(to, size, format, args);
	va_end(args);
	return len;
}

/* 16550: 8N1, FIFO on. A port without a UART does not keep its scratch register. */
static bool serial_setup(u16 port, u32 baud)
{
	u16 divisor = (u16)(115200 / (baud ? baud : 115200));

	io_out8(port + 7, 0x5a);
	if (io_in8(port + 7) != 0x5a)
		return false;
	io_out8(port + 1, 0);
	io_out8(port + 3, 0x80);
	io_out8(port, (u8)divisor);
	io_out8(port + 1, (u8)(divisor >> 8));
	io_out8(port + 3, 3);
	io_out8(port + 2, 7);
	io_out8(port + 4, 3);
	return true;
}

void log_init(u32 serial_port, u32 baud)
{
	debug_port = io_in8(0xe9) == 0xe9;
	if (serial_port && serial_setup((u16)serial_port, baud))
		serial = serial_port;
}

static void serial_put(char c)
{
	for (u32 i = 0; i < UART_WAIT; i++) {
		if (io_in8((u16)(serial + 5)) & 0x20) {
			io_out8((u16)serial, (u8)c);
			return;
		}
	}
}

static void line_out(const char *text, size_t len)
{
	bool direct = !handed_over || panicking;
	u64 head = log_memory.ring.head;

	for (size_t i = 0; i < len; i++) {
		log_memory.ring.text[(head + i) % LOG_RING_SIZE] = text[i];
		if (debug_port)
			io_out8(0xe9, (u8)text[i]);
		if (serial && direct) {
			if (text[i] == '\n')
				serial_put('\r');
			serial_put(text[i]);
		}
	}
	log_memory.ring.head = head + len;
	if (direct)
		screen_text(text, len);
}

void log_printf(const char *format, ...)
{
	char line[LINE_MAX];
	u64 us = time_hz() ? (time_now() - boot_tsc) / (time_hz() / 1000000) : 0;
	int len = log_format(line, sizeof(line), "[%5lu.%06lu] ", us / 1000000, us % 1000000);
	va_list args;

	va_start(args, format);
	len += log_vformat(line + len, sizeof(line) - (size_t)len - 1, format, args);
	va_end(args);
	len = MIN(len, LINE_MAX - 2);
	line[len++] = '\n';
	if (!panicking)
		spin_lock(&lock);
	line_out(line, (size_t)len);
	if (!panicking)
		spin_unlock(&lock);
	if (handed_over && !panicking)
		domain_host_event(HOST_EVENT_LOG);
}

hpa_t log_ring_hpa(void)
{
	return image_to_phys(&log_memory);
}

void log_set_handed_over(bool yes)
{
	handed_over = yes;
}

void log_panic_mode(void)
{
	panicking = true;
}
