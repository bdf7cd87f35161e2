/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.h: what commands have done by the daemon.
 */
#ifndef AD_ASK_H
#define AD_ASK_H

#include <jansson.h>
#include "user/base/globals.h"
#include "user/fleet/drain_cmd.h"
#include "user/state/instance.h"

/* Who is called when something is wrong with it: our user, or the one behind sudo. */
const char *ask_user_name(void);
/* What others wrote becomes UTF-8, or it could not be sent. To free(); NULL of NULL. */
char *ask_sendable(const char *text);

/* Says that who holds @instance could not be asked, for @err. Returns the exit code for that. */
int ask_fail_unheard(const struct globals *globals, const struct instance *instance, int err);

/*
 * What only one process may do to an instance: @alone does it with the instance's locks taken,
 * @daemon has it done by the process that holds them. Both get @instance, filled in, and @arg.
 * Returns what they do, or another exit code, said. The locks are free again afterwards.
 */
typedef int ask_way(struct instance *instance, void *arg);
int ask_either(const struct globals *globals, const struct config *config,
	       struct instance *instance, ask_way *daemon, ask_way *alone, void *arg);

/*
 * Has @verb answered by the daemon, with @args, which it takes. Needs no locks, only that a daemon
 * runs. EXIT_OK and *@reply to json_decref(), or another code, said.
 */
int ask_running(const struct globals *globals, const char *verb, json_t *args, json_t **reply);

/* Says the warnings of a daemon's reply. */
void ask_warn(const json_t *reply);

/*
 * Has @verb, "drain" or "undrain", done by the daemon; where none runs, this process takes the
 * instance's locks for that moment and does the same in its place (drain_serve.h). Gives itself as
 * the user, @reason and @to, which may be NULL, and what else is in @more (may be NULL). EXIT_OK,
 * and *@reply to json_decref() if @reply is not NULL; or another code, said. Warnings are said.
 */
int ask_drain(const struct globals *globals, const struct drain_handle *handle, const char *verb,
	      const char *reason, const char *to, json_t *more, json_t **reply);

/* What an undrain did at a node that did not drain, by its @reply. */
const char *ask_not_draining(const json_t *reply);

/*
 * Whether who gave @reply goes through the steps of a drain, those of BGP too; without a daemon
 * nobody does, which is said if there are any.
 */
bool ask_has_steps(const struct drain_handle *handle, const json_t *reply);

#endif
