/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The guest's ACPI tables, and what they promise about devices. The DSDT's source is
 * dm/devices/dsdt.asl; it names the same constants.
 */
#ifndef DM_ACPI_H
#define DM_ACPI_H

#include "../vm.h"

#define ACPI_GPE0_BYTES	    16 /* status and enable */
#define ACPI_SLEEP_TYPE_OFF 5  /* SLP_TYP that powers off (\_S5) */
#define ACPI_MAX_BYTES	    0x10000

/*
 * Builds all tables for the guest into `to` (size bytes), to lie at guest physical address `base`,
 * 16-byte aligned; the RSDP comes first (ACPI 6.4, 5.2). The length used, or -ENOSPC.
 */
int acpi_build(const struct dm_vm *vm, gpa_t base, u8 *to, size_t size) must_check;

#endif
