// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * frr.c: FRR's bgpd (frr.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "frr.h"
#include "frr_talk.h"
#include "wish_file.h"

/*
 * The entry of the route-map for each wish. The lower one decides: what an operator saved by `write
 * memory` while the VIPs were announced announces nothing where the file says "withdrawn".
 */
static const struct {
	unsigned int sequence;
	const char *type;
} entries[BGP_WISHES_NR] = {
	[BGP_WITHDRAW] = { 1, "deny" },
	[BGP_DEPREFER] = { 2, "permit" },
	[BGP_ANNOUNCE] = { 3, "permit" },
};

static const char *map_name(enum bgp_family family)
{
	return family == BGP_IP4 ? "anydoor4" : "anydoor6";
}

static const char *family_name(enum bgp_family family)
{
	return family == BGP_IP4 ? "ipv4" : "ipv6";
}

/* --- the file --------------------------------------------------------------------------------- */

static void write_attributes(FILE *out, const struct bgp_setup *setup)
{
	unsigned int i;

	fprintf(out, " set community %u:%u additive\n", setup->community[0], setup->community[1]);
	if (!setup->prepend) {
		fputs(" no set as-path prepend\n", out); /* it stays in an entry that has it */
		return;
	}
	fputs(" set as-path prepend", out);
	for (i = 0; i < setup->prepend; i++)
		fprintf(out, " %u", setup->as);
	fputs("\n", out);
}

static void write_family(FILE *out, const struct bgp_setup *setup, enum bgp_family family,
			 enum bgp_wish wish)
{
	fprintf(out, "route-map %s %s %u\n", map_name(family), entries[wish].type,
		entries[wish].sequence);
	if (wish == BGP_DEPREFER)
		write_attributes(out, setup);
	fputs("exit\n", out);
}

static const struct wish_writer writer = { write_family };

char *frr_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_text(setup, wishes, &writer);
}

static int write_file(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_write(setup, wishes, &writer);
}

/* --- what it has in it ------------------------------------------------------------------------ */

static size_t nr_attributes(const struct bgp_setup *setup, enum bgp_wish wish)
{
	return wish != BGP_DEPREFER ? 0 : setup->prepend ? 2 : 1;
}

bool frr_map_is(const json_t *reply, const char *name, const struct bgp_setup *setup,
		enum bgp_wish wish)
{
	const json_t *map = json_object_get(json_object_get(reply, "BGP"), name);
	const json_t *first = json_array_get(json_object_get(map, "rules"), 0);
	const char *type = json_string_value(json_object_get(first, "type"));

	return type && !strcmp(type, entries[wish].type) &&
	       json_integer_value(json_object_get(first, "sequenceNumber")) ==
		       entries[wish].sequence &&
	       json_array_size(json_object_get(first, "setClauses")) == nr_attributes(setup, wish);
}

static bool call(struct frr_talk *talk, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	int err = frr_call(talk, setup->socket);

	if (err)
		bgp_fail(fact, "FRR does not answer at %s: %s", setup->socket, strerror(-err));
	return !err;
}

/* NULL: *@code says why; if that is 0, the reply was no JSON. */
static json_t *ask_json(struct frr_talk *talk, const char *command, int *code)
{
	*code = frr_ask(talk, command);
	return *code ? NULL : json_loads(talk->text, 0, NULL);
}

static bool keeps_family(struct frr_talk *talk, const struct bgp_setup *setup,
			 enum bgp_family family, enum bgp_wish wish)
{
	char command[64];
	json_t *reply;
	bool keeps;
	int code;

	snprintf(command, sizeof(command), "show route-map %s json", map_name(family));
	reply = ask_json(talk, command, &code);
	/* Who does not answer in time has lost nothing that is known of. */
	keeps = code < 0 || (reply && frr_map_is(reply, map_name(family), setup, wish));
	json_decref(reply);
	return keeps;
}

/* frr-reload.py takes from it what is not in FRR's own configuration. */
static bool keeps(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	struct frr_talk talk;
	int code;
	bool all;

	if (frr_call(&talk, setup->socket))
		return true; /* there is nobody who could lose something */
	code = frr_ask(&talk, "enable");
	all = code < 0 ||
	      (code == FRR_TAKEN && keeps_family(&talk, setup, BGP_IP4, wishes->of[BGP_IP4]) &&
	       keeps_family(&talk, setup, BGP_IP6, wishes->of[BGP_IP6]));
	frr_hang_up(&talk);
	return all;
}

