// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * attach_xdp.c: one XDP program on one interface, behind libxdp's dispatcher where the kernel
 * allows it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <xdp/libxdp.h>
#include "attach_xdp.h"
#include "dispatcher.h"
#include "user/base/log.h"
#include "user/state/bpf_info.h"

/*
 * Attaches behind the dispatcher. Where the kernel cannot do that, libxdp attaches the program
 * directly.
 */
static int attach_libxdp(struct door_bpf *door, __u32 ifindex, bool generic, __u32 *id)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = door->obj, .prog_name = "anydoor");
	struct xdp_program *prog = xdp_program__create(&opts);
	int err = libxdp_get_error(prog);

	if (err)
		return err;
	err = xdp_program__attach(prog, ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
	if (!err)
		*id = bpf_info_id(xdp_program__fd(prog));
	xdp_program__close(prog);
	return err;
}

static int attach_alone(struct door_bpf *door, __u32 ifindex, bool generic, __u32 *id)
{
	__u32 flags = XDP_FLAGS_UPDATE_IF_NOEXIST;
	int err = door_bpf__load(door);

	if (err)
		return err;
	flags |= generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	err = bpf_xdp_attach(ifindex, bpf_program__fd(door->progs.anydoor), flags, NULL);
	if (!err)
		*id = bpf_info_id(bpf_program__fd(door->progs.anydoor));
	return err;
}

/* One try with a new object: after a failed load an object cannot be used again. */
static int attach_once(const struct doors *doors, __u32 ifindex, bool dispatcher, bool generic,
		       __u32 *id)
{
	struct door_bpf *door;
	int err = doors_open_object(doors, &door);

	if (err)
		return err;
	bpf_program__set_autoload(door->progs.anydoor_out, false);
	err = dispatcher ? attach_libxdp(door, ifindex, generic, id)
			 : attach_alone(door, ifindex, generic, id);
	door_bpf__destroy(door);
	return err;
}

/* libxdp finds no list if a program is attached without a dispatcher. */
static struct xdp_program *next_program(struct xdp_program *prog, const struct xdp_multiprog *mp)
{
	if (!xdp_multiprog__is_legacy(mp))
		return xdp_multiprog__next_prog(prog, mp);
	return prog ? NULL : xdp_multiprog__main_prog(mp);
}

static struct xdp_program *find_by_id(const struct xdp_multiprog *mp, __u32 id)
{
	struct xdp_program *prog = NULL;

	while ((prog = next_program(prog, mp)))
		if (xdp_program__id(prog) == id)
			break;
	return prog;
}

static struct xdp_program *find_by_doors(const struct xdp_multiprog *mp, const struct doors *doors)
{
	struct xdp_program *prog = NULL;

	while ((prog = next_program(prog, mp)))
		if (doors_own(doors, xdp_program__id(prog)))
			break;
	return prog;
}

static int flags_behind_dispatcher(__u32 ifindex, __u32 id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	int flags = 0, err = libxdp_get_error(mp);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (!xdp_multiprog__is_legacy(mp) && find_by_id(mp, id)) {
		flags = AD_ATTACHED_XDP | AD_ATTACHED_DISPATCHER;
		if (xdp_multiprog__attach_mode(mp) == XDP_MODE_SKB)
			flags |= AD_ATTACHED_GENERIC;
	}
	xdp_multiprog__close(mp);
	return flags;
}

/*
 * What is really attached to @ifindex: AD_ATTACHED_* of program @id, 0, or -errno. A program
 * without a dispatcher is found by a plain query, which is cheap and needs no CAP_SYS_ADMIN.
 */
