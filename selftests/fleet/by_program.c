// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * by_program.c: nodes that are the real programs. Each has its own maps, and a network namespace
 * with its own sockets; what one sends is, byte for byte, what the next one gets.
 *
 * The programs' clock stands still (maps/types.h, fixed_mono_ns). Time passes in that the wall
 * clock of the stamps moves on and all that a node remembers is dated back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <linux/if_link.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sodium.h>
#include "selftests/model/frame.h"
#include "user/base/addr.h"
#include "user/status/reason.h"
#include "anydoor.skel.h"
#include "fleet.h"

#define NODES		   6
#define FLOWS		   48
#define MONO_NS		   500000123000000ull
#define REAL_MINUS_MONO_NS 1790000000250000000ll
#define FLOW_MASK	   63
#define BUCKETS		   (FLOW_MASK + 1)
#define VIP		   "192.0.2.10"
#define MAX_WINDOW	   4096
#define ETH		   14
#define IP		   20
#define OUTER		   64 /* IPv4, UDP, Geneve and option */

struct program {
	struct anydoor_bpf *skel;
	int netns, listener, sockets[FLOWS];
	struct ad_state *state;
	struct ad_flow_bucket *tags;
	struct ad_flow *flows;
	__u64 counted[AD_REASON_MAX];
	bool listed[FLOWS];
};
static struct program programs[NODES];
static int entered = -1;
static __u64 aged_ms;
/* The flow table of the node that had the last packet, as it was before. */
static struct ad_flow_bucket tags_before[BUCKETS];
static struct ad_flow flows_before[BUCKETS * AD_FLOW_SLOTS];

static int fail(const char *what)
{
	int err = -errno;

	fprintf(stderr, "fleet: %s: %s\n", what, strerror(-err));
	return err ?: -EIO;
}

static int enter(__u16 node)
{
	if (entered == node)
		return 0;
	entered = node;
	return setns(programs[node].netns, CLONE_NEWNET) ? fail("setns") : 0;
}

static void tunnel_address(__u16 node, bool reachable, struct ad_addr *addr)
{
	char text[32];

	snprintf(text, sizeof(text), "203.0.%d.%d", reachable ? 113 : 114, 1 + node);
	addr_parse(text, addr);
}

/* --- a host ----------------------------------------------------------------------------------- */

static int build_network(__u16 node)
{
	FILE *ip = popen("ip -batch -", "w");

	if (!ip)
		return fail("ip");
	fprintf(ip,
		"link set lo up\n"
		"link add name up0 type veth peer name up1\n"
		"link set up0 up\nlink set up1 up\n"
		"addr add 10.0.0.2/24 dev up0\n"
		"addr add " VIP "/32 dev lo\naddr add 203.0.113.%d/32 dev lo\n"
		"neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev up0 nud permanent\n"
		"route add 203.0.113.0/24 via 10.0.0.1 dev up0\n"
		"route add 198.18.0.0/15 via 10.0.0.1 dev up0\n",
		1 + node);
	return pclose(ip) ? fail("ip -batch") : 0;
}

static int allow_forwarding(void)
{
	int fd = open("/proc/sys/net/ipv4/conf/lo/forwarding", O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, "1", 1) == 1;

	if (fd >= 0)
		close(fd);
	return good ? 0 : fail("lo/forwarding");
}

static int set(const struct bpf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY) ? fail(bpf_map__name(map))
									  : 0;
}

static int set_at(const struct bpf_map *map, __u32 at, const void *value)
{
	return set(map, &at, value);
}

static void keep_small(struct anydoor_bpf *skel)
{
	struct bpf_program *program = NULL;
	struct bpf_map *map = NULL;

	while ((program = bpf_object__next_program(skel->obj, program)))
		bpf_program__set_autoload(program, program == skel->progs.packet ||
							   program == skel->progs.egress);
	while ((map = bpf_object__next_map(skel->obj, map)))
		if (!strncmp(bpf_map__name(map), "dns_", 4))
			bpf_map__set_autocreate(map, false);
	bpf_map__set_max_entries(skel->maps.nodes, MODEL_NODES);
	bpf_map__set_max_entries(skel->maps.peer_ids, MODEL_NODES);
	bpf_map__set_max_entries(skel->maps.peers, MODEL_NODES);
	bpf_map__set_max_entries(skel->maps.flow_tags, BUCKETS);
	bpf_map__set_max_entries(skel->maps.flows, BUCKETS * AD_FLOW_SLOTS);
}

