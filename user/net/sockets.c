// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sockets.c: the kernel's own list of TCP sockets in this network namespace (sock_diag).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include "sockets.h"
#include "maps/connections.h"
#include "user/base/addr.h"

static int by_address(const void *a, const void *b)
{
	return addr_compare(a, b);
}

int vip_set_read(struct vip_set *vips, int locals, __u16 flags)
{
	struct ad_addr key, *prev = NULL;
	struct ad_local local;
	int err;

	vips->nr = 0;
	while (!(err = bpf_map_get_next_key(locals, prev, &key))) {
		if (!bpf_map_lookup_elem(locals, &key, &local) && (local.flags & flags) == flags &&
		    vips->nr < AD_VIP_MAX)
			vips->list[vips->nr++] = key;
		prev = &key;
	}
	qsort(vips->list, vips->nr, sizeof(vips->list[0]), by_address);
	return err == -ENOENT ? 0 : err;
}

bool vip_set_has(const struct vip_set *vips, const struct ad_addr *addr)
{
	return bsearch(addr, vips->list, vips->nr, sizeof(vips->list[0]), by_address);
}

struct mnl_socket *sockets_open(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);

	int err;

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID)) {
		err = errno;
		mnl_socket_close(nl);
		errno = err;
		return NULL;
	}
	return nl;
}

void sockets_close(struct mnl_socket *nl)
{
	if (nl)
		mnl_socket_close(nl);
}

static __u32 states(enum sockets_which which)
{
	__u32 live = 1 << BPF_TCP_ESTABLISHED | 1 << BPF_TCP_FIN_WAIT1 | 1 << BPF_TCP_FIN_WAIT2 |
		     1 << BPF_TCP_CLOSE_WAIT | 1 << BPF_TCP_LAST_ACK | 1 << BPF_TCP_CLOSING;

	if (which != SOCKETS_ALL)
		return live;
	return live | 1 << BPF_TCP_SYN_SENT | 1 << BPF_TCP_SYN_RECV | 1 << BPF_TCP_TIME_WAIT |
	       1 << BPF_TCP_NEW_SYN_RECV;
}

/* How many bytes of answers are read at once: as many as the kernel writes. */
#define ANSWER_BYTES (1 << 15)

struct sockets_walk {
	enum sockets_which which;
	struct vip_set vips;
	int born; /* fd of a map, or -1 */
	struct mnl_socket *nl;
	bool is_over;
	int (*each)(const struct socket_entry *socket, void *arg);
	void *arg;
	int result;
	char answer[ANSWER_BYTES];
};

static void read_addr(struct ad_addr *addr, __u8 family, const __be32 words[4])
{
	if (family == AF_INET6) {
		memcpy(addr->b, words, 16);
		return;
	}
	memset(addr, 0, sizeof(*addr));
	addr->w[2] = htonl(0xffff);
	addr->w[3] = words[0];
}

static __u32 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

static void copy_info(const struct tcp_info *from, struct socket_info *to)
{
	const struct tcp_info info = *from;

	*to = (struct socket_info){
		.known = true,
		.timestamps = info.tcpi_options & TCPI_OPT_TIMESTAMPS,
		.rtt_us = info.tcpi_rtt,
		/* All bits: nothing was measured yet. */
		.min_rtt_us = info.tcpi_min_rtt == ~0u ? 0 : info.tcpi_min_rtt,
		.retransmits = info.tcpi_total_retrans,
		.cwnd = info.tcpi_snd_cwnd,
		.delivery_rate = info.tcpi_delivery_rate,
		.rx_bytes = info.tcpi_bytes_received,
		.tx_bytes = info.tcpi_bytes_sent,
		.rx_packets = info.tcpi_segs_in,
		.tx_packets = info.tcpi_segs_out,
		.idle_ms = least(info.tcpi_last_data_sent,
				 least(info.tcpi_last_data_recv, info.tcpi_last_ack_recv)),
	};
}

