// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_reason.c: reasons as data, and what status tells of each.
 */
#include <string.h>
#include "selftests/tap.h"
#include "user/status/reason.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void test_reason_table_has_every_row(void)
{
	int lacking = 0, twice = 0;

	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		const struct reason *row = &reason_table[i];

		lacking += !row->label || !*row->help ||
			   !(begins(row->side, "in") || begins(row->side, "out"));
		for (int j = AD_CONTINUE + 1; j < i; j++)
			twice += !strcmp(row->label, reason_table[j].label);
	}
	ok(!lacking, "each reason has a label, a side and a text");
	ok(!twice, "no label is there twice");
	ok(!reason_table[AD_CONTINUE].label, "going on is no reason");
}

/* What the label, the side and the action promise, whoever adds a row. */
static void test_reason_outcome_agrees_with_its_row(void)
{
	for (int i = AD_CONTINUE + 1; i < AD_REASON_MAX; i++) {
		const struct reason *row = &reason_table[i];
		enum outcome outcome = reason_outcome(i);

		if (begins(row->side, "out"))
			ok(outcome == OUTCOME_STAMPED || outcome == OUTCOME_UNTOUCHED,
			   "%s is of what goes out", row->label);
		else if (begins(row->action, "drop"))
			is_int(outcome, OUTCOME_DROPPED, "%s is dropped", row->label);
		else if (begins(row->label, "local_"))
			is_int(outcome, OUTCOME_OURS, "%s is of flows of this node", row->label);
		else if (begins(row->label, "wrap_"))
			is_int(outcome, OUTCOME_LED, "%s is led", row->label);
		else if (begins(row->label, "dns_"))
			ok(outcome == OUTCOME_DNS || outcome == OUTCOME_DNS_LEFT, "%s is of DNS",
			   row->label);
		else if (begins(row->label, "nobody"))
			is_int(outcome, OUTCOME_NOBODY, "%s: the stack answers", row->label);
	}
}

static void test_reason_outcome_of_those_with_no_such_name(void)
{
	is_int(reason_outcome(AD_R_OWNER_DEAD), OUTCOME_NOBODY, "its owner is dead: a RST");
	is_int(reason_outcome(AD_R_SYN_REPEATED), OUTCOME_OURS, "served here after all");
	is_int(reason_outcome(AD_R_DIVERTED), OUTCOME_DIVERTED, "to a successor");
	is_int(reason_outcome(AD_R_ICMP_LED), OUTCOME_LED, "an ICMP error that is led");
	is_int(reason_outcome(AD_R_ICMP_LOCAL), OUTCOME_OURS, "one about a flow of ours");
	is_int(reason_outcome(AD_R_TOO_BIG_TOLD), OUTCOME_DROPPED,
	       "too big: its sender is told, its owner does not get it");
	is_int(reason_outcome(AD_R_DNS_PASSED), OUTCOME_DNS_LEFT, "to a nameserver");
	is_int(reason_outcome(AD_R_FOREIGN), OUTCOME_OTHER, "none of our business");
	is_int(reason_outcome(AD_R_OUT_STAMPED), OUTCOME_STAMPED, "stamped");
	is_int(reason_outcome(AD_R_OUT_PLAIN), OUTCOME_UNTOUCHED, "nothing to stamp");
}

static void test_outcome_texts_are_there(void)
{
	for (int i = 0; i < OUTCOME_NR; i++)
		ok(outcome_texts[i].label && outcome_texts[i].text, "outcome %d has its texts", i);
}

int main(void)
{
	test_reason_table_has_every_row();
	test_reason_outcome_agrees_with_its_row();
	test_reason_outcome_of_those_with_no_such_name();
	test_outcome_texts_are_there();
	return done_testing();
}
