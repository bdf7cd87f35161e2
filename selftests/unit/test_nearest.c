// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_nearest.c: "did you mean".
 */
#include <string.h>
#include "selftests/tap.h"
#include "user/base/nearest.h"

static const char *const words[] = { "interfaces", "vips",  "pops", "nodes", "node",
				     "zones",	   "stamp", "keys", "drain", "dns" };

static const char *meant(const char *typed)
{
	struct nearest nearest = { .word = typed };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		nearest_offer(&nearest, words[i]);
	return nearest.best ?: "nothing";
}

static void test_nearest_of_one_slip(void)
{
	is_str(meant("intefaces"), "interfaces", "a letter is missing");
	is_str(meant("interrfaces"), "interfaces", "one is there twice");
	is_str(meant("intarfaces"), "interfaces", "one is another");
	is_str(meant("intefraces"), "interfaces", "two are swapped");
	is_str(meant("dsn"), "dns", "also in three letters: that is one slip and not two");
}

static void test_nearest_of_two_takes_the_nearer(void)
{
	is_str(meant("nodess"), "nodes", "nodes, and not node");
	is_str(meant("node"), "node", "what is right is nearest to itself");
	is_str(meant("pips"), "vips", "of two that are as near the one that was offered first");
}

static void test_nearest_of_another_word_says_nothing(void)
{
	is_str(meant("metrics"), "nothing", "another word");
	is_str(meant("k"), "nothing", "too little of it");
	is_str(meant("dxayn"), "drain", "two slips in five letters may be meant");
	is_str(meant("dxay"), "nothing", "three in four are not");
	is_str(meant("nodxyz"), "nothing", "nor are three in six");
	is_str(meant(""), "nothing", "no word at all");
}

static void test_nearest_of_long_words_says_nothing(void)
{
	char longest[32], longer[33];
	struct nearest nearest = { .word = longest };

	memset(longest, 'a', sizeof(longest) - 1);
	longest[31] = '\0';
	memset(longer, 'a', sizeof(longer) - 1);
	longer[32] = '\0';
	nearest_offer(&nearest, longer);
	ok(!nearest.best, "a word of 32 letters is none of ours");
	nearest_offer(&nearest, longest);
	is_str(nearest.best, longest, "one of 31 may be");
	nearest = (struct nearest){ .word = longer };
	nearest_offer(&nearest, longest);
	ok(!nearest.best, "nor is one of 32 that was typed");
}

int main(void)
{
	test_nearest_of_one_slip();
	test_nearest_of_two_takes_the_nearer();
	test_nearest_of_another_word_says_nothing();
	test_nearest_of_long_words_says_nothing();
	return done_testing();
}
