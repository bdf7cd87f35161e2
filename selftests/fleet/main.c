// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * main.c: fleets of nodes, one after the other.
 *
 *   fleet model|program PACKETS SEED...
 *
 * For each SEED, random fleets until so many packets were sent. Then faults are put in on purpose,
 * and each must be noticed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "fleet.h"

#define SCENE_PACKETS	 5000	/* then comes another fleet */
#define MUTATION_PACKETS 400000 /* to notice it by */

static struct fleet fleet;

/* Half of them are small: there all others are asked, and no limit excuses anything. */
static __u32 roll_size(void)
{
	return one_in(2) ? 4 : FLEET_NODES;
}

static int play(const struct backend *b, __u64 packets, __u64 seed)
{
	__u64 sent = 0;
	int err = 0;

	for (__u64 i = 0; !err && sent < packets && !judge_first_broken(); i++) {
		__u64 part = packets - sent < SCENE_PACKETS ? packets - sent : SCENE_PACKETS;

		dice_seed(seed + i * 0x632BE59BD9B4E019ULL);
		err = scene_start(&fleet, b, roll_size()) ?: scene_play(&fleet, b, part);
		sent += fleet.packets;
	}
	return err;
}

static void play_mutations(const struct backend *b)
{
	const char *name, *broken;
	char text[160];

	judge_be_quiet(true);
	for (__u32 i = 1; (name = mutation_name(i)); i++) {
		if (b == &by_program && !mutation_fits_program(i))
			continue;
		mutation_choose(i);
		judge_reset();
		play(b, MUTATION_PACKETS, 1);
		broken = judge_first_broken();
		snprintf(text, sizeof(text), "%s: %s is noticed: %s", b->name, name,
			 broken ? broken : "but nothing was");
		judge_say(broken, text);
	}
	if (b == &by_model)
		judge_report_mutations(b->name);
}

static const struct backend *choose(const char *name)
{
	if (!strcmp(name, by_model.name))
		return &by_model;
	return strcmp(name, by_program.name) ? NULL : &by_program;
}

int main(int argc, char **argv)
{
	const struct backend *b = argc > 3 ? choose(argv[1]) : NULL;
	char text[128];
	__u64 packets;
	int err = 0;

	if (!b) {
		fprintf(stderr, "usage: %s model|program PACKETS SEED...\n", argv[0]);
		return 2;
	}
	if (sodium_init() < 0)
		return 1;
	packets = strtoull(argv[2], NULL, 0);
	for (int i = 3; i < argc; i++) {
		err = play(b, packets, strtoull(argv[i], NULL, 0));
		snprintf(text, sizeof(text), "%s: %llu packets, seed %s", b->name, packets,
			 argv[i]);
		judge_say(!err && !judge_first_broken(), text);
	}
	judge_report(b->name);
	play_mutations(b);
	return judge_done();
}
