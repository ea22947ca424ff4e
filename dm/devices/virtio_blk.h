/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Where on the guest's bus its disks are; firmware is told to boot from there. */
#ifndef DM_DEVICES_VIRTIO_BLK_H
#define DM_DEVICES_VIRTIO_BLK_H

#define VIRTIO_BLK_DISK_SLOT  4u
#define VIRTIO_BLK_CDROM_SLOT 5u

#endif
