// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_pops.c: what is said of POPs: as words of a command, as the word that the kernel reads, and
 * for people.
 */
#include "selftests/tap.h"
#include "user/steer/pops.h"

static void test_pops_who_told_is_printable(void)
{
	struct ad_steer_told told = { .state = AD_STEER_TOLD_DOWN };
	char who[POP_WHO_TEXT];
	struct pop_seen pop = { .name = "fra", .told = told };
	json_t *json;

	memcpy(pop.told.who, "\x1b[31mroot\xff", 10);
	is_str(pops_who(&pop.told, who), "\\x1b[31mroot\\xff", "control characters are escaped");
	json = pops_json(&pop);
	is_str(json_string_value(json_object_get(json, "who")), "\\x1b[31mroot\\xff",
	       "in JSON, too, and it is JSON");
	json_decref(json);
	memset(told.who, 'a', sizeof(told.who));
	is_int(strlen(pops_who(&told, who)), sizeof(told.who), "a name that fills its room ends");
	told.state = 0;
	is_str(pops_who(&told, who), "", "nobody, of a POP of which nothing is told");
}

static void test_pops_states_are_words_and_back(void)
{
	static const struct {
		const char *state, *percent, *text;
		__u32 word;
	} good[] = {
		{ "up", NULL, "up", 0 },
		{ "auto", NULL, "auto", 0 },
		{ "down", NULL, "down", AD_STEER_OUT },
		{ "drain", NULL, "draining", AD_STEER_OUT },
		{ "shed", "25%", "sheds 25 %", AD_STEER_DOUBT | 16 << AD_STEER_SHED_SHIFT },
		{ "shed", "100", "sheds 100 %", AD_STEER_DOUBT | 64 << AD_STEER_SHED_SHIFT },
	};
	static const char *const bad[][2] = { { "sideways", NULL }, { "shed", NULL },
					      { "shed", "101" },    { "shed", "-1" },
					      { "shed", "5%%" },    { "down", "5%" } };
	char text[POP_STATE_TEXT];
	struct ad_steer_told told;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		is_int(pops_parse(good[i].state, good[i].percent, &told), 0, "%s is a state",
		       good[i].state);
		is_str(pops_state(&told, text), good[i].text, "and read back");
		is_int(pops_word(&told, AD_HEALTH_UP, false), good[i].word, "and as a word");
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(pops_parse(bad[i][0], bad[i][1], &told), "%s %s is none", bad[i][0],
		   bad[i][1] ?: "");
}

static void test_word_of_a_pop_that_comes_back_sheds_less_and_less(void)
{
	const __u32 begin = AD_STEER_DRAINED + AD_STEER_BACK_UNIT;
	struct ad_steer_told told = {};

	is_int(pops_word(&told, AD_HEALTH_UP, AD_STEER_DRAINED), AD_STEER_OUT, "drained: out");
	is_int(pops_word(&told, AD_HEALTH_UP, begin), AD_STEER_DOUBT | 64 << AD_STEER_SHED_SHIFT,
	       "at first it sheds all");
	is_int(pops_word(&told, AD_HEALTH_UP, AD_STEER_DRAINED + AD_STEER_BACK_UNIT / 4),
	       AD_STEER_DOUBT | 16 << AD_STEER_SHED_SHIFT, "then a quarter");
	is_int(pops_word(&told, AD_HEALTH_UP, AD_STEER_DRAINED + 1),
	       AD_STEER_DOUBT | 1 << AD_STEER_SHED_SHIFT, "then as little as can be shed");
	is_int(pops_word(&told, AD_HEALTH_UP, ~0u), AD_STEER_DOUBT | 64 << AD_STEER_SHED_SHIFT,
	       "no number is too large");
	is_int(pops_word(&told, AD_HEALTH_OUT, begin), AD_STEER_OUT, "one that fails is out");
	is_int(pops_parse("shed", "50%", &told), 0, "an operator has it shed a half");
	is_int(pops_word(&told, AD_HEALTH_UP, AD_STEER_DRAINED + AD_STEER_BACK_UNIT / 4),
	       AD_STEER_DOUBT | 32 << AD_STEER_SHED_SHIFT, "the greater part counts");
	is_int(pops_parse("up", NULL, &told), 0, "an operator says up");
	is_int(pops_word(&told, AD_HEALTH_UP, begin), 0, "which counts more");
}

int main(void)
{
	test_word_of_a_pop_that_comes_back_sheds_less_and_less();
	test_pops_who_told_is_printable();
	test_pops_states_are_words_and_back();
	return done_testing();
}
