// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * host_net.c: offloads, reverse path filters, room in the paths between POPs, connection tracking.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host_net.h"
#include "host_services.h"
#include "offload.h"
#include "user/base/addr.h"
#include "user/base/output.h"
#include "user/base/sysctl.h"
#include "user/net/route.h"

#define warning(...) findings_add(findings, FINDING_WARNING, __VA_ARGS__)

#define WORLD_IP4   "198.41.0.4" /* a.root-servers.net stands for all clients; nothing is sent */
#define IP6_MTU_MIN 1280	 /* RFC 8200, 5 */

/* --- offloads ------------------------------------------------------------------------------- */

/* Does a VLAN device of this host stand on @ifindex? */
static bool carries_vlans(const struct devices *devices, int ifindex)
{
	for (size_t i = 0; i < devices->nr; i++)
		if (devices->list[i].lower &&
		    devices_stands_on(devices, devices->list[i].ifindex, ifindex))
			return true;
	return false;
}

static void check_offload(const char *interface, const char *feature, const char *ethtool,
			  const char *harm, struct findings *findings)
{
	if (offload_get(interface, feature) == 1)
		warning("interfaces: %s has %s on: %s; `ethtool -K %s %s off`", interface, feature,
			harm, interface, ethtool);
}

/* What a NIC, or in generic mode the kernel, does before XDP sees a packet. GRO behind XDP is fine.
 */
static void check_offloads(const struct config *config, const char *interface,
			   const struct devices *devices, struct findings *findings)
{
	static const char merged[] = "what it has merged fits no tunnel";
	static const char stripped[] = "XDP does not see the tags that it strips";

	check_offload(interface, "rx-lro", "lro", merged, findings);
	check_offload(interface, "rx-gro-hw", "rx-gro-hw", merged, findings);
	if (config->xdp_mode == CONFIG_XDP_GENERIC)
		check_offload(interface, "rx-gro", "gro", merged, findings);
	if (!carries_vlans(devices, if_nametoindex(interface)))
		return;
	check_offload(interface, "rx-vlan-hw-parse", "rxvlan", stripped, findings);
	check_offload(interface, "rx-vlan-stag-hw-parse", "rx-vlan-stag-hw-parse", stripped,
		      findings);
}

/* --- reverse path ---------------------------------------------------------------------------- */

static int rp_filter(const char *interface)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	return sysctl_read(path);
}

/*
 * A strict filter drops packets of a client if a reply to him would leave by another interface.
 * Only IPv4 has it.
 */
static void check_rp_filter(const char *interface, const struct devices *devices, int replies_by,
			    struct findings *findings)
{
	int ifindex = if_nametoindex(interface), all = rp_filter("all"), own = rp_filter(interface);
	char name[IF_NAMESIZE];

	if ((all > own ? all : own) != 1 || ifindex == replies_by ||
	    devices_stands_on(devices, replies_by, ifindex))
		return;
	warning("interfaces: net.ipv4.conf.%s.rp_filter is strict (1), and replies to the world "
		"leave "
		"by %s: the kernel drops clients that come in by %s; set it to 2 (loose)",
		interface, if_indextoname(replies_by, name) ?: "?", interface);
}

/* --- room ------------------------------------------------------------------------------------ */

static int mtu_of(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	int mtu = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &request))
		mtu = request.ifr_mtu;
	close(fd);
	return mtu;
}

/* The MTU of the path to @node, as far as this host knows; 0: there is no path. */
static int room_towards(const struct config_node *node)
{
	char name[IF_NAMESIZE];
	int ifindex, mtu;

	if (route_get(NULL, &node->tunnel, &ifindex) || !if_indextoname(ifindex, name))
		return 0;
	mtu = mtu_of(name);
	return node->mtu && node->mtu < mtu ? node->mtu : mtu;
}

static const struct config_node *narrowest(const struct config *config, int *room)
{
	const struct config_node *found = NULL;

	for (size_t i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];
		int bytes = node == config->self || node->state == CONFIG_NODE_DOWN
				    ? 0
				    : room_towards(node);

		if (bytes && (!found || bytes < *room)) {
			found = node;
			*room = bytes;
		}
	}
	return found;
}

static bool has_ip6(const struct config *config)
{
	for (size_t i = 0; i < config->nr_vips; i++)
		if (config->vips[i].tcp && !addr_is_ip4(&config->vips[i].address))
			return true;
	return false;
}

static int widest(const struct config *config)
{
	int mtu = 0;

	for (size_t i = 0; i < config->nr_interfaces; i++)
		if (mtu_of(config->interfaces[i]) > mtu)
			mtu = mtu_of(config->interfaces[i]);
	return mtu;
}

/* A client that obeys the MSS in our SYN-ACK sends packets of @mtu minus the clamped bytes. */
static void check_room(const struct config *config, struct findings *findings)
{
	int overhead = addr_is_ip4(&config->self->tunnel) ? AD_OVERHEAD_IP4 : AD_OVERHEAD_IP6;
	int mtu = widest(config), room = 0, lacking;
	const struct config_node *node = narrowest(config, &room);

	if (!node)
		return;
	lacking = mtu - (int)config->tunnel_overhead + overhead - room;
	if (lacking > 0)
		warning("tunnel.mss_overhead: %u leaves clients packets that are %d bytes too long "
			"for the "
			"path to %s, which takes %d: flows that move are slowed down until ICMP "
			"has told "
			"them; %u would do",
			config->tunnel_overhead, lacking, node->name, room,
			config->tunnel_overhead + lacking);
	if (has_ip6(config) && room < IP6_MTU_MIN + overhead)
		warning("nodes: the path to %s takes %d bytes: IPv6 needs %d, and no client can be "
			"told to "
			"send less",
			node->name, room, IP6_MTU_MIN + overhead);
}

/* --- connection tracking ---------------------------------------------------------------------- */

static void check_conntrack(const struct config *config, struct findings *findings)
{
	int used = sysctl_read("/proc/sys/net/netfilter/nf_conntrack_count");
	int max = sysctl_read("/proc/sys/net/netfilter/nf_conntrack_max");
	char flows[UNIT_TEXT];

	if (used > 0 && max >= 0 && (unsigned int)max < config->flow_max)
		warning("conntrack: at work here, with room for %d connections (net.netfilter."
			"nf_conntrack_max), and flows.max is %s: the kernel drops what is beyond; "
			"raise "
			"it, or `notrack` the VIPs",
			max, unit_count(config->flow_max, flows));
}

void host_net_check(const struct config *config, const struct devices *devices,
		    struct findings *findings)
{
	struct ad_addr world;
	int replies_by = 0;

	addr_parse(WORLD_IP4, &world);
	if (route_get(NULL, &world, &replies_by))
		replies_by = 0;
	for (size_t i = 0; i < config->nr_interfaces; i++) {
		if (!if_nametoindex(config->interfaces[i]))
			continue; /* an error of its own */
		findings->check = "offloads";
		check_offloads(config, config->interfaces[i], devices, findings);
		findings->check = "rp_filter";
		if (replies_by)
			check_rp_filter(config->interfaces[i], devices, replies_by, findings);
	}
	findings->check = "mtu";
	check_room(config, findings);
	findings->check = "conntrack";
	check_conntrack(config, findings);
	findings->check = "services";
	host_services_check(config, findings);
}
