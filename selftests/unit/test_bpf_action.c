// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_bpf_action.c: every row of maps/reasons.h is done as it says, whatever was sent before.
 */
#include <string.h>
#include "bpf/base/action.h"
#include "selftests/tap.h"

struct row {
	const char *side, *action, *label;
};

static const struct row rows[AD_REASON_MAX] = {
#define X(sym, side, action, label, help) [AD_R_##sym] = { #side, #action, label },
	AD_REASONS(X)
#undef X
};

static int wanted(const struct row *row, int sent)
{
	if (!strcmp(row->action, "PASS"))
		return XDP_PASS;
	if (!strcmp(row->action, "SEND") && sent)
		return sent;
	return XDP_DROP;
}

static void test_action_follows_the_row(void)
{
	static const int ways[] = { 0, XDP_TX, XDP_REDIRECT };

	for (__u32 reason = 1; reason < AD_REASON_MAX; reason++) {
		bool good = rows[reason].label;

		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			good = good &&
			       action_xdp(reason, ways[i]) == wanted(&rows[reason], ways[i]);
		ok(good, "%s: %s", rows[reason].label, rows[reason].action);
	}
}

static void test_action_out_rows_pass(void)
{
	int others = 0;

	for (__u32 reason = 1; reason < AD_REASON_MAX; reason++)
		others += !strcmp(rows[reason].side, "OUT") && action_of(reason) != ACTION_PASS;
	ok(!others, "on the way out nothing is dropped or held");
}

int main(void)
{
	test_action_follows_the_row();
	test_action_out_rows_pass();
	return done_testing();
}
