// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor_links.c: what stands on the interfaces, and beside us on their hooks; their rings; the
 * next hops towards other nodes.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include "doctor.h"
#include "user/base/addr.h"
#include "user/host/offload.h"
#include "user/load/attach_tc.h"
#include "user/load/attach_xdp.h"
#include "user/net/neigh.h"

#define OTHERS_TEXT 256
#define RING_ENOUGH 1024

/* --- XDP -------------------------------------------------------------------------------------- */

/* What was recorded when it was attached, and what the kernel says now. */
static void look_at_mode(struct doctor *doctor, const struct ad_attached *record, __u32 flags)
{
	bool generic = flags & AD_ATTACHED_GENERIC;

	if (!flags)
		return; /* not root, or not attached, which status says */
	if (generic && !(record->flags & AD_ATTACHED_GENERIC))
		doctor_warn(doctor,
			    "xdp: %s: was attached in native mode and now runs in generic mode, "
			    "which is slow: `systemctl restart anydoor`",
			    record->name);
	else
		doctor_fine(doctor, "xdp: %s: %s, %s", record->name, generic ? "generic" : "native",
			    flags & AD_ATTACHED_DISPATCHER ? "behind libxdp's dispatcher"
							   : "alone");
}

static void look_at_other_xdp(struct doctor *doctor, const struct ad_attached *record,
			      __u32 ifindex)
{
	char text[OTHERS_TEXT];
	int nr = xdp_others(ifindex, record->xdp_id, text, sizeof(text));

	if (nr > 0)
		doctor_warn(doctor,
			    "hooks: %s: other XDP programs are there: %s: those before ours decide "
			    "first; `xdp-loader status %s` shows the order, `xdp-loader unload "
			    "%s --id ID` takes one off",
			    record->name, text, record->name, record->name);
	else if (nr < 0)
		doctor_unknown(doctor, "hooks: %s: XDP programs cannot be listed: %s", record->name,
			       strerror(-nr));
}

/* --- tc --------------------------------------------------------------------------------------- */

static void look_at_egress(struct doctor *doctor, const char *name, __u32 ifindex)
{
	char text[OTHERS_TEXT];
	int nr = tc_others(ifindex, true, text, sizeof(text)), before = tc_before_filters(ifindex);

	if (nr > 0)
		doctor_warn(doctor,
			    "hooks: %s: filters besides ours at tc egress: %s: one that runs "
			    "before ours can let replies out unstamped; `tc filter show dev %s "
			    "egress` shows the order, `tc filter del dev %s egress pref N` takes "
			    "one off",
			    name, text, name, name);
	else if (nr < 0)
		doctor_unknown(doctor, "hooks: %s: tc filters cannot be listed: %s", name,
			       strerror(-nr));
	if (before > 0)
		doctor_warn(doctor,
			    "hooks: %s: %d TCX program%s run%s before ours at egress: unless each "
			    "returns TCX_NEXT, replies leave unstamped; `bpftool net show dev %s` "
			    "names them",
			    name, before, before == 1 ? "" : "s", before == 1 ? "s" : "", name);
}

/* Behind XDP: they can only take what the kernel would get. */
static void look_at_ingress(struct doctor *doctor, const char *name, __u32 ifindex)
{
	char text[OTHERS_TEXT];

	if (tc_others(ifindex, false, text, sizeof(text)) > 0)
		doctor_fine(doctor, "hooks: %s: filters at tc ingress, behind XDP: %s", name, text);
}

static void look_at_hooks(struct doctor *doctor, const struct ad_attached *record)
{
	__u32 ifindex = if_nametoindex(record->name), flags = 0;

	if (!ifindex)
		return;
	doctor->findings->check = "xdp";
	xdp_find_door(ifindex, &flags);
	look_at_mode(doctor, record, flags ?: geteuid() ? record->flags : 0);
	doctor->findings->check = "hooks";
	look_at_egress(doctor, record->name, ifindex);
	look_at_ingress(doctor, record->name, ifindex);
	if (geteuid())
		doctor_unknown(doctor,
			       "hooks: %s: only root sees which XDP programs share an interface",
			       record->name);
	else
		look_at_other_xdp(doctor, record, ifindex);
}

/* --- rings ------------------------------------------------------------------------------------ */

bool doctor_ring_is_small(unsigned int now, unsigned int most)
{
	return now && now < most && now < RING_ENOUGH;
}

/* Not every driver has rings, or tells of them. */
static void look_at_ring(struct doctor *doctor, const char *name)
{
	unsigned int now, most;

	if (offload_ring(name, &now, &most))
		return;
	if (doctor_ring_is_small(now, most))
		doctor_warn(doctor,
			    "rings: %s: room for %u packets that come in, and there could be %u: "
			    "bursts are lost; `ethtool -G %s rx %u`",
			    name, now, most, name, most < RING_ENOUGH ? most : RING_ENOUGH);
	else
		doctor_fine(doctor, "rings: %s: room for %u packets that come in", name, now);
}

/* --- neighbours ------------------------------------------------------------------------------- */

static void look_at_hop(const struct neigh_hop *hop, void *arg)
{
	char text[ADDR_TEXT], name[IF_NAMESIZE];
	struct doctor *doctor = arg;

	if (hop->resolved)
		return;
	addr_format(&hop->address, text);
	if (!if_indextoname(hop->ifindex, name))
		strcpy(name, "?");
	doctor_bad(doctor,
		   "neighbours: %s on %s, the next hop towards %s, has no resolved link-layer "
		   "address: XDP cannot send there; is it up? `ping %s`, `ip neigh show to %s`; a "
		   "running daemon asks for it each second",
		   text, name, hop->node->name, text, text);
}

void doctor_links(struct doctor *doctor)
{
	size_t i;
	int err;

	for (i = 0; doctor->loaded && doctor->status.here && i < doctor->status.nr_interfaces; i++)
		look_at_hooks(doctor, &doctor->status.interfaces[i].record);
	doctor->findings->check = "hooks";
	if (doctor->loaded && !doctor->status.here)
		doctor_unknown(doctor, "hooks: the instance is in another network namespace than "
				       "this command; run it there");
	doctor->findings->check = "rings";
	for (i = 0; i < doctor->config->nr_interfaces; i++)
		look_at_ring(doctor, doctor->config->interfaces[i]);
	doctor->findings->check = "neighbours";
	err = neigh_look(doctor->config, look_at_hop, doctor);
	if (err)
		doctor_unknown(doctor, "neighbours: cannot be asked for: %s", strerror(-err));
}
