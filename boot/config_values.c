/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The values of oriel.conf: one function a kind of value, each storing what it has checked.
 * Every refusal names the key and says what would have been right.
 */
#include "boot/config_parser.h"

#define MIN_WIDTH  64
#define MAX_WIDTH  7680
#define MAX_HEIGHT 4320

static int bad_value(struct parser *p, const char *expected)
{
	return config_fail(p, "bad value for '", p->key, "': ", expected, NULL);
}

static void store(char *out, size_t size, struct text value)
{
	out[0] = '\0';
	text_append(out, size, value);
}

/* The index of value in names, or count. */
static u32 choose(struct text value, const char *const *names, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (text_is(value, names[i]))
			break;
	return i;
}

static bool parse_size(struct text value, u32 *width, u32 *height)
{
	struct text w = text_split(&value, 'x');
	u64 x, y;

	if (!text_number(w, MAX_WIDTH, &x) || !text_number(value, MAX_HEIGHT, &y) ||
	    x < MIN_WIDTH || y < MIN_WIDTH)
		return false;
	*width = (u32)x;
	*height = (u32)y;
	return true;
}

int value_screen_mode(struct parser *p, struct text value, u64 arg)
{
	(void)arg;
	if (text_is(value, "native"))
		return 0; /* as the defaults have it */
	if (!parse_size(value, &p->config->screen_width, &p->config->screen_height))
		return bad_value(p, "native, or a size from 64x64 to 7680x4320");
	return 0;
}

int value_layout(struct parser *p, struct text value, u64 arg)
{
	static const char *const names[] = {
		[LAYOUT_TILES] = "tiles",
		[LAYOUT_FULL] = "full",
		[LAYOUT_PIP] = "pip",
	};

	(void)arg;
	p->config->layout = choose(value, names, ARRAY_SIZE(names));
	if (p->config->layout == ARRAY_SIZE(names))
		return bad_value(p, "tiles, full or pip");
	return 0;
}

int value_refresh(struct parser *p, struct text value, u64 arg)
{
	u64 hz = 0;

	(void)arg;
	if (!text_is(value, "off") && !text_number(value, 240, &hz))
		return bad_value(p, "off, or 1 to 240 (Hz)");
	p->config->refresh = (u32)hz;
	return 0;
}

int value_serial(struct parser *p, struct text value, u64 arg)
{
	static const char *const names[] = { "com1", "com2", "com3", "com4" };
	static const u16 ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
	u64 baud = 115200;
	u32 port;

	(void)arg;
	p->config->serial_port = 0;
	if (text_is(value, "off"))
		return 0;
	port = choose(text_trim(text_split(&value, ',')), names, ARRAY_SIZE(names));
	if (port == ARRAY_SIZE(names) ||
	    (value.at && !text_number(text_trim(value), 115200, &baud)) || baud < 300 ||
	    115200 % baud)
		return bad_value(p, "off, or com1 to com4 and a rate, as in com1,115200");
	p->config->serial_port = ports[port];
	p->config->serial_baud = (u32)baud;
	return 0;
}

static bool parse_ipv4(struct text value, u8 *out)
{
	u64 octet;
	u32 i;

	for (i = 0; i < 4; i++) {
		if (!value.at || !text_number(text_split(&value, '.'), 255, &octet))
			return false;
		out[i] = (u8)octet;
	}
	return !value.at;
}

static u32 ipv4_word(const u8 *a)
{
	return (u32)a[0] << 24 | (u32)a[1] << 16 | (u32)a[2] << 8 | a[3];
}

/* Whether address is one that a host in its network may have, and gateway another such. */
static bool ipv4_usable(const struct config *c)
{
	u32 host_mask = 0xffffffffu >> c->net_prefix;
	u32 address = ipv4_word(c->net_address), gateway = ipv4_word(c->net_gateway);
	u32 host = address & host_mask, way = gateway & host_mask;

	return c->net_address[0] != 0 && c->net_address[0] != 127 && c->net_address[0] < 224 &&
	       host != 0 && host != host_mask && way != 0 && way != host_mask &&
	       address != gateway && (address & ~host_mask) == (gateway & ~host_mask);
}

