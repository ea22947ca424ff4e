/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* sources: hv/ioreq.c */

/* Requests to the device domain: the life of a slot, a peer that works while requests are
 * cancelled, and one that writes garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>
#include "domain.h"
#include "ioreq.h"
#include "random.h"

#define VM   2
#define VCPU 3

struct vm vms[MAX_VMS + 1];
struct dm_shared *domain_shared;

static struct vcpu vcpus[MAX_VM_CPUS];
static struct vcpu *v;
static struct ioreq *slot;
static _Atomic u32 wakes, notified;

void domain_wake(void)
{
	wakes++;
}

void vcpu_notify(struct vcpu *target, u32 events)
{
	assert_ptr_equal(target, v);
	assert_int_equal(events, VCPU_EVENT_IOREQ);
	notified++;
}

static int setup(void **state)
{
	(void)state;
	memset(vms, 0, sizeof(vms));
	memset(vcpus, 0, sizeof(vcpus));
	domain_shared = calloc(1, sizeof(*domain_shared)); /* red zones around it */
	assert_non_null(domain_shared);
	vms[VM].index = VM;
	vms[VM].vcpus = vcpus;
	vms[VM].vcpu_count = MAX_VM_CPUS;
	for (u32 i = 0; i < MAX_VM_CPUS; i++) {
		vcpus[i].vm = &vms[VM];
		vcpus[i].index = i;
	}
	v = &vcpus[VCPU];
	slot = &domain_shared->ioreq[VM][VCPU];
	wakes = 0;
	notified = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(domain_shared);
	return 0;
}

static enum trap_result post(u64 addr, u8 size, bool write, u64 value)
{
	struct access a = {
		.addr = 0xdead, .value = value, .count = 1, .size = size, .write = write
	};

	return ioreq_post(v, 0x123, IOREQ_PCI_BAR, 4, addr, &a);
}

static void answer(u64 value, u8 status)
{
	slot->value = value;
	slot->status = status;
	slot->state = IOREQ_DONE;
}

static void expect_none(void)
{
	u64 value = 0x5a5a;

	assert_int_equal(ioreq_take(v, &value), -EAGAIN);
	assert_int_equal(value, 0x5a5a);
}

static void expect_answer(u64 expected)
{
	u64 value;

	assert_int_equal(ioreq_take(v, &value), 0);
	assert_int_equal(value, expected);
	assert_int_equal(slot->state, IOREQ_FREE);
	expect_none();
}

static void test_life(void **state)
{
	(void)state;
	expect_none();
	assert_int_equal(post(0x3f8, 2, true, 0x1234), TRAP_DEFER);
	assert_int_equal(slot->state, IOREQ_PENDING);
	assert_int_equal(slot->addr, 0x3f8);
	assert_int_equal(slot->value, 0x1234);
	assert_int_equal(slot->device, 0x123);
	assert_int_equal(slot->space, IOREQ_PCI_BAR);
	assert_int_equal(slot->bar, 4);
	assert_int_equal(slot->size, 2);
	assert_int_equal(slot->write, 1);
	assert_int_equal(slot->count, 1);
	assert_int_equal(domain_shared->ioreq_pending[VM], BIT(VCPU));
	assert_int_equal(domain_shared->pending, BIT(VM));
	assert_int_equal(wakes, 1);
	assert_int_equal(v->counters[STAT_IOREQS], 1);
	expect_none();
	assert_int_equal(post(0x3f8, 2, true, 0x1234), TRAP_UNHANDLED);
	slot->state = IOREQ_BUSY;
	expect_none();
	answer(0, IOREQ_OK);
	expect_answer(0);
	assert_int_equal(post(0x3f8, 2, true, 0x1234), TRAP_DEFER);
}

static void test_answers(void **state)
{
	static const u64 masks[] = { 0xff, 0xffff, 0xffffffff, ~0ULL };

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		assert_int_equal(post(0x1000, (u8)(1U << i), false, ~0ULL), TRAP_DEFER);
		answer(0xfedcba9876543210, IOREQ_OK);
		expect_answer(0xfedcba9876543210 & masks[i]);
		assert_int_equal(post(0x1000, (u8)(1U << i), false, ~0ULL), TRAP_DEFER);
		answer(0, IOREQ_FAULT);
		expect_answer(masks[i]);
		assert_int_equal(post(0x1000, (u8)(1U << i), false, ~0ULL), TRAP_DEFER);
		answer(0, 0x80);
		expect_answer(masks[i]);
	}
}

