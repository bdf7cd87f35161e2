// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pops.c: what is told of POPs, and their words in the kernel (pops.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "maps/dns.h"
#include "pops.h"
#include "user/base/output.h"

/* --- states ----------------------------------------------------------------------------------- */

static const char *const state_words[AD_STEER_TOLD_STATES] = { "auto", "up", "draining", "down",
							       "shed" };

__u32 pops_word(const struct ad_steer_told *told)
{
	switch (told->state) {
	case AD_STEER_TOLD_DRAINING:
	case AD_STEER_TOLD_DOWN:
		return AD_STEER_OUT;
	case AD_STEER_TOLD_SHED:
		return AD_STEER_DOUBT | (told->percent * AD_STEER_SLOTS + 50) / 100
						<< AD_STEER_SHED_SHIFT;
	default:
		return 0;
	}
}

static int parse_percent(const char *text, __u32 *percent)
{
	char *end;
	unsigned long value;

	if (!text || *text < '0' || *text > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (value > 100 || (*end && strcmp(end, "%")))
		return -EINVAL;
	*percent = value;
	return 0;
}

int pops_parse(const char *state, const char *percent, struct ad_steer_told *told)
{
	static const char *const words[AD_STEER_TOLD_STATES] = { "auto", "up", "drain", "down",
								 "shed" };

	told->percent = 0;
	for (told->state = 0; told->state < AD_STEER_TOLD_STATES; told->state++)
		if (!strcmp(words[told->state], state))
			break;
	if (told->state == AD_STEER_TOLD_STATES)
		return -EINVAL;
	if (told->state == AD_STEER_TOLD_SHED)
		return parse_percent(percent, &told->percent);
	return percent ? -EINVAL : 0;
}

const char *pops_state(const struct ad_steer_told *told, char text[POP_STATE_TEXT])
{
	if (told->state == AD_STEER_TOLD_SHED)
		snprintf(text, POP_STATE_TEXT, "sheds %u %%", told->percent);
	else
		snprintf(text, POP_STATE_TEXT, "%s",
			 told->state < AD_STEER_TOLD_SHED ? state_words[told->state] : "?");
	return text;
}

const char *pops_who(const struct ad_steer_told *told, char text[POP_WHO_TEXT])
{
	char who[sizeof(told->who) + 1] = { 0 };

	if (told->state)
		memcpy(who, told->who, sizeof(told->who));
	printable(text, POP_WHO_TEXT, who);
	return text;
}

/* --- maps ------------------------------------------------------------------------------------- */

struct maps {
	int words, told;
};

static void maps_close(const struct maps *maps)
{
	if (maps->words >= 0)
		close(maps->words);
	if (maps->told >= 0)
		close(maps->told);
}

static int maps_open(struct maps *maps, const struct pins *pins, bool writable)
{
	maps->words = pins_map(pins, AD_STEER_POPS_NAME, writable);
	maps->told = pins_map(pins, "steer_told", writable);
	if (maps->words >= 0 && maps->told >= 0)
		return 0;
	maps_close(maps);
	return maps->words < 0 ? maps->words : maps->told;
}

static void read_told(const struct maps *maps, const char name[AD_STEER_NAME],
		      struct ad_steer_told *told)
{
	if (bpf_map_lookup_elem(maps->told, name, told))
		memset(told, 0, sizeof(*told));
}

/* Writes a POP with the word of what was told. */
static int write_word(const struct maps *maps, __u32 index, struct ad_steer_pop *pop)
{
	struct ad_steer_told told = {};

	if (pop->name[0])
		read_told(maps, pop->name, &told);
	pop->word = pops_word(&told);
	return bpf_map_update_elem(maps->words, &index, pop, BPF_ANY) ? -errno : 0;
}

int pops_write(const struct pins *pins, __u32 slot, const char (*names)[AD_STEER_NAME], size_t nr)
{
	struct ad_steer_pop pop;
	struct maps maps;
	__u32 i;
	int err = maps_open(&maps, pins, true);

	if (err)
		return err;
	for (i = 0; i < AD_STEER_BANK && !err; i++) {
		memset(&pop, 0, sizeof(pop));
		if (i < nr)
			memcpy(pop.name, names[i], sizeof(pop.name));
		err = write_word(&maps, slot * AD_STEER_BANK + i, &pop);
	}
	maps_close(&maps);
	return err;
}

/* Writes the words of all POPs, or of those of one name; returns how many, or -errno. */
static int rewrite(const struct maps *maps, const char *name)
{
	struct ad_steer_pop pop;
	int err = 0, nr = 0;
	__u32 i;

	for (i = 0; i < AD_STEER_WORDS && !err; i++) {
		if (bpf_map_lookup_elem(maps->words, &i, &pop))
			return -errno;
		if (!pop.name[0] || (name && strncmp(pop.name, name, sizeof(pop.name))))
			continue;
		nr++;
		err = write_word(maps, i, &pop);
	}
	return err ?: nr;
}

int pops_refresh(const struct pins *pins)
{
	struct maps maps;
	int nr, err = maps_open(&maps, pins, true);

	if (err)
		return err;
	nr = rewrite(&maps, NULL);
	maps_close(&maps);
	return nr < 0 ? nr : 0;
}

static bool has_pop(const struct maps *maps, const char key[AD_STEER_NAME])
{
	struct ad_steer_pop pop;
	__u32 i;

	for (i = 0; i < AD_STEER_WORDS; i++)
		if (!bpf_map_lookup_elem(maps->words, &i, &pop) &&
		    !memcmp(pop.name, key, sizeof(pop.name)))
			return true;
	return false;
}

int pops_tell(const struct pins *pins, const char *name, const struct ad_steer_told *told)
{
	char key[AD_STEER_NAME] = { 0 };
	struct maps maps;
	int nr, err = maps_open(&maps, pins, true);

	if (err)
		return err;
	snprintf(key, sizeof(key), "%s", name);
	if (!key[0] || strlen(name) >= sizeof(key) || !has_pop(&maps, key))
		err = -ENOENT;
	else if (told->state)
		err = bpf_map_update_elem(maps.told, key, told, BPF_ANY) ? -errno : 0;
	else
		err = bpf_map_delete_elem(maps.told, key) && errno != ENOENT ? -errno : 0;
	nr = err ?: rewrite(&maps, key);
	maps_close(&maps);
	return nr < 0 ? nr : 0;
}

int pops_say(const struct pins *pins, const char *name, const char *who, struct ad_steer_told *told)
{
	told->since_real_s = time(NULL);
	text_cut(told->who, sizeof(told->who), who);
	return pops_tell(pins, name, told);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int live_slot(const struct pins *pins, __u32 *slot)
{
	struct ad_dns_live live;
	__u32 zero = 0;
	int fd = pins_map(pins, AD_DNS_LIVE_NAME, false), err;

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, &zero, &live) ? -errno : 0;
	close(fd);
	*slot = live.slot % AD_DNS_SLOTS;
	return err;
}

int pops_read(const struct pins *pins, struct pop_seen *list, size_t *nr)
{
	struct ad_steer_pop pop;
	struct maps maps;
	__u32 slot, i, index;
	int err = live_slot(pins, &slot);

	*nr = 0;
	err = err ?: maps_open(&maps, pins, false);
	if (err)
		return err;
	for (i = 0; i < AD_STEER_BANK; i++) {
		index = slot * AD_STEER_BANK + i;
		if (bpf_map_lookup_elem(maps.words, &index, &pop) || !pop.name[0])
			continue;
		memcpy(list[*nr].name, pop.name, sizeof(pop.name));
		list[*nr].name[sizeof(pop.name) - 1] = '\0';
		list[*nr].word = pop.word;
		read_told(&maps, pop.name, &list[*nr].told);
		(*nr)++;
	}
	maps_close(&maps);
	return 0;
}

json_t *pops_json(const struct pop_seen *pop)
{
	const struct ad_steer_told *told = &pop->told;
	bool known = told->state && told->state < AD_STEER_TOLD_STATES;
	char who[POP_WHO_TEXT];

	return json_pack("{s:s, s:s, s:b, s:i, s:o, s:o}", "pop", pop->name, "told",
			 state_words[known ? told->state : 0], "out", !!(pop->word & AD_STEER_OUT),
			 "shed_percent", told->percent, "since",
			 known ? json_integer(told->since_real_s) : json_null(), "who",
			 known ? json_string(pops_who(told, who)) : json_null());
}

const struct ad_steer_pop *pops_map(const struct pins *pins)
{
	int fd = pins_map(pins, AD_STEER_POPS_NAME, true);
	void *at;

	if (fd < 0)
		return NULL;
	at = mmap(NULL, AD_STEER_WORDS * sizeof(struct ad_steer_pop), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

void pops_unmap(const struct ad_steer_pop *pops)
{
	if (pops)
		munmap((void *)pops, AD_STEER_WORDS * sizeof(*pops));
}
