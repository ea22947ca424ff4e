/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/loader/loader.c dm/loader/linux.c dm/loader/bzimage.c dm/loader/elf.c */
/* sources: dm/loader/multiboot.c dm/loader/firmware.c tests/unit/dm_stubs.c */

/* Guest loading: what is put where, and hostile images that are refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <abi/elf.h>

#include "dm/devices/acpi.h"
#include "dm/loader/linux.h"
#include "dm_stubs.h"
#include "tests/unit/random.h"

#define MEMORY MIB(64)

static struct vm_start start;
static char error[LOADER_ERROR_SIZE];

int acpi_build(const struct dm_vm *vm, gpa_t base, u8 *to, size_t size)
{
	(void)vm, (void)base, (void)size;
	memcpy(to, "RSD PTR ", 8);
	return 8;
}

/* A file of exactly len bytes on the heap, so that the sanitizer sees any read beyond. */
static u8 *add_file(const char *name, const void *data, size_t len)
{
	u32 index = dm_stubs.info.file_count++;
	struct handoff_file *f = &dm_stubs.info.files[index];
	u8 *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (data)
		memcpy(copy, data, len);
	else
		memset(copy, 0, len);
	f->base = (u64)(uintptr_t)copy;
	f->len = len;
	strncpy(f->name, name, sizeof(f->name) - 1);
	return copy;
}

static void put(u8 *at, u32 size, u64 value)
{
	memcpy(at, &value, size);
}

/* A bzImage of one setup sector and len bytes of payload. */
static u8 *add_bzimage(size_t len)
{
	u8 *k = add_file("vmlinuz", NULL, 1024 + len);

	k[0x1f1] = 1;
	put(k + 0x1fe, 2, 0xaa55);
	k[0x200] = 0xeb;
	k[0x201] = 0x6a;
	memcpy(k + 0x202, "HdrS", 4);
	put(k + 0x206, 2, 0x020f);
	k[0x211] = 1;
	put(k + 0x22c, 4, 0x7fffffff);
	put(k + 0x230, 4, MIB(2));
	k[0x234] = 1;
	put(k + 0x236, 2, 1);
	put(k + 0x238, 4, 2047);
	put(k + 0x258, 8, MIB(16));
	put(k + 0x260, 4, MIB(8));
	memset(k + 1024, 0x5a, len);
	dm_stubs.info.config.vms[0].kernel = 0;
	return k;
}

static void free_files(void)
{
	for (u32 i = 0; i < dm_stubs.info.file_count; i++)
		free((void *)(uintptr_t)dm_stubs.info.files[i].base);
	dm_stubs.info.file_count = 0;
}

static int setup(void **state)
{
	(void)state;
	dm_stubs_setup(MEMORY);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free_files();
	dm_stubs_teardown();
	return 0;
}

/* The dry run and the real one agree; a dry run writes nothing. */
static int load(void)
{
	char dry_error[LOADER_ERROR_SIZE];
	int dry;

	memset(dm_stubs.ram, 0, MIB(1));
	dry = loader_check(&dm_vms[0], dry_error);
	for (u64 i = 0; i < MIB(1); i += 512)
		assert_int_equal(dm_stubs.ram[i], 0);
	assert_int_equal(loader_load(&dm_vms[0], &start, error), dry);
	assert_string_equal(error, dry_error);
	return dry;
}

static void refused(const char *sentence)
{
	assert_true(load() < 0);
	if (!strstr(error, sentence))
		fail_msg("said: %s", error);
}

static void bzimage_is_put_at_its_preferred_address(void **state)
{
	const u8 *params = dm_stubs.ram + LOADER_BOOT_PARAMS;

	(void)state;
	add_bzimage(5000);
	strcpy(dm_stubs.info.config.vms[0].cmdline, "quiet");
	assert_int_equal(load(), 0);
	assert_int_equal(start.mode, VM_START_LONG64);
	assert_int_equal(start.rip, MIB(16) + 0x200);
	assert_int_equal(start.rsi, LOADER_BOOT_PARAMS);
	assert_int_equal(dm_stubs.ram[MIB(16)], 0x5a);
	assert_int_equal(dm_stubs.ram[MIB(16) + 4999], 0x5a);
	assert_int_equal(dm_stubs.ram[MIB(16) + 5000], 0);
	assert_memory_equal(params + 0x202, "HdrS", 4);
	assert_int_equal(params[0x210], 0xff);
	assert_int_equal(linux_get(params + LINUX_RSDP, 8), LOADER_ACPI);
	assert_string_equal((char *)dm_stubs.ram + linux_get(params + LINUX_CMDLINE, 4), "quiet");
	assert_memory_equal(dm_stubs.ram + LOADER_ACPI, "RSD PTR ", 8);
	assert_true(params[LINUX_E820_COUNT] >= 5);
	assert_int_equal(linux_get(params + LINUX_INITRD_SIZE, 4), 0);
}

