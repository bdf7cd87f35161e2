// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * call.c: the client's end of a crowd (crowd.h), which tells what became of each connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "crowd.h"

#define DIALS_PER_TICK 25
#define PATIENCE_MS    30000 /* for a connection to be made, and for one to end */
#define STALL_MS       2000
#define LOSSES_TOLD    40

enum call_state {
	CALL_TO_DIAL,
	CALL_DIALLING,
	CALL_LIVE,   /* the server has said its name */
	CALL_ENDING, /* we have ended our half */
	CALL_OVER
};

struct call {
	int fd;
	enum call_state state;
	enum crowd_kind kind;
	const char *address;
	__u32 turns;
	bool stamped; /* timestamps were negotiated */
	char owner[NAME_BYTES + 1];
	struct stream in, out;
	struct crowd_totals totals;
	bool has_totals;
	__u64 since_ms;	  /* dialled, or ended */
	__u64 expects_ms; /* since when it waits for data; 0: it does not */
	__u64 dies_ms;	  /* of old age */
	struct frame_header header;
	size_t header_bytes, frame_bytes; /* of the frame under way: header, content that came */
	char frame[FRAME_MAX];
	struct outbox box;
};

struct crowd {
	const char *port;
	__u32 nr, rate, life_s;
	struct call *calls;
	int epoll, ticker;
	__u64 tick, began_ms, longest_ms;
	__u32 next_to_dial, dialled, whole, lost;
	bool told, ending;
	json_t *whole_by, *lost_by, *losses;
};

static const char *const kinds[] = {
	[CROWD_DOWN] = "down",
	[CROWD_UP] = "up",
	[CROWD_TALK] = "talk",
	[CROWD_IDLE] = "idle",
};

/* --- what became of it --------------------------------------------------------------------------
 */
static void count_up(json_t *counts, const char *key)
{
	json_int_t now = json_integer_value(json_object_get(counts, key));

	json_object_set_new(counts, key, json_integer(now + 1));
}

static void call_hang_up(struct crowd *crowd, struct call *call)
{
	if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
	call->state = crowd->life_s && !crowd->ending ? CALL_TO_DIAL : CALL_OVER;
}

static void call_lose(struct crowd *crowd, struct call *call, const char *reason)
{
	__u64 at_ms = crowd_now_ms() - crowd->began_ms;
	char key[64];

	snprintf(key, sizeof(key), "%s: %s", *call->owner ? call->owner : "nobody", reason);
	count_up(crowd->lost_by, key);
	crowd->lost++;
	if (json_array_size(crowd->losses) < LOSSES_TOLD)
		json_array_append_new(crowd->losses,
				      json_pack("{s:s, s:s, s:s, s:b, s:s, s:f, s:I, s:I}", "kind",
						kinds[call->kind], "address", call->address,
						"owner", call->owner, "stamped", call->stamped,
						"reason", reason, "at_s", at_ms / 1000.0, "sent",
						(json_int_t)call->out.at, "received",
						(json_int_t)call->in.at));
	call_hang_up(crowd, call);
}

/* The server has closed. */
static void call_judge(struct crowd *crowd, struct call *call)
{
	if (!call->has_totals)
		call_lose(crowd, call, "closed early");
	else if (!call->totals.intact)
		call_lose(crowd, call, "garbled on the way up");
	else if (call->totals.received != call->out.at || call->totals.sent != call->in.at)
		call_lose(crowd, call, "incomplete");
	else {
		crowd->whole++;
		count_up(crowd->whole_by, call->owner);
		call_hang_up(crowd, call);
	}
}

/* --- writing -------------------------------------------------------------------------------------
 */
static void call_watch(struct crowd *crowd, struct call *call, __u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = call };

	epoll_ctl(crowd->epoll, EPOLL_CTL_MOD, call->fd, &event);
}

static void call_flush(struct crowd *crowd, struct call *call)
{
	int left = outbox_flush(&call->box, call->fd);

	if (left < 0) {
		call_lose(crowd, call, strerror(-left));
		return;
	}
	call_watch(crowd, call, EPOLLIN | (left ? EPOLLOUT : 0));
	if (!left && call->state == CALL_ENDING)
		shutdown(call->fd, SHUT_WR);
}

