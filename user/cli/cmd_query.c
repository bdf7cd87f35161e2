// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_query.c: `anydoor query`: compiles the configured zones and asks the engine in this process,
 * so that a zone can be tried before it is loaded. Prints as kdig does.
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "user/base/addr.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/config/config.h"
#include "user/dns/dns_ask.h"
#include "user/dns/dns_home.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_stats.h"
#include "user/dns/dns_zones.h"
#include "user/zone/zone.h"
#include "user/zone/zone_rdata.h"

struct query {
	const char *name;
	const char *type;
	const char *from;
	const char *subnet;
	bool tcp;
	bool chaos;
	bool dnssec;
	struct dns_ask ask;
};

const struct arg cmd_query_args[] = {
	{ "NAME", 0, ARG_WORD, offsetof(struct query, name), NULL, 0, 0, "domain name to ask for" },
	{ "TYPE", 0, ARG_WORD, offsetof(struct query, type), NULL, 0, 0,
	  "record type to ask for (default A)" },
	{ "--from", 0, ARG_TEXT, offsetof(struct query, from), "ADDRESS", 0, 0,
	  "address of the client that asks; shows the cookie that it gets (reads the keys)" },
	{ "--subnet", 0, ARG_TEXT, offsetof(struct query, subnet), "PREFIX", 0, 0,
	  "client network for which a resolver would ask: 192.0.2.0/24" },
	{ "--dnssec", 0, ARG_FLAG, offsetof(struct query, dnssec), NULL, 0, 0,
	  "ask for signatures and proofs too (DO)" },
	{ "--tcp", 0, ARG_FLAG, offsetof(struct query, tcp), NULL, 0, 0,
	  "answer as by TCP: without a limit on its size" },
	{ "--chaos", 0, ARG_FLAG, offsetof(struct query, chaos), NULL, 0, 0,
	  "ask in class CHAOS, for id.server and hostname.bind" },
	{ NULL }
};

/* --- asking ----------------------------------------------------------------------------------- */

static int query_check(struct query *query)
{
	if (!query->name) {
		log_err("query: which name?");
		return -EINVAL;
	}
	if (name_parse(query->name, query->ask.wire)) {
		log_err("query: '%s' is no domain name", query->name);
		return -EINVAL;
	}
	if (!query->type)
		query->type = query->chaos ? "TXT" : "A";
	if (zone_type_parse(query->type, strlen(query->type), &query->ask.qtype)) {
		log_err("query: '%s' is no record type", query->type);
		return -EINVAL;
	}
	if (query->from && addr_parse(query->from, &query->ask.client)) {
		log_err("query: --from: '%s' is no address", query->from);
		return -EINVAL;
	}
	if (query->subnet &&
	    (!strchr(query->subnet, '/') || dns_ask_subnet(&query->ask, query->subnet))) {
		log_err("query: --subnet: '%s' is no prefix", query->subnet);
		return -EINVAL;
	}
	query->ask.tcp = query->tcp;
	query->ask.chaos = query->chaos;
	query->ask.dnssec = query->dnssec;
	query->ask.nsid = true;
	query->ask.cookie = query->from;
	return 0;
}

/* --- printing: line by line what kdig prints -------------------------------------------------- */

static void print_header(const struct dns_work *work)
{
	__u32 flags = dns_get8(work, 2);
	const char *rcode = dns_rcode_name(work->rcode);

	printf(";; ->>HEADER<<- opcode: QUERY; status: %s; id: %u\n", rcode ? rcode : "?",
	       dns_get16(work, 0));
	printf(";; Flags: qr%s%s; QUERY: %u; ANSWER: %u; AUTHORITY: %u; ADDITIONAL: %u\n",
	       flags & DNS_AA ? " aa" : "", flags & DNS_TC ? " tc" : "", dns_get16(work, 4),
	       dns_get16(work, 6), dns_get16(work, 8), dns_get16(work, 10));
}

/* The cookie as kdig has it: the client's half, then ours. */
static void print_cookie(const __u8 *option)
{
	const __u8 *data = knot_edns_opt_get_data((uint8_t *)option);
	__u16 i, len = knot_edns_opt_get_length(option);

	printf(";; COOKIE: ");
	for (i = 0; i < len; i++)
		printf("%02X", data[i]);
	putchar('\n');
}

/* In hexadecimal, and as the text that ours is. */
static void print_nsid(const __u8 *option)
{
	const __u8 *data = knot_edns_opt_get_data((uint8_t *)option);
	__u16 i, len = knot_edns_opt_get_length(option);

	printf(";; NSID: ");
	for (i = 0; i < len; i++)
		printf("%02X", data[i]);
	printf(" \"%.*s\"\n", len, (const char *)data);
}

