/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* ELF executables, and Linux as one (vmlinux). See elf.h. No state. */
#include "elf.h"
#include "linux.h"
#include "../runtime.h"

#include <abi/elf.h>
#include <abi/range.h>

struct header_32 {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment_32 {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

/* Where the program headers are, and what both classes share. */
struct table {
	u64 offset;
	u32 count, entry_size;
	u16 type, machine;
};

static bool file_read(const struct loader_file *f, u64 at, void *to, u64 len)
{
	if (!range_within(at, len, f->len))
		return false;
	memcpy(to, f->data + at, len);
	return true;
}

static bool read_header(struct loader *l, struct elf_image *elf, struct table *t)
{
	struct header_32 h32;
	struct elf64_header h64;

	if (elf->is_64) {
		if (!file_read(&l->kernel, 0, &h64, sizeof(h64)))
			return false;
		elf->entry = h64.entry;
		*t = (struct table){ h64.phoff, h64.phnum, h64.phentsize, h64.type, h64.machine };
		return t->entry_size >= sizeof(struct elf64_segment);
	}
	if (!file_read(&l->kernel, 0, &h32, sizeof(h32)))
		return false;
	elf->entry = h32.entry;
	*t = (struct table){ h32.phoff, h32.phnum, h32.phentsize, h32.type, h32.machine };
	return t->entry_size >= sizeof(struct segment_32);
}

static bool read_segment(const struct loader_file *f, bool is_64, u64 at, struct elf64_segment *s)
{
	struct segment_32 small;

	if (is_64)
		return file_read(f, at, s, sizeof(*s));
	if (!file_read(f, at, &small, sizeof(small)))
		return false;
	*s = (struct elf64_segment){ .type = small.type,
				     .offset = small.offset,
				     .vaddr = small.vaddr,
				     .paddr = small.paddr,
				     .filesz = small.filesz,
				     .memsz = small.memsz };
	return true;
}

static int add_segment(struct loader *l, struct elf_image *elf, const struct elf64_segment *s)
{
	if (!range_within(s->offset, s->filesz, l->kernel.len) || s->filesz > s->memsz)
		return loader_fail(l, "kernel %s: a segment goes beyond the file", l->kernel.name);
	if (elf->count == ELF_MAX_SEGMENTS)
		return loader_fail(l, "kernel %s: more than %u segments", l->kernel.name,
				   ELF_MAX_SEGMENTS);
	elf->segments[elf->count++] =
		(struct elf_segment){ s->offset, s->filesz, s->vaddr, s->paddr, s->memsz };
	return 0;
}

int elf_parse(struct loader *l, struct elf_image *elf)
{
	const struct loader_file *f = &l->kernel;
	struct table t;

	*elf = (struct elf_image){ 0 };
	if (f->len < 16 || memcmp(f->data, "\177ELF", 4) != 0)
		return 0;
	elf->is_64 = f->data[ELF_CLASS] == ELF_CLASS_64;
	if (f->data[ELF_DATA] != ELF_DATA_LITTLE ||
	    (!elf->is_64 && f->data[ELF_CLASS] != ELF_CLASS_32) || !read_header(l, elf, &t))
		return loader_fail(l, "kernel %s: its ELF header is damaged", f->name);
	if ((t.type != ELF_EXEC && t.type != ELF_DYN) ||
	    t.machine != (elf->is_64 ? ELF_X86_64 : ELF_386))
		return loader_fail(l, "kernel %s: not an executable for x86", f->name);
	for (u32 i = 0; i < t.count; i++) {
		struct elf64_segment s;

		if (t.offset > f->len ||
		    !read_segment(f, elf->is_64, t.offset + (u64)i * t.entry_size, &s))
			return loader_fail(l, "kernel %s: the file is cut short", f->name);
		if (s.type == ELF_LOAD && s.memsz && add_segment(l, elf, &s))
			return -EINVAL;
	}
	if (elf->count == 0)
		return loader_fail(l, "kernel %s: nothing in it to load", f->name);
	return 1;
}

int elf_put(struct loader *l, const struct elf_image *elf)
{
	for (u32 i = 0; i < elf->count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (loader_place(l, s->physical, s->memory_size, "kernel"))
			return -EINVAL;
		loader_write(l, s->physical, l->kernel.data + s->offset, s->file_size);
		loader_clear(l, s->physical + s->file_size, s->memory_size - s->file_size);
	}
	return 0;
}

u64 elf_entry(const struct elf_image *elf)
{
	for (u32 i = 0; i < elf->count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (range_inside(elf->entry, 1, s->physical, s->memory_size))
			return elf->entry;
	}
	for (u32 i = 0; i < elf->count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (range_inside(elf->entry, 1, s->virtual, s->memory_size))
			return elf->entry - s->virtual + s->physical;
	}
	return elf->entry;
}

int elf_linux_load(struct loader *l)
{
	enum { LAST_VERSION = 0x020f, LOADED_HIGH = 1, CMDLINE_MAX = 2047 };
	static struct linux_boot boot;
	struct elf_image elf;
	int rc = elf_parse(l, &elf);

	if (rc <= 0)
		return rc;
	if (!elf.is_64)
		return loader_fail(l, "kernel %s: a 32-bit ELF file without a multiboot header",
				   l->kernel.name);
	if (elf_put(l, &elf))
		return -EINVAL;
	memset(&boot, 0, sizeof(boot));
	linux_put(boot.params + LINUX_BOOT_FLAG, 2, LINUX_FLAG_55AA);
	linux_put(boot.params + LINUX_MAGIC, 4, LINUX_MAGIC_HDRS);
	linux_put(boot.params + LINUX_VERSION, 2, LAST_VERSION);
	boot.params[LINUX_LOAD_FLAGS] = LOADED_HIGH;
	linux_put(boot.params + LINUX_ALIGNMENT, 4, LARGE_PAGE_SIZE);
	boot.entry = elf_entry(&elf);
	boot.initrd_limit = GUEST_LOW_LIMIT;
	boot.cmdline_max = CMDLINE_MAX;
	return linux_finish(l, &boot) ? -EINVAL : 1;
}
