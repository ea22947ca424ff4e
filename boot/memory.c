/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Memory: what the loader leaves behind, and the map of all of it (UEFI 2.10, 7.2).
 *
 * Everything handed over is allocated as EfiLoaderData, and nothing else by this program, so that
 * the map tells by itself what is still in use; the loader's own image is EfiLoaderCode and free.
 */
#include "boot/boot.h"

/* Firmware has a few hundred descriptors of 48 bytes. */
static u8 raw_map[KIB(96)] __attribute__((aligned(16)));

struct raw {
	UINTN len, key, step;
	UINT32 version;
};

void *boot_alloc(u64 len, u64 align, const char *what)
{
	EFI_BOOT_SERVICES *bs = boot_system->BootServices;
	UINTN pages = (UINTN)(ALIGN_UP(len, PAGE_SIZE) / PAGE_SIZE);
	UINTN slack = (UINTN)(align / PAGE_SIZE - 1);
	EFI_PHYSICAL_ADDRESS start, base;
	u64 i, *word;

	if (len > BIT(48) ||
	    EFI_ERROR(bs->AllocatePages(AllocateAnyPages, EfiLoaderData, pages + slack, &start)))
		refuse("%s: not enough memory for %lu KiB", what, len >> 10);
	base = ALIGN_UP(start, align);
	if (base > start)
		bs->FreePages(start, (UINTN)((base - start) / PAGE_SIZE));
	slack -= (UINTN)((base - start) / PAGE_SIZE);
	if (slack)
		bs->FreePages(base + pages * PAGE_SIZE, slack);
	word = (u64 *)base;
	for (i = 0; i < pages * PAGE_SIZE / sizeof(*word); i++)
		word[i] = 0;
	return (void *)base;
}

static u32 type_of(const EFI_MEMORY_DESCRIPTOR *d)
{
	switch (d->Type) {
	case EfiConventionalMemory:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiLoaderCode:
		return HANDOFF_MEM_FREE;
	case EfiLoaderData:
		return HANDOFF_MEM_BOOT;
	case EfiRuntimeServicesCode:
	case EfiRuntimeServicesData:
		return HANDOFF_MEM_RUNTIME;
	case EfiACPIReclaimMemory:
	case EfiACPIMemoryNVS:
		return HANDOFF_MEM_ACPI;
	default:
		return HANDOFF_MEM_RESERVED;
	}
}

static EFI_MEMORY_DESCRIPTOR *descriptor(const struct raw *r, UINTN i)
{
	return (EFI_MEMORY_DESCRIPTOR *)(void *)(raw_map + i * r->step);
}

/* UEFI promises no order. Insertion sort: the map is short and nearly sorted. */
static void raw_sort(const struct raw *r)
{
	EFI_MEMORY_DESCRIPTOR tmp;
	UINTN i, k;

	for (i = 1; i < r->len / r->step; i++) {
		tmp = *descriptor(r, i);
		for (k = i; k && descriptor(r, k - 1)->PhysicalStart > tmp.PhysicalStart; k--)
			*descriptor(r, k) = *descriptor(r, k - 1);
		*descriptor(r, k) = tmp;
	}
}

/* Appends a region above all others; joins it to the last one where they meet. */
static void map_append(struct handoff *h, u64 base, u64 end, u32 type)
{
	struct handoff_mem *last = h->mem_count ? &h->mem[h->mem_count - 1] : NULL;

	if (last && base < last->base + last->len)
		base = last->base + last->len; /* overlapping descriptors: the first one stands */
	if (base >= end)
		return;
	if (last && last->type == type && last->base + last->len == base) {
		last->len += end - base;
		return;
	}
	if (h->mem_count == HANDOFF_MAX_MEM)
		refuse("the firmware's memory map has more than %u regions", HANDOFF_MAX_MEM);
	h->mem[h->mem_count++] = (struct handoff_mem){ base, end - base, type, 0 };
}

static void raw_fetch(struct raw *r)
{
	r->len = sizeof(raw_map);
	if (EFI_ERROR(boot_system->BootServices->GetMemoryMap(
		    &r->len, (EFI_MEMORY_DESCRIPTOR *)(void *)raw_map, &r->key, &r->step,
		    &r->version)))
		refuse("the firmware's memory map cannot be read");
}

static void raw_convert(struct handoff *h, const struct raw *r)
{
	const EFI_MEMORY_DESCRIPTOR *d;
	UINTN i;

	raw_sort(r);
	h->mem_count = 0;
	for (i = 0; i < r->len / r->step; i++) {
		d = descriptor(r, i);
		map_append(h, d->PhysicalStart, d->PhysicalStart + d->NumberOfPages * PAGE_SIZE,
			   type_of(d));
	}
}

void memory_map(struct handoff *h)
{
	struct raw r;

	raw_fetch(&r);
	raw_convert(h, &r);
}

void memory_leave_firmware(struct handoff *h)
{
	struct raw r;
	u32 tries;

	/* A timer event of the firmware's may change the map in between: then once more. */
	for (tries = 0; tries < 8; tries++) {
		raw_fetch(&r);
		if (!EFI_ERROR(boot_system->BootServices->ExitBootServices(boot_image, r.key))) {
			report_leave();
			raw_convert(h, &r);
			return;
		}
	}
	refuse("the firmware does not let go (ExitBootServices fails)");
}
