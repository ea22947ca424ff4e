/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * The HTTP server's surroundings on the host: a TCP that is told what arrives and notes what is
 * sent, a picture, a guest's text. One thread.
 */
#ifndef TESTS_HTTP_WORLD_H
#define TESTS_HTTP_WORLD_H

#include <abi/types.h>

#define WORLD_CLIENTS 40
#define WORLD_OUTPUT  300000u
#define WORLD_WIDTH   320
#define WORLD_HEIGHT  200

struct world_client {
	bool open;    /* the server has it */
	bool closed;  /* by the server, properly */
	bool aborted; /* by the server, with a reset */
	u32 window;   /* bytes that the server may write before some are acknowledged */
	u32 unacked;
	char output[WORLD_OUTPUT];
	size_t len;
};
extern struct world_client world_clients[WORLD_CLIENTS];
/* What the pictures show; who changes it counts on. */
extern u32 world_colour;
extern u64 world_generation;
extern u32 world_heads; /* of the guest */
/* tcp_write fails as if memory were short. */
extern bool world_no_memory;

/* Everything anew; the server listens, with the password "secret". */
void world_start(void);
/* A client comes: its number; -1: turned away. */
int world_connect(void);
void world_send(int client, const void *data, size_t len);
void world_say(int client, const char *text);
/* The client acknowledges up to n bytes; ends its side; is lost. */
void world_acknowledge(int client, u32 n);
void world_end(int client);
void world_lose(int client);
/* One round of the event loop. */
void world_turn(void);
/* Lets time pass, calling http_run() when it wants to be called. */
void world_pass(u64 us);
/* Calls it once, a little later. */
void world_step(void);
/* The same until no client has anything to come; all is acknowledged at once. */
void world_settle(void);

#endif
