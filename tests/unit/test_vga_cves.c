/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: tests/unit/vga_stubs.c tests/unit/dm_stubs.c dm/devices/vga_bochs.c */
/* sources: dm/devices/edid.c dm/devices/monitors.c */

/*
 * Holes that other display models have had, on the VGA's side, and the test that would see each
 * here. Tests without a file's name are in this one.
 *
 *   defect				test
 *   offset taken for an index, so that	test_dispi: has_its_registers_in_the_bar
 *     the write to ENABLE is lost
 *   BAR window without the port base	test_vga: has_the_ports_in_its_bar
 *   "<=" bounds of the EDID		the_edid_ends_where_it_ends
 *   text and planes drawn from past	text_stays_in_the_planes,
 *     the 256 KiB			test_vga: addresses_wrap_within_the_planes,
 *					fonts_and_cursors_stay_in_plane_2
 *   reset leaves something behind	test_vga: reset_leaves_nothing_behind,
 *					test_gpu: driver_reset_forgets_all, vga_modes: takeover
 *   unknown formats taken		unknown_depths_are_eight_bits
 *
 *   CVE-2014-3615 old memory shown	test_vga: a_raised_mode_shows_nothing_old,
 *     after a mode is raised		a_raised_bochs_mode_shows_nothing_old
 *   CVE-2016-3710 bank window bounds	test_dispi: the_bank_window_stays_in_vram
 *   CVE-2016-3712 VGA registers edited	test_dispi: registers_of_the_other_mode_do_no_harm,
 *     in a bochs mode			a_bochs_mode_ends_with_no_bounds_left
 *   CVE-2016-9921 division by zero	test_vga: any_geometry_is_drawn,
 *     geometry				test_dispi: no_picture_reaches_out_of_vram
 *   CVE-2017-13672 lines drawn from	test_vga: addresses_wrap_within_the_planes,
 *     past video memory		the_line_drawn_last_wraps
 *   CVE-2017-13673 dirty region of a	damage_stays_in_a_split_picture
 *     line compare
 *   CVE-2018-5683 text out of bounds	text_stays_in_the_planes
 *   CVE-2020-13800 register that	no_register_leads_to_itself
 *     accesses itself by an index
 *   CVE-2021-3638, CVE-2020-12829	test_vga: takes_string_moves_in_one (there is no
 *     blit overflow			blitter; blocks of REP MOVS are what copies)
 *   CVE-2020-28346 guest address not	test_vga: refuses_moves_that_reach_out
 *     checked
 *   CVE-2021-3750 DMA into own		moves_within_the_window_end; queues: test_virtq:
 *     registers			refuses_bad_addresses
 *
 * The virtio side is in test_gpu.c and test_virtq.c. The stubs abort when a picture or damage
 * reaches out of its memory, the address sanitizer when a byte does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dm/bus.h"
#include "dm/devices.h"
#include "dm/devices/edid.h"
#include "vga_stubs.h"

int bus_add_pci(struct dm_device *dev, const struct pci_template *t)
{
	(void)dev;
	assert_int_equal(t->bars[0].size, vga_world.vram_size);
	return 0;
}

/* Every size at every offset: bytes of the EDID, then zeros, and at 0x3ff nothing of the ports. */
static void the_edid_ends_where_it_ends(void **state)
{
	static struct vm_config config = { .width = 5120, .height = 2880, .heads = 1 };
	static u8 kept[4096], edid[EDID_MAX];
	struct dm_device dev = { .vm = &vga_world.vm, .state = kept };
	u32 used = 0;

	(void)state;
	assert_true(bochs_ops.state_size <= sizeof(kept));
	vga_world.vm.config = &config;
	assert_int_equal(bochs_ops.create(&dev), 0);
	bochs_ops.reset(&dev);
	for (u32 size = 1; size <= 8; size *= 2) {
		for (u32 at = 0; at < 0x400; at++) {
			struct dm_access a = { .addr = at,
					       .value = ~0ULL,
					       .count = 1,
					       .size = (u8)size,
					       .space = IOREQ_PCI_BAR,
					       .bar = 2 };

			bochs_ops.access(&dev, &a);
			if (size == 1 && at < EDID_MAX)
				edid[at] = (u8)a.value;
			for (u32 i = 0; i < size; i++)
				assert_int_equal(a.value >> (8 * i) & 0xff,
						 at + i < EDID_MAX ? edid[at + i] : 0);
		}
	}
	for (u32 i = 0; i < EDID_MAX; i++)
		used = edid[i] ? i : used;
	assert_true(used > 0x100);
}

