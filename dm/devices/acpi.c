/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Builds the guest's ACPI tables (ACPI 6.4, chapter 5; PCI Firmware 3.0 for MCFG): RSDP, XSDT and
 * RSDT, FADT, FACS, MADT, MCFG and DSDT.
 */
#include "acpi.h"
#include "../runtime.h"

#include <abi/range.h>

#include "dsdt_aml.h"
#include "dsdt_ps2_aml.h"

struct header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem_id[6], oem_table_id[8];
	u32 oem_revision;
	char creator_id[4];
	u32 creator_revision;
} packed_struct;

struct address { /* generic address structure */
	u8 space, width, offset, access;
	u64 address;
} packed_struct;

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
} packed_struct;

struct fadt {
	struct header h;
	u32 facs, dsdt;
	u8 reserved0, profile;
	u16 sci;
	u32 smi_port;
	u8 acpi_enable, acpi_disable, s4bios, pstate;
	u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	u32 gpe0, gpe1;
	u8 pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len;
	u8 gpe0_len, gpe1_len, gpe1_base, cst;
	u16 c2_latency, c3_latency, flush_size, flush_stride;
	u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	u16 boot_flags;
	u8 reserved1;
	u32 flags;
	struct address reset;
	u8 reset_value;
	u16 arm_flags;
	u8 minor;
	u64 x_facs, x_dsdt;
	struct address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control;
	struct address x_pm_timer, x_gpe0, x_gpe1;
	struct address sleep_control, sleep_status;
	u64 hypervisor;
} packed_struct;
_Static_assert(sizeof(struct fadt) == 276, "FADT of ACPI 6");

struct facs {
	char signature[4];
	u32 length, hardware, waking;
	u32 lock, flags;
	u64 x_waking;
	u8 version;
	u8 reserved[31];
} packed_struct;
_Static_assert(sizeof(struct facs) == 64, "FACS");

enum { QWORD_SPACE = 0x8a, QWORD_SPACE_MIN = 14, QWORD_SPACE_SIZE = 38, QWORD_SPACE_LEN = 46 };
enum { SPACE_IO = 1, ACCESS_BYTE = 1, ACCESS_WORD = 2, ACCESS_DWORD = 3 };
enum {
	FADT_WBINVD = BIT(0),
	FADT_PROC_C1 = BIT(2),
	FADT_NO_SLEEP_BUTTON = BIT(5),
	FADT_TIMER_32BIT = BIT(8),
	FADT_RESET_REGISTER = BIT(10),
};
enum { BOOT_LEGACY = BIT(0), BOOT_8042 = BIT(1), BOOT_NO_VGA = BIT(2) };
enum { MADT_8259 = 1, MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_NMI = 4 };
enum { OVERRIDE_SAME = 0, OVERRIDE_HIGH_LEVEL = 0x0d };
enum { CENTURY_REGISTER = 0x32, RESET_PORT = 0xcf9, RESET_VALUE = 6 };

struct madt {
	struct header h;
	u32 lapic, flags;
} packed_struct;
struct madt_lapic {
	u8 type, len, processor, id;
	u32 flags;
} packed_struct;
struct madt_ioapic {
	u8 type, len, id, reserved;
	u32 address, gsi_base;
} packed_struct;
struct madt_override {
	u8 type, len, bus, irq;
	u32 gsi;
	u16 flags;
} packed_struct;
struct madt_nmi {
	u8 type, len, processor;
	u16 flags;
	u8 lint;
} packed_struct;

struct mcfg {
	struct header h;
	u64 reserved;
	u64 base;
	u16 segment;
	u8 first_bus, last_bus;
	u32 reserved1;
} packed_struct;

/* Tables are appended; `used` may pass `size`, and then nothing more is written. */
struct builder {
	gpa_t base;
	u8 *to;
	size_t size, used;
};

static u8 checksum(const void *data, size_t len)
{
	const u8 *p = data;
	u8 sum = 0;

	while (len--)
		sum = (u8)(sum + *p++);
	return (u8)-sum;
}

static void append(struct builder *b, const void *data, size_t len)
{
	size_t at = b->used;

	b->used += len;
	if (range_within(at, len, b->size))
		memcpy(b->to + at, data, len);
}

