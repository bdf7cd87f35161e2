/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h: the configuration file, parsed and validated. Knows no libbpf.
 *
 * config_load() reads the whole file, collects every error with its place (file:line: key: what)
 * and gives either a complete, consistent struct config or nothing. The struct is immutable
 * afterwards; a reload makes a new one.
 */
#ifndef AD_CONFIG_H
#define AD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <net/if.h>
#include "maps/dns_rules.h"
#include "maps/steer.h"
#include "maps/types.h"

#define CONFIG_NAME_MAX		  63
#define CONFIG_NSID_MAX		  128
#define CONFIG_DIR_MAX		  180 /* with instance and map it fits struct pins */
#define CONFIG_RUN_MAX		  60  /* with instance and "control" it fits a sockaddr_un */
#define CONFIG_INTERFACES_MAX	  16
#define CONFIG_POPS_MAX		  4096
#define CONFIG_ZONES_MAX	  16384 /* AD_DNS_ZONE_MAX */
#define CONFIG_DATABASES_MAX	  8
#define CONFIG_REGIONS_MAX	  4096
#define CONFIG_POLICIES_MAX	  1024
#define CONFIG_STEERED_MAX	  65536
#define CONFIG_LIST_MAX		  65536 /* of countries, networks and the like in one region */
#define CONFIG_WEIGHT_MAX	  1000
#define CONFIG_SERVICE_MAX	  64 /* service addresses of one POP */
#define CONFIG_CHECKS_MAX	  256
#define CONFIG_ARGUMENTS_MAX	  64
#define CONFIG_BGP_NAME_MAX	  63
#define CONFIG_BGP_NEIGHBOURS_MAX 64
#define CONFIG_BGP_PREPEND_MAX	  10
#define CONFIG_TARGETS_MAX	  16384 /* AD_HEALTH_TARGETS: checks, each of them at each address */

struct config_vip {
	struct ad_addr address;
	bool tcp; /* pin its TCP flows; default true */
	bool dns; /* answer UDP and TCP 53; default true if there are zones */
	int line;
};

/* Degrees, north and east. */
struct config_coordinates {
	char *text; /* NULL: none are stated */
	double latitude, longitude;
};

struct config_addresses {
	char *text; /* as one would write them; NULL: none */
	struct ad_addr *list;
	size_t nr;
};

struct config_pop {
	char *name;
	struct config_coordinates at;
	unsigned int capacity;		 /* connections of all its nodes; 0: none is stated */
	struct config_addresses service; /* its own, unicast ones, that health checks ask */
	int line;
};

enum config_node_state {
	CONFIG_NODE_UP,
	CONFIG_NODE_DRAINING,
	CONFIG_NODE_DOWN
};

struct config_node {
	char *name;
	__u16 id;
	__u16 pop; /* index into config.pops */
	struct ad_addr tunnel;
	enum config_node_state state;
	__u16 mtu; /* of the path towards it; 0 = by route */
	int line;
};

struct config_zone {
	char *name;	     /* absolute, lower case, with final dot */
	char *file;	     /* relative paths start at the config file's directory */
	char *variants;	     /* likewise, with {pop} in it; NULL: none */
	char *sign_key;	     /* likewise; NULL: none */
	unsigned int sign_s; /* sign_for */
	int line;
};

#define CONFIG_POP_MARK "{pop}" /* stands for a POP's name */

struct config_prefix {
	struct ad_addr address;
	__u32 bits; /* of all 128 */
};

/* An address and a port, or the word "off". */
struct config_endpoint {
	struct ad_addr address;
	__u16 port;
	bool on;
};

/* dns.limit */
struct config_limit {
	unsigned int rates[AD_DNS_CLASSES]; /* answers a second, by enum ad_dns_class; 0 = any */
	unsigned int slip;
	unsigned int window_s;
	unsigned int ip4_prefix;
	unsigned int ip6_prefix;
	bool exempt_cookies;
	bool log_only;
	unsigned int table; /* accounts */
	struct config_prefix *exempt;
	size_t nr_exempt;
};

/* geo.databases: what tells where addresses are; those in front win. */
struct config_database {
	char *name;
	char *file;
	int line;
};

/* "DE", "EU", "US-CA" */
struct config_code {
	char text[8];
};
struct config_codes {
	char *text; /* all of them, as one would write them; NULL: none */
	struct config_code *list;
	size_t nr;
};
struct config_asns {
	char *text;
	__u32 *list;
	size_t nr;
};
struct config_networks {
	char *text;
	struct config_prefix *list;
	size_t nr;
};

