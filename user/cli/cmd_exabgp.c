// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_exabgp.c: what ExaBGP runs as a process of its own (user/bgp/exabgp_relay.h).
 */
#include "cmd.h"
#include "user/base/log.h"
#include "user/bgp/exabgp_relay.h"

struct options {
	const char *file, *socket;
};

const struct arg cmd_exabgp_args[] = {
	{ "--file", 0, ARG_TEXT, offsetof(struct options, file), "FILE", 0, 0,
	  "what the daemon writes (bgp.file; default: /run/anydoor/exabgp.routes)" },
	{ "--socket", 0, ARG_TEXT, offsetof(struct options, socket), "FILE", 0, 0,
	  "where the daemon asks (bgp.socket; default: /run/exabgp/anydoor.sock)" },
	{ NULL }
};

int cmd_exabgp(const struct globals *globals, int argc, char **argv)
{
	struct options options = { "/run/anydoor/exabgp.routes", "/run/exabgp/anydoor.sock" };

	if (args_parse(cmd_exabgp_args, argc, argv, &options))
		return EXIT_USAGE;
	return exabgp_relay(options.file, options.socket) ? EXIT_FAILED : 0;
}
