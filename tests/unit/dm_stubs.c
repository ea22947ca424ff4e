/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Implements dm_stubs.h. */
#include "dm_stubs.h"
#include "dm/devices/uart.h"
#include "dm/devices/virtio_console.h"
#include "dm/devices/virtio_input.h"
#include "dm/devices/keys.h"
#include "dm/bus.h"
#include "dm/devices.h"
#include "dm/drivers/com1.h"
#include "dm/hypercall.h"
#include "dm/life.h"
#include "dm/remote/rfb.h"
#include "dm/remote/rfb_tcp.h"
#include "dm/runtime.h"
#include "dm/state.h"

#include <abi/range.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define WEAK __attribute__((weak))

struct dm_stubs dm_stubs;
static struct state_guest guests[MAX_VMS];

WEAK struct dm_vm dm_vms[MAX_VMS];
WEAK u32 dm_vm_count;
WEAK const struct dm_info *dm_info = &dm_stubs.info;
WEAK struct rfb_counters rfb_counters;
WEAK struct rfb_tcp_stats rfb_tcp_stats;

void dm_stubs_setup(u64 memory)
{
	struct vm_config *config = &dm_stubs.info.config.vms[0];

	dm_stubs_teardown();
	memset(guests, 0, sizeof(guests));
	memset(dm_vms, 0, sizeof(dm_vms));
	dm_stubs.now = STUB_HZ;
	dm_stubs.space = 65536;
	dm_stubs.pci_id = 3;
	dm_stubs.info.size = sizeof(struct dm_info);
	dm_stubs.info.tsc_hz = STUB_HZ;
	dm_stubs.info.wall_seconds = 1700000000;
	dm_stubs.info.config.vm_count = 1;
	str_format(config->name, sizeof(config->name), "test");
	config->memory = memory;
	config->cpus = 1;
	config->kernel = config->initrd = config->firmware = FILE_NONE;
	dm_vms[0] = (struct dm_vm){ .config = config };
	dm_vm_count = 1;
	if (memory)
		dm_stubs.ram = calloc(1, memory);
}

void dm_stubs_teardown(void)
{
	free(dm_stubs.ram);
	memset(&dm_stubs, 0, sizeof(dm_stubs));
}

struct dm_device *dm_stubs_device(const struct dm_device_ops *ops)
{
	static u64 state[65536];
	struct dm_device *dev = &dm_vms[0].devices[0];

	memset(state, 0, sizeof(state));
	if (ops->state_size > sizeof(state))
		abort();
	*dev = (struct dm_device){ .ops = ops, .vm = &dm_vms[0], .state = state };
	dev->deadline = DM_NO_DEADLINE;
	dm_vms[0].device_count = 1;
	if (ops->create(dev))
		abort();
	ops->reset(dev);
	return dev;
}

u64 dm_stubs_in(struct dm_device *dev, u16 port, u8 size)
{
	struct dm_access a = { .addr = port, .value = ~0ULL, .count = 1, .size = size };

	a.space = IOREQ_PIO;
	dev->ops->access(dev, &a);
	return size == 8 ? a.value : a.value & (BIT(8 * size) - 1);
}

void dm_stubs_out(struct dm_device *dev, u16 port, u8 size, u64 value)
{
	struct dm_access a = { .addr = port, .value = value, .count = 1, .size = size };

	a.space = IOREQ_PIO;
	a.write = true;
	dev->ops->access(dev, &a);
}

void dm_stubs_map(u64 address, u64 size)
{
	void *p = (void *)(uintptr_t)address;

	munmap(p, size);
	if (mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		 -1, 0) != p)
		abort();
}

/* ---- runtime --------------------------------------------------------------------------------- */

WEAK int str_vformat(char *to, size_t size, const char *format, va_list args)
{
	return vsnprintf(to, size, format, args);
}

WEAK int str_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}

WEAK u64 time_now(void)
{
	return dm_stubs.now;
}

WEAK u64 time_from_us(u64 us)
{
	return us * (STUB_HZ / 1000000);
}

