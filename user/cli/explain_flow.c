// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * explain_flow.c: which node owns a flow, and why (explain_flow.h).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "bpf/flow/stamp.h"
#include "explain_flow.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/output.h"
#include "user/config/failure.h"
#include "user/fleet/hunt.h"
#include "user/flows/flow_text.h"
#include "user/state/prf.h"
#include "user/status/reason.h"
#include "user/status/view.h"
#include "user/trace/trace_text.h"

struct explaining {
	struct view view;
	struct ad_tuple tuple;
	__u32 tsecr;
	struct ad_state state;
	struct ad_node *nodes;
	__u32 nr_nodes;
	struct flow_facts facts;
	struct flow_verdict verdict;
	struct ad_hunt plan;
};

/* --- the ladder ------------------------------------------------------------------------------- */

static bool is_alive(const struct flow_facts *facts, __u16 id)
{
	return (facts->node_flags(facts->arg, id) & (AD_NODE_KNOWN | AD_NODE_DEAD)) ==
	       AD_NODE_KNOWN;
}

static struct flow_verdict ours(const struct flow_facts *facts, enum ad_reason reason)
{
	return (struct flow_verdict){ reason, facts->self };
}

/* Rung 2. No reason: it says nothing. */
static struct flow_verdict judge_stamp(const struct flow_facts *facts)
{
	__u16 next = facts->stamp + 1, other = 0;
	bool names_us = facts->stamp == facts->self || next == facts->self;

	if (facts->stamped != FLOW_YES)
		return (struct flow_verdict){ 0 };
	if (stamp_is_fresh(facts->stamp_age_ms) && facts->stamp != facts->self &&
	    is_alive(facts, facts->stamp))
		return (struct flow_verdict){ AD_R_WRAP_STAMP, facts->stamp };
	if (names_us && facts->socket.known)
		return ours(facts, AD_R_LOCAL_STAMP);
	if (facts->stamp != facts->self && is_alive(facts, facts->stamp))
		other = facts->stamp;
	else if (next != facts->self && is_alive(facts, next))
		other = next;
	if (!other)
		return (struct flow_verdict){ 0 };
	return facts->socket.known ? ours(facts, AD_R_LOCAL_SOCKET)
				   : (struct flow_verdict){ AD_R_WRAP_STAMP, other };
}

/* Rung 3, likewise. */
static struct flow_verdict judge_table(const struct flow_facts *facts)
{
	const struct ad_flow *entry = &facts->entry;
	bool leads = entry->kind == AD_FLOW_PIN ||
		     (entry->kind == AD_FLOW_TRANSIT && !facts->socket.known);

	if (!facts->has_entry || !leads || entry->owner == facts->self)
		return (struct flow_verdict){ 0 };
	if (is_alive(facts, entry->owner))
		return (struct flow_verdict){ AD_R_WRAP_PIN, entry->owner };
	if (entry->kind != AD_FLOW_PIN)
		return (struct flow_verdict){ 0 };
	return (struct flow_verdict){ AD_R_OWNER_DEAD, entry->owner };
}

struct flow_verdict explain_flow_judge(const struct flow_facts *facts)
{
	bool forwarded = facts->has_entry && facts->entry.kind == AD_FLOW_OURS &&
			 facts->entry.flags & AD_FLOW_FORWARDED;
	struct flow_verdict verdict;

	if (!facts->is_vip)
		return (struct flow_verdict){ AD_R_FOREIGN, 0 };
	if (!facts->is_armed)
		return (struct flow_verdict){ AD_R_DISARMED,
					      facts->socket.known ? facts->self : 0 };
	if (facts->unstamped == FLOW_YES && facts->socket.known)
		return ours(facts, AD_R_LOCAL_UNSTAMPED);
	verdict = judge_stamp(facts);
	if (!verdict.reason)
		verdict = judge_table(facts);
	if (verdict.reason)
		return verdict;
	if (facts->socket.known)
		return ours(facts, AD_R_LOCAL_SOCKET);
	if (forwarded)
		return ours(facts, AD_R_LOCAL_FLOW);
	return (struct flow_verdict){ AD_R_WRAP_HUNT, 0 };
}

/* --- the facts -------------------------------------------------------------------------------- */

static __u32 node_flags(void *arg, __u16 id)
{
	const struct explaining *x = arg;

	return id && id < x->nr_nodes ? x->nodes[id].flags : 0;
}

static int each_flow(const struct ad_flow *flow, void *arg)
{
	struct explaining *x = arg;
	struct ad_addr vip = names_vip(&x->view.names, flow->vip);

	if (flow->client_port != x->tuple.client_port || flow->vip_port != x->tuple.vip_port ||
	    addr_compare(&flow->client, &x->tuple.client) || addr_compare(&vip, &x->tuple.vip))
		return 0;
	x->facts.has_entry = true;
	x->facts.entry = *flow;
	return 1;
}

/* FLOW_UNREADABLE, or whether there is an entry, which is copied to @value. */
static enum flow_known look_up(struct explaining *x, const char *map, const void *key, void *value)
{
	enum flow_known known;
	int fd = pins_map(&x->view.pins, map, false);

