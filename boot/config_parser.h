/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Between config.c (sections and keys) and config_values.c (values): the parser's state and the
 * functions that check one value each.
 */
#ifndef BOOT_CONFIG_PARSER_H
#define BOOT_CONFIG_PARSER_H

#include <stdarg.h>

#include "boot/config.h"
#include "boot/text.h"

struct parser {
	struct config *config;
	struct config_files *files;
	struct config_error *err;
	struct vm_config *vm; /* in a [vm NAME] section, else NULL */
	const char *section;  /* "screen", "console", "network", "vm"; NULL before the first */
	const char *key;      /* whose value is being checked */
	u64 keys_seen;	      /* in this section, a bit for each entry of the key table */
	u64 sections_seen;
	u64 gpu_memory; /* of the guests so far */
	u32 line;
	u32 network_line; /* of the last key in [network] */
	char label[48];	  /* the section as written, for messages */
	char quoted[64];  /* a piece of the text, for messages */
};

/* Fills the error with the strings given, joined, up to NULL. Returns -EINVAL. */
int must_check config_fail(struct parser *p, ...) __attribute__((sentinel));

typedef int value_fn(struct parser *p, struct text value, u64 arg);

value_fn value_screen_mode, value_layout, value_refresh, value_serial, value_address;
value_fn value_tcp_port, value_password, value_memory, value_vm_number, value_file;
value_fn value_vram, value_cmdline, value_display, value_size, value_input, value_flag;

#endif
