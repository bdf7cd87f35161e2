// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_rtt_book.c: what was measured here and what others tell, rule by rule; the order that
 * follows, how long it holds, and what of it goes into rows; the file; where cgroup v2 is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/config/config.h"
#include "user/rtt/cgroup.h"
#include "user/rtt/rtt_book.h"
#include "user/steer/policy.h"
#include "user/steer/ranks.h"

#define NOW 1000000

static char dir[] = "/tmp/anydoor-rtt-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(in_dir(name), "we");

	if (!out || fputs(text, out) < 0 || fclose(out))
		abort();
}

/* --- a world ---------------------------------------------------------------------------------- */

#define HEAD                                                                                       \
	"node: fra1\n"                                                                             \
	"interfaces: [eth0]\n"                                                                     \
	"vips: [{address: 192.0.2.53}]\n"                                                          \
	"pops: [{name: fra}, {name: nyc}, {name: sin}]\n"                                          \
	"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]\n"                           \
	"keys: {file: /etc/hostname}\n"                                                            \
	"regions: [{name: east, networks: [10.0.0.0/8]}, {name: west, networks: [11.0.0.0/8]}]\n"  \
	"rtt: {samples: 50, margin: 20, hold: 600s, memory: 1h}\n"

static struct config *config;
static struct steer_plan *plan;
static struct rtt_book *book;

static void world_make(const char *policies)
{
	struct config_errors errors = {};
	char text[2048];

	snprintf(text, sizeof(text), "%s%s", HEAD, policies);
	write_file("anydoor.yaml", text);
	if (config_load(in_dir("anydoor.yaml"), &config, &errors) ||
	    steer_plan_build(config, &errors, &plan) || rtt_book_new(plan, config, &book)) {
		config_errors_log(&errors);
		abort();
	}
	config_errors_free(&errors);
}

static void world_end(void)
{
	rtt_book_free(book);
	steer_plan_free(plan);
	config_free(config);
	book = NULL;
}

#define NEAR                                                                                       \
	"policies: [{name: near, draw: rtt, rules: {east: [fra, nyc, sin], west: [fra, nyc, "      \
	"sin]}, default: [[fra, nyc], sin]}]\n"

static __u32 location_of(const char *address)
{
	struct ad_addr addr;
	__u16 location = 0;
	__u8 scope;

	if (addr_parse(address, &addr))
		abort();
	steer_map_locate(&plan->map, &addr, 128, &location, &scope);
	return location;
}

/* About 10 ms: bucket 29 is 10.2 to 12.3 ms (maps/rtt.h). */
static void measure(const char *client, unsigned int bucket, unsigned int nr)
{
	struct ad_rtt_counts counts = {};

	counts.count[bucket] = nr;
	rtt_book_add(book, location_of(client), &counts);
}

static struct rtt_row row_of(const char *region, const char *pop, double ms, double samples,
			     __u64 at)
{
	struct rtt_row row = { .at_real_s = at, .rtt_us = ms * 1000, .samples = samples };

	snprintf(row.key.policy, sizeof(row.key.policy), "near");
	snprintf(row.key.region, sizeof(row.key.region), "%s", region);
	snprintf(row.key.pop, sizeof(row.key.pop), "%s", pop);
	return row;
}

static void hear(const struct rtt_row *list, size_t nr)
{
	struct rtt_rows rows = { (struct rtt_row *)list, nr };

	rtt_book_hear(book, &rows);
}

static char told[1024];

static void note(const char *policy, const char *region, const struct rtt_pop *list, size_t nr,
		 void *arg)
{
	size_t i, at = strlen(told);

	at += snprintf(told + at, sizeof(told) - at, "%s/%s:", policy, region);
	for (i = 0; i < nr; i++)
		at += snprintf(told + at, sizeof(told) - at, " %s",
			       config_pop_name(config, list[i].pop));
	snprintf(told + at, sizeof(told) - at, "\n");
}

/* What is told at that time. */
static const char *judge(__u64 now, double passed_s)
{
	*told = '\0';
	rtt_book_judge(book, now, passed_s, note, NULL);
	return told;
}

/* --- here ------------------------------------------------------------------------------------- */

