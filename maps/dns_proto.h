/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * dns_proto.h: numbers of the DNS protocol that both sides treat apart (IANA's registries).
 */
#ifndef AD_DNS_PROTO_H
#define AD_DNS_PROTO_H

enum dns_type {
	DNS_T_A = 1,
	DNS_T_NS = 2,
	DNS_T_CNAME = 5,
	DNS_T_SOA = 6,
	DNS_T_PTR = 12,
	DNS_T_MX = 15,
	DNS_T_TXT = 16,
	DNS_T_SIG = 24,
	DNS_T_KEY = 25,
	DNS_T_AAAA = 28,
	DNS_T_NXT = 30,
	DNS_T_SRV = 33,
	DNS_T_DNAME = 39,
	DNS_T_OPT = 41,
	DNS_T_DS = 43,
	DNS_T_RRSIG = 46,
	DNS_T_NSEC = 47,
	DNS_T_DNSKEY = 48,
	DNS_T_NSEC3 = 50,
	DNS_T_NSEC3PARAM = 51,
	DNS_T_SVCB = 64,
	DNS_T_HTTPS = 65,
	DNS_T_TKEY = 249,
	DNS_T_TSIG = 250,
	DNS_T_IXFR = 251,
	DNS_T_AXFR = 252,
	DNS_T_ANY = 255,
};
#define DNS_CLASS_IN  1
#define DNS_CLASS_CH  3
#define DNS_CLASS_ANY 255

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_NOTAUTH = 9,
	DNS_BADVERS = 16,
	DNS_BADKEY = 17, /* in a TSIG record only */
	DNS_BADCOOKIE = 23,
};

/* Bytes 2 and 3 of the header. */
#define DNS_QR	   0x80
#define DNS_OPCODE 0x78
#define DNS_AA	   0x04
#define DNS_TC	   0x02
#define DNS_RD	   0x01

#define DNS_OPTION_NSID	     3
#define DNS_OPTION_SUBNET    8
#define DNS_OPTION_COOKIE    10
#define DNS_OPTION_KEEPALIVE 11
#define DNS_DO		     0x80 /* first byte of the OPT record's flags */

#endif
