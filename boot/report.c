/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Messages, to every place where someone may look: the panel, the serial port (if there is one)
 * and the debug port 0xe9 of emulators (if there is one).
 *
 * The panel's own console is used where it can be told from the firmware's collective one, which
 * on some machines also writes to the serial port and would show every line there twice.
 */
#include "boot/boot.h"
#include "boot/x86.h"

#include <stdarg.h>
#include <stb_sprintf.h>

#define DEBUG_PORT   0xe9
#define UART_SPINS   200000 /* far longer than one character takes at 300 baud */
#define MAX_CONSOLES 4

enum { UART_DATA, UART_IER, UART_FCR, UART_LCR, UART_MCR, UART_LSR, UART_SCRATCH = 7 };

static SIMPLE_TEXT_OUTPUT_INTERFACE *consoles[MAX_CONSOLES];
static u32 console_count;
static u16 serial_port; /* 0: none */
static bool debug_port;

static void consoles_find(void)
{
	static EFI_GUID gop_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	static EFI_GUID text_guid = SIMPLE_TEXT_OUTPUT_PROTOCOL;
	EFI_BOOT_SERVICES *bs = boot_system->BootServices;
	EFI_HANDLE *handles;
	void *console;
	UINTN count, i;

	if (!EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, &gop_guid, NULL, &count, &handles))) {
		for (i = 0; i < count && console_count < MAX_CONSOLES; i++)
			if (handles[i] != boot_system->ConsoleOutHandle &&
			    !EFI_ERROR(bs->HandleProtocol(handles[i], &text_guid, &console)))
				consoles[console_count++] = console;
		bs->FreePool(handles);
	}
	if (console_count == 0 && boot_system->ConOut)
		consoles[console_count++] = boot_system->ConOut;
}

void report_init(void)
{
	consoles_find();
	debug_port = x86_in8(DEBUG_PORT) == DEBUG_PORT;
	report_serial(0x3f8, 115200);
}

static bool uart_present(u16 port)
{
	u16 scratch = (u16)(port + UART_SCRATCH);

	x86_out8(scratch, 0x5a);
	if (x86_in8(scratch) != 0x5a)
		return false;
	x86_out8(scratch, 0xa5);
	return x86_in8(scratch) == 0xa5;
}

void report_serial(u16 port, u32 baud)
{
	u16 divisor;

	serial_port = 0;
	if (port == 0 || !uart_present(port))
		return;
	divisor = (u16)(115200 / baud);
	x86_out8((u16)(port + UART_IER), 0);
	x86_out8((u16)(port + UART_LCR), 0x83); /* 8N1, divisor latch open */
	x86_out8((u16)(port + UART_DATA), (u8)divisor);
	x86_out8((u16)(port + UART_IER), (u8)(divisor >> 8));
	x86_out8((u16)(port + UART_LCR), 0x03);
	x86_out8((u16)(port + UART_FCR), 0x01);
	x86_out8((u16)(port + UART_MCR), 0x03);
	serial_port = port;
}

void report_leave(void)
{
	console_count = 0;
}

static void serial_put(char c)
{
	u32 spins = UART_SPINS;

	while (!(x86_in8((u16)(serial_port + UART_LSR)) & 0x20))
		if (--spins == 0)
			return;
	x86_out8((u16)(serial_port + UART_DATA), (u8)c);
}

static void put(char c)
{
	CHAR16 wide[2] = { (CHAR16)(u8)c, 0 };
	u32 i;

	for (i = 0; i < console_count; i++)
		consoles[i]->OutputString(consoles[i], wide);
	if (serial_port)
		serial_put(c);
	if (debug_port && c != '\r')
		x86_out8(DEBUG_PORT, (u8)c);
}

static void put_string(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

static void put_line(const char *prefix, const char *format, va_list args)
{
	char line[512];

	stbsp_vsnprintf(line, sizeof(line), format, args);
	put_string("oriel: ");
	put_string(prefix);
	put_string(line);
	put_string("\n");
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line("", format, args);
	va_end(args);
}

static _Noreturn void stop(void)
{
	put_string("oriel: refused to start\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

void refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line("refused: ", format, args);
	va_end(args);
	stop();
}

void refuse_config(const struct config_error *err)
{
	if (err->line)
		report("\\oriel\\oriel.conf:%u: %s", err->line, err->reason);
	else
		report("\\oriel\\oriel.conf: %s", err->reason);
	stop();
}
