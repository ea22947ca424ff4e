/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The order in which a core becomes ours, and the machine's last moments: the firmware's
 * ResetSystem (UEFI 2.10, 8.5.1), with the reset ports as a fallback.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include <arch/vcpu.h>
#include "cpuid.h"
#include "irq.h"
#include "paging.h"
#include "percpu.h"
#include "time.h"
#include "x86.h"

#define EFI_SYSTEM_TABLE_RUNTIME 88 /* offsets in the UEFI tables */
#define EFI_RUNTIME_RESET_SYSTEM 104
enum { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

typedef void __attribute__((ms_abi)) efi_reset_fn(u32 type, u64 status, u64 size, void *data);

static u64 efi_system_table;

void arch_init(const struct handoff *h)
{
	efi_system_table = h->efi_system_table;
	cpu_setup(0, h->apic_ids[0]);
	cpu_setup_control();
	paging_init(h);
	time_init();
	time_wall_seconds();
	apic_setup();
	ioapic_init();
	cpuid_init();
}

/* Every other core stops at the non-maskable interrupt. */
static void stop_others(void)
{
	apic_ipi(0, ICR_NMI_OTHERS);
}

void machine_halt(void)
{
	stop_others();
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void firmware_reset(u32 type)
{
	const u64 *services;
	efi_reset_fn *reset;

	if (!efi_system_table)
		return;
	write_cr3(paging_identity_root());
	services = *(const u64 **)(efi_system_table + EFI_SYSTEM_TABLE_RUNTIME);
	reset = *(efi_reset_fn **)((const char *)services + EFI_RUNTIME_RESET_SYSTEM);
	reset(type, 0, 0, NULL);
}

void machine_poweroff(bool reboot)
{
	stop_others();
	apic_timer_set(~0ULL);
	virt->cpu_disable();
	firmware_reset(reboot ? EFI_RESET_COLD : EFI_RESET_SHUTDOWN);
	if (reboot) {
		io_out8(0xcf9, 6);
		io_out8(0x64, 0xfe);
	}
	for (;;)
		__asm__ volatile("cli; hlt");
}
