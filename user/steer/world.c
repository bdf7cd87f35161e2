// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * world.c: databases and networks, laid over each other, to classes of addresses (world.h).
 *
 * One pass from the first address to the last, over all of them at once: where any of them has
 * something else begins a new stretch.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/progress.h"
#include "world.h"

#define LAYERS		   (CONFIG_DATABASES_MAX + 2)
#define PROGRESS_STRETCHES (1 << 18)

/* Of IPv6: where steer_locate() (bpf/dns/dns_locate.h) looks for an IPv4 address. */
static struct steer_range hidden[] = {
	{ 0, 1 },
	{ (0x64ff9bull << 32) - 1, 0 },
	{ 0x64ff9bull << 32, 1 },
	{ (0x20010000ull << 32) - 1, 0 },
	{ (0x20010001ull << 32) - 1, 1 },
	{ (0x2002ull << 48) - 1, 0 },
	{ (0x2003ull << 48) - 1, 1 },
	{ ~0ull, 0 },
};
static const struct steer_ranges hidden6 = { hidden, sizeof(hidden) / sizeof(*hidden), 0 };
static struct steer_range nothing[] = { { 0xffffffff, 0 } };
static const struct steer_ranges hidden4 = { nothing, 1, 0 };

/* One pass. */
struct pass {
	struct world *world;
	const struct networks *networks;
	const struct steer_ranges *layers[LAYERS]; /* databases, networks, what is hidden */
	size_t at[LAYERS];
	size_t nr;
	struct steer_ranges *out;
	__u64 **counts;
	struct intern stretches; /* what the layers say, each different thing once ... */
	__u32 *classes;		 /* ... and the class of each */
	size_t room;
};

/* A country's subdivision is of no use to another country. */
static void fill_in(struct geo_record *record, const struct geo_record *from)
{
	bool same = !*record->country || !strcmp(record->country, from->country);

	if (!*record->continent)
		memcpy(record->continent, from->continent, sizeof(record->continent));
	if (!*record->country)
		memcpy(record->country, from->country, sizeof(record->country));
	if (!*record->subdivision && same)
		memcpy(record->subdivision, from->subdivision, sizeof(record->subdivision));
	if (!record->cell && same)
		record->cell = from->cell;
	if (!record->asn)
		record->asn = from->asn;
}

static int grow_counts(struct world *world)
{
	size_t room = world->room ? 2 * world->room : 256;
	__u64 *nr4 = reallocarray(world->nr4, room, sizeof(*nr4)), *nr6;

	if (!nr4)
		return -ENOMEM;
	world->nr4 = nr4;
	nr6 = reallocarray(world->nr6, room, sizeof(*nr6));
	if (!nr6)
		return -ENOMEM;
	world->nr6 = nr6;
	memset(nr4 + world->room, 0, (room - world->room) * sizeof(*nr4));
	memset(nr6 + world->room, 0, (room - world->room) * sizeof(*nr6));
	world->room = room;
	return 0;
}

/* A stretch that nothing was like before. */
static int classify(struct pass *pass, const __u32 *words, __u32 *class)
{
	struct world *world = pass->world;
	struct geo_record record = { 0 };
	size_t i;
	int err;

	if (words[pass->nr - 1]) {
		*class = WORLD_NO_CLASS;
		return 0;
	}
	for (i = 0; i < world->nr_files; i++)
		fill_in(&record, &world->files[i].records[words[i]]);
	err = matcher_classify(&world->matcher, &record, pass->networks, words[i], &world->classes,
			       class);
	while (!err && world->classes.nr > world->room)
		err = grow_counts(world);
	return err;
}

static int class_of(struct pass *pass, const __u32 *words, __u32 *class)
{
	size_t before = pass->stretches.nr;
	__u32 number, *longer;
	int err = intern_add(&pass->stretches, words, pass->nr, &number);

	if (err)
		return err;
	if (pass->stretches.nr > before) {
		if (pass->room < pass->stretches.nr) {
			pass->room = pass->room ? 2 * pass->room : 1024;
			longer = reallocarray(pass->classes, pass->room, sizeof(*longer));
			if (!longer)
				return -ENOMEM;
			pass->classes = longer;
		}
		err = classify(pass, words, &pass->classes[number]);
	}
	*class = pass->classes[number];
	return err;
}

/* The next stretch: what each layer says, and where it ends. */
static __u64 next_stretch(const struct pass *pass, __u32 *words)
{
	__u64 end = ~0ull;
	size_t i;

	for (i = 0; i < pass->nr; i++) {
		const struct steer_range *range = &pass->layers[i]->list[pass->at[i]];

		words[i] = range->location;
		end = range->end < end ? range->end : end;
	}
	return end;
}

