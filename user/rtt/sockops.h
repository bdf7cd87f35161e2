/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sockops.h: programs that hear of sockets, loaded beside the data path and attached to the root of
 * cgroup v2. All that open has to say of a failure is written to a text, @why of @size bytes.
 */
#ifndef AD_SOCKOPS_H
#define AD_SOCKOPS_H

#include <bpf/libbpf.h>
#include <linux/types.h>

/*
 * Loads what X__open() has made, for sockets of our network namespace: @own_netns is where its
 * rodata has that. Those of its maps that are pinned in @dir are the data path's. 0 or -errno.
 */
int sockops_load(struct bpf_object_skeleton *skeleton, const __u64 *own_netns, const char *dir);
/* Where to attach, to be looked for first: fd, or -errno. */
int sockops_cgroup(char *why, size_t size);
/* A link, which leaves room for others' programs. 0 or -errno. */
int sockops_attach(const struct bpf_program *prog, int cgroup, struct bpf_link **link);
/* News for which there was no room: the only element of @map. */
__u64 sockops_lost(const struct bpf_map *map);

#endif
