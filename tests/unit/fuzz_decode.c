/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: arch/x86/decode.c arch/x86/decode_opcodes.c */
/* libs: -lZydis */

/*
 * Any bytes through the decoder: the first chooses the mode. What comes out must be within its
 * bounds, and of the length that Zydis finds.
 */
#include <stdlib.h>
#include <Zydis/Zydis.h>
#include "decode.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_bounds(const struct insn *i, u32 len, u32 mode)
{
	require(i->length > 0 && i->length <= INSN_MAX && i->length <= len);
	require(i->op <= INSN_OUTS && i->op != INSN_SAL && i->form <= INSN_FORM_STRING);
	require(i->operand_size && i->operand_size <= 16);
	require(!(i->operand_size & (i->operand_size - 1)));
	require(i->memory_size && i->memory_size <= i->operand_size);
	require(i->address_size == 2 || i->address_size == 4 || i->address_size == 8);
	require(mode == 8 || i->address_size < 8);
	require(i->segment <= SEG_GS && i->reg < 16 && i->rep <= INSN_REPNE);
	require(i->base < 16 || i->base == INSN_NO_REG || (i->base == INSN_RIP && mode == 8));
	require(i->index < 16 || i->index == INSN_NO_REG);
	require(!i->reg_high || (i->operand_size == 1 && i->reg < 4));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const ZydisMachineMode machines[] = { ZYDIS_MACHINE_MODE_LEGACY_16,
						     ZYDIS_MACHINE_MODE_LEGACY_32,
						     ZYDIS_MACHINE_MODE_LONG_64 };
	ZydisDecodedInstruction theirs;
	ZydisDecoder decoder;
	struct insn insn;
	u32 choice;

	if (size < 1)
		return 0;
	choice = data[0] % 3;
	u32 len = (u32)(size - 1), mode = 2U << choice;

	if (insn_decode(data + 1, len, mode, &insn))
		return 0;
	check_bounds(&insn, len, mode);
	ZydisDecoderInit(&decoder, machines[choice],
			 choice == 0   ? ZYDIS_STACK_WIDTH_16
			 : choice == 1 ? ZYDIS_STACK_WIDTH_32
				       : ZYDIS_STACK_WIDTH_64);
	require(ZYAN_SUCCESS(
		ZydisDecoderDecodeInstruction(&decoder, NULL, data + 1, len, &theirs)));
	require(theirs.length == insn.length);
	return 0;
}
