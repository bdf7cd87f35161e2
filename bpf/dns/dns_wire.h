/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_wire.h: DNS on the wire (RFC 1035, section 4; RFC 6891), and the state of one question.
 *
 * Compiled into the XDP program and into userspace. dns_place.h says how much either does. What
 * else differs are these, which bpf/dns/dns_kernel.h defines for the kernel, and
 * user/dns/dns_home.h for userspace:
 *
 *   dns_page(work, n)	  page n of the image that this question began with, or NULL
 *   dns_rules_of(work)	  cookies and limits (maps/dns_rules.h), or NULL: neither
 *   dns_has_limits(work)	  whether there are limits at all
 *   dns_account_line(work, hash)  the accounts among which one of this hash is, or NULL
 *   dns_in_exempt(work)	  whether the client is in a prefix that has no limits
 *   dns_real_s(work)	  the real clock, seconds
 *   dns_tick(work)	  a monotonic one, ticks of maps/dns_rules.h
 *   dns_random()	  any number; nothing secret hangs on it
 *   dns_steer_page(work, n)  page n of the rows (maps/steer_rows.h) of that image, or NULL
 *   dns_pop_word(work, pop)  the word of a POP of that image
 *   steer_page(work, n)  page n of the location table (maps/steer.h) of that image, or NULL
 */
#ifndef AD_DNS_WIRE_H
#define AD_DNS_WIRE_H

#include <linux/types.h>
#include "maps/dns.h"
#include "maps/dns_rules.h"
#include "maps/dns_proto.h"
#include "maps/steer_rows.h"
#include "dns_nsec3.h"
#include "dns_place.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the DNS engine hashes and copies in little-endian words"
#endif

#define DNS_HEADER	12
#define DNS_MSG_MASK	(DNS_MSG_BYTES - 1)
#define DNS_LABELS_MAX	127
#define DNS_LABEL_BYTES 63
#define DNS_NAME_BYTES	255
#define DNS_UDP_MIN	512 /* RFC 1035, 4.2.1; RFC 6891, 6.2.3 */
#define DNS_OPT_BYTES	11
#define DNS_REACH	8192 /* sets start before here: 14 bits point to names up to 8191 further on */
#define DNS_RR_FIXED	12 /* owner name as a pointer, type, class, TTL, length */
#define DNS_POINTER	0xC000
#define DNS_KEY_ROOM	1024 /* a name as a key, and words of zeros: a power of two */
#define DNS_KEY_MASK	(DNS_KEY_ROOM - 1)
#define DNS_NOT_COUNTED 0xffff /* a zone that is none: CHAOS names */

enum dns_verdict {
	DNS_GO = 0, /* not decided yet */
	DNS_SEND,   /* @msg holds the reply */
	DNS_PASS,   /* the daemon's, or another nameserver's */
	DNS_DROP,   /* over the limit */
	DNS_IGNORE, /* must not be answered */
	DNS_ABSENT, /* to be denied; no stage gives this to another */
	DNS_STEER,  /* a steered name: dns_steer() */
	DNS_MORE,   /* below a DNAME: dns_redirect(); in the frame: to be answered in a copy */
};

/* An alias that was followed: a CNAME, or a DNAME with the name that it led to. */
struct dns_passed {
	__u64 hash; /* of that name; 0: CNAME */
	__u32 cell;
	__u32 at; /* where the DNAME stands in the message */
};

/*
 * What was chosen for an answer in the frame, to be written there: addresses of a cell, or a
 * compiled blob (maps/dns.h) and what its pointers are relative to.
 */
struct dns_part {
	__u32 ref;   /* of the blob, or the cell's number */
	__u32 qtype; /* A or AAAA: addresses of a cell; 0 = a blob */
	__u32 at;    /* where it goes in the message */
	__u32 len;
	__u32 fixups;
	__u32 owner_name;
	__u32 apex;
	__u32 set;
};

#ifndef __bpf__
struct dns_image; /* user/dns/ */
struct dns_limiter;
struct dns_steering;
#endif

/*
 * One question. The message is answered in its own buffer; whoever sends it looks at @len only
 * after DNS_SEND. Nothing but @len, @tcp, @client and the home's part needs to be set before.
 */
