/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: test_http */

/* Several clients of the HTTP server at once. Of each step the first byte chooses what happens to
 * which client; bytes to be sent follow their number. */
#include "http_world.h"
#include "dm/net/http_internal.h"
#include "dm/net/picture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void step(int client, u32 what, const u8 *data, size_t len)
{
	switch (what) {
	case 0:
		world_connect();
		break;
	case 1:
	case 2:
		world_send(client, data, len);
		break;
	case 3:
		world_acknowledge(client, (u32)len * 37);
		break;
	case 4:
		world_end(client);
		break;
	case 5:
		world_lose(client);
		break;
	case 6:
		world_generation++;
		world_no_memory = len & 1;
		break;
	default:
		world_pass(len << 12);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool begun;

	if (!begun)
		world_start();
	begun = true;
	world_say(world_connect(), "GET /screen.png HTTP/1.1\r\n"
				   "Authorization: Basic b3JpZWw6c2VjcmV0\r\n");
	while (len >= 2) {
		size_t n = data[1] < len - 2 ? data[1] : len - 2;

		step(data[0] >> 3 & 7, data[0] & 7, data + 2, n);
		/* Only what was sent has been read. */
		n = (data[0] & 7) == 1 || (data[0] & 7) == 2 ? n : 0;
		data += 2 + n;
		len -= 2 + n;
	}
	world_no_memory = false;
	for (int i = 0; i < WORLD_CLIENTS; i++)
		world_lose(i);
	if (http_open_connections() || picture_held())
		abort();
	return 0;
}
