/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Serial output, sentences, options, the end. One processor prints at a time (the callers'). */
#include <stdarg.h>

#include <abi/hypercall.h>

#include "kit.h"

#define COM1		      0x3f8
#define COM1_LSR	      (COM1 + 5)
#define LSR_EMPTY	      0x20
#define PM1_CONTROL	      (GUEST_PM_BASE + 4)
#define SLEEP_ENABLE	      0x2000
#define SLEEP_TYPE(n)	      ((n) << 10)
#define MULTIBOOT_LOADED      0x2badb002u
#define MULTIBOOT_HAS_CMDLINE 4u
#define CPUID_HYPERVISOR      0x40000000u

struct boot_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline;
};

extern u32 boot_magic, boot_info;
void kit_main(void);
void *memset(void *to, int value, size_t len);
void *memcpy(void *to, const void *from, size_t len);

static u32 passed, failed;

void *memset(void *to, int value, size_t len)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(value) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, size_t len)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(len) : : "memory");
	return to;
}

static void put(char c)
{
	while (!(inb(COM1_LSR) & LSR_EMPTY))
		relax();
	outb(COM1, (u8)c);
}

static void put_number(u64 v, u32 base)
{
	char digits[20];
	u32 n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(digits[--n]);
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

static void vprint(const char *f, va_list args)
{
	for (; *f; f++) {
		bool is_long = false;

		if (*f != '%') {
			if (*f == '\n')
				put('\r');
			put(*f);
			continue;
		}
		if (*++f == 'l') {
			is_long = true;
			f++;
		}
		if (*f == 's')
			put_string(va_arg(args, const char *));
		else if (*f == 'c')
			put((char)va_arg(args, int));
		else
			put_number(is_long ? va_arg(args, u64) : va_arg(args, u32),
				   *f == 'x' ? 16 : 10);
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

void report(bool good, const char *format, ...)
{
	va_list args;

	*(good ? &passed : &failed) += 1;
	put_string(good ? "PASS: " : "FAIL: ");
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	put_string("\r\n");
}

void skip(const char *sentence)
{
	print("SKIP: %s\n", sentence);
}

/* Oriel's soft-off type is 5 (its DSDT's _S5); the second write is what QEMU itself uses. */
void finish(void)
{
	print("guest: %u passed, %u failed\n", passed, failed);
	outw(PM1_CONTROL, SLEEP_ENABLE | SLEEP_TYPE(5));
	outw(PM1_CONTROL, SLEEP_ENABLE | SLEEP_TYPE(0));
	wait_us(500000);
	print("guest: still here after power-off\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

const char *option(const char *name)
{
	const struct boot_info *info = (const void *)(u64)boot_info;
	const char *at;

	if (boot_magic != MULTIBOOT_LOADED || !(info->flags & MULTIBOOT_HAS_CMDLINE))
		return NULL;
	for (at = (const char *)(u64)info->cmdline; *at; at++) {
		const char *n = name;

		while (*n && *at == *n) {
			at++;
			n++;
		}
		if (!*n && *at == '=')
			return at + 1;
		while (*at && *at != ' ')
			at++;
		if (!*at)
			break;
	}
	return NULL;
}

u32 option_number(const char *name, u32 otherwise)
{
	const char *at = option(name);
	u32 v = 0;

	if (!at)
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (u32)(*at - '0');
	return v;
}

bool on_plain_machine(void)
{
	u32 r[4];

	cpuid(CPUID_HYPERVISOR, 0, r);
	return r[1] == 0x54474354; /* "TCGT": QEMU's own */
}

void kit_main(void)
{
	traps_init();
	time_init();
	main();
	finish();
}
