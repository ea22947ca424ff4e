/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Keyboard and tablet (VIRTIO 1.2 section 5.8): the device model of both. Events wait in a ring in
 * the state until the driver has buffers for them; a restart of the domain may repeat the last
 * one. What the tablet has to tell is made into events only when there is room, so that positions
 * do not pile up.
 */
#include "virtio_input_internal.h"
#include "virtio_pci.h"
#include "dm/devices.h"
#include "dm/input.h"
#include "dm/runtime.h"

#define DEVICE_INPUT   0x1052
#define SUBSYSTEM      0x1100
#define CLASS_KEYBOARD 0x090000
#define CLASS_OTHER    0x098000
#define MSIX_VECTORS   3
#define EVENTS	       64u
#define REPORT_EVENTS  8u /* of the tablet, at most */

enum { QUEUE_EVENTS, QUEUE_STATUS, QUEUES };

struct input_event { /* section 5.8.6 */
	u16 type, code;
	u32 value;
};

struct pointer {
	u32 x, y, buttons;
};

struct input_state {
	struct virtio_state virtio;
	u8 select, subsel;
	u8 reserved[2];
	u32 first, count; /* of events[] */
	struct input_event events[EVENTS];
	struct pointer now, told; /* tablet */
	s32 wheel;
};

struct input {			 /* one for each device of each guest */
	struct virtio_device vd; /* first: see virtio_dev_access() */
	bool tablet;
};

static struct input keyboards[MAX_VMS], tablets[MAX_VMS];

static void put(struct input_state *s, u16 type, u16 code, u32 value)
{
	s->events[(s->first + s->count) % EVENTS] = (struct input_event){ type, code, value };
	state_order();
	s->count++;
}

static void put_button(struct input_state *s, u32 button, u16 code)
{
	if ((s->now.buttons ^ s->told.buttons) & button)
		put(s, EV_KEY, code, !!(s->now.buttons & button));
}

/* Makes events of what the tablet has not told yet, if there is room for them. */
static void put_report(struct input_state *s)
{
	u32 before = s->count;

	if (s->count + REPORT_EVENTS > EVENTS)
		return;
	if (s->now.x != s->told.x)
		put(s, EV_ABS, ABS_X, s->now.x);
	if (s->now.y != s->told.y)
		put(s, EV_ABS, ABS_Y, s->now.y);
	put_button(s, INPUT_LEFT, BTN_LEFT);
	put_button(s, INPUT_RIGHT, BTN_RIGHT);
	put_button(s, INPUT_MIDDLE, BTN_MIDDLE);
	if (s->wheel)
		put(s, EV_REL, REL_WHEEL, (u32)s->wheel);
	if (s->count != before)
		put(s, EV_SYN, 0, 0);
	s->told = s->now;
	s->wheel = 0;
}

static void supply(struct virtio_device *vd, u32 queue)
{
	struct input *in = container_of(vd, struct input, vd);
	struct input_state *s = vd->dev->state;

	if (in->tablet && !s->count)
		put_report(s);
	while (s->count && virtio_pci_give(vd, queue, &s->events[s->first], 8)) {
		s->first = (s->first + 1) % EVENTS;
		s->count--;
		if (in->tablet && !s->count)
			put_report(s);
	}
	virtio_pci_signal(vd, queue);
}

/* The keyboard's lights, which nobody shows. */
static s64 handle(struct virtio_device *vd, u32 queue, const struct virtq_chain *chain)
{
	(void)vd, (void)queue, (void)chain;
	return 0;
}

static void config_read(struct virtio_device *vd, u8 *config)
{
	const struct input *in = container_of(vd, struct input, vd);
	const struct input_state *s = vd->dev->state;
	struct input_config c = { .select = s->select, .subsel = s->subsel };

	virtio_input_config(&c, in->tablet);
	memcpy(config, &c, sizeof(c));
}

static void config_write(struct virtio_device *vd, u32 offset, u32 size, u32 value)
{
	struct input_state *s = vd->dev->state;

	for (u32 i = offset; i < offset + size; i++, value >>= 8) {
		if (i == 0)
			s->select = (u8)value;
		else if (i == 1)
			s->subsel = (u8)value;
	}
}

static void driver_reset(struct virtio_device *vd)
{
	struct input_state *s = vd->dev->state;

	s->count = 0;
	s->first = 0;
	s->select = s->subsel = 0;
	s->now.buttons = s->told.buttons = 0;
	s->wheel = 0;
}

static const struct virtio_device_ops input_device_ops = {
	.features = VIRTIO_TRANSPORT_FEATURES,
	.queue_count = QUEUES,
	.queue_size = { 64, 64 },
	.config_len = sizeof(struct input_config),
	.config_read = config_read,
	.config_write = config_write,
	.reset = driver_reset,
	.handle = handle,
	.waiting_queues = BIT(QUEUE_EVENTS),
	.supply = supply,
};

