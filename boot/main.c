/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The UEFI loader, from the firmware's call to the jump into the hypervisor. What can go wrong
 * goes wrong before the screen's mode changes and before the firmware is left, with a message.
 */
#include "boot/boot.h"
#include "boot/x86.h"

#include "build_id.h"

#define STACK_SIZE KIB(32)

EFI_HANDLE boot_image;
EFI_SYSTEM_TABLE *boot_system;

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static void load_config(struct handoff *h, struct config_files *files)
{
	struct config_error err;
	struct blob text;
	const char *why;

	if (files_read("oriel.conf", &text, &why))
		refuse("\\oriel\\oriel.conf: %s", why);
	if (config_parse(text.base, text.len, &h->config, files, &err))
		refuse_config(&err);
	report_serial((u16)h->config.serial_port, h->config.serial_baud);
}

static void load_files(struct handoff *h, const struct config_files *files)
{
	const struct config_file *f;
	struct handoff_file *out;
	struct blob blob;
	const char *why;
	u32 i, k;

	for (i = 0; i < files->count; i++) {
		f = &files->file[i];
		out = &h->files[i];
		if (files_read(f->name, &blob, &why))
			refuse("%s (%s in \\oriel\\oriel.conf:%u): %s", f->name, f->key, f->line,
			       why);
		for (k = 0; k < sizeof(out->name); k++)
			out->name[k] = f->name[k];
		out->base = (u64)blob.base;
		out->len = blob.len;
		report("loaded %s, %lu KiB", f->name, (blob.len + 1023) >> 10);
	}
	h->file_count = files->count;
}

/* The device domain's file leaves this image, whose memory is free after the jump. */
static void load_dm(struct handoff *h)
{
	u8 *copy;
	u64 i;

	h->dm_len = (u64)(embed_dm_end - embed_dm);
	copy = boot_alloc(h->dm_len, PAGE_SIZE, "device domain");
	for (i = 0; i < h->dm_len; i++)
		copy[i] = embed_dm[i];
	h->dm_base = (u64)copy;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	static struct config_files files;
	struct elf_image hv;
	struct handoff *h;
	u64 boot_tsc = x86_rdtsc(), stack, cr3;

	boot_image = image;
	boot_system = system;
	system->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
	report_init();
	report("loader %s", BUILD_ID);
	cpus_check();

	h = boot_alloc(sizeof(*h), PAGE_SIZE, "handoff");
	h->magic = HANDOFF_MAGIC;
	h->version = HANDOFF_VERSION;
	h->size = sizeof(*h);
	h->boot_tsc = boot_tsc;
	h->efi_system_table = (u64)system;
	h->rsdp = acpi_rsdp();
	cpus_list(h);

	files_open();
	load_config(h, &files);
	load_files(h, &files);
	files_close();

	load_dm(h);
	elf_load(embed_hv, (u64)(embed_hv_end - embed_hv), &hv);
	h->image_base = hv.base;
	h->image_len = hv.len;
	stack = (u64)boot_alloc(STACK_SIZE, PAGE_SIZE, "stack") + STACK_SIZE;

	gop_init(h->config.screen_width, h->config.screen_height, &h->gop);
	report("screen %ux%u, %u processor%s, starting", h->gop.width, h->gop.height, h->cpu_count,
	       h->cpu_count == 1 ? "" : "s");
	memory_map(h);
	cr3 = paging_build(h, &hv);
	memory_leave_firmware(h);
	enter_hypervisor(cr3, stack, hv.entry, h);
}
