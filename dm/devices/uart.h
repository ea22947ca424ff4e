/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* The guest's serial port as the console sees it: text that the guest wrote, kept in a ring. */
#ifndef DM_UART_H
#define DM_UART_H

#include "../vm.h"

#define UART_TEXT 65536u

/* Bytes the guest ever wrote; the last UART_TEXT of them can be read. */
u64 uart_text_end(struct dm_vm *vm);
/* Copies text from position *at on (moved up to the oldest kept) and advances it. */
size_t uart_text_read(struct dm_vm *vm, u64 *at, char *to, size_t size);
/* Text that the guest wrote to another console of its, which joins this one. */
void uart_text_put(struct dm_vm *vm, const char *text, size_t len);
/* Whether the last of the text came from such another one. */
bool uart_text_elsewhere(struct dm_vm *vm);
/* The guest is to read that byte from its port. False: it has not read the last ones yet. */
bool uart_receive(struct dm_vm *vm, u8 byte);
/* Where copying the text to the log has got to; outlives a restart of the domain. */
u64 *uart_text_logged(struct dm_vm *vm);

#endif
