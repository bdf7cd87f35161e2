// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus_call.c: commands that wait until the bus has what they say, and until the node that it
 * is for has answered (daemon_bus.h). Each write names the revision that it replaces, so of two
 * operators who speak at once the second one is told what the first one said.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon_bus.h"
#include "user/base/clock.h"
#include "user/base/output.h"

#define OVERTAKEN_MS 500 /* after a write that failed: until then it is heard who was quicker */

static __u64 now_ms(void)
{
	return clock_mono_us() / 1000;
}

struct bus_call *daemon_bus_call_new(struct control_caller *caller, const json_t *args, size_t nr)
{
	struct bus_call *call = calloc(1, sizeof(*call) + nr * sizeof(*call->targets));

	if (!call)
		return NULL;
	call->caller = caller;
	call->args = json_incref((json_t *)args);
	call->nr = nr;
	return call;
}

void daemon_bus_call_free(struct bus_call *call)
{
	size_t i;

	for (i = 0; i < call->nr; i++) {
		json_decref(call->targets[i].body);
		json_decref(call->targets[i].answer);
	}
	json_decref(call->args);
	free(call);
}

static bool is_pending(const struct bus_target *target)
{
	return target->state == BUS_TARGET_WRITING || target->state == BUS_TARGET_WRITTEN;
}

static bool is_over(const struct bus_call *call)
{
	size_t i;

	for (i = 0; i < call->nr; i++)
		if (is_pending(&call->targets[i]))
			return false;
	return true;
}

/* Answers whom nothing more is to be awaited for. */
static void end_some(struct daemon *daemon)
{
	struct bus_call **at = &daemon->bus->calls, *call;

	while ((call = *at)) {
		if (!is_over(call)) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		control_answer(call->caller, call->end(daemon, call));
		daemon_bus_call_free(call);
	}
}

static void write_target(struct daemon *daemon, struct bus_target *target)
{
	target->failed_ms = 0;
	target->revision = bus_book_revision(daemon->bus->book, target->key);
	target->seq = daemon_bus_try(daemon, target->key, target->body);
}

void daemon_bus_call_begin(struct daemon *daemon, struct bus_call *call, __u64 patience_ms)
{
	size_t i;

	control_wait(call->caller);
	call->until_ms = now_ms() + patience_ms;
	call->next = daemon->bus->calls;
	daemon->bus->calls = call;
	for (i = 0; i < call->nr; i++)
		if (is_pending(&call->targets[i]))
			write_target(daemon, &call->targets[i]);
}

/* The target of @key that is not in the bus yet. */
static struct bus_target *find_writing(const struct daemon *daemon, const char *key)
{
	struct bus_call *call;
	size_t i;

	for (call = daemon->bus->calls; call; call = call->next)
		for (i = 0; i < call->nr; i++)
			if (call->targets[i].state == BUS_TARGET_WRITING &&
			    !strcmp(call->targets[i].key, key))
				return &call->targets[i];
	return NULL;
}

bool daemon_bus_call_has(const struct daemon *daemon, const char *key)
{
	return find_writing(daemon, key);
}

/* --- what comes ------------------------------------------------------------------------------- */

/* A node's record says which request it has dealt with, and how. */
static void hear_answer(struct daemon *daemon, __u16 id, const json_t *body)
{
	const json_t *asked = json_object_get(body, "asked");
	json_int_t seq = json_integer_value(json_object_get(asked, "seq"));
	struct bus_call *call;
	size_t i;

	for (call = daemon->bus->calls; call; call = call->next) {
		for (i = 0; i < call->nr; i++) {
			struct bus_target *target = &call->targets[i];

			if (!is_pending(target) || target->id != id || (__u64)seq != target->seq)
				continue;
			target->answer = json_incref((json_t *)asked);
			target->state = BUS_TARGET_DONE;
		}
	}
}

void daemon_bus_calls_hear(struct daemon *daemon, const char *key, __u64 revision,
			   const struct bus_heard *heard)
{
	struct bus_target *target = find_writing(daemon, key);

	if (heard->name.kind == BUS_NODE)
		hear_answer(daemon, heard->name.id, heard->body);
	else if (target && heard->head.life == daemon->bus->life && heard->head.seq == target->seq)
		target->state = target->id ? BUS_TARGET_WRITTEN : BUS_TARGET_DONE;
	else if (target && revision > target->revision) {
		target->answer = json_incref(heard->body);
		target->state = BUS_TARGET_OVERTAKEN;
	}
	end_some(daemon);
}

void daemon_bus_calls_wrote(struct daemon *daemon, const char *key, __u64 seq)
{
	struct bus_target *target = find_writing(daemon, key);

	if (!target || target->seq != seq)
		return;
	target->state = target->id ? BUS_TARGET_WRITTEN : BUS_TARGET_DONE;
	end_some(daemon);
}

void daemon_bus_calls_failed(struct daemon *daemon, const char *key, __u64 seq, const char *why)
{
	struct bus_target *target = find_writing(daemon, key);

	if (!target || target->seq != seq)
		return;
	target->failed_ms = now_ms();
	text_cut(target->why, sizeof(target->why), why);
}

/* --- time ------------------------------------------------------------------------------------- */

static void give_up(struct bus_call *call)
{
	size_t i;

	for (i = 0; i < call->nr; i++)
		if (is_pending(&call->targets[i]))
			call->targets[i].state = BUS_TARGET_LATE;
}

/* What is no record of ours lay there: it is written over. */
static void try_again(struct daemon *daemon, struct bus_call *call)
{
	size_t i;

	for (i = 0; i < call->nr; i++) {
		struct bus_target *target = &call->targets[i];

		if (target->state != BUS_TARGET_WRITING)
			continue;
		if (target->revision != bus_book_revision(daemon->bus->book, target->key))
			write_target(daemon, target);
		else if (target->failed_ms && now_ms() - target->failed_ms >= OVERTAKEN_MS)
			target->state = BUS_TARGET_FAILED;
	}
}

void daemon_bus_calls_tend(struct daemon *daemon)
{
	struct bus_call *call;
	__u64 now = now_ms();

	for (call = daemon->bus->calls; call; call = call->next) {
		if (now >= call->until_ms)
			give_up(call);
		else
			try_again(daemon, call);
	}
	end_some(daemon);
}

void daemon_bus_calls_end(struct daemon *daemon)
{
	struct bus_call *call;

	for (call = daemon->bus->calls; call; call = call->next)
		give_up(call);
	end_some(daemon);
}
