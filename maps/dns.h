/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * dns.h: compiled zones as the DNS engine reads them, in the kernel and in userspace.
 *
 * An image holds every zone of a node. It is a run of equal pages; an address in it is counted in
 * bytes as if the pages were joined, and no object crosses from one page into the next. A `ref`
 * is such an address divided by 8 (0 = none), so 32 bits reach 32 GiB. In the kernel an image is
 * one array map whose elements are the pages; the live one is replaced as a whole.
 *
 * Everything is in host order (both sides are little endian) but what goes on the wire as it is.
 */
#ifndef AD_DNS_H
#define AD_DNS_H

#include "types.h"

/*
 * Of an image, and of what the DNS programs hand on to each other. No part of AD_ABI_VERSION: an
 * image is made anew at every load. Maps that hold such things bear the number in their names, so
 * what one version writes is not even seen by the programs of another; and whoever reads an image
 * looks at its number first. A bare number, for names are made of it. The tests of an upgrade
 * build a second binary with the next one, and with NSID_MAX as another layout.
 */
#ifndef AD_DNS_FORMAT
#define AD_DNS_FORMAT 6
#endif
#define AD_DNS_JOIN(name, number)  name##_##number
#define AD_DNS_NAMED(name, number) AD_DNS_JOIN(name, number)
#define AD_DNS_TEXT(name)	   #name
#define AD_DNS_TEXT_OF(name)	   AD_DNS_TEXT(name)

/*
 * What `dns` hands on, only a program of its own format may take: odd and even formats have a slot
 * each in the jump table.
 */
#define AD_DOOR_DNS_COPIED_OF(format) (AD_DOOR_DNS_COPIES + (format) % 2)
#define AD_DOOR_DNS_COPIED	      AD_DOOR_DNS_COPIED_OF(AD_DNS_FORMAT)

/* Maps of this format: as C sees them, and as they are pinned. */
#define dns_pages	     AD_DNS_NAMED(dns_pages, AD_DNS_FORMAT)
#define dns_live	     AD_DNS_NAMED(dns_live, AD_DNS_FORMAT)
#define dns_states	     AD_DNS_NAMED(dns_states, AD_DNS_FORMAT)
#define steer_tables	     AD_DNS_NAMED(steer_tables, AD_DNS_FORMAT)
#define steer_places	     AD_DNS_NAMED(steer_places, AD_DNS_FORMAT)
#define steer_pops	     AD_DNS_NAMED(steer_pops, AD_DNS_FORMAT)
#define AD_DNS_PAGES_NAME    AD_DNS_TEXT_OF(dns_pages)
#define AD_DNS_LIVE_NAME     AD_DNS_TEXT_OF(dns_live)
#define AD_STEER_TABLES_NAME AD_DNS_TEXT_OF(steer_tables)
#define AD_STEER_PLACES_NAME AD_DNS_TEXT_OF(steer_places)
#define AD_STEER_POPS_NAME   AD_DNS_TEXT_OF(steer_pops)

#define AD_DNS_PAGE_BYTES (1u << 20)
#define AD_DNS_PAGE_MASK  (AD_DNS_PAGE_BYTES - 1)
/* Behind each page: a masked offset plus the size of an object never leaves the element. */
#define AD_DNS_PAGE_SLACK  4096u
#define AD_DNS_PAGE_STRIDE (AD_DNS_PAGE_BYTES + AD_DNS_PAGE_SLACK)

#define AD_DNS_NAME_WORDS 32 /* 8-byte words of the longest name */
#ifndef AD_DNS_NSID_MAX
#define AD_DNS_NSID_MAX 128
#endif
#define AD_DNS_UDP_MAX	4096 /* the largest dns.udp_size */
#define AD_DNS_ZONE_MAX 16384

/*
 * The name table: 128-byte buckets of two cells; a name lies in one of the two buckets that its
 * hash names (cuckoo). Stored are all names of all zones with every empty non-terminal, and the
 * ancestors of every apex up to the root; nothing below a cut or a DNAME is, unless it leads to
 * another apex. So "is stored" holds for every ancestor of a stored name.
 */
