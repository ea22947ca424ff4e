/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* See card.h. Interfaces: linux/include/uapi/drm/{drm,drm_mode,virtgpu_drm}.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_fourcc.h>
#include <virtgpu_drm.h>

#include "card.h"

#define MAX_OBJECTS	16
#define MAX_MODES	64
#define CONNECTED	1
#define FLIP_TIMEOUT_MS 5000
#define TEXTURE_2D	2 /* PIPE_TEXTURE_2D of the virgl protocol */
#define FORMAT_BGRX	2 /* VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM */

static uint64_t address(const void *p)
{
	return (uintptr_t)p;
}

static int card_ioctl(const struct card *c, unsigned long request, void *arg)
{
	while (ioctl(c->fd, request, arg) < 0) {
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int find_mode(struct card *c, const struct drm_mode_modeinfo *modes, uint32_t count,
		     uint32_t width, uint32_t height)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!width || (modes[i].hdisplay == width && modes[i].vdisplay == height)) {
			c->mode = modes[i];
			return 0;
		}
	}
	return -ENOENT;
}

static int use_connector(struct card *c, uint32_t id, uint32_t width, uint32_t height)
{
	struct drm_mode_modeinfo modes[MAX_MODES];
	struct drm_mode_get_connector get = { .connector_id = id };
	int rc = card_ioctl(c, DRM_IOCTL_MODE_GETCONNECTOR, &get); /* probes, gives the counts */

	if (rc)
		return rc;
	if (get.connection != CONNECTED || get.count_modes == 0)
		return -ENODEV;
	memset(&get, 0, sizeof(get));
	get.connector_id = id;
	get.count_modes = MAX_MODES;
	get.modes_ptr = address(modes);
	rc = card_ioctl(c, DRM_IOCTL_MODE_GETCONNECTOR, &get);
	if (rc)
		return rc;
	c->connector = id;
	return find_mode(c, modes, get.count_modes < MAX_MODES ? get.count_modes : MAX_MODES, width,
			 height);
}

static void check_driver(struct card *c)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	c->fenced =
		card_ioctl(c, DRM_IOCTL_VERSION, &version) == 0 && strcmp(name, "virtio_gpu") == 0;
}

int card_open(struct card *c, uint32_t width, uint32_t height)
{
	memset(c, 0, sizeof(*c));
	c->fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	check_driver(c);
	return card_head(c, 0, width, height);
}

int card_head(struct card *c, uint32_t head, uint32_t width, uint32_t height)
{
	uint32_t crtcs[MAX_OBJECTS], connectors[MAX_OBJECTS];
	struct drm_mode_card_res res = {
		.crtc_id_ptr = address(crtcs),
		.connector_id_ptr = address(connectors),
		.count_crtcs = MAX_OBJECTS,
		.count_connectors = MAX_OBJECTS,
	};
	int rc = card_ioctl(c, DRM_IOCTL_MODE_GETRESOURCES, &res);

	if (rc)
		return rc;
	if (head >= res.count_crtcs || head >= res.count_connectors || head >= MAX_OBJECTS)
		return -ENODEV;
	c->crtc = crtcs[head];
	return use_connector(c, connectors[head], width, height);
}

static int add_fb(const struct card *c, struct picture *p, uint32_t pitch)
{
	struct drm_mode_fb_cmd2 add = {
		.width = p->width,
		.height = p->height,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.handles = { p->handle },
		.pitches = { pitch },
	};
	int rc = card_ioctl(c, DRM_IOCTL_MODE_ADDFB2, &add);

	p->fb = add.fb_id;
	return rc;
}

int card_create(const struct card *c, uint32_t width, uint32_t height, int with_fb,
		struct picture *p)
{
	struct drm_mode_create_dumb create = { .width = width, .height = height, .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };
	int rc = card_ioctl(c, DRM_IOCTL_MODE_CREATE_DUMB, &create);

	if (rc)
		return rc;
	memset(p, 0, sizeof(*p));
	p->width = width;
	p->height = height;
	p->stride = create.pitch / 4;
	p->handle = create.handle;
	if (with_fb) {
		rc = add_fb(c, p, create.pitch);
		if (rc)
			return rc;
	}
	map.handle = create.handle;
	rc = card_ioctl(c, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (rc)
		return rc;
	p->pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd,
			 (off_t)map.offset);
	if (p->pixels == MAP_FAILED)
		return -errno;
	memset(p->pixels, 0, create.size);
	return 0;
}

