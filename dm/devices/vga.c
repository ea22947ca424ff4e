/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Binding of the VGA model, its power-on state, adoption, and dispatch of accesses to ports, the
 * legacy window and BAR 2.
 *
 * Power-on is what a BIOS would leave behind, the 80x25 text mode with a font loaded, so that
 * software started without one can write text at 0xb8000 at once.
 */
#include "vga_internal.h"
#include "dm/bus.h"
#include "dm/hypercall.h"
#include "font_8x16.h"

#define PORT_FIRST    0x3b0
#define PORT_LAST     0x3df
#define PORT_MONO_END 0x3bc /* 0x3bc-0x3bf are a printer's */
#define BAR_PORTS_LEN 0x20
#define QEXT_SIZE     8
#define QEXT_LITTLE   0x1e1e1e1e
#define QEXT_BIG      0xbebebebe
#define BLANK_CELL    0x0720 /* a space, light grey on black */

u64 vga_frame_ticks(void)
{
	u32 refresh = dm_info->config.refresh;

	return time_from_us(1000000 / (refresh ? refresh : 60));
}

void vga_touch(struct vga *vga)
{
	vga->changed = true;
	if (vga->shown)
		vga->deadline = MIN(vga->deadline, time_now() + vga_frame_ticks());
}

/* ---- Drawing while not shown */

void vga_watch(struct vga *vga)
{
	bool on = !vga->shown && vga->takes_at == DM_NO_DEADLINE && vga_is_linear(vga);

	if (vga->vram)
		(void)hc_vram_watch(vga->dev->vm->index, on);
}

/* From the first time on, so that a picture that takes long to draw is seen meanwhile. */
static void drawn(struct vga *vga)
{
	if (vga->shown || vga->takes_at != DM_NO_DEADLINE)
		return;
	vga->takes_at = vga->deadline = time_now() + time_from_us(VGA_SILENCE_US);
}

void vga_written(struct vga *vga)
{
	drawn(vga);
}

bool vga_takes_over(struct vga *vga)
{
	if (vga->shown || time_now() < vga->takes_at)
		return false;
	vga->takes_at = DM_NO_DEADLINE;
	vga->state->taken = 1;
	return true;
}

bool vga_yield(struct vga *vga)
{
	bool taken = vga->state->taken;

	vga->state->taken = 0;
	if (!vga->shown && vga->takes_at != DM_NO_DEADLINE) {
		vga->takes_at = vga->deadline = DM_NO_DEADLINE;
		vga_watch(vga);
	}
	return taken;
}

void vga_bind(struct vga *vga, struct dm_device *dev, struct vga_state *state)
{
	u64 size = 0;
	u8 *vram = vm_vram(dev->vm, &size);

	memset(vga, 0, sizeof(*vga));
	vga->dev = dev;
	vga->state = state;
	vga->deadline = vga->takes_at = DM_NO_DEADLINE;
	vga->cursor_cell = ~0u;
	vga->full = true;
	dispi_bind(&vga->dispi, dev->vm, &state->dispi);
	vga->dispi.palette = vga->palette;
	if (!vram || size < VGA_MEMORY_SIZE)
		return;
	vga->vram = vram;
	vga->vram_size = size;
	vga->window = vram + size;
	vga->pixels = (u32 *)(void *)(vram + size + VRAM_WINDOW_SIZE);
	vga->piece = (struct piece){ (const u8 *)vga->pixels, VRAM_HIDDEN_SIZE - VRAM_WINDOW_SIZE };
}
_Static_assert(VRAM_HIDDEN_SIZE - VRAM_WINDOW_SIZE >= 4 * VGA_MAX_WIDTH * VGA_MAX_HEIGHT,
	       "the largest VGA picture has room behind the VRAM");

int vga_register(struct vga *vga)
{
	int rc = bus_add_ports(vga->dev, PORT_FIRST, PORT_MONO_END - PORT_FIRST);

	if (!rc)
		rc = bus_add_ports(vga->dev, 0x3c0, PORT_LAST + 1 - 0x3c0);
	if (!rc)
		rc = bus_add_ports(vga->dev, DISPI_PORT, DISPI_PORT_COUNT);
	if (!rc)
		rc = bus_add_mmio(vga->dev, LEGACY_BASE, LEGACY_SIZE);
	return rc;
}

