// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_confine.c: what of the host the running daemon still needs (confine.h).
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "confine.h"
#include "daemon_internal.h"
#include "user/base/log.h"

#define BIT(capability) (1ull << (capability))
/*
 * What the unit has, too: to load and attach on a reload, to take off again, to listen at a new
 * VIP, to give pins to state.group. CAP_SYS_ADMIN is among them because the kernel gives a program
 * by its id to nobody else, and so is what we detach found. Started by hand as root the daemon may
 * also go on to read zones that are somebody else's.
 */
#define KEPT                                                                                       \
	(BIT(CAP_BPF) | BIT(CAP_NET_ADMIN) | BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN) |               \
	 BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN) | BIT(CAP_DAC_READ_SEARCH))

/* What was removed is made anew, so the right must lie with what it was in. */
static const char *parent(const char *path, char out[256])
{
	char *slash;

	snprintf(out, 256, "%s", path);
	slash = strrchr(out, '/');
	if (slash && slash != out)
		*slash = '\0';
	return out;
}

static int confine_to_places(const struct daemon *daemon)
{
	const char *libxdp = getenv("LIBXDP_BPFFS");
	char run[256], pins[256], bgp[256], flows[256];
	const char *flowlog = daemon->config->flowlog.file;
	const char *const dirs[] = {
		parent(daemon->config->run_dir, run),
		parent(daemon->config->bpffs, pins),
		libxdp ? libxdp : "/sys/fs/bpf", /* its dispatchers are pinned there */
		parent(daemon->config->bgp.file, bgp),
		flowlog ? parent(flowlog, flows) : daemon->config->run_dir,
		daemon->config->keep_dir ?: daemon->config->run_dir,
		"/proc/sys/net",
		"/tmp", /* where it finds the dispatcher that we lend it */
		NULL,
	};

	return confine_files(dirs);
}

void daemon_confine(const struct daemon *daemon)
{
	int err = confine_to_places(daemon);

	if (err == -EOPNOTSUPP)
		log_info("this kernel has no Landlock: the daemon is not kept from writing files");
	else if (err)
		log_warn("the daemon cannot be kept from writing files: %s", strerror(-err));
	err = confine_capabilities(KEPT);
	if (err)
		log_warn("the daemon cannot give up capabilities: %s", strerror(-err));
}
