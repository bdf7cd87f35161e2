/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h: what every reading command begins with: the instance's pins, opened read-only, and the
 * names for what is in them. Needs neither the daemon nor root, and the configuration only for
 * names.
 */
#ifndef AD_VIEW_H
#define AD_VIEW_H

#include "user/base/globals.h"
#include "user/config/config.h"
#include "user/state/names.h"
#include "user/state/pins.h"

struct view {
	const struct globals *globals;
	const struct config *config; /* NULL: unreadable, ids stand in for names */
	struct config *own_config;   /* what view_close() frees; at least where things are */
	struct pins pins;
	struct ad_meta meta;
	struct names names;
};

/* EXIT_OK, then view_close(); or another exit code, said on stderr, or as JSON if asked for. */
int view_open(struct view *view, const struct globals *globals);
void view_close(struct view *view);

/* Says that @what could not be read, and gives the exit code. */
int view_failed(const struct view *view, const char *what, int err);

#endif
