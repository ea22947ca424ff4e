/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * EDID; see edid.h. Section numbers are those of E-EDID release A revision 2, if not said
 * otherwise. Timings follow VESA CVT 1.2 with reduced blanking.
 */
#include "edid.h"
#include "dm/runtime.h"

#define H_FRONT	     48
#define H_SYNC	     32
#define H_BLANK	     160
#define V_FRONT	     3
#define MIN_V_BACK   6
#define MIN_BLANK_US 460
#define MAX_V_BLANK  4095
#define MIN_CLOCK    1001 /* 10 MHz and a bit: what is slower is taken for no timing at all */

/* What a detailed timing of the base block can say. */
#define BASE_MAX_SIDE  4095
#define BASE_MAX_CLOCK 0xffff

struct timing {
	u32 width, height, refresh;
	u32 v_sync, v_blank;
	u32 clock; /* in units of 10 kHz */
};

enum { ASPECT_UNKNOWN = 8 };

/* CVT 1.2 table 3-2: the sync width tells the aspect ratio. Beside it DisplayID's number for it. */
static const struct aspect {
	u32 width, height, v_sync, number;
} aspects[] = {
	{ 4, 3, 4, 2 }, { 16, 9, 5, 4 }, { 16, 10, 6, 5 }, { 5, 4, 7, 1 }, { 15, 9, 7, 3 }
};

static const struct aspect *find_aspect(u32 width, u32 height)
{
	for (u32 i = 0; i < ARRAY_SIZE(aspects); i++)
		if (width * aspects[i].height == height * aspects[i].width)
			return &aspects[i];
	return NULL;
}

static struct timing make_timing(u32 width, u32 height, u32 refresh)
{
	struct timing t = { .width = width, .height = height, .refresh = refresh };
	u64 active_us = 1000000 / refresh > MIN_BLANK_US ? 1000000 / refresh - MIN_BLANK_US : 1;
	const struct aspect *aspect = find_aspect(width, height);
	u32 least;

	t.v_sync = aspect ? aspect->v_sync : 10;
	t.v_blank = (u32)(MIN_BLANK_US * (u64)height / active_us) + 1;
	t.v_blank = MAX(t.v_blank, V_FRONT + t.v_sync + MIN_V_BACK);
	/* Small pictures have time to spare; it goes into blank lines. */
	least = MIN_CLOCK * 10000 / ((width + H_BLANK) * refresh) + 1;
	if (height + t.v_blank < least)
		t.v_blank = least - height;
	t.v_blank = MIN(t.v_blank, MAX_V_BLANK);
	t.clock = (u32)(((u64)(width + H_BLANK) * (height + t.v_blank) * refresh + 5000) / 10000);
	return t;
}

static bool fits_base(const struct timing *t)
{
	return t->width <= BASE_MAX_SIDE && t->height <= BASE_MAX_SIDE &&
	       t->clock <= BASE_MAX_CLOCK;
}

/* What the base block says in place of a timing that is too much for it. */
static struct timing base_timing(const struct timing *wanted)
{
	struct timing t = *wanted;

	if (!fits_base(&t))
		t = make_timing(t.width, t.height, MIN(t.refresh, 60));
	while (!fits_base(&t))
		t = make_timing(t.width / 2, t.height / 2, t.refresh);
	return t;
}

/* 3.10.2: detailed timing descriptor. */
static void put_timing(u8 *d, const struct timing *t, const struct edid_monitor *m)
{
	u32 width_mm = MIN(m->width_mm, 4095), height_mm = MIN(m->height_mm, 4095);

	d[0] = (u8)t->clock;
	d[1] = (u8)(t->clock >> 8);
	d[2] = (u8)t->width;
	d[3] = H_BLANK;
	d[4] = (u8)(t->width >> 8 << 4);
	d[5] = (u8)t->height;
	d[6] = (u8)t->v_blank;
	d[7] = (u8)((t->height >> 8 << 4) | t->v_blank >> 8);
	d[8] = H_FRONT;
	d[9] = H_SYNC;
	d[10] = (u8)(V_FRONT << 4 | (t->v_sync & 15));
	d[12] = (u8)width_mm;
	d[13] = (u8)height_mm;
	d[14] = (u8)((width_mm >> 8 << 4) | height_mm >> 8);
	d[17] = 0x1a; /* digital separate sync, horizontal positive, vertical negative */
}

