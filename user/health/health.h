/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health.h: what the daemon knows of POPs by their checks: it hears how each check ends, counts,
 * and writes the health column of POPs and their words. All of it lies in pinned maps, where the
 * next daemon finds it, and commands and metrics read it.
 */
#ifndef AD_HEALTH_HEALTH_H
#define AD_HEALTH_HEALTH_H

#include "talk.h"
#include "user/config/config.h"
#include "user/state/pins.h"

struct health;

/* NULL without memory. @pins must stay valid. */
struct health *health_new(const struct pins *pins);
void health_free(struct health *health);

/*
 * From now on this is checked. Of what was checked before, by this daemon or the one before, the
 * state is kept by name; what is not checked any more is forgotten. 0; or -errno, and then nothing
 * is heard until the next call, and POPs stay as they are. @config must stay valid until then.
 */
int health_use(struct health *health, const struct config *config);
/* A check has ended. What is not ours, or no message of ours, is left alone. */
void health_hear(struct health *health, const struct talk *talk);
/* An operator told something of a POP: how many are left changes. */
void health_judge(struct health *health);

/* How the POP with that index in the configuration stands; AD_HEALTH_NONE: nothing checks it. */
enum ad_health_state health_of(const struct health *health, size_t pop);

/*
 * Before steered names go live for the first time: POPs that are to be checked, and of which
 * nothing is known, are what health.unknown says. 0 or -errno.
 */
int health_prepare(const struct pins *pins, const struct config *config);

#endif