static void test_disbelief(void **state)
{
	(void)state;
	answer(1, IOREQ_OK);
	expect_none();
	assert_int_equal(post(0x1000, 1, false, ~0ULL), TRAP_DEFER);
	slot->seq++;
	answer(1, IOREQ_OK);
	expect_none();
	slot->seq--;
	slot->state = IOREQ_FREE;
	expect_none();
	slot->state = 77;
	expect_none();
	slot->size = 8;
	slot->count = 99;
	answer(0x1234, IOREQ_OK);
	expect_answer(0x34);
	v->vm = &vms[DOMAIN_VM];
	vms[DOMAIN_VM].index = DOMAIN_VM;
	assert_int_equal(post(0x1000, 1, false, ~0ULL), TRAP_UNHANDLED);
}

static void test_cancel(void **state)
{
	(void)state;
	ioreq_cancel(v);
	assert_int_equal(post(0x1000, 4, false, ~0ULL), TRAP_DEFER);
	ioreq_cancel(v);
	assert_int_equal(slot->state, IOREQ_FREE);
	expect_none();
	assert_int_equal(post(0x1004, 4, false, ~0ULL), TRAP_DEFER);
	answer(1, IOREQ_OK);
	ioreq_cancel(v);
	assert_int_equal(slot->state, IOREQ_FREE);
	expect_none();
	assert_int_equal(post(0x1008, 4, false, ~0ULL), TRAP_DEFER);
	assert_int_equal(slot->addr, 0x1008);
	answer(2, IOREQ_OK);
	expect_answer(2);
}

/* Cancelled while the device domain works on it: its answer is nobody's. */
static void test_cancel_busy(void **state)
{
	(void)state;
	assert_int_equal(post(0x1000, 4, false, ~0ULL), TRAP_DEFER);
	slot->state = IOREQ_BUSY;
	ioreq_cancel(v);
	assert_int_equal(slot->state, IOREQ_BUSY);
	domain_shared->ioreq_pending[VM] = 0;
	assert_int_equal(post(0x1004, 4, false, ~0ULL), TRAP_DEFER);
	assert_int_equal(slot->addr, 0x1000);
	assert_int_equal(domain_shared->ioreq_pending[VM], 0);
	expect_none();
	ioreq_cancel(v);
	assert_int_equal(post(0x1008, 4, false, ~0ULL), TRAP_DEFER);
	answer(1, IOREQ_OK);
	expect_none(); /* but the slot is free now, and the new request in it */
	assert_int_equal(slot->state, IOREQ_PENDING);
	assert_int_equal(slot->addr, 0x1008);
	assert_int_equal(domain_shared->ioreq_pending[VM], BIT(VCPU));
	answer(2, IOREQ_OK);
	expect_answer(2);
	assert_int_equal(post(0x100c, 4, false, ~0ULL), TRAP_DEFER);
	slot->state = IOREQ_BUSY;
	ioreq_cancel(v);
	answer(3, IOREQ_OK); /* done before the next is posted */
	assert_int_equal(post(0x1010, 4, false, ~0ULL), TRAP_DEFER);
	assert_int_equal(slot->addr, 0x1010);
	answer(4, IOREQ_OK);
	expect_answer(4);
}

static void test_repost(void **state)
{
	(void)state;
	assert_int_equal(post(0x1000, 4, true, 7), TRAP_DEFER);
	slot->state = IOREQ_BUSY;
	memset(slot, 0xee, sizeof(*slot));
	domain_shared->ioreq_pending[VM] = 0;
	domain_shared->pending = 0;
	ioreq_repost_all();
	assert_int_equal(slot->state, IOREQ_PENDING);
	assert_int_equal(slot->addr, 0x1000);
	assert_int_equal(slot->value, 7);
	assert_int_equal(domain_shared->ioreq_pending[VM], BIT(VCPU));
	assert_int_equal(domain_shared->pending, BIT(VM));
	assert_int_equal(v->counters[STAT_IOREQS], 1);
	answer(0, IOREQ_OK); /* answered, but the domain ended before it said so */
	ioreq_repost_all();
	assert_int_equal(notified, 1);
	expect_answer(0);
	assert_int_equal(post(0x1004, 4, false, ~0ULL), TRAP_DEFER);
	slot->state = IOREQ_BUSY;
	ioreq_cancel(v);
	assert_int_equal(post(0x1008, 4, false, ~0ULL), TRAP_DEFER);
	ioreq_repost_all(); /* nobody works on the old one any more */
	assert_int_equal(slot->state, IOREQ_PENDING);
	assert_int_equal(slot->addr, 0x1008);
	assert_int_equal(notified, 1);
	answer(8, IOREQ_OK);
	expect_answer(8);
}

