/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockops.h: programs that hear of sockets, loaded beside the data path and attached to the root of
 * cgroup v2. All that open has to say of a failure is written to a text, @why of @size bytes.
 */
#ifndef AD_SOCKOPS_H
#define AD_SOCKOPS_H

#include <bpf/libbpf.h>
#include <linux/types.h>

/* What tells our network namespace from others. 0 or -errno. */
int sockops_netns(__u64 *cookie);
/* Maps of @obj that are pinned in @dir are those. 0 or -errno. */
int sockops_share_maps(struct bpf_object *obj, const char *dir);
/* Where to attach, to be looked for first: fd, or -errno. */
int sockops_cgroup(char *why, size_t size);
/* A link, which leaves room for others' programs. 0 or -errno. */
int sockops_attach(const struct bpf_program *prog, int cgroup, struct bpf_link **link);

#endif
