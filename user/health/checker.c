// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * checker.c: which check is due, and what becomes of it (checker.h).
 *
 * Of each kind only so many run at once; others wait for their turn in a queue. A check has its
 * time from when it begins.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include "asking.h"
#include "checker.h"
#include "load_number.h"
#include "talk.h"
#include "targets.h"
#include "user/base/clock.h"

/*
 * And connections. A handshake of TLS takes us a millisecond or two: more of them would wait for us
 * longer than for their servers.
 */
#define REQUESTS_AT_ONCE 64
#define FIRST_WITHIN_US	 1000000
#define LATE_US		 100000

enum kind {
	KIND_REQUEST, /* http, https */
	KIND_CONNECT, /* tcp */
	KIND_COMMAND,
	KINDS
};

/* One address by one check. */
struct errand {
	struct ad_health_key key;
	const struct config_check *check;
	struct checker *checker;
	struct asking asking;
	struct event *timer; /* it is due, or its time is over */
	__u64 began_us;
	char said[LOAD_TEXT]; /* by shed.command */
	enum {
		RESTS,
		WAITS,
		RUNS,
		LINGERS
	} state;		   /* LINGERS: failed, and has yet to end */
	TAILQ_ENTRY(errand) entry; /* while it waits */
};

TAILQ_HEAD(errands, errand);

struct checker {
	struct event_base *base;
	int fd;
	const char *config_path;
	struct config *config;
	struct target *targets;	 /* sorted by key, ... */
	struct errand **errands; /* ... and so are these */
	size_t nr;
	struct errand *load; /* shed.command; NULL: there is none */
	struct http_asker *http;
	struct errands waiting[KINDS];
	size_t running[KINDS];
};

static void say(struct checker *checker, struct talk *talk)
{
	/* The daemon is busy and has enough to read: the next one will tell as much. */
	send(checker->fd, talk, sizeof(*talk), MSG_DONTWAIT | MSG_NOSIGNAL);
}

__attribute__((format(printf, 2, 3))) static void say_trouble(struct checker *checker,
							      const char *format, ...)
{
	struct talk talk = { .kind = TALK_TROUBLE };
	va_list args;

	va_start(args, format);
	vsnprintf(talk.why, sizeof(talk.why), format, args);
	va_end(args);
	say(checker, &talk);
}

/* What shed.command printed, if it is a number. */
static void say_load(struct errand *errand, bool passed, const char *why)
{
	struct talk talk = { .kind = TALK_LOAD, .passed = passed };

	if (passed && !load_number_parse(errand->said, &talk.load)) {
		talk.passed = false;
		why = *errand->said ? "what it prints is no number" : "it prints nothing";
	}
	snprintf(talk.why, sizeof(talk.why), "%s", why);
	say(errand->checker, &talk);
}

static void say_ended(struct errand *errand, bool passed, const char *why)
{
	struct talk talk = { .kind = TALK_ENDED,
			     .passed = passed,
			     .took_us = clock_mono_us() - errand->began_us,
			     .key = errand->key };

	if (errand == errand->checker->load) {
		say_load(errand, passed, why);
		return;
	}
	snprintf(talk.why, sizeof(talk.why), "%s", why);
	say(errand->checker, &talk);
}

/* --- one check -------------------------------------------------------------------------------- */

static enum kind kind_of(const struct config_check *check)
{
	switch (check->by) {
	case CONFIG_CHECK_TCP:
		return KIND_CONNECT;
	case CONFIG_CHECK_COMMAND:
		return KIND_COMMAND;
	default:
		return KIND_REQUEST;
	}
}

static size_t limit_of(const struct checker *checker, enum kind kind)
{
	return kind == KIND_COMMAND ? checker->config->health_commands : REQUESTS_AT_ONCE;
}

static void set_timer(struct errand *errand, __u64 after_us)
{
	struct timeval after = { after_us / 1000000, after_us % 1000000 };

	event_add(errand->timer, &after);
}

/* So that it begins as often as is configured, however long each takes. */
static void rest(struct errand *errand)
{
	__u64 due_us = errand->began_us + errand->check->every_s * 1000000ull;
	__u64 now_us = clock_mono_us();

	errand->state = RESTS;
	set_timer(errand, due_us > now_us ? due_us - now_us : 0);
}

static int begin(struct errand *errand)
{
	struct checker *checker = errand->checker;

	errand->asking.check = errand->check;
	switch (kind_of(errand->check)) {
	case KIND_CONNECT:
		return tcp_ask(checker->base, &errand->asking);
	case KIND_COMMAND:
		return command_ask(checker->base, &errand->asking);
	default:
		return http_ask(checker->http, &errand->asking);
	}
}

static void cancel(struct errand *errand)
{
	switch (kind_of(errand->asking.check)) {
	case KIND_CONNECT:
		tcp_cancel(&errand->asking);
		break;
	case KIND_COMMAND:
		command_cancel(&errand->asking);
		break;
	default:
		http_cancel(&errand->asking);
		break;
	}
}