static void print_subnet(const __u8 *option)
{
	const __u8 *data = knot_edns_opt_get_data((uint8_t *)option);
	__u16 len = knot_edns_opt_get_length(option);
	struct ad_addr prefix = { 0 };
	char text[ADDR_TEXT];
	bool ip4 = len >= 4 && data[1] == 1;

	if (len < 4 || len > (ip4 ? 8 : 20))
		return;
	if (ip4)
		prefix.b[10] = prefix.b[11] = 0xff;
	memcpy(prefix.b + (ip4 ? 12 : 0), data + 4, len - 4);
	printf(";; CLIENT-SUBNET: %s/%u/%u\n", addr_format(&prefix, text), data[2], data[3]);
}

static const __u8 *option_of(const knot_pkt_t *pkt, unsigned int code)
{
	return pkt->edns_opts ? pkt->edns_opts->ptr[code] : NULL;
}

static void print_edns(const knot_pkt_t *pkt)
{
	const __u8 *nsid, *cookie, *subnet;
	__u16 extended;

	if (!pkt->opt_rr)
		return;
	extended = knot_edns_get_ext_rcode(pkt->opt_rr) ? knot_pkt_ext_rcode(pkt) : 0;
	printf("\n;; EDNS PSEUDOSECTION:\n;; Version: %u; flags: %s; UDP size: %u B; ext-rcode: "
	       "%s\n",
	       knot_edns_get_version(pkt->opt_rr), knot_edns_do(pkt->opt_rr) ? "do" : "",
	       knot_edns_get_payload(pkt->opt_rr), dns_rcode_name(extended) ?: "?");
	nsid = option_of(pkt, KNOT_EDNS_OPTION_NSID);
	subnet = option_of(pkt, KNOT_EDNS_OPTION_CLIENT_SUBNET);
	cookie = option_of(pkt, KNOT_EDNS_OPTION_COOKIE);
	if (nsid)
		print_nsid(nsid);
	if (cookie)
		print_cookie(cookie);
	if (subnet)
		print_subnet(subnet);
}

static void print_section(const knot_pkt_t *pkt, knot_section_t id, const char *title)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, id);
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	size_t size = 4096;
	char *text = malloc(size);
	bool titled = false;
	__u16 i;

	style.show_class = true;
	style.original_ttl = false;
	for (i = 0; text && i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);

		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		if (!titled)
			printf("\n;; %s SECTION:\n", title);
		titled = true;
		if (knot_rrset_txt_dump(rr, &text, &size, &style) >= 0)
			fputs(text, stdout);
	}
	free(text);
}

static int print_reply(const struct query *query, struct dns_work *work)
{
	knot_pkt_t *pkt = knot_pkt_new(work->msg, work->len, NULL);
	char name[NAME_TEXT];
	int code = EXIT_FAILED;

	if (pkt && knot_pkt_parse(pkt, KNOT_PF_NOCANON) == KNOT_EOK) {
		print_header(work);
		print_edns(pkt);
		printf("\n;; QUESTION SECTION:\n;; %-20s\t\t%s\t%s\n",
		       name_format(query->ask.wire, name), query->chaos ? "CH" : "IN", query->type);
		print_section(pkt, KNOT_ANSWER, "ANSWER");
		print_section(pkt, KNOT_AUTHORITY, "AUTHORITY");
		print_section(pkt, KNOT_ADDITIONAL, "ADDITIONAL");
		printf("\n;; Received %u B\n", work->len);
		code = EXIT_OK;
	} else {
		log_err("query: the reply cannot be read; please report it");
	}
	knot_pkt_free(pkt);
	return code;
}

static int query_ask(const struct query *query, const struct dns_zones *zones,
		     const struct dns_limiter *limiter)
{
	static const struct ad_steer_pop all_up[AD_STEER_BANK];
	struct dns_steering steering = dns_steering_of(zones->steering, all_up);
	struct dns_work *work = calloc(1, sizeof(*work));
	int code = EXIT_OK;

	if (!work)
		return EXIT_FAILED;
	work->home = zones->image;
	work->limiter = limiter;
	work->steering = &steering;
	dns_ask_write(&query->ask, work);
	switch (dns_respond(work, dns_image(work))) {
	case DNS_SEND:
		code = print_reply(query, work);
		break;
	case DNS_PASS:
		puts(";; no zone of ours: left to another nameserver (dns.unserved: pass)");
		break;
	default:
		puts(";; ignored");
	}
	free(work);
	return code;
}

int cmd_query(const struct globals *globals, int argc, char **argv)
{
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	struct dns_zones *zones = NULL;
	struct dns_limiter *limiter = NULL;
	struct query query = { 0 };
	int code = EXIT_USAGE;

	if (args_parse(cmd_query_args, argc, argv, &query) || query_check(&query))
		return EXIT_USAGE;
	if (globals->json) {
		log_err("query: answers in the words of dig only, not in JSON");
		return EXIT_USAGE;
	}
	if (!config_load(globals->config_path, &config, &errors) &&
	    (!query.from || !dns_limiter_load(config, &limiter, &errors)) &&
	    !dns_zones_load(config, NULL, NULL, &zones, &errors))
		code = query_ask(&query, zones, limiter);
	config_errors_log(&errors);
	dns_zones_free(zones);
	dns_limiter_free(limiter);
	config_free(config);
	config_errors_free(&errors);
	return code;
}