static gpa_t begin(struct builder *b, size_t align)
{
	b->used = ALIGN_UP(b->used, align);
	return b->base + b->used;
}

static struct header make_header(const char *signature, u8 revision)
{
	struct header h = { .revision = revision, .oem_revision = 1, .creator_revision = 1 };

	memcpy(h.signature, signature, 4);
	memcpy(h.oem_id, "ORIEL ", 6);
	memcpy(h.oem_table_id, "GUEST   ", 8);
	memcpy(h.creator_id, "ORIL", 4);
	return h;
}

/* Completes the table that began at gpa. */
static void finish(struct builder *b, gpa_t gpa)
{
	struct header *h = (struct header *)(b->to + (gpa - b->base));

	if (b->used > b->size)
		return;
	h->length = (u32)(b->used - (gpa - b->base));
	h->checksum = 0;
	h->checksum = checksum(h, h->length);
}

static struct address port(u16 number, u8 bits, u8 access)
{
	return (struct address){ SPACE_IO, bits, 0, access, number };
}

/*
 * The DSDT's one 64-bit window reaches as far as the guest's addresses do: OVMF places BARs by that
 * measure. A QWord address space descriptor (ACPI 6.4, 6.4.3.5.1) that begins where it should.
 */
static void widen_window(u8 *aml, size_t len)
{
	u32 bits = MIN(MAX(dm_info->address_bits, 36u), GUEST_ADDRESS_BITS);
	u64 window[3] = { GUEST_MMIO64_BASE, BIT(bits) - 1, 0 };
	const u64 size = BIT(bits) - GUEST_MMIO64_BASE;

	for (size_t at = 0; at + QWORD_SPACE_LEN <= len; at++) {
		u8 *d = aml + at;

		if (d[0] != QWORD_SPACE || memcmp(d + QWORD_SPACE_MIN, window, 8))
			continue;
		memcpy(d + QWORD_SPACE_MIN, window, sizeof(window));
		memcpy(d + QWORD_SPACE_SIZE, &size, sizeof(size));
	}
}

static gpa_t add_dsdt(struct builder *b, const void *aml, size_t len)
{
	gpa_t at = begin(b, 16);

	append(b, aml, len);
	if (b->used <= b->size)
		widen_window(b->to + (at - b->base), len);
	finish(b, at);
	return at;
}

static gpa_t add_facs(struct builder *b)
{
	struct facs facs = { .signature = { 'F', 'A', 'C', 'S' }, .length = sizeof(facs) };
	gpa_t at = begin(b, 64);

	facs.version = 2;
	append(b, &facs, sizeof(facs));
	return at;
}

static u16 boot_flags(const struct vm_config *config)
{
	u32 flags = BOOT_LEGACY;

	if (config->input & INPUT_PS2)
		flags |= BOOT_8042;
	if (!config_has_vga(config))
		flags |= BOOT_NO_VGA;
	return (u16)flags;
}

static gpa_t add_fadt(struct builder *b, const struct vm_config *config, gpa_t facs, gpa_t dsdt)
{
	struct fadt f = {
		.h = make_header("FACP", 6),
		.facs = (u32)facs,
		.dsdt = (u32)dsdt,
		.profile = 1, /* desktop */
		.sci = GUEST_SCI_GSI,
		.pm1a_event = GUEST_PM_BASE,
		.pm1a_control = GUEST_PM_BASE + 4,
		.pm_timer = GUEST_PM_BASE + 8,
		.gpe0 = GUEST_PM_BASE + 0x20,
		.pm1_event_len = 4,
		.pm1_control_len = 2,
		.pm_timer_len = 4,
		.gpe0_len = ACPI_GPE0_BYTES,
		.c2_latency = 0xffff, /* no C2, no C3 */
		.c3_latency = 0xffff,
		.century = CENTURY_REGISTER,
		.boot_flags = boot_flags(config),
		.flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_TIMER_32BIT |
			 FADT_RESET_REGISTER,
		.reset = port(RESET_PORT, 8, ACCESS_BYTE),
		.reset_value = RESET_VALUE,
		.x_dsdt = dsdt,
		.x_pm1a_event = port(GUEST_PM_BASE, 32, ACCESS_WORD),
		.x_pm1a_control = port(GUEST_PM_BASE + 4, 16, ACCESS_WORD),
		.x_pm_timer = port(GUEST_PM_BASE + 8, 32, ACCESS_DWORD),
		.x_gpe0 = port(GUEST_PM_BASE + 0x20, ACPI_GPE0_BYTES * 8, ACCESS_BYTE),
	};
	gpa_t at = begin(b, 16);

	append(b, &f, sizeof(f));
	finish(b, at);
	return at;
}