enum ad_dns_kind {
	AD_DNS_EMPTY = 0,
	AD_DNS_ABOVE = 1, /* above every apex: not served */
	AD_DNS_NAME = 2,  /* authoritative; perhaps without any data */
	AD_DNS_CUT = 3,	  /* delegated at the ancestor `up` labels above */
	AD_DNS_DNAME = 4, /* below a DNAME `up` labels above; at it (up = 0) an ordinary name */
};

enum ad_dns_cell_flag {
	AD_DNS_HAS_CNAME = 1 << 0,
	AD_DNS_HAS_WILD = 1 << 1, /* "*" exists below */
	AD_DNS_IS_APEX = 1 << 2,
	AD_DNS_IS_STEERED = 1 << 3, /* has a cell for each POP: struct ad_dns_steered */
	/* Of a signed zone (or the parent's word on it is): the bit is that of DO in an OPT record.
	 */
	AD_DNS_IS_SIGNED = 1 << 7,
};

#define AD_DNS_CELL_ADDR 28

struct ad_dns_cell {
	__u64 hash[2]; /* of the lower-cased wire name; the first one XOR (class - 1) */
	__u32 record;  /* ref of struct ad_dns_record: all that is not inline; 0 = nothing */
	__u16 zone;
	__u8 kind;
	__u8 flags;
	__u8 nr_a; /* inline; if 0, A may still be among the record's RRsets */
	__u8 nr_aaaa;
	__u8 up;
	__u8 pad;
	__be32 ttl_a;
	__be32 ttl_aaaa;
	__u8 addr[AD_DNS_CELL_ADDR]; /* A, then AAAA */
};
AD_ASSERT_SIZE(struct ad_dns_cell, 64);

/*
 * A name whose sets depend on the client has no address of its own; this lies where those would.
 * Behind the name table there are as many cells as there are POPs, and twice that where answers
 * live for a shorter time while a POP is in doubt. Each is what the name would be if it were the
 * POP's alone; the name of a POP without a member is AD_DNS_EMPTY there.
 */
enum ad_dns_steer_flag {
	AD_DNS_STEER_ECS = 1 << 0,   /* by the client's subnet if the query has it */
	AD_DNS_STEER_HERE = 1 << 2,  /* by this POP alone: everybody is at location 0 */
	AD_DNS_STEER_DOUBT = 1 << 1, /* each POP has a second cell, for doubt */
};
enum ad_dns_steer_out {
	AD_DNS_STEER_LAST, /* when all are out: the last resort, ... */
	AD_DNS_STEER_SERVFAIL,
	AD_DNS_STEER_NODATA
};
struct ad_dns_steered {
	__u32 seed;	/* the name's part of the draw: on all nodes, after all loads, the same */
	__u32 variants; /* number of the first POP's cell, counted as cells of the name table are */
	__u16 policy;
	__u16 pops; /* cells that there are, doubt not counted */
	__u8 flags;
	__u8 out;      /* enum ad_dns_steer_out */
	__u8 ip4_bits; /* clients with as many bits in common draw alike */
	__u8 ip6_bits;
	__u8 answers; /* POPs whose addresses are told at once, 1 to AD_DNS_STEER_ANSWERS */
	__u8 pad[3];
};
#define AD_DNS_STEER_ANSWERS 4

#define AD_DNS_BUCKET_CELLS 2
_Static_assert(sizeof(struct ad_dns_steered) <= AD_DNS_CELL_ADDR, "lies in a cell");
struct ad_dns_bucket {
	struct ad_dns_cell cells[AD_DNS_BUCKET_CELLS];
};
AD_ASSERT_SIZE(struct ad_dns_bucket, 128);

/*
 * What does not fit a cell; followed by the directory of RRsets, sorted by type. With
 * AD_DNS_IS_SIGNED comes a second directory, of the same sets each with its signatures and of those
 * that are inline in the cell; then struct ad_dns_denial.
 */
struct ad_dns_record {
	__u32 wild;	   /* cell index + 1 of "*" directly below; 0 = none */
	__u32 parent_zone; /* apex: zone + 1 of the zone that delegates here, if we serve it too */
	__u32 nr_rrsets;
	__u32 nr_signed;
};
AD_ASSERT_SIZE(struct ad_dns_record, 16);

/*
 * What says that something is not there, by refs of pieces; 0 = nothing is needed. A
 * name without an NSEC3 of its own (opt-out: RFC 5155, 6) is denied by its closest encloser that
 * has one, and by the span in which the next name down from there would lie.
 */
