// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * probe.c: questions through the tunnel (probe.h).
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sodium.h>
#include "probe.h"
#include "user/base/addr.h"

#define PROBE_PORT   9 /* discard: what a node's own stack would make of a probe, it drops */
#define PROBE_TTL    64
#define INNER_MAX    PROBE_BYTES_MAX
#define HEADS_MAX    (sizeof(struct ip6_hdr) + sizeof(struct tcphdr))
#define PAUSE_MS     50
#define AGAIN_PAUSES 6 /* a probe may be lost */

/* What goes into UDP. */
struct question {
	struct ad_geneve geneve;
	struct ad_geneve_opt option;
	__u8 inner[INNER_MAX];
} __attribute__((packed));

static __u32 sum_add(__u32 sum, const void *data, size_t bytes)
{
	const __u8 *at = data;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += at[i] << 8 | at[i + 1];
	return sum;
}

static __u16 sum_end(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* From the VIP to itself: no flow of anybody. Should it reach a stack, that one ignores it. */
static size_t put_ip(__u8 *at, const struct ad_addr *vip, size_t tcp_bytes)
{
	struct ip6_hdr ip6 = { .ip6_vfc = 0x60,
			       .ip6_plen = htons(tcp_bytes),
			       .ip6_nxt = IPPROTO_TCP,
			       .ip6_hlim = PROBE_TTL };
	struct iphdr ip4 = { .version = 4,
			     .ihl = 5,
			     .ttl = PROBE_TTL,
			     .protocol = IPPROTO_TCP,
			     .tot_len = htons(sizeof(ip4) + tcp_bytes) };

	if (addr_is_ip4(vip)) {
		ip4.saddr = ip4.daddr = vip->w[3];
		ip4.check = sum_end(sum_add(0, &ip4, sizeof(ip4)));
		memcpy(at, &ip4, sizeof(ip4));
		return sizeof(ip4);
	}
	memcpy(&ip6.ip6_src, vip, sizeof(ip6.ip6_src));
	memcpy(&ip6.ip6_dst, vip, sizeof(ip6.ip6_dst));
	memcpy(at, &ip6, sizeof(ip6));
	return sizeof(ip6);
}

/* How many zeros follow the TCP header of a packet of the size that is wanted. */
static size_t padding_of(const struct ad_addr *vip, size_t wanted)
{
	size_t heads = sizeof(struct tcphdr) +
		       (addr_is_ip4(vip) ? sizeof(struct iphdr) : sizeof(struct ip6_hdr));

	if (wanted > INNER_MAX)
		wanted = INNER_MAX;
	return wanted > heads ? wanted - heads : 0;
}

/* An ACK of what nobody has sent. */
static size_t put_inner(__u8 *at, const struct ad_addr *vip, const struct probe_shape *shape)
{
	size_t skip = addr_is_ip4(vip) ? 12 : 0, padding = padding_of(vip, shape->bytes);
	size_t ip_bytes = put_ip(at, vip, sizeof(struct tcphdr) + padding);
	struct tcphdr tcp = { .source = shape->port ?: htons(PROBE_PORT),
			      .dest = htons(PROBE_PORT),
			      .ack_seq = shape->ack,
			      .doff = sizeof(tcp) / 4,
			      .ack = 1,
			      .window = htons(1024) };
	__u32 sum = IPPROTO_TCP + sizeof(tcp) + padding;

	sum = sum_add(sum, vip->b + skip, 16 - skip);
	sum = sum_add(sum, vip->b + skip, 16 - skip);
	tcp.check = sum_end(sum_add(sum, &tcp, sizeof(tcp)));
	memcpy(at + ip_bytes, &tcp, sizeof(tcp));
	memset(at + ip_bytes + sizeof(tcp), 0, padding);
	return ip_bytes + sizeof(tcp) + padding;
}

/*
 * Over the outer addresses, Geneve and option, the inner length, and the inner packet as far as its
 * TCP header.
 */
static void put_tag(struct question *q, const struct ad_tunnel_key *key, const struct ad_addr *from,
		    const struct ad_addr *to, const struct ad_addr *vip, size_t inner_bytes)
{
	size_t skip = addr_is_ip4(to) ? 12 : 0, head = offsetof(struct question, option.tag);
	__be16 length[2] = { htons(inner_bytes), 0 };
	__u8 covered[2 * 16 + offsetof(struct question, inner) + sizeof(length) + HEADS_MAX];
	__u8 *at = covered;

	at = mempcpy(at, from->b + skip, 16 - skip);
	at = mempcpy(at, to->b + skip, 16 - skip);
	at = mempcpy(at, q, head);
	at = mempcpy(at, length, sizeof(length));
	at = mempcpy(at, q->inner, inner_bytes - padding_of(vip, inner_bytes));
	crypto_shorthash(q->option.tag, covered, at - covered, (const __u8 *)key->key);
}

static size_t put_question(struct question *q, const struct probe *probe,
			   const struct config_node *node, const struct ad_addr *vip,
			   const struct probe_shape *shape)
{
	const struct config_node *self = probe->config->self;
	size_t inner_bytes = put_inner(q->inner, vip, shape);

	q->geneve = (struct ad_geneve){
		.ver_optlen = sizeof(q->option) / 4,
		.oam_crit = 0x40,
		.protocol = addr_is_ip4(vip) ? htons(0x0800) : htons(0x86dd),
	};
	q->option = (struct ad_geneve_opt){
		.class = htons(AD_GENEVE_CLASS),
		.type = AD_GENEVE_TYPE,
		.len = AD_GENEVE_OPT_LEN,
		.landing = htons(self->id),
		.hop_why = 1 << 4 | AD_WHY_HUNT,
		.epoch = probe->key.epoch,
		.time_s = htonl(time(NULL) + shape->shift_s),
		.candidates = { htons(node->id) },
		.marks = htons(AD_TUNNEL_HUNTED),
	};
	put_tag(q, &probe->key, &self->tunnel, &node->tunnel, vip, inner_bytes);
	return offsetof(struct question, inner) + inner_bytes;
}

const struct ad_addr *probe_vip(const struct config *config)
{
	for (size_t i = 0; i < config->nr_vips; i++)
		if (config->vips[i].tcp)
			return &config->vips[i].address;
	return NULL;
}

int probe_init(struct probe *probe, const struct config *config, const struct pins *pins)
{
	struct ad_keys keys;
	int err = pins_read_one(pins, "keys", &keys, sizeof(keys));

	*probe = (struct probe){ .config = config };
	if (!err)
		probe->key = keys.tunnel[0];
	if (!err)
		memcpy(probe->stamp, keys.stamp, sizeof(probe->stamp));
	explicit_bzero(&keys, sizeof(keys));
	return err ?: probe->key.valid ? 0 : -ENOKEY;
}

/* Sent whole or not at all, whatever this host believes of the path. */
static void forbid_fragments(int fd, int family)
{
	int probe4 = IP_PMTUDISC_PROBE, probe6 = IPV6_PMTUDISC_PROBE;

	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe4, sizeof(probe4));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe6, sizeof(probe6));
}

