/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * What the client says: the handshake and its messages (RFC 6143 sections 7.1 to 7.5). A state is
 * what is expected next, and of a fixed length; nothing is looked at before it is whole, and of
 * what may be long (encodings, cut text) no more than a piece is ever kept.
 */
#include "rfb_internal.h"
#include "des.h"
#include "dm/runtime.h"

#define SECOND	      1000000ULL
#define MAX_ENCODINGS 1024
#define MAX_CUT_TEXT  MIB(1)
#define REFUSAL_TIME  (2 * SECOND) /* after each wrong password, how late the next is judged */
#define MAX_REFUSALS  8
#define STALL_TIME    (30 * SECOND) /* in which a client must take STALL_BYTES */
#define STALL_BYTES   4096

enum { SECURITY_VNC = 2, SECURITY_FAILED = 1 };

enum { SET_PIXEL_FORMAT = 0, SET_ENCODINGS = 2, REQUEST = 3, KEY = 4, POINTER = 5, CUT_TEXT = 6 };

enum state {
	STATE_VERSION,
	STATE_SECURITY,
	STATE_RESPONSE,
	STATE_INIT,
	STATE_MESSAGE, /* all that follow are authenticated */
	STATE_FORMAT,
	STATE_ENCODINGS,
	STATE_ENCODING,
	STATE_REQUEST,
	STATE_KEY,
	STATE_POINTER,
	STATE_CUT,
	STATE_SKIP,
	STATE_JUDGED, /* its password is, but it has not been told */
};

struct rfb_counters rfb_counters;
static u32 refusals; /* since the last right password */

u8 *rfb_reserve(struct rfb *c, size_t n)
{
	u8 *to = c->out + c->out_len;

	if (n > sizeof(c->out) - c->out_len)
		dm_die("RFB: no room for %zu bytes", n);
	c->out_len += n;
	return to;
}

static void set_state(struct rfb *c, enum state state, u64 now)
{
	c->state = (u8)state;
	c->since = now;
}

static void fail(struct rfb *c)
{
	c->end = RFB_MALFORMED;
}

/* ---- Handshake */

/* The password's bytes as the key, each with its lowest bit first. */
static u64 password_key(const char *password)
{
	u64 key = 0;

	for (u32 i = 0, end = 0; i < 8; i++) {
		u32 byte = end || !password[i] ? 0 : (u8)password[i];

		end |= !byte;
		for (u32 bit = 0; bit < 8; bit++)
			key = key << 1 | (byte >> bit & 1);
	}
	return key;
}

static void send_challenge(struct rfb *c, u64 now)
{
	u8 *to = rfb_reserve(c, 16);

	for (u32 i = 0; i < 2; i++) {
		to = rfb_put32(to, (u32)(c->challenge[i] >> 32));
		to = rfb_put32(to, (u32)c->challenge[i]);
	}
	set_state(c, STATE_RESPONSE, now);
}

static bool is_number(const u8 *in, u32 digits)
{
	for (u32 i = 0; i < digits; i++)
		if (in[i] < '0' || in[i] > '9')
			return false;
	return true;
}

/* Versions that there are not count as 3.3 (section 7.1.1). */
static void take_version(struct rfb *c, const u8 *in, u64 now)
{
	u8 *to;

	if (memcmp(in, "RFB 003.", 8) != 0 || !is_number(in + 8, 3) || in[11] != '\n') {
		fail(c);
		return;
	}
	c->minor = 3;
	if (memcmp(in + 8, "007", 3) == 0 || memcmp(in + 8, "008", 3) == 0)
		c->minor = (u8)(in[10] - '0');
	if (c->minor == 3) {
		rfb_put32(rfb_reserve(c, 4), SECURITY_VNC);
		send_challenge(c, now);
		return;
	}
	to = rfb_reserve(c, 2);
	to[0] = 1;
	to[1] = SECURITY_VNC;
	set_state(c, STATE_SECURITY, now);
}

static void take_security(struct rfb *c, const u8 *in, u64 now)
{
	if (in[0] == SECURITY_VNC)
		send_challenge(c, now);
	else
		fail(c);
}

static void tell_success(struct rfb *c, u64 now)
{
	refusals = 0;
	rfb_put32(rfb_reserve(c, 4), 0);
	set_state(c, STATE_INIT, now);
}

/* After a wrong password right ones are told late too: who guesses must wait for each answer. */
static void take_response(struct rfb *c, const u8 *in, u64 now)
{
	u64 wrong = 0;

	for (u32 i = 0; i < 2; i++, in += 8)
		wrong |= c->answer[i] ^ ((u64)rfb_get32(in) << 32 | rfb_get32(in + 4));
	c->refused = wrong != 0;
	if (c->refused)
		refusals = MIN(refusals + 1, MAX_REFUSALS);
	if (refusals)
		set_state(c, STATE_JUDGED, now);
	else
		tell_success(c, now);
}