struct dns_work {
	__u8 msg[DNS_MSG_BYTES + 64];	   /* copies are made in words and may run over a little */
	__u64 name[AD_DNS_NAME_WORDS + 2]; /* lower-cased, zeros behind it */
	__u8 labels[DNS_LABELS_MAX + 1]; /* where each label starts in the name, the root's last */
	__u64 hash[2];
	__u32 hashed; /* bytes of a name that the home has hashed already, or 0; ... */
	__u32 probed; /* ... and looked for: its cell + 1, or 0 */
	struct ad_addr client;
	__u32 len; /* of the query, then of the reply */
#ifdef __bpf__
	__u32 slot; /* of dns_pages: which image */
#else
	const struct dns_image *home;
	const struct dns_limiter *limiter;   /* NULL: no cookies, no limits */
	const struct dns_steering *steering; /* NULL: there are no steered names */
	__u64 fixed_ns;			     /* tests only: stands for both clocks; 0 = the real ones */
#endif

	/* the question */
	__u32 name_len;
	__u32 nr_labels;
	__u32 qtype;
	__u32 qclass;
	__u32 udp_max; /* what the client takes */
	__u16 idle; /* by TCP: silence that the home allows, in tenths of a second; 0 = not told */
	__u8 tcp;
	__u8 want_idle;

	/* what OPT brought, and what came of it: forgotten in one word before each question */
	union {
		__u64 brought;
		struct {
			__u8 edns;
			__u8 edns_do;
			__u8 want_nsid;
			__u8 cookie_len; /* of what came; 0 = none */
			__u8 subnet_len;
			__u8 options;	   /* bytes in our OPT, beside NSID */
			__u8 cookie_state; /* enum ad_dns_cookie */
			__u8 limited;	   /* enum ad_dns_limited */
		};
	};
	__u64 cookie[3]; /* the client's, then ours */
	__u64 subnet[3]; /* the option's data, as it came */
	__u8 limited_class;

	/* what it, or the alias it led to, matched */
	__u32 subject;	  /* where the name looked for stands in the message */
	__u32 owner_name; /* and the part of it that was found */
	__u32 skip;	  /* bytes of the name in front of that part; 0: it is all of it */
	__u32 run;	  /* the name's bytes at @subject; what is behind them stands ... */
	__u32 rest;	  /* ... here */
	__u32 low;	  /* the depth found so far, and the deepest that there may be */
	__u32 high;
	__u32 found;
	__u32 cell;
	__u32 asked; /* cell + 1 of the first name that had something; 0 = @cell is that */
	__u32 zone;
	__u32 match; /* the label that the found part starts with; set where it is not all */
	__u32 set;   /* address of the RRset that was found; 0 = none */
	__u32 chain; /* aliases to follow yet, where they lead in a circle; 0 = to the end */
	__u32 nr_passed;
	struct dns_passed passed[DNS_ALIASES_MAX]; /* those that were followed */
	__u32 dname;		     /* where the one stands whose name was met; 0 = nowhere yet */
	__u32 base[AD_DNS_BASE_MAX]; /* what pointers are relative to, by enum ad_dns_base */

	/* the answer */
	__u32 body;	/* where the question ends */
	__u32 at;	/* where the next record goes */
	__u32 end;	/* where the set now being written ends */
	__u32 fixups;	/* and how many pointers it has */
	__u32 limit;	/* and where the last one must end: room for OPT is left */
	__u32 part_len; /* additional data that there is room for: bytes, ... */
	__u32 part_rrs; /* ... and records */
	__u32 rcode;	/* extended */
	__u16 count[3];
	__u8 aa;
	__u8 tc;
	__u8 framed; /* 1: what is chosen is noted in @parts, not written to @msg */
	__u8 nr_parts;
	struct dns_part parts[DNS_PARTS_MAX];
	__u64 sum; /* of what was written to the frame, not folded */

