/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/vlapic*.c hv/vioapic.c hv/vpic.c hv/vpit*.c */

/* See irq_stubs.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <arch/cpu.h>
#include "irq_stubs.h"

u64 stub_now;
struct vm stub_vm;
struct vcpu stub_vcpus[MAX_VM_CPUS];

u64 time_now(void)
{
	return stub_now;
}

u64 time_hz(void)
{
	return STUB_HZ;
}

void vcpu_notify(struct vcpu *v, u32 events)
{
	__atomic_fetch_or((u32 *)&v->events, events, __ATOMIC_SEQ_CST);
}

void irq_setup(u32 cpus)
{
	stub_now = STUB_HZ;
	memset(&stub_vm, 0, sizeof(stub_vm));
	memset(stub_vcpus, 0, sizeof(stub_vcpus));
	stub_vm.vcpus = stub_vcpus;
	stub_vm.vcpu_count = cpus;
	stub_vm.start_tsc = stub_now;
	for (u32 i = 0; i < cpus; i++) {
		stub_vcpus[i].vm = &stub_vm;
		stub_vcpus[i].index = i;
		vlapic_reset(&stub_vcpus[i].lapic, i, i == 0);
	}
	vioapic_reset(&stub_vm.ioapic);
	vpic_reset(&stub_vm.pic);
	vpit_reset(&stub_vm.pit, stub_now);
}

u32 take_events(struct vcpu *v)
{
	return __atomic_exchange_n((u32 *)&v->events, 0, __ATOMIC_SEQ_CST);
}

int deliver(struct vcpu *v)
{
	int vector = vlapic_pending(&v->lapic);

	if (vector >= 0)
		vlapic_accept(&v->lapic, (u8)vector);
	return vector;
}

void run_for_ns(u64 ns)
{
	u64 end = stub_now + ns * (STUB_HZ / 100000000) / 10;

	for (;;) {
		u64 next = vlapic_deadline(&stub_vcpus[0].lapic);

		next = MIN(next, stub_vm.pit.deadline);
		if (next > end)
			break;
		stub_now = MAX(stub_now, next);
		vlapic_timer(&stub_vcpus[0], stub_now);
		vpit_timer(&stub_vm, stub_now);
	}
	stub_now = end;
}

void enable_lapics(bool x2apic)
{
	for (u32 i = 0; i < stub_vm.vcpu_count; i++) {
		struct vcpu *v = &stub_vcpus[i];

		if (x2apic)
			assert_int_equal(vlapic_wrmsr(v, 0x1b, v->lapic.base_msr | APIC_BASE_X2),
					 0);
		if (x2apic)
			wrmsr(v, REG_SVR, 0x1ff);
		else
			mmio_write(v, REG_SVR, 0x1ff);
	}
}

void wrmsr(struct vcpu *v, u32 reg, u64 value)
{
	assert_int_equal(vlapic_wrmsr(v, 0x800 + reg, value), 0);
}

u64 rdmsr(struct vcpu *v, u32 reg)
{
	u64 value;

	assert_int_equal(vlapic_rdmsr(v, 0x800 + reg, &value), 0);
	return value;
}

void mmio_write(struct vcpu *v, u32 reg, u32 value)
{
	struct access a = { .value = value, .count = 1, .size = 4, .write = true };

	assert_int_equal(vlapic_mmio(v, reg * 16, &a), TRAP_DONE);
}

u32 mmio_read(struct vcpu *v, u32 reg)
{
	struct access a = { .value = ~0ULL, .count = 1, .size = 4 };

	assert_int_equal(vlapic_mmio(v, reg * 16, &a), TRAP_DONE);
	return (u32)a.value;
}

void pic_out(u16 port, u8 value)
{
	struct access a = { .addr = port, .value = value, .count = 1, .size = 1, .write = true };

	assert_int_equal(vpic_pio(&stub_vm, &a), TRAP_DONE);
}

u8 pic_in(u16 port)
{
	struct access a = { .addr = port, .value = ~0ULL, .count = 1, .size = 1 };

	assert_int_equal(vpic_pio(&stub_vm, &a), TRAP_DONE);
	return (u8)a.value;
}

void pit_out(u16 port, u8 value)
{
	struct access a = { .addr = port, .value = value, .count = 1, .size = 1, .write = true };

	assert_int_equal(vpit_pio(&stub_vm, &a), TRAP_DONE);
}

u8 pit_in(u16 port)
{
	struct access a = { .addr = port, .value = ~0ULL, .count = 1, .size = 1 };

	assert_int_equal(vpit_pio(&stub_vm, &a), TRAP_DONE);
	return (u8)a.value;
}

static u64 ioapic_access(u64 offset, bool write, u32 value)
{
	struct access a = { .value = value, .count = 1, .size = 4, .write = write };

	assert_int_equal(vioapic_mmio(&stub_vm, offset, &a), TRAP_DONE);
	return a.value;
}

void ioapic_write(u32 reg, u32 value)
{
	ioapic_access(0, true, reg);
	ioapic_access(0x10, true, value);
}

u32 ioapic_read(u32 reg)
{
	ioapic_access(0, true, reg);
	return (u32)ioapic_access(0x10, false, 0);
}

void ioapic_pin(u32 pin, u64 entry)
{
	ioapic_write(0x11 + 2 * pin, (u32)(entry >> 32));
	ioapic_write(0x10 + 2 * pin, (u32)entry);
}