int probe_send(const struct probe *probe, const struct config_node *node)
{
	struct probe_shape shape = {};

	/* Each is another, so that no node knows it yet. */
	if (getrandom(&shape.ack, sizeof(shape.ack), 0) != sizeof(shape.ack))
		shape.ack = clock();
	return probe_send_shaped(probe, node, &shape);
}

int probe_send_shaped(const struct probe *probe, const struct config_node *node,
		      const struct probe_shape *shape)
{
	const struct ad_addr *vip = probe_vip(probe->config);
	struct sockaddr_storage from, to;
	struct question question;
	socklen_t len;
	size_t bytes;
	int fd, err = 0;

	if (!vip)
		return -ENOENT;
	bytes = put_question(&question, probe, node, vip, shape);
	len = addr_to_sockaddr(&probe->config->self->tunnel, 0, &from);
	addr_to_sockaddr(&node->tunnel, probe->config->tunnel_port, &to);
	fd = socket(from.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		forbid_fragments(fd, from.ss_family);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, len) ||
	    sendto(fd, &question, bytes, 0, (struct sockaddr *)&to, len) != (ssize_t)bytes)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int read_heard(const struct pins *pins, const __u16 *ids, size_t nr, __u64 *packets)
{
	struct ad_peer_count count;
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++) {
		err = pins_read_peer(pins, ids[i], &count);
		packets[i] = count.rx.packets;
	}
	return err;
}

/* Those that were not heard yet. */
static void ask_again(const struct probe *probe, const __u16 *ids, size_t nr, const bool *heard)
{
	for (size_t i = 0; i < nr; i++)
		if (!heard[i])
			probe_send(probe, config_node_by_id(probe->config, ids[i]));
}

int probe_wait(const struct probe *probe, const struct pins *pins, const __u16 *ids, size_t nr,
	       unsigned int wait_ms, bool *heard)
{
	__u64 before[AD_SUCCESSOR_MAX], now[AD_SUCCESSOR_MAX];
	size_t left = nr;
	int err;

	if (nr > AD_SUCCESSOR_MAX)
		return -E2BIG;
	memset(heard, 0, nr * sizeof(*heard));
	err = read_heard(pins, ids, nr, before);
	for (unsigned int i = 0; !err && left && i * PAUSE_MS < wait_ms; i++) {
		if (i % AGAIN_PAUSES == 0)
			ask_again(probe, ids, nr, heard);
		usleep(PAUSE_MS * 1000);
		err = read_heard(pins, ids, nr, now);
		left = 0;
		for (size_t j = 0; !err && j < nr; j++) {
			heard[j] |= now[j] != before[j];
			left += !heard[j];
		}
	}
	return err;
}
