// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reader.c: a child that reads replies with dnspython (packet.h). It takes as long as two hundred
 * questions, so it gets a sample; FUZZ_READ=1 gives it every reply.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "packet.h"

#define SAMPLE 128

static int child = -1;
static unsigned int sample = SAMPLE;

void reader_raise(void)
{
	const char *every = getenv("FUZZ_READ"), *script = getenv("FUZZ_READER");
	int ends[2];

	if (every)
		sample = atoi(every);
	if (!sample)
		return;
	demand(script && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	if (!fork()) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execl("/usr/bin/python3", "python3", script, NULL);
		_exit(127);
	}
	close(ends[1]);
	child = ends[0];
}

static size_t put(uint8_t *to, const struct message *message)
{
	put16(to, message->len);
	memcpy(to + 2, message->data, message->len);
	return 2 + message->len;
}

void reader_read(const struct message *query, const struct message *reply)
{
	static unsigned int count;
	uint8_t both[2 * (2 + FRAME_MAX)], said = 0;
	size_t len;

	if (child < 0 || count++ % sample)
		return;
	len = put(both, query);
	len += put(both + len, reply);
	/* libFuzzer's alarm may ring meanwhile. */
	demand(TEMP_FAILURE_RETRY(write(child, both, len)) == (ssize_t)len);
	demand(TEMP_FAILURE_RETRY(read(child, &said, 1)) == 1 && said == '.');
}
