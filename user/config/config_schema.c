// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_schema.c: every key of the configuration file, and the text that documents them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_schema.h"
#include "maps/dns.h"
#include "user/base/nearest.h"

#define IN(type, member)                                                                           \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)NULL)->member)
#define LIST_OF(type, member, count)                                                               \
	.offset = offsetof(struct config, member), .count_offset = offsetof(struct config, count), \
	.item_size = sizeof(type)

/*
 * The flow table's slots have 16 bits of seconds. Half of that range is the past, the other half
 * the future.
 */
#define IDLE_MAX_S 32400
#define RATE_MAX   100000
/* Debts are ticks of 31 bits (maps/dns_rules.h). */
#define WINDOW_MAX_S 600

#define HINT_MAX_S   86400
#define NOBODY_MAX_S 60
#define BUDGET_MAX   100000000 /* packets a second; beyond it a token is less than 10 ns */

/* A budget and its three rates. */
#define BUDGET_RATE(name, scope, class, which, value, what)                                        \
	{                                                                                          \
		"budgets." name "." scope, SCHEMA_COUNT, CHANGE_AT_ONCE,                           \
			.offset = offsetof(struct config, budgets[class][which]),                  \
			.size = sizeof(unsigned int), .min = 1, .max = BUDGET_MAX, .word = "none", \
			.fallback = value, .help = what                                            \
	}
#define BUDGET(name, class, all, node, prefix, what, with)                                         \
	{ "budgets." name, SCHEMA_MAP, .help = what },                                             \
		BUDGET_RATE(name, "all", class, AD_BUDGET_ALL, all, what ", in all"),              \
		BUDGET_RATE(name, "node", class, AD_BUDGET_NODE, node,                             \
			    what ", " with " one node (ids that are equal modulo 1024 share it)"), \
		BUDGET_RATE(name, "prefix", class, AD_BUDGET_PREFIX, prefix,                       \
			    what ", of clients in one /24 or /48 (networks of an equal 12-bit "    \
				 "hash share it)")
_Static_assert(AD_BUDGET_NODES == 1024 && AD_BUDGET_PREFIXES == 4096, "as the help says");

