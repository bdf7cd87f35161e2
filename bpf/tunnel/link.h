/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link.h: the Ethernet header that we write, and the route that it is made from.
 */
#ifndef AD_BPF_LINK_H
#define AD_BPF_LINK_H

#include "bpf/packet/packet.h"

#ifndef AF_INET
#define AF_INET	 2
#define AF_INET6 10
#endif

/*
 * Routes are looked up as if the packets came from lo, as the stack does for packets of this host.
 * So `ip rule` and multipath apply, and no outside interface has to forward. The kernel requires
 * forwarding on the interface that the lookup names: the daemon sets net.ipv4.conf.lo.forwarding
 * and net.ipv6.conf.lo.forwarding, and no others.
 */
#define LINK_LOOPBACK 1

struct link {
	__u16 macs[ETH_ALEN]; /* destination and source, as on the wire */
	__be16 proto;
	__u16 nr_tags;
	struct ad_vlan tags[AD_VLAN_DEPTH];
	__u32 ifindex; /* of the device to send from */
	__u32 mtu;     /* of the route, if it was asked; 0 = more than any packet has */
};

static __always_inline __u32 link_bytes(const struct link *link)
{
	return ETH_HLEN + link->nr_tags * sizeof(struct ad_vlan);
}

/* Writes the header at the head of the frame; false if it does not reach that far. */
static __always_inline bool link_write(struct xdp_md *ctx, const struct link *link)
{
	struct cursor c = cursor_at(ctx, 0);
	__u16 *macs = cursor_take(&c, sizeof(link->macs));
	__be16 *proto = cursor_take(&c, sizeof(*proto)), *tag;

	if (!macs || !proto)
		return false;
	__builtin_memcpy(macs, link->macs, sizeof(link->macs));
	for (int i = 0; i < AD_VLAN_DEPTH; i++) {
		if (i >= link->nr_tags)
			break;
		tag = cursor_take(&c, sizeof(struct ad_vlan));
		if (!tag)
			return false;
		*proto = link->tags[i].tpid;
		tag[0] = link->tags[i].tci;
		proto = &tag[1];
	}
	*proto = link->proto;
	return true;
}

/*
 * XDP cannot send from a VLAN device: we send from the device below it and write the tags
 * ourselves.
 */
static __always_inline void link_resolve_vlan(struct link *link)
{
	__u32 ifindex = link->ifindex;
	struct ad_link *vlan = bpf_map_lookup_elem(&links, &ifindex);

	if (!vlan)
		return;
	link->ifindex = vlan->parent;
	link->nr_tags = vlan->nr_tags <= AD_VLAN_DEPTH ? vlan->nr_tags : AD_VLAN_DEPTH;
	__builtin_memcpy(link->tags, vlan->tags, sizeof(link->tags));
}

/* What the kernel's route and neighbour tables say. */
static __always_inline __u32 link_ask(struct xdp_md *ctx, struct bpf_fib_lookup *fib)
{
	switch (bpf_fib_lookup(ctx, fib, sizeof(*fib), 0)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		return AD_CONTINUE;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		return AD_R_NO_NEIGH;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		return AD_R_TOO_BIG;
	default:
		return AD_R_NO_ROUTE;
	}
}

/*
 * Looks up the way from one tunnel address to another for @bytes of IP. @sport takes part in
 * multipath hashing, here and on every router on the way.
 */
static __always_inline __u32 link_route(struct xdp_md *ctx, const struct ad_addr *from,
					const struct ad_addr *to, __be16 sport, __u32 bytes,
					struct link *link)
{
	struct bpf_fib_lookup fib = {
		.family = addr_is_ip4(to) ? AF_INET : AF_INET6,
		.l4_protocol = IPPROTO_UDP,
		.sport = sport,
		.dport = opt.tunnel_port,
		.tot_len = bytes,
		.ifindex = LINK_LOOPBACK,
	};
	__u32 reason;

	if (addr_is_ip4(to) != addr_is_ip4(from))
		return AD_R_NO_ROUTE;
	if (addr_is_ip4(to)) {
		fib.ipv4_src = from->w[3];
		fib.ipv4_dst = to->w[3];
	} else {
		__builtin_memcpy(fib.ipv6_src, from, sizeof(fib.ipv6_src));
		__builtin_memcpy(fib.ipv6_dst, to, sizeof(fib.ipv6_dst));
	}
	reason = link_ask(ctx, &fib);
	link->mtu = fib.mtu_result;
	if (reason)
		return reason;
	__builtin_memcpy(link->macs, __builtin_assume_aligned(fib.dmac, 2), ETH_ALEN);
	__builtin_memcpy(link->macs + 3, __builtin_assume_aligned(fib.smac, 2), ETH_ALEN);
	link->ifindex = fib.ifindex;
	link->nr_tags = 0;
	link->proto = addr_is_ip4(to) ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	link_resolve_vlan(link);
	return AD_CONTINUE;
}

#endif
