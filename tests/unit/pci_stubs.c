/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/pci*.c hv/trap.c */

/* What the PCI bus calls, recorded; see pci_stubs.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <abi/range.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "pci_internal.h"
#include "pci_stubs.h"

struct pci_stubs stubs;
const struct handoff *handoff;

void vm_msi(struct vm *vm, u64 address, u32 data)
{
	assert_ptr_equal(vm, &stubs.vm);
	assert_int_equal(vm->lock.next, vm->lock.owner);
	stubs.messages[stubs.message_count++ % STUB_RECORDS] =
		(struct stub_message){ address, data };
}

void vm_sync(struct vm *vm)
{
	assert_int_equal(vm->lock.next, vm->lock.owner);
	stubs.syncs++;
}

void vioapic_set(struct vm *vm, u32 pin, bool level)
{
	assert_int_not_equal(vm->lock.next, vm->lock.owner);
	assert_true(pin < VIOAPIC_PINS);
	stubs.lines = (stubs.lines & ~(1U << pin)) | (u32)level << pin;
}

enum trap_result ioreq_post(struct vcpu *v, u16 device, enum ioreq_space space, u8 bar, u64 addr,
			    struct access *a)
{
	assert_ptr_equal(v, &stubs.vcpu);
	assert_int_equal(space, IOREQ_PCI_BAR);
	stubs.requests[stubs.request_count++ % STUB_RECORDS] =
		(struct stub_request){ device, bar, addr, *a };
	return TRAP_DEFER;
}

void doorbell_ring(struct vm *vm, u32 id)
{
	assert_ptr_equal(vm, &stubs.vm);
	stubs.doorbells |= BIT(id);
}

void log_printf(const char *format, ...)
{
	(void)format;
	stubs.logs++;
}

int stage2_map(struct stage2 *s, gpa_t gpa, hpa_t hpa, u64 len, u32 prot, enum stage2_memtype type)
{
	assert_ptr_equal(s, &stubs.vm.stage2);
	assert_int_equal((gpa | hpa | len) & PAGE_MASK, 0);
	assert_int_equal(prot, STAGE2_READ | STAGE2_WRITE);
	assert_int_equal(type, MEMTYPE_WB);
	if (stubs.map_error)
		return stubs.map_error;
	assert_true(stubs.mapping_count < STUB_RECORDS);
	stubs.mappings[stubs.mapping_count++] = (struct stub_mapping){ gpa, hpa, len };
	return 0;
}

int stage2_unmap(struct stage2 *s, gpa_t gpa, u64 len)
{
	assert_ptr_equal(s, &stubs.vm.stage2);
	for (u32 i = 0; i < stubs.mapping_count; i++)
		if (stubs.mappings[i].gpa == gpa && stubs.mappings[i].len == len)
			stubs.mappings[i--] = stubs.mappings[--stubs.mapping_count];
	return 0;
}

/* Files are where they are. */
void *phys_to_virt(hpa_t hpa)
{
	return (void *)hpa;
}

bool shadow_update(struct vm *vm, const u8 pam[SHADOW_PAMS])
{
	assert_ptr_equal(vm, &stubs.vm);
	memcpy(stubs.pam, pam, sizeof(stubs.pam));
	return false;
}

void stubs_setup(u64 ram_size, bool firmware)
{
	memset(&stubs, 0, sizeof(stubs));
	stubs.vm.config = &stubs.config;
	handoff = &stubs.handoff;
	stubs.config.firmware = firmware ? 0 : FILE_NONE;
	stubs.vm.ram_size = ram_size;
	stubs.vm.vram = STUB_VRAM;
	stubs.vm.vram_size = STUB_VRAM_SIZE;
	stubs.vm.vcpus = &stubs.vcpu;
	stubs.vm.vcpu_count = 1;
	stubs.vcpu.vm = &stubs.vm;
	assert_int_equal(pci_init(&stubs.vm), 0);
}

enum trap_result stubs_access(enum trap_space space, struct access *a)
{
	struct trap_region r;

	stubs.vcpu.counters[space == TRAP_PIO ? STAT_EXIT_PIO : STAT_EXIT_MMIO]++;
	if (!trap_find(&stubs.vm.traps, space, a->addr, a->size, &r))
		return TRAP_UNHANDLED;
	return r.fn(r.ctx, &stubs.vcpu, a->addr - r.base, a);
}

static u64 low_bytes(u64 value, u8 size)
{
	return size == 8 ? value : value & (BIT(8 * size) - 1);
}

u64 stubs_read(enum trap_space space, u64 addr, u8 size)
{
	struct access a = { .addr = addr, .value = ~0ULL, .count = 1, .size = size };

	stubs_access(space, &a);
	return low_bytes(a.value, size);
}