static int flags_of(__u32 ifindex, __u32 id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = id ? bpf_xdp_query(ifindex, 0, &query) : 0;

	if (err)
		return err;
	if (!id || query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	if (query.drv_prog_id == id)
		return AD_ATTACHED_XDP;
	if (query.skb_prog_id == id)
		return AD_ATTACHED_XDP | AD_ATTACHED_GENERIC;
	return flags_behind_dispatcher(ifindex, id);
}

__u32 xdp_find_door(__u32 ifindex, __u32 *flags)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct xdp_program *prog = NULL;
	struct xdp_multiprog *mp;
	__u32 id = 0;
	int how;

	*flags = 0;
	if (bpf_xdp_query(ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	mp = xdp_multiprog__get_from_ifindex(ifindex);
	if (libxdp_get_error(mp))
		return 0;
	while (!id && (prog = next_program(prog, mp)))
		if (doors_table_of_xdp(xdp_program__id(prog)))
			id = xdp_program__id(prog);
	xdp_multiprog__close(mp);
	how = flags_of(ifindex, id);
	*flags = how > 0 ? how : 0;
	return *flags ? id : 0;
}

int xdp_others(__u32 ifindex, __u32 own, char *text, size_t size)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	int nr = 0, err = libxdp_get_error(mp);
	struct xdp_program *prog = NULL;
	size_t at = 0;

	*text = '\0';
	if (err)
		return err == -ENOENT ? 0 : err;
	while ((prog = next_program(prog, mp))) {
		if (xdp_program__id(prog) == own)
			continue;
		if (at < size)
			at += snprintf(text + at, size - at, "%s%s (%u)", nr ? ", " : "",
				       xdp_program__name(prog) ?: "?", xdp_program__id(prog));
		nr++;
	}
	xdp_multiprog__close(mp);
	return nr;
}

int xdp_is_attached(__u32 ifindex, __u32 id)
{
	int flags = flags_of(ifindex, id);

	return flags < 0 ? flags : flags > 0;
}

static void say_how(const struct config *config, const struct ad_attached *record)
{
	if (config->xdp_dispatcher && !(record->flags & AD_ATTACHED_DISPATCHER))
		log_warn("%s: attached alone: the kernel refuses libxdp's dispatcher, so no other "
			 "XDP program can share this interface (xdp.dispatcher: off silences this)",
			 record->name);
	if (config->xdp_mode == CONFIG_XDP_AUTO && record->flags & AD_ATTACHED_GENERIC)
		log_warn("%s: the driver refuses native XDP: attached in generic mode, which is "
			 "slow",
			 record->name);
}

static void explain(const char *name, __u32 ifindex, int err, struct config_errors *errors)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if ((err == -EBUSY || err == -EEXIST) && !bpf_xdp_query(ifindex, 0, &query) &&
	    query.prog_id) {
		config_errors_add(errors, name, 0,
				  "XDP program %u of somebody else is there and shares it with "
				  "nobody; take it off with ip link set dev %s xdp off",
				  query.prog_id, name);
		return;
	}
	config_errors_add(errors, name, 0, "XDP cannot be attached: %s; try xdp.mode: generic",
			  strerror(-err));
}

/*
 * All doors must be of the same kind: that of existing doors or, if there are none, that of the
 * configuration.
 */
static bool may_be(const struct ad_keeper *keeper, const struct config *config, enum ad_doors kind)
{
	if (keeper->doors != AD_DOORS_UNDECIDED)
		return keeper->doors == kind;
	return kind == AD_DOORS_ALONE || config->xdp_dispatcher;
}

/* Attaches behind libxdp's dispatcher, or behind ours if that fails (dispatcher.h). */
static int attach_lent(const struct doors *doors, __u32 ifindex, bool generic, __u32 *id)
{
	int err = dispatcher_lend();

	if (err)
		return err;
	err = attach_once(doors, ifindex, true, generic, id);
	dispatcher_return();
	if (!err)
		log_info("libxdp's dispatcher takes no program that changes packets on this "
			 "kernel, anydoor's does; who joins later needs LIBXDP_OBJECT_PATH set to "
			 "the folder of its xdp-dispatcher.o");
	return err;
}