/* All of memory but the planes is lit: nothing of it may be seen. */
static void text_stays_in_the_planes(void **state)
{
	static const u8 starts[] = { 0x00, 0x7f, 0xff };

	(void)state;
	memset(vga_world.vram, 0, VGA_MEMORY_SIZE);
	memset(vga_world.vram + VGA_MEMORY_SIZE, 0xff, STUB_VRAM - VGA_MEMORY_SIZE);
	vga_crtc(0x11, 0);
	vga_crtc(0x07, 0xff); /* as many rows as there can be, of one line each */
	vga_crtc(0x12, 0xff);
	vga_crtc(0x01, 0xff);
	vga_crtc(0x09, 0x00);
	vga_crtc(0x13, 0xff);
	vga_crtc(0x18, 0xff);
	vga_crtc(0x0a, 0x20);
	for (u32 i = 0; i < 27; i++) {
		vga_crtc(0x0c, starts[i % 3]);
		vga_crtc(0x0d, starts[i / 3 % 3]);
		vga_crtc(0x14, i < 9 ? 0x00 : i < 18 ? 0x40 : 0x60);
		vga_crtc(0x17, (u8)(i * 0x25));
		vga_seq(3, (u8)(i * 0x15));
		vga_frame();
		for (u32 y = 0; y < vga_world.surface.height; y += 3)
			for (u32 x = 0; x < vga_world.surface.width; x++)
				assert_int_equal(vga_pixel(x, y), 0);
	}
}

static void unknown_depths_are_eight_bits(void **state)
{
	static const u16 depths[] = { 1, 2, 7, 9, 17, 33, 48, 64, 0x8020, 0xffff };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(depths); i++) {
		vga_dispi_mode(640, 480, depths[i], 0x41);
		assert_int_equal(vga_world.surface.format, PIXEL_INDEX8);
		assert_int_equal(vga_world.surface.stride, 640);
	}
}

/* CVE-2014-3615 */
static void a_raised_bochs_mode_shows_nothing_old(void **state)
{
	(void)state;
	vga_dispi_mode(640, 480, 32, 0x41);
	memset(vga_world.vram, 0xee, STUB_VRAM);
	vga_dispi_mode(1600, 1200, 32, 0x41);
	for (u32 i = 0; i < 1600 * 1200; i++)
		assert_int_equal(vga_world_cells()[i], 0);
	memset(vga_world.vram, 0xee, VGA_MEMORY_SIZE * 2);
	vga_dispi_mode(1600, 1200, 4, 0x41);
	for (u32 i = 0; i < 1600 / 8 * 1200; i++)
		assert_int_equal(vga_world_cells()[i], 0);
}

/* CVE-2016-3712: what a bochs mode allowed is not what the VGA mode after it may touch. */
static void a_bochs_mode_ends_with_no_bounds_left(void **state)
{
	(void)state;
	vga_set_planar();
	vga_dispi_mode(3840, 2160, 4, 0xc1);
	vga_dispi(DISPI_BANK, 0xffff);
	vga_dispi(DISPI_VIRT_WIDTH, 0xffff);
	vga_dispi(DISPI_Y_OFFSET, 0xffff);
	vga_frame();
	vga_dispi(DISPI_ENABLE, 0);
	memset(vga_world.vram, 0, VGA_MEMORY_SIZE);
	memset(vga_world.vram + VGA_MEMORY_SIZE, 0x77, VGA_MEMORY_SIZE);
	vga_gfx(6, 5);
	vga_stos(0xa0000, 0xff, 1, 65536);
	for (u32 i = 0; i < VGA_CELLS; i++) {
		assert_int_equal(vga_world_cells()[i], 0xffffffff);
		assert_int_equal(vga_world_cells()[VGA_CELLS + i], 0x77777777);
	}
	vga_frame();
	assert_int_equal(vga_world.surface.width, 640);
}

