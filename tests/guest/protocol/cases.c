/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The requests (protocol.h). Every one of them goes through send(), which asks the model what the
 * answer must be, looks at every byte of it, and at those that must not have been written.
 */
#include "protocol.h"

#define UNTOUCHED 0xee
#define FENCE	  1u

static struct run {
	const struct protocol_wire *wire;
	struct model model;
	struct protocol_case at;
	u32 sent;
	bool changed; /* the state is no longer the one that cases begin with */
} run;
static u8 request[PROTOCOL_REQUEST], kept[PROTOCOL_REQUEST], answer[PROTOCOL_ANSWER];

static void failed(const char *why, u64 got, u64 wanted)
{
	run.wire->failed(&run.at, why, got, wanted);
}

static void expect(const char *what, u64 got, u64 wanted)
{
	if (got != wanted)
		failed(what, got, wanted);
}

const struct model *protocol_model(void)
{
	return &run.model;
}

/* ---- Answers */

static void check_header(u32 len)
{
	bool fenced = len >= PROTOCOL_HEADER && (protocol_get(kept + 4, 4) & FENCE);

	expect("flags", protocol_get(answer + 4, 4), fenced ? FENCE : 0);
	expect("fence id", protocol_get(answer + 8, 8), fenced ? protocol_get(kept + 8, 8) : 0);
	expect("context", protocol_get(answer + 16, 4), fenced ? protocol_get(kept + 16, 4) : 0);
	expect("ring index and padding", protocol_get(answer + 20, 4), 0);
}

static void check_display_info(void)
{
	for (u32 i = 0; i < PROTOCOL_MODES; i++) {
		const u8 *mode = answer + PROTOCOL_HEADER + 24 * i;
		bool there = i < run.wire->monitors;

		expect("x and y of a mode", protocol_get(mode, 8), 0);
		expect("a mode has a size", protocol_get(mode + 8, 4) && protocol_get(mode + 12, 4),
		       there);
		expect("a mode is enabled", protocol_get(mode + 16, 8), there);
	}
}

static void check_edid(void)
{
	u64 size = protocol_get(answer + 24, 4);
	u8 sum = 0;

	expect("EDID size", size % 128 + (size == 0) + (size > 1024), 0);
	for (u32 i = 0; i < 1024; i++) {
		sum = (u8)(sum + answer[32 + i]);
		if (i % 128 == 127)
			expect("checksum of an EDID block", sum, 0);
		if (i >= size)
			expect("what follows the EDID", answer[32 + i], 0);
	}
}

/* The same each time, and nobody else's. */
static void check_uuid(void)
{
	struct model_resource *mine = model_find(&run.model, (u32)protocol_get(kept + 24, 4));

	for (u32 i = 0; i < run.model.count; i++) {
		struct model_resource *res = &run.model.resources[i];
		u32 same = 0;

		for (u32 k = 0; k < 16; k++)
			same += res->uuid[k] == answer[24 + k];
		if (res->has_uuid)
			expect("UUIDs are equal", same == 16, res == mine);
	}
	for (u32 k = 0; k < 16; k++)
		mine->uuid[k] = answer[24 + k];
	mine->has_uuid = true;
}

static void check_data(u32 type)
{
	if (type == OK_DISPLAY_INFO)
		check_display_info();
	else if (type == OK_EDID)
		check_edid();
	else if (type == OK_UUID)
		check_uuid();
}

/* Whether the request was carried out. */
static bool check_answer(const struct verdict *v, u32 len, u32 room, s64 got)
{
	u32 type = (u32)protocol_get(answer, 4), allowed = v->errors;

	for (u32 i = (u32)MAX(got, 0); i < PROTOCOL_ANSWER; i++)
		if (answer[i] != UNTOUCHED)
			return failed("a byte behind the answer was written", i, (u64)got), false;
	if (room < PROTOCOL_HEADER) {
		expect("length without room for an answer", (u64)got, 0);
		return !v->errors;
	}
	if (!v->errors && room < v->ok_len)
		allowed = ALLOW(ERR_PARAMETER);
	if (v->may_lack)
		allowed |= ALLOW(ERR_MEMORY);
	check_header(len);
	if (type >= ERR_UNSPEC && type <= ERR_PARAMETER) {
		expect("length of an error", (u64)got, PROTOCOL_HEADER);
		if (!(allowed & ALLOW(type)))
			failed("this error", type, allowed ? allowed : v->ok_type);
		return false;
	}
	if (type != v->ok_type || v->errors || room < v->ok_len)
		return failed("type", type, allowed ? allowed : v->ok_type), false;
	expect("length", (u64)got, v->ok_len);
	check_data(type);
	return true;
}