static void *see(const struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static int load(struct program *p, const struct fleet_node *node)
{
	struct anydoor_bpf *skel = p->skel = anydoor_bpf__open();

	if (!skel)
		return fail("open");
	skel->rodata->opt = (struct ad_options){
		.fixed_mono_ns = MONO_NS,
		.flow_mask = FLOW_MASK,
		.flow_idle_s = MODEL_IDLE_S,
		.node_id = node->id,
		.tunnel_port = htons(AD_TUNNEL_PORT),
		.mss_overhead = 84,
		.stamp_shift = MODEL_SHIFT,
		.tunnel_version = AD_TUNNEL_SENDS,
	};
	keep_small(skel);
	bpf_program__set_flags(skel->progs.packet, 1U << 5); /* BPF_F_XDP_HAS_FRAGS */
	if (anydoor_bpf__load(skel))
		return fail("load");
	p->state = see(skel->maps.state);
	p->tags = see(skel->maps.flow_tags);
	p->flows = see(skel->maps.flows);
	/* Attached, it has a receive queue, and a run need not rebuild the kernel's dispatcher. */
	if (!p->state || !p->tags || !p->flows ||
	    bpf_xdp_attach(if_nametoindex("up0"), bpf_program__fd(skel->progs.packet),
			   XDP_FLAGS_DRV_MODE, NULL))
		return fail("attach");
	return 0;
}

static int listen_to(struct program *p)
{
	struct sockaddr_in vip = { .sin_family = AF_INET, .sin_port = htons(80) };
	int on = 1;

	inet_pton(AF_INET, VIP, &vip.sin_addr);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(p->listener, (struct sockaddr *)&vip, sizeof(vip)) || listen(p->listener, 1))
		return fail("listen");
	return 0;
}

static int fill(struct fleet *f, __u16 node)
{
	struct program *p = &programs[node];
	struct ad_keys keys = { .stamp = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 },
				.tunnel = { { .key = { 1, 2 }, .epoch = 7, .valid = 1 } } };
	struct ad_local vip = { .vip = 1, .flags = AD_LOCAL_VIP_TCP };
	struct ad_local tunnel = { .flags = AD_LOCAL_TUNNEL };
	struct ad_addr vip_address, own;
	int err;

	addr_parse(VIP, &vip_address);
	tunnel_address(node, true, &own);
	p->state->own = AD_OWN_BIT(&vip_address) | AD_OWN_BIT(&own);
	p->state->real_minus_mono_ns = REAL_MINUS_MONO_NS;
	err = set_at(p->skel->maps.keys, 0, &keys) ?:
	      set(p->skel->maps.locals, &vip_address, &vip) ?:
	      set(p->skel->maps.locals, &own, &tunnel);
	for (__u32 i = 0; !err && i < NODES; i++) {
		__u32 id = f->nodes[i].id;

		tunnel_address(i, true, &own);
		err = set(p->skel->maps.peer_ids, &own, &id);
	}
	return err;
}

static int raise(struct fleet *f, __u16 node)
{
	struct program *p = &programs[node];
	int err;

	if (unshare(CLONE_NEWNET))
		return fail("unshare");
	p->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	memset(p->sockets, -1, sizeof(p->sockets));
	entered = node;
	err = build_network(node);
	return err ?: allow_forwarding() ?: load(p, &f->nodes[node]) ?: listen_to(p) ?: fill(f, node);
}

/* --- what a node remembers ---------------------------------------------------------------------
 */

static __u64 prefix_hash(const struct ad_addr *client)
{
	static const __u8 key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	__u8 prefix[8] = { [7] = 4 };
	__u64 hash;

	memcpy(prefix, client->b + 12, 3);
	crypto_shorthash((unsigned char *)&hash, prefix, sizeof(prefix), key);
	return hash;
}

