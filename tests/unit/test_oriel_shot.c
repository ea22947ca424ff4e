/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/* libs: -lm */
/*
 * oriel-shot against a console that answers as the test says: with parts damaged on the way, other
 * answers before its own, and what guests say in between.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int shot_main(int argc, char **argv);

/* It runs in a process of its own, which ends without the sanitizers' last words. */
#define exit  _exit
#define main  shot_main
#define STALL 1
#pragma GCC diagnostic ignored "-Wunused-function" /* stb_image's */
#include "tools/oriel-shot.c"
#include "tools/picture.c"
#undef main
#undef exit

#include <cmocka.h>

#define PICTURE                    \
	"png 8 crc32 9ae0daaf\r\n" \
	"MTIzNDU2Nzg=\r\n"         \
	"end\r\nok\r\n"

static char dir[] = "/tmp/oriel-shot.XXXXXX", path[64], out[64];
static int listener;

static int setup(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/console", dir);
	snprintf(out, sizeof(out), "%s/out.png", dir);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(out);
	return rmdir(dir);
}

/* Starts it and answers its requests in turn; how often it asked, and its exit status. */
static int shoot(const char *const *answers, unsigned *asked, char *heard, size_t size)
{
	char *argv[] = { "oriel-shot", "--serial", path,	"--vm", "bare",
			 "-o",	       out,	   "--timeout", "12",	NULL };
	pid_t child;
	FILE *f;
	char *line = NULL;
	size_t room = 0;
	int status, fd, said[2];
	ssize_t n;

	assert_int_equal(pipe(said), 0);
	unlink(out);
	child = fork();
	if (child == 0) {
		dup2(said[1], STDERR_FILENO);
		_exit(shot_main(9, argv));
	}
	close(said[1]);
	fd = accept(listener, NULL, NULL);
	f = fdopen(fd, "r");
	for (*asked = 0; getline(&line, &room, f) >= 0;) {
		if (strcmp(line, "screenshot bare\n") != 0)
			continue;
		if (answers[*asked])
			write_all(fd, answers[*asked], strlen(answers[*asked]));
		++*asked;
	}
	free(line);
	fclose(f);
	n = read(said[0], heard, size - 1);
	heard[n > 0 ? n : 0] = 0;
	close(said[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *const *answers, unsigned times)
{
	char heard[512], picture[16] = "";
	unsigned asked;
	FILE *f;

	if (shoot(answers, &asked, heard, sizeof(heard)) != 0)
		fail_msg("%.40s...: %s", answers[0], heard);
	f = fopen(out, "r");
	assert_non_null(f);
	assert_int_equal(fread(picture, 1, sizeof(picture), f), 8);
	fclose(f);
	assert_string_equal(picture, "12345678");
	assert_int_equal(asked, times);
}

static void takes_a_picture(void **state)
{
	static const char *const whole[] = { PICTURE };
	static const char *const others[] = {
		"[1.0] a line of the log\r\nbare| png 8 crc32 00000000\r\n" PICTURE
	};

	(void)state;
	expect(whole, 1);
	expect(others, 1);
}

/* Each line of the answer in its turn. */
static void asks_again(void **state)
{
	static const char *const damaged[][2] = {
		{ "qng 8 crc32 9ae0daaf\r\nMTIzNDU2Nzg=\r\nend\r\nok\r\n", PICTURE },
		{ "png 9 crc32 9ae0daaf\r\nMTIzNDU2Nzg=\r\nend\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daae\r\nMTIzNDU2Nzg=\r\nend\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nMTIzNDU3Nzg=\r\nend\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nMTIzN\x80U2Nzg=\r\nend\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nend\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nMTIzNDU2Nzg=\r\neod\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nMTIzNDU2Nzg=end\r\nok\r\n", PICTURE },
		{ "png 8 crc32 9ae0daaf\r\nMTIz", "\r\n" PICTURE },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		expect(damaged[i], 2);
}

/* Somebody was there before, and left in the middle of a picture. */
static void waits_for_its_own(void **state)
{
	static const char *const left[] = { "2Nzg=\r\nend\r\nok\r\n" PICTURE };

	(void)state;
	expect(left, 1);
}

static void gives_up(void **state)
{
	static const char *const thrice[] = { "png 8 crc32 0\r\nend\r\nok\r\n",
					      "png 8 crc32 0\r\nend\r\nok\r\n",
					      "png 8 crc32 0\r\nend\r\nok\r\n" };
	static const char *const refused[] = { "error: nothing is shown there\r\n" };
	char heard[512];
	unsigned asked;

	(void)state;
	assert_int_equal(shoot(thrice, &asked, heard, sizeof(heard)), 1);
	assert_int_equal(asked, 3);
	assert_int_equal(shoot(refused, &asked, heard, sizeof(heard)), 1);
	assert_int_equal(asked, 1);
	assert_non_null(strstr(heard, "nothing is shown there"));
}

/* Only the hypervisor panics; guests may say what they like. */
static void knows_a_panic(void **state)
{
	static const char *const ours[] = { "[1.0] oriel: PANIC: it is over\r\n" };
	static const char *const within[] = { "png 8 crc32 0\r\nMTIz[1.0] oriel: PANIC: over\r\n" };
	static const char *const guests[] = { "bare| [1.0] oriel: PANIC: not at all\r\n" PICTURE };
	char heard[512];
	unsigned asked;

	(void)state;
	assert_int_equal(shoot(ours, &asked, heard, sizeof(heard)), 1);
	assert_non_null(strstr(heard, "PANIC: it is over"));
	assert_int_equal(shoot(within, &asked, heard, sizeof(heard)), 1);
	assert_non_null(strstr(heard, "PANIC: over"));
	expect(guests, 1);
}

static void reads_addresses(void **state)
{
	static const struct {
		const char *text, *user, *host, *port;
	} urls[] = {
		{ "http://1.2.3.4", "", "1.2.3.4", "80" },
		{ "http://a:b@c@host:8080/x", "a:b@c", "host", "8080" },
		{ "http://[::1]", "", "::1", "80" },
		{ "http://oriel:p@[fe80::1%eth0]:8080/", "oriel:p", "fe80::1%eth0", "8080" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct url u = parse_url(urls[i].text);

		assert_string_equal(u.user, urls[i].user);
		assert_string_equal(u.host, urls[i].host);
		assert_string_equal(u.port, urls[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_picture),   cmocka_unit_test(asks_again),
		cmocka_unit_test(waits_for_its_own), cmocka_unit_test(gives_up),
		cmocka_unit_test(knows_a_panic),     cmocka_unit_test(reads_addresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
