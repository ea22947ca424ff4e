/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * DES (FIPS 46-3), encryption of one block: VNC authentication asks for it. Good for nothing else.
 */
#ifndef DM_REMOTE_DES_H
#define DM_REMOTE_DES_H

#include <abi/types.h>

/* Blocks and keys are numbers whose highest bit is the standard's bit 1. */
u64 des_encrypt(u64 key, u64 block);

#endif
