// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_config.c: what the configuration file means, and every error with its place.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"

/* A good file. Cases below replace one of its lines, so an error's line is easy to tell. */
static const char *const base[] = {
	/* 1 */ "node: fra1",
	/* 2 */ "interfaces: [eth0]",
	/* 3 */ "vips: [{address: 192.0.2.53}, {address: \"2001:db8::53\"}]",
	/* 4 */ "pops: [{name: fra}, {name: nyc}]",
	/* 5 */ "nodes:",
	/* 6 */ "- {name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}",
	/* 7 */ "- {name: nyc1, id: 2, pop: nyc, tunnel: 198.51.100.2}",
	/* 8 */ "keys: {file: fleet.key}",
	/* 9 */ "dns: {zones: [{name: example.com, file: example.zone}]}",
	/* 10 */ "",
};

#define LINES (sizeof(base) / sizeof(*base))

static char dir[] = "/tmp/anydoor-config-XXXXXX";
static char path[64];

static void write_file(const char *name, const char *text, size_t size)
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	file = fopen(full, "w");
	if (!file || fwrite(text, 1, size, file) != size || fclose(file))
		abort();
}

static void make_directory(const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	mkdir(full, 0700);
}

static void clean_up(void)
{
	static const char *const names[] = { "anydoor.yaml", "fleet.key", "example.zone", "zones" };
	char full[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(full, sizeof(full), "%s/%s", dir, names[i]);
		remove(full);
	}
	rmdir(dir);
}

static void write_base(size_t line, const char *instead)
{
	char text[4096];
	size_t used = 0, i;

	for (i = 0; i < LINES; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s\n",
				 i + 1 == line ? instead : base[i]);
	write_file("anydoor.yaml", text, used);
}

/* All errors, "line: key: what" each, with the file's name taken off. */
static char *gather(const struct config_errors *errors)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	for (i = 0; i < errors->nr; i++) {
		const char *said = errors->list[i].text;

		ok(!strncmp(said, path, strlen(path)), "starts with the file's name");
		fprintf(out, "%s%s", i ? "\n" : "", said + strlen(path) + 1);
	}
	fclose(out);
	return text;
}

static void expect_errors(const char *what, int result, const char *expected)
{
	struct config_errors errors;
	struct config *config;
	char *said;

	is_int(config_load(path, &config, &errors), result, "%s: result", what);
	ok(!config, "%s: no config", what);
	said = gather(&errors);
	is_str(said, expected, "%s: errors", what);
	free(said);
	config_errors_free(&errors);
	config_free(config);
}

struct bad_line {
	const char *what;
	size_t line;
	const char *instead;
	const char *expected;
};

static void expect_all(const struct bad_line *cases, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		write_base(cases[i].line, cases[i].instead);
		expect_errors(cases[i].what, -EINVAL, cases[i].expected);
	}
}
#define EXPECT_ALL(cases) expect_all(cases, sizeof(cases) / sizeof(*(cases)))

static void test_config_unknown_key_names_the_nearest(void)
{
	static const struct bad_line cases[] = {
		{ "letters swapped", 10, "tunnle: {}",
		  "10: tunnle: unknown key; did you mean tunnel?" },
		{ "letter missing", 10, "tunnel: {prt: 1}",
		  "10: tunnel.prt: unknown key; did you mean tunnel.port?" },
		{ "in a list", 6, "- {name: fra1, id: 1, pop: fra, tunel: 198.51.100.1}",
		  "6: nodes[].tunel: unknown key; did you mean nodes[].tunnel?\n"
		  "6: nodes[].tunnel: is missing (the node's own unicast address, to which "
		  "other nodes send tunnelled packets; no VIP, no NAT between)" },
		{ "in the wrong section", 10, "owner_bits: 10",
		  "10: owner_bits: unknown key; did you mean stamp.owner_bits?" },
		{ "nothing like it", 10, "colour: green", "10: colour: unknown key" },
		{ "empty", 10, "\"\": 1", "10: unknown key" },
		{ "with a dot", 10, "tunnel.port: 1",
		  "10: tunnel.port: unknown key; keys of a section stand below it" },
		{ "control characters", 10, "\"a\\nb\": 1", "10: a?b: unknown key" },
		{ "merge", 10, "<<: {a: 1}", "10: <<: unknown key" },
	};

	EXPECT_ALL(cases);
}

static void test_config_wrong_type_is_told(void)
{
	static const struct bad_line cases[] = {
		{ "value for a list", 2, "interfaces: eth0",
		  "2: interfaces: wants a list, not a single value" },
		{ "section for a list", 2, "interfaces: {eth0: 1}",
		  "2: interfaces: wants a list, not a section" },
		{ "list for a value", 1, "node: [fra1]",
		  "1: node: wants a single value, not a list" },
		{ "list for a section", 10, "stamp: [1]",
		  "10: stamp: wants keys with values, not a list" },
		{ "value for a section", 10, "stamp: 1",
		  "10: stamp: wants keys with values, not a single value" },
		{ "value in a list of sections", 4, "pops: [fra, {name: nyc}, {name: fra}]",
		  "4: pops[]: wants keys with values, not a single value" },
		{ "no value", 10, "tunnel: {port: }",
		  "10: tunnel.port: has no value; leave the key out instead" },
		{ "null", 10, "tunnel: {port: ~}",
		  "10: tunnel.port: has no value; leave the key out instead" },
		{ "empty text", 10, "state: {group: \"\"}",
		  "10: state.group: has no value; leave the key out instead" },
		{ "NUL", 10, "state: {group: \"a\\0b\"}", "10: state.group: has a NUL in it" },
		{ "list as a key", 10, "[a]: b", "10: a key must be a word, not a list" },
		{ "root is a list", 1, "- node: fra1",
		  "2: not YAML: did not find expected '-' indicator, "
		  "while parsing a block collection" },
	};

	EXPECT_ALL(cases);
}

