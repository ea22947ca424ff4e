/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* Several processors (option cpus=N): start, IPIs, shared memory, TLB shootdown, restart. */
#include "kit/apic.h"
#include "kit/smp.h"

#define VECTOR_PING	 0x61
#define VECTOR_FLUSH	 0x62
#define VECTOR_BROADCAST 0x63
#define PINGS		 200
#define FLUSHES		 200
#define ADDS		 20000
#define WAIT_US		 5000000
#define WINDOW		 0x8000000000ULL

extern u64 boot_pml4[];

static u64 pdpt[512] __attribute__((aligned(4096)));
static u64 directory[512] __attribute__((aligned(4096)));
static u64 table[512] __attribute__((aligned(4096)));
static u64 page_a[512] __attribute__((aligned(4096)));
static u64 page_b[512] __attribute__((aligned(4096)));

static volatile u32 ids[SMP_MAX + 8];
static u32 pongs[256], broadcasts, flushes, ready, stale, adders, early;
static u64 sum, ping_tsc;
static volatile u64 expected_value;

static void add(u32 *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static u32 get(const u32 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* Waits until the counter reaches n; false after five seconds. */
static bool reaches(const u32 *counter, u32 n)
{
	for (u32 us = 0; us < WAIT_US; us += 10) {
		if (get(counter) >= n)
			return true;
		wait_us(10);
	}
	return false;
}

static void on_ping(struct trap_frame *f)
{
	(void)f;
	if (rdtsc() < __atomic_load_n(&ping_tsc, __ATOMIC_SEQ_CST))
		add(&early);
	add(&pongs[apic_id()]);
	apic_eoi();
}

static void on_broadcast(struct trap_frame *f)
{
	(void)f;
	add(&broadcasts);
	apic_eoi();
}

static void on_flush(struct trap_frame *f)
{
	(void)f;
	invlpg(WINDOW);
	if (*(volatile u64 *)WINDOW != expected_value)
		add(&stale);
	add(&flushes);
	apic_eoi();
}

static void other_processor(u32 number)
{
	apic_enable();
	if (number < ARRAY_SIZE(ids))
		ids[number] = apic_id();
	for (u32 i = 0; i < ADDS; i++)
		__atomic_add_fetch(&sum, 1, __ATOMIC_SEQ_CST);
	add(&adders);
	(void)*(volatile u64 *)WINDOW; /* the translation to be shot down */
	add(&ready);
	for (;;)
		halt();
}

static void map_window(const u64 *page)
{
	__atomic_store_n(&table[0], (u64)page | 3, __ATOMIC_SEQ_CST);
	expected_value = page[0];
}

static void test_start(u32 cpus)
{
	bool distinct = true;

	smp_prepare(other_processor);
	if (cpus > 1) {
		smp_start(1);
		report(reaches(&ready, 1), "processor 1 starts by INIT and SIPI");
	}
	for (u32 id = 2; id < cpus; id++)
		smp_start(id);
	report(reaches(&ready, cpus - 1), "all %u processors run", cpus);
	wait_us(20000);
	report(smp_arrived() == cpus - 1, "none runs that was not started, and none twice (%u)",
	       smp_arrived());
	for (u32 i = 1; i < cpus; i++) {
		for (u32 j = 0; j < i; j++)
			distinct &= ids[i] != ids[j]; /* ids[0] is ours: 0 */
	}
	report(distinct, "every processor has an APIC id of its own");
	report(sum == (u64)ADDS * (cpus - 1), "locked additions of all processors add up");
}

static void test_pings(u32 cpus)
{
	bool good = true;

	for (u32 n = 0; n < PINGS && good; n++) {
		for (u32 id = 1; id < cpus && good; id++) {
			u32 before = get(&pongs[id]);

			__atomic_store_n(&ping_tsc, rdtsc(), __ATOMIC_SEQ_CST);
			apic_send(id, ICR_ASSERT | VECTOR_PING);
			good = reaches(&pongs[id], before + 1);
		}
	}
	report(good, "an IPI to each processor is answered, %u times", PINGS);
	report(get(&early) == 0, "no processor's TSC is behind the sender's");
}

static void test_broadcast(u32 cpus)
{
	apic_send(0, ICR_TO_OTHERS | ICR_ASSERT | VECTOR_BROADCAST);
	report(reaches(&broadcasts, cpus - 1), "an IPI to all others arrives");
	apic_send(0, ICR_TO_ALL | ICR_ASSERT | VECTOR_BROADCAST);
	irq_enable();
	report(reaches(&broadcasts, 2 * cpus - 1), "an IPI to all arrives, also here");
	irq_disable();
	wait_us(10000);
	report(get(&broadcasts) == 2 * cpus - 1, "and nowhere twice (%u)", get(&broadcasts));
}

static void test_shootdown(u32 cpus)
{
	bool good = true;

	for (u32 n = 1; n <= FLUSHES && good; n++) {
		map_window(n & 1 ? page_b : page_a);
		invlpg(WINDOW);
		apic_send(0, ICR_TO_OTHERS | ICR_ASSERT | VECTOR_FLUSH);
		good = reaches(&flushes, n * (cpus - 1));
	}
	report(good, "%u TLB shootdowns are answered by all", FLUSHES);
	report(get(&stale) == 0, "no processor sees a mapping older than its INVLPG (%u did)",
	       get(&stale));
}

static void test_restart(void)
{
	u32 before = smp_arrived();

	smp_start(1);
	for (u32 us = 0; us < WAIT_US && smp_arrived() == before; us += 100)
		wait_us(100);
	report(smp_arrived() == before + 1, "INIT and SIPI start a running processor once more");
}

void main(void)
{
	u32 cpus = option_number("cpus", 2);

	if (cpus < 2 || cpus > SMP_MAX) {
		report(false, "option cpus is 2 to %u", SMP_MAX);
		return;
	}
	pic_init(0);
	apic_enable();
	trap_set_handler(VECTOR_PING, on_ping);
	trap_set_handler(VECTOR_BROADCAST, on_broadcast);
	trap_set_handler(VECTOR_FLUSH, on_flush);
	page_a[0] = 0xaaaa;
	page_b[0] = 0xbbbb;
	directory[0] = (u64)table | 3;
	pdpt[0] = (u64)directory | 3;
	boot_pml4[WINDOW >> 39] = (u64)pdpt | 3;
	map_window(page_a);
	report(apic_id() == 0, "the first processor has APIC id 0");
	test_start(cpus);
	test_pings(cpus);
	test_broadcast(cpus);
	test_shootdown(cpus);
	test_restart();
}