static void send(u32 queue, u32 len, u32 room)
{
	struct verdict v = model_judge(&run.model, queue, request, len);
	u32 type = (u32)protocol_get(request, 4), count = run.model.count;
	s64 got;

	for (u32 i = 0; i < PROTOCOL_REQUEST; i++)
		kept[i] = request[i];
	for (u32 i = 0; i < PROTOCOL_ANSWER; i++)
		answer[i] = UNTOUCHED;
	if (v.may_lack) /* only the answer tells */
		room = MAX(room, PROTOCOL_HEADER);
	run.at.len = len;
	run.at.room = room;
	run.sent++;
	got = run.wire->send(queue, request, len, answer, room);
	if (got < 0) {
		failed("no answer", 0, v.ok_type);
		return;
	}
	for (u32 i = 0; i < len; i++)
		if (request[i] != kept[i])
			failed("a byte of the request was written", i, request[i]);
	if (!check_answer(&v, len, room, got))
		return;
	model_apply(&run.model, kept);
	run.changed |= count != run.model.count || type == ATTACH || type == DETACH;
}

/* ---- The state that cases begin with */

static const struct protocol_command *command(u32 type)
{
	const struct protocol_command *c = protocol_commands;

	while (c->type != type)
		c++;
	return c;
}

struct change { /* of a valid request: 4 bytes at `offset` */
	u32 offset, value;
};

static void prepare(u32 type, const struct change *changes, u32 count)
{
	const struct protocol_command *c = command(type);
	u32 len = protocol_valid(run.wire, c, request);

	run.at = (struct protocol_case){ .command = c->name, .what = "set-up" };
	for (u32 i = 0; i < count; i++)
		protocol_put(request + changes[i].offset, 4, changes[i].value);
	send(c->queue, len, PROTOCOL_ANSWER);
}
#define PREPARE(type, ...)                                    \
	prepare(type, (const struct change[]){ __VA_ARGS__ }, \
		sizeof((const struct change[]){ __VA_ARGS__ }) / sizeof(struct change))

static bool begin(u32 features)
{
	u32 memory = (u32)run.wire->memory_address;

	model_reset(&run.model, run.wire, features);
	if (!run.wire->start(features)) {
		failed("start", 0, features);
		return false;
	}
	PREPARE(CREATE_2D, { 24, 1 });
	PREPARE(ATTACH, { 24, 1 });
	PREPARE(CREATE_2D, { 24, 3 });
	PREPARE(SET_SCANOUT, { 24, 0 }, { 28, 0 }, { 32, 64 }, { 36, 64 });
	if (features & FEATURE_BLOB) {
		PREPARE(CREATE_BLOB, { 24, 2 }, { 48, 32768 }, { 56, memory + 16384 },
			{ 64, 16384 }, { 80, 16384 });
		PREPARE(SET_SCANOUT_BLOB, { 40, run.wire->scanouts - 1 });
	}
	PREPARE(UPDATE_CURSOR, { 24, 0 });
	run.changed = false;
	return true;
}

/* A valid request in that state; its length. */
static u32 valid(const struct protocol_command *c, const char *what)
{
	if (run.changed)
		begin(FEATURES);
	run.at = (struct protocol_case){ .command = c->name, .what = what };
	return protocol_valid(run.wire, c, request);
}

/* ---- Cases */

static void try_value(const struct protocol_command *c, const struct protocol_field *f, u64 value)
{
	u32 len = valid(c, f->name);

	run.at.value = value;
	protocol_put(request + f->offset, f->size, value);
	send(c->queue, len, PROTOCOL_ANSWER);
}

static void try_around(const struct protocol_command *c, const struct protocol_field *f, u64 value)
{
	for (u64 i = 0; i < 3; i++)
		try_value(c, f, value - 1 + i);
}

static void try_fields(const struct protocol_command *c)
{
	for (u32 i = 0; i < c->field_count; i++) {
		const struct protocol_field *f = &c->fields[i];
		u64 most = f->size == 8 ? ~0ULL : 0xffffffff;

		try_around(c, f, most); /* and 0, as it wraps */
		try_value(c, f, 1);
		try_around(c, f, most / 2 + 1);
		if (f->limit > LIMIT_RESOURCE)
			try_around(c, f, protocol_limit(run.wire, f));
		for (u32 k = 0; k < ARRAY_SIZE(f->edges) && f->edges[k]; k++)
			try_around(c, f, f->edges[k]);
	}
}

