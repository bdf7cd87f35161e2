// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_variants.c: `anydoor variants`: what is to be signed of a zone with steered names: the zone
 * itself, and for each POP a small zone in which these names have that POP's records.
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "maps/dns_proto.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/dns/dns_steer_set.h"
#include "user/dns/dns_steered.h"

struct variants_options {
	const char *zone;
	const char *dir;
	const char *from;
};

const struct arg cmd_variants_args[] = {
	{ .name = "ZONE",
	  .type = ARG_WORD,
	  .offset = offsetof(struct variants_options, zone),
	  .help = "its name, as in the configuration" },
	{ .name = "--dir",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct variants_options, dir),
	  .value = "DIR",
	  .help = "directory to write into: ZONE.zone, and ZONE.POP.zone for each POP" },
	{ .name = "--from",
	  .type = ARG_TEXT,
	  .offset = offsetof(struct variants_options, from),
	  .value = "FILE",
	  .help = "zone file to take the records from, in place of the configured one" },
	{}
};

/* All that is read, and what is written so far. */
struct writing {
	const struct variants_options *options;
	struct config *config;
	struct config_errors errors;
	const struct config_zone *named;
	size_t index; /* of it */
	struct steer_plan *plan;
	struct dns_steer_set *set;
	struct zone *zone;
	json_t *files;
	FILE *out;
	char *text; /* a record, of @size bytes */
	size_t size;
};

/* --- records ---------------------------------------------------------------------------------- */

/* Whoever signs the zone makes these anew. */
static bool is_signers(const struct zone *zone, __u16 type)
{
	if (type == DNS_T_RRSIG || type == DNS_T_NSEC || type == DNS_T_NSEC3 ||
	    type == DNS_T_NSEC3PARAM)
		return true;
	return zone->chain.nr &&
	       (type == DNS_T_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY);
}

static int put_record(struct writing *writing, const struct zone_rr *rr, const __u8 *owner_name,
		      __u32 ttl)
{
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	knot_rrset_t set;
	int err;

	style.show_class = true;
	knot_rrset_init(&set, (knot_dname_t *)owner_name, rr->type, KNOT_CLASS_IN, ttl);
	err = knot_rrset_add_rdata(&set, rr->rdata, rr->rdlen, NULL);
	if (!err && knot_rrset_txt_dump(&set, &writing->text, &writing->size, &style) < 0)
		err = -EINVAL;
	if (!err)
		fputs(writing->text, writing->out);
	knot_rdataset_clear(&set.rrs, NULL);
	return err ? -EINVAL : 0;
}

static int put_run(struct writing *writing, const struct zone_rr *rrs, size_t nr)
{
	int err = 0;
	size_t i;

	for (i = 0; i < nr && !err; i++)
		err = put_record(writing, &rrs[i], rrs[i].owner_name, rrs[i].ttl);
	return err;
}

static int put_found(struct writing *writing, const struct name_key *key, __u16 type)
{
	size_t nr;
	const struct zone_rr *rrs = zone_find(writing->zone, key, type, &nr);

	return put_run(writing, rrs, nr);
}

/* --- steered names ---------------------------------------------------------------------------- */

static bool is_of_zone(const struct writing *writing, size_t name)
{
	return writing->plan->names[name].zone == writing->index;
}

/* The name with the records of @pop, and their TTLs as they are answered. */
static int put_name(struct writing *writing, const struct dns_steered *name, size_t pop)
{
	char member[NAME_TEXT], text[NAME_TEXT];
	const struct zone_rr *rrs;
	size_t i, nr, n = 0;
	int err = 0;

	rrs = dns_steered_find(writing->zone, name->members[pop], &nr);
	for (i = 0; i < nr && !err; i++) {
		if (!dns_steered_is_data(&rrs[i]))
			continue;
		n++;
		err = put_record(writing, &rrs[i], name->name,
				 name->ttl == DNS_STEERED_TTL ? rrs[i].ttl : name->ttl);
	}
	if (n || err)
		return err;
	config_errors_add(&writing->errors, name->file, name->line,
			  "steer: %s: its member %s has no records in %s",
			  name_format(name->name, text), name_format(name->members[pop], member),
			  writing->zone->file);
	return -EINVAL;
}

