/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: boot/config.c boot/config_values.c boot/text.c */

/* oriel.conf: what is accepted means what it says, and all else is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/config.h"

#define VM "[vm a]\nkernel=k\n"

static struct config config;
static struct config_files files;
static struct config_error error;

/* Parses a copy of exactly len bytes, so that the sanitizer sees any read beyond. */
static int parse(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(&config, 0xa5, sizeof(config));
	ret = config_parse(copy, len, &config, &files, &error);
	free(copy);
	return ret;
}

static void accept_text(const char *text)
{
	if (parse(text, strlen(text))) {
		print_error("line %u: %s\n", error.line, error.reason);
		fail_msg("refused: %s", text);
	}
}

static void refuse_text(const char *text, u32 line, const char *words)
{
	if (!parse(text, strlen(text)))
		fail_msg("accepted: %s", text);
	if (!strstr(error.reason, words))
		fail_msg("'%s' does not say '%s'", error.reason, words);
	assert_int_equal(error.line, line);
}

static void test_defaults(void **state)
{
	const struct vm_config *vm = &config.vms[0];

	(void)state;
	accept_text(VM);
	assert_int_equal(config.screen_width, 0);
	assert_int_equal(config.layout, LAYOUT_TILES);
	assert_int_equal(config.refresh, 60);
	assert_int_equal(config.serial_port, 0x3f8);
	assert_int_equal(config.serial_baud, 115200);
	assert_int_equal(config.net_mode, NET_OFF);
	assert_int_equal(config.http_port, 80);
	assert_int_equal(config.vnc_port, 5900);
	assert_int_equal(config.vm_count, 1);
	assert_string_equal(vm->name, "a");
	assert_int_equal(vm->memory, MIB(512));
	assert_int_equal(vm->cpus, 1);
	assert_int_equal(vm->display, DISPLAY_VIRTIO_VGA);
	assert_int_equal(vm->width, 1024);
	assert_int_equal(vm->height, 768);
	assert_int_equal(vm->heads, 1);
	assert_int_equal(vm->vram, MIB(16));
	assert_int_equal(vm->gpu_memory, MIB(32));
	assert_int_equal(vm->gpu_entries, 16384);
	assert_int_equal(vm->input, INPUT_PS2);
	assert_int_equal(vm->kernel, 0);
	assert_int_equal(vm->initrd, FILE_NONE);
	assert_int_equal(vm->firmware, FILE_NONE);
	assert_int_equal(vm->line, 1);
	assert_int_equal(vm->log_serial, 0);
	assert_int_equal(vm->virtio_console, 0);
	accept_text("");
	assert_int_equal(config.vm_count, 0);
}

static void test_everything(void **state)
{
	const struct vm_config *vm = config.vms;

	(void)state;
	accept_text("\xef\xbb\xbf; comment\r\n"
		    "[screen]\r\n mode = 1280x800 ; comment\r\nlayout=pip\nrefresh\t=\t0\n"
		    "[ console ]\nserial = com2, 9600\n"
		    "[network]\naddress=192.168.1.20/24,192.168.1.1\nhttp=8080\nvnc=off\n"
		    "password=a;b#c\n"
		    "[vm web-1]\nmemory=2G\ncpus=8\nkernel=k\ninitrd=dir/i\n"
		    "cmdline=console=ttyS0 x=\"y\" # comment\ndisplay=virtio-gpu\nsize=800x600\n"
		    "heads=16\ndisk=d.img\ncdrom=x.iso\ninput=ps2, "
		    "tablet,keyboard\nlog_serial=yes\nvirtio_console=yes\n"
		    "[vm bios]\nmemory=64M\nfirmware=b.bin\noption_rom=v.bin\ndisk=d.img\n"
		    "display=bochs\ninput=none\nvram=64M");
	assert_int_equal(config.screen_width, 1280);
	assert_int_equal(config.screen_height, 800);
	assert_int_equal(config.layout, LAYOUT_PIP);
	assert_int_equal(config.refresh, 0);
	assert_int_equal(config.serial_port, 0x2f8);
	assert_int_equal(config.serial_baud, 9600);
	assert_int_equal(config.net_mode, NET_STATIC);
	assert_memory_equal(config.net_address, "\xc0\xa8\x01\x14", 4);
	assert_memory_equal(config.net_gateway, "\xc0\xa8\x01\x01", 4);
	assert_int_equal(config.net_prefix, 24);
	assert_int_equal(config.http_port, 8080);
	assert_int_equal(config.vnc_port, 0);
	assert_string_equal(config.password, "a;b#c");
	assert_int_equal(config.vm_count, 2);
	assert_string_equal(vm[0].cmdline, "console=ttyS0 x=\"y\"");
	assert_int_equal(vm[0].memory, GIB(2));
	assert_int_equal(vm[0].heads, 16);
	assert_int_equal(vm[0].gpu_memory, MIB(118)); /* four pictures for each head */
	assert_int_equal(vm[0].input, INPUT_PS2 | INPUT_TABLET | INPUT_KEYBOARD);
	assert_int_equal(vm[0].log_serial, 1);
	assert_int_equal(vm[0].virtio_console, 1);
	assert_int_equal(vm[1].display, DISPLAY_BOCHS);
	assert_int_equal(vm[0].vram, 0);
	assert_int_equal(vm[1].vram, MIB(64));
	assert_int_equal(vm[1].gpu_memory, 0);
	assert_int_equal(vm[1].input, 0);
	assert_int_equal(vm[1].line, 27);
	assert_int_equal(vm[1].disk, vm[0].disk);
	assert_int_equal(files.count, 6);
	assert_string_equal(files.file[1].name, "dir/i");
	assert_string_equal(files.file[1].key, "initrd");
	assert_int_equal(files.file[1].line, 17);
}

