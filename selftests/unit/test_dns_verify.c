// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_dns_verify.c: signatures of variants, verified when they are loaded: the example of RFC
 * 6605, 6.1, what is changed of it, what was verified before, and what a thousand cost.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "user/dns/dns_sign.h"
#include "user/dns/dns_verify.h"
#include "zone_fixture.h"

#define NAMES 1000
#define ROOM  400
/* Of what is asked for, 1,000 names at 50 POPs with two types each. */
#define FULL (1000 * 50 * 2)

#define KEY                                                                                        \
	"@ DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+"       \
	"e+MAnLr+Wi9xMWyQLc8NAA==\n"
#define A "www A 192.0.2.1\n"
#define SIG                                                                                        \
	"www RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. "                  \
	"qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==" \
	"\n"
#define PRIVATE                                                                                    \
	"Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\n"                              \
	"PrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=\n"

static struct config_errors errors;
static __u8 member[1][256] = { "\1m" };
static struct dns_steered names[NAMES];

static struct zone *read_zone(const char *file, const char *text)
{
	struct zone *zone = NULL;

	config_errors_free(&errors);
	memset(&errors, 0, sizeof(errors));
	if (zone_parse("example.net.", file, text, strlen(text), &zone, &errors))
		diag("%s", error_text(&errors));
	return zone;
}

static int verify(struct zone *zone, struct zone *const *variant, size_t nr,
		  struct dns_steer_set *set, const struct dns_steer_set *before)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		names[i].members = member;
		names[i].nr_pops = 1;
		names[i].variants = variant;
	}
	*set = (struct dns_steer_set){ .names = names, .nr_names = nr };
	config_errors_free(&errors);
	memset(&errors, 0, sizeof(errors));
	return dns_verify(&zone, 1, set, before, &errors);
}

static void judge(const char *zone_text, const char *variant_text, int expected, const char *what,
		  const char *why)
{
	struct zone *zone = read_zone("z", zone_text), *variant = read_zone("v", variant_text);
	struct dns_steer_set set;

	name_parse("www.example.net.", names[0].name);
	is_int(verify(zone, &variant, 1, &set, NULL), expected, "%s", what);
	is_str(error_text(&errors), why, "  which is said so");
	dns_verify_free(&set);
	zone_free(zone);
	zone_free(variant);
}

static void test_signature_of_the_rfc_is_right_and_a_changed_one_is_not(void)
{
	static const char wrong[] =
		"v:6: steer: www.example.net.: the signature of its A is wrong, no validator would "
		"believe it: sign the variants again\n";

	judge(HEAD KEY, HEAD A SIG, 0, "the example of RFC 6605, 6.1", "");
	judge(HEAD KEY, HEAD "www A 192.0.2.2\n" SIG, -EINVAL, "another address", wrong);
	judge(HEAD KEY, HEAD "WWW 5 A 192.0.2.1\n" SIG, 0, "another TTL and case are as good", "");
	judge(HEAD KEY, HEAD A "\nwww A 192.0.2.3\n" SIG, -EINVAL, "one address more",
	      "v:8: steer: www.example.net.: the signature of its A is wrong, no validator would "
	      "believe it: sign the variants again\n");
	judge(HEAD KEY,
	      HEAD A "www RRSIG A 13 3 3600 20400909100439 20100812100439 55648 example.net. "
		     "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7Zwm"
		     "wWep666VCw==\n",
	      -EINVAL, "another end", wrong);
	judge(HEAD KEY,
	      HEAD A "www RRSIG A 13 3 3600 20100909100439 20100812100439 55648 "
		     "example.net. a2V5\n",
	      -EINVAL, "a signature that is too short", wrong);
	judge(HEAD "@ DNSKEY 256 3 13 a2V5\n", HEAD A SIG, 0,
	      "a key that is of no use says nothing", "");
	judge(HEAD, HEAD "www A 192.0.2.2\n" SIG, 0, "nor does a key that is not there", "");
}

/* --- many ------------------------------------------------------------------------------------- */