static void try_lengths(const struct protocol_command *c)
{
	static const u32 longer[] = { 1, 2, 15, 16, 17, 32 };
	u32 len = valid(c, "length");

	for (u32 n = 0; n <= len; n++) {
		valid(c, "truncated");
		send(c->queue, n, PROTOCOL_ANSWER);
	}
	for (u32 i = 0; i < ARRAY_SIZE(longer); i++) {
		valid(c, "too long");
		send(c->queue, len + longer[i], PROTOCOL_ANSWER);
	}
	valid(c, "far too long");
	send(c->queue, PROTOCOL_REQUEST, PROTOCOL_ANSWER);
}

static const u32 rooms[] = { 0, 1, 4, 23, 24, 25, 39, 40, 41, 407, 408, 409, 1055, 1056, 1057 };

static void try_rooms(const struct protocol_command *c)
{
	for (u32 i = 0; i < ARRAY_SIZE(rooms); i++) {
		u32 len = valid(c, "room for the answer");

		send(c->queue, len, rooms[i]);
	}
}

static void try_headers(const struct protocol_command *c)
{
	static const u32 flags[] = { 0, 1, 2, 3, 0xfffffffe, 0xffffffff };
	static const u64 fences[] = { 0, 1, 0x123456789abcdefULL, ~0ULL };
	static const u8 rings[] = { 0, 63, 64, 255 };

	for (u32 i = 0; i < ARRAY_SIZE(flags) * ARRAY_SIZE(fences); i++) {
		u32 len = valid(c, "flags"), k = i % ARRAY_SIZE(fences);

		run.at.value = flags[i / ARRAY_SIZE(fences)];
		protocol_put(request + 4, 4, run.at.value);
		protocol_put(request + 8, 8, fences[k]);
		protocol_put(request + 16, 4, (u32)fences[k]);
		protocol_put(request + 20, 1, rings[k]);
		protocol_put(request + 21, 3, fences[k]);
		send(c->queue, len, PROTOCOL_ANSWER);
	}
	for (u32 n = 0; n < PROTOCOL_HEADER; n++) { /* a fence in a header that is not whole */
		valid(c, "truncated fence");
		protocol_put(request + 4, 4, FENCE);
		protocol_put(request + 8, 8, ~0ULL);
		send(c->queue, n, PROTOCOL_ANSWER);
	}
}

/* Commands that there are not: of the 3D kind, of neither kind, on the other queue. */
static void try_unknown(void)
{
	static const u32 types[] = { 0,	    1,	   0xff,   0x10e,  0x10f,      0x1ff,
				     0x200, 0x201, 0x202,  0x203,  0x204,      0x205,
				     0x206, 0x207, 0x208,  0x209,  0x20a,      0x2ff,
				     0x302, 0x400, 0x1100, 0x1200, 0x80000100, 0xffffffff };

	for (u32 i = 0; i < 2 * ARRAY_SIZE(types); i++) {
		valid(&protocol_commands[1], "unknown type");
		run.at.value = types[i / 2];
		protocol_put(request, 4, types[i / 2]);
		send(i % 2, 96, PROTOCOL_ANSWER);
	}
	for (u32 i = 0; i < protocol_command_count; i++) {
		u32 len = valid(&protocol_commands[i], "on the other queue");

		send(!protocol_commands[i].queue, len, PROTOCOL_ANSWER);
	}
}

/* Each feature alone, and none. */
static void try_features(void)
{
	for (u32 n = 0; n <= 3; n++) {
		u32 features = n ? (u32)BIT(n) : 0;

		for (u32 i = 0; i < protocol_command_count; i++) {
			const struct protocol_command *c = &protocol_commands[i];
			u32 len;

			if (!c->feature)
				continue;
			begin(features);
			len = protocol_valid(run.wire, c, request);
			run.at.command = c->name;
			run.at.what = "without its feature";
			send(c->queue, len, PROTOCOL_ANSWER);
		}
	}
	begin(FEATURES);
}

