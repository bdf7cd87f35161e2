// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_keys.c: the epoch of the tunnel's keys, by the bus (daemon_keys.h).
 *
 * An operator's command goes one step at a time, and only when every node is where it should be:
 * that is asked here again, for between the command's look and its word a node may have gone.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "daemon_keys.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/bgp/record.h"
#include "user/config/failure.h"
#include "user/config/keys.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/state/epoch.h"

#define KEY    "keys.tunnel"
#define BUS_MS 5000 /* that the bus gets to take a step */

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

/* --- what is in force ------------------------------------------------------------------------- */

/* Of the key file as it was: another stamp key is a matter of a reload. */
static int use_tunnel_keys(struct daemon *daemon, unsigned int epoch)
{
	int err, map = daemon->loader->dp.keys;
	struct ad_keys keys, now;
	__u32 zero = 0;
	__u8 id[16];

	err = keys_load(daemon->config->key_file, epoch, &keys, id);
	if (!err && bpf_map_lookup_elem(map, &zero, &now))
		err = -errno;
	if (!err && memcmp(keys.stamp, now.stamp, sizeof(keys.stamp)))
		err = -EKEYREJECTED;
	if (!err && bpf_map_update_elem(map, &zero, &keys, BPF_ANY))
		err = -errno;
	explicit_bzero(&keys, sizeof(keys));
	explicit_bzero(&now, sizeof(now));
	return err;
}

/* Cookies of DNS go by the epoch, too. What fails is tried again each second. */
static int use_cookies(struct daemon *daemon)
{
	struct daemon_keys *keys = &daemon->keys;
	struct config_errors errors = {};
	struct dns_limiter *limiter;
	int err = dns_limiter_load(daemon->config, &limiter, &errors);

	if (err != keys->err)
		config_errors_log(&errors);
	config_errors_free(&errors);
	if (!err) {
		err = dns_limiter_publish(limiter, &daemon->loader->pins);
		dns_server_limit(daemon->server, limiter);
	}
	if (!err && keys->cookies_behind)
		log_info("keys: cookies of DNS are of epoch %u, too", daemon->config->key_epoch);
	keys->cookies_behind = err;
	return err;
}

static int use_epoch(struct daemon *daemon)
{
	unsigned int epoch = daemon->config->key_epoch;
	int err = use_tunnel_keys(daemon, epoch);

	if (err)
		return err;
	log_info("keys: epoch %u, set by %s", epoch, text_of(daemon->keys.word, "who"));
	if (daemon->bus->whole)
		daemon_bus_beat(daemon);
	return 0;
}

void daemon_keys_follow(struct daemon *daemon)
{
	struct daemon_keys *keys = &daemon->keys;
	struct config *config = daemon->config;
	unsigned int before = config->key_epoch;
	int err;

	if (daemon->reload) /* it has read the epoch, and writes the keys of that */
		return;
	epoch_count(config, keys->word);
	if (config->key_epoch == before && !keys->cookies_behind)
		return;
	err = config->key_epoch == before ? 0 : use_epoch(daemon);
	if (err)
		config->key_epoch = before;
	else
		err = use_cookies(daemon);
	if (err && err != keys->err)
		log_warn("keys: epoch %s cannot be put in force: %s", KEY,
			 err == -EKEYREJECTED
				 ? "the key file is another one than was loaded: reload"
				 : strerror(-err));
	keys->err = err;
}

/* --- what was set ----------------------------------------------------------------------------- */

void daemon_keys_start(struct daemon *daemon)
{
	struct daemon_keys *keys = &daemon->keys;

	if (epoch_path(daemon->config, daemon->loader->instance.name, keys->path))
		keys->word = epoch_read(keys->path);
	else
		*keys->path = '\0';
}

void daemon_keys_stop(struct daemon *daemon)
{
	json_decref(daemon->keys.word);
	daemon->keys.word = NULL;
}

void daemon_keys_recall(struct daemon *daemon)
{
	bus_book_recall(daemon->bus->book, KEY, number_of(daemon->keys.word, "seq"));
}

void daemon_keys_hear(struct daemon *daemon, __u64 seq, const json_t *body)
{
	struct daemon_keys *keys = &daemon->keys;
	const json_t *said = json_object_get(body, "keys");
	json_t *word;
	int err;

	if (!epoch_is_good(said) || seq > INT64_MAX ||
	    (keys->word && seq <= (__u64)number_of(keys->word, "seq")))
		return;
	word = json_deep_copy(said);
	json_object_set_new(word, "seq", json_integer(seq));
	json_decref(keys->word);
	keys->word = word;
	err = *keys->path ? record_save(keys->path, 0600, json_incref(word)) : -ENAMETOOLONG;
	if (err)
		log_warn("%s: the epoch of the keys cannot be kept: %s", keys->path,
			 strerror(-err));
	daemon_keys_follow(daemon);
}

