// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_undrain.c: takes a drain back.
 */
#include <stdio.h>
#include "cmd.h"
#include "user/base/args.h"
#include "user/base/output.h"
#include "user/fleet/drain_cmd.h"

static int show(const struct globals *globals, bool was_on)
{
	if (globals->json)
		output_json(json_pack("{s:b, s:s, s:b, s:b}", "ok", 1, "instance",
				      globals->instance, "draining", 0, "was_draining", was_on));
	else
		puts(was_on ? "new flows are served here again" : "was not draining");
	return EXIT_OK;
}

int cmd_undrain(const struct globals *globals, int argc, char **argv)
{
	struct drain_handle handle;
	bool was_on;
	int code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = drain_open(&handle, globals, false);
	if (code)
		return code;
	was_on = drain_is_on(handle.state);
	drain_end(handle.state);
	drain_close(&handle);
	return show(globals, was_on);
}
