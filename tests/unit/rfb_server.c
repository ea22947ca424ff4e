/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* as: fuzz_rfb */
/*
 * The RFB server on a socket of the host's, to try real clients without a machine. It shows a
 * picture in which typed keys' codes appear as lines of text that scroll, prints the input, and
 * ends after its last client when told to. Not for any other use.
 *
 *   make -f tests/unit/unit.mk binaries TESTS=rfb_server
 *   build/unit/rfb_server PORT PASSWORD [WIDTH HEIGHT [PICTURE.ppm]]
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "rfb_fake.h"

#define CLIENTS 8

static struct {
	int fd; /* 0: none */
	struct rfb rfb;
} clients[CLIENTS];

static u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

static void damage(u32 x, u32 y, u32 width, u32 height)
{
	struct rect r = { x, y, width, height };

	for (u32 i = 0; i < CLIENTS; i++)
		if (clients[i].fd)
			rfb_damage(&clients[i].rfb, &r, false);
}

/* What was typed: a line more of text, in the upper half. */
static void show_notes(void)
{
	static u32 first = 1;

	if (!rfb_fake.notes[0])
		return;
	printf("%s\n", rfb_fake.notes);
	fflush(stdout);
	if (strchr(rfb_fake.notes, '+')) {
		rfb_fake_text(0, rfb_fake.height / 32, ++first);
		damage(0, 0, rfb_fake.width, rfb_fake.height / 2);
	}
	rfb_fake.notes[0] = 0;
}

static void save_picture(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		return;
	fprintf(f, "P6\n%u %u\n255\n", rfb_fake.width, rfb_fake.height);
	for (u32 i = 0; i < rfb_fake.width * rfb_fake.height; i++) {
		u32 p = rfb_fake.pixels[i];

		fputc((int)(p >> 16 & 0xff), f);
		fputc((int)(p >> 8 & 0xff), f);
		fputc((int)(p & 0xff), f);
	}
	fclose(f);
}

static void take_client(int listener, const char *password)
{
	u64 random[2] = { now_us() * 0x9e3779b97f4a7c15, now_us() * 0xbf58476d1ce4e5b9 };
	int fd = accept(listener, NULL, NULL);

	for (u32 i = 0; i < CLIENTS; i++) {
		if (clients[i].fd)
			continue;
		clients[i].fd = fd;
		fcntl(fd, F_SETFL, O_NONBLOCK);
		rfb_open(&clients[i].rfb, &rfb_fake_screen, NULL, "Oriel", password, random,
			 now_us());
		return;
	}
	close(fd);
}

static void serve(u32 i)
{
	struct rfb *c = &clients[i].rfb;
	u8 bytes[4096];
	const u8 *data;
	ssize_t n = read(clients[i].fd, bytes, sizeof(bytes));
	bool gone = n == 0;

	if (n > 0)
		rfb_input(c, bytes, (size_t)n, now_us());
	rfb_work(c, now_us());
	rfb_check(c, now_us());
	if (rfb_pending(c, &data)) {
		n = write(clients[i].fd, data, rfb_pending(c, &data));
		if (n > 0)
			rfb_sent(c, (size_t)n);
	}
	if (!gone && c->end == RFB_OPEN)
		return;
	printf("client %u ended (%d)\n", i, c->end);
	fflush(stdout);
	rfb_close(c);
	close(clients[i].fd);
	clients[i].fd = 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	u32 width = argc > 4 ? (u32)atoi(argv[3]) : 1024,
	    height = argc > 4 ? (u32)atoi(argv[4]) : 768;

	if (argc < 3)
		return 2;
	rfb_fake_reset(width, height);
	rfb_fake_fill(0, 0, width, height, 0x336699);
	rfb_fake_text(0, height / 32, 1);
	rfb_fake_noise(width / 2, height / 2, width / 4, height / 4, 1);
	if (argc > 5)
		save_picture(argv[5]);
	address.sin_port = htons((u16)atoi(argv[1]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8)) {
		perror("bind");
		return 1;
	}
	for (;;) {
		struct pollfd fds[1 + CLIENTS] = { { listener, POLLIN, 0 } };
		int timeout = 1000;

		for (u32 i = 0; i < CLIENTS; i++) {
			const u8 *data;
			bool pending = clients[i].fd && rfb_pending(&clients[i].rfb, &data);

			fds[1 + i].fd = clients[i].fd ? clients[i].fd : -1;
			fds[1 + i].events = (short)(pending ? POLLIN | POLLOUT : POLLIN);
			if (clients[i].fd && !pending && rfb_due(&clients[i].rfb) <= now_us())
				timeout = 0;
			else if (clients[i].fd && rfb_due(&clients[i].rfb) != ~0ULL)
				timeout = MIN(timeout, 5);
		}
		poll(fds, 1 + CLIENTS, timeout);
		if (fds[0].revents)
			take_client(listener, argv[2]);
		for (u32 i = 0; i < CLIENTS; i++)
			if (clients[i].fd)
				serve(i);
		show_notes();
	}
}
