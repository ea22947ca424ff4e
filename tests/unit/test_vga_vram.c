/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/vram.c */

/* The hypervisor's half of plain VGA windows: what may be mapped where, and dirty pages of VRAM
 * that is mapped in two places at once. The second stage is a table of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "domain.h"
#include "vram.h"

#define VRAM_AT	  0x40000000ULL
#define VRAM_SIZE MIB(16)
#define BAR_AT	  0xc0000000ULL

static struct vm vm;
static bool bar_mapped, no_memory;
static u32 syncs, events, bar_prot;
static hpa_t legacy[GUEST_LEGACY_SIZE / PAGE_SIZE];
static bool legacy_dirty[GUEST_LEGACY_SIZE / PAGE_SIZE];
static bool bar_dirty[VRAM_SIZE / PAGE_SIZE];

int stage2_map(struct stage2 *s, gpa_t gpa, hpa_t hpa, u64 len, u32 prot, enum stage2_memtype type)
{
	assert_ptr_equal(s, &vm.stage2);
	assert_int_equal(type, MEMTYPE_WB);
	if (gpa == BAR_AT) {
		assert_int_equal(hpa, VRAM_AT);
		assert_int_equal(len, VRAM_SIZE);
		bar_prot = prot;
		return 0;
	}
	assert_int_equal(prot, STAGE2_READ | STAGE2_WRITE);
	for (u64 i = 0; i < len / PAGE_SIZE; i++)
		legacy[(gpa - GUEST_LEGACY_BASE) / PAGE_SIZE + i] = hpa + i * PAGE_SIZE;
	return no_memory ? -ENOMEM : 0;
}

int stage2_unmap(struct stage2 *s, gpa_t gpa, u64 len)
{
	assert_ptr_equal(s, &vm.stage2);
	memset(&legacy[(gpa - GUEST_LEGACY_BASE) / PAGE_SIZE], 0,
	       len / PAGE_SIZE * sizeof(legacy[0]));
	return 0;
}

int stage2_dirty(struct stage2 *s, gpa_t gpa, u64 len, u64 *bitmap)
{
	bool *pages = gpa >= BAR_AT ? &bar_dirty[(gpa - BAR_AT) / PAGE_SIZE]
				    : &legacy_dirty[(gpa - GUEST_LEGACY_BASE) / PAGE_SIZE];

	assert_ptr_equal(s, &vm.stage2);
	assert_true(len <= 64 * PAGE_SIZE);
	*bitmap = 0;
	for (u64 i = 0; i < len / PAGE_SIZE; i++) {
		*bitmap |= pages[i] ? BIT(i) : 0;
		pages[i] = false;
	}
	return 0;
}

bool pci_vram_bar(const struct vm *v, u64 *addr, u64 *size)
{
	assert_ptr_equal(v, &vm);
	*addr = BAR_AT;
	*size = VRAM_SIZE;
	return bar_mapped;
}

void vm_sync(struct vm *v)
{
	assert_ptr_equal(v, &vm);
	syncs++;
}

void domain_vm_event(struct vm *v, enum vm_event event)
{
	assert_ptr_equal(v, &vm);
	assert_int_equal(event, VM_EVENT_VRAM);
	events++;
}

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(legacy, 0, sizeof(legacy));
	memset(legacy_dirty, 0, sizeof(legacy_dirty));
	memset(bar_dirty, 0, sizeof(bar_dirty));
	vm.vram = VRAM_AT;
	vm.vram_size = VRAM_SIZE;
	bar_mapped = true;
	no_memory = false;
	syncs = events = bar_prot = 0;
	return 0;
}

static void maps_one_window_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(vram_window(&vm, 0xb8000, VRAM_SIZE, 0x8000), 0);
	assert_int_equal(legacy[0x18], VRAM_AT + VRAM_SIZE);
	assert_int_equal(legacy[0x1f], VRAM_AT + VRAM_SIZE + 0x7000);
	assert_int_equal(vram_window(&vm, 0xa0000, 0x30000, 0x10000), 0);
	assert_int_equal(legacy[0x18], 0);
	assert_int_equal(legacy[0], VRAM_AT + 0x30000);
	assert_int_equal(vram_window(&vm, 0xa0000, 0, 0), 0);
	assert_int_equal(legacy[0], 0);
	assert_int_equal(syncs, 3);
	no_memory = true;
	assert_int_equal(vram_window(&vm, 0xa0000, 0, 0x1000), -ENOMEM);
	assert_int_equal(legacy[0], 0);
}

static void refuses_what_is_not_a_window(void **state)
{
	static const u64 bad[][3] = {
		{ 0x9f000, 0, 0x1000 },		{ 0xbf000, 0, 0x2000 },
		{ 0xa0800, 0, 0x1000 },		{ 0xa0000, 0x800, 0x1000 },
		{ 0xa0000, 0, 0x800 },		{ 0xa0000, VRAM_SIZE + VRAM_HIDDEN_SIZE, 0x1000 },
		{ 0xa0000, ~0xfffULL, 0x2000 }, { ~0xfffULL, 0, 0x2000 },
		{ 0xa0000, 0, ~0xfffULL },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vram_window(&vm, bad[i][0], bad[i][1], bad[i][2]), -EINVAL);
	vm.vram_size = 0; /* a guest without VRAM */
	assert_int_equal(vram_window(&vm, 0xa0000, 0, 0x1000), -EINVAL);
}

