/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The device domain's memory: its image, the areas it is given, its page tables. */
#ifndef HV_DOMAIN_IMAGE_H
#define HV_DOMAIN_IMAGE_H

#include <abi/handoff.h>

/* Copies the pristine image in again; result: where it begins to run. */
u64 domain_image_load(void);
u64 domain_image_cr3(void);
/* For the next start: generation + 1, and why. */
void domain_image_next_generation(const char *reason);
void domain_image_clear_state(void);

#endif
