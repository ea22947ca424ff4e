/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Everything that arch code calls in hv: nothing else crosses upwards. */
#ifndef ARCH_UPCALL_H
#define ARCH_UPCALL_H

#include <abi/types.h>

/* hv/pages.c: zeroed 4 KiB pages (count of them contiguous); 0: none left. */
hpa_t page_alloc(void);
hpa_t pages_alloc(u32 count);
void page_free(hpa_t page);
/* hv/log.c */
void log_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* hv/panic.c: does not return. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *format, ...);
/* hv/domain.c: a host ISA interrupt line fired (it is masked now), or IRQ_MESSAGE. */
void irq_host_event(u32 line);

#endif
