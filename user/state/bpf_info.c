// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bpf_info.c: what the kernel says of loaded programs and maps (bpf_info.h).
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "bpf_info.h"
#include "bpffs.h"

__u32 bpf_info_id(int fd)
{
	/* What struct bpf_prog_info and struct bpf_map_info begin with. */
	struct {
		__u32 type, id;
	} info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

_Static_assert(offsetof(struct bpf_prog_info, id) == sizeof(__u32) &&
		       offsetof(struct bpf_map_info, id) == sizeof(__u32),
	       "ids are where bpf_info_id() looks for them");

__u32 bpf_info_pinned_id(const char *dir, const char *name)
{
	int fd = bpffs_get(dir, name);
	__u32 id;

	if (fd < 0)
		return 0;
	id = bpf_info_id(fd);
	close(fd);
	return id;
}

int bpf_info_map(__u32 map_id, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	int err, fd = bpf_map_get_fd_by_id(map_id);

	if (fd < 0)
		return fd;
	memset(info, 0, sizeof(*info));
	err = bpf_obj_get_info_by_fd(fd, info, &len);
	close(fd);
	return err;
}

int bpf_info_maps_of(__u32 program_id, __u32 ids[BPF_INFO_MAPS_MAX], char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = { .nr_map_ids = BPF_INFO_MAPS_MAX,
				      .map_ids = (__u64)(uintptr_t)ids };
	__u32 len = sizeof(info);
	int err, fd = bpf_prog_get_fd_by_id(program_id);

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err)
		return err;
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return info.nr_map_ids < BPF_INFO_MAPS_MAX ? info.nr_map_ids : BPF_INFO_MAPS_MAX;
}
