/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * types.h: the structs that cross between kernel and user.
 *
 * Fixed-width members, widest first, explicit padding that must be zero. __be* is wire order,
 * everything else host order. Sizes and offsets are asserted, because a map outlives the binary
 * that made it.
 */
#ifndef AD_TYPES_H
#define AD_TYPES_H

#include <linux/types.h>
#include "counters.h"
#include "limits.h"

#define AD_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)

/* An address of either family; IPv4 is written as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). */
struct ad_addr {
	union {
		__u8 b[16];
		__be32 w[4];
		__be64 q[2];
	};
};
AD_ASSERT_SIZE(struct ad_addr, 16);

/*
 * A client's prefix, /24 or /48, as one word: the first bytes of the address in memory order, and
 * in the last byte the family, so that no prefix of one is a prefix of the other. Of w[3] and of
 * q[0].
 */
#define AD_PREFIX_OF_IP4(word) (((word)&0x0000000000ffffffULL) | 4ULL << 56)
#define AD_PREFIX_OF_IP6(half) (((half)&0x0000ffffffffffffULL) | 6ULL << 56)

/*
 * .rodata of the programs: what the verifier may prune by. Set once before load; a change
 * loads a new program and swaps it in through the door.
 */
struct ad_options {
	__u64 fixed_mono_ns;	/* tests only: stands for bpf_ktime_get_ns(); 0 = the real clock */
	__u32 flow_mask;	/* buckets in the flow table - 1 (a power of two - 1) */
	__u32 flow_idle_s;	/* a flow silent for longer may be replaced */
	__u16 node_id;		/* this node; 1 .. 2^owner_bits - 1 */
	__be16 tunnel_port;	/* UDP, ours and every peer's */
	__u16 mss_overhead;	/* bytes to take off the MSS in our SYN-ACK; 0 = do not clamp */
	__u8 stamp_shift;	/* K = 32 - owner_bits */
	__u8 tunnel_version;	/* in which we wrap: AD_TUNNEL_SENDS */
	__u32 hz;		/* ticks of the kernel's clock (jiffies) in a second */
	__u32 dns_account_mask; /* lines of dns_accounts - 1; 0 = DNS answers are not limited */
};
AD_ASSERT_SIZE(struct ad_options, 32);

/* state[0]: what changes while packets flow. One cache line, read for every packet. */
struct ad_state {
	__s64 stamp_wall_minus_mono_ms; /* chosen at attach, moves only forward (see design.md) */
	__s64 real_minus_mono_ns;	/* CLOCK_REALTIME - CLOCK_MONOTONIC, follows the clock */
	__u32 flags;			/* enum ad_state_flag */
	__u32 unstamped;		/* entries in the unstamped list; 0 skips the lookup */
	__u32 nr_successors;		/* valid entries below */
	__u16 successors[AD_SUCCESSOR_MAX]; /* node ids that take our new flows while we drain */
	__u32 kept; /* of new flows, with AD_STATE_DIVERTS alone: those stay here whose hash's high
		     * half is less; 0: health checks of this POP fail */
	__u64 own;  /* AD_OWN_BIT of every address in `locals`: what has none of these is not there
		     */
	__u32 local_changes; /* counts them: what a CPU remembers of `locals` holds until the next
			      */
	__u32 refused_s;     /* CLOCK_MONOTONIC, s: when a flow last found no room; 0 = never */
};
AD_ASSERT_SIZE(struct ad_state, 64);

#define AD_OWN_BITS	   64u
#define AD_OWN_PLACE(addr) ((addr)->w[3] * 0x9E3779B1u >> 26)
#define AD_OWN_BIT(addr)   (1ull << AD_OWN_PLACE(addr))

enum ad_state_flag {
	AD_STATE_ARMED = 1 << 0,	     /* egress stamps, ingress reads stamps */
	AD_STATE_DRAINING = 1 << 1,	     /* new flows go to a successor */
	AD_STATE_METERED = 1 << 3,	     /* data of known flows has a budget, too */
	AD_STATE_ROUTES_BY_ADDRESS = 1 << 2, /* no port matters to this host's multipath routes */
	AD_STATE_FORWARDS = 1 << 4, /* replies have left here that no socket of ours sent */
	AD_STATE_DIVERTS = 1 << 5,  /* new flows go to a successor, but for those that are kept */
	AD_STATE_TRACED = 1 << 6,   /* packets are recorded as they leave (trace.h) */
};
#define AD_STATE_HANDS_OVER (AD_STATE_DRAINING | AD_STATE_DIVERTS)