const struct schema_row config_schema[] = {
	{ "node", SCHEMA_NODE, CHANGE_NO_FLOWS, .required = true, IN(config, self),
	  .later = later_self, .help = "name of this machine in `nodes`" },
	{ "interfaces", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "interface", .required = true,
	  LIST_OF(char *, interfaces, nr_interfaces), .min = 1, .max = CONFIG_INTERFACES_MAX,
	  .help = "interfaces by which packets for the VIPs come in and replies leave" },
	{ "interfaces[]", SCHEMA_NAME, .unique = true, .size = sizeof(char *), .max = IFNAMSIZ - 1,
	  .word = "lo", .later = later_loopback, .help = "name of an interface" },

	{ "vips", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "vip", .required = true,
	  LIST_OF(struct config_vip, vips, nr_vips), .min = 1, .max = AD_VIP_MAX,
	  .help = "anycast service addresses (VIPs), the same on every node" },
	{ "vips[]", SCHEMA_MAP, IN(config_vip, line), .help = "one VIP" },
	{ "vips[].address", SCHEMA_ADDRESS, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_vip, address), .help = "IPv4 or IPv6 address of the VIP" },
	{ "vips[].tcp", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config_vip, tcp), .fallback = "true",
	  .help = "lead TCP flows to this VIP to the node that owns them" },
	{ "vips[].dns", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config_vip, dns),
	  .says = "true if there are zones", .later = later_vip_dns,
	  .help = "answer port 53 of this VIP" },

	{ "pops", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "pop", .ordered = true, .required = true,
	  LIST_OF(struct config_pop, pops, nr_pops), .min = 1, .max = CONFIG_POPS_MAX,
	  .help = "sites (POPs) of the fleet; their order is a ring: neighbours in it are taken "
		  "for near" },
	{ "pops[]", SCHEMA_MAP, IN(config_pop, line), .help = "one POP" },
	{ "pops[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_pop, name), .max = CONFIG_NAME_MAX, .help = "name of the POP" },
	{ "pops[].at", SCHEMA_COORDINATES, CHANGE_AT_ONCE, IN(config_pop, at), .says = "none",
	  .help = "coordinates of the POP, degrees north and east such as [50.1, 8.7], for "
		  "policies with `draw: distance`" },
	{ "pops[].capacity", SCHEMA_COUNT, CHANGE_AT_ONCE, IN(config_pop, capacity), .min = 1,
	  .max = 1u << 30, .says = "none",
	  .help = "TCP connections that all nodes of the POP can hold together; a node that comes "
		  "near its part of them sheds clients of steered names, see `shed`" },
	{ "pops[].service", SCHEMA_ADDRESSES, CHANGE_AT_ONCE, IN(config_pop, service),
	  .max = CONFIG_SERVICE_MAX,
	  .help = "the POP's own unicast addresses, at which `health.checks` ask whether it "
		  "serves" },

	{ "nodes", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "node", .ordered = true, .required = true,
	  LIST_OF(struct config_node, nodes, nr_nodes), .min = 1,
	  .max = (1 << AD_OWNER_BITS_MAX) - 1, .word = "from bus",
	  .word_offset = offsetof(struct config, nodes_from_bus),
	  .help = "every machine of the fleet that runs anydoor, this one too; of a POP's other "
		  "nodes, the next in this order is asked first; `from bus`: this machine as "
		  "`self` "
		  "says, and those that the bus knows, in the order of their ids" },
	{ "nodes[]", SCHEMA_MAP, IN(config_node, line), .help = "one node" },
	{ "nodes[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_node, name), .max = CONFIG_NAME_MAX, .help = "name of the node" },
	{ "nodes[].id", SCHEMA_NUMBER, CHANGE_NO_FLOWS, .required = true, .unique = true,
	  IN(config_node, id), .min = 1, .max = (1 << AD_OWNER_BITS_MAX) - 1,
	  .help = "number of the node in stamps: below 2^`stamp.owner_bits`, the same in every "
		  "node's file; never give it to another node while flows of this one live" },
	{ "nodes[].pop", SCHEMA_POP, CHANGE_AT_ONCE, .required = true, IN(config_node, pop),
	  .later = later_pop, .help = "name of the POP where the node stands" },
	{ "nodes[].tunnel", SCHEMA_ADDRESS, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_node, tunnel),
	  .help = "the node's own unicast address, to which other nodes send tunnelled packets; no "
		  "VIP, no NAT between" },
	{ "nodes[].state", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config_node, state),
	  .choices = "up|draining|down", .fallback = "up",
	  .help = "state of the node: `draining` gets no new flows from other nodes, `down` gets "
		  "no packets at all" },
	{ "nodes[].mtu", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config_node, mtu), .min = 1280,
	  .max = 65535, .word = "route", .fallback = "route",
	  .help = "MTU of the path to the node; `route`: as the route says" },

	{ "self", SCHEMA_MAP, IN(config, own.line),
	  .help = "this machine, with `nodes: from bus`; other nodes hear it by the bus" },
	{ "self.id", SCHEMA_NUMBER, CHANGE_NO_FLOWS, IN(config, own.id), .min = 1,
	  .max = (1 << AD_OWNER_BITS_MAX) - 1, .says = "none",
	  .help = "as `nodes[].id`; needed with `nodes: from bus`" },
	{ "self.pop", SCHEMA_POP, CHANGE_AT_ONCE, IN(config, own.pop), .says = "none",
	  .later = later_own_pop, .help = "as `nodes[].pop`; needed with `nodes: from bus`" },
	{ "self.tunnel", SCHEMA_ADDRESS, CHANGE_AT_ONCE, IN(config, own.tunnel), .says = "none",
	  .help = "as `nodes[].tunnel`; needed with `nodes: from bus`" },
	{ "self.mtu", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, own.mtu), .min = 1280, .max = 65535,
	  .word = "route", .fallback = "route",
	  .help = "as `nodes[].mtu`; those that take their nodes from the bus use it" },

	{ "stamp", SCHEMA_MAP, .help = "how flows carry their owner" },
	{ "stamp.owner_bits", SCHEMA_NUMBER, CHANGE_NO_FLOWS, IN(config, owner_bits),
	  .min = AD_OWNER_BITS_MIN, .max = AD_OWNER_BITS_MAX, .fallback = "10",
	  .help = "bits of a stamp that hold the owner's id, the same on every node; each bit more "
		  "halves how long a silent flow is known by its stamp (10: 135 minutes)" },
	{ "stamp.clock", SCHEMA_CHOICE, CHANGE_ATTACH, IN(config, clock),
	  .choices = "synchronised|any", .fallback = "synchronised",
	  .help = "`synchronised`: load the data path only while the kernel says that its clock is "
		  "synchronised; `any`: load it anyway" },
	{ "stamp.tcp_timestamps", SCHEMA_CHOICE, CHANGE_ATTACH, IN(config, timestamps),
	  .choices = "check|set", .fallback = "check",
	  .help = "what to do if the sysctl net.ipv4.tcp_timestamps is not 2: `check` refuses to "
		  "start, `set` sets it until detach" },

	{ "keys", SCHEMA_MAP, .help = "the fleet's secret" },
	{ "keys.file", SCHEMA_FILE, CHANGE_NO_FLOWS, IN(config, key_file), .fallback = "fleet.key",
	  .help = "key file of the fleet, made once by `anydoor keygen`, the same on every node" },
	{ "keys.epoch", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, key_epoch), .max = 255,
	  .fallback = "0",
	  .help = "number of the tunnel's key: count it up by one, on one node after the other, to "
		  "change the key, or have `anydoor keys rotate` do it by the bus: the higher of "
		  "both "
		  "counts; a node accepts the epoch before its own and the next one; after four "
		  "steps no key of before is accepted" },

	{ "tunnel", SCHEMA_MAP, .help = "how shifted packets travel to their owner" },
	{ "tunnel.port", SCHEMA_NUMBER, CHANGE_PROGRAMS, IN(config, tunnel_port), .min = 1,
	  .max = 65535, .fallback = "6081",
	  .help = "UDP port of the tunnel (Geneve), the same on every node" },
	{ "tunnel.mss_overhead", SCHEMA_NUMBER, CHANGE_PROGRAMS, IN(config, tunnel_overhead),
	  .max = 500, .word = "auto", .says = "auto", .later = later_overhead,
	  .help = "bytes taken off the MSS in our SYN-ACKs so that tunnelled segments fit the "
		  "path; `auto` is 64 over IPv4 and 84 over IPv6; use more if IPsec lies beneath; "
		  "0 clamps nothing" },

	{ "flows", SCHEMA_MAP, .help = "the flow table" },
	{ "flows.max", SCHEMA_COUNT, CHANGE_PROGRAMS, IN(config, flow_max), .min = AD_FLOW_MAX_MIN,
	  .max = AD_FLOW_MAX_MAX, .fallback = "1M",
	  .help = "flows that the flow table can hold, 72 bytes each; rounded up to a power of "
		  "two" },
	{ "flows.idle", SCHEMA_SECONDS, CHANGE_PROGRAMS, IN(config, flow_idle_s), .min = 1,
	  .max = IDLE_MAX_S, .fallback = "10m",
	  .help = "silence after which a flow's entry in the flow table may be given to another "
		  "flow" },

	{ "dns", SCHEMA_MAP, .help = "what is answered on port 53" },
	{ "dns.zones", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "zone",
	  LIST_OF(struct config_zone, zones, nr_zones), .max = CONFIG_ZONES_MAX,
	  .help = "zones that this fleet is authoritative for" },
	{ "dns.zones[]", SCHEMA_MAP, IN(config_zone, line), .help = "one zone" },
	{ "dns.zones[].name", SCHEMA_ZONE, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_zone, name), .help = "name of the zone's apex" },
	{ "dns.zones[].file", SCHEMA_FILE, CHANGE_AT_ONCE, .required = true, .may_lack = true,
	  IN(config_zone, file),
	  .help = "file with the zone's records, in the format of RFC 1035" },
	{ "dns.zones[].variants", SCHEMA_FILE, CHANGE_AT_ONCE, .may_lack = true,
	  IN(config_zone, variants), .says = "none",
	  .help = "files with the steered names of a signed zone, signed once for each POP: "
		  "`{pop}` stands for its name; `anydoor variants` writes what is to be signed" },
	{ "dns.zones[].sign_key", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config_zone, sign_key),
	  .says = "none",
	  .help = "file with a private key of the signed zone, in PEM or as ldns and BIND write "
		  "it, by which the node signs the steered names itself; mode 0600" },
	{ "dns.zones[].sign_for", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config_zone, sign_s),
	  .min = 60, .max = 31536000, .fallback = "14d",
	  .help = "how long signatures by `sign_key` are good; they are made anew when a quarter "
		  "of that is left" },
	{ "dns.include_dir", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, include_dir), .says = "none",
	  .help = "directory whose files zone files may $INCLUDE, beside those below their own "
		  "directory" },
	{ "dns.watch", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config, dns_watch), .fallback = "false",
	  .help = "load a zone again when its file, or one that it includes, changes; and likewise "
		  "what steering reads, `geo.databases` and `regions[].network_file`" },
	{ "dns.unserved", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config, dns_unserved_pass),
	  .choices = "refuse|pass", .fallback = "refuse",
	  .help = "what to do with queries for names of no zone here: `refuse` answers REFUSED, "
		  "`pass` leaves them to a nameserver on this host" },
	{ "dns.nsid", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config, nsid), .min = 1,
	  .max = CONFIG_NSID_MAX, .says = "`<pop>.<node>`", .later = later_nsid,
	  .help = "text by which answers tell which node gave them (NSID, RFC 5001)" },
	{ "dns.udp_size", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, dns_udp_size), .min = 512,
	  .max = 4096, .fallback = "1232", .help = "bytes of the largest answer over UDP" },
	{ "dns.tcp_max", SCHEMA_COUNT, CHANGE_AT_ONCE, IN(config, dns_tcp_max), .min = 1,
	  .max = 1 << 20, .fallback = "16K",
	  .help = "open connections to TCP port 53; one more closes the one that has been silent "
		  "longest" },
	{ "dns.tcp_idle", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, dns_tcp_idle_s), .min = 1,
	  .max = 3600, .fallback = "10s",
	  .help = "silence after which a connection to TCP port 53 is closed" },

	{ "dns.cookies", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config, cookies),
	  .choices = "off|on|required", .fallback = "on",
	  .help = "DNS cookies (RFC 7873): `on` gives them to clients that ask for them; "
		  "`required` also answers UDP clients that know cookies only with a valid one; "
		  "clients without cookies are answered either way" },
	{ "dns.cookie_secrets", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, cookie_secrets),
	  .says = "by `keys.file`",
	  .help = "file with one or two secrets for DNS cookies, each a line of 32 hexadecimal "
		  "digits (RFC 9018), the one in use first, to share cookies with BIND, Knot or "
		  "NSD; mode 0600" },
	{ "dns.limit", SCHEMA_MAP,
	  .help = "how often one client network is told the same over UDP" },
	{ "dns.limit.rate", SCHEMA_NUMBER, CHANGE_PROGRAMS,
	  IN(config, limit.rates[AD_DNS_CLASS_ANSWER]), .min = 1, .max = RATE_MAX, .word = "off",
	  .fallback = "off",
	  .help = "answers a second over UDP for one name to one client network" },
	{ "dns.limit.referrals", SCHEMA_NUMBER, CHANGE_PROGRAMS,
	  IN(config, limit.rates[AD_DNS_CLASS_REFERRAL]), .min = 1, .max = RATE_MAX, .word = "off",
	  .says = "as `rate`", .later = later_rate,
	  .help = "referrals a second over UDP from one zone to one client network" },
	{ "dns.limit.nodata", SCHEMA_NUMBER, CHANGE_PROGRAMS,
	  IN(config, limit.rates[AD_DNS_CLASS_NODATA]), .min = 1, .max = RATE_MAX, .word = "off",
	  .says = "as `rate`", .later = later_rate,
	  .help = "answers a second over UDP, from one zone to one client network, that a name has "
		  "no such data" },
	{ "dns.limit.nxdomains", SCHEMA_NUMBER, CHANGE_PROGRAMS,
	  IN(config, limit.rates[AD_DNS_CLASS_NXDOMAIN]), .min = 1, .max = RATE_MAX, .word = "off",
	  .says = "as `rate`", .later = later_rate,
	  .help = "answers a second over UDP, from one zone to one client network, that a name "
		  "does not exist" },
	{ "dns.limit.errors", SCHEMA_NUMBER, CHANGE_PROGRAMS,
	  IN(config, limit.rates[AD_DNS_CLASS_ERROR]), .min = 1, .max = RATE_MAX, .word = "off",
	  .says = "as `rate`", .later = later_rate,
	  .help = "all other answers a second over UDP to one client network: REFUSED, FORMERR" },
	{ "dns.limit.slip", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, limit.slip), .max = 100,
	  .fallback = "2",
	  .help = "one in so many of the DNS answers over a rate limit is sent, truncated, so that "
		  "the client uses TCP or a cookie; 0 drops all" },
	{ "dns.limit.window", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, limit.window_s), .min = 1,
	  .max = WINDOW_MAX_S, .fallback = "15s",
	  .help = "how long a client network that does not stop asking stays over a DNS rate "
		  "limit" },
	{ "dns.limit.ip4_prefix", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, limit.ip4_prefix),
	  .min = 8, .max = 32, .fallback = "24",
	  .help = "bits of an IPv4 address that make one client network for DNS rate limits" },
	{ "dns.limit.ip6_prefix", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, limit.ip6_prefix),
	  .min = 16, .max = 64, .fallback = "56",
	  .help = "bits of an IPv6 address that make one client network for DNS rate limits" },
	{ "dns.limit.exempt", SCHEMA_LIST, CHANGE_AT_ONCE,
	  LIST_OF(struct config_prefix, limit.exempt, limit.nr_exempt), .max = AD_DNS_EXEMPT_MAX,
	  .help = "client networks that DNS rate limits do not apply to" },
	{ "dns.limit.exempt[]", SCHEMA_PREFIX, .unique = true, .size = sizeof(struct config_prefix),
	  .help = "a network, such as 192.0.2.0/24" },
	{ "dns.limit.exempt_cookies", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config, limit.exempt_cookies),
	  .fallback = "true",
	  .help = "DNS rate limits do not apply to clients with a valid cookie either" },
	{ "dns.limit.log_only", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config, limit.log_only),
	  .fallback = "false",
	  .help = "only count the DNS answers that are over a rate limit, and send them" },
	{ "dns.limit.table", SCHEMA_COUNT, CHANGE_PROGRAMS, IN(config, limit.table), .min = 1 << 10,
	  .max = 64 << 20, .fallback = "1M",
	  .help = "pairs of client network and name that DNS rate limits can tell apart at a time, "
		  "8 bytes each; rounded up to a power of two" },

	{ "geo", SCHEMA_MAP, .help = "what tells where clients are" },
	{ "geo.databases", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "database", .ordered = true,
	  LIST_OF(struct config_database, databases, nr_databases), .max = CONFIG_DATABASES_MAX,
	  .help = "databases in MaxMind's format; a later one fills in what those before it do not "
		  "know of an address" },
	{ "geo.databases[]", SCHEMA_MAP, IN(config_database, line), .help = "one database" },
	{ "geo.databases[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_database, name), .max = CONFIG_NAME_MAX,
	  .help = "name of the database in messages and metrics" },
	{ "geo.databases[].file", SCHEMA_FILE, CHANGE_AT_ONCE, .required = true, .may_lack = true,
	  IN(config_database, file),
	  .help = "file of the database, MaxMind's format (.mmdb); replace it by `mv`, whole" },

	{ "regions", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "region",
	  LIST_OF(struct config_region, regions, nr_regions), .max = CONFIG_REGIONS_MAX,
	  .help = "parts of the world that policies tell apart; regions may overlap" },
	{ "regions[]", SCHEMA_MAP, IN(config_region, line), .help = "one region" },
	{ "regions[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_region, name), .max = CONFIG_NAME_MAX, .help = "name of the region" },
	{ "regions[].continents", SCHEMA_CONTINENTS, CHANGE_AT_ONCE, IN(config_region, continents),
	  .max = CONFIG_LIST_MAX, .help = "continents of the region: AF, AN, AS, EU, NA, OC, SA" },
	{ "regions[].countries", SCHEMA_COUNTRIES, CHANGE_AT_ONCE, IN(config_region, countries),
	  .max = CONFIG_LIST_MAX,
	  .help = "countries of the region, as two letters of ISO 3166-1, such as DE" },
	{ "regions[].subdivisions", SCHEMA_SUBDIVISIONS, CHANGE_AT_ONCE,
	  IN(config_region, subdivisions), .max = CONFIG_LIST_MAX,
	  .help = "states or provinces of the region, by ISO 3166-2, such as US-CA" },
	{ "regions[].asns", SCHEMA_ASNS, CHANGE_AT_ONCE, IN(config_region, asns),
	  .max = CONFIG_LIST_MAX, .help = "autonomous systems of the region, such as 64500" },
	{ "regions[].networks", SCHEMA_NETWORKS, CHANGE_AT_ONCE, IN(config_region, networks),
	  .max = CONFIG_LIST_MAX,
	  .help = "networks of the region, such as 192.0.2.0/24; IPv6 up to /64" },
	{ "regions[].network_file", SCHEMA_FILE, CHANGE_AT_ONCE, .may_lack = true,
	  IN(config_region, network_file), .says = "none",
	  .help = "file with more networks of the region, one a line, `#` starts a comment" },

	{ "policies", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "policy",
	  LIST_OF(struct config_policy, policies, nr_policies), .max = CONFIG_POLICIES_MAX,
	  .help = "which clients are sent to which POPs" },
	{ "policies[]", SCHEMA_MAP, IN(config_policy, line), .help = "one policy" },
	{ "policies[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_policy, name), .max = CONFIG_NAME_MAX, .help = "name of the policy" },
	{ "policies[].draw", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config_policy, draw),
	  .choices = "order|weighted|spread|distance|rtt", .fallback = "order",
	  .help = "how one of a list of POPs is drawn for a client network, always the same one: "
		  "`order`: of the first choice, by weight if it is several POPs, and of the next "
		  "one when they are out; `weighted`: of all POPs of the list by weight; `spread`: "
		  "as `order`, but the clients of a POP that is out are spread over all others by "
		  "weight; `distance`: as `order`, but clients in no region of `rules` get the "
		  "POPs of `default` in the order of their distance, by `pops[].at`; `rtt`: as "
		  "`order`, "
		  "but the POPs of each rule in the order of their measured round-trip times, "
		  "see `rtt`" },
	{ "policies[].locate", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config_policy, locate),
	  .choices = "ecs|resolver|pop", .fallback = "ecs",
	  .help = "by what a client's region is found: `ecs`: by the client's subnet if the "
		  "resolver tells it (RFC 7871), else by the resolver's address; `resolver`: by "
		  "that alone; `pop`: by the POP where the query arrives, which is then the first "
		  "choice, before `default`" },
	{ "policies[].rules", SCHEMA_RULES, CHANGE_AT_ONCE, IN(config_policy, rules),
	  .max = CONFIG_REGIONS_MAX, .later = later_rule,
	  .help = "the POPs of each region, the first choice first; an inner list of POPs, or "
		  "POPs with weights, are one choice; if a client is in several regions, the most "
		  "exact match decides: network (the longest), AS number, subdivision, country, "
		  "continent; then the first" },
	{ "policies[].default", SCHEMA_CHOICES, CHANGE_AT_ONCE, .required = true,
	  IN(config_policy, fallback), .max = AD_STEER_POPS_MAX, .later = later_choices,
	  .help = "POPs for clients in no region of `rules`" },
	{ "policies[].last_resort", SCHEMA_CHOICES, CHANGE_AT_ONCE, IN(config_policy, last_resort),
	  .max = AD_STEER_POPS_MAX, .says = "as `default`", .later = later_choices,
	  .help = "POPs that are answered when all those of a client's region are out, whatever "
		  "their own state is" },
	{ "policies[].all_out", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config_policy, all_out),
	  .choices = "last_resort|servfail|nodata", .fallback = "last_resort",
	  .help = "what is answered when all POPs for a client are out" },

	{ "steer", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "steered name",
	  LIST_OF(struct config_steered, steered, nr_steered), .max = CONFIG_STEERED_MAX,
	  .help = "names whose answer depends on where the client is" },
	{ "steer[]", SCHEMA_MAP, IN(config_steered, line), .help = "one steered name" },
	{ "steer[].name", SCHEMA_OWNER, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_steered, name),
	  .help = "the name, in one of `dns.zones`; `*.cdn.example.com`: all names below that are "
		  "not in the zone" },
	{ "steer[].policy", SCHEMA_POLICY, CHANGE_AT_ONCE, .required = true,
	  IN(config_steered, policy), .later = later_policy,
	  .help = "name of the policy that chooses its POP" },
	{ "steer[].members", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config_steered, members), .min = 1,
	  .max = 253, .fallback = "{name}.{pop}",
	  .help = "names in the zone that hold the records for each POP: `{pop}` stands for the "
		  "POP's name, `{name}` for the steered name, both without the zone's" },
	{ "steer[].ttl", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config_steered, ttl_s), .min = 1,
	  .max = 604800, .word = "members", .fallback = "members",
	  .help = "TTL of the answers; `members`: that of each member's records" },
	{ "steer[].doubt_ttl", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config_steered, doubt_ttl_s),
	  .min = 1, .max = 604800, .fallback = "10s",
	  .help = "largest TTL of an answer that names a POP whose state is in doubt" },
	{ "steer[].answers", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config_steered, answers), .min = 1,
	  .max = AD_DNS_STEER_ANSWERS, .fallback = "1",
	  .help = "POPs whose addresses are told at once: the one that is chosen, first, and "
		  "others "
		  "of its rank as far as there are any" },
	{ "steer[].ecs", SCHEMA_BOOL, CHANGE_AT_ONCE, IN(config_steered, ecs), .fallback = "true",
	  .help = "whether the client's subnet counts that a resolver tells (RFC 7871)" },

	{ "rtt", SCHEMA_MAP,
	  .help = "when measured round-trip times change the order of POPs, in "
		  "policies with `draw: rtt`" },
	{ "rtt.samples", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, rtt.samples), .min = 1,
	  .max = 1000000, .fallback = "50",
	  .help = "connections of a region to a POP from which on its round-trip time is known" },
	{ "rtt.margin", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, rtt.margin), .min = 1, .max = 90,
	  .fallback = "20",
	  .help = "percent by which a POP must be faster than one that stands before it to take "
		  "its place" },
	{ "rtt.hold", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, rtt.hold_s), .min = 1,
	  .max = 604800, .fallback = "10m",
	  .help = "how long the POPs of a rule stay in an order, at least" },
	{ "rtt.memory", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, rtt.memory_s), .min = 10,
	  .max = 2592000, .fallback = "1h",
	  .help = "after so long a connection counts half; with fewer than `samples` left the "
		  "round-trip time is not known any more" },
	{ "rtt.file", SCHEMA_FILE, CHANGE_AT_ONCE, .may_lack = true, IN(config, rtt.file),
	  .says = "none",
	  .help = "file with what nodes of other POPs have measured, as `anydoor rtt --json` "
		  "writes it; read again when it changes" },

	{ "flowlog", SCHEMA_MAP, IN(config, flowlog.line),
	  .help = "a line of JSON for each connection to a VIP that has ended, in `file` or to "
		  "`socket`; with neither there is no log" },
	{ "flowlog.file", SCHEMA_DIR, CHANGE_AT_ONCE, IN(config, flowlog.file), .max = 200,
	  .says = "none",
	  .help = "file that lines are appended to; made anew when it was moved away, and opened "
		  "anew by a reload and by SIGUSR1" },
	{ "flowlog.socket", SCHEMA_DIR, CHANGE_AT_ONCE, IN(config, flowlog.socket), .max = 107,
	  .says = "none", .help = "Unix socket that each line is sent to as a datagram" },
	{ "flowlog.one_in", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, flowlog.one_in), .min = 1,
	  .max = 1000000, .fallback = "1",
	  .help = "1: every connection is logged; 10: one in ten" },
	{ "flowlog.rate", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, flowlog.rate), .min = 1,
	  .max = 100000, .fallback = "1000",
	  .help = "lines a second at most; how many more there were is counted" },

	{ "shed", SCHEMA_MAP, IN(config, shed.line),
	  .help = "when a POP with a `capacity` sheds clients of steered names to other POPs" },
	{ "shed.from", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, shed.from), .min = 1, .max = 99,
	  .fallback = "70", .help = "percent of a POP's capacity from which on it sheds clients" },
	{ "shed.to", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, shed.to), .min = 2, .max = 100,
	  .fallback = "100",
	  .help = "percent of a POP's capacity at which it would shed all of them; between `from` "
		  "and `to` it sheds in proportion" },
	{ "shed.settle", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, shed.settle_s), .min = 12,
	  .max = 86400, .fallback = "2m",
	  .help = "how long it takes until fewer clients show in the number of connections: the "
		  "TTL of steered names, and how long connections live; too short, and a POP sheds "
		  "too many before it notices" },
	{ "shed.command", SCHEMA_ARGUMENTS, CHANGE_AT_ONCE, IN(config, shed.by.command),
	  .max = CONFIG_ARGUMENTS_MAX, .says = "none",
	  .help = "program, by its absolute path, and its arguments, run without a shell; it "
		  "prints how loaded this node's POP is as a whole, a number that counts as "
		  "`pops[].capacity` does, in the place of connections; `{pop}` stands for the "
		  "POP" },
	{ "shed.every", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, shed.by.every_s), .min = 1,
	  .max = 3600, .fallback = "10s", .help = "time between two runs of `command`" },
	{ "shed.timeout", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, shed.by.timeout_s), .min = 1,
	  .max = 60, .says = "3s, or `every` if that is less",
	  .help = "time after which a run of `command` is killed; at most `every`" },
	{ "health", SCHEMA_MAP, .help = "checks of the POPs that names are steered to" },
	{ "health.at_least", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, health_at_least),
	  .max = AD_STEER_POPS_MAX, .fallback = "0",
	  .help = "how many POPs health checks leave in service: if fewer would remain, what they "
		  "say is not believed, and the POPs that only they hold out get clients, too; 0: "
		  "the policies' `all_out` decides" },
	{ "health.unknown", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config, health_unknown),
	  .choices = "up|out", .fallback = "up",
	  .help = "what a POP is until its checks have answered, if nothing is remembered of it: "
		  "`up`: it gets clients, with `doubt_ttl`; `out`: it gets none before that" },
	{ "health.commands", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, health_commands), .min = 1,
	  .max = 64, .fallback = "8", .help = "how many commands of checks run at once" },
	{ "health.checks", SCHEMA_LIST, CHANGE_AT_ONCE, .item = "health check",
	  LIST_OF(struct config_check, checks, nr_checks), .max = CONFIG_CHECKS_MAX,
	  .help = "what is asked of the service addresses of POPs; a POP is up while it passes "
		  "all its checks" },
	{ "health.checks[]", SCHEMA_MAP, IN(config_check, line), .help = "one check" },
	{ "health.checks[].name", SCHEMA_NAME, CHANGE_AT_ONCE, .required = true, .unique = true,
	  IN(config_check, name), .max = CONFIG_NAME_MAX,
	  .help = "name of the check, by which its state is kept over a reload" },
	{ "health.checks[].by", SCHEMA_CHOICE, CHANGE_AT_ONCE, .required = true,
	  IN(config_check, by), .choices = "http|https|tcp|command",
	  .help = "how it is asked: `http`, `https`: a GET request; `tcp`: a connection; "
		  "`command`: a program that ends with exit code 0" },
	{ "health.checks[].pops", SCHEMA_CHOICES, CHANGE_AT_ONCE, IN(config_check, pops),
	  .max = AD_STEER_POPS_MAX, .says = "all with `service`", .later = later_choices,
	  .help = "POPs whose service addresses are checked" },
	{ "health.checks[].addresses", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config_check, any_address),
	  .choices = "all|any", .fallback = "all",
	  .help = "how many of a POP's service addresses must pass for the POP to pass" },
	{ "health.checks[].port", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config_check, port), .min = 1,
	  .max = 65535, .says = "80 of http, 443 of https",
	  .help = "port that is connected to; needed by `tcp`" },
	{ "health.checks[].host", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config_check, host), .min = 1,
	  .max = 253, .says = "the address",
	  .help = "name in the request, and in the certificate with `https`; `{pop}` stands for "
		  "the POP's name; it is never looked up" },
	{ "health.checks[].path", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config_check, path), .min = 1,
	  .max = 1024, .says = "/ of http, https",
	  .help = "path of the request, with a slash first; `{pop}` and `{address}` stand for what "
		  "is checked" },
	{ "health.checks[].status", SCHEMA_STATUSES, CHANGE_AT_ONCE, IN(config_check, statuses),
	  .max = 64, .says = "200 of http, https",
	  .help = "status codes with which the check passes, such as [200, 300-399]" },
	{ "health.checks[].contains", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config_check, contains),
	  .min = 1, .max = 255, .says = "anything",
	  .help = "text that must be in the first 64 KiB of the body" },
	{ "health.checks[].ca_file", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config_check, ca_file),
	  .says = "the system's",
	  .help = "file with certificates (PEM) of the authorities that are trusted with `https`" },
	{ "health.checks[].command", SCHEMA_ARGUMENTS, CHANGE_AT_ONCE, IN(config_check, command),
	  .max = CONFIG_ARGUMENTS_MAX,
	  .help = "program, by its absolute path, and its arguments, run without a shell; `{pop}` "
		  "and `{address}` stand for what is checked" },
	{ "health.checks[].every", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config_check, every_s),
	  .min = 1, .max = 3600, .fallback = "10s", .help = "time between two checks" },
	{ "health.checks[].timeout", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config_check, timeout_s),
	  .min = 1, .max = 60, .says = "3s, or `every` if that is less",
	  .help = "time after which a check that has not ended has failed; at most `every`" },
	{ "health.checks[].fall", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config_check, fall), .min = 1,
	  .max = 100, .fallback = "3",
	  .help = "failures that take a POP out; they need not be in a row" },
	{ "health.checks[].rise", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config_check, rise), .min = 1,
	  .max = 100, .fallback = "5",
	  .help = "passes in a row that bring a POP back, or that make earlier failures "
		  "forgotten" },

	{ "bus", SCHEMA_MAP, IN(config, bus.line),
	  .help = "a bucket of NATS JetStream by which nodes tell each other how they are" },
	{ "bus.servers", SCHEMA_LIST, CHANGE_RESTART, .item = "server", .ordered = true,
	  LIST_OF(char *, bus.servers, bus.nr_servers), .max = CONFIG_BUS_SERVERS_MAX,
	  .help = "NATS servers, of which each node uses one that answers; without any there is no "
		  "bus" },
	{ "bus.servers[]", SCHEMA_TEXT, .unique = true, .size = sizeof(char *), .min = 1,
	  .max = 255,
	  .help = "URL of a server, such as nats://192.0.2.1:4222 or tls://nats.example.com" },
	{ "bus.bucket", SCHEMA_NAME, CHANGE_AT_ONCE, IN(config, bus.bucket), .max = CONFIG_NAME_MAX,
	  .fallback = "anydoor",
	  .help = "name of the key-value bucket, made once by `anydoor bus init`" },
	{ "bus.credentials", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, bus.credentials),
	  .says = "none", .help = "file with the user's JWT and seed, as `nsc` writes it" },
	{ "bus.tls", SCHEMA_MAP,
	  .help = "TLS to the servers: with any of these keys, or by tls://" },
	{ "bus.tls.ca_file", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, bus.ca_file),
	  .says = "the system's",
	  .help = "file with certificates (PEM) of the authorities that servers are trusted by" },
	{ "bus.tls.cert_file", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, bus.cert_file),
	  .says = "none",
	  .help = "file with this node's certificate (PEM), where servers ask for one" },
	{ "bus.tls.key_file", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, bus.key_file), .says = "none",
	  .help = "file with the private key (PEM) of `cert_file`" },
	{ "bus.beat", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, bus.beat_s), .min = 1, .max = 60,
	  .fallback = "2s",
	  .help = "time between two signs of life of a node; the bus is stale when four of one's "
		  "own did not come back, a node is gone after six; the same on every node" },

	{ "drain", SCHEMA_MAP,
	  .help = "who takes over while this node drains or fails, and how it comes back" },
	{ "drain.successors", SCHEMA_LIST, CHANGE_AT_ONCE, .ordered = true, .array = true,
	  LIST_OF(__u16, successors, nr_successors), .max = AD_SUCCESSOR_MAX,
	  .help = "nodes that take the new flows of this node while it drains or its health "
		  "checks fail; without any: the "
		  "nodes of its POP that are `up`, or, if none is, those of the nearest POP (see "
		  "`pops`)" },
	{ "drain.successors[]", SCHEMA_NODE, .unique = true, .size = sizeof(__u16),
	  .later = later_successor, .help = "name of a node" },
	{ "drain.slow_start", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, slow_start_s),
	  .max = 86400, .fallback = "1m",
	  .help = "how long the part of new flows, and of steered answers, that a node gets grows "
		  "after a drain is taken back, or after health checks of its POP pass again; 0: "
		  "it gets all of them at once" },

	{ "bgp", SCHEMA_MAP, IN(config, bgp.line),
	  .help = "what the BGP daemon of this host tells its neighbours of the VIPs" },
	{ "bgp.driver", SCHEMA_CHOICE, CHANGE_AT_ONCE, IN(config, bgp.driver),
	  .choices = "none|print|bird|frr|exabgp", .fallback = "none",
	  .help = "who does it: `bird`, `frr`, `exabgp`: BIRD 2, FRR or ExaBGP announces and "
		  "withdraws as anydoor says; `print`: an operator, whom the log tells what to do; "
		  "`none`: BGP is not our business" },
	{ "bgp.file", SCHEMA_DIR, CHANGE_RESTART, IN(config, bgp.file), .max = 200,
	  .says = "in `state.run`, `bird.conf`, `frr.conf` or `exabgp.routes`",
	  .later = later_bgp_file,
	  .help = "file that anydoor writes and the BGP daemon reads at its start; it should be "
		  "gone after a reboot, so that nothing is announced before anydoor runs" },
	{ "bgp.socket", SCHEMA_DIR, CHANGE_AT_ONCE, IN(config, bgp.socket), .max = 107,
	  .says = "`/run/bird/bird.ctl`, `/run/frr/bgpd.vty` or `/run/exabgp/anydoor.sock`",
	  .later = later_bgp_socket,
	  .help = "control socket of the BGP daemon; of ExaBGP, that of `anydoor exabgp`" },
	{ "bgp.as", SCHEMA_COUNT, CHANGE_AT_ONCE, IN(config, bgp.as), .min = 1, .max = 4294967295,
	  .says = "none", .help = "AS number of this POP, which is prepended" },
	{ "bgp.prepend", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, bgp.prepend),
	  .max = CONFIG_BGP_PREPEND_MAX, .fallback = "3",
	  .help = "how many times `as` is prepended to what is de-preferred" },
	{ "bgp.community", SCHEMA_TEXT, CHANGE_AT_ONCE, IN(config, bgp.community), .min = 1,
	  .max = 20, .fallback = "65535:0",
	  .help = "BGP community of what is de-preferred; 65535:0 is graceful shutdown "
		  "(RFC 8326)" },
	{ "bgp.neighbours", SCHEMA_LIST, CHANGE_AT_ONCE,
	  LIST_OF(char *, bgp.neighbours, bgp.nr_neighbours), .max = CONFIG_BGP_NEIGHBOURS_MAX,
	  .help = "BGP sessions that are to carry the VIPs, as the BGP daemon names them; without "
		  "any: all of them" },
	{ "bgp.neighbours[]", SCHEMA_TEXT, .unique = true, .size = sizeof(char *), .min = 1,
	  .max = CONFIG_BGP_NAME_MAX,
	  .help = "name of a BGP protocol of BIRD; address of a neighbour of FRR "
		  "or ExaBGP" },
	{ "bgp.prefixes", SCHEMA_LIST, CHANGE_AT_ONCE,
	  LIST_OF(struct config_prefix, bgp.prefixes, bgp.nr_prefixes), .max = AD_VIP_MAX,
	  .help = "networks that are announced; without any: each VIP alone, as /32 or /128" },
	{ "bgp.prefixes[]", SCHEMA_PREFIX, .unique = true, .size = sizeof(struct config_prefix),
	  .help = "a network that a VIP lies in, such as 192.0.2.0/24" },
	{ "bgp.warm", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, bgp.warm_s), .max = 3600,
	  .fallback = "10s",
	  .help = "how long programs must have been attached, flows stamped and VIPs on the host "
		  "before the VIPs are announced; twice as long each time that this ended, up to "
		  "`hold_max`" },
	{ "bgp.settle", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, bgp.settle_s), .max = 3600,
	  .fallback = "30s",
	  .help = "how long a drain waits after a change, until routers elsewhere have followed "
		  "it" },
	{ "bgp.hold", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, bgp.hold_s), .max = 86400,
	  .fallback = "5m",
	  .help = "how long health checks of this POP must pass again before the VIPs are "
		  "announced again; twice as long with each failure" },
	{ "bgp.hold_max", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, bgp.hold_max_s), .max = 604800,
	  .fallback = "2h", .help = "the longest that `hold` becomes" },
	{ "bgp.at_least", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, bgp.at_least), .max = 4096,
	  .fallback = "1",
	  .help = "how many other POPs must be up for the VIPs to be withdrawn here because of "
		  "health checks, or by a drain without `--last`; and for the last node of this "
		  "POP to be drained without `--last`; 0: none" },

	{ "hunt", SCHEMA_MAP, .help = "looking for the owner of a flow that carries no stamp" },
	{ "hunt.neighbours", SCHEMA_LIST, CHANGE_AT_ONCE, .ordered = true, .array = true,
	  LIST_OF(__u16, neighbours, nr_neighbours), .max = AD_NEIGHBOUR_MAX,
	  .help = "nodes that are asked for the owner of a flow without a stamp, the likeliest "
		  "first; a packet asks three of them at most; without any: the other nodes of our "
		  "POP, then one node of each other POP, the nearest first, then a second one of "
		  "each" },
	{ "hunt.neighbours[]", SCHEMA_NODE, .unique = true, .size = sizeof(__u16),
	  .later = later_neighbour, .help = "name of a node" },

	{ "hunt.directory_port", SCHEMA_NUMBER, CHANGE_PROGRAMS, IN(config, directory_port),
	  .min = 1, .max = 65535, .fallback = "6082", .word = "off",
	  .help = "UDP port on which the nodes of a POP tell each other of their flows without "
		  "stamps, the same on every node; a POP of one node says nothing" },
	{ "hunt.hints", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, hint_s), .min = 1,
	  .max = HINT_MAX_S, .fallback = "10m",
	  .help = "how long a hunt goes first to the node that last claimed a flow of the same "
		  "client network (/24 or /48)" },
	{ "hunt.nobody", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, nobody_s), .max = NOBODY_MAX_S,
	  .fallback = "3s", .help = "how long a segment that nobody owns is not hunted again" },

	{ "budgets", SCHEMA_MAP, .help = "packets a second that others may make us send to nodes" },
	BUDGET("hunt", AD_BUDGET_HUNT, "20K", "20K", "1K",
	       "packets a second that are hunted because nothing names the owner of their flow",
	       "to"),
	BUDGET("guess", AD_BUDGET_GUESS, "20K", "20K", "1K",
	       "packets a second that are tunnelled on the word of a stamp older than two minutes, "
	       "of flows not seen here before",
	       "to"),
	BUDGET("data", AD_BUDGET_DATA, "none", "none", "none",
	       "packets a second that are tunnelled to their owner, of flows whose stamp is young "
	       "or that are known here",
	       "to"),
	BUDGET("divert", AD_BUDGET_DIVERT, "10K", "10K", "256",
	       "SYNs a second that are handed to successors while this node drains (more are "
	       "served here)",
	       "to"),
	BUDGET("accept", AD_BUDGET_ACCEPT, "20K", "10K", "256",
	       "SYNs a second that are accepted from nodes that drain", "from"),
	BUDGET("icmp", AD_BUDGET_ICMP, "1000", "1000", "32",
	       "ICMP errors a second that are tunnelled to the owner of the flow that they are "
	       "about",
	       "to"),
	BUDGET("too_big", AD_BUDGET_TOO_BIG, "1000", "1000", "32",
	       "ICMP errors a second that tell a client which size fits the path to the owner of "
	       "its flow",
	       "about"),

	{ "metrics", SCHEMA_MAP, .help = "what Prometheus reads" },
	{ "metrics.listen", SCHEMA_ENDPOINT, CHANGE_RESTART, IN(config, metrics), .word = "off",
	  .says = "127.0.0.1:9911", .later = later_metrics,
	  .help = "address and port of the HTTP listener for metrics; everybody who reaches it can "
		  "read counters, so keep it inside your network" },
	{ "metrics.token", SCHEMA_FILE, CHANGE_AT_ONCE, IN(config, metrics_token), .says = "none",
	  .help = "file with a token for `/flows` and `/metrics/flows`, which show addresses of "
		  "clients, and which are only for who sends it (`Authorization: Bearer`); a line "
		  "of 16 to 255 letters, mode 0600" },

	{ "catchment", SCHEMA_MAP, .help = "which clients land at this POP" },
	{ "catchment.window", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, catchment_window_s),
	  .min = 1, .max = 3600, .fallback = "5m",
	  .help = "connections and queries are added up for so long, and then compared with what "
		  "was before" },
	{ "catchment.memory", SCHEMA_SECONDS, CHANGE_AT_ONCE, IN(config, catchment_memory_s),
	  .min = 10, .max = 86400, .fallback = "1h",
	  .help = "how slowly the mean of the windows before follows; a change that has stayed for "
		  "three times as long is taken as what is normal" },
	{ "catchment.samples", SCHEMA_COUNT, CHANGE_AT_ONCE, IN(config, catchment_samples),
	  .min = 1, .max = 1 << 20, .fallback = "100",
	  .help = "connections, or 64ths of the queries, that a window must have for a judgement; "
		  "with fewer nothing is compared" },
	{ "catchment.top", SCHEMA_NUMBER, CHANGE_AT_ONCE, IN(config, catchment_top), .min = 0,
	  .max = 1000, .fallback = "20",
	  .help = "ASes in metrics, those with the most; one that has moved is always there" },

	{ "xdp", SCHEMA_MAP, .help = "how the interface is entered" },
	{ "xdp.mode", SCHEMA_CHOICE, CHANGE_ATTACH, IN(config, xdp_mode),
	  .choices = "auto|native|generic", .fallback = "auto",
	  .help = "how the XDP program is attached: `auto` is in native mode, or else in generic "
		  "mode with a warning" },
	{ "xdp.dispatcher", SCHEMA_CHOICE, CHANGE_ATTACH, IN(config, xdp_dispatcher),
	  .choices = "off|auto", .fallback = "auto",
	  .help = "`auto`: attach through libxdp's dispatcher, so that other XDP programs can "
		  "share the interface; alone, with a warning, where the kernel refuses that; "
		  "`off`: always alone" },

	{ "state", SCHEMA_MAP, .help = "where things live while we run" },
	{ "state.bpffs", SCHEMA_DIR, CHANGE_ATTACH, IN(config, bpffs), .max = CONFIG_DIR_MAX,
	  .fallback = "/sys/fs/bpf/anydoor",
	  .help = "directory on a bpffs for pinned maps and programs; no dots in it" },
	{ "state.run", SCHEMA_DIR, CHANGE_ATTACH, IN(config, run_dir), .max = CONFIG_RUN_MAX,
	  .fallback = "/run/anydoor", .help = "directory for the lock and the control socket" },
	{ "state.keep", SCHEMA_DIR, CHANGE_RESTART, IN(config, keep_dir), .max = CONFIG_DIR_MAX,
	  .says = "none",
	  .help = "directory for what outlives a reboot of the host: that this node drains; "
		  "without one a node that was drained takes flows again after a reboot" },
	{ "state.group", SCHEMA_NAME, CHANGE_AT_ONCE, IN(config, group), .max = 31,
	  .says = "root alone", .help = "group whose members may run the commands that only read" },
};

