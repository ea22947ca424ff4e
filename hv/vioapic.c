/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The IOAPIC: redirection entries, edge and level pins, remote IRR, the EOI register.
 *
 * Locking: the guest's lock guards struct vioapic; it is held while messages go to LAPICs, which
 * take no lock.
 * Invariant: a level-triggered pin that is high and unmasked has remote IRR set, unless no LAPIC
 * took its message; that is tried again at the next write of its entry or change of its line.
 */
#include "vm.h"

#define OFFSET_SELECT 0x00
#define OFFSET_WINDOW 0x10
#define OFFSET_EOI    0x40

#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION 0x02
#define REG_REDIRECTION 0x10

#define VERSION (0x20u | (VIOAPIC_PINS - 1) << 16)

#define REDIR_VECTOR	 0xffULL
#define REDIR_LOGICAL	 BIT(11)
#define REDIR_REMOTE_IRR BIT(14)
#define REDIR_LEVEL	 BIT(15)
#define REDIR_MASKED	 BIT(16)
#define REDIR_STATUS	 (BIT(12) | REDIR_REMOTE_IRR)
#define REDIR_WRITABLE	 (0xff0000000001ffffULL & ~REDIR_STATUS)

#define PIN_ISA0 2

void vioapic_reset(struct vioapic *io)
{
	*io = (struct vioapic){ 0 };
	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++)
		io->redirection[pin] = REDIR_MASKED;
}

/* Only fixed and lowest-priority interrupts have an end to wait for. */
static bool is_level(u64 entry)
{
	return (entry & REDIR_LEVEL) && (entry >> 8 & 7) <= APIC_LOWEST;
}

bool vioapic_masked(const struct vioapic *io, u32 pin)
{
	return io->redirection[pin] & REDIR_MASKED;
}

static bool send(struct vm *vm, u64 entry)
{
	const struct apic_message m = {
		.destination = (u32)(entry >> 56),
		.logical = entry & REDIR_LOGICAL,
		.vector = (u8)(entry & REDIR_VECTOR),
		.delivery = entry >> 8 & 7,
		.level = is_level(entry),
		.assert = true,
	};

	return vlapic_route(vm, &m);
}

/* Sends a level-triggered pin's message if it is due. */
static void service_level(struct vm *vm, u32 pin)
{
	u64 *entry = &vm->ioapic.redirection[pin];

	if ((vm->ioapic.lines & BIT(pin)) && is_level(*entry) &&
	    !(*entry & (REDIR_MASKED | REDIR_REMOTE_IRR)) && send(vm, *entry))
		*entry |= REDIR_REMOTE_IRR;
}

void vioapic_set(struct vm *vm, u32 pin, bool level)
{
	struct vioapic *io = &vm->ioapic;
	u64 entry = io->redirection[pin];
	u32 bit = 1u << pin;
	bool rises = level && !(io->lines & bit);

	io->lines = level ? io->lines | bit : io->lines & ~bit;
	if (is_level(entry))
		service_level(vm, pin);
	else if (rises && !(entry & REDIR_MASKED))
		send(vm, entry);
}

static void end_vector(struct vm *vm, u8 vector)
{
	struct vioapic *io = &vm->ioapic;

	for (u32 pin = 0; pin < VIOAPIC_PINS; pin++) {
		u64 *entry = &io->redirection[pin];

		if (!(*entry & REDIR_REMOTE_IRR) || (*entry & REDIR_VECTOR) != vector)
			continue;
		*entry &= ~REDIR_REMOTE_IRR;
		service_level(vm, pin);
	}
}

void vioapic_eoi(struct vm *vm, u8 vector)
{
	spin_lock(&vm->lock);
	end_vector(vm, vector);
	spin_unlock(&vm->lock);
}

static u32 read_window(const struct vioapic *io)
{
	u32 index = io->select - REG_REDIRECTION;

	switch (io->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return io->id << 24;
	case REG_VERSION:
		return VERSION;
	default:
		if (index >= 2 * VIOAPIC_PINS)
			return 0;
		return (u32)(io->redirection[index / 2] >> index % 2 * 32);
	}
}

/* Remote IRR belongs to the level mode: writing an entry as edge-triggered clears it. */
static void write_redirection(struct vm *vm, u32 index, u32 value)
{
	u32 pin = index / 2, shift = index % 2 * 32;
	u64 *entry = &vm->ioapic.redirection[pin];
	u64 writable = REDIR_WRITABLE & 0xffffffffULL << shift;

	*entry = (*entry & ~writable) | ((u64)value << shift & writable);
	if (!is_level(*entry))
		*entry &= ~REDIR_REMOTE_IRR;
	service_level(vm, pin);
	if (pin == PIN_ISA0)
		vpit_mask_changed(vm);
}

static void write_window(struct vm *vm, u32 value)
{
	struct vioapic *io = &vm->ioapic;
	u32 index = io->select - REG_REDIRECTION;

	if (io->select == REG_ID)
		io->id = value >> 24 & 0xf;
	else if (index < 2 * VIOAPIC_PINS)
		write_redirection(vm, index, value);
}

static void mmio_write(struct vm *vm, u64 offset, const struct access *a)
{
	if (offset == OFFSET_SELECT)
		vm->ioapic.select = (u8)a->value;
	else if (offset == OFFSET_WINDOW && a->size == 4)
		write_window(vm, (u32)a->value);
	else if (offset == OFFSET_EOI)
		end_vector(vm, (u8)a->value);
}

static u32 mmio_read(const struct vioapic *io, u64 offset)
{
	if (offset == OFFSET_SELECT)
		return io->select;
	return offset == OFFSET_WINDOW ? read_window(io) : 0;
}

enum trap_result vioapic_mmio(struct vm *vm, u64 offset, struct access *a)
{
	spin_lock(&vm->lock);
	if (a->write)
		mmio_write(vm, offset, a);
	else
		a->value = mmio_read(&vm->ioapic, offset);
	spin_unlock(&vm->lock);
	return TRAP_DONE;
}

void vm_isa_irq_locked(struct vm *vm, u32 irq, bool level)
{
	if (irq > 15 || irq == 2)
		return;
	vpic_set(vm, irq, level);
	vioapic_set(vm, irq ? irq : PIN_ISA0, level);
}

void vm_isa_irq(struct vm *vm, u32 irq, bool level)
{
	spin_lock(&vm->lock);
	vm_isa_irq_locked(vm, irq, level);
	spin_unlock(&vm->lock);
}
