// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * view.c: opening an instance for reading (view.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "user/base/log.h"
#include "user/config/failure.h"
#include "user/load/orphans.h"
#include "user/state/trust.h"
#include "view.h"

/*
 * Reading needs the configuration for names only: without it, names are missing and nothing else.
 */
static void load_config(struct view *view)
{
	const char *path = view->globals->config_path;
	struct config_errors errors = { 0 };
	int err = config_load_places(path, &view->own_config, &errors);

	view->config = err ? NULL : view->own_config;
	if (!err)
		return;
	/* It is no error if the user is not root, or has no file at the default path. */
	if (err == -EACCES || (err == -ENOENT && !strcmp(path, CONFIG_DEFAULT)))
		log_debug("%s cannot be read: ids stand in for names", path);
	else
		log_warn("%s (ids stand in for names; `anydoor check` tells all)",
			 errors.nr ? errors.list[0].text : path);
	config_errors_free(&errors);
}

/* It is not loaded, or it is loaded and its pins are gone, which only root can find out. */
static int no_pins(const struct view *view)
{
	const struct globals *globals = view->globals;
	const char *name = globals->instance, *dir = view->pins.dir;
	struct config_errors ignored = {};
	struct orphans orphans = {};
	struct instance instance;
	char interfaces[256];
	int pid;

	if (!instance_init(&instance, view->own_config, name, &ignored))
		orphans_find(&instance, &orphans);
	config_errors_free(&ignored);
	if (!orphans.nr && !view->config && access(globals->config_path, R_OK) && errno == EACCES)
		return fail(
			globals, EXIT_FAILED,
			"%s: %s, and it says where instance '%s' is pinned: be root, or let its "
			"group read it",
			globals->config_path, strerror(EACCES), name);
	if (!orphans.nr)
		return fail(globals, EXIT_NOT_LOADED, "instance '%s' is not loaded: no %s", name,
			    dir);
	orphans_names(&orphans, interfaces, sizeof(interfaces));
	pid = orphans_holder(&orphans);
	if (pid)
		return fail(globals, EXIT_DEGRADED,
			    "pins of instance '%s' are gone: no %s; programs of anydoor are on %s, "
			    "and process %d tends them: it pins them again where there is a bpffs",
			    name, dir, interfaces, pid);
	return fail(globals, EXIT_DEGRADED,
		    "pins of instance '%s' are gone: no %s; programs of anydoor are on %s: anydoor "
		    "run takes them over, detach --force takes them off",
		    name, dir, interfaces);
}

static int open_failed(const struct view *view, int err)
{
	const struct globals *globals = view->globals;
	const char *instance = globals->instance, *dir = view->pins.dir;

	switch (err) {
	case -ENOENT:
		return no_pins(view);
	case -EACCES:
	case -EPERM:
		return fail(globals, EXIT_FAILED,
			    "%s: not allowed; join the group of state.group, or be root", dir);
	case -EPROTO:
		return fail(globals, EXIT_FAILED,
			    "instance '%s' was loaded by another version; `anydoor version` of "
			    "both tells",
			    instance);
	default:
		return fail(globals, EXIT_FAILED, "%s: %s", dir, strerror(-err));
	}
}

static int check_abi(const struct view *view)
{
	if (view->meta.abi == AD_ABI_VERSION)
		return EXIT_OK;
	return fail(view->globals, EXIT_FAILED,
		    "instance '%s' was loaded by anydoor %s with ABI %u, this one reads ABI %d",
		    view->globals->instance, view->meta.version, view->meta.abi, AD_ABI_VERSION);
}

/* Pins that other users could have made may hold anything. */
static int check_trust(const struct view *view)
{
	char why[TRUST_TEXT];

	if (!view->own_config)
		return EXIT_OK;
	if (trust_path(view->own_config->bpffs, why) || trust_path(view->pins.dir, why))
		return fail(view->globals, EXIT_FAILED, "%s", why);
	return EXIT_OK;
}

int view_open(struct view *view, const struct globals *globals)
{
	int err, code;

	memset(view, 0, sizeof(*view));
	view->globals = globals;
	load_config(view);
	err = view->own_config ? pins_open(&view->pins, view->own_config->bpffs, globals->instance)
			       : -ENOMEM;
	if (!err)
		err = pins_read_meta(&view->pins, &view->meta);
	code = check_trust(view);
	if (!code)
		code = err ? open_failed(view, err) : check_abi(view);
	if (!code) {
		err = names_open(&view->names, view->config, &view->pins);
		code = err ? open_failed(view, err) : EXIT_OK;
	}
	if (code)
		view_close(view);
	return code;
}

void view_close(struct view *view)
{
	names_close(&view->names);
	config_free(view->own_config);
	view->config = view->own_config = NULL;
}

int view_failed(const struct view *view, const char *what, int err)
{
	if (err == -ENOENT)
		return fail(
			view->globals, EXIT_DEGRADED,
			"%s of instance '%s': a map is not pinned in %s any more: a daemon pins "
			"it again, anydoor run takes over what is left",
			what, view->globals->instance, view->pins.dir);
	return fail(view->globals, EXIT_FAILED, "%s of instance '%s': %s", what,
		    view->globals->instance,
		    err == -EPROTO ? "made by another version" : strerror(-err));
}