	if (fd < 0)
		return FLOW_UNREADABLE;
	known = bpf_map_lookup_elem(fd, key, value) ? FLOW_NO : FLOW_YES;
	close(fd);
	return known;
}

static void read_stamp(struct explaining *x)
{
	__u32 zero = 0, shift = 32 - x->view.meta.owner_bits, now, prf;
	struct ad_keys keys;

	if (!x->tsecr)
		return;
	x->facts.stamped = look_up(x, "keys", &zero, &keys);
	if (x->facts.stamped != FLOW_YES)
		return;
	now = clock_mono_us() / 1000 + (__u32)x->state.stamp_wall_minus_mono_ms;
	prf = prf_of_tuple(&x->tuple, keys.stamp);
	x->facts.stamp = stamp_decode(x->tsecr, now, shift, prf);
	x->facts.stamp_age_ms = stamp_age_ms(x->tsecr, now, shift, prf);
	explicit_bzero(&keys, sizeof(keys));
}

static int read_socket(struct explaining *x)
{
	struct mnl_socket *nl = sockets_open();
	int err = nl ? sockets_find(nl, &x->tuple, &x->facts.socket) : -errno;

	sockets_close(nl);
	return err == -ENOENT ? 0 : err;
}

static int read_facts(struct explaining *x)
{
	struct ad_local local = { 0 };
	__u32 last;
	int err = pins_read_state(&x->view.pins, &x->state);

	x->nodes = calloc(AD_NODE_ID_MAX + 1, sizeof(*x->nodes));
	if (!x->nodes)
		return -ENOMEM;
	err = err ?: pins_read_nodes(&x->view.pins, x->nodes, &x->nr_nodes);
	err = err ?: read_socket(x);
	if (!err)
		err = pins_each_flow(&x->view.pins, each_flow, x);
	if (err < 0)
		return err;
	x->facts.is_vip = look_up(x, "locals", &x->tuple.vip, &local) == FLOW_YES &&
			  local.flags & AD_LOCAL_VIP_TCP;
	x->facts.is_armed = x->state.flags & AD_STATE_ARMED && !(local.flags & AD_LOCAL_UNARMED);
	x->facts.unstamped = look_up(x, "unstamped", &x->tuple, &last);
	x->facts.self = x->view.meta.node_id;
	x->facts.node_flags = node_flags;
	x->facts.arg = x;
	read_stamp(x);
	if (x->view.config)
		hunt_plan(x->view.config, &x->plan);
	return 0;
}

/* --- in words --------------------------------------------------------------------------------- */

static const char *name_of(const struct explaining *x, __u16 id, char text[NAME_TEXT])
{
	return names_format(&x->view.names, id, text);
}

static void print_socket(const struct explaining *x)
{
	const struct socket_info *socket = &x->facts.socket;

	if (!socket->known)
		puts("socket     none on this host");
	else if (socket->rtt_us)
		printf("socket     open on this host, round-trip time %.1f ms\n",
		       socket->rtt_us / 1e3);
	else
		puts("socket     open on this host");
}

static void print_entry(const struct explaining *x)
{
	const struct ad_flow *entry = &x->facts.entry;
	char name[NAME_TEXT], text[UNIT_TEXT];

	if (!x->facts.has_entry) {
		puts("table      no entry");
		return;
	}
	printf("table      %s, owner %s, silent for %s%s\n", flow_kind(entry->kind),
	       name_of(x, entry->owner, name),
	       unit_duration(flow_seconds(x->view.names.now_s, entry->last_s), text),
	       entry->flags & AD_FLOW_FORWARDED ? ", forwarded to a server" : "");
}

static void print_stamp(const struct explaining *x)
{
	char name[NAME_TEXT];

	if (!x->tsecr)
		puts("stamp      not given (--tsecr N)");
	else if (x->facts.stamped == FLOW_UNREADABLE)
		puts("stamp      only root may read it");
	else
		printf("stamp      %s, %.1f s old%s\n", name_of(x, x->facts.stamp, name),
		       x->facts.stamp_age_ms / 1e3,
		       node_flags((void *)x, x->facts.stamp)
			       ? ""
			       : "; no node of the fleet, so no stamp");
}

static void print_asked(const struct explaining *x)
{
	const char *before = "asked      ";
	char name[NAME_TEXT];

	for (__u32 i = 0; i < x->plan.nr_neighbours && i < AD_CANDIDATES; i++) {
		printf("%s%s", before, name_of(x, x->plan.neighbours[i], name));
		before = ", ";
	}
	if (x->plan.nr_neighbours)
		puts(", unless others are likelier by what was learned from claims; explain it "
		     "there");
	else
		puts("asked      nobody: there is no other node");
}