static void age_table(struct program *p, __u32 seconds)
{
	for (int i = 0; i < BUCKETS; i++)
		for (int j = 0; j < AD_FLOW_SLOTS; j++) {
			p->tags[i].slots[j].last_s -= seconds;
			p->flows[i * AD_FLOW_SLOTS + j].last_s -= seconds;
		}
}

static int age_notes(const struct fleet *f, struct program *p, __u32 seconds)
{
	int err = 0;

	for (__u32 i = 0; !err && i < f->nr_flows; i++) {
		__u32 at = f->flows[i].prf >> 32 & (AD_NOBODY_MAX - 1);
		__u64 word = 0;

		bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.nobodies), &at, &word);
		if (!word)
			continue;
		word = (word & ~0xffffffffull) | ((__u32)word - seconds * 1000);
		err = set_at(p->skel->maps.nobodies, at, &word);
	}
	return err;
}

static int age_hints(const struct fleet *f, struct program *p, __u32 seconds)
{
	bool aged[FLEET_PREFIXES] = {};
	struct ad_sources sources = {};
	__u32 zero = 0;
	int err = 0;

	for (__u32 i = 0; !err && i < f->nr_flows; i++) {
		__u32 at = prefix_hash(&f->flows[i].tuple.client) >> 32 & (AD_HINT_MAX - 1);
		struct ad_hint hint = {};

		if (aged[f->flows[i].prefix])
			continue;
		aged[f->flows[i].prefix] = true;
		bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.hints), &at, &hint);
		hint.learned_s -= seconds;
		hint.asked_s -= seconds;
		err = set_at(p->skel->maps.hints, at, &hint);
	}
	bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.sources), &zero, &sources);
	sources.last_s[0] -= seconds;
	sources.last_s[1] -= seconds;
	return err ?: set_at(p->skel->maps.sources, 0, &sources);
}

static int age(struct fleet *f, __u64 ms)
{
	__u32 seconds;
	int err = 0;

	aged_ms += ms;
	seconds = aged_ms / 1000;
	aged_ms %= 1000;
	for (__u32 i = 0; seconds && !err && i < f->nr_nodes; i++) {
		age_table(&programs[i], seconds);
		err = age_notes(f, &programs[i], seconds) ?: age_hints(f, &programs[i], seconds);
	}
	return err;
}

static void forget_all(struct fleet *f, __u16 node)
{
	memset(programs[node].tags, 0, BUCKETS * sizeof(*programs[node].tags));
	memset(programs[node].flows, 0, BUCKETS * AD_FLOW_SLOTS * sizeof(struct ad_flow));
}

static void forget(struct fleet *f, __u16 node, __u32 flow)
{
	struct ad_flow_bucket *bucket = &programs[node].tags[f->flows[flow].prf >> 32 & FLOW_MASK];

	for (int i = 0; i < AD_FLOW_SLOTS; i++)
		if (bucket->slots[i].tag == (__u32)f->flows[flow].prf)
			memset(&bucket->slots[i], 0, sizeof(bucket->slots[i]));
}

/* --- its clients' packets -----------------------------------------------------------------------
 */

static size_t put_frame(__u8 *frame, const struct ad_tuple *tuple, bool out,
			const struct flight *flight, __u32 tsval)
{
	const struct ad_addr *from = out ? &tuple->vip : &tuple->client;
	const struct ad_addr *to = out ? &tuple->client : &tuple->vip;
	struct frame_segment segment = { .tuple = tuple,
					 .out = out,
					 .seq = flight->number,
					 .ack = flight->ack,
					 .tsval = tsval };
	size_t len = frame_put_tcp(frame + ETH + IP, &segment, &flight->packet);

	memcpy(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", ETH);
	frame_put_ip4(frame + ETH, from->w[3], to->w[3], IPPROTO_TCP, len);
	return ETH + IP + len;
}

static int run(const struct bpf_program *program, const void *frame, size_t len, void *out,
	       __u32 *out_len, bool xdp)
{
	struct xdp_md md = { .data_end = len, .ingress_ifindex = if_nametoindex("up0") };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .data_out = out,
		    .data_size_out = *out_len, .repeat = 1);

	if (xdp) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	}
	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		return fail("run");
	*out_len = opts.data_size_out;
	return opts.retval;
}

