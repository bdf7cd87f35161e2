// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * exabgp_relay.c: the process that ExaBGP runs (exabgp_relay.h).
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "exabgp_relay.h"
#include "talk.h"
#include "user/base/clock.h"
#include "user/base/file.h"
#include "user/base/log.h"

#define LOOK_EVERY_MS 500
#define LINE_MOST     1024
#define CALLER_US     5000000 /* how long one may take */

/* What a caller waits for, one after the other. */
enum stage {
	IDLE,
	QUESTION,   /* that it asks something */
	SETTLED,    /* that ExaBGP has taken what was said before */
	SUMMARY,    /* sessions that are up, ... */
	NEIGHBOURS, /* ... and the others */
	ROUTES
};

struct relay {
	const char *file;
	int listener;
	struct talk caller; /* fd < 0: nobody */
	enum stage stage;
	__u64 until_us;	      /* CLOCK_MONOTONIC, of the caller */
	unsigned int unacked; /* commands that ExaBGP has not answered yet */
	char *said;	      /* the file as it was last said; NULL: never */
	char heard[8192];     /* of ExaBGP, the end of a line is missing */
	size_t heard_len;
	char *reply; /* to the caller */
	size_t reply_len;
};

/* --- to ExaBGP -------------------------------------------------------------------------------- */

static void say(struct relay *relay, const char *command)
{
	printf("%s\n", command);
	fflush(stdout);
	relay->unacked++;
}

/* The next line of @text that begins with @verb, in @line. */
static const char *next_line(const char *text, const char *verb, char line[LINE_MOST])
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");
		const char *next = text + length + (text[length] == '\n');

		if (!strncmp(text, verb, strlen(verb)) && length < LINE_MOST) {
			memcpy(line, text, length);
			line[length] = '\0';
			return next;
		}
		text = next;
	}
	return NULL;
}

static const char *next_route(const char *text, char line[LINE_MOST])
{
	return next_line(text, EXABGP_ANNOUNCE, line);
}

/* "announce route 192.0.2.53/32 ": whether @text has a line that begins so. */
static bool has_prefix(const char *text, const char *line)
{
	size_t length = strlen(EXABGP_ANNOUNCE);
	char other[LINE_MOST];

	length += strcspn(line + length, " ");
	while ((text = next_route(text, other)))
		if (!strncmp(line, other, length + 1))
			return true;
	return false;
}

static bool has_line(const char *text, const char *line)
{
	char other[LINE_MOST];

	while ((text = next_route(text, other)))
		if (!strcmp(line, other))
			return true;
	return false;
}

static void say_withdrawn(struct relay *relay, const char *line)
{
	const char *prefix = line + strlen(EXABGP_ANNOUNCE);
	char command[LINE_MOST];

	snprintf(command, sizeof(command), EXABGP_WITHDRAW "%.*s next-hop self",
		 (int)strcspn(prefix, " "), prefix);
	say(relay, command);
}

/*
 * What is new in the file, or all of it. A file that is gone announces nothing. ExaBGP keeps what
 * another process of ours announced before it died, and that is not known here: so the file names
 * what is withdrawn, too.
 */
static void look(struct relay *relay, bool again)
{
	char line[LINE_MOST], *text = NULL;
	const char *at;
	int err = file_read(relay->file, &text);

	if (err && err != -ENOENT)
		return; /* nothing is known: all stays as it was */
	if (!text)
		text = strdup("");
	if (!text)
		return;
	for (at = relay->said; (at = next_route(at, line));)
		if (!has_prefix(text, line))
			say_withdrawn(relay, line);
	for (at = again || !relay->said ? text : NULL; (at = next_line(at, EXABGP_WITHDRAW, line));)
		say(relay, line);
	for (at = text; (at = next_route(at, line));)
		if (again || !has_line(relay->said, line))
			say(relay, line);
	free(relay->said);
	relay->said = text;
}

/* --- callers ---------------------------------------------------------------------------------- */

static void hang_up(struct relay *relay)
{
	talk_hang_up(&relay->caller);
	relay->stage = IDLE;
	free(relay->reply);
	relay->reply = NULL;
	relay->reply_len = 0;
}

static void answer(struct relay *relay)
{
	static const char end[] = EXABGP_END "\n";

	if (!talk_say(&relay->caller, relay->reply, relay->reply_len))
		talk_say(&relay->caller, end, strlen(end));
	hang_up(relay);
}

