/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader.h: the data path of one instance: loaded, adopted, changed in place, taken off.
 *
 * Everything here needs the instance's locks. A function that fails adds the reason to @errors and
 * changes nothing.
 */
#ifndef AD_LOADER_H
#define AD_LOADER_H

#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/fleet/drain_serve.h"
#include "user/state/datapath.h"
#include "user/state/doors.h"
#include "user/state/pins.h"
#include "user/state/repin.h"

struct loader {
	struct instance instance;
	struct doors doors;
	struct datapath dp;
	struct pins pins;
	struct model *fleet; /* as long as the maps are open */
	struct repin held;   /* while a daemon tends it */
};

/* An empty one, so that loader_close() may always be called. */
void loader_init(struct loader *loader);
/*
 * -EAGAIN and a line in @errors: the clock is not yet as stamp.clock demands, so loader_start()
 * must wait. A loaded instance already has its clock.
 */
int loader_check_clock(const struct loader *loader, const struct config *config,
		       struct config_errors *errors);
/*
 * Loads the instance, or adopts the one that is pinned and brings it up to @config. @zones and
 * @limiter are written to the kernel before the first packet arrives; the caller keeps both.
 */
int loader_start(struct loader *loader, const struct config *config, struct dns_zones *zones,
		 const struct dns_limiter *limiter, struct config_errors *errors);
/*
 * Changes from @old to @config; at no time does a packet pass an interface without our programs.
 * New interfaces must exist. If it fails, the values from before are written back. But if a step
 * after the zones fails, the new zones stay live, as dns_zones_are_live() says.
 */
int loader_change(struct loader *loader, const struct config *old, const struct config *config,
		  struct dns_zones *zones, const struct dns_limiter *limiter,
		  struct config_errors *errors);
/*
 * Attaches our missing programs to the interface @name of an armed data path. Existing flows
 * without a stamp stay without.
 */
int loader_attach(struct loader *loader, const struct config *config, const char *name,
		  struct config_errors *errors);
/*
 * Detaches everything. -EBUSY and a line in @errors while stamped flows live, unless @force: then
 * *@broken of them are broken. -ENOENT, without a line: nothing is loaded.
 */
int loader_detach(struct loader *loader, bool force, int *broken, struct config_errors *errors);
/*
 * If pins are missing, all are made again from the descriptors of this process, which the first
 * call opens. 0, or -errno with a line in @errors.
 */
int loader_keep_pins(struct loader *loader, struct config_errors *errors);
/*
 * Whether loader_start() would adopt what is pinned: 0; -ENOENT and a line in @errors if only a
 * part of it is left; other -errno and a line if it would refuse. Changes nothing.
 */
int loader_check_pins(const struct instance *instance, const struct config *config,
		      struct config_errors *errors);
/*
 * Something that the running programs use is not pinned in @dir any more: true, and its name. Needs
 * CAP_SYS_ADMIN; without it nothing is found missing.
 */
bool loader_has_lost(const struct doors *doors, const char *dir, char name[32]);
/*
 * The state that drain_serve() changes while this process holds the instance. Valid until
 * loader_close().
 */
struct drain_place loader_drain_place(const struct loader *loader, const struct config *config);
/* Closes all descriptors; the data path goes on. */
void loader_close(struct loader *loader);

#endif