int value_address(struct parser *p, struct text value, u64 arg)
{
	struct config *c = p->config;
	struct text part;
	u64 prefix;

	(void)arg;
	p->network_line = p->line;
	if (text_is(value, "off"))
		return 0;
	if (text_is(value, "dhcp")) {
		c->net_mode = NET_DHCP;
		return 0;
	}
	c->net_mode = NET_STATIC;
	part = text_trim(text_split(&value, ','));
	if (!parse_ipv4(text_split(&part, '/'), c->net_address) ||
	    !text_number(part, 30, &prefix) || prefix < 8 ||
	    !parse_ipv4(text_trim(value), c->net_gateway))
		return bad_value(p, "off, dhcp, or ADDRESS/PREFIX,GATEWAY");
	c->net_prefix = (u32)prefix;
	if (!ipv4_usable(c))
		return bad_value(p, "address and gateway must be two hosts of one network");
	return 0;
}

int value_tcp_port(struct parser *p, struct text value, u64 arg)
{
	u64 port = 0;

	/* The highest VNC port is the configured one plus the number of the last guest. */
	if (!text_is(value, "off") && (!text_number(value, 65535 - MAX_VMS, &port) || port == 0))
		return bad_value(p, "off, or 1 to 65527");
	*(u16 *)(void *)((u8 *)p->config + arg) = (u16)port;
	return 0;
}

int value_password(struct parser *p, struct text value, u64 arg)
{
	(void)arg;
	if (value.len == 0 || value.len >= sizeof(p->config->password))
		return bad_value(p, "1 to 63 characters");
	store(p->config->password, sizeof(p->config->password), value);
	return 0;
}

/* A size with K, M or G behind it; false when it is none, or more than `most`. */
static bool parse_bytes(struct text value, u64 most, u64 *bytes)
{
	u64 shift = 0;

	if (value.len) {
		switch (value.at[value.len - 1]) {
		case 'K':
			shift = 10;
			break;
		case 'M':
			shift = 20;
			break;
		case 'G':
			shift = 30;
			break;
		}
		value.len -= shift != 0;
	}
	if (!text_number(value, most >> shift, bytes))
		return false;
	*bytes <<= shift;
	return true;
}

int value_memory(struct parser *p, struct text value, u64 arg)
{
	bool ram = arg == offsetof(struct vm_config, memory);
	u64 bytes;

	if (!parse_bytes(value, ram ? MAX_GUEST_MEMORY : MAX_GPU_MEMORY, &bytes) ||
	    bytes < MIB(2) || (bytes & (LARGE_PAGE_SIZE - 1)))
		return bad_value(p, ram ? "2M to 24G, a multiple of 2M (as in 512M or 2G)"
					: "2M to 1G, a multiple of 2M (as in 256M)");
	*(u64 *)(void *)((u8 *)p->vm + arg) = bytes;
	return 0;
}

int value_vram(struct parser *p, struct text value, u64 arg)
{
	u64 bytes;

	(void)arg;
	if (!parse_bytes(value, MAX_VRAM, &bytes) || bytes < MIN_VRAM || (bytes & (bytes - 1)))
		return bad_value(p, "4M, 8M, 16M, 32M or 64M");
	p->vm->vram = bytes;
	return 0;
}

int value_vm_number(struct parser *p, struct text value, u64 arg)
{
	static const struct {
		u64 key, most;
		const char *expected;
	} limits[] = {
		{ offsetof(struct vm_config, cpus), MAX_VM_CPUS, "1 to 8" },
		{ offsetof(struct vm_config, heads), 16, "1 to 16" },
		{ offsetof(struct vm_config, gpu_entries), MAX_GPU_ENTRIES, "1 to 65536" },
	};
	u32 i = 0;
	u64 n;

	while (limits[i].key != arg)
		i++;
	if (!text_number(value, limits[i].most, &n) || n == 0)
		return bad_value(p, limits[i].expected);
	*(u32 *)(void *)((u8 *)p->vm + arg) = (u32)n;
	return 0;
}

