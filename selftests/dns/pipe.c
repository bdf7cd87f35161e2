// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pipe.c: the DNS engine on stdin and stdout, for tests that bring another server as oracle.
 *
 *   [PIPE_SECRET=HEX PIPE_CLIENT=ADDRESS] pipe NAME=FILE...
 *
 * With a secret it gives cookies.
 * In: one byte (1 = as by TCP), two bytes of length, a query. Out: one byte of verdict (enum
 * dns_verdict), two of length, the reply.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/dns/dns_home.h"
#include "user/zone/zone.h"

#define IDLE_DEFAULT 100 /* dns.tcp_idle, in tenths of a second */

static struct dns_image *load(int nr, char **args)
{
	struct dns_image_options options = { .nsid = "pop.node", .udp_size = 1232 };
	struct zone **zones = calloc(nr + 1, sizeof(*zones));
	struct config_errors errors = { 0 };
	struct dns_image *image = NULL;
	char *file;
	int i, failed = 0;

	for (i = 0; i < nr; i++) {
		file = strchr(args[i], '=');
		*file++ = '\0';
		failed |= zone_load(args[i], file, NULL, &zones[i], &errors);
	}
	config_errors_log(&errors);
	if (!failed) {
		qsort(zones, nr, sizeof(*zones), zone_compare);
		failed = dns_image_build(zones, nr, &options, &image);
	}
	for (i = 0; i < nr; i++)
		zone_free(zones[i]);
	free(zones);
	config_errors_free(&errors);
	return failed ? NULL : image;
}

static struct dns_limiter *limiter_new(const char *secret)
{
	struct dns_limiter *limiter = calloc(1, sizeof(*limiter));
	unsigned char *key = (unsigned char *)limiter->rules.secrets[0];

	while (sscanf(secret, "%2hhx", key++) == 1)
		secret += 2;
	limiter->rules.cookies = AD_DNS_COOKIES_ON;
	limiter->rules.nr_secrets = 1;
	return limiter;
}

static bool answer(struct dns_work *work)
{
	unsigned char head[3];
	size_t len;
	int verdict;

	if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
		return false;
	len = head[1] << 8 | head[2];
	if (fread(work->msg, 1, len, stdin) != len)
		return false;
	work->tcp = head[0];
	work->idle = IDLE_DEFAULT;
	work->len = len;
	verdict = dns_respond(work, dns_image(work));
	len = verdict == DNS_SEND ? work->len : 0;
	head[0] = verdict;
	head[1] = len >> 8;
	head[2] = len;
	fwrite(head, 1, sizeof(head), stdout);
	fwrite(work->msg, 1, len, stdout);
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	struct dns_work *work = calloc(1, sizeof(*work));
	struct dns_image *image = load(argc - 1, argv + 1);
	const char *secret = getenv("PIPE_SECRET");

	if (!work || !image)
		return 1;
	work->home = image;
	if (secret) {
		work->limiter = limiter_new(secret);
		addr_parse(getenv("PIPE_CLIENT"), &work->client);
	}
	while (answer(work))
		;
	dns_image_free(image);
	free((void *)work->limiter);
	free(work);
	return 0;
}
