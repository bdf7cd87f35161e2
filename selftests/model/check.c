// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check.c: random packets in random worlds, to the program and to the model.
 *
 *   check VECTORS [ROUNDS [SEED]]
 *
 * VECTORS is the program tests' file: its network, its sockets and the base of its default options
 * are the ground on which each case puts its own fleet, flow table, hints and budgets. All that the
 * program does is compared: action, reason, echo, every field of the tunnel, its tag, and the
 * entries that it leaves behind. A case depends on nothing but SEED and its number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <linux/bpf.h>
#include <bpf/libbpf.h>
#include <sodium.h>
#include "selftests/tap.h"
#include "selftests/prog/complaints.h"
#include "selftests/prog/rig.h"
#include "selftests/prog/world.h"
#include "selftests/prog/zones.h"
#include "user/base/addr.h"
#include "user/status/reason.h"
#include "frame.h"
#include "model.h"

#define ROUNDS_DEFAULT 100000
#define SOCKETS_LAST_S 40 /* those in TIME_WAIT, and cookies */
#define DISAGREEMENTS  5  /* are enough to look at */
#define ENTRIES_MAX    48
#define HINT_S	       600
#define NOBODY_MS      3000
#define CLIENT_NEXT    1001 /* what follows the SYNs of selftests/prog/sockets.c */
#define OTHER_CLIENT   "198.51.100.77"

/* The fleet of selftests/prog/world.py, and what its network makes of each node. */
static const struct {
	__u16 id;
	__u8 unreachable, action;
} fleet[] = {
	{ 1, AD_CONTINUE, 0 },	     { 2, AD_CONTINUE, XDP_TX }, { 3, AD_CONTINUE, XDP_REDIRECT },
	{ 4, AD_R_NO_ROUTE, 0 },     { 5, AD_R_NO_NEIGH, 0 },	 { 6, AD_CONTINUE, XDP_TX },
	{ 7, AD_CONTINUE, XDP_TX },  { 8, AD_CONTINUE, XDP_TX }, { 9, AD_CONTINUE, XDP_REDIRECT },
	{ 20, AD_CONTINUE, XDP_TX },
};
#define FLEET (sizeof(fleet) / sizeof(fleet[0]))
#define US    1

/* Every end of the ladder: if a run misses one, the run was no proof. */
static const __u8 ladder_ends[] = {
	AD_R_DISARMED,	   AD_R_LOCAL_SYN,    AD_R_LOCAL_UNSTAMPED, AD_R_LOCAL_STAMP,
	AD_R_LOCAL_FLOW,   AD_R_LOCAL_SOCKET, AD_R_WRAP_STAMP,	    AD_R_WRAP_PIN,
	AD_R_WRAP_NEXT,	   AD_R_DIVERTED,     AD_R_NOBODY,	    AD_R_OWNER_DEAD,
	AD_R_TUNNEL_SYN,   AD_R_TUNNEL_HOPS,  AD_R_TUNNEL_ANSWER,   AD_R_NO_ROUTE,
	AD_R_NO_NEIGH,	   AD_R_WRAP_HUNT,    AD_R_WRAP_CLAIM,	    AD_R_WRAP_NO,
	AD_R_WRAP_CLAIMED, AD_R_UNASKED,      AD_R_NOBODY_AGAIN,    AD_R_BUDGET_HUNT,
	AD_R_BUDGET_GUESS, AD_R_BUDGET_DATA,  AD_R_BUDGET_SYN,	    AD_R_TUNNEL_PEER,
	AD_R_NOBODY_ONCE,  AD_R_SYN_REPEATED, AD_R_SYN_UNSERVED,
};

static const struct {
	const char *name;
	bool mortal;
} socket_names[] = {
	{ "est4", false },    { "est6", false },    { "half4", false },	 { "half6", false },
	{ "wait4", true },    { "wait6", true },    { "cookie4", true }, { "cookie6", true },
	{ "listen4", false }, { "listen6", false },
};
#define SOCKETS (sizeof(socket_names) / sizeof(socket_names[0]))

/* One case: what the program gets and what the model is told, from the same dice. */
struct trial {
	struct model_world world;
	struct model_packet packet;
	struct ad_tuple tuple;
	__u32 ack;
	__u32 noted; /* the number that its note is kept under: of a SYN, its own */
	__u64 prf;
	__u32 place;	  /* of its slot in the bucket */
	__u32 learned_s;  /* of the hint, and of the sources */
	__u16 hint_owner; /* as it stands in the table */
	bool hint_ours;	  /* and not another prefix's */
	__u32 asked_s;
	struct vector vector;
	struct entry entries[ENTRIES_MAX];
	__u8 store[ENTRIES_MAX][64 + 128];
	__u8 frame[256];
};

