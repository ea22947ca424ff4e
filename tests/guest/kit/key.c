/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See key.h. Scan code set 1, as the controller translates it unless told otherwise. */
#include "apic.h"
#include "key.h"

#define VECTOR_KEYBOARD 0x21
#define KEYBOARD_LINE	1
#define ENTER_RELEASED	0x9c

static volatile u32 releases;

static void on_key(struct trap_frame *f)
{
	(void)f;
	if (inb(0x64) & 1)
		releases += inb(0x60) == ENTER_RELEASED;
	pic_eoi(KEYBOARD_LINE);
}

static void command(u8 value, u16 port)
{
	while (inb(0x64) & 2)
		relax();
	outb(port, value);
}

void key_init(void)
{
	trap_set_handler(VECTOR_KEYBOARD, on_key);
	while (inb(0x64) & 1)
		inb(0x60);
	command(0x60, 0x64); /* the command byte: */
	command(0x45, 0x60); /* translate, interrupt for the keyboard, self test passed */
	apic_enable();
	apic_write(APIC_LVT_LINT0, LVT_EXTINT);
	pic_init(1 << KEYBOARD_LINE);
}

void key_wait(void)
{
	u32 before = releases;

	while (releases == before)
		halt();
}

bool key_poll(void)
{
	return (inb(0x64) & 1) && inb(0x60) == ENTER_RELEASED;
}
