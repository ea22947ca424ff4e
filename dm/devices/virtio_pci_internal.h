/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What the transport's registers (virtio_pci.c) and its queues at work (virtio_pci_turns.c) share.
 */
#ifndef DM_DEVICES_VIRTIO_PCI_INTERNAL_H
#define DM_DEVICES_VIRTIO_PCI_INTERNAL_H

#include "virtio_pci.h"

struct virtq virtio_pci_queue_of(struct virtio_device *vd, u32 queue);
/* VIRTIO 1.2 section 2.1.2: the driver broke the rules; nothing more happens until it resets the
 * device. */
void virtio_pci_break(struct virtio_device *vd, u32 queue);
/* Sets the device's deadline by what its queues have to do. */
void virtio_pci_schedule(struct virtio_device *vd);
/* Section 2.6.1: as after a reset of the device. */
void virtio_pci_reset_queue(struct virtio_device *vd, u32 queue);

#endif
