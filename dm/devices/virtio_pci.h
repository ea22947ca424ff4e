/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A virtio device behind the modern PCI transport (VIRTIO 1.2 section 4.1). A model supplies a
 * const struct virtio_device_ops and keeps struct virtio_state first in its own state; the
 * transport does negotiation, queues, notifications and interrupts.
 *
 *   guest --BAR/window--> virtio_pci_access --doorbell--> virtio_pci_queue --> ops->handle(chain)
 *
 * BAR 2 holds the structures at the offsets below, BAR 5 is the port to notify through, BAR 4 the
 * MSI-X table, which the hypervisor keeps. The PCI_CFG window is the hypervisor's too: accesses
 * through it arrive as accesses to the BAR.
 */
#ifndef DM_DEVICES_VIRTIO_PCI_H
#define DM_DEVICES_VIRTIO_PCI_H

#include "virtio_queue.h"
#include "dm/bus.h"

#define VIRTIO_MAX_QUEUES 4

#define VIRTIO_F_INDIRECT_DESC BIT(28)
#define VIRTIO_F_EVENT_IDX     BIT(29)
#define VIRTIO_F_VERSION_1     BIT(32)
#define VIRTIO_F_RING_PACKED   BIT(34)
#define VIRTIO_F_RING_RESET    BIT(40)
/* What the transport does for every device. */
#define VIRTIO_TRANSPORT_FEATURES                                                                  \
	(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED | \
	 VIRTIO_F_RING_RESET)

enum virtio_status {
	VIRTIO_ACKNOWLEDGE = 1,
	VIRTIO_DRIVER = 2,
	VIRTIO_DRIVER_OK = 4,
	VIRTIO_FEATURES_OK = 8,
	VIRTIO_NEEDS_RESET = 64,
	VIRTIO_FAILED = 128,
};

#define VIRTIO_BAR		 2
#define VIRTIO_BAR_SIZE		 KIB(16)
#define VIRTIO_NOTIFY_BAR	 5
#define VIRTIO_MSIX_BAR		 4
#define VIRTIO_COMMON		 0x1000 /* offsets in BAR 2; a part ends where the next */
#define VIRTIO_ISR		 0x1800 /* begins */
#define VIRTIO_DEVICE		 0x2000
#define VIRTIO_NOTIFY		 0x3000
#define VIRTIO_NOTIFY_MULTIPLIER 4

struct virtio_state { /* in the state region, all zero after a reset but for the vectors */
	u64 features; /* as the driver accepted them */
	u32 device_select, driver_select;
	u16 queue_select;
	u16 config_vector;
	u8 status;
	u8 isr;
	u8 generation; /* of the device configuration */
	u8 reserved;
	struct virtq_state queues[VIRTIO_MAX_QUEUES];
};

struct virtio_device;

struct virtio_device_ops {
	u64 features; /* offered, those of the transport included */
	u32 queue_count;
	u16 queue_size[VIRTIO_MAX_QUEUES]; /* the largest, powers of two up to VIRTQ_MAX_SIZE */
	u32 config_len;			   /* of the device configuration, at most 256 */
	void (*config_read)(struct virtio_device *vd, u8 *config);
	/* NULL: nothing in it can be written. */
	void (*config_write)(struct virtio_device *vd, u32 offset, u32 size, u32 value);
	/* The driver reset the device: forget everything that it set up. NULL: nothing is. */
	void (*reset)(struct virtio_device *vd);
	/* Carries out one request; the number of bytes written to it, or -EAGAIN when there is more
	 * to do than one turn is for: the same request comes again (chain->resumed), unless the
	 * driver resets the queue; or another -errno for a chain that cannot be used at all, which
	 * breaks the device until it is reset. */
	s64 (*handle)(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain);
	/* Queues (a bit each) whose chains wait until the device has something for the driver;
	 * `handle` does not get them, `supply` is told that there may be some. */
	u32 waiting_queues;
	void (*supply)(struct virtio_device *vd, u32 queue);
};

struct virtio_device {
	const struct virtio_device_ops *ops;
	struct dm_device *dev;
	struct virtio_state *state;
	u64 hold;    /* see virtio_pci_hold; 0: answer now */
	u32 more;    /* queues, a bit each, that are to have a turn at the next timer call */
	u64 latest;  /* the longest that an answer came after what it was held until; TSC */
	u32 halfway; /* queues whose request was answered with -EAGAIN */
};

/* What the device is on the bus. */
struct virtio_identity {
	u8 devfn;
	u16 device; /* 0x1040 + virtio device type */
	u16 subsystem;
	u32 class_code; /* class << 16 | subclass << 8 | interface */
	u16 msix_vectors;
	struct pci_bar_template bar0; /* the model's own; size 0: none */
};

/* Adds the device to the guest's bus with its doorbells. 0 or -errno. */
int virtio_pci_create(struct virtio_device *vd, const struct virtio_identity *id) must_check;
/* Power-on state of the transport (the model resets its own). */
void virtio_pci_reset(struct virtio_device *vd);
/* After a restart of dm: -EINVAL when the state is not usable. Requests that were waiting are
 * carried out at the device's next timer call, which this asks for. */
int virtio_pci_adopt(struct virtio_device *vd) must_check;
/* An access to BAR 2 from VIRTIO_COMMON on, or to BAR 5. */
void virtio_pci_access(struct virtio_device *vd, struct dm_access *access);
/* Works off a queue for one turn, which ends after VIRTIO_TURN_CHAINS or VIRTIO_TURN_US, then
 * interrupts once if the driver wants it. With more to do, the device's deadline is at once: others
 * get their turns between. */
void virtio_pci_queue(struct virtio_device *vd, u32 queue);
#define VIRTIO_TURN_CHAINS 64
#define VIRTIO_TURN_US	   2000
/* What a model does when its deadline has come: next turns, and answers that were held back. Sets
 * the device's deadline, as virtio_pci_queue does. */
void virtio_pci_timer(struct virtio_device *vd);
/* Gives `len` bytes to the driver in the next chain of a waiting queue: how many fitted into it; 0:
 * there is no chain now, or its ring is broken. virtio_pci_signal when all is given. */
u32 virtio_pci_give(struct virtio_device *vd, u32 queue, const void *data, u32 len);
void virtio_pci_signal(struct virtio_device *vd, u32 queue);
/* Whether the driver is up and uses the queue. */
bool virtio_pci_driven(const struct virtio_device *vd, u32 queue);
/* For ops->handle: the driver is to hear of this request's end no earlier than `until` (TSC).
 * Requests that come after it do not wait for it, unless VIRTQ_MAX_PARKED are held already. */
void virtio_pci_hold(struct virtio_device *vd, u64 until);
/* The device configuration has changed: new generation, interrupt. */
void virtio_pci_config_changed(struct virtio_device *vd);
/* From here on, carrying out the queue's current chain again must succeed (chain->redo). */
void virtio_pci_mark(struct virtio_device *vd, u32 queue);

/* Callbacks of struct dm_device_ops for models that do no more in them; `priv` points to the
 * model's struct virtio_device, or to a structure that begins with it. */
void virtio_dev_access(struct dm_device *dev, struct dm_access *access);
void virtio_dev_doorbell(struct dm_device *dev, unsigned queue);
void virtio_dev_timer(struct dm_device *dev);

static inline bool virtio_has(const struct virtio_device *vd, u64 feature)
{
	return vd->state->features & feature;
}

#endif