/* Those whose turn it is. */
static void start_next(struct checker *checker, enum kind kind)
{
	struct errand *errand;
	int err;

	while (checker->running[kind] < limit_of(checker, kind) &&
	       (errand = TAILQ_FIRST(&checker->waiting[kind]))) {
		TAILQ_REMOVE(&checker->waiting[kind], errand, entry);
		errand->began_us = clock_mono_us();
		err = begin(errand);
		if (err) {
			say_ended(errand, false, strerror(-err));
			rest(errand);
			continue;
		}
		errand->state = RUNS;
		checker->running[kind]++;
		set_timer(errand, errand->check->timeout_s * 1000000ull);
	}
}

static void leave(struct errand *errand)
{
	enum kind kind = kind_of(errand->asking.check);

	errand->checker->running[kind]--;
	rest(errand);
	start_next(errand->checker, kind);
}

static void on_done(struct asking *asking, bool passed, const char *why)
{
	struct errand *errand = (struct errand *)((char *)asking - offsetof(struct errand, asking));

	if (errand->state == RUNS)
		say_ended(errand, passed, why);
	leave(errand);
}

/* This host was too busy to look: that says nothing of a server. */
static bool are_we_late(const struct errand *errand)
{
	return clock_mono_us() > errand->began_us + errand->check->timeout_s * 1000000ull + LATE_US;
}

/* A program holds its place until it has really ended. */
static void on_overdue(struct errand *errand)
{
	char why[AD_HEALTH_WHY];

	snprintf(why, sizeof(why), "no answer within %u s", errand->check->timeout_s);
	if (!are_we_late(errand))
		say_ended(errand, false, why);
	if (kind_of(errand->asking.check) == KIND_COMMAND) {
		errand->state = LINGERS;
		command_kill(&errand->asking);
		return;
	}
	cancel(errand);
	leave(errand);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct errand *errand = arg;
	enum kind kind = kind_of(errand->check);

	if (errand->state == RUNS) {
		on_overdue(errand);
		return;
	}
	errand->state = WAITS;
	TAILQ_INSERT_TAIL(&errand->checker->waiting[kind], errand, entry);
	start_next(errand->checker, kind);
}

static void errand_stop(struct errand *errand)
{
	if (errand->state == WAITS)
		TAILQ_REMOVE(&errand->checker->waiting[kind_of(errand->check)], errand, entry);
	if (errand->state == RUNS || errand->state == LINGERS) {
		cancel(errand);
		errand->checker->running[kind_of(errand->asking.check)]--;
	}
	errand->state = RESTS;
}

static void errand_free(struct errand *errand)
{
	if (!errand)
		return;
	errand_stop(errand);
	if (errand->timer)
		event_free(errand->timer);
	free(errand);
}

/* --- what is checked -------------------------------------------------------------------------- */

static __u64 random_below(__u64 limit)
{
	__u64 number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = clock_mono_us();
	return number % limit;
}

/* Many of them do not begin all at once. */
static struct errand *errand_new(struct checker *checker, const struct target *target)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (!errand)
		return NULL;
	errand->checker = checker;
	errand->key = target->key;
	errand->check = errand->asking.check = target->check;
	errand->asking.key = &errand->key;
	errand->asking.done = on_done;
	errand->timer = evtimer_new(checker->base, on_timer, errand);
	if (!errand->timer) {
		free(errand);
		return NULL;
	}
	set_timer(errand, random_below(FIRST_WITHIN_US));
	return errand;
}

static void write_list(FILE *out, char *const *list, size_t nr)
{
	fprintf(out, " %zu", nr);
	for (size_t i = 0; i < nr; i++)
		fprintf(out, " %zu:%s", strlen(list[i]), list[i]);
}