void daemon_keys_tell(struct daemon *daemon)
{
	json_t *body, *said;

	if (!daemon->keys.word || !bus_book_is_behind(daemon->bus->book, KEY))
		return;
	said = json_deep_copy(daemon->keys.word);
	json_object_del(said, "seq");
	body = json_pack("{s:o}", "keys", said);
	daemon_bus_write(daemon, KEY, body, false);
	json_decref(body);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* Nodes that are configured down have no part in it. */
static json_t *list_nodes(const struct daemon *daemon)
{
	const struct config *config = daemon->config;
	__u64 now_ms = clock_mono_us() / 1000;
	json_t *list = json_array();
	struct bus_node_seen seen;
	size_t i;

	for (i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];
		bool is_self = node == config->self, is_here = is_self;
		json_int_t epoch = config->key_epoch;

		if (!is_self && bus_book_node(daemon->bus->book, node->id, now_ms, &seen)) {
			epoch = number_of(json_object_get(seen.body, "node"), "epoch");
			is_here = !seen.is_gone;
		}
		if (node->state != CONFIG_NODE_DOWN || is_here)
			json_array_append_new(
				list,
				json_pack("{s:s, s:b, s:o}", "node", node->name, "here", is_here,
					  "epoch", is_here ? json_integer(epoch) : json_null()));
	}
	return list;
}

static json_t *show(const struct daemon *daemon)
{
	const struct bus_book *book = daemon->bus->book;

	return json_pack("{s:b, s:b, s:i, s:i, s:I, s:o, s:O?}", "ok", 1, "fresh",
			 bus_book_is_fresh(book, clock_mono_us() / 1000), "epoch",
			 (int)daemon->config->key_epoch, "file",
			 (int)daemon->config->key_epoch_file, "revision",
			 (json_int_t)bus_book_revision(book, KEY), "nodes", list_nodes(daemon),
			 "word", daemon->keys.word);
}

static bool is_left_out(const json_t *args, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(args, "without"), i, one)
		if (!strcmp(json_string_value(one) ?: "", name))
			return true;
	return false;
}

/* NULL: all are where we are. */
static json_t *check_nodes(const struct daemon *daemon, const json_t *args)
{
	json_t *list = list_nodes(daemon), *error = NULL;
	const json_t *node;
	size_t i;

	json_array_foreach(list, i, node) {
		if (error || is_left_out(args, text_of(node, "node")))
			continue;
		if (!json_is_true(json_object_get(node, "here")))
			error = json_sprintf("%s is not heard of by the bus",
					     text_of(node, "node"));
		else if (number_of(node, "epoch") != daemon->config->key_epoch)
			error = json_sprintf(
				"%s is at epoch %lld, and this node at %u", text_of(node, "node"),
				(long long)number_of(node, "epoch"), daemon->config->key_epoch);
	}
	json_decref(list);
	return error;
}

/* One step up; or one back, while the key before is accepted everywhere. */
static json_t *check_step(const struct daemon *daemon, const json_t *args)
{
	json_int_t epoch = number_of(args, "epoch"), now = daemon->config->key_epoch;

	if (!epoch_is_good(args))
		return json_string("no epoch and goal: numbers from 0 to 255");
	if (epoch == now + 1)
		return check_nodes(daemon, args);
	if (epoch == now || (epoch == now - 1 && now % 2))
		return NULL; /* whoever is not here yet, or away, need not follow */
	return json_sprintf("epoch %lld is no step from %lld", (long long)epoch, (long long)now);
}

static json_t *end_step(struct daemon *daemon, struct bus_call *call)
{
	const struct bus_target *target = call->targets;
	char text[BUS_WORD];

	if (target->state == BUS_TARGET_DONE)
		return json_pack("{s:b}", "ok", 1);
	if (target->state == BUS_TARGET_OVERTAKEN)
		return control_refuse_with(json_sprintf("%s at the same time as you: that holds",
							daemon_bus_word(target->answer, text)));
	return control_refuse_with(json_sprintf(
		"the bus did not take it in time, and may yet; `anydoor keys` shows it%s%s",
		*target->why ? ": " : "", target->why));
}

static json_t *step_body(const struct daemon *daemon, const json_t *args)
{
	json_int_t epoch = number_of(args, "epoch");
	const char *who = json_string_value(json_object_get(args, "who"));
	char text[BUS_WHO], what[32];

	snprintf(what, sizeof(what), "epoch %lld", (long long)epoch);
	return json_pack("{s:{s:s, s:I, s:I, s:s, s:I, s:O?}}", "keys", "what", what, "epoch",
			 epoch, "goal", number_of(args, "goal"), "who",
			 daemon_bus_who(daemon, who, text), "at_s", (json_int_t)time(NULL), "why",
			 json_object_get(args, "reason"));
}

static json_t *begin_step(struct daemon *daemon, const json_t *args, struct control_caller *caller)
{
	struct bus_call *call;
	json_t *error = daemon_bus_check_revision(daemon, KEY, "the keys", args);

	if (!daemon_bus_can_ask(daemon))
		error = error ?: json_string("the bus is not fresh: `anydoor bus` says why");
	error = error ?: check_step(daemon, args);
	if (error)
		return control_refuse_with(error);
	if (daemon_bus_call_has(daemon, KEY))
		return control_refuse("somebody else takes a step on this node just now");
	call = daemon_bus_call_new(caller, args, 1);
	if (!call)
		return control_refuse("out of memory");
	snprintf(call->targets->key, sizeof(call->targets->key), "%s", KEY);
	call->targets->body = step_body(daemon, args);
	call->end = end_step;
	daemon_bus_call_begin(daemon, call, BUS_MS);
	return NULL;
}

json_t *daemon_keys(struct daemon *daemon, const json_t *args, struct control_caller *caller)
{
	if (!daemon->bus->book)
		return control_refuse(
			"no bus is configured (bus.servers), and only by the bus nodes "
			"hear of a step: raise keys.epoch by one on one node after the "
			"other, and reload");
	return json_object_get(args, "epoch") ? begin_step(daemon, args, caller) : show(daemon);
}