static void test_structure(void **state)
{
	(void)state;
	refuse_text("[screen]\nfoo=1\n", 2, "unknown key 'foo' in [screen]");
	refuse_text(VM "foo=1\n", 3, "unknown key 'foo' in [vm a]");
	refuse_text(VM "mode=native\n", 3, "unknown key 'mode' in [vm a]");
	refuse_text("\n[disk]\n", 2, "unknown section [disk]");
	refuse_text("[screen]\n[screen]\n", 2, "appears twice");
	refuse_text(VM "cpus=1\ncpus=1\n", 4, "'cpus' appears twice in [vm a]");
	refuse_text("cpus=1\n", 1, "before any section");
	refuse_text("[screen\n", 1, "without ']'");
	refuse_text("[", 1, "without ']'");
	refuse_text("[screen]\nmode\n", 2, "expected 'key = value'");
	refuse_text("[screen]\nmode=\n", 2, "bad value for 'mode'");
	refuse_text("[screen]\n\x01\n", 2, "control character");
	assert_int_equal(parse("[screen]\n\0\n", 11), -EINVAL);
	assert_int_equal(error.line, 2);
	assert_non_null(strstr(error.reason, "NUL"));
}

static void test_limits(void **state)
{
	char text[CONFIG_MAX_LINE + 64];
	static char large[CONFIG_MAX_TEXT + 1];

	(void)state;
	memset(text, ' ', sizeof(text));
	assert_int_equal(parse(text, CONFIG_MAX_LINE), 0);
	assert_int_equal(parse(text, CONFIG_MAX_LINE + 1), -EINVAL);
	assert_string_equal(error.reason, "line too long");
	memset(large, '\n', sizeof(large));
	assert_int_equal(parse(large, sizeof(large) - 1), 0);
	assert_int_equal(parse(large, sizeof(large)), -EINVAL);
	assert_int_equal(error.line, 0);

	strcpy(text, VM "cmdline=");
	memset(text + strlen(VM "cmdline="), 'x', 1023);
	text[strlen(VM "cmdline=") + 1023] = '\0';
	accept_text(text);
	assert_int_equal(strlen(config.vms[0].cmdline), 1023);
	strcat(text, "x");
	refuse_text(text, 3, "at most 1023");
}

