// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain_cmd.c: what `drain`, `undrain` and `status` share (drain_cmd.h).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "drain_cmd.h"
#include "user/base/clock.h"
#include "user/config/failure.h"
#include "user/state/instance.h"

/* A flow that the table saw within this time counts as alive where sockets cannot be asked. */
#define RECENT_S 60

static int read_vips(struct drain_handle *handle)
{
	int err, fd = pins_map(&handle->pins, "locals", false);

	if (fd < 0)
		return fd;
	err = vip_set_read(&handle->vips, fd, AD_LOCAL_VIP_TCP);
	close(fd);
	return err;
}

static int open_instance(struct drain_handle *handle, const struct globals *globals)
{
	const char *name = globals->instance;
	int err = pins_open(&handle->pins, handle->config->bpffs, name);

	err = err ?: read_vips(handle);
	handle->here = !err && instance_is_here(&handle->pins);
	if (!err)
		return EXIT_OK;
	if (err == -ENOENT)
		return fail(globals, EXIT_NOT_LOADED, "%s: not loaded: no %s; anydoor run loads it",
			    name, handle->pins.dir);
	return fail(globals, EXIT_FAILED, "%s: the pinned state cannot be read: %s", name,
		    strerror(-err));
}

int drain_open(struct drain_handle *handle, const struct globals *globals, bool needs_names)
{
	struct config_errors errors = {};
	int code, err;

	memset(handle, 0, sizeof(*handle));
	err = config_load_places(globals->config_path, &handle->config, &errors);
	if (err && (needs_names || !handle->config)) {
		code = fail_errors(globals, EXIT_USAGE, &errors);
	} else {
		if (err)
			places_only(handle->config, &errors);
		code = open_instance(handle, globals);
	}
	config_errors_free(&errors);
	if (code)
		drain_close(handle);
	return code;
}

void drain_close(struct drain_handle *handle)
{
	config_free(handle->config);
	memset(handle, 0, sizeof(*handle));
}

/* Has anything been forwarded? A walk over a large table is spared to who has no such servers. */
static bool state_forwards(const struct pins *pins)
{
	struct ad_state state;

	return !pins_read_state(pins, &state) && state.flags & AD_STATE_FORWARDS;
}

struct owned {
	const struct drain_handle *handle;
	struct ad_addr vips[AD_VIP_MAX];
	size_t nr_vips;
	int (*each)(const struct ad_tuple *tuple, bool forwarded, void *arg);
	void *arg;
};

static int each_socket(const struct socket_entry *socket, void *arg)
{
	const struct owned *owned = arg;

	return owned->each(&socket->tuple, false, owned->arg);
}

/* Where sockets can be asked, only what has none here. */
static int each_flow(const struct ad_flow *flow, void *arg)
{
	const struct owned *owned = arg;
	bool forwarded = flow->flags & AD_FLOW_FORWARDED;
	struct ad_tuple tuple = { .client = flow->client,
				  .client_port = flow->client_port,
				  .vip_port = flow->vip_port };

	if (flow->kind != AD_FLOW_OURS || flow->flags & (AD_FLOW_CLOSING | AD_FLOW_HALF_OPEN) ||
	    clock_mono_s() - flow->last_s >= RECENT_S || (owned->handle->here && !forwarded))
		return 0;
	if (flow->vip < owned->nr_vips)
		tuple.vip = owned->vips[flow->vip];
	return owned->each(&tuple, forwarded, owned->arg);
}

int drain_each_owned(const struct drain_handle *handle,
		     int (*each)(const struct ad_tuple *tuple, bool forwarded, void *arg),
		     void *arg)
{
	struct owned owned = { .handle = handle, .each = each, .arg = arg };
	int err = pins_read_vips(&handle->pins, owned.vips, &owned.nr_vips);

	if (!err && handle->here)
		err = sockets_each(SOCKETS_BARE, &handle->vips, each_socket, &owned);
	if (!err && (!handle->here || state_forwards(&handle->pins)))
		err = pins_each_flow(&handle->pins, each_flow, &owned);
	return err;
}

static int count_one(const struct ad_tuple *tuple, bool forwarded, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

int drain_count_owned(const struct drain_handle *handle)
{
	int nr = 0, err = drain_each_owned(handle, count_one, &nr);

	return err ?: nr;
}
