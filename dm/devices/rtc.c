/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The real-time clock and CMOS memory (Motorola MC146818A, ports 0x70 and 0x71, IRQ 8).
 *
 * Time is not kept in registers: it is the machine's wall clock (dm_info) plus an offset that
 * changes when the guest sets the clock. While the guest holds SET the time stands still in the
 * bytes of the registers, as the guest leaves them. The timer runs only while an interrupt is
 * enabled that it could raise.
 */
#include "../bus.h"
#include "../devices.h"
#include "../runtime.h"
#include "calendar.h"

#define RTC_PORT 0x70
#define RTC_IRQ	 8

enum {
	RTC_SECONDS,
	RTC_SECONDS_ALARM,
	RTC_MINUTES,
	RTC_MINUTES_ALARM,
	RTC_HOURS,
	RTC_HOURS_ALARM,
	RTC_WEEKDAY,
	RTC_DAY,
	RTC_MONTH,
	RTC_YEAR,
	RTC_A,
	RTC_B,
	RTC_C,
	RTC_D,
	RTC_CENTURY = 0x32,
};
enum { A_UIP = 0x80, A_RATE = 0x0f, A_DEFAULT = 0x26 };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_BINARY = 0x04, B_24H = 0x02 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
enum { D_VALID = 0x80, HOUR_PM = 0x80, ALARM_ANY = 0xc0 };

/* The update takes this long before each second begins (MC146818A, UIP). */
#define UIP_US 244

struct rtc_state {
	s64 offset;	 /* seconds, added to the wall clock */
	s64 last_second; /* the last one whose update was looked at */
	u64 last_period; /* TSC of the last periodic interrupt */
	u8 index;
	u8 reserved[7];
	u8 cmos[128]; /* the time's bytes count only while B_SET is on */
};

static u64 wall_us(void)
{
	return dm_info->wall_seconds * 1000000 + time_to_us(time_now() - dm_info->boot_tsc);
}

static s64 current_second(const struct rtc_state *s)
{
	return (s64)(wall_us() / 1000000) + s->offset;
}

static u8 encode(const struct rtc_state *s, u32 value)
{
	return (u8)(s->cmos[RTC_B] & B_BINARY ? value : value / 10 << 4 | value % 10);
}