/* A part of the world: an address that any of these has belongs to it. */
struct config_region {
	char *name;
	struct config_codes continents, countries, subdivisions;
	struct config_asns asns;
	struct config_networks networks;
	char *network_file; /* more networks, one a line; NULL: none */
	int line;
};

/* Of several POPs, which first. */
struct config_choice {
	__u16 pop;  /* index into config.pops */
	__u16 rank; /* equal ranks are a group, in which weights decide */
	__u16 weight;
};
struct config_choices {
	char *text;
	struct config_choice *list; /* sorted by rank; no POP twice */
	size_t nr;
};

struct config_rule {
	__u16 region; /* index into config.regions */
	struct config_choices pops;
	int line;
};
struct config_rules {
	char *text;
	struct config_rule *list;
	size_t nr;
};

enum config_draw {
	CONFIG_DRAW_ORDER,
	CONFIG_DRAW_WEIGHTED,
	CONFIG_DRAW_SPREAD,
	CONFIG_DRAW_DISTANCE,
	CONFIG_DRAW_RTT
};
enum config_locate {
	CONFIG_LOCATE_ECS,
	CONFIG_LOCATE_RESOLVER,
	CONFIG_LOCATE_POP
};
enum config_all_out {
	CONFIG_OUT_LAST_RESORT,
	CONFIG_OUT_SERVFAIL,
	CONFIG_OUT_NODATA
};
struct config_policy {
	char *name;
	enum config_draw draw;
	enum config_locate locate;
	struct config_rules rules;
	struct config_choices fallback; /* `default` */
	struct config_choices last_resort;
	enum config_all_out all_out;
	int line;
};

struct config_steered {
	char *name; /* as config_zone.name */
	__u16 policy;
	char *members;
	unsigned int ttl_s; /* 0 = as each member's records have it */
	unsigned int doubt_ttl_s;
	unsigned int answers; /* 1 to AD_DNS_STEER_ANSWERS */
	bool ecs;
	int line;
};

enum config_check_by {
	CONFIG_CHECK_HTTP,
	CONFIG_CHECK_HTTPS,
	CONFIG_CHECK_TCP,
	CONFIG_CHECK_COMMAND
};
enum config_unknown {
	CONFIG_UNKNOWN_UP,
	CONFIG_UNKNOWN_OUT
};
/* HTTP status codes from one to another. */
struct config_status {
	__u16 from, to;
};
struct config_statuses {
	char *text;
	struct config_status *list;
	size_t nr;
};
/* A program and its arguments. */
struct config_arguments {
	char *text; /* with blanks between, for people */
	char **list;
	size_t nr;
};

/* health.checks: what is asked of each POP's service addresses. */
struct config_check {
	char *name;
	enum config_check_by by;
	struct config_choices pops; /* none: all that have service addresses */
	bool any_address;	    /* addresses: all | any */
	__u16 port;		    /* never 0 where one is needed */
	char *host;		    /* NULL: the address */
	char *path;		    /* of http, https; NULL of others */
	struct config_statuses statuses;
	char *contains; /* NULL: anything */
	char *ca_file;	/* NULL: the system's */
	struct config_arguments command;
	unsigned int every_s;
	unsigned int timeout_s;
	unsigned int fall;
	unsigned int rise;
	int line;
};

enum config_bgp_driver {
	CONFIG_BGP_NONE,
	CONFIG_BGP_PRINT, /* an operator does it */
	CONFIG_BGP_BIRD,
	CONFIG_BGP_FRR,
	CONFIG_BGP_EXABGP
};
struct config_bgp {
	enum config_bgp_driver driver;
	char *file;   /* that the BGP daemon reads; never NULL */
	char *socket; /* of the BGP daemon; never NULL */
	char **neighbours;
	size_t nr_neighbours;
	struct config_prefix *prefixes;
	size_t nr_prefixes; /* none: one for each VIP */
	unsigned int as;    /* 0: none is stated */
	unsigned int prepend;
	char *community; /* as text, and its parts */
	unsigned int community_parts[2];
	unsigned int warm_s;
	unsigned int settle_s;
	unsigned int hold_s, hold_max_s;
	unsigned int at_least;
	int line;
};
/* bus: what nodes tell each other through. */
struct config_bus {
	char **servers;
	size_t nr_servers; /* 0: there is no bus */
	char *bucket;
	char *credentials; /* NULL: none */
	char *ca_file;	   /* tls.ca_file; NULL: the system's */
	char *cert_file;   /* tls.cert_file; NULL: none */
	char *key_file;	   /* tls.key_file */
	unsigned int beat_s;
	int line;
};
#define CONFIG_BUS_SERVERS_MAX 16

