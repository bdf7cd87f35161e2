// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bird.c: BIRD 2 (bird.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bird.h"
#include "bird_talk.h"
#include "wish_file.h"

#define PREFERENCE 250 /* above what BIRD learns of `lo` */

/* Reply codes of BIRD 2 (nest/cli.h there). */
enum {
	BIRD_PROTOCOL = 1002,
	BIRD_DETAILS = 1006,
	BIRD_ROUTE = 1007,
	BIRD_ATTRIBUTES = 1012,
	BIRD_NO_NETWORK = 8001,
};

/* --- the file --------------------------------------------------------------------------------- */

static void write_attributes(FILE *out, const struct bgp_setup *setup)
{
	unsigned int i;

	fprintf(out, " { bgp_community.add((%u,%u));", setup->community[0], setup->community[1]);
	for (i = 0; i < setup->prepend; i++)
		fprintf(out, " bgp_path.prepend(%u);", setup->as);
	fputs(" }", out);
}

static void write_family(FILE *out, const struct bgp_setup *setup, enum bgp_family family,
			 enum bgp_wish wish)
{
	unsigned int number = family == BGP_IP4 ? 4 : 6;
	char text[WISH_PREFIX_TEXT];
	size_t i;

	fprintf(out, "protocol static anydoor%u {\n\tipv%u { preference %d; };\n", number, number,
		PREFERENCE);
	for (i = 0; wish != BGP_WITHDRAW && i < setup->nr_prefixes; i++) {
		const struct config_prefix *prefix = &setup->prefixes[i];

		if (!bgp_prefix_is(prefix, family))
			continue;
		fprintf(out, "\troute %s blackhole", wish_prefix(prefix, text));
		if (wish == BGP_DEPREFER)
			write_attributes(out, setup);
		fputs(";\n", out);
	}
	fputs("}\n", out);
}

static const struct wish_writer writer = { write_family };

char *bird_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_text(setup, wishes, &writer);
}

static int write_file(const struct bgp_setup *setup, const struct bgp_wishes *wishes)
{
	return wish_file_write(setup, wishes, &writer);
}

/* --- lines of replies ------------------------------------------------------------------------- */

bool bird_line(const char *line, unsigned int *code, bool *is_last, const char **text)
{
	*is_last = false;
	if (*line == ' ') {
		*text = line + 1;
		return true;
	}
	if (strspn(line, "0123456789") != 4 || (line[4] != ' ' && line[4] != '-'))
		return false;
	*code = strtoul(line, NULL, 10);
	*is_last = line[4] == ' ';
	*text = line + 5;
	return true;
}

bool bird_read_protocol(unsigned int code, const char *text, char name[BGP_NAME_MAX + 1])
{
	char kind[16];

	_Static_assert(BGP_NAME_MAX == 63, "in the format");
	return code == BIRD_PROTOCOL && sscanf(text, "%63s %15s", name, kind) == 2 &&
	       !strcmp(kind, "BGP") && !strpbrk(name, "'\"\\");
}

void bird_read_channel(unsigned int code, const char *text, struct bird_channels *channels)
{
	char word[16];

	if (code != BIRD_DETAILS)
		return;
	if (sscanf(text, " Channel %15s", word) == 1) {
		channels->channel = !strcmp(word, "ipv4")   ? BGP_IP4
				    : !strcmp(word, "ipv6") ? BGP_IP6
							    : -1;
		if (channels->channel >= 0)
			channels->has[channels->channel] = true;
	} else if (channels->channel >= 0 && sscanf(text, " State: %15s", word) == 1) {
		channels->up[channels->channel] = !strcmp(word, "UP");
	}
}

bool bird_read_route(unsigned int code, const char *text)
{
	return code == BIRD_ROUTE && text[strcspn(text, " /")] == '/';
}

bool bird_read_community(unsigned int code, const char *text, const unsigned int community[2])
{
	const char *list = strstr(text, "BGP.community:");
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "(%u,%u)", community[0], community[1]);
	return code == BIRD_ATTRIBUTES && list && strstr(list, wanted);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* What is asked at the moment, and of whom. */
struct asking {
	struct bird_talk talk;
	const struct bgp_setup *setup;
	struct bgp_fact *fact;
	char names[BGP_NEIGHBOURS_MAX][BGP_NAME_MAX + 1];
	size_t nr_names;
	struct bird_channels channels;
	bool is_announced, has_community;
};

static bool call(struct bird_talk *talk, const struct bgp_setup *setup, struct bgp_fact *fact)
{
	int err = bird_call(talk, setup->socket);

	if (err)
		bgp_fail(fact, "BIRD does not answer at %s: %s", setup->socket, strerror(-err));
	return !err;
}

static void each_protocol(unsigned int code, const char *text, void *arg)
{
	struct asking *asking = arg;

	if (asking->nr_names < BGP_NEIGHBOURS_MAX &&
	    bird_read_protocol(code, text, asking->names[asking->nr_names]))
		asking->nr_names++;
}

