// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor_files.c: are the configuration and its zones right? As `anydoor check` has it.
 */
#include <errno.h>
#include <unistd.h>
#include "doctor_files.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"

static void take_errors(struct findings *findings, struct config_errors *errors)
{
	for (size_t i = 0; i < errors->nr; i++)
		findings_add(findings, FINDING_ERROR, "%s", errors->list[i].text);
	config_errors_free(errors);
}

/* What may not be read is not known to be wrong. */
static bool may_not_read(const char *path)
{
	return geteuid() && access(path, R_OK) && errno == EACCES;
}

struct config *doctor_files(const char *path, struct findings *findings)
{
	struct config_errors errors = {};
	struct config *config = NULL;
	struct dns_zones *zones;

	findings->check = "config";
	if (may_not_read(path)) {
		findings_add(findings, FINDING_UNKNOWN,
			     "config: %s: not allowed to read it; be root", path);
		return NULL;
	}
	if (config_load_partly(path, &config, &errors)) {
		config_free(config);
		config = NULL;
	} else if (!dns_zones_load(config, NULL, NULL, &zones, &errors)) {
		dns_zones_free(zones);
	}
	take_errors(findings, &errors);
	return config;
}
