/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: dm/devices/vga.c dm/devices/vga_regs.c dm/devices/vga_memory.c */
/* sources: dm/devices/vga_window.c dm/devices/vga_mode.c dm/devices/vga_lines.c */
/* sources: dm/devices/vga_present.c dm/devices/dispi.c */

/* See vga_stubs.h. */
#include "vga_stubs.h"
#include "dm/bus.h"
#include "dm/hypercall.h"
#include <stdlib.h>
#include <string.h>

struct vga_world vga_world;
const struct dm_info *dm_info = &vga_world.info;

static struct vga_world *const w = &vga_world;

/* ---- around the model */
u64 time_now(void)
{
	return w->now;
}

u64 time_from_us(u64 us)
{
	return us;
}

void *vm_vram(const struct dm_vm *vm, u64 *size)
{
	(void)vm;
	*size = w->vram_size;
	return w->vram;
}

void *vm_ram(const struct dm_vm *vm, gpa_t gpa, u64 len)
{
	(void)vm;
	return len && range_within(gpa, len, sizeof(w->ram)) ? w->ram + gpa : NULL;
}

int bus_add_ports(struct dm_device *dev, u16 base, u16 count)
{
	(void)dev;
	return (u32)base + count > 0x10000;
}

int bus_add_mmio(struct dm_device *dev, gpa_t base, u64 len)
{
	(void)dev;
	return base != GUEST_LEGACY_BASE || len != GUEST_LEGACY_SIZE;
}

int hc_vram_window(u32 vm, gpa_t gpa, u64 offset, u64 len)
{
	(void)vm;
	if (len && ((gpa | offset | len) % PAGE_SIZE ||
		    !range_inside(gpa, len, GUEST_LEGACY_BASE, GUEST_LEGACY_SIZE) ||
		    !range_within(offset, len, w->vram_size + VRAM_HIDDEN_SIZE)))
		abort();
	w->window_gpa = gpa;
	w->window_offset = offset;
	w->window_len = len;
	w->maps += len != 0;
	return 0;
}

int hc_vram_watch(u32 vm, bool on)
{
	(void)vm;
	w->watched = on;
	return 0;
}

int hc_vram_dirty(u32 vm, u64 offset, u64 len, u64 *bitmap)
{
	(void)vm;
	if ((offset | len) % PAGE_SIZE ||
	    !range_within(offset, len, w->vram_size + VRAM_HIDDEN_SIZE))
		abort();
	w->dirty_calls++;
	memset(bitmap, 0, (len / PAGE_SIZE + 63) / 64 * 8);
	for (u64 i = 0; i < len / PAGE_SIZE; i++) {
		u64 page = offset / PAGE_SIZE + i;

		if (w->dirty[page / 64] & BIT(page % 64))
			bitmap[i / 64] |= BIT(i % 64);
		w->dirty[page / 64] &= ~BIT(page % 64);
	}
	return 0;
}

void display_set(struct dm_vm *vm, u32 head, const struct surface *surface)
{
	(void)vm;
	(void)head;
	w->surface = surface ? *surface : (struct surface){ 0 };
	w->sets++;
	if (surface && !range_within(surface->offset,
				     (u64)(surface->height - 1) * surface->stride +
					     (u64)surface->width * pixels_size(surface->format),
				     surface->pieces->len))
		abort();
}

void display_damage(struct dm_vm *vm, u32 head, const struct rect *r)
{
	u32 right = MAX(w->damage.x + w->damage.width, r->x + r->width);
	u32 bottom = MAX(w->damage.y + w->damage.height, r->y + r->height);

	(void)vm;
	(void)head;
	if (!rect_within(r, w->surface.width, w->surface.height) || rect_empty(r))
		abort();
	if (rect_empty(&w->damage)) {
		w->damage = *r;
	} else {
		w->damage.x = MIN(w->damage.x, r->x);
		w->damage.y = MIN(w->damage.y, r->y);
		w->damage.width = right - w->damage.x;
		w->damage.height = bottom - w->damage.y;
	}
	w->damages++;
}

/* ---- the world */
void vga_world_start_small(u64 vram_size)
{
	u8 *kept = w->vram_size == vram_size ? w->vram : NULL;

	if (kept)
		w->vram = NULL;
	vga_world_stop();
	w->vram_size = vram_size;
	w->vram = kept ? kept : malloc(vram_size + VRAM_HIDDEN_SIZE);
	memset(w->vram, 0xa5, vram_size + VRAM_WINDOW_SIZE);
	w->info.tsc_hz = 1000000;
	w->info.config.refresh = 60;
	w->dev.vm = &w->vm;
	vga_bind(&w->vga, &w->dev, &w->state);
	if (vga_register(&w->vga))
		abort();
	vga_reset(&w->vga);
	vga_show(&w->vga, true);
}

void vga_world_start(void)
{
	vga_world_start_small(STUB_VRAM);
}

void vga_world_stop(void)
{
	free(w->vram);
	memset(w, 0, sizeof(*w));
}

int vga_setup(void **state)
{
	(void)state;
	vga_world_start();
	return 0;
}

int vga_teardown(void **state)
{
	(void)state;
	vga_world_stop();
	return 0;
}

bool vga_world_restart(void)
{
	vga_bind(&w->vga, &w->dev, &w->state);
	if (!vga_adopt(&w->vga))
		return false;
	vga_show(&w->vga, true);
	return true;
}

/* ---- the guest */
static u64 guest_access(struct dm_access a)
{
	if (!a.write)
		a.value = ~0ULL;
	vga_access(&w->vga, &a);
	return a.size == 8 ? a.value : a.value & (BIT(8 * a.size) - 1);
}

