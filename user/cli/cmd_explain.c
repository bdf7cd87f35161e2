// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_explain.c: `anydoor explain`: what a client is answered, and each step of why: by the files
 * of the configuration, the states of POPs in the loaded instance, and the engine that the kernel
 * runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "explain.h"
#include "explain_flow.h"
#include "user/base/addr.h"
#include "user/base/args.h"
#include "user/base/log.h"
#include "user/base/output.h"
#include "user/base/printable.h"
#include "user/config/failure.h"
#include "user/dns/dns_service.h"
#include "user/rtt/rtt_seen.h"
#include "user/state/trust.h"
#include "user/zone/zone_rdata.h"

#define LINE_BYTES 1024
/* What resolvers tell of an address at most (RFC 7871, 11.1). */
#define TOLD_BITS4 24
#define TOLD_BITS6 56

struct explain_options {
	const char *address;
	const char *name;
	const char *type;
	const char *resolver;
	bool from_stdin;
	unsigned int tsecr;  /* of a flow's packet */
	struct ad_addr asks; /* @resolver */
};

const struct arg cmd_explain_args[] = {
	{ "ADDRESS", 0, ARG_WORD, offsetof(struct explain_options, address), NULL, 0, 0,
	  "address of the client; with a length (192.0.2.7/24), the subnet that a resolver tells; "
	  "with a port (192.0.2.7:40000), of a flow" },
	{ "NAME", 0, ARG_WORD, offsetof(struct explain_options, name), NULL, 0, 0,
	  "domain name that the client asks for; of a flow, the VIP and its port" },
	{ "TYPE", 0, ARG_WORD, offsetof(struct explain_options, type), NULL, 0, 0,
	  "record type that the client asks for (default A)" },
	{ "--resolver", 0, ARG_TEXT, offsetof(struct explain_options, resolver), "ADDRESS", 0, 0,
	  "address of the resolver that asks, and tells the client's subnet (/24, /56, or "
	  "ADDRESS's length); without it the client asks itself" },
	{ "--stdin", 0, ARG_FLAG, offsetof(struct explain_options, from_stdin), NULL, 0, 0,
	  "read questions from standard input, one a line: ADDRESS NAME [TYPE]; --json answers "
	  "each on a line" },
	{ "--tsecr", 0, ARG_NUMBER, offsetof(struct explain_options, tsecr), "N", 1, ~0u,
	  "TSecr of a packet of the flow, which has its owner's stamp; with CLIENT:PORT VIP:PORT" },
	{ NULL }
};

/* --- the question ----------------------------------------------------------------------------- */

/* The client's subnet, as its resolver tells it; without a resolver the client asks itself. */
static int parse_client(const struct explain_options *options, const char *address,
			struct dns_ask *ask)
{
	struct dns_ask whole = { 0 };
	char text[ADDR_TEXT + 8], alone[ADDR_TEXT];
	size_t len = strcspn(address, "/");

	if (len >= sizeof(alone) || dns_ask_subnet(ask, address))
		return -EINVAL;
	snprintf(alone, sizeof(alone), "%.*s", (int)len, address);
	if (dns_ask_subnet(&whole, alone))
		return -EINVAL;
	ask->client = options->resolver ? options->asks : whole.prefix;
	if (address[len])
		return 0;
	ask->has_subnet = options->resolver != NULL;
	snprintf(text, sizeof(text), "%s/%d", alone,
		 addr_is_ip4(&whole.prefix) ? TOLD_BITS4 : TOLD_BITS6);
	return ask->has_subnet ? dns_ask_subnet(ask, text) : 0;
}

/* NULL, or what is wrong with one of the words, which is put into @word. */
static const char *parse_question(const struct explain_options *options, const char *address,
				  const char *name, const char *type, struct dns_ask *ask,
				  const char **word)
{
	memset(ask, 0, sizeof(*ask));
	*word = address;
	if (parse_client(options, address, ask))
		return "is neither an address nor one with a length, such as 192.0.2.7/24";
	*word = name;
	if (name_parse(name, ask->wire))
		return "is no domain name";
	*word = type ?: "A";
	return zone_type_parse(*word, strlen(*word), &ask->qtype) ? "is no record type" : NULL;
}

/* --- what it goes by -------------------------------------------------------------------------- */

/* Words of POPs as the loaded instance has them, by their names. */
static int take_states(struct explain *explain, const struct globals *globals)
{
	const struct config *config = explain->config;
	struct pop_seen seen[AD_STEER_BANK];
	char why[TRUST_TEXT];
	struct pins pins;
	size_t nr, i, j;
	int err = pins_open(&pins, config->bpffs, globals->instance);

	if (err == -ENOENT)
		return 0;
	if (!err && (trust_path(config->bpffs, why) || trust_path(pins.dir, why)))
		return fail(globals, EXIT_FAILED, "%s", why);
	err = err ?: pops_read(&pins, seen, &nr);
	if (err)
		return fail(globals, EXIT_FAILED, "%s: states of POPs cannot be read: %s",
			    globals->instance, strerror(-err));
	explain->is_loaded = true;
	for (i = 0; i < nr; i++) {
		for (j = 0; j < config->nr_pops && j < AD_STEER_POPS; j++) {
			if (strcmp(config->pops[j].name, seen[i].name))
				continue;
			explain->bank[j].word = seen[i].word;
			explain->told[j] = seen[i].told;
		}
	}
	return 0;
}

/* In which order POPs stand there by round-trip time. */
static int take_ranks(const struct explain *explain, const struct globals *globals,
		      struct steer_ranks *ranks)
{
	int err = explain->is_loaded
			  ? rtt_seen_ranks_of(explain->config->bpffs, globals->instance, ranks)
			  : 0;

