// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trace_pcap.c: records as a pcapng file (trace_pcap.h). All numbers in the byte order of this
 * machine, which the file's first block tells.
 */
#include <string.h>
#include "trace_pcap.h"

enum block {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

#define MAGIC		  0x1a2b3c4d
#define LINK_ETHERNET	  1
#define OPTION_END	  0
#define OPTION_COMMENT	  1
#define OPTION_FLAGS	  2 /* of a packet */
#define OPTION_RESOLUTION 9 /* of an interface: 10^-9 s */
#define FLAG_INBOUND	  1
#define FLAG_OUTBOUND	  2
#define COMMENT_MAX	  4096

static void put(FILE *out, const void *data, size_t len)
{
	fwrite(data, 1, len, out);
}

static void put32(FILE *out, __u32 value)
{
	put(out, &value, sizeof(value));
}

static __u32 padded(__u32 len)
{
	return (len + 3) & ~3u;
}

static void put_padded(FILE *out, const void *data, __u32 len)
{
	static const char zeros[4];

	put(out, data, len);
	put(out, zeros, padded(len) - len);
}

static void put_option(FILE *out, __u16 code, const void *data, __u16 len)
{
	put(out, &code, sizeof(code));
	put(out, &len, sizeof(len));
	put_padded(out, data, len);
}

void trace_pcap_begin(FILE *out)
{
	const __u16 version[2] = { 1, 0 }, link[2] = { LINK_ETHERNET, 0 };
	const __u32 section = 28, interface = 32;
	const __s64 unknown = -1;
	const __u8 nanoseconds = 9;

	put32(out, BLOCK_SECTION);
	put32(out, section);
	put32(out, MAGIC);
	put(out, version, sizeof(version));
	put(out, &unknown, sizeof(unknown));
	put32(out, section);

	put32(out, BLOCK_INTERFACE);
	put32(out, interface);
	put(out, link, sizeof(link));
	put32(out, AD_TRACE_BYTES);
	put_option(out, OPTION_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	put_option(out, OPTION_END, "", 0);
	put32(out, interface);
}

void trace_pcap_packet(FILE *out, const struct ad_trace_record *record, __u64 real_ns,
		       const char *comment)
{
	const __u32 captured = record->captured <= AD_TRACE_BYTES ? record->captured : 0;
	const __u32 said = strnlen(comment, COMMENT_MAX);
	const __u32 flags = record->program == AD_TRACE_EGRESS ? FLAG_OUTBOUND : FLAG_INBOUND;
	const __u32 len = 32 + padded(captured) + 4 + padded(said) + 8 + 4;

	put32(out, BLOCK_PACKET);
	put32(out, len);
	put32(out, 0);
	put32(out, real_ns >> 32);
	put32(out, real_ns);
	put32(out, captured);
	put32(out, record->left_bytes);
	put_padded(out, record->bytes, captured);
	put_option(out, OPTION_COMMENT, comment, said);
	put_option(out, OPTION_FLAGS, &flags, sizeof(flags));
	put_option(out, OPTION_END, "", 0);
	put32(out, len);
}
