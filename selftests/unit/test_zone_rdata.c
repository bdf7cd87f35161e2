// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_zone_rdata.c: the data of every type, from text and as it is on the wire.
 *
 * What is right was made by BIND 9.18's named-rrchecker (-u), not by us.
 */
#include <stdio.h>
#include <string.h>
#include "maps/dns_proto.h"
#include "user/zone/zone_rdata.h"
#include "zone_fixture.h"

#define ROOT ((const __u8 *)"")

struct sample {
	const char *text, *result;
};

/* clang-format off */
static const struct sample good[] = {
	{ "A 192.0.2.1", "c0000201" },
	{ "NS ns.test.", "026e73047465737400" },
	{ "MD a.test.", "0161047465737400" },
	{ "MF a.test.", "0161047465737400" },
	{ "CNAME a.test.", "0161047465737400" },
	{ "SOA a.test. b\\.c.test. 4294967295 1h 2m 3s 1w", "016104746573740003622e63047465737400ffffffff00000e10000000780000000300093a80" },
	{ "MB a.test.", "0161047465737400" },
	{ "MG a.test.", "0161047465737400" },
	{ "MR a.test.", "0161047465737400" },
	{ "WKS 192.0.2.1 TCP smtp domain 1023", "c0000201060000004000000400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001" },
	{ "WKS 192.0.2.1 17 ( DOMAIN 69 )", "c000020111000000000000040004" },
	{ "WKS 192.0.2.1 6", "c000020106" },
	{ "PTR a.test.", "0161047465737400" },
	{ "HINFO \"Intel x\" linux", "07496e74656c2078056c696e7578" },
	{ "MINFO a.test. b.test.", "01610474657374000162047465737400" },
	{ "MX 65535 a.test.", "ffff0161047465737400" },
	{ "TXT a \"b c\" \"\" d", "016103622063000164" },
	{ "RP a.test. .", "016104746573740000" },
	{ "AFSDB 1 a.test.", "00010161047465737400" },
	{ "X25 311061700956", "0c333131303631373030393536" },
	{ "ISDN 150862028003217", "0f313530383632303238303033323137" },
	{ "ISDN 150862028003217 \"004\"", "0f31353038363230323830303332313703303034" },
	{ "RT 1 a.test.", "00010161047465737400" },
	{ "NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00", "47000580005a0000000001e133ffffff00016100" },
	{ "NSAP-PTR a.test.", "0161047465737400" },
	{ "SIG A 8 3 300 20270101000000 20260101000000 1 s.test. AQID", "000108030000012c6b36ec806955b90000010173047465737400010203" },
	{ "KEY 256 3 8 AQPS", "010003080103d2" },
	{ "KEY ZONE|SIG1|NOAUTH DNSSEC RSASHA1 AQPS", "810103050103d2" },
	{ "PX 10 a.test. b.test.", "000a01610474657374000162047465737400" },
	{ "GPOS -32.6882 116.8652 10.0", "082d33322e36383832083131362e383635320431302e30" },
	{ "AAAA 2001:db8::192.0.2.1", "20010db80000000000000000c0000201" },
	{ "LOC 42 21 54 N 71 06 18 W -24m 30m", "0033161389172dd070be15f000988d20" },
	{ "LOC 42 N 71 W 0", "001216138903210070c3da8000989680" },
	{ "LOC 90 N 180 E 42849672.95m 90000000m 0.01m 0", "00991000934fd900a69fb200ffffffff" },
	{ "LOC 52 22 23.000 N 4 53 32.5 E -100000.00m 0.00m 10000m 10m", "000016138b3cf018810cbed400000000" },
	{ "NXT a.test. A MX TXT KEY NXT", "016104746573740040018042" },
	{ "EID 01 02", "0102" },
	{ "NIMLOC 0102", "0102" },
	{ "SRV 1 2 3 a.test.", "0001000200030161047465737400" },
	{ "ATMA 39246f000e7c9c0312000100010000123456789a00", "0039246f000e7c9c0312000100010000123456789a00" },
	{ "ATMA +61.2.0000.0000", "013631323030303030303030" },
	{ "NAPTR 100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .", "0064000a0175074532552b7369701b215e2e2a24217369703a696e666f406578616d706c652e636f6d2100" },
	{ "KX 1 a.test.", "00010161047465737400" },
	{ "CERT PGP 0 0 AQID", "0003000000010203" },
	{ "CERT 65534 65535 PRIVATEOID AQ I D", "fffefffffe010203" },
	{ "A6 64 ::1 a.test.", "4000000000000000010161047465737400" },
	{ "A6 0 2001:db8::1", "0020010db8000000000000000000000001" },
	{ "A6 128 a.test.", "800161047465737400" },
	{ "A6 3 2001:db8::1 a.test.", "0300010db80000000000000000000000010161047465737400" },
	{ "DNAME a.test.", "0161047465737400" },
	{ "SINK 1 0 0 AQID", "010000010203" },
	{ "SINK 1 0 0", "010000" },
	{ "APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32", "00011503c0a82000011c83c0a8260002200420010db8" },
	{ "APL", "" },
	{ "DS 12345 13 2 ( 0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef )", "30390d020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "DS 1 RSASHA256 SHA-1 0123456789abcdef0123456789abcdef01234567", "000108010123456789abcdef0123456789abcdef01234567" },
	{ "DS 1 250 250 01", "0001fafa01" },
	{ "SSHFP 1 1 0123456789abcdef0123456789abcdef01234567", "01010123456789abcdef0123456789abcdef01234567" },
	{ "SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "04020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "SSHFP 4 9 01", "040901" },
	{ "IPSECKEY 10 1 2 192.0.2.38 AQNR", "0a0102c0000226010351" },
	{ "IPSECKEY 10 0 2 . AQNR", "0a0002010351" },
	{ "IPSECKEY 10 2 2 2001:db8::1 AQNR", "0a020220010db8000000000000000000000001010351" },
	{ "IPSECKEY 10 3 2 a.test. AQNR", "0a03020161047465737400010351" },
	{ "NSEC a.test. A MX RRSIG NSEC TYPE1234", "01610474657374000006400100000003041b000000000000000000000000000000000000000000000000000020" },
	{ "DNSKEY 256 3 5 AQPS KmynfzW4kyBv 015MUG2D", "010003050103d22a6ca77f35b893206fd35e4c506d83" },
	{ "DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40" },
	{ "NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG", "0101000c04aabbccdd1417f3df17b2b2adaef615257de4d2020b80ac6c7c0006400000000002" },
	{ "NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s", "01000000001417f3df17b2b2adaef615257de4d2020b80ac6c7c" },
	{ "NSEC3PARAM 1 0 12 aabbccdd", "0100000c04aabbccdd" },
	{ "NSEC3PARAM 1 0 0 -", "0100000000" },
	{ "TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0301010123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "TLSA 0 0 0 01 02", "0000000102" },
	{ "SMIMEA 3 0 0 0102", "0300000102" },
	{ "HIP 2 200100107B1A74DF365639CC39F1D578 AQID a.test. b.test.", "10020003200100107b1a74df365639cc39f1d57801020301610474657374000162047465737400" },
	{ "HIP 2 200100107B1A74DF365639CC39F1D578 AQID", "10020003200100107b1a74df365639cc39f1d578010203" },
	{ "NINFO \"x\" y", "01780179" },
	{ "RKEY 0 255 1 AQID", "0000ff01010203" },
	{ "TALINK a.test. b.test.", "01610474657374000162047465737400" },
	{ "CDS 0 0 0 00", "0000000000" },
	{ "CDNSKEY 0 3 0 AA==", "0000030000" },
	{ "OPENPGPKEY AQID", "010203" },
	{ "CSYNC 66 3 A NS AAAA", "000000420003000460000008" },
	{ "CSYNC 66 3", "000000420003" },
	{ "ZONEMD 2018031500 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "7848b78c01010123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "ZONEMD 2018031500 1 240 0123456789abcdef01234567", "7848b78c01f00123456789abcdef01234567" },
	{ "SVCB 16 a.test. alpn=\"f\\\\\\\\oo\\\\,bar,h2\" key667=\"x\" port=53", "001001610474657374000001000c08665c6f6f2c626172026832000300020035029b000178" },
	{ "HTTPS 1 . mandatory=ipv4hint,alpn alpn=h2,h3 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8::1", "00010000000004000100040001000602683202683300040008c0000201c0000202000500030102030006001020010db8000000000000000000000001" },
	{ "SVCB 1 a.test. key667=\"hello\\210qoo\" key2 key1=\"\\002h2\"", "000101610474657374000001000302683200020000029b000968656c6c6fd2716f6f" },
	{ "SVCB 1 . ech=\"AQ I\tD\" key65535=x", "00010000050003010203ffff000178" },
	{ "SVCB 1 . dohpath=/q{?dns:9,x}", "0001000007000c2f717b3f646e733a392c787d" },
	{ "DSYNC CDS NOTIFY 5359 a.test.", "003b0114ef0161047465737400" },
	{ "HHIT AQID", "010203" },
	{ "BRID AQID", "010203" },
	{ "SPF \"v=spf1 -all\"", "0b763d73706631202d616c6c" },
	{ "NID 10 0014:4fff:ff20:ee64", "000a00144fffff20ee64" },
	{ "L32 10 10.1.2.0", "000a0a010200" },
	{ "L64 10 2001:0DB8:1140:1000", "000a20010db811401000" },
	{ "LP 10 a.test.", "000a0161047465737400" },
	{ "EUI48 00-00-5e-00-53-2a", "00005e00532a" },
	{ "EUI64 00-00-5e-ef-10-00-00-2a", "00005eef1000002a" },
	{ "URI 10 1 \"ftp://ftp1.example.com/public\"", "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963" },
	{ "CAA 0 issue \"ca.example.net; policy=ev\"", "0005697373756563612e6578616d706c652e6e65743b20706f6c6963793d6576" },
	{ "CAA 128 iodef \"\"", "8005696f646566" },
	{ "AVC foo \"bar\"", "03666f6f03626172" },
	{ "DOA 1 2 3 \"x\" -", "0000000100000002030178" },
	{ "DOA 1 2 3 \"\" AQ==", "0000000100000002030001" },
	{ "AMTRELAY 10 0 1 203.0.113.15", "0a01cb00710f" },
	{ "AMTRELAY 10 1 3 a.test.", "0a830161047465737400" },
	{ "AMTRELAY 128 1 0 .", "8080" },
	{ "RESINFO qnamemin exterr=15,16", "08716e616d656d696e0c6578746572723d31352c3136" },
	{ "WALLET \"a\" \"b\"", "01610162" },
	{ "TA 12345 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "303908020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	{ "DLV 12345 8 1 0123456789abcdef0123456789abcdef01234567", "303908010123456789abcdef0123456789abcdef01234567" },
	{ "TYPE65280 \\# 3 010203", "010203" },
};

static const struct sample bad[] = {
	{ "A 192.0.2", "address: \"192.0.2\" is not an IPv4 address" },
	{ "A 192.0.2.1.", "address: \"192.0.2.1.\" is not an IPv4 address" },
	{ "A \\# 3 010203", "address: missing or cut off" },
	{ "AAAA 192.0.2.1", "address: \"192.0.2.1\" is not an IPv6 address" },
	{ "NS a..b", "name server: \"a..b\" is not a domain name" },
	{ "NS \\# 3 026161", "name server: no domain name" },
	{ "CNAME a b", "\"b\" is one word too many" },
	{ "SOA a b 1 2 3 4", "minimum: missing" },
	{ "SOA a b -1 2 3 4 5", "serial: \"-1\" is not a number from 0 to 4294967295" },
	{ "WKS 192.0.2.1 nosuch smtp", "services: \"nosuch\" is not a protocol known here; write its number" },
	{ "WKS 192.0.2.1 tcp nosuch", "services: \"nosuch\" is not a service known here; write its port" },
	{ "WKS 192.0.2.1 tcp 65536", "services: \"65536\" is not a service known here; write its port" },
	{ "HINFO one", "OS: missing" },
	{ "HINFO \\# 3 016102", "OS: missing or cut off" },
	{ "MX 65536 a", "preference: \"65536\" is not a number from 0 to 65535" },
	{ "MX ten a", "preference: \"ten\" is not a number from 0 to 65535" },
	{ "TXT", "text: missing" },
	{ "TXT \\# 0", "text: missing" },
	{ "TXT \\# 3 036162", "text: missing or cut off" },
	{ "X25 123", "PSDN address: fewer than four digits" },
	{ "X25 12345x", "PSDN address: digits alone may stand in it" },
	{ "X25 \\# 4 03313233", "PSDN address: fewer than four digits" },
	{ "NSAP 47", "address: \"47\" is not 0x and hexadecimal digits" },
	{ "NSAP 0x4", "address: \"0x4\" is not 0x and hexadecimal digits" },
	{ "KEY 256 3 8", "public key: missing" },
	{ "KEY 65536 3 8 AQID", "flags: \"65536\" is not a number from 0 to 65535" },
	{ "KEY \\# 4 01000308", "public key: missing" },
	{ "LOC 91 N 0 E 0", "location: \"91\" is not degrees, minutes or seconds" },
	{ "LOC 90 0 0.001 N 0 E 0", "location: \"0.001\" is not within the globe" },
	{ "LOC 10 60 N 0 E 0", "location: \"60\" is not degrees, minutes or seconds" },
	{ "LOC 10 N 0 E 42849672.96", "location: \"42849672.96\" is not an altitude from -100000.00m to 42849672.95m" },
	{ "LOC 10 0 0 0 E 0", "location: N or S is missing" },
	{ "LOC \\# 16 00121613ffffffff8000000000989680", "location: not within the globe" },
	{ "LOC \\# 16 00a21613800000008000000000989680", "location: a size is no digit and power of ten" },
	{ "LOC \\# 15 001216138000000080000000009896", "location: missing or cut off" },
	{ "NXT a A TYPE0", "types: TYPE0 is no type" },
	{ "NXT \\# 2 0080", "types: TYPE0, or a zero byte at its end" },
	{ "NXT \\# 3 004000", "types: TYPE0, or a zero byte at its end" },
	{ "NXT a TYPE128", "types: \"TYPE128\" is not a record type" },
	{ "EID", "identifier: missing" },
	{ "EID 0", "identifier: an odd number of hexadecimal digits" },
	{ "ATMA 39..24", "address: \"39..24\" is not an ATM address" },
	{ "ATMA +", "address: \"+\" is not an ATM address" },
	{ "NAPTR 1 1 \"\" \"\" \"\"", "replacement: missing" },
	{ "CERT PKIX 0 0", "certificate: missing" },
	{ "CERT PKIX 0 0 A", "certificate: base64 is cut off" },
	{ "CERT \\# 5 0001000000", "certificate: missing" },
	{ "A6 129 a", "prefix and address: \"129\" is not a number from 0 to 128" },
	{ "A6 64 ::1", "prefix and address: missing" },
	{ "A6 \\# 3 400001", "prefix and address: missing or cut off" },
	{ "SINK 1 2", "subcoding: missing" },
	{ "APL 3:192.0.2.0/24", "address prefix: \"3:192.0.2.0/24\" is not like 1:192.0.2.0/24 or !2:2001:db8::/32" },
	{ "APL 1:192.0.2.0/33", "address prefix: \"1:192.0.2.0/33\" is not like 1:192.0.2.0/24 or !2:2001:db8::/32" },
	{ "APL 1:192.0.2.0", "address prefix: \"1:192.0.2.0\" is not like 1:192.0.2.0/24 or !2:2001:db8::/32" },
	{ "APL \\# 8 00011804c0000200", "address prefix: an address ends in a zero byte" },
	{ "APL \\# 7 00012103c00002", "address prefix: longer than an address of its family" },
	{ "APL \\# 6 00011804c000", "address prefix: missing or cut off" },
	{ "DS 1 8 2 00", "digest has 1 bytes; type 2 has 32" },
	{ "DS 1 8 1 0123456789abcdef0123456789abcdef012345", "digest has 19 bytes; type 1 has 20" },
	{ "DS \\# 4 00010802", "digest: missing" },
	{ "DS \\# 5 0001080200", "digest has 1 bytes; type 2 has 32" },
	{ "DLV 1 8 2 00", "digest has 1 bytes; type 2 has 32" },
	{ "SSHFP 1 1 00", "fingerprint has 1 bytes; type 1 has 20" },
	{ "SSHFP 1 2 0123456789abcdef0123456789abcdef01234567", "fingerprint has 20 bytes; type 2 has 32" },
	{ "SSHFP \\# 2 0101", "fingerprint: missing" },
	{ "IPSECKEY 10 4 2 . AQNR", "gateway type: \"4\" is not a number from 0 to 3" },
	{ "IPSECKEY 10 1 2 2001:db8::1 AQNR", "gateway: \"2001:db8::1\" is not an IPv4 address" },
	{ "IPSECKEY 10 0 2 a. AQNR", "gateway: \"a.\" is not a dot, as type 0 wants" },
	{ "IPSECKEY \\# 5 0a01020102", "gateway: missing or cut off" },
	{ "IPSECKEY \\# 3 0a0002", "public key: missing" },
	{ "RRSIG A 8 3 300 20270132000000 20260101000000 1 s.test. AQID", "signature expiration: \"20270132000000\" is not a time like 20270131235959" },
	{ "RRSIG A 8 3 300 20270101000000 20260101000000 1 s.test.", "signature: missing" },
	{ "NSEC a", "types: missing" },
	{ "NSEC a BOGUS", "types: \"BOGUS\" is not a record type" },
	{ "NSEC \\# 5 0161000001", "types: missing or cut off" },
	{ "NSEC \\# 7 01610000020000", "types: a window ends in a zero byte" },
	{ "NSEC \\# 9 016100010140000140", "types: its windows are not in order or too long" },
	{ "DNSKEY 256 3 8", "public key: missing" },
	{ "DNSKEY 256 3 8 AQ=", "public key: base64 is cut off" },
	{ "DNSKEY 256 3 8 AR==", "public key: \"AR==\" is not base64 (RFC 4648, 4)" },
	{ "DHCID", "digest: missing" },
	{ "NSEC3 1 0 0 - 01", "next hashed owner: \"01\" is not base32hex (RFC 4648, 7)" },
	{ "NSEC3 1 0 0 0 2vptu5timamqttgl4luu9kg21e0aor3s", "salt: an odd number of hexadecimal digits" },
	{ "NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3z A", "next hashed owner: \"2vptu5timamqttgl4luu9kg21e0aor3z\" is not base32hex (RFC 4648, 7)" },
	{ "NSEC3 \\# 9 010000000003010203", "next hashed owner: 3 bytes are no hash of SHA-1, which has 20" },
	{ "NSEC3PARAM 1 0 65536 -", "iterations: \"65536\" is not a number from 0 to 65535" },
	{ "NSEC3PARAM \\# 6 010000000201", "salt: missing or cut off" },
	{ "TLSA 3 1 1", "certificate association data: missing" },
	{ "TLSA \\# 3 030101", "certificate association data: missing" },
	{ "HIP 2 20 a", "public key: base64 is cut off" },
	{ "HIP \\# 5 0102000120", "rendezvous server: missing or cut off" },
	{ "OPENPGPKEY", "public key: missing" },
	{ "CSYNC 1 65536 A", "flags: \"65536\" is not a number from 0 to 65535" },
	{ "CSYNC \\# 5 0000000100", "flags: missing or cut off" },
	{ "ZONEMD 1 1 1 00", "digest: fewer than 12 bytes" },
	{ "ZONEMD 1 1 240 00", "digest: fewer than 12 bytes" },
	{ "SVCB 1", "target: missing" },
	{ "SVCB 1 ns port=1 port=2", "port stands twice, or keys are not in order" },
	{ "SVCB 1 ns key3=1", "port: its value is not one port" },
	{ "SVCB 1 ns ipv6hint=192.0.2.1", "ipv6hint: its value is not a list of IPv6 addresses" },
	{ "SVCB 1 ns mandatory=key1", "mandatory names alpn, which is not there" },
	{ "SVCB 1 ns ech=A", "ech: base64 is cut off" },
	{ "SVCB 1 ns key7=x", "dohpath: its value is not a path with the variable {?dns}" },
	{ "SVCB 1 ns dohpath=/{?xdns}", "dohpath: its value is not a path with the variable {?dns}" },
	{ "SVCB 1 ns dohpath=/{?dns}{", "dohpath: its value is not a path with the variable {?dns}" },
	{ "SVCB 1 ns dohpath=q", "dohpath: its value is not a path with the variable {?dns}" },
	{ "SVCB 1 ns key03=x", "parameters: \"key03=x\" is not a key that is known here; write an unknown one as keyNNNNN" },
	{ "SVCB 1 ns \"alpn=h2\"", "parameters: \"alpn=h2\" is not a key that is known here; write an unknown one as keyNNNNN" },
	{ "SVCB \\# 12 00010000020000000100023132", "\\# says 12 bytes, and 13 follow" },
	{ "SVCB \\# 4 00010000", "parameters: missing or cut off" },
	{ "DSYNC CDS NOTIFY 65536 a", "port: \"65536\" is not a number from 0 to 65535" },
	{ "NID 1 0014:4fff:ff20", "node id: \"0014:4fff:ff20\" is not like 0014:4fff:ff20:ee64" },
	{ "NID 1 ::1", "node id: \"::1\" is not like 0014:4fff:ff20:ee64" },
	{ "L32 1 ::1", "locator: \"::1\" is not an IPv4 address" },
	{ "EUI48 00-00-5e-00-53", "address: \"00-00-5e-00-53\" is not like 00-00-5e-00-53-2a" },
	{ "EUI64 00:00:5e:ef:10:00:00:2a", "address: \"00:00:5e:ef:10:00:00:2a\" is not like 00-00-5e-ef-10-00-00-2a" },
	{ "URI 1 2", "target: missing" },
	{ "CAA 256 issue x", "flags: \"256\" is not a number from 0 to 255" },
	{ "CAA 0 \"\" x", "tag: empty" },
	{ "CAA 0 iss-ue x", "tag: letters and digits alone may stand in it" },
	{ "CAA \\# 2 0000", "tag: empty" },
	{ "CAA \\# 7 0005697373", "\\# says 7 bytes, and 5 follow" },
	{ "DOA 1 2 3 x", "data: missing" },
	{ "AMTRELAY 10 2 1 192.0.2.1", "discovery optional: \"2\" is not a number from 0 to 1" },
	{ "AMTRELAY 10 0 4 a", "relay type: \"4\" is not a number from 0 to 3" },
	{ "AMTRELAY \\# 6 0a01c0000201ff", "\\# says 6 bytes, and 7 follow" },
	{ "TYPE65280 x", "data of this type is written as \\# LENGTH HEX (RFC 3597)" },
	{ "TYPE65280 \\# 2 0", "data behind \\#: an odd number of hexadecimal digits" },
};
/* clang-format on */

/* "TYPE DATA" as wire data: how many bytes of @rdata, or -EINVAL and @why. */
static int parse_text(const char *text, __u16 *type, __u8 *rdata, char why[ZONE_WHY])
{
	struct zone_entry entry = { 0 };
	struct zone_lex lex;
	int len = -1;

	strcpy(why, "no type");
	zone_lex_begin(&lex, text, strlen(text));
	if (zone_lex_next(&lex, &entry) == 1 &&
	    !zone_type_parse(entry.words[0].at, entry.words[0].len, type))
		len = zone_rdata_parse(*type, entry.words + 1, entry.nr - 1, ROOT, rdata, why);
	zone_entry_free(&entry);
	return len;
}

static const char *hex(const __u8 *bytes, int len)
{
	static char text[2048];
	int i;

	text[0] = '\0';
	for (i = 0; i < len && i < 1000; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

static void test_zone_rdata_text_becomes_what_bind_makes_of_it(void)
{
	static __u8 rdata[ZONE_RDATA_MAX];
	char why[ZONE_WHY];
	__u16 type;
	size_t i;
	int len;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		len = parse_text(good[i].text, &type, rdata, why);
		if (ok(len >= 0, "%s", good[i].text))
			is_str(hex(rdata, len), good[i].result, "and its bytes");
		else
			diag("%s", why);
	}
}

static void test_zone_rdata_wrong_is_refused_with_the_field(void)
{
	static __u8 rdata[ZONE_RDATA_MAX];
	char why[ZONE_WHY];
	__u16 type;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(parse_text(bad[i].text, &type, rdata, why) < 0, "%s", bad[i].text);
		is_str(why, bad[i].result, "and why");
	}
}

/* Whatever is cut off at the end is no data of its type, or is right by itself: never a crash. */
static void test_zone_rdata_cut_off_is_refused_or_whole(void)
{
	static __u8 rdata[ZONE_RDATA_MAX];
	char why[ZONE_WHY];
	size_t i, refused = 0;
	__u16 type;
	int len, n;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		len = parse_text(good[i].text, &type, rdata, why);
		for (n = 0; n < len; n++) {
			__u8 *copy = malloc(n + 1); /* a byte read beyond it is seen by ASan */

			memcpy(copy, rdata, n);
			refused += !!zone_rdata_check(type, copy, n, why);
			free(copy);
		}
	}
	ok(refused > 1000, "%zu of all the beginnings are refused", refused);
}

static void test_zone_rdata_names_compare_without_case(void)
{
	ok(!zone_rdata_compare(DNS_T_CNAME, (const __u8 *)"\1a", 3, (const __u8 *)"\1A", 3),
	   "names in another case");
	ok(zone_rdata_compare(DNS_T_MX, (const __u8 *)"\0A\1a", 5, (const __u8 *)"\0a\1a", 5) < 0,
	   "but not the number before them");
	ok(zone_rdata_compare(DNS_T_TXT, (const __u8 *)"\1a", 2, (const __u8 *)"\1A", 2) > 0,
	   "nor text");
	ok(zone_rdata_compare(107, (const __u8 *)"\0\1\1a", 5, (const __u8 *)"\0\1\1A", 5) > 0,
	   "nor names in LP, which is younger than RFC 3597, 7");
	ok(zone_rdata_compare(DNS_T_NSEC, (const __u8 *)"\1a\0\0\1\x40", 6,
			      (const __u8 *)"\1A\0\0\1\x40", 6) > 0,
	   "nor in NSEC (RFC 6840, 5.1)");
}

static void test_zone_type_names_are_read_as_they_are_written(void)
{
	char text[ZONE_TYPE_TEXT];
	unsigned int number, wrong = 0;
	__u16 type;

	for (number = 0; number <= 0xffff; number++) {
		zone_type_name(number, text);
		wrong += zone_type_parse(text, strlen(text), &type) || type != number;
	}
	is_int(wrong, 0, "all 65536");
	ok(zone_type_parse("TYPE65536", 9, &type), "but no more");
}

int main(void)
{
	test_zone_rdata_text_becomes_what_bind_makes_of_it();
	test_zone_rdata_wrong_is_refused_with_the_field();
	test_zone_rdata_cut_off_is_refused_or_whole();
	test_zone_rdata_names_compare_without_case();
	test_zone_type_names_are_read_as_they_are_written();
	return done_testing();
}