static void test_book_without_such_a_policy_is_none(void)
{
	world_make("policies: [{name: near, default: [fra, nyc]}]\n");
	ok(!book, "no policy draws by round-trip time: no book");
	world_end();
}

static void test_book_rules_that_read_alike_are_apart(void)
{
	world_make(NEAR);
	ok(location_of("10.0.0.1") != location_of("11.0.0.1"),
	   "two rules with the same POPs are two locations");
	world_end();
}

static int count_known(const struct ad_rtt_key *key, const struct ad_rtt_seen *seen, void *arg)
{
	unsigned int *known = arg;

	if (seen->samples)
		known[!strcmp(key->region, "east")   ? 0
		      : !strcmp(key->region, "west") ? 1
						     : 2] +=
			!strcmp(key->pop, "fra") && seen->is_own ? seen->samples : 1000000;
	return 0;
}

static void test_book_counts_by_rule_and_own_pop(void)
{
	unsigned int known[3] = { 0 };
	struct rtt_rows rows = {};

	world_make(NEAR);
	measure("10.1.2.3", 29, 60);
	measure("11.1.2.3", 29, 7);
	measure("203.0.113.1", 29, 3);
	rtt_book_add(book, 60000, &(struct ad_rtt_counts){ { 5 } });
	judge(NOW, 0);
	rtt_book_each(book, NOW, count_known, known);
	ok(known[0] == 60 && known[1] == 7 && known[2] == 3,
	   "each rule has its clients', of this POP alone: %u %u %u", known[0], known[1], known[2]);
	is_int(rtt_book_report(book, NOW, &rows), 0, "a report");
	is_int(rows.nr, 3, "of three rules");
	ok(rows.nr == 3 && !strcmp(rows.list[0].key.region, "east") &&
		   !strcmp(rows.list[0].key.pop, "fra") && rows.list[0].samples == 60 &&
		   rows.list[0].rtt_us > 10200 && rows.list[0].rtt_us < 12300,
	   "with the median of its clients: %.0f us", rows.nr ? rows.list[0].rtt_us : 0);
	rtt_rows_free(&rows);
	world_end();
}

/* --- with others ------------------------------------------------------------------------------ */

static void test_book_nearer_pop_goes_first_and_holds(void)
{
	struct rtt_row near = row_of("east", "nyc", 5, 100, NOW);
	struct rtt_row slow = row_of("east", "nyc", 50, 100, NOW + 1);

	world_make(NEAR);
	measure("10.1.2.3", 29, 1000);
	is_str(judge(NOW, 0), "", "one POP is known: nothing changes");
	hear(&near, 1);
	is_str(judge(NOW, 10), "near/east: nyc fra sin\n", "another one is nearer: its rule alone");
	is_str(judge(NOW + 10, 10), "", "told once");
	hear(&slow, 1);
	is_str(judge(NOW + 599, 1), "", "it holds");
	is_str(judge(NOW + 600, 1), "near/east: fra nyc sin\n", "and then goes back");
	world_end();
}

static void test_book_old_and_few_and_future_do_not_count(void)
{
	struct rtt_row few = row_of("east", "nyc", 5, 49, NOW);
	struct rtt_row old = row_of("east", "nyc", 5, 100, NOW - 3601);
	struct rtt_row ahead = row_of("east", "nyc", 5, 100, NOW + 301);
	struct rtt_row unknown[] = { row_of("north", "nyc", 5, 100, NOW),
				     row_of("east", "lax", 5, 100, NOW),
				     row_of("east", "nyc", 0, 100, NOW) };

	world_make(NEAR);
	measure("10.1.2.3", 29, 1000);
	hear(&few, 1);
	is_str(judge(NOW, 0), "", "too few");
	hear(&old, 1);
	is_str(judge(NOW, 0), "", "a half-life old: half of them, which is too few");
	hear(&ahead, 1);
	is_str(judge(NOW, 0), "", "of a time that has not come");
	hear(unknown, 3);
	is_str(judge(NOW, 0), "", "of what there is not");
	old.at_real_s = NOW - 3000;
	hear(&old, 1);
	is_str(judge(NOW, 0), "near/east: nyc fra sin\n", "a little younger: enough");
	world_end();
}

