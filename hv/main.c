/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The whole start of the hypervisor, in order. */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/upcall.h>
#include <arch/vcpu.h>
#include "boot.h"
#include "build_id.h"
#include "domain.h"
#include "log.h"
#include "pages.h"
#include "panic.h"
#include "sched.h"
#include "screen.h"
#include "vm.h"

u64 boot_tsc;
const struct handoff *handoff;
const struct virt_ops *virt;

void hv_main(hpa_t handoff_hpa);

static void choose_virtualisation(void)
{
	static const struct virt_ops *const all[] = { &vmx_ops, &svm_ops };
	const char *why = NULL, *best = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		int rc = all[i]->probe(&why);

		if (!rc) {
			virt = all[i];
			return;
		}
		if (rc != -ENODEV)
			best = why; /* the vendor is right, something else is not */
	}
	refuse("%s", best ? best : "this processor has neither VMX nor SVM");
}

static _Atomic bool guests_ready;

static void other_core(u32 index)
{
	while (!guests_ready)
		cpu_relax();
	if (virt->cpu_enable())
		panic("cannot turn %s on on core %u", virt->name, index);
	sched_run();
}

void hv_main(hpa_t handoff_hpa)
{
	u32 cores;

	handoff = phys_to_virt(handoff_hpa);
	boot_tsc = handoff->boot_tsc;
	log_init(handoff->config.serial_port, handoff->config.serial_baud);
	if (handoff->magic != HANDOFF_MAGIC || handoff->version != HANDOFF_VERSION ||
	    handoff->size != sizeof(*handoff))
		panic("the loader belongs to another version");

	pages_init(handoff);	    /* free memory, pool */
	arch_init(handoff);	    /* descriptors, page tables, clock, interrupt controllers */
	screen_init(&handoff->gop); /* text on the panel */
	log_printf("Oriel %s: %u core(s), panel %ux%u", BUILD_ID, handoff->cpu_count,
		   handoff->gop.width, handoff->gop.height);
	choose_virtualisation();
	if (virt->cpu_enable())
		panic("cannot turn %s on", virt->name);
	cores = cpu_start_all(handoff, other_core);
	domain_create(handoff, cores); /* image, state, what it is told */
	vm_create_all(&handoff->config, cores);
	domain_map_guests(handoff);
	log_printf("%s, %u core(s) in use, TSC %lu MHz, %lu MiB used beyond the guests", virt->name,
		   cores, time_hz() / 1000000, vm_memory_overhead() >> 20);
	domain_start();
	guests_ready = true;
	sched_run();
}