u32 vga_in(u16 port, u8 size)
{
	return (u32)guest_access(
		(struct dm_access){ .addr = port, .count = 1, .size = size, .space = IOREQ_PIO });
}

void vga_out(u16 port, u8 size, u32 value)
{
	guest_access((struct dm_access){ .addr = port,
					 .value = value,
					 .count = 1,
					 .size = size,
					 .space = IOREQ_PIO,
					 .write = true });
}

static u8 *mapped(u32 address)
{
	if (!range_inside(address, 1, w->window_gpa, w->window_len))
		return NULL;
	return w->vram + w->window_offset + (address - w->window_gpa);
}

u8 vga_peek(u32 address)
{
	u8 *p = mapped(address);

	return p ? *p
		 : (u8)guest_access((struct dm_access){
			   .addr = address, .count = 1, .size = 1, .space = IOREQ_MMIO });
}

void vga_poke(u32 address, u8 value)
{
	u8 *p = mapped(address);
	u64 page;

	if (!p) {
		vga_stos(address, value, 1, 1);
		return;
	}
	*p = value;
	page = (u64)(p - w->vram) / PAGE_SIZE;
	w->dirty[page / 64] |= BIT(page % 64);
}

void vga_stos(u32 address, u32 value, u8 size, u32 count)
{
	guest_access((struct dm_access){ .addr = address,
					 .value = value,
					 .count = count,
					 .size = size,
					 .space = IOREQ_MMIO,
					 .write = true });
}

void vga_movs(u32 to, u32 from, u8 size, u32 count)
{
	guest_access((struct dm_access){ .addr = to,
					 .from = from,
					 .count = count,
					 .size = size,
					 .space = IOREQ_MMIO,
					 .write = true,
					 .block = true });
}

u64 vga_bar_read(u32 offset, u8 size)
{
	return guest_access((struct dm_access){
		.addr = offset, .count = 1, .size = size, .space = IOREQ_PCI_BAR, .bar = 2 });
}

void vga_bar_write(u32 offset, u8 size, u64 value)
{
	guest_access((struct dm_access){ .addr = offset,
					 .value = value,
					 .count = 1,
					 .size = size,
					 .space = IOREQ_PCI_BAR,
					 .bar = 2,
					 .write = true });
}

void vga_seq(u8 index, u8 value)
{
	vga_out(0x3c4, 2, (u32)value << 8 | index);
}

void vga_gfx(u8 index, u8 value)
{
	vga_out(0x3ce, 2, (u32)value << 8 | index);
}

void vga_crtc(u8 index, u8 value)
{
	vga_out(0x3d4, 2, (u32)value << 8 | index);
}

void vga_attr(u8 index, u8 value)
{
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, index);
	vga_out(0x3c0, 1, value);
	vga_in(0x3da, 1);
	vga_out(0x3c0, 1, 0x20);
}

void vga_dispi(u16 index, u16 value)
{
	vga_out(0x1ce, 2, index);
	vga_out(0x1cf, 2, value);
}

u16 vga_dispi_read(u16 index)
{
	vga_out(0x1ce, 2, index);
	return (u16)vga_in(0x1cf, 2);
}

void vga_dispi_mode(u16 width, u16 height, u16 bpp, u16 enable)
{
	vga_dispi(DISPI_ENABLE, 0);
	vga_dispi(DISPI_XRES, width);
	vga_dispi(DISPI_YRES, height);
	vga_dispi(DISPI_BPP, bpp);
	vga_dispi(DISPI_ENABLE, enable);
	vga_frame();
}

void vga_frame(void)
{
	w->now = MAX(w->now + 16667, w->vga.deadline == DM_NO_DEADLINE ? 0 : w->vga.deadline);
	memset(&w->damage, 0, sizeof(w->damage));
	w->damages = 0;
	vga_timer(&w->vga);
}

u32 vga_pixel(u32 x, u32 y)
{
	u32 pixel;

	if (x >= w->surface.width || y >= w->surface.height)
		abort();
	memcpy(&pixel,
	       w->surface.pieces->base + w->surface.offset + (u64)y * w->surface.stride + 4 * x, 4);
	return pixel & 0xffffff;
}

static void set_mode(u8 seq_4, u8 gfx_5, const u8 *crtc)
{
	vga_out(0x3c2, 1, 0xe3);
	vga_seq(1, 1);
	vga_seq(2, 0xf);
	vga_seq(4, 6);
	vga_gfx(5, 0);
	vga_gfx(6, 5);
	vga_stos(0xa0000, 0, 1, 65536);
	vga_seq(4, seq_4);
	vga_gfx(5, gfx_5);
	vga_crtc(0x11, 0);
	for (u8 i = 0; i < 25; i++)
		vga_crtc(i, crtc[i]);
	vga_attr(0x10, gfx_5 ? 0x41 : 0x01);
	vga_attr(0x13, 0);
	for (u32 i = 0; i < 256; i++) {
		vga_out(0x3c8, 1, i);
		vga_out(0x3c9, 1, i & 0x3f);
		vga_out(0x3c9, 1, i >> 2);
		vga_out(0x3c9, 1, 0);
	}
	for (u8 i = 0; i < 16; i++)
		vga_attr(i, i);
	vga_frame();
}

void vga_set_planar(void)
{
	static const u8 crtc[25] = { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0,
				     0x40, 0x20, 0,    0,    0,	   0,	 0,    0xea, 0x0c,
				     0xdf, 0x28, 0,    0xe7, 0x04, 0xe3, 0xff };

	set_mode(6, 0, crtc);
}

void vga_set_13h(void)
{
	static const u8 crtc[25] = { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0,
				     0x41, 0x20, 0,    0,    0,	   0,	 0,    0x9c, 0x0e,
				     0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff };

	set_mode(0xe, 0x40, crtc);
}