static void call_send(struct crowd *crowd, struct call *call, size_t bytes)
{
	if (!bytes || !outbox_is_empty(&call->box))
		return;
	if (call->kind != CROWD_UP)
		call->expects_ms = crowd_now_ms();
	stream_take(&call->out, outbox_add(&call->box, bytes), bytes);
	call_flush(crowd, call);
}

/* In good order: what is under way arrives. An idle one speaks first. */
static void call_end(struct crowd *crowd, struct call *call)
{
	call->since_ms = crowd_now_ms();
	call->state = CALL_ENDING;
	if (call->kind == CROWD_IDLE)
		call_send(crowd, call, TALK_BYTES);
	else
		call_flush(crowd, call);
}

static void call_request(struct crowd *crowd, struct call *call)
{
	struct crowd_request request = {
		.magic = CROWD_MAGIC,
		.rate = crowd->rate,
		.seed = (__u64)random() << 32 ^ (__u64)random(),
		.kind = call->kind,
	};

	call->out = (struct stream){ .seed = request.seed };
	call->in =
		(struct stream){ .seed = call->kind == CROWD_DOWN ? ~request.seed : request.seed };
	memcpy(outbox_add(&call->box, sizeof(request)), &request, sizeof(request));
}

static void call_dial(struct crowd *crowd, struct call *call)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.ptr = call };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(atoi(crowd->port)) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = to6.sin6_port };
	bool is_ip4 = inet_pton(AF_INET, call->address, &to4.sin_addr) == 1;

	inet_pton(AF_INET6, call->address, &to6.sin6_addr);
	call->fd = socket(is_ip4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	call->state = CALL_DIALLING;
	call->since_ms = crowd_now_ms();
	call->dies_ms = crowd->life_s ? call->since_ms + 500 * crowd->life_s +
						random() % (1000 * crowd->life_s)
				      : 0;
	call->expects_ms = call->turns = call->header_bytes = call->frame_bytes = 0;
	call->has_totals = call->stamped = false;
	*call->owner = '\0';
	call->box.from = call->box.to = 0;
	crowd->dialled++;
	crowd_nodelay(call->fd);
	call_request(crowd, call);
	if (is_ip4 ? connect(call->fd, (struct sockaddr *)&to4, sizeof(to4))
		   : connect(call->fd, (struct sockaddr *)&to6, sizeof(to6)))
		if (errno != EINPROGRESS) {
			call_lose(crowd, call, strerror(errno));
			return;
		}
	epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, call->fd, &event);
}

/* --- reading -------------------------------------------------------------------------------------
 */
static void call_note_owner(struct call *call)
{
	struct tcp_info info = {};
	socklen_t bytes = sizeof(info);

	memcpy(call->owner, call->frame, NAME_BYTES);
	getsockopt(call->fd, IPPROTO_TCP, TCP_INFO, &info, &bytes);
	call->stamped = info.tcpi_options & TCPI_OPT_TIMESTAMPS;
	call->state = CALL_LIVE;
	if (call->kind == CROWD_DOWN)
		call->expects_ms = crowd_now_ms();
}

/* Data that was waited for has come: how long did it take? */
static void call_note_wait(struct crowd *crowd, struct call *call)
{
	__u64 now = crowd_now_ms();

	if (call->expects_ms && now - call->expects_ms > crowd->longest_ms)
		crowd->longest_ms = now - call->expects_ms;
	call->expects_ms = call->kind == CROWD_DOWN ? now : 0;
}

/* A frame is complete; false: it is not what was sent. */
static bool call_take_frame(struct crowd *crowd, struct call *call)
{
	switch (call->header.type) {
	case FRAME_NAME:
		call_note_owner(call);
		return true;
	case FRAME_DATA:
		call_note_wait(crowd, call);
		return stream_expect(&call->in, call->frame, call->header.bytes);
	default:
		memcpy(&call->totals, call->frame, sizeof(call->totals));
		call->has_totals = true;
		return true;
	}
}