/* ---- Power-on */

/* Mode 3 as the IBM VGA BIOS sets it: 720x400, 9x16 characters. */
static const u8 text_seq[] = { 0x03, 0x00, 0x03, 0x00, 0x02 };
static const u8 text_crtc[] = {
	0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x2d, 0x0e, 0x00,
	0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
};
static const u8 text_gfx[] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x0f, 0xff };
static const u8 text_attr[] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
	0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00,
};

/* The EGA's 64 colours: a bit of two thirds and a bit of one third for each part. */
static void reset_dac(struct vga_state *s)
{
	for (u32 i = 0; i < 64; i++) {
		s->dac[i][0] = (u8)((i >> 2 & 1) * 42 + (i >> 5 & 1) * 21);
		s->dac[i][1] = (u8)((i >> 1 & 1) * 42 + (i >> 4 & 1) * 21);
		s->dac[i][2] = (u8)((i & 1) * 42 + (i >> 3 & 1) * 21);
	}
	s->dac_mask = 0xff;
}

static void reset_memory(struct vga *vga)
{
	u32 *cells = vga_cells(vga);

	memset(vga->vram, 0, vga->vram_size);
	for (u32 i = 0; i < VGA_CELLS / 2; i += 2)
		cells[i] = BLANK_CELL;
	for (u32 c = 0; c < 256; c++)
		for (u32 line = 0; line < 16; line++)
			cells[c * 32 + line] |= (u32)font_8x16[c][line] << 16;
}

void vga_reset(struct vga *vga)
{
	struct vga_state *s = vga->state;

	vga_window_reset(vga);
	memset(s, 0, sizeof(*s));
	dispi_reset(&vga->dispi);
	memcpy(s->seq, text_seq, sizeof(text_seq));
	memcpy(s->crtc, text_crtc, sizeof(text_crtc));
	memcpy(s->gfx, text_gfx, sizeof(text_gfx));
	memcpy(s->attr, text_attr, sizeof(text_attr));
	s->misc = 0x67;
	s->enable = 1;
	s->attr_index = ATTR_SCREEN;
	reset_dac(s);
	if (vga->vram)
		reset_memory(vga);
	vga->full = true;
	vga_touch(vga);
}

bool vga_adopt(struct vga *vga)
{
	if (!dispi_adopt(&vga->dispi))
		return false;
	vga_window_adopt(vga);
	vga->full = true;
	vga_watch(vga);
	return true;
}

/* ---- Accesses */

static void ports(struct vga *vga, struct dm_access *a, u16 port)
{
	u64 value = 0;

	for (u32 n = a->write ? a->count : 1; n; n--) {
		for (u32 i = 0; i < a->size; i++) {
			u16 at = (u16)(port + i);

			if (a->write)
				vga_port_write(vga, at, (u8)(a->value >> (8 * i)));
			else
				value |= (u64)vga_port_read(vga, at) << (8 * i);
		}
	}
	if (!a->write)
		a->value = value;
}

static u64 legacy_read(struct vga *vga, u32 at, u32 size)
{
	u64 value = 0;

	for (u32 i = 0; i < size && at + i < LEGACY_SIZE; i++)
		value |= (u64)vga_mem_read(vga, at + i) << (8 * i);
	return value;
}

static void legacy_write(struct vga *vga, u32 at, u32 size, u64 value)
{
	for (u32 i = 0; i < size && at + i < LEGACY_SIZE; i++)
		vga_mem_write(vga, at + i, (u8)(value >> (8 * i)));
}

static bool in_legacy(gpa_t gpa, u64 len)
{
	return range_inside(gpa, len, LEGACY_BASE, LEGACY_SIZE);
}

/* A part of REP MOVS. Element by element: what a latch holds depends on it. */
static void move(struct vga *vga, const struct dm_access *a)
{
	u64 len = (u64)a->count * a->size;
	u8 *to = in_legacy(a->addr, len) ? NULL : vm_ram(vga->dev->vm, a->addr, len);
	u8 *from = in_legacy(a->from, len) ? NULL : vm_ram(vga->dev->vm, a->from, len);

	if ((!to && !in_legacy(a->addr, len)) || (!from && !in_legacy(a->from, len)))
		return;
	for (u32 i = 0; i < len; i += a->size) {
		u64 value = 0;

		if (from)
			memcpy(&value, from + i, a->size);
		else
			value = legacy_read(vga, (u32)(a->from - LEGACY_BASE) + i, a->size);
		if (to)
			memcpy(to + i, &value, a->size);
		else
			legacy_write(vga, (u32)(a->addr - LEGACY_BASE) + i, a->size, value);
	}
}

