/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The virtio transport with a driver that uses all of it: negotiation, split and packed rings,
 * every way to notify, queue reset, device reset with answers outstanding, the pin interrupt, and
 * flushes that come back at the refresh rate. VIRTIO 1.2, 2.6 to 2.8, 3.1, 4.1.
 */
#include "kit/pci.h"
#include "kit/vring.h"

#define CFG_NOTIFY 2
#define CFG_PCI	   5
#define FENCE	   1
#define SIDE	   64
#define FLIPS	   40
#define RESET_US   100000

static struct vgpu gpu;
static struct vring ring;
static struct {
	struct vgpu_header h;
	u32 words[100];
} answers[VRING_MAX];
static u32 picture[SIDE * SIDE];

static const struct vgpu_header info = { .type = VGPU_GET_DISPLAY_INFO };

static int put(const void *command, u32 len)
{
	int chain = vring_offer(&ring, command, len, &answers[ring.next % VRING_MAX],
				sizeof(answers[0]));

	return chain;
}

static bool begin(u64 features, bool packed, u16 size)
{
	if (!vring_negotiate(&gpu, VRING_VERSION_1 | features))
		return false;
	vring_enable(&ring, &gpu, packed, size);
	vring_driver_ok(&gpu);
	return true;
}

/* ---- notifying ---- */

static void kick(void)
{
	poke16(gpu.notify, 0);
}

static u8 find_cap(u8 type, u8 bar)
{
	u8 cap = 0;

	while ((cap = pci_capability(gpu.devfn, PCI_CAP_VENDOR, cap)) != 0)
		if (pci_read(gpu.devfn, cap) >> 24 == type &&
		    (bar == 0xff || (pci_read(gpu.devfn, (u16)(cap + 4)) & 0xff) == bar))
			return cap;
	return 0;
}

