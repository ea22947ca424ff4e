/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The machine's network card on behalf of the device domain; see abi/nic.h. */
#ifndef HV_HOST_NIC_H
#define HV_HOST_NIC_H

#include <abi/hypercall.h>

/*
 * Looks for a card that there is a driver for, switches its bus mastering off and its memory on,
 * and sets its interrupt up. Fills nic (but for bar[] and dma_phys) and the host addresses of its
 * memory BARs; bar_len 0 where there is none, or where the MSI-X table lies. -ENODEV, with the
 * reason logged. Boot core, once.
 */
int host_nic_find(struct dm_nic *nic, hpa_t bars[6]) must_check;
/* Its bus mastering; -ENODEV. */
int host_nic_enable(bool on) must_check;
/* Its interrupt may come again; -ENODEV. */
int host_nic_unmask(void) must_check;
/* What irq_host_event calls its interrupt; ~0: there is none. */
u32 host_nic_line(void);

#endif
