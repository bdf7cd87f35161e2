// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_keygen.c: `anydoor keygen`: the one secret of a fleet.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/config/keys.h"

const struct arg cmd_keygen_args[] = { { "FILE", 0, ARG_WORD, 0, NULL, 0, 0,
					 "file to write the key to; it must not exist yet" },
				       { NULL } };

int cmd_keygen(const struct globals *globals, int argc, char **argv)
{
	const char *path = NULL;
	int err;

	if (args_parse(cmd_keygen_args, argc, argv, &path))
		return EXIT_USAGE;
	if (!path)
		return fail(globals, EXIT_USAGE,
			    "keygen: needs a file to write, such as /etc/anydoor/fleet.key");
	err = keys_generate(path);
	if (err)
		return fail(globals, EXIT_FAILED, "key file %s: %s%s", path, strerror(-err),
			    err == -EEXIST ? "; a fleet's key is never overwritten" : "");
	if (globals->json)
		output_json(json_pack("{s:b, s:s}", "ok", 1, "file", path));
	else
		printf("%s: made. Copy it to every node of the fleet, readable by root alone.\n",
		       path);
	return EXIT_OK;
}