static void kick_port(void)
{
	u16 port = (u16)(pci_read(gpu.devfn, PCI_BAR(5)) & ~3u);

	pci_write16(gpu.devfn, PCI_COMMAND,
		    PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	outw(port, 0);
}

/* Through the window in configuration space (section 4.1.4.9). */
static void kick_window(void)
{
	u8 cap = find_cap(CFG_PCI, 0xff);

	pci_write(gpu.devfn, (u16)(cap + 4), 2);
	pci_write(gpu.devfn, (u16)(cap + 8), 0x3000);
	pci_write(gpu.devfn, (u16)(cap + 12), 2);
	pci_write(gpu.devfn, (u16)(cap + 16), 0);
}

static bool answered_after(void (*notify)(void))
{
	int chain = put(&info, sizeof(info));

	notify();
	return chain >= 0 && vring_wait(&ring) == chain;
}

static void test_notifying(void)
{
	report(begin(0, false, 8), "VERSION_1 alone is taken");
	report(answered_after(kick), "a notification through BAR 2 is heard");
	report(find_cap(CFG_NOTIFY, 5) && (pci_read(gpu.devfn, PCI_BAR(5)) & 1),
	       "BAR 5 is a port to notify through");
	report(answered_after(kick_port), "and is heard");
	report(find_cap(CFG_PCI, 0xff), "there is a window in configuration space");
	report(answered_after(kick_window), "a notification through it is heard");
}

/* ---- negotiation ---- */

static void test_negotiation(void)
{
	u64 offered = vring_offered(&gpu);

	report((offered & (VRING_PACKED | VRING_RESET | VRING_EVENT_IDX)) ==
		       (VRING_PACKED | VRING_RESET | VRING_EVENT_IDX),
	       "packed rings, queue reset and event indices are offered (%lx)", offered);
	report(!vring_negotiate(&gpu, 0), "a driver without VERSION_1 is refused");
	report(!vring_negotiate(&gpu, VRING_VERSION_1 | 1ull << 63),
	       "a driver that wants what is not offered is refused");
	report(vring_negotiate(&gpu, offered), "all that is offered is taken");
	write32(gpu.common + COMMON_DRIVER_FEATURE_SELECT, 1);
	write32(gpu.common + COMMON_DRIVER_FEATURE, 0);
	report(read32(gpu.common + COMMON_DRIVER_FEATURE) == offered >> 32,
	       "what was settled on stays");
}

/* ---- rings ---- */

static bool carries(u32 rounds)
{
	u32 offered = 0, collected = 0;

	while (collected < rounds) {
		while (offered < rounds && put(&info, sizeof(info)) >= 0)
			offered++;
		kick();
		if (vring_wait(&ring) < 0)
			return false;
		for (collected++; vring_collect(&ring) >= 0;)
			collected++;
	}
	return collected == rounds;
}

static void test_rings(void)
{
	static const struct {
		u64 features;
		u16 size;
		const char *name;
	} kinds[] = {
		{ 0, 16, "a split ring" },
		{ VRING_EVENT_IDX, 16, "a split ring with event indices" },
		{ VRING_PACKED, 64, "a packed ring" },
		{ VRING_PACKED | VRING_EVENT_IDX, 10, "a packed ring of 10 with event indices" },
	};

	for (u32 i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool packed = kinds[i].features & VRING_PACKED;

		report(begin(kinds[i].features, packed, kinds[i].size) && carries(200),
		       "%s carries 200 requests", kinds[i].name);
	}
}

static void test_queue_reset(void)
{
	u64 features = VRING_PACKED | VRING_RESET;

	report(begin(features, true, 16) && carries(20), "a queue that can be reset");
	poke16(gpu.common + COMMON_QUEUE_SELECT, 0);
	poke16(gpu.common + COMMON_QUEUE_RESET, 1);
	report(peek16(gpu.common + COMMON_QUEUE_RESET) == 0 &&
		       peek16(gpu.common + COMMON_QUEUE_ENABLE) == 0 &&
		       peek16(gpu.common + COMMON_QUEUE_SIZE) == 256,
	       "is off and as new after its reset");
	put(&info, sizeof(info));
	kick();
	wait_us(10000);
	report(vring_collect(&ring) < 0, "and answers nothing");
	vring_enable(&ring, &gpu, true, 6);
	report(carries(50), "until it is set up again, with another size");
	report(begin(VRING_PACKED, true, 16), "without RING_RESET");
	poke16(gpu.common + COMMON_QUEUE_RESET, 1);
	report(peek16(gpu.common + COMMON_QUEUE_ENABLE) == 1 && carries(5),
	       "a queue cannot be reset");
}

static void test_pin(void)
{
	begin(0, false, 8);
	report(peek8(gpu.isr) == 0, "no interrupt waits");
	report(answered_after(kick) && peek8(gpu.isr) == 1, "an answer raises the pin");
	report(peek8(gpu.isr) == 0, "which reading lowers");
	ring.driver[0] = 1;
	report(answered_after(kick) && peek8(gpu.isr) == 0, "not if the driver wants none");
	ring.driver[0] = 0;
}

/* ---- flushes ---- */

static void flush(void)
{
	static const struct {
		struct vgpu_header h;
		struct vgpu_rect r;
		u32 resource, padding;
	} c = { { .type = VGPU_RESOURCE_FLUSH, .flags = FENCE }, { 0, 0, SIDE, SIDE }, 1, 0 };

	put(&c, sizeof(c));
	kick();
}

/* On a loaded machine the flip may come first: once is enough. */
static bool overtakes(void)
{
	for (u32 i = 0; i < 10; i++) {
		int chain, first;

		flush();
		chain = put(&info, sizeof(info));
		kick();
		first = vring_wait(&ring);
		if (vring_wait(&ring) >= 0 && first == chain)
			return true;
	}
	return false;
}

/* At a refresh rate of 60 or less (option refresh), never faster; how much slower a loaded machine
 * makes it is not judged. */
static void test_pace(void)
{
	u64 start, us, period = 1000000 / option_number("refresh", 60);
	bool good = begin(VRING_PACKED, true, 32) && vring_show(&ring, &gpu, picture, SIDE, SIDE);

	flush();
	good = vring_wait(&ring) >= 0 && good;
	start = rdtsc();
	for (u32 i = 0; i < FLIPS; i++) {
		flush();
		good = vring_wait(&ring) >= 0 && good;
	}
	us = (rdtsc() - start) / (tsc_hz() / 1000000);
	report(good && us >= (FLIPS - 1) * period, "%u flips take %lu us, and not less than %lu",
	       FLIPS, us, (FLIPS - 1) * period);
	report(overtakes(), "another request does not wait for a flip");
	flush();
	report(begin(VRING_PACKED, true, 8) && carries(3),
	       "a reset in the middle of a flip is well");
	wait_us(RESET_US);
	report(vring_collect(&ring) < 0, "and its answer does not come any more");
}

void main(void)
{
	bool found = vgpu_find(&gpu);

	report(found && gpu.isr, "there is a virtio-gpu");
	if (!found)
		return;
	test_negotiation();
	test_notifying();
	test_rings();
	test_queue_reset();
	test_pin();
	test_pace();
}