static size_t take(void *to, size_t have, size_t wanted, const char **from, size_t *bytes)
{
	size_t some = wanted - have < *bytes ? wanted - have : *bytes;

	memcpy((char *)to + have, *from, some);
	*from += some;
	*bytes -= some;
	return have + some;
}

static bool call_take(struct crowd *crowd, struct call *call, const char *data, size_t bytes)
{
	while (bytes) {
		if (call->header_bytes < sizeof(call->header)) {
			call->header_bytes = take(&call->header, call->header_bytes,
						  sizeof(call->header), &data, &bytes);
			continue;
		}
		if (call->header.bytes > FRAME_MAX || call->header.type > FRAME_TOTALS)
			return false;
		call->frame_bytes =
			take(call->frame, call->frame_bytes, call->header.bytes, &data, &bytes);
		if (call->frame_bytes < call->header.bytes)
			return true;
		if (!call_take_frame(crowd, call))
			return false;
		call->header_bytes = call->frame_bytes = 0;
	}
	return true;
}

static void call_hear(struct crowd *crowd, struct call *call)
{
	char data[FRAME_MAX];
	ssize_t bytes = recv(call->fd, data, sizeof(data), 0);

	if (bytes < 0 && errno == EAGAIN)
		return;
	if (bytes < 0)
		call_lose(crowd, call, strerror(errno));
	else if (!bytes)
		call_judge(crowd, call);
	else if (!call_take(crowd, call, data, bytes))
		call_lose(crowd, call, "garbled on the way down");
}

/* --- the loop ------------------------------------------------------------------------------------
 */
static void call_turn(struct crowd *crowd, struct call *call)
{
	__u64 now = crowd_now_ms();

	if ((call->state == CALL_DIALLING || call->state == CALL_ENDING) &&
	    now - call->since_ms > PATIENCE_MS) {
		call_lose(crowd, call, call->state == CALL_ENDING ? "silence" : "no answer");
		return;
	}
	if (call->state != CALL_LIVE)
		return;
	if (crowd->ending || (call->dies_ms && now > call->dies_ms))
		call_end(crowd, call);
	else if (call->kind == CROWD_UP)
		call_send(crowd, call, crowd->rate / TURNS_PER_S);
	else if (call->kind == CROWD_TALK && call->turns++ % TURNS_PER_S == 0 && !call->expects_ms)
		call_send(crowd, call, TALK_BYTES);
}

static void crowd_dial(struct crowd *crowd)
{
	__u32 dials = 0;

	for (__u32 i = 0; i < crowd->nr && dials < DIALS_PER_TICK && !crowd->ending; i++) {
		struct call *call = &crowd->calls[(crowd->next_to_dial + i) % crowd->nr];

		if (call->state != CALL_TO_DIAL)
			continue;
		call_dial(crowd, call);
		dials++;
	}
	crowd->next_to_dial = (crowd->next_to_dial + dials) % crowd->nr;
}

static __u32 crowd_count(const struct crowd *crowd, enum call_state first, enum call_state last)
{
	__u32 nr = 0;

	for (__u32 i = 0; i < crowd->nr; i++)
		nr += crowd->calls[i].state >= first && crowd->calls[i].state <= last;
	return nr;
}

/* How many expect data for longer than any of them should. */
static __u32 crowd_count_waiting(const struct crowd *crowd)
{
	__u64 now = crowd_now_ms();
	__u32 nr = 0;

	for (__u32 i = 0; i < crowd->nr; i++)
		nr += crowd->calls[i].state == CALL_LIVE && crowd->calls[i].expects_ms &&
		      now - crowd->calls[i].expects_ms > STALL_MS;
	return nr;
}