static void test_book_several_tellers_are_weighed(void)
{
	struct rtt_row list[] = { row_of("east", "nyc", 5, 100, NOW),
				  row_of("east", "nyc", 100, 900, NOW) };

	world_make(NEAR);
	measure("10.1.2.3", 29, 1000);
	hear(list, 2);
	is_str(judge(NOW, 0), "", "most of its clients are far: no change");
	list[1].samples = 1;
	hear(list, 2);
	is_str(judge(NOW, 0), "near/east: nyc fra sin\n", "next to none of them are");
	world_end();
}

static void test_book_others_tell_of_our_pop_while_we_know_little(void)
{
	struct rtt_row list[] = { row_of("east", "nyc", 5, 100, NOW),
				  row_of("east", "fra", 80, 100, NOW) };
	struct rtt_rows rows = {};

	world_make(NEAR);
	hear(list, 2);
	is_str(judge(NOW, 0), "near/east: nyc fra sin\n", "another node of our POP measured it");
	is_int(rtt_book_report(book, NOW, &rows), 0, "a report");
	is_int(rows.nr, 0, "which is not told as if it were ours");
	rtt_rows_free(&rows);
	world_end();
}

static void test_book_median_of_ours_fades(void)
{
	struct rtt_row list[] = { row_of("east", "nyc", 5, 1e9, NOW) };

	world_make(NEAR);
	measure("10.1.2.3", 29, 60);
	is_str(judge(NOW, 3600), "", "half of what was counted is left");
	hear(list, 1);
	is_str(judge(NOW, 0), "", "so ours is not known any more, and nobody is moved");
	world_end();
}

/* --- over a restart --------------------------------------------------------------------------- */

struct kept {
	struct ad_rtt_key keys[16];
	struct ad_rtt_seen seen[16];
	size_t nr;
};

static int keep(const struct ad_rtt_key *key, const struct ad_rtt_seen *seen, void *arg)
{
	struct kept *kept = arg;

	if (kept->nr == 16)
		return -E2BIG;
	kept->keys[kept->nr] = *key;
	kept->seen[kept->nr++] = *seen;
	return 0;
}

static void recall(const struct kept *kept)
{
	for (size_t i = 0; i < kept->nr; i++)
		rtt_book_recall(book, &kept->keys[i], &kept->seen[i]);
}

static void test_book_order_is_recalled(void)
{
	struct rtt_row near = row_of("east", "nyc", 5, 100, NOW),
		       slow = row_of("east", "nyc", 90, 100, NOW);
	static struct kept kept;

	kept.nr = 0;
	world_make(NEAR);
	measure("10.1.2.3", 29, 1000);
	hear(&near, 1);
	judge(NOW, 0);
	is_int(rtt_book_each(book, NOW, keep, &kept), 0, "all of it is kept");
	is_int(kept.nr, 9, "three POPs of three rules");
	world_end();

	world_make(NEAR);
	recall(&kept);
	hear(&slow, 1);
	is_str(judge(NOW + 599, 0), "", "the next daemon begins with that order, which holds");
	is_str(judge(NOW + 601, 0), "near/east: fra nyc sin\n",
	       "what was measured before it counts: by that the order changes");
	world_end();

	world_make("policies: [{name: near, draw: rtt, rules: {east: [fra, nyc]}, "
		   "default: [sin]}]\n");
	recall(&kept);
	hear(&slow, 1);
	is_str(judge(NOW + 1, 0), "", "with other POPs it begins anew: fra is first, and faster");
	world_end();
}

/* --- rows ------------------------------------------------------------------------------------- */

static const char *rule_text(const struct steer_rule *rule)
{
	static char text[128];
	size_t i, at = 0;

	for (i = 0; i < rule->nr; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%s/%u", i ? " " : "",
			       config_pop_name(config, rule->choices[i].pop),
			       rule->choices[i].rank);
	return text;
}

static void expect_rule(const struct steer_ranks *ranks, const char *client, const char *expected,
			const char *what)
{
	struct steer_ranking ranking;

	is_int(steer_ranking_make(plan, config, ranks, &ranking), 0, "%s: rules", what);
	is_str(rule_text(&ranking.policies[0].rules[location_of(client)]), expected, "%s", what);
	steer_ranking_free(&ranking);
}