static int create(struct dm_device *dev, struct input *in, bool tablet)
{
	struct virtio_identity id = {
		.devfn =
			(u8)((tablet ? VIRTIO_INPUT_TABLET_SLOT : VIRTIO_INPUT_KEYBOARD_SLOT) << 3),
		.device = DEVICE_INPUT,
		.subsystem = SUBSYSTEM,
		.class_code = tablet ? CLASS_OTHER : CLASS_KEYBOARD,
		.msix_vectors = MSIX_VECTORS
	};

	*in = (struct input){ .vd = { .ops = &input_device_ops, .dev = dev, .state = dev->state },
			      .tablet = tablet };
	dev->priv = in;
	return virtio_pci_create(&in->vd, &id);
}

static int keyboard_create(struct dm_device *dev)
{
	return create(dev, &keyboards[dev->vm->index], false);
}

static int tablet_create(struct dm_device *dev)
{
	return create(dev, &tablets[dev->vm->index], true);
}

static bool keyboard_wanted(const struct vm_config *config)
{
	return config->input & INPUT_KEYBOARD;
}

static bool tablet_wanted(const struct vm_config *config)
{
	return config->input & INPUT_TABLET;
}

static void input_reset(struct dm_device *dev)
{
	driver_reset(dev->priv);
	virtio_pci_reset(dev->priv);
}

static int input_adopt(struct dm_device *dev)
{
	const struct input_state *s = dev->state;

	return s->first < EVENTS && s->count <= EVENTS ? virtio_pci_adopt(dev->priv) : -EINVAL;
}

const struct dm_device_ops virtio_keyboard_ops = {
	.name = "keyboard",
	.state_size = sizeof(struct input_state),
	.wanted = keyboard_wanted,
	.create = keyboard_create,
	.reset = input_reset,
	.adopt = input_adopt,
	.access = virtio_dev_access,
	.doorbell = virtio_dev_doorbell,
	.timer = virtio_dev_timer,
};

const struct dm_device_ops virtio_tablet_ops = {
	.name = "tablet",
	.state_size = sizeof(struct input_state),
	.wanted = tablet_wanted,
	.create = tablet_create,
	.reset = input_reset,
	.adopt = input_adopt,
	.access = virtio_dev_access,
	.doorbell = virtio_dev_doorbell,
	.timer = virtio_dev_timer,
};

/* The guest's device if its driver is up, else NULL. */
static struct input *driven(struct dm_vm *vm, const struct dm_device_ops *ops)
{
	struct dm_device *dev = devices_find(vm, ops);
	struct input *in = dev ? dev->priv : NULL;

	return in && virtio_pci_driven(&in->vd, QUEUE_EVENTS) ? in : NULL;
}

bool virtio_keyboard_driven(struct dm_vm *vm)
{
	return driven(vm, &virtio_keyboard_ops);
}

bool virtio_tablet_driven(struct dm_vm *vm)
{
	return driven(vm, &virtio_tablet_ops);
}

bool virtio_keyboard_key(struct dm_vm *vm, u16 key, bool down)
{
	struct input *in = driven(vm, &virtio_keyboard_ops);
	struct input_state *s = in ? in->vd.dev->state : NULL;
	u16 code = virtio_input_code(key);

	if (!s || !code || s->count + 4 > EVENTS)
		return false;
	if (key == KEY_PAUSE && !down) /* see keys.h: it was released when it went down */
		return true;
	put(s, EV_KEY, code, down);
	put(s, EV_SYN, 0, 0);
	if (key == KEY_PAUSE) {
		put(s, EV_KEY, code, 0);
		put(s, EV_SYN, 0, 0);
	}
	supply(&in->vd, QUEUE_EVENTS);
	return true;
}

bool virtio_keyboard_ready(struct dm_vm *vm)
{
	const struct input *in = driven(vm, &virtio_keyboard_ops);
	const struct input_state *s = in ? in->vd.dev->state : NULL;

	return s && !s->count;
}

void virtio_tablet_pointer(struct dm_vm *vm, u32 x, u32 y, u32 buttons, s32 wheel)
{
	struct input *in = driven(vm, &virtio_tablet_ops);
	struct input_state *s = in ? in->vd.dev->state : NULL;

	if (!s)
		return;
	if (buttons != s->now.buttons)
		put_report(s); /* where it was before, with the buttons it had */
	s->now = (struct pointer){ MIN(x, TABLET_MAX), MIN(y, TABLET_MAX), buttons };
	s->wheel = MIN(MAX(s->wheel + MIN(MAX(wheel, -100), 100), -100), 100);
	if (buttons != s->told.buttons)
		put_report(s);
	supply(&in->vd, QUEUE_EVENTS);
}
