/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * oriel-shot (--serial PATH | --http URL) [--vm NAME[:HEAD]] -o FILE.png [--if-changed]
 *            [--timeout SECONDS]
 *
 * Takes a picture of the screen or of a guest. PATH is Oriel's serial console: a unix socket, a
 * serial line (set to 115200 8N1, raw) or a pseudo terminal. URL is http://[user:password@]host
 * [:port], an IPv6 address in brackets. Length and checksum are verified; a picture that was
 * damaged on the way, or does not go on for some seconds, is asked for again, three times in all.
 * With --if-changed, FILE.png is what was taken last: over a serial line, the picture is sent only
 * when it is another one by now. Exit status: 0 written (or unchanged: then it says so), 1 not.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "picture.h"

#define TRIES	    3
#define MAX_FILE    (64u << 20)
#define MAX_LINE    4096
#define PANIC_STALL 2 /* seconds without a line of a panic's report */
#ifndef STALL
#define STALL 8 /* the same, of a picture that has begun */
#endif

enum outcome { DONE, UNCHANGED, DAMAGED, REFUSED };

struct options {
	const char *serial, *http, *vm, *out;
	bool if_changed;
	uint32_t crc; /* of the picture in `out` */
	double timeout;
};

struct bytes {
	unsigned char *data;
	size_t len, size;
};

static double deadline;

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "oriel-shot: %s: %s\n", which, what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > MAX_FILE)
		fail("too much data", "answer");
	if (b->len + len > b->size) {
		b->size = 2 * (b->len + len);
		b->data = realloc(b->data, b->size);
		if (!b->data)
			fail("out of memory", "answer");
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* Waits for input until `until`; 0 when the other end closed, -1 when the time is over. */
static ssize_t read_some(int fd, void *to, size_t size, double until)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		double left = until - now();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			return -1;
		n = read(fd, to, size);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return 0;
	}
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			fail(strerror(errno), "cannot write");
		text += n;
		len -= (size_t)n;
	}
}

/* ---- The serial console */

static int open_serial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct termios line;
	struct stat st;
	int fd;

	if (stat(path, &st))
		fail(strerror(errno), path);
	if (S_ISSOCK(st.st_mode)) {
		if (strlen(path) >= sizeof(address.sun_path))
			fail("name too long", path);
		memcpy(address.sun_path, path, strlen(path) + 1);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
			fail(strerror(errno), path);
		return fd;
	}
	fd = open(path, O_RDWR | O_NOCTTY);
	if (fd < 0)
		fail(strerror(errno), path);
	if (tcgetattr(fd, &line) == 0) {
		cfmakeraw(&line);
		cfsetspeed(&line, B115200);
		line.c_cflag |= CLOCAL | CREAD;
		tcsetattr(fd, TCSANOW, &line);
	}
	return fd;
}

