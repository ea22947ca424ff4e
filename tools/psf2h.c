/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Turns a PC Screen Font of 8x16 (version 1 or 2, with its Unicode table) on standard input into
 * a C header on standard output. Glyph i is the picture of code point i, for 0x20 to 0xff; codes
 * that the font lacks get the glyph of '?', control codes a blank one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/types.h>

#define GLYPHS 256
#define HEIGHT 16

static u8 font[1 << 20];
static size_t font_len;

struct psf {
	u32 count, table; /* offset of the Unicode table */
	const u8 *glyphs;
	bool utf8; /* version 2; otherwise 16-bit units */
};

static void die(const char *why)
{
	fprintf(stderr, "psf2h: %s\n", why);
	exit(1);
}

static u32 le32(size_t at)
{
	return (u32)font[at] | (u32)font[at + 1] << 8 | (u32)font[at + 2] << 16 |
	       (u32)font[at + 3] << 24;
}

static void psf_open(struct psf *f)
{
	u32 header = 4, height = font[3];

	if (font_len > 32 && le32(0) == 0x864ab572) {
		header = le32(8);
		f->count = le32(16);
		height = le32(20);
		f->utf8 = true;
		if (!(le32(12) & 1) || le32(28) != 8)
			die("no Unicode table, or not 8 pixels wide");
	} else if (font_len > 4 && font[0] == 0x36 && font[1] == 0x04) {
		f->count = font[2] & 1 ? 512 : 256;
		if (!(font[2] & 2))
			die("no Unicode table");
	} else {
		die("not a PC Screen Font");
	}
	if (height != HEIGHT || f->count > 65536 || header > 4096)
		die("not 16 pixels high");
	f->glyphs = font + header;
	f->table = header + f->count * HEIGHT;
	if (f->table >= font_len)
		die("cut short");
}

#define ENTRY_END      (-1) /* of one glyph's entry */
#define ENTRY_SEQUENCE (-2) /* from here on sequences of code points, not single ones */

static int next_code(const struct psf *f, size_t *at)
{
	size_t i = *at;
	int unit;

	if (!f->utf8) {
		*at += 2;
		unit = i + 1 < font_len ? font[i] | font[i + 1] << 8 : 0xffff;
		return unit == 0xffff ? ENTRY_END : unit == 0xfffe ? ENTRY_SEQUENCE : unit;
	}
	*at += 1;
	unit = i < font_len ? font[i] : 0xff;
	if (unit >= 0xfe)
		return unit == 0xff ? ENTRY_END : ENTRY_SEQUENCE;
	if ((unit & 0xe0) == 0xc0) {
		*at += 1;
		return (unit & 0x1f) << 6 | (font[i + 1] & 0x3f);
	}
	return unit < 0x80 ? unit : 0x10000; /* the others lie beyond Latin-1 */
}

static void map_codes(const struct psf *f, int *glyph_of)
{
	size_t at = f->table;
	bool single;
	u32 glyph;
	int code;

	for (glyph = 0; glyph < f->count; glyph++) {
		single = true;
		while ((code = next_code(f, &at)) != ENTRY_END) {
			if (code == ENTRY_SEQUENCE)
				single = false;
			else if (single && code >= 0x20 && code < GLYPHS && glyph_of[code] < 0)
				glyph_of[code] = (int)glyph;
		}
	}
}

int main(void)
{
	struct psf f = { 0 };
	int glyph_of[GLYPHS], i, k;

	font_len = fread(font, 1, sizeof(font) - 4, stdin);
	psf_open(&f);
	memset(glyph_of, 0xff, sizeof(glyph_of));
	map_codes(&f, glyph_of);
	if (glyph_of['?'] < 0 || glyph_of[' '] < 0)
		die("no ASCII in it");
	printf("/* Made from a console font at build time. Bit 7 is the leftmost pixel. */\n"
	       "static const unsigned char font_8x16[%d][%d] = {\n",
	       GLYPHS, HEIGHT);
	for (i = 0; i < GLYPHS; i++) {
		int glyph = glyph_of[i] >= 0 ? glyph_of[i] : glyph_of[i < 0x20 ? ' ' : '?'];

		printf("\t{");
		for (k = 0; k < HEIGHT; k++)
			printf(" 0x%02x,", f.glyphs[glyph * HEIGHT + k]);
		printf(" }, /* 0x%02x */\n", i);
	}
	printf("};\n");
	return 0;
}