	/* steered names (dns_steer.h) */
	struct ad_addr where; /* whom the answer is to fit */
	__u64 draw;	      /* the hash of that client's network and the name */
	__u8 scope;	      /* bits of the client's subnet that the answer depends on */
	__u8 drawn;	      /* it depends on @draw, not on the location alone */
	__u8 doubtful;	      /* a POP that was drawn is in doubt, or out */
	__u16 location;	      /* where that is (maps/steer.h) */
	__u8 place_bits;      /* and bits of its address, of all 128, that decided it */
	__u8 draw_bits;	      /* and that @draw was made of */
	__u8 front;	      /* bits in front of a subnet's family; AD_STEER_NONE: by no subnet */
	__u8 careless;	      /* what POPs shed does not count any more */
	__u8 nr_pops;	      /* that were drawn: whose addresses are told */
	union {
		__u32 pops_word;
		__u8 pops[AD_DNS_STEER_ANSWERS]; /* AD_STEER_NONE: nobody */
	};
	__u32 row;	/* the entry of the row that the first was drawn from; 0 = none */
	__u32 variants; /* the first POP's cell, ... */
	__u8 doubles;	/* ... and whether each POP has a second one, for when one is in doubt */

	/* signed zones, and additional data that comes after all else */
	__u32 extra;	  /* additional data that is still to come; 0 = none is */
	__u32 extra_sets; /* of which it is made */
	__u32 extra_must; /* bytes without which TC is set */
	__u32 set_owner;  /* where the owner name of its set stands */
	__u32 encloser;	  /* proof that a wildcard's parent exists; 0 = came by none */
	__u32 cover;	  /* proof that the name itself is not there; 0 = to be searched for */
	__u32 deniers;	  /* ref of the chain's */
	__u32 nr_proofs;
	__u32 proofs[DNS_PROOFS_MAX];
	__u8 key[DNS_KEY_ROOM + 16]; /* of the name that is not there */
	struct dns_nsec3 nsec3;
};

enum dns_section {
	DNS_ANSWER,
	DNS_AUTHORITY,
	DNS_ADDITIONAL
};

static __always_inline const __u8 *dns_page(const struct dns_work *w, __u32 n);
static __always_inline const struct ad_dns_rules *dns_rules_of(const struct dns_work *w);
static __always_inline int dns_has_limits(const struct dns_work *w);
static __always_inline struct ad_dns_accounts *dns_account_line(const struct dns_work *w,
								__u32 hash);
static __always_inline int dns_in_exempt(const struct dns_work *w);
static __always_inline __u32 dns_real_s(const struct dns_work *w);
static __always_inline __u32 dns_tick(const struct dns_work *w);
static __always_inline __u32 dns_random(void);
static __always_inline const __u8 *dns_steer_page(const struct dns_work *w, __u32 n);
static __always_inline __u32 dns_pop_word(const struct dns_work *w, __u32 pop);

/*
 * Ports that no question comes from, but what may read as one: services that say something to
 * whatever they hear (echo, daytime, qotd, chargen, time: RFC 862 to 868; kpasswd). An answer to
 * one, and its own to that, would go round for ever.
 */
static __always_inline int dns_odd_port(__u32 port)
{
	const __u64 odd = 1ull << 0 | 1ull << 7 | 1ull << 13 | 1ull << 17 | 1ull << 19 | 1ull << 37;

	return port < 64 ? odd >> port & 1 : port == 464;
}

/* IPv4 is IPv4-mapped. */
static __always_inline int dns_from_ip4(const struct dns_work *w)
{
	return !w->client.q[0] && w->client.w[2] == __builtin_bswap32(0xffff);
}

/*
 * Behind a loop: what the compiler keeps in registers differs for every way out, and the verifier
 * (6.1 to 6.18, clang 14) would walk all that follows once for each. Read from memory again, the
 * values are unknown to it and the ways are one.
 */
#define dns_join() __asm__ volatile("" ::: "memory")

/*
 * Into a page that has been found. Without the barrier clang 14 adds the offset before the test
 * for NULL, and the verifier prohibits arithmetic on a pointer that may be none.
 */
static __always_inline const void *dns_at(const __u8 *page, __u64 address)
{
	__asm__ volatile("" : "+r"(page));
	return page + (address & AD_DNS_PAGE_MASK);
}

/*
 * Words lie anywhere. For BPF clang 14 makes eight byte loads of a memcpy whose alignment it does
 * not know; the machines that we run on (x86-64, arm64), and their verifiers, take the word.
 */