static int run(struct pass *pass, unsigned int width)
{
	__u64 last = width == 64 ? ~0ull : 0xffffffff, start = 0, end;
	__u32 words[LAYERS], class;
	size_t i, nr = 0;
	int err;

	do {
		end = next_stretch(pass, words);
		err = class_of(pass, words, &class);
		err = err ?: steer_ranges_add(pass->out, end, class);
		if (err)
			return err;
		if (class != WORLD_NO_CLASS)
			(*pass->counts)[class] += end - start + 1;
		for (i = 0; i < pass->nr; i++)
			pass->at[i] += pass->layers[i]->list[pass->at[i]].end == end;
		start = end + 1;
		if (++nr % PROGRESS_STRETCHES == 0 &&
		    !progress_at("locating clients: %zu networks", nr))
			return -ECANCELED;
	} while (end != last);
	return 0;
}

static int pass_over(struct world *world, unsigned int width)
{
	struct pass pass = {
		.world = world,
		.networks = width == 64 ? &world->networks6 : &world->networks4,
		.out = width == 64 ? &world->ip6 : &world->ip4,
		.counts = width == 64 ? &world->nr6 : &world->nr4,
		.nr = world->nr_files + 2,
	};
	size_t i;
	int err;

	for (i = 0; i < world->nr_files; i++)
		pass.layers[i] = width == 64 ? &world->files[i].ip6 : &world->files[i].ip4;
	pass.layers[i] = &pass.networks->ranges;
	pass.layers[i + 1] = width == 64 ? &hidden6 : &hidden4;
	err = run(&pass, width);
	intern_free(&pass.stretches);
	free(pass.classes);
	return err;
}

static int read_files(struct world *world, const struct config *config,
		      struct config_errors *errors)
{
	bool is_wrong = false;
	const char *why;
	size_t i;
	int err;

	for (i = 0; i < config->nr_databases; i++) {
		const struct config_database *from = &config->databases[i];

		err = geo_file_read(from->file, &world->files[world->nr_files++], &why);
		if (err == -ENOMEM || err == -ECANCELED)
			return err;
		if (err)
			config_errors_add(errors, config->path, from->line,
					  "geo.databases[].file: %s: %s", from->file,
					  why ?: strerror(-err));
		is_wrong = is_wrong || err;
	}
	return is_wrong ? -EINVAL : 0;
}

int world_read(struct world *world, const struct config *config, struct config_errors *errors)
{
	int err, bad_files;
	__u32 empty;

	memset(world, 0, sizeof(*world));
	bad_files = read_files(world, config, errors);
	if (bad_files && bad_files != -EINVAL)
		return bad_files;
	err = networks_read(config, errors, &world->networks4, &world->networks6);
	err = err ?: bad_files;
	err = err ?: matcher_open(&world->matcher, config);
	err = err ?: intern_add(&world->classes, NULL, 0, &empty);
	err = err ?: grow_counts(world);
	err = err ?: pass_over(world, 32);
	return err ?: pass_over(world, 64);
}

bool world_look(const struct world *world, const struct steer_key *key, struct world_spot *spot)
{
	const struct steer_ranges *classes = key->is_ip4 ? &world->ip4 : &world->ip6, *ranges;
	const struct steer_range *range;
	__u64 start;
	size_t i;

	memset(spot, 0, sizeof(*spot));
	for (i = 0; i < world->nr_files; i++) {
		ranges = key->is_ip4 ? &world->files[i].ip4 : &world->files[i].ip6;
		range = steer_ranges_find(ranges, key->key, &spot->words[i].start);
		spot->words[i].end = range->end;
		spot->words[i].record = &world->files[i].records[range->location];
		fill_in(&spot->record, spot->words[i].record);
	}
	spot->networks = key->is_ip4 ? &world->networks4 : &world->networks6;
	spot->network = steer_ranges_find(&spot->networks->ranges, key->key, &start)->location;
	range = steer_ranges_find(classes, key->key, &start);
	if (range->location == WORLD_NO_CLASS)
		return false;
	spot->pairs = intern_words(&world->classes, range->location);
	spot->nr_pairs = world->classes.items[range->location].nr;
	if (spot->nr_pairs && spot->pairs[spot->nr_pairs - 2] == world->matcher.config->nr_regions)
		spot->nr_pairs -= 2; /* the cell */
	return true;
}

void world_free(struct world *world)
{
	size_t i;

	for (i = 0; i < world->nr_files; i++)
		geo_file_free(&world->files[i]);
	networks_free(&world->networks4);
	networks_free(&world->networks6);
	matcher_close(&world->matcher);
	intern_free(&world->classes);
	steer_ranges_free(&world->ip4);
	steer_ranges_free(&world->ip6);
	free(world->nr4);
	free(world->nr6);
	memset(world, 0, sizeof(*world));
}
