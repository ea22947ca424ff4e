/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The device domain's memory: set up once, in the order of abi/hypercall.h's map. Each area is
 * listed in `regions`, from which both the second stage and the domain's own page tables are made.
 */
#include <abi/elf.h>
#include <abi/range.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include "boot.h"
#include "build_id.h"
#include "domain.h"
#include "domain_image.h"
#include "host_nic.h"
#include "log.h"
#include "pages.h"
#include "panic.h"
#include "string.h"
#include "vm_create.h"

#define MAX_REGIONS (24 + MAX_FILES + 4 * MAX_VMS)
#define TABLES_BASE 0x18000000ULL /* the domain's page tables: not mapped by themselves */
#define STATE_FIXED MIB(4)

struct dm_shared *domain_shared;
static struct dm_info *info;
static const struct elf64_header *elf;
static hpa_t image_hpa, state_hpa;
static u64 image_size, state_size, tables_root;
static struct domain_region regions[MAX_REGIONS];
static u32 region_count;

static void region_add(gpa_t gpa, hpa_t hpa, u64 len, u32 prot, enum stage2_memtype type)
{
	if (region_count == MAX_REGIONS)
		panic("too many areas for the device domain");
	regions[region_count++] =
		(struct domain_region){ gpa, hpa, ALIGN_UP(len, PAGE_SIZE), prot, type };
}

static hpa_t take(u64 len, u64 align, const char *what)
{
	hpa_t at = memory_take(len, align);

	if (!at)
		refuse("too little memory: no %lu KiB for %s", len >> 10, what);
	return at;
}

/* ---- the image ---- */

static const struct elf64_segment *segment(u32 i)
{
	return (const void *)((const char *)elf + elf->phoff + i * sizeof(struct elf64_segment));
}

static u32 segment_prot(const struct elf64_segment *s)
{
	return STAGE2_READ | (s->flags & ELF_WRITE ? STAGE2_WRITE : 0) |
	       (s->flags & ELF_EXECUTE ? STAGE2_EXEC : 0);
}

static void image_create(const struct handoff *h)
{
	u64 end = DM_IMAGE_BASE;

	elf = phys_to_virt(h->dm_base);
	for (u32 i = 0; i < elf->phnum; i++) {
		const struct elf64_segment *s = segment(i);

		if (s->type == ELF_LOAD && s->memsz)
			end = MAX(end, ALIGN_UP(s->vaddr + s->memsz, PAGE_SIZE));
	}
	image_size = end - DM_IMAGE_BASE;
	if (image_size > DM_IMAGE_SIZE)
		panic("the device domain's image is too large");
	image_hpa = take(image_size, LARGE_PAGE_SIZE, "the device domain");
	for (u32 i = 0; i < elf->phnum; i++) {
		const struct elf64_segment *s = segment(i);
		gpa_t start = ALIGN_DOWN(s->vaddr, PAGE_SIZE);

		if (s->type == ELF_LOAD && s->memsz)
			region_add(start, image_hpa + (start - DM_IMAGE_BASE),
				   s->vaddr + s->memsz - start, segment_prot(s), MEMTYPE_WB);
	}
}

u64 domain_image_load(void)
{
	char *base = phys_to_virt(image_hpa);

	memset(base, 0, image_size);
	for (u32 i = 0; i < elf->phnum; i++) {
		const struct elf64_segment *s = segment(i);

		if (s->type == ELF_LOAD)
			memcpy(base + (s->vaddr - DM_IMAGE_BASE), (const char *)elf + s->offset,
			       s->filesz);
	}
	return elf->entry;
}

void *domain_pointer(gpa_t gpa, u64 len)
{
	if (!range_inside(gpa, len, DM_IMAGE_BASE, image_size))
		return NULL;
	return (char *)phys_to_virt(image_hpa) + (gpa - DM_IMAGE_BASE);
}

/* ---- what it is told ---- */

static void files_map(const struct handoff *h)
{
	u64 at = DM_FILES_BASE;

	for (u32 i = 0; i < h->file_count; i++) {
		info->files[i] = h->files[i];
		info->files[i].base = at;
		region_add(at, h->files[i].base, h->files[i].len, STAGE2_READ, MEMTYPE_WB);
		at += ALIGN_UP(h->files[i].len, PAGE_SIZE) + PAGE_SIZE; /* a gap catches overruns */
	}
	info->file_count = h->file_count;
}

