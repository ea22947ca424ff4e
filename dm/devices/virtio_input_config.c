/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What keyboard and tablet tell of themselves (VIRTIO 1.2 section 5.8.4). No state. */
#include "virtio_input_internal.h"
#include "dm/runtime.h"

enum {
	CFG_NAME = 0x01,
	CFG_SERIAL = 0x02,
	CFG_IDS = 0x03,
	CFG_EVENTS = 0x11,
	CFG_AXIS = 0x12,
};

#define BUS_VIRTUAL	 0x06
#define VENDOR		 0x1af4
#define PRODUCT_KEYBOARD 1
#define PRODUCT_TABLET	 2
#define VERSION		 1

/* Keys of scan code set 1 whose codes are not the same; up to KEY_PLAIN_LAST the others' are. */
#define KEY_PLAIN_LAST 0x58
static const struct {
	u16 key, code;
} codes[] = {
	{ KEY_SYSRQ, 99 },	     { 0x55, 0 },
	{ KEY_EXTENDED | 0x1c, 96 }, { KEY_RIGHT_CTRL, 97 },
	{ KEY_PRINT, 99 },	     { KEY_RIGHT_ALT, 100 },
	{ KEY_EXTENDED | 0x35, 98 }, { KEY_PAUSE, 119 },
	{ KEY_HOME, 102 },	     { KEY_UP, 103 },
	{ KEY_PAGE_UP, 104 },	     { KEY_LEFT, 105 },
	{ KEY_RIGHT, 106 },	     { KEY_END, 107 },
	{ KEY_DOWN, 108 },	     { KEY_PAGE_DOWN, 109 },
	{ KEY_INSERT, 110 },	     { KEY_DELETE, 111 },
	{ KEY_LEFT_META, 125 },	     { KEY_RIGHT_META, 126 },
	{ KEY_MENU, 127 },
};

u16 virtio_input_code(u16 key)
{
	for (u32 i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].key == key)
			return codes[i].code;
	return key <= KEY_PLAIN_LAST ? key : 0;
}

static void set_bit(struct input_config *c, u32 bit)
{
	c->data[bit / 8] |= (u8)BIT(bit % 8);
	c->size = (u8)MAX(c->size, bit / 8 + 1);
}

static void tell_events(struct input_config *c, bool tablet)
{
	switch (c->subsel) {
	case EV_KEY:
		for (u16 key = 1; !tablet && key < KEY_COUNT; key++)
			if (virtio_input_code(key))
				set_bit(c, virtio_input_code(key));
		for (u16 button = BTN_LEFT; tablet && button <= BTN_MIDDLE; button++)
			set_bit(c, button);
		break;
	case EV_REL:
		if (tablet)
			set_bit(c, REL_WHEEL);
		break;
	case EV_ABS:
		if (tablet) {
			set_bit(c, ABS_X);
			set_bit(c, ABS_Y);
		}
		break;
	case EV_LED: /* num, caps, scroll */
	case EV_REP: /* the guest repeats keys */
		if (!tablet)
			set_bit(c, c->subsel == EV_LED ? 2 : 0);
		if (!tablet && c->subsel == EV_LED)
			c->data[0] = 7;
		break;
	default:
		break;
	}
}

static void tell(struct input_config *c, const void *data, size_t len)
{
	memcpy(c->data, data, len);
	c->size = (u8)len;
}

void virtio_input_config(struct input_config *c, bool tablet)
{
	const char *name = tablet ? "Oriel tablet" : "Oriel keyboard";
	const u16 ids[4] = { BUS_VIRTUAL, VENDOR, tablet ? PRODUCT_TABLET : PRODUCT_KEYBOARD,
			     VERSION };
	const u32 axis[5] = { 0, TABLET_MAX, 0, 0, 0 }; /* least, most, fuzz, flat, resolution */

	switch (c->select) {
	case CFG_NAME:
		tell(c, name, strlen(name));
		break;
	case CFG_SERIAL:
		tell(c, "0", 1);
		break;
	case CFG_IDS:
		tell(c, ids, sizeof(ids));
		break;
	case CFG_EVENTS:
		tell_events(c, tablet);
		break;
	case CFG_AXIS:
		if (tablet && c->subsel <= ABS_Y)
			tell(c, axis, sizeof(axis));
		break;
	default:
		break;
	}
}
