/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h: a frame taken apart, by reading of our own: what bpf/packet/packet.h thinks of a frame
 * is what is on trial.
 */
#ifndef AD_FUZZ_FRAME_H
#define AD_FUZZ_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX     4096
#define FRAME_MIN     14
#define FRAME_IP4     0x0800
#define FRAME_IP6     0x86dd
#define FRAME_TAG     0x8100
#define FRAME_SERVICE 0x88a8
#define FRAME_UDP     17

/* Offsets into the frame. */
struct parts {
	size_t l3;
	size_t l4;
	size_t payload;
	size_t payload_len;
	size_t end; /* of the IP packet: padding follows */
	int tags;
	bool ip6;
	bool plain; /* neither options nor extension headers */
};

uint16_t get16(const uint8_t *p);
void put16(uint8_t *p, uint16_t v);

/* True: a whole IP packet; where it ends, and, of IPv4, where its header does. */
bool frame_read_ip(const uint8_t *frame, size_t len, struct parts *parts);

/* True: a whole UDP datagram, no fragment, every length of it in order. */
bool frame_read(const uint8_t *frame, size_t len, struct parts *parts);

/* The datagram has @len bytes of payload now: lengths, and IPv4's checksum, say so. */
void frame_set_payload(uint8_t *frame, const struct parts *parts, size_t len);

/* Does the Internet checksum of the IPv4 header, or of the datagram, hold? */
bool frame_ip4_sum_holds(const uint8_t *frame, const struct parts *parts);
bool frame_udp_sum_holds(const uint8_t *frame, const struct parts *parts);

#endif