static int print_text(const struct explaining *x)
{
	static const char *const listed[] = { "not listed", "listed", "only root may look" };
	char client[ENDPOINT_TEXT], vip[ENDPOINT_TEXT], name[NAME_TEXT];
	const char *rung = trace_rung(x->verdict.reason);

	printf("flow       %s > %s\n",
	       endpoint_format(&x->tuple.client, x->tuple.client_port, client),
	       endpoint_format(&x->tuple.vip, x->tuple.vip_port, vip));
	print_socket(x);
	print_entry(x);
	printf("unstamped  %s\n", listed[x->facts.unstamped]);
	print_stamp(x);
	printf("owner      %s%s%s\n",
	       x->verdict.owner ? name_of(x, x->verdict.owner, name) : "not known here",
	       rung ? ", by rung " : "", rung ?: "");
	if (x->verdict.reason == AD_R_WRAP_HUNT)
		print_asked(x);
	printf("its next   %s: %s\n", reason_table[x->verdict.reason].label,
	       reason_table[x->verdict.reason].help);
	return EXIT_OK;
}

/* --- in JSON ---------------------------------------------------------------------------------- */

static json_t *socket_json(const struct socket_info *socket)
{
	if (!socket->known)
		return json_null();
	return json_pack("{s:I, s:b}", "rtt_us", (json_int_t)socket->rtt_us, "timestamps",
			 socket->timestamps);
}

static json_t *entry_json(const struct explaining *x)
{
	const struct ad_flow *entry = &x->facts.entry;

	if (!x->facts.has_entry)
		return json_null();
	return json_pack("{s:s, s:o, s:I, s:b}", "kind", flow_kind(entry->kind), "owner",
			 names_node_json(&x->view.names, entry->owner), "idle_s",
			 (json_int_t)flow_seconds(x->view.names.now_s, entry->last_s), "forwarded",
			 !!(entry->flags & AD_FLOW_FORWARDED));
}

static json_t *stamp_json(const struct explaining *x)
{
	if (x->facts.stamped != FLOW_YES)
		return json_null();
	return json_pack("{s:o, s:f}", "owner", names_node_json(&x->view.names, x->facts.stamp),
			 "age_s", x->facts.stamp_age_ms / 1e3);
}

static json_t *asked_json(const struct explaining *x)
{
	json_t *list = json_array();

	for (__u32 i = 0;
	     x->verdict.reason == AD_R_WRAP_HUNT && i < x->plan.nr_neighbours && i < AD_CANDIDATES;
	     i++)
		json_array_append_new(list, names_node_json(&x->view.names, x->plan.neighbours[i]));
	return list;
}

static int print_json(const struct explaining *x)
{
	char client[ADDR_TEXT], vip[ADDR_TEXT];
	const char *rung = trace_rung(x->verdict.reason);
	json_t *unstamped = x->facts.unstamped == FLOW_UNREADABLE
				    ? json_null()
				    : json_boolean(x->facts.unstamped == FLOW_YES);

	return output_json(json_pack(
		"{s:s, s:i, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "client",
		addr_format(&x->tuple.client, client), "client_port", ntohs(x->tuple.client_port),
		"vip", addr_format(&x->tuple.vip, vip), "vip_port", ntohs(x->tuple.vip_port),
		"socket", socket_json(&x->facts.socket), "table", entry_json(x), "unstamped",
		unstamped, "stamp", stamp_json(x), "owner",
		names_node_json(&x->view.names, x->verdict.owner), "rung",
		rung ? json_string(rung) : json_null(), "asked", asked_json(x), "reason",
		reason_table[x->verdict.reason].label));
}

/* --- the command ------------------------------------------------------------------------------ */

static int parse_endpoint(const char *word, struct ad_addr *addr, __be16 *port)
{
	__u16 number = 0;
	int err = addr_parse_endpoint(word, addr, &number);

	*port = htons(number);
	return err ?: number && (addr->q[0] || addr->q[1]) ? 0 : -EINVAL;
}

bool explain_is_endpoint(const char *word)
{
	struct ad_addr addr;
	__be16 port;

	return !parse_endpoint(word, &addr, &port);
}

static int explain_it(struct explaining *x)
{
	int err = read_facts(x);

	if (err)
		return view_failed(&x->view, "the flow", err);
	x->verdict = explain_flow_judge(&x->facts);
	return x->view.globals->json ? print_json(x) : print_text(x);
}

int explain_flow(const struct globals *globals, const char *client, const char *vip, __u32 tsecr)
{
	struct explaining x = { .tsecr = tsecr };
	int code;

	if (!vip || parse_endpoint(client, &x.tuple.client, &x.tuple.client_port) ||
	    parse_endpoint(vip, &x.tuple.vip, &x.tuple.vip_port) ||
	    addr_is_ip4(&x.tuple.client) != addr_is_ip4(&x.tuple.vip))
		return fail(globals, EXIT_USAGE,
			    "explain: a flow is CLIENT:PORT VIP:PORT of one family, such as "
			    "198.51.100.7:40000 192.0.2.53:443 or [2001:db8::7]:40000 "
			    "[2001:db8:53::53]:443");
	code = view_open(&x.view, globals);
	if (code)
		return code;
	code = explain_it(&x);
	free(x.nodes);
	view_close(&x.view);
	return code;
}
