// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_limiter.c: the rules of cookies and limits, as the engine reads them, from a
 * configuration.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/dns/dns_limiter.h"
#include "user/config/keys.h"

static char key_file[] = "/tmp/guard-keys.XXXXXX";
static char cookie_file[] = "/tmp/guard-cookies.XXXXXX";

static struct config config_of(const struct config_limit *limit)
{
	struct config config = { .key_file = key_file, .cookies = AD_DNS_COOKIES_ON };

	config.limit = *limit;
	return config;
}

static struct config_limit limit_of(__u32 answers)
{
	struct config_limit limit = { .slip = 2,
				      .window_s = 15,
				      .ip4_prefix = 24,
				      .ip6_prefix = 56,
				      .exempt_cookies = true,
				      .table = 1 << 20 };

	limit.rates[AD_DNS_CLASS_ANSWER] = answers;
	return limit;
}

static struct dns_limiter *load(const struct config *config)
{
	struct config_errors errors = {};
	struct dns_limiter *limiter = NULL;

	if (!ok(!dns_limiter_load(config, &limiter, &errors), "it loads"))
		exit(done_testing());
	config_errors_free(&errors);
	return limiter;
}

static void test_mask_is_a_power_of_two_of_lines(void)
{
	struct config_limit limit = limit_of(0);
	struct config config = config_of(&limit);

	is_int(dns_limiter_mask(&config), 0, "no limit: no table");
	config.limit.rates[AD_DNS_CLASS_ANSWER] = 5;
	is_int(dns_limiter_mask(&config), (1 << 17) - 1, "a million accounts, eight to a line");
	config.limit.table = (1 << 20) + 1;
	is_int(dns_limiter_mask(&config), (1 << 17) - 1, "what does not fill a line adds none");
	config.limit.table = (1 << 20) + 8;
	is_int(dns_limiter_mask(&config), (1 << 18) - 1, "one line more: rounded up");
	config.limit.table = 1;
	is_int(dns_limiter_mask(&config), 1, "the least is two lines: a mask of 0 means no limit");
}

static void test_rules_say_what_the_configuration_does(void)
{
	struct config_limit limit = limit_of(10);
	struct config config = config_of(&limit);
	struct dns_limiter *limiter;

	config.limit.log_only = true;
	limiter = load(&config);
	is_int(limiter->rules.costs[AD_DNS_CLASS_ANSWER], AD_DNS_TICKS_A_SECOND / 10,
	       "ten answers a second cost a tenth of one each");
	for (int i = 0; i < AD_DNS_CLASSES; i++)
		if (i != AD_DNS_CLASS_ANSWER)
			is_int(limiter->rules.costs[i], 0, "class %d has no limit", i);
	is_int(limiter->rules.debt_max, 16 * AD_DNS_TICKS_A_SECOND, "a second and the window");
	is_int(ntohl(limiter->rules.ip4_mask), 0xffffff00, "a /24 is one client");
	ok(be64toh(limiter->rules.ip6_mask) == 0xffffffffffffff00ull, "and so is a /56");
	is_int(limiter->rules.slip, 2, "every second one is told");
	ok(limiter->rules.log_only && limiter->rules.cookies_exempt, "switches are taken over");
	is_int(limiter->rules.cookies, AD_DNS_COOKIES_ON, "so is what cookies do");
	ok(limiter->lines && limiter->mask, "it has a table");
	dns_limiter_free(limiter);
}

static void test_rules_at_their_bounds(void)
{
	struct config_limit limit = limit_of(0);
	struct config config = config_of(&limit);
	struct dns_limiter *limiter;

	config.limit.ip4_prefix = 32;
	config.limit.ip6_prefix = 64;
	limiter = load(&config);
	is_int(ntohl(limiter->rules.ip4_mask), 0xffffffff, "each address by itself");
	ok(limiter->rules.ip6_mask == ~0ull, "each /64 by itself");
	ok(!limiter->lines && !limiter->mask, "without a limit there is no table");
	dns_limiter_free(limiter);
}

static void exempt(struct config_limit *limit, const char *address, unsigned int bits)
{
	struct ad_addr addr;

	addr_parse(address, &addr);
	memcpy(&limit->exempt[limit->nr_exempt].address, &addr, sizeof(addr));
	limit->exempt[limit->nr_exempt++].bits = bits;
}

