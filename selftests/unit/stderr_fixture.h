/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stderr_fixture.h: what the code under test said on stderr.
 */
#ifndef AD_STDERR_FIXTURE_H
#define AD_STDERR_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *caught;
static int saved;

static void catch_stderr(void)
{
	caught = tmpfile();
	saved = dup(STDERR_FILENO);
	if (!caught || saved < 0 || dup2(fileno(caught), STDERR_FILENO) < 0)
		abort();
}

/* What was said since catch_stderr(); good until the next call. */
static const char *release_stderr(void)
{
	static char text[131072];
	size_t size;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	size = fread(text, 1, sizeof(text) - 1, caught);
	text[size] = '\0';
	fclose(caught);
	return text;
}

#endif