/* How often the configuration names the file. */
static u32 file_uses(const struct config *c, u32 file)
{
	u32 n = 0;

	for (u32 i = 0; i < c->vm_count; i++) {
		const struct vm_config *v = &c->vms[i];
		u32 named[] = {
			v->kernel, v->initrd, v->firmware, v->option_rom, v->disk, v->cdrom
		};

		for (u32 k = 0; k < ARRAY_SIZE(named); k++)
			n += named[k] == file;
	}
	return n;
}

/* A disk is written to in place, but for a file that has other uses: then in a copy. */
static void disks_map(const struct handoff *h)
{
	u64 at = DM_DISKS_BASE;

	for (u32 i = 0; i < h->config.vm_count; i++) {
		u32 file = h->config.vms[i].disk;
		hpa_t hpa;
		u64 len;

		if (file >= h->file_count)
			continue;
		hpa = h->files[file].base;
		len = ALIGN_UP(h->files[file].len, PAGE_SIZE);
		if (file_uses(&h->config, file) > 1) {
			hpa = take(len, PAGE_SIZE, "the copy of a disk");
			memcpy(phys_to_virt(hpa), phys_to_virt(h->files[file].base), len);
		}
		info->vm_disk[i] = at;
		region_add(at, hpa, len, STAGE2_READ | STAGE2_WRITE, MEMTYPE_WB);
		at += len + PAGE_SIZE;
	}
}

static void gop_map(const struct handoff *h)
{
	u64 base = ALIGN_DOWN(h->gop.base, PAGE_SIZE);

	info->gop = h->gop;
	info->gop.base = DM_GOP_BASE + (h->gop.base - base);
	region_add(DM_GOP_BASE, base, h->gop.size + (h->gop.base - base),
		   STAGE2_READ | STAGE2_WRITE, MEMTYPE_WC);
}

static u32 address_bits(void)
{
	u32 leaf[4];

	arch_cpuid(0x80000008, 0, 0, 1, false, leaf);
	return leaf[0] & 0xff;
}

static void info_create(const struct handoff *h)
{
	hpa_t at = pages_alloc(ALIGN_UP(sizeof(*info), PAGE_SIZE) / PAGE_SIZE);

	if (!at)
		panic("no memory for the device domain's information page");
	info = phys_to_virt(at);
	info->size = sizeof(*info);
	info->tsc_hz = time_hz();
	info->boot_tsc = h->boot_tsc;
	info->use_vmmcall = virt->hypercall_is_vmmcall;
	info->state_size = state_size;
	info->wall_seconds = time_wall_seconds();
	info->address_bits = address_bits();
	info->config = h->config;
	log_format(info->build_id, sizeof(info->build_id), "%s", BUILD_ID);
	region_add(DM_INFO_BASE, at, sizeof(*info), STAGE2_READ, MEMTYPE_WB);
}

void domain_image_next_generation(const char *reason)
{
	info->generation++;
	log_format(info->restart_reason, sizeof(info->restart_reason), "%s", reason);
}

/* ---- memory it shares or keeps ---- */

static void state_create(const struct config *c)
{
	state_size = STATE_FIXED;
	for (u32 i = 0; i < c->vm_count; i++)
		state_size += c->vms[i].gpu_memory;
	state_hpa = take(state_size, LARGE_PAGE_SIZE, "the device domain's state");
	domain_image_clear_state();
	region_add(DM_STATE_BASE, state_hpa, state_size, STAGE2_READ | STAGE2_WRITE, MEMTYPE_WB);
}

void domain_image_clear_state(void)
{
	memset(phys_to_virt(state_hpa), 0, state_size);
}

static void shared_create(void)
{
	hpa_t at = pages_alloc(ALIGN_UP(sizeof(*domain_shared), PAGE_SIZE) / PAGE_SIZE);

	if (!at)
		panic("no memory for the device domain's shared page");
	domain_shared = phys_to_virt(at);
	region_add(DM_SHARED_BASE, at, sizeof(*domain_shared), STAGE2_READ | STAGE2_WRITE,
		   MEMTYPE_WB);
	region_add(DM_LOG_BASE, log_ring_hpa(), LOG_RING_SIZE + sizeof(struct log_ring),
		   STAGE2_READ, MEMTYPE_WB);
}