static void test_config_numbers_are_bounded(void)
{
	static const struct bad_line cases[] = {
		{ "word", 10, "tunnel: {port: many}",
		  "10: tunnel.port: \"many\" is not a number, such as 10" },
		{ "zero", 10, "tunnel: {port: 0}",
		  "10: tunnel.port: \"0\" is out of range: 1 to 65535" },
		{ "too large", 10, "tunnel: {port: 65536}",
		  "10: tunnel.port: \"65536\" is out of range: 1 to 65535" },
		{ "far too large", 10, "tunnel: {port: 99999999999999999999999}",
		  "10: tunnel.port: \"99999999999999999999999\" is out of range: 1 to 65535" },
		{ "negative", 10, "tunnel: {port: -1}",
		  "10: tunnel.port: \"-1\" is not a number, such as 10" },
		{ "octal?", 10, "tunnel: {port: 0100}",
		  "10: tunnel.port: \"0100\" is not a number, such as 10" },
		{ "hexadecimal", 10, "tunnel: {port: 0x10}",
		  "10: tunnel.port: \"0x10\" is not a number, such as 10" },
		{ "fraction", 10, "keys: {file: fleet.key, epoch: 1.5}",
		  "10: keys: stands here twice; first on line 8" },
		{ "unit on a number", 10, "tunnel: {port: 1K}",
		  "10: tunnel.port: \"1K\" is not a number, such as 10" },
		{ "unknown unit", 10, "flows: {max: 1T}",
		  "10: flows.max: \"1T\" is not a count, such as 64K or 1M" },
		{ "overflowing unit", 10, "flows: {max: 9999999999999999G}",
		  "10: flows.max: \"9999999999999999G\" is out of range: 1K to 64M" },
		{ "too small", 10, "flows: {max: 1023}",
		  "10: flows.max: \"1023\" is out of range: 1K to 64M" },
		{ "duration", 10, "flows: {idle: 10min}",
		  "10: flows.idle: \"10min\" is not a duration, such as 30s or 10m" },
		{ "long duration", 10, "flows: {idle: 1d}",
		  "10: flows.idle: \"1d\" is out of range: 1s to 9h" },
		{ "word or number", 6,
		  "- {name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1, mtu: 9}",
		  "6: nodes[].mtu: \"9\" is out of range: 1280 to 65535, or route" },
		{ "boolean", 3, "vips: [{address: 192.0.2.53, tcp: maybe}]",
		  "3: vips[].tcp: \"maybe\" is neither true nor false" },
		{ "choice", 10, "xdp: {mode: fast}",
		  "10: xdp.mode: \"fast\" is none of auto|native|generic" },
		{ "prefix", 9, "dns: {limit: {exempt: [192.0.2.0/24, example]}}",
		  "9: dns.limit.exempt[]: \"example\" is not a prefix, such as 192.0.2.0/24" },
		{ "prefix too long", 9, "dns: {limit: {exempt: [192.0.2.0/33]}}",
		  "9: dns.limit.exempt[]: \"192.0.2.0/33\" has a length that is not 0 to 32" },
		{ "prefix without a length", 9, "dns: {limit: {exempt: [\"2001:db8::/\"]}}",
		  "9: dns.limit.exempt[]: \"2001:db8::/\" has a length that is not 0 to 128" },
		{ "prefix with more address", 9, "dns: {limit: {exempt: [\"2001:db8::1/64\"]}}",
		  "9: dns.limit.exempt[]: \"2001:db8::1/64\" has bits set behind its length" },
		{ "rate", 9, "dns: {limit: {rate: 0}}",
		  "9: dns.limit.rate: \"0\" is out of range: 1 to 100000, or off" },
		{ "half a choice", 10, "xdp: {mode: nat}",
		  "10: xdp.mode: \"nat\" is none of auto|native|generic" },
	};

	EXPECT_ALL(cases);
}

static void test_config_bad_text_is_refused(void)
{
	static const struct bad_line cases[] = {
		{ "no address", 3, "vips: [{address: 192.0.2}]",
		  "3: vips[].address: \"192.0.2\" is not an IPv4 or IPv6 address" },
		{ "multicast", 3, "vips: [{address: 224.0.0.1}, {address: \"ff02::1\"}]",
		  "3: vips[].address: \"224.0.0.1\" is a multicast or reserved address\n"
		  "3: vips[].address: \"ff02::1\" is a multicast address" },
		{ "loopback", 3, "vips: [{address: 127.0.0.1}, {address: \"::1\"}]",
		  "3: vips[].address: \"127.0.0.1\" is a loopback address\n"
		  "3: vips[].address: \"::1\" is unspecified, loopback or IPv4-compatible" },
		{ "link-local", 3, "vips: [{address: \"fe80::1\"}]",
		  "3: vips[].address: \"fe80::1\" is a link-local address" },
		{ "unspecified", 3, "vips: [{address: 0.0.0.0}, {address: \"::\"}]",
		  "3: vips[].address: \"0.0.0.0\" is in 0.0.0.0/8: nobody's address\n"
		  "3: vips[].address: \"::\" is unspecified, loopback or IPv4-compatible" },
		{ "name", 4, "pops: [{name: fra}, {name: nyc}, {name: -x}, {name: a b}]",
		  "4: pops[].name: \"-x\" is not a name: a letter or digit, then letters, digits, "
		  ". - _\n"
		  "4: pops[].name: \"a b\" is not a name: a letter or digit, then letters, digits, "
		  ". - _" },
		{ "long interface", 2, "interfaces: [abcdefghijklmnop]",
		  "2: interfaces[]: \"abcdefghijklmnop\" is longer than 15 bytes" },
		{ "relative directory", 10, "state: {run: here}",
		  "10: state.run: \"here\" is not an absolute path of a directory" },
		{ "root as directory", 10, "state: {run: //}",
		  "10: state.run: \"//\" is not an absolute path of a directory" },
		{ "bus without servers", 10, "bus: {beat: 1s}",
		  "10: bus.servers: names no server: name one, or leave `bus` out" },
		{ "bus without a URL", 10, "bus: {servers: [192.0.2.1]}",
		  "10: bus.servers[]: \"192.0.2.1\" is no URL of a server: write "
		  "nats://ADDRESS:4222, or tls://NAME:4222" },
		{ "bus with a password", 10, "bus: {servers: [\"nats://me:secret@192.0.2.1\"]}",
		  "10: bus.servers[]: has a user or a password in it, which logs would show: leave "
		  "them out, and use `bus.credentials` or a certificate (`bus.tls`)" },
		{ "dot in a bucket", 10, "bus: {servers: [\"nats://a\"], bucket: a.b}",
		  "10: bus.bucket: a.b has a dot, which no name of a bucket may have" },
		{ "certificate without its key", 10,
		  "bus: {servers: [\"tls://a\"], tls: {cert_file: /etc/hostname}}",
		  "10: bus.tls.key_file: is missing: a certificate and its key go together" },
		{ "dot in bpffs", 10, "state: {bpffs: /sys/fs/bpf/a.b}",
		  "10: state.bpffs: \"/sys/fs/bpf/a.b\" has a dot in it; bpffs takes none" },
		{ "endpoint", 10, "metrics: {listen: 9911}",
		  "10: metrics.listen: \"9911\" is not an address and port, such as "
		  "127.0.0.1:9911 or [::1]:9911" },
		{ "zone", 9, "dns: {zones: [{name: a..b, file: example.zone}]}",
		  "9: dns.zones[].name: \"a..b\" has an empty label" },
		{ "zone with blanks", 9, "dns: {zones: [{name: a b, file: example.zone}]}",
		  "9: dns.zones[].name: \"a b\" is not a domain name" },
		{ "nsid", 10, "dns2: {nsid: x}", "10: dns2: unknown key; did you mean dns?" },
	};

	EXPECT_ALL(cases);
}

