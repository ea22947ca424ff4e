/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* What vmx_enter.S knows of struct vmx_vcpu and of the VMCS; checked in vmx_init.c. */
#ifndef X86_VMX_OFFSETS_H
#define X86_VMX_OFFSETS_H

#define VMX_HOST_RSP	   0
#define VMX_LAUNCHED	   8
#define VMX_FIELD_HOST_RSP 0x6c14

#endif