/* Before what it is told is complete: fills info->nic. */
static void nic_map(const struct handoff *h)
{
	struct dm_nic *nic = &info->nic;
	hpa_t bars[6];

	if (h->config.net_mode == NET_OFF || host_nic_find(nic, bars))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(nic->bar); i++) {
		if (!nic->bar_len[i])
			continue;
		nic->bar_len[i] = MIN(nic->bar_len[i], DM_NIC_STRIDE);
		nic->bar[i] = DM_NIC_BASE + i * DM_NIC_STRIDE;
		region_add(nic->bar[i], bars[i], nic->bar_len[i], STAGE2_READ | STAGE2_WRITE,
			   MEMTYPE_UC);
	}
	nic->dma_phys = take(DM_NIC_DMA_SIZE, LARGE_PAGE_SIZE, "the network card");
	region_add(DM_NIC_DMA_BASE, nic->dma_phys, DM_NIC_DMA_SIZE, STAGE2_READ | STAGE2_WRITE,
		   MEMTYPE_WB);
	region_add(DM_NET_BASE, take(DM_NET_SIZE, LARGE_PAGE_SIZE, "the network"), DM_NET_SIZE,
		   STAGE2_READ | STAGE2_WRITE, MEMTYPE_WB);
}

void domain_create(const struct handoff *h, u32 cores)
{
	struct vm *vm = &vms[DOMAIN_VM];
	u32 core = 0;

	vm->index = DOMAIN_VM;
	if (vm_create_vcpus(vm, 1, &core, cores))
		panic("no memory for the device domain's processor");
	image_create(h);
	state_create(&h->config);
	shared_create();
	info_create(h);
	files_map(h);
	disks_map(h);
	gop_map(h);
	nic_map(h);
}

static void guest_map(const struct vm *vm)
{
	gpa_t base = DM_VM_BASE + vm->index * DM_VM_STRIDE;
	u64 low = MIN(vm->ram_size, GUEST_LOW_LIMIT);
	const u32 prot = STAGE2_READ | STAGE2_WRITE;

	region_add(base, vm->ram, low, prot, MEMTYPE_WB);
	if (vm->ram_size > low)
		region_add(base + GUEST_HIGH_BASE, vm->ram + low, vm->ram_size - low, prot,
			   MEMTYPE_WB);
	if (vm->vram_size)
		region_add(base + DM_VM_VRAM, vm->vram, vm->vram_size + VRAM_HIDDEN_SIZE, prot,
			   MEMTYPE_WB);
	info->vm_vram[vm->index] = vm->vram_size;
}

/* Table pages: one for each GiB of memory, and a handful for each area. */
static void tables_create(struct vm *vm)
{
	u64 pages = 16;
	hpa_t area;

	for (u32 i = 0; i < region_count; i++)
		pages += 4 + regions[i].len / GIB(1);
	area = take(pages * PAGE_SIZE, PAGE_SIZE, "the device domain's page tables");
	memset(phys_to_virt(area), 0, pages * PAGE_SIZE);
	tables_root =
		arch_domain_tables(area, pages * PAGE_SIZE, TABLES_BASE, regions, region_count);
	if (stage2_map(&vm->stage2, TABLES_BASE, area, pages * PAGE_SIZE,
		       STAGE2_READ | STAGE2_WRITE, MEMTYPE_WB))
		panic("cannot map the device domain's page tables");
}

u64 domain_image_cr3(void)
{
	return tables_root;
}

void domain_map_guests(const struct handoff *h)
{
	struct vm *vm = &vms[DOMAIN_VM];

	for (u32 i = 0; i < h->config.vm_count; i++)
		guest_map(&vms[i]);
	tables_create(vm);
	for (u32 i = 0; i < region_count; i++) {
		const struct domain_region *r = &regions[i];

		if (stage2_map(&vm->stage2, r->gpa, r->hpa, r->len, r->prot, r->type))
			panic("cannot map the device domain's area at %lx", r->gpa);
	}
}