/* keys[0]: readable by root only. SipHash-2-4 keys as two little-endian words. */
struct ad_tunnel_key {
	__u64 key[2];
	__u8 epoch;
	__u8 valid; /* 0: no such epoch */
	__u8 pad[6];
};
struct ad_keys {
	__u64 stamp[2];			/* PRF of the stamp and of the flow table */
	struct ad_tunnel_key tunnel[2]; /* [0] current: signs; [1] previous: still accepted */
};
AD_ASSERT_SIZE(struct ad_keys, 64);

/* locals: which destination addresses concern us. Key: struct ad_addr. */
enum ad_local_flag {
	AD_LOCAL_VIP_TCP = 1 << 0, /* pin TCP flows to this address */
	AD_LOCAL_VIP_DNS = 1 << 1, /* answer UDP 53 here */
	AD_LOCAL_TUNNEL = 1 << 2,  /* our own tunnel address */
	AD_LOCAL_UNARMED = 1 << 3, /* a new VIP: its sockets are being listed, nothing is stamped */
};
struct ad_local {
	__u16 vip; /* index that flows carry: fixed while it is a VIP; 0 for a tunnel address */
	__u16 flags;
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_local, 8);

/* nodes: the fleet, indexed by node id. */
enum ad_node_flag {
	AD_NODE_KNOWN = 1 << 0,
	AD_NODE_DEAD = 1 << 1,	   /* its flows go to the stack where they land */
	AD_NODE_DRAINING = 1 << 2, /* keeps its flows, is no successor */
	AD_NODE_SILENT =
		1 << 3, /* is sent to, asked, and not heard of; the data path does not care */
	AD_NODE_REPORTED = 1 << 4, /* drains, or not, because it says so by the bus; likewise */
};
struct ad_node {
	struct ad_addr tunnel; /* where others wrap to, and the only source we accept for it */
	__u32 flags;	       /* enum ad_node_flag */
	__u16 pop;	       /* index in the configuration's order */
	__u16 mtu;	       /* of the path between POPs; 0 = what the route says */
	__u32 since_s;	       /* CLOCK_MONOTONIC: it has stood so for that long; 0 = not known */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_node, 32);

/*
 * homes: of each POP, by its index in struct ad_node, which node is told of its flows without
 * stamps. All nodes of a fleet must agree on that (user/fleet/homes.h). The low bits of the PRF of
 * the 4-tuple give a flow's part. 0: nobody is told.
 */
struct ad_homes {
	__u16 node[AD_HOME_PARTS];
};
AD_ASSERT_SIZE(struct ad_homes, 512);
#define AD_HOME_PART(prf) ((__u32)(prf) & (AD_HOME_PARTS - 1))

/*
 * directory: by the PRF of its 4-tuple, the node of this POP that owns a flow without stamps, of
 * flows whose home is this node. Only the daemon writes it, by what the owners' daemons tell it.
 */

/* peer_ids: tunnel address (struct ad_addr) to node id (__u32), for what comes in. */

/*
 * Budgets: packets a second that may be sent to other nodes. What is on better evidence has one of
 * its own, so that a flood of the other cannot starve it.
 */
enum ad_budget_class {
	AD_BUDGET_HUNT = 0,  /* of flows that nothing names, to be asked about */
	AD_BUDGET_GUESS = 1, /* first of a flow here, and its stamp is old: noise looks like that */
	AD_BUDGET_DATA = 2,  /* of flows with a young stamp, or that are known here */
	AD_BUDGET_DIVERT = 3,  /* SYNs to successors; beyond it they stay */
	AD_BUDGET_ACCEPT = 4,  /* SYNs that others divert to us */
	AD_BUDGET_ICMP = 5,    /* ICMP errors that are tunnelled to a flow's owner */
	AD_BUDGET_TOO_BIG = 6, /* ICMP errors that we send ourselves, about the path to a node */
	AD_BUDGET_CLASSES
};
enum ad_budget_scope {
	AD_BUDGET_ALL = 0,
	AD_BUDGET_NODE = 1,   /* to one node, or, of ACCEPT, from one */
	AD_BUDGET_PREFIX = 2, /* from one /24 or /48 */
	AD_BUDGET_SCOPES
};

/*
 * hunt[0]: how we look for the owner of a flow that nothing names, and how often. Written by the
 * loader, while packets flow.
 */
struct ad_hunt {
	__u32 budgets[AD_BUDGET_CLASSES][AD_BUDGET_SCOPES]; /* packets a second; 0 = no limit */
	__u32 nr_neighbours;				    /* valid entries below */
	__u16 neighbours[AD_NEIGHBOUR_MAX];		    /* node ids, the likeliest first */
	__u32 hint_s;	 /* how long a hint or a source is good */
	__u32 nobody_ms; /* how long a hunt's no is */
};
AD_ASSERT_SIZE(struct ad_hunt, 128);