static void test_config_missing_is_told(void)
{
	struct bad_line cases[] = {
		{ "node", 1, "", " node: is missing (name of this machine in `nodes`)" },
		{ "vips", 3, "vips: []",
		  "3: vips: is empty (anycast service addresses (VIPs), the same on every node)" },
		{ "name", 4, "pops: [{name: fra}, {name: nyc}, {}]",
		  "4: pops[].name: is missing (name of the POP)" },
		{ "key file", 8, "keys: {file: nix.key}", NULL },
		{ "directory", 8, "keys: {file: zones}", NULL },
	};
	char key[256], zone[256];

	snprintf(key, sizeof(key),
		 "8: keys.file: %s/nix.key: No such file or directory "
		 "(key file of the fleet, made once by `anydoor keygen`, the same on every node)",
		 dir);
	snprintf(zone, sizeof(zone),
		 "8: keys.file: %s/zones: not a regular file "
		 "(key file of the fleet, made once by `anydoor keygen`, the same on every node)",
		 dir);
	cases[3].expected = key;
	cases[4].expected = zone;
	EXPECT_ALL(cases);
}

static void test_config_twins_are_told(void)
{
	static const struct bad_line cases[] = {
		{ "key", 10, "node: nyc1", "10: node: stands here twice; first on line 1" },
		{ "node id", 7, "- {name: nyc1, id: 1, pop: nyc, tunnel: 198.51.100.2}",
		  "7: nodes[].id: 1 is taken already, on line 6" },
		{ "node name", 7, "- {name: fra1, id: 2, pop: nyc, tunnel: 198.51.100.2}",
		  "7: nodes[].name: fra1 is taken already, on line 6" },
		{ "tunnel", 7, "- {name: nyc1, id: 2, pop: nyc, tunnel: \"::ffff:198.51.100.1\"}",
		  "7: nodes[].tunnel: 198.51.100.1 is taken already, on line 6" },
		{ "vip", 3, "vips: [{address: \"2001:db8::53\"}, {address: \"2001:DB8:0::53\"}]",
		  "3: vips[].address: 2001:db8::53 is taken already, on line 3" },
		{ "pop", 4, "pops: [{name: fra}, {name: nyc}, {name: fra}]",
		  "4: pops[].name: fra is taken already, on line 4" },
		{ "interface", 2, "interfaces: [eth0, eth0]",
		  "2: interfaces[]: eth0 is taken already, on line 2" },
		{ "zone", 9,
		  "dns: {zones: [{name: example.com, file: example.zone}, "
		  "{name: Example.COM., file: example.zone}]}",
		  "9: dns.zones[].name: example.com. is taken already, on line 9" },
		{ "successor", 10, "drain: {successors: [nyc1, nyc1]}",
		  "10: drain.successors[]: nyc1 is taken already, on line 10" },
	};

	EXPECT_ALL(cases);
}

static void test_config_references_are_checked(void)
{
	static const struct bad_line cases[] = {
		{ "self", 1, "node: fra2",
		  "1: node: \"fra2\" is not among `nodes`; did you mean fra1?" },
		{ "pop", 7, "- {name: nyc1, id: 2, pop: tokyo, tunnel: 198.51.100.2}",
		  "7: nodes[].pop: \"tokyo\" is not among `pops`" },
		{ "successor", 10, "drain: {successors: [nyc2]}",
		  "10: drain.successors[]: \"nyc2\" is not among `nodes`; did you mean nyc1?" },
		{ "self as successor", 10, "drain: {successors: [fra1]}",
		  "10: drain.successors[]: fra1 is this node itself: it cannot take over from "
		  "itself" },
		{ "self as neighbour", 10, "hunt: {neighbours: [fra1]}",
		  "10: hunt.neighbours[]: fra1 is this node itself: it is asked before any other" },
	};

	EXPECT_ALL(cases);
}

/* What is good, before what is not. */
#define REGION		"regions: [{name: eu, networks: [192.0.2.0/24]}]\n"
#define POLICY		"policies: [{name: near, rules: {eu: [fra]}, default: [nyc, fra]}]\n"
#define POLICY_OF(what) "policies: [{name: near, default: [nyc, fra], " what "}]\n"