/* --- changing it ------------------------------------------------------------------------------ */

static bool command(struct frr_talk *talk, const char *text, struct bgp_fact *fact)
{
	int code = frr_ask(talk, text);

	if (code < 0)
		bgp_fail(fact, "FRR does not take \"%s\": %s", text, strerror(-code));
	else if (code)
		bgp_fail(fact, "FRR refuses \"%s\": %.*s (code %d)", text,
			 (int)strcspn(talk->text, "\n"), talk->text, code);
	return !code;
}

/* The lines of the file: the new entry comes before the old ones go, so nothing is told between. */
static bool say_file(struct frr_talk *talk, const struct bgp_setup *setup,
		     const struct bgp_wishes *wishes, struct bgp_fact *fact)
{
	char *text = frr_file_text(setup, wishes), *rest = NULL, *line;
	bool taken = text;

	if (!text)
		bgp_fail(fact, "%s", strerror(ENOMEM));
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line && taken;
	     line = strtok_r(NULL, "\n", &rest))
		if (*line != '#')
			taken = command(talk, line + (*line == ' '), fact);
	free(text);
	return taken;
}

static bool take_back(struct frr_talk *talk, enum bgp_family family, enum bgp_wish but,
		      struct bgp_fact *fact)
{
	enum bgp_wish wish;
	char text[64];

	for (wish = 0; wish < BGP_WISHES_NR; wish++) {
		snprintf(text, sizeof(text), "no route-map %s %s %u", map_name(family),
			 entries[wish].type, entries[wish].sequence);
		if (wish != but && !command(talk, text, fact))
			return false;
	}
	return true;
}

static bool reread(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	struct bgp_wishes wishes;
	struct frr_talk talk;
	int err = wish_file_recall(setup, &wishes);
	bool done;

	if (err) {
		bgp_fail(fact, "%s: %s", setup->file, strerror(-err));
		return false;
	}
	if (!call(&talk, setup, fact))
		return false;
	done = command(&talk, "enable", fact) && command(&talk, "configure terminal", fact) &&
	       say_file(&talk, setup, &wishes, fact) &&
	       take_back(&talk, BGP_IP4, wishes.of[BGP_IP4], fact) &&
	       take_back(&talk, BGP_IP6, wishes.of[BGP_IP6], fact) && command(&talk, "end", fact);
	frr_hang_up(&talk);
	return done;
}

/* --- asking what it exports ------------------------------------------------------------------- */

static void add_export(struct bgp_fact *fact, const char *name, enum bgp_family family,
		       const json_t *peer)
{
	const char *state = json_string_value(json_object_get(peer, "state"));
	struct bgp_export *export = &fact->list[fact->nr];

	if (fact->nr == BGP_NEIGHBOURS_MAX * BGP_FAMILIES || strlen(name) > BGP_NAME_MAX)
		return;
	*export = (struct bgp_export){ .family = family,
				       .established = state && !strcmp(state, "Established") };
	snprintf(export->neighbour, sizeof(export->neighbour), "%s", name);
	fact->nr++;
}

bool frr_read_summary(const json_t *reply, const struct bgp_setup *setup, enum bgp_family family,
		      struct bgp_fact *fact)
{
	json_t *peers = json_object_get(reply, "peers"), *peer;
	const char *name;
	size_t i;

	if (!json_is_object(reply) || (peers && !json_is_object(peers)))
		return false;
	for (i = 0; i < setup->nr_neighbours; i++) {
		peer = json_object_get(peers, setup->neighbours[i]);
		if (peer)
			add_export(fact, setup->neighbours[i], family, peer);
	}
	if (!setup->nr_neighbours)
		json_object_foreach(peers, name, peer)
			add_export(fact, name, family, peer);
	return true;
}

/* FRR writes communities that have a name by that. */
static void community_text(const unsigned int community[2], char text[32])
{
	static const struct {
		unsigned int low;
		const char *name;
	} known[] = {
		{ 0, "graceful-shutdown" }, { 1, "accept-own" },   { 6, "llgr-stale" },
		{ 7, "no-llgr" },	    { 666, "blackhole" },  { 65281, "no-export" },
		{ 65282, "no-advertise" },  { 65283, "local-AS" }, { 65284, "no-peer" },
	};
	size_t i;

	snprintf(text, 32, "%u:%u", community[0], community[1]);
	for (i = 0; community[0] == 65535 && i < sizeof(known) / sizeof(*known); i++)
		if (community[1] == known[i].low)
			snprintf(text, 32, "%s", known[i].name);
}

