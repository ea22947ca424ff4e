/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* zlib's compressor; see zstream.h. No state of its own. */
#include "zstream.h"
#include "dm/runtime.h"

static void *take(void *stream, uInt items, uInt size)
{
	struct zstream *s = stream;
	size_t want = ALIGN_UP((size_t)items * size, 16);
	void *memory = s->memory + s->taken;

	if (want > sizeof(s->memory) - s->taken)
		return NULL;
	s->taken += want;
	return memory;
}

/* All is given back by the next zstream_begin(). */
static void give(void *stream, void *memory)
{
	(void)stream, (void)memory;
}

void zstream_begin(struct zstream *s, int level)
{
	s->z = (z_stream){ .zalloc = take, .zfree = give, .opaque = s };
	s->taken = 0;
	if (deflateInit2(&s->z, level, Z_DEFLATED, ZSTREAM_WINDOW_BITS, ZSTREAM_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		dm_die("zlib needs more than %zu bytes", sizeof(s->memory));
}

/* Whether there is room over tells whether zlib has written all it would: its manual, deflate(). */
int zstream_add(struct zstream *s, const void *data, size_t len, int flush, u8 **to, const u8 *end)
{
	s->z.next_in = data;
	s->z.avail_in = (uInt)len;
	s->z.next_out = *to;
	s->z.avail_out = (uInt)(end - *to);
	(void)deflate(&s->z, flush);
	*to = s->z.next_out;
	return s->z.avail_out ? 0 : -ENOMEM;
}
