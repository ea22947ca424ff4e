/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * One typed function a hypercall; what each does is told with enum hypercall in abi/hypercall.h.
 * Results are 0 (or more where said) or -errno.
 */
#ifndef DM_HYPERCALL_H
#define DM_HYPERCALL_H

#include <abi/hypercall.h>

void hc_wait(u64 deadline);
void hc_log(const char *text, size_t len);
void hc_ioreq_done(u32 vm, u32 vcpu);
int hc_pci_add(u32 vm, const struct pci_template *t); /* device id */
int hc_trap_add(u32 vm, enum ioreq_space space, u16 device, u64 base, u64 len);
int hc_doorbell_add(u32 vm, u16 device, u8 bar, u64 offset, u8 size, u8 id);
int hc_msix(u32 vm, u16 device, u16 vector);
int hc_intx(u32 vm, u16 device, bool level);
int hc_isa_irq(u32 vm, unsigned irq, bool level);
int hc_vm_reset(u32 vm);
int hc_vm_start(u32 vm, const struct vm_start *start);
int hc_vm_stop(u32 vm);
int hc_vm_stats(u32 vm, struct vm_stats *stats); /* HC_MACHINE for the machine */
int hc_vram_window(u32 vm, gpa_t gpa, u64 offset, u64 len);
int hc_vram_watch(u32 vm, bool on);
int hc_vram_dirty(u32 vm, u64 offset, u64 len, u64 *bitmap);
void hc_irq_unmask(enum host_event event);
__attribute__((noreturn)) void hc_restart(bool failed);
__attribute__((noreturn)) void hc_poweroff(bool reboot);

#define HC_MACHINE 0xffffffffu

#endif
