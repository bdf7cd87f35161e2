/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcp.h: the flags and options that we read.
 */
#ifndef AD_TCP_H
#define AD_TCP_H

#include <linux/types.h>

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define TCP_OPTIONS_MAX 40
#define TCP_OPT_EOL	0
#define TCP_OPT_NOP	1
#define TCP_OPT_MSS	2  /* RFC 9293, 3.2 */
#define TCP_OPT_TS	8  /* RFC 7323 */
#define TCP_OPT_AO	29 /* RFC 5925: signs the other options */

/* NOP NOP TS 10, as the first word in memory: nearly every segment's options begin so. */
#define TCP_TS_ALIGNED 0x0a080101u

struct tcp_options {
	__u8 b[TCP_OPTIONS_MAX];
};

/* Offsets of values within the options; 0 = absent. */
struct tcp_found {
	__u8 ts; /* TSval; TSecr is four bytes on */
	__u8 mss;
	__u8 ao; /* 1: present */
	__u8 at; /* the position of the walk */
};

static inline __attribute__((always_inline)) void tcp_note_option(struct tcp_found *found,
								  __u32 kind, __u32 len, __u32 at)
{
	if (kind == TCP_OPT_TS && len == 10)
		found->ts = at + 2;
	else if (kind == TCP_OPT_MSS && len == 4)
		found->mss = at + 2;
	else if (kind == TCP_OPT_AO)
		found->ao = 1;
}

/*
 * Walks @bytes of options as Linux does: an option that does not fit ends the walk, and of two of a
 * kind the later one counts. Returns 0. Global, so that the verifier checks it once, not once per
 * path to it. The position is kept in memory, where the verifier does not track its value: in a
 * register each value would be a state of its own (240k instructions instead of 9k).
 */
int tcp_scan_options(const struct tcp_options *options, __u32 bytes, struct tcp_found *found);

__attribute__((noinline)) int tcp_scan_options(const struct tcp_options *options, __u32 bytes,
					       struct tcp_found *found)
{
	volatile __u8 *walk;
	__u32 at, kind, len;

	if (!options || !found || bytes > TCP_OPTIONS_MAX)
		return 0;
	walk = &found->at;
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		at = *walk;
		if (at >= bytes || at >= TCP_OPTIONS_MAX - 1)
			break;
		kind = options->b[at];
		if (kind == TCP_OPT_EOL)
			break;
		len = kind == TCP_OPT_NOP ? 1 : options->b[at + 1];
		if (len < (kind == TCP_OPT_NOP ? 1 : 2) || at + len > bytes)
			break;
		tcp_note_option(found, kind, len, at);
		*walk = at + len;
	}
	return 0;
}

#endif