/* Its stack sends a segment, with or without timestamps. *@tsval: as it left. */
static int leave(struct fleet *f, __u16 node, __u32 flow, const struct flight *segment,
		 __u32 *tsval)
{
	struct program *p = &programs[node];
	__u8 frame[256], out[256];
	__u32 out_len = sizeof(out);
	size_t len = put_frame(frame, &f->flows[flow].tuple, true, segment, *tsval);
	__be32 left;
	int err;

	p->state->stamp_wall_minus_mono_ms =
		f->nodes[node].wall_ms + (__u32)f->now_ms - (__u32)(MONO_NS / 1000000);
	err = enter(node) ?: run(p->skel->progs.egress, frame, len, out, &out_len, false);
	memcpy(&left, out + ETH + 20 + 20 + 4, sizeof(left));
	*tsval = ntohl(left);
	return err < -1 ? err : 0; /* TC_ACT_UNSPEC */
}

static int stamp(struct fleet *f, __u16 node, __u32 flow, __u32 *tsval)
{
	struct flight segment = { .packet = { .ack = true, .timestamps = true } };

	*tsval = node_mono_ms(f, node);
	return leave(f, node, flow, &segment, tsval);
}

/* --- its sockets --------------------------------------------------------------------------------
 */

static int repair(int fd, int option, int value)
{
	return setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
}

static int socket_close(struct fleet *f, __u16 node, __u32 flow)
{
	struct flight rst = { .packet = { .rst = true, .ack = true } };
	int *fd = &programs[node].sockets[flow];
	__u32 tsval = 0;

	if (*fd < 0)
		return 0;
	repair(*fd, TCP_REPAIR, 1); /* without a word; what it would say is said here */
	close(*fd);
	*fd = -1;
	return leave(f, node, flow, &rst, &tsval);
}

static int socket_open(struct fleet *f, __u16 node, __u32 flow)
{
	struct tcp_repair_window window = { .max_window = MAX_WINDOW, .rcv_wnd = 65535 };
	const struct ad_tuple *tuple = &f->flows[flow].tuple;
	struct sockaddr_in vip = { .sin_family = AF_INET,
				   .sin_port = tuple->vip_port,
				   .sin_addr.s_addr = tuple->vip.w[3] };
	struct sockaddr_in client = { .sin_family = AF_INET,
				      .sin_port = tuple->client_port,
				      .sin_addr.s_addr = tuple->client.w[3] };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	programs[node].sockets[flow] = fd;
	if (fd < 0 || repair(fd, TCP_REPAIR, 1) || bind(fd, (struct sockaddr *)&vip, sizeof(vip)) ||
	    repair(fd, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE) ||
	    repair(fd, TCP_QUEUE_SEQ, f->nodes[node].sockets[flow].acked) ||
	    connect(fd, (struct sockaddr *)&client, sizeof(client)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, sizeof(window)) ||
	    repair(fd, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP))
		return fail("a socket");
	return 0;
}

static int list(struct fleet *f, __u16 node, __u32 flow, bool listed)
{
	struct program *p = &programs[node];
	const struct ad_tuple *tuple = &f->flows[flow].tuple;
	__u32 now_s = MONO_NS / 1000000000;

	if (p->listed[flow] == listed)
		return 0;
	p->listed[flow] = listed;
	p->state->unstamped += listed ? 1 : -1;
	if (listed)
		return set(p->skel->maps.unstamped, tuple, &now_s);
	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.unstamped), tuple);
	return 0;
}

static int socket_changed(struct fleet *f, __u16 node, __u32 flow, bool listed)
{
	int err = enter(node) ?: socket_close(f, node, flow) ?: list(f, node, flow, listed);

	if (err || f->nodes[node].sockets[flow].state == NO_SOCKET)
		return err;
	return socket_open(f, node, flow);
}

/* --- a node -------------------------------------------------------------------------------------
 */

