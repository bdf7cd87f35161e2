// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * daemon_directory.c: this node's part in the directory of its POP (daemon_directory.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <bpf/bpf.h>
#include "daemon_directory.h"
#include "daemon_internal.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/directory/kept.h"
#include "user/directory/news.h"
#include "user/directory/owned.h"
#include "user/directory/seen.h"
#include "user/fleet/homes.h"
#include "user/flows/unstamped.h"
#include "user/state/prf.h"

#define LIST_EVERY_S	   300 /* for an end that nobody told of */
#define LIST_ALONE_EVERY_S 10  /* where the kernel tells nothing */
#define HEARD_AT_ONCE	   64  /* others want their turn */
#define AGAIN_MS	   200

/* What the worker makes of the sockets of the VIPs. */
struct listing {
	struct worker_job job;
	bool is_busy;
	struct pins pins;
	__u64 stamp[2];
	__u64 *flows;
	size_t nr, room;
	int result;
};

struct daemon_directory {
	struct daemon *daemon;
	struct owned owned;
	struct kept kept;
	struct news *news; /* NULL: the kernel tells nothing */
	int fd;		   /* UDP, to siblings; -1: none */
	struct ad_addr at; /* where it is bound */
	__u16 port;
	struct event *heard, *told, *again;
	struct ad_keys keys;
	int map; /* the pinned directory; -1: none */
	__u32 map_id;
	struct model_sink sink;
	bool nodes_changed;
	const struct config *config; /* that homes are of */
	bool is_whole;		     /* all sockets were listed once: siblings may be told */
	unsigned int listed_s;	     /* in seconds of the daemon; 0: not yet */
	__u64 lost;
	struct listing listing;
	struct ad_directory_seen seen;
	struct ad_directory_seen said; /* as it was last logged and written */
};

/* --- the data path's maps --------------------------------------------------------------------- */

static int write_kept(__u64 flow, __u16 owner, void *arg)
{
	const struct daemon_directory *dir = arg;
	__u32 value = owner;

	if (dir->map < 0)
		return -ENOENT;
	if (!owner)
		return bpf_map_delete_elem(dir->map, &flow);
	return bpf_map_update_elem(dir->map, &flow, &value, BPF_ANY);
}

/* What a daemon before us was told; and what it should not have kept is removed. */
static void recall_kept(struct daemon_directory *dir)
{
	__u64 flow, next;
	bool more = !bpf_map_get_next_key(dir->map, NULL, &next);
	__u32 owner;

	for (size_t i = 0; more && i < AD_DIRECTORY_MAX; i++) {
		flow = next;
		more = !bpf_map_get_next_key(dir->map, &flow, &next);
		if (flow_set_find(&dir->kept.flows, flow) ||
		    bpf_map_lookup_elem(dir->map, &flow, &owner))
			continue;
		if (owner > AD_NODE_ID_MAX || !kept_recall(&dir->kept, flow, owner))
			bpf_map_delete_elem(dir->map, &flow);
	}
}

/* Into another map than before. */
static void rewrite_kept(struct daemon_directory *dir)
{
	for (size_t i = 0; i < dir->kept.flows.room; i++) {
		const struct flow_mark *mark = &dir->kept.flows.at[i];

		if (mark->flow)
			write_kept(mark->flow, mark->owner, dir);
	}
}

/* A reload may put another map in its place. */
static void follow_map(struct daemon_directory *dir)
{
	int fd = pins_map(&dir->daemon->loader->pins, "directory", true);
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.id == dir->map_id) {
		close(fd);
		return;
	}
	if (dir->map >= 0)
		close(dir->map);
	dir->map = fd;
	dir->map_id = info.id;
	rewrite_kept(dir);
	recall_kept(dir);
}

