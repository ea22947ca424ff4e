/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The console device, see virtio_console.h. What the guest is to read waits in a ring in the state
 * until it has buffers for it; a restart of the domain may repeat the last bytes.
 */
#include "virtio_console.h"
#include "uart.h"
#include "virtio_pci.h"
#include "dm/devices.h"
#include "dm/runtime.h"

#define DEVICE_CONSOLE 0x1043
#define SUBSYSTEM      0x1100
#define CLASS_OTHER    0x078000 /* simple communication controller */
#define MSIX_VECTORS   3
#define ROOM	       256u
#define F_EMERG_WRITE  BIT(2)

enum { QUEUE_RECEIVE, QUEUE_TRANSMIT, QUEUES };

struct console_config { /* section 5.3.4 */
	u16 columns, rows;
	u32 ports;
	u32 emergency;
};

struct console_state {
	struct virtio_state virtio;
	u32 first, count; /* of bytes[] */
	u8 bytes[ROOM];
};

static struct virtio_device consoles[MAX_VMS];

static void supply(struct virtio_device *vd, u32 queue)
{
	struct console_state *s = vd->dev->state;

	while (s->count) {
		u32 given = virtio_pci_give(vd, queue, s->bytes + s->first,
					    MIN(s->count, ROOM - s->first));

		if (!given)
			break;
		s->first = (s->first + given) % ROOM;
		s->count -= given;
	}
	virtio_pci_signal(vd, queue);
}

/* More than the text ring holds would not be seen. */
static s64 handle(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain)
{
	char text[256];
	u64 end = MIN(chain->out_len, (u64)UART_TEXT);

	(void)queue;
	for (u64 at = 0; at < end;) {
		s64 got = virtq_read(vd->dev->vm, chain, at, text, MIN(sizeof(text), end - at));

		if (got < 0)
			return got;
		uart_text_put(vd->dev->vm, text, (size_t)got);
		at += (u64)got;
	}
	return 0;
}

static void config_read(struct virtio_device *vd, u8 *config)
{
	struct console_config c = { .ports = 1 };

	(void)vd;
	memcpy(config, &c, sizeof(c));
}

static void config_write(struct virtio_device *vd, u32 offset, u32 size, u32 value)
{
	char c = (char)value;

	if (offset == offsetof(struct console_config, emergency) && size == 4)
		uart_text_put(vd->dev->vm, &c, 1);
}

static void driver_reset(struct virtio_device *vd)
{
	struct console_state *s = vd->dev->state;

	s->count = 0;
	s->first = 0;
}

static const struct virtio_device_ops console_device_ops = {
	.features = VIRTIO_TRANSPORT_FEATURES | F_EMERG_WRITE,
	.queue_count = QUEUES,
	.queue_size = { 64, 64 },
	.config_len = sizeof(struct console_config),
	.config_read = config_read,
	.config_write = config_write,
	.reset = driver_reset,
	.handle = handle,
	.waiting_queues = BIT(QUEUE_RECEIVE),
	.supply = supply,
};

static int console_create(struct dm_device *dev)
{
	static const struct virtio_identity id = { .devfn = VIRTIO_CONSOLE_SLOT << 3,
						   .device = DEVICE_CONSOLE,
						   .subsystem = SUBSYSTEM,
						   .class_code = CLASS_OTHER,
						   .msix_vectors = MSIX_VECTORS };
	struct virtio_device *vd = &consoles[dev->vm->index];

	*vd = (struct virtio_device){ .ops = &console_device_ops, .dev = dev, .state = dev->state };
	dev->priv = vd;
	return virtio_pci_create(vd, &id);
}

static bool console_wanted(const struct vm_config *config)
{
	return config->virtio_console;
}

static void console_reset(struct dm_device *dev)
{
	driver_reset(dev->priv);
	virtio_pci_reset(dev->priv);
}

static int console_adopt(struct dm_device *dev)
{
	const struct console_state *s = dev->state;

	return s->first < ROOM && s->count <= ROOM ? virtio_pci_adopt(dev->priv) : -EINVAL;
}

const struct dm_device_ops virtio_console_ops = {
	.name = "console",
	.state_size = sizeof(struct console_state),
	.wanted = console_wanted,
	.create = console_create,
	.reset = console_reset,
	.adopt = console_adopt,
	.access = virtio_dev_access,
	.doorbell = virtio_dev_doorbell,
	.timer = virtio_dev_timer,
};

bool virtio_console_receive(struct dm_vm *vm, u8 byte)
{
	struct dm_device *dev = devices_find(vm, &virtio_console_ops);
	struct console_state *s = dev ? dev->state : NULL;

	if (!s || !virtio_pci_driven(dev->priv, QUEUE_RECEIVE) || s->count == ROOM)
		return false;
	s->bytes[(s->first + s->count) % ROOM] = byte;
	state_order();
	s->count++;
	supply(dev->priv, QUEUE_RECEIVE);
	return true;
}
