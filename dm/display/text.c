/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The machine's own messages on the panel, in a font of 8x16 pixels that the build converts from
 * the console's. Keeps the last lines; draws them, painting is the compositor's.
 */
#include "compositor.h"
#include "dm/runtime.h"
#include "font_8x16.h"

#define TEXT_LINES   24
#define TEXT_COLUMNS 120
#define CHAR_WIDTH   8
#define CHAR_HEIGHT  16
#define TEXT_COLOUR  0xd0d0d0

static char text[TEXT_LINES][TEXT_COLUMNS];
static u32 text_count;

void text_add(const char *line)
{
	u32 column = 0;

	if (text_count == TEXT_LINES) {
		memmove(text[0], text[1], sizeof(text) - sizeof(text[0]));
		text_count--;
	}
	for (; line[column] && column < TEXT_COLUMNS; column++)
		text[text_count][column] = line[column];
	for (; column < TEXT_COLUMNS; column++)
		text[text_count][column] = ' ';
	text_count++;
}

struct rect text_rect(void)
{
	return (struct rect){ 0, 0, TEXT_COLUMNS * CHAR_WIDTH, text_count * CHAR_HEIGHT };
}

void text_compose(u32 x, u32 y, u32 count, u32 *out)
{
	u32 row = y / CHAR_HEIGHT;

	if (row >= text_count)
		return;
	for (u32 i = 0; i < count && (x + i) / CHAR_WIDTH < TEXT_COLUMNS; i++) {
		u8 c = (u8)text[row][(x + i) / CHAR_WIDTH];

		if (font_8x16[c][y % CHAR_HEIGHT] & 0x80 >> (x + i) % CHAR_WIDTH)
			out[i] = TEXT_COLOUR;
	}
}
