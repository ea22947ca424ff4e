/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * A DRM card used through plain ioctls: mode, dumb buffers, flips, damage, cursor. What a guest's
 * display driver is asked to do in the tests goes through here. All functions give 0 or -errno.
 */
#ifndef LINUX_CARD_H
#define LINUX_CARD_H

#include <stddef.h>
#include <stdint.h>

#include <drm.h>
#include <drm_mode.h>

/* 32-bit pixels, XRGB8888 (for cursors ARGB8888). */
struct picture {
	uint32_t *pixels;
	uint32_t width, height;
	uint32_t stride; /* pixels a line */
	uint32_t handle;
	uint32_t fb; /* 0: none (plain memory, or a cursor) */
};

struct card {
	int fd;
	int fenced; /* the driver is virtio_gpu: card_settle can wait for the device */
	uint32_t crtc, connector;
	struct drm_mode_modeinfo mode;
};

/* Opens /dev/dri/card0 and picks its first connector, which must be connected, and the mode of that
 * size; -ENOENT when it offers no such mode. width 0: the preferred mode. */
int card_open(struct card *c, uint32_t width, uint32_t height);
/* Picks another connector of an open card, and the CRTC of the same number; -ENODEV when there is
 * none. */
int card_head(struct card *c, uint32_t head, uint32_t width, uint32_t height);
/* A dumb buffer, mapped and black. with_fb: also a framebuffer object for it. */
int card_create(const struct card *c, uint32_t width, uint32_t height, int with_fb,
		struct picture *p);
/* Sets the mode with this picture. */
int card_show(const struct card *c, const struct picture *p);
/* Page flip, and waits for its event; -ETIMEDOUT after five seconds. */
int card_flip(const struct card *c, const struct picture *p);
/* Tells that the rectangle of the picture changed. */
int card_dirty(const struct card *c, const struct picture *p, uint32_t x, uint32_t y,
	       uint32_t width, uint32_t height);
int card_cursor_show(const struct card *c, const struct picture *p); /* NULL hides it */
int card_cursor_move(const struct card *c, int x, int y);
/* Waits until the device has carried out everything it was sent (where the driver can tell). */
int card_settle(const struct card *c);

#endif
