/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vector.h: the file that vectors.py writes, as structs.
 *
 * The oracle knows packets, keys and clocks; the runner only knows bytes. So map contents come as
 * hexadecimal images, frames as they are on the wire, and what only a live kernel knows (the
 * sequence number of a socket) as an instruction to write it in. README.md here has the grammar.
 */
#ifndef AD_VECTOR_H
#define AD_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "maps/types.h"
#include "maps/reasons.h"

#define VECTOR_FRAME_MAX 16384
#define VECTOR_WORDS_MAX 8

struct bytes {
	__u8 *data;
	size_t len;
};

/* A growing array of anything; @item is what it holds. */
#define LIST(item)                                                                                 \
	struct {                                                                                   \
		item *list;                                                                        \
		size_t nr;                                                                         \
	}

/* One map entry, to be written before or expected afterwards (an empty value: no such entry). */
struct entry {
	char *map;
	struct bytes key;
	struct bytes value;
};

/* A flow expected in the table afterwards, in any slot of its bucket. Kind FREE: in none. */
struct flow_check {
	__u32 bucket;
	__u32 tag;
	__u8 kind;
	__u16 owner;
	__u16 via;
};

/* Packets that a peer's counter must have gained. */
struct peer_check {
	__u32 node;
	__u32 tx;
	__u32 rx;
};

/* The acknowledgment number of a socket, to be written into the TCP header at @tcp. */
struct ack_patch {
	char *socket;
	int tcp;
	__s32 delta;
};

/* Every bit of a range of the input, flipped alone, must end in one of @reasons. */
struct flip {
	size_t offset;
	size_t len;
	bool reasons[AD_REASON_MAX];
};

enum vector_program {
	PROGRAM_PACKET,
	PROGRAM_EGRESS
};
enum vector_action {
	ACTION_PASS,
	ACTION_DROP,
	ACTION_TX,
	ACTION_REDIRECT
};

struct vector {
	char *name;
	struct options *options;
	enum vector_program program;
	enum vector_action action;
	enum ad_reason reason;
	char *device; /* arrives on; NULL: on the uplink */
	char *in_of;  /* arrives as the named vector left; NULL: @in */
	struct bytes in;
	struct bytes out; /* empty: as it came */
	size_t udp_check; /* offset of an IP header over UDP whose checksum must be right; 0 none */
	bool truncate;	  /* also cut short at every length */
	LIST(char *) sockets;
	LIST(struct entry) set;
	LIST(struct entry) after;
	LIST(struct flow_check) flows;
	LIST(struct peer_check) peers;
	LIST(struct ack_patch) acks;
	LIST(struct flip) flips;
	struct bytes result; /* what came out, for @in_of of another */
};

struct zone_plan {
	char *name;
	char *file; /* beside the vector file */
};

/* A set of load-time options, and the map contents every vector of it starts from. */
struct options {
	char *name;
	struct ad_options values;
	__u32 unstamped_max;
	char *nsid;
	bool unserved_pass;
	LIST(struct zone_plan) zones;
	LIST(struct entry) base;
};

enum socket_kind {
	SOCKET_LISTEN,	  /* answers SYNs in full */
	SOCKET_COOKIE,	  /* a LISTEN that handed out one SYN cookie */
	SOCKET_HALF_OPEN, /* SYN_RECV */
	SOCKET_ESTABLISHED,
	SOCKET_UNSENT, /* established, and its peer's window is too small for what was written */
	SOCKET_TIME_WAIT,
};
struct socket_plan {
	char *name;
	enum socket_kind kind;
	struct ad_tuple tuple;
};

struct plan {
	LIST(char *) network; /* lines for `ip -batch` */
	LIST(char *) sysctls; /* path=value */
	LIST(struct socket_plan) sockets;
	LIST(struct options *) options;
	LIST(struct vector *) vectors;
};

/* 0 and *@plan, or -errno with a message on stderr that names the line. Lives till the end. */
int plan_read(const char *path, struct plan **plan);
const struct vector *plan_vector(const struct plan *plan, const char *name);
const struct socket_plan *plan_socket(const struct plan *plan, const char *name);
const char *reason_label(__u32 reason);

#endif
