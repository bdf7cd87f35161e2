// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_guard.c: rules for the engine from what the operator wrote (dns_guard.h).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include "dns_guard.h"
#include "user/config/config.h"
#include "user/config/keys.h"

static bool has_limits(const struct config_limit *limit)
{
	size_t i;

	for (i = 0; i < AD_DNS_CLASSES; i++)
		if (limit->rates[i])
			return true;
	return false;
}

__u32 dns_guard_mask(const struct config *config)
{
	__u32 lines = 2; /* a mask of 0 means that there is no limit */

	if (!has_limits(&config->limit))
		return 0;
	while (lines < config->limit.table / AD_DNS_ACCOUNTS)
		lines *= 2;
	return lines - 1;
}

static void fill_limits(struct ad_dns_guard *rules, const struct config_limit *limit)
{
	size_t i;

	for (i = 0; i < AD_DNS_CLASSES; i++)
		if (limit->rates[i])
			rules->costs[i] = AD_DNS_TICKS_A_SECOND / limit->rates[i];
	rules->debt_max = AD_DNS_TICKS_A_SECOND * (limit->window_s + 1);
	rules->ip4_mask = htonl(~0u << (32 - limit->ip4_prefix));
	rules->ip6_mask = htobe64(~0ull << (64 - limit->ip6_prefix));
	rules->slip = limit->slip;
	rules->cookies_exempt = limit->exempt_cookies;
	rules->log_only = limit->log_only;
}

static int fill_secrets(struct ad_dns_guard *rules, const struct config *config,
			struct config_errors *errors)
{
	struct dns_secrets secrets;
	const char *path = config->key_file, *key = "keys.file";
	int err = keys_load_dns(path, config->key_epoch, &secrets);

	if (!err && config->cookie_secrets) {
		path = config->cookie_secrets;
		key = "dns.cookie_secrets";
		err = keys_load_cookies(path, &secrets);
	}
	if (err) {
		config_errors_add(errors, path, 0, "%s cannot be used: %s", key, strerror(-err));
	} else {
		memcpy(rules->secrets, secrets.cookies, sizeof(rules->secrets));
		memcpy(rules->account_key, secrets.accounts, sizeof(rules->account_key));
		rules->nr_secrets = secrets.nr_cookies;
	}
	explicit_bzero(&secrets, sizeof(secrets));
	return err;
}

static int make_lines(struct dns_guard *guard, const struct config *config)
{
	guard->mask = dns_guard_mask(config);
	if (guard->mask)
		guard->lines = calloc(guard->mask + 1ul, sizeof(*guard->lines));
	return guard->mask && !guard->lines ? -ENOMEM : 0;
}

int dns_guard_load(const struct config *config, struct dns_guard **result,
		   struct config_errors *errors)
{
	const struct config_limit *limit = &config->limit;
	struct dns_guard *guard =
		calloc(1, sizeof(*guard) + limit->nr_exempt * sizeof(*guard->exempt));
	size_t i;
	int err;

	if (!guard)
		return -ENOMEM;
	guard->rules.cookies = config->cookies;
	guard->rules.nr_exempt = limit->nr_exempt;
	for (i = 0; i < limit->nr_exempt; i++) {
		guard->exempt[i].bits = limit->exempt[i].bits;
		memcpy(guard->exempt[i].address, &limit->exempt[i].address,
		       sizeof(guard->exempt[i].address));
	}
	fill_limits(&guard->rules, limit);
	err = fill_secrets(&guard->rules, config, errors);
	err = err ?: make_lines(guard, config);
	if (err)
		dns_guard_free(guard);
	else
		*result = guard;
	return err;
}

void dns_guard_free(struct dns_guard *guard)
{
	if (!guard)
		return;
	explicit_bzero(&guard->rules, sizeof(guard->rules));
	free(guard->lines);
	free(guard);
}

void dns_guard_inherit(struct dns_guard *guard, struct dns_guard *old)
{
	struct ad_dns_accounts *lines = guard->lines;

	if (guard->mask != old->mask)
		return;
	guard->lines = old->lines;
	old->lines = lines;
}