enum config_clock {
	CONFIG_CLOCK_REQUIRE_SYNC,
	CONFIG_CLOCK_ACCEPT_UNSYNC
};
enum config_sysctl {
	CONFIG_SYSCTL_CHECK,
	CONFIG_SYSCTL_SET
};
enum config_xdp_mode {
	CONFIG_XDP_AUTO,
	CONFIG_XDP_NATIVE,
	CONFIG_XDP_GENERIC
};

struct config_errors;
struct config {
	char *path;
	char *text; /* of the file, as it was read */
	size_t text_size;
	__u64 edition; /* those of one edition were made of one text */

	struct config_pop *pops;
	size_t nr_pops;
	size_t nr_own_pops; /* in the file; those behind them are known from the bus alone */
	struct config_node *nodes;
	size_t nr_nodes;
	bool nodes_from_bus;	/* nodes: from bus */
	struct config_node own; /* `self`; without a name */
	/* What the bus knows and this configuration cannot take; NULL: nothing. */
	struct config_errors *left_out;
	const struct config_node *self; /* the node named by `node:` */
	char **interfaces;
	size_t nr_interfaces;
	struct config_vip *vips; /* the index here is the vip index of the data path */
	size_t nr_vips;
	struct config_zone *zones;
	size_t nr_zones;

	struct config_database *databases;
	size_t nr_databases;
	struct config_region *regions;
	size_t nr_regions;
	struct config_policy *policies;
	size_t nr_policies;
	struct config_steered *steered; /* `steer` */
	size_t nr_steered;

	struct config_shed { /* shed: percent of a POP's capacity, and seconds */
		unsigned int from, to;
		unsigned int settle_s;
		struct config_check by; /* shed.command; none: connections count */
		int line;
	} shed;
	struct config_rtt { /* rtt: when measured round-trip times change an order */
		unsigned int samples;
		unsigned int margin; /* percent */
		unsigned int memory_s, hold_s;
		char *file; /* NULL: none */
	} rtt;
	struct config_flowlog { /* flowlog; neither file nor socket: there is none */
		char *file, *socket;
		unsigned int one_in; /* connections */
		unsigned int rate;   /* lines a second */
		int line;
	} flowlog;
	struct config_check *checks; /* health.checks */
	size_t nr_checks;
	unsigned int health_at_least;	    /* health.at_least: POPs */
	unsigned int health_commands;	    /* health.commands: at once */
	enum config_unknown health_unknown; /* health.unknown */

	struct config_bus bus;

	unsigned int owner_bits;       /* stamp.owner_bits */
	enum config_clock clock;       /* stamp.clock: synchronised | any */
	enum config_sysctl timestamps; /* stamp.tcp_timestamps: check | set */
	char *key_file;		       /* keys.file */
	unsigned int key_epoch;	       /* keys.epoch, 0..255, or what the bus made of it */
	unsigned int key_epoch_file;   /* as the file has it (user/state/epoch.h) */
	__u16 tunnel_port;	       /* tunnel.port */
	unsigned int tunnel_overhead;  /* tunnel.mss_overhead, bytes; 0 = do not clamp */
	bool tunnel_overhead_auto;     /* it came from the tunnel's family */
	unsigned int flow_max;	       /* flows.max, rounded up to a power of two */
	unsigned int flow_idle_s;      /* flows.idle */
	bool dns_unserved_pass;	       /* dns.unserved: refuse | pass */
	bool dns_watch;		       /* dns.watch */
	char *nsid;		       /* dns.nsid; default "<pop>.<node>" */
	unsigned int dns_udp_size;     /* dns.udp_size: largest UDP answer, bytes; default 1232 */
	unsigned int dns_tcp_max;      /* dns.tcp_max: connections */
	unsigned int dns_tcp_idle_s;   /* dns.tcp_idle */
	enum ad_dns_cookies cookies;   /* dns.cookies */
	char *include_dir;	       /* dns.include_dir; NULL: none */
	char *cookie_secrets;	       /* dns.cookie_secrets; NULL: made from the fleet's key */
	struct config_limit limit;     /* dns.limit */
	struct config_bgp bgp;
	__u16 successors[AD_SUCCESSOR_MAX]; /* drain.successors, as node ids */
	size_t nr_successors;		    /* none configured: drain_default() */
	unsigned int slow_start_s;	    /* drain.slow_start */
	__u16 neighbours[AD_NEIGHBOUR_MAX]; /* hunt.neighbours, as node ids */
	size_t nr_neighbours;		    /* none configured: hunt_plan() chooses */
	__u16 directory_port;		    /* hunt.directory_port; 0: there is none */
	unsigned int hint_s;		    /* hunt.hints */
	unsigned int nobody_s;		    /* hunt.nobody */
	unsigned int budgets[AD_BUDGET_CLASSES][AD_BUDGET_SCOPES]; /* packets/s, 0 = no limit */
	struct config_endpoint metrics;				   /* metrics.listen */
	char *metrics_token;		 /* metrics.token; NULL: nobody sees flows over HTTP */
	unsigned int catchment_window_s; /* catchment.window */
	unsigned int catchment_memory_s; /* catchment.memory */
	unsigned int catchment_samples;	 /* catchment.samples */
	unsigned int catchment_top;	 /* catchment.top: ASes in metrics */
	enum config_xdp_mode xdp_mode;	 /* xdp.mode */
	bool xdp_dispatcher;		 /* xdp.dispatcher: auto (try, fall back, say so) | off */
	char *bpffs;			 /* state.bpffs, default /sys/fs/bpf/anydoor */
	char *run_dir;			 /* state.run, default /run/anydoor */
	char *keep_dir;			 /* state.keep; NULL: nothing outlives a reboot */
	char *group; /* state.group: may run the reading commands; may be NULL */
};

