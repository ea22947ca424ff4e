/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/vga_stubs.c */

/* The input is a list of steps of 8 bytes: ports, memory, frames, restarts; or, with its first bit
 * set, it begins as the state that a restart finds. The stubs abort when anything reaches out of
 * VRAM or the surface. */
#include "vga_stubs.h"
#include <stdint.h>
#include <string.h>

#define STEPS_MAX 400

struct step {
	u8 what, size, value8, index;
	u32 at;
};
_Static_assert(sizeof(struct step) == 8, "steps are read from bytes");

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

/* As the owner does. */
static void frame(void)
{
	if (vga_takes_over(&vga_world.vga))
		vga_show(&vga_world.vga, true);
	vga_frame();
}

static void step_run(const struct step *s)
{
	static const u16 indexed[] = { 0x3c4, 0x3ce, 0x3d4, 0x3b4 };

	switch (s->what % 12) {
	case 0:
		vga_out((u16)(0x3b0 + s->at % 0x30), (u8)(1u << s->size % 3), s->value8);
		break;
	case 1:
		vga_in((u16)(0x3b0 + s->at % 0x30), (u8)(1u << s->size % 3));
		break;
	case 2:
	case 3:
		vga_out(indexed[s->at % 4], 2, (u32)s->value8 << 8 | s->index);
		break;
	case 4:
		vga_attr(s->index % 32, s->value8);
		break;
	case 5:
	case 6:
		vga_poke(0xa0000 + s->at % 0x20000, s->value8);
		break;
	case 7:
		vga_peek(0xa0000 + s->at % 0x20000);
		break;
	case 8:
		if (s->index & 1) {
			u32 window = 0xa0000 + s->at % 0x20000, ram = s->at / 0x20000;

			vga_movs(s->index & 2 ? window : ram,
				 s->index & 4	? window ^ s->value8
				 : s->index & 2 ? ram
						: window,
				 (u8)(1u << s->size % 4), s->value8);
			break;
		}
		vga_stos((0xa0000 + s->at % 0x20000) & ~7u, s->at, (u8)(1u << s->size % 4),
			 s->value8);
		break;
	case 9:
		vga_dispi(s->index % 12, (u16)s->at);
		break;
	case 10:
		if (s->size & 1)
			vga_bar_write(0x400 + s->at % 0x300, (u8)(1u << s->size / 2 % 4),
				      s->value8);
		else
			vga_bar_read(0x400 + s->at % 0x300, (u8)(1u << s->size / 2 % 4));
		break;
	default:
		if (s->value8 == 1)
			(void)vga_world_restart();
		else if (s->value8 == 2)
			vga_reset(&vga_world.vga);
		else if (s->value8 == 3)
			vga_show(&vga_world.vga, !vga_world.vga.shown);
		else if (s->value8 == 4)
			vga_written(&vga_world.vga);
		else if (s->value8 == 5)
			(void)vga_yield(&vga_world.vga);
		else
			frame();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct step s;

	vga_world_start_small(KIB(512));
	if (len > sizeof(struct vga_state) && data[0] & 1) {
		memcpy(&vga_world.state, data, sizeof(struct vga_state));
		if (!vga_world_restart())
			vga_reset(&vga_world.vga);
		data += sizeof(struct vga_state);
		len -= sizeof(struct vga_state);
	}
	for (size_t at = 0, n = 0; len - at >= sizeof(s) && n < STEPS_MAX; at += sizeof(s), n++) {
		memcpy(&s, data + at, sizeof(s));
		step_run(&s);
	}
	vga_frame();
	return 0;
}
