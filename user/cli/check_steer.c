// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_steer.c: which rule decides on how much of the world, and which POP gets how much of it
 * (check_steer.h).
 */
#include "check_steer.h"
#include "user/base/output.h"

/* A part of the world, in networks that one speaks of; begun ones count as whole. */
struct part {
	double nr24, nr48;
};

static struct part part_of(const struct steer_share *share)
{
	return (struct part){ (share->nr4 + 255) >> 8,
			      (double)(share->nr6 >> 16) + !!(share->nr6 & 0xffff) };
}

/* The name of the region that the rule is for, and what is written there. */
static const char *rule_name(const struct config *config, const struct config_policy *policy,
			     size_t rule, const char **pops)
{
	if (rule == policy->rules.nr) {
		*pops = policy->fallback.text;
		return "default";
	}
	*pops = policy->rules.list[rule].pops.text;
	return config->regions[policy->rules.list[rule].region].name;
}

/* Adds what @pop gets of @whole, which is sent to @to: its part by weight of those drawn among. */
static void add_part(const struct steer_policy *policy, const struct steer_rule *to,
		     struct part whole, unsigned int pop, struct part *sum)
{
	double all = 0, own = 0;
	size_t i;

	for (i = 0; i < to->nr; i++) {
		if (policy->draw != STEER_WEIGHTED && to->choices[i].rank)
			break;
		all += to->choices[i].weight;
		own += to->choices[i].pop == pop ? to->choices[i].weight : 0;
	}
	sum->nr24 += whole.nr24 * own / all;
	sum->nr48 += whole.nr48 * own / all;
}

/* What @pop gets of the policy's clients. */
static struct part pop_part(const struct steer_policy *policy, unsigned int pop)
{
	struct part sum = { 0 };
	size_t i;

	for (i = 0; i < policy->nr_shares; i++) {
		struct steer_share share = policy->shares[i];

		for (size_t j = 0; i + 1 == policy->nr_shares && j < policy->nr_nearest; j++) {
			const struct steer_share *near = &policy->nearest[j];

			add_part(policy, &near->to, part_of(near), pop, &sum);
			share.nr4 -= near->nr4;
			share.nr6 -= near->nr6;
		}
		add_part(policy, &share.to, part_of(&share), pop, &sum);
	}
	return sum;
}

static void print_part(struct table *table, const struct part *part)
{
	char text[UNIT_TEXT];

	table_cell(table, PLAIN, "%s", unit_exact(part->nr24 + 0.5, text));
	table_cell(table, PLAIN, "%s", unit_exact(part->nr48 + 0.5, text));
}

static void print_rules(const struct config *config, const struct steer_plan *plan)
{
	static const struct column columns[] = { { "POLICY", false },  { "REGION", false },
						 { "POPS", false },    { "IPV4 /24", true },
						 { "IPV6 /48", true }, { NULL } };
	struct table *table = table_new(stdout, columns);
	size_t i, j;

	for (i = 0; table && i < plan->nr_policies; i++) {
		for (j = 0; j < plan->policies[i].nr_shares; j++) {
			struct part part = part_of(&plan->policies[i].shares[j]);
			const char *pops;

			table_cell(table, BOLD, "%s", j ? "" : plan->policies[i].name);
			table_cell(table, PLAIN, "%s",
				   rule_name(config, &config->policies[i], j, &pops));
			table_cell(table, PLAIN, "%s", pops);
			print_part(table, &part);
		}
	}
	if (table)
		table_end(table);
}

static void print_pops(const struct config *config, const struct steer_plan *plan)
{
	static const struct column columns[] = { { "POLICY", false },
						 { "POP", false },
						 { "IPV4 /24", true },
						 { "IPV6 /48", true },
						 { NULL } };
	struct table *table = table_new(stdout, columns);
	size_t i, j;
	bool is_first;

	for (i = 0; table && i < plan->nr_policies; i++) {
		is_first = true;
		for (j = 0; j < config->nr_pops && j < STEER_POPS_MAX; j++) {
			struct part part = pop_part(&plan->policies[i], j);

			if (!part.nr24 && !part.nr48)
				continue;
			table_cell(table, BOLD, "%s", is_first ? plan->policies[i].name : "");
			table_cell(table, PLAIN, "%s", config->pops[j].name);
			print_part(table, &part);
			is_first = false;
		}
	}
	if (table)
		table_end(table);
}

void check_steer_print(const struct config *config, const struct steer_plan *plan, __u64 row_bytes)
{
	char places[UNIT_TEXT], rows[UNIT_TEXT];

	printf("steering: %zu names, %zu policies, %u kinds of clients; where they are takes %s, "
	       "and whom they get %s of kernel memory\n\n",
	       plan->nr_names, plan->nr_policies, plan->map.nr_locations,
	       unit_bytes((__u64)plan->map.nr_lines * AD_STEER_LINE, places),
	       unit_bytes(row_bytes, rows));
	print_rules(config, plan);
	printf("\nWhile all POPs are up:\n\n");
	print_pops(config, plan);
}

static json_t *rules_json(const struct config *config, const struct steer_plan *plan)
{
	json_t *list = json_array();
	size_t i, j;

	for (i = 0; i < plan->nr_policies; i++) {
		for (j = 0; j < plan->policies[i].nr_shares; j++) {
			struct part part = part_of(&plan->policies[i].shares[j]);
			const char *pops, *region;

			region = rule_name(config, &config->policies[i], j, &pops);
			json_array_append_new(list, json_pack("{ss ss ss sI sI}", "policy",
							      plan->policies[i].name, "region",
							      region, "pops", pops, "ip4_24s",
							      (json_int_t)part.nr24, "ip6_48s",
							      (json_int_t)part.nr48));
		}
	}
	return list;
}

static json_t *pops_json(const struct config *config, const struct steer_plan *plan)
{
	json_t *list = json_array();
	size_t i, j;

	for (i = 0; i < plan->nr_policies; i++) {
		for (j = 0; j < config->nr_pops && j < STEER_POPS_MAX; j++) {
			struct part part = pop_part(&plan->policies[i], j);

			json_array_append_new(
				list, json_pack("{ss ss sI sI}", "policy", plan->policies[i].name,
						"pop", config->pops[j].name, "ip4_24s",
						(json_int_t)(part.nr24 + 0.5), "ip6_48s",
						(json_int_t)(part.nr48 + 0.5)));
		}
	}
	return list;
}

json_t *check_steer_json(const struct config *config, const struct steer_plan *plan,
			 __u64 row_bytes)
{
	return json_pack("{si si sI sI so so}", "names", (int)plan->nr_names, "locations",
			 (int)plan->map.nr_locations, "bytes",
			 (json_int_t)plan->map.nr_lines * AD_STEER_LINE, "row_bytes",
			 (json_int_t)row_bytes, "rules", rules_json(config, plan), "pops",
			 pops_json(config, plan));
}
