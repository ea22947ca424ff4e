/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Starts the other cores, one after the other, by INIT and two startup IPIs (Intel SDM vol. 3,
 * 9.4.4). Owns the trampoline page below 1 MiB, and each core's first stack.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "asm_offsets.h"
#include "irq.h"
#include "mce.h"
#include "paging.h"
#include "percpu.h"
#include "string.h"
#include "x86.h"

struct trampoline_data {
	struct packed_struct {
		u16 limit;
		u32 base;
	} gdtr;
	u16 pad0;
	struct packed_struct far_pointer {
		u32 offset;
		u16 selector;
	} far32;
	u16 pad1;
	struct far_pointer far64;
	u16 pad2;
	u64 cr3, stack, arg, entry;
	u64 gdt[4];
	u64 pad3;
};
_Static_assert(offsetof(struct trampoline_data, far32) == TRAMPOLINE_FAR32, "assembly");
_Static_assert(offsetof(struct trampoline_data, far64) == TRAMPOLINE_FAR64, "assembly");
_Static_assert(offsetof(struct trampoline_data, cr3) == TRAMPOLINE_CR3, "assembly");
_Static_assert(offsetof(struct trampoline_data, entry) == TRAMPOLINE_ENTRY, "assembly");
_Static_assert(sizeof(struct trampoline_data) == TRAMPOLINE_DATA_SIZE, "assembly");

#define STACK_PAGES 4

extern const char trampoline[], trampoline_end[], trampoline_data[];
extern const char trampoline_code32[], trampoline_code64[];

static void (*ap_entry)(u32 index);
static _Atomic u32 ap_alive;

static void delay_us(u64 us)
{
	u64 until = time_now() + us * (time_hz() / 1000000);

	while (time_now() < until)
		cpu_relax();
}

static void ap_main(u64 index)
{
	write_cr3(paging_root());
	cpu_setup((u32)index, percpus[index].apic_id);
	cpu_setup_control();
	mce_setup();
	apic_setup();
	ap_alive = (u32)index;
	ap_entry((u32)index);
	machine_halt();
}

/* A page of RAM below 1 MiB that nothing else uses: the last one of the free memory there. */
static hpa_t trampoline_page(const struct handoff *h)
{
	for (u32 i = h->mem_count; i-- > 0;) {
		u64 end = MIN(h->mem[i].base + h->mem[i].len, 0xa0000ULL);

		if (h->mem[i].type == HANDOFF_MEM_FREE && end >= h->mem[i].base + PAGE_SIZE &&
		    end > PAGE_SIZE)
			return end - PAGE_SIZE;
	}
	return 0;
}

static struct trampoline_data *trampoline_install(hpa_t page)
{
	char *at = phys_to_virt(page);
	struct trampoline_data *d = (void *)(at + (trampoline_data - trampoline));
	u32 base = (u32)page;

	memcpy(at, trampoline, (size_t)(trampoline_end - trampoline));
	d->gdt[1] = 0x00cf9b000000ffffULL; /* 32-bit code */
	d->gdt[2] = 0x00cf93000000ffffULL;
	d->gdt[3] = 0x00af9b000000ffffULL; /* 64-bit code */
	d->gdtr.limit = sizeof(d->gdt) - 1;
	d->gdtr.base = base + (u32)((char *)d->gdt - at);
	d->far32.offset = base + (u32)(trampoline_code32 - trampoline);
	d->far32.selector = 0x08;
	d->far64.offset = base + (u32)(trampoline_code64 - trampoline);
	d->far64.selector = 0x18;
	d->cr3 = paging_identity_root();
	d->entry = (u64)ap_main;
	return d;
}

static bool cpu_start(u32 index, u32 id, hpa_t page, struct trampoline_data *d)
{
	hpa_t stack = pages_alloc(STACK_PAGES);

	if (!stack)
		return false;
	percpus[index].apic_id = id;
	d->stack = (u64)phys_to_virt(stack) + STACK_PAGES * PAGE_SIZE;
	d->arg = index;
	apic_ipi(id, ICR_INIT);
	delay_us(10000);
	for (u32 try = 0; try < 2 && ap_alive != index; try++) {
		apic_ipi(id, ICR_STARTUP | (u32)(page >> 12));
		for (u32 ms = 0; ms < 100 && ap_alive != index; ms++)
			delay_us(1000);
	}
	return ap_alive == index;
}

u32 cpu_start_all(const struct handoff *h, void (*entry)(u32 index))
{
	hpa_t page = trampoline_page(h);
	struct trampoline_data *d;
	u32 count = 1;

	if (h->cpu_count == 1)
		return 1;
	if (!page) {
		log_printf("no memory below 1 MiB: one core only");
		return 1;
	}
	ap_entry = entry;
	d = trampoline_install(page);
	for (u32 i = 1; i < h->cpu_count && count < MAX_CPUS; i++) {
		if (cpu_start(count, h->apic_ids[i], page, d))
			count++;
		else
			log_printf("core with APIC id %u does not answer", h->apic_ids[i]);
	}
	return count;
}