static int refresh(struct fleet *f, __u16 node)
{
	const struct fleet_node *n = &f->nodes[node];
	struct program *p = &programs[node];
	struct ad_hunt plan = { .hint_s = FLEET_HINT_S, .nobody_ms = FLEET_NOBODY_MS };
	__u64 spent_until = MONO_NS + 1;
	int err = 0;

	for (__u32 i = 0; !err && i < NODES; i++) {
		struct ad_node image = { .flags = i < f->nr_nodes ? AD_NODE_KNOWN : 0 };

		tunnel_address(i, !n->cut_off[i], &image.tunnel);
		image.flags |= n->calls_dead[i] ? AD_NODE_DEAD : 0;
		image.flags |= n->calls_draining[i] ? AD_NODE_DRAINING : 0;
		err = set_at(p->skel->maps.nodes, f->nodes[i].id, &image);
	}
	p->state->flags = AD_STATE_ARMED | (n->drains ? AD_STATE_DRAINING : 0);
	p->state->nr_successors = n->nr_successors;
	memcpy(p->state->successors, n->successors, sizeof(n->successors));
	plan.budgets[AD_BUDGET_HUNT][AD_BUDGET_ALL] = n->flooded;
	plan.nr_neighbours = n->nr_neighbours;
	memcpy(plan.neighbours, n->neighbours, sizeof(plan.neighbours));
	return err ?: set_at(p->skel->maps.budgets, AD_BUDGET_HUNT * AD_BUDGET_BUCKETS, &spent_until)
		    ?: set_at(p->skel->maps.hunt, 0, &plan);
}

static int wipe_list(struct program *p)
{
	int fd = bpf_map__fd(p->skel->maps.unstamped);
	char key[sizeof(struct ad_tuple)];

	p->state->unstamped = 0;
	while (!bpf_map_get_next_key(fd, NULL, key))
		if (bpf_map_delete_elem(fd, key))
			return fail("unstamped");
	return 0;
}

static int wipe_notes(struct fleet *f, struct program *p)
{
	struct ad_sources sources = {};
	struct ad_hint hint = {};
	__u64 no = 0;
	int err = set_at(p->skel->maps.sources, 0, &sources);

	for (__u32 i = 0; !err && i < f->nr_flows; i++) {
		__u64 hash = prefix_hash(&f->flows[i].tuple.client), prf = f->flows[i].prf;

		err = set_at(p->skel->maps.hints, hash >> 32 & (AD_HINT_MAX - 1), &hint)
			      ?: set_at(p->skel->maps.nobodies, prf >> 32 & (AD_NOBODY_MAX - 1),
					&no);
	}
	return err;
}

/* As it was before anything arrived, but for the programs themselves. */
static int wipe(struct fleet *f, __u16 node)
{
	struct program *p = &programs[node];

	forget_all(f, node);
	for (__u32 i = 0; i < FLOWS; i++) {
		if (p->sockets[i] >= 0 && repair(p->sockets[i], TCP_REPAIR, 1))
			return fail("repair");
		if (p->sockets[i] >= 0)
			close(p->sockets[i]);
		p->sockets[i] = -1;
		p->listed[i] = false;
	}
	return wipe_list(p) ?: wipe_notes(f, p);
}

/* Two of them have neighbours, as numbers go: an old stamp may mean either. */
static int start(struct fleet *f)
{
	static const __u16 ids[NODES] = { 12, 13, 200, 201, 777, MODEL_NODES - 1 };
	int err = 0;

	f->clock_stands = true;
	for (__u32 i = 0; i < NODES; i++) {
		f->nodes[i].id = ids[i];
		f->nodes[i].mono_ms = MONO_NS / 1000000;
	}
	for (__u32 i = 0; !err && i < NODES; i++)
		err = (programs[i].skel ? 0 : raise(f, i)) ?: enter(i) ?: wipe(f, i);
	return err;
}

