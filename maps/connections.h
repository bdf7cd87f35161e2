/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * connections.h: what the kernel tells of connections to VIPs, once when each was accepted and once
 * when it has ended (bpf/connections.bpf.c), and what the daemon counts of them.
 */
#ifndef AD_CONNECTIONS_H
#define AD_CONNECTIONS_H

#include "counters.h"
#include "types.h"

/* connection: storage of a socket; it goes with the socket. */
struct ad_connection {
	__u64 born_ns;	    /* CLOCK_MONOTONIC when it was accepted */
	__u32 handshake_us; /* round-trip time of the handshake; 0: not measured */
	__u32 pad;
};
AD_ASSERT_SIZE(struct ad_connection, 16);

/* connection_news: a ring buffer, which the daemon empties at least four times a second. */
#define AD_CONNECTIONS_RING (1u << 20)
enum ad_connection_what {
	AD_CONNECTION_OPENED,
	AD_CONNECTION_ENDED,
	AD_CONNECTION_FAILED, /* ended by a reset or by silence, not by both sides' FIN */
};
struct ad_connection_news {
	struct ad_tuple tuple;
	__u64 lived_ns; /* of one that has ended; 0: not known */
	__u64 rx_bytes, tx_bytes;
	__u32 rx_packets, tx_packets;
	__u32 retransmits;
	__u32 handshake_us; /* 0: not measured */
	__u32 min_rtt_us;   /* 0: not measured */
	__u8 what;	    /* enum ad_connection_what */
	__u8 is_stamped;
	__u8 pad[2];
};
AD_ASSERT_SIZE(struct ad_connection_news, 88);

/* connection_counts: what the daemon counts, for as long as the instance is loaded. */
#define AD_CONNECTIONS_MAX    512 /* further ones are counted together, see below */
#define AD_CONNECTIONS_REGION 64
struct ad_connection_key {
	struct ad_addr vip; /* all 0: the further ones */
	__u16 port;	    /* of the VIP, host order */
	__u16 landing;	    /* node whose packets these are; 0: they land here */
	char region[AD_CONNECTIONS_REGION + 4]; /* of the client; empty: none is known */
};
AD_ASSERT_SIZE(struct ad_connection_key, 88);

/* Up to these values (le), in us, ms, bytes and segments; the last bucket is without an end. */
#define AD_HANDSHAKE_BUCKETS 12
#define AD_LIFE_BUCKETS	     10
#define AD_SIZE_BUCKETS	     9
#define AD_RESENT_BUCKETS    7
struct ad_connection_counts {
	AD_CONNECTION_COUNTERS(AD_COUNTER_FIELD)
	__u64 handshake_us, life_ms, size; /* sums */
	__u64 handshakes[AD_HANDSHAKE_BUCKETS];
	__u64 lives[AD_LIFE_BUCKETS];
	__u64 sizes[AD_SIZE_BUCKETS];
	__u64 resent[AD_RESENT_BUCKETS];
};

/* connection_state[0]: whether the kernel tells of connections. */
enum ad_connections {
	AD_CONNECTIONS_NOT_YET, /* no daemon of this version has run */
	AD_CONNECTIONS_COUNTED,
	AD_CONNECTIONS_FAILED, /* .why says what */
};
struct ad_connection_state {
	__u64 lost;    /* news for which there was no room */
	__u64 logged;  /* lines of the flow log */
	__u64 dropped; /* lines over `flowlog.rate`, or that could not be written */
	__u32 state;
	__u32 log_failed; /* the flow log cannot be written: .log_why */
	char why[120];
	char log_why[120];
};
AD_ASSERT_SIZE(struct ad_connection_state, 272);

#endif