/* What a guest says: "NAME| ". */
static bool is_guests(const char *line)
{
	return line[strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '|';
}

/* The next line, without its end; false when the time is over. */
static bool read_any_line(int fd, char line[MAX_LINE], double until)
{
	static char buffer[65536];
	static size_t have, at;
	size_t len = 0;

	for (;;) {
		if (at == have) {
			ssize_t n = read_some(fd, buffer, sizeof(buffer), until);

			if (n <= 0)
				return false;
			have = (size_t)n;
			at = 0;
		}
		if (buffer[at] != '\n') {
			if (buffer[at] != '\r' && len < MAX_LINE - 1)
				line[len++] = buffer[at];
			at++;
			continue;
		}
		at++;
		line[len] = 0;
		if (len && !is_guests(line))
			return true;
		len = 0;
	}
}

/* The machine's last words, of which `line` is the first, as they come. */
__attribute__((noreturn)) static void end_in_panic(int fd, char line[MAX_LINE])
{
	do
		fprintf(stderr, "%s\n", line);
	while (read_any_line(fd, line, now() + PANIC_STALL));
	exit(1);
}

/* The next line that is no log line; false when the time is over. After a panic there is none. */
static bool read_line(int fd, char line[MAX_LINE], double until)
{
	while (read_any_line(fd, line, until)) {
		if (strstr(line, "] oriel: PANIC: ")) /* in the middle of another, perhaps */
			end_in_panic(fd, line);
		if (line[0] != '[')
			return true;
	}
	return false;
}

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Adds a line of base64; false when it is none. */
static bool add_base64(struct bytes *b, const char *line)
{
	unsigned value = 0, bits = 0;

	for (; *line && *line != '='; line++) {
		int digit = base64_value(*line);
		unsigned char byte;

		if (digit < 0)
			return false;
		value = (value << 6 | (unsigned)digit) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		byte = (unsigned char)(value >> bits);
		add(b, &byte, 1);
	}
	return true;
}

static double stall(void)
{
	double until = now() + STALL;

	return until < deadline ? until : deadline;
}

/* A line of an answer that has begun. */
static bool read_on(int fd, char line[MAX_LINE])
{
	return read_line(fd, line, stall());
}

/* To the end of the answer. */
static enum outcome read_picture(int fd, struct bytes *b, unsigned long len, uint32_t crc)
{
	char line[MAX_LINE];
	bool whole = false, damaged = false;

	while (read_on(fd, line) && strcmp(line, "ok") != 0) {
		if (strcmp(line, "end") == 0)
			whole = true;
		else if (!add_base64(b, line))
			damaged = true;
	}
	return whole && !damaged && b->len == len && picture_crc_add(0, b->data, b->len) == crc
		       ? DONE
		       : DAMAGED;
}

static void ask(int fd, const struct options *o)
{
	const char *vm = o->vm ? o->vm : "screen";
	char request[192], condition[32] = "";
	int n;

	if (o->if_changed)
		snprintf(condition, sizeof(condition), " if-not %08x", o->crc);
	/* The empty line ends what somebody may have left on the line. */
	n = snprintf(request, sizeof(request), "\nscreenshot %s%s\n", vm, condition);
	if (n >= (int)sizeof(request))
		fail("name too long", vm);
	write_all(fd, request, (size_t)n);
}

static enum outcome ask_console(int fd, const struct options *o, struct bytes *b)
{
	double until = deadline;
	char line[MAX_LINE];
	unsigned long len;
	unsigned crc;

	ask(fd, o);
	while (read_line(fd, line, until)) {
		if (strncmp(line, "error:", 6) == 0) {
			fprintf(stderr, "oriel-shot: %s\n", line);
			return REFUSED;
		}
		if (sscanf(line, "png %lu crc32 %x", &len, &crc) == 2)
			return read_picture(fd, b, len, crc);
		if (o->if_changed && sscanf(line, "unchanged %x", &crc) == 1 && crc == o->crc)
			return read_on(fd, line) ? UNCHANGED : DAMAGED;
		/* The end of somebody else's answer, or of one whose beginning was damaged. */
		if (strcmp(line, "ok") == 0)
			until = stall();
	}
	if (until == deadline)
		fail("no answer in time", "console");
	return DAMAGED;
}

/* ---- HTTP */

struct url {
	char user[128], host[256], port[8];
};

static struct url parse_url(const char *text)
{
	struct url u = { .port = "80" };
	const char *at, *end, *bracket;

	if (strncmp(text, "http://", 7))
		fail("not http://", text);
	text += 7;
	end = text + strcspn(text, "/");
	at = memrchr(text, '@', (size_t)(end - text)); /* a password may have one */
	if (at) {
		if ((size_t)(at - text) >= sizeof(u.user))
			fail("too long", text);
		memcpy(u.user, text, (size_t)(at - text));
		text = at + 1;
	}
	bracket = *text == '[' ? memchr(text, ']', (size_t)(end - text)) : NULL;
	at = bracket ? bracket : text;
	at = memchr(at, ':', (size_t)(end - at));
	if (at) {
		if ((size_t)(end - at - 1) >= sizeof(u.port))
			fail("bad port", text);
		memset(u.port, 0, sizeof(u.port));
		memcpy(u.port, at + 1, (size_t)(end - at - 1));
		end = at;
	}
	if (bracket) {
		text++;
		end = bracket;
	}
	if (end == text || (size_t)(end - text) >= sizeof(u.host))
		fail("bad host", text);
	memcpy(u.host, text, (size_t)(end - text));
	return u;
}

static void to_base64(const char *text, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)(unsigned char)text[i] << 16;

		if (i + 1 < len)
			v |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)text[i + 2];
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*out = 0;
}

static void no_answer(int signal)
{
	static const char text[] = "oriel-shot: no answer in time\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(1);
}

/* Looking up a name and connecting may take minutes where nobody answers. */
static int connect_to(const struct url *u)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int err = getaddrinfo(u->host, u->port, &hints, &list), fd = -1;

	if (err)
		fail(gai_strerror(err), u->host);
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen)) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		fail(strerror(errno), u->host);
	return fd;
}

static enum outcome check_response(struct bytes *b)
{
	char *head, *body, *length;
	size_t head_len;
	unsigned status;