	return err ? fail(globals, EXIT_FAILED, "%s: round-trip times cannot be read: %s",
			  globals->instance, strerror(-err))
		   : EXIT_OK;
}

static int explain_open(struct explain *explain, struct config_errors *errors)
{
	explain->levels = calloc(explain->config->nr_regions + 1, sizeof(*explain->levels));
	if (!explain->levels)
		return -ENOMEM;
	return world_read(&explain->world, explain->config, errors);
}

static void explain_close(struct explain *explain)
{
	world_free(&explain->world);
	free(explain->levels);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int answer(const struct globals *globals, struct explain *explain)
{
	int err = dns_explain(explain->zones, explain->bank, &explain->ask, &explain->how);

	if (err)
		return fail(globals, EXIT_FAILED, "explain: %s", strerror(-err));
	if (globals->json)
		return output_json(explain_json(explain)) ? EXIT_FAILED : EXIT_OK;
	explain_print(explain);
	return EXIT_OK;
}

static int answer_line(const struct globals *globals, const struct explain_options *options,
		       struct explain *explain, char *line, unsigned int number)
{
	char *words[4] = { NULL }, *rest = NULL, text[LINE_BYTES * PRINTABLE_GROWS];
	const char *trouble, *word;
	size_t nr;

	for (nr = 0; nr < 4; nr++) {
		words[nr] = strtok_r(nr ? NULL : line, " \t\r\n", &rest);
		if (!words[nr])
			break;
	}
	if (!nr)
		return EXIT_OK;
	if (nr < 2 || nr > 3)
		return fail(globals, EXIT_USAGE, "explain: line %u: is not ADDRESS NAME [TYPE]",
			    number);
	trouble = parse_question(options, words[0], words[1], words[2], &explain->ask, &word);
	if (!trouble)
		return answer(globals, explain);
	printable(text, sizeof(text), word);
	return fail(globals, EXIT_USAGE, "explain: line %u: '%s' %s", number, text, trouble);
}

static int answer_lines(const struct globals *globals, const struct explain_options *options,
			struct explain *explain)
{
	char line[LINE_BYTES];
	unsigned int number = 0;
	int code = EXIT_OK;

	while (!code && fgets(line, sizeof(line), stdin)) {
		number++;
		if (!strchr(line, '\n') && strlen(line) == sizeof(line) - 1)
			return fail(globals, EXIT_USAGE,
				    "explain: line %u: is longer than %d bytes", number,
				    LINE_BYTES - 2);
		code = answer_line(globals, options, explain, line, number);
	}
	return code;
}

/* --- the command ------------------------------------------------------------------------------ */

static int check_options(const struct globals *globals, struct explain_options *options,
			 struct dns_ask *ask)
{
	const char *trouble, *word;

	if (options->resolver && addr_parse(options->resolver, &options->asks))
		return fail(globals, EXIT_USAGE, "explain: --resolver: '%s' is no address",
			    options->resolver);
	if (options->from_stdin && options->address)
		return fail(globals, EXIT_USAGE,
			    "explain: with --stdin the questions are read, not given");
	if (options->from_stdin)
		return EXIT_OK;
	if (!options->address || !options->name)
		return fail(globals, EXIT_USAGE,
			    "explain ADDRESS NAME [TYPE]: which client, and which name?");
	trouble =
		parse_question(options, options->address, options->name, options->type, ask, &word);
	if (trouble)
		return fail(globals, EXIT_USAGE, "explain: '%s' %s", word, trouble);
	return EXIT_OK;
}

static int run(const struct globals *globals, const struct explain_options *options,
	       struct explain *explain, struct config_errors *errors)
{
	struct dns_zones *zones = NULL;
	struct steer_ranks ranks = {};
	int code = take_states(explain, globals), err;

	if (!code)
		code = take_ranks(explain, globals, &ranks);
	if (code)
		return code;
	err = dns_zones_load(explain->config, NULL, &ranks, &zones, errors);
	steer_ranks_free(&ranks);
	explain->zones = zones;
	err = err ?: explain_open(explain, errors);
	if (err)
		code = fail_errors(globals, EXIT_USAGE, errors);
	if (!code && options->from_stdin)
		code = answer_lines(globals, options, explain);
	else if (!code)
		code = answer(globals, explain);
	explain_close(explain);
	dns_zones_free(zones);
	return code;
}

/* A client with a port: a flow, and no question. */
static bool is_flow(const struct explain_options *options)
{
	return options->address && !options->from_stdin &&
	       (options->tsecr || explain_is_endpoint(options->address));
}

int cmd_explain(const struct globals *globals, int argc, char **argv)
{
	struct config_errors errors = { 0 };
	struct explain_options options = { 0 };
	struct config *config = NULL;
	struct explain *explain;
	int code;

	if (args_parse(cmd_explain_args, argc, argv, &options))
		return EXIT_USAGE;
	if (is_flow(&options))
		return explain_flow(globals, options.address, options.name, options.tsecr);
	explain = calloc(1, sizeof(*explain));
	if (!explain)
		return EXIT_FAILED;
	code = check_options(globals, &options, &explain->ask);
	if (!code && config_load(globals->config_path, &config, &errors))
		code = fail_errors(globals, EXIT_USAGE, &errors);
	explain->config = config;
	if (!code)
		code = run(globals, &options, explain, &errors);
	config_free(config);
	config_errors_free(&errors);
	free(explain);
	return code;
}