static void store(struct vga *vga, const struct dm_access *a)
{
	u32 at = (u32)(a->addr - LEGACY_BASE);
	u64 len = (u64)a->count * a->size;

	for (u32 i = 0; i < MIN(len, LEGACY_SIZE - at); i += a->size)
		legacy_write(vga, at + i, a->size, a->value);
}

static void memory(struct vga *vga, struct dm_access *a)
{
	if (a->block)
		move(vga, a);
	else if (a->write)
		store(vga, a);
	else
		a->value = legacy_read(vga, (u32)(a->addr - LEGACY_BASE), a->size);
	if (a->write) {
		vga_touch(vga);
		drawn(vga);
	}
	if (vga->shown)
		vga_window_use(vga);
}

static void dispi_changed(struct vga *vga)
{
	vga->full = true;
	vga_window_update(vga);
	vga_touch(vga);
	if (!vga->shown && dispi_enabled(&vga->dispi))
		drawn(vga);
}

/* Registers of 16 bits, one or two at a time. */
static void bar_dispi(struct vga *vga, struct dm_access *a)
{
	u32 index = (u32)(a->addr - VGA_BAR_DISPI) / 2;
	u64 value = 0;

	if ((a->addr & 1) || (a->size != 2 && a->size != 4))
		return;
	for (u32 i = 0; i < a->size / 2u; i++) {
		if (!a->write)
			value |= (u64)dispi_read(&vga->dispi, index + i) << (16 * i);
		else if (dispi_write(&vga->dispi, index + i, (u16)(a->value >> (16 * i))))
			dispi_changed(vga);
	}
	if (!a->write)
		a->value = value;
}

static void bar_qext(struct vga *vga, struct dm_access *a)
{
	u8 *big = &vga->state->big_endian;
	bool endian = a->addr == VGA_BAR_QEXT + 4;

	if (a->size != 4 || (!endian && a->addr != VGA_BAR_QEXT))
		return;
	if (!a->write) {
		a->value = endian ? (*big ? QEXT_BIG : QEXT_LITTLE) : QEXT_SIZE;
	} else if (endian && ((u32)a->value == QEXT_BIG || (u32)a->value == QEXT_LITTLE)) {
		*big = (u32)a->value == QEXT_BIG;
		dispi_changed(vga);
	}
}

static bool bar(struct vga *vga, struct dm_access *a)
{
	if (range_inside(a->addr, a->size, VGA_BAR_PORTS, BAR_PORTS_LEN))
		ports(vga, a, (u16)(0x3c0 + (a->addr - VGA_BAR_PORTS)));
	else if (range_inside(a->addr, a->size, VGA_BAR_DISPI, 2 * DISPI_COUNT))
		bar_dispi(vga, a);
	else if (range_inside(a->addr, a->size, VGA_BAR_QEXT, QEXT_SIZE))
		bar_qext(vga, a);
	else
		return a->addr >= VGA_BAR_PORTS && a->addr < VGA_BAR_QEXT + 0x100;
	return true;
}

static bool pio(struct vga *vga, struct dm_access *a)
{
	if (range_inside(a->addr, 1, DISPI_PORT, DISPI_PORT_COUNT)) {
		if (dispi_port(&vga->dispi, a))
			dispi_changed(vga);
	} else if (range_inside(a->addr, 1, PORT_FIRST, PORT_LAST + 1 - PORT_FIRST)) {
		ports(vga, a, (u16)a->addr);
	} else {
		return false;
	}
	return true;
}

bool vga_access(struct vga *vga, struct dm_access *a)
{
	if (a->space == IOREQ_PIO)
		return pio(vga, a);
	if (a->space == IOREQ_PCI_BAR)
		return a->bar == 2 && bar(vga, a);
	if (!a->block && !in_legacy(a->addr, a->size))
		return false;
	memory(vga, a);
	return true;
}