struct ad_dns_denial {
	__u32 self;	   /* no such type, or no DS: the name's own NSEC or NSEC3 */
	__u32 next;	   /* and that span */
	__u32 encloser;	   /* no such name below: the NSEC3 that says that this one exists */
	__u32 wild;	   /* and what says that no "*" is below */
	__u32 parent_self; /* apex: no DS, in the words of the zone above, if we serve that */
	__u32 parent_next;
};
AD_ASSERT_SIZE(struct ad_dns_denial, 24);

/* Where a CNAME leads, when its target lies in the same zone. */
enum ad_dns_next {
	AD_DNS_NEXT_OUT = 0, /* elsewhere: the client's business */
	AD_DNS_NEXT_CELL,    /* to cell `next` - 1: the target, or its closest encloser */
};

/*
 * One RRset, rendered. Its blob is `nr_fixups` times struct ad_dns_fixup, sorted, then `len` bytes
 * of the RRset itself and `extra_len` bytes of additional data, which is `extra_sets` sets, what
 * must be there first; then, at the next multiple of 4, as many times struct ad_dns_mark.
 */
struct ad_dns_rrset {
	__u16 type;
	__u16 rrs;
	__u16 extra_rrs;
	__u16 nr_fixups;
	__u16 len;
	__u16 extra_len;
	__u32 blob; /* ref */
	union {
		__u32 next;  /* CNAME */
		__u32 extra; /* in the second directory: ref of the additional data, a piece */
	};
	__u32 cover;	  /* CNAME: ref of what says that its target is not there as such */
	__u16 extra_sets; /* in the second directory: of that piece */
	__u16 extra_must; /* bytes of additional data without which TC is set (RFC 9471) */
	__u8 next_kind;	  /* enum ad_dns_next */
	__u8 next_skip;	  /* bytes of the target's name in front of the cell's own name */
	__u8 loop; /* CNAME, DNAME: steps from here until the chain meets itself; 0 = it ends */
	__u8 pad;
};
AD_ASSERT_SIZE(struct ad_dns_rrset, 32);

/* Where additional data may end: bytes and records up to the end of one of its sets. */
struct ad_dns_mark {
	__u16 len;
	__u16 rrs;
};
AD_ASSERT_SIZE(struct ad_dns_mark, 4);
#define AD_DNS_MUST_NONE 0xffff /* more than fits any message */

/*
 * A compression pointer in a blob: where it is, and which name it must point to, as a base (two
 * bits) whose offset in the message is added to the other 14.
 */
enum ad_dns_base {
	AD_DNS_BASE_OWNER = 0, /* the owner name of the RRset */
	AD_DNS_BASE_APEX = 1,  /* the zone's apex */
	AD_DNS_BASE_SELF = 2,  /* the first byte of the RRset itself */
	AD_DNS_BASE_SET = 3,   /* that of the RRset to which an additional part belongs */
	AD_DNS_BASE_MAX = 4
};
#define AD_DNS_BASE_SHIFT 14
struct ad_dns_fixup {
	__u16 at; /* offset in the blob */
	__u16 to;
};
AD_ASSERT_SIZE(struct ad_dns_fixup, 4);

struct ad_dns_zone {
	__u32 serial;
	/*
	 * Ref of a blob as above: SOA with the TTL of a negative answer (RFC 2308). 0: the zone's
	 * file could not be read. It has an apex without data, and all its names are SERVFAIL.
	 */
	__u32 soa;
	__u16 soa_len;
	__u16 soa_fixups;
	__u32 counter;	      /* index into the zone counters; AD_DNS_ZONE_MAX = not counted */
	__u32 chain;	      /* ref of struct ad_dns_chain; 0 = not signed */
	__u16 soa_signed_len; /* with its signatures */
	__u16 soa_signed_rrs;
	__u8 apex_len;
	__u8 apex_labels;
	__u8 pad[6];
};
AD_ASSERT_SIZE(struct ad_dns_zone, 32);

/*
 * A chain of NSEC or NSEC3: its deniers sorted, each with a key that sorts bytewise. For NSEC that
 * is the owner name in the order of RFC 4034, 6.1: labels from the apex (exclusive) downwards,
 * lower case, each closed by a zero; zeros and ones within a label are written as 1 and themselves
 * plus one. For NSEC3 it is the hash.
 */