/* The first POP that the name may be sent to; nr_pops: none. */
static size_t first_pop(const struct dns_steered *name)
{
	size_t pop = 0;

	while (pop < name->nr_pops && !name->members[pop][0])
		pop++;
	return pop;
}

/* All steered names of the zone, for one POP; @pop = nr_pops: each for its first one. */
static int put_names(struct writing *writing, size_t pop)
{
	const struct dns_steer_set *set = writing->set;
	int err = 0;
	size_t i;

	for (i = 0; i < set->nr_names && !err; i++) {
		size_t at = pop < set->nr_pops ? pop : first_pop(&set->names[i]);

		if (is_of_zone(writing, i) && at < set->nr_pops && set->names[i].members[at][0])
			err = put_name(writing, &set->names[i], at);
	}
	return err;
}

/* The steered name at @rr has that type from its members. */
static bool is_replaced(const struct writing *writing, const struct zone_rr *rr)
{
	const struct dns_steer_set *set = writing->set;
	const struct zone_rr *rrs;
	size_t i, nr;

	for (i = 0; i < set->nr_names; i++) {
		if (!is_of_zone(writing, i) || !name_equal(set->names[i].name, rr->owner_name))
			continue;
		rrs = dns_steered_find(writing->zone,
				       set->names[i].members[first_pop(&set->names[i])], &nr);
		return zone_rrs_have(rrs, nr, rr->type);
	}
	return false;
}

/* --- files ------------------------------------------------------------------------------------ */

/* The zone with all names: the steered ones with records that nobody is told. */
static int put_zone(struct writing *writing, size_t pop)
{
	const struct zone *zone = writing->zone;
	int err = put_found(writing, &zone->key, DNS_T_SOA);
	size_t i;

	for (i = 0; i < zone->nr_rrs && !err; i++)
		if (zone->rrs[i].type != DNS_T_SOA && !is_signers(zone, zone->rrs[i].type) &&
		    !is_replaced(writing, &zone->rrs[i]))
			err = put_run(writing, &zone->rrs[i], 1);
	return err ?: put_names(writing, pop);
}

/* What a signer asks of a zone, and the steered names. */
static int put_variant(struct writing *writing, size_t pop)
{
	const struct zone_rr *hosts;
	__u8 bytes[NAME_KEY_MAX];
	struct name_key key;
	size_t i, nr;
	int err;

	err = put_found(writing, &writing->zone->key, DNS_T_SOA);
	hosts = zone_find(writing->zone, &writing->zone->key, DNS_T_NS, &nr);
	err = err ?: put_run(writing, hosts, nr);
	for (i = 0; i < nr && !err; i++) {
		struct zone_rr host = { .owner_name = hosts[i].rdata, .type = DNS_T_A };

		name_to_key(hosts[i].rdata, bytes, &key);
		if (is_replaced(writing, &host))
			continue;
		err = put_found(writing, &key, DNS_T_A) ?: put_found(writing, &key, DNS_T_AAAA);
	}
	return err ?: put_names(writing, pop);
}

/* "DIR/example.com.zone", or with a POP's name "DIR/example.com.fra.zone". */
static char *file_name(const struct writing *writing, const char *pop)
{
	const char *name = writing->named->name;
	char *path;

	if (!strcmp(name, "."))
		name = "root.";
	if (asprintf(&path, "%s/%.*s%s%s.zone", writing->options->dir, (int)strlen(name) - 1, name,
		     pop ? "." : "", pop ?: "") < 0)
		return NULL;
	return path;
}

static int write_file(struct writing *writing, size_t pop)
{
	const struct dns_steer_set *set = writing->set;
	bool is_variant = pop < set->nr_pops;
	char *path = file_name(writing, is_variant ? set->pops[pop] : NULL);
	int err;

	if (!path)
		return -ENOMEM;
	writing->out = fopen(path, "w");
	err = writing->out ? 0 : -errno;
	if (!err) {
		err = is_variant ? put_variant(writing, pop) : put_zone(writing, pop);
		if (ferror(writing->out) | fclose(writing->out))
			err = err ?: -EIO;
	}
	if (err && err != -EINVAL)
		config_errors_add(&writing->errors, path, 0, "cannot be written: %s",
				  strerror(-err));
	if (!err)
		json_array_append_new(writing->files, json_string(path));
	free(path);
	return err;
}

