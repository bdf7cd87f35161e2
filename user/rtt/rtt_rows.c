// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rtt_rows.c: lists of measured round-trip times (rtt_rows.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rtt_rows.h"
#include "user/config/config.h"

#define RTT_MAX_MS  1e6
#define SAMPLES_MAX 1e12

int rtt_rows_add(struct rtt_rows *rows, const struct rtt_row *row)
{
	struct rtt_row *grown;

	if (rows->nr >= RTT_ROWS_MAX)
		return -E2BIG;
	if (!(rows->nr & (rows->nr - 1))) { /* room for a power of two */
		grown = reallocarray(rows->list, rows->nr ? 2 * rows->nr : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		rows->list = grown;
	}
	rows->list[rows->nr++] = *row;
	return 0;
}

void rtt_rows_free(struct rtt_rows *rows)
{
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}

json_t *rtt_row_json(const struct rtt_row *row)
{
	return json_pack("{s:s, s:s?, s:s, s:f, s:f, s:I}", "policy", row->key.policy, "region",
			 row->key.region[0] ? row->key.region : NULL, "pop", row->key.pop, "rtt_ms",
			 row->rtt_us / 1000, "samples", row->samples, "at",
			 (json_int_t)row->at_real_s);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A name that fits; @may_lack: null is the empty one. */
static bool take_name(const json_t *row, const char *key, bool may_lack, char out[AD_STEER_NAME])
{
	const json_t *value = json_object_get(row, key);
	const char *text = json_string_value(value);

	if (may_lack && json_is_null(value))
		return true;
	if (!text || !*text || json_string_length(value) != strlen(text) ||
	    strlen(text) >= AD_STEER_NAME)
		return false;
	snprintf(out, AD_STEER_NAME, "%s", text);
	return true;
}

static bool take_number(const json_t *row, const char *key, double max, double *out)
{
	const json_t *value = json_object_get(row, key);

	*out = json_number_value(value);
	return json_is_number(value) && *out >= 0 && *out <= max;
}

/* NULL, or what is wrong with it. */
static const char *take_row(const json_t *json, struct rtt_row *row)
{
	double ms, at;

	memset(row, 0, sizeof(*row));
	if (!json_is_object(json))
		return "is no object";
	if (!take_name(json, "policy", false, row->key.policy))
		return "\"policy\" is no name";
	if (!take_name(json, "region", true, row->key.region))
		return "\"region\" is neither a name nor null";
	if (!take_name(json, "pop", false, row->key.pop))
		return "\"pop\" is no name";
	if (!take_number(json, "rtt_ms", RTT_MAX_MS, &ms))
		return "\"rtt_ms\" is no number of milliseconds";
	if (!take_number(json, "samples", SAMPLES_MAX, &row->samples))
		return "\"samples\" is no number of connections";
	if (!take_number(json, "at", 1e11, &at))
		return "\"at\" is no time in seconds";
	row->rtt_us = ms * 1000;
	row->at_real_s = at;
	return NULL;
}

int rtt_rows_take(const json_t *list, struct rtt_rows *rows, size_t *row, const char **trouble)
{
	size_t before = rows->nr, i;
	struct rtt_row taken;
	const json_t *item;
	int err = 0;

	json_array_foreach(list, i, item) {
		*row = i + 1;
		*trouble = take_row(item, &taken);
		err = *trouble ? -EINVAL : rtt_rows_add(rows, &taken);
		if (err)
			break;
	}
	if (err)
		rows->nr = before;
	return err;
}

static int take_all(const char *file, const json_t *json, struct rtt_rows *rows,
		    struct config_errors *errors)
{
	const json_t *list = json_object_get(json, "rtt");
	const char *trouble;
	size_t row;
	int err;

	if (!json_is_array(list)) {
		config_errors_add(errors, file, 0,
				  "has no list \"rtt\": write it with `anydoor rtt --json`");
		return -EINVAL;
	}
	err = rtt_rows_take(list, rows, &row, &trouble);
	if (err == -EINVAL)
		config_errors_add(errors, file, 0, "row %zu of \"rtt\": %s", row, trouble);
	if (err == -E2BIG)
		config_errors_add(errors, file, 0, "has more than %d rows", RTT_ROWS_MAX);
	return err;
}

/* Only a file, and not a huge one: it is read in the daemon's loop. */
static int open_file(const char *file, struct config_errors *errors)
{
	int err = 0, fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		err = -errno;
		if (err != -ENOENT)
			config_errors_add(errors, file, 0, "cannot be read: %s", strerror(-err));
		return err;
	}
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_size > RTT_FILE_BYTES)
		err = -EFBIG;
	if (!err)
		return fd;
	config_errors_add(errors, file, 0, "is no file of at most %d MB", RTT_FILE_BYTES >> 20);
	close(fd);
	return err;
}

int rtt_rows_read(const char *file, struct rtt_rows *rows, struct config_errors *errors)
{
	int err, fd = open_file(file, errors);
	json_error_t wrong;
	json_t *json;

	memset(rows, 0, sizeof(*rows));
	if (fd < 0)
		return fd;
	json = json_loadfd(fd, JSON_REJECT_DUPLICATES, &wrong);
	close(fd);
	if (!json) {
		config_errors_add(errors, file, wrong.line > 0 ? wrong.line : 0, "%s", wrong.text);
		return -EINVAL;
	}
	err = take_all(file, json, rows, errors);
	json_decref(json);
	if (err)
		rtt_rows_free(rows);
	return err;
}
