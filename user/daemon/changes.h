/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h: what differs between two sets of zones, in words. Knows no libbpf. What differs
 * between two configurations: user/config/config_changes.h.
 */
#ifndef AD_CHANGES_H
#define AD_CHANGES_H

#include <jansson.h>
#include "user/dns/dns_zones.h"

/*
 * Adds a line for each zone that both sets have and that was read with other contents, to @warnings
 * one for each whose serial did not rise with them.
 */
void changes_add_zones(json_t *list, json_t *warnings, const struct dns_zones *old,
		       const struct dns_zones *new);
/* What is doubtful in the steering of @zones. */
void changes_add_doubts(json_t *warnings, const struct dns_zones *zones);

#endif