static void linux_is_told_of_the_text_screen(void **state)
{
	static const u8 text[18] = { [6] = 3, 80, [10] = 3, [14] = 25, 1, 16 };
	static const u8 none[18];
	struct vm_config *config = &dm_stubs.info.config.vms[0];

	(void)state;
	add_bzimage(1000);
	config->display = DISPLAY_BOCHS;
	assert_int_equal(load(), 0);
	assert_memory_equal(dm_stubs.ram + LOADER_BOOT_PARAMS, text, sizeof(text));
	config->display = DISPLAY_VIRTIO_GPU;
	assert_int_equal(load(), 0);
	assert_memory_equal(dm_stubs.ram + LOADER_BOOT_PARAMS, none, sizeof(none));
}

static void page_tables_map_four_gib(void **state)
{
	(void)state;
	add_bzimage(1000);
	assert_int_equal(load(), 0);
	for (u64 a = 0; a < GIB(4); a += MIB(514)) {
		u64 e = linux_get(dm_stubs.ram + start.cr3, 8);

		assert_int_equal(e & 0xfff, 3);
		e = linux_get(dm_stubs.ram + (e & ~0xfffULL) + (a >> 30) * 8, 8);
		assert_int_equal(e & 0xfff, 3);
		e = linux_get(dm_stubs.ram + (e & ~0xfffULL) + (a >> 21 & 511) * 8, 8);
		assert_int_equal(e, ALIGN_DOWN(a, MIB(2)) | 0x83);
	}
}

static void initrd_goes_to_the_top(void **state)
{
	const u8 *params = dm_stubs.ram + LOADER_BOOT_PARAMS;
	u8 data[5000];

	(void)state;
	memset(data, 7, sizeof(data));
	add_bzimage(1000);
	add_file("initrd.img", data, sizeof(data));
	dm_stubs.info.config.vms[0].initrd = 1;
	assert_int_equal(load(), 0);
	assert_int_equal(linux_get(params + LINUX_INITRD, 4), MEMORY - 8192);
	assert_int_equal(linux_get(params + LINUX_INITRD_SIZE, 4), 5000);
	assert_memory_equal(dm_stubs.ram + MEMORY - 8192, data, sizeof(data));
}

static void initrd_larger_than_memory_is_refused(void **state)
{
	(void)state;
	add_bzimage(1000);
	add_file("initrd.img", NULL, MIB(90));
	dm_stubs.info.config.vms[0].initrd = 1;
	refused("initrd initrd.img: 90 MiB do not fit into 64 MiB of memory");
}

static void initrd_stays_off_the_kernel(void **state)
{
	(void)state;
	/* 40 MiB above 16 + 8 fit exactly, one byte more goes nowhere. */
	add_bzimage(1000);
	add_file("initrd.img", NULL, MIB(40));
	dm_stubs.info.config.vms[0].initrd = 1;
	assert_int_equal(load(), 0);
	free_files();
	add_bzimage(1000);
	add_file("initrd.img", NULL, MIB(40) + 1);
	refused("do not fit");
}

static void kernel_moves_when_memory_is_small(void **state)
{
	u8 *k;

	(void)state;
	dm_stubs_setup(MIB(12));
	k = add_bzimage(1000);
	assert_int_equal(load(), 0);
	assert_int_equal(start.rip, MIB(2) + 0x200);
	k[0x234] = 0;
	refused("8 MiB at 16 MiB do not fit into 12 MiB of memory");
}

static void no_image_is_refused(void **state)
{
	static const char text[] = "This is no kernel, it is a text that somebody put there.\n";

	(void)state;
	refused("no kernel is given");
	dm_stubs.info.config.vms[0].kernel = 0;
	refused("no such file");
	add_file("notes.txt", text, sizeof(text));
	refused("kernel notes.txt: not a bzImage, ELF or multiboot image");
	free_files();
	add_file("empty", text, 0);
	refused("kernel empty: the file is empty");
	free_files();
	add_file("one", text, 1);
	refused("not a bzImage");
}

