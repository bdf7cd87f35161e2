/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp.h: what the BGP daemon of this host shall tell its neighbours of the VIPs, and what it tells
 * them. Knows no libbpf.
 *
 * A wish is not a fact. A driver writes the wish where the BGP daemon reads it at its own start,
 * has it read again, and then asks what each neighbour is really told. No driver resets a session.
 */
#ifndef AD_BGP_H
#define AD_BGP_H

#include <stdbool.h>
#include <stddef.h>
#include "user/config/config.h"

/* X(name, key in JSON and in the file, text for people), each more than the one before. */
#define BGP_WISHES(X)                                                                              \
	X(WITHDRAW, "withdraw", "withdrawn")                                                       \
	X(DEPREFER, "deprefer", "de-preferred")                                                    \
	X(ANNOUNCE, "announce", "announced")

enum bgp_wish {
#define X(name, key, text) BGP_##name,
	BGP_WISHES(X)
#undef X
	BGP_WISHES_NR
};

const char *bgp_wish_key(enum bgp_wish wish);
const char *bgp_wish_text(enum bgp_wish wish);
/* False: @key is none of them. */
bool bgp_wish_find(const char *key, enum bgp_wish *wish);

enum bgp_family {
	BGP_IP4,
	BGP_IP6,
	BGP_FAMILIES
};

/* For each family. */
struct bgp_wishes {
	enum bgp_wish of[BGP_FAMILIES];
};
bool bgp_wishes_are(const struct bgp_wishes *a, const struct bgp_wishes *b);

#define BGP_NAME_MAX	   CONFIG_BGP_NAME_MAX
#define BGP_NEIGHBOURS_MAX CONFIG_BGP_NEIGHBOURS_MAX
#define BGP_WHY_MAX	   400

/* All of the configuration that a driver needs, in one piece: it runs on a thread of its own. */
struct bgp_setup {
	enum config_bgp_driver driver;
	char file[256];	  /* that the BGP daemon reads */
	char socket[108]; /* of the BGP daemon; fits a sockaddr_un */
	char neighbours[BGP_NEIGHBOURS_MAX][BGP_NAME_MAX + 1];
	size_t nr_neighbours; /* 0: all that it has */
	struct config_prefix prefixes[AD_VIP_MAX];
	size_t nr_prefixes;
	unsigned int as;
	unsigned int prepend;
	unsigned int community[2];
};
void bgp_setup_from(struct bgp_setup *setup, const struct config *config);
bool bgp_prefix_is(const struct config_prefix *prefix, enum bgp_family family);
/* Prefixes of that family. */
size_t bgp_setup_count(const struct bgp_setup *setup, enum bgp_family family);

/* What one neighbour is told, of one family. */
struct bgp_export {
	char neighbour[BGP_NAME_MAX + 1];
	enum bgp_family family;
	bool established;	  /* its session */
	unsigned int announced;	  /* prefixes of ours, ... */
	unsigned int depreferred; /* ... and how many of those with the community */
};

struct bgp_fact {
	bool answered;	       /* the BGP daemon; else nothing below is known */
	char why[BGP_WHY_MAX]; /* why it did not, or what it refused; empty: all is well */
	struct bgp_export list[BGP_NEIGHBOURS_MAX * BGP_FAMILIES];
	size_t nr;
};
void bgp_fail(struct bgp_fact *fact, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* says why */
/*
 * Whether all neighbours with a session are told what @wishes says; with no session at all, that is
 * so for what is withdrawn alone.
 */
bool bgp_fact_is(const struct bgp_fact *fact, const struct bgp_setup *setup,
		 const struct bgp_wishes *wishes);
/* What neighbours are told at most: the least wish that says as much. */
struct bgp_wishes bgp_fact_wishes(const struct bgp_fact *fact, const struct bgp_setup *setup);

struct bgp_driver {
	const char *name;
	/* The state in its file, as whoever wrote it last left it; -ENOENT: there is none. */
	int (*recall)(const struct bgp_setup *setup, struct bgp_wishes *wishes);
	/* Writes the file, if it says something else. 1: it did, 0, or -errno. */
	int (*write)(const struct bgp_setup *setup, const struct bgp_wishes *wishes);
	/* Has it read again. False, and fact->why says what was wrong. */
	bool (*reread)(const struct bgp_setup *setup, struct bgp_fact *fact);
	/*
	 * Whether it has in it what the file says: others may take that away. Cheap; true also if
	 * it does not answer. NULL: nobody can.
	 */
	bool (*keeps)(const struct bgp_setup *setup, const struct bgp_wishes *wishes);
	/* Asks what it tells its neighbours. */
	void (*ask)(const struct bgp_setup *setup, struct bgp_fact *fact);
};

/* NULL: none is configured. */
const struct bgp_driver *bgp_driver_of(const struct bgp_setup *setup);

/*
 * Nothing is announced any more, now. False, and fact->why, to be said by BGP_NOT_WITHDRAWN. Blocks
 * for a few seconds at most.
 */
bool bgp_withdraw(const struct bgp_setup *setup, struct bgp_fact *fact);
#define BGP_NOT_WITHDRAWN                                                                          \
	"BGP: nobody could be told that the VIPs are withdrawn: %s; unless the BGP daemon is "     \
	"stopped, do it by hand"

#endif