static void test_doorbell(void **state)
{
	(void)state;
	doorbell_ring(&vms[VM], 63);
	doorbell_ring(&vms[VM], 0);
	assert_int_equal(domain_shared->doorbells[VM], BIT(63) | 1);
	assert_int_equal(domain_shared->pending, BIT(VM));
	assert_int_equal(wakes, 2);
}

static _Atomic bool stop;

static u64 right_answer(u64 addr)
{
	return addr * 0x9e3779b97f4a7c15ULL;
}

/* A device domain that keeps to abi/ioreq.h, at its own pace. */
static void *honest_peer(void *arg)
{
	struct random r = random_seeded("honest peer");

	(void)arg;
	while (!stop) {
		u32 pending = IOREQ_PENDING;
		u64 addr;

		domain_shared->ioreq_pending[VM] = 0;
		if (!__atomic_compare_exchange_n((u32 *)&slot->state, &pending, IOREQ_BUSY, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		addr = slot->addr;
		for (u64 i = random_below(&r, 200); i; i--)
			__builtin_ia32_pause();
		slot->value = right_answer(addr);
		slot->status = IOREQ_OK;
		__atomic_store_n((u32 *)&slot->state, IOREQ_DONE, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Requests are cancelled at any moment; every answer belongs to its request, and one comes. */
static void test_late_answers(void **state)
{
	struct random r = random_seeded("requests");
	u32 answers = 0, cancels = 0;
	pthread_t thread;

	(void)state;
	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, honest_peer, NULL), 0);
	for (u64 addr = 1; addr < test_rounds(100000); addr++) {
		u64 patience = random_below(&r, 2) ? ~0ULL : random_below(&r, 300), value;

		assert_int_equal(post(addr, 8, false, ~0ULL), TRAP_DEFER);
		while (patience && ioreq_take(v, &value) == -EAGAIN)
			patience--;
		if (patience) {
			assert_int_equal(value, right_answer(addr));
			answers++;
		} else {
			ioreq_cancel(v);
			cancels++;
		}
	}
	stop = true;
	pthread_join(thread, NULL);
	print_message("%u answers, %u cancelled\n", answers, cancels);
}

static void *hostile_peer(void *arg)
{
	struct random r = random_seeded("hostile peer");
	u64 *words = (u64 *)domain_shared;

	(void)arg;
	while (!stop) {
		u64 at = random_below(&r, sizeof(*domain_shared) / 8);

		if (random_below(&r, 2))
			at = (u64)((u64 *)slot - words) + random_below(&r, 8);
		__atomic_store_n(&words[at], random_next(&r), __ATOMIC_RELAXED);
		if (random_below(&r, 2)) /* sometimes what looks like an answer */
			__atomic_store_n((u32 *)&slot->seq, v->io.seq, __ATOMIC_RELAXED);
		__atomic_store_n((u32 *)&slot->state, (u32)random_below(&r, 6), __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Whatever is written there: no hang, nothing outside the slot is touched, the private copy stays,
 * an answer fits the size that was asked for. */
static void test_hostile_peer(void **state)
{
	struct random r = random_seeded("requests");
	u64 rounds = test_rounds(200000);
	u32 answers = 0, seq = 0;
	pthread_t thread;

	(void)state;
	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, hostile_peer, NULL), 0);
	/* On a busy machine the peer may hardly run: go on until it has hit an answer once. */
	for (u64 i = 0; i < rounds || (!answers && i < 100 * rounds); i++) {
		u8 size = (u8)(1U << random_below(&r, 4));
		u64 value = 0;

		if (i >= rounds)
			sched_yield();
		assert_int_equal(post(i, size, i & 1, i), TRAP_DEFER);
		assert_int_equal(v->io.seq, ++seq);
		for (u64 tries = random_below(&r, 50); tries && v->io.active; tries--)
			answers += !ioreq_take(v, &value);
		assert_int_equal(v->io.posted.addr, i);
		assert_int_equal(v->io.posted.size, size);
		assert_int_equal(v->io.posted.count, 1);
		assert_int_equal(v->io.posted.write, i & 1);
		if (size < 8)
			assert_int_equal(value >> (8 * size), 0);
		doorbell_ring(&vms[VM], (u32)i % 64);
		if (!random_below(&r, 100))
			ioreq_repost_all();
		ioreq_cancel(v);
		assert_false(v->io.active);
	}
	stop = true;
	pthread_join(thread, NULL);
	assert_true(answers > 0);
	ioreq_repost_all(); /* the domain was started again, honest this time */
	assert_int_equal(post(0x1000, 4, false, ~0ULL), TRAP_DEFER);
	answer(5, IOREQ_OK);
	expect_answer(5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disbelief, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_doorbell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_peer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