static void read_keys(struct daemon_directory *dir)
{
	__u32 zero = 0;

	bpf_map_lookup_elem(dir->daemon->loader->dp.keys, &zero, &dir->keys);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static bool is_out(const struct daemon *daemon, __u16 id)
{
	return model_standing(daemon->loader->fleet, id).state == MODEL_OUT;
}

/* Those of @pop that are not out: their number. @ids: room for as many as there are nodes. */
static size_t list_nodes(const struct daemon *daemon, __u16 pop, bool but_self, __u16 *ids)
{
	const struct config *config = daemon->config;
	size_t nr = 0;

	for (size_t i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];

		if (node->pop == pop && !(but_self && node == config->self) &&
		    (node == config->self || !is_out(daemon, node->id)))
			ids[nr++] = node->id;
	}
	return nr;
}

static void write_homes(int map, __u32 pop, const struct ad_homes *homes)
{
	struct ad_homes now;

	if (!bpf_map_lookup_elem(map, &pop, &now) && memcmp(&now, homes, sizeof(now)))
		bpf_map_update_elem(map, &pop, homes, BPF_EXIST);
}

/* Without a directory nodes are asked, not homes. */
static void fill_homes(const struct daemon *daemon, __u16 *ids, struct ad_homes *own)
{
	const struct config *config = daemon->config;
	int map = pins_map(&daemon->loader->pins, "homes", true);
	struct ad_homes homes;
	size_t nr;

	for (__u32 pop = 0; pop < config->nr_pops; pop++) {
		nr = config->directory_port ? list_nodes(daemon, pop, false, ids) : 0;
		homes_fill(&homes, ids, nr);
		if (pop == config->self->pop)
			*own = homes;
		if (map >= 0 && pop < AD_HOME_POPS)
			write_homes(map, pop, &homes);
	}
	if (map >= 0)
		close(map);
}

/* Of @ids those that are a home: AD_HOME_PARTS at most, however large the POP. Returns how many. */
static size_t list_homes(const struct ad_homes *homes, __u16 *ids, size_t nr)
{
	size_t nr_homes = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t part = 0;

		while (part < AD_HOME_PARTS && homes->node[part] != ids[i])
			part++;
		if (part < AD_HOME_PARTS)
			ids[nr_homes++] = ids[i];
	}
	return nr_homes;
}

static int note_change(__u16 id, void *arg)
{
	*(bool *)arg = true;
	return 0;
}

/* Who is there, and so whose home is where. */
static void follow_nodes(struct daemon_directory *dir)
{
	const struct daemon *daemon = dir->daemon;
	struct ad_homes own = {};
	__u16 *ids;
	size_t nr = 0;
	int err;

	model_each_change(daemon->loader->fleet, &dir->sink, note_change, &dir->nodes_changed);
	if (!dir->nodes_changed && dir->config == daemon->config)
		return;
	ids = calloc(daemon->config->nr_nodes, sizeof(*ids));
	if (!ids)
		return;
	fill_homes(daemon, ids, &own);
	if (daemon->config->directory_port)
		nr = list_nodes(daemon, daemon->config->self->pop, true, ids);
	dir->owned.self = daemon->config->self->id;
	err = kept_use(&dir->kept, ids, nr);
	nr = list_homes(&own, ids, nr);
	err = err ?: owned_use(&dir->owned, &own, ids, nr);
	free(ids);
	dir->seen.siblings = nr;
	if (err)
		return;
	dir->nodes_changed = false;
	dir->config = daemon->config;
}

static const struct config_node *sibling_at(const struct daemon *daemon, const struct ad_addr *addr)
{
	const struct config *config = daemon->config;

	for (size_t i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];

		if (node->pop == config->self->pop && node != config->self &&
		    !memcmp(&node->tunnel, addr, sizeof(*addr)))
			return node;
	}
	return NULL;
}

/* --- messages --------------------------------------------------------------------------------- */