static void test_config_steering_mistakes_have_their_place(void)
{
	static const struct bad_line cases[] = {
		{ "country", 10, "regions: [{name: eu, countries: [DE, UK]}]",
		  "10: regions[].countries: \"UK\" is no country of ISO 3166-1: two capital "
		  "letters, such as DE\n"
		  "10: regions[]: eu needs a database that tells where addresses are: name one in "
		  "`geo.databases`" },
		{ "continent", 10,
		  "geo: {databases: [{name: a, file: a.mmdb}]}\n"
		  "regions: [{name: eu, continents: EUR}, {name: x, continents: [AS]}]",
		  "11: regions[].continents: \"EUR\" is no continent: AF, AN, AS, EU, NA, OC or "
		  "SA\n"
		  "11: regions[]: eu has nothing in it: name countries, networks or the like" },
		{ "subdivision", 10,
		  "geo: {databases: [{name: a, file: a.mmdb}]}\n"
		  "regions: [{name: eu, subdivisions: [US-CA, USCA]}]",
		  "11: regions[].subdivisions: \"USCA\" is no subdivision of ISO 3166-2, such as "
		  "US-CA" },
		{ "AS number", 10,
		  "geo: {databases: [{name: a, file: a.mmdb}]}\n"
		  "regions:\n- {name: eu, asns: [AS64500, 0]}",
		  "12: regions[].asns: \"0\" is no AS number: 1 to 4294967295" },
		{ "network", 10,
		  "regions:\n- name: eu\n  networks:\n  - 192.0.2.1/24\n  - 192.0.2.0/24",
		  "13: regions[].networks: \"192.0.2.1/24\" has bits set behind its length" },
		{ "network within 6to4", 10,
		  "regions: [{name: eu, networks: [\"2002:c000::/24\"]}]",
		  "10: regions[].networks: 2002:c000::/24 stands for IPv4 addresses: write their "
		  "IPv4 network instead" },
		{ "long network", 10, "regions: [{name: eu, networks: [\"2001:db8::/65\"]}]",
		  "10: regions[].networks: 2001:db8::/65 is longer than /64, which is what IPv6 "
		  "clients are told apart by" },
		{ "empty region", 10, "regions: [{name: eu}]",
		  "10: regions[]: eu has nothing in it: name countries, networks or the like" },
		{ "a section in a list", 10, "regions: [{name: eu, countries: [{a: b}]}]",
		  "10: regions[].countries: wants a list of single values\n"
		  "10: regions[]: eu has nothing in it: name countries, networks or the like" },
		{ "no POP", 10, "policies: [{name: near, default: [nyk]}]",
		  "10: policies[].default: \"nyk\" is not among `pops`; did you mean nyc?" },
		{ "POP twice", 10, "policies: [{name: near, default: [fra, [nyc, fra]]}]",
		  "10: policies[].default: \"fra\" stands here twice" },
		{ "weights 0", 10, "policies: [{name: near, default: [fra, {nyc: 0}]}]",
		  "10: policies[].default: \"nyc=0\" has no weight above 0" },
		{ "no weight", 10, "policies: [{name: near, default: [{fra: much, nyc: 1}]}]",
		  "10: policies[].default: \"much\" is no weight: 0 to 1000" },
		{ "no default", 10, "policies: [{name: near}]",
		  "10: policies[].default: is missing (POPs for clients in no region of `rules`)" },
		{ "default empty", 10, "policies: [{name: near, default: []}]",
		  "10: policies[].default: has no value; leave the key out instead" },
		{ "region of a rule", 10,
		  REGION "policies:\n- name: near\n  default: [fra]\n  rules:\n    eu: fra\n"
			 "    ue: nyc",
		  "16: policies[].rules: \"ue\" is not among `regions`; did you mean eu?" },
		{ "POP of a rule", 10,
		  REGION "policies:\n- name: near\n  default: [fra]\n  rules:\n    eu: fro",
		  "15: policies[].rules: \"fro\" is not among `pops`; did you mean fra?" },
		{ "rule twice", 10,
		  REGION "policies:\n- name: near\n  default: [fra]\n  rules:\n    eu: fra\n"
			 "    eu: nyc",
		  "16: policies[].rules: eu stands here twice; first on line 15" },
		{ "rules as a list", 10, REGION POLICY_OF("rules: [eu]"),
		  "11: policies[].rules: wants regions with their POPs, such as {europe: [fra, "
		  "nyc]}, not a list" },
		{ "rules by POP", 10, REGION POLICY_OF("locate: pop, rules: {eu: fra}"),
		  "11: policies[].rules: near has `locate: pop`, by which clients are in no "
		  "region: leave its rules out" },
		{ "load without capacity", 10, "shed: {command: [/bin/cat]}",
		  "10: shed.command: its number has nothing to be compared with: give a POP a "
		  "`capacity`" },
		{ "load of an address", 10, "shed: {command: [/bin/cat, \"{address}\"]}",
		  "10: shed.command: a POP has no one address: leave {address} out\n"
		  "10: shed.command: its number has nothing to be compared with: give a POP a "
		  "`capacity`" },
		{ "load that takes too long", 10, "shed: {every: 2s, timeout: 3s}",
		  "10: shed.timeout: is longer than `every`: the next one would begin before "
		  "this one has ended" },
		{ "round-trip time by POP", 10, POLICY_OF("draw: rtt, locate: pop"),
		  "10: policies[].draw: near goes by round-trip time and has `locate: pop`, by "
		  "which clients are nowhere: leave one of them out" },
		{ "last resort that nobody sees", 10,
		  POLICY_OF("last_resort: [fra], all_out: servfail"),
		  "10: policies[].last_resort: near has another `all_out`, so nobody would get "
		  "there: leave one of them out" },
		{ "policy", 10, REGION POLICY "steer: [{name: www.example.com, policy: neer}]",
		  "12: steer[].policy: \"neer\" is not among `policies`; did you mean near?" },
		{ "wildcard below", 10,
		  REGION POLICY "steer: [{name: \"a.*.example.com\", policy: near}]",
		  "12: steer[].name: \"a.*.example.com\" is not a domain name" },
		{ "a star", 10, REGION POLICY "steer: [{name: \"*.\", policy: near}]",
		  "12: steer[].name: \"*.\" is not a domain name" },
		{ "zone", 10, REGION POLICY "steer: [{name: www.example.org, policy: near}]",
		  "12: steer[].name: www.example.org. is in none of `dns.zones`" },
		{ "members", 10,
		  REGION POLICY "steer: [{name: www.example.com, policy: near, members: www}]",
		  "12: steer[].members: has no {pop} in it: all POPs would have the same records" },
		{ "variants of nobody", 9,
		  "dns: {zones: [{name: example.com, file: example.zone, variants: \"{pop}.z\"}]}",
		  "9: dns.zones[].variants: no name of example.com. is steered: leave it out" },
		{ "key of nobody", 9,
		  "dns: {zones: [{name: example.com, file: example.zone, sign_key: fleet.key}]}",
		  "9: dns.zones[].sign_key: no name of example.com. is steered: leave it out" },
		{ "variants and a key", 9,
		  "dns: {zones: [{name: example.com, file: example.zone, variants: \"{pop}.z\", "
		  "sign_key: fleet.key}]}\n" REGION POLICY
		  "steer: [{name: www.example.com, policy: near}]",
		  "9: dns.zones[].sign_key: example.com. has `variants`, too: take one away" },
		{ "variants alike", 9,
		  "dns: {zones: [{name: example.com, file: example.zone, variants: v.z}]}\n" REGION
			  POLICY "steer: [{name: www.example.com, policy: near}]",
		  "9: dns.zones[].variants: has no {pop} in it: the records of each POP are signed "
		  "in a file of their own" },
	};

	EXPECT_ALL(cases);
	write_base(10, REGION POLICY "steer:\n- {name: www.example.com, policy: near}\n"
				     "- {name: WWW.example.com., policy: near}");
	expect_errors("name twice", -EINVAL,
		      "14: steer[].name: www.example.com. is taken already, on line 13");
}

