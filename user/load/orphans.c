// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * orphans.c: programs of ours on interfaces whose pins are gone (orphans.h).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach_tc.h"
#include "attach_xdp.h"
#include "orphans.h"
#include "user/base/log.h"
#include "user/state/bpf_info.h"
#include "user/state/bpffs.h"

#define HOLDERS_MAX 256 /* map ids that the text of one descriptor can have */

/* --- what hangs there ------------------------------------------------------------------------- */

static void look_at(__u32 ifindex, const char *name, struct orphan *orphan)
{
	struct ad_attached *record = &orphan->record;

	*orphan = (struct orphan){ .ifindex = ifindex };
	snprintf(record->name, sizeof(record->name), "%s", name);
	record->xdp_id = xdp_find_door(ifindex, &record->flags);
	if (record->xdp_id)
		orphan->door_xdp = doors_table_of_xdp(record->xdp_id);
	record->tc_id = tc_find_door(ifindex);
	if (record->tc_id) {
		orphan->door_tc = doors_table_of_tc(record->tc_id);
		/*
		 * It is unknown who made the qdisc; it is removed only if no other filter uses it.
		 */
		record->flags |= AD_ATTACHED_TC | AD_ATTACHED_CLSACT;
	}
}

/* --- who has them pinned ---------------------------------------------------------------------- */

struct search {
	const struct instance *instance;
	struct orphans *orphans;
};

static bool is_one_of(const struct orphan *orphan, __u32 xdp, __u32 tc)
{
	return (xdp && orphan->door_xdp == xdp) || (tc && orphan->door_tc == tc);
}

static int forget_pinned(const char *path, const char *name, void *arg)
{
	struct search *search = arg;
	struct orphans *orphans = search->orphans;
	const struct instance *instance = search->instance;
	__u32 xdp = bpf_info_pinned_id(path, "door_xdp");
	__u32 tc = bpf_info_pinned_id(path, "door_tc");
	size_t i, nr = 0;

	if (!strcmp(path, instance->dir) || !strcmp(path, instance->fresh))
		return 0;
	for (i = 0; i < orphans->nr; i++)
		if (!is_one_of(&orphans->list[i], xdp, tc))
			orphans->list[nr++] = orphans->list[i];
	orphans->nr = nr;
	return 0;
}

void orphans_find(const struct instance *instance, struct orphans *orphans)
{
	struct search search = { .instance = instance, .orphans = orphans };
	struct if_nameindex *names = if_nameindex(), *at;

	orphans->nr = 0;
	for (at = names; at && at->if_index && orphans->nr < AD_INTERFACE_MAX; at++) {
		struct orphan *orphan = &orphans->list[orphans->nr];

		look_at(at->if_index, at->if_name, orphan);
		orphans->nr += orphan->door_xdp || orphan->door_tc;
	}
	if (names)
		if_freenameindex(names);
	if (orphans->nr)
		bpffs_each(instance->root, forget_pinned, &search);
}

/* --- who has them open ------------------------------------------------------------------------ */

static bool mentions(FILE *file, const struct orphans *orphans)
{
	bool found = false;
	char line[128];
	__u32 id;

	for (int i = 0; !found && i < HOLDERS_MAX && fgets(line, sizeof(line), file); i++) {
		if (sscanf(line, "map_id: %u", &id) != 1)
			continue;
		for (size_t j = 0; j < orphans->nr; j++)
			found = found || is_one_of(&orphans->list[j], id, id);
	}
	return found;
}

static bool holds_one(const char *pid, const struct orphans *orphans)
{
	char path[600];
	struct dirent *entry;
	bool found = false;
	FILE *file;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		file = isdigit((unsigned char)entry->d_name[0]) ? fopen(path, "re") : NULL;
		found = file && mentions(file, orphans);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return found;
}

int orphans_holder(const struct orphans *orphans)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int pid = 0;

	while (dir && !pid && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid() &&
		    holds_one(entry->d_name, orphans))
			pid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return pid;
}

/* --- for people, and their end ---------------------------------------------------------------- */

const char *orphans_names(const struct orphans *orphans, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < orphans->nr && len < size; i++)
		len += snprintf(text + len, size - len, "%s%s", i ? ", " : "",
				orphans->list[i].record.name);
	return text;
}

int orphan_remove(const struct orphan *orphan, struct config_errors *errors)
{
	const struct ad_attached *record = &orphan->record;
	struct doors none;
	int err = 0;

	doors_init(&none);
	if (record->xdp_id)
		err = xdp_detach(&none, orphan->ifindex, record);
	if (!err && record->tc_id)
		err = tc_detach(&none, orphan->ifindex, record);
	if (err)
		config_errors_add(errors, record->name, 0, "cannot be detached: %s",
				  strerror(-err));
	else
		log_info("%s: detached: programs of ours whose pins are gone", record->name);
	return err;
}