static void damaged_bzimages_are_refused(void **state)
{
	u8 *k;

	(void)state;
	k = add_bzimage(1000);
	put(k + 0x206, 2, 0x0204);
	refused("boot protocol 2.04 is too old");
	put(k + 0x206, 2, 0x020f);
	put(k + 0x236, 2, 0);
	refused("not a 64-bit kernel");
	put(k + 0x236, 2, 1);
	k[0x1f1] = 200;
	refused("cut short");
	k[0x1f1] = 1;
	put(k + 0x258, 8, ~0ULL);
	put(k + 0x260, 4, 0xffffffff);
	refused("do not fit");
	put(k + 0x260, 4, MIB(8));
	put(k + 0x258, 8, 0x80000);
	refused("in use already");
	put(k + 0x258, 8, ~0ULL);
	put(k + 0x230, 4, 0x3001);
	refused("makes no sense");
	put(k + 0x258, 8, MIB(16));
	put(k + 0x238, 4, 3);
	strcpy(dm_stubs.info.config.vms[0].cmdline, "quiet");
	refused("cmdline: 5 characters");
}

struct elf64 {
	struct elf64_header h;
	struct elf64_segment ph[2];
	u8 data[64];
};

static struct elf64 make_elf(void)
{
	struct elf64 e = { .h = { .ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
				  .type = 2,
				  .machine = 62,
				  .entry = 0xffffffff81000010,
				  .phoff = offsetof(struct elf64, ph),
				  .phentsize = sizeof(e.ph[0]),
				  .phnum = 2 } };

	for (u32 i = 0; i < 2; i++) {
		e.ph[i].type = 1;
		e.ph[i].offset = offsetof(struct elf64, data) + i * 32;
		e.ph[i].filesz = 32;
		e.ph[i].memsz = 4096;
		e.ph[i].paddr = MIB(16) + i * 4096;
		e.ph[i].vaddr = 0xffffffff81000000 + i * 4096;
	}
	memset(e.data, 0x33, sizeof(e.data));
	return e;
}

static void vmlinux_is_loaded_by_physical_address(void **state)
{
	struct elf64 e = make_elf();

	(void)state;
	memset(dm_stubs.ram + MIB(16), 0xff, 8192);
	add_file("vmlinux", &e, sizeof(e));
	dm_stubs.info.config.vms[0].kernel = 0;
	assert_int_equal(load(), 0);
	assert_int_equal(start.mode, VM_START_LONG64);
	assert_int_equal(start.rip, MIB(16) + 0x10);
	assert_int_equal(dm_stubs.ram[MIB(16) + 4096 + 31], 0x33);
	assert_int_equal(dm_stubs.ram[MIB(16) + 4096 + 32], 0);
	assert_int_equal(dm_stubs.ram[MIB(16) + 8191], 0);
	assert_memory_equal(dm_stubs.ram + LOADER_BOOT_PARAMS + 0x202, "HdrS", 4);
}

static void refused_elf(const struct elf64 *e, size_t len, const char *sentence)
{
	free_files();
	add_file("vmlinux", e, len);
	dm_stubs.info.config.vms[0].kernel = 0;
	refused(sentence);
}

static void damaged_elf_files_are_refused(void **state)
{
	struct elf64 e = make_elf();

	(void)state;
	refused_elf(&e, 40, "ELF header is damaged");
	refused_elf(&e, sizeof(e) - 65, "a segment goes beyond the file");
	refused_elf(&e, 100, "cut short");
	e.ph[1].paddr = e.ph[0].paddr + 4095;
	refused_elf(&e, sizeof(e), "in use already");
	e.ph[1].paddr = ~0ULL - 100;
	refused_elf(&e, sizeof(e), "needs memory at");
	e = make_elf();
	e.ph[0].memsz = ~0ULL;
	refused_elf(&e, sizeof(e), "needs memory at");
	e = make_elf();
	e.ph[0].offset = ~0ULL - 8;
	refused_elf(&e, sizeof(e), "beyond the file");
	e = make_elf();
	e.h.phoff = ~0ULL - 8;
	refused_elf(&e, sizeof(e), "cut short");
	e = make_elf();
	e.h.machine = 3;
	refused_elf(&e, sizeof(e), "not an executable for x86");
	e = make_elf();
	e.h.phnum = 0;
	refused_elf(&e, sizeof(e), "nothing in it to load");
	e = make_elf();
	e.h.phentsize = 1;
	refused_elf(&e, sizeof(e), "damaged");
}