static void test_config_steering_is_read(void)
{
	struct config_errors errors;
	const struct config_policy *policy;
	struct config *config;

	write_base(10, "geo: {databases: [{name: c, file: c.mmdb}]}\n"
		       "regions:\n"
		       "- {name: eu, continents: EU, countries: [TR, GE], asns: [AS64500, 64501],\n"
		       "   subdivisions: [US-CA], networks: [192.0.2.0/24, \"2001:db8::/32\"]}\n"
		       "policies:\n"
		       "- name: near\n"
		       "  rules: {eu: [fra, {nyc: 3}]}\n"
		       "  default: [[nyc, fra]]\n"
		       "steer: [{name: WWW.example.com, policy: near, ttl: 1m}, "
		       "{name: \"*.CDN.example.com\", policy: near}]");
	if (!is_int(config_load(path, &config, &errors), 0, "a good file"))
		return;
	is_int(config->regions[0].continents.nr, 1, "a single value is a list of one");
	is_str(config->regions[0].countries.list[1].text, "GE", "countries");
	is_int(config->regions[0].asns.list[0], 64500, "AS and a number");
	is_int(config->regions[0].networks.list[1].bits, 32, "networks");
	policy = &config->policies[0];
	is_str(policy->rules.text, "eu: fra, nyc=3", "rules as text");
	is_int(policy->rules.list[0].pops.nr, 2, "a rule's choices");
	is_int(policy->rules.list[0].pops.list[1].weight, 3, "a weight");
	is_int(policy->rules.list[0].pops.list[1].rank, 1, "a rank");
	is_int(policy->fallback.list[1].rank, 0, "a group has one rank");
	is_int(policy->fallback.list[0].pop, 1, "and POPs in its order");
	is_str(config->steered[0].name, "www.example.com.", "a steered name");
	is_str(config->steered[1].name, "*.cdn.example.com.", "a wildcard");
	is_int(config->steered[0].ttl_s, 60, "a TTL");
	is_str(config->steered[0].members, "{name}.{pop}", "members by default");
	is_int(config->steered[0].ecs, true, "ECS by default");
	config_free(config);
}

/* Of two POPs the first has an address that can be asked. */
#define SERVICE	    "pops: [{name: fra, service: [192.0.2.10]}, {name: nyc}]\n"
#define CHECK(what) SERVICE "health: {checks: [{name: web, " what "}]}"

static void test_config_health_mistakes_have_their_place(void)
{
	static const struct bad_line cases[] = {
		{ "no kind", 4, CHECK("port: 80"),
		  "5: health.checks[].by: is missing (how it is asked: `http`, `https`: a GET "
		  "request; `tcp`: a connection; `command`: a program that ends with exit code "
		  "0)" },
		{ "another kind", 4, CHECK("by: ping"),
		  "5: health.checks[].by: \"ping\" is none of http|https|tcp|command" },
		{ "no port", 4, CHECK("by: tcp"),
		  "5: health.checks[].port: web is asked `by: tcp`, which needs one" },
		{ "no command", 4, CHECK("by: command"),
		  "5: health.checks[].command: web is asked `by: command`, which needs one: "
		  "[/usr/bin/program, \"{address}\"]" },
		{ "a command without its place", 4, CHECK("by: command, command: [true, x]"),
		  "5: health.checks[].command: \"true?x\" is no absolute path of a program\n"
		  "5: health.checks[].command: web is asked `by: command`, which needs one: "
		  "[/usr/bin/program, \"{address}\"]" },
		{ "what a kind does not take", 4, CHECK("by: tcp, port: 80, path: /, status: 200"),
		  "5: health.checks[].path: web is asked `by: tcp`, which has no such key: leave "
		  "it "
		  "out\n"
		  "5: health.checks[].status: web is asked `by: tcp`, which has no such key: leave "
		  "it out" },
		{ "authorities without TLS", 4, CHECK("by: http, ca_file: fleet.key"),
		  "5: health.checks[].ca_file: web is asked `by: http`, which has no such key: "
		  "leave it out" },
		{ "a path", 4, CHECK("by: http, path: index.html"),
		  "5: health.checks[].path: index.html is no path of a request: a slash first, no "
		  "blank and no #" },
		{ "a host", 4, CHECK("by: http, host: \"a b\""),
		  "5: health.checks[].host: \"a b\" is no name of a host" },
		{ "statuses", 4, CHECK("by: http, status: [200, 2000, 399-300, 99, 20x]"),
		  "5: health.checks[].status: \"2000\" is no status code of HTTP, such as 200 or "
		  "300-399\n"
		  "5: health.checks[].status: \"20x\" is no status code of HTTP, such as 200 or "
		  "300-399\n"
		  "5: health.checks[].status: \"399-300\" is no status code of HTTP, such as 200 "
		  "or "
		  "300-399\n"
		  "5: health.checks[].status: \"99\" is no status code of HTTP, such as 200 or "
		  "300-399" },
		{ "a time-out", 4, CHECK("by: http, every: 2s, timeout: 3s"),
		  "5: health.checks[].timeout: is longer than `every`: the next one would begin "
		  "before this one has ended" },
		{ "a POP that cannot be asked", 4, CHECK("by: http, pops: [fra, nyc]"),
		  "5: health.checks[].pops: nyc has no address that could be asked: give it "
		  "`service` on line 4" },
		{ "a POP that is not there", 4, CHECK("by: http, pops: [frb]"),
		  "5: health.checks[].pops: \"frb\" is not among `pops`; did you mean fra?" },
		{ "POPs with weights", 4, CHECK("by: http, pops: [{fra: 2}]"),
		  "5: health.checks[].pops: wants a plain list of POPs, without groups and "
		  "weights" },
		{ "nobody to be asked", 10, "health: {checks: [{name: web, by: http}]}",
		  "10: health.checks[]: web asks nobody: no POP has addresses in "
		  "`pops[].service`" },
		{ "an address that all have", 4,
		  "pops: [{name: fra, service: [192.0.2.53]}, {name: nyc}]",
		  "4: pops[].service: 192.0.2.53 is a VIP, which every POP has: name an address "
		  "that "
		  "only fra has" },
		{ "an address twice", 4,
		  "pops: [{name: fra, service: [192.0.2.10, 192.0.2.10, x]}, {name: nyc}]",
		  "4: pops[].service: \"192.0.2.10\" stands here twice\n"
		  "4: pops[].service: \"x\" is not an IPv4 or IPv6 address" },
		{ "more than there are", 4, SERVICE "health: {at_least: 3}",
		  " health.at_least: is more than there are `pops`: 2" },
	};

	EXPECT_ALL(cases);
}