static __always_inline __u64 dns_load64(const __u8 *p)
{
	__u64 v;

	if (DNS_IN_KERNEL)
		return *(const __u64 *)p;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline void dns_store64(__u8 *p, __u64 v)
{
	if (DNS_IN_KERNEL)
		*(__u64 *)p = v;
	else
		__builtin_memcpy(p, &v, sizeof(v));
}

static __always_inline __u32 dns_load32(const __u8 *p)
{
	__u32 v;

	if (DNS_IN_KERNEL)
		return *(const __u32 *)p;
	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline void dns_store32(__u8 *p, __u32 v)
{
	if (DNS_IN_KERNEL)
		*(__u32 *)p = v;
	else
		__builtin_memcpy(p, &v, sizeof(v));
}

static __always_inline __u32 dns_get8(const struct dns_work *w, __u32 at)
{
	return w->msg[at & DNS_MSG_MASK];
}

static __always_inline __u32 dns_get16(const struct dns_work *w, __u32 at)
{
	const __u8 *p = &w->msg[at & DNS_MSG_MASK];
	__u16 v;

	if (DNS_IN_KERNEL)
		return __builtin_bswap16(*(const __u16 *)p);
	__builtin_memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static __always_inline void dns_put8(struct dns_work *w, __u32 at, __u8 v)
{
	w->msg[at & DNS_MSG_MASK] = v;
}

static __always_inline void dns_put16(struct dns_work *w, __u32 at, __u16 v)
{
	__u8 *p = &w->msg[at & DNS_MSG_MASK];

	v = __builtin_bswap16(v);
	if (DNS_IN_KERNEL)
		*(__u16 *)p = v;
	else
		__builtin_memcpy(p, &v, sizeof(v));
}

static __always_inline void dns_put64(struct dns_work *w, __u32 at, __u64 v)
{
	dns_store64(&w->msg[at & DNS_MSG_MASK], v);
}

/*
 * Eight bytes to lower case at once (RFC 4343). Length bytes are at most 63, below 'A', so a whole
 * wire name may go through. Adding to the low seven bits carries into the eighth where the letter
 * is at least 'A', and where it is beyond 'Z'.
 */
static __always_inline __u64 dns_lower(__u64 v)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 low = v & (0x7f * ones);
	__u64 from_a = low + ((0x80 - 'A') * ones);
	__u64 beyond_z = low + ((0x7f - 'Z') * ones);
	__u64 upper = (from_a ^ beyond_z) & ~v & (0x80 * ones);

	return v | upper >> 2;
}

/* One word of NH: see struct ad_dns_image. */
static __always_inline __u64 dns_nh(__u64 word, __u64 key)
{
	__u32 low = (__u32)word + (__u32)key;
	__u32 high = (__u32)(word >> 32) + (__u32)(key >> 32);

	return (__u64)low * high;
}

/* NH is linear in the low bits: spread them before they choose a bucket. */
static __always_inline __u32 dns_mix(__u64 hash)
{
	hash ^= hash >> 32;
	hash *= 0x9E3779B97F4A7C15ull;
	return hash >> 32;
}

/* Of the two cells of a bucket, the one to try first: a bit that no bucket's number reaches. */
static __always_inline __u32 dns_seat(__u32 mixed)
{
	__u32 seat = mixed >> 31;

	__asm__ volatile(""
			 : "+r"(seat)); /* or clang makes it a branch, which would be a coin toss */
	return seat & 1;
}

/* A reply without a question: what was asked could not be read, or is no query. */
static __always_inline int dns_reject(struct dns_work *w, __u32 rcode)
{
	dns_put8(w, 2, DNS_QR | (dns_get8(w, 2) & (DNS_OPCODE | DNS_RD)));
	dns_put8(w, 3, rcode);
	dns_put64(w, 4, 0);
	w->rcode = rcode;
	w->len = w->body = DNS_HEADER;
	return DNS_SEND;
}

/* Legal perhaps, but nothing the kernel should think about; nor do we know what to do with it. */
static __always_inline int dns_odd(struct dns_work *w)
{
	return DNS_IN_KERNEL ? DNS_PASS : dns_reject(w, DNS_FORMERR);
}

#endif