static bool exempts(const struct dns_limiter *limiter, const char *address)
{
	struct ad_addr addr;

	addr_parse(address, &addr);
	return dns_limiter_exempts(limiter, &addr);
}

static void test_exempt_networks_end_at_any_bit(void)
{
	struct config_limit limit = limit_of(1);
	struct config config;
	struct dns_limiter *limiter;

	limit.exempt = calloc(3, sizeof(*limit.exempt));
	exempt(&limit, "192.0.2.128", 96 + 25);
	exempt(&limit, "2001:db8::", 33);
	exempt(&limit, "198.51.100.7", 128);
	config = config_of(&limit);
	limiter = load(&config);
	ok(exempts(limiter, "192.0.2.128") && exempts(limiter, "192.0.2.255"),
	   "the upper half of a /24");
	ok(!exempts(limiter, "192.0.2.127"), "not the lower one");
	ok(exempts(limiter, "2001:db8:7fff::1") && !exempts(limiter, "2001:db8:8000::1"), "a /33");
	ok(exempts(limiter, "198.51.100.7") && !exempts(limiter, "198.51.100.6"), "one address");
	dns_limiter_free(limiter);
	free(limit.exempt);
}

static void test_secrets_are_the_fleets_or_those_of_a_file(void)
{
	static const char lines[] =
		"e5e973e5a6b2a43f48e7dc849e37bfcf\n00112233445566778899aabbccddeeff\n";
	static const __u8 first[] =
		"\xe5\xe9\x73\xe5\xa6\xb2\xa4\x3f\x48\xe7\xdc\x84\x9e\x37\xbf\xcf";
	struct config_limit limit = limit_of(0);
	struct config config = config_of(&limit);
	struct dns_limiter *ours = load(&config), *shared;
	int fd = open(cookie_file, O_WRONLY);

	if (write(fd, lines, sizeof(lines) - 1) != sizeof(lines) - 1)
		abort();
	close(fd);
	config.cookie_secrets = cookie_file;
	shared = load(&config);
	is_mem(shared->rules.secrets[0], first, 16, "the first line makes cookies");
	is_int(shared->rules.nr_secrets, 2, "both are accepted");
	ok(memcmp(ours->rules.secrets[0], first, 16),
	   "without the file they come from the key file");
	is_mem(shared->rules.account_key, ours->rules.account_key, 16,
	       "the key of the accounts is the fleet's in any case");
	dns_limiter_free(ours);
	dns_limiter_free(shared);
}

static void test_secrets_that_cannot_be_read_are_an_error_with_its_key(void)
{
	struct config_limit limit = limit_of(0);
	struct config config = config_of(&limit);
	struct config_errors errors = {};
	struct dns_limiter *limiter = NULL;

	config.cookie_secrets = (char *)"/nonexistent/cookies";
	ok(dns_limiter_load(&config, &limiter, &errors) == -ENOENT && !limiter,
	   "no file: no guard");
	is_int(errors.nr, 1, "one line says so");
	config_errors_free(&errors);
}

static void test_inherited_accounts_need_a_table_of_the_same_size(void)
{
	struct config_limit limit = limit_of(1);
	struct config config = config_of(&limit);
	struct dns_limiter *old = load(&config), *new = load(&config), *other;
	struct ad_dns_accounts *counted = old->lines;

	dns_limiter_inherit(new, old);
	ok(new->lines == counted && old->lines != counted, "what was counted goes on");
	config.limit.table = 1 << 10;
	other = load(&config);
	dns_limiter_inherit(other, new);
	ok(new->lines == counted, "not in a table of another size");
	dns_limiter_free(old);
	dns_limiter_free(new);
	dns_limiter_free(other);
	dns_limiter_free(NULL);
}

int main(void)
{
	close(mkstemp(key_file));
	close(mkstemp(cookie_file));
	unlink(key_file);
	if (keys_generate(key_file))
		return 1;
	test_mask_is_a_power_of_two_of_lines();
	test_rules_say_what_the_configuration_does();
	test_rules_at_their_bounds();
	test_exempt_networks_end_at_any_bit();
	test_secrets_are_the_fleets_or_those_of_a_file();
	test_secrets_that_cannot_be_read_are_an_error_with_its_key();
	test_inherited_accounts_need_a_table_of_the_same_size();
	unlink(key_file);
	unlink(cookie_file);
	return done_testing();
}
