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
	u32 row = y / CHAR_HEIGHT, end = MIN(x + count, TEXT_COLUMNS * CHAR_WIDTH), next;

	if (row >= text_count)
		return;
	for (u32 at = x; at < end; at = next) {
		u8 c = (u8)text[row][at / CHAR_WIDTH];
		u32 bits = font_8x16[c][y % CHAR_HEIGHT];

		next = MIN(at - at % CHAR_WIDTH + CHAR_WIDTH, end);
		for (u32 i = at; bits && i < next; i++)
			if (bits & 0x80 >> i % CHAR_WIDTH)
				out[i - x] = TEXT_COLOUR;
	}
}
