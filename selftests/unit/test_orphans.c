// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_orphans.c: programs of ours whose pins are gone are found on their interfaces, told from
 * others', and taken off. With real programs, in a network namespace.
 */
#include <signal.h>
#include <sys/wait.h>
#include "instance_fixture.h"
#include "netns_fixture.h"
#include "selftests/tap.h"
#include "user/base/log.h"
#include "user/load/attach.h"
#include "user/load/attach_tc.h"
#include "user/load/attach_xdp.h"
#include "user/load/orphans.h"
#include "user/state/bpffs.h"

static char root[64];
static struct config config = { .path = (char *)"c",
				.bpffs = root,
				.run_dir = (char *)"/nonexistent",
				.xdp_mode = CONFIG_XDP_GENERIC };
static struct config_errors errors;
static struct instance instance, other;

/* Doors of @instance on v0 and v1; its directory is removed again by pins_remove(). */
static bool doors_attach(struct doors *doors)
{
	bool good = !mkdir(instance.fresh, 0755) && !doors_make(doors, &instance, &errors) &&
		    !attach_interface(doors, &config, "v0", &errors) &&
		    !attach_interface(doors, &config, "v1", &errors);

	for (size_t i = 0; i < errors.nr; i++)
		diag("%s", errors.list[i].text);
	return ok(good, "attached to two interfaces");
}

static size_t count(const struct instance *of)
{
	struct orphans orphans;

	orphans_find(of, &orphans);
	return orphans.nr;
}

static void test_find_pinned_programs_are_nobodys_orphans(void)
{
	is_int(count(&other), 0, "another instance finds none while they are pinned");
	is_int(count(&instance), 2, "their own does: what it has pinned is not looked at");
	bpffs_remove(instance.fresh);
	is_int(count(&other), 2, "without pins they are anybody's");
}

static void test_find_says_what_is_there(void)
{
	struct orphans orphans;
	const struct orphan *orphan = &orphans.list[0];
	char text[64], small[5];

	orphans_find(&instance, &orphans);
	if (!is_int(orphans.nr, 2, "two interfaces"))
		return;
	is_int(xdp_is_attached(orphan->ifindex, orphan->record.xdp_id), 1, "the XDP program");
	is_int(tc_is_attached(orphan->ifindex, orphan->record.tc_id), 1, "the filter");
	ok(orphan->door_xdp && orphan->door_xdp == orphans.list[1].door_xdp, "one XDP table");
	ok(orphan->door_tc && orphan->door_tc == orphans.list[1].door_tc, "one table of tc");
	is_int(orphan->record.flags & AD_ATTACHED_GENERIC, AD_ATTACHED_GENERIC, "how it hangs");
	ok(!strcmp(orphans_names(&orphans, text, sizeof(text)), "v0, v1") ||
		   !strcmp(text, "v1, v0"),
	   "both by name: %s", text);
	is_int(strlen(orphans_names(&orphans, small, sizeof(small))), 4, "cut where it must be");
	orphans.nr = 0;
	is_str(orphans_names(&orphans, text, sizeof(text)), "", "no names of none");
}

static void test_holder_is_another_process(struct doors *doors)
{
	struct orphans orphans;
	int ready[2];
	pid_t child;
	char byte;

	orphans_find(&instance, &orphans);
	is_int(orphans_holder(&orphans), 0, "this process does not count");
	is_int(pipe(ready), 0, "a pipe");
	child = fork(); /* it has the same descriptors */
	if (!child) {
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	ok(read(ready[0], &byte, 1) == 1, "a child runs");
	is_int(orphans_holder(&orphans), child, "and holds a table");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	is_int(orphans_holder(&orphans), 0, "no more");
	doors_close(doors);
	is_int(count(&instance), 2, "the programs themselves keep the tables");
}

static void test_remove_takes_them_off(void)
{
	struct orphans orphans;

	orphans_find(&instance, &orphans);
	is_int(orphan_remove(&orphans.list[0], &errors), 0, "the first");
	is_int(xdp_is_attached(orphans.list[0].ifindex, orphans.list[0].record.xdp_id), 0,
	       "its XDP program is gone");
	is_int(tc_is_attached(orphans.list[0].ifindex, orphans.list[0].record.tc_id), 0,
	       "its filter is gone");
	is_int(count(&instance), 1, "one is left");
	is_int(orphan_remove(&orphans.list[1], &errors), 0, "the second");
	is_int(count(&instance), 0, "none is left");
	is_int(errors.nr, 0, "without an error");
}

/* Puts a program of this name on v0 that holds this map. */
static void somebody_attaches(const char *name, int map)
{
	struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{},
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", code, 4, NULL);

	ok(program >= 0 && !bpf_xdp_attach(if_nametoindex("v0"), program, 0, NULL),
	   "a program of somebody, called %s", name);
	close(program);
	close(map);
}

static void test_find_leaves_others_programs(void)
{
	somebody_attaches("anydoor", bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "door_xdp", 4, 4,
						    AD_DOOR_XDP_MAX + 1, NULL));
	is_int(count(&instance), 0, "a name of ours and a table of another size");
	somebody_attaches("somebody", bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "door_xdp", 4, 4,
						     AD_DOOR_XDP_MAX, NULL));
	is_int(count(&instance), 0, "another name and a table like ours");
	somebody_attaches("anydoor", bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "door_xdp", 4, 4,
						    AD_DOOR_XDP_MAX, NULL));
	is_int(count(&instance), 1, "both as of ours");
	bpf_xdp_detach(if_nametoindex("v0"), 0, NULL);
}

int main(void)
{
	struct doors doors;

	snprintf(root, sizeof(root), "/sys/fs/bpf/unit-%d", getpid());
	if (geteuid() || !fixture_has_bpffs() || !netns_enter() || mkdir(root, 0755))
		return skip_all("needs root and a bpffs");
	log_adopt_libbpf();
	instance_init(&instance, &config, "test", &errors);
	instance_init(&other, &config, "other", &errors);
	if (ok(netns_add_veth(), "two interfaces") && doors_attach(&doors)) {
		test_find_pinned_programs_are_nobodys_orphans();
		test_find_says_what_is_there();
		test_holder_is_another_process(&doors);
		test_remove_takes_them_off();
		test_find_leaves_others_programs();
	}
	config_errors_free(&errors);
	bpffs_remove(instance.fresh);
	rmdir(root);
	return done_testing();
}