WEAK u64 time_to_us(u64 ticks)
{
	return ticks / (STUB_HZ / 1000000);
}

WEAK void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(dm_stubs.log, sizeof(dm_stubs.log), format, args);
	va_end(args);
	dm_stubs.log_lines++;
}

WEAK void dm_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	abort();
}

/* ---- hypercalls ------------------------------------------------------------------------------ */

WEAK int hc_vm_stats(u32 vm, struct vm_stats *stats)
{
	(void)vm;
	*stats = dm_stubs.stats;
	return 0;
}

WEAK int hc_pci_add(u32 vm, const struct pci_template *t)
{
	(void)vm, (void)t;
	dm_stubs.hypercalls++;
	return dm_stubs.pci_id++;
}

WEAK int hc_trap_add(u32 vm, enum ioreq_space space, u16 device, u64 base, u64 len)
{
	(void)vm, (void)space, (void)device, (void)base, (void)len;
	dm_stubs.hypercalls++;
	return 0;
}

WEAK int hc_doorbell_add(u32 vm, u16 device, u8 bar, u64 offset, u8 size, u8 id)
{
	(void)vm, (void)device, (void)bar, (void)offset, (void)size, (void)id;
	dm_stubs.hypercalls++;
	return 0;
}

WEAK void hc_ioreq_done(u32 vm, u32 vcpu)
{
	(void)vm, (void)vcpu;
	dm_stubs.hypercalls++;
}

WEAK int hc_msix(u32 vm, u16 device, u16 vector)
{
	(void)vm, (void)device, (void)vector;
	return 0;
}

WEAK int hc_intx(u32 vm, u16 device, bool level)
{
	(void)vm, (void)device, (void)level;
	return 0;
}

WEAK int hc_isa_irq(u32 vm, unsigned irq, bool level)
{
	(void)vm;
	if (level && !dm_stubs.irq[irq])
		dm_stubs.irq_raised[irq]++;
	dm_stubs.irq[irq] = level;
	return 0;
}

WEAK void hc_restart(bool failed)
{
	(void)failed;
	abort();
}

WEAK void hc_poweroff(bool reboot)
{
	(void)reboot;
	abort();
}

/* ---- bus, devices, life ------------------------------------------------------------------------
 */

WEAK int bus_add_ports(struct dm_device *dev, u16 base, u16 count)
{
	(void)dev, (void)base, (void)count;
	return 0;
}

WEAK void bus_isa_irq(struct dm_vm *vm, unsigned irq, bool level)
{
	hc_isa_irq(vm->index, irq, level);
}

WEAK struct dm_device *devices_find(struct dm_vm *vm, const struct dm_device_ops *ops)
{
	return vm->devices[0].ops == ops ? &vm->devices[0] : NULL;
}

WEAK int vm_start(struct dm_vm *vm)
{
	(void)vm;
	dm_stubs.starts++;
	return dm_stubs.life_result;
}

WEAK int vm_stop(struct dm_vm *vm)
{
	(void)vm;
	dm_stubs.stops++;
	return dm_stubs.life_result;
}

WEAK int vm_reset(struct dm_vm *vm)
{
	(void)vm;
	dm_stubs.resets++;
	return dm_stubs.life_result;
}

WEAK bool life_in_transit(const struct dm_vm *vm)
{
	(void)vm;
	return dm_stubs.in_transit;
}

WEAK const char *life_describe(const struct dm_vm *vm, const char **reason)
{
	*reason = vm->refused ? vm->refusal : "";
	return vm->refused ? "refused" : "running";
}

/* ---- guest memory, state -----------------------------------------------------------------------
 */

WEAK struct dm_vm *vm_find(const char *name)
{
	return strcmp(name, dm_vms[0].config->name) == 0 ? &dm_vms[0] : NULL;
}

WEAK u64 vm_low_memory(const struct dm_vm *vm)
{
	return MIN(vm->config->memory, GUEST_LOW_LIMIT);
}

