// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_query.c: `anydoor query`: compiles the configured zones and asks the engine in this very
 * process, so that a zone can be tried before it is loaded. Prints as kdig does.
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>
#include "args.h"
#include "cmd.h"
#include "config.h"
#include "dns_home.h"
#include "dns_service.h"
#include "dns_stats.h"
#include "dns_zones.h"
#include "log.h"
#include "zone.h"

#define QUERY_UDP_SIZE 4096

struct query {
	const char *name;
	const char *type;
	bool tcp;
	bool chaos;
	__u8 wire[256];
	__u16 qtype;
};

static const struct arg query_args[] = {
	{ "NAME", 0, ARG_WORD, offsetof(struct query, name), NULL, 0, 0, "what to ask for" },
	{ "TYPE", 0, ARG_WORD, offsetof(struct query, type), NULL, 0, 0,
	  "record type (default A)" },
	{ "--tcp", 0, ARG_FLAG, offsetof(struct query, tcp), NULL, 0, 0,
	  "as by TCP: no limit on the answer's size" },
	{ "--chaos", 0, ARG_FLAG, offsetof(struct query, chaos), NULL, 0, 0,
	  "class CHAOS, for id.server and hostname.bind" },
	{ NULL }
};

/* --- asking ----------------------------------------------------------------------------------- */

static int query_check(struct query *query)
{
	if (!query->name) {
		log_err("query: which name?");
		return -EINVAL;
	}
	if (name_parse(query->name, query->wire)) {
		log_err("query: '%s' is no domain name", query->name);
		return -EINVAL;
	}
	if (!query->type)
		query->type = query->chaos ? "TXT" : "A";
	if (knot_rrtype_from_string(query->type, &query->qtype)) {
		log_err("query: '%s' is no record type", query->type);
		return -EINVAL;
	}
	return 0;
}

/* Header, question, and OPT that asks for NSID. */
static void query_write(const struct query *query, struct dns_work *work)
{
	__u32 at = DNS_HEADER, len = name_len(query->wire);

	dns_put64(work, 0, 0);
	dns_put64(work, 8, 0);
	dns_put8(work, 5, 1);
	dns_put8(work, 11, 1);
	memcpy(work->msg + at, query->wire, len);
	at += len;
	dns_put16(work, at, query->qtype);
	dns_put16(work, at + 2, query->chaos ? DNS_CLASS_CH : DNS_CLASS_IN);
	dns_put8(work, at + 4, 0);
	dns_put16(work, at + 5, DNS_T_OPT);
	dns_put16(work, at + 7, QUERY_UDP_SIZE);
	dns_put64(work, at + 9, 0);
	dns_put16(work, at + 13, 4);
	dns_put16(work, at + 15, DNS_OPTION_NSID);
	dns_put16(work, at + 17, 0);
	work->len = at + 19;
	work->tcp = query->tcp;
}

/* --- printing --------------------------------------------------------------------------------- */

static void print_header(const struct dns_work *work)
{
	__u32 flags = dns_get8(work, 2);
	const char *rcode = dns_rcode_name(work->rcode);

	printf(";; status: %s\n", rcode ? rcode : "?");
	printf(";; Flags: qr%s%s; QUERY: %u; ANSWER: %u; AUTHORITY: %u; ADDITIONAL: %u\n",
	       flags & DNS_AA ? " aa" : "", flags & DNS_TC ? " tc" : "", dns_get16(work, 4),
	       dns_get16(work, 6), dns_get16(work, 8), dns_get16(work, 10));
}

static void print_edns(const knot_pkt_t *pkt)
{
	const __u8 *nsid;

	if (!pkt->opt_rr)
		return;
	printf("\n;; EDNS PSEUDOSECTION:\n;; Version: %u; UDP size: %u B\n",
	       knot_edns_get_version(pkt->opt_rr), knot_edns_get_payload(pkt->opt_rr));
	nsid = pkt->edns_opts ? pkt->edns_opts->ptr[KNOT_EDNS_OPTION_NSID] : NULL;
	if (nsid)
		printf(";; NSID: \"%.*s\"\n", knot_edns_opt_get_length(nsid),
		       (const char *)knot_edns_opt_get_data((uint8_t *)nsid));
}

static void print_section(const knot_pkt_t *pkt, knot_section_t id, const char *title)
{
	const knot_pktsection_t *section = knot_pkt_section(pkt, id);
	size_t size = 4096;
	char *text = malloc(size);
	bool titled = false;
	__u16 i;

	for (i = 0; text && i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);

		if (rr->type == KNOT_RRTYPE_OPT)
			continue;
		if (!titled)
			printf("\n;; %s SECTION:\n", title);
		titled = true;
		if (knot_rrset_txt_dump(rr, &text, &size, &KNOT_DUMP_STYLE_DEFAULT) >= 0)
			fputs(text, stdout);
	}
	free(text);
}

static int print_reply(const struct query *query, struct dns_work *work)
{
	knot_pkt_t *pkt = knot_pkt_new(work->msg, work->len, NULL);
	char name[NAME_TEXT];
	int code = EXIT_FAILED;

	if (pkt && knot_pkt_parse(pkt, 0) == KNOT_EOK) {
		print_header(work);
		print_edns(pkt);
		printf("\n;; QUESTION SECTION:\n;; %s \t\t%s\t%s\n", name_format(query->wire, name),
		       query->chaos ? "CH" : "IN", query->type);
		print_section(pkt, KNOT_ANSWER, "ANSWER");
		print_section(pkt, KNOT_AUTHORITY, "AUTHORITY");
		print_section(pkt, KNOT_ADDITIONAL, "ADDITIONAL");
		printf("\n;; %u B\n", work->len);
		code = EXIT_OK;
	} else {
		log_err("query: the reply cannot be read; please report it");
	}
	knot_pkt_free(pkt);
	return code;
}

static int query_ask(const struct query *query, const struct dns_zones *zones)
{
	struct dns_work *work = calloc(1, sizeof(*work));
	int code = EXIT_OK;

	if (!work)
		return EXIT_FAILED;
	work->home = zones->image;
	query_write(query, work);
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
	struct query query = { 0 };
	int code = EXIT_USAGE;

	if (args_parse(query_args, argc, argv, &query) || query_check(&query))
		return EXIT_USAGE;
	if (globals->json) {
		log_err("query: answers in the words of dig only, not in JSON");
		return EXIT_USAGE;
	}
	if (!config_load(globals->config_path, &config, &errors) &&
	    !dns_zones_load(config, &zones, &errors))
		code = query_ask(&query, zones);
	else
		config_errors_log(&errors);
	dns_zones_free(zones);
	config_free(config);
	config_errors_free(&errors);
	return code;
}
