// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * admin.c: what commands ask of the bus (admin.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"

#define NAME	  "anydoor command"
#define WORDS_MAX 1000000

int bus_make_bucket(const struct config_bus *config, int replicas, char why[BUS_WHY])
{
	struct bus_session session;
	kvStore *made = NULL;
	natsStatus status;
	kvConfig wanted;
	int err = bus_session_open(&session, config, NAME, NULL, NULL, why);

	if (err)
		return err;
	err = bus_session_bind(&session, config, why);
	if (!err) {
		bus_session_close(&session);
		return -EEXIST;
	}
	if (err == -ENOENT) {
		kvConfig_Init(&wanted);
		wanted.Bucket = config->bucket;
		wanted.Description = "anydoor";
		wanted.History = BUS_HISTORY;
		wanted.MaxValueSize = BUS_SIZE_MAX;
		wanted.Replicas = replicas;
		status = js_CreateKeyValue(&made, session.js, &wanted);
		err = status == NATS_OK ? 0 : bus_session_error(status, "making the bucket", why);
		kvStore_Destroy(made);
	}
	bus_session_close(&session);
	return err;
}

/* --- history ---------------------------------------------------------------------------------- */

struct words {
	const struct bus_secret *secret;
	struct bus_word *list;
	size_t nr;
};

const json_t *bus_word_said(const struct bus_word *word)
{
	static const char *const sections[BUS_KINDS] = {
		[BUS_POP] = "pop", [BUS_TOLD] = "told", [BUS_GONE] = "gone", [BUS_KEYS] = "keys"
	};
	struct bus_name name;

	if (word->read != BUS_READ_OK || !bus_name_parse(word->key, &name) || !sections[name.kind])
		return NULL;
	return json_object_get(word->body, sections[name.kind]);
}

/* The last of the list, if it says nothing that the one before it does not. */
static void merge_last(struct words *words)
{
	struct bus_word *word = &words->list[words->nr - 1], *before = word - 1;

	if (words->nr < 2 || strcmp(before->key, word->key) || !bus_word_said(word) ||
	    !json_equal((json_t *)bus_word_said(before), (json_t *)bus_word_said(word)))
		return;
	before->last_revision = word->revision;
	json_decref(word->body);
	words->nr--;
}

static int add_word(struct words *words, kvEntry *entry)
{
	struct bus_word *list, *word;
	int size = kvEntry_ValueLen(entry);

	if (kvEntry_Operation(entry) != kvOp_Put || size < 0 || words->nr >= WORDS_MAX)
		return 0;
	list = realloc(words->list, (words->nr + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	words->list = list;
	word = &list[words->nr++];
	memset(word, 0, sizeof(*word));
	snprintf(word->key, sizeof(word->key), "%s", kvEntry_Key(entry));
	word->revision = word->last_revision = kvEntry_Revision(entry);
	word->written_real_s = kvEntry_Created(entry) / 1000000000;
	word->read = bus_record_read(words->secret, word->key, kvEntry_Value(entry), size,
				     &word->head, &word->body);
	merge_last(words);
	return 0;
}

static int add_key(struct words *words, const struct bus_session *session, const char *key,
		   char why[BUS_WHY])
{
	kvEntryList entries = {};
	natsStatus status;
	int err = 0, i;

	status = kvStore_History(&entries, session->bucket, key, NULL);
	if (status == NATS_NOT_FOUND)
		return 0;
	if (status != NATS_OK)
		return bus_session_error(status, "reading the words of old", why);
	for (i = 0; !err && i < entries.Count; i++)
		err = add_word(words, entries.Entries[i]);
	kvEntryList_Destroy(&entries);
	return err;
}

static int add_all(struct words *words, const struct bus_session *session, char why[BUS_WHY])
{
	kvKeysList keys = {};
	struct bus_name name;
	natsStatus status = kvStore_Keys(&keys, session->bucket, NULL);
	int err = 0, i;

	if (status == NATS_NOT_FOUND)
		return 0;
	if (status != NATS_OK)
		return bus_session_error(status, "reading which words there are", why);
	for (i = 0; !err && i < keys.Count; i++)
		if (bus_name_parse(keys.Keys[i], &name) &&
		    (name.kind == BUS_TOLD || name.kind == BUS_POP || name.kind == BUS_GONE ||
		     name.kind == BUS_KEYS))
			err = add_key(words, session, keys.Keys[i], why);
	kvKeysList_Destroy(&keys);
	return err;
}

static int by_revision(const void *a, const void *b)
{
	const struct bus_word *x = a, *y = b;

	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

int bus_read_words(const struct config_bus *config, const struct bus_secret *secret,
		   struct bus_word **list, size_t *nr, char why[BUS_WHY])
{
	struct words words = { .secret = secret };
	struct bus_session session;
	int err = bus_session_open(&session, config, NAME, NULL, NULL, why);

	if (err)
		return err;
	err = bus_session_bind(&session, config, why);
	err = err ?: add_all(&words, &session, why);
	bus_session_close(&session);
	if (err) {
		bus_words_free(words.list, words.nr);
		return err;
	}
	if (words.nr)
		qsort(words.list, words.nr, sizeof(*words.list), by_revision);
	*list = words.list;
	*nr = words.nr;
	return 0;
}

void bus_words_free(struct bus_word *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		json_decref(words[i].body);
	free(words);
}
