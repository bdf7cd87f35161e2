// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_bus.c: the daemon on the bus: its beats, what comes, and what is shown of it
 * (daemon_bus.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "daemon_bus.h"
#include "daemon_keys.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/base/output.h"

#define HEARD_AT_ONCE 64 /* others want their turn */

static const char *const state_words[AD_BUS_STATES_NR] = {
#define X(name, word, text) word,
	AD_BUS_STATES(X)
#undef X
};

static __u64 now_ms(void)
{
	return clock_mono_us() / 1000;
}

static __u64 real_us(void)
{
	return (clock_mono_us() * 1000 + clock_real_minus_mono_ns()) / 1000;
}

/* --- the map ---------------------------------------------------------------------------------- */

void daemon_bus_seen(const struct daemon *daemon, __u32 id, struct ad_bus_seen *seen)
{
	if (bpf_map_lookup_elem(daemon->bus->seen, &id, seen))
		memset(seen, 0, sizeof(*seen));
}

void daemon_bus_note(const struct daemon *daemon, __u32 id, const struct ad_bus_seen *seen)
{
	if (bpf_map_update_elem(daemon->bus->seen, &id, seen, BPF_ANY))
		log_debug("bus: what is known of node %u cannot be written: %s", id,
			  strerror(errno));
}

/* What a daemon before this one left shown. */
static void forget_all(const struct daemon *daemon)
{
	__u32 key, next;
	bool more = !bpf_map_get_next_key(daemon->bus->seen, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(daemon->bus->seen, &key, &next);
		bpf_map_delete_elem(daemon->bus->seen, &key);
	}
}

/* --- writing ---------------------------------------------------------------------------------- */

/* False: it is not on its way. */
static bool send_talk(struct daemon_bus *bus)
{
	return bus->fd >= 0 && send(bus->fd, &bus->out, BUS_TALK_HEAD + bus->out.size,
				    MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

static void write_as(struct daemon *daemon, const char *key, const struct bus_head *head,
		     const json_t *body)
{
	struct daemon_bus *bus = daemon->bus;
	__u8 *bytes = NULL;
	size_t size;
	int err;

	if (!head->seq || !bus->whole || !bus_book_may_write(bus->book, now_ms()))
		return;
	err = bus_record_write(&bus->secret, key, head, body, &bytes, &size);
	if (err) {
		log_warn("bus: %s cannot be written: %s", key, strerror(-err));
		return;
	}
	memset(&bus->out, 0, BUS_TALK_HEAD);
	bus->out.kind = BUS_TALK_WRITE;
	bus->out.revision = bus_book_revision(bus->book, key);
	bus->out.seq = head->seq;
	bus->out.size = size;
	snprintf(bus->out.key, sizeof(bus->out.key), "%s", key);
	memcpy(bus->out.bytes, bytes, size);
	bus->unanswered += send_talk(bus);
	free(bytes);
}

void daemon_bus_write(struct daemon *daemon, const char *key, const json_t *body, bool is_news)
{
	struct bus_head head;

	if (!daemon->bus->book || !body)
		return;
	head = bus_book_head(daemon->bus->book, key, is_news, real_us());
	write_as(daemon, key, &head, body);
}

__u64 daemon_bus_try(struct daemon *daemon, const char *key, const json_t *body)
{
	struct bus_head head = bus_book_try_head(daemon->bus->book, key, real_us());

	write_as(daemon, key, &head, body);
	return head.seq;
}

static json_t *describe_self(const struct daemon *daemon)
{
	const struct config *config = daemon->config;
	char address[ADDR_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "name", config->self->name, "pop",
			 config_pop_name(config, config->self->pop), "tunnel",
			 addr_format(&config->self->tunnel, address), "version", VERSION, "epoch",
			 config->key_epoch, "mtu", config->self->mtu);
}

/* A number that is not written is not used up: who has our id must not seem to be behind. */
void daemon_bus_beat(struct daemon *daemon)
{
	char key[BUS_KEY_MAX];
	json_t *body;

	if (!bus_book_may_write(daemon->bus->book, now_ms()))
		return;
	body = daemon_bus_sections(daemon);
	json_object_set_new(body, "node", describe_self(daemon));
	daemon_bus_write(daemon, bus_name_node(BUS_NODE, daemon->bus->self, key), body, true);
	json_decref(body);
	daemon->bus->beat_ms = now_ms();
}

/*
 * While this node drains, others are told each second how far it is. Where the bus is slow the next
 * waits for an answer, or they would queue up, later and later.
 */
static bool is_beat_due(const struct daemon *daemon)
{
	const struct daemon_bus *bus = daemon->bus;
	__u64 since_ms = now_ms() - bus->beat_ms, beat_ms = 1000ull * daemon->config->bus.beat_s;

	return bus->whole && (since_ms + 500 >= beat_ms || daemon_bgp_drains(daemon)) &&
	       (!bus->unanswered || since_ms > BUS_STALE_BEATS * beat_ms);
}

static void hear_answer(struct daemon *daemon, const struct bus_talk *talk)
{
	struct daemon_bus *bus = daemon->bus;
	char why[BUS_WHY];

	bus->unanswered -= bus->unanswered > 0;
	if (talk->kind == BUS_TALK_WROTE) {
		bus_book_wrote(bus->book, talk->key, talk->revision);
		daemon_bus_calls_wrote(daemon, talk->key, talk->seq);
		return;
	}
	snprintf(why, sizeof(why), "%.*s", (int)talk->size, (const char *)talk->bytes);
	log_debug("bus: %s", why);
	daemon_bus_calls_failed(daemon, talk->key, talk->seq, why);
}

/* --- hearing ---------------------------------------------------------------------------------- */

static void copy_text(char *to, size_t size, const json_t *from)
{
	text_cut(to, size, json_string_value(from) ?: "");
}

static bool is_same(const json_t *object, const char *key, const char *text)
{
	return !strcmp(json_string_value(json_object_get(object, key)) ?: "", text);
}

static void show_node(const struct daemon *daemon, __u16 id, const json_t *body)
{
	const json_t *node = json_object_get(body, "node");
	struct ad_bus_seen seen;

	daemon_bus_seen(daemon, id, &seen);
	seen.heard_real_s = time(NULL);
	seen.gone = 0;
	copy_text(seen.name, sizeof(seen.name), json_object_get(node, "name"));
	copy_text(seen.version, sizeof(seen.version), json_object_get(node, "version"));
	daemon_bus_note(daemon, id, &seen);
}

/* What of a node's own record contradicts our configuration. */
static void warn_of_node(const struct daemon *daemon, __u16 id, const json_t *body)
{
	const struct config *config = daemon->config;
	const struct config_node *configured =
		config->nodes_from_bus ? NULL : config_node_by_id(config, id);
	const json_t *node = json_object_get(body, "node");
	const char *name = json_string_value(json_object_get(node, "name")) ?: "?";
	long long epoch = json_integer_value(json_object_get(node, "epoch"));
	char address[ADDR_TEXT];

	if (configured && !is_same(node, "tunnel", addr_format(&configured->tunnel, address)))
		log_warn("bus: node %u says that its tunnel is %s, and our configuration says %s",
			 id, json_string_value(json_object_get(node, "tunnel")) ?: "?", address);
	if (config_node_by_id(config, id) && llabs(epoch - (long long)config->key_epoch) > 1)
		log_warn("bus: %s (node %u) has keys.epoch %lld, and we have %u: no tunnel packet "
			 "is understood",
			 name, id, epoch, config->key_epoch);
}

static void tell_taken(struct daemon *daemon, const json_t *body)
{
	const json_t *node = json_object_get(body, "node");
	const char *name = json_string_value(json_object_get(node, "name")) ?: "?";
	const char *tunnel = json_string_value(json_object_get(node, "tunnel")) ?: "?";
	struct daemon_bus *bus = daemon->bus;

	snprintf(bus->why, sizeof(bus->why), "id %u is used by %.40s at %.50s, too", bus->self,
		 name, tunnel);
}

/* Numbers of records are times, as long as the clock does not go back. */
static __u32 took_ms(__u64 seq)
{
	__u64 now = real_us();

	return now > seq && now - seq < UINT32_MAX ? (now - seq) / 1000 : 0;
}

static void hear_own_node(struct daemon *daemon, const struct bus_heard *heard)
{
	const json_t *node = json_object_get(heard->body, "node");
	const struct config_node *self = daemon->config->self;
	struct daemon_bus *bus = daemon->bus;
	char address[ADDR_TEXT];

	if (bus_book_echo_ms(bus->book) != bus->echo_ms) {
		bus->echo_real_s = time(NULL);
		bus->echo_took_ms = took_ms(heard->head.seq);
	}
	bus->echo_ms = bus_book_echo_ms(bus->book);
	if (heard->verdict == BUS_NEWS &&
	    (!is_same(node, "name", self->name) ||
	     !is_same(node, "tunnel", addr_format(&self->tunnel, address)))) {
		bus_book_give_way(daemon->bus->book, now_ms());
		tell_taken(daemon, heard->body);
	}
	if (heard->verdict == BUS_TAKEN)
		tell_taken(daemon, heard->body);
}

static void hear_node(struct daemon *daemon, const struct bus_heard *heard, bool is_first)
{
	__u16 id = heard->name.id;

	if (id == daemon->bus->self) {
		hear_own_node(daemon, heard);
		return;
	}
	if ((heard->verdict != BUS_NEWS && heard->verdict != BUS_KNOWN) ||
	    !daemon_bus_take_node(daemon, id, heard->head.seq, heard->body) ||
	    heard->verdict == BUS_KNOWN)
		return;
	show_node(daemon, id, heard->body);
	if (is_first)
		warn_of_node(daemon, id, heard->body);
	daemon_bus_read_sections(daemon, id, heard->body);
}

static void hear_record(struct daemon *daemon, const struct bus_talk *talk)
{
	struct bus_book *book = daemon->bus->book;
	bool is_first = !bus_book_seq(book, talk->key);
	struct bus_heard heard;

	bus_book_hear(book, talk->key, talk->revision, talk->bytes, talk->size, now_ms(), &heard);
	if (heard.verdict == BUS_REFUSED)
		return;
	daemon_bus_calls_hear(daemon, talk->key, talk->revision, &heard);
	if (heard.name.kind == BUS_KEYS && heard.verdict != BUS_OLD)
		daemon_keys_hear(daemon, heard.head.seq, heard.body);
	else if (heard.name.kind == BUS_NODE)
		hear_node(daemon, &heard, is_first);
	else if ((heard.verdict != BUS_NEWS && heard.verdict != BUS_KNOWN) ||
		 heard.name.kind == BUS_RTT) /* read when orders are judged */
		return;
	else if (heard.name.kind == BUS_POP)
		daemon_bus_obey_pop(daemon, heard.name.pop, heard.body);
	else if (heard.name.kind == BUS_ASK)
		daemon_bus_obey_ask(daemon);
	else if (heard.name.kind == BUS_GONE)
		daemon_bus_hear_gone(daemon, heard.name.id, heard.head.seq, heard.body);
	else if (heard.name.id != daemon->bus->self &&
		 !daemon_bus_is_forgotten(daemon, heard.name.id))
		daemon_bus_obey_told(daemon, heard.name.id, heard.body);
}

static void say_use(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;

	memset(&bus->out, 0, BUS_TALK_HEAD);
	bus->out.kind = BUS_TALK_USE;
	send_talk(bus);
}

static void hear_down(struct daemon *daemon, const struct bus_talk *talk)
{
	struct daemon_bus *bus = daemon->bus;
	char why[BUS_WHY];

	snprintf(why, sizeof(why), "%.*s", (int)talk->size, (const char *)talk->bytes);
	if (strcmp(why, bus->why))
		log_warn("bus: %s", why);
	memcpy(bus->why, why, sizeof(why));
	bus->up = bus->whole = false;
	bus_book_part(bus->book);
}

static void hear_up(struct daemon_bus *bus)
{
	bus->up = true;
	bus->whole = false;
	bus->unanswered = 0;
	bus->up_ms = now_ms();
	bus_book_begin_round(bus->book);
}

static void hear(struct daemon *daemon, const struct bus_talk *talk)
{
	struct daemon_bus *bus = daemon->bus;

	switch (talk->kind) {
	case BUS_TALK_READY:
		say_use(daemon);
		break;
	case BUS_TALK_UP:
		hear_up(bus);
		break;
	case BUS_TALK_ALL:
		bus->whole = true;
		bus_book_end_round(bus->book);
		daemon_bus_obey_ask(daemon); /* first: our beat names the last of them */
		daemon_bus_beat(daemon);
		daemon_bus_tell(daemon);
		break;
	case BUS_TALK_DOWN:
		hear_down(daemon, talk);
		break;
	case BUS_TALK_RECORD:
		hear_record(daemon, talk);
		break;
	case BUS_TALK_WROTE:
	case BUS_TALK_FAILED:
		hear_answer(daemon, talk);
		break;
	}
}

static void part(struct daemon_bus *bus)
{
	if (bus->heard)
		event_free(bus->heard);
	bus->heard = NULL;
	if (bus->fd >= 0)
		close(bus->fd);
	bus->fd = -1;
}

static void on_talk(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct bus_talk *talk = &daemon->bus->in;
	ssize_t size = 0;
	int nr;

	if (daemon->detached) { /* there is nothing left to be told */
		event_del(daemon->bus->heard);
		return;
	}
	for (nr = 0; nr < HEARD_AT_ONCE; nr++) {
		size = recv(fd, talk, sizeof(*talk), MSG_DONTWAIT);
		if (size < (ssize_t)BUS_TALK_HEAD)
			break;
		talk->key[sizeof(talk->key) - 1] = '\0';
		if (BUS_TALK_HEAD + talk->size == (size_t)size)
			hear(daemon, talk);
	}
	if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	log_err("bus: its process is gone: the last known state holds until the daemon is started "
		"again");
	part(daemon->bus);
	bus_book_part(daemon->bus->book);
	daemon->bus->up = daemon->bus->whole = false;
}

bool daemon_bus_can_ask(const struct daemon *daemon)
{
	const struct daemon_bus *bus = daemon->bus;

	return bus->whole && bus_book_is_fresh(bus->book, now_ms());
}

/* --- looking after it ------------------------------------------------------------------------- */

static enum ad_bus_state judge(const struct daemon_bus *bus)
{
	__u64 now = now_ms();

	if (bus->fd < 0)
		return bus->book ? AD_BUS_STALE : AD_BUS_OFF;
	if (!bus_book_may_write(bus->book, now))
		return AD_BUS_REFUSED;
	if (bus_book_is_fresh(bus->book, now))
		return AD_BUS_FRESH;
	return bus_book_echo_ms(bus->book) ? AD_BUS_STALE : AD_BUS_JOINING;
}

static __u64 refused(const struct daemon_bus *bus)
{
	__u64 nr = 0;
	int why;

	for (why = BUS_READ_NO_RECORD; why < BUS_READS; why++)
		nr += bus_book_refused(bus->book, why);
	return nr;
}

/* A rotation of the keys that is not at its end. */
static void show_rotation(const struct daemon *daemon, struct ad_bus_seen *seen)
{
	const json_t *word = daemon->keys.word;
	json_int_t goal = json_integer_value(json_object_get(word, "goal"));

	if (goal <= daemon->config->key_epoch)
		return;
	seen->key_epoch = daemon->config->key_epoch;
	seen->key_goal = goal;
	seen->step_real_s = json_integer_value(json_object_get(word, "at_s"));
	copy_text(seen->who, sizeof(seen->who), json_object_get(word, "who"));
}

static void show(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	enum ad_bus_state state = judge(bus);
	struct ad_bus_seen seen = {};

	if (state != bus->state) {
		if (state == AD_BUS_STALE || state == AD_BUS_REFUSED)
			log_warn("bus: %s%s%s: the last known state holds", state_words[state],
				 *bus->why ? ": " : "", bus->why);
		else
			log_info("bus: %s", state_words[state]);
		bus->since_real_s = time(NULL);
		bus->state = state;
	}
	if (state == AD_BUS_FRESH)
		*bus->why = '\0';
	seen.state = state;
	seen.heard_real_s = bus->echo_real_s;
	seen.since_real_s = bus->since_real_s;
	seen.refused = refused(bus);
	seen.echo_ms = bus->echo_took_ms;
	text_cut(seen.why, sizeof(seen.why), bus->why);
	show_rotation(daemon, &seen);
	daemon_bus_note(daemon, 0, &seen);
}

static void show_gone(__u16 id, const struct bus_node_seen *node, void *arg)
{
	const struct daemon *daemon = arg;
	struct ad_bus_seen seen;

	if (id == daemon->bus->self || !node->is_gone)
		return;
	daemon_bus_seen(daemon, id, &seen);
	if (seen.gone)
		return;
	log_warn("bus: %s (node %u) is not heard of any more", seen.name, id);
	seen.gone = 1;
	daemon_bus_note(daemon, id, &seen);
}

#define ANEW_MS 10000

/* What was not looked at in a flood of forged records may have been a good one. */
static void hear_anew(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	bool is_flooded = bus_book_is_flooded(bus->book, now_ms());
	bool was_flooded = is_flooded || bus_book_has_missed(bus->book, now_ms());

	if (was_flooded && !bus->flooded)
		log_warn("bus: more than %u kB of forged records in a second: no more of them are "
			 "looked at until the next; keep others than nodes from the servers",
			 BUS_FORGED_MAX / 1024);
	bus->flooded |= was_flooded;
	if (!bus->flooded || is_flooded || !bus->up || now_ms() - bus->up_ms < ANEW_MS)
		return;
	bus->flooded = false;
	if (!bus_book_has_missed(bus->book, now_ms()))
		return;
	log_info("bus: fewer forged records: hearing all anew");
	bus->up_ms = now_ms();
	say_use(daemon);
}

/* A connection that says nothing is tried anew. */
static void mend(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	__u64 now = now_ms(), most = BUS_STALE_BEATS * 1000ull * daemon->config->bus.beat_s;

	if (!bus->up || now - bus->up_ms <= most || bus_book_is_fresh(bus->book, now) ||
	    !bus_book_may_write(bus->book, now))
		return;
	log_warn("bus: connected, and silent: connecting anew");
	bus->up_ms = now;
	say_use(daemon);
}

void daemon_bus_tend(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;

	if (!bus->book) {
		peer_watch_calm(&daemon->peers);
		return;
	}
	daemon_bus_calls_tend(daemon);
	if (is_beat_due(daemon)) {
		daemon_bus_beat(daemon);
		daemon_bus_tell(daemon);
	}
	daemon_keys_follow(daemon);
	hear_anew(daemon);
	daemon_bus_tend_nodes(daemon);
	mend(daemon);
	show(daemon);
	bus_book_each_node(bus->book, now_ms(), show_gone, daemon);
	daemon_bus_find_lost(daemon);
	if (bus->state == AD_BUS_FRESH)
		daemon_bus_obey_load(daemon);
}

/* --- its life --------------------------------------------------------------------------------- */

/* Of this node, by this key; with nothing in it but what is pinned. */
static int open_book(struct daemon *daemon, const struct bus_secret *secret)
{
	struct daemon_bus *bus = daemon->bus;
	__u64 beat_ms = 1000ull * daemon->config->bus.beat_s;
	struct bus_book *book =
		bus_book_new(&bus->secret, daemon->config->self->id, bus->life, beat_ms);

	if (!book)
		return -ENOMEM;
	bus_book_free(bus->book);
	bus->book = book;
	bus->secret = *secret;
	bus->self = daemon->config->self->id;
	bus->up = bus->whole = bus->told_known = false;
	return 0;
}

/* A reload may give us another id, another key, and other maps. True: all must be heard anew. */
static bool renew(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	const struct bus_book *before = bus->book;
	int err = 0, seen = pins_map(&daemon->loader->pins, "bus", true);
	struct bus_secret secret;

	if (seen >= 0) {
		close(bus->seen);
		bus->seen = seen;
	}
	if (!keys_load_bus(daemon->config->key_file, &secret) &&
	    (bus->self != daemon->config->self->id ||
	     sodium_memcmp(&secret, &bus->secret, sizeof(secret))))
		err = open_book(daemon, &secret);
	sodium_memzero(&secret, sizeof(secret));
	if (err)
		log_warn("bus: cannot be used as node %u: %s", daemon->config->self->id,
			 strerror(-err));
	return bus->book != before;
}

void daemon_bus_use(struct daemon *daemon, bool is_same_text)
{
	struct daemon_bus *bus = daemon->bus;

	if (!bus->book) {
		if (daemon->config->bus.nr_servers)
			log_warn("bus: it is used when the daemon is started again");
		return;
	}
	is_same_text &= !renew(daemon);
	bus_book_set_beat(bus->book, 1000ull * daemon->config->bus.beat_s);
	daemon_bus_recall(daemon);
	if (!is_same_text)
		say_use(daemon);
}

static int start(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;
	struct bus_secret secret;
	int err = keys_load_bus(daemon->config->key_file, &secret);

	if (err)
		return err;
	randombytes_buf(&bus->life, sizeof(bus->life));
	bus->sheds = calloc(AD_BUS_SEEN_MAX, 1);
	bus->losts = calloc(AD_BUS_SEEN_MAX, sizeof(*bus->losts));
	err = bus->sheds && bus->losts ? open_book(daemon, &secret) : -ENOMEM;
	sodium_memzero(&secret, sizeof(secret));
	err = err ?: daemon_bus_open_nodes(daemon);
	if (err)
		return err;
	daemon_bus_recall(daemon);
	bus->heard = event_new(daemon->base, bus->fd, EV_READ | EV_PERSIST, on_talk, daemon);
	return bus->heard && !event_add(bus->heard, NULL) ? 0 : -ENOMEM;
}

int daemon_bus_start(struct daemon *daemon, int fd)
{
	struct daemon_bus *bus = calloc(1, sizeof(*bus));

	daemon->bus = bus;
	if (!bus)
		return -ENOMEM;
	bus->fd = fd;
	bus->seen = pins_map(&daemon->loader->pins, "bus", true);
	if (bus->seen < 0)
		return bus->seen;
	forget_all(daemon);
	bus->since_real_s = time(NULL);
	bus->state = AD_BUS_JOINING;
	return fd < 0 ? 0 : start(daemon);
}

void daemon_bus_stop(struct daemon *daemon)
{
	struct daemon_bus *bus = daemon->bus;

	if (!bus)
		return;
	daemon_bus_calls_end(daemon);
	part(bus);
	if (bus->seen >= 0)
		close(bus->seen);
	bus_book_free(bus->book);
	json_decref(bus->asked_reply);
	free(bus->sheds);
	known_nodes_free(&bus->known);
	free(bus->nodes_file);
	free(bus->losts);
	sodium_memzero(&bus->secret, sizeof(bus->secret));
	free(bus);
	daemon->bus = NULL;
}
