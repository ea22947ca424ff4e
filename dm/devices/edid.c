/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * EDID; see edid.h. Section numbers are those of E-EDID release A revision 2. The timing follows
 * VESA CVT 1.2 with reduced blanking.
 */
#include "edid.h"
#include "dm/runtime.h"

#define H_FRONT	     48
#define H_SYNC	     32
#define H_BLANK	     160
#define V_FRONT	     3
#define MIN_V_BACK   6
#define MIN_BLANK_US 460

struct timing {
	u32 width, height, refresh;
	u32 v_sync, v_blank;
	u32 clock; /* in units of 10 kHz */
};

/* CVT 1.2 table 3-2: the sync width tells the aspect ratio. */
static u32 v_sync_lines(u32 width, u32 height)
{
	static const struct {
		u32 width, height, lines;
	} aspects[] = { { 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 } };

	for (u32 i = 0; i < ARRAY_SIZE(aspects); i++)
		if (width * aspects[i].height == height * aspects[i].width)
			return aspects[i].lines;
	return 10;
}

static struct timing make_timing(u32 width, u32 height, u32 refresh)
{
	struct timing t = { .width = width, .height = height, .refresh = refresh };
	u64 active_us = 1000000 / refresh > MIN_BLANK_US ? 1000000 / refresh - MIN_BLANK_US : 1;

	t.v_sync = v_sync_lines(width, height);
	t.v_blank = (u32)(MIN_BLANK_US * (u64)height / active_us) + 1;
	t.v_blank = MIN(MAX(t.v_blank, V_FRONT + t.v_sync + MIN_V_BACK), 4095);
	t.clock = (u32)(((u64)(width + H_BLANK) * (height + t.v_blank) * refresh + 5000) / 10000);
	t.clock = MIN(t.clock, 0xffff);
	return t;
}

/* 3.10.2: detailed timing descriptor. */
static void put_timing(u8 *d, const struct timing *t)
{
	u32 width_mm = t->width * 254 / 960, height_mm = t->height * 254 / 960; /* at 96 dpi */

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

/* 3.10.3.3: range limits, wide enough for everything that may be configured. */
static void put_ranges(u8 *d, const struct timing *t)
{
	u32 khz = t->clock * 10 / (t->width + H_BLANK);

	d[3] = 0xfd;
	d[5] = (u8)MIN(t->refresh, 50);
	d[6] = (u8)MIN(MAX(t->refresh, 75), 255);
	d[7] = (u8)MIN(khz, 30);
	d[8] = (u8)MIN(MAX(khz + 1, 90), 255);
	d[9] = (u8)MIN(MAX((t->clock + 999) / 1000, 15), 255);
	d[10] = 1; /* limits only, no formula */
	d[11] = '\n';
	memset(d + 12, ' ', 6);
}

static void put_checksum(u8 *block)
{
	u32 sum = 0;

	for (u32 i = 0; i < 127; i++)
		sum += block[i];
	block[127] = (u8)(0 - sum);
}

/* 3.8: established timings, those that fit. */
static void put_established(u8 *edid, const struct timing *t)
{
	if (t->width >= 640 && t->height >= 480)
		edid[35] |= BIT(5); /* 640x480 at 60 Hz */
	if (t->width >= 800 && t->height >= 600)
		edid[35] |= BIT(0); /* 800x600 at 60 Hz */
	if (t->width >= 1024 && t->height >= 768)
		edid[36] |= BIT(3);   /* 1024x768 at 60 Hz */
	for (u32 i = 38; i < 54; i++) /* 3.9: no standard timings */
		edid[i] = 1;
}

static void put_base(u8 *edid, const struct timing *t, u32 serial)
{
	static const u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	static const u8 srgb[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
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
	edid[21] = (u8)MIN((t->width * 254 / 960 + 5) / 10, 255);
	edid[22] = (u8)MIN((t->height * 254 / 960 + 5) / 10, 255);
	edid[23] = 120;	 /* gamma 2.2 */
	edid[24] = 0x06; /* sRGB, preferred timing is native */
	memcpy(edid + 25, srgb, sizeof(srgb));
	put_established(edid, t);
	put_timing(edid + 54, t);
	put_ranges(edid + 72, t);
	put_text(edid + 90, 0xfc, "Oriel");
	str_format(number, sizeof(number), "%u", serial);
	put_text(edid + 108, 0xff, number);
	edid[126] = 1;
	put_checksum(edid);
}

void edid_make(u8 edid[EDID_SIZE], u32 width, u32 height, u32 refresh, u32 serial)
{
	struct timing t = make_timing(width, height, refresh);
	u8 *cta = edid + 128;

	memset(edid, 0, EDID_SIZE);
	put_base(edid, &t, serial);
	cta[0] = 0x02; /* CTA-861, revision 3 */
	cta[1] = 3;
	cta[2] = 7;    /* where timings would begin: after the only data block */
	cta[3] = 0x80; /* computers' formats are underscanned; RGB only */
	cta[4] = 7 << 5 | 2;
	cta[5] = 0;    /* video capabilities: */
	cta[6] = 0x6a; /* RGB range selectable, everything underscanned */
	put_checksum(cta);
}