static void each_detail(unsigned int code, const char *text, void *arg)
{
	bird_read_channel(code, text, &((struct asking *)arg)->channels);
}

static void each_route(unsigned int code, const char *text, void *arg)
{
	struct asking *asking = arg;

	if (bird_read_route(code, text))
		asking->is_announced = true;
	if (bird_read_community(code, text, asking->setup->community))
		asking->has_community = true;
}

/* 0; a code of BIRD that says that it cannot tell; or -errno. */
static int ask_prefix(struct asking *asking, const char *name, struct bgp_export *export,
		      const struct config_prefix *prefix)
{
	char command[256], text[WISH_PREFIX_TEXT];
	int code;

	asking->is_announced = asking->has_community = false;
	snprintf(command, sizeof(command), "show route %s exported '%s' all",
		 wish_prefix(prefix, text), name);
	code = bird_ask(&asking->talk, command, each_route, asking, NULL, 0);
	if (code < 0 || (BIRD_IS_ERROR(code) && code != BIRD_NO_NETWORK))
		return code;
	export->announced += asking->is_announced;
	export->depreferred += asking->is_announced && asking->has_community;
	return 0;
}

static int ask_channel(struct asking *asking, const char *name, enum bgp_family family)
{
	const struct bgp_setup *setup = asking->setup;
	struct bgp_fact *fact = asking->fact;
	struct bgp_export *export = &fact->list[fact->nr];
	int err = 0;
	size_t i;

	*export =
		(struct bgp_export){ .family = family, .established = asking->channels.up[family] };
	for (i = 0; export->established && !err && i < setup->nr_prefixes; i++)
		if (bgp_prefix_is(&setup->prefixes[i], family))
			err = ask_prefix(asking, name, export, &setup->prefixes[i]);
	if (err < 0)
		return err;
	if (err) /* the session ended meanwhile */
		*export = (struct bgp_export){ .family = family };
	snprintf(export->neighbour, sizeof(export->neighbour), "%s", name);
	fact->nr++;
	return 0;
}

static int ask_neighbour(struct asking *asking, const char *name)
{
	char command[128];
	int err, family;

	asking->channels = (struct bird_channels){ .channel = -1 };
	snprintf(command, sizeof(command), "show protocols all '%s'", name);
	err = bird_ask(&asking->talk, command, each_detail, asking, NULL, 0);
	for (family = 0; err >= 0 && family < BGP_FAMILIES; family++)
		if (asking->channels.has[family] && bgp_setup_count(asking->setup, family))
			err = ask_channel(asking, name, family);
	return err < 0 ? err : 0;
}

/* Those of the configuration, or else all that it has; what it does not have is said. */
static int ask_names(struct asking *asking)
{
	const struct bgp_setup *setup = asking->setup;
	int err = bird_ask(&asking->talk, "show protocols", each_protocol, asking, NULL, 0);
	size_t i, j;

	if (err < 0 || !setup->nr_neighbours)
		return err < 0 ? err : 0;
	for (i = 0; i < setup->nr_neighbours; i++) {
		for (j = 0; j < asking->nr_names; j++)
			if (!strcmp(setup->neighbours[i], asking->names[j]))
				break;
		if (j == asking->nr_names)
			bgp_fail(asking->fact, "BIRD has no BGP protocol '%s' (bgp.neighbours)",
				 setup->neighbours[i]);
	}
	memcpy(asking->names, setup->neighbours, sizeof(asking->names));
	asking->nr_names = setup->nr_neighbours;
	return 0;
}

static void ask(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	struct asking asking = { .setup = setup, .fact = fact };
	size_t i;
	int err;

	if (!call(&asking.talk, setup, fact))
		return;
	err = ask_names(&asking);
	for (i = 0; !err && i < asking.nr_names; i++)
		err = ask_neighbour(&asking, asking.names[i]);
	bird_hang_up(&asking.talk);
	if (err)
		bgp_fail(fact, "BIRD does not say what it exports: %s", strerror(-err));
	fact->answered = !err;
}

static bool reread(const struct bgp_setup *setup, struct bgp_fact *fact)
{
	struct bird_talk talk;
	char last[128];
	int code;

	if (!call(&talk, setup, fact))
		return false;
	code = bird_ask(&talk, "configure", NULL, NULL, last, sizeof(last));
	bird_hang_up(&talk);
	if (code >= 0 && !BIRD_IS_ERROR(code))
		return true;
	if (code < 0)
		bgp_fail(fact, "BIRD does not read its configuration again: %s", strerror(-code));
	else
		bgp_fail(fact, "BIRD refuses its configuration: %s (code %d)", last, code);
	return false;
}

const struct bgp_driver bird_driver = { .name = "BIRD",
					.recall = wish_file_recall,
					.write = write_file,
					.reread = reread,
					.ask = ask };
