// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * world.c: the namespace, its devices, and what must be attached for packets to be "received".
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "world.h"

#define XDP_HAS_FRAGS (1U << 5) /* BPF_F_XDP_HAS_FRAGS, which older headers lack: jumbo frames */

static int world_fail(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	return err;
}

static int network_build(const struct plan *plan)
{
	FILE *ip = popen("ip -batch -", "w");
	size_t i;

	if (!ip)
		return world_fail("ip", -errno);
	for (i = 0; i < plan->network.nr; i++)
		fprintf(ip, "%s\n", plan->network.list[i]);
	return pclose(ip) ? world_fail("ip -batch", -EIO) : 0;
}

static int sysctl_write(const char *assignment)
{
	char path[256], *value;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/%s", assignment);
	value = strchr(path, '=');
	if (!value)
		return world_fail(assignment, -EINVAL);
	*value++ = '\0';
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err = world_fail(path, -errno);
	if (fd >= 0)
		close(fd);
	return err;
}

/*
 * bpf_prog_test_run takes an ingress device only if its receive queue is set up for XDP, which a
 * veth's is only while a program is attached to it.
 */
static int receive_queue_open(const char *device)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = XDP_HAS_FRAGS);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, &opts);
	int err;

	if (fd < 0)
		return world_fail("a program that passes", fd);
	err = bpf_xdp_attach(if_nametoindex(device), fd, XDP_FLAGS_DRV_MODE, NULL);
	close(fd);
	return err ? world_fail(device, err) : 0;
}

int world_enter(const struct plan *plan)
{
	size_t i;
	int err;

	if (unshare(CLONE_NEWNET))
		return world_fail("unshare", -errno);
	err = network_build(plan);
	for (i = 0; !err && i < plan->sysctls.nr; i++)
		err = sysctl_write(plan->sysctls.list[i]);
	return err ?: receive_queue_open(WORLD_UPLINK);
}
