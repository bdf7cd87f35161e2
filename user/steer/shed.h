/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shed.h: what part of its clients a POP sheds by its own load: none up to one mark, all of them at
 * another, in proportion between the two. Pure: who calls it measures, and says how long ago the
 * last call was.
 *
 * What is shed now shows in the load much later: resolvers keep the old answer until its TTL is
 * over, and connections live on. So each step goes only a part of the way, as much as would be
 * right if the load followed at once, times the time that passed by the time that it takes. Up that
 * is all; back it is a quarter of that, and only from a distance, so that nobody is moved twice for
 * a load that merely trembles.
 */
#ifndef AD_SHED_H
#define AD_SHED_H

#define SHED_MOST 0.9 /* some are kept: without any there would be nothing to measure */

struct shed_rule {
	double from, to; /* parts of the capacity; from < to */
	double settle_s; /* how long it takes until what was shed shows in the load */
};

struct shed_state {
	double load; /* smoothed, of the capacity */
	double shed; /* 0 to SHED_MOST */
	int known;   /* load has been measured */
};

/*
 * A measurement: @load of the capacity, @passed_s after the one before. Returns how much is shed
 * from now on, in percent.
 */
unsigned int shed_step(const struct shed_rule *rule, struct shed_state *state, double load,
		       double passed_s);

#endif
