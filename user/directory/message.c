// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * message.c: what nodes of a POP tell each other of their flows, as bytes (message.h).
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <sodium.h>
#include "message.h"

#define MAGIC                                                                                      \
	"\xad"                                                                                     \
	"dir"
#define VERSION_1 1
#define TAG_BYTES 16 /* crypto_generichash_BYTES_MIN */

/* On the wire. A Geneve packet begins with another byte, whatever it carries. */
struct head {
	char magic[4];
	__be16 from;
	__be16 nr_owned;
	__u8 version;
	__u8 kind;
	__u8 epoch;
	__u8 flags;
	__be32 time_s;
	__be64 session;
	__be32 seq;
	__be32 count;
	__be64 digest;
	__be16 nr_ended;
	__u8 pad[6];
	__u8 tag[TAG_BYTES];
};
AD_ASSERT_SIZE(struct head, DIRECTORY_HEAD_BYTES);

/* Over the two addresses and all but the tag. */
static void put_tag(__u8 tag[TAG_BYTES], const __u8 *bytes, size_t nr,
		    const struct directory_way *way, const struct ad_tunnel_key *key)
{
	crypto_generichash_state hash;

	crypto_generichash_init(&hash, (const __u8 *)key->key, sizeof(key->key), TAG_BYTES);
	crypto_generichash_update(&hash, way->from.b, sizeof(way->from.b));
	crypto_generichash_update(&hash, way->to.b, sizeof(way->to.b));
	crypto_generichash_update(&hash, bytes, offsetof(struct head, tag));
	crypto_generichash_update(&hash, bytes + sizeof(struct head), nr - sizeof(struct head));
	crypto_generichash_final(&hash, tag, TAG_BYTES);
}

size_t directory_write(const struct directory_message *message, const struct directory_way *way,
		       const struct ad_tunnel_key *key, __u8 bytes[DIRECTORY_BYTES_MAX])
{
	size_t nr_flows = message->nr_owned + message->nr_ended;
	size_t nr = sizeof(struct head) + 8 * nr_flows;
	struct head head = {
		.from = htons(message->from),
		.nr_owned = htons(message->nr_owned),
		.version = VERSION_1,
		.kind = message->kind,
		.epoch = key->epoch,
		.flags = message->flags,
		.time_s = htonl(message->time_s),
		.session = htobe64(message->session),
		.seq = htonl(message->seq),
		.count = htonl(message->count),
		.digest = htobe64(message->digest),
		.nr_ended = htons(message->nr_ended),
	};
	__be64 flow;

	memcpy(head.magic, MAGIC, sizeof(head.magic));
	for (size_t i = 0; i < nr_flows; i++) {
		flow = htobe64(message->flows[i]);
		memcpy(bytes + sizeof(head) + 8 * i, &flow, sizeof(flow));
	}
	memcpy(bytes, &head, sizeof(head));
	put_tag(bytes + offsetof(struct head, tag), bytes, nr, way, key);
	return nr;
}

static bool is_authentic(const __u8 *bytes, size_t nr, const struct head *head,
			 const struct directory_way *way,
			 const struct ad_tunnel_key keys[DIRECTORY_KEYS])
{
	__u8 tag[TAG_BYTES];

	for (size_t i = 0; i < DIRECTORY_KEYS; i++) {
		if (!keys[i].valid || keys[i].epoch != head->epoch)
			continue;
		put_tag(tag, bytes, nr, way, &keys[i]);
		if (!sodium_memcmp(tag, head->tag, sizeof(tag)))
			return true;
	}
	return false;
}

static bool is_sound(const struct head *head, size_t nr)
{
	size_t nr_flows = (size_t)ntohs(head->nr_owned) + ntohs(head->nr_ended);

	return !memcmp(head->magic, MAGIC, sizeof(head->magic)) && head->version == VERSION_1 &&
	       (head->kind == DIRECTORY_TELL || head->kind == DIRECTORY_ANSWER) && head->from &&
	       !(head->flags & ~DIRECTORY_FLAGS) && nr_flows <= DIRECTORY_FLOWS &&
	       nr == sizeof(*head) + 8 * nr_flows;
}

int directory_read(const __u8 *bytes, size_t nr, const struct directory_way *way,
		   const struct ad_tunnel_key keys[DIRECTORY_KEYS], __u32 now_s,
		   struct directory_message *message)
{
	struct head head;
	__be64 flow;

	if (nr < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (!is_sound(&head, nr) ||
	    now_s - ntohl(head.time_s) + DIRECTORY_FRESH_S > 2 * DIRECTORY_FRESH_S ||
	    !is_authentic(bytes, nr, &head, way, keys))
		return -EBADMSG;
	*message = (struct directory_message){
		.from = ntohs(head.from),
		.kind = head.kind,
		.flags = head.flags,
		.time_s = ntohl(head.time_s),
		.session = be64toh(head.session),
		.seq = ntohl(head.seq),
		.count = ntohl(head.count),
		.digest = be64toh(head.digest),
		.nr_owned = ntohs(head.nr_owned),
		.nr_ended = ntohs(head.nr_ended),
	};
	for (size_t i = 0; i < (size_t)message->nr_owned + message->nr_ended; i++) {
		memcpy(&flow, bytes + sizeof(head) + 8 * i, sizeof(flow));
		message->flows[i] = be64toh(flow);
	}
	return 0;
}