static u32 decode(const struct rtc_state *s, u8 value)
{
	return s->cmos[RTC_B] & B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static u8 encode_hour(const struct rtc_state *s, u32 hour)
{
	u32 hour12 = hour % 12 ? hour % 12 : 12;

	if (s->cmos[RTC_B] & B_24H)
		return encode(s, hour);
	return encode(s, hour12) | (hour >= 12 ? HOUR_PM : 0);
}

static u32 decode_hour(const struct rtc_state *s, u8 value)
{
	if (s->cmos[RTC_B] & B_24H)
		return decode(s, value);
	return decode(s, value & 0x7f) % 12 + (value & HOUR_PM ? 12 : 0);
}

static const u8 time_registers[] = { RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_WEEKDAY,
				     RTC_DAY,	  RTC_MONTH,   RTC_YEAR,  RTC_CENTURY };

static u8 encode_field(const struct rtc_state *s, const struct calendar *c, u8 index)
{
	switch (index) {
	case RTC_SECONDS:
		return encode(s, c->second);
	case RTC_MINUTES:
		return encode(s, c->minute);
	case RTC_HOURS:
		return encode_hour(s, c->hour);
	case RTC_WEEKDAY:
		return encode(s, c->weekday + 1);
	case RTC_DAY:
		return encode(s, c->day);
	case RTC_MONTH:
		return encode(s, c->month);
	case RTC_YEAR:
		return encode(s, c->year % 100);
	default:
		return encode(s, c->year / 100);
	}
}

static u8 read_time(const struct rtc_state *s, u8 index)
{
	struct calendar c = calendar_from_unix(current_second(s));

	return s->cmos[RTC_B] & B_SET ? s->cmos[index] : encode_field(s, &c, index);
}

/* Time to registers, where the guest may change it, and back. */
static void latch_time(struct rtc_state *s)
{
	struct calendar c = calendar_from_unix(current_second(s));

	for (u32 i = 0; i < ARRAY_SIZE(time_registers); i++)
		s->cmos[time_registers[i]] = encode_field(s, &c, time_registers[i]);
}

static void unlatch_time(struct rtc_state *s)
{
	struct calendar c = {
		.year = decode(s, s->cmos[RTC_CENTURY]) * 100 + decode(s, s->cmos[RTC_YEAR]),
		.month = decode(s, s->cmos[RTC_MONTH]),
		.day = decode(s, s->cmos[RTC_DAY]),
		.hour = decode_hour(s, s->cmos[RTC_HOURS]),
		.minute = decode(s, s->cmos[RTC_MINUTES]),
		.second = decode(s, s->cmos[RTC_SECONDS]),
	};

	s->offset = calendar_to_unix(&c) - (s64)(wall_us() / 1000000);
}

static void write_time(struct rtc_state *s, u8 index, u8 value)
{
	bool held = s->cmos[RTC_B] & B_SET;

	if (!held)
		latch_time(s);
	s->cmos[index] = value;
	if (!held)
		unlatch_time(s);
}

static bool is_time(u8 index)
{
	for (u32 i = 0; i < ARRAY_SIZE(time_registers); i++)
		if (time_registers[i] == index)
			return true;
	return false;
}

static void update_irq(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;
	bool was = s->cmos[RTC_C] & C_IRQF;
	bool is = s->cmos[RTC_B] & s->cmos[RTC_C] & (C_PF | C_AF | C_UF);

	s->cmos[RTC_C] = (u8)((s->cmos[RTC_C] & ~C_IRQF) | (is ? C_IRQF : 0));
	if (is != was)
		bus_isa_irq(dev->vm, RTC_IRQ, is);
}

/* Ticks of the periodic interrupt, 0: off. */
static u64 period(const struct rtc_state *s)
{
	u32 rate = s->cmos[RTC_A] & A_RATE;

	if (!rate || !(s->cmos[RTC_B] & B_PIE))
		return 0;
	if (rate <= 2)
		rate += 7;
	return (dm_info->tsc_hz << (rate - 1)) / 32768;
}

static void set_deadline(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;
	u64 us_left = 1000000 - wall_us() % 1000000;

	dev->deadline = DM_NO_DEADLINE;
	if (period(s))
		dev->deadline = s->last_period + period(s);
	if ((s->cmos[RTC_B] & (B_UIE | B_AIE)) && !(s->cmos[RTC_B] & B_SET))
		dev->deadline = MIN(dev->deadline, time_now() + time_from_us(us_left));
}

static bool alarm_matches(const struct rtc_state *s)
{
	static const u8 fields[] = { RTC_SECONDS, RTC_MINUTES, RTC_HOURS };

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u8 alarm = s->cmos[fields[i] + 1];

		if ((alarm & ALARM_ANY) != ALARM_ANY && alarm != read_time(s, fields[i]))
			return false;
	}
	return true;
}

/* What has come about since the last look: flags are set whether or not their interrupt is on. */
static void catch_up(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;
	u64 ticks = period(s);
	u64 now = time_now();

	if (ticks && now - s->last_period >= ticks) {
		s->cmos[RTC_C] |= C_PF;
		/* Missed ones are not made up for. */
		s->last_period = now - (now - s->last_period) % ticks;
	}
	if (!(s->cmos[RTC_B] & B_SET) && current_second(s) != s->last_second) {
		s->last_second = current_second(s);
		s->cmos[RTC_C] |= C_UF;
		if (alarm_matches(s))
			s->cmos[RTC_C] |= C_AF;
	}
	update_irq(dev);
}

static void write_b(struct rtc_state *s, u8 value)
{
	u8 changed = s->cmos[RTC_B] ^ value;

	if (changed & value & B_SET)
		latch_time(s);
	if (changed & value & B_PIE)
		s->last_period = time_now();
	if (value & B_SET)
		value &= (u8)~B_UIE;
	s->cmos[RTC_B] = value;
	if (changed & ~value & B_SET)
		unlatch_time(s);
}

static void write_register(struct dm_device *dev, u8 value)
{
	struct rtc_state *s = dev->state;

	catch_up(dev);
	if (is_time(s->index))
		write_time(s, s->index, value);
	else if (s->index == RTC_A)
		s->cmos[RTC_A] = value & (u8)~A_UIP;
	else if (s->index == RTC_B)
		write_b(s, value);
	else if (s->index != RTC_C && s->index != RTC_D)
		s->cmos[s->index] = value;
	update_irq(dev);
	set_deadline(dev);
}

