/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Slices of text and the few operations that the parser of oriel.conf needs on them. A slice is
 * not terminated and never owns its bytes.
 */
#ifndef BOOT_TEXT_H
#define BOOT_TEXT_H

#include <abi/types.h>

struct text {
	const char *at;
	size_t len;
};

struct text text_of(const char *string);
struct text text_trim(struct text t); /* without blanks at both ends */
bool text_is(struct text t, const char *string);

/*
 * Splits off what comes before the first separator: returns it, and leaves in *t what follows.
 * Without a separator the whole is returned and *t becomes empty with at == NULL.
 */
struct text text_split(struct text *t, char separator);

/* A decimal number, digits only, at most max. Returns false when it is anything else. */
bool must_check text_number(struct text t, u64 max, u64 *out);

/* Appends to the string in buf, which has size bytes, cutting off what does not fit. */
void text_append(char *buf, size_t size, struct text t);

#endif