void stubs_write(enum trap_space space, u64 addr, u8 size, u64 value)
{
	struct access a = { .addr = addr,
			    .value = low_bytes(value, size),
			    .count = 1,
			    .size = size,
			    .write = true };

	stubs_access(space, &a);
}

u64 ecam_read(u32 devfn, u32 at, u8 size)
{
	return stubs_read(TRAP_MMIO, GUEST_ECAM_BASE + devfn * 4096ULL + at, size);
}

void ecam_write(u32 devfn, u32 at, u8 size, u64 value)
{
	stubs_write(TRAP_MMIO, GUEST_ECAM_BASE + devfn * 4096ULL + at, size, value);
}

void stubs_template(struct pci_template *t, u8 devfn)
{
	static const u8 header[] = { 0xf4, 0x1a, 0x50, 0x10 };
	static const u8 msix[] = { 0x11, 0x50, 0, 0 };
	static const u8 window[] = { 0x09, 0x00, 0x14, 0x05 };

	memset(t, 0, sizeof(*t));
	t->devfn = devfn;
	t->rom_file = FILE_NONE;
	t->msix_cap = 0x40;
	t->msix_vectors = 4;
	t->msix_bar = 2;
	t->msix_pba = 0x800;
	t->window_cap = 0x50;
	memcpy(t->config, header, sizeof(header));
	memcpy(t->config + 0x40, msix, sizeof(msix));
	memcpy(t->config + 0x50, window, sizeof(window));
	t->config[0x34] = 0x40;
	t->config[0x3d] = 1;
	t->bars[0] =
		(struct pci_bar_template){ .size = MIB(16), .kind = PCI_BAR_VRAM, .prefetch = 1 };
	t->bars[2] = (struct pci_bar_template){
		.size = KIB(16), .kind = PCI_BAR_MMIO, .is_64bit = 1, .prefetch = 1
	};
	t->bars[4] = (struct pci_bar_template){ .size = 16, .kind = PCI_BAR_IO };
}

static void check_bar(const struct pci_function *f, u32 i)
{
	const struct pci_bar *bar = &f->bars[i];
	u64 size = f->t.bars[i].size;
	struct trap_region r;
	u32 found = 0;

	if (f->t.bars[i].kind == PCI_BAR_IO) {
		assert_true(range_within(bar->addr, size, 0x10000));
		assert_true(trap_find(&stubs.vm.traps, TRAP_PIO, bar->addr, 4, &r));
		assert_ptr_equal(r.ctx, bar);
		return;
	}
	assert_false(range_overlaps(bar->addr, size, 0, stubs.vm.ram_size));
	assert_false(range_overlaps(bar->addr, size, GUEST_ECAM_BASE, MIB(256)));
	assert_false(range_overlaps(bar->addr, size, GUEST_MMIO_LIMIT, MIB(20)));
	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		const struct pci_function *g = &stubs.vm.pci.functions[n / 6];
		const struct pci_bar *other = &g->bars[n % 6];

		if (other != bar && other->mapped && g->t.bars[n % 6].kind != PCI_BAR_IO)
			assert_false(range_overlaps(bar->addr, size, other->addr,
						    g->t.bars[n % 6].size));
	}
	if (f->t.bars[i].kind == PCI_BAR_MMIO) {
		assert_true(trap_find(&stubs.vm.traps, TRAP_MMIO, bar->addr, 4, &r));
		assert_ptr_equal(r.ctx, bar);
		return;
	}
	for (u32 n = 0; n < stubs.mapping_count; n++)
		found += stubs.mappings[n].gpa == bar->addr && stubs.mappings[n].len == size;
	assert_int_equal(found, 1);
}

void stubs_check_bus(void)
{
	u32 vram = 0;

	for (u32 n = 0; n < PCI_MAX_FUNCTIONS * 6; n++) {
		const struct pci_function *f = &stubs.vm.pci.functions[n / 6];

		if (!f->bars[n % 6].mapped)
			continue;
		check_bar(f, n % 6);
		vram += f->t.bars[n % 6].kind == PCI_BAR_VRAM;
	}
	assert_int_equal(vram, stubs.mapping_count);
	for (u32 n = 0; n < PCI_MAX_FUNCTIONS; n++)
		for (u32 i = 0; i < 256; i++) {
			const struct pci_function *f = &stubs.vm.pci.functions[n];
			u8 moving = i >= PCI_BAR0 && i < PCI_BAR0 + 24 ? 0xf0
				    : i == PCI_STATUS		       ? PCI_STATUS_INTX
								       : 0;
			u8 kept = (u8) ~(f->t.writable[i] | moving);

			assert_int_equal(f->config[i] & kept, f->t.config[i] & kept);
		}
}