static void test_config_health_is_read(void)
{
	struct config_errors errors;
	const struct config_check *check;
	struct config *config;

	write_base(4, SERVICE "health:\n"
			      "  checks:\n"
			      "  - {name: web, by: https, host: www.example.com, every: 2s}\n"
			      "  - {name: own, by: command, pops: [fra], addresses: any,\n"
			      "     command: [/bin/a, \"b, c\", \"{address}\", \"\"]}\n"
			      "  - {name: two, by: http, status: [200, 300-399], port: 8080}");
	if (!is_int(config_load(path, &config, &errors), 0, "a good file"))
		return;
	is_int(config->pops[0].service.nr, 1, "a service address");
	check = &config->checks[0];
	is_int(check->port, 443, "the port of https");
	is_str(check->path, "/", "a path");
	is_int(check->statuses.list[0].to, 200, "a status");
	is_int(check->timeout_s, 2, "a time-out is no longer than the time between");
	is_int(check->fall, 3, "fall");
	is_int(check->rise, 5, "rise");
	ok(config_check_covers(check, 0) && config_check_covers(check, 1), "all POPs");
	check = &config->checks[1];
	is_int(check->command.nr, 4, "arguments");
	is_str(check->command.list[1], "b, c", "with a comma and a blank");
	is_str(check->command.list[3], "", "and empty");
	ok(!check->command.list[4], "and an end");
	is_str(check->command.text, "/bin/a b, c {address} ", "as text");
	ok(check->any_address, "any address");
	ok(config_check_covers(check, 0) && !config_check_covers(check, 1), "one POP");
	check = &config->checks[2];
	is_int(check->port, 8080, "a port");
	is_int(check->statuses.list[1].to, 399, "statuses");
	is_int(check->timeout_s, 3, "a time-out");
	config_free(config);
}

static void test_config_rules_span_keys(void)
{
	static const struct bad_line cases[] = {
		{ "id too large", 7, "- {name: nyc1, id: 1024, pop: nyc, tunnel: 198.51.100.2}",
		  "7: nodes[].id: 1024 does not fit stamp.owner_bits 10: at most 1023" },
		{ "owner_bits too small", 10, "stamp: {owner_bits: 3}",
		  "10: stamp.owner_bits: \"3\" is out of range: 4 to 14" },
		{ "mixed families", 7, "- {name: nyc1, id: 2, pop: nyc, tunnel: \"2001:db8::2\"}",
		  "7: nodes[].tunnel: nyc1 is reached by another IP version than fra1, this node" },
		{ "VIP as tunnel", 7, "- {name: nyc1, id: 2, pop: nyc, tunnel: 192.0.2.53}",
		  "7: nodes[].tunnel: 192.0.2.53 is a VIP: a packet to it may land anywhere" },
		{ "zones without a VIP", 3, "vips: [{address: 192.0.2.53, dns: no}]",
		  "9: dns.zones: nobody would be asked for them: every VIP says `dns: false`" },
		{ "too many successors", 10,
		  "drain: {successors: [a1, a2, a3, a4, a5, a6, a7, a8, nyc1]}",
		  "10: drain.successors: has 9 entries; at most 8 fit\n"
		  "10: drain.successors[]: \"a1\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a2\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a3\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a4\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a5\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a6\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a7\" is not among `nodes`\n"
		  "10: drain.successors[]: \"a8\" is not among `nodes`" },
	};

	EXPECT_ALL(cases);
}

static void test_config_all_errors_in_one_pass(void)
{
	static const char text[] = "node: fra1\n"
				   "interfaces: [eth0]\n"
				   "vips: [{adress: 192.0.2.53}]\n"
				   "pops: [{name: fra}]\n"
				   "nodes: [{name: fra1, id: 99, pop: fro, tunnel: 198.51.100.1}]\n"
				   "stamp: {owner_bits: 4, clock: swiss}\n"
				   "tunnel: {port: 0}\n"
				   "sate: {}\n"
				   "keys: {file: /dev/null}\n";

	write_file("anydoor.yaml", text, strlen(text));
	expect_errors("nine mistakes", -EINVAL,
		      "3: vips[].address: is missing (IPv4 or IPv6 address of the VIP)\n"
		      "3: vips[].adress: unknown key; did you mean vips[].address?\n"
		      "5: nodes[].id: 99 does not fit stamp.owner_bits 4: at most 15\n"
		      "5: nodes[].pop: \"fro\" is not among `pops`; did you mean fra?\n"
		      "6: stamp.clock: \"swiss\" is none of synchronised|any\n"
		      "7: tunnel.port: \"0\" is out of range: 1 to 65535\n"
		      "8: sate: unknown key; did you mean state?\n"
		      "9: keys.file: /dev/null: not a regular file (key file of the fleet, made "
		      "once by `anydoor keygen`, the same on every node)");
}