/* All that matters to one that is under way. */
static bool is_same(const struct config_check *a, const struct config_check *b)
{
	const struct config_check *checks[] = { a, b };
	char *texts[2] = { NULL, NULL };
	bool same;
	size_t i, size;

	for (i = 0; i < 2; i++) {
		const struct config_check *check = checks[i];
		char *words[] = { check->host ?: "", check->path ?: "", check->statuses.text ?: "",
				  check->contains ?: "", check->ca_file ?: "" };
		FILE *out = open_memstream(&texts[i], &size);

		if (!out)
			break;
		fprintf(out, "%d %u %u %u", check->by, check->port, check->every_s,
			check->timeout_s);
		write_list(out, words, sizeof(words) / sizeof(*words));
		write_list(out, check->command.list, check->command.nr);
		fclose(out);
	}
	same = texts[0] && texts[1] && !strcmp(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
	return same;
}

/* It goes on as if nothing had happened; what was asked in another way is asked again soon. */
static void errand_use(struct errand *errand, const struct config_check *check)
{
	if (!is_same(errand->check, check)) {
		errand_stop(errand);
		set_timer(errand, random_below(FIRST_WITHIN_US));
	}
	errand->check = errand->asking.check = check;
}

/* Takes those that there are out of @checker. False without memory: nothing changed. */
static bool errands_list(struct checker *checker, struct target *targets, size_t nr,
			 struct errand **errands)
{
	struct target *old;
	size_t i;

	for (i = 0; i < nr; i++) {
		old = targets_find(checker->targets, checker->nr, &targets[i].key);
		if (old)
			continue;
		errands[i] = errand_new(checker, &targets[i]);
		if (!errands[i])
			return false;
	}
	for (i = 0; i < nr; i++) {
		old = targets_find(checker->targets, checker->nr, &targets[i].key);
		if (!old)
			continue;
		errands[i] = checker->errands[old - checker->targets];
		checker->errands[old - checker->targets] = NULL;
		errand_use(errands[i], targets[i].check);
	}
	return true;
}

static void errands_free(struct errand **errands, size_t nr)
{
	for (size_t i = 0; errands && i < nr; i++)
		errand_free(errands[i]);
	free(errands);
}

/* --- shed.command, beside the checks ---------------------------------------------------------- */

static struct target load_target(const struct config *config)
{
	struct target target = { .check = &config->shed.by };

	snprintf(target.key.pop, sizeof(target.key.pop), "%s",
		 config->pops[config->self->pop].name);
	return target;
}

/* *@load, if @config wants one and there is none. False without memory. */
static bool load_new(struct checker *checker, const struct config *config, struct errand **load)
{
	const struct target target = load_target(config);

	*load = NULL;
	if (checker->load || !config->shed.by.command.nr)
		return true;
	*load = errand_new(checker, &target);
	if (!*load)
		return false;
	(*load)->asking.said = (*load)->said;
	(*load)->asking.said_room = sizeof((*load)->said);
	return true;
}

static void load_use(struct checker *checker, const struct config *config, struct errand *load)
{
	if (load) {
		checker->load = load;
	} else if (!config->shed.by.command.nr) {
		errand_free(checker->load);
		checker->load = NULL;
	} else {
		checker->load->key = load_target(config).key;
		errand_use(checker->load, &config->shed.by);
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static int use(struct checker *checker, struct config *config)
{
	struct target *targets;
	struct errand **errands, *load = NULL;
	size_t nr;
	int kind, err = targets_list(config, &targets, &nr);

	if (err)
		return err;
	errands = calloc(nr ?: 1, sizeof(*errands));
	if (!errands || !load_new(checker, config, &load) ||
	    !errands_list(checker, targets, nr, errands)) {
		errand_free(load);
		errands_free(errands, nr);
		free(targets);
		return -ENOMEM;
	}
	load_use(checker, config, load);
	errands_free(checker->errands, checker->nr);
	free(checker->targets);
	config_free(checker->config);
	checker->config = config;
	checker->targets = targets;
	checker->errands = errands;
	checker->nr = nr;
	for (kind = 0; kind < KINDS; kind++)
		start_next(checker, kind);
	return 0;
}

/* The daemon has read it, too, a moment ago. */
static void read_config(struct checker *checker)
{
	struct config_errors errors;
	struct config *config;
	int err = config_load(checker->config_path, &config, &errors);

	if (!err) {
		err = use(checker, config);
		if (err)
			config_free(config);
	}
	if (err)
		say_trouble(checker, "%s: what it checks stays as it was",
			    errors.nr ? "the configuration has errors" : strerror(-err));
	config_errors_free(&errors);
}

/* --- the process ------------------------------------------------------------------------------ */

static void on_word(evutil_socket_t fd, short what, void *arg)
{
	struct checker *checker = arg;
	char word;
	ssize_t size = recv(fd, &word, sizeof(word), MSG_DONTWAIT);

	if (size == 1 && word == TALK_USE)
		read_config(checker);
	else if (!size || (size < 0 && errno != EAGAIN && errno != EINTR))
		event_base_loopbreak(checker->base);
}

static void on_stop(evutil_socket_t signal, short what, void *arg)
{
	event_base_loopbreak(((struct checker *)arg)->base);
}

static int work(struct checker *checker)
{
	static const int stops[] = { SIGTERM, SIGINT };
	struct event *events[3] = { event_new(checker->base, checker->fd, EV_READ | EV_PERSIST,
					      on_word, checker) };
	struct talk ready = { .kind = TALK_READY };
	int err = 0;
	size_t i;

	for (i = 0; i < 2; i++)
		events[i + 1] = evsignal_new(checker->base, stops[i], on_stop, checker);
	for (i = 0; i < 3; i++)
		if (!events[i] || event_add(events[i], NULL))
			err = -ENOMEM;
	if (!err) {
		say(checker, &ready);
		event_base_dispatch(checker->base);
	}
	for (i = 0; i < 3; i++)
		if (events[i])
			event_free(events[i]);
	return err;
}

int checker_run(int fd, const char *config_path)
{
	struct checker checker = { .base = event_base_new(), .fd = fd, .config_path = config_path };
	int kind, err = checker.base ? http_asker_new(checker.base, &checker.http) : -ENOMEM;

	for (kind = 0; kind < KINDS; kind++)
		TAILQ_INIT(&checker.waiting[kind]);
	err = err ?: work(&checker);
	errands_free(checker.errands, checker.nr);
	errand_free(checker.load);
	free(checker.targets);
	http_asker_free(checker.http);
	config_free(checker.config);
	if (checker.base)
		event_base_free(checker.base);
	return err;
}