static u8 read_a(const struct rtc_state *s)
{
	bool updating = wall_us() % 1000000 >= 1000000 - UIP_US && !(s->cmos[RTC_B] & B_SET);

	return s->cmos[RTC_A] | (updating ? A_UIP : 0);
}

static u8 read_register(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;
	u8 value;

	if (is_time(s->index))
		return read_time(s, s->index);
	if (s->index == RTC_A)
		return read_a(s);
	if (s->index != RTC_C)
		return s->cmos[s->index];
	catch_up(dev);
	value = s->cmos[RTC_C];
	s->cmos[RTC_C] = 0;
	if (value & C_IRQF)
		bus_isa_irq(dev->vm, RTC_IRQ, false);
	set_deadline(dev);
	return value;
}

static void rtc_access(struct dm_device *dev, struct dm_access *a)
{
	struct rtc_state *s = dev->state;

	/* A word write to the index port carries the data in its high byte. */
	if (a->write && a->addr == RTC_PORT)
		s->index = a->value & 0x7f; /* bit 7 masks NMI, which nothing raises */
	if (a->write && (a->addr != RTC_PORT || a->size > 1))
		write_register(dev, (u8)(a->addr == RTC_PORT ? a->value >> 8 : a->value));
	if (!a->write && a->addr != RTC_PORT)
		a->value = read_register(dev);
}

static void rtc_timer(struct dm_device *dev)
{
	catch_up(dev);
	set_deadline(dev);
}

/* Equipment and boot order, and memory sizes where a PC's BIOS leaves them: KiB, and units of 64
 * KiB above 16 MiB and 4 GiB. */
static void fill_memory_sizes(struct dm_device *dev, u8 *cmos)
{
	u64 low = vm_low_memory(dev->vm);
	u64 extended = MIN((low - MIN(low, MIB(1))) >> 10, 0xffffULL);
	u64 above_16m = MIN((low - MIN(low, MIB(16))) >> 16, 0xffffULL);
	u64 above_4g = (dev->vm->config->memory - low) >> 16;

	cmos[0x14] = 0x06; /* mouse, floating point unit, no floppy drives */
	cmos[0x38] = 0x01; /* no check for a signature on floppies; boot order: disk, CD */
	cmos[0x3d] = 0x32;
	cmos[0x15] = 640 & 0xff;
	cmos[0x16] = 640 >> 8;
	cmos[0x17] = cmos[0x30] = (u8)extended;
	cmos[0x18] = cmos[0x31] = (u8)(extended >> 8);
	cmos[0x34] = (u8)above_16m;
	cmos[0x35] = (u8)(above_16m >> 8);
	cmos[0x5b] = (u8)above_4g;
	cmos[0x5c] = (u8)(above_4g >> 8);
	cmos[0x5d] = (u8)(above_4g >> 16);
	cmos[0x5f] = (u8)(dev->vm->config->cpus - 1);
}

/* A clock runs on while its machine is reset: the time's offset stays. */
static void rtc_reset(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;

	s->index = 0;
	memset(s->cmos, 0, sizeof(s->cmos));
	s->cmos[RTC_A] = A_DEFAULT;
	s->cmos[RTC_B] = B_24H;
	s->cmos[RTC_D] = D_VALID;
	fill_memory_sizes(dev, s->cmos);
	s->last_second = current_second(s);
}

static int rtc_adopt(struct dm_device *dev)
{
	struct rtc_state *s = dev->state;

	if (s->index >= sizeof(s->cmos) || s->last_period > time_now())
		return -EINVAL;
	bus_isa_irq(dev->vm, RTC_IRQ, s->cmos[RTC_C] & C_IRQF);
	catch_up(dev);
	set_deadline(dev);
	return 0;
}

static int rtc_create(struct dm_device *dev)
{
	return bus_add_ports(dev, RTC_PORT, 2);
}

const struct dm_device_ops rtc_ops = {
	.name = "rtc",
	.state_size = sizeof(struct rtc_state),
	.create = rtc_create,
	.reset = rtc_reset,
	.adopt = rtc_adopt,
	.access = rtc_access,
	.timer = rtc_timer,
};