/* CVE-2017-13672: the last line begins at the last cell. */
static void the_line_drawn_last_wraps(void **state)
{
	(void)state;
	vga_set_planar();
	memset(vga_world.vram + VGA_MEMORY_SIZE, 0xff, VGA_MEMORY_SIZE);
	vga_crtc(0x0c, (0x10000 - 479 * 80 - 1) >> 8);
	vga_crtc(0x0d, (0x10000 - 479 * 80 - 1) & 0xff);
	vga_attr(0x13, 7);
	vga_world_cells()[0xffff] = 0x000000ff;
	vga_world_cells()[0] = 0x0000ff00;
	vga_world.vga.full = true;
	vga_frame();
	assert_int_equal(vga_pixel(0, 479), vga_world.vga.colours[1]);
	assert_int_equal(vga_pixel(1, 479), vga_world.vga.colours[2]);
	for (u32 x = 9; x < 640; x++)
		assert_int_equal(vga_pixel(x, 479), 0);
}

/* CVE-2017-13673: each line compare, with memory changing on both sides of the split. */
static void damage_stays_in_a_split_picture(void **state)
{
	(void)state;
	vga_set_planar();
	vga_crtc(0x0c, 0x80);
	for (u32 line = 0; line < 0x400; line += 13) {
		vga_crtc(0x18, (u8)line);
		vga_crtc(0x07, (u8)(0x2e | (line >> 8 & 1) << 4));
		vga_crtc(0x09, (u8)(line >> 9 << 6 | (line % 3 ? 0 : 0x80)));
		vga_frame();
		vga_world.damage = (struct rect){ 0 };
		vga_stos(0xa0000, line % 255 + 1, 1, 80);
		vga_stos(0xa8000, line % 255 + 1, 1, 80);
		vga_stos(0xafff0, line % 255 + 1, 1, 16);
		vga_frame();
		if (line + 1 < 480) /* both parts begin with what was written */
			assert_true(vga_world.damage.y == 0 && vga_world.damage.height > line + 1);
	}
}

/* CVE-2020-13800: every access of BAR 2 ends, an index register that names itself included. */
static void no_register_leads_to_itself(void **state)
{
	(void)state;
	for (u32 value = 0; value < 0x20; value++) {
		for (u32 at = 0x400; at < 0x700; at++) {
			for (u8 size = 1; size <= 8; size = (u8)(size * 2)) {
				vga_bar_write(at, size, value * 0x0101010101010101);
				vga_bar_read(at, size);
			}
		}
		vga_frame();
	}
	vga_dispi(DISPI_ENABLE, 0);
	vga_dispi(1, 1);
	assert_int_equal(vga_dispi_read(1), 1);
}

/* CVE-2021-3750: a copy from the window into the window, whichever way it is mapped. */
static void moves_within_the_window_end(void **state)
{
	(void)state;
	for (u32 i = 0; i < 8; i++) {
		if (i & 1)
			vga_set_13h();
		else
			vga_set_planar();
		vga_gfx(6, (u8)(1 | i / 2 << 2));
		vga_peek(0xa0000);
		vga_movs(0xa0000, 0xa0001, 1, 4096);
		vga_movs(0xbf000, 0xa8000, 8, 512);
		vga_movs(0xa7fff, 0xb7fff, 2, 2048);
		vga_frame();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, vga_setup, vga_teardown)
		TEST(the_edid_ends_where_it_ends),
		TEST(text_stays_in_the_planes),
		TEST(unknown_depths_are_eight_bits),
		TEST(a_raised_bochs_mode_shows_nothing_old),
		TEST(a_bochs_mode_ends_with_no_bounds_left),
		TEST(the_line_drawn_last_wraps),
		TEST(damage_stays_in_a_split_picture),
		TEST(no_register_leads_to_itself),
		TEST(moves_within_the_window_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
