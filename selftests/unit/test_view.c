// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_view.c: how reading commands find an instance, with which words they fail, and with which
 * exit codes.
 */
#include <jansson.h>
#include "instance_fixture.h"
#include "output_fixture.h"
#include "selftests/tap.h"
#include "user/base/log.h"
#include "user/status/view.h"

static struct fixture fixture;
static char path[] = "/tmp/view-XXXXXX";
static const char *said;

/* @more is appended to a configuration that is good. */
static void configure(const char *more)
{
	FILE *out = fopen(path, "w");

	fprintf(out,
		"node: fra1\ninterfaces: [eth0]\nvips: [{address: 192.0.2.53}]\n"
		"pops: [{name: fra}]\n"
		"nodes: [{name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1}]\n"
		"keys: {file: /etc/hostname}\nstate: {bpffs: %s}\n%s\n",
		fixture.bpffs, more);
	fclose(out);
}

static void load(__u32 abi)
{
	struct ad_meta meta = { .abi = abi, .node_id = 1, .version = "9.8.7" };
	__u32 zero = 0;

	fixture_put(&fixture, "meta", &zero, &meta);
}

/* The exit code of opening an instance; what it says is in @said. */
static int open_as(const char *name, bool json, struct view *view)
{
	static struct globals globals;
	int code;

	globals = (struct globals){ .config_path = path, .instance = name, .json = json };
	catch_output(json ? stdout : stderr);
	code = view_open(view, &globals);
	said = release_output();
	return code;
}

static void test_loaded_instance_is_opened(void)
{
	struct view view;

	configure("");
	load(AD_ABI_VERSION);
	fixture_vip(&fixture, "192.0.2.53", 0);
	if (!is_int(open_as("test", false, &view), EXIT_OK, "an instance that is loaded"))
		return;
	is_str(view.pins.dir, fixture.pins.dir, "its pins");
	is_str(view.meta.version, "9.8.7", "what loaded it");
	is_str(names_node_name(&view.names, 1), "fra1", "names of the configuration");
	is_int(view.names.nr_vips, 1, "its VIPs");
	is_str(said, "", "nothing is said");
	view_close(&view);
}

static void test_wrong_configuration_costs_names_only(void)
{
	struct view view;

	configure("nonsense: 1");
	load(AD_ABI_VERSION);
	if (!is_int(open_as("test", false, &view), EXIT_OK, "a wrong configuration: opened"))
		return;
	ok(!view.config && !names_node_name(&view.names, 1), "without names");
	ok(strstr(said, "nonsense") && strstr(said, "ids stand in for names"), "which is said");
	view_close(&view);
}

static void test_absent_instance_is_not_loaded(void)
{
	struct view view;
	json_t *reply;

	configure("");
	is_int(open_as("other", false, &view), EXIT_NOT_LOADED, "no such instance");
	ok(strstr(said, "instance 'other' is not loaded") != NULL, "which is said");
	is_int(open_as("other", true, &view), EXIT_NOT_LOADED, "with --json the same code");
	reply = json_loads(said, 0, NULL);
	is_int(json_integer_value(json_object_get(reply, "code")), EXIT_NOT_LOADED, "in JSON");
	is_str(json_string_value(json_object_get(reply, "instance")), "other", "and the instance");
	json_decref(reply);
}

static void test_other_abi_is_refused(void)
{
	char own[32];
	struct view view;

	configure("");
	load(AD_ABI_VERSION + 1);
	snprintf(own, sizeof(own), "reads ABI %d", AD_ABI_VERSION);
	is_int(open_as("test", false, &view), EXIT_FAILED, "loaded by another version");
	ok(strstr(said, "anydoor 9.8.7") && strstr(said, own), "both versions are named");
	load(AD_ABI_VERSION);
}

/* Whoever may write there could have pinned anything. */
static void test_untrusted_pins_are_refused(void)
{
	struct view view;

	configure("");
	chmod(fixture.pins.dir, 0777);
	is_int(open_as("test", false, &view), EXIT_FAILED, "pins that anybody may replace");
	ok(strstr(said, fixture.pins.dir) != NULL, "which are named");
	chmod(fixture.pins.dir, 0755);
	is_int(open_as("test", false, &view), EXIT_OK, "and none but root: opened");
	view_close(&view);
}

static void test_failed_reading_has_its_words(void)
{
	struct view view;
	int lost, other, rest;

	configure("");
	open_as("test", false, &view);
	catch_output(stderr);
	lost = view_failed(&view, "counters", -ENOENT);
	other = view_failed(&view, "flows", -EPROTO);
	rest = view_failed(&view, "zones", -EIO);
	said = release_output();
	view_close(&view);
	is_int(lost, EXIT_DEGRADED, "a map that is not pinned: degraded");
	ok(strstr(said, "counters of instance 'test': a map is not pinned") != NULL, "it is said");
	is_int(other, EXIT_FAILED, "of another version: failed");
	ok(strstr(said, "flows of instance 'test': made by another version") != NULL, "it is said");
	ok(rest == EXIT_FAILED && strstr(said, "Input/output error"), "any other error is named");
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0 || !fixture_new(&fixture, 8))
		return skip_all("needs root and a bpffs");
	close(fd);
	log_set_level(LOG_WARN_);
	libbpf_set_print(NULL);
	test_loaded_instance_is_opened();
	test_wrong_configuration_costs_names_only();
	test_absent_instance_is_not_loaded();
	test_other_abi_is_refused();
	test_untrusted_pins_are_refused();
	test_failed_reading_has_its_words();
	unlink(path);
	fixture_free(&fixture);
	return done_testing();
}