static void test_config_not_yaml_has_a_place(void)
{
	static const struct {
		const char *what, *text, *expected;
	} cases[] = {
		{ "unclosed", "a: [1\nb: 2\n",
		  "2: not YAML: did not find expected ',' or ']', "
		  "while parsing a flow sequence" },
		{ "tab", "a:\n\tb: 1\n",
		  "2: not YAML: found character that cannot start any token, "
		  "while scanning for the next token" },
		{ "bytes", "a: 1\nb: \xff\n", "2: not YAML: invalid leading UTF-8 octet" },
		{ "unknown alias", "a: *b\n", "1: not YAML: found undefined alias" },
		{ "empty", "", " is empty" },
		{ "comment alone", "# nothing\n", " is empty" },
		{ "two documents", "node: fra1\n---\nnode: fra1\n", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_errors errors;
		struct config *config;
		char *said;

		write_file("anydoor.yaml", cases[i].text, strlen(cases[i].text));
		is_int(config_load(path, &config, &errors), -EINVAL, "%s: refused", cases[i].what);
		said = gather(&errors);
		if (cases[i].expected)
			is_str(said, cases[i].expected, "%s: its place", cases[i].what);
		else
			ok(strstr(said, "3: a second YAML document"), "%s: told", cases[i].what);
		free(said);
		config_errors_free(&errors);
	}
}

static void test_config_unreadable_file_is_told(void)
{
	struct config_errors errors;
	struct config *config;

	is_int(config_load("/nonexistent/anydoor.yaml", &config, &errors), -ENOENT, "no file");
	is_str(errors.list[0].text, "/nonexistent/anydoor.yaml: No such file or directory", "told");
	config_errors_free(&errors);
	is_int(config_load("/tmp", &config, &errors), -EISDIR, "a directory");
	config_errors_free(&errors);
	is_int(config_load("/dev/zero", &config, &errors), -EINVAL, "an endless device");
	is_str(errors.list[0].text, "/dev/zero: not a regular file", "told");
	config_errors_free(&errors);
}

static void test_config_errors_have_an_end(void)
{
	struct config_errors errors;
	struct config *config;
	char text[8192];
	size_t used = 0;
	int i;

	for (i = 0; i < 500; i++)
		used += snprintf(text + used, sizeof(text) - used, "zz%03d: 1\n", i);
	write_file("anydoor.yaml", text, used);
	is_int(config_load(path, &config, &errors), -EINVAL, "500 unknown keys");
	is_int(errors.nr, CONFIG_ERRORS_MAX, "are not all listed");
	ok(strstr(errors.list[errors.nr - 1].text, "there is more"), "the last line says so");
	config_errors_free(&errors);
}

static struct config *load_good(const char *what)
{
	struct config_errors errors;
	struct config *config;
	int err = config_load(path, &config, &errors);

	if (!is_int(err, 0, "%s: loads", what)) {
		config_errors_log(&errors);
		exit(done_testing());
	}
	is_int(errors.nr, 0, "%s: no errors", what);
	config_errors_free(&errors);
	return config;
}

static void test_config_defaults(void)
{
	struct config *config;
	char text[128];

	write_base(0, NULL);
	config = load_good("the base file");
	is_str(config->self->name, "fra1", "self");
	is_int(config->self->state, CONFIG_NODE_UP, "nodes are up");
	is_int(config->self->mtu, 0, "mtu by route");
	ok(config->vips[0].tcp && config->vips[0].dns, "VIPs pin TCP and answer DNS");
	is_int(config->owner_bits, 10, "owner_bits");
	is_int(config->clock, CONFIG_CLOCK_REQUIRE_SYNC, "clock");
	is_int(config->timestamps, CONFIG_SYSCTL_CHECK, "tcp_timestamps");
	is_int(config->key_epoch, 0, "epoch");
	is_int(config->tunnel_port, 6081, "port");
	ok(config->tunnel_overhead_auto, "overhead is automatic");
	is_int(config->tunnel_overhead, 64, "overhead over IPv4");
	is_int(config->flow_max, 1 << 20, "flows.max");
	is_int(config->flow_idle_s, 600, "flows.idle");
	ok(!config->dns_unserved_pass, "unserved names are refused");
	is_str(config->nsid, "fra.fra1", "nsid");
	is_int(config->dns_udp_size, 1232, "udp_size");
	is_int(config->dns_tcp_max, 16384, "tcp_max");
	is_int(config->dns_tcp_idle_s, 10, "tcp_idle");
	is_int(config->nr_successors, 0, "no successors");
	is_int(config->nr_neighbours, 0, "no neighbours");
	ok(config->metrics.on, "metrics are on");
	is_int(config->metrics.port, 9911, "metrics port");
	is_str(addr_format(&config->metrics.address, text), "127.0.0.1", "metrics address");
	is_int(config->xdp_mode, CONFIG_XDP_AUTO, "xdp.mode");
	ok(config->xdp_dispatcher, "xdp.dispatcher");
	is_str(config->bpffs, "/sys/fs/bpf/anydoor", "bpffs");
	is_str(config->run_dir, "/run/anydoor", "run");
	is_str(config->group, NULL, "no group");
	snprintf(text, sizeof(text), "%s/fleet.key", dir);
	is_str(config->key_file, text, "relative files start at the configuration's directory");
	config_free(config);
}

/* What the test below says of DNS. */
static void every_dns_key_has_its_value(const struct config *config)
{
	is_str(config->zones[0].name, "example.com.", "a zone's name is lower case and absolute");
	ok(config->dns_unserved_pass, "unserved names are passed");
	is_str(config->nsid, "no", "text is text, whatever YAML thinks of it");
	ok(config->dns_watch, "watch");
	is_int(config->dns_udp_size, 4096, "udp_size");
	is_int(config->dns_tcp_max, 100 << 10, "tcp_max");
	is_int(config->dns_tcp_idle_s, 60, "tcp_idle");
}

static void test_config_every_key_takes_its_value(void)
{
	static const char text[] =
		"state: {bpffs: /sys/fs/bpf/door/, run: /run/door, group: ops}\n"
		"xdp: {mode: generic, dispatcher: off}\n"
		"metrics: {listen: \"[2001:db8::1]:80\"}\n"
		"drain: {successors: [sin1, nyc1]}\n"
		"dns: {zones: [{name: Example.COM, file: example.zone}], unserved: pass, nsid: no, "
		"watch: yes, "
		"udp_size: 4096, tcp_max: 100K, tcp_idle: 1m}\n"
		"flows: {max: 33000, idle: 2h}\n"
		"tunnel: {port: 6082, mss_overhead: 130}\n"
		"keys: {file: fleet.key, epoch: 255}\n"
		"stamp: {owner_bits: 14, clock: any, tcp_timestamps: set}\n"
		"nodes:\n"
		"- {name: fra1, id: 16383, pop: fra, tunnel: \"2001:db8::1\", mtu: 1400}\n"
		"- {name: nyc1, id: 2, pop: nyc, tunnel: \"2001:db8::2\", state: draining, mtu: "
		"route}\n"
		"- {name: sin1, id: 3, pop: nyc, tunnel: \"2001:db8::3\", state: down}\n"
		"pops: [{name: nyc}, {name: fra}]\n"
		"vips: [{address: 192.0.2.1, tcp: off, dns: yes}, {address: 192.0.2.2, dns: "
		"false}]\n"
		"interfaces: [eth0, eth1.100]\n"
		"node: fra1\n";
	char address[ADDR_TEXT];
	struct config *config;

	write_file("anydoor.yaml", text, strlen(text));
	config = load_good("every key, in reverse order");
	is_int(config->self->id, 16383, "self is found behind its node");
	is_str(config_pop_name(config, config->self->pop), "fra", "and so is its POP");
	is_int(config->self->mtu, 1400, "mtu");
	is_int(config->nodes[1].state, CONFIG_NODE_DRAINING, "draining");
	is_int(config->nodes[1].mtu, 0, "mtu: route");
	is_int(config->nodes[2].state, CONFIG_NODE_DOWN, "down");
	is_int(config->nodes[2].line, 13, "a node knows its line");
	ok(!config->vips[0].tcp && config->vips[0].dns, "first VIP");
	ok(config->vips[1].tcp && !config->vips[1].dns, "second VIP");
	is_str(config->interfaces[1], "eth1.100", "interfaces");
	is_int(config->owner_bits, 14, "owner_bits");
	is_int(config->clock, CONFIG_CLOCK_ACCEPT_UNSYNC, "clock");
	is_int(config->timestamps, CONFIG_SYSCTL_SET, "tcp_timestamps");
	is_int(config->key_epoch, 255, "epoch");
	is_int(config->tunnel_port, 6082, "port");
	is_int(config->tunnel_overhead, 130, "overhead");
	ok(!config->tunnel_overhead_auto, "is as told");
	is_int(config->flow_max, 65536, "flows.max, rounded up to a power of two");
	is_int(config->flow_idle_s, 7200, "flows.idle");
	every_dns_key_has_its_value(config);
	is_int(config->nr_successors, 2, "successors");
	is_int(config->successors[0], 3, "in their order");
	is_int(config->successors[1], 2, "as ids");
	is_str(addr_format(&config->metrics.address, address), "2001:db8::1", "metrics address");
	is_int(config->metrics.port, 80, "metrics port");
	is_int(config->xdp_mode, CONFIG_XDP_GENERIC, "xdp.mode");
	ok(!config->xdp_dispatcher, "xdp.dispatcher");
	is_str(config->bpffs, "/sys/fs/bpf/door", "no slash at a directory's end");
	is_str(config->run_dir, "/run/door", "run");
	is_str(config->group, "ops", "group");
	config_free(config);
}

static void test_config_limits(void)
{
	struct config *config;
	char text[128];

	write_base(0, NULL);
	config = load_good("nothing said of limits");
	is_int(config->limit.rates[AD_DNS_CLASS_ANSWER], 0, "no rate");
	is_int(config->limit.rates[AD_DNS_CLASS_ERROR], 0, "nor of errors");
	is_int(config->cookies, AD_DNS_COOKIES_ON, "cookies are given");
	is_str(config->cookie_secrets, NULL, "by the fleet's key");
	config_free(config);
	write_base(
		9,
		"dns: {cookies: required, cookie_secrets: fleet.key, limit: {rate: 200, "
		"errors: off, nxdomains: 50, slip: 3, window: 1m, ip4_prefix: 32, ip6_prefix: "
		"64, exempt: [192.0.2.0/24, \"2001:db8::/33\", 198.51.100.1], exempt_cookies: no, "
		"log_only: yes, table: 64K}}");
	config = load_good("all of it");
	is_int(config->limit.rates[AD_DNS_CLASS_ANSWER], 200, "rate");
	is_int(config->limit.rates[AD_DNS_CLASS_REFERRAL], 200, "is that of referrals too");
	is_int(config->limit.rates[AD_DNS_CLASS_NODATA], 200, "and of no data");
	is_int(config->limit.rates[AD_DNS_CLASS_NXDOMAIN], 50, "unless told otherwise");
	is_int(config->limit.rates[AD_DNS_CLASS_ERROR], 0, "or off");
	is_int(config->limit.slip, 3, "slip");
	is_int(config->limit.window_s, 60, "window");
	is_int(config->limit.ip4_prefix, 32, "ip4_prefix");
	is_int(config->limit.ip6_prefix, 64, "ip6_prefix");
	is_int(config->limit.nr_exempt, 3, "exempt");
	is_int(config->limit.exempt[0].bits, 96 + 24, "lengths are of all 128 bits");
	is_int(config->limit.exempt[1].bits, 33, "over both families");
	is_int(config->limit.exempt[2].bits, 128, "none is one address");
	ok(!config->limit.exempt_cookies && config->limit.log_only, "the rest");
	is_int(config->limit.table, 65536, "table");
	is_int(config->cookies, AD_DNS_COOKIES_REQUIRED, "cookies");
	snprintf(text, sizeof(text), "%s/fleet.key", dir);
	is_str(config->cookie_secrets, text, "cookie_secrets");
	config_free(config);
}

static void test_config_absent_parts(void)
{
	struct config *config;

	write_base(9, "dns:");
	config = load_good("an empty section");
	ok(!config->vips[0].dns, "without zones nobody answers DNS");
	config_free(config);
	write_base(10, "metrics: {listen: off}");
	config = load_good("metrics off");
	ok(!config->metrics.on, "are off");
	config_free(config);
	write_base(10, "tunnel: {mss_overhead: auto}");
	config = load_good("overhead: auto");
	is_int(config->tunnel_overhead, 64, "is by family");
	config_free(config);
	write_base(10, "tunnel: {mss_overhead: 0}");
	config = load_good("overhead: 0");
	is_int(config->tunnel_overhead, 0, "is no clamp");
	config_free(config);
}

/* Whatever is wrong with it, an instance must be found. */
static void test_config_places_of_a_broken_file(void)
{
	static const struct {
		const char *name, *instead, *bpffs, *run;
	} cases[] = {
		{ "a wrong key", "state: {bpffs: /b, run: /r}\nstaet: 1", "/b", "/r" },
		{ "a wrong section", "state: {run: /r}\ndns: [1]", "/sys/fs/bpf/anydoor", "/r" },
		{ "a wrong place", "state: {bpffs: /b, run: here}", "/b", "/run/anydoor" },
		{ "no YAML", "state: {bpffs: /b", "/sys/fs/bpf/anydoor", "/run/anydoor" },
	};
	struct config_errors errors;
	struct config *config;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_base(10, cases[i].instead);
		is_int(config_load_places(path, &config, &errors), -EINVAL, "%s", cases[i].name);
		ok(errors.nr, "is told");
		is_str(config->bpffs, cases[i].bpffs, "bpffs");
		is_str(config->run_dir, cases[i].run, "run");
		ok(!config->nr_nodes && !config->nr_vips && !config->group, "and no more");
		config_errors_free(&errors);
		config_free(config);
	}
	is_int(config_load_places("/nowhere/anydoor.yaml", &config, &errors), -ENOENT, "no file");
	is_str(config->bpffs, "/sys/fs/bpf/anydoor", "bpffs");
	is_str(config->path, "/nowhere/anydoor.yaml", "path");
	config_errors_free(&errors);
	config_free(config);
	write_base(10, "state: {bpffs: /b}");
	is_int(config_load_places(path, &config, &errors), 0, "a good file");
	ok(config->nr_nodes, "is all there");
	config_free(config);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/anydoor.yaml", dir);
	write_file("fleet.key", "", 0);
	write_file("example.zone", "", 0);
	make_directory("zones");
	test_config_defaults();
	test_config_every_key_takes_its_value();
	test_config_limits();
	test_config_absent_parts();
	test_config_places_of_a_broken_file();
	test_config_unknown_key_names_the_nearest();
	test_config_wrong_type_is_told();
	test_config_numbers_are_bounded();
	test_config_bad_text_is_refused();
	test_config_missing_is_told();
	test_config_twins_are_told();
	test_config_references_are_checked();
	test_config_rules_span_keys();
	test_config_steering_mistakes_have_their_place();
	test_config_steering_is_read();
	test_config_health_mistakes_have_their_place();
	test_config_health_is_read();
	test_config_all_errors_in_one_pass();
	test_config_not_yaml_has_a_place();
	test_config_unreadable_file_is_told();
	test_config_errors_have_an_end();
	clean_up();
	return done_testing();
}
