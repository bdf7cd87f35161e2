// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * flood.c: packets that nobody asked for, at a rate, from addresses that are not ours:
 *
 *     flood ack|copied|fin|syn|same --rate PPS --seconds S [--from NET/BITS] [--port PORT]
 *           [--to ADDRESS] [--timestamps TSVAL:TSECR] [--packet HEX]
 *
 * ack: TCP ACKs, each of another client and port, or all of this port; copied: with these
 * timestamps, as somebody would send who has seen those of one flow; fin: FINs that acknowledge
 * anything; syn: SYNs; same: one IPv4 packet again and again. IPv4, through a raw socket. Prints
 * how many were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "selftests/sum.h"

#define BATCH	   16
#define PACKET_MAX 256
#define PORT	   80

enum kind {
	KIND_ACK,
	KIND_COPIED,
	KIND_FIN,
	KIND_SYN,
	KIND_SAME,
};

static const char *const kinds[] = { "ack", "copied", "fin", "syn", "same" };

struct flood {
	enum kind kind;
	unsigned long rate, seconds;
	uint32_t net, host_mask; /* of the clients, host order */
	uint16_t port;		 /* theirs; 0: any */
	struct in_addr to;
	uint32_t tsval, tsecr;
	uint64_t random;
	uint8_t packet[PACKET_MAX];
	size_t length; /* of @packet */
};

static uint64_t draw(struct flood *flood)
{
	flood->random = flood->random * 6364136223846793005ull + 1442695040888963407ull;
	return flood->random >> 16;
}

static void put_timestamps(const struct flood *flood, uint8_t *option)
{
	uint32_t words[3] = { htonl(0x0101080a), htonl(flood->tsval), htonl(flood->tsecr) };

	memcpy(option, words, sizeof(words));
}

/* A segment without data. The kernel fills in IP's length, id and checksum. */
static size_t build(struct flood *flood, uint8_t *packet)
{
	size_t options = flood->kind == KIND_COPIED ? 12 : 0,
	       length = sizeof(struct tcphdr) + options;
	struct iphdr *ip = (struct iphdr *)packet;
	struct tcphdr *tcp = (struct tcphdr *)(ip + 1);
	uint64_t random = draw(flood);

	memset(packet, 0, sizeof(*ip) + length);
	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.ttl = 60,
		.protocol = IPPROTO_TCP,
		.saddr = htonl(flood->net | ((random >> 16) & flood->host_mask)),
		.daddr = flood->to.s_addr,
	};
	*tcp = (struct tcphdr){
		.source = htons(flood->port ? flood->port : 1024 + random % 60000),
		.dest = htons(PORT),
		.seq = htonl(draw(flood)),
		.ack_seq = flood->kind == KIND_SYN ? 0 : htonl(draw(flood)),
		.doff = length / 4,
		.fin = flood->kind == KIND_FIN,
		.syn = flood->kind == KIND_SYN,
		.ack = flood->kind != KIND_SYN,
		.window = htons(500),
	};
	if (options)
		put_timestamps(flood, (uint8_t *)(tcp + 1));
	tcp->check =
		sum_fold(sum_bytes(sum_bytes(IPPROTO_TCP + length, &ip->saddr, 8), tcp, length));
	return sizeof(*ip) + length;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void wait_until(uint64_t when_ns)
{
	struct timespec when = { when_ns / 1000000000, when_ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
		;
}

/* How many of a batch left; what the kernel has no room for is lost, as on any wire. */
static unsigned int send_batch(struct flood *flood, int fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = flood->to };
	static uint8_t packets[BATCH][PACKET_MAX];
	struct mmsghdr messages[BATCH] = {};
	struct iovec parts[BATCH];
	int sent;

	for (int i = 0; i < BATCH; i++) {
		size_t length = flood->length;

		if (flood->kind == KIND_SAME)
			memcpy(packets[i], flood->packet, length);
		else
			length = build(flood, packets[i]);
		parts[i] = (struct iovec){ packets[i], length };
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &parts[i],
			.msg_iovlen = 1,
		};
	}
	sent = sendmmsg(fd, messages, BATCH, 0);
	return sent > 0 ? sent : 0;
}

static int run(struct flood *flood)
{
	uint64_t begin, rounds = flood->rate * flood->seconds / BATCH, sent = 0;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0) {
		perror("flood: raw socket");
		return EXIT_FAILURE;
	}
	begin = now_ns();
	for (uint64_t round = 0; round < rounds; round++) {
		wait_until(begin + round * BATCH * 1000000000ull / flood->rate);
		sent += send_batch(flood, fd);
	}
	close(fd);
	printf("%llu\n", (unsigned long long)sent);
	return EXIT_SUCCESS;
}

/* --- the command line ------------------------------------------------------------------------- */
static bool parse_net(struct flood *flood, char *text)
{
	char *bits = strchr(text, '/');
	struct in_addr net;

	if (!bits || atoi(bits + 1) < 1 || atoi(bits + 1) > 32)
		return false;
	*bits++ = '\0';
	if (!inet_aton(text, &net))
		return false;
	flood->net = ntohl(net.s_addr);
	flood->host_mask = 0xffffffffull >> atoi(bits);
	return true;
}

static bool parse_packet(struct flood *flood, const char *hex)
{
	const struct iphdr *ip = (const struct iphdr *)flood->packet;

	for (; sscanf(hex, "%2hhx", &flood->packet[flood->length]) == 1; hex += 2)
		if (++flood->length == PACKET_MAX)
			return false;
	flood->to.s_addr = ip->daddr;
	return flood->length >= sizeof(*ip);
}

static bool parse_option(struct flood *flood, int option)
{
	switch (option) {
	case 'r':
		flood->rate = strtoul(optarg, NULL, 10);
		return flood->rate;
	case 's':
		flood->seconds = strtoul(optarg, NULL, 10);
		return flood->seconds;
	case 'f':
		return parse_net(flood, optarg);
	case 'o':
		flood->port = strtoul(optarg, NULL, 10);
		return flood->port;
	case 't':
		return inet_aton(optarg, &flood->to);
	case 'e':
		return sscanf(optarg, "%u:%u", &flood->tsval, &flood->tsecr) == 2;
	case 'p':
		return parse_packet(flood, optarg);
	default:
		return false;
	}
}

static bool parse(struct flood *flood, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "from", required_argument, NULL, 'f' },
		{ "port", required_argument, NULL, 'o' },
		{ "to", required_argument, NULL, 't' },
		{ "timestamps", required_argument, NULL, 'e' },
		{ "packet", required_argument, NULL, 'p' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!parse_option(flood, option))
			return false;
	if (optind + 1 != argc)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(argv[optind], kinds[i])) {
			flood->kind = i;
			return flood->rate && flood->seconds && flood->to.s_addr;
		}
	return false;
}

int main(int argc, char **argv)
{
	struct flood flood = { .random = now_ns() };

	if (parse(&flood, argc, argv))
		return run(&flood);
	fprintf(stderr, "usage: flood ack|copied|fin|syn|same --rate PPS --seconds S "
			"--from NET/BITS --to ADDRESS [--port PORT] "
			"[--timestamps TSVAL:TSECR] [--packet HEX]\n");
	return 2;
}
