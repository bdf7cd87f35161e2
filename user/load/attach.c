// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * attach.c: attaches doors to interfaces and keeps the record of them (attach.h).
 */
#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "attach_tc.h"
#include "attach_xdp.h"
#include "user/base/log.h"
#include "user/net/device.h"

int attach_record(const struct doors *doors, __u32 ifindex, struct ad_attached *record)
{
	return bpf_map_lookup_elem(doors->attached, &ifindex, record);
}

static int write_record(const struct doors *doors, __u32 ifindex, const struct ad_attached *record)
{
	return bpf_map_update_elem(doors->attached, &ifindex, record, BPF_ANY);
}

int attach_missing(__u32 ifindex, const struct ad_attached *record, __u32 *missing)
{
	int xdp = record->flags & AD_ATTACHED_XDP ? xdp_is_attached(ifindex, record->xdp_id) : 0;
	int tc = record->flags & AD_ATTACHED_TC ? tc_is_attached(ifindex, record->tc_id) : 0;

	*missing = (xdp ? 0 : AD_ATTACHED_XDP) | (tc ? 0 : AD_ATTACHED_TC);
	return xdp < 0 ? xdp : tc < 0 ? tc : 0;
}

const char *attach_describe(const struct ad_attached *record)
{
	switch (record->flags & (AD_ATTACHED_GENERIC | AD_ATTACHED_DISPATCHER)) {
	case 0:
		return "native XDP, alone";
	case AD_ATTACHED_GENERIC:
		return "generic XDP, alone";
	case AD_ATTACHED_DISPATCHER:
		return "native XDP, through the dispatcher";
	default:
		return "generic XDP, through the dispatcher";
	}
}

/* A door of ours that a process attached and could not record before it died. */
static bool take_unrecorded(const struct doors *doors, __u32 ifindex, struct ad_attached *record)
{
	__u32 flags, id = xdp_find_door(ifindex, &flags);

	if (!id || !doors_own(doors, id))
		return false;
	record->xdp_id = id;
	record->flags |= flags;
	return true;
}

/*
 * Egress is attached first, so that flows are noted or stamped before their incoming packets are
 * looked at. The record is written before each step, so that everything attached can be found after
 * a crash.
 */
static int attach_both(struct doors *doors, const struct config *config, __u32 ifindex,
		       struct ad_attached *record, struct config_errors *errors)
{
	__u32 missing;
	int err = attach_missing(ifindex, record, &missing);

	if (err) {
		config_errors_add(errors, record->name, 0, "cannot be looked at: %s",
				  strerror(-err));
		return err;
	}
	record->flags &= ~missing;
	err = write_record(doors, ifindex, record);
	if (!err && missing & AD_ATTACHED_TC)
		err = tc_attach(doors, ifindex, record, errors);
	err = err ?: write_record(doors, ifindex, record);
	if (!err && missing & AD_ATTACHED_XDP) {
		record->flags &= ~(AD_ATTACHED_GENERIC | AD_ATTACHED_DISPATCHER);
		record->xdp_id = 0;
		if (!take_unrecorded(doors, ifindex, record))
			err = xdp_attach(doors, config, ifindex, record, errors);
	}
	return err ?: write_record(doors, ifindex, record);
}

int attach_interface(struct doors *doors, const struct config *config, const char *name,
		     struct config_errors *errors)
{
	struct ad_attached before = {}, record = {};
	__u32 ifindex;
	int err = device_find(name, &ifindex);

	if (err) {
		config_errors_add(errors, name, 0, "%s",
				  err == -ENODEV ? "no such interface in this network namespace; "
						   "see ip link"
						 : strerror(-err));
		return err;
	}
	if (!attach_record(doors, ifindex, &before))
		record = before;
	snprintf(record.name, sizeof(record.name), "%s", name);
	err = attach_both(doors, config, ifindex, &record, errors);
	if (!err) {
		log_info("%s: attached: %s; egress filter", name, attach_describe(&record));
		return 0;
	}
	if (!before.flags) {
		xdp_detach(doors, ifindex, &record);
		tc_detach(doors, ifindex, &record);
		bpf_map_delete_elem(doors->attached, &ifindex);
	}
	return err;
}

int attach_remove(const struct doors *doors, __u32 ifindex, struct config_errors *errors)
{
	struct ad_attached record;
	char name[IF_NAMESIZE];
	int err;

	if (attach_record(doors, ifindex, &record))
		return 0;
	err = device_name(ifindex, name);
	if (err == -ENODEV)
		return bpf_map_delete_elem(doors->attached, &ifindex);
	err = err ?: xdp_detach(doors, ifindex, &record);
	err = err ?: tc_detach(doors, ifindex, &record);
	if (err) {
		config_errors_add(errors, record.name, 0, "cannot be detached: %s", strerror(-err));
		return err;
	}
	log_info("%s: detached", name);
	return bpf_map_delete_elem(doors->attached, &ifindex);
}

int attach_each(const struct doors *doors,
		int (*each)(__u32 ifindex, const struct ad_attached *record, void *arg), void *arg)
{
	__u32 ifindexes[AD_INTERFACE_MAX], *prev = NULL;
	struct ad_attached record;
	size_t nr = 0, i;
	int err = 0;

	while (nr < AD_INTERFACE_MAX &&
	       !bpf_map_get_next_key(doors->attached, prev, &ifindexes[nr]))
		prev = &ifindexes[nr++];
	for (i = 0; !err && i < nr; i++)
		if (!attach_record(doors, ifindexes[i], &record))
			err = each(ifindexes[i], &record, arg);
	return err;
}

struct removal {
	const struct doors *doors;
	struct config_errors *errors;
	int err;
};

/* If one fails, the others are taken off all the same. */
static int remove_one(__u32 ifindex, const struct ad_attached *record, void *arg)
{
	struct removal *removal = arg;
	int err = attach_remove(removal->doors, ifindex, removal->errors);

	removal->err = removal->err ?: err;
	return 0;
}

int attach_remove_all(const struct doors *doors, struct config_errors *errors)
{
	struct removal removal = { .doors = doors, .errors = errors };

	attach_each(doors, remove_one, &removal);
	return removal.err;
}