static int attach_kind(struct doors *doors, const struct ad_keeper *keeper, enum ad_doors kind,
		       __u32 ifindex, bool generic, __u32 *id)
{
	int err = attach_once(doors, ifindex, kind == AD_DOORS_DISPATCHER, generic, id);

	if (!err || kind != AD_DOORS_DISPATCHER)
		return err;
	if (keeper->doors == AD_DOORS_UNDECIDED)
		doors_renew_xdp(doors);
	return attach_lent(doors, ifindex, generic, id) ? err : 0;
}

/* Tries both kinds in one mode. After a failure, a table that no door uses yet is created again. */
static int try_kinds(struct doors *doors, const struct config *config, __u32 ifindex, bool generic,
		     __u32 *id)
{
	static const enum ad_doors kinds[] = { AD_DOORS_DISPATCHER, AD_DOORS_ALONE };
	struct ad_keeper keeper;
	int err = doors_read(doors, &keeper);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < 2; i++) {
		if (!may_be(&keeper, config, kinds[i]))
			continue;
		err = attach_kind(doors, &keeper, kinds[i], ifindex, generic, id);
		if (!err)
			break;
		if (keeper.doors == AD_DOORS_UNDECIDED)
			doors_renew_xdp(doors);
	}
	return err;
}

static int try_modes(struct doors *doors, const struct config *config, __u32 ifindex, __u32 *id)
{
	int err = -EOPNOTSUPP;

	if (config->xdp_mode != CONFIG_XDP_GENERIC)
		err = try_kinds(doors, config, ifindex, false, id);
	if (err && config->xdp_mode != CONFIG_XDP_NATIVE)
		err = try_kinds(doors, config, ifindex, true, id);
	return err;
}

static int decide_kind(struct doors *doors, const struct ad_attached *record)
{
	struct ad_keeper keeper;
	int err = doors_read(doors, &keeper);

	if (err || keeper.doors != AD_DOORS_UNDECIDED)
		return err;
	keeper.doors =
		record->flags & AD_ATTACHED_DISPATCHER ? AD_DOORS_DISPATCHER : AD_DOORS_ALONE;
	return doors_write(doors, &keeper);
}

int xdp_attach(struct doors *doors, const struct config *config, __u32 ifindex,
	       struct ad_attached *record, struct config_errors *errors)
{
	__u32 id = 0;
	int flags, err = try_modes(doors, config, ifindex, &id);

	flags = err ?: flags_of(ifindex, id);
	if (flags <= 0) {
		err = flags ?: -EIO;
		log_replay_libbpf();
		explain(record->name, ifindex, err, errors);
		return err;
	}
	log_forget_libbpf();
	record->xdp_id = id;
	record->flags |= flags;
	say_how(config, record);
	return decide_kind(doors, record);
}

/* Only if it is still the program that was found before. */
static int detach_alone(__u32 ifindex, struct xdp_program *prog, enum xdp_attach_mode mode)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = xdp_program__fd(prog));
	__u32 flags = mode == XDP_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;

	return bpf_xdp_detach(ifindex, flags | XDP_FLAGS_REPLACE, &opts);
}

static int detach_once(const struct doors *doors, __u32 ifindex, const struct ad_attached *record)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *prog;
	int err = libxdp_get_error(mp);

	if (err)
		return err == -ENOENT ? 0 : err;
	prog = record->xdp_id ? find_by_id(mp, record->xdp_id) : find_by_doors(mp, doors);
	if (prog && xdp_multiprog__is_legacy(mp))
		err = detach_alone(ifindex, prog, xdp_multiprog__attach_mode(mp));
	else if (prog)
		err = xdp_program__detach(prog, ifindex, xdp_multiprog__attach_mode(mp), 0);
	xdp_multiprog__close(mp);
	return err;
}

/* The programs that stay behind the dispatcher may need ours. */
int xdp_detach(const struct doors *doors, __u32 ifindex, const struct ad_attached *record)
{
	int err = detach_once(doors, ifindex, record);

	if (!err || !(record->flags & AD_ATTACHED_DISPATCHER) || dispatcher_lend())
		return err;
	err = detach_once(doors, ifindex, record);
	dispatcher_return();
	return err;
}