struct ad_dns_chain {
	__u32 deniers; /* ref of struct ad_dns_denier[nr] */
	__u32 nr;
	__u16 type;
	__u16 iterations; /* NSEC3 */
	__u8 salt_len;
	__u8 salt[255];
};
AD_ASSERT_SIZE(struct ad_dns_chain, 268);

struct ad_dns_denier {
	__u64 prefix; /* of the key, in host order; zeros behind a shorter one */
	__u32 proof;  /* ref */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_dns_denier, 16);

/*
 * A piece of an answer: additional data, or a denier with its signatures, its owner name spelled
 * out. A blob as of an RRset follows; behind it the marks of additional data, at the next multiple
 * of 4, or a denier's key, with zeros up to a multiple of 8 bytes.
 */
struct ad_dns_piece {
	__u16 len;
	__u16 rrs;
	__u16 nr_fixups;
	__u16 key_len;
};
AD_ASSERT_SIZE(struct ad_dns_piece, 8);

/*
 * First thing of page 0. A name is hashed word by word with NH, (word.low + key.low) times
 * (word.high + key.high), under two independent sets of keys. The sums are what cells keep.
 */
#define AD_DNS_HEAD_BYTES (32 + AD_DNS_NSID_MAX + 16 * AD_DNS_NAME_WORDS)
struct ad_dns_image {
	__u32 format; /* AD_DNS_FORMAT */
	__u32 pages;
	__u32 bucket_mask;
	__u32 buckets; /* ref of the first */
	__u32 zones;   /* ref of struct ad_dns_zone[nr_zones] */
	__u32 nr_zones;
	__u16 depth_max; /* labels of the deepest stored name, the root has 0 */
	__u16 udp_size;	 /* largest answer over UDP, also what we announce */
	__u8 unserved_pass;
	__u8 nsid_len;
	__u8 nsid[AD_DNS_NSID_MAX];
	__u8 pad[2];
	__u64 keys[AD_DNS_NAME_WORDS][2];
	__u8 body[AD_DNS_PAGE_STRIDE - AD_DNS_HEAD_BYTES]; /* the rest of page 0 */
};
AD_ASSERT_SIZE(struct ad_dns_image, AD_DNS_PAGE_STRIDE);

/* dns_live[0]: which slot of dns_pages holds the image that answers. A packet reads it once. */
#define AD_DNS_SLOTS   2
#define AD_STEER_WORDS (AD_DNS_SLOTS * AD_STEER_BANK) /* steer_pops: a bank for each slot */
struct ad_dns_live {
	__u32 slot;
	__u32 generation; /* counts publishings */
};

/* dns_counts (the kernel, per CPU) and dns_daemon (the daemon, one writer): answers. */
#define AD_DNS_RCODES 24  /* extended rcodes up to BADCOOKIE, 23 */
#define AD_DNS_TYPES  258 /* up to CAA; [0] are all others, and what had no question */
enum ad_dns_edns {
	AD_DNS_EDNS_NONE,
	AD_DNS_EDNS_PLAIN,
	AD_DNS_EDNS_DO, /* wants DNSSEC */
	AD_DNS_EDNS_KINDS
};

struct ad_dns_count {
	AD_DNS_COUNTERS(AD_COUNTER_FIELD)
};
AD_ASSERT_SIZE(struct ad_dns_count, 2312);

struct ad_dns_daemon {
	struct ad_dns_count udp;
	struct ad_dns_count tcp;
	AD_DNS_TCP_COUNTERS(AD_COUNTER_FIELD)
};
AD_ASSERT_SIZE(struct ad_dns_daemon, 4640);

/* dns_zone_info, by counter: what it counts. Written at every load. */
struct ad_dns_zone_info {
	__u64 loaded_real_s;
	__u64 bytes; /* of records and cells */
	__u32 serial;
	__u32 names;
	__u32 records;
	__u32 denial;	      /* DNS_T_NSEC or DNS_T_NSEC3; 0 = not signed */
	__u64 signed_until_s; /* when the first signature expires */
	__u64 resign_by_s;    /* when all of them ought to have been renewed */
	char name[256];
	char error[256]; /* why the last load failed; empty = it did not */
};
AD_ASSERT_SIZE(struct ad_dns_zone_info, 560);

#endif
