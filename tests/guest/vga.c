/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Draws VGA and bochs modes by their registers, without a BIOS. The font is made up here, so each
 * picture is the same on every machine. Options:
 *
 *   mode=NAME	draws that one (see the table; the default is text80x25)
 *   mode=all	draws one after the other, as far as memory reaches; Enter goes on to the next
 *   work=1	then does what must cause few exits: says "ready: WHAT", waits for Enter, touches
 *		nothing but video memory, says "done: WHAT", waits for Enter
 *   share=1	then takes turns with a virtio-gpu driver; Enter goes on
 *   poke=1	then writes to video memory in the dearest way until Enter is pressed
 *   stay=1	does not power off
 */
#include "kit/key.h"
#include "kit/kit.h"
#include "kit/pci.h"
#include "kit/vgpu.h"
#include "vga_modes.h"

#define WINDOW	     ((volatile u8 *)0xa0000)
#define TEXT	     ((volatile u16 *)0xb8000)
#define MONO_TEXT    ((volatile u16 *)0xb0000)
#define CGA	     ((volatile u8 *)0xb8000)
#define DISPI_PORT   0x1ce
#define PLANAR_BYTES 38400 /* of a plane in 640x480 */
#define WORK_ROUNDS  10

static u16 crtc_port = 0x3d4;

static void seq(u8 index, u8 value)
{
	outw(0x3c4, (u16)(index | value << 8));
}

static void gfx(u8 index, u8 value)
{
	outw(0x3ce, (u16)(index | value << 8));
}

static void crtc(u8 index, u8 value)
{
	outw(crtc_port, (u16)(index | value << 8));
}

static void attr(u8 index, u8 value)
{
	inb((u16)(crtc_port + 6));
	outb(0x3c0, index);
	outb(0x3c0, value);
}

static void screen_on(void)
{
	inb((u16)(crtc_port + 6));
	outb(0x3c0, 0x20);
}

static void dispi(u16 index, u16 value)
{
	outw(DISPI_PORT, index);
	outw(DISPI_PORT + 1, value);
}

static void dac(u8 index, u8 red, u8 green, u8 blue)
{
	outb(0x3c8, index);
	outb(0x3c9, red);
	outb(0x3c9, green);
	outb(0x3c9, blue);
}

static void grey_palette(void)
{
	static const u8 levels[] = { 0, 42, 0, 63 };

	for (u32 i = 0; i < 64; i++)
		dac((u8)i, levels[i >> 3 & 3], levels[i >> 3 & 3], levels[i >> 3 & 3]);
}

/* 64 EGA colours, or for 256-colour modes 3 bits of red and green, 2 of blue. */
static void palette(bool is_256)
{
	for (u32 i = 0; i < 256; i++) {
		if (is_256)
			dac((u8)i, (u8)((i >> 5) * 9), (u8)((i >> 2 & 7) * 9), (u8)((i & 3) * 21));
		else
			dac((u8)i, (u8)((i >> 2 & 1) * 42 + (i >> 5 & 1) * 21),
			    (u8)((i >> 1 & 1) * 42 + (i >> 4 & 1) * 21),
			    (u8)((i & 1) * 42 + (i >> 3 & 1) * 21));
	}
	outb(0x3c6, 0xff);
}

/* A frame with the character's bits inside; 0xc0-0xdf run into the ninth column. */
static u8 font_line(u32 c, u32 line, u32 height)
{
	if (c == ' ' || c == 0 || line >= height)
		return 0;
	if (c >= 0xc0 && c <= 0xdf)
		return line == height / 2 || line == c % 8 ? 0xff : 0x18;
	if (line == 0 || line == height - 1)
		return 0x7e;
	if (line < 2 || line >= height - 2)
		return 0x42;
	return (u8)(0x42 | (line < height / 2 ? c >> 4 : c & 15) << 2);
}

static void fill(u32 at, u32 count, u8 value)
{
	void *to = (void *)((u64)WINDOW + at);
	u64 n = count;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
}

static void copy(const volatile u8 *from, volatile u8 *to, u32 count)
{
	u64 n = count;

	__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
}

static void load_font(u32 map, u32 height, u8 turn)
{
	static u8 font[256 * 32];

	for (u32 c = 0; c < 256; c++)
		for (u32 line = 0; line < 32; line++)
			font[c * 32 + line] = (u8)(font_line(c, line, height) ^
						   (c > ' ' && line < height ? turn : 0));
	seq(2, 4);
	seq(4, 6);
	gfx(5, 0);
	gfx(6, 4);
	copy(font, WINDOW + map, sizeof(font));
}

