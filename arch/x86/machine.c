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
#include "mce.h"
#include "paging.h"
#include "percpu.h"
#include "time.h"
#include "x86.h"

#define EFI_SYSTEM_TABLE_RUNTIME 88 /* offsets in the UEFI tables */
#define EFI_RUNTIME_RESET_SYSTEM 104
enum { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

typedef void __attribute__((ms_abi)) efi_reset_fn(u32 type, u64 status, u64 size, void *data);

static u64 efi_system_table;
static _Atomic u32 stopper; /* 1 + the core that stops all others; 0: none */

void arch_init(const struct handoff *h)
{
	efi_system_table = h->efi_system_table;
	cpu_setup(0, h->apic_ids[0]);
	cpu_setup_control();
	mce_setup();
	paging_init(h);
	time_init();
	time_wall_seconds();
	apic_setup();
	ioapic_init();
	cpuid_init();
}

void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* An NMI to a core that is still the firmware's could reset the machine. */
void machine_stop_others(void)
{
	u32 none = 0, self;

	if (!percpus[0].self)
		return;
	self = cpu_index() + 1;
	if (!__atomic_compare_exchange_n((u32 *)&stopper, &none, self, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		if (none != self)
			cpu_stop();
		return;
	}
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (i + 1 != self && percpus[i].self)
			apic_ipi(percpus[i].apic_id, ICR_NMI);
}

bool machine_stopping(void)
{
	u32 by = stopper;

	if (by && by != cpu_index() + 1) {
		if (mce_in_progress())
			mce_record();
		cpu_stop();
	}
	return by;
}

void machine_halt(void)
{
	machine_stop_others();
	cpu_stop();
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
	machine_stop_others();
	apic_timer_set(~0ULL);
	virt->cpu_disable();
	firmware_reset(reboot ? EFI_RESET_COLD : EFI_RESET_SHUTDOWN);
	if (reboot) {
		io_out8(0xcf9, 6);
		io_out8(0x64, 0xfe);
	}
	cpu_stop();
}
