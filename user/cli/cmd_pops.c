// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_pops.c: `anydoor pops`: the fleet as this node sees it.
 */
#include <stdlib.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/fleet/peers.h"
#include "user/status/view.h"

static json_t *pops_json(const struct view *view, const struct peer *peers, size_t nr)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nr; i++) {
		json_t *peer = peer_json(&view->names, &peers[i]);

		json_object_set_new(peer, "self", json_boolean(peers[i].id == view->meta.node_id));
		json_array_append_new(list, peer);
	}
	return json_pack("{s:s, s:o}", "instance", view->globals->instance, "nodes", list);
}

int cmd_pops(const struct globals *globals, int argc, char **argv)
{
	struct peer *peers = NULL;
	struct view view;
	size_t nr;
	int err, code;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	code = view_open(&view, globals);
	if (code)
		return code;
	err = peers_read(&view.pins, &view.names, &peers, &nr);
	if (err)
		code = view_failed(&view, "the fleet", err);
	else if (globals->json)
		code = output_json(pops_json(&view, peers, nr)) ? EXIT_FAILED : EXIT_OK;
	else
		peers_print(&view.names, peers, nr, view.meta.node_id, true);
	free(peers);
	view_close(&view);
	return code;
}
