// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * prepare.c: sets the host's switches that stamps and tunnels need, and keeps the old values.
 */
#include <errno.h>
#include <string.h>
#include "prepare.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/sysctl.h"
#include "user/state/datapath.h"

int prepare_check_clock(const struct config *config, struct config_errors *errors)
{
	int err = config->clock == CONFIG_CLOCK_ACCEPT_UNSYNC ? 0 : clock_check_synchronised();

	if (err == -EAGAIN)
		config_errors_add(
			errors, config->path, 0,
			"stamp.clock: the kernel says that its clock is not synchronised, and "
			"other POPs read our stamps by theirs; start chrony or systemd-timesyncd, "
			"or set stamp.clock: any if it is right");
	else if (err)
		config_errors_add(
			errors, config->path, 0,
			"stamp.clock: the kernel cannot be asked whether its clock is "
			"synchronised: %s; add clock_adjtime to SystemCallFilter= of the unit, or "
			"set stamp.clock: any",
			strerror(-err));
	return err;
}

bool prepare_needs_sysctl(enum ad_sysctl which, const struct config *config)
{
	switch (which) {
	case AD_SYSCTL_LO_FORWARDING4:
		return addr_is_ip4(&config->self->tunnel);
	case AD_SYSCTL_LO_FORWARDING6:
		return !addr_is_ip4(&config->self->tunnel);
	default:
		return true;
	}
}

static int plan_one(enum ad_sysctl which, const struct config *config, __s32 *before,
		    struct config_errors *errors)
{
	int value = sysctl_get(which), wanted = sysctl_wanted(which);
	const char *name = sysctl_name(which);

	if (value == wanted)
		return 0;
	if (value < 0) {
		config_errors_add(errors, name, 0, "cannot be read: %s", strerror(-value));
		return value;
	}
	if (which == AD_SYSCTL_TIMESTAMPS && config->timestamps == CONFIG_SYSCTL_CHECK) {
		config_errors_add(
			errors, config->path, 0,
			"stamp.tcp_timestamps: %s is %d and must be %d; sysctl -w %s=%d, or "
			"stamp.tcp_timestamps: set",
			name, value, wanted, name, wanted);
		return -EINVAL;
	}
	*before = value;
	return 0;
}

int prepare_plan_sysctls(const struct config *config, struct ad_keeper *keeper,
			 struct config_errors *errors)
{
	enum ad_sysctl which;
	int err = 0;

	for (which = 0; !err && which < AD_SYSCTL_MAX; which++)
		if (prepare_needs_sysctl(which, config))
			err = plan_one(which, config, &keeper->before[which], errors);
	return err;
}

int prepare_set_sysctls(const struct ad_keeper *keeper, struct config_errors *errors)
{
	enum ad_sysctl which;
	int err;

	for (which = 0; which < AD_SYSCTL_MAX; which++) {
		if (keeper->before[which] == AD_SYSCTL_UNTOUCHED)
			continue;
		err = sysctl_set(which, sysctl_wanted(which));
		if (err) {
			config_errors_add(errors, sysctl_name(which), 0,
					  "must be %d and cannot be set: %s", sysctl_wanted(which),
					  strerror(-err));
			return err;
		}
		log_info("%s: was %d, set to %d until detach", sysctl_name(which),
			 keeper->before[which], sysctl_wanted(which));
	}
	return 0;
}

void prepare_more_sysctls(const struct config *config, const struct doors *doors)
{
	struct config_errors errors = {};
	struct ad_keeper keeper, more;
	enum ad_sysctl which;

	if (doors_read(doors, &keeper))
		return;
	more = keeper;
	for (which = 0; which < AD_SYSCTL_MAX; which++) {
		more.before[which] = AD_SYSCTL_UNTOUCHED;
		if (which != AD_SYSCTL_TIMESTAMPS && prepare_needs_sysctl(which, config) &&
		    keeper.before[which] == AD_SYSCTL_UNTOUCHED)
			plan_one(which, config, &more.before[which], &errors);
		if (more.before[which] != AD_SYSCTL_UNTOUCHED)
			keeper.before[which] = more.before[which];
	}
	if (!doors_write(doors, &keeper))
		prepare_set_sysctls(&more, &errors);
	config_errors_log(&errors);
	config_errors_free(&errors);
}

void prepare_restore_sysctls(const struct ad_keeper *keeper)
{
	enum ad_sysctl which;
	int err;

	for (which = 0; which < AD_SYSCTL_MAX; which++) {
		if (keeper->before[which] == AD_SYSCTL_UNTOUCHED)
			continue;
		err = sysctl_set(which, keeper->before[which]);
		if (err)
			log_warn("%s: cannot be set back to %d: %s", sysctl_name(which),
				 keeper->before[which], strerror(-err));
		else
			log_info("%s: set back to %d", sysctl_name(which), keeper->before[which]);
	}
}

static void watch_timestamps(bool *told)
{
	int value = sysctl_get(AD_SYSCTL_TIMESTAMPS), wanted = sysctl_wanted(AD_SYSCTL_TIMESTAMPS);
	const char *name = sysctl_name(AD_SYSCTL_TIMESTAMPS);
	bool wrong = value >= 0 && value != wanted;

	if (wrong && !*told)
		log_err("%s: somebody set it to %d: new flows cannot be stamped; sysctl -w %s=%d",
			name, value, name, wanted);
	*told = wrong;
}

void prepare_watch_sysctls(const struct config *config, bool *told)
{
	enum ad_sysctl which;
	int value;

	watch_timestamps(told);
	for (which = AD_SYSCTL_LO_FORWARDING4; which <= AD_SYSCTL_LO_FORWARDING6; which++) {
		value = sysctl_get(which);
		if (!prepare_needs_sysctl(which, config) || value < 0 ||
		    value == sysctl_wanted(which))
			continue;
		if (!sysctl_set(which, sysctl_wanted(which)))
			log_warn("%s: somebody set it to %d, without which nothing reaches a peer: "
				 "set to %d again",
				 sysctl_name(which), value, sysctl_wanted(which));
	}
}

void prepare_follow_multipath(struct ad_state *state)
{
	if (sysctl_routes_by_address())
		state_set_flag(state, AD_STATE_ROUTES_BY_ADDRESS);
	else
		state_clear_flag(state, AD_STATE_ROUTES_BY_ADDRESS);
}

int prepare_check_netns(const struct ad_keeper *keeper, const char *instance,
			struct config_errors *errors)
{
	if (keeper->netns == instance_netns())
		return 0;
	config_errors_add(
		errors, instance, 0,
		"this instance serves another network namespace (inode %llu); enter that one with "
		"nsenter --net, or choose another --name",
		(unsigned long long)keeper->netns);
	return -EXDEV;
}
