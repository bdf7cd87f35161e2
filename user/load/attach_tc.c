// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * attach_tc.c: our filter on an interface's clsact egress, at a fixed place among other filters.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <bpf/bpf.h>
#include "attach_tc.h"
#include "user/base/log.h"
#include "user/net/netlink.h"

/*
 * Ours is the first filter: an earlier one that ends the list (TC_ACT_OK) could leave flows
 * unstamped. Ours does not end the list (TC_ACT_UNSPEC).
 */
#define TC_PRIORITY 1
#define TC_HANDLE   0xad00

static int query(__u32 ifindex, struct bpf_tc_opts *opts)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);

	memset(opts, 0, sizeof(*opts));
	opts->sz = sizeof(*opts);
	opts->handle = TC_HANDLE;
	opts->priority = TC_PRIORITY;
	return bpf_tc_query(&hook, opts);
}

/* These errors mean: no filter, no qdisc, or no interface. */
static bool says_none(int err)
{
	return err == -ENOENT || err == -EINVAL || err == -ENODEV;
}

int tc_is_attached(__u32 ifindex, __u32 id)
{
	struct bpf_tc_opts opts;
	int err;

	if (!id)
		return 0;
	err = query(ifindex, &opts);
	if (err)
		return says_none(err) ? 0 : err;
	return opts.prog_id == id;
}

__u32 tc_find_door(__u32 ifindex)
{
	struct bpf_tc_opts opts;

	return !query(ifindex, &opts) && doors_table_of_tc(opts.prog_id) ? opts.prog_id : 0;
}

static int make_qdisc(__u32 ifindex, struct ad_attached *record)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	int err = bpf_tc_hook_create(&hook);

	if (!err)
		record->flags |= AD_ATTACHED_CLSACT;
	return err == -EEXIST ? 0 : err;
}

static int add_filter(int program, __u32 ifindex, __u32 *id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY);
	int err = bpf_tc_attach(&hook, &opts);

	if (!err)
		*id = opts.prog_id;
	return err;
}

static int load_and_add(const struct doors *doors, __u32 ifindex, __u32 *id)
{
	struct door_bpf *door;
	int err = doors_open_object(doors, &door);

	if (err)
		return err;
	bpf_program__set_autoload(door->progs.anydoor, false);
	err = door_bpf__load(door);
	err = err ?: add_filter(bpf_program__fd(door->progs.anydoor_out), ifindex, id);
	door_bpf__destroy(door);
	return err;
}

int tc_attach(const struct doors *doors, __u32 ifindex, struct ad_attached *record,
	      struct config_errors *errors)
{
	int err = make_qdisc(ifindex, record);

	err = err ?: load_and_add(doors, ifindex, &record->tc_id);
	if (!err) {
		record->flags |= AD_ATTACHED_TC;
		log_forget_libbpf();
		return 0;
	}
	if (err == -EEXIST) {
		config_errors_add(errors, record->name, 0,
				  "another filter has the place of the egress filter (pref %d, "
				  "handle 0x%x), perhaps that of another instance; see tc filter "
				  "show dev %s egress",
				  TC_PRIORITY, TC_HANDLE, record->name);
		return err;
	}
	log_replay_libbpf();
	config_errors_add(
		errors, record->name, 0,
		"the egress filter cannot be attached: %s; see tc filter show dev %s egress",
		strerror(-err), record->name);
	return err;
}

static int count_filter(const struct nlmsghdr *nlh, void *arg)
{
	int *nr = arg;

	(*nr)++;
	return MNL_CB_OK;
}

static int count_filters_at(__u32 ifindex, __u32 parent, int *nr)
{
	char buf[256] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	return netlink_ask(nlh, count_filter, nr);
}

/* How many filters of any owner are on both sides of the qdisc, or -errno. */
static int count_filters(__u32 ifindex)
{
	int nr = 0;
	int err = count_filters_at(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), &nr);

	err = err ?: count_filters_at(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), &nr);
	return err ?: nr;
}

static int remove_filter(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = TC_HANDLE, .priority = TC_PRIORITY);

	return bpf_tc_detach(&hook, &opts);
}

int tc_detach(const struct doors *doors, __u32 ifindex, const struct ad_attached *record)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct bpf_tc_opts opts;
	int err = query(ifindex, &opts);

	if (err && !says_none(err))
		return err;
	if (!err && (opts.prog_id == record->tc_id || doors_own(doors, opts.prog_id)))
		err = remove_filter(ifindex);
	else
		err = 0;
	if (!err && record->flags & AD_ATTACHED_CLSACT && count_filters(ifindex) == 0)
		err = bpf_tc_hook_destroy(&hook);
	return err == -ENOENT || err == -EINVAL ? 0 : err;
}

/* --- others ----------------------------------------------------------------------------------- */

#define TCX_EGRESS 47 /* enum bpf_attach_type; Debian 12 has older headers */

struct others {
	__u32 parent;
	char *text;
	size_t size, at;
	int nr;
};

static const char *bpf_name(const struct nlattr *options)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, options)
		if (mnl_attr_get_type(attr) == TCA_BPF_NAME)
			return mnl_attr_get_str(attr);
	return "";
}

static int each_filter(const struct nlmsghdr *message, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	const char *kind = "?", *name = "";
	struct others *others = arg;
	const struct nlattr *attr;
	__u32 priority = tc->tcm_info >> 16;

	if (!tc->tcm_handle || tc->tcm_parent != others->parent)
		return MNL_CB_OK; /* a list of them */
	if (others->parent == TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS) &&
	    tc->tcm_handle == TC_HANDLE && priority == TC_PRIORITY)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(*tc)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			kind = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS && !strcmp(kind, "bpf"))
			name = bpf_name(attr);
	}
	if (others->at < others->size)
		others->at += snprintf(others->text + others->at, others->size - others->at,
				       "%s%s%s%s (priority %u)", others->nr ? ", " : "", kind,
				       *name ? " " : "", name, priority);
	others->nr++;
	return MNL_CB_OK;
}

int tc_others(__u32 ifindex, bool egress, char *text, size_t size)
{
	__u32 parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	struct others others = { .parent = parent, .text = text, .size = size };
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	int err;

	*text = '\0';
	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	err = netlink_ask(request, each_filter, &others);
	return err && !says_none(err) ? err : others.nr;
}

int tc_before_filters(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_prog_query_opts, query);

	return bpf_prog_query_opts(ifindex, TCX_EGRESS, &query) ? -errno : (int)query.prog_cnt;
}
