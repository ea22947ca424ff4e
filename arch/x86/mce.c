/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Owns the machine-check banks of all cores, and what each core has recorded of them. A core writes
 * its own record; the core that panics reads all, when the others have stopped or soon will. Some
 * processors send a machine check to all cores, and the one that panics need not be the one with
 * the error.
 */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include "mce.h"
#include "x86.h"

#define MSR_MCG_CTL	 0x17b
#define MSR_MC_CTL(n)	 (0x400 + 4 * (n))
#define MSR_MC_STATUS(n) (0x401 + 4 * (n))
#define MSR_MC_ADDR(n)	 (0x402 + 4 * (n))

#define MCG_CAP_BANKS	0xff
#define MCG_CAP_CTL	BIT(8)
#define MCG_STATUS_MCIP BIT(2)

#define STATUS_PCC   BIT(57) /* the processor's state is damaged */
#define STATUS_ADDRV BIT(58)
#define STATUS_UC    BIT(61) /* not corrected */
#define STATUS_VALID BIT(63)

#define CPUID_MCA BIT(14)
#define MAX_BANKS 32 /* whose MSRs are where chapter 16 has them */
#define MAX_LINES 4

static struct record {
	_Atomic bool taken;
	u32 bank;
	u64 mcg_status, status, address; /* status 0: no bank has an error */
} records[MAX_CPUS];

static u32 bank_count(void)
{
	if (!(cpuid(1, 0).edx & CPUID_MCA))
		return 0;
	return MIN((u32)rdmsr(MSR_MCG_CAP) & MCG_CAP_BANKS, (u32)MAX_BANKS);
}

void mce_setup(void)
{
	u32 banks = bank_count();

	if (banks && (rdmsr(MSR_MCG_CAP) & MCG_CAP_CTL))
		wrmsr(MSR_MCG_CTL, ~0ULL);
	for (u32 i = 0; i < banks; i++) {
		u64 status = rdmsr(MSR_MC_STATUS(i));

		if (status & STATUS_VALID)
			log_printf("core %u: hardware error from before the start, bank %u: "
				   "status %016lx",
				   cpu_index(), i, status);
		wrmsr(MSR_MC_CTL(i), ~0ULL);
		wrmsr(MSR_MC_STATUS(i), 0);
	}
}

static bool is_worse(u64 status, u64 than)
{
	const u64 grave = STATUS_PCC | STATUS_UC;

	if (!(status & STATUS_VALID))
		return false;
	return !(than & STATUS_VALID) || ((status & grave) && !(than & grave)) ||
	       ((status & STATUS_PCC) && !(than & STATUS_PCC));
}

bool mce_in_progress(void)
{
	return bank_count() && (rdmsr(MSR_MCG_STATUS) & MCG_STATUS_MCIP);
}

void mce_record(void)
{
	struct record *r = &records[cpu_index()];
	u32 banks = bank_count();
	u64 status;

	if (!banks || r->taken)
		return;
	r->mcg_status = rdmsr(MSR_MCG_STATUS);
	for (u32 i = 0; i < banks; i++) {
		status = rdmsr(MSR_MC_STATUS(i));
		if (!is_worse(status, r->status))
			continue;
		r->bank = i;
		r->status = status;
		r->address = status & STATUS_ADDRV ? rdmsr(MSR_MC_ADDR(i)) : 0;
	}
	r->taken = true;
}

static void record_dump(u32 core, const struct record *r)
{
	if (!r->status)
		log_printf("core %u: MCG_STATUS %lx, no bank tells of an error", core,
			   r->mcg_status);
	else
		log_printf("core %u: MCG_STATUS %lx, bank %u: status %016lx address %lx", core,
			   r->mcg_status, r->bank, r->status, r->address);
}

/* This core's own; of the others those with an error. */
void mce_dump(void)
{
	u32 lines = 0;

	for (u32 i = 0; i < MAX_CPUS && lines < MAX_LINES; i++) {
		if (!records[i].taken || (!records[i].status && i != cpu_index()))
			continue;
		record_dump(i, &records[i]);
		lines++;
	}
}

bool mce_pending(void)
{
	const u64 fatal = STATUS_VALID | STATUS_UC;
	u32 banks = bank_count();

	for (u32 i = 0; i < banks; i++)
		if ((rdmsr(MSR_MC_STATUS(i)) & fatal) == fatal)
			return true;
	return false;
}