/* Resources that go, or lose their memory, while heads and cursors show them. */
static void try_sequences(void)
{
	static const struct change whole[] = { { 24, 0 }, { 28, 0 }, { 32, 64 }, { 36, 64 } };

	begin(FEATURES);
	for (u32 head = 0; head < run.wire->scanouts; head++) /* all show one */
		PREPARE(SET_SCANOUT, { 40, head }, { 44, 1 });
	prepare(FLUSH, whole, ARRAY_SIZE(whole));
	PREPARE(DETACH, { 24, 1 });
	prepare(TRANSFER, whole, ARRAY_SIZE(whole));
	prepare(FLUSH, whole, ARRAY_SIZE(whole));
	PREPARE(ATTACH, { 24, 1 });
	PREPARE(ATTACH, { 24, 1 });
	PREPARE(UNREF, { 24, 1 });
	prepare(FLUSH, whole, ARRAY_SIZE(whole));
	PREPARE(MOVE_CURSOR, { 28, 0xffffffc8 }, { 32, 0xffffffc8 });
	PREPARE(UPDATE_CURSOR, { 40, 1 });
	PREPARE(UPDATE_CURSOR, { 40, 2 });
	PREPARE(UPDATE_CURSOR, { 40, 0 });
	PREPARE(CREATE_2D, { 24, 1 });
	PREPARE(ASSIGN_UUID, { 24, 1 });
	PREPARE(ASSIGN_UUID, { 24, 2 });
	PREPARE(ASSIGN_UUID, { 24, 1 });
	/* A blob without memory. */
	PREPARE(SET_SCANOUT_BLOB, { 40, 0 });
	PREPARE(DETACH, { 24, 2 });
	PREPARE(FLUSH, { 40, 2 });
	PREPARE(TRANSFER, { 48, 2 });
	PREPARE(SET_SCANOUT_BLOB, { 40, 0 });
	PREPARE(UPDATE_CURSOR, { 40, 2 });
	PREPARE(ATTACH, { 24, 2 }); /* too little */
	PREPARE(ATTACH, { 24, 2 }, { 40, 16384 }, { 56, 16384 });
	PREPARE(FLUSH, { 40, 2 });
	PREPARE(UNREF, { 24, 2 });
	PREPARE(FLUSH, { 40, 2 });
	PREPARE(CREATE_BLOB, { 24, 2 }, { 36, 0 });
	PREPARE(SET_SCANOUT_BLOB, { 40, 0 });
	PREPARE(DETACH, { 24, 2 });
	PREPARE(UNREF, { 24, 2 });
	/* Formats. */
	for (u32 i = 0; i < ARRAY_SIZE(protocol_formats); i++) {
		PREPARE(CREATE_2D, { 28, protocol_formats[i] });
		PREPARE(SET_SCANOUT, { 44, 9 });
		PREPARE(FLUSH, { 40, 9 });
		PREPARE(UPDATE_CURSOR, { 40, 9 });
		PREPARE(UNREF, { 24, 9 });
	}
	run.changed = true;
}

/* Products and sums of two fields that do not fit into 32 or 64 bits. */
static void try_overflows(void)
{
	static const u32 big[] = { 0x4000, 0x8000, 0x10000, 0x40000000, 0x80000000, 0xffffffff };

	begin(FEATURES);
	for (u32 i = 0; i < ARRAY_SIZE(big) * ARRAY_SIZE(big); i++) {
		u32 a = big[i / ARRAY_SIZE(big)], b = big[i % ARRAY_SIZE(big)];

		PREPARE(CREATE_2D, { 32, a }, { 36, b });
		PREPARE(SET_SCANOUT, { 24, a }, { 32, b });
		PREPARE(SET_SCANOUT, { 28, a }, { 36, b });
		PREPARE(FLUSH, { 24, a }, { 32, b });
		PREPARE(FLUSH, { 28, a }, { 36, b }, { 40, 2 });
		PREPARE(TRANSFER, { 24, a }, { 32, b });
		PREPARE(TRANSFER, { 28, a }, { 36, b }, { 44, b });
		PREPARE(SET_SCANOUT_BLOB, { 24, a }, { 32, b }, { 48, 0xffffffff });
		PREPARE(SET_SCANOUT_BLOB, { 28, a }, { 36, b }, { 52, 0xffffffff });
		PREPARE(SET_SCANOUT_BLOB, { 36, 0x4000 }, { 52, a }, { 64, b });
		PREPARE(SET_SCANOUT_BLOB, { 48, a }, { 64, b });
		PREPARE(SET_SCANOUT_BLOB, { 64, a }, { 80, b });
		PREPARE(ATTACH, { 36, a }, { 40, b });
		PREPARE(CREATE_BLOB, { 60, a }, { 64, b });
		PREPARE(UPDATE_CURSOR, { 28, a }, { 32, b }, { 44, a }, { 48, b });
		PREPARE(MOVE_CURSOR, { 28, a }, { 32, b });
		if (run.changed)
			begin(FEATURES);
	}
}

