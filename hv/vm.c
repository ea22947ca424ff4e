/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Guests: their creation from the configuration, their memory, and the turns of their lives
 * (stopped -> running -> stopping -> stopped, or fatal). Turns are asked for by the device domain
 * or forced by vm_fatal; each vCPU's core carries its part out.
 */
#include <abi/range.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "domain.h"
#include "log.h"
#include "pages.h"
#include "panic.h"
#include "platform.h"
#include "sched.h"
#include "string.h"
#include "vm.h"
#include "vm_create.h"

#define STAGE2_MAX_LEVEL 2 /* 2 MiB leaves: on every machine, and RAM is aligned to them */

struct vm vms[MAX_VMS + 1];

/* ---- memory ---- */

void *vm_ram(struct vm *vm, gpa_t gpa, u64 len)
{
	u64 low = MIN(vm->ram_size, GUEST_LOW_LIMIT);

	if (!len || range_overlaps(gpa, len, GUEST_LEGACY_BASE, GUEST_LEGACY_SIZE))
		return NULL;
	if (range_inside(gpa, len, 0, low))
		return phys_to_virt(vm->ram + gpa);
	if (range_inside(gpa, len, GUEST_HIGH_BASE, vm->ram_size - low))
		return phys_to_virt(vm->ram + low + (gpa - GUEST_HIGH_BASE));
	return NULL;
}

int vm_write(struct vm *vm, gpa_t gpa, const void *from, u32 len)
{
	void *p = vm_ram(vm, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(p, from, len);
	return 0;
}

/* As the guest's instructions see it: ROM, and shadow RAM only where it is switched in. */
static int memory_read(void *ctx, gpa_t gpa, void *to, u32 len)
{
	const u8 *from;

	if (!shadow_rom(ctx, gpa, len, &from))
		from = shadow_blocks_read(ctx, gpa, len) ? NULL : vm_ram(ctx, gpa, len);
	if (!from)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

static int memory_write(void *ctx, gpa_t gpa, const void *from, u32 len)
{
	return shadow_blocks_write(ctx, gpa, len) ? -EFAULT : vm_write(ctx, gpa, from, len);
}

const struct guest_memory vm_memory_ops = { .read = memory_read, .write = memory_write };

/* ---- creation ---- */

static int vcpus_create(struct vm *vm, u32 count, u32 *core, u32 cores)
{
	u64 pages = ALIGN_UP(count * sizeof(struct vcpu), PAGE_SIZE) / PAGE_SIZE;
	hpa_t at = pages_alloc((u32)pages);

	if (!at)
		return -ENOMEM;
	vm->vcpus = phys_to_virt(at);
	vm->vcpu_count = count;
	for (u32 i = 0; i < count; i++) {
		struct vcpu *v = &vm->vcpus[i];
		hpa_t xstate = page_alloc();

		if (!xstate)
			return -ENOMEM;
		v->vm = vm;
		v->index = i;
		v->cpu = (*core)++ % cores;
		v->deadline = ~0ULL;
		v->lapic.deadline = ~0ULL;
		v->arch.xstate = phys_to_virt(xstate);
		v->arch.stage2 = &vm->stage2;
		v->arch.domain = vm->index == DOMAIN_VM;
		sched_add(v);
	}
	return 0;
}

int vm_create_vcpus(struct vm *vm, u32 count, u32 *core, u32 cores)
{
	int rc = stage2_init(&vm->stage2, virt->stage2, STAGE2_MAX_LEVEL);

	return rc ? rc : vcpus_create(vm, count, core, cores);
}

static int map_ram(struct vm *vm)
{
	u64 low = MIN(vm->ram_size, GUEST_LOW_LIMIT);
	int rc = stage2_map(&vm->stage2, 0, vm->ram, low, STAGE2_RWX, MEMTYPE_WB);

	if (!rc) /* legacy video memory is not RAM; what lies beneath it stays unused */
		rc = stage2_unmap(&vm->stage2, GUEST_LEGACY_BASE, GUEST_LEGACY_SIZE);
	if (!rc && vm->ram_size > low)
		rc = stage2_map(&vm->stage2, GUEST_HIGH_BASE, vm->ram + low, vm->ram_size - low,
				STAGE2_RWX, MEMTYPE_WB);
	vm->stage2.max_level = 1; /* what comes later is VRAM: dirty bits of 4 KiB */
	return rc;
}

static int vm_create(struct vm *vm, const struct vm_config *config, u32 *core, u32 cores)
{
	int rc;

	vm->config = config;
	vm->ram_size = config->memory;
	vm->ram = memory_take(vm->ram_size, LARGE_PAGE_SIZE);
	vm->vram_size = config->vram;
	if (vm->vram_size)
		vm->vram = memory_take(vm->vram_size + VRAM_HIDDEN_SIZE, LARGE_PAGE_SIZE);
	if (!vm->ram || (vm->vram_size && !vm->vram))
		return -ENOMEM;
	if (vm->vram_size)
		memset(phys_to_virt(vm->vram), 0, vm->vram_size + VRAM_HIDDEN_SIZE);
	rc = vm_create_vcpus(vm, config->cpus, core, cores);
	if (!rc)
		rc = map_ram(vm);
	if (!rc)
		rc = platform_create(vm);
	vm->state = VM_STOPPED;
	return rc;
}

void vm_create_all(const struct config *config, u32 cores)
{
	u32 core = 1; /* the device domain is on core 0 */

	for (u32 i = 0; i < config->vm_count; i++) {
		const struct vm_config *c = &config->vms[i];

		vms[i].index = i;
		if (vm_create(&vms[i], c, &core, cores))
			refuse("oriel.conf:%u: [vm %s]: too little memory: it wants %lu MiB, %lu "
			       "MiB are left",
			       c->line, c->name, (c->memory >> 20), (memory_left() >> 20));
	}
}

u64 vm_memory_overhead(void)
{
	u64 sum = memory_taken() + pages_pool_size() + handoff->image_len;

	for (u32 i = 0; i < MAX_VMS; i++)
		sum -= vms[i].ram_size;
	return sum;
}

/* ---- life ---- */

int vm_power_on_reset(struct vm *vm)
{
	if (vm->state != VM_STOPPED && vm->state != VM_FATAL)
		return -EBUSY;
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = &vm->vcpus[i];

		v->events = 0;
		vlapic_reset(&v->lapic, i, i == 0);
	}
	platform_reset(vm);
	vm->reason[0] = 0;
	vm->state = VM_STOPPED;
	return 0;
}

int vm_start(struct vm *vm, const struct vm_start *start)
{
	if (vm->state != VM_STOPPED)
		return -EBUSY;
	if (start->mode > VM_START_LONG64)
		return -EINVAL;
	vm->start_tsc = time_now();
	vm->state = VM_RUNNING;
	vm->running_vcpus = vm->vcpu_count;
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = &vm->vcpus[i];

		v->start = *start;
		v->start_boot = i == 0;
		vcpu_notify(v, VCPU_EVENT_START | VCPU_EVENT_IRQ);
	}
	return 0;
}