static struct trial trial;
static struct rig_result outcome;
static const struct options *options;
static const struct plan *plan;
static time_t started;
static __u64 mono_ns;
static __s64 stamp_wall_minus_mono_ms, real_minus_mono_ns;
static struct ad_keys keys;
static __u64 own_bits;

/* --- dice ------------------------------------------------------------------------------------- */

static __u64 dice_state;

/* splitmix64 */
static __u64 dice(void)
{
	__u64 z = dice_state += 0x9E3779B97F4A7C15ULL;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

static __u32 below(__u32 n)
{
	return dice() % n;
}

static bool one_in(__u32 n)
{
	return !below(n);
}

static __u16 any_node(void)
{
	return one_in(8) ? 40 : fleet[below(FLEET)].id; /* 40: nobody has heard of it */
}

static __u16 node_or_none(void)
{
	return one_in(3) ? 0 : any_node();
}

/* --- hashes and images ------------------------------------------------------------------------ */

static __u64 siphash(const void *key, const void *data, size_t bytes)
{
	__u64 hash;

	crypto_shorthash((unsigned char *)&hash, data, bytes, key);
	return hash;
}

static bool is_ip6(const struct trial *t)
{
	return !addr_is_ip4(&t->tuple.client);
}

static __u64 flow_prf(const struct ad_tuple *tuple)
{
	size_t skip = addr_is_ip4(&tuple->client) ? 12 : 0, half = 16 - skip;
	__u8 bytes[36];

	memcpy(bytes, tuple->client.b + skip, half);
	memcpy(bytes + half, tuple->vip.b + skip, half);
	memcpy(bytes + 2 * half, &tuple->client_port, 2);
	memcpy(bytes + 2 * half + 2, &tuple->vip_port, 2);
	return siphash(keys.stamp, bytes, 2 * half + 4);
}

static __u64 prefix_hash(const struct ad_addr *client)
{
	__u8 prefix[8] = {};

	if (addr_is_ip4(client)) {
		memcpy(prefix, client->b + 12, 3);
		prefix[7] = 4;
	} else {
		memcpy(prefix, client->b, 6);
		prefix[7] = 6;
	}
	return siphash(keys.stamp, prefix, sizeof(prefix));
}

static void set(struct trial *t, const char *map, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	size_t nr = t->vector.set.nr++;
	__u8 *store;

	if (nr >= ENTRIES_MAX)
		abort();
	store = t->store[nr];
	memcpy(store, key, key_len);
	memcpy(store + 64, value, value_len);
	t->entries[nr] = (struct entry){
		.map = (char *)map,
		.key = { store, key_len },
		.value = { store + 64, value_len },
	};
}

static void set_at(struct trial *t, const char *map, __u32 at, const void *value, size_t len)
{
	set(t, map, &at, sizeof(at), value, len);
}

/* --- a world ---------------------------------------------------------------------------------- */

static void node_address(__u16 id, struct ad_addr *addr)
{
	char text[32];

	snprintf(text, sizeof(text), "203.0.113.%u", id);
	addr_parse(text, addr);
}

static void roll_fleet(struct trial *t)
{
	for (size_t i = 0; i < FLEET; i++) {
		struct model_node *node = &t->world.nodes[fleet[i].id];
		struct ad_node image = {};

		node->unreachable = fleet[i].unreachable;
		node->known = fleet[i].id == US || !one_in(12);
		node->dead = fleet[i].id != US && one_in(6);
		node->draining = one_in(6);
		node_address(fleet[i].id, &image.tunnel);
		image.flags = (node->known ? AD_NODE_KNOWN : 0) | (node->dead ? AD_NODE_DEAD : 0) |
			      (node->draining ? AD_NODE_DRAINING : 0);
		set_at(t, "nodes", fleet[i].id, &image, sizeof(image));
	}
}

static void roll_state(struct trial *t)
{
	struct model_world *w = &t->world;
	struct ad_state image = {
		.stamp_wall_minus_mono_ms = stamp_wall_minus_mono_ms,
		.real_minus_mono_ns = real_minus_mono_ns,
		.own = own_bits,
	};

	w->us = US;
	w->armed = !one_in(50);
	w->draining = one_in(3);
	w->diverts = one_in(4);
	w->metered = one_in(4);
	w->listed = one_in(8);
	w->forwards = one_in(4);
	w->mono_ms = mono_ns / 1000000;
	w->wall_ms = w->mono_ms + (__u32)stamp_wall_minus_mono_ms;
	w->nr_successors = below(AD_SUCCESSOR_MAX + 1);
	for (__u32 i = 0; i < w->nr_successors; i++)
		w->successors[i] = image.successors[i] = any_node();
	w->successor_at = w->nr_successors ? (__u32)(t->prf >> 32) % w->nr_successors : 0;
	image.nr_successors = w->nr_successors;
	image.kept = one_in(3) ? 0 : (__u32)(t->prf >> 32) + below(2);
	w->kept = (__u32)(t->prf >> 32) < image.kept;
	image.unstamped = w->listed;
	image.flags = (w->armed ? AD_STATE_ARMED : 0) | (w->draining ? AD_STATE_DRAINING : 0) |
		      (w->metered ? AD_STATE_METERED : 0) | (w->forwards ? AD_STATE_FORWARDS : 0) |
		      (w->diverts ? AD_STATE_DIVERTS : 0);
	set_at(t, "state", 0, &image, sizeof(image));
	if (w->listed)
		set(t, "unstamped", &t->tuple, sizeof(t->tuple), &(__u32){ 1 }, 4);
}

/* A budget is without limit, or of one packet a second and just overdrawn. */
static void roll_hunt(struct trial *t)
{
	struct model_world *w = &t->world;
	struct ad_hunt image = { .hint_s = HINT_S, .nobody_ms = NOBODY_MS };
	__u64 until = mono_ns + 1;

	for (__u32 class = 0; class < AD_BUDGET_CLASSES; class ++) {
		w->spent[class] = one_in(8);
		if (!w->spent[class])
			continue;
		image.budgets[class][AD_BUDGET_ALL] = 1;
		set_at(t, "budgets", class * AD_BUDGET_BUCKETS, &until, sizeof(until));
	}
	w->nr_neighbours = one_in(4) ? 0 : below(6);
	for (__u32 i = 0; i < w->nr_neighbours; i++)
		w->neighbours[i] = image.neighbours[i] = any_node();
	image.nr_neighbours = w->nr_neighbours;
	set_at(t, "hunt", 0, &image, sizeof(image));
}

/* None, of another prefix, old, half through, or fresh; and a scout was sent just now, or not. */
static void roll_hint(struct trial *t)
{
	__u32 now_s = mono_ns / 1000000000, age_s = below(2 * HINT_S);
	__u64 hash = prefix_hash(&t->tuple.client);
	struct ad_hint image = { .tag = hash, .owner = node_or_none() };
	bool fresh;

	t->hint_ours = !one_in(6);
	if (!t->hint_ours)
		image.tag ^= 1;
	image.learned_s = t->learned_s = now_s - age_s;
	image.asked_s = t->asked_s = now_s - below(5);
	t->hint_owner = image.owner;
	fresh = image.owner && age_s <= HINT_S;
	if (t->hint_ours) {
		t->world.hint = fresh ? image.owner : 0;
		t->world.wants_scout =
			!(image.owner && age_s <= HINT_S / 2) && now_s - image.asked_s >= 2;
	} else {
		t->world.wants_scout = !fresh;
	}
	set_at(t, "hints", hash >> 32 & (AD_HINT_MAX - 1), &image, sizeof(image));
}

static void roll_sources(struct trial *t)
{
	__u32 now_s = mono_ns / 1000000000, late;
	struct ad_sources image = {};

	for (int i = 0; i < 2; i++) {
		image.owner[i] = node_or_none();
		image.last_s[i] = now_s - below(2 * HINT_S);
	}
	late = image.last_s[1] > image.last_s[0];
	for (int i = 0; i < 2; i++, late ^= 1)
		if (now_s - image.last_s[late] <= HINT_S)
			t->world.sources[i] = image.owner[late];
	set_at(t, "sources", 0, &image, sizeof(image));
}

/* Segments with timestamps are noted apart from those without; of a SYN nobody asks. */
static bool has_noted_timestamps(const struct trial *t)
{
	return t->packet.timestamps && (!t->packet.syn || t->packet.ack);
}

static __u32 note_tag(const struct trial *t, __u32 number, bool timestamps)
{
	return (__u32)t->prf ^ number ^ (timestamps ? ~0u : 0);
}

static void roll_nobody(struct trial *t)
{
	static const __u32 ranges_ms[] = { AD_SYN_AGAIN_MIN_MS, NOBODY_MS, 2 * NOBODY_MS,
					   2 * AD_SYN_AGAIN_MAX_MS, 2 * AD_NOBODY_ONCE_MS };
	bool noted = one_in(4), same = !one_in(4), timestamps = one_in(2);
	__u32 age_ms = below(ranges_ms[below(sizeof(ranges_ms) / sizeof(*ranges_ms))]);
	__u32 tag = note_tag(t, same ? t->noted : t->noted + 1, timestamps);
	__u64 word = noted ? (__u64)tag << 32 | (__u32)(t->world.mono_ms - age_ms) : 0;

	same = same && timestamps == has_noted_timestamps(t);
	t->world.noted_ms_ago = noted && same ? age_ms : ~0u;
	t->world.nobody = t->world.noted_ms_ago < NOBODY_MS;
	set_at(t, "nobodies", t->prf >> 32 & (AD_NOBODY_MAX - 1), &word, sizeof(word));
}

/* The first of a tick, one of sixty-four, or neither. */
static void roll_sample(struct trial *t)
{
	struct ad_flow_sample image = { .tick_ns = mono_ns };

	t->world.sampled = one_in(2);
	if (!t->world.sampled)
		image.nr = AD_SAMPLE_ALL + below(AD_SAMPLE_OF - AD_SAMPLE_ALL - 1);
	else if (one_in(2))
		image.nr = below(4) * AD_SAMPLE_OF + AD_SAMPLE_OF - 1;
	else if (one_in(2))
		image.tick_ns -= 1;
	set_at(t, "flow_sample", 0, &image, sizeof(image));
}

static void roll_flow(struct trial *t)
{
	__u32 bucket = t->prf >> 32 & options->values.flow_mask, seat = t->prf >> 61;
	__u32 now_s = mono_ns / 1000000000;
	struct model_flow *f = &t->world.flow;
	struct ad_flow_bucket slots = {};
	struct ad_flow image = { .client = t->tuple.client,
				 .client_port = t->tuple.client_port,
				 .vip_port = t->tuple.vip_port,
				 .vip = is_ip6(t),
				 .protocol = IPPROTO_TCP,
				 .last_s = now_s };

	f->kind = below(AD_FLOW_OURS + 1);
	if (!f->kind)
		return;
	t->world.flow_age_s = one_in(2) ? below(3) : below(one_in(4) ? 2 * MODEL_IDLE_S : 60);
	image.last_s -= t->world.flow_age_s;
	f->owner = f->kind == AD_FLOW_OURS ? US : any_node();
	f->flags = one_in(2) ? AD_FLOW_STAMPED : 0;
	if (one_in(3))
		f->flags |= AD_FLOW_CLOSING;
	if (f->kind == AD_FLOW_OURS && one_in(3))
		f->flags |= AD_FLOW_FORWARDED | (one_in(3) ? AD_FLOW_HALF_OPEN : 0);
	if (f->kind == AD_FLOW_PIN && one_in(2))
		f->flags |= AD_FLOW_DOUBTED;
	if (f->kind == AD_FLOW_TRANSIT && one_in(2))
		f->flags |= AD_FLOW_SCOUTED;
	image.kind = f->kind;
	image.owner = f->owner;
	image.flags = f->flags;
	t->place = one_in(2) ? seat : below(AD_FLOW_SLOTS);
	slots.slots[t->place] =
		(struct ad_flow_slot){ .tag = t->prf, .last_s = now_s, .kind = f->kind };
	set_at(t, "flow_tags", bucket, &slots, sizeof(slots));
	set_at(t, "flows", bucket * AD_FLOW_SLOTS + t->place, &image, sizeof(image));
}

/* --- a packet --------------------------------------------------------------------------------- */

static void roll_flags(struct model_packet *p)
{
	static const __u8 usual[] = { TH_ACK, TH_ACK,		TH_ACK,
				      TH_ACK, TH_ACK | TH_PUSH, TH_ACK | TH_FIN,
				      TH_RST, TH_RST | TH_ACK,	TH_SYN,
				      TH_SYN, TH_SYN | TH_ACK,	0 };
	__u8 flags = one_in(10) ? below(64) : usual[below(sizeof(usual))];

	p->syn = flags & TH_SYN;
	p->ack = flags & TH_ACK;
	p->rst = flags & TH_RST;
	p->fin = flags & TH_FIN;
	p->payload = one_in(2);
}

/* What the socket at the end of the flow would make of it, were it asked. */
static enum model_socket judge(const struct model_packet *p, enum socket_kind kind, bool right)
{
	switch (kind) {
	case SOCKET_ESTABLISHED:
		if (!right && p->ack)
			return MODEL_STRAY;
		return p->fin || p->rst ? MODEL_CLOSING : MODEL_ESTABLISHED;
	case SOCKET_HALF_OPEN:
		return right && p->ack ? MODEL_OURS : MODEL_HALF_OPEN;
	case SOCKET_TIME_WAIT:
		return right && p->ack ? MODEL_CLOSING : MODEL_TIME_WAIT;
	case SOCKET_COOKIE:
		return right && p->ack && !p->syn && !p->rst ? MODEL_COOKIE : MODEL_NO_SOCKET;
	default:
		return MODEL_NO_SOCKET;
	}
}

static void roll_stranger(struct trial *t)
{
	bool ip6 = one_in(2);

	addr_parse(ip6 ? "2001:db8:c::77" : OTHER_CLIENT, &t->tuple.client);
	addr_parse(ip6 ? "2001:db8:a::10" : "192.0.2.10", &t->tuple.vip);
	t->tuple.client_port = htons(1024 + below(30000));
	t->packet.listened = one_in(2);
	t->tuple.vip_port = htons(t->packet.listened ? 80 : 9999);
	t->ack = dice();
}

static void roll_tuple(struct trial *t)
{
	__u32 at = below(2 * SOCKETS);
	const struct socket_plan *socket;
	bool right = !one_in(3);

	if (at >= SOCKETS || (socket_names[at].mortal && time(NULL) - started > SOCKETS_LAST_S)) {
		roll_stranger(t);
		return;
	}
	socket = plan_socket(plan, socket_names[at].name);
	t->tuple = socket->tuple;
	t->ack = world_socket_next(socket_names[at].name) + (right ? 0 : 0x40000000);
	t->packet.socket = judge(&t->packet, socket->kind, right);
	t->packet.listened = true;
}

/* A stamp of anybody's, of any age that is worth a thought; a wrong one; noise; none. */
static void roll_stamp(struct trial *t)
{
	static const __u32 ages_ms[] = { 0,	  1,	   1000,    131072,  131073,
					 3932159, 3932160, 4194304, 8126463, 8126464,
					 8388608, 8388609, 12320768 };
	__u32 age_ms = one_in(2) ? below(60000) : ages_ms[below(sizeof(ages_ms) / 4)];
	__u32 fresh_ms = below(4004) - 2002;
	__u16 owner = one_in(3) ? US : any_node();
	struct model_packet *p = &t->packet;

	p->timestamps = !one_in(3);
	if (!p->timestamps)
		return;
	p->tsecr = one_in(12) ? 0 : dice();
	if (one_in(6))
		return;
	if (one_in(8))
		owner--;
	if (one_in(3))
		age_ms = fresh_ms;
	p->tsecr = t->world.wall_ms - age_ms + ((__u32)owner << MODEL_SHIFT) + (__u32)t->prf;
	if (one_in(10))
		p->tsecr += below(5);
}

static void roll_tunnel(const struct model_world *w, struct model_packet *p)
{
	if (one_in(2))
		return;
	do {
		p->peer = fleet[below(FLEET)].id;
	} while (p->peer == US);
	p->landing = one_in(2) ? US : any_node();
	p->why = p->syn && !p->ack && !one_in(8) ? AD_WHY_DIVERT : below(AD_WHY_NO + 1);
	p->hop = one_in(20) ? AD_HOP_LIMIT : 1 + below(AD_HOP_LIMIT - 1);
	p->marks = below(AD_TUNNEL_MARKS + 1);
	for (int i = 0; i < AD_CANDIDATES; i++)
		p->candidates[i] = node_or_none();
	if (one_in(2))
		p->candidates[below(AD_CANDIDATES)] = US;
	if (p->why == AD_WHY_CLAIM && !one_in(8))
		p->candidates[0] = p->peer;
	if (p->why >= AD_WHY_CLAIM && !one_in(8))
		p->landing = US;
}

/* --- its frame -------------------------------------------------------------------------------- */

static size_t put_tcp(__u8 *at, const struct trial *t)
{
	struct frame_segment segment = {
		.tuple = &t->tuple, .seq = CLIENT_NEXT, .ack = t->ack, .tsval = 4711
	};

	return frame_put_tcp(at, &segment, &t->packet);
}

/* Over the outer addresses, Geneve and option, the inner length, and the inner head. */
static __u64 tunnel_tag(const __u8 *outer, const __u8 *inner, size_t inner_len)
{
	size_t head = inner[0] >> 4 == 6 ? 40 : 20;
	const __u8 *geneve = outer + 28;
	__u8 covered[256];

	memcpy(covered, outer + 12, 8);
	memcpy(covered + 8, geneve, 8 + 20);
	covered[36] = inner_len >> 8;
	covered[37] = inner_len;
	covered[38] = covered[39] = 0;
	memcpy(covered + 40, inner, head + 20);
	return siphash(keys.tunnel[0].key, covered, 40 + head + 20);
}

static void put_option(struct ad_geneve_opt *option, const struct model_packet *p)
{
	*option = (struct ad_geneve_opt){
		.class = htons(AD_GENEVE_CLASS),
		.type = AD_GENEVE_TYPE,
		.len = AD_GENEVE_OPT_LEN,
		.landing = htons(p->landing),
		.hop_why = p->hop << 4 | p->why,
		.epoch = keys.tunnel[0].epoch,
		.time_s = htonl((mono_ns + real_minus_mono_ns) / 1000000000),
		.marks = htons(p->marks),
	};
	for (int i = 0; i < AD_CANDIDATES; i++)
		option->candidates[i] = htons(p->candidates[i]);
}

static size_t put_tunnel(__u8 *at, const struct trial *t, const __u8 *inner, size_t inner_len)
{
	struct udphdr *udp = (void *)(at + 20);
	struct ad_geneve *geneve = (void *)(at + 28);
	struct ad_geneve_opt *option = (void *)(at + 36);
	size_t udp_len = sizeof(*udp) + sizeof(*geneve) + sizeof(*option) + inner_len;
	struct ad_addr from, to;
	__u64 tag;

	node_address(t->packet.peer, &from);
	node_address(US, &to);
	frame_put_ip4(at, from.w[3], to.w[3], IPPROTO_UDP, udp_len);
	*udp = (struct udphdr){ .uh_sport = htons(50000),
				.uh_dport = htons(AD_TUNNEL_PORT),
				.uh_ulen = htons(udp_len) };
	*geneve =
		(struct ad_geneve){ .ver_optlen = 7,
				    .oam_crit = 0x40,
				    .protocol = htons(is_ip6(t) ? ETHERTYPE_IPV6 : ETHERTYPE_IP) };
	put_option(option, &t->packet);
	memcpy(at + 64, inner, inner_len);
	tag = tunnel_tag(at, inner, inner_len);
	memcpy(option->tag, &tag, sizeof(tag));
	return 64 + inner_len;
}

static void put_frame(struct trial *t)
{
	bool wrapped = t->packet.peer;
	__u8 inner[128], *at = t->frame;
	size_t tcp_len = put_tcp(inner + (is_ip6(t) ? 40 : 20), t);
	size_t len = tcp_len +
		     frame_put_ip(inner, &t->tuple.client, &t->tuple.vip, IPPROTO_TCP, tcp_len);

	memcpy(at, "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	at[12] = !wrapped && is_ip6(t) ? 0x86 : 0x08;
	at[13] = !wrapped && is_ip6(t) ? 0xdd : 0x00;
	if (wrapped)
		len = put_tunnel(at + 14, t, inner, len);
	else
		memcpy(at + 14, inner, len);
	t->vector.in = (struct bytes){ at, 14 + len };
}

static void roll(struct trial *t)
{
	memset(t, 0, sizeof(*t));
	t->vector.set.list = t->entries;
	roll_flags(&t->packet);
	roll_tuple(t);
	t->noted = t->packet.syn && !t->packet.ack ? CLIENT_NEXT : t->ack;
	t->prf = flow_prf(&t->tuple);
	t->world.prf_low = t->prf;
	roll_state(t);
	roll_fleet(t);
	roll_hunt(t);
	roll_hint(t);
	roll_sources(t);
	roll_sample(t);
	roll_flow(t);
	roll_stamp(t);
	roll_nobody(t);
	roll_tunnel(&t->world, &t->packet);
	put_frame(t);
}

/* --- comparison ------------------------------------------------------------------------------- */

static void same(const char *what, __u64 got, __u64 expected)
{
	if (got != expected)
		complain("%s: program %llu, model %llu\n", what, got, expected);
}

static __u32 reason_counted(const struct counts *before, const struct counts *after)
{
	__u32 found = AD_CONTINUE;

	for (__u32 i = 0; i < AD_REASON_MAX; i++) {
		if (after->packets[i] == before->packets[i])
			continue;
		if (found)
			complain("two reasons were counted\n");
		found = i;
	}
	return found;
}

static __u32 action_of(__u32 reason)
{
	return strcmp(reason_table[reason].action, "drop") ? XDP_PASS : XDP_DROP;
}

static __u32 action_towards(__u16 id)
{
	for (size_t i = 0; i < FLEET; i++)
		if (fleet[i].id == id)
			return fleet[i].action;
	return 0;
}

static void compare_sent(const struct model_result *r)
{
	const __u8 *outer = outcome.frame + 14, *inner = outer + 64;
	struct ad_geneve_opt option;
	struct iphdr ip;
	struct ad_addr to;
	__u64 tag;

	node_address(r->target, &to);
	memcpy(&ip, outer, sizeof(ip));
	memcpy(&option, outer + 36, sizeof(option));
	same("target", ntohl(ip.daddr), ntohl(to.w[3]));
	same("landing", ntohs(option.landing), r->landing);
	same("hop", option.hop_why >> 4, r->hop);
	same("why", option.hop_why & 15, r->why);
	for (int i = 0; i < AD_CANDIDATES; i++)
		same("candidate", ntohs(option.candidates[i]), r->candidates[i]);
	same("marks", ntohs(option.marks), r->marks);
	tag = tunnel_tag(outer, inner, outcome.len - 14 - 64);
	if (memcmp(&tag, option.tag, sizeof(tag)))
		complain("the tag is wrong\n");
}

/* What passes is a packet without its tunnel, and without its stamp if it was ours. */
static void compare_passed(const struct trial *t, const struct model_result *r)
{
	size_t tcp = 14 + (is_ip6(t) ? 40 : 20);
	__be32 tsecr;

	if (!t->packet.timestamps)
		return;
	memcpy(&tsecr, outcome.frame + tcp + 28, sizeof(tsecr));
	same("echo", ntohl(tsecr), r->unstamped ? r->tsecr : t->packet.tsecr);
}

static void compare_flow(const struct rig *rig, const struct trial *t, const struct model_result *r)
{
	const struct ad_flow *flow =
		rig_flow(rig, t->prf >> 32 & options->values.flow_mask, t->prf);

	same("kind of flow", flow ? flow->kind : 0, r->flow.kind);
	if (!flow || flow->kind != r->flow.kind)
		return;
	same("owner of flow", flow->owner, r->flow.owner);
	same("flags of flow", flow->flags, r->flow.flags);
}

static bool entry_is(const struct rig *rig, const char *map, __u32 at, const void *value,
		     size_t len)
{
	const struct entry entry = {
		.map = (char *)map,
		.key = { (__u8 *)&at, sizeof(at) },
		.value = { (__u8 *)value, len },
	};

	return rig_entry_is(rig, &entry);
}

static void compare_memory(const struct rig *rig, const struct trial *t,
			   const struct model_result *r)
{
	__u64 word = (__u64)note_tag(t, t->noted, has_noted_timestamps(t)) << 32 | t->world.mono_ms;
	__u64 hash = prefix_hash(&t->tuple.client);
	struct ad_hint hint = { .tag = hash,
				.owner = r->learned,
				.asked_s = t->asked_s,
				.learned_s = mono_ns / 1000000000 };

	if (r->nobody && !t->world.nobody &&
	    !entry_is(rig, "nobodies", t->prf >> 32 & (AD_NOBODY_MAX - 1), &word, sizeof(word)))
		complain("the no was not noted\n");
	if (r->learned &&
	    !entry_is(rig, "hints", hash >> 32 & (AD_HINT_MAX - 1), &hint, sizeof(hint)))
		complain("the claim taught nothing\n");
}

static void tell(const struct trial *t, __u64 number, __u32 got, __u32 expected)
{
	const struct model_packet *p = &t->packet;
	const struct model_world *w = &t->world;

	diag("case %llu: program %s, model %s\n%s", number, got ? reason_label(got) : "nothing",
	     reason_label(expected), complaints);
	diag("packet: syn %d ack %d rst %d fin %d payload %d timestamps %d tsecr %u socket %d",
	     p->syn, p->ack, p->rst, p->fin, p->payload, p->timestamps, p->tsecr, p->socket);
	diag("tunnel: peer %u landing %u why %u hop %u marks %u candidates %u %u %u", p->peer,
	     p->landing, p->why, p->hop, p->marks, p->candidates[0], p->candidates[1],
	     p->candidates[2]);
	diag("world: armed %d draining %d diverts %d kept %d metered %d listed %d nobody %d hint "
	     "%u sources %u %u "
	     "successors %u neighbours %u",
	     w->armed, w->draining, w->diverts, w->kept, w->metered, w->listed, w->nobody, w->hint,
	     w->sources[0], w->sources[1], w->nr_successors, w->nr_neighbours);
	diag("flow: kind %u flags %u owner %u", w->flow.kind, w->flow.flags, w->flow.owner);
	for (size_t i = 0; i < FLEET; i++)
		if (!w->nodes[fleet[i].id].known || w->nodes[fleet[i].id].dead)
			diag("node %u: %s", fleet[i].id,
			     w->nodes[fleet[i].id].known ? "dead" : "unknown");
}

/* True: both did the same. */
static bool play(struct rig *rig, __u64 number, __u64 *reached)
{
	static struct counts before, after;
	struct model_result r;
	__u32 got;

	roll(&trial);
	trial.world.heard = number & 1;
	r = model_decide(&trial.world, &trial.packet);
	reached[r.reason]++;
	*complaints = '\0';
	if (rig_prepare(rig, &trial.vector) || rig_counts(rig, &before) ||
	    rig_run(rig, &trial.vector, false, &trial.vector.in, &outcome) ||
	    rig_counts(rig, &after)) {
		diag("case %llu could not be played", number);
		return false;
	}
	got = reason_counted(&before, &after);
	same("reason", got, r.reason);
	same("action", outcome.retval, r.sent ? action_towards(r.target) : action_of(r.reason));
	if (got == r.reason && r.sent)
		compare_sent(&r);
	if (got == r.reason && outcome.retval == XDP_PASS)
		compare_passed(&trial, &r);
	compare_flow(rig, &trial, &r);
	compare_memory(rig, &trial, &r);
	if (*complaints)
		tell(&trial, number, got, r.reason);
	return !*complaints;
}

/* --- the ground ------------------------------------------------------------------------------- */

static void read_base(const struct options *o)
{
	struct ad_state state;

	mono_ns = o->values.fixed_mono_ns;
	for (size_t i = 0; i < o->base.nr; i++) {
		if (!strcmp(o->base.list[i].map, "keys"))
			memcpy(&keys, o->base.list[i].value.data, sizeof(keys));
		if (strcmp(o->base.list[i].map, "state"))
			continue;
		memcpy(&state, o->base.list[i].value.data, sizeof(state));
		stamp_wall_minus_mono_ms = state.stamp_wall_minus_mono_ms;
		real_minus_mono_ns = state.real_minus_mono_ns;
		own_bits = state.own;
	}
}

static int open_sockets(void)
{
	int err = 0;

	for (size_t i = 0; !err && i < SOCKETS; i++)
		err = world_socket_open(plan_socket(plan, socket_names[i].name));
	started = time(NULL);
	return err;
}

/*
 * What is heard is a matter of the kernel's clock: one program has a second that never ends, the
 * other one that has no time.
 */
static int open_rig(bool hears, struct rig **rig)
{
	static struct options changed;

	changed = *options;
	changed.values.hz = hears ? ~0u : 0;
	return zones_mount() ?: rig_open(&changed, rig);
}

static int lay_ground(const char *path)
{
	struct plan *read;
	int err;

	if (sodium_init() < 0)
		return -EIO;
	err = plan_read(path, &read);
	if (err)
		return err;
	plan = read;
	options = plan->options.list[0];
	read_base(options);
	err = world_enter(plan);
	return err ?: open_sockets();
}

static void report(const __u64 *reached, __u64 rounds)
{
	for (size_t i = 0; i < sizeof(ladder_ends); i++) {
		__u64 times = reached[ladder_ends[i]];

		diag("%10llu %s", times, reason_label(ladder_ends[i]));
		if (rounds >= ROUNDS_DEFAULT)
			ok(times, "%s was reached", reason_label(ladder_ends[i]));
	}
}

/* The cases whose numbers are even, or odd. Returns how many were played. */
static __u64 play_half(bool hears, __u64 seed, __u64 rounds, __u64 *reached, int *differ)
{
	struct rig *rig;
	__u64 i, nr = 0;

	if (open_rig(hears, &rig)) {
		++*differ;
		return 0;
	}
	for (i = hears; i < rounds && *differ < DISAGREEMENTS; i += 2, nr++) {
		dice_state = seed + i * 0x632BE59BD9B4E019ULL;
		*differ += !play(rig, i, reached);
	}
	rig_close(rig);
	return nr;
}

int main(int argc, char **argv)
{
	__u64 rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : ROUNDS_DEFAULT, played;
	__u64 seed = argc > 3 ? strtoull(argv[3], NULL, 0) : randombytes_random();
	__u64 reached[AD_REASON_MAX] = {};
	int err, differ = 0;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: %s VECTORS [ROUNDS [SEED]]\n", argv[0]);
		return 2;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	err = lay_ground(argv[1]);
	if (!ok(!err, "the program, its sockets and its network are there")) {
		diag("%s", strerror(-err));
		return done_testing();
	}
	played = play_half(false, seed, rounds, reached, &differ);
	played += play_half(true, seed, rounds, reached, &differ);
	ok(!differ, "the model and the program agree on %llu packets, seed %llu", played, seed);
	report(reached, rounds);
	return done_testing();
}
