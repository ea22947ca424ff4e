/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A console (VIRTIO 1.2 section 5.3, one port) of guests with virtio_console = yes. What the guest
 * writes to it joins the text of its serial port (uart.h); what it is to read comes by dm/input.h.
 */
#ifndef DM_DEVICES_VIRTIO_CONSOLE_H
#define DM_DEVICES_VIRTIO_CONSOLE_H

#include "dm/vm.h"

#define VIRTIO_CONSOLE_SLOT 8u /* on the guest's PCI bus */

/* The guest is to read that byte. False: there is no room for it now, or no driver. */
bool virtio_console_receive(struct dm_vm *vm, u8 byte);

#endif
