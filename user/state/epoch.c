// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * epoch.c: the epoch that operators set by the bus (epoch.h).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "epoch.h"
#include "user/base/file.h"

bool epoch_path(const struct config *config, const char *instance, char path[EPOCH_PATH_MAX])
{
	int len;

	if (config->keep_dir)
		len = snprintf(path, EPOCH_PATH_MAX, "%s/%s.keys", config->keep_dir, instance);
	else
		len = snprintf(path, EPOCH_PATH_MAX, "%s/%s/keys.json", config->run_dir, instance);
	return len < EPOCH_PATH_MAX;
}

static bool is_number(const json_t *word, const char *key, json_int_t most)
{
	const json_t *value = json_object_get(word, key);

	return json_is_integer(value) && json_integer_value(value) >= 0 &&
	       json_integer_value(value) <= most;
}

bool epoch_is_good(const json_t *word)
{
	return is_number(word, "epoch", EPOCH_MAX) && is_number(word, "goal", EPOCH_MAX);
}

json_t *epoch_read(const char *path)
{
	json_t *word;
	char *text;

	if (file_read(path, &text))
		return NULL;
	word = json_loads(text, 0, NULL);
	free(text);
	if (epoch_is_good(word) && is_number(word, "seq", INT64_MAX))
		return word;
	json_decref(word);
	return NULL;
}

void epoch_count(struct config *config, const json_t *word)
{
	unsigned int told = json_integer_value(json_object_get(word, "epoch"));

	config->key_epoch = told > config->key_epoch_file ? told : config->key_epoch_file;
}

void epoch_count_kept(struct config *config, const char *instance)
{
	char path[EPOCH_PATH_MAX];
	json_t *word = epoch_path(config, instance, path) ? epoch_read(path) : NULL;

	config->key_epoch_file = config->key_epoch;
	epoch_count(config, word);
	json_decref(word);
}