int card_show(const struct card *c, const struct picture *p)
{
	struct drm_mode_crtc set = {
		.crtc_id = c->crtc,
		.fb_id = p->fb,
		.set_connectors_ptr = address(&c->connector),
		.count_connectors = 1,
		.mode = c->mode,
		.mode_valid = 1,
	};

	return card_ioctl(c, DRM_IOCTL_MODE_SETCRTC, &set);
}

int card_flip(const struct card *c, const struct picture *p)
{
	struct drm_mode_crtc_page_flip flip = {
		.crtc_id = c->crtc,
		.fb_id = p->fb,
		.flags = DRM_MODE_PAGE_FLIP_EVENT,
	};
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };
	struct drm_event_vblank event;
	int rc = card_ioctl(c, DRM_IOCTL_MODE_PAGE_FLIP, &flip);

	if (rc)
		return rc;
	rc = poll(&ready, 1, FLIP_TIMEOUT_MS);
	if (rc <= 0)
		return rc ? -errno : -ETIMEDOUT;
	if (read(c->fd, &event, sizeof(event)) != sizeof(event))
		return -EIO;
	return event.base.type == DRM_EVENT_FLIP_COMPLETE ? 0 : -EIO;
}

int card_dirty(const struct card *c, const struct picture *p, uint32_t x, uint32_t y,
	       uint32_t width, uint32_t height)
{
	struct drm_clip_rect clip = {
		.x1 = (unsigned short)x,
		.y1 = (unsigned short)y,
		.x2 = (unsigned short)(x + width),
		.y2 = (unsigned short)(y + height),
	};
	struct drm_mode_fb_dirty_cmd dirty = {
		.fb_id = p->fb,
		.num_clips = 1,
		.clips_ptr = address(&clip),
	};

	return card_ioctl(c, DRM_IOCTL_MODE_DIRTYFB, &dirty);
}

int card_cursor_show(const struct card *c, const struct picture *p)
{
	struct drm_mode_cursor cursor = {
		.flags = DRM_MODE_CURSOR_BO,
		.crtc_id = c->crtc,
		.handle = p ? p->handle : 0,
		.width = p ? p->width : 0,
		.height = p ? p->height : 0,
	};

	return card_ioctl(c, DRM_IOCTL_MODE_CURSOR, &cursor);
}

int card_cursor_move(const struct card *c, int x, int y)
{
	struct drm_mode_cursor cursor = {
		.flags = DRM_MODE_CURSOR_MOVE,
		.crtc_id = c->crtc,
		.x = x,
		.y = y,
	};

	return card_ioctl(c, DRM_IOCTL_MODE_CURSOR, &cursor);
}

/*
 * The control queue is served in order, so a wait for a new resource's first transfer is a wait
 * for everything before it. (The wait's own fence rides on the transfer.)
 */
int card_settle(const struct card *c)
{
	struct drm_virtgpu_resource_create create = {
		.target = TEXTURE_2D,
		.format = FORMAT_BGRX,
		.width = 8,
		.height = 8,
		.depth = 1,
		.array_size = 1,
		.size = 4096,
	};
	struct drm_virtgpu_3d_transfer_to_host transfer = { .box = { .w = 8, .h = 8, .d = 1 } };
	struct drm_virtgpu_3d_wait wait = { 0 };
	struct drm_gem_close done = { 0 };
	int rc;

	if (!c->fenced)
		return 0;
	rc = card_ioctl(c, DRM_IOCTL_VIRTGPU_RESOURCE_CREATE, &create);
	if (rc)
		return rc;
	transfer.bo_handle = create.bo_handle;
	wait.handle = create.bo_handle;
	done.handle = create.bo_handle;
	rc = card_ioctl(c, DRM_IOCTL_VIRTGPU_TRANSFER_TO_HOST, &transfer);
	if (rc == 0)
		rc = card_ioctl(c, DRM_IOCTL_VIRTGPU_WAIT, &wait);
	card_ioctl(c, DRM_IOCTL_GEM_CLOSE, &done);
	return rc;
}
