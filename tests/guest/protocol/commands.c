/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The commands' fields (VIRTIO 1.2 sections 5.7.6.8 and 5.7.6.10), with values that are good in
 * the state that cases.c sets up: resource 1 is a picture of 64x64 with backing, 2 a blob that
 * holds one of 128x64, 3 a picture without backing, 9 does not exist.
 */
#include "protocol.h"

#define FIELD(name, offset, good, ...)                         \
	{                                                      \
		name, offset, 4, LIMIT_NONE, good, __VA_ARGS__ \
	}
#define LONG(name, offset, good, ...)                          \
	{                                                      \
		name, offset, 8, LIMIT_NONE, good, __VA_ARGS__ \
	}
#define LIMITED(name, offset, size, limit, good, ...)        \
	{                                                    \
		name, offset, size, limit, good, __VA_ARGS__ \
	}
#define NO_EDGES  \
	{         \
		0 \
	}
#define RECT(right, bottom)                                                    \
	FIELD("x", 24, 8, { (right)-16 }), FIELD("y", 28, 8, { (bottom)-16 }), \
		FIELD("width", 32, 16, { (right)-8 }), FIELD("height", 36, 16, { (bottom)-8 })
/* Two entries: the picture's memory in two halves, the second half first. */
#define ENTRIES(at)                                                                         \
	LIMITED("address", at, 8, LIMIT_ADDRESS, 8192, { 0xc0000000, 0xfee00000, GIB(4) }), \
		LIMITED("length", (at) + 8, 4, LIMIT_LENGTH, 8192, { 8192 }),               \
		FIELD("entry padding", (at) + 12, 0, NO_EDGES),                             \
		LIMITED("second address", (at) + 16, 8, LIMIT_ADDRESS, 0, { GIB(64) }),     \
		FIELD("second length", (at) + 24, 8192, { 8192 }),                          \
		FIELD("second entry padding", (at) + 28, 0, NO_EDGES)

static const struct protocol_field create_2d[] = {
	LIMITED("resource", 24, 4, LIMIT_RESOURCE, 9, { 1, 3 }),
	FIELD("format", 28, 2, { 2, 4, 68, 121, 134 }),
	LIMITED("width", 32, 4, LIMIT_SIDE, 64, NO_EDGES),
	LIMITED("height", 36, 4, LIMIT_SIDE, 64, NO_EDGES),
};
static const struct protocol_field resource[] = {
	LIMITED("resource", 24, 4, LIMIT_RESOURCE, 1, { 3 }),
	FIELD("padding", 28, 0, NO_EDGES),
};
static const struct protocol_field set_scanout[] = {
	RECT(64, 64),
	LIMITED("scanout", 40, 4, LIMIT_HEAD, 0, { 16 }),
	LIMITED("resource", 44, 4, LIMIT_RESOURCE, 1, { 3 }),
};
static const struct protocol_field flush[] = {
	RECT(64, 64),
	LIMITED("resource", 40, 4, LIMIT_RESOURCE, 1, { 3 }),
	FIELD("padding", 44, 0, NO_EDGES),
};
static const struct protocol_field transfer[] = {
	RECT(64, 64),
	LONG("offset", 40, (8 * 64 + 8) * 4, { 16384 - 15 * 256 - 64 }),
	LIMITED("resource", 48, 4, LIMIT_RESOURCE, 1, { 3 }),
	FIELD("padding", 52, 0, NO_EDGES),
};
static const struct protocol_field attach[] = {
	LIMITED("resource", 24, 4, LIMIT_RESOURCE, 3, { 2 }),
	LIMITED("entry count", 28, 4, LIMIT_ENTRIES, 2, { 2 }),
	ENTRIES(32),
};
static const struct protocol_field number[] = {
	/* of a capability set */
	FIELD("index", 24, 0, NO_EDGES),
	FIELD("version", 28, 0, NO_EDGES),
};
static const struct protocol_field get_edid[] = {
	LIMITED("scanout", 24, 4, LIMIT_HEAD, 0, { 16 }),
	FIELD("padding", 28, 0, NO_EDGES),
};
static const struct protocol_field create_blob[] = {
	LIMITED("resource", 24, 4, LIMIT_RESOURCE, 9, { 1, 3 }),
	FIELD("memory kind", 28, 1, { 3 }),
	FIELD("flags", 32, 0, { 7 }),
	LIMITED("entry count", 36, 4, LIMIT_ENTRIES, 2, { 2 }),
	LONG("blob id", 40, 0, NO_EDGES),
	LONG("size", 48, 16384, { 16384 }),
	ENTRIES(56),
};
static const struct protocol_field set_scanout_blob[] = {
	RECT(128, 64),
	LIMITED("scanout", 40, 4, LIMIT_HEAD, 0, { 16 }),
	LIMITED("resource", 44, 4, LIMIT_RESOURCE, 2, { 3 }),
	FIELD("width", 48, 128, { 24, 128 }),
	FIELD("height", 52, 64, { 24 }),
	FIELD("format", 56, 2, { 2, 4, 68, 121, 134 }),
	FIELD("padding", 60, 0, NO_EDGES),
	FIELD("stride", 64, 512, { 512, 1420, 1424 }),
	FIELD("second stride", 68, 0, NO_EDGES),
	FIELD("third stride", 72, 0, NO_EDGES),
	FIELD("last stride", 76, 0, NO_EDGES),
	FIELD("offset", 80, 0, { 4, 32768 - 23 * 512 - 96 }),
	FIELD("second offset", 84, 0, NO_EDGES),
	FIELD("third offset", 88, 0, NO_EDGES),
	FIELD("last offset", 92, 0, NO_EDGES),
};
static const struct protocol_field cursor[] = {
	LIMITED("scanout", 24, 4, LIMIT_HEAD, 0, { 16 }),
	FIELD("x", 28, 8, { 63 }),
	FIELD("y", 32, 8, { 63 }),
	FIELD("padding", 36, 0, NO_EDGES),
	LIMITED("resource", 40, 4, LIMIT_RESOURCE, 1, { 3 }),
	FIELD("hot x", 44, 0, { 63 }),
	FIELD("hot y", 48, 0, { 63 }),
	FIELD("padding", 52, 0, NO_EDGES),
};

