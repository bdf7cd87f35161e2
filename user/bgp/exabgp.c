// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * exabgp.c: ExaBGP (exabgp.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "exabgp.h"
#include "exabgp_relay.h"
#include "talk.h"
#include "user/base/addr.h"
#include "wish_file.h"

/* --- the file --------------------------------------------------------------------------------- */

/* Of an AS path that is given ExaBGP sends all, and adds nothing. */
static void write_attributes(FILE *out, const struct bgp_setup *setup)
{
	unsigned int i;

	fprintf(out, " community [%u:%u]", setup->community[0], setup->community[1]);
	if (!setup->prepend)
		return;
	fputs(" as-path [", out);
	for (i = 0; i < setup->prepend + 1; i++)
		fprintf(out, " %u", setup->as);
	fputs(" ]", out);
}

static void write_family(FILE *out, const struct bgp_setup *setup, enum bgp_family family,
			 enum bgp_wish wish)
{
	char text[WISH_PREFIX_TEXT];
	size_t i;

	for (i = 0; i < setup->nr_prefixes; i++) {
		if (!bgp_prefix_is(&setup->prefixes[i], family))
			continue;
		if (wish == BGP_WITHDRAW) {
			fprintf(out, EXABGP_WITHDRAW "%s next-hop self\n",
				wish_prefix(&setup->prefixes[i], text));
			continue;
		}
		fprintf(out, EXABGP_ANNOUNCE "%s next-hop self",
			wish_prefix(&setup->prefixes[i], text));
		if (wish == BGP_DEPREFER)
			write_attributes(out, setup);
		fputs("\n", out);
	}
}

static const struct wish_writer writer = { write_family };

char *exabgp_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_text(setup, wishes, &writer);
}

static int write_file(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_write(setup, wishes, &writer);
}

/* --- lines of replies ------------------------------------------------------------------------- */

/* As ours are written: ExaBGP says an address as its configuration does. */
static bool read_name(const char *word, char name[BGP_NAME_MAX + 1], enum bgp_family *family)
{
	struct ad_addr address;
	char text[ADDR_TEXT];

	if (addr_parse(word, &address))
		return false;
	*family = addr_is_ip4(&address) ? BGP_IP4 : BGP_IP6;
	snprintf(name, BGP_NAME_MAX + 1, "%s", addr_format(&address, text));
	return true;
}

static bool is_asked_about(const struct bgp_setup *setup, const char *name)
{
	size_t i;

	for (i = 0; i < setup->nr_neighbours; i++)
		if (!strcmp(setup->neighbours[i], name))
			return true;
	return !setup->nr_neighbours;
}

static bool is_listed(const struct bgp_fact *fact, const char *name)
{
	size_t i;

	for (i = 0; i < fact->nr; i++)
		if (!strcmp(fact->list[i].neighbour, name))
			return true;
	return false;
}

static void add_neighbour(const char *word, bool established, const struct bgp_setup *setup,
			  struct bgp_fact *fact)
{
	struct bgp_export *export = &fact->list[fact->nr];
	char name[BGP_NAME_MAX + 1];
	enum bgp_family family;

	if (!read_name(word, name, &family) || !is_asked_about(setup, name) ||
	    !bgp_setup_count(setup, family) || is_listed(fact, name) ||
	    fact->nr == BGP_NEIGHBOURS_MAX * BGP_FAMILIES)
		return;
	*export = (struct bgp_export){ .family = family, .established = established };
	snprintf(export->neighbour, sizeof(export->neighbour), "%s", name);
	fact->nr++;
}

/* The summary has the sessions that are up alone. What is said of all comes behind it. */
static void read_neighbour(const char *line, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	char word[64];
	unsigned int as;

	if (sscanf(line, "Neighbor %63s", word) == 1)
		add_neighbour(word, false, setup, fact);
	/* How long it is up may be of several words: "1 day, 0:00:05". */
	else if (sscanf(line, "%63s %u", word, &as) == 2)
		add_neighbour(word, strstr(line, " established "), setup, fact);
}

static bool is_ours(const struct bgp_setup *setup, enum bgp_family family, const char *prefix)
{
	char text[WISH_PREFIX_TEXT];
	size_t i;

	for (i = 0; i < setup->nr_prefixes; i++)
		if (bgp_prefix_is(&setup->prefixes[i], family) &&
		    !strcmp(wish_prefix(&setup->prefixes[i], text), prefix))
			return true;
	return false;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	const char *at;

	for (at = text; at && (at = strstr(at, word)); at += length)
		if (at > text && strchr(" [", at[-1]) && strchr(" ]\n", at[length]))
			return true;
	return false;
}