/* Storage of one map was asked for: what is there of it is the only one. */
static __u64 read_born(const struct nlattr *storages)
{
	struct ad_connection value;
	struct nlattr *storage, *attr;

	mnl_attr_for_each_nested(storage, storages)
		mnl_attr_for_each_nested(attr, storage)
			if (mnl_attr_get_type(attr) == SK_DIAG_BPF_STORAGE_MAP_VALUE &&
			    mnl_attr_get_payload_len(attr) >= sizeof(value)) {
				memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
				return value.born_ns;
			}
	return 0;
}

/* How much of it there is depends on the kernel. */
static void read_info(const struct nlmsghdr *nlh, struct socket_info *to)
{
	struct tcp_info info = { 0 };
	struct nlattr *attr;
	__u64 born_ns = 0;
	size_t size;

	mnl_attr_for_each(attr, nlh, sizeof(struct inet_diag_msg)) {
		if (mnl_attr_get_type(attr) == INET_DIAG_SK_BPF_STORAGES)
			born_ns = read_born(attr);
		if (mnl_attr_get_type(attr) != INET_DIAG_INFO)
			continue;
		size = mnl_attr_get_payload_len(attr);
		memcpy(&info, mnl_attr_get_payload(attr),
		       size < sizeof(info) ? size : sizeof(info));
	}
	copy_info(&info, to);
	to->born_ns = born_ns;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct socket_entry entry = { .state = msg->idiag_state };
	struct sockets_walk *walk = data;

	read_addr(&entry.tuple.vip, msg->idiag_family, msg->id.idiag_src);
	if (!msg->id.idiag_dport || !vip_set_has(&walk->vips, &entry.tuple.vip))
		return MNL_CB_OK;
	read_addr(&entry.tuple.client, msg->idiag_family, msg->id.idiag_dst);
	/*
	 * Connections of this host to its own VIP go over lo, where no program of ours is attached.
	 */
	if (vip_set_has(&walk->vips, &entry.tuple.client))
		return MNL_CB_OK;
	entry.tuple.vip_port = msg->id.idiag_sport;
	entry.tuple.client_port = msg->id.idiag_dport;
	if (walk->which == SOCKETS_LIVE)
		read_info(nlh, &entry.info);
	walk->result = walk->each(&entry, walk->arg);
	return walk->result ? MNL_CB_STOP : MNL_CB_OK;
}

#define REQUEST_BYTES 256

/* --- all of them ------------------------------------------------------------------------------ */

static void put_born(struct nlmsghdr *nlh, int born)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, INET_DIAG_REQ_SK_BPF_STORAGES);

	mnl_attr_put_u32(nlh, SK_DIAG_BPF_STORAGE_REQ_MAP_FD, born);
	mnl_attr_nest_end(nlh, nest);
}

/*
 * Both families at once, which only the older of the two requests can: of one that no socket has,
 * the kernel would go through all sockets without a pause. A netlink socket for each walk: one that
 * was not read to the end leaves answers unread.
 */
