/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Registration with the hypervisor and dispatch of what it forwards. Device numbers: PCI devices
 * keep the hypervisor's id (below BUS_ISA_FIRST); everything a device registers by port or address
 * carries BUS_ISA_FIRST + its index in the guest, so that dispatch needs no search for those.
 *
 * The slots of abi/ioreq.h are taken and given back here and nowhere else.
 */
#include "bus.h"
#include "hypercall.h"
#include "runtime.h"
#include "state.h"

#include <stdatomic.h>

#define BUS_ISA_FIRST	 0x100
#define BUS_MAX_DOORBELL 64

struct bus_doorbell {
	u16 device; /* index in the guest */
	u16 queue;
};

static struct bus_guest {
	struct bus_doorbell doorbells[BUS_MAX_DOORBELL];
	u32 doorbell_count;
} bus_guests[MAX_VMS];

static struct dm_shared *shared(void)
{
	return (struct dm_shared *)DM_SHARED_BASE;
}

static u16 device_index(const struct dm_device *dev)
{
	return (u16)(dev - dev->vm->devices);
}

static int add_trap(struct dm_device *dev, enum ioreq_space space, u64 base, u64 len)
{
	u16 number = (u16)(BUS_ISA_FIRST + device_index(dev));

	if (!dev->id)
		dev->id = number;
	if (state_guest(dev->vm->index)->registered)
		return 0;
	return hc_trap_add(dev->vm->index, space, number, base, len);
}

int bus_add_ports(struct dm_device *dev, u16 base, u16 count)
{
	return add_trap(dev, IOREQ_PIO, base, count);
}

int bus_add_mmio(struct dm_device *dev, gpa_t base, u64 len)
{
	return add_trap(dev, IOREQ_MMIO, base, len);
}

int bus_add_pci(struct dm_device *dev, const struct pci_template *t)
{
	struct state_guest *guest = state_guest(dev->vm->index);
	u16 *known = &guest->pci_ids[device_index(dev)];

	if (!guest->registered) {
		int id = hc_pci_add(dev->vm->index, t);

		if (id <= 0 || id >= BUS_ISA_FIRST)
			return id < 0 ? id : -EINVAL;
		*known = (u16)id;
	}
	dev->id = *known;
	return 0;
}

/* The id of that doorbell: a device's queue has one however many places ring it. */
static int doorbell_id(struct bus_guest *guest, u16 device, u16 queue)
{
	u32 i;

	for (i = 0; i < guest->doorbell_count; i++)
		if (guest->doorbells[i].device == device && guest->doorbells[i].queue == queue)
			return (int)i;
	if (i == BUS_MAX_DOORBELL)
		return -ENOSPC;
	guest->doorbells[i] = (struct bus_doorbell){ device, queue };
	guest->doorbell_count++;
	return (int)i;
}

int bus_add_doorbell(struct dm_device *dev, u8 bar, u64 offset, u8 size, unsigned queue)
{
	u32 vm = dev->vm->index;
	int id = doorbell_id(&bus_guests[vm], device_index(dev), (u16)queue);

	if (id < 0 || state_guest(vm)->registered)
		return MIN(id, 0);
	return hc_doorbell_add(vm, dev->id, bar, offset, size, (u8)id);
}

/* A refusal here means that the guest has masked the vector: the hypervisor keeps it pending. */
bool bus_msix(struct dm_device *dev, u16 vector)
{
	return hc_msix(dev->vm->index, dev->id, vector) != -ENODEV;
}

void bus_intx(struct dm_device *dev, bool level)
{
	hc_intx(dev->vm->index, dev->id, level);
}

void bus_isa_irq(struct dm_vm *vm, unsigned irq, bool level)
{
	hc_isa_irq(vm->index, irq, level);
}

/* A failed guest's devices are left alone: they may be what ends the domain. */
static bool is_served(const struct dm_vm *vm)
{
	return state_guest(vm->index)->phase != PHASE_FAILED;
}

static struct dm_device *find_device(struct dm_vm *vm, u16 number)
{
	if (number >= BUS_ISA_FIRST) {
		u32 index = number - BUS_ISA_FIRST;

		return index < vm->device_count ? &vm->devices[index] : NULL;
	}
	for (u32 i = 0; i < vm->device_count; i++)
		if (vm->devices[i].id == number)
			return &vm->devices[i];
	return NULL;
}

static void serve_slot(struct dm_vm *vm, u32 vcpu)
{
	struct ioreq *slot = &shared()->ioreq[vm->index][vcpu];
	u32 pending = IOREQ_PENDING;
	struct dm_device *dev;
	struct dm_access access;

	/* The hypervisor may be withdrawing the request at the same time. */
	if (!atomic_compare_exchange_strong(&slot->state, &pending, IOREQ_BUSY))
		return;
	access = (struct dm_access){
		.addr = slot->addr,
		.value = slot->write ? slot->value : ~0ULL,
		.from = slot->from,
		.count = slot->count,
		.size = slot->size,
		.space = slot->space,
		.bar = slot->bar,
		.write = slot->write,
		.block = slot->block,
	};
	dev = is_served(vm) ? find_device(vm, slot->device) : NULL;
	if (dev) {
		state_guest(vm->index)->accesses[device_index(dev)]++;
		dev->ops->access(dev, &access);
	}
	slot->value = access.value;
	slot->status = dev ? IOREQ_OK : IOREQ_FAULT;
	atomic_store_explicit(&slot->state, IOREQ_DONE, memory_order_release);
	hc_ioreq_done(vm->index, vcpu);
}

static void ring(struct dm_vm *vm, u32 id)
{
	struct bus_guest *guest = &bus_guests[vm->index];
	struct dm_device *dev;

	if (id >= guest->doorbell_count || !is_served(vm))
		return;
	dev = &vm->devices[guest->doorbells[id].device];
	dev->ops->doorbell(dev, guest->doorbells[id].queue);
}

void bus_serve(struct dm_vm *vm)
{
	/* Taken in this order, the doorbells include all that a vCPU rang before its request. */
	u64 requests = atomic_exchange(&shared()->ioreq_pending[vm->index], 0);
	u64 rings = atomic_exchange(&shared()->doorbells[vm->index], 0);

	for (; rings; rings &= rings - 1, state_guest(vm->index)->doorbells++)
		ring(vm, (u32)__builtin_ctzll(rings));
	for (requests &= BIT(MAX_VM_CPUS) - 1; requests; requests &= requests - 1)
		serve_slot(vm, (u32)__builtin_ctzll(requests));
}

void bus_ring_all(struct dm_vm *vm)
{
	for (u32 id = 0; id < bus_guests[vm->index].doorbell_count; id++)
		ring(vm, id);
}