static void test_guests(void **state)
{
	char text[1024] = "";
	int i;

	(void)state;
	refuse_text("[vm]\n", 1, "bad guest name ''");
	refuse_text("[vm screen]\n", 1, "bad guest name 'screen'");
	refuse_text("[vm A]\n", 1, "bad guest name");
	refuse_text("[vm a b]\n", 1, "bad guest name");
	refuse_text("[vm abcdefghijklmnopqrstuvwxyz012345]\n", 1, "bad guest name");
	accept_text("[vm abcdefghijklmnopqrstuvwxyz_-345]\nkernel=k\n");
	refuse_text(VM VM, 3, "already a guest 'a'");
	refuse_text("[vm a]\ncpus=1\n[screen]\n", 1, "neither kernel nor firmware");
	refuse_text("[screen]\n[vm a]\n", 2, "neither kernel nor firmware");
	refuse_text(VM "firmware=f\n", 1, "both kernel and firmware");
	refuse_text(VM "option_rom=o\n", 1, "no firmware");
	refuse_text("[vm a]\nfirmware=f\ninitrd=i\n", 1, "no kernel");
	refuse_text("[vm a]\nfirmware=f\ncmdline=i\n", 1, "no kernel");
	refuse_text(VM "display=bochs\nheads=2\n", 1, "one head");
	refuse_text(VM "display=bochs\ngpu_memory=64M\n", 1, "no virtio display");
	refuse_text(VM "display=none\nvram=16M\n", 1, "no VGA");
	refuse_text("[vm b]\nkernel=k\ndisplay=virtio-gpu\nvram=64M\n", 1, "no VGA");
	refuse_text(VM "gpu_memory=1G\n[vm b]\nkernel=k\ngpu_memory=1G\n"
		       "[vm c]\nkernel=k\ngpu_memory=1G\n[vm d]\nkernel=k\n",
		    10, "past 3G");
	for (i = 0; i <= MAX_VMS; i++)
		sprintf(text + strlen(text), "[vm v%d]\nkernel=k\n", i);
	refuse_text(text, 2 * MAX_VMS + 1, "more than 8 guests");
	assert_int_equal(files.count, 1);
}

static void test_files(void **state)
{
	static const char *const bad[] = { "/k",  "a//b", "../k", "a/..", ".",	      "a\\b",
					   "c:k", "a/",	  "k.",	  "a?b",  "\xc3\xa4", "" };
	char text[256];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "[vm a]\nkernel=%s\n", bad[i]);
		refuse_text(text, 2, "bad value for 'kernel'");
	}
	accept_text("[vm a]\nkernel=a.b/c d/.k\n");
	assert_string_equal(files.file[0].name, "a.b/c d/.k");
	snprintf(text, sizeof(text), "[vm a]\nkernel=%063d\n", 0);
	accept_text(text);
	snprintf(text, sizeof(text), "[vm a]\nkernel=%064d\n", 0);
	refuse_text(text, 2, "bad value for 'kernel'");
}

/* Rows of section, value: whether each value is taken. */
struct row {
	const char *head, *value;
	bool good;
};