static void clear(void)
{
	seq(2, 0xf);
	seq(4, 6);
	gfx(1, 0);
	gfx(3, 0);
	gfx(5, 0);
	gfx(6, 5);
	gfx(8, 0xff);
	fill(0, 0x10000, 0);
}

/* ---- Text */

static void text_page(volatile u16 *text, u32 columns, u32 rows)
{
	for (u32 i = 0; i < columns * rows; i++)
		text[i] = 0x0720;
	for (u32 i = 0; i < columns * rows; i++) {
		u32 x = i % columns, y = i / columns;

		if (y < 8 && x < 32)
			text[i] = (u16)(0x0700 | (y * 32 + x));
		else if (y >= 8 && y < 16 && x < 32)
			text[i] = (u16)(((y - 8) * 32 + x) << 8 | 'A');
		else if (x == columns - 1 || y == rows - 1)
			text[i] = (u16)(0x1e00 | (x + y) % 256);
	}
	for (u32 i = 0; i < 5; i++)
		text[columns * 18 + 2 + i] = (u16)(0x2f00 | "VGA 1"[i]);
}

static void draw_80x25(void)
{
	load_font(0, 16, 0);
	seq(2, 3);
	seq(4, 2);
	gfx(5, 0x10);
	gfx(6, 0x0e);
	text_page(TEXT, 80, 25);
}

static void draw_40x25(void)
{
	draw_80x25();
	text_page(TEXT, 40, 25);
}

static void small_font(u32 columns, u32 rows)
{
	load_font(0, 8, 0);
	seq(2, 3);
	seq(4, 2);
	gfx(5, 0x10);
	gfx(6, 0x0e);
	text_page(TEXT, columns, rows);
}

static void draw_80x50(void)
{
	small_font(80, 50);
}

static void draw_132x60(void)
{
	small_font(132, 60);
}

/* Characters with attribute bit 3 come from a second map, at 16 KiB of plane 2. */
static void draw_512(void)
{
	load_font(0x4000, 16, 0xff);
	draw_80x25();
	seq(3, 0x04);
}

static void draw_mono(void)
{
	grey_palette();
	crtc(0x14, 0x0d); /* underlined where attributes say so */
	load_font(0, 16, 0);
	seq(2, 3);
	seq(4, 2);
	gfx(5, 0x10);
	gfx(6, 0x0a);
	text_page(MONO_TEXT, 80, 25);
}

/* ---- CGA */

static void draw_cga4(void)
{
	for (u32 y = 0; y < 200; y++) {
		for (u32 x = 0; x < 80; x++) {
			u8 v = (u8)((x / 20 * 0x55) ^ (y % 16 < 8 ? 0 : 0xff));

			CGA[(y & 1) * 0x2000 + y / 2 * 80 + x] = x == y % 80 ? 0x1b : v;
		}
	}
}

static void draw_cga2(void)
{
	for (u32 y = 0; y < 200; y++)
		for (u32 x = 0; x < 80; x++)
			CGA[(y & 1) * 0x2000 + y / 2 * 80 + x] = (u8)(x == y % 80	    ? 0xf0
								      : (x / 8 + y / 8) & 1 ? 0x55
											    : 0x01);
}

/* ---- Planar: bars by write modes 2 and 1, a frame by set/reset, XOR, a copy by latches */

static void bars(u32 line, u32 rows)
{
	gfx(5, 2);
	for (u32 c = 0; c < 16; c++)
		fill(c * (line / 16), line / 16, (u8)c);
	gfx(5, 1);
	copy(WINDOW, WINDOW + line, line * (rows - 1));
	gfx(5, 0);
}

static void frame(u32 line, u32 rows)
{
	gfx(0, 14);
	gfx(1, 0xf);
	fill(0, line, 0);
	fill((rows - 1) * line, line, 0);
	gfx(8, 0x80);
	for (u32 y = 0; y < rows; y++) {
		(void)WINDOW[y * line];
		WINDOW[y * line] = 0;
	}
	gfx(8, 0x01);
	for (u32 y = 0; y < rows; y++) {
		(void)WINDOW[y * line + line - 1];
		WINDOW[y * line + line - 1] = 0;
	}
	gfx(8, 0xff);
	gfx(1, 0);
}

