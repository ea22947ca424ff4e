/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What the files of the local APIC (vlapic*.c) share among themselves. Locking as in vlapic.h. */
#ifndef HV_VLAPIC_INTERNAL_H
#define HV_VLAPIC_INTERNAL_H

#include "vm.h"

#define MSR_APIC_BASE	 0x1bu
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_X2APIC	 0x800u

#define APIC_BASE_BSP  BIT(8)
#define APIC_BASE_X2   BIT(10)
#define APIC_BASE_EN   BIT(11)
#define APIC_BASE_ADDR 0xffffffffff000ULL

/* Registers: offset in the page / 16 = MSR - 0x800 (SDM tables 11-1 and 11-6). */
enum vlapic_register {
	REG_ID = 0x02,
	REG_VERSION = 0x03,
	REG_TPR = 0x08,
	REG_APR = 0x09,
	REG_PPR = 0x0a,
	REG_EOI = 0x0b,
	REG_RRD = 0x0c,
	REG_LDR = 0x0d,
	REG_DFR = 0x0e,
	REG_SVR = 0x0f,
	REG_ISR = 0x10,
	REG_TMR = 0x18,
	REG_IRR = 0x20,
	REG_ESR = 0x28,
	REG_ICR = 0x30,
	REG_ICR_HIGH = 0x31,
	REG_LVT = 0x32, /* enum vlapic_lvt follows */
	REG_TIMER_INITIAL = 0x38,
	REG_TIMER_CURRENT = 0x39,
	REG_TIMER_DIVIDE = 0x3e,
	REG_SELF_IPI = 0x3f,
	REG_COUNT = 0x40
};

#define SVR_ENABLED 0x100u

#define LVT_VECTOR	  0xffu
#define LVT_DELIVERY(lvt) ((lvt) >> 8 & 7)
#define LVT_MASKED	  BIT(16)
#define LVT_TIMER_MODE	  (3u << 17)
#define LVT_ONE_SHOT	  (0u << 17)
#define LVT_PERIODIC	  (1u << 17)
#define LVT_TSC_DEADLINE  (2u << 17)

#define ESR_SEND_ILLEGAL     0x20u
#define ESR_RECEIVE_ILLEGAL  0x40u
#define ESR_ILLEGAL_REGISTER 0x80u

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base_msr & APIC_BASE_X2;
}

/* vlapic.c. vlapic_take: vlapic_set_irq() that tells whether the LAPIC took it. */
bool vlapic_take(struct vcpu *v, u8 vector, bool level);
void vlapic_error(struct vcpu *v, u32 esr_bit); /* any core */
void vlapic_set_tpr(struct vcpu *v, u32 tpr);
void vlapic_set_svr(struct vlapic *l, u32 svr);
int vlapic_set_base(struct vcpu *v, u64 value) must_check;

/* vlapic_timer.c: the timer's registers. */
void vlapic_timer_set_lvt(struct vcpu *v, u32 lvt);
void vlapic_timer_set_initial(struct vcpu *v, u32 count);
void vlapic_timer_set_divide(struct vcpu *v, u32 divide);
u32 vlapic_timer_current(const struct vlapic *l, u64 now);
void vlapic_timer_set_tsc(struct vcpu *v, u64 deadline);
u64 vlapic_timer_get_tsc(struct vcpu *v);

/* vlapic_ipi.c: sends what the vCPU's own ICR says. */
void vlapic_send_icr(struct vcpu *v);

#endif
