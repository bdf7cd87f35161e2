/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bpf_info.h: what the kernel says of loaded programs and maps: ids, names, which program has which
 * maps.
 */
#ifndef AD_BPF_INFO_H
#define AD_BPF_INFO_H

#include <linux/bpf.h>
#include <linux/types.h>

#define BPF_INFO_MAPS_MAX 64 /* more than any of our programs has */

/* Id of the program or map that @fd is; 0 if it cannot be asked for. */
__u32 bpf_info_id(int fd);
/* The same of what is pinned as dir/name; 0 also if nothing is. */
__u32 bpf_info_pinned_id(const char *dir, const char *name);
/* Of a loaded map. 0 or -errno. */
int bpf_info_map(__u32 map_id, struct bpf_map_info *info);
/* Ids of the maps of a loaded program, and its name; how many, or -errno. */
int bpf_info_maps_of(__u32 program_id, __u32 ids[BPF_INFO_MAPS_MAX], char name[BPF_OBJ_NAME_LEN]);

#endif