/* 3.10.3: a display descriptor with text. */
static void put_text(u8 *d, u8 tag, const char *text)
{
	u32 i = 0;

	d[3] = tag;
	for (; i < 13 && text[i]; i++)
		d[5 + i] = (u8)text[i];
	if (i < 13)
		d[5 + i++] = '\n';
	for (; i < 13; i++)
		d[5 + i] = ' ';
}

/* A limit that has one byte, and a flag that adds 255 to it. */
static u8 limit(u32 value, u8 *flags, u8 flag)
{
	if (value > 255) {
		*flags |= flag;
		value -= 255;
	}
	return (u8)MIN(value, 255);
}

/* 3.10.3.3: range limits, wide enough for everything that may be configured. */
static void put_ranges(u8 *d, const struct timing *t)
{
	u32 khz = t->clock * 10 / (t->width + H_BLANK);

	d[3] = 0xfd;
	d[5] = (u8)MIN(t->refresh, 50);
	d[6] = limit(MAX(t->refresh, 75), &d[4], 2);
	d[7] = (u8)MIN(khz, 30);
	d[8] = limit(MAX(khz + 1, 90), &d[4], 8);
	d[9] = (u8)MIN(MAX((t->clock + 999) / 1000, 15), 255);
	d[10] = 1; /* limits only, no formula */
	d[11] = '\n';
	memset(d + 12, ' ', 6);
}

/* Makes the sum of `len` bytes and the one after them zero. */
static void put_checksum(u8 *bytes, u32 len)
{
	u32 sum = 0;

	for (u32 i = 0; i < len; i++)
		sum += bytes[i];
	bytes[len] = (u8)(0 - sum);
}

/* 3.8: established timings, those that fit; the first one must be there always. */
static void put_established(u8 *edid, const struct timing *t)
{
	edid[35] |= BIT(5); /* 640x480 at 60 Hz */
	if (t->width >= 800 && t->height >= 600)
		edid[35] |= BIT(0); /* 800x600 at 60 Hz */
	if (t->width >= 1024 && t->height >= 768)
		edid[36] |= BIT(3);   /* 1024x768 at 60 Hz */
	for (u32 i = 38; i < 54; i++) /* 3.9: no standard timings */
		edid[i] = 1;
}