static void read_route(const char *line, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	const char *route = strstr(line, " unicast "), *community = strstr(line, " community ");
	char word[64], name[BGP_NAME_MAX + 1], prefix[64], wanted[32];
	enum bgp_family family;
	size_t i;

	if (sscanf(line, "neighbor %63s", word) != 1 || !read_name(word, name, &family) || !route ||
	    sscanf(route, " unicast %63s", prefix) != 1)
		return;
	snprintf(wanted, sizeof(wanted), "%u:%u", setup->community[0], setup->community[1]);
	for (i = 0; i < fact->nr; i++) {
		struct bgp_export *export = &fact->list[i];

		if (!export->established || strcmp(export->neighbour, name) ||
		    !is_ours(setup, export->family, prefix))
			continue;
		export->announced++;
		export->depreferred += has_word(community, wanted);
	}
}

void exabgp_read_line(const char *line, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	if (!strncmp(line, "neighbor ", strlen("neighbor ")))
		read_route(line, setup, fact);
	else
		read_neighbour(line, setup, fact);
}

/* --- asking ----------------------------------------------------------------------------------- */

#define REPLY_MAX (EXABGP_REPLY_MAX + 64)

/* All that is said until it hangs up: *@text, with a NUL behind it, to free(). */
static int hear_all(struct talk *talk, char **text)
{
	size_t len = 0;
	int some = 0;

	*text = malloc(REPLY_MAX + 1);
	if (!*text)
		return -ENOMEM;
	while (some >= 0 && len < REPLY_MAX) {
		some = talk_hear(talk, *text + len, REPLY_MAX - len);
		len += some > 0 ? some : 0;
	}
	(*text)[len] = '\0';
	if (some >= 0)
		return -EMSGSIZE;
	return some == -ECONNRESET ? 0 : some;
}

static int talk_over(const struct bgp_setup *setup, const char *question, char **text)
{
	struct talk talk;
	int err = talk_call(&talk, setup->socket);

	*text = NULL;
	if (err)
		return err;
	err = talk_say(&talk, question, strlen(question)) ?: hear_all(&talk, text);
	talk_hang_up(&talk);
	return err;
}

static void fail(struct bgp_fact *fact, const struct bgp_setup *setup, int err)
{
	bgp_fail(fact, "ExaBGP does not answer at %s: %s (it must run `anydoor exabgp`)",
		 setup->socket, strerror(-err));
}

/* Else it hung up before all of it was done. */
static bool is_whole(const char *text)
{
	size_t length = strlen(text), end = strlen(EXABGP_END "\n");

	return length >= end && !strcmp(text + length - end, EXABGP_END "\n");
}

static bool reread(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	char *text;
	int err = talk_over(setup, EXABGP_AGAIN, &text);

	if (!err && !is_whole(text))
		err = -EPROTO;
	free(text);
	if (err)
		fail(fact, setup, err);
	return !err;
}

static void name_the_missing(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	size_t i, j;

	for (i = 0; i < setup->nr_neighbours; i++) {
		for (j = 0; j < fact->nr; j++)
			if (!strcmp(setup->neighbours[i], fact->list[j].neighbour))
				break;
		if (j == fact->nr)
			bgp_fail(fact, "ExaBGP has no session with '%s' (bgp.neighbours)",
				 setup->neighbours[i]);
	}
}

static void ask(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	char *text, *rest = NULL, *line;
	bool whole = false;
	int err = talk_over(setup, EXABGP_ASK, &text);

	for (line = err ? NULL : strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		whole = !strcmp(line, EXABGP_END);
		exabgp_read_line(line, setup, fact);
	}
	free(text);
	if (!err && !whole)
		err = -EPROTO;
	if (err) {
		fact->nr = 0;
		fail(fact, setup, err);
		return;
	}
	fact->answered = true;
	name_the_missing(setup, fact);
}

const struct bgp_driver exabgp_driver = { .name = "ExaBGP",
					  .recall = wish_file_recall,
					  .write = write_file,
					  .reread = reread,
					  .ask = ask };
