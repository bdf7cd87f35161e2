// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor.c: the checks, and the sources that they are made of (doctor.h).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "doctor.h"
#include "doctor_files.h"
#include "user/host/host.h"
#include "user/state/trust.h"

const struct doctor_check doctor_checks[] = {
#define X(word, needs, well) { word, DOCTOR_##needs, well },
	DOCTOR_CHECKS(X)
#undef X
};

size_t doctor_nr_checks(void)
{
	return sizeof(doctor_checks) / sizeof(doctor_checks[0]);
}

/* A trouble that is known counts for more than one that could not be looked for. */
enum finding_level doctor_level(const struct findings *findings, const char *check)
{
	enum finding_level worst = FINDING_FINE;

	for (size_t i = 0; i < findings->nr; i++) {
		const struct finding *one = &findings->list[i];

		if ((!check || !strcmp(one->check, check)) && one->level < worst)
			worst = one->level;
	}
	return worst;
}

/* --- the instance ----------------------------------------------------------------------------- */

static void say_not_open(struct doctor *doctor, int err)
{
	const char *instance = doctor->globals->instance;

	if (err == -ENOENT)
		doctor_bad(doctor,
			   "daemon: instance '%s' is not loaded: `systemctl start anydoor`, and "
			   "`journalctl -u anydoor` says why it does not start",
			   instance);
	else if (err == -EACCES || err == -EPERM)
		doctor_unknown(doctor,
			       "daemon: instance '%s': not allowed to read its maps; join the "
			       "group of state.group, or be root",
			       instance);
	else if (err == -EPROTO)
		doctor_bad(doctor,
			   "daemon: instance '%s' was loaded by another version: `systemctl "
			   "restart anydoor`",
			   instance);
	else
		doctor_bad(doctor, "daemon: instance '%s' cannot be read: %s", instance,
			   strerror(-err));
}

static int open_view(struct doctor *doctor)
{
	struct view *view = &doctor->view;
	char why[TRUST_TEXT];
	int err;

	view->globals = doctor->globals;
	view->config = doctor->config;
	err = pins_open(&view->pins, doctor->config->bpffs, doctor->globals->instance);
	if (err)
		return err;
	if (trust_path(doctor->config->bpffs, why) || trust_path(view->pins.dir, why))
		return -EPERM;
	err = pins_read_meta(&view->pins, &view->meta);
	if (!err && view->meta.abi != AD_ABI_VERSION)
		err = -EPROTO;
	return err ?: names_open(&view->names, view->config, &view->pins);
}

static void take_status(struct doctor *doctor)
{
	const struct status *status = &doctor->status;

	for (size_t i = 0; i < status->nr_warnings; i++) {
		doctor->findings->check = status->checks_of[i];
		findings_add(doctor->findings,
			     status->unfit == i + 1 ? FINDING_ERROR : FINDING_WARNING, "%s",
			     status->warnings[i]);
	}
}

static void look_at_instance(struct doctor *doctor)
{
	const char *what = "maps";
	int err;

	doctor->findings->check = "daemon";
	err = open_view(doctor);
	if (err) {
		say_not_open(doctor, err);
		return;
	}
	err = status_read(&doctor->view, &doctor->status, &what);
	if (err) {
		doctor_bad(doctor, "daemon: %s cannot be read: %s: `systemctl restart anydoor`",
			   what, strerror(-err));
		view_close(&doctor->view);
		return;
	}
	doctor->loaded = true;
	take_status(doctor);
}

/* --- the host --------------------------------------------------------------------------------- */

/* Of an instance that runs, status knows more than what `check` expects of the next start. */
static void look_at_host(struct doctor *doctor)
{
	struct findings found = {};

	host_check(doctor->config, doctor->globals->instance, &found);
	for (size_t i = 0; i < found.nr; i++) {
		const struct finding *one = &found.list[i];

		if (doctor_level(doctor->findings, one->check) < FINDING_UNKNOWN)
			continue;
		doctor->findings->check = one->check;
		if (!strcmp(one->check, "clock") &&
		    doctor->config->clock == CONFIG_CLOCK_ACCEPT_UNSYNC)
			doctor_fine(doctor, "clock: whether ours is synchronised does not matter "
					    "here (stamp.clock: any), only that it agrees with "
					    "the others'");
		else
			findings_add(doctor->findings, one->level, "%s", one->text);
	}
	findings_free(&found);
}

/* What is not said of these checks is not that they are well. */
static void say_unseen(struct findings *findings, enum doctor_sight sight)
{
	char words[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < doctor_nr_checks() && used < sizeof(words); i++) {
		const struct doctor_check *check = &doctor_checks[i];

		if (check->needs > sight && doctor_level(findings, check->word) == FINDING_FINE)
			used += snprintf(words + used, sizeof(words) - used, "%s%s",
					 used ? ", " : "", check->word);
	}
	findings->check = sight == DOCTOR_FILES ? "config" : "daemon";
	if (sight == DOCTOR_FILES)
		findings_add(findings, FINDING_UNKNOWN,
			     "config: therefore nothing else was looked at");
	else if (used)
		findings_add(findings, FINDING_UNKNOWN, "daemon: therefore not looked at: %s",
			     words);
}

enum doctor_sight doctor_look(const struct globals *globals, bool alone, struct findings *findings)
{
	struct doctor doctor = { .globals = globals, .alone = alone, .findings = findings };
	struct config *config = doctor_files(globals->config_path, findings);
	enum doctor_sight sight;

	doctor.config = config;
	if (config) {
		look_at_instance(&doctor);
		look_at_host(&doctor);
		doctor_links(&doctor);
		doctor_keys(&doctor);
		doctor_bgp(&doctor);
		doctor_zones(&doctor);
		doctor_bus(&doctor);
		doctor_connections(&doctor);
		doctor_fleet(&doctor);
	}
	if (doctor.loaded) {
		status_free(&doctor.status);
		view_close(&doctor.view);
	}
	sight = doctor.loaded ? DOCTOR_ALL : config ? DOCTOR_HOST : DOCTOR_FILES;
	say_unseen(findings, sight);
	findings->check = NULL;
	config_free(config);
	return sight;
}