const size_t config_schema_rows = sizeof(config_schema) / sizeof(*config_schema);

const struct schema_row *schema_find(const char *path)
{
	size_t i;

	for (i = 0; i < config_schema_rows; i++)
		if (!strcmp(config_schema[i].path, path))
			return &config_schema[i];
	return NULL;
}

static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

bool schema_is_child(const struct schema_row *row, const char *parent)
{
	size_t length = strlen(parent);
	const char *rest = row->path;

	if (length) {
		if (strncmp(row->path, parent, length) || row->path[length] != '.')
			return false;
		rest += length + 1;
	}
	return !strchr(rest, '.') && !strchr(rest, '[');
}

/* The row called @name in the section at @parent, or, with NULL, anywhere. */
static const struct schema_row *find_leaf(const char *parent, const char *name)
{
	size_t i;

	for (i = 0; i < config_schema_rows; i++)
		if ((!parent || schema_is_child(&config_schema[i], parent)) &&
		    !strcmp(leaf(config_schema[i].path), name))
			return &config_schema[i];
	return NULL;
}

const struct schema_row *schema_nearest(const char *path)
{
	struct nearest near = { .word = leaf(path) };
	size_t length = near.word - path, i;
	char parent[64] = "";

	if (length > sizeof(parent))
		return NULL;
	if (length)
		memcpy(parent, path, length - 1);
	for (i = 0; i < config_schema_rows; i++)
		if (schema_is_child(&config_schema[i], parent))
			nearest_offer(&near, leaf(config_schema[i].path));
	return near.best ? find_leaf(parent, near.best) : find_leaf(NULL, near.word);
}

