/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The pair of 8259A interrupt controllers: every initialisation and operation word, fixed and
 * rotating priority, special mask, special fully nested mode, polling, automatic EOI, ELCR.
 *
 * Locking: the guest's lock guards struct vpic; `output` may be read without.
 * Invariants: output tells whether the master has a request to deliver, and vCPU 0 was notified
 * when it became so. An edge stays latched in irr when its line falls; a level line's irr bit is
 * its level. The master's line 2 is the slave's request; it falls at each acknowledge, so that a
 * slave with more to deliver makes a new edge.
 */
#include "vm.h"

#define CASCADE 2

enum { PORT_COMMAND, PORT_DATA };

#define ICW1	    BIT(4)
#define ICW1_IC4    BIT(0)
#define ICW1_SINGLE BIT(1)
#define ICW4_AEOI   BIT(1)
#define ICW4_SFNM   BIT(4)

#define OCW3	  BIT(3)
#define OCW3_RIS  BIT(0)
#define OCW3_RR	  BIT(1)
#define OCW3_POLL BIT(2)
#define OCW3_SMM  BIT(5)
#define OCW3_ESMM BIT(6)

/* Bits 7..5. */
enum ocw2 {
	OCW2_ROTATE_AEOI_OFF,
	OCW2_EOI,
	OCW2_NOP,
	OCW2_SPECIFIC_EOI,
	OCW2_ROTATE_AEOI_ON,
	OCW2_ROTATE_EOI,
	OCW2_SET_PRIORITY,
	OCW2_ROTATE_SPECIFIC_EOI,
};

/* Lines 0, 1, 2, 8 and 13 are edge-triggered always. */
static const u8 elcr_writable[2] = { 0xf8, 0xde };

/* 0 is served first, 7 last. */
static u32 rank(const struct vpic_chip *c, u32 line)
{
	return (line - c->priority - 1) & 7;
}

static int first_of(const struct vpic_chip *c, u32 lines)
{
	for (u32 i = 1; i <= 8; i++) {
		u32 line = (c->priority + i) & 7;

		if (lines & BIT(line))
			return (int)line;
	}
	return -1;
}

static u32 in_service(const struct vpic_chip *c)
{
	return c->special_mask ? c->isr & ~c->imr : c->isr;
}

/* The line to deliver now, or -1. Only a master is ever set up as fully nested with a slave. */
static int chip_request(const struct vpic_chip *c)
{
	int want = first_of(c, c->irr & ~c->imr), busy = first_of(c, in_service(c));

	if (c->icw_step || want < 0)
		return -1;
	if (busy < 0 || rank(c, (u32)want) < rank(c, (u32)busy))
		return want;
	return want == busy && want == CASCADE && c->fully_nested ? want : -1;
}

static void chip_set(struct vpic_chip *c, u32 line, bool level)
{
	u8 bit = (u8)BIT(line);

	if (level && (!(c->lines & bit) || (c->elcr & bit)))
		c->irr |= bit;
	if (!level && (c->elcr & bit))
		c->irr &= (u8)~bit;
	c->lines = level ? c->lines | bit : c->lines & (u8)~bit;
}

static void chip_acknowledge(struct vpic_chip *c, u32 line)
{
	u8 bit = (u8)BIT(line);

	if (!(c->elcr & bit))
		c->irr &= (u8)~bit;
	if (!c->auto_eoi)
		c->isr |= bit;
	else if (c->rotate_auto_eoi)
		c->priority = (u8)line;
}

static void update_output(struct vm *vm)
{
	struct vpic *p = &vm->pic;
	bool output;

	chip_set(&p->chip[0], CASCADE, chip_request(&p->chip[1]) >= 0);
	output = chip_request(&p->chip[0]) >= 0;
	if (output == p->output)
		return;
	p->output = output;
	if (output)
		vcpu_notify(&vm->vcpus[0], VCPU_EVENT_IRQ);
}

static void chip_init(struct vpic_chip *c, u8 icw1)
{
	*c = (struct vpic_chip){
		.irr = c->lines & c->elcr,
		.lines = c->lines,
		.elcr = c->elcr,
		.vector_base = c->vector_base,
		.priority = 7,
		.icw_step = 2,
		.icw4 = icw1 & ICW1_IC4,
		.single = icw1 & ICW1_SINGLE,
	};
}

static void chip_end(struct vpic_chip *c, int line, bool rotate)
{
	if (line < 0)
		return;
	c->isr &= (u8)~BIT(line);
	if (rotate)
		c->priority = (u8)line;
}

