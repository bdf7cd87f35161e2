// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_limiter.c: makes the engine's rules from the configuration (dns_limiter.h).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include "dns_limiter.h"
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

__u32 dns_limiter_mask(const struct config *config)
{
	__u32 lines = 2; /* a mask of 0 means that there is no limit */

	if (!has_limits(&config->limit))
		return 0;
	while (lines < config->limit.table / AD_DNS_ACCOUNTS)
		lines *= 2;
	return lines - 1;
}

static void fill_limits(struct ad_dns_rules *rules, const struct config_limit *limit)
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

static int fill_secrets(struct ad_dns_rules *rules, const struct config *config,
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

static int make_lines(struct dns_limiter *limiter, const struct config *config)
{
	limiter->mask = dns_limiter_mask(config);
	if (limiter->mask)
		limiter->lines = calloc(limiter->mask + 1ul, sizeof(*limiter->lines));
	return limiter->mask && !limiter->lines ? -ENOMEM : 0;
}

int dns_limiter_load(const struct config *config, struct dns_limiter **result,
		     struct config_errors *errors)
{
	const struct config_limit *limit = &config->limit;
	struct dns_limiter *limiter =
		calloc(1, sizeof(*limiter) + limit->nr_exempt * sizeof(*limiter->exempt));
	size_t i;
	int err;

	if (!limiter)
		return -ENOMEM;
	limiter->rules.cookies = config->cookies;
	limiter->rules.nr_exempt = limit->nr_exempt;
	for (i = 0; i < limit->nr_exempt; i++) {
		limiter->exempt[i].bits = limit->exempt[i].bits;
		memcpy(limiter->exempt[i].address, &limit->exempt[i].address,
		       sizeof(limiter->exempt[i].address));
	}
	fill_limits(&limiter->rules, limit);
	err = fill_secrets(&limiter->rules, config, errors);
	err = err ?: make_lines(limiter, config);
	if (err)
		dns_limiter_free(limiter);
	else
		*result = limiter;
	return err;
}

void dns_limiter_free(struct dns_limiter *limiter)
{
	if (!limiter)
		return;
	explicit_bzero(&limiter->rules, sizeof(limiter->rules));
	free(limiter->lines);
	free(limiter);
}

void dns_limiter_inherit(struct dns_limiter *limiter, struct dns_limiter *old)
{
	struct ad_dns_accounts *lines = limiter->lines;

	if (limiter->mask != old->mask)
		return;
	limiter->lines = old->lines;
	old->lines = lines;
}
