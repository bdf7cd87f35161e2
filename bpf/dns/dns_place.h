/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_place.h: how much the DNS engine does in either place where it is compiled. In the kernel
 *what a UDP answer seldom needs is left to the daemon, so that the verifier sees an end. The daemon
 * leaves nothing to anybody else, and its messages may be as long as TCP allows.
 *
 *   DNS_IN_KERNEL	  1: what takes long or is odd is left to the daemon
 *   DNS_STAGE		  how a stage is declared: a global function in BPF, static elsewhere
 *   DNS_REPLY_MAX	  longest reply
 *   DNS_MSG_BYTES	  room for a message: a power of two, and so much more than DNS_REPLY_MAX
 *			  that a mask never folds the end of a reply onto its beginning
 *   DNS_ALIASES_MAX	  aliases followed; a power of two
 *   DNS_RRSETS_MAX	  types of one name looked through
 *   DNS_FIXUPS_MAX	  compression pointers of one RRset
 *   DNS_OPTIONS_MAX	  EDNS options looked through
 *   DNS_PROOFS_MAX	  NSEC or NSEC3 of one answer; a power of two
 *   DNS_PARTS_MAX	  parts of an answer in the frame; a power of two
 *   DNS_PART_BYTES	  the longest of them; a power of two
 *   DNS_PART_FIXUPS	  compression pointers of one
 *   DNS_KEY_BYTES	  longest name, as a key, that is looked for in a chain of NSEC
 *   DNS_ITERATIONS_MAX	  of NSEC3's hash
 */
#ifndef AD_DNS_PLACE_H
#define AD_DNS_PLACE_H

#define DNS_PARTS_MAX	8
#define DNS_PART_BYTES	1024
#define DNS_PART_FIXUPS 64

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/dns.h"

#define DNS_IN_KERNEL	   1
#define DNS_STAGE	   __noinline
#define DNS_REPLY_MAX	   AD_DNS_UDP_MAX
#define DNS_MSG_BYTES	   (2 * AD_DNS_UDP_MAX)
#define DNS_ALIASES_MAX	   8
#define DNS_RRSETS_MAX	   16
#define DNS_FIXUPS_MAX	   256
#define DNS_OPTIONS_MAX	   8
#define DNS_PROOFS_MAX	   8
#define DNS_KEY_BYTES	   128
#define DNS_ITERATIONS_MAX 10

#else
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define DNS_IN_KERNEL	   0
#define DNS_STAGE	   static __attribute__((unused))
#define DNS_REPLY_MAX	   65535
#define DNS_MSG_BYTES	   131072
#define DNS_ALIASES_MAX	   64
#define DNS_RRSETS_MAX	   65536
#define DNS_FIXUPS_MAX	   65536
#define DNS_OPTIONS_MAX	   65536
#define DNS_PROOFS_MAX	   128
#define DNS_KEY_BYTES	   512
#define DNS_ITERATIONS_MAX 150 /* of more, validators take a zone for unsigned (RFC 9276) */
#endif

#endif