static int ask_all(struct sockets_walk *walk)
{
	struct inet_diag_req *req;
	char buf[REQUEST_BYTES];
	struct nlmsghdr *nlh;

	sockets_close(walk->nl);
	walk->nl = sockets_open();
	if (!walk->nl)
		return -errno;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = TCPDIAG_GETSOCK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->idiag_states = states(walk->which);
	if (walk->which == SOCKETS_LIVE)
		req->idiag_ext = 1 << (INET_DIAG_INFO - 1);
	if (walk->born >= 0)
		put_born(nlh, walk->born);
	return mnl_socket_sendto(walk->nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

int sockets_walk_open(enum sockets_which which, const struct vip_set *vips, int born,
		      struct sockets_walk **out)
{
	struct sockets_walk *walk = calloc(1, sizeof(*walk));
	int err;

	*out = NULL;
	if (!walk)
		return -ENOMEM;
	walk->which = which;
	walk->vips = *vips;
	walk->born = which == SOCKETS_LIVE ? born : -1;
	err = ask_all(walk);
	if (err)
		sockets_walk_close(walk);
	else
		*out = walk;
	return err;
}

void sockets_walk_close(struct sockets_walk *walk)
{
	if (!walk)
		return;
	sockets_close(walk->nl);
	free(walk);
}

int sockets_walk_step(struct sockets_walk *walk,
		      int (*each)(const struct socket_entry *socket, void *arg), void *arg)
{
	ssize_t len;
	int more;

	walk->each = each;
	walk->arg = arg;
	walk->result = 0;
	if (walk->is_over)
		return -ENOENT;
	len = mnl_socket_recvfrom(walk->nl, walk->answer, sizeof(walk->answer));
	if (len < 0)
		return -errno;
	more = mnl_cb_run(walk->answer, len, 0, 0, on_message, walk);
	if (more < 0 && errno == EPERM && walk->born >= 0) {
		walk->born = -1;
		return ask_all(walk);
	}
	if (more < 0)
		return -errno;
	if (walk->result)
		return walk->result;
	walk->is_over = more == MNL_CB_STOP;
	return walk->is_over ? -ENOENT : 0;
}

int sockets_each(enum sockets_which which, const struct vip_set *vips,
		 int (*each)(const struct socket_entry *socket, void *arg), void *arg)
{
	struct sockets_walk *walk;
	int result = 0, err = sockets_walk_open(which, vips, -1, &walk);

	while (!err) {
		err = sockets_walk_step(walk, each, arg);
		result = walk->result;
	}
	sockets_walk_close(walk);
	return err == -ENOENT ? result : err;
}

static int count_one(const struct socket_entry *socket, void *arg)
{
	++*(int *)arg;
	return 0;
}

int sockets_count(const struct vip_set *vips)
{
	int nr = 0;

	return sockets_each(SOCKETS_BARE, vips, count_one, &nr) ?: nr;
}

/* --- a single one ----------------------------------------------------------------------------- */

static void write_addr(__be32 words[4], const struct ad_addr *addr)
{
	if (addr_is_ip4(addr))
		words[0] = addr->w[3];
	else
		memcpy(words, addr->b, 16);
}

static int request_one(struct mnl_socket *nl, const struct ad_tuple *tuple, __u32 seq)
{
	__u8 family = addr_is_ip4(&tuple->vip) ? AF_INET : AF_INET6;
	char buf[REQUEST_BYTES];
	struct nlmsghdr *nlh;
	struct inet_diag_req_v2 *req;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = seq;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = states(SOCKETS_LIVE);
	req->idiag_ext = 1 << (INET_DIAG_INFO - 1);
	req->id.idiag_sport = tuple->vip_port;
	req->id.idiag_dport = tuple->client_port;
	req->id.idiag_cookie[0] = req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	write_addr(req->id.idiag_src, &tuple->vip);
	write_addr(req->id.idiag_dst, &tuple->client);
	return mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* Without a socket of its own, what listens for it is found. */
static int on_one(const struct nlmsghdr *nlh, void *data)
{
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);

	if (states(SOCKETS_LIVE) >> msg->idiag_state & 1)
		read_info(nlh, data);
	return MNL_CB_STOP;
}

int sockets_find(struct mnl_socket *nl, const struct ad_tuple *tuple, struct socket_info *info)
{
	static _Thread_local __u32
		seq; /* an answer that came too late is none to the next question */
	char buf[1 << 13];
	ssize_t len;
	int err;

	memset(info, 0, sizeof(*info));
	err = request_one(nl, tuple, ++seq);
	if (err)
		return err;
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, seq, 0, on_one, info) < 0)
		return -errno;
	return info->known ? 0 : -ENOENT;
}
