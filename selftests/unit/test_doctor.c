// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_doctor.c: the worst of what was found, and each finding at a check that is shown.
 */
#include <string.h>
#include "selftests/tap.h"
#include "user/doctor/doctor.h"

static void test_level_is_the_worst(void)
{
	struct findings findings = {};

	is_int(doctor_level(&findings, NULL), FINDING_FINE, "nothing was found");
	findings.check = "mtu";
	findings_add(&findings, FINDING_FINE, "mtu: is so");
	is_int(doctor_level(&findings, NULL), FINDING_FINE, "what is well");
	findings_add(&findings, FINDING_UNKNOWN, "mtu: was not asked");
	is_int(doctor_level(&findings, "mtu"), FINDING_UNKNOWN, "what is not known");
	findings.check = "bus";
	findings_add(&findings, FINDING_WARNING, "bus: is slow");
	is_int(doctor_level(&findings, NULL), FINDING_WARNING, "counts for less than a trouble");
	is_int(doctor_level(&findings, "mtu"), FINDING_UNKNOWN, "of one check its own alone");
	findings_add(&findings, FINDING_ERROR, "bus: is gone");
	is_int(doctor_level(&findings, NULL), FINDING_ERROR, "the worst");
	is_int(doctor_level(&findings, "keys"), FINDING_FINE, "a check of which nothing was found");
	findings_free(&findings);
}

static bool is_a_check(const char *word)
{
	for (size_t i = 0; i < doctor_nr_checks(); i++)
		if (!strcmp(doctor_checks[i].word, word))
			return true;
	return false;
}

/* A finding of a check that is not in the table would never be shown. */
static void test_what_status_looks_at_is_a_check(void)
{
	const char *word;
	size_t i;

	for (i = 0; (word = status_judge_word(i)); i++)
		ok(is_a_check(word), "%s", word);
	ok(i > 10, "all of them");
}

static void test_ring_is_small(void)
{
	ok(doctor_ring_is_small(256, 4096), "256 of 4096");
	ok(doctor_ring_is_small(256, 512), "256 of 512");
	ok(!doctor_ring_is_small(512, 512), "as large as can be");
	ok(!doctor_ring_is_small(1024, 8192), "large enough");
	ok(!doctor_ring_is_small(0, 0), "a driver that does not tell");
}

int main(void)
{
	test_level_is_the_worst();
	test_what_status_looks_at_is_a_check();
	test_ring_is_small();
	return done_testing();
}