static gpa_t add_madt(struct builder *b, const struct vm_config *config)
{
	struct madt madt = { make_header("APIC", 5), 0xfee00000, MADT_8259 };
	struct madt_ioapic ioapic = { MADT_IOAPIC, sizeof(ioapic), 0, 0, 0xfec00000, 0 };
	struct madt_override timer = { MADT_OVERRIDE, sizeof(timer), 0, 0, 2, OVERRIDE_SAME };
	struct madt_override sci = { MADT_OVERRIDE, sizeof(sci),   0,
				     GUEST_SCI_GSI, GUEST_SCI_GSI, OVERRIDE_HIGH_LEVEL };
	struct madt_nmi nmi = { MADT_LAPIC_NMI, sizeof(nmi), 0xff, 0, 1 };
	gpa_t at = begin(b, 16);

	append(b, &madt, sizeof(madt));
	for (u32 i = 0; i < config->cpus; i++) {
		struct madt_lapic lapic = { MADT_LAPIC, sizeof(lapic), (u8)i, (u8)i, 1 };

		append(b, &lapic, sizeof(lapic));
	}
	append(b, &ioapic, sizeof(ioapic));
	append(b, &timer, sizeof(timer));
	append(b, &sci, sizeof(sci));
	append(b, &nmi, sizeof(nmi));
	finish(b, at);
	return at;
}

static gpa_t add_mcfg(struct builder *b)
{
	struct mcfg mcfg = { .h = make_header("MCFG", 1), .base = GUEST_ECAM_BASE, .last_bus = 0 };
	gpa_t at = begin(b, 16);

	append(b, &mcfg, sizeof(mcfg));
	finish(b, at);
	return at;
}

static gpa_t add_xsdt(struct builder *b, const gpa_t *tables, u32 count)
{
	struct header h = make_header("XSDT", 1);
	gpa_t at = begin(b, 16);

	append(b, &h, sizeof(h));
	append(b, tables, count * sizeof(*tables));
	finish(b, at);
	return at;
}

/* The same for those who know 32-bit addresses only. */
static gpa_t add_rsdt(struct builder *b, const gpa_t *tables, u32 count)
{
	struct header h = make_header("RSDT", 1);
	gpa_t at = begin(b, 16);

	append(b, &h, sizeof(h));
	for (u32 i = 0; i < count; i++)
		append(b, &tables[i], sizeof(u32));
	finish(b, at);
	return at;
}

static void put_rsdp(struct builder *b, gpa_t xsdt, gpa_t rsdt)
{
	struct rsdp r = { .revision = 2, .rsdt = (u32)rsdt, .length = sizeof(r), .xsdt = xsdt };

	memcpy(r.signature, "RSD PTR ", 8);
	memcpy(r.oem_id, "ORIEL ", 6);
	r.checksum = checksum(&r, offsetof(struct rsdp, length));
	r.extended_checksum = checksum(&r, sizeof(r));
	memcpy(b->to, &r, sizeof(r));
}

int acpi_build(const struct dm_vm *vm, gpa_t base, u8 *to, size_t size)
{
	struct builder b = { base, to, size, sizeof(struct rsdp) };
	gpa_t tables[3], dsdt, xsdt, rsdt;
	u32 count = 0;

	if (vm->config->input & INPUT_PS2)
		dsdt = add_dsdt(&b, dsdt_ps2_aml, sizeof(dsdt_ps2_aml));
	else
		dsdt = add_dsdt(&b, dsdt_aml, sizeof(dsdt_aml));
	tables[count++] = add_fadt(&b, vm->config, add_facs(&b), dsdt);
	tables[count++] = add_madt(&b, vm->config);
	tables[count++] = add_mcfg(&b);
	xsdt = add_xsdt(&b, tables, count);
	rsdt = add_rsdt(&b, tables, count);
	if (b.used > b.size)
		return -ENOSPC;
	put_rsdp(&b, xsdt, rsdt);
	return (int)b.used;
}
