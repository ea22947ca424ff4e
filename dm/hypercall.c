/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The hypercall instruction and its typed wrappers. No state. */
#include "hypercall.h"
#include "runtime.h"

s64 hypercall(enum hypercall number, u64 a, u64 b, u64 c, u64 d)
{
	register u64 r10 __asm__("r10") = d;
	s64 result;

	if (dm_info->use_vmmcall)
		__asm__ volatile("vmmcall"
				 : "=a"(result)
				 : "a"((u64)number), "D"(a), "S"(b), "d"(c), "r"(r10)
				 : "memory");
	else
		__asm__ volatile("vmcall"
				 : "=a"(result)
				 : "a"((u64)number), "D"(a), "S"(b), "d"(c), "r"(r10)
				 : "memory");
	return result;
}

void hc_wait(u64 deadline)
{
	hypercall(HC_WAIT, deadline, 0, 0, 0);
}

void hc_log(const char *text, size_t len)
{
	hypercall(HC_LOG, (u64)text, len, 0, 0);
}

void hc_ioreq_done(u32 vm, u32 vcpu)
{
	hypercall(HC_IOREQ_DONE, vm, vcpu, 0, 0);
}

int hc_pci_add(u32 vm, const struct pci_template *t)
{
	return (int)hypercall(HC_PCI_ADD, vm, (u64)t, 0, 0);
}

int hc_trap_add(u32 vm, enum ioreq_space space, u16 device, u64 base, u64 len)
{
	return (int)hypercall(HC_TRAP_ADD, vm, (u64)space << 32 | device, base, len);
}

int hc_doorbell_add(u32 vm, u16 device, u8 bar, u64 offset, u8 size, u8 id)
{
	return (int)hypercall(HC_DOORBELL_ADD, vm, (u64)device << 8 | bar, offset,
			      (u64)size << 16 | id);
}

int hc_msix(u32 vm, u16 device, u16 vector)
{
	return (int)hypercall(HC_MSIX, vm, device, vector, 0);
}

int hc_intx(u32 vm, u16 device, bool level)
{
	return (int)hypercall(HC_INTX, vm, device, level, 0);
}

int hc_isa_irq(u32 vm, unsigned irq, bool level)
{
	return (int)hypercall(HC_ISA_IRQ, vm, irq, level, 0);
}

int hc_vm_reset(u32 vm)
{
	return (int)hypercall(HC_VM_RESET, vm, 0, 0, 0);
}

int hc_vm_start(u32 vm, const struct vm_start *start)
{
	return (int)hypercall(HC_VM_START, vm, (u64)start, 0, 0);
}

int hc_vm_stop(u32 vm)
{
	return (int)hypercall(HC_VM_STOP, vm, 0, 0, 0);
}

int hc_vm_stats(u32 vm, struct vm_stats *stats)
{
	return (int)hypercall(HC_VM_STATS, vm == HC_MACHINE ? ~0ULL : vm, (u64)stats, 0, 0);
}

int hc_vram_window(u32 vm, gpa_t gpa, u64 offset, u64 len)
{
	return (int)hypercall(HC_VRAM_WINDOW, vm, gpa, offset, len);
}

int hc_vram_watch(u32 vm, bool on)
{
	return (int)hypercall(HC_VRAM_WATCH, vm, on, 0, 0);
}

int hc_vram_dirty(u32 vm, u64 offset, u64 len, u64 *bitmap)
{
	return (int)hypercall(HC_VRAM_DIRTY, vm, offset, len, (u64)bitmap);
}

void hc_irq_unmask(enum host_event event)
{
	hypercall(HC_IRQ_UNMASK, (u64)event, 0, 0, 0);
}

void hc_restart(bool failed)
{
	hypercall(HC_RESTART, failed, 0, 0, 0);
	__builtin_trap();
}

void hc_poweroff(bool reboot)
{
	hypercall(HC_POWEROFF, reboot, 0, 0, 0);
	__builtin_trap();
}