static void add_to_reply(struct relay *relay, const char *line)
{
	size_t length = strlen(line);
	char *longer;

	if (relay->reply_len + length + 1 > EXABGP_REPLY_MAX) {
		hang_up(relay);
		return;
	}
	longer = realloc(relay->reply, relay->reply_len + length + 1);
	if (!longer) {
		hang_up(relay);
		return;
	}
	memcpy(longer + relay->reply_len, line, length);
	longer[relay->reply_len + length] = '\n';
	relay->reply = longer;
	relay->reply_len += length + 1;
}

/* ExaBGP has answered all that it was told: on to what comes next. */
static void go_on(struct relay *relay)
{
	if (relay->unacked)
		return;
	if (relay->stage == SETTLED) {
		relay->stage = SUMMARY;
		say(relay, "show neighbor summary");
	} else if (relay->stage == SUMMARY) {
		relay->stage = NEIGHBOURS;
		say(relay, "show neighbor extensive");
	} else if (relay->stage == NEIGHBOURS) {
		relay->stage = ROUTES;
		say(relay, "show adj-rib out extensive");
	} else if (relay->stage == ROUTES) {
		answer(relay);
	}
}

static void take_caller(struct relay *relay)
{
	relay->caller.fd = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (relay->caller.fd < 0)
		return;
	relay->stage = QUESTION;
	relay->until_us = clock_mono_us() + CALLER_US;
}

static void take_question(struct relay *relay)
{
	char text[16] = "";
	ssize_t size = recv(relay->caller.fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (strcmp(text, EXABGP_ASK) && strcmp(text, EXABGP_AGAIN)) {
		hang_up(relay);
		return;
	}
	look(relay, !strcmp(text, EXABGP_AGAIN));
	relay->stage = SETTLED;
	go_on(relay);
}

/* --- from ExaBGP ------------------------------------------------------------------------------ */

static bool is_wanted(const struct relay *relay, const char *line)
{
	if (relay->stage == NEIGHBOURS) /* of some twenty lines each */
		return !strncmp(line, "Neighbor ", strlen("Neighbor "));
	return relay->stage == SUMMARY || relay->stage == ROUTES;
}

static void take_line(struct relay *relay, const char *line)
{
	bool is_ack = !strcmp(line, "done") || !strcmp(line, "error");

	if (is_ack && relay->unacked)
		relay->unacked--;
	else if (!is_ack && is_wanted(relay, line))
		add_to_reply(relay, line);
	go_on(relay);
}

/* False: it has closed stdin, or cannot be read. */
static bool hear(struct relay *relay)
{
	size_t room = sizeof(relay->heard) - relay->heard_len, taken = 0;
	ssize_t size = read(STDIN_FILENO, relay->heard + relay->heard_len, room);
	char *end;

	if (size < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!size)
		return false;
	relay->heard_len += size;
	while ((end = memchr(relay->heard + taken, '\n', relay->heard_len - taken))) {
		*end = '\0';
		take_line(relay, relay->heard + taken);
		taken = end + 1 - relay->heard;
	}
	/* A line that has no end is none of those that we ask for. */
	if (!taken && relay->heard_len == sizeof(relay->heard))
		taken = relay->heard_len;
	memmove(relay->heard, relay->heard + taken, relay->heard_len - taken);
	relay->heard_len -= taken;
	return true;
}

/* --- its life --------------------------------------------------------------------------------- */

/* The group of the directory may connect. */
static int listen_at(struct relay *relay, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (relay->listener < 0)
		return -errno;
	unlink(path);
	if (bind(relay->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0660) || listen(relay->listener, 8))
		return -errno;
	return 0;
}

static bool turn(struct relay *relay)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = relay->stage == IDLE ? relay->listener : -1, .events = POLLIN },
		{ .fd = relay->stage == QUESTION ? relay->caller.fd : -1, .events = POLLIN },
	};

	if (poll(fds, 3, LOOK_EVERY_MS) < 0)
		return errno == EINTR;
	if (fds[0].revents && !hear(relay))
		return false;
	if (fds[1].revents)
		take_caller(relay);
	else if (fds[2].revents && relay->stage == QUESTION)
		take_question(relay);
	if (relay->stage != IDLE && clock_mono_us() > relay->until_us)
		hang_up(relay);
	return true;
}

int exabgp_relay(const char *file, const char *socket_path)
{
	struct relay relay = { .file = file, .caller = { .fd = -1 } };
	__u64 looked_us = 0;
	int err = listen_at(&relay, socket_path);

	if (err) {
		log_err("%s: no socket can be made there: %s", socket_path, strerror(-err));
		return err;
	}
	do {
		if (clock_mono_us() - looked_us >= LOOK_EVERY_MS * 1000) {
			look(&relay, false);
			looked_us = clock_mono_us();
		}
	} while (turn(&relay));
	hang_up(&relay);
	free(relay.said);
	close(relay.listener);
	unlink(socket_path);
	return 0;
}
