/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_pcap.h: records as a pcapng file (draft-ietf-opsawg-pcapng): a packet each, as it leaves,
 * with what is known of it as its comment. Knows no libbpf.
 */
#ifndef AD_TRACE_PCAP_H
#define AD_TRACE_PCAP_H

#include <stdio.h>
#include "maps/trace.h"

/* What stands before all packets. Errors show in ferror(), as of the next. */
void trace_pcap_begin(FILE *out);
void trace_pcap_packet(FILE *out, const struct ad_trace_record *record, __u64 real_ns,
		       const char *comment);

#endif
