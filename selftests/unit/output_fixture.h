/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output_fixture.h: what the code under test said on stderr or stdout.
 */
#ifndef AD_OUTPUT_FIXTURE_H
#define AD_OUTPUT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *caught_from, *caught;
static int saved;

/* One stream at a time. */
static void catch_output(FILE *from)
{
	fflush(from);
	caught_from = from;
	caught = tmpfile();
	saved = dup(fileno(from));
	if (!caught || saved < 0 || dup2(fileno(caught), fileno(from)) < 0)
		abort();
}

/* What was said since catch_output(); good until the next call. */
static const char *release_output(void)
{
	static char text[131072];
	size_t size;

	fflush(caught_from);
	dup2(saved, fileno(caught_from));
	close(saved);
	rewind(caught);
	size = fread(text, 1, sizeof(text) - 1, caught);
	text[size] = '\0';
	fclose(caught);
	return text;
}

#endif
