/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h: what one node writes into the bus for the others: bytes that only who has the fleet's
 * key can make. Knows no libbpf, no NATS.
 *
 * Behind a head of fixed length stands JSON: an object whose members are sections, each written and
 * read by the module that it belongs to. All numbers of the head are big-endian:
 *
 *   4  BUS_MAGIC, which names the version of the head
 *  16  which fleet key it was signed by (keys_load_bus())
 *  32  the signature: keyed BLAKE2b over the key in the bucket, a zero byte, and all that follows
 *   8  seq: the newer record of a key has the greater one
 *   8  life: drawn by chance when the writer's daemon started
 *   2  the writer's node id
 *
 * The key in the bucket is signed with it, so that no record can be copied to another key.
 */
#ifndef AD_BUS_RECORD_H
#define AD_BUS_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include "user/config/keys.h"

#define BUS_MAGIC    "ADb1"
#define BUS_HEAD     70	   /* bytes */
#define BUS_SIZE_MAX 65536 /* bytes of a record */
#define BUS_KEY_MAX  72	   /* of a key in the bucket, with its NUL */

struct bus_head {
	__u64 seq;
	__u64 life;
	__u16 writer;
};

enum bus_read {
	BUS_READ_OK,
	BUS_READ_NO_RECORD, /* no bytes of ours */
	BUS_READ_VERSION,   /* of a version that we do not know */
	BUS_READ_OTHER_KEY, /* signed by another fleet key */
	BUS_READ_FORGED,    /* the signature is wrong */
	BUS_READ_BODY,	    /* signed, and no object of JSON in it */
	BUS_READ_SKIPPED,   /* not looked at: too many were forged in this second (book.h) */
	BUS_READS
};

/* 0 and *@bytes to free(); -EMSGSIZE: too long for its kind; -EINVAL: no @key of ours; -ENOMEM. */
int bus_record_write(const struct bus_secret *secret, const char *key, const struct bus_head *head,
		     const json_t *body, __u8 **bytes, size_t *size);
/* Looks at nothing in @bytes before its signature is right. *@body to json_decref() with OK. */
enum bus_read bus_record_read(const struct bus_secret *secret, const char *key, const __u8 *bytes,
			      size_t size, struct bus_head *head, json_t **body);

/* --- keys in the bucket ----------------------------------------------------------------------- */

enum bus_kind {
	BUS_NODE, /* "node.ID": a node's own, written again with each beat */
	BUS_TOLD, /* "told.ID": what an operator said of draining it; written by the node itself */
	BUS_RTT,  /* "rtt.ID": round-trip times that a node measured; written by the node itself */
	BUS_GONE, /* "gone.ID": an operator said that this node is gone for good; written by any
		     node */
	BUS_POP,  /* "pop.NAME": what an operator said of a POP; written by any node */
	BUS_ASK,  /* "ask.ID": what an operator asks of a node; written by any node */
	BUS_KEYS, /* "keys.tunnel": the epoch of the tunnel's keys; written by any node */
	BUS_KINDS
};

struct bus_name {
	enum bus_kind kind;
	__u16 id;	 /* of all but POP and KEYS */
	const char *pop; /* of POP: a part of the key */
};

/* Bytes of the longest record of a kind, at most BUS_SIZE_MAX: what is longer is no record. */
size_t bus_kind_size_max(enum bus_kind kind);

/* False: no key of ours. */
bool bus_name_parse(const char *key, struct bus_name *name);
const char *bus_name_node(enum bus_kind kind, __u16 id, char key[BUS_KEY_MAX]);
const char *bus_name_pop(const char *pop, char key[BUS_KEY_MAX]);

#endif