static void send_message(__u16 to, struct directory_message *message, void *arg)
{
	struct daemon_directory *dir = arg;
	const struct config *config = dir->daemon->config;
	const struct config_node *node = model_node(dir->daemon->loader->fleet, to);
	struct sockaddr_storage sa;
	struct directory_way way;
	__u8 bytes[DIRECTORY_BYTES_MAX];
	socklen_t len;
	size_t nr;

	if (!node || dir->fd < 0 || !dir->keys.tunnel[0].valid)
		return;
	way = (struct directory_way){ .from = config->self->tunnel, .to = node->tunnel };
	message->from = config->self->id;
	message->time_s = time(NULL);
	nr = directory_write(message, &way, &dir->keys.tunnel[0], bytes);
	len = addr_to_sockaddr(&node->tunnel, config->directory_port, &sa);
	/* What is lost is sent again. */
	sendto(dir->fd, bytes, nr, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa, len);
}

/* Sends what is due, and comes again while somebody owes an answer. */
static void go(struct daemon_directory *dir)
{
	static const struct timeval soon = { .tv_usec = AGAIN_MS * 1000 };

	if (dir->fd < 0 || !dir->is_whole)
		return;
	if (owned_go(&dir->owned, clock_mono_us()) && !evtimer_pending(dir->again, NULL))
		evtimer_add(dir->again, &soon);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	go(arg);
}

static void take(struct daemon_directory *dir, const struct ad_addr *from, const __u8 *bytes,
		 size_t nr)
{
	const struct config_node *node = sibling_at(dir->daemon, from);
	const struct directory_way way = { .from = *from, .to = dir->at };
	struct directory_message message, answer;

	if (!node || directory_read(bytes, nr, &way, dir->keys.tunnel, time(NULL), &message) ||
	    message.from != node->id) {
		dir->seen.refused++;
		return;
	}
	dir->seen.heard++;
	if (message.kind == DIRECTORY_ANSWER)
		owned_hear(&dir->owned, &message, clock_mono_us());
	else if (kept_hear(&dir->kept, &message, &answer))
		send_message(node->id, &answer, dir);
}

static void on_heard(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_directory *dir = arg;
	__u8 bytes[DIRECTORY_BYTES_MAX + 1];
	struct sockaddr_storage sa;
	struct ad_addr from;
	socklen_t len;
	ssize_t nr;
	__u16 port;

	for (int i = 0; i < HEARD_AT_ONCE; i++) {
		len = sizeof(sa);
		nr = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&sa, &len);
		if (nr < 0)
			break;
		if (!addr_from_sockaddr((struct sockaddr *)&sa, &from, &port))
			take(dir, &from, bytes, nr);
	}
	go(dir);
}

static void close_socket(struct daemon_directory *dir)
{
	if (dir->heard)
		event_free(dir->heard);
	dir->heard = NULL;
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}

static int open_socket(struct daemon_directory *dir, const struct ad_addr *at, __u16 port)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(at, port, &sa);
	int err;

	dir->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (dir->fd < 0)
		return -errno;
	if (bind(dir->fd, (struct sockaddr *)&sa, len)) {
		err = -errno;
		close_socket(dir);
		return err;
	}
	dir->heard = event_new(dir->daemon->base, dir->fd, EV_READ | EV_PERSIST, on_heard, dir);
	if (!dir->heard || event_add(dir->heard, NULL)) {
		close_socket(dir);
		return -ENOMEM;
	}
	dir->at = *at;
	dir->port = port;
	return 0;
}

/* --- news ------------------------------------------------------------------------------------- */

static void hear_news(const struct ad_directory_news *one, void *arg)
{
	struct daemon_directory *dir = arg;

	owned_note(&dir->owned, prf_of_tuple(&one->tuple, dir->keys.stamp), one->lives);
}

static void on_told(evutil_socket_t fd, short what, void *arg)
{
	struct daemon_directory *dir = arg;

	news_read(dir->news, hear_news, dir);
	go(dir);
}

static void close_news(struct daemon_directory *dir)
{
	if (dir->told)
		event_free(dir->told);
	dir->told = NULL;
	news_close(dir->news);
	dir->news = NULL;
}

static void open_news(struct daemon_directory *dir)
{
	dir->lost = 0;
	if (news_open(&dir->daemon->loader->pins, &dir->news, dir->seen.why))
		return;
	dir->told = event_new(dir->daemon->base, news_fd(dir->news), EV_READ | EV_PERSIST, on_told,
			      dir);
	if (!dir->told || event_add(dir->told, NULL)) {
		snprintf(dir->seen.why, sizeof(dir->seen.why), "no memory");
		close_news(dir);
	}
}