/* hints: where the flows of a client prefix shifted from, by the claims of their owners. */
struct ad_hint {
	__u32 tag;   /* of the prefix */
	__u16 owner; /* node id; 0 = nobody has claimed any yet */
	__u16 pad;
	__u32 learned_s; /* CLOCK_MONOTONIC, s */
	__u32 asked_s;	 /* when a scout was sent last */
};
AD_ASSERT_SIZE(struct ad_hint, 16);

/* sources[0]: the two nodes whose flows have shifted here last. */
struct ad_sources {
	__u32 last_s[2];
	__u16 owner[2];
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_sources, 16);

/*
 * nobodies: of a segment that nobody owned, or of a SYN that was diverted, its tag (high half) and
 * the ms of the last no, or of the first SYN.
 */

/* budgets: until when (CLOCK_MONOTONIC, ns) the tokens of each bucket are spent. */

/* hunt_stats: per CPU, one entry. */
struct ad_hunt_stats {
	AD_HUNT_COUNTERS(AD_COUNTER_FIELD)
};
AD_ASSERT_SIZE(struct ad_hunt_stats, 200);

/*
 * links: what stands behind a VLAN device. A route names the device, XDP can only send from the
 * one that carries it; so the tags are ours to write. Key: ifindex (__u32) of the VLAN device.
 * Empty where no tunnel route leaves by a VLAN device.
 */
struct ad_vlan {
	__be16 tpid; /* 0x8100 or 0x88A8 */
	__be16 tci;
};
struct ad_vlan_device {
	__u32 parent; /* ifindex of the device beneath all tags */
	__u32 nr_tags;
	struct ad_vlan tags[AD_VLAN_DEPTH]; /* as on the wire: outermost first */
};
AD_ASSERT_SIZE(struct ad_vlan_device, 16);

/* reasons: per CPU, indexed by enum ad_reason. Bytes are of the frame as it came. */
struct ad_count {
	__u64 packets;
	__u64 bytes;
};
AD_ASSERT_SIZE(struct ad_count, 16);

/* peers: per CPU, indexed by node id. Bytes are of the inner IP packet. */
struct ad_peer_count {
	struct ad_count tx; /* wrapped for this owner */
	struct ad_count rx; /* unwrapped from this landing node, authentic */
};
AD_ASSERT_SIZE(struct ad_peer_count, 32);

/*
 * The flow table: an array of buckets, eight 8-byte slots in a cache line each, and an array of
 * entries, one cache line each, at index bucket * AD_FLOW_SLOTS + slot. The PRF of the 4-tuple
 * (the one that stamps) gives the bucket (high half), the tag (low half) and, by its top three
 * bits, the slot that is tried first. A slot is written last and cleared first, and whoever finds
 * a tag compares the whole key before believing.
 */
enum ad_flow_kind {
	AD_FLOW_FREE = 0,
	AD_FLOW_TRANSIT = 1, /* stamped, owned elsewhere: a meter, which any other may replace */
	AD_FLOW_PIN = 2,     /* a remote owner claimed it */
	AD_FLOW_OURS = 3,    /* a socket of this host proved it, or replies that left here */
};
struct ad_flow_slot {
	__u32 tag;
	__u16 last_s; /* low 16 bits of the monotonic clock in s, at the last packet or, by up to a
			 sixteenth of opt.flow_idle_s, before; of a flow of ours that ends, so long
			 ago that it makes room for any other */
	__u8 kind;    /* enum ad_flow_kind; FREE = empty */
	__u8 busy;    /* 1 while an entry is being written: not readable, not replaceable */
};
struct ad_flow_bucket {
	struct ad_flow_slot slots[AD_FLOW_SLOTS];
};
AD_ASSERT_SIZE(struct ad_flow_bucket, 64);

enum ad_flow_flag {
	AD_FLOW_STAMPED = 1 << 0,   /* carried a stamp when it was entered */
	AD_FLOW_CLOSING = 1 << 1,   /* it ends: ask the socket before believing "ours" */
	AD_FLOW_DOUBTED = 1 << 2,   /* of a pin: a SYN was seen, so ask our own socket first */
	AD_FLOW_SCOUTED = 1 << 3,   /* of a transit flow: it has been thought of as a scout */
	AD_FLOW_FORWARDED = 1 << 4, /* ours without a socket here: its replies leave through us */
	AD_FLOW_HALF_OPEN = 1 << 5, /* of a forwarded one: only a SYN-ACK has left */
};
struct ad_flow {
	/* The key: three words, each compared at once. */
	struct ad_addr client;
	__be16 client_port;
	__be16 vip_port;
	__u16 vip;     /* index, see struct ad_local */
	__u8 protocol; /* IPPROTO_TCP; nothing else has flows yet */
	__u8 pad_key;