const char *schema_type_name(enum schema_type type)
{
	static const char *const names[] = {
		[SCHEMA_MAP] = "section",
		[SCHEMA_LIST] = "list",
		[SCHEMA_TEXT] = "text",
		[SCHEMA_NAME] = "name",
		[SCHEMA_BOOL] = "boolean",
		[SCHEMA_NUMBER] = "number",
		[SCHEMA_COUNT] = "count",
		[SCHEMA_SECONDS] = "duration",
		[SCHEMA_CHOICE] = "word",
		[SCHEMA_ADDRESS] = "address",
		[SCHEMA_PREFIX] = "network",
		[SCHEMA_FILE] = "file",
		[SCHEMA_DIR] = "directory",
		[SCHEMA_ZONE] = "domain",
		[SCHEMA_OWNER] = "domain",
		[SCHEMA_CONTINENTS] = "list of continents",
		[SCHEMA_COUNTRIES] = "list of countries",
		[SCHEMA_SUBDIVISIONS] = "list of subdivisions",
		[SCHEMA_ASNS] = "list of AS numbers",
		[SCHEMA_COORDINATES] = "coordinates",
		[SCHEMA_ADDRESSES] = "list of addresses",
		[SCHEMA_STATUSES] = "list of status codes",
		[SCHEMA_ARGUMENTS] = "program, arguments",
		[SCHEMA_NETWORKS] = "list of networks",
		[SCHEMA_POP] = "POP name",
		[SCHEMA_NODE] = "node name",
		[SCHEMA_POLICY] = "policy name",
		[SCHEMA_CHOICES] = "list of POPs",
		[SCHEMA_RULES] = "regions with POPs",
		[SCHEMA_ENDPOINT] = "address:port",
	};

	return names[type];
}