static void put_base(u8 *edid, const struct timing *t, const struct edid_monitor *m)
{
	static const u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	static const u8 srgb[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
	struct timing base = base_timing(t);
	char number[14];

	memcpy(edid, header, sizeof(header));
	edid[8] = ('O' - '@') << 2 | ('R' - '@') >> 3; /* ORL, five bits a letter */
	edid[9] = (u8)(('R' - '@') << 5 | ('L' - '@'));
	edid[10] = 1; /* product */
	edid[16] = 1; /* week */
	edid[17] = 2024 - 1990;
	edid[18] = 1;
	edid[19] = 4;
	edid[20] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
	edid[21] = (u8)MIN((m->width_mm + 5) / 10, 255);
	edid[22] = (u8)MIN((m->height_mm + 5) / 10, 255);
	edid[23] = 120;				     /* gamma 2.2 */
	edid[24] = 0x04 | (fits_base(t) ? 0x02 : 0); /* sRGB, the preferred timing is native */
	memcpy(edid + 25, srgb, sizeof(srgb));
	put_established(edid, t);
	put_timing(edid + 54, &base, m);
	put_ranges(edid + 72, t);
	put_text(edid + 90, 0xfc, "Oriel");
	str_format(number, sizeof(number), "%u", m->serial);
	put_text(edid + 108, 0xff, number);
}

/* CTA-861-G section 7.5. */
static void put_cta(u8 *cta)
{
	cta[0] = 0x02; /* CTA-861, revision 3 */
	cta[1] = 3;
	cta[2] = 7;    /* where timings would begin: after the only data block */
	cta[3] = 0x80; /* computers' formats are underscanned; RGB only */
	cta[4] = 7 << 5 | 2;
	cta[5] = 0;    /* video capabilities: */
	cta[6] = 0x4a; /* RGB range selectable, everything underscanned */
	put_checksum(cta, 127);
}

/* DisplayID 1.3 sections 4.1 to 4.4 and 4.10: data blocks. */
struct displayid_product {
	u8 vendor[3];
	u8 product[2], serial[4];
	u8 week, year, name_len;
};

struct displayid_parameters {
	u8 width[2], height[2]; /* in tenths of a mm */
	u8 columns[2], lines[2];
	u8 features, gamma, aspect, depth;
};

struct displayid_timing {
	u8 clock[3], options;
	u8 width[2], h_blank[2], h_front[2], h_sync[2];
	u8 height[2], v_blank[2], v_front[2], v_sync[2];
};

struct displayid_interface {
	u8 type, version, rgb_depths, rest[7];
};

struct displayid_header {
	u8 tag, revision, len;
};

/* Section 2.3, in an extension block as section 2.2 says. */
struct displayid {
	u8 tag; /* of the extension block */
	u8 version, len, product_type, extensions;
	struct displayid_header product_header;
	struct displayid_product product;
	struct displayid_header parameters_header;
	struct displayid_parameters parameters;
	struct displayid_header timing_header;
	struct displayid_timing timing;
	struct displayid_header interface_header;
	struct displayid_interface interface;
	u8 checksum;
};
_Static_assert(sizeof(struct displayid) == 1 + 4 + 4 * 3 + 12 + 12 + 20 + 10 + 1, "DisplayID 1.3");
#define DISPLAYID_HEADER(tag, payload) ((struct displayid_header){ tag, 0, sizeof(payload) })

static void put16(u8 *to, u32 value)
{
	to[0] = (u8)value;
	to[1] = (u8)(value >> 8);
}

static void put_displayid_product(struct displayid_product *p, u32 serial)
{
	memcpy(p->vendor, "ORL", 3);
	p->product[0] = 1;
	memcpy(p->serial, &serial, sizeof(serial));
	p->week = 1;
	p->year = 2024 - 2000;
}

static void put_displayid_parameters(struct displayid_parameters *p, const struct edid_monitor *m)
{
	u32 longer = MAX(m->width, m->height), shorter = MIN(m->width, m->height);

	put16(p->width, MIN(m->width_mm * 10, 0xffff));
	put16(p->height, MIN(m->height_mm * 10, 0xffff));
	put16(p->columns, m->width);
	put16(p->lines, m->height);
	p->gamma = 120; /* 2.2 */
	p->aspect = (u8)MIN(longer * 100 / shorter - 100, 255);
	p->depth = 0x77; /* 8 bits a colour */
}

static void put_displayid_timing(struct displayid_timing *d, const struct timing *t)
{
	const struct aspect *aspect = find_aspect(t->width, t->height);

	put16(d->clock, t->clock - 1);
	d->clock[2] = (u8)((t->clock - 1) >> 16);
	d->options = (u8)(0x80 | (aspect ? aspect->number : ASPECT_UNKNOWN)); /* preferred */
	put16(d->width, t->width - 1);
	put16(d->h_blank, H_BLANK - 1);
	put16(d->h_front, (H_FRONT - 1) | 0x8000); /* positive sync */
	put16(d->h_sync, H_SYNC - 1);
	put16(d->height, t->height - 1);
	put16(d->v_blank, t->v_blank - 1);
	put16(d->v_front, V_FRONT - 1);
	put16(d->v_sync, t->v_sync - 1);
}

static void put_displayid(u8 *block, const struct timing *t, const struct edid_monitor *m)
{
	struct displayid d = { .tag = 0x70, .version = 0x13, .product_type = 3 /* monitor */ };

	d.len = (u8)(sizeof(d) - 6);
	d.product_header = DISPLAYID_HEADER(0x00, d.product);
	put_displayid_product(&d.product, m->serial);
	d.parameters_header = DISPLAYID_HEADER(0x01, d.parameters);
	put_displayid_parameters(&d.parameters, m);
	d.timing_header = DISPLAYID_HEADER(0x03, d.timing);
	put_displayid_timing(&d.timing, t);
	d.interface_header = DISPLAYID_HEADER(0x0f, d.interface);
	d.interface.type = 0xa1;    /* DisplayPort, one lane */
	d.interface.version = 0x11; /* 1.1 */
	d.interface.rgb_depths = 2; /* 8 bits a colour */
	memcpy(block, &d, sizeof(d));
	put_checksum(block + 1, sizeof(d) - 2);
	put_checksum(block, 127);
}

u32 edid_make(u8 edid[EDID_MAX], const struct edid_monitor *m)
{
	struct timing t = make_timing(m->width, m->height, m->refresh);
	u32 blocks = fits_base(&t) ? 2 : 3;

	memset(edid, 0, EDID_MAX);
	put_base(edid, &t, m);
	edid[126] = (u8)(blocks - 1);
	put_checksum(edid, 127);
	put_cta(edid + 128);
	if (blocks == 3)
		put_displayid(edid + 256, &t, m);
	return blocks * 128;
}
