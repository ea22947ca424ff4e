/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel-conf FILE: checks an oriel.conf with the loader's own parser and prints the files that it
 * names, one a line. Exit 1 with the loader's message when it is not accepted.
 */
#include <stdio.h>

#include "boot/config.h"

static char text[CONFIG_MAX_TEXT + 1];

int main(int argc, char **argv)
{
	static struct config config;
	struct config_files files;
	struct config_error err;
	FILE *f;
	size_t len;
	u32 i;

	if (argc != 2) {
		fprintf(stderr, "usage: oriel-conf FILE\n");
		return 2;
	}
	f = fopen(argv[1], "rb");
	if (!f) {
		perror(argv[1]);
		return 1;
	}
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (config_parse(text, len, &config, &files, &err)) {
		fprintf(stderr, "%s:%u: %s\n", argv[1], err.line, err.reason);
		return 1;
	}
	for (i = 0; i < files.count; i++)
		printf("%s\n", files.file[i].name);
	return 0;
}
