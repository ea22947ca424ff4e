/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The memory and string functions that the compiler and the hypervisor need (hv/string.c). */
#ifndef HV_STRING_H
#define HV_STRING_H

#include <abi/types.h>

void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