struct config_error {
	int line;   /* 0 = the file as a whole */
	char *text; /* "file:line: key: what; what to do" */
};
#define CONFIG_ERRORS_MAX 200
struct config_errors {
	struct config_error *list; /* in the order of the file's lines after config_load() */
	size_t nr;
};

/*
 * Reads @path. 0 and *@config (caller frees with config_free()), or -EINVAL with every error in
 * @errors (caller frees with config_errors_free()), or -errno if the file cannot be read (one
 * entry in @errors says so). Key files are checked for existence only, zone files not even for
 * that.
 */
int config_load(const char *path, struct config **config, struct config_errors *errors);
/*
 * The same for callers that go on looking for errors: *@config has what could be read, and lacks
 * the rest; NULL without memory.
 */
int config_load_partly(const char *path, struct config **config, struct config_errors *errors);
/*
 * The same for callers that must find an instance even if its file is wrong or cannot be read. Then
 * *@config has only path, bpffs and run_dir: from the file if they can be read, else the defaults.
 * NULL without memory.
 */
int config_load_places(const char *path, struct config **config, struct config_errors *errors);
/* The text of @now once more: it may differ in what the bus knows, and in which files exist. */
int config_load_again(const struct config *now, struct config **config,
		      struct config_errors *errors);
void config_free(struct config *config);
/* Kernel memory that the flow table takes, all of it from the start. */
__u64 config_flow_bytes(const struct config *config);

/*
 * Adds "file:line: what" (line 0: "file: what"); also used for files that the configuration names.
 * A list of more than CONFIG_ERRORS_MAX says so in its last entry, and further errors are dropped.
 */
void config_errors_add(struct config_errors *errors, const char *file, int line, const char *format,
		       ...) __attribute__((format(printf, 4, 5)));
/* Appends what is in @from, which is empty then. */
void config_errors_take(struct config_errors *errors, struct config_errors *from);
/* Shows every one through log_err(). */
void config_errors_log(const struct config_errors *errors);
void config_errors_free(struct config_errors *errors);

const struct config_node *config_node_by_id(const struct config *config, __u16 id);
const struct config_node *config_node_by_name(const struct config *config, const char *name);
/* Letters, digits, dot, dash, underscore; a letter or digit first. */
bool name_is_good(const char *text);
const char *config_pop_name(const struct config *config, __u16 pop);
/*
 * "192.0.2.0/24"; without a length, one address. NULL, or what is wrong with @text, to be written
 * behind it.
 */
const char *config_prefix_parse(const char *text, struct config_prefix *prefix);
/* The file of @zone's variants for @pop, which the caller frees; NULL without memory. */
char *config_variant_file(const struct config_zone *zone, const char *pop);
/* Whether @check asks the addresses of the POP with that index. */
bool config_check_covers(const struct config_check *check, __u16 pop);
/* Which of the zones has the absolute @name: the longest; nr_zones: none has it. */
size_t config_zone_of(const struct config *config, const char *name);
/* Why clients cannot be told apart by @network, as "what: what to write instead"; or NULL. */
const char *config_network_trouble(const struct config_prefix *network);

#endif
