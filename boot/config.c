/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel.conf: sections, keys and their checks. One table of keys says which section takes which
 * key and which function checks its value; config_values.c holds those functions. Anything that
 * is not understood is an error with its line: a screen hypervisor that starts with half of its
 * configuration is worse than one that says why it does not start.
 *
 * Form: one `key = value` or `[section]` a line; ';' and '#' begin a comment at the start of a
 * line or after a blank; CR LF and a UTF-8 byte order mark are accepted.
 *
 * Debian's libinih was considered: it is compiled against libc (stdio, locale) and so does not
 * link into a UEFI program; it also cuts long lines instead of refusing them.
 */
#include "boot/config_parser.h"

struct key {
	const char *section; /* "vm": each [vm NAME] */
	const char *name;
	value_fn *check;
	u64 arg; /* for check: a file key's offset in struct vm_config, a port key's in struct
		    config */
};

static const struct key keys[] = {
	{ "screen", "mode", value_screen_mode, 0 },
	{ "screen", "layout", value_layout, 0 },
	{ "screen", "refresh", value_refresh, 0 },
	{ "console", "serial", value_serial, 0 },
	{ "network", "address", value_address, 0 },
	{ "network", "http", value_tcp_port, offsetof(struct config, http_port) },
	{ "network", "vnc", value_tcp_port, offsetof(struct config, vnc_port) },
	{ "network", "password", value_password, 0 },
	{ "vm", "memory", value_memory, offsetof(struct vm_config, memory) },
	{ "vm", "vram", value_vram, 0 },
	{ "vm", "gpu_memory", value_memory, offsetof(struct vm_config, gpu_memory) },
	{ "vm", "gpu_entries", value_vm_number, offsetof(struct vm_config, gpu_entries) },
	{ "vm", "cpus", value_vm_number, offsetof(struct vm_config, cpus) },
	{ "vm", "heads", value_vm_number, offsetof(struct vm_config, heads) },
	{ "vm", "kernel", value_file, offsetof(struct vm_config, kernel) },
	{ "vm", "initrd", value_file, offsetof(struct vm_config, initrd) },
	{ "vm", "firmware", value_file, offsetof(struct vm_config, firmware) },
	{ "vm", "option_rom", value_file, offsetof(struct vm_config, option_rom) },
	{ "vm", "disk", value_file, offsetof(struct vm_config, disk) },
	{ "vm", "cdrom", value_file, offsetof(struct vm_config, cdrom) },
	{ "vm", "cmdline", value_cmdline, 0 },
	{ "vm", "display", value_display, 0 },
	{ "vm", "size", value_size, 0 },
	{ "vm", "input", value_input, 0 },
	{ "vm", "log_serial", value_flag, offsetof(struct vm_config, log_serial) },
	{ "vm", "virtio_console", value_flag, offsetof(struct vm_config, virtio_console) },
};

_Static_assert(ARRAY_SIZE(keys) <= 64, "struct parser keeps the keys seen in one word");

int config_fail(struct parser *p, ...)
{
	const char *part;
	va_list parts;

	p->err->line = p->line;
	p->err->reason[0] = '\0';
	va_start(parts, p);
	while ((part = va_arg(parts, const char *)) != NULL)
		text_append(p->err->reason, sizeof(p->err->reason), text_of(part));
	va_end(parts);
	return -EINVAL;
}

/* The slice as a string for a message, cut to what a message can hold. */
static const char *quote(struct parser *p, struct text t)
{
	p->quoted[0] = '\0';
	text_append(p->quoted, sizeof(p->quoted), t);
	return p->quoted;
}

static void vm_defaults(struct vm_config *vm)
{
	vm->memory = MIB(512);
	vm->cpus = 1;
	vm->display = DISPLAY_VIRTIO_VGA;
	vm->width = 1024;
	vm->height = 768;
	vm->heads = 1;
	vm->gpu_entries = 16384;
	vm->input = INPUT_PS2;
	vm->kernel = vm->initrd = vm->firmware = FILE_NONE;
	vm->option_rom = vm->disk = vm->cdrom = FILE_NONE;
}

static void clear(void *object, size_t len)
{
	u8 *byte = object;

	while (len--)
		*byte++ = 0;
}