/* What the device only ever reads. */
static void memory_fill(void)
{
	for (u64 i = 0; i < PROTOCOL_MEMORY / 8; i++)
		run.wire->memory[i] = i * 0x9e3779b97f4a7c15;
}

static void memory_check(void)
{
	for (u64 i = 0; i < PROTOCOL_MEMORY / 8; i++) {
		if (run.wire->memory[i] == i * 0x9e3779b97f4a7c15)
			continue;
		failed("a picture was written to", run.wire->memory[i], i);
		return;
	}
}

u32 protocol_cases(const struct protocol_wire *wire)
{
	run = (struct run){ .wire = wire };
	memory_fill();
	if (!begin(FEATURES))
		return 0;
	for (u32 i = 0; i < protocol_command_count; i++) {
		const struct protocol_command *c = &protocol_commands[i];

		try_fields(c);
		try_lengths(c);
		try_rooms(c);
		try_headers(c);
	}
	try_unknown();
	try_sequences();
	try_overflows();
	try_features();
	memory_check();
	return run.sent;
}

/* ---- Walks */

struct walk {
	protocol_source *source;
	void *context;
	bool ended;
};

static u32 next(struct walk *w, u32 below)
{
	u32 n = w->ended ? ~0u : w->source(w->context, below);

	w->ended |= n == ~0u;
	return w->ended ? 0 : n;
}

static u64 any(struct walk *w, u32 size)
{
	u64 value = 0;

	for (u32 i = 0; i < size; i++)
		value = value << 8 | next(w, 256);
	return value;
}

static void walk_field(struct walk *w, const struct protocol_field *f)
{
	u32 how = next(w, 16);
	u8 *at = request + f->offset;
	u64 value = protocol_get(at, f->size);

	if (f->limit == LIMIT_RESOURCE && how < 8)
		value = next(w, 8);
	else if (how == 15)
		value = any(w, f->size);
	else if (how == 14)
		value = next(w, 256);
	else if (how == 13)
		value = protocol_formats[next(w, 8)];
	else if (how == 12)
		value += next(w, 5) - 2ULL;
	else if (how == 11)
		value = BIT(next(w, 8 * f->size));
	protocol_put(at, f->size, value);
}

/* Entries of memory behind the command's own part, and their number. */
static u32 walk_entries(struct walk *w, const struct protocol_command *c)
{
	u32 count = next(w, 8), at = c->len;

	for (u32 i = 0; i < count; i++, at += 16) {
		u64 address = run.wire->memory_address + next(w, 24) * 4096;

		protocol_put(request + at, 8, next(w, 32) ? address : any(w, 8));
		protocol_put(request + at + 8, 8, next(w, 32) ? next(w, 5) * 4096 : any(w, 4));
	}
	protocol_put(request + (c->type == ATTACH ? 28 : 36), 4, count);
	return at;
}

static void walk_step(struct walk *w)
{
	const struct protocol_command *c = &protocol_commands[next(w, protocol_command_count)];
	u32 len = protocol_valid(run.wire, c, request), queue = c->queue, room = PROTOCOL_ANSWER;

	if (c->has_entries && next(w, 2))
		len = walk_entries(w, c);
	for (u32 i = 0; i < c->field_count && c->fields[i].offset < c->len; i++)
		walk_field(w, &c->fields[i]);
	switch (next(w, 64)) {
	case 0:
		len = next(w, len + 64);
		break;
	case 1:
		room = rooms[next(w, ARRAY_SIZE(rooms))];
		break;
	case 2:
		queue = !queue;
		break;
	case 3:
		protocol_put(request + 4, 8, any(w, 8));
		break;
	case 4:
		protocol_put(request, 4, 0x100 * (1 + next(w, 3)) + next(w, 16));
		break;
	case 5:
		begin((u32)FEATURES & next(w, 16));
		return;
	}
	run.at = (struct protocol_case){ .command = c->name, .what = "walk" };
	if (!w->ended)
		send(queue, len, room);
}

u32 protocol_walk(const struct protocol_wire *wire, protocol_source *source, void *context)
{
	struct walk w = { source, context, false };

	run = (struct run){ .wire = wire };
	memory_fill();
	if (!begin(FEATURES))
		return 0;
	while (!w.ended && run.model.count < MODEL_RESOURCES)
		walk_step(&w);
	memory_check();
	return run.sent;
}
