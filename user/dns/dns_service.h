/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_service.h: zones from files to the kernel, and the daemon's own answers on port 53.
 *
 * A reload has three steps: dns_zones_load() makes the new set beside the old one,
 * dns_zones_publish() makes it live with one swap, and dns_server_use() makes the daemon answer
 * from it. Any failure before the swap changes nothing that a client can see. dns_zones_stage()
 * before the swap and dns_zones_retire() after it do the parts that take long; they may be called
 * from another thread.
 */
#ifndef AD_DNS_SERVICE_H
#define AD_DNS_SERVICE_H

#include <stdbool.h>
#include <linux/types.h>

struct config;
struct config_errors;
struct pins;
struct anydoor_bpf;
struct event_base;
struct dns_zones;
struct steer_ranks;
struct dns_server;
struct dns_limiter;

/*
 * Reads and compiles every zone of @config. 0 and *@zones (also when there are none: such a set
 * refuses or passes everything), or -EINVAL or -ENOMEM. Every error found is appended to @errors as
 * "file:line: reason"; warnings are logged. A zone that cannot be read is no failure: the set has
 * it as it is in @before (which may be NULL); if it is not there, all its names are SERVFAIL. Its
 * error is stored with it, and in the kernel once the set is published. Touches nothing in the
 * kernel. @ranks: in which order POPs stand by what was measured, or NULL.
 */
int dns_zones_load(const struct config *config, const struct dns_zones *before,
		   const struct steer_ranks *ranks, struct dns_zones **zones,
		   struct config_errors *errors);
/*
 * The same, but what @before has is kept where no file has changed, if it was made of a
 * configuration of the same text: zones are not read again, nor compiled, and databases of steering
 * are not read.
 */
int dns_zones_refresh(const struct config *config, const struct dns_zones *before,
		      const struct steer_ranks *ranks, struct dns_zones **zones,
		      struct config_errors *errors);
/* The same, and files that have changed are kept, too: only what no file says may be new. */
int dns_zones_keep(const struct config *config, const struct dns_zones *before,
		   const struct steer_ranks *ranks, struct dns_zones **zones,
		   struct config_errors *errors);
void dns_zones_free(struct dns_zones *zones);

/*
 * Writes @zones to a new map in the slot that no packet reads. 0 or -errno, logged.
 * dns_zones_publish() must follow, or dns_zones_retire().
 */
int dns_zones_stage(struct dns_zones *zones, const struct pins *pins);
/*
 * Makes @zones live with one swap, staged before or not; a packet sees the old set or the new one,
 * never a mixture. 0 or -errno, logged; on failure the old set stays live. If @zones were staged,
 * dns_zones_retire() must follow, and before that no other set may be staged.
 */
int dns_zones_publish(struct dns_zones *zones, const struct pins *pins);
/* Whether packets are answered from @zones, which were staged. */
bool dns_zones_are_live(const struct dns_zones *zones, const struct pins *pins);
/*
 * Waits for the last reader of the slot that is not live, and empties it. @live: @zones were
 * published, so their statistics are written, too.
 */
void dns_zones_retire(struct dns_zones *zones, const struct pins *pins, bool live);

/*
 * Logs zones whose signatures expired, or came near their expiry, since @since_s; and logs them
 * again once a day.
 */
void dns_zones_tell_expiry(const struct dns_zones *zones, __u64 since_s, __u64 now_s);

/* Puts cookies and limits (dns_limiter.h) in force in the kernel. 0 or -errno, logged. */
int dns_limiter_publish(const struct dns_limiter *limiter, const struct pins *pins);

/* Sizes of the DNS maps, between open and load of the skeleton. 0 or -errno. */
int dns_maps_prepare(struct anydoor_bpf *skel, const struct config *config);

/*
 * UDP and TCP port 53 on every DNS VIP, in the current network namespace, with IP_FREEBIND: the
 * address may come later. A port that another process has is logged, and tried again by
 * dns_server_tend(). @before, which serves another set of addresses and is to be freed when this
 * one takes over (or NULL), lends the sockets that both have. 0 or -errno, logged. Refuses all
 * names until dns_server_use().
 */
int dns_server_new(struct event_base *base, const struct config *config, const struct pins *pins,
		   struct dns_server *before, struct dns_server **server);
/* Tries again to open ports that another process had. */
void dns_server_tend(struct dns_server *server);
/* Takes ownership of @limiter and frees the one used before. */
void dns_server_limit(struct dns_server *server, struct dns_limiter *limiter);
/* Takes ownership of @zones and gives back the set used before, to free; or NULL. */
struct dns_zones *dns_server_use(struct dns_server *server, struct dns_zones *zones);
/* The set that it answers from, or NULL. */
const struct dns_zones *dns_server_zones(const struct dns_server *server);
/* Applies settings that can change while it serves: limits on connections. */
void dns_server_tune(struct dns_server *server, const struct config *config);
/* Gives back the set that it used, to free; or NULL. */
struct dns_zones *dns_server_free(struct dns_server *server);

#endif