static void adds_dirty_pages_up(void **state)
{
	u64 bitmap[VRAM_SIZE / PAGE_SIZE / 64];

	(void)state;
	assert_int_equal(vram_window(&vm, 0xa0000, 70 * PAGE_SIZE, 0x10000), 0);
	syncs = 0;
	bar_dirty[69] = bar_dirty[130] = bar_dirty[4095] = true;
	legacy_dirty[0] = legacy_dirty[15] = true;
	assert_int_equal(vram_dirty(&vm, 0, VRAM_SIZE, bitmap), 0);
	for (u32 i = 0; i < 4096; i++)
		assert_int_equal(bitmap[i / 64] >> (i % 64) & 1,
				 i == 69 || i == 70 || i == 85 || i == 130 || i == 4095);
	assert_int_equal(syncs, 1);
	assert_int_equal(vram_dirty(&vm, 0, VRAM_SIZE, bitmap), 0);
	assert_int_equal(syncs, 1); /* nothing new: nobody is disturbed */
	bar_dirty[66] = bar_dirty[90] = legacy_dirty[1] = true;
	assert_int_equal(vram_dirty(&vm, 67 * PAGE_SIZE, 5 * PAGE_SIZE, bitmap), 0);
	assert_int_equal(bitmap[0], BIT(4)); /* page 71, by the window */
	assert_true(bar_dirty[66] && bar_dirty[90]);
	bar_mapped = false;
	assert_int_equal(vram_dirty(&vm, 66 * PAGE_SIZE, PAGE_SIZE, bitmap), 0);
	assert_int_equal(bitmap[0], 0);
}

static void refuses_dirty_pages_outside(void **state)
{
	u64 bitmap[1];

	(void)state;
	assert_int_equal(vram_dirty(&vm, 1, PAGE_SIZE, bitmap), -EINVAL);
	assert_int_equal(vram_dirty(&vm, VRAM_SIZE + VRAM_HIDDEN_SIZE, PAGE_SIZE, bitmap), -EINVAL);
	assert_int_equal(vram_dirty(&vm, ~0xfffULL, PAGE_SIZE, bitmap), -EINVAL);
	vm.vram_size = 0;
	assert_int_equal(vram_dirty(&vm, 0, PAGE_SIZE, bitmap), -EINVAL);
}

static void tells_of_the_first_write(void **state)
{
	(void)state;
	assert_int_equal(vram_watch(&vm, true), 0);
	assert_int_equal(bar_prot, STAGE2_READ);
	assert_int_equal(syncs, 1);
	assert_false(vram_written(&vm, BAR_AT - 1));
	assert_false(vram_written(&vm, BAR_AT + VRAM_SIZE));
	assert_int_equal(events, 0);
	assert_true(vram_written(&vm, BAR_AT + VRAM_SIZE - 1));
	assert_int_equal(bar_prot, STAGE2_READ | STAGE2_WRITE);
	assert_int_equal(events, 1);
	assert_true(vram_written(&vm, BAR_AT)); /* another vCPU's, begun before that */
	assert_int_equal(events, 1);
	assert_int_equal(vram_watch(&vm, true), 0);
	assert_int_equal(vram_watch(&vm, false), 0);
	assert_int_equal(bar_prot, STAGE2_READ | STAGE2_WRITE);
	bar_mapped = false; /* it will be mapped read-only */
	bar_prot = 0;
	assert_int_equal(vram_watch(&vm, true), 0);
	assert_int_equal(bar_prot, 0);
	assert_true(vm.vram_watched);
	assert_false(vram_written(&vm, BAR_AT));
	assert_int_equal(events, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(maps_one_window_at_a_time, setup),
		cmocka_unit_test_setup(refuses_what_is_not_a_window, setup),
		cmocka_unit_test_setup(adds_dirty_pages_up, setup),
		cmocka_unit_test_setup(refuses_dirty_pages_outside, setup),
		cmocka_unit_test_setup(tells_of_the_first_write, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
