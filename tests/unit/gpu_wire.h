/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The protocol tester (tests/guest/protocol/) wired to the device on the host: the guest's memory,
 * the picture pool and the panel are allocations of their own, so that the address sanitizer sees
 * every byte touched outside them. Lives in display_stubs.h's world.
 */
#ifndef TESTS_UNIT_GPU_WIRE_H
#define TESTS_UNIT_GPU_WIRE_H

#include "tests/guest/protocol/protocol.h"

extern struct protocol_wire gpu_wire;
extern u32 gpu_wire_failures;
/* Requests change as soon as the device has read them. */
extern bool gpu_wire_spoils;
/* What is refused must change nothing. */
extern bool gpu_wire_strict;

/* A new world with a display device and that many monitors. */
void gpu_wire_start(u32 monitors);
void gpu_wire_stop(void);

#endif
