/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/pci_stubs.c */
/* libs: -lcmocka */

/* The input is a list of steps of 12 bytes: a guest and a device domain that do anything to a PCI
 * bus. After each step its invariants hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pci_internal.h"
#include "pci_stubs.h"

#define STEPS_MAX 200

struct step {
	u8 what, which, size, value8;
	u32 at;
	u32 value;
};
_Static_assert(sizeof(struct step) == 12, "steps are read from bytes");

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static u8 step_devfn(const struct step *s)
{
	static const u8 devfns[] = { 0x00, 0xf8, 0x10, 0x18, 0x20 };

	return devfns[s->which % ARRAY_SIZE(devfns)];
}

/* A template with one or two bytes that are not what they were. */
static void step_add(const struct step *s)
{
	struct pci_template t;

	stubs_template(&t, step_devfn(s));
	((u8 *)&t)[s->at % sizeof(t)] = s->value8;
	if (s->size & 1)
		((u8 *)&t)[(s->at >> 16) % sizeof(t)] = (u8)s->value;
	(void)!pci_add(&stubs.vm, &t);
}

/* An access somewhere in a BAR, where the guest has put it. */
static void step_bar(const struct step *s, bool write)
{
	const struct pci_function *f = &stubs.vm.pci.functions[s->which % 5];
	const struct pci_bar *bar = &f->bars[s->value8 % 6];
	struct access a = { .addr = bar->addr + s->at % 0x4000,
			    .value = s->value,
			    .count = s->size >> 4 ? s->value : 1,
			    .size = (u8)(1U << (s->size & 3)),
			    .write = write };

	stubs_access(f->t.bars[s->value8 % 6].kind == PCI_BAR_IO ? TRAP_PIO : TRAP_MMIO, &a);
}

static void step_run(const struct step *s)
{
	u8 size = (u8)(1U << (s->size & 3));

	switch (s->what % 10) {
	case 0:
		step_add(s);
		break;
	case 1:
		ecam_read(step_devfn(s), s->at % 4096, size);
		break;
	case 2:
	case 3:
		ecam_write(step_devfn(s), s->at % 264, size, s->value);
		break;
	case 4:
	case 5:
		step_bar(s, s->what % 10 == 4);
		break;
	case 6:
		stubs_write(TRAP_PIO, 0xcf8 + s->at % 8, size & 7, s->value);
		break;
	case 7:
		(void)!pci_msix(&stubs.vm, s->which, s->value8);
		(void)!pci_intx(&stubs.vm, s->which, s->value & 1);
		break;
	case 8:
		(void)!pci_add_doorbell(&stubs.vm, s->which, s->value8, s->at, size, s->size);
		break;
	default:
		pci_reset(&stubs.vm);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct step s;

	stubs_setup(GIB(1), len & 1);
	for (size_t at = 0, n = 0; len - at >= sizeof(s) && n < STEPS_MAX; at += sizeof(s), n++) {
		memcpy(&s, data + at, sizeof(s));
		step_run(&s);
		stubs_check_bus();
	}
	return 0;
}