static void config_defaults(struct config *c)
{
	clear(c, sizeof(*c));
	c->layout = LAYOUT_TILES;
	c->refresh = 60;
	c->serial_port = 0x3f8;
	c->serial_baud = 115200;
	c->net_mode = NET_OFF;
	c->http_port = 80;
	c->vnc_port = 5900;
}

static bool name_valid(struct text name)
{
	size_t i;

	if (name.len == 0 || name.len >= sizeof(((struct vm_config *)0)->name))
		return false;
	for (i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return !text_is(name, "screen");
}

static int vm_begin(struct parser *p, struct text name)
{
	struct config *c = p->config;
	u32 i;

	if (!name_valid(name))
		return config_fail(p, "bad guest name '", quote(p, name),
				   "': 1 to 31 of a-z 0-9 _ -, and not 'screen'", NULL);
	for (i = 0; i < c->vm_count; i++)
		if (text_is(name, c->vms[i].name))
			return config_fail(p, "there is already a guest '", quote(p, name), "'",
					   NULL);
	if (c->vm_count == MAX_VMS)
		return config_fail(p, "more than 8 guests", NULL);
	p->vm = &c->vms[c->vm_count++];
	vm_defaults(p->vm);
	text_append(p->vm->name, sizeof(p->vm->name), name);
	p->vm->line = p->line;
	return 0;
}

/* The device domain's memory for the guest's pictures: what is asked for, or room for four on each
 * head, as far as that is sensible. */
static int gpu_memory_set(struct parser *p, struct vm_config *vm)
{
	u64 pictures = 16ULL * vm->width * vm->height * vm->heads;

	if (vm->display != DISPLAY_VIRTIO_VGA && vm->display != DISPLAY_VIRTIO_GPU)
		return vm->gpu_memory ? config_fail(p, "[vm ", vm->name,
						    "] has gpu_memory, but no virtio display", NULL)
				      : 0;
	if (!vm->gpu_memory)
		vm->gpu_memory = MIN(MAX(ALIGN_UP(pictures, MIB(2)), MIB(32)), MIB(256));
	p->gpu_memory += vm->gpu_memory;
	if (p->gpu_memory > MAX_GPU_MEMORY_TOTAL)
		return config_fail(p, "[vm ", vm->name,
				   "] takes gpu_memory of all guests together past 3G", NULL);
	return 0;
}

/* The VGA's memory, where there is a VGA. */
static int vram_set(struct parser *p, struct vm_config *vm)
{
	bool vga = vm->display == DISPLAY_VIRTIO_VGA || vm->display == DISPLAY_BOCHS;

	if (vm->vram && !vga)
		return config_fail(p, "[vm ", vm->name, "] has vram, but its display is no VGA",
				   NULL);
	if (!vm->vram && vga)
		vm->vram = MIB(16);
	return 0;
}

/* What can only be said of a guest once its section has ended. */
static int vm_end(struct parser *p)
{
	struct vm_config *vm = p->vm;
	int ret;

	if (!vm)
		return 0;
	p->line = vm->line;
	p->vm = NULL;
	if (vm->kernel == FILE_NONE && vm->firmware == FILE_NONE)
		return config_fail(p, "[vm ", vm->name, "] has neither kernel nor firmware", NULL);
	if (vm->kernel != FILE_NONE && vm->firmware != FILE_NONE)
		return config_fail(p, "[vm ", vm->name, "] has both kernel and firmware", NULL);
	if (vm->kernel == FILE_NONE && (vm->initrd != FILE_NONE || vm->cmdline[0]))
		return config_fail(p, "[vm ", vm->name, "] has initrd or cmdline, but no kernel",
				   NULL);
	if (vm->firmware == FILE_NONE && vm->option_rom != FILE_NONE)
		return config_fail(p, "[vm ", vm->name, "] has option_rom, but no firmware", NULL);
	if (vm->display == DISPLAY_BOCHS && vm->heads != 1)
		return config_fail(p, "[vm ", vm->name, "] display bochs has one head only", NULL);
	ret = vram_set(p, vm);
	return ret ? ret : gpu_memory_set(p, vm);
}

static const char *const sections[] = { "screen", "console", "network" };

static int section_begin(struct parser *p, struct text line)
{
	struct text name = { line.at + 1, line.len - 2 }, kind;
	u32 i, at = p->line;
	int ret;

	ret = vm_end(p);
	if (ret)
		return ret;
	p->line = at;
	p->keys_seen = 0;
	p->section = NULL;
	name = text_trim(name);
	p->label[0] = '\0';
	text_append(p->label, sizeof(p->label), name);
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		if (!text_is(name, sections[i]))
			continue;
		if (p->sections_seen & BIT(i))
			return config_fail(p, "section [", sections[i], "] appears twice", NULL);
		p->sections_seen |= BIT(i);
		p->section = sections[i];
		return 0;
	}
	kind = text_split(&name, ' ');
	if (!text_is(kind, "vm"))
		return config_fail(p, "unknown section [", p->label, "]", NULL);
	p->section = "vm";
	return vm_begin(p, text_trim(name));
}

