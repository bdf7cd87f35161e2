// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * drain_cmd.c: what `drain` and `undrain` share.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "clock.h"
#include "drain_cmd.h"
#include "failure.h"
#include "instance.h"
#include "maps/keeper.h"

/* A flow that the table saw within this time counts as alive where sockets cannot be asked. */
#define RECENT_S 60

static int map_state(struct drain_handle *handle)
{
	int fd = pins_map(&handle->pins, "state", true);
	void *at;

	if (fd < 0)
		return fd;
	at = mmap(NULL, sizeof(*handle->state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return -errno;
	handle->state = at;
	return 0;
}

static int read_vips(struct drain_handle *handle)
{
	int err, fd = pins_map(&handle->pins, "locals", false);

	if (fd < 0)
		return fd;
	err = vip_set_read(&handle->vips, fd, AD_LOCAL_VIP_TCP);
	close(fd);
	return err;
}

static int look_where(struct drain_handle *handle)
{
	int err, fd = pins_map(&handle->pins, "keeper", false);
	struct ad_keeper keeper;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, &keeper);
	handle->here = !err && keeper.netns == instance_netns();
	close(fd);
	return err;
}

static int open_instance(struct drain_handle *handle, const struct globals *globals)
{
	const char *name = globals->instance;
	int err = pins_open(&handle->pins, handle->config->bpffs, name);

	err = err ?: map_state(handle);
	err = err ?: read_vips(handle);
	err = err ?: look_where(handle);
	if (!err)
		return EXIT_OK;
	if (err == -ENOENT)
		return fail(globals, EXIT_NOT_LOADED, "%s: not loaded: no %s; anydoor run loads it",
			    name, handle->pins.dir);
	return fail(globals, EXIT_FAILED, "%s: the pinned state cannot be changed: %s", name,
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
	if (handle->state)
		munmap(handle->state, sizeof(*handle->state));
	config_free(handle->config);
	memset(handle, 0, sizeof(*handle));
}

static int count_socket(const struct socket_entry *socket, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

static int count_flow(const struct ad_flow *flow, void *arg)
{
	if (flow->kind == AD_FLOW_OURS && !(flow->flags & AD_FLOW_CLOSING) &&
	    clock_mono_s() - flow->last_s < RECENT_S)
		(*(int *)arg)++;
	return 0;
}

int drain_count_owned(const struct drain_handle *handle)
{
	int err, nr = 0;

	if (handle->here)
		err = sockets_each(SOCKETS_LIVE, &handle->vips, count_socket, &nr);
	else
		err = pins_each_flow(&handle->pins, count_flow, &nr);
	return err ?: nr;
}