static int count_reason(struct program *p, __u32 *reason)
{
	int ncpus = libbpf_num_possible_cpus();
	struct ad_count percpu[AD_REASON_MAX][ncpus];
	__u32 last, keys[AD_REASON_MAX], nr = AD_REASON_MAX;

	*reason = AD_CONTINUE;
	if (bpf_map_lookup_batch(bpf_map__fd(p->skel->maps.reasons), NULL, &last, keys, percpu, &nr,
				 NULL) &&
	    errno != ENOENT)
		return fail("reasons");
	for (__u32 i = 0; i < nr; i++) {
		__u64 packets = 0;

		for (int cpu = 0; cpu < ncpus; cpu++)
			packets += percpu[i][cpu].packets;
		if (packets != p->counted[keys[i]] && !strcmp(reason_table[keys[i]].side, "in"))
			*reason = keys[i];
		p->counted[keys[i]] = packets;
	}
	return *reason ? 0 : fail("no reason");
}

static void read_sent(const struct fleet *f, const struct flight *flight, struct model_result *r)
{
	const __u8 *outer = flight->frame + ETH;
	struct ad_geneve_opt option;

	r->sent = true;
	r->target = f->nodes[(outer[19] - 1) % NODES].id;
	memcpy(&option, outer + 36, sizeof(option));
	r->landing = ntohs(option.landing);
	r->hop = option.hop_why >> 4;
	r->why = option.hop_why & 15;
	r->marks = ntohs(option.marks);
	for (int i = 0; i < AD_CANDIDATES; i++)
		r->candidates[i] = ntohs(option.candidates[i]);
}

static void read_passed(const struct flight *flight, struct model_result *r)
{
	__be32 tsecr;

	if (!flight->packet.timestamps)
		return;
	memcpy(&tsecr, flight->frame + ETH + 20 + 20 + 8, sizeof(tsecr));
	r->tsecr = ntohl(tsecr);
	r->unstamped = r->tsecr != flight->packet.tsecr && !mutation_is_echo_kept();
}

static void mutate_table(struct fleet *f, struct program *p, const struct flight *flight)
{
	__u32 bucket = f->flows[flight->flow].prf >> 32 & FLOW_MASK;

	if (mutation_is_syn_writes() && flight->packet.syn)
		p->tags[bucket].slots[0].kind ^= 1;
}

static int take(struct fleet *f, __u16 node, struct flight *flight, struct model_result *r)
{
	struct program *p = &programs[node];
	__u32 len = sizeof(flight->frame);
	__u8 in[sizeof(flight->frame)];
	int action, err;

	if (flight->straight)
		flight->len = put_frame(flight->frame, &f->flows[flight->flow].tuple, false, flight,
					4711);
	memcpy(in, flight->frame, flight->len);
	memcpy(tags_before, p->tags, sizeof(tags_before));
	memcpy(flows_before, p->flows, sizeof(flows_before));
	p->state->stamp_wall_minus_mono_ms =
		f->nodes[node].wall_ms + (__u32)f->now_ms - (__u32)(MONO_NS / 1000000);
	err = enter(node);
	if (err)
		return err;
	action = run(p->skel->progs.packet, in, flight->len, flight->frame, &len, true);
	if (action < 0)
		return action;
	flight->len = len;
	err = count_reason(p, &r->reason);
	mutate_table(f, p, flight);
	if (action == XDP_TX || action == XDP_REDIRECT)
		read_sent(f, flight, r);
	else if (action == XDP_PASS)
		read_passed(flight, r);
	return err;
}

static bool table_changed(struct fleet *f, __u16 node, const struct flight *flight)
{
	const struct program *p = &programs[node];
	const struct ad_flow *now = p->flows;

	if (memcmp(tags_before, p->tags, sizeof(tags_before)))
		return true;
	for (int i = 0; i < BUCKETS * AD_FLOW_SLOTS; i++)
		if (now[i].kind == AD_FLOW_PIN)
			flows_before[i].flags |= now[i].flags & AD_FLOW_DOUBTED;
	return memcmp(flows_before, now, sizeof(flows_before));
}

const struct backend by_program = {
	.name = "program",
	.nodes_max = NODES,
	.flows_max = FLOWS,
	.start = start,
	.refresh = refresh,
	.socket = socket_changed,
	.age = age,
	.stamp = stamp,
	.take = take,
	.table_changed = table_changed,
	.forget = forget,
	.forget_all = forget_all,
};