/* Only 3.8 has a reason. */
static void send_refusal(struct rfb *c)
{
	static const char reason[] = "wrong password";
	size_t len = sizeof(reason) - 1;

	rfb_put32(rfb_reserve(c, 4), SECURITY_FAILED);
	if (c->minor == 8) {
		rfb_put32(rfb_reserve(c, 4), (u32)len);
		memcpy(rfb_reserve(c, len), reason, len);
	}
	c->end = RFB_REFUSED;
}

/* Connections are shared whatever the client's flag says. */
static void take_init(struct rfb *c, const u8 *in, u64 now)
{
	size_t len = strlen(c->name);
	u8 *to;

	(void)in;
	rfb_update_init(c);
	to = rfb_reserve(c, 8 + RFB_FORMAT_SIZE + len);
	to = rfb_put16(rfb_put16(to, c->width), c->height);
	memcpy(to, rfb_native_format, RFB_FORMAT_SIZE);
	to = rfb_put32(to + RFB_FORMAT_SIZE, (u32)len);
	memcpy(to, c->name, len);
	rfb_counters.authenticated++;
	c->taken_since = now;
	set_state(c, STATE_MESSAGE, now);
}

/* ---- Messages */

static void take_message(struct rfb *c, const u8 *in, u64 now)
{
	static const u8 states[] = {
		[SET_PIXEL_FORMAT] = STATE_FORMAT, [SET_ENCODINGS] = STATE_ENCODINGS,
		[REQUEST] = STATE_REQUEST,	   [KEY] = STATE_KEY,
		[POINTER] = STATE_POINTER,	   [CUT_TEXT] = STATE_CUT,
	};

	if (in[0] >= sizeof(states) || !states[in[0]])
		fail(c);
	else
		set_state(c, states[in[0]], now);
}

/* It counts from the next update on. */
static void take_format(struct rfb *c, const u8 *in, u64 now)
{
	if (!rfb_format_parse(&c->next_format, in + 3)) {
		fail(c);
		return;
	}
	c->format_changed = true;
	set_state(c, STATE_MESSAGE, now);
}

static void end_encodings(struct rfb *c, u64 now)
{
	c->can = c->listed;
	c->news = true;
	set_state(c, STATE_MESSAGE, now);
}

static void take_encodings(struct rfb *c, const u8 *in, u64 now)
{
	c->rest = rfb_get16(in + 1);
	if (c->rest > MAX_ENCODINGS) {
		fail(c);
		return;
	}
	c->listed = (struct rfb_abilities){ .encoding = RFB_RAW };
	if (c->rest)
		c->state = STATE_ENCODING; /* of the same message: the time runs on */
	else
		end_encodings(c, now);
}

/* The first that we know of is the one that the client would rather have. */
static void take_encoding(struct rfb *c, const u8 *in, u64 now)
{
	s32 encoding = (s32)rfb_get32(in);

	switch (encoding) {
	case RFB_RAW:
	case RFB_HEXTILE:
	case RFB_ZRLE:
		if (!c->listed.has_encoding)
			c->listed.encoding = (u8)encoding;
		c->listed.has_encoding = true;
		break;
	case RFB_COPYRECT:
		c->listed.copy = true;
		break;
	case RFB_CURSOR:
		c->listed.cursor = true;
		break;
	case RFB_DESKTOP_SIZE:
		c->listed.resize = true;
		break;
	default:
		break;
	}
	if (--c->rest == 0)
		end_encodings(c, now);
}

static void take_request(struct rfb *c, const u8 *in, u64 now)
{
	struct rect r = { rfb_get16(in + 1), rfb_get16(in + 3), rfb_get16(in + 5),
			  rfb_get16(in + 7) };

	rfb_request(c, &r, in[0] != 0);
	set_state(c, STATE_MESSAGE, now);
}

static void take_key(struct rfb *c, const u8 *in, u64 now)
{
	rfb_key(c, rfb_get32(in + 3), in[0] != 0);
	set_state(c, STATE_MESSAGE, now);
}

/* A notch of the wheel is a press of button 4 or 5. */
static void take_pointer(struct rfb *c, const u8 *in, u64 now)
{
	u32 x = rfb_get16(in + 1), y = rfb_get16(in + 3), pressed = in[0] & ~c->buttons;

	c->buttons = in[0];
	c->points = true;
	c->pointer_x = MIN(x, c->width - 1);
	c->pointer_y = MIN(y, c->height - 1);
	c->screen->pointer(c->ctx, c->pointer_x, c->pointer_y, c->buttons & 7,
			   (pressed >> 3 & 1) - (s32)(pressed >> 4 & 1));
	set_state(c, STATE_MESSAGE, now);
}

