/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ethernet.h: the Ethernet header that we write, and the route that it is made from.
 */
#ifndef AD_ETHERNET_H
#define AD_ETHERNET_H

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
#define LOOPBACK_IFINDEX 1

struct ethernet {
	__u16 macs[ETH_ALEN]; /* destination and source, as on the wire */
	__be16 proto;
	__u16 nr_tags;
	struct ad_vlan tags[AD_VLAN_DEPTH];
	__u32 ifindex; /* of the device to send from */
	__u32 mtu;     /* of the route, if it was asked; 0 = more than any packet has */
};

static __always_inline __u32 ethernet_bytes(const struct ethernet *ethernet)
{
	return ETH_HLEN + ethernet->nr_tags * sizeof(struct ad_vlan);
}

/* Writes the header at the head of the frame; false if it does not reach that far. */
static __always_inline bool ethernet_write(struct xdp_md *ctx, const struct ethernet *ethernet)
{
	struct cursor c = cursor_at(ctx, 0);
	__u16 *macs = cursor_take(&c, sizeof(ethernet->macs));
	__be16 *proto = cursor_take(&c, sizeof(*proto)), *tag;

	if (!macs || !proto)
		return false;
	__builtin_memcpy(macs, ethernet->macs, sizeof(ethernet->macs));
	for (int i = 0; i < AD_VLAN_DEPTH; i++) {
		if (i >= ethernet->nr_tags)
			break;
		tag = cursor_take(&c, sizeof(struct ad_vlan));
		if (!tag)
			return false;
		*proto = ethernet->tags[i].tpid;
		tag[0] = ethernet->tags[i].tci;
		proto = &tag[1];
	}
	*proto = ethernet->proto;
	return true;
}

/*
 * XDP cannot send from a VLAN device: we send from the device below it and write the tags
 * ourselves.
 */
static __always_inline void ethernet_resolve_vlan(struct ethernet *ethernet)
{
	__u32 ifindex = ethernet->ifindex;
	struct ad_vlan_device *vlan = bpf_map_lookup_elem(&links, &ifindex);

	if (!vlan)
		return;
	ethernet->ifindex = vlan->parent;
	ethernet->nr_tags = vlan->nr_tags <= AD_VLAN_DEPTH ? vlan->nr_tags : AD_VLAN_DEPTH;
	__builtin_memcpy(ethernet->tags, vlan->tags, sizeof(ethernet->tags));
}

/* What the kernel's route and neighbour tables say. */
static __always_inline __u32 ethernet_ask(struct xdp_md *ctx, struct bpf_fib_lookup *fib)
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
static __always_inline __u32 ethernet_route(struct xdp_md *ctx, const struct ad_addr *from,
					    const struct ad_addr *to, __be16 sport, __u32 bytes,
					    struct ethernet *ethernet)
{
	struct bpf_fib_lookup fib = {
		.family = addr_is_ip4(to) ? AF_INET : AF_INET6,
		.l4_protocol = IPPROTO_UDP,
		.sport = sport,
		.dport = opt.tunnel_port,
		.tot_len = bytes,
		.ifindex = LOOPBACK_IFINDEX,
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
	reason = ethernet_ask(ctx, &fib);
	ethernet->mtu = fib.mtu_result;
	if (reason)
		return reason;
	__builtin_memcpy(ethernet->macs, __builtin_assume_aligned(fib.dmac, 2), ETH_ALEN);
	__builtin_memcpy(ethernet->macs + 3, __builtin_assume_aligned(fib.smac, 2), ETH_ALEN);
	ethernet->ifindex = fib.ifindex;
	ethernet->nr_tags = 0;
	ethernet->proto = addr_is_ip4(to) ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	ethernet_resolve_vlan(ethernet);
	return AD_CONTINUE;
}

#endif
