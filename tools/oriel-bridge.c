/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel-bridge stdio|unix:PATH PORTFILE LOG: joins an emulator's serial line, which comes in by
 * one TCP connection, to standard input and output, or to one client at a time of a socket.
 *
 * The emulator never waits for a client: what nobody takes goes to the log only. Writes the TCP
 * port it listens on to PORTFILE. Ends when the emulator closes its connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MACHINE, CLIENT, LISTENER, COUNT };

static void die(const char *what)
{
	fprintf(stderr, "oriel-bridge: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Waits for the emulator's one connection. */
static int accept_machine(const char *port_file)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0), machine;
	FILE *f;

	if (s < 0 || bind(s, (struct sockaddr *)&a, len) || listen(s, 1) ||
	    getsockname(s, (struct sockaddr *)&a, &len))
		die("TCP port");
	f = fopen(port_file, "w");
	if (!f || fprintf(f, "%d\n", ntohs(a.sin_port)) < 0 || fclose(f))
		die(port_file);
	machine = accept(s, NULL, NULL);
	if (machine < 0)
		die("accept");
	close(s);
	return machine;
}

static int listen_client(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(a.sun_path, path);
	unlink(path);
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		die(path);
	return s;
}

/* All of it, waiting at most a second at a time; false when the other side does not take it. */
static bool write_all(int fd, const char *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	while (len) {
		if (poll(&p, 1, 1000) <= 0)
			return false;
		n = write(fd, data, len);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void client_drop(struct pollfd *fds)
{
	if (fds[LISTENER].fd >= 0)
		close(fds[CLIENT].fd);
	fds[CLIENT].fd = -1;
}

/* One direction: false at the source's end. */
static bool pass(int from, int to, FILE *log, bool *taken)
{
	char data[4096];
	ssize_t n = read(from, data, sizeof(data));

	if (n <= 0)
		return false;
	if (log) {
		fwrite(data, 1, (size_t)n, log);
		fflush(log);
	}
	*taken = to < 0 || write_all(to, data, (size_t)n);
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd fds[COUNT] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
	bool stdio, taken;
	FILE *log;

	if (argc != 4 || (strcmp(argv[1], "stdio") && strncmp(argv[1], "unix:", 5))) {
		fprintf(stderr, "usage: oriel-bridge stdio|unix:PATH PORTFILE LOG\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	log = fopen(argv[3], "w");
	if (!log)
		die(argv[3]);
	stdio = !strcmp(argv[1], "stdio");
	if (!stdio)
		fds[LISTENER].fd = listen_client(argv[1] + 5);
	fds[MACHINE].fd = accept_machine(argv[2]);
	if (stdio)
		fds[CLIENT].fd = STDIN_FILENO;
	while (poll(fds, COUNT, -1) >= 0) {
		if (fds[LISTENER].revents && fds[CLIENT].fd < 0)
			fds[CLIENT].fd = accept(fds[LISTENER].fd, NULL, NULL);
		if (fds[MACHINE].revents) {
			if (!pass(fds[MACHINE].fd, stdio ? STDOUT_FILENO : fds[CLIENT].fd, log,
				  &taken))
				return 0;
			if (!taken)
				client_drop(fds);
		}
		if (fds[CLIENT].fd >= 0 && fds[CLIENT].revents &&
		    !pass(fds[CLIENT].fd, fds[MACHINE].fd, NULL, &taken))
			client_drop(fds);
		fds[LISTENER].events = (short)(fds[CLIENT].fd < 0 ? POLLIN : 0);
	}
	return 0;
}