static u32 *add_multiboot(size_t len, u32 flags)
{
	u32 *k = (u32 *)(void *)add_file("kernel.bin", NULL, len);

	dm_stubs.info.config.vms[0].kernel = 0;
	k[4] = 0x1badb002;
	k[5] = flags;
	k[6] = 0 - k[4] - k[5];
	if (len >= 48) {
		k[7] = 0x100010;
		k[8] = 0x100000;
		k[9] = 0;
		k[10] = 0x102000;
		k[11] = 0x100040;
	}
	return k;
}

static void multiboot_by_addresses(void **state)
{
	const u32 *info;

	(void)state;
	memset(dm_stubs.ram + MIB(1), 0xff, MIB(1));
	strcpy(dm_stubs.info.config.vms[0].cmdline, "a b");
	add_multiboot(256, 0x10003);
	add_file("module", "xyz", 3);
	dm_stubs.info.config.vms[0].initrd = 1;
	assert_int_equal(load(), 0);
	assert_int_equal(start.mode, VM_START_PROT32);
	assert_int_equal(start.rip, 0x100040);
	assert_int_equal(start.rax, 0x2badb002);
	assert_int_equal(dm_stubs.ram[0x100010], 0x02);
	assert_int_equal(dm_stubs.ram[0x101fff], 0);
	assert_int_equal(dm_stubs.ram[0x102000], 0xff);
	info = (const u32 *)(void *)(dm_stubs.ram + start.rbx);
	assert_int_equal(info[0], 0x24d);
	assert_int_equal(info[2], (MEMORY - MIB(1)) >> 10);
	assert_string_equal((char *)dm_stubs.ram + info[4], "a b");
	assert_int_equal(info[5], 1);
	assert_memory_equal(dm_stubs.ram + *(const u32 *)(void *)(dm_stubs.ram + info[6]), "xyz",
			    3);
	assert_int_equal(info[11] % 24, 0);
}

static void hostile_multiboot_is_refused(void **state)
{
	u32 *k = add_multiboot(256, 0x10003);

	(void)state;
	k[7] = 0x200000; /* the header far above the image's start */
	refused("make no sense");
	k[7] = 0x0fffff;
	refused("make no sense");
	k[7] = 0x100010;
	k[9] = 0x100101;
	refused("cut short");
	k[9] = 0x0fffff;
	refused("cut short");
	k[9] = 0;
	k[10] = 0xffffffff;
	refused("needs memory at");
	k[10] = 0;
	k[7] = 0x80010;
	k[8] = 0x80000;
	refused("in use already");
	free_files();
	add_multiboot(28, 0x10003);
	refused("make no sense");
	free_files();
	add_multiboot(256, 0x3);
	refused("neither ELF nor with addresses");
	free_files();
	add_multiboot(256, 0x1000b);
	refused("asks for multiboot features 0x8");
}

/* Whatever the bytes, nothing outside the file or the guest is touched. */
static void random_headers_do_no_harm(void **state)
{
	struct random r = { 1 };

	(void)state;
	for (u32 round = 0; round < 3000; round++) {
		struct elf64 e = make_elf();
		u8 *k;

		switch (round % 3) {
		case 0:
			k = add_bzimage(600);
			for (u32 i = 0; i < 6; i++)
				k[0x1f1 + random_below(&r, 0x7b)] = (u8)random_next(&r);
			memcpy(k + 0x202, "HdrS", 4);
			break;
		case 1:
			for (u32 i = 0; i < 4; i++)
				((u8 *)&e)[16 + random_below(&r, sizeof(e) - 80)] =
					(u8)random_next(&r);
			add_file("vmlinux", &e, sizeof(e));
			break;
		default:
			k = (u8 *)add_multiboot(300, 0x10003);
			for (u32 i = 0; i < 4; i++)
				k[28 + random_below(&r, 20)] = (u8)random_next(&r);
			break;
		}
		dm_stubs.info.config.vms[0].kernel = 0;
		(void)!loader_load(&dm_vms[0], &start, error);
		free_files();
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(bzimage_is_put_at_its_preferred_address),
		CASE(linux_is_told_of_the_text_screen),
		CASE(page_tables_map_four_gib),
		CASE(initrd_goes_to_the_top),
		CASE(initrd_larger_than_memory_is_refused),
		CASE(initrd_stays_off_the_kernel),
		CASE(kernel_moves_when_memory_is_small),
		CASE(no_image_is_refused),
		CASE(damaged_bzimages_are_refused),
		CASE(vmlinux_is_loaded_by_physical_address),
		CASE(damaged_elf_files_are_refused),
		CASE(multiboot_by_addresses),
		CASE(hostile_multiboot_is_refused),
		CASE(random_headers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