const char *schema_change_name(enum schema_change change)
{
	static const char *const names[] = {
		[CHANGE_OF_PARTS] = "",
		[CHANGE_AT_ONCE] = "at once",
		[CHANGE_PROGRAMS] = "new programs",
		[CHANGE_NO_FLOWS] = "no stamped flows",
		[CHANGE_RESTART] = "daemon restart",
		[CHANGE_ATTACH] = "detach and start",
	};

	return names[change];
}

const struct schema_row *schema_item_key(const struct schema_row *list)
{
	const struct schema_row *row, *end = config_schema + config_schema_rows;
	char path[64];

	snprintf(path, sizeof(path), "%s[]", list->path);
	row = schema_find(path);
	if (row->type != SCHEMA_MAP)
		return row;
	while (++row < end && !(schema_is_child(row, path) && row->unique))
		;
	return row < end ? row : NULL;
}

void schema_scaled(const struct schema_row *row, long long number, char *text, size_t size)
{
	static const struct {
		enum schema_type type;
		long long factor;
		char unit;
	} units[] = {
		{ SCHEMA_COUNT, 1 << 30, 'G' }, { SCHEMA_COUNT, 1 << 20, 'M' },
		{ SCHEMA_COUNT, 1 << 10, 'K' }, { SCHEMA_SECONDS, 86400, 'd' },
		{ SCHEMA_SECONDS, 3600, 'h' },	{ SCHEMA_SECONDS, 60, 'm' },
		{ SCHEMA_SECONDS, 1, 's' },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].type == row->type && number && !(number % units[i].factor)) {
			snprintf(text, size, "%lld%c", number / units[i].factor, units[i].unit);
			return;
		}
	}
	snprintf(text, size, "%lld", number);
}

