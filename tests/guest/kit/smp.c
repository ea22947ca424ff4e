/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See smp.h. Intel SDM vol. 3, 8.4.4. */
#include "smp.h"

#include "apic.h"
#include "smp_page.h"

extern const u8 smp_code[], smp_code_end[];
extern u32 smp_count;
void smp_entered(u32 number);

static void (*volatile entry_function)(u32 number);

void smp_entered(u32 number)
{
	traps_load();
	entry_function(number);
}

void smp_prepare(void (*entry)(u32 number))
{
	volatile u8 *to = (volatile u8 *)(u64)SMP_PAGE;

	entry_function = entry;
	for (const u8 *from = smp_code; from < smp_code_end; from++)
		*to++ = *from;
}

void smp_start(u32 destination)
{
	u32 shorthand = destination == SMP_ALL ? ICR_TO_OTHERS : 0;

	apic_send(destination, ICR_INIT | ICR_ASSERT | shorthand);
	wait_us(10000);
	for (u32 n = 0; n < 2; n++) {
		apic_send(destination, ICR_STARTUP | ICR_ASSERT | shorthand | SMP_PAGE >> 12);
		wait_us(200);
	}
}

u32 smp_arrived(void)
{
	return __atomic_load_n(&smp_count, __ATOMIC_SEQ_CST);
}
