/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h: what the configuration says of steering, with its databases read: which POPs each
 * policy wants for each location. Made once at each load, read-only afterwards.
 */
#ifndef AD_POLICY_H
#define AD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include "maps/steer.h"

#define STEER_POPS_MAX AD_STEER_POPS_MAX

enum steer_draw {
	STEER_ORDER,	/* of the first rank that has a POP up, by weight */
	STEER_WEIGHTED, /* of all ranks by weight */
	STEER_SPREAD	/* as ORDER; the clients of a lost POP go to all others by weight */
};
enum steer_where {
	STEER_BY_ECS,	   /* by the client's subnet if the resolver tells it, else as the next */
	STEER_BY_RESOLVER, /* by the address that asks */
	STEER_BY_POP	   /* by the POP where the query lands: location 0 for everybody */
};
enum steer_out {
	STEER_OUT_LAST_RESORT,
	STEER_OUT_SERVFAIL,
	STEER_OUT_NODATA
};

struct steer_choice {
	__u8 pop;     /* index into config.pops */
	__u8 rank;    /* 0 first; equal ranks are a group */
	__u16 weight; /* 1 or more */
};

/* For one location of one policy; never empty. */
struct steer_rule {
	const struct steer_choice *choices; /* sorted by rank; no POP twice */
	size_t nr;
};

/* How much of the world one rule of a policy decides on. */
struct steer_share {
	__u64 nr4;	      /* addresses of IPv4 */
	__u64 nr6;	      /* /64 networks of IPv6 */
	struct steer_rule to; /* and where it sends it */
};

struct steer_policy {
	char *name;
	enum steer_draw draw;
	enum steer_where where;
	enum steer_out out;	       /* when all POPs of the rule are out */
	struct steer_rule last_resort; /* of STEER_OUT_LAST_RESORT */
	struct steer_rule *rules;      /* by location: nr_locations of the plan */
	struct steer_share
		*shares; /* of each rule in the configuration's order, then of `default` */
	size_t nr_shares;
	struct steer_share *nearest; /* parts of the last share: each order by distance */
	size_t nr_nearest;
};

/* A client's address to its location. Lines as maps/steer.h has them, ready to be copied. */
struct steer_map {
	struct ad_steer_line *lines;
	__u32 nr_lines;		   /* whole pages of them */
	unsigned int nr_locations; /* at least 1: location 0 is "nothing is known" */
	__u32 nr_ranges4, nr_ranges6;
};

struct steer_name {
	char *name;	 /* absolute, lower case, with final dot; as config_zone.name */
	size_t zone;	 /* index into config.zones */
	size_t policy;	 /* index into the plan's */
	char *members;	 /* pattern of a member's name in the zone: "{name}.{pop}" */
	__u32 ttl;	 /* 0: each member's own */
	__u32 doubt_ttl; /* while a POP is in doubt */
	__u8 answers;	 /* POPs whose addresses are told at once */
	bool ecs;
	int line; /* in the configuration */
};

/* A database, as it was read. */
struct steer_source {
	char *name;
	__u64 built_real_s; /* by its own word */
	__u64 bytes;
};

struct config_errors;
struct zone_seen;
struct places;
struct steer_plan {
	unsigned int users;	/* sets of zones that are steered by it */
	struct zone_seen *seen; /* the files it was made of, as they were before they were read */
	size_t nr_seen;
	struct steer_policy *policies;
	size_t nr_policies;
	struct steer_name *names;
	size_t nr_names;
	struct steer_map map;
	struct steer_source *sources;
	size_t nr_sources;
	struct places *places; /* of every address, also where no policy needs it */
	/*
	 * What is wrong only with these databases, such as an AS number that they do not have: an
	 * error for who writes the configuration, a warning for who must go on.
	 */
	struct config_errors *doubts;
};

struct config;

/*
 * Reads the databases that @config names and makes everything above of it. 0 and *@plan (caller
 * frees with steer_plan_free()), *@plan is NULL if nothing is steered; or -errno, with every error
 * in @errors.
 */
int steer_plan_build(const struct config *config, struct config_errors *errors,
		     struct steer_plan **plan);
/* Once more for each steer_plan_share(). */
void steer_plan_free(struct steer_plan *plan);
struct steer_plan *steer_plan_share(struct steer_plan *plan);
/* The same configuration would give the same plan: none of its files has changed. */
bool steer_plan_is_current(const struct steer_plan *plan);
/* Logs the doubts, as warnings. */
void steer_plan_warn(const struct steer_plan *plan);
/* Logs what it came to. */
void steer_plan_tell(const struct steer_plan *plan);
/*
 * Whether every location of every policy ends in an answer, or in none on purpose. 0, or -EINVAL
 * with what does not in @errors.
 */
int steer_plan_prove(const struct steer_plan *plan, const struct config *config,
		     struct config_errors *errors);

/*
 * Where the client at @addr is, by the code that the kernel runs: fills *@location and *@scope (in
 * all 128 bits, IPv4 as IPv4-mapped).
 */
void steer_map_locate(const struct steer_map *map, const struct ad_addr *addr, __u32 bits,
		      __u16 *location, __u8 *scope);

#endif
