/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The parser of oriel.conf. Pure: no UEFI, no allocation, no library; the loader, the image
 * builder and the unit tests link the same code.
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include <abi/config.h>

#define CONFIG_MAX_TEXT KIB(64) /* longer files are refused */
#define CONFIG_MAX_LINE 1152	/* bytes, without the line's end */

/* Every file that the configuration names, once each, in order of appearance. */
struct config_file {
	char name[64];
	char key[16]; /* the key that named it first */
	u32 line;
};

struct config_files {
	u32 count;
	struct config_file file[MAX_FILES];
};

struct config_error {
	u32 line; /* 1-based; 0: the file as a whole */
	char reason[160];
};

/*
 * Parses and checks the text of an oriel.conf. Fills out (defaults where a key is absent) and
 * files. Returns 0, or -EINVAL with err filled; out and files then mean nothing.
 */
int must_check config_parse(const char *text, size_t len, struct config *out,
			    struct config_files *files, struct config_error *err);

#endif
