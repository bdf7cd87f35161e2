/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.h: writes a configuration to the maps. Each entry is replaced as a whole while packets flow;
 * equal entries are not written.
 */
#ifndef AD_FILL_H
#define AD_FILL_H

#include "user/fleet/model.h"
#include "user/state/datapath.h"

/*
 * keys, nodes, peer_ids, hunt and locals; of @model the column that is configured. VIPs that are
 * new to an armed data path are AD_LOCAL_UNARMED until fill_arm_vip(). 0, or -errno with a line in
 * @errors.
 */
int fill_maps(const struct datapath *dp, struct model *model, const struct config *config,
	      const struct ad_keys *keys, struct config_errors *errors);
/*
 * Call it when the sockets of a new VIP are listed: from then on its flows are stamped. 0 or
 * -errno.
 */
int fill_arm_vip(const struct datapath *dp, const struct ad_addr *vip);
/* Writes who loaded the instance, and the settings that cannot change while stamped flows live. */
void fill_meta(struct ad_meta *meta, const struct config *config, const __u8 stamp_id[16]);

#endif
