/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * seat TTY PROGRAM [ARGUMENTS]: runs Weston on that virtual terminal, without a session manager.
 *
 * Debian 12's Weston asks either systemd-logind or a parent process (weston-launch, which the
 * package lacks) to open devices. The parent's side of that is little: on the socket whose number
 * is in WESTON_LAUNCHER_SOCK each datagram { int 0, int flags, path } is answered with a datagram
 * { int 3, int result } that carries the open file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OPEN = 0, OPENED = 3 };

struct request {
	int opcode;
	int flags;
	char path[256];
};

struct reply {
	int opcode;
	int result; /* below 0: it failed */
};

static int fail(const char *what)
{
	fprintf(stderr, "seat: %s: %s\n", what, strerror(errno));
	return 1;
}

static void set_number(const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	setenv(name, text, 1);
}

static int answer(int socket, int file)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct reply reply = { OPENED, file };
	struct iovec data = { &reply, sizeof(reply) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1 };

	if (file >= 0) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &file, sizeof(file));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int serve(int socket)
{
	struct request r;
	ssize_t len;
	int file;

	while ((len = recv(socket, &r, sizeof(r) - 1, 0)) > (ssize_t)(2 * sizeof(int))) {
		((char *)&r)[len] = 0;
		file = r.opcode == OPEN ? open(r.path, r.flags | O_CLOEXEC) : -1;
		if (file < 0)
			fail(r.path);
		if (answer(socket, file))
			return fail("answer");
		if (file >= 0)
			close(file);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int pair[2], tty;

	if (argc < 3) {
		fprintf(stderr, "usage: seat TTY PROGRAM [ARGUMENTS]\n");
		return 2;
	}
	tty = open(argv[1], O_RDWR);
	if (tty < 0 || ioctl(tty, KDSETMODE, KD_GRAPHICS))
		return fail(argv[1]);
	if (socketpair(AF_LOCAL, SOCK_SEQPACKET, 0, pair))
		return fail("socketpair");
	switch (fork()) {
	case -1:
		return fail("fork");
	case 0:
		close(pair[0]);
		set_number("WESTON_LAUNCHER_SOCK", pair[1]);
		set_number("WESTON_TTY_FD", tty);
		execv(argv[2], argv + 2);
		return fail(argv[2]);
	}
	close(pair[1]);
	return serve(pair[0]);
}