/* A diagonal that inverts what it crosses, by write mode 3's pattern with function XOR. */
static void diagonal(u32 line, u32 rows)
{
	gfx(0, 0xf);
	gfx(3, 0x18);
	gfx(5, 3);
	for (u32 y = 0; y < rows; y++) {
		u32 x = y % (line * 8);

		(void)WINDOW[y * line + x / 8];
		WINDOW[y * line + x / 8] = (u8)(0x80 >> x % 8);
	}
	gfx(3, 0);
	gfx(5, 0);
}

static void copy_block(u32 line, u32 from, u32 to)
{
	gfx(5, 1);
	for (u32 y = 0; y < 16; y++) {
		for (u32 x = 0; x < 8; x++) {
			(void)WINDOW[(from + y) * line + x];
			WINDOW[(to + y) * line + line / 2 + x] = 0;
		}
	}
	gfx(5, 0);
}

/* Rotated and masked bytes to two planes. */
static void stripes(u32 line, u32 from, u32 to)
{
	seq(2, 5);
	gfx(3, 3);
	gfx(8, 0x3c);
	for (u32 y = from; y < to; y++) {
		for (u32 x = 4; x < 12; x++) {
			(void)WINDOW[y * line + x];
			WINDOW[y * line + x] = 0xa5;
		}
	}
	gfx(8, 0xff);
	gfx(3, 0);
	seq(2, 0xf);
}

static void planar(u32 line, u32 rows)
{
	bars(line, rows);
	frame(line, rows);
	diagonal(line, rows);
	stripes(line, 60, 90);
	copy_block(line, 60, 120);
}

static void draw_320x200(void)
{
	planar(40, 200);
}

static void draw_640x350(void)
{
	planar(80, 350);
}

static void draw_640x480(void)
{
	planar(80, 480);
}

/* ---- 256 colours */

static void draw_13h(void)
{
	for (u32 y = 0; y < 200; y++)
		for (u32 x = 0; x < 320; x++)
			WINDOW[y * 320 + x] = (u8)(y < 128 ? (x / 20) + (y / 8) * 16 : x ^ y);
}

static void draw_x(void)
{
	static u8 line[4][80];

	for (u32 y = 0; y < 400; y++) {
		for (u32 x = 0; x < 320; x++)
			line[x & 3][x / 4] = (u8)(y < 240 ? x + y : x / 20 * 16 + y / 16);
		for (u32 plane = 0; plane < 4; plane++) {
			seq(2, (u8)(1 << plane));
			copy(line[plane], WINDOW + y * 80, 80);
		}
	}
	seq(2, 0xf);
}

/* From line 240 (of 480) on, memory from 0 without panning; above, from (6, 100). */
static void draw_x_split(void)
{
	u32 start = 100 * 80 + 1, compare = 239;

	draw_x();
	crtc(0x0c, (u8)(start >> 8));
	crtc(0x0d, (u8)start);
	crtc(0x18, (u8)compare);
	crtc(0x07, 0x2e);
	crtc(0x09, 0x01);
	attr(0x10, 0x61);
	attr(0x13, 4);
	screen_on();
}

/* ---- bochs */

