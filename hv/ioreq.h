/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * Requests of guests to the device domain: from posting (ioreq_post and doorbell_ring are
 * declared in trap.h) to the answer. abi/ioreq.h says who owns a slot when.
 *
 * Locking: every function may be called by any core; vcpu->io.lock serialises them, innermost.
 */
#ifndef HV_IOREQ_H
#define HV_IOREQ_H

#include "vm.h"

/* The answer to the vCPU's request: 0 and *value, the low `size` bytes of the access as posted,
 * zero-extended (all ones when nothing was there); then the vCPU may post again. -EAGAIN: there
 * is none yet. Call it whenever VCPU_EVENT_IOREQ is seen. */
int ioreq_take(struct vcpu *v, u64 *value) must_check;
/* The vCPU, which is stopped, wants no answer any more. Its next request does not get this one's,
 * even when the device domain is still at work on it. */
void ioreq_cancel(struct vcpu *v);
/* After the device domain was started again, before it runs: every request not answered is
 * posted once more. Notifies the vCPUs whose answer is there already. */
void ioreq_repost_all(void);

#endif
