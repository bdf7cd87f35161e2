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

/* Says that who holds @instance could not be asked, for @err. Returns the exit code for that. */
int ask_fail_unheard(const struct globals *globals, const struct instance *instance, int err);

/*
 * Has @verb, "drain" or "undrain", done by the daemon; where none runs, this process takes the
 * instance's locks for that moment and does the same in its place (drain_serve.h). Gives itself as
 * the user, @reason and @to, which may be NULL. EXIT_OK, and *@reply to json_decref() if @reply is
 * not NULL; or another code, said. Warnings are said.
 */
int ask_drain(const struct globals *globals, const struct drain_handle *handle, const char *verb,
	      const char *reason, const char *to, json_t **reply);

#endif
