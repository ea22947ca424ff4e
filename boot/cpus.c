/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Processors: whether they can run guests, and which there are. The list comes from the MP
 * services protocol (PI 1.7, volume 2, 13.4), or else from ACPI's MADT (ACPI 6.4, 5.2.12), or
 * else is the boot processor alone.
 */
#include "boot/boot.h"
#include "boot/x86.h"

struct mp_processor { /* EFI_PROCESSOR_INFORMATION */
	u64 id;
	u32 status;
	u32 package, core, thread;
	u32 extended[6]; /* as of PI 1.6 */
};

#define MP_ENABLED BIT(1)

struct mp_services {
	EFI_STATUS(EFIAPI *count)(struct mp_services *, UINTN *all, UINTN *enabled);
	EFI_STATUS(EFIAPI *info)(struct mp_services *, UINTN number, struct mp_processor *);
};

static u32 own_apic_id(void)
{
	if (x86_cpuid(0, 0).eax >= 0xb && x86_cpuid(0xb, 0).ebx)
		return x86_cpuid(0xb, 0).edx;
	return x86_cpuid(1, 0).ebx >> 24;
}

static void check_vmx(void)
{
	u64 control = x86_rdmsr(X86_MSR_FEATURE_CONTROL);

	if ((control & BIT(0)) && !(control & BIT(2)))
		refuse("the firmware has locked VMX off: enable virtualization in its setup");
}

static void check_svm(void)
{
	if (x86_rdmsr(X86_MSR_VM_CR) & BIT(4))
		refuse("the firmware has disabled SVM: enable virtualization in its setup");
}

void cpus_check(void)
{
	if (x86_cpuid(1, 0).ecx & BIT(5))
		check_vmx();
	else if (x86_cpuid(0x80000000, 0).eax >= 0x8000000a &&
		 (x86_cpuid(0x80000001, 0).ecx & BIT(2)))
		check_svm();
	else
		refuse("this processor has neither VMX nor SVM");
}

/* Adds a processor other than the boot processor, which is always there. */
static void cpu_add(struct handoff *h, u32 apic_id)
{
	u32 i;

	for (i = 0; i < h->cpu_count; i++)
		if (h->apic_ids[i] == apic_id)
			return;
	if (h->cpu_count < HANDOFF_MAX_CPUS)
		h->apic_ids[h->cpu_count++] = apic_id;
}

static bool list_from_mp(struct handoff *h)
{
	static EFI_GUID guid = {
		0x3fdda605, 0xa76e, 0x4f46, { 0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08 }
	};
	struct mp_services *mp;
	struct mp_processor cpu;
	UINTN all, enabled, i;

	if (EFI_ERROR(boot_system->BootServices->LocateProtocol(&guid, NULL, (void **)&mp)) ||
	    EFI_ERROR(mp->count(mp, &all, &enabled)))
		return false;
	for (i = 0; i < all; i++)
		if (!EFI_ERROR(mp->info(mp, i, &cpu)) && (cpu.status & MP_ENABLED))
			cpu_add(h, (u32)cpu.id);
	return true;
}

/* Tables may be anywhere: bytes, put together. */
static u64 read_le(const u8 *at, u32 bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

/* An ACPI table by signature, found through the XSDT or the RSDT; NULL when there is none. */
static const u8 *acpi_find(u64 rsdp, u32 signature)
{
	const u8 *root = (const u8 *)rsdp, *table;
	bool xsdt = root[15] >= 2 && read_le(root + 24, 8);
	u32 width = xsdt ? 8 : 4, len, at;

	root = (const u8 *)read_le(root + (xsdt ? 24 : 16), width);
	len = root ? (u32)read_le(root + 4, 4) : 0;
	for (at = 36; at + width <= len; at += width) {
		table = (const u8 *)read_le(root + at, width);
		if (table && read_le(table, 4) == signature)
			return table;
	}
	return NULL;
}

static void list_from_madt(struct handoff *h)
{
	const u8 *madt = acpi_find(h->rsdp, 0x43495041); /* "APIC" */
	u32 len, at;

	if (!madt)
		return;
	len = (u32)read_le(madt + 4, 4);
	for (at = 44; at + 2 <= len && madt[at + 1] >= 2 && at + madt[at + 1] <= len;
	     at += madt[at + 1]) {
		if (madt[at] == 0 && madt[at + 1] >= 8 && (madt[at + 4] & 1))
			cpu_add(h, madt[at + 3]);
		else if (madt[at] == 9 && madt[at + 1] >= 16 && (madt[at + 8] & 1))
			cpu_add(h, (u32)read_le(madt + at + 4, 4));
	}
}

void cpus_list(struct handoff *h)
{
	h->cpu_count = 0;
	cpu_add(h, own_apic_id());
	if (!list_from_mp(h) && h->rsdp)
		list_from_madt(h);
}

u64 acpi_rsdp(void)
{
	static const EFI_GUID v2 = ACPI_20_TABLE_GUID, v1 = ACPI_TABLE_GUID;
	u64 found = 0;
	UINTN i;

	for (i = 0; i < boot_system->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &boot_system->ConfigurationTable[i];

		if (guid_equal(&t->VendorGuid, &v2))
			return (u64)t->VendorTable;
		if (guid_equal(&t->VendorGuid, &v1))
			found = (u64)t->VendorTable;
	}
	return found;
}
