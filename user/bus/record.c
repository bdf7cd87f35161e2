// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * record.c: records of the bus as bytes (record.h).
 */
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"

#define KEY_AT	  4
#define SIGN_AT	  20
#define SIGN_SIZE 32
#define SEQ_AT	  52 /* what is signed begins here */
#define LIFE_AT	  60
#define WRITER_AT 68
_Static_assert(WRITER_AT + 2 == BUS_HEAD, "the head ends with the writer");
_Static_assert(sizeof(((struct bus_secret *)0)->id) == SIGN_AT - KEY_AT, "as keys.h names a key");

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* --- numbers ---------------------------------------------------------------------------------- */

static void put64(__u8 *at, __u64 value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

static __u64 get64(const __u8 *at)
{
	__u64 value;

	memcpy(&value, at, sizeof(value));
	return be64toh(value);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void sign(const struct bus_secret *secret, const char *key, const __u8 *bytes, size_t size,
		 __u8 out[SIGN_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, secret->key, sizeof(secret->key), SIGN_SIZE);
	crypto_generichash_update(&state, (const __u8 *)key, strlen(key) + 1);
	crypto_generichash_update(&state, bytes + SEQ_AT, size - SEQ_AT);
	crypto_generichash_final(&state, out, SIGN_SIZE);
}

int bus_record_write(const struct bus_secret *secret, const char *key, const struct bus_head *head,
		     const json_t *body, __u8 **bytes, size_t *size)
{
	char *text = json_dumps(body, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	__u8 *at = len ? malloc(BUS_HEAD + len) : NULL;
	int err = at ? 0 : -ENOMEM;
	struct bus_name name;

	if (!err && !bus_name_parse(key, &name))
		err = -EINVAL;
	if (!err && BUS_HEAD + len > bus_kind_size_max(name.kind))
		err = -EMSGSIZE;
	if (!err) {
		memcpy(at, BUS_MAGIC, KEY_AT);
		memcpy(at + KEY_AT, secret->id, sizeof(secret->id));
		put64(at + SEQ_AT, head->seq);
		put64(at + LIFE_AT, head->life);
		at[WRITER_AT] = head->writer >> 8;
		at[WRITER_AT + 1] = head->writer & 0xff;
		memcpy(at + BUS_HEAD, text, len);
		sign(secret, key, at, BUS_HEAD + len, at + SIGN_AT);
		*bytes = at;
		*size = BUS_HEAD + len;
	} else {
		free(at);
	}
	free(text);
	return err;
}

enum bus_read bus_record_read(const struct bus_secret *secret, const char *key, const __u8 *bytes,
			      size_t size, struct bus_head *head, json_t **body)
{
	__u8 right[SIGN_SIZE];

	if (size <= BUS_HEAD || size > BUS_SIZE_MAX || memcmp(bytes, BUS_MAGIC, KEY_AT - 1))
		return BUS_READ_NO_RECORD;
	if (bytes[KEY_AT - 1] != BUS_MAGIC[KEY_AT - 1])
		return BUS_READ_VERSION;
	if (memcmp(bytes + KEY_AT, secret->id, sizeof(secret->id)))
		return BUS_READ_OTHER_KEY;
	sign(secret, key, bytes, size, right);
	if (sodium_memcmp(right, bytes + SIGN_AT, SIGN_SIZE))
		return BUS_READ_FORGED;
	head->seq = get64(bytes + SEQ_AT);
	head->life = get64(bytes + LIFE_AT);
	head->writer = bytes[WRITER_AT] << 8 | bytes[WRITER_AT + 1];
	*body = json_loadb((const char *)bytes + BUS_HEAD, size - BUS_HEAD, JSON_REJECT_DUPLICATES,
			   NULL);
	if (*body && json_is_object(*body))
		return BUS_READ_OK;
	json_decref(*body);
	*body = NULL;
	return BUS_READ_BODY;
}

/* --- keys in the bucket ----------------------------------------------------------------------- */

static const struct {
	const char *prefix;
	size_t size_max;
} kinds[BUS_KINDS] = {
	[BUS_NODE] = { "node.", 16384 }, [BUS_TOLD] = { "told.", 4096 },
	[BUS_RTT] = { "rtt.", 20480 },	 [BUS_GONE] = { "gone.", 4096 },
	[BUS_POP] = { "pop.", 4096 },	 [BUS_ASK] = { "ask.", 4096 },
	[BUS_KEYS] = { "keys.", 4096 },
};

size_t bus_kind_size_max(enum bus_kind kind)
{
	return kinds[kind].size_max;
}

/* As it is written, and no other way: no sign, no zero in front. */
static bool parse_id(const char *text, __u16 *id)
{
	size_t len = strspn(text, "0123456789");
	unsigned long value = len && len <= 5 && !text[len] ? strtoul(text, NULL, 10) : 0;

	*id = value;
	return *text != '0' && value && value < 1u << AD_OWNER_BITS_MAX;
}

bool bus_name_parse(const char *key, struct bus_name *name)
{
	const char *rest;
	size_t len;

	for (name->kind = 0; name->kind < BUS_KINDS; name->kind++)
		if (!strncmp(key, kinds[name->kind].prefix, strlen(kinds[name->kind].prefix)))
			break;
	if (name->kind == BUS_KINDS)
		return false;
	rest = key + strlen(kinds[name->kind].prefix);
	name->pop = name->kind == BUS_POP ? rest : NULL;
	if (name->kind == BUS_KEYS)
		return !strcmp(rest, "tunnel");
	if (name->kind != BUS_POP)
		return parse_id(rest, &name->id);
	len = strspn(rest, NAME_LETTERS);
	return len && !rest[len] && strlen(key) < BUS_KEY_MAX;
}

const char *bus_name_node(enum bus_kind kind, __u16 id, char key[BUS_KEY_MAX])
{
	snprintf(key, BUS_KEY_MAX, "%s%u", kinds[kind].prefix, id);
	return key;
}

const char *bus_name_pop(const char *pop, char key[BUS_KEY_MAX])
{
	snprintf(key, BUS_KEY_MAX, "%s%s", kinds[BUS_POP].prefix, pop);
	return key;
}