/* --- sockets ---------------------------------------------------------------------------------- */

struct collecting {
	struct listing *listing;
	const struct datapath *dp;
};

static int collect(const struct socket_entry *socket, void *arg)
{
	struct collecting *collecting = arg;
	struct listing *listing = collecting->listing;
	__u64 *flows;

	if (socket->info.timestamps && !unstamped_has(collecting->dp, &socket->tuple))
		return 0;
	if (listing->nr == listing->room) {
		size_t room = listing->room ? 2 * listing->room : 4096;

		flows = reallocarray(listing->flows, room, sizeof(*flows));
		if (!flows)
			return -ENOMEM;
		listing->flows = flows;
		listing->room = room;
	}
	listing->flows[listing->nr++] = prf_of_tuple(&socket->tuple, listing->stamp);
	return 0;
}

/* With maps that it opens itself: the loader's are others after a reload. */
static void work_list(struct worker_job *job)
{
	struct listing *listing = (struct listing *)job;
	struct config_errors ignored = {};
	struct datapath dp;
	struct collecting collecting = { .listing = listing, .dp = &dp };
	struct vip_set vips;

	listing->result = datapath_open(&dp, listing->pins.dir, &ignored);
	config_errors_free(&ignored);
	if (listing->result)
		return;
	listing->result = vip_set_read(&vips, dp.locals, AD_LOCAL_VIP_TCP);
	listing->result =
		listing->result ?: sockets_each(SOCKETS_LIVE, &vips, collect, &collecting);
	datapath_close(&dp);
}

static void on_listed(struct worker_job *job, bool ran)
{
	struct listing *listing = (struct listing *)job;
	struct daemon_directory *dir =
		(void *)((char *)listing - offsetof(struct daemon_directory, listing));

	listing->is_busy = false;
	if (ran && !listing->result) {
		if (dir->news)
			news_read(dir->news, hear_news, dir);
		owned_end_list(&dir->owned, listing->flows, listing->nr);
		dir->is_whole = true;
		go(dir);
	}
	free(listing->flows);
	listing->flows = NULL;
	listing->nr = listing->room = 0;
}

static void begin_list(struct daemon_directory *dir)
{
	if (dir->listing.is_busy)
		return;
	if (dir->news)
		dir->lost = news_lost(dir->news);
	dir->listing.job = (struct worker_job){ .work = work_list, .done = on_listed };
	dir->listing.pins = dir->daemon->loader->pins;
	memcpy(dir->listing.stamp, dir->keys.stamp, sizeof(dir->listing.stamp));
	dir->listing.is_busy = true;
	dir->listed_s = dir->daemon->tend.seconds;
	owned_begin_list(&dir->owned);
	worker_queue(dir->daemon->worker, &dir->listing.job);
}

static void tend_list(struct daemon_directory *dir)
{
	unsigned int age_s = dir->daemon->tend.seconds - dir->listed_s;

	if (!dir->is_whole || age_s >= (dir->news ? LIST_EVERY_S : LIST_ALONE_EVERY_S) ||
	    (dir->news && news_lost(dir->news) != dir->lost))
		begin_list(dir);
}

/* --- how it does ------------------------------------------------------------------------------ */

/* Each once. */
static void log_trouble(const struct daemon_directory *dir)
{
	const struct ad_directory_seen *seen = &dir->seen, *said = &dir->said;

	if (seen->state != said->state && seen->state == AD_DIRECTORY_LISTS)
		log_warn("directory: the kernel does not tell of connections without stamps: %s; "
			 "sockets are listed every %d s instead",
			 seen->why, LIST_ALONE_EVERY_S);
	if (seen->state != said->state && seen->state == AD_DIRECTORY_MUTE)
		log_warn("directory: siblings cannot be told of flows without stamps: %s",
			 seen->why);
	if (seen->mute && !said->mute)
		log_warn("directory: %u of %u siblings do not answer: is UDP port %u open between "
			 "the nodes of this POP, and do they all run this version?",
			 seen->mute, seen->siblings, dir->daemon->config->directory_port);
}

