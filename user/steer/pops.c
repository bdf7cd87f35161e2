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
#include "user/base/addr.h"
#include "user/base/output.h"

/* --- states ----------------------------------------------------------------------------------- */

static const char *const state_words[AD_STEER_TOLD_STATES] = { "auto", "up", "draining", "down",
							       "shed" };

bool pops_is_told(const struct ad_steer_told *told, bool *out)
{
	*out = told->state == AD_STEER_TOLD_DRAINING || told->state == AD_STEER_TOLD_DOWN;
	return *out || told->state == AD_STEER_TOLD_UP;
}

static __u32 health_word(enum ad_health_state health)
{
	switch (health) {
	case AD_HEALTH_OUT:
	case AD_HEALTH_UNKNOWN_OUT:
		return AD_STEER_OUT;
	case AD_HEALTH_DOUBT:
	case AD_HEALTH_UNKNOWN:
	case AD_HEALTH_KEPT:
		return AD_STEER_DOUBT;
	default:
		return 0;
	}
}

/* Of its clients, in 65536ths, while it comes back from a drain. */
static __u32 back_sheds(__u32 drained)
{
	__u32 parts = drained > AD_STEER_DRAINED ? drained - AD_STEER_DRAINED : 0;

	return parts < AD_STEER_BACK_UNIT ? parts : AD_STEER_BACK_UNIT;
}

/* In slots; a POP that comes back gets none that it should not have. */
static __u32 find_shed(const struct ad_steer_told *told, __u32 drained)
{
	__u32 back = (back_sheds(drained) * AD_STEER_SLOTS + AD_STEER_BACK_UNIT - 1) /
		     AD_STEER_BACK_UNIT;
	__u32 shed = told->state == AD_STEER_TOLD_SHED ? told->percent : 0;

	shed = (shed * AD_STEER_SLOTS + 50) / 100;
	return shed > back ? shed : back;
}