static volatile u8 *lfb(void)
{
	static volatile u8 *found;
	int devfn;

	if (found)
		return found;
	devfn = pci_find(0x1234, 0x1111);
	if (devfn < 0)
		devfn = pci_find(0x1af4, 0x1050);
	if (devfn < 0)
		return WINDOW;
	pci_write16((u8)devfn, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	found = (volatile u8 *)(pci_bar_address((u8)devfn, 0));
	return found;
}

static void dispi_mode(u16 width, u16 height, u16 bpp, u16 flags)
{
	dispi(4, 0);
	dispi(1, width);
	dispi(2, height);
	dispi(3, bpp);
	dispi(4, 0x41 | flags);
}

static u32 colour(u32 bpp, u32 x, u32 y)
{
	u32 red = x & 0xff, green = y & 0xff, blue = (x + y) / 4 & 0xff;

	if (bpp == 8)
		return (x / 4) ^ y;
	if (bpp == 15)
		return red >> 3 << 10 | green >> 3 << 5 | blue >> 3;
	if (bpp == 16)
		return red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
	return red << 16 | green << 8 | blue;
}

static void draw_linear(u32 width, u32 height, u32 bpp)
{
	volatile u8 *at = lfb();
	u32 size = (bpp + 7) / 8;

	dispi_mode((u16)width, (u16)height, (u16)bpp, 0);
	screen_on();
	for (u32 y = 0; y < height; y++) {
		for (u32 x = 0; x < width; x++) {
			u32 v = colour(bpp, x, y);

			for (u32 i = 0; i < size; i++)
				*at++ = (u8)(v >> (8 * i));
		}
	}
}

static void draw_dispi8(void)
{
	palette(true);
	draw_linear(640, 480, 8);
}

static void draw_dispi15(void)
{
	draw_linear(640, 480, 15);
}

static void draw_dispi16(void)
{
	draw_linear(800, 600, 16);
}

static void draw_dispi24(void)
{
	draw_linear(640, 480, 24);
}

static void draw_dispi32(void)
{
	draw_linear(1024, 768, 32);
}

/* Takes 32 MiB. */
static void draw_dispi4k(void)
{
	draw_linear(3840, 2160, 32);
}

/* A wider picture of which a part is shown, drawn through the bank window. */
static void draw_banked(void)
{
	dispi_mode(640, 480, 32, 0);
	screen_on();
	dispi(6, 800);
	for (u32 bank = 0; bank * 65536 < 800 * 600 * 4; bank++) {
		dispi(5, (u16)bank);
		for (u32 i = 0; i < 65536; i += 4) {
			u32 pixel = (bank * 65536 + i) / 4;

			*(volatile u32 *)&WINDOW[i] = colour(32, pixel % 800, pixel / 800);
		}
	}
	dispi(8, 100);
	dispi(9, 50);
}

static void draw_dispi4(void)
{
	dispi_mode(800, 600, 4, 0);
	screen_on();
	planar(100, 600);
}

static const struct mode modes[] = {
	{ "text80x25", draw_80x25, 0x67, LIST(3, 0, 3, 0, 2), CRTC_TEXT(0x4f, 0x2d, 0x0e), GFX_TEXT,
	  ATTR_TEXT9 },
	{ "bright", draw_80x25, 0x67, LIST(3, 0, 3, 0, 2), CRTC_TEXT(0x4f, 0x2d, 0x0e), GFX_TEXT,
	  ATTR_BRIGHT },
	{ "cursor", draw_80x25, 0x67, LIST(3, 0, 3, 0, 2), CRTC_TEXT(0x4f, 0x0d, 0x0e), GFX_TEXT,
	  ATTR_BRIGHT },
	{ "text512", draw_512, 0x67, LIST(3, 1, 3, 0, 2), CRTC_TEXT(0x4f, 0x2d, 0x0e), GFX_TEXT,
	  ATTR_BRIGHT },
	{ "text40x25", draw_40x25, 0x67, LIST(3, 8, 3, 0, 2), CRTC_320(0x4f, 0x14, 0xa3), GFX_TEXT,
	  ATTR_BRIGHT },
	{ "text80x50", draw_80x50, 0x67, LIST(3, 0, 3, 0, 2), CRTC_TEXT(0x47, 0x26, 0x07), GFX_TEXT,
	  ATTR_BRIGHT },
	{ "text132x60", draw_132x60, 0x67, LIST(3, 1, 3, 0, 2), CRTC_132X60, GFX_TEXT, ATTR_TEXT8 },
	{ "mono", draw_mono, 0x66, LIST(3, 0, 3, 0, 2), CRTC_TEXT(0x4f, 0x2d, 0x0e), GFX_MONO,
	  ATTR_MONO },
	{ "cga4", draw_cga4, 0x63, LIST(3, 9, 3, 0, 2), CRTC_320(0xc1, 0x14, 0xa2), GFX_CGA4,
	  ATTR_CGA4 },
	{ "cga2", draw_cga2, 0x63, LIST(3, 1, 1, 0, 6), CRTC_640(0xc1, 0, 0xc2), GFX_CGA2,
	  ATTR_CGA2 },
	{ "ega320x200", draw_320x200, 0x63, LIST(3, 9, 15, 0, 6), CRTC_320(0xc0, 0x14, 0xe3),
	  GFX_PLANAR, ATTR_LOW },
	{ "ega640x350", draw_640x350, 0xa3, LIST(3, 1, 15, 0, 6), CRTC_350, GFX_PLANAR,
	  ATTR_PLANAR },
	{ "vga640x480", draw_640x480, 0xe3, LIST(3, 1, 15, 0, 6), CRTC_480(0x40, 0), GFX_PLANAR,
	  ATTR_PLANAR },
	{ "13h", draw_13h, 0x63, LIST(3, 1, 15, 0, 14), CRTC_640(0x41, 0x40, 0xa3), GFX_256,
	  ATTR_256 },
	{ "x320x240", draw_x, 0xe3, LIST(3, 1, 15, 0, 6), CRTC_480(0x41, 0), GFX_256, ATTR_256 },
	{ "xsplit", draw_x_split, 0xe3, LIST(3, 1, 15, 0, 6), CRTC_480(0x41, 0), GFX_256,
	  ATTR_256 },
	{ "dispi4", draw_dispi4, 0xe3, LIST(3, 1, 15, 0, 6), CRTC_480(0x40, 0), GFX_PLANAR,
	  ATTR_PLANAR },
	{ "dispi8", draw_dispi8, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "dispi15", draw_dispi15, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "dispi16", draw_dispi16, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "dispi24", draw_dispi24, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "dispi32", draw_dispi32, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "dispi4k", draw_dispi4k, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
	{ "banked", draw_banked, 0xe3, LIST(3, 1, 15, 0, 14), CRTC_480(0x40, 0), GFX_256,
	  ATTR_256 },
};

static bool is_name(const char *name, const char *given)
{
	while (*name && *name == *given) {
		name++;
		given++;
	}
	return !*name && (!*given || *given == ' ');
}

static const struct mode *find(const char *name)
{
	for (u32 i = 0; name && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (is_name(modes[i].name, name))
			return &modes[i];
	return &modes[0];
}

/* The screen is off until the registers are set; memory is cleared meanwhile. */
static void set(const struct mode *m)
{
	dispi(4, 0);
	outb(0x3c2, m->misc);
	crtc_port = m->misc & 1 ? 0x3d4 : 0x3b4;
	attr(0, 0); /* palette address source 0: off */
	clear();
	crtc(0x11, 0);
	for (u8 i = 0; i < 25; i++)
		crtc(i, m->crtc[i]);
	palette(m->gfx[5] & 0x40);
	for (u8 i = 0; i < 21; i++)
		attr(i, m->attr[i]);
	seq(0, 1);
	for (u8 i = 1; i < 5; i++)
		seq(i, m->seq[i]);
	seq(0, 3);
	for (u8 i = 0; i < 9; i++)
		gfx(i, m->gfx[i]);
}

static bool registers_read_back(const struct mode *m)
{
	for (u8 i = 0; i < 25; i++) {
		outb(crtc_port, i);
		if (inb((u16)(crtc_port + 1)) != m->crtc[i])
			return false;
	}
	for (u8 i = 0; i < 9; i++) {
		outb(0x3ce, i);
		if (inb(0x3cf) != m->gfx[i])
			return false;
	}
	return true;
}

static bool sees_retrace(void)
{
	u8 seen = 0, missed = 0;

	for (u32 i = 0; i < 100000 && (seen & missed & 9) != 9; i++) {
		u8 v = inb((u16)(crtc_port + 6));

		seen |= v;
		missed |= (u8)~v;
	}
	return (seen & missed & 9) == 9;
}

static void show(const struct mode *m)
{
	set(m);
	report(registers_read_back(m), "the registers of mode %s read back", m->name);
	report(sees_retrace(), "the display is seen enabled and in retrace");
	screen_on();
	m->draw();
	print("guest: mode %s shown\n", m->name);
}

/* Whether there is video memory for it. */
static bool fits(const struct mode *m)
{
	outw(DISPI_PORT, 10);
	return m->draw != draw_dispi4k || inw(DISPI_PORT + 1) >= 3840 * 2160 * 4 / 65536;
}

/* ---- Work */

static u8 bitmap[PLANAR_BYTES] __attribute__((aligned(4096)));

static void work_lfb(void)
{
	volatile u32 *at = (volatile u32 *)lfb();

	for (u32 i = 0; i < WORK_ROUNDS * 1024 * 768; i++)
		at[i % (1024 * 768)] = i;
}

static void work_text(void)
{
	for (u32 i = 0; i < WORK_ROUNDS; i++)
		text_page(TEXT, 80, 25);
}

static void work_stos(void)
{
	for (u32 i = 0; i < WORK_ROUNDS; i++)
		fill(0, PLANAR_BYTES, (u8)i);
}

static void work_movs_in(void)
{
	for (u32 i = 0; i < WORK_ROUNDS; i++)
		copy(bitmap, WINDOW, PLANAR_BYTES);
}

static void work_movs_out(void)
{
	for (u32 i = 0; i < WORK_ROUNDS; i++)
		copy(WINDOW, bitmap, PLANAR_BYTES);
}

static void work_scroll(void)
{
	gfx(5, 1);
	for (u32 i = 0; i < WORK_ROUNDS; i++)
		copy(WINDOW + 80, WINDOW, PLANAR_BYTES - 80);
	gfx(5, 0);
}

static const struct {
	const char *name, *mode;
	void (*run)(void);
} works[] = {
	{ "lfb", "dispi32", work_lfb },
	{ "text", "bright", work_text },
	{ "planar-stos", "vga640x480", work_stos },
	{ "planar-movs-in", NULL, work_movs_in },
	{ "planar-movs-out", NULL, work_movs_out },
	{ "planar-scroll", NULL, work_scroll },
};

static void work(void)
{
	for (u32 i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (works[i].mode)
			show(find(works[i].mode));
		print("guest: ready: %s\n", works[i].name);
		key_wait();
		works[i].run();
		print("guest: done: %s\n", works[i].name);
		key_wait();
	}
}

/* ---- Who has the screen */

static struct vgpu gpu;

static void wait_as(const char *what)
{
	print("guest: screen: %s\n", what);
	key_wait();
}

static void fill_quadrants(u32 *pixels)
{
	static const u32 colours[4] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffffff };

	for (u32 i = 0; i < 640 * 480; i++)
		pixels[i] = colours[(i / 640 >= 240 ? 2 : 0) + (i % 640 >= 320 ? 1 : 0)];
}

static void write_crash_screen(void)
{
	volatile u32 *at = (volatile u32 *)lfb();

	for (u32 i = 0; i < 640 * 480; i++)
		at[i] = colour(32, i % 640, i / 640);
}

/* A virtio driver takes the screen and falls silent, is drawn over in the linear framebuffer,
 * comes back, falls silent, is drawn over in a VGA mode, comes back, and is reset. */
static void share_screen(void)
{
	static u32 pixels[640 * 480] __attribute__((aligned(4096)));
	const struct vgpu_piece piece = { (u64)pixels, sizeof(pixels), 0 };
	const struct vgpu_rect all = { 0, 0, 640, 480 };

	dispi_mode(640, 480, 32, 0);
	fill_quadrants(pixels);
	report(vgpu_find(&gpu) && vgpu_start(&gpu, NO_VECTOR), "the virtio-gpu starts");
	vgpu_create(&gpu, 1, VGPU_FORMAT_BGRX, 640, 480);
	vgpu_attach(&gpu, 1, &piece, 1);
	vgpu_transfer(&gpu, 1, all, 0);
	report(vgpu_scanout(&gpu, 0, 1, all) == VGPU_OK_NODATA, "the scanout is set");
	vgpu_flush(&gpu, 1, all);
	wait_as("virtio");
	write_crash_screen();
	wait_as("crash");
	report(vgpu_flush(&gpu, 1, all) == VGPU_OK_NODATA, "the virtio-gpu goes on");
	wait_as("virtio again");
	show(find("vga640x480"));
	wait_as("vga");
	report(vgpu_scanout(&gpu, 0, 1, all) == VGPU_OK_NODATA, "the scanout is set again");
	wait_as("scanout again");
	*(volatile u8 *)(gpu.common + COMMON_STATUS) = 0;
	wait_as("reset");
}

/* Writes to the planes, each of which traps, with interrupts off, until Enter is pressed. */
static void poke(void)
{
	show(find("vga640x480"));
	print("guest: poking\n");
	for (u32 i = 0; i % 256 || !key_poll(); i++)
		WINDOW[i % PLANAR_BYTES] = (u8)i;
}

void main(void)
{
	const char *mode = option("mode");

	if (option_number("work", 0) || option_number("share", 0) || (mode && is_name("all", mode)))
		key_init();
	if (!mode || !is_name("all", mode)) {
		show(find(mode));
	} else {
		for (u32 i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
			if (!fits(&modes[i]))
				continue;
			show(&modes[i]);
			key_wait();
		}
	}
	if (option_number("work", 0))
		work();
	if (option_number("share", 0))
		share_screen();
	if (option_number("poke", 0))
		poke();
	if (!option_number("stay", 0))
		return;
	for (;;)
		__asm__ volatile("cli; hlt");
}