#define COMMAND(type, queue, len, feature, entries, fields)                           \
	{                                                                             \
#type, type, queue, len, feature, entries, ARRAY_SIZE(fields), fields \
	}
const struct protocol_command protocol_commands[] = {
	{ "GET_DISPLAY_INFO", GET_DISPLAY_INFO, CONTROL_QUEUE, 24, 0, false, 0, NULL },
	COMMAND(CREATE_2D, CONTROL_QUEUE, 40, 0, false, create_2d),
	COMMAND(UNREF, CONTROL_QUEUE, 32, 0, false, resource),
	COMMAND(SET_SCANOUT, CONTROL_QUEUE, 48, 0, false, set_scanout),
	COMMAND(FLUSH, CONTROL_QUEUE, 48, 0, false, flush),
	COMMAND(TRANSFER, CONTROL_QUEUE, 56, 0, false, transfer),
	COMMAND(ATTACH, CONTROL_QUEUE, 32, 0, true, attach),
	COMMAND(DETACH, CONTROL_QUEUE, 32, 0, false, resource),
	COMMAND(GET_CAPSET_INFO, CONTROL_QUEUE, 32, 0, false, number),
	COMMAND(GET_CAPSET, CONTROL_QUEUE, 32, 0, false, number),
	COMMAND(GET_EDID, CONTROL_QUEUE, 32, FEATURE_EDID, false, get_edid),
	COMMAND(ASSIGN_UUID, CONTROL_QUEUE, 32, FEATURE_UUID, false, resource),
	COMMAND(CREATE_BLOB, CONTROL_QUEUE, 56, FEATURE_BLOB, true, create_blob),
	COMMAND(SET_SCANOUT_BLOB, CONTROL_QUEUE, 96, FEATURE_BLOB, false, set_scanout_blob),
	COMMAND(UPDATE_CURSOR, CURSOR_QUEUE, 56, 0, false, cursor),
	COMMAND(MOVE_CURSOR, CURSOR_QUEUE, 56, 0, false, cursor),
};
const u32 protocol_command_count = ARRAY_SIZE(protocol_commands);
const u32 protocol_formats[8] = { 1, 2, 3, 4, 67, 68, 121, 134 };

u64 protocol_get(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 i = size; i; i--)
		value = value << 8 | at[i - 1];
	return value;
}

void protocol_put(u8 *at, u32 size, u64 value)
{
	for (u32 i = 0; i < size; i++, value >>= 8)
		at[i] = (u8)value;
}

u32 protocol_valid(const struct protocol_wire *wire, const struct protocol_command *c, u8 *request)
{
	for (u32 i = 0; i < PROTOCOL_REQUEST; i++)
		request[i] = 0;
	protocol_put(request, 4, c->type);
	for (u32 i = 0; i < c->field_count; i++) {
		const struct protocol_field *f = &c->fields[i];
		u64 base = f->limit == LIMIT_ADDRESS ? wire->memory_address : 0;

		protocol_put(request + f->offset, f->size, f->good + base);
	}
	return c->len + (c->has_entries ? 32 : 0);
}

u64 protocol_limit(const struct protocol_wire *wire, const struct protocol_field *f)
{
	switch (f->limit) {
	case LIMIT_HEAD:
		return wire->scanouts - 1;
	case LIMIT_SIDE: /* the other side is 64 */
		return wire->gpu_memory / 4 / 64;
	case LIMIT_ENTRIES:
		return wire->gpu_entries;
	case LIMIT_ADDRESS:
		return wire->ram_end - 8192;
	case LIMIT_LENGTH: /* of what begins at the address */
		return wire->ram_end - wire->memory_address - 8192;
	}
	return 0;
}