static void range_of_words(const char *choices, char *text, size_t size)
{
	size_t used = 0;

	for (; *choices && used + 3 < size; choices++) {
		if (*choices == '|')
			used += snprintf(text + used, size - used, ", ");
		else
			text[used++] = *choices;
	}
	text[used] = '\0';
}

const char *schema_range(const struct schema_row *row, char *text, size_t size)
{
	char low[24], high[24];

	schema_scaled(row, row->min, low, sizeof(low));
	schema_scaled(row, row->max, high, sizeof(high));
	*text = '\0';
	switch (row->type) {
	case SCHEMA_CHOICE:
		range_of_words(row->choices, text, size);
		break;
	case SCHEMA_CONTINENTS:
	case SCHEMA_COUNTRIES:
	case SCHEMA_SUBDIVISIONS:
	case SCHEMA_ASNS:
	case SCHEMA_ADDRESSES:
	case SCHEMA_STATUSES:
	case SCHEMA_ARGUMENTS:
	case SCHEMA_NETWORKS:
	case SCHEMA_CHOICES:
	case SCHEMA_RULES:
	case SCHEMA_LIST:
		snprintf(text, size, "%s to %s entries%s%s", low, high, row->word ? ", or " : "",
			 row->word ?: "");
		break;
	case SCHEMA_NUMBER:
	case SCHEMA_COUNT:
	case SCHEMA_SECONDS:
		snprintf(text, size, "%s to %s%s%s", low, high, row->word ? ", or " : "",
			 row->word ? row->word : "");
		break;
	case SCHEMA_TEXT:
	case SCHEMA_NAME:
	case SCHEMA_DIR:
		snprintf(text, size, "up to %s bytes", high);
		break;
	case SCHEMA_ENDPOINT:
		snprintf(text, size, "or %s", row->word);
		break;
	default:
		break;
	}
	return text;
}
