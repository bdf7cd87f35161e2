/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h: the daemon's ear: a socket in the run directory, for root only. One line of JSON
 * in, {"verb": "...", "args": {...}}; one line of JSON out, {"ok": true|false, ...}.
 */
#ifndef AD_CONTROL_H
#define AD_CONTROL_H

#include <jansson.h>
#include <sys/types.h>

struct control;
struct event_base;

struct control_caller;

/*
 * Answers a verb; the reply is ours to free. NULL: no such verb, unless @caller is to wait for its
 * answer (control_wait()). @args may be NULL.
 */
typedef json_t *control_handler(const char *verb, const json_t *args, struct control_caller *caller,
				void *arg);
#define CONTROL_NO_VERB "no such verb" /* what clients know an older daemon by */
/* A reply that says no: {"ok": false, "errors": [@why]}. */
json_t *control_refuse(const char *why);
/* The same; takes @why. */
json_t *control_refuse_with(json_t *why);
/*
 * The answer to @caller's verb comes later, by control_answer(), which must be called once, and
 * before control_free(). Until then its connection stays open, and no other verb of it is heard.
 */
void control_wait(struct control_caller *caller);
/* The user of the process that asks; (uid_t)-1: the kernel does not tell. */
uid_t control_uid(const struct control_caller *caller);
/* Takes @reply. The caller may have gone. */
void control_answer(struct control_caller *caller, json_t *reply);

/* Listens at @path, over what a dead daemon left there. 0 or -errno, logged. */
int control_new(struct event_base *base, const char *path, control_handler *handler, void *arg,
		struct control **control);
/* Somebody removed the socket: listens at a new one. 0 or -errno, logged. */
int control_renew(struct control *control);
void control_free(struct control *control);

/*
 * Asks the daemon that listens at @path and waits for its answer (at most two minutes; three
 * seconds if it was stopped by a signal). Takes the reference to @args (may be NULL). 0 and *@reply
 * to json_decref(); -ENOENT or -ECONNREFUSED: no daemon listens; -EPERM: somebody does who is
 * neither root nor us; other -errno. Not logged.
 */
int control_call(const char *path, const char *verb, json_t *args, json_t **reply);
/* What the error of a call means, for people. */
const char *control_why(int err);

/* The same for @seconds at most; -ETIMEDOUT then. It may be done later all the same. */
int control_call_within(const char *path, const char *verb, json_t *args, int seconds,
			json_t **reply);

#endif
