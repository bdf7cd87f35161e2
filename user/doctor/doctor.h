/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor.h: `anydoor doctor`: what bites in production, looked at all at once. Changes nothing but
 * for a few probes that it sends to other nodes through the tunnel.
 *
 * Four sources find things, and each finding says by its word which check it belongs to: the
 * files (as `anydoor check`), the host (host.h), the running instance (status.h), and the checks of
 * this folder. A check that no source has anything to say of is well.
 */
#ifndef AD_DOCTOR_H
#define AD_DOCTOR_H

#include "user/base/globals.h"
#include "user/fleet/echo.h"
#include "user/host/findings.h"
#include "user/status/status.h"

/* How much could be looked at, each more than the one before. */
enum doctor_sight {
	DOCTOR_FILES, /* the configuration is wrong, or may not be read */
	DOCTOR_HOST,  /* nothing is loaded */
	DOCTOR_ALL
};

/* X(word, what must be seen to say that it is well, what is true then) */
#define DOCTOR_CHECKS(X)                                                                           \
	X("config", FILES, "configuration and zones have no error")                                \
	X("kernel", HOST, "the kernel has what loading needs")                                     \
	X("state", HOST, "bpffs and run directory are ours alone")                                 \
	X("daemon", ALL, "the data path is loaded and armed, and its daemon lives")                \
	X("flows", ALL, "the flow table has room")                                                 \
	X("memory", HOST, "there is memory for the flow table")                                    \
	X("xdp", ALL, "our programs are on the interfaces, in the mode that is wanted")            \
	X("hooks", ALL, "no other program can take packets away from ours")                        \
	X("interfaces", HOST, "the interfaces are there, and up")                                  \
	X("rings", HOST, "rings of what comes in are not small")                                   \
	X("offloads", HOST, "no offload changes packets before XDP")                               \
	X("vips", HOST, "the VIPs are on this host, and replies leave by our interfaces")          \
	X("sysctls", HOST, "tcp_timestamps and the others are as needed")                          \
	X("rp_filter", HOST, "reverse path filters let clients in")                                \
	X("conntrack", HOST, "connection tracking is off, or has room")                            \
	X("services", HOST, "no NAT, IPVS or MPTCP gets in the way")                               \
	X("port53", HOST, "port 53 of the VIPs is free for us")                                    \
	X("routes", HOST, "there is a route to each node")                                         \
	X("neighbours", HOST, "the next hop towards each node is resolved")                        \
	X("keys", HOST, "the key file is root's alone, and its epoch is in use")                   \
	X("clock", HOST, "our clock is synchronised")                                              \
	X("peers", ALL, "each node answers through the tunnel")                                    \
	X("mtu", ALL, "the longest packets pass to each node and back")                            \
	X("clocks", ALL, "the others' clocks agree with ours")                                     \
	X("versions", ALL, "all nodes run one version")                                            \
	X("bus", ALL, "the bus is fresh")                                                          \
	X("bgp", HOST, "neighbours are told what they shall be told")                              \
	X("health", ALL, "health checks run, and enough POPs pass them")                           \
	X("rtt", ALL, "round-trip times are measured, where they are wanted")                      \
	X("connections", ALL, "the kernel tells of connections")                                   \
	X("zones", ALL, "zones are as their files, and their signatures valid for long")

struct doctor {
	const struct globals *globals;
	const struct config *config; /* what is right of it; NULL: nothing */
	struct view view;
	bool loaded; /* then view and status are there */
	struct status status;
	bool alone; /* send no probes */
	struct findings *findings;
};

#define doctor_bad(doctor, ...)	    findings_add((doctor)->findings, FINDING_ERROR, __VA_ARGS__)
#define doctor_warn(doctor, ...)    findings_add((doctor)->findings, FINDING_WARNING, __VA_ARGS__)
#define doctor_unknown(doctor, ...) findings_add((doctor)->findings, FINDING_UNKNOWN, __VA_ARGS__)
#define doctor_fine(doctor, ...)    findings_add((doctor)->findings, FINDING_FINE, __VA_ARGS__)

/* All checks. @alone: send nothing to other nodes. */
enum doctor_sight doctor_look(const struct globals *globals, bool alone, struct findings *findings);

/* All checks, in the order in which they are shown. */
struct doctor_check {
	const char *word;
	enum doctor_sight needs;
	const char *well; /* what is true then */
};
extern const struct doctor_check doctor_checks[];
size_t doctor_nr_checks(void);
/* The worst of a check's findings; FINE also if it has none. NULL: of all. */
enum finding_level doctor_level(const struct findings *findings, const char *check);

/* --- checks of this folder: each adds findings of its own words --------------------------------
 */

void doctor_links(struct doctor *doctor); /* xdp, hooks, rings, neighbours */
void doctor_keys(struct doctor *doctor);
void doctor_bgp(struct doctor *doctor);
void doctor_zones(struct doctor *doctor);
void doctor_connections(struct doctor *doctor);
void doctor_bus(struct doctor *doctor);	  /* bus, versions */
void doctor_fleet(struct doctor *doctor); /* peers, mtu, clocks */

/* Of a ring with @now descriptors of @most: worth a word? Pure. */
bool doctor_ring_is_small(unsigned int now, unsigned int most);

#endif
