/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h: what nodes of a POP tell each other of their flows without stamps, as bytes. Knows no
 * libbpf.
 *
 * A message says which flows its sender owns now and which it does not own any more, each as the
 * PRF of its 4-tuple. Its answer says how many flows the answering node has of the other one, and
 * their digest. Both are authenticated with the tunnel's key and bound to the two addresses.
 */
#ifndef AD_DIRECTORY_MESSAGE_H
#define AD_DIRECTORY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/types.h"

#define DIRECTORY_FLOWS	  160 /* in a message, which so fits into any packet */
#define DIRECTORY_KEYS	  2
#define DIRECTORY_FRESH_S AD_TUNNEL_FRESH_S

enum directory_kind {
	DIRECTORY_TELL = 1,
	DIRECTORY_ANSWER = 2
};

enum directory_flag {
	DIRECTORY_BEGINS = 1 << 0, /* all flows are told, from here on, */
	DIRECTORY_ENDS = 1 << 1,   /* to here: what was not among them is no longer the sender's */
	DIRECTORY_FULL = 1 << 2,   /* in an answer: there is no room for more flows */
};
#define DIRECTORY_FLAGS (DIRECTORY_BEGINS | DIRECTORY_ENDS | DIRECTORY_FULL)

struct directory_message {
	__u16 from; /* node id */
	__u8 kind;  /* enum directory_kind */
	__u8 flags; /* enum directory_flag */
	__u32 time_s;
	__u64 session; /* of the daemon that tells; an answer repeats both */
	__u32 seq;
	__u32 count;  /* in an answer: flows that it has of the one that tells, */
	__u64 digest; /* and the XOR of their hashes */
	__u16 nr_owned, nr_ended;
	__u64 flows[DIRECTORY_FLOWS]; /* those that are owned first */
};

#define DIRECTORY_HEAD_BYTES 64
#define DIRECTORY_BYTES_MAX  (DIRECTORY_HEAD_BYTES + 8 * DIRECTORY_FLOWS)

/* Who sends, and to whom: neither can be changed on the way. */
struct directory_way {
	struct ad_addr from, to;
};

/* How many bytes it has in @bytes. */
size_t directory_write(const struct directory_message *message, const struct directory_way *way,
		       const struct ad_tunnel_key *key, __u8 bytes[DIRECTORY_BYTES_MAX]);
/*
 * 0, or -EBADMSG: it is none, or none that is authentic by one of @keys, or not of now (@now_s,
 * CLOCK_REALTIME). Nothing in *@message is then to be used.
 */
int directory_read(const __u8 *bytes, size_t nr, const struct directory_way *way,
		   const struct ad_tunnel_key keys[DIRECTORY_KEYS], __u32 now_s,
		   struct directory_message *message);

#endif