__u32 pops_word(const struct ad_steer_told *told, enum ad_health_state health, __u32 drained)
{
	__u32 word = drained == AD_STEER_DRAINED ? AD_STEER_OUT : health_word(health);
	__u32 shed = find_shed(told, drained);
	bool out;

	if (pops_is_told(told, &out))
		return out ? AD_STEER_OUT : 0;
	if ((shed || told->state == AD_STEER_TOLD_SHED) && !(word & AD_STEER_OUT))
		word = AD_STEER_DOUBT | shed << AD_STEER_SHED_SHIFT;
	return word;
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

static const char *const told_words[AD_STEER_TOLD_STATES] = { "auto", "up", "drain", "down",
							      "shed" };

const char *pops_told_word(const struct ad_steer_told *told)
{
	return told_words[told->state < AD_STEER_TOLD_STATES ? told->state : 0];
}

int pops_parse(const char *state, const char *percent, struct ad_steer_told *told)
{
	told->percent = 0;
	for (told->state = 0; told->state < AD_STEER_TOLD_STATES; told->state++)
		if (!strcmp(told_words[told->state], state))
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

bool pops_follows_load(const struct ad_steer_told *told)
{
	return !told->state || !strncmp(told->who, POPS_BY_LOAD, strlen(POPS_BY_LOAD));
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
	int words, told, health, drained;
};

static void maps_close(const struct maps *maps)
{
	if (maps->words >= 0)
		close(maps->words);
	if (maps->told >= 0)
		close(maps->told);
	if (maps->health >= 0)
		close(maps->health);
	if (maps->drained >= 0)
		close(maps->drained);
}

static int maps_open(struct maps *maps, const struct pins *pins, bool writable)
{
	maps->words = pins_map(pins, AD_STEER_POPS_NAME, writable);
	maps->told = pins_map(pins, "steer_told", writable);
	/* Versions before had neither of these. */
	maps->health = pins_map(pins, "steer_health", writable);
	maps->drained = pins_map(pins, "steer_drained", writable);
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

static void read_health(const struct maps *maps, const char name[AD_STEER_NAME],
			struct ad_health_pop *health)
{
	if (maps->health < 0 || bpf_map_lookup_elem(maps->health, name, health))
		memset(health, 0, sizeof(*health));
	if (health->state >= AD_HEALTH_STATES_NR)
		health->state = AD_HEALTH_NONE;
	health->check[sizeof(health->check) - 1] = '\0';
	health->why[sizeof(health->why) - 1] = '\0';
}

static __u32 read_drained(const struct maps *maps, const char name[AD_STEER_NAME])
{
	__u32 drained = 0;

	if (maps->drained < 0 || bpf_map_lookup_elem(maps->drained, name, &drained))
		return 0;
	return drained;
}

/* Writes a POP with the word of what its columns say. */
static int write_word(const struct maps *maps, __u32 index, struct ad_steer_pop *pop)
{
	struct ad_steer_told told = {};
	struct ad_health_pop health = {};
	__u32 drained = 0;

	if (pop->name[0]) {
		drained = read_drained(maps, pop->name);
		read_told(maps, pop->name, &told);
		read_health(maps, pop->name, &health);
	}
	pop->word = pops_word(&told, health.state, drained);
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
	else /* also "auto": that it was said last must be known to who compares times */
		err = bpf_map_update_elem(maps.told, key, told, BPF_ANY) ? -errno : 0;
	nr = err ?: rewrite(&maps, key);
	maps_close(&maps);
	return nr < 0 ? nr : 0;
}

int pops_drain(const struct pins *pins, const char *name, __u32 drained)
{
	char key[AD_STEER_NAME] = { 0 };
	struct maps maps;
	int nr, err = maps_open(&maps, pins, true);

	if (err)
		return err;
	snprintf(key, sizeof(key), "%s", name);
	if (maps.drained < 0)
		err = maps.drained;
	else if (drained)
		err = bpf_map_update_elem(maps.drained, key, &drained, BPF_ANY) ? -errno : 0;
	else
		err = bpf_map_delete_elem(maps.drained, key) && errno != ENOENT ? -errno : 0;
	nr = err ?: rewrite(&maps, key);
	maps_close(&maps);
	return nr < 0 ? nr : 0;
}

__u32 pops_drained(const struct pins *pins, const char *name)
{
	char key[AD_STEER_NAME] = { 0 };
	struct maps maps = { .drained = pins_map(pins, "steer_drained", false) };
	__u32 drained;

	snprintf(key, sizeof(key), "%s", name);
	drained = read_drained(&maps, key);
	if (maps.drained >= 0)
		close(maps.drained);
	return drained;
}

int pops_say(const struct pins *pins, const char *name, const char *who, struct ad_steer_told *told)
{
	told->since_real_s = time(NULL);
	text_cut(told->who, sizeof(told->who), who);
	return pops_tell(pins, name, told);
}

int pops_read_told(const struct pins *pins, const char *name, struct ad_steer_told *told)
{
	char key[AD_STEER_NAME] = { 0 };
	struct maps maps;
	int err = maps_open(&maps, pins, false);

	memset(told, 0, sizeof(*told));
	if (err)
		return err;
	snprintf(key, sizeof(key), "%s", name);
	read_told(&maps, key, told);
	maps_close(&maps);
	return 0;
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

static void note_drained(struct pop_seen *pop, __u32 drained)
{
	pop->is_drained = drained == AD_STEER_DRAINED;
	pop->back_percent =
		100 - (back_sheds(drained) * 100 + AD_STEER_BACK_UNIT - 1) / AD_STEER_BACK_UNIT;
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
		read_health(&maps, pop.name, &list[*nr].health);
		note_drained(&list[*nr], read_drained(&maps, pop.name));
		(*nr)++;
	}
	maps_close(&maps);
	return 0;
}

const char *pops_health_word(enum ad_health_state state)
{
	static const char *const words[AD_HEALTH_STATES_NR] = {
#define X(name, word, text) word,
		AD_HEALTH_STATES(X)
#undef X
	};

	return state < AD_HEALTH_STATES_NR ? words[state] : words[AD_HEALTH_NONE];
}

const char *pops_health_cause(const struct ad_health_pop *health, char text[POP_CAUSE_TEXT])
{
	char address[ADDR_TEXT];

	*text = '\0';
	if (health->check[0])
		snprintf(text, POP_CAUSE_TEXT, "check %s at %s%s%s", health->check,
			 addr_format(&health->address, address), health->why[0] ? ": " : "",
			 health->why);
	return text;
}

static void add_health(json_t *to, const struct ad_health_pop *health)
{
	bool decided = health->check[0];
	char address[ADDR_TEXT];

	json_object_set_new(to, "health", json_string(pops_health_word(health->state)));
	json_object_set_new(to, "health_since",
			    health->state ? json_integer(health->since_real_s) : json_null());
	json_object_set_new(to, "health_check", decided ? json_string(health->check) : json_null());
	json_object_set_new(to, "health_address",
			    decided ? json_string(addr_format(&health->address, address))
				    : json_null());
	json_object_set_new(to, "health_why",
			    decided && health->why[0] ? json_string(health->why) : json_null());
}

json_t *pops_json(const struct pop_seen *pop)
{
	const struct ad_steer_told *told = &pop->told;
	bool known = told->state && told->state < AD_STEER_TOLD_STATES;
	char who[POP_WHO_TEXT];
	json_t *json = json_pack("{s:s, s:s, s:b, s:i, s:o, s:o}", "pop", pop->name, "told",
				 state_words[known ? told->state : 0], "out",
				 !!(pop->word & AD_STEER_OUT), "shed_percent", told->percent,
				 "since", known ? json_integer(told->since_real_s) : json_null(),
				 "who", known ? json_string(pops_who(told, who)) : json_null());

	if (json)
		add_health(json, &pop->health);
	if (json)
		json_object_set_new(json, "drained", json_boolean(pop->is_drained));
	if (json)
		json_object_set_new(json, "back_percent",
				    pop->back_percent < 100 ? json_integer(pop->back_percent)
							    : json_null());
	return json;
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