static void test_ranks_change_their_rule_alone(void)
{
	struct steer_ranks ranks = {}, other = {};

	world_make(NEAR);
	expect_rule(NULL, "10.0.0.1", "fra/0 nyc/1 sin/2", "nothing measured");
	expect_rule(NULL, "203.0.113.1", "fra/0 nyc/0 sin/1", "nothing measured, with a group");
	is_int(steer_ranks_fingerprint(NULL), 0, "nothing has the fingerprint 0");
	is_int(steer_ranks_fingerprint(&ranks), 0, "whichever way it is said");
	ok(!steer_ranks_add(&ranks, "near", "west", "sin") &&
		   !steer_ranks_add(&ranks, "near", "west", "gone") &&
		   !steer_ranks_add(&ranks, "near", "west", "fra") &&
		   !steer_ranks_add(&ranks, "near", "", "nyc") &&
		   !steer_ranks_add(&ranks, "gone", "east", "nyc"),
	   "an order by names, some of which there are not");
	steer_ranks_sort(&ranks);
	expect_rule(&ranks, "10.0.0.1", "fra/0 nyc/1 sin/2", "another rule");
	expect_rule(&ranks, "11.0.0.1", "sin/0 fra/1 nyc/2", "its rule");
	expect_rule(&ranks, "203.0.113.1", "nyc/0 fra/1 sin/2", "default");
	is_int(ranks.nr, 3, "three rules");
	ok(!steer_ranks_add(&other, "near", "west", "sin"), "another order");
	ok(steer_ranks_fingerprint(&ranks) && steer_ranks_fingerprint(&other) &&
		   steer_ranks_fingerprint(&ranks) != steer_ranks_fingerprint(&other),
	   "has another fingerprint");
	steer_ranks_free(&ranks);
	steer_ranks_free(&other);
	world_end();
}

static void test_ranks_of_another_draw_are_left_alone(void)
{
	struct steer_ranks ranks = {};

	world_make("policies: [{name: near, rules: {east: [fra, nyc]}, default: [sin]}]\n");
	steer_ranks_add(&ranks, "near", "east", "nyc");
	expect_rule(&ranks, "10.0.0.1", "fra/0 nyc/1", "a policy that draws by order now");
	steer_ranks_free(&ranks);
	world_end();
}

/* --- the file --------------------------------------------------------------------------------- */

#define ROW                                                                                        \
	"{\"policy\": \"p\", \"region\": null, \"pop\": \"a\", \"rtt_ms\": 12.5, \"samples\": 9, " \
	"\"at\": 5}"

static void test_file_is_read_and_written_alike(void)
{
	struct config_errors errors = {};
	struct rtt_rows rows;
	json_t *json, *wanted;

	write_file("rtt.json", "{\"instance\": \"one\", \"rtt\": [" ROW "," ROW "], \"rules\": 1}");
	is_int(rtt_rows_read(in_dir("rtt.json"), &rows, &errors), 0, "with what else is in it");
	is_int(rows.nr, 2, "two rows");
	ok(rows.nr && rows.list[0].rtt_us == 12500 && rows.list[0].samples == 9 &&
		   rows.list[0].at_real_s == 5 && !rows.list[0].key.region[0],
	   "as they are written");
	json = rtt_row_json(&rows.list[1]);
	wanted = json_loads(ROW, 0, NULL);
	json_object_set_new(wanted, "samples", json_real(9));
	ok(json_equal(json, wanted), "and written as they are read");
	json_decref(json);
	json_decref(wanted);
	rtt_rows_free(&rows);
}

