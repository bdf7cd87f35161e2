/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_steer.h: what `anydoor check` says of steering: who is sent where.
 */
#ifndef AD_CHECK_STEER_H
#define AD_CHECK_STEER_H

#include <jansson.h>
#include "user/config/config.h"
#include "user/steer/policy.h"

/* Two tables: what each rule decides on, and what each POP gets while all are up. @row_bytes: of
 * the rows made of @plan. */
void check_steer_print(const struct config *config, const struct steer_plan *plan, __u64 row_bytes);
/* The same; NULL without memory. */
json_t *check_steer_json(const struct config *config, const struct steer_plan *plan,
			 __u64 row_bytes);

#endif
