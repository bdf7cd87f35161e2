// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_reload_report.c: what the log, the pinned record and whoever asked are told of a reload, for
 * each way in which one ends.
 */
#include <jansson.h>
#include "instance_fixture.h"
#include "output_fixture.h"
#include "selftests/tap.h"
#include "user/base/globals.h"
#include "user/base/log.h"
#include "user/daemon/daemon_internal.h"
#include "user/daemon/reload_report.h"
#include "user/load/loader.h"

static struct loader loader;
static struct daemon daemon_of_test = { .loader = &loader };
static const char *said;

static json_t *end(struct report *report)
{
	json_t *reply;

	catch_output(stderr);
	reply = report_end(&daemon_of_test, report);
	said = release_output();
	return reply;
}

static struct ad_reload noted(void)
{
	struct ad_reload record;

	pins_read_reload(&loader.pins, &record);
	return record;
}

static bool flag(const json_t *reply, const char *key)
{
	return json_is_true(json_object_get(reply, key));
}

static int code_of(const json_t *reply)
{
	return json_integer_value(json_object_get(reply, "code"));
}

static void add(json_t *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

static void test_refused_by_the_configuration(void)
{
	struct report report;
	json_t *reply;

	report_begin(&report, AD_RELOAD_COMMAND, "alice");
	config_errors_add(&report.errors, "a.yaml", 7, "no such key");
	config_errors_add(&report.errors, "a.yaml", 9, "nor this");
	report.bad_file = true;
	reply = end(&report);
	ok(!flag(reply, "ok") && !flag(reply, "applied"), "refused: not applied");
	is_int(code_of(reply), EXIT_USAGE, "the exit code of a wrong configuration");
	is_str(json_string_value(json_object_get(reply, "error")), "a.yaml:7: no such key",
	       "the first error");
	is_int(json_array_size(json_object_get(reply, "errors")), 2, "and both");
	ok(strstr(said, "a.yaml:9: nor this") &&
		   strstr(said, "nothing was changed (anydoor reload (alice))"),
	   "the log says so");
	is_int(noted().end, AD_RELOAD_REFUSED, "noted as refused");
	is_int(noted().errors, 2, "with its errors");
	is_str(noted().text, "a.yaml:7: no such key", "and the first of them");
	is_int(noted().good_real_s, 0, "no reload was good yet");
	json_decref(reply);
	report_free(&report);
}

static void test_refused_by_the_kernel(void)
{
	struct report report;
	json_t *reply;

	report_begin(&report, AD_RELOAD_SIGNAL, NULL);
	config_errors_add(&report.errors, "zones", 0, "cannot be written");
	reply = end(&report);
	is_int(code_of(reply), EXIT_FAILED,
	       "a good file that cannot be applied: another exit code");
	ok(strstr(said, "(SIGHUP)") != NULL, "the log says who asked");
	json_decref(reply);
	report_free(&report);
}

static void test_applied(void)
{
	struct report report;
	json_t *reply;

	report_begin(&report, AD_RELOAD_WATCH, NULL);
	add(report.changes, "zone a.: serial 1 -> 2");
	add(report.changes, "zone b.: new");
	add(report.warnings, "zone b.: no address");
	report_done(&report, 0);
	reply = end(&report);
	ok(flag(reply, "ok") && flag(reply, "applied"), "applied");
	is_int(code_of(reply), EXIT_OK, "exit code 0");
	ok(json_is_null(json_object_get(reply, "error")), "no error");
	ok(strstr(said, "reload: zone b.: new") && strstr(said, "reload: zone b.: no address") &&
		   strstr(said, "reloaded: 2 changes (dns.watch)"),
	   "the log says so");
	is_int(noted().end, AD_RELOAD_OK, "noted as good");
	is_int(noted().changes, 2, "with its changes");
	is_int(noted().warnings, 1, "and warnings");
	is_str(noted().text, "zone b.: no address", "the first warning is its text");
	ok(noted().real_s && noted().good_real_s == noted().real_s, "good just now");
	json_decref(reply);
	report_free(&report);
}

/* After a good one: when that was is kept. */
static void test_applied_in_part(void)
{
	struct ad_reload before = noted();
	struct report report;
	json_t *reply;

	before.good_real_s = 12345;
	pins_write_reload(&loader.pins, &before);
	report_begin(&report, AD_RELOAD_COMMAND, "root");
	config_errors_add(&report.errors, "a.zone", 3, "not a record");
	report_done(&report, 1);
	reply = end(&report);
	ok(!flag(reply, "ok") && flag(reply, "applied"), "a broken zone: applied, and not well");
	is_int(code_of(reply), EXIT_DEGRADED, "exit code 4");
	ok(strstr(said, "1 zones cannot be read") != NULL, "the log says so");
	is_int(noted().end, AD_RELOAD_PARTLY, "noted as partly");
	is_int(noted().good_real_s, 12345, "and when one was good last");
	json_decref(reply);
	report_free(&report);
	report_begin(&report, AD_RELOAD_COMMAND, "root");
	config_errors_add(&report.errors, "zones", 0, "the rest failed");
	report_halfway(&report);
	reply = end(&report);
	ok(flag(reply, "applied") && strstr(said, "failed halfway: 0 changes are in force"),
	   "and one that failed halfway");
	json_decref(reply);
	report_free(&report);
}

static void test_many_lines(void)
{
	char text[2000], line[32];
	struct report report;
	json_t *reply;
	int i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	report_begin(&report, AD_RELOAD_COMMAND, text);
	add(report.warnings, text);
	for (i = 0; i < 73; i++) {
		snprintf(line, sizeof(line), "change <%d>", i);
		add(report.changes, line);
	}
	report_done(&report, 0);
	reply = end(&report);
	ok(strstr(said, "<49>") && !strstr(said, "<50>") && strstr(said, "and 23 lines more"),
	   "73 changes: 50 in the log");
	is_int(json_array_size(json_object_get(reply, "changes")), 73, "and all in the reply");
	is_int(noted().changes, 73, "all are counted");
	is_int(strlen(noted().who), sizeof(noted().who) - 1, "a long name is cut");
	is_int(strlen(noted().text), sizeof(noted().text) - 1, "and so is a long text");
	json_decref(reply);
	report_free(&report);
}

int main(void)
{
	struct fixture fixture;
	char path[300];

	if (!fixture_new(&fixture, 8))
		return skip_all("needs root and a bpffs");
	loader.pins = fixture.pins;
	fixture_array(&fixture, "reload", sizeof(struct ad_reload), 1);
	log_set_level(LOG_INFO_);
	test_refused_by_the_configuration();
	test_refused_by_the_kernel();
	test_applied();
	test_applied_in_part();
	test_many_lines();
	snprintf(path, sizeof(path), "%s/reload", fixture.pins.dir);
	unlink(path);
	fixture_free(&fixture);
	return done_testing();
}