	__u64 rx_bytes; /* IP bytes from the client; tunnel overhead not counted */
	__u64 tx_bytes; /* IP bytes to the client; GSO packets count as one */
	__u32 rx_packets;
	__u32 tx_packets;
	__u32 first_s; /* CLOCK_MONOTONIC, s */
	__u32 last_s;
	__u16 via; /* node id of the landing node that tunnelled it last; 0 = came straight */
	__u8 kind; /* enum ad_flow_kind */
	__u8 flags;
	__u16 owner; /* node id; ours for AD_FLOW_OURS */
	__u16 pad;
};
AD_ASSERT_SIZE(struct ad_flow, 64);

/*
 * flow_sample: per CPU, one entry. Packets that their stamp decides are looked at in full by a
 * sample: the first AD_SAMPLE_ALL of a tick of the clock, and of the others one in AD_SAMPLE_OF.
 */
struct ad_flow_sample {
	__u64 tick_ns; /* the clock when the last one was counted */
	__u32 nr;      /* so many have come since that moment */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_flow_sample, 16);

/* flow_stats: per CPU, one entry. */
struct ad_flow_stats {
	AD_FLOW_COUNTERS(AD_COUNTER_FIELD)
};
AD_ASSERT_SIZE(struct ad_flow_stats, 32);

/* unstamped: our sockets that must not be touched. Key as below, value: last egress, s. */
struct ad_tuple {
	struct ad_addr client;
	struct ad_addr vip;
	__be16 client_port;
	__be16 vip_port;
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_tuple, 40);

/* meta[0]: who loaded this, for adoption and upgrade. */
struct ad_meta {
	__u32 abi;	 /* AD_ABI_VERSION */
	__u32 loaded_s;	 /* CLOCK_MONOTONIC, s */
	__u16 node_id;	 /* fixed while stamped flows live */
	__u8 owner_bits; /* likewise */
	__u8 pad[5];
	char version[32];  /* of the binary, NUL terminated */
	__u8 stamp_id[16]; /* hash of the stamp key: tells that it changed without showing it */
};
AD_ASSERT_SIZE(struct ad_meta, 64);

/* Who wanted configuration and zones to be read, and how that ended. */
enum ad_reload_by {
	AD_RELOAD_START,
	AD_RELOAD_COMMAND,
	AD_RELOAD_SIGNAL,
	AD_RELOAD_WATCH,
	AD_RELOAD_BUS,
	AD_RELOAD_BY_NR
};
enum ad_reload_end {
	AD_RELOAD_NONE, /* no daemon has said anything yet */
	AD_RELOAD_OK,
	AD_RELOAD_PARTLY,  /* some zones could not be read: see dns_zone_info */
	AD_RELOAD_REFUSED, /* nothing has changed */
	AD_RELOAD_END_NR
};

/* reload[0]: the last time that they were read; never read by a packet. */
struct ad_reload {
	__u64 real_s;	   /* CLOCK_REALTIME, as the next; 0 = never */
	__u64 good_real_s; /* when all was last read without an error */
	__u32 took_ms;
	__u32 changes;
	__u32 warnings;
	__u32 errors;
	__u8 by;  /* enum ad_reload_by */
	__u8 end; /* enum ad_reload_end */
	__u8 pad[6];
	char who[32];	/* AD_RELOAD_COMMAND: the user */
	char text[184]; /* the first error, or else the first warning; NUL terminated */
};
AD_ASSERT_SIZE(struct ad_reload, 256);

/* What an operator last had to say of whether this node takes new flows. */
enum ad_told_what {
	AD_TOLD_NOTHING,
	AD_TOLD_DRAIN,
	AD_TOLD_UNDRAIN, /* although the configuration may say that it drains */
	AD_TOLD_NR
};

/* told[0]: that; never read by a packet. */
struct ad_told {
	__u64 real_s; /* CLOCK_REALTIME; 0 = it is not known who it was */
	__u32 uid;    /* of the process that said it */
	__u8 what;    /* enum ad_told_what */
	__u8 now;     /* of UNDRAIN: without a slow start */
	__u8 pad[2];
	char who[32];  /* the user's name, as he gave it; NUL terminated, as the next */
	char why[208]; /* his own words; may be empty */
};
AD_ASSERT_SIZE(struct ad_told, 256);

