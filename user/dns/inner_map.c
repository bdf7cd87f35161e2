// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * inner_map.c: arrays that are filled and then put into a map of maps (inner_map.h).
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "inner_map.h"

int inner_map_new(const char *name, __u32 bytes, __u32 nr, void **to)
{
	DECLARE_LIBBPF_OPTS(bpf_map_create_opts, opts,
			    .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int err, fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), bytes, nr, &opts);

	if (fd < 0)
		return -errno;
	*to = mmap(NULL, (size_t)nr * bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*to != MAP_FAILED)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
