/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The bochs display interface over the guest's VRAM (BAR 0): the registers at ports 0x1ce (index)
 * and 0x1cf/0x1d0 (data), and 16 bits each at BAR 2 + 0x500. Linear modes of 8, 15, 16, 24 and 32
 * bits a pixel; modes of 4 bits are planar and drawn by the VGA model.
 */
#ifndef DM_DEVICES_DISPI_H
#define DM_DEVICES_DISPI_H

#include "dm/display/display.h"

#define DISPI_PORT	 0x1ce
#define DISPI_PORT_COUNT 3
#define DISPI_MAX_WIDTH	 3840
#define DISPI_MAX_HEIGHT 2160

enum dispi_index {
	DISPI_ID,
	DISPI_XRES,
	DISPI_YRES,
	DISPI_BPP,
	DISPI_ENABLE,
	DISPI_BANK,
	DISPI_VIRT_WIDTH,
	DISPI_VIRT_HEIGHT,
	DISPI_X_OFFSET,
	DISPI_Y_OFFSET,
	DISPI_MEMORY_64K,
	DISPI_COUNT
};
enum dispi_enable {
	DISPI_ENABLED = 1,
	DISPI_GETCAPS = 2,
	DISPI_8BIT_DAC = 0x20,
	DISPI_LFB = 0x40,
	DISPI_NOCLEAR = 0x80
};

struct dispi_state { /* in the state region; any values are safe */
	u16 index;
	u16 regs[DISPI_COUNT];
};

struct dispi {
	struct dispi_state *state;
	struct dm_vm *vm;
	struct piece vram;
	const u32 *palette; /* 256 colours for modes of 8 bits; NULL: those show nothing */
};

/* Binds the model to its state and to the guest's VRAM; no register changes. */
void dispi_bind(struct dispi *d, struct dm_vm *vm, struct dispi_state *state);
void dispi_reset(struct dispi *d);
/* Whether the state found after a restart makes sense. */
bool dispi_adopt(struct dispi *d);
u16 dispi_read(const struct dispi *d, u32 index);
/* True when what is shown, or where the bank window lies, may have changed. */
bool dispi_write(struct dispi *d, u32 index, u16 value);
/* An access to one of the ports; result as of dispi_write. */
bool dispi_port(struct dispi *d, struct dm_access *access);
/* What the registers show; false when nothing, or a planar mode. Never reaches out of VRAM. */
bool dispi_surface(const struct dispi *d, struct surface *surface);

bool dispi_enabled(const struct dispi *d);
/* Bits a pixel; 8 for what the interface does not have. */
u32 dispi_bpp(const struct dispi *d);
/* Size as shown, in pixels: what fits into VRAM. Width 0: no line fits. */
void dispi_size(const struct dispi *d, u32 *width, u32 *height);
/* Pixels a line in memory, and the shown part's place. */
u32 dispi_virtual_width(const struct dispi *d);
void dispi_offset(const struct dispi *d, u32 *x, u32 *y);
/* The bank window's place in VRAM, in bytes (planar modes: in cells). */
u64 dispi_bank(const struct dispi *d);

#endif
