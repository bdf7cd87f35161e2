/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * limits.h: the numbers both sides must agree on.
 *
 * Nothing here is tunable at run time; what an operator may choose is in struct ad_options
 * (types.h) or in the configuration file.
 */
#ifndef AD_LIMITS_H
#define AD_LIMITS_H

/*
 * Version of everything in maps/ that outlives a binary: the layout of the maps marked
 * "survives" in maps/README.md and the entries of the doors' jump tables. A binary that finds
 * another number pinned refuses to adopt it unless it knows how to carry it over.
 */
#define AD_ABI_VERSION 3

#define AD_NODE_ID_MAX	  65535u /* ids are 16 bits on the wire; 0 means "no node" */
#define AD_OWNER_BITS_MIN 4
#define AD_OWNER_BITS_MAX 14 /* K = 18: an echo stays readable for four minutes */

#define AD_VIP_MAX	 256
#define AD_SUCCESSOR_MAX 8
#define AD_NEIGHBOUR_MAX 16	/* nodes worth asking for a flow that nobody here knows */
#define AD_UNSTAMPED_MAX 262144 /* sockets that lived before us, or whose clock is not ours */

#define AD_FLOW_SLOTS	8   /* per bucket: eight tags fill one cache line */
#define AD_SAMPLE_ALL	16u /* see struct ad_flow_sample */
#define AD_SAMPLE_OF	64u
#define AD_FLOW_MAX_MIN 1024u
#define AD_FLOW_MAX_MAX 67108864u

#define AD_VLAN_DEPTH	   2   /* 802.1Q inside 802.1ad */
#define AD_VLAN_DEVICE_MAX 256 /* VLAN devices that a tunnel route may leave by */
#define AD_IP6_EXT_MAX	   6   /* extension headers walked before TCP or UDP */
#define AD_L3_MAX	   128 /* bytes of IP header and extensions; longer ones are dropped */
#define AD_TUNNEL_PORT	   6081
#define AD_TUNNEL_FRESH_S  30 /* the tunnel's time field: +- this many seconds */
/* Tables of guesses: an entry a place, found by a keyed hash. */
#define AD_HINT_MAX   65536
#define AD_NOBODY_MAX 65536

/* A SYN that comes again so much later was diverted to somebody who does not answer. */
#define AD_SYN_AGAIN_MIN_MS 500
#define AD_SYN_AGAIN_MAX_MS 60000

/* An empty ACK that nobody owns is no news within this time. */
#define AD_NOBODY_ONCE_MS 600000

/*
 * Token buckets of each class: the one of all, then those of nodes, then those of prefixes. Nodes
 * whose ids agree in their last ten bits share a bucket.
 */
#define AD_BUDGET_BUCKETS  8192
#define AD_BUDGET_NODES	   1024
#define AD_BUDGET_PREFIXES 4096

/*
 * Legs a packet may travel: to an old pin and back, to three candidates and to the three nodes that
 * their directories name, back with a claim, to the claimant; and once more back, if that one lost
 * the flow meanwhile.
 */
#define AD_HOP_LIMIT  11
#define AD_CANDIDATES 3

/*
 * Directories: POPs whose nodes have one, by their index; the parts that the flows of a POP are
 * divided into; and the flows of siblings that a node is told of.
 */
#define AD_HOME_POPS	 1024
#define AD_HOME_PARTS	 256
#define AD_DIRECTORY_MAX 131072

/* Fragmented packets that are on their way to our stack, and how long it waits for the rest. */
#define AD_FRAGMENT_MAX	   4096
#define AD_FRAGMENT_WAIT_S 30

/*
 * Where clients come from: client prefixes between two readings of the daemon, of each kind. Of
 * answers to DNS queries each CPU counts one in so many, a power of two.
 */
#define AD_CATCHMENT_MAX    32768
#define AD_CATCHMENT_SAMPLE 64

/* Bytes that wrapping adds in front of the inner IP header: IP + UDP + Geneve + option. */
#define AD_OVERHEAD_IP4 64
#define AD_OVERHEAD_IP6 84

#endif