WEAK void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len)
{
	return len && range_within(gpa, len, vm->config->memory) ? dm_stubs.ram + gpa : NULL;
}

WEAK struct state_guest *state_guest(u32 vm)
{
	return &guests[vm];
}

WEAK void *state_alloc_host(size_t size)
{
	static u64 host[8192];

	if (size > sizeof(host))
		abort();
	return memset(host, 0, sizeof(host));
}

/* ---- serial port -------------------------------------------------------------------------------
 */

WEAK size_t com1_space(void)
{
	return dm_stubs.space;
}

WEAK bool com1_idle(void)
{
	return true;
}

WEAK void com1_write(const char *text, size_t len)
{
	len = MIN(len, STUB_OUTPUT - 1 - dm_stubs.output_len);
	memcpy(dm_stubs.output + dm_stubs.output_len, text, len);
	dm_stubs.output_len += len;
	dm_stubs.output[dm_stubs.output_len] = 0;
}

WEAK u64 com1_push(void)
{
	return DM_NO_DEADLINE;
}

WEAK int com1_receive(void)
{
	return dm_stubs.input && *dm_stubs.input ? (u8)*dm_stubs.input++ : -1;
}

WEAK bool i8042_key(struct dm_vm *vm, u16 key, bool down)
{
	(void)vm, (void)down;
	dm_stubs.keys++;
	dm_stubs.last_key = key;
	return true;
}

WEAK bool i8042_ready(struct dm_vm *vm)
{
	(void)vm;
	return !dm_stubs.keyboard_busy;
}

WEAK void i8042_pointer(struct dm_vm *vm, s32 dx, s32 dy, u32 buttons, s32 wheel)
{
	(void)vm;
	dm_stubs.pointer =
		(struct stub_pointer){ dm_stubs.pointer.calls + 1, dx, dy, wheel, buttons };
}

WEAK bool virtio_keyboard_driven(struct dm_vm *vm)
{
	(void)vm;
	return false;
}

WEAK bool virtio_tablet_driven(struct dm_vm *vm)
{
	(void)vm;
	return false;
}

WEAK bool virtio_keyboard_key(struct dm_vm *vm, u16 key, bool down)
{
	(void)vm, (void)key, (void)down;
	return false;
}

WEAK bool virtio_keyboard_ready(struct dm_vm *vm)
{
	(void)vm;
	return false;
}

WEAK void virtio_tablet_pointer(struct dm_vm *vm, u32 x, u32 y, u32 buttons, s32 wheel)
{
	(void)vm, (void)x, (void)y, (void)buttons, (void)wheel;
}

WEAK bool virtio_console_receive(struct dm_vm *vm, u8 byte)
{
	(void)vm, (void)byte;
	return false;
}

WEAK bool uart_receive(struct dm_vm *vm, u8 byte)
{
	(void)vm, (void)byte;
	return false;
}

WEAK bool uart_text_elsewhere(struct dm_vm *vm)
{
	(void)vm;
	return false;
}

WEAK int vm_read(const struct dm_vm *vm, gpa_t gpa, void *to, u64 len)
{
	const void *from = vm_ram(vm, gpa, len);

	if (!from)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

WEAK int vm_write(const struct dm_vm *vm, gpa_t gpa, const void *from, u64 len)
{
	void *to = vm_ram(vm, gpa, len);

	if (!to)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

WEAK int bus_add_pci(struct dm_device *dev, const struct pci_template *t)
{
	(void)t;
	dev->id = dm_stubs.pci_id;
	return 0;
}

WEAK int bus_add_doorbell(struct dm_device *dev, u8 bar, u64 offset, u8 size, unsigned queue)
{
	(void)dev, (void)bar, (void)offset, (void)size, (void)queue;
	return 0;
}

WEAK bool bus_msix(struct dm_device *dev, u16 vector)
{
	(void)dev, (void)vector;
	return true;
}

WEAK void bus_intx(struct dm_device *dev, bool level)
{
	(void)dev, (void)level;
}
