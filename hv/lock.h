/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* A ticket lock: fair, not recursive. Interrupts are off in the hypervisor, so it needs no more. */
#ifndef HV_LOCK_H
#define HV_LOCK_H

#include <abi/types.h>

struct spinlock {
	_Atomic u32 next;
	_Atomic u32 owner;
};

static inline void spin_lock(struct spinlock *l)
{
	u32 ticket = __atomic_fetch_add((u32 *)&l->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n((u32 *)&l->owner, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n((u32 *)&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

#endif