static void crowd_tick(struct crowd *crowd)
{
	if (!crowd_ticked(crowd->ticker))
		return;
	crowd->tick++;
	crowd_dial(crowd);
	for (__u32 i = 0; i < crowd->nr; i++)
		if (i / CROWD_KINDS % PHASES == crowd->tick % PHASES) /* all kinds in each */
			call_turn(crowd, &crowd->calls[i]);
	if (!crowd->told && !crowd_count(crowd, CALL_TO_DIAL, CALL_DIALLING)) {
		crowd->told = true;
		printf("connected %u\n", crowd_count(crowd, CALL_LIVE, CALL_ENDING));
		fflush(stdout);
	}
}

static void crowd_obey(struct crowd *crowd)
{
	char line[64] = "";
	ssize_t bytes = read(STDIN_FILENO, line, sizeof(line) - 1);

	if (bytes <= 0 || !strncmp(line, "end", 3)) {
		crowd->ending = true;
		epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		for (__u32 i = 0; i < crowd->nr; i++)
			if (crowd->calls[i].state == CALL_TO_DIAL)
				crowd->calls[i].state = CALL_OVER;
		return;
	}
	printf("live %u lost %u waiting %u\n", crowd_count(crowd, CALL_LIVE, CALL_ENDING),
	       crowd->lost, crowd_count_waiting(crowd));
	fflush(stdout);
}

static void crowd_turn(struct crowd *crowd)
{
	struct epoll_event events[EVENTS_MAX];
	int nr = epoll_wait(crowd->epoll, events, EVENTS_MAX, -1);

	for (int i = 0; i < nr; i++) {
		struct call *call = events[i].data.ptr;

		if (!call)
			crowd_obey(crowd);
		else if ((void *)call == &crowd->ticker || call->fd < 0)
			continue;
		else if (events[i].events & EPOLLIN)
			call_hear(crowd, call);
		else
			call_flush(crowd, call);
	}
	crowd_tick(crowd);
}

static void crowd_report(struct crowd *crowd)
{
	json_t *report = json_pack("{s:i, s:i, s:i, s:I, s:o, s:o, s:o}", "dialled", crowd->dialled,
				   "whole", crowd->whole, "lost", crowd->lost, "longest_wait_ms",
				   (json_int_t)crowd->longest_ms, "whole_by", crowd->whole_by,
				   "lost_by", crowd->lost_by, "losses", crowd->losses);

	json_dumpf(report, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(report);
}

static int crowd_run(struct crowd *crowd, char **addresses, int nr_addresses)
{
	struct epoll_event event = { .events = EPOLLIN };

	crowd->calls = calloc(crowd->nr, sizeof(*crowd->calls));
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd->ticker = crowd_ticker();
	if (!crowd->calls || crowd->epoll < 0 || crowd->ticker < 0 ||
	    epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event)) {
		perror("crowd call");
		return 1;
	}
	for (__u32 i = 0; i < crowd->nr; i++)
		crowd->calls[i] = (struct call){
			.fd = -1,
			.kind = i % CROWD_KINDS,
			.address = addresses[i / CROWD_KINDS % nr_addresses],
		};
	event.data.ptr = &crowd->ticker;
	epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, crowd->ticker, &event);
	crowd->began_ms = crowd_now_ms();
	while (crowd_count(crowd, CALL_TO_DIAL, CALL_ENDING))
		crowd_turn(crowd);
	crowd_report(crowd);
	free(crowd->calls);
	return crowd->lost > 0;
}

int crowd_call(int argc, char **argv)
{
	static const struct option options[] = { { "count", required_argument, NULL, 'c' },
						 { "rate", required_argument, NULL, 'r' },
						 { "life", required_argument, NULL, 'l' },
						 {} };
	struct crowd crowd = { .nr = 100, .rate = 4000 };
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'c')
			crowd.nr = atoi(optarg);
		else if (opt == 'r')
			crowd.rate = atoi(optarg);
		else if (opt == 'l')
			crowd.life_s = atoi(optarg);
		else
			return -1;
	}
	if (argc - optind < 2 || !crowd.nr)
		return -1;
	crowd.port = argv[optind];
	crowd.whole_by = json_object();
	crowd.lost_by = json_object();
	crowd.losses = json_array();
	return crowd_run(&crowd, argv + optind + 1, argc - optind - 1);
}