/* Guests have no clipboard for it. */
static void take_cut(struct rfb *c, const u8 *in, u64 now)
{
	c->rest = rfb_get32(in + 3);
	if (c->rest > MAX_CUT_TEXT)
		fail(c);
	else if (c->rest)
		c->state = STATE_SKIP;
	else
		set_state(c, STATE_MESSAGE, now);
}

static const struct {
	u8 size;
	u8 seconds; /* that the client has for it, or for the whole message; 0: any */
	void (*take)(struct rfb *c, const u8 *in, u64 now);
} states[] = {
	[STATE_VERSION] = { 12, 10, take_version },
	[STATE_SECURITY] = { 1, 10, take_security },
	[STATE_RESPONSE] = { 16, 120, take_response }, /* somebody types the password */
	[STATE_INIT] = { 1, 10, take_init },
	[STATE_MESSAGE] = { 1, 0, take_message },
	[STATE_FORMAT] = { 3 + RFB_FORMAT_SIZE, 10, take_format },
	[STATE_ENCODINGS] = { 3, 10, take_encodings },
	[STATE_ENCODING] = { 4, 10, take_encoding },
	[STATE_REQUEST] = { 9, 10, take_request },
	[STATE_KEY] = { 7, 10, take_key },
	[STATE_POINTER] = { 5, 10, take_pointer },
	[STATE_CUT] = { 7, 10, take_cut },
	[STATE_SKIP] = { 0, 30, NULL },
	[STATE_JUDGED] = { 0, 0, NULL },
};

static size_t skip(struct rfb *c, size_t len, u64 now)
{
	size_t n = MIN(c->rest, len);

	c->rest -= (u32)n;
	if (!c->rest)
		set_state(c, STATE_MESSAGE, now);
	return n;
}

void rfb_input(struct rfb *c, const u8 *data, size_t len, u64 now)
{
	while (len && c->end == RFB_OPEN && c->state != STATE_JUDGED) {
		size_t n;

		if (c->state == STATE_SKIP) {
			n = skip(c, len, now);
		} else {
			u32 size = states[c->state].size;

			n = MIN(size - c->in_len, len);
			memcpy(c->in + c->in_len, data, n);
			c->in_len += (u32)n;
			if (c->in_len == size) {
				c->in_len = 0;
				states[c->state].take(c, c->in, now);
			}
		}
		data += n;
		len -= n;
	}
}

/* ---- The connection */

void rfb_open(struct rfb *c, const struct rfb_screen *screen, void *ctx, const char *name,
	      const char *password, const u64 random[2], u64 now)
{
	u64 key = password_key(password);

	memset(c, 0, sizeof(*c));
	c->screen = screen;
	c->ctx = ctx;
	str_format(c->name, sizeof(c->name), "%s", name);
	for (u32 i = 0; i < 2; i++) {
		c->challenge[i] = random[i];
		c->answer[i] = des_encrypt(key, random[i]);
	}
	memcpy(rfb_reserve(c, 12), "RFB 003.008\n", 12);
	c->taken_since = now;
	set_state(c, STATE_VERSION, now);
	rfb_counters.opened++;
}

void rfb_close(struct rfb *c)
{
	if (!rfb_is_authenticated(c))
		return;
	rfb_release_keys(c);
	if (c->buttons & 7)
		c->screen->pointer(c->ctx, c->pointer_x, c->pointer_y, 0, 0);
	c->buttons = 0;
}

bool rfb_is_authenticated(const struct rfb *c)
{
	return c->state >= STATE_MESSAGE && c->state != STATE_JUDGED;
}

size_t rfb_pending(const struct rfb *c, const u8 **data)
{
	*data = c->out + c->out_at;
	return c->out_len - c->out_at;
}

void rfb_sent(struct rfb *c, size_t n)
{
	c->out_at += n;
	c->taken += (u32)n;
	rfb_counters.bytes += n;
	if (c->out_at == c->out_len)
		c->out_at = c->out_len = 0;
}

/* When what the client is at must be done; ~0: it has any time. */
static u64 state_limit(const struct rfb *c)
{
	if (c->state == STATE_JUDGED)
		return c->since + REFUSAL_TIME * refusals;
	return states[c->state].seconds ? c->since + states[c->state].seconds * SECOND : ~0ULL;
}

static u64 stall_limit(const struct rfb *c)
{
	return c->out_len ? c->taken_since + STALL_TIME : ~0ULL;
}

u64 rfb_check(struct rfb *c, u64 now)
{
	if (now >= state_limit(c)) {
		if (c->state != STATE_JUDGED)
			c->end = RFB_SLOW;
		else if (c->refused)
			send_refusal(c);
		else
			tell_success(c, now);
	} else if (now >= stall_limit(c)) {
		if (c->taken < STALL_BYTES)
			c->end = RFB_SLOW;
		c->taken = 0;
		c->taken_since = now;
	}
	return MIN(state_limit(c), stall_limit(c));
}