static void tell_seen(struct daemon_directory *dir)
{
	struct ad_directory_seen *seen = &dir->seen;

	seen->retold = dir->owned.retold;
	seen->owned = dir->owned.flows.nr;
	seen->kept = dir->kept.flows.nr;
	seen->mute = owned_mute(&dir->owned);
	seen->full = dir->kept.is_full;
	for (size_t i = 0; i < dir->owned.nr_peers; i++)
		seen->full += dir->owned.peers[i].is_full;
	log_trouble(dir);
	directory_seen_write(&dir->daemon->loader->pins, seen);
	dir->said = *seen;
}

static void rest(struct daemon_directory *dir)
{
	close_socket(dir);
	close_news(dir);
	dir->is_whole = false;
	dir->seen.why[0] = '\0';
	dir->seen.state = AD_DIRECTORY_OFF;
}

static bool has_siblings(const struct config *config)
{
	for (size_t i = 0; i < config->nr_nodes; i++)
		if (config->nodes[i].pop == config->self->pop && &config->nodes[i] != config->self)
			return true;
	return false;
}

static void work(struct daemon_directory *dir)
{
	const struct config *config = dir->daemon->config;
	int err = 0;

	if (dir->fd >= 0 && (dir->port != config->directory_port ||
			     memcmp(&dir->at, &config->self->tunnel, sizeof(dir->at))))
		close_socket(dir);
	if (dir->fd < 0)
		err = open_socket(dir, &config->self->tunnel, config->directory_port);
	if (!dir->news && dir->seen.state != AD_DIRECTORY_LISTS)
		open_news(dir);
	if (err)
		snprintf(dir->seen.why, sizeof(dir->seen.why), "UDP port %u: %s",
			 config->directory_port, strerror(-err));
	dir->seen.state = err	      ? AD_DIRECTORY_MUTE
			  : dir->news ? AD_DIRECTORY_HEARS
				      : AD_DIRECTORY_LISTS;
	tend_list(dir);
	go(dir);
}

void daemon_tend_directory(struct daemon *daemon)
{
	struct daemon_directory *dir = daemon->directory;

	read_keys(dir);
	follow_nodes(dir);
	follow_map(dir);
	if (daemon->config->directory_port && has_siblings(daemon->config))
		work(dir);
	else if (dir->seen.state != AD_DIRECTORY_OFF)
		rest(dir);
	tell_seen(dir);
}

/* --- its life --------------------------------------------------------------------------------- */

int daemon_directory_new(struct daemon *daemon)
{
	struct daemon_directory *dir = calloc(1, sizeof(*dir));

	if (!dir)
		return -ENOMEM;
	daemon->directory = dir;
	dir->daemon = daemon;
	dir->fd = dir->map = -1;
	dir->kept.write = write_kept;
	dir->kept.arg = dir;
	dir->owned.send = send_message;
	dir->owned.arg = dir;
	if (getrandom(&dir->owned.session, sizeof(dir->owned.session), 0) !=
	    sizeof(dir->owned.session))
		dir->owned.session = clock_mono_us();
	dir->owned.session = dir->owned.session ?: 1;
	dir->again = evtimer_new(daemon->base, on_again, dir);
	return dir->again ? 0 : -ENOMEM;
}

void daemon_directory_free(struct daemon *daemon)
{
	struct daemon_directory *dir = daemon->directory;

	if (!dir)
		return;
	rest(dir);
	if (dir->again)
		event_free(dir->again);
	if (dir->map >= 0)
		close(dir->map);
	owned_free(&dir->owned);
	kept_free(&dir->kept);
	explicit_bzero(&dir->keys, sizeof(dir->keys));
	free(dir->listing.flows);
	free(dir);
	daemon->directory = NULL;
}
