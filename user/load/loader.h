/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader.h: the data path of one instance: loaded, adopted, changed in place, taken off.
 *
 * Everything here needs the instance's locks. What fails says why in @errors, and leaves what was
 * there before as it was.
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
 * -EAGAIN and a line in @errors: stamp.clock does not let loader_start() begin yet. What runs
 * already has its clock.
 */
int loader_check_clock(const struct loader *loader, const struct config *config,
		       struct config_errors *errors);
/*
 * Loads the instance, or adopts the one that is pinned and brings it up to @config. @zones and
 * @guard go to the kernel before the first packet meets it; both stay the caller's.
 */
int loader_start(struct loader *loader, const struct config *config, struct dns_zones *zones,
		 const struct dns_limiter *limiter, struct config_errors *errors);
/*
 * From @old to @config, without a packet meeting an interface without us. Interfaces that are
 * new must be there. If it fails, what was written before is written back; but if only what comes
 * behind the zones fails, they stay, as dns_zones_are_live() says.
 */
int loader_change(struct loader *loader, const struct config *old, const struct config *config,
		  struct dns_zones *zones, const struct dns_limiter *limiter,
		  struct config_errors *errors);
/*
 * Attaches what is missing of ours on the interface @name of an armed data path. Flows that left
 * by it without a stamp so far stay without.
 */
int loader_attach(struct loader *loader, const struct config *config, const char *name,
		  struct config_errors *errors);
/*
 * Takes everything off. -EBUSY and a line in @errors while stamped flows live, unless @force: then
 * *@broken of them are broken. -ENOENT, no line: there is nothing.
 */
int loader_detach(struct loader *loader, bool force, int *broken, struct config_errors *errors);
/*
 * Where pins are missing, all are made anew from what this process has open, which the first call
 * opens. 0, or -errno with a line in @errors.
 */
int loader_keep_pins(struct loader *loader, struct config_errors *errors);
/*
 * Whether loader_start() would adopt what is pinned: 0; -ENOENT and a line in @errors if only a
 * part of it is left; other -errno and a line for what it refuses. Changes nothing.
 */
int loader_check_pins(const struct instance *instance, const struct config *config,
		      struct config_errors *errors);
/*
 * Something that the running programs use is not pinned in @dir any more: true, and its name. Needs
 * CAP_SYS_ADMIN; without it nothing is found missing.
 */
bool loader_has_lost(const struct doors *doors, const char *dir, char name[32]);
/* What drain_serve() changes, while this process holds the instance; as long as it is open. */
struct drain_place loader_drain_place(const struct loader *loader, const struct config *config);
/* Closes; the data path stays. */
void loader_close(struct loader *loader);

#endif