/* A relative path of FAT names: no empty, "." or ".." part, none of the characters FAT forbids. */
static bool path_valid(struct text value)
{
	static const char forbidden[] = "\\:*?\"<>|";
	struct text part;
	size_t i, k;

	while (value.at) {
		part = text_split(&value, '/');
		if (part.len == 0 || part.at[part.len - 1] == '.' || text_is(part, ".."))
			return false;
		for (i = 0; i < part.len; i++)
			for (k = 0; k < sizeof(forbidden); k++)
				if (part.at[i] == forbidden[k] || (u8)part.at[i] >= 0x7f)
					return false;
	}
	return true;
}

int value_file(struct parser *p, struct text value, u64 arg)
{
	struct config_files *files = p->files;
	struct config_file *f;
	u32 i;

	if (value.len == 0 || value.len >= sizeof(f->name) || !path_valid(value))
		return bad_value(p,
				 "a file's name, relative, 1 to 63 characters, '/' between parts");
	for (i = 0; i < files->count; i++)
		if (text_is(value, files->file[i].name))
			break;
	if (i == files->count) {
		if (i == MAX_FILES)
			return config_fail(p, "more than 48 files", NULL);
		f = &files->file[files->count++];
		store(f->name, sizeof(f->name), value);
		store(f->key, sizeof(f->key), text_of(p->key));
		f->line = p->line;
	}
	*(u32 *)(void *)((u8 *)p->vm + arg) = i;
	return 0;
}

int value_cmdline(struct parser *p, struct text value, u64 arg)
{
	(void)arg;
	if (value.len >= sizeof(p->vm->cmdline))
		return bad_value(p, "at most 1023 characters");
	store(p->vm->cmdline, sizeof(p->vm->cmdline), value);
	return 0;
}

int value_display(struct parser *p, struct text value, u64 arg)
{
	static const char *const names[] = {
		[DISPLAY_VIRTIO_VGA] = "virtio-vga",
		[DISPLAY_VIRTIO_GPU] = "virtio-gpu",
		[DISPLAY_BOCHS] = "bochs",
		[DISPLAY_NONE] = "none",
	};

	(void)arg;
	p->vm->display = choose(value, names, ARRAY_SIZE(names));
	if (p->vm->display == ARRAY_SIZE(names))
		return bad_value(p, "virtio-vga, virtio-gpu, bochs or none");
	return 0;
}

int value_size(struct parser *p, struct text value, u64 arg)
{
	(void)arg;
	if (!parse_size(value, &p->vm->width, &p->vm->height))
		return bad_value(p, "a size from 64x64 to 7680x4320, as in 1024x768");
	return 0;
}

int value_input(struct parser *p, struct text value, u64 arg)
{
	static const char *const names[] = { "ps2", "tablet", "keyboard" };
	static const u32 bits[] = { INPUT_PS2, INPUT_TABLET, INPUT_KEYBOARD };
	u32 i;

	(void)arg;
	p->vm->input = 0;
	if (text_is(value, "none"))
		return 0;
	while (value.at) {
		i = choose(text_trim(text_split(&value, ',')), names, ARRAY_SIZE(names));
		if (i == ARRAY_SIZE(names) || (p->vm->input & bits[i]))
			return bad_value(p, "none, or some of ps2,tablet,keyboard");
		p->vm->input |= bits[i];
	}
	return 0;
}

/* arg: the offset of a u32 in struct vm_config */
int value_flag(struct parser *p, struct text value, u64 arg)
{
	u32 *flag = (u32 *)((u8 *)p->vm + arg);

	*flag = text_is(value, "yes");
	if (!*flag && !text_is(value, "no"))
		return bad_value(p, "yes or no");
	return 0;
}
