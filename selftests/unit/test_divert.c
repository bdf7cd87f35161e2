// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_divert.c: new flows go to successors while this POP fails, and come back by and by.
 */
#include "selftests/tap.h"
#include "user/fleet/divert.h"
#include "user/fleet/drain.h"

static struct config_pop pops[3];
static struct config_node nodes[] = {
	{ .name = "fra-1", .id = 1, .pop = 0, .state = CONFIG_NODE_UP },
	{ .name = "nyc-1", .id = 2, .pop = 1, .state = CONFIG_NODE_UP },
	{ .name = "sin-1", .id = 3, .pop = 2, .state = CONFIG_NODE_UP },
	{ .name = "fra-2", .id = 4, .pop = 0, .state = CONFIG_NODE_UP },
};
static struct config config = {
	.pops = pops, .nr_pops = 3, .nodes = nodes, .nr_nodes = 4, .self = &nodes[0]
};

/* As seen from fra-1, all nodes being up. */
struct scene {
	struct model *model;
	struct ad_state state;
	bool serves[3];
	struct divert_inputs inputs;
};

static void scene_set(struct scene *scene)
{
	*scene = (struct scene){ .serves = { true, true, true }, .inputs = { .slow_start_s = 10 } };
	scene->inputs.serves = scene->serves;
	scene->model = model_new();
	model_configure(scene->model, &config, 1);
}

static void step(struct scene *scene, int times)
{
	while (times--)
		divert_step(&scene->state, scene->model, &config, &scene->inputs);
}

static void fail(struct scene *scene, bool fails)
{
	scene->inputs.fails = fails;
	scene->serves[0] = !fails;
}

static void test_a_healthy_node_diverts_nothing(void)
{
	struct scene scene;

	scene_set(&scene);
	step(&scene, 3);
	is_int(scene.state.flags, 0, "no flag");
	is_int(scene.state.nr_successors, 0, "no successor");
	is_int(divert_kept_percent(&scene.state), 100, "all new flows are served here");
	model_free(scene.model);
}

static void test_failure_diverts_all_to_a_pop_that_serves(void)
{
	struct scene scene;

	scene_set(&scene);
	fail(&scene, true);
	step(&scene, 1);
	is_int(divert_kind(&scene.state), DIVERT_FAILS, "at once");
	is_int(divert_kept_percent(&scene.state), 0, "all of them");
	is_int(scene.state.nr_successors, 1, "the other node of this POP is none");
	is_int(scene.state.successors[0], 2, "the nearest that serves");
	scene.serves[1] = false;
	step(&scene, 1);
	is_int(scene.state.successors[0], 3, "it fails, too: the next");
	model_see(scene.model, 3, true, 1);
	step(&scene, 1);
	is_int(divert_kind(&scene.state), DIVERT_NOT, "nobody serves: new flows stay here");
	is_int(scene.state.nr_successors, 0, "no successor");
	model_see(scene.model, 3, false, 1);
	step(&scene, 1);
	is_int(divert_kind(&scene.state), DIVERT_FAILS, "one answers again");
	model_free(scene.model);
}

static void test_recovery_grows_from_nothing_to_all(void)
{
	unsigned int before = 0, i;
	struct scene scene;

	scene_set(&scene);
	fail(&scene, true);
	step(&scene, 1);
	fail(&scene, false);
	for (i = 0; i < 9; i++) {
		step(&scene, 1);
		ok(divert_kept_percent(&scene.state) > before, "second %u: more than before", i);
		before = divert_kept_percent(&scene.state);
	}
	ok(before >= 80 && before < 100, "not all of them before the time is over: %u %%", before);
	fail(&scene, true);
	step(&scene, 1);
	is_int(divert_kept_percent(&scene.state), 0, "it fails again: none");
	fail(&scene, false);
	step(&scene, 11);
	is_int(scene.state.flags, 0, "all of them in the end");
	is_int(scene.state.nr_successors, 0, "and no successor is left");
	model_free(scene.model);
}

static void test_undrain_grows_and_a_drain_ends_that(void)
{
	const __u16 chosen[] = { 3 };
	struct scene scene;

	scene_set(&scene);
	drain_begin(&scene.state, chosen, 1);
	step(&scene, 3);
	is_int(divert_kept_percent(&scene.state), 0, "a drain is left alone");
	drain_come_back(&scene.state);
	is_int(divert_kind(&scene.state), DIVERT_COMES_BACK, "it comes back");
	step(&scene, 5);
	is_int(divert_kept_percent(&scene.state), 50, "half of the time, half of the flows");
	is_int(scene.state.successors[0], 3, "the others go where the drain sent them");
	drain_begin(&scene.state, chosen, 1);
	is_int(divert_kind(&scene.state), DIVERT_NOT, "drained again");
	is_int(divert_kept_percent(&scene.state), 0, "none is served here");
	drain_come_back(&scene.state);
	is_int(divert_kept_percent(&scene.state), 0, "back again, from the start");
	step(&scene, 11);
	is_int(scene.state.flags, 0, "to the end");
	model_free(scene.model);
}

static void test_without_a_slow_start_all_come_back_at_once(void)
{
	struct scene scene;

	scene_set(&scene);
	scene.inputs.slow_start_s = 0;
	fail(&scene, true);
	step(&scene, 1);
	fail(&scene, false);
	step(&scene, 1);
	is_int(scene.state.flags, 0, "one step");
	model_free(scene.model);
}

/* One step is all of it: what it adds would be more than a number holds. */
static void test_the_shortest_slow_start_ends(void)
{
	struct scene scene;

	scene_set(&scene);
	scene.inputs.slow_start_s = 1;
	fail(&scene, true);
	step(&scene, 1);
	fail(&scene, false);
	step(&scene, 2);
	is_int(scene.state.flags, 0, "after a failure");
	drain_come_back(&scene.state);
	step(&scene, 2);
	is_int(scene.state.flags, 0, "after a drain");
	model_free(scene.model);
}

static void test_a_reload_leaves_it_alone(void)
{
	struct scene scene;

	scene_set(&scene);
	fail(&scene, true);
	step(&scene, 1);
	drain_follow_config(&scene.state, scene.model, &config, &config, 1);
	is_int(divert_kind(&scene.state), DIVERT_FAILS, "still diverted");
	model_free(scene.model);
}

int main(void)
{
	test_a_healthy_node_diverts_nothing();
	test_failure_diverts_all_to_a_pop_that_serves();
	test_recovery_grows_from_nothing_to_all();
	test_undrain_grows_and_a_drain_ends_that();
	test_without_a_slow_start_all_come_back_at_once();
	test_the_shortest_slow_start_ends();
	test_a_reload_leaves_it_alone();
	return done_testing();
}