static struct dns_signer *signer_of(const struct zone *zone)
{
	char path[] = "/tmp/anydoor-verify-XXXXXX";
	struct dns_signer *signer = NULL;
	const char *why = NULL;
	int fd = mkstemp(path);

	fchmod(fd, 0600);
	if (write(fd, PRIVATE, strlen(PRIVATE)) < 0 ||
	    dns_signer_new(zone, path, 86400, &signer, &why))
		diag("%s: %s", path, why);
	close(fd);
	unlink(path);
	return signer;
}

/* All names with their signatures, of which the one of the name @wrong is another's. */
static struct zone *sign_many(struct zone *zone, const struct dns_signer *signer, size_t wrong)
{
	char *text = malloc(NAMES * ROOM), hex[2 * 256 + 1];
	struct zone *plain, *variant;
	size_t i, at, nr;

	at = sprintf(text, HEAD);
	for (i = 0; i < NAMES; i++)
		at += sprintf(text + at, "n%zu A 192.0.%zu.%zu\n", i, i / 256, i % 256);
	plain = read_zone("v", text);
	for (i = 0; i < NAMES; i++) {
		__u8 bytes[NAME_KEY_MAX];
		const struct zone_rr *rrs;
		struct name_key key;
		struct zone_rr sig = { 0 };
		char name[32];

		snprintf(name, sizeof(name), "n%zu.example.net.", i);
		name_parse(name, names[i].name);
		name_to_key(names[i].name, bytes, &key);
		rrs = zone_find(plain, &key, 1, &nr);
		if (dns_signer_sign(signer, zone->arena, rrs, nr, &sig))
			diag("%s cannot be signed", name);
		sodium_bin2hex(hex, sizeof(hex), sig.rdata, sig.rdlen);
		if (i == wrong)
			hex[2 * sig.rdlen - 1] = hex[2 * sig.rdlen - 1] == '0' ? '1' : '0';
		at += sprintf(text + at, "n%zu RRSIG \\# %u %s\n", i, sig.rdlen, hex);
	}
	zone_free(plain);
	variant = read_zone("v", text);
	free(text);
	return variant;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void test_what_was_right_is_not_verified_again(void)
{
	struct zone *zone = read_zone("z", HEAD KEY), *first, *second;
	struct dns_signer *signer = signer_of(zone);
	struct dns_steer_set before, after;
	double began, once, again;

	if (!ok(signer != NULL, "the key of RFC 6605 signs"))
		return;
	first = sign_many(zone, signer, NAMES);
	began = seconds();
	is_int(verify(zone, &first, NAMES, &before, NULL), 0, "%d signatures are right", NAMES);
	once = seconds() - began;
	is_int(before.nr_verified, NAMES, "all are remembered");
	is_int(before.nr_remembered, 0, "none was known");
	began = seconds();
	is_int(verify(zone, &first, NAMES, &after, &before), 0, "once more");
	again = seconds() - began;
	is_int(after.nr_remembered, NAMES, "all were known");
	diag("%.0f us each, %.1f us if known: 1,000 names at 50 POPs take %.1f s, and %.2f s",
	     once / NAMES * 1e6, again / NAMES * 1e6, once / NAMES * FULL, again / NAMES * FULL);
	ok(once / NAMES < 0.001, "a signature takes less than a millisecond");
	ok(again < once / 4, "less than a quarter of that if it is known");
	dns_verify_free(&after);
	second = sign_many(zone, signer, 7);
	is_int(verify(zone, &second, NAMES, &after, &before), -EINVAL, "one of new ones is wrong");
	is_int(errors.nr, 1, "one error");
	ok(strstr(error_text(&errors), "steer: n7.example.net.: the signature of its A is wrong"),
	   "it is named: %s", error_text(&errors));
	dns_verify_free(&after);
	dns_verify_free(&before);
	dns_signer_free(signer);
	zone_free(first);
	zone_free(second);
	zone_free(zone);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_signature_of_the_rfc_is_right_and_a_changed_one_is_not();
	test_what_was_right_is_not_verified_again();
	config_errors_free(&errors);
	return done_testing();
}