static void test_values(void **state)
{
	static const struct row rows[] = {
		{ "[screen]\nmode=", "64x64", true },
		{ "[screen]\nmode=", "7680x4320", true },
		{ "[screen]\nmode=", "63x64", false },
		{ "[screen]\nmode=", "7681x4320", false },
		{ "[screen]\nmode=", "1024x", false },
		{ "[screen]\nmode=", "x768", false },
		{ "[screen]\nmode=", "1024x768x2", false },
		{ "[screen]\nmode=", "18446744073709552640x768", false },
		{ "[screen]\nmode=", "Native", false },
		{ "[screen]\nlayout=", "full", true },
		{ "[screen]\nlayout=", "til", false },
		{ "[screen]\nrefresh=", "240", true },
		{ "[screen]\nrefresh=", "off", true },
		{ "[screen]\nrefresh=", "241", false },
		{ "[screen]\nrefresh=", "-1", false },
		{ "[screen]\nrefresh=", "+1", false },
		{ "[console]\nserial=", "off", true },
		{ "[console]\nserial=", "com4", true },
		{ "[console]\nserial=", "com5,9600", false },
		{ "[console]\nserial=", "com1,", false },
		{ "[console]\nserial=", "com1,0", false },
		{ "[console]\nserial=", "com1,7", false },
		{ "[console]\nserial=", "com1,115200,8", false },
		{ "[network]\npassword=p\naddress=", "dhcp", true },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/8,10.0.0.2", true },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/8, 10.255.255.254", true },
		{ "[network]\npassword=p\naddress=", "10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/24", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/24,10.0.1.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.0/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.255/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.256/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.1.2/24,10.0.0.1", false },
		{ "[network]\npassword=p\naddress=", "10.0.0.1/31,10.0.0.0", false },
		{ "[network]\npassword=p\naddress=", "127.0.0.1/8,127.0.0.2", false },
		{ "[network]\npassword=p\naddress=", "224.0.0.1/8,224.0.0.2", false },
		{ "[network]\npassword=", "", false },
		{ "[network]\nhttp=", "65527", true },
		{ "[network]\nhttp=", "off", true },
		{ "[network]\nhttp=", "0", false },
		{ "[network]\nvnc=", "65528", false },
		{ VM "memory=", "2M", true },
		{ VM "memory=", "2048K", true },
		{ VM "memory=", "24G", true },
		{ VM "memory=", "2097152", true },
		{ VM "memory=", "25G", false },
		{ VM "memory=", "3M", false },
		{ VM "memory=", "1M", false },
		{ VM "memory=", "0", false },
		{ VM "memory=", "M", false },
		{ VM "memory=", "2m", false },
		{ VM "memory=", "1T", false },
		{ VM "memory=", "17592186044416M", false },
		{ VM "vram=", "4M", true },
		{ VM "vram=", "32768K", true },
		{ VM "vram=", "2M", false },
		{ VM "vram=", "24M", false },
		{ VM "vram=", "128M", false },
		{ VM "vram=", "", false },
		{ VM "gpu_memory=", "2M", true },
		{ VM "gpu_memory=", "1G", true },
		{ VM "gpu_memory=", "1026M", false },
		{ VM "gpu_memory=", "255M", false },
		{ VM "gpu_memory=", "0", false },
		{ VM "gpu_memory=", "", false },
		{ VM "gpu_entries=", "1", true },
		{ VM "gpu_entries=", "65536", true },
		{ VM "gpu_entries=", "65537", false },
		{ VM "gpu_entries=", "0", false },
		{ VM "cpus=", "8", true },
		{ VM "cpus=", "9", false },
		{ VM "cpus=", "0", false },
		{ VM "cpus=", "4294967297", false },
		{ VM "heads=", "16", true },
		{ VM "heads=", "17", false },
		{ VM "display=", "none", true },
		{ VM "display=", "qxl", false },
		{ VM "size=", "64x64", true },
		{ VM "size=", "native", false },
		{ VM "input=", "tablet", true },
		{ VM "input=", "ps2,ps2", false },
		{ VM "input=", "ps2,", false },
		{ VM "input=", "mouse", false },
		{ VM "log_serial=", "no", true },
		{ VM "log_serial=", "1", false },
	};
	char text[256];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "%s%s\n", rows[i].head, rows[i].value);
		if (rows[i].good)
			accept_text(text);
		else
			refuse_text(text,
				    text[1] == 'v'		 ? 3
				    : strstr(text, "password=p") ? 3
								 : 2,
				    "bad value for '");
	}
}

static void test_network_whole(void **state)
{
	(void)state;
	refuse_text("[network]\naddress=dhcp\n", 2, "no password");
	refuse_text("[network]\naddress=dhcp\npassword=p\nhttp=5904\n", 2, "vnc");
	accept_text("[network]\naddress=off\n");
	accept_text("[network]\naddress=off\nhttp=5900\n");
	accept_text("[network]\nvnc=80\n");
	refuse_text("[network]\nvnc=79\npassword=p\naddress=dhcp\n", 4, "vnc");
	accept_text("[network]\naddress=dhcp\npassword=p\nhttp=5909\n");
}

/* Every cut and every changed byte of a good file: an answer, and nothing read beyond. */
static void test_damaged(void **state)
{
	static const char good[] =
		"[screen]\nmode=1280x800\n[network]\naddress=10.0.0.1/8,10.0.0.2\n"
		"password=p\n[vm a]\nkernel=k\nmemory=64M\ninput=ps2,tablet\n";
	static const char bytes[] = "\n\r[]=,;#/.xM9 \0\xff";
	char text[sizeof(good)];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(good); i++) {
		if (parse(good, i))
			assert_true(error.reason[0]);
		for (k = 0; k < sizeof(bytes) - 1; k++) {
			memcpy(text, good, sizeof(good));
			text[i] = bytes[k];
			if (parse(text, sizeof(good) - 1))
				assert_true(error.reason[0]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),  cmocka_unit_test(test_everything),
		cmocka_unit_test(test_structure), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_guests),	  cmocka_unit_test(test_files),
		cmocka_unit_test(test_values),	  cmocka_unit_test(test_network_whole),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
