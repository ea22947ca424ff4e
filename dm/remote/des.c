/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* DES, see des.h: PolarSSL's, which lwIP brings along and builds for PPP only. No state. */
#include "des.h"

#define PPP_SUPPORT		   1
#define LWIP_INCLUDED_POLARSSL_DES 1
#include "netif/ppp/polarssl/des.c"

static void put64(u8 *to, u64 value)
{
	for (u32 i = 0; i < 8; i++)
		to[i] = (u8)(value >> (56 - 8 * i));
}

u64 des_encrypt(u64 key, u64 block)
{
	des_context context;
	u8 key_bytes[8], in[8], out[8];
	u64 result = 0;

	put64(key_bytes, key);
	put64(in, block);
	des_setkey_enc(&context, key_bytes);
	des_crypt_ecb(&context, in, out);
	for (u32 i = 0; i < 8; i++)
		result = result << 8 | out[i];
	return result;
}
