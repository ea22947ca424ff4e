/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A tester of the virtio-gpu protocol (VIRTIO 1.2 section 5.7), which shares nothing with the
 * device: numbers and layouts are written down once more, from the specification.
 *
 *   commands.c	what commands there are: a table of their fields
 *   model.c	what the specification demands as answer to a request, in a given state
 *   cases.c	the requests: every command valid, short, long, each field at its limits; and
 *		walks, which take what to send from a source of numbers
 *
 * It runs in a bare-metal guest, in a test on the host and in a fuzzer, each of which supplies a
 * struct protocol_wire. Freestanding C; one at a time.
 */
#ifndef GUEST_PROTOCOL_H
#define GUEST_PROTOCOL_H

#include <abi/types.h>

#define PROTOCOL_REQUEST 256	  /* bytes of the longest request */
#define PROTOCOL_ANSWER	 1088	  /* the most room for an answer */
#define PROTOCOL_MEMORY	 KIB(128) /* for pictures */
#define PROTOCOL_HEADER	 24	  /* bytes */
#define PROTOCOL_MODES	 16	  /* in the display information */

#define FEATURE_EDID BIT(1)
#define FEATURE_UUID BIT(2)
#define FEATURE_BLOB BIT(3)
#define FEATURES     (FEATURE_EDID | FEATURE_UUID | FEATURE_BLOB)

enum { CONTROL_QUEUE, CURSOR_QUEUE };

enum protocol_type {
	GET_DISPLAY_INFO = 0x100,
	CREATE_2D,
	UNREF,
	SET_SCANOUT,
	FLUSH,
	TRANSFER,
	ATTACH,
	DETACH,
	GET_CAPSET_INFO,
	GET_CAPSET,
	GET_EDID,
	ASSIGN_UUID,
	CREATE_BLOB,
	SET_SCANOUT_BLOB,
	UPDATE_CURSOR = 0x300,
	MOVE_CURSOR,

	OK_NODATA = 0x1100,
	OK_DISPLAY_INFO,
	OK_EDID = 0x1104,
	OK_UUID,
	ERR_UNSPEC = 0x1200,
	ERR_MEMORY,
	ERR_SCANOUT,
	ERR_RESOURCE,
	ERR_CONTEXT,
	ERR_PARAMETER,
};
#define ALLOW(error) ((u32)BIT((error)-ERR_UNSPEC))

struct protocol_case { /* what is being tried, for messages */
	const char *command, *what;
	u64 value;
	u32 len, room;
};

struct protocol_wire {
	/* Sends one request and waits: bytes that the device says it wrote, or -1 for no answer. */
	s64 (*send)(u32 queue, const u8 *request, u32 len, u8 *answer, u32 room);
	/* Resets the device and negotiates these. False: it did not take them. */
	bool (*start)(u32 features);
	/* Something was not as demanded. */
	void (*failed)(const struct protocol_case *c, const char *why, u64 got, u64 wanted);
	u64 *memory; /* PROTOCOL_MEMORY bytes of the guest's, contiguous */
	u64 memory_address;
	u64 ram_end;	/* guest addresses below are its RAM, those above are not */
	u64 gpu_memory; /* as configured */
	u32 gpu_entries;
	u32 scanouts; /* as the device says */
	u32 monitors; /* plugged into the first of them */
};

/* ---- commands.c */

/* What a field is: nothing special, a resource, or limited by the machine. */
enum protocol_limit {
	LIMIT_NONE,
	LIMIT_RESOURCE,
	LIMIT_HEAD,
	LIMIT_SIDE,
	LIMIT_ENTRIES,
	LIMIT_ADDRESS,
	LIMIT_LENGTH
};

struct protocol_field {
	const char *name;
	u16 offset;
	u8 size;  /* 4 or 8 */
	u8 limit; /* enum protocol_limit */
	u64 good;
	u64 edges[5]; /* tried with the values below and above; 0: none */
};

struct protocol_command {
	const char *name;
	u32 type, queue, len;
	u32 feature;	  /* that it needs */
	bool has_entries; /* entries of memory follow */
	u32 field_count;
	const struct protocol_field *fields;
};

extern const struct protocol_command protocol_commands[];
extern const u32 protocol_command_count;
extern const u32 protocol_formats[8];

u64 protocol_get(const u8 *at, u32 size);
void protocol_put(u8 *at, u32 size, u64 value);
/* A request that the device must carry out in the state that the cases begin with. Its length. */
u32 protocol_valid(const struct protocol_wire *wire, const struct protocol_command *c, u8 *request);
u64 protocol_limit(const struct protocol_wire *wire, const struct protocol_field *f);

/* ---- model.c: the state of a device as it follows from the answers. */

#define MODEL_RESOURCES 64

struct model_resource {
	u32 id, format, width, height;
	bool blob, backed, has_uuid;
	u64 size, backing;
	u64 pages, table_pages; /* of gpu_memory; those of the table at most */
	u8 uuid[16];
};

struct model {
	const struct protocol_wire *wire;
	u32 features;
	u32 count;
	struct model_resource resources[MODEL_RESOURCES];
};

struct verdict {
	u32 errors;    /* that would be right, as ALLOW() bits; 0: it is to be carried out */
	bool may_lack; /* unless gpu_memory should be too full */
	u32 ok_type, ok_len;
};

void model_reset(struct model *m, const struct protocol_wire *wire, u32 features);
struct verdict model_judge(const struct model *m, u32 queue, const u8 *request, u32 len);
/* The request was carried out. */
void model_apply(struct model *m, const u8 *request);
struct model_resource *model_find(struct model *m, u32 id);

/* ---- cases.c: both give the number of requests sent; failures go to wire->failed. */

u32 protocol_cases(const struct protocol_wire *wire);
/* What the device should have now, between requests. */
const struct model *protocol_model(void);
/* The n-th number of a walk below `below`; ~0 ends it. */
typedef u32 protocol_source(void *context, u32 below);
u32 protocol_walk(const struct protocol_wire *wire, protocol_source *source, void *context);

#endif
