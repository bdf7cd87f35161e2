/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tap.h: the Test Anything Protocol for unit tests in C, to be read by prove.
 *
 * A test program is a list of functions called from main(), which ends with
 * `return done_testing();`. Every check returns whether it held, so that a test can stop early.
 */
#ifndef AD_TAP_H
#define AD_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_failed;

/* Every line of a diagnostic must start with '#', or the harness takes it for a result. */
__attribute__((unused, format(printf, 1, 2))) static void diag(const char *format, ...)
{
	char text[4096], *line, *rest = text;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	while ((line = strsep(&rest, "\n")))
		fprintf(stderr, "# %s\n", line);
}

__attribute__((format(printf, 4, 0))) static bool tap_result(bool good, const char *file, int line,
							     const char *format, va_list args)
{
	char name[512];

	vsnprintf(name, sizeof(name), format, args);
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_run, name);
	fflush(stdout);
	if (!good) {
		tap_failed++;
		diag("failed: %s\nat %s:%d", name, file, line);
	}
	return good;
}

__attribute__((unused, format(printf, 4, 5))) static bool tap_ok(bool good, const char *file,
								 int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(good, file, line, format, args);
	va_end(args);
	return good;
}

__attribute__((unused, format(printf, 5, 6))) static bool
tap_is_int(long long got, long long expected, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(got == expected, file, line, format, args);
	va_end(args);
	if (got != expected)
		diag("     got: %lld\nexpected: %lld", got, expected);
	return got == expected;
}

__attribute__((unused, format(printf, 5, 6))) static bool tap_is_str(const char *got,
								     const char *expected,
								     const char *file, int line,
								     const char *format, ...)
{
	bool same = got == expected || (got && expected && !strcmp(got, expected));
	va_list args;

	va_start(args, format);
	tap_result(same, file, line, format, args);
	va_end(args);
	if (!same)
		diag("     got: %s\nexpected: %s", got ? got : "(null)",
		     expected ? expected : "(null)");
	return same;
}

static void tap_hex(const char *label, const unsigned char *bytes, size_t size)
{
	char text[3 * 64 + 1] = "";
	size_t i;

	for (i = 0; i < size && i < 64; i++)
		sprintf(text + 3 * i, "%02x ", bytes[i]);
	diag("%s: %s%s", label, text, size > 64 ? "..." : "");
}

__attribute__((unused, format(printf, 6, 7))) static bool
tap_is_mem(const void *got, const void *expected, size_t size, const char *file, int line,
	   const char *format, ...)
{
	bool same = !memcmp(got, expected, size);
	va_list args;

	va_start(args, format);
	tap_result(same, file, line, format, args);
	va_end(args);
	if (!same) {
		tap_hex("     got", got, size);
		tap_hex("expected", expected, size);
	}
	return same;
}

#define ok(good, ...)		   tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, expected, ...) tap_is_int((got), (expected), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, expected, ...) tap_is_str((got), (expected), __FILE__, __LINE__, __VA_ARGS__)
#define is_mem(got, expected, size, ...)                                                           \
	tap_is_mem((got), (expected), (size), __FILE__, __LINE__, __VA_ARGS__)

/* One result that says why something was not tried. The runner fails on a skip it does not know. */
#define skip(why, ...)                                                                             \
	do {                                                                                       \
		printf("ok %d # SKIP ", ++tap_run);                                                \
		printf(why "\n", ##__VA_ARGS__);                                                   \
	} while (0)

/* Instead of any result: nothing here can be tried. */
__attribute__((unused)) static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 0;
}

/* Prints the plan; the exit code of main(). */
__attribute__((unused)) static int done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed ? 1 : 0;
}

#endif