static bool is_needed(const struct writing *writing, size_t pop)
{
	size_t i;

	for (i = 0; i < writing->set->nr_names; i++)
		if (is_of_zone(writing, i) && writing->set->names[i].members[pop][0])
			return true;
	return false;
}

static int write_all(struct writing *writing)
{
	size_t pop;
	int err = write_file(writing, writing->set->nr_pops);

	for (pop = 0; pop < writing->set->nr_pops && !err; pop++)
		if (is_needed(writing, pop))
			err = write_file(writing, pop);
	return err;
}

/* --- the command ------------------------------------------------------------------------------ */

static int find_zone(struct writing *writing)
{
	const struct config *config = writing->config;
	const char *name = writing->options->zone;
	__u8 wire[256], known[256];
	size_t i;

	for (i = 0; !name_parse(name, wire) && i < config->nr_zones; i++) {
		if (name_parse(config->zones[i].name, known) || !name_equal(known, wire))
			continue;
		writing->index = i;
		writing->named = &config->zones[i];
		return 0;
	}
	config_errors_add(&writing->errors, config->path, 0,
			  "dns.zones: no zone %s: `anydoor zones` lists them", name);
	return -EINVAL;
}

static int read_all(struct writing *writing, const char *path)
{
	int err = config_load(path, &writing->config, &writing->errors);
	bool is_steered = false;
	size_t i;

	err = err ?: find_zone(writing);
	err = err ?: steer_plan_build(writing->config, &writing->errors, &writing->plan);
	if (err)
		return err;
	for (i = 0; writing->plan && i < writing->plan->nr_names; i++)
		is_steered |= is_of_zone(writing, i);
	if (!is_steered) {
		config_errors_add(&writing->errors, path, writing->named->line,
				  "dns.zones: no name of %s is steered: sign it as it is",
				  writing->named->name);
		return -EINVAL;
	}
	err = dns_steer_set_new(writing->plan, writing->config, NULL, &writing->errors,
				&writing->set);
	return err
		       ?: zone_load(writing->named->name,
				    writing->options->from ?: writing->named->file,
				    writing->config->include_dir, &writing->zone, &writing->errors);
}

static void tell(const struct globals *globals, const struct writing *writing)
{
	json_t *file;
	size_t i;

	if (globals->json) {
		output_json(json_pack("{s:b, s:s, s:O}", "ok", 1, "zone", writing->named->name,
				      "files", writing->files));
		return;
	}
	json_array_foreach(writing->files, i, file)
		printf("%s\n", json_string_value(file));
	printf("Sign each with the same keys. Then, in the configuration of %s, name the first as "
	       "`file`, and the others as `variants`.\n",
	       writing->named->name);
}

static void writing_free(struct writing *writing)
{
	zone_free(writing->zone);
	dns_steer_set_free(writing->set);
	steer_plan_free(writing->plan);
	config_free(writing->config);
	config_errors_free(&writing->errors);
	json_decref(writing->files);
	free(writing->text);
}

int cmd_variants(const struct globals *globals, int argc, char **argv)
{
	struct variants_options options = {};
	struct writing writing = { .options = &options, .size = 4096 };
	int code = EXIT_OK, err;

	if (args_parse(cmd_variants_args, argc, argv, &options))
		return EXIT_USAGE;
	if (!options.zone || !options.dir)
		return fail(globals, EXIT_USAGE,
			    "variants: needs a zone and a directory: `anydoor variants "
			    "example.com --dir unsigned`");
	writing.text = malloc(writing.size);
	writing.files = json_array();
	err = writing.text && writing.files ? read_all(&writing, globals->config_path) : -ENOMEM;
	err = err ?: write_all(&writing);
	if (err == -ENOMEM)
		code = fail(globals, EXIT_FAILED, "variants: out of memory");
	else if (err)
		code = fail_errors(globals, EXIT_FAILED, &writing.errors);
	else
		tell(globals, &writing);
	writing_free(&writing);
	return code;
}
