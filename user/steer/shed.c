// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * shed.c: from a POP's load to what it sheds (shed.h).
 */
#include "shed.h"

#define BAND	   0.03 /* back only from farther away than this */
#define SLOWER	   4	/* back */
#define SMOOTH	   8	/* of the time until it shows, over which a measurement is smoothed */
#define STEP_MAX   0.5	/* of that time: after a longer pause nobody leaps */
#define DEMAND_MAX 10	/* of the capacity; beyond, steps would be too small to arrive */

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/*
 * With demand D, of which a part s is shed, the load is D (1 - s), and what the marks want of that
 * falls as s grows: by D / (to - from) for each unit. One step of Newton's method goes to where
 * both meet.
 */
static double way_to_go(const struct shed_rule *rule, const struct shed_state *state)
{
	double width = rule->to - rule->from;
	double wanted = clamp((state->load - rule->from) / width, 0, SHED_MOST);
	double demand = clamp(state->load / (1 - state->shed), 0, DEMAND_MAX);

	return (wanted - state->shed) / (1 + demand / width);
}

unsigned int shed_step(const struct shed_rule *rule, struct shed_state *state, double load,
		       double passed_s)
{
	double part = clamp(passed_s / rule->settle_s, 0, STEP_MAX), way;
	double wanted;

	if (!state->known)
		state->load = load;
	state->known = 1;
	state->load += (load - state->load) * part / (part + 1.0 / SMOOTH);
	wanted = clamp((state->load - rule->from) / (rule->to - rule->from), 0, SHED_MOST);
	way = way_to_go(rule, state);
	if (way >= 0)
		state->shed += way * part;
	else if (wanted < state->shed - BAND || !wanted)
		state->shed += way * part / SLOWER;
	state->shed = clamp(state->shed, 0, SHED_MOST);
	/* Half a percent is nobody; or the way back would never end. */
	if (!wanted && state->shed < 0.005)
		state->shed = 0;
	return state->shed * 100 + 0.5;
}