static void test_file_mistakes_are_told_and_nothing_is_taken(void)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "1: " },
		{ "{\"rtt\": [\n" ROW ",\n}", "3: " },
		{ "[]", "has no list \"rtt\"" },
		{ "{\"rtt\": 5}", "has no list \"rtt\"" },
		{ "{\"rtt\": [" ROW ", 5]}", "row 2 of \"rtt\": is no object" },
		{ "{\"rtt\": [{}]}", "\"policy\" is no name" },
		{ "{\"rtt\": [{\"policy\": \"p\"}]}", "\"region\" is neither a name nor null" },
		{ "{\"rtt\": [{\"policy\": \"p\", \"region\": \"\", \"pop\": \"a\"}]}",
		  "\"region\" is neither a name nor null" },
		{ "{\"rtt\": [{\"policy\": \"p\", \"region\": null, \"pop\": "
		  "\"0123456789012345678901234567890123456789012345678901234567890123\"}]}",
		  "\"pop\" is no name" },
		{ "{\"rtt\": [{\"policy\": \"p\", \"region\": null, \"pop\": \"a\", \"rtt_ms\": "
		  "-1}]}",
		  "\"rtt_ms\" is no number of milliseconds" },
		{ "{\"rtt\": [{\"policy\": \"p\", \"region\": null, \"pop\": \"a\", \"rtt_ms\": 1, "
		  "\"samples\": \"9\"}]}",
		  "\"samples\" is no number of connections" },
		{ "{\"rtt\": [{\"policy\": \"p\", \"region\": null, \"pop\": \"a\", \"rtt_ms\": 1, "
		  "\"samples\": 9, \"at\": 1e99}]}",
		  "\"at\" is no time in seconds" },
	};
	struct config_errors errors = {};
	struct rtt_rows rows;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_file("rtt.json", cases[i].text);
		ok(rtt_rows_read(in_dir("rtt.json"), &rows, &errors) < 0 && !rows.nr &&
			   errors.nr == 1 && strstr(errors.list[0].text, cases[i].error),
		   "case %zu: %s", i, errors.nr ? errors.list[0].text : "no error");
		config_errors_free(&errors);
	}
	is_int(rtt_rows_read(in_dir("none"), &rows, &errors), -ENOENT, "no file");
	is_int(errors.nr, 0, "which is no error");
	is_int(rtt_rows_read("/dev/null", &rows, &errors), -EINVAL, "a device is not read");
	config_errors_free(&errors);
}

/* --- cgroup v2 -------------------------------------------------------------------------------- */

static void expect_cgroup(const char *mounts, int err, const char *expected)
{
	char path[64] = "";

	write_file("mounts", mounts);
	is_int(cgroup_find(in_dir("mounts"), path, sizeof(path)), err, "cgroup v2: %s",
	       expected ?: "none");
	if (expected)
		is_str(path, expected, "where it is mounted");
}

#define V1 "30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n"

static void test_cgroup_is_found_by_its_type(void)
{
	expect_cgroup("", -ENOENT, NULL);
	expect_cgroup(V1, -ENOENT, NULL);
	expect_cgroup(V1 "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n", 0,
		      "/sys/fs/cgroup");
	expect_cgroup("29 23 0:26 / /a\\040b rw - cgroup2 none rw\n", 0, "/a b");
	expect_cgroup("29 23 - cgroup2 none rw\n", -ENOENT, NULL);
	expect_cgroup("29 23 0:26 / "
		      "/0123456789012345678901234567890123456789012345678901234567890123456789 rw "
		      "- cgroup2 none rw\n",
		      -ENAMETOOLONG, NULL);
	is_int(cgroup_find(in_dir("none"), (char[8]){ 0 }, 8), -ENOENT, "no list of mounts");
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	test_book_without_such_a_policy_is_none();
	test_book_rules_that_read_alike_are_apart();
	test_book_counts_by_rule_and_own_pop();
	test_book_nearer_pop_goes_first_and_holds();
	test_book_old_and_few_and_future_do_not_count();
	test_book_several_tellers_are_weighed();
	test_book_others_tell_of_our_pop_while_we_know_little();
	test_book_median_of_ours_fades();
	test_book_order_is_recalled();
	test_ranks_change_their_rule_alone();
	test_ranks_of_another_draw_are_left_alone();
	test_file_is_read_and_written_alike();
	test_file_mistakes_are_told_and_nothing_is_taken();
	test_cgroup_is_found_by_its_type();
	unlink(in_dir("anydoor.yaml"));
	unlink(in_dir("rtt.json"));
	unlink(in_dir("mounts"));
	rmdir(dir);
	return done_testing();
}