static void stop_vcpus(struct vm *vm)
{
	for (u32 i = 0; i < vm->vcpu_count; i++)
		vcpu_notify(&vm->vcpus[i], VCPU_EVENT_STOP);
}

/* Changes the state from `from`, if it is that; two cores may ask at once. */
static bool state_change(struct vm *vm, u32 from, u32 to)
{
	return __atomic_compare_exchange_n((u32 *)&vm->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

int vm_stop(struct vm *vm)
{
	if (vm->state == VM_FATAL || vm->state == VM_STOPPING)
		return 0;
	if (!state_change(vm, VM_RUNNING, VM_STOPPING))
		return -EINVAL;
	stop_vcpus(vm);
	return 0;
}

void vm_fatal(struct vm *vm, const char *format, ...)
{
	va_list args;

	if (!state_change(vm, VM_RUNNING, VM_STOPPING))
		return;
	va_start(args, format);
	log_vformat(vm->reason, sizeof(vm->reason), format, args);
	va_end(args);
	log_printf("guest %s stopped: %s", vm->config->name, vm->reason);
	stop_vcpus(vm);
}

void vm_vcpu_stopped(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool fatal = vm->reason[0];

	if (__atomic_sub_fetch((u32 *)&vm->running_vcpus, 1, __ATOMIC_SEQ_CST))
		return;
	vm->state = fatal ? VM_FATAL : VM_STOPPED;
	domain_vm_event(vm, fatal ? VM_EVENT_FATAL : VM_EVENT_STOPPED);
}

void vm_msi(struct vm *vm, u64 address, u32 data)
{
	struct apic_message m = {
		.destination = address >> 12 & 0xff,
		.logical = address & BIT(2),
		.vector = (u8)data,
		.delivery = data >> 8 & 7,
		.level = data & BIT(15),
		.assert = true,
	};

	if (address >> 20 == 0xfee)
		vlapic_route(vm, &m);
}

void vm_sync(struct vm *vm)
{
	for (u32 i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *v = &vm->vcpus[i];
		u32 seen = v->in_guest;

		if (v->cpu == cpu_index() || !(seen & 1))
			continue;
		cpu_kick(v->cpu);
		while (v->in_guest == seen)
			cpu_relax();
	}
}
