// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * seen.c: how the directory of an instance does (seen.h).
 */
#include "seen.h"

int directory_seen_read(const struct pins *pins, struct ad_directory_seen *seen)
{
	int err = pins_read_record(pins, "directory_seen", seen, sizeof(*seen));

	seen->why[sizeof(seen->why) - 1] = '\0';
	return err;
}

int directory_seen_write(const struct pins *pins, const struct ad_directory_seen *seen)
{
	return pins_write_one(pins, "directory_seen", seen, sizeof(*seen));
}

const char *directory_state_word(__u32 state)
{
	static const char *const words[] = {
		[AD_DIRECTORY_OFF] = "off",
		[AD_DIRECTORY_HEARS] = "hears",
		[AD_DIRECTORY_LISTS] = "lists",
		[AD_DIRECTORY_MUTE] = "mute",
	};

	return state < sizeof(words) / sizeof(*words) ? words[state] : "unknown";
}

json_t *directory_seen_json(const struct ad_directory_seen *seen)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "state",
			 directory_state_word(seen->state), "owned", (json_int_t)seen->owned,
			 "kept", (json_int_t)seen->kept, "siblings", (json_int_t)seen->siblings,
			 "mute", (json_int_t)seen->mute, "full", (json_int_t)seen->full, "retold",
			 (json_int_t)seen->retold, "heard", (json_int_t)seen->heard, "refused",
			 (json_int_t)seen->refused, "why", *seen->why ? seen->why : NULL);
}