static void write_ocw2(struct vpic_chip *c, u8 value)
{
	u8 line = value & 7;

	switch ((enum ocw2)(value >> 5)) {
	case OCW2_EOI:
	case OCW2_ROTATE_EOI:
		chip_end(c, first_of(c, in_service(c)), value >> 5 == OCW2_ROTATE_EOI);
		break;
	case OCW2_SPECIFIC_EOI:
	case OCW2_ROTATE_SPECIFIC_EOI:
		chip_end(c, line, value >> 5 == OCW2_ROTATE_SPECIFIC_EOI);
		break;
	case OCW2_ROTATE_AEOI_OFF:
	case OCW2_ROTATE_AEOI_ON:
		c->rotate_auto_eoi = value >> 5 == OCW2_ROTATE_AEOI_ON;
		break;
	case OCW2_SET_PRIORITY:
		c->priority = line;
		break;
	case OCW2_NOP:
		break;
	}
}

static void write_command(struct vpic_chip *c, u8 value)
{
	if (value & ICW1) {
		chip_init(c, value);
	} else if (value & OCW3) {
		c->poll = value & OCW3_POLL;
		if (value & OCW3_RR)
			c->read_isr = value & OCW3_RIS;
		if (value & OCW3_ESMM)
			c->special_mask = value & OCW3_SMM;
	} else {
		write_ocw2(c, value);
	}
}

static void write_data(struct vpic_chip *c, u8 value)
{
	switch (c->icw_step) {
	case 0:
		c->imr = value;
		return;
	case 2:
		c->vector_base = value & 0xf8;
		c->icw_step = c->single ? 4 : 3;
		break;
	case 3: /* how the chips are wired together is fixed */
		c->icw_step = 4;
		break;
	default:
		c->auto_eoi = value & ICW4_AEOI;
		c->fully_nested = value & ICW4_SFNM;
		c->icw_step = 0;
		return;
	}
	if (c->icw_step == 4 && !c->icw4)
		c->icw_step = 0;
}

static u8 chip_poll(struct vpic_chip *c)
{
	int line = chip_request(c);

	c->poll = false;
	if (line < 0)
		return 0;
	chip_acknowledge(c, (u32)line);
	return (u8)(0x80 | line);
}

static u8 chip_read(struct vpic_chip *c, u32 port)
{
	if (c->poll)
		return chip_poll(c);
	if (port == PORT_DATA)
		return c->imr;
	return c->read_isr ? c->isr : c->irr;
}

static void write_elcr(struct vpic *p, u32 index, u8 value)
{
	struct vpic_chip *c = &p->chip[index];
	u8 was = c->elcr;

	c->elcr = value & elcr_writable[index];
	c->irr = (u8)((c->irr & ~(was | c->elcr)) | (c->lines & c->elcr));
}

static u8 port_access(struct vm *vm, u64 port, bool write, u8 value)
{
	struct vpic *p = &vm->pic;
	struct vpic_chip *c = &p->chip[port & 0x80 ? 1 : 0];

	if (port >= 0x4d0 && !write)
		return p->chip[port & 1].elcr;
	if (port >= 0x4d0)
		write_elcr(p, port & 1, value);
	else if (!write)
		value = chip_read(c, port & 1);
	else if ((port & 1) == PORT_DATA)
		write_data(c, value);
	else
		write_command(c, value);
	if (write && c->icw_step == 2 && c == &p->chip[0])
		c->lines &= (u8)~BIT(CASCADE); /* a slave's request is an edge to be seen anew */
	update_output(vm);
	return value;
}

enum trap_result vpic_pio(struct vm *vm, struct access *a)
{
	u64 answer = 0;

	spin_lock(&vm->lock);
	for (u32 i = 0; i < a->size; i++) {
		u8 byte = (u8)(a->value >> 8 * i);

		answer |= (u64)port_access(vm, a->addr + i, a->write, byte) << 8 * i;
	}
	if (a->write)
		vpit_mask_changed(vm);
	else
		a->value = answer;
	spin_unlock(&vm->lock);
	return TRAP_DONE;
}

void vpic_set(struct vm *vm, u32 line, bool level)
{
	chip_set(&vm->pic.chip[line / 8], line % 8, level);
	update_output(vm);
}

u8 vpic_take(struct vm *vm)
{
	struct vpic *p = &vm->pic;
	struct vpic_chip *c = &p->chip[0];
	int line;
	u8 vector;

	spin_lock(&vm->lock);
	line = chip_request(c);
	if (line == CASCADE) {
		chip_acknowledge(c, CASCADE);
		c->lines &= (u8)~BIT(CASCADE);
		c = &p->chip[1];
		line = chip_request(c);
	}
	if (line >= 0)
		chip_acknowledge(c, (u32)line);
	vector = c->vector_base | (line < 0 ? 7 : (u8)line);
	p->output = false;
	update_output(vm);
	spin_unlock(&vm->lock);
	return vector;
}

void vpic_reset(struct vpic *p)
{
	*p = (struct vpic){
		.chip = { { .imr = 0xff, .priority = 7 }, { .imr = 0xff, .priority = 7 } },
	};
}