/* fragments: packets whose first fragment was ours. Value: when it came, CLOCK_MONOTONIC, s. */
struct ad_fragment {
	struct ad_addr client;
	struct ad_addr vip;
	__be32 id; /* IPv4's 16 bits first, then 0 */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_fragment, 40);

/*
 * The tunnel on the wire: Geneve (RFC 8926, 3.4 and 3.5) with one critical option. All fields
 * big endian but the tag, which is SipHash-2-4 output in its canonical little-endian bytes.
 *
 * The tag covers, in this order: outer source and destination address (4 or 16 bytes each), the
 * Geneve header (8), the option without its tag (20), the inner packet's length (16 bits) and
 * 16 zero bits, and the inner packet from its first byte to the 20th of its TCP header, or of an
 * ICMP error to the 8th byte of the TCP header that it quotes.
 */
#define AD_GENEVE_CLASS	   0xFF0A /* experimental range, RFC 8926 section 7 */
#define AD_GENEVE_CRITICAL 0x80	  /* of a type: who does not know it drops the packet */
#define AD_GENEVE_OPT_LEN  6	  /* 4-byte words behind the option header */

/*
 * The version of the option is its type. A node reads AD_TUNNEL_VERSION and the one before, and
 * writes AD_TUNNEL_SENDS, which is one of them. So that a fleet can be upgraded node by node, a
 * release that raises AD_TUNNEL_VERSION goes on sending the one before; the release after it sends
 * the new one. The tests of an upgrade build both.
 */
#ifndef AD_TUNNEL_VERSION
#define AD_TUNNEL_VERSION 1
#endif
#ifndef AD_TUNNEL_SENDS
#define AD_TUNNEL_SENDS 1
#endif
_Static_assert(AD_TUNNEL_SENDS == AD_TUNNEL_VERSION || AD_TUNNEL_SENDS + 1 == AD_TUNNEL_VERSION,
	       "what is sent can be read by the release before");
#define AD_GENEVE_TYPE (AD_GENEVE_CRITICAL | AD_TUNNEL_SENDS)

/* An answer is no message of its own: it is the packet asked about, on its way back. */
enum ad_why {
	AD_WHY_DATA = 0,   /* to its owner, by stamp or pin */
	AD_WHY_DIVERT = 1, /* a SYN, to a successor */
	AD_WHY_HUNT = 2,   /* whose is it? The owner answers, and does not take it yet */
	AD_WHY_CLAIM = 3,  /* to the landing node: the sender's */
	AD_WHY_NO = 4,	   /* to the landing node: nobody's, of those that it named */
};

enum ad_tunnel_mark {
	AD_TUNNEL_HUNTED = 1 << 0,  /* it was hunted: a no is the last word */
	AD_TUNNEL_UNASKED = 1 << 1, /* somebody could not be asked: no RST may come of it */
};
#define AD_TUNNEL_MARKS (AD_TUNNEL_HUNTED | AD_TUNNEL_UNASKED)

struct ad_geneve {
	__u8 ver_optlen; /* version 0, option length in words: 7 */
	__u8 oam_crit;	 /* 0x40: critical options present */
	__be16 protocol; /* 0x0800 or 0x86DD */
	__u8 vni[3];	 /* 0 */
	__u8 reserved;
};
AD_ASSERT_SIZE(struct ad_geneve, 8);

struct ad_geneve_opt {
	__be16 class;
	__u8 type;
	__u8 len;	/* 3 reserved bits, then words */
	__be16 landing; /* node id */
	__u8 hop_why;	/* hop << 4 | enum ad_why */
	__u8 epoch;
	__be32 time_s;			  /* CLOCK_REALTIME, low 32 bits */
	__be16 candidates[AD_CANDIDATES]; /* nodes to ask, in order; of a claim, the claimant */
	__be16 marks;			  /* enum ad_tunnel_mark */
	__u8 tag[8];
};
AD_ASSERT_SIZE(struct ad_geneve_opt, 28);

/* Entries of the doors' jump tables: the attached programs only tail-call, so an upgrade is one map
 * write. */
enum ad_door_xdp {
	AD_DOOR_PACKET = 0,	/* every packet */
	AD_DOOR_DNS = 1,	/* UDP 53 for a VIP */
	AD_DOOR_DNS_COPIES = 2, /* and 3: what of it is not answered in the frame (maps/dns.h) */
	AD_DOOR_XDP_MAX = 8	/* the table outlives upgrades: room for what they bring */
};
enum ad_door_tc {
	AD_DOOR_EGRESS = 0,
	AD_DOOR_TC_MAX = 8 /* likewise */
};

#endif
