// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * view.c: opening an instance for reading (view.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "output.h"
#include "view.h"

/* A program that asked for JSON gets the failure as JSON, too. */
static int fail(const struct globals *globals, int code, const char *text)
{
	if (globals->json)
		output_json(json_pack("{s:s, s:b, s:s, s:i}", "instance", globals->instance,
				      "loaded", code != EXIT_NOT_LOADED, "error", text, "code",
				      code));
	else
		log_err("%s", text);
	return code;
}

/* Reading needs names only: a configuration that cannot be read costs them, and nothing else. */
static void load_config(struct view *view)
{
	const char *path = view->globals->config_path;
	struct config_errors errors = { 0 };
	int err = config_load(path, &view->own_config, &errors);

	view->config = err ? NULL : view->own_config;
	if (!err)
		return;
	view->own_config = NULL;
	/* Not being root, or having no file at the usual place, is nobody's mistake. */
	if (err == -EACCES || (err == -ENOENT && !strcmp(path, CONFIG_DEFAULT)))
		log_debug("%s cannot be read: ids stand in for names", path);
	else
		log_warn("%s (ids stand in for names; `anydoor check` tells all)",
			 errors.nr ? errors.list[0].text : path);
	config_errors_free(&errors);
}

static int open_failed(const struct view *view, int err)
{
	const char *instance = view->globals->instance;
	char text[512];

	switch (err) {
	case -ENOENT:
		snprintf(text, sizeof(text), "instance '%s' is not loaded: no %s%s", instance,
			 view->pins.dir,
			 view->config ? "" : ", where it is without a configuration");
		return fail(view->globals, EXIT_NOT_LOADED, text);
	case -EACCES:
	case -EPERM:
		snprintf(text, sizeof(text),
			 "%s: not allowed; join the group of state.group, or be root",
			 view->pins.dir);
		break;
	case -EPROTO:
		snprintf(text, sizeof(text),
			 "instance '%s' was loaded by another version; `anydoor version` of both "
			 "tells",
			 instance);
		break;
	default:
		snprintf(text, sizeof(text), "%s: %s", view->pins.dir, strerror(-err));
	}
	return fail(view->globals, EXIT_FAILED, text);
}

static int check_abi(const struct view *view)
{
	char text[256];

	if (view->meta.abi == AD_ABI_VERSION)
		return EXIT_OK;
	snprintf(text, sizeof(text),
		 "instance '%s' was loaded by anydoor %s with ABI %u, this one reads ABI %d",
		 view->globals->instance, view->meta.version, view->meta.abi, AD_ABI_VERSION);
	return fail(view->globals, EXIT_FAILED, text);
}

int view_open(struct view *view, const struct globals *globals)
{
	int err, code;

	memset(view, 0, sizeof(*view));
	view->globals = globals;
	load_config(view);
	err = pins_open(&view->pins, view->config ? view->config->bpffs : BPFFS_DEFAULT,
			globals->instance);
	if (!err)
		err = pins_read_meta(&view->pins, &view->meta);
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
	char text[256];

	snprintf(text, sizeof(text), "%s of instance '%s': %s", what, view->globals->instance,
		 err == -EPROTO ? "made by another version" : strerror(-err));
	return fail(view->globals, EXIT_FAILED, text);
}