	add(b, "", 1);
	head = (char *)b->data;
	body = strstr(head, "\r\n\r\n");
	if (!body || sscanf(head, "HTTP/%*s %u", &status) != 1)
		return DAMAGED;
	if (status != 200) {
		fprintf(stderr, "oriel-shot: %.*s\n", (int)strcspn(head, "\r\n"), head);
		return REFUSED;
	}
	*body = 0;
	head_len = (size_t)(body + 4 - head);
	b->len -= head_len + 1;
	length = strcasestr(head, "\r\nContent-Length:");
	if (length && strtoul(length + 17, NULL, 10) != b->len)
		return DAMAGED;
	memmove(b->data, b->data + head_len, b->len);
	if (b->len < 57 || memcmp(b->data, "\x89PNG\r\n\x1a\n", 8) ||
	    memcmp(b->data + b->len - 8, "IEND\xae\x42\x60\x82", 8))
		return DAMAGED;
	return DONE;
}

/* NAME[:HEAD] as a path; NULL: the screen's. */
static void make_path(const char *vm, char *path, size_t size)
{
	size_t name = vm ? strcspn(vm, ":") : 0;
	int n = vm ? snprintf(path, size, "/vm/%.*s.png%s%s", (int)name, vm,
			      vm[name] ? "?head=" : "", vm[name] ? vm + name + 1 : "")
		   : snprintf(path, size, "/screen.png");

	if (n >= (int)size)
		fail("name too long", vm);
}

static enum outcome ask_http(const char *text, const char *vm, struct bytes *b)
{
	struct url u = parse_url(text);
	char request[1024], path[128], auth[256], buffer[65536];
	int fd = connect_to(&u), n;
	ssize_t got;

	make_path(vm, path, sizeof(path));
	to_base64(u.user, auth);
	n = snprintf(request, sizeof(request),
		     "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n%s%s%s\r\n", path, u.host,
		     u.user[0] ? "Authorization: Basic " : "", auth, u.user[0] ? "\r\n" : "");
	if (n >= (int)sizeof(request))
		fail("name too long", vm ? vm : text);
	write_all(fd, request, (size_t)n);
	while ((got = read_some(fd, buffer, sizeof(buffer), deadline)) > 0)
		add(b, buffer, (size_t)got);
	close(fd);
	if (got < 0)
		fail("no answer in time", text);
	return check_response(b);
}

/* ---- */

static struct options parse(int argc, char **argv)
{
	struct options o = { .timeout = 60 };

	for (int i = 1; i < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!strcmp(argv[i], "--if-changed")) {
			o.if_changed = true;
			i--;
			continue;
		}
		if (!value)
			fail("needs a value", argv[i]);
		if (!strcmp(argv[i], "--serial"))
			o.serial = value;
		else if (!strcmp(argv[i], "--http"))
			o.http = value;
		else if (!strcmp(argv[i], "--vm"))
			o.vm = value;
		else if (!strcmp(argv[i], "-o"))
			o.out = value;
		else if (!strcmp(argv[i], "--timeout"))
			o.timeout = atof(value);
		else
			fail("unknown option", argv[i]);
	}
	if (!o.out || !o.serial == !o.http)
		fail("oriel-shot (--serial PATH | --http URL) [--vm NAME] -o FILE.png "
		     "[--if-changed] [--timeout SECONDS]",
		     "usage");
	return o;
}

/* Without a picture from before, any will do. */
static void look_at_last(struct options *o)
{
	struct picture p;
	const char *why;

	if (!o->if_changed)
		return;
	o->if_changed = picture_load(&p, o->out, &why) == 0;
	if (!o->if_changed)
		return;
	o->crc = picture_crc(&p);
	picture_free(&p);
}

static void save(const char *path, const struct bytes *b)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f))
		fail(strerror(errno), path);
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	int fd = o.serial ? open_serial(o.serial) : -1;

	look_at_last(&o);
	deadline = now() + o.timeout;
	signal(SIGALRM, no_answer);
	signal(SIGPIPE, SIG_IGN);
	alarm((unsigned)o.timeout + 1);
	for (int i = 0; i < TRIES; i++) {
		struct bytes b = { 0 };
		enum outcome outcome =
			o.serial ? ask_console(fd, &o, &b) : ask_http(o.http, o.vm, &b);

		if (outcome == DONE) {
			save(o.out, &b);
			free(b.data);
			return 0;
		}
		free(b.data);
		if (outcome == UNCHANGED) {
			printf("unchanged\n");
			return 0;
		}
		if (outcome == REFUSED)
			return 1;
		fprintf(stderr, "oriel-shot: the picture was damaged on the way\n");
	}
	return 1;
}