static int key_set(struct parser *p, struct text name, struct text value)
{
	const struct key *key;
	u32 i;

	if (!p->section)
		return config_fail(p, "key '", quote(p, name), "' stands before any section", NULL);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		key = &keys[i];
		if (!text_is(name, key->name) || !text_is(text_of(p->section), key->section))
			continue;
		if (p->keys_seen & BIT(i))
			return config_fail(p, "key '", key->name, "' appears twice in [", p->label,
					   "]", NULL);
		p->keys_seen |= BIT(i);
		p->key = key->name;
		return key->check(p, value, key->arg);
	}
	return config_fail(p, "unknown key '", quote(p, name), "' in [", p->label, "]", NULL);
}

/* Without the comment, if there is one. */
static struct text comment_strip(struct text line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if ((line.at[i] == ';' || line.at[i] == '#') &&
		    (i == 0 || line.at[i - 1] == ' ' || line.at[i - 1] == '\t'))
			line.len = i;
	return line;
}

static int line_check(struct parser *p, struct text line)
{
	size_t i;

	if (line.len > CONFIG_MAX_LINE)
		return config_fail(p, "line too long", NULL);
	for (i = 0; i < line.len; i++) {
		u8 c = (u8)line.at[i];

		if (c == 0)
			return config_fail(p, "NUL byte: is this a text file?", NULL);
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return config_fail(p, "control character", NULL);
	}
	return 0;
}

static int line_parse(struct parser *p, struct text line)
{
	struct text name;
	int ret;

	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	ret = line_check(p, line);
	if (ret)
		return ret;
	line = text_trim(comment_strip(line));
	if (line.len == 0)
		return 0;
	if (line.at[0] == '[') {
		if (line.len < 2 || line.at[line.len - 1] != ']')
			return config_fail(p, "section without ']'", NULL);
		return section_begin(p, line);
	}
	name = text_trim(text_split(&line, '='));
	if (!line.at)
		return config_fail(p, "expected 'key = value' or '[section]', not '",
				   quote(p, name), "'", NULL);
	return key_set(p, name, text_trim(line));
}

/* What can only be said of the whole file. */
static int config_end(struct parser *p)
{
	const struct config *c = p->config;

	p->line = p->network_line;
	if (c->net_mode == NET_OFF)
		return 0;
	if (c->password[0] == '\0')
		return config_fail(p, "the network is on, but [network] has no password", NULL);
	if (c->http_port && c->vnc_port && c->http_port >= c->vnc_port &&
	    c->http_port - c->vnc_port <= MAX_VMS)
		return config_fail(p, "http lies in the range of ports that vnc uses", NULL);
	return 0;
}

int config_parse(const char *text, size_t len, struct config *out, struct config_files *files,
		 struct config_error *err)
{
	struct parser p = { .config = out, .files = files, .err = err };
	struct text rest = { text, len };
	int ret;

	config_defaults(out);
	clear(files, sizeof(*files));
	clear(err, sizeof(*err));
	if (len > CONFIG_MAX_TEXT)
		return config_fail(&p, "longer than 64 KiB", NULL);
	if (len >= 3 && text[0] == '\xef' && text[1] == '\xbb' && text[2] == '\xbf')
		rest = (struct text){ text + 3, len - 3 };
	while (rest.at) {
		p.line++;
		ret = line_parse(&p, text_split(&rest, '\n'));
		if (ret)
			return ret;
	}
	ret = vm_end(&p);
	return ret ? ret : config_end(&p);
}