static bool has_community(const json_t *path, const unsigned int community[2])
{
	const json_t *list = json_object_get(path, "community");
	const char *all = json_string_value(json_object_get(list, "string"));
	char wanted[32], copy[1024], *rest = NULL, *word;

	community_text(community, wanted);
	snprintf(copy, sizeof(copy), "%s", all ?: "");
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (!strcmp(word, wanted))
			return true;
	return false;
}

static const json_t *best_path(const json_t *paths)
{
	const json_t *path, *best;
	size_t i;

	json_array_foreach(paths, i, path) {
		best = json_object_get(path, "bestpath");
		if (json_is_true(json_object_get(best, "overall")))
			return path;
	}
	return NULL;
}

bool frr_read_prefix(const json_t *reply, const struct bgp_setup *setup, enum bgp_family family,
		     struct bgp_fact *fact)
{
	const json_t *told = json_object_get(reply, "advertisedTo");
	const json_t *path = best_path(json_object_get(reply, "paths"));
	bool depreferred = has_community(path, setup->community);
	size_t i;

	if (!json_is_object(reply))
		return false;
	for (i = 0; i < fact->nr; i++) {
		struct bgp_export *export = &fact->list[i];

		if (export->family != family || !json_object_get(told, export->neighbour))
			continue;
		export->announced++;
		export->depreferred += depreferred;
	}
	return true;
}

/* 0, or what was wrong with the reply. */
static int ask_prefix(struct frr_talk *talk, const struct bgp_setup *setup,
		      const struct config_prefix *prefix, enum bgp_family family,
		      struct bgp_fact *fact)
{
	char text[128], name[WISH_PREFIX_TEXT];
	json_t *reply;
	int code;

	snprintf(text, sizeof(text), "show bgp %s unicast %s json", family_name(family),
		 wish_prefix(prefix, name));
	reply = ask_json(talk, text, &code);
	if (!code && !frr_read_prefix(reply, setup, family, fact))
		code = -EPROTO;
	json_decref(reply);
	return code;
}

static int ask_family(struct frr_talk *talk, const struct bgp_setup *setup, enum bgp_family family,
		      struct bgp_fact *fact)
{
	json_t *reply;
	char text[64];
	size_t i;
	int code;

	snprintf(text, sizeof(text), "show bgp %s unicast summary json", family_name(family));
	reply = ask_json(talk, text, &code);
	if (!code && !frr_read_summary(reply, setup, family, fact))
		code = -EPROTO;
	json_decref(reply);
	for (i = 0; !code && i < setup->nr_prefixes; i++)
		if (bgp_prefix_is(&setup->prefixes[i], family))
			code = ask_prefix(talk, setup, &setup->prefixes[i], family, fact);
	return code;
}

static void name_the_missing(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	size_t i, j;

	for (i = 0; i < setup->nr_neighbours; i++) {
		for (j = 0; j < fact->nr; j++)
			if (!strcmp(setup->neighbours[i], fact->list[j].neighbour))
				break;
		if (j == fact->nr)
			bgp_fail(fact, "FRR has no BGP neighbour '%s' (bgp.neighbours)",
				 setup->neighbours[i]);
	}
}

static void ask(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	enum bgp_family family;
	struct frr_talk talk;
	int code;

	if (!call(&talk, setup, fact))
		return;
	code = frr_ask(&talk, "enable");
	for (family = 0; !code && family < BGP_FAMILIES; family++)
		if (bgp_setup_count(setup, family))
			code = ask_family(&talk, setup, family, fact);
	if (code < 0)
		bgp_fail(fact, "FRR does not say what it exports: %s", strerror(-code));
	else if (code)
		bgp_fail(fact, "FRR does not say what it exports: %.*s (code %d)",
			 (int)strcspn(talk.text, "\n"), talk.text, code);
	frr_hang_up(&talk);
	fact->answered = !code;
	if (!code)
		name_the_missing(setup, fact);
}

const struct bgp_driver frr_driver = { .name = "FRR",
				       .recall = wish_file_recall,
				       .write = write_file,
				       .reread = reread,
				       .keeps = keeps,
				       .ask = ask };
