// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_read.c: the data path's counts, and the sockets' times (catch_read.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "catch_read.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/net/sockets.h"

#define BATCH  4096
#define ROUNDS (4 * AD_CATCHMENT_MAX / BATCH) /* what comes meanwhile is for the next time */

struct batch {
	__u64 keys[BATCH], counts[BATCH];
};

static int take_batches(int fd, struct batch *batch, const struct places *places,
			enum catch_kind kind, struct catch_book *book)
{
	__u32 at, nr, i;
	int round, err = 0;

	for (round = 0; !err && round < ROUNDS; round++) {
		nr = BATCH;
		err = bpf_map_lookup_and_delete_batch(fd, round ? &at : NULL, &at, batch->keys,
						      batch->counts, &nr, NULL);
		/* Behind the last entry it says -ENOENT, and may have found some all the same. */
		for (i = 0; (!err || err == -ENOENT) && i < nr; i++)
			catch_book_add(book, places, kind, batch->keys[i], batch->counts[i]);
	}
	return err == -ENOENT ? 0 : err;
}

int catch_read_counts(const struct pins *pins, const struct places *places, struct catch_book *book)
{
	static const char *const maps[] = {
		[CATCH_CONNECTIONS] = "catch_flows", [CATCH_QUERIES] = "catch_queries"
	};
	struct batch *batch = malloc(sizeof(*batch));
	enum catch_kind kind;
	int fd, err = batch ? 0 : -ENOMEM;

	for (kind = 0; !err && kind < CATCH_KINDS; kind++) {
		fd = pins_map(pins, maps[kind], true);
		err = fd < 0 ? fd : take_batches(fd, batch, places, kind, book);
		if (fd >= 0)
			close(fd);
	}
	free(batch);
	return err;
}

struct sending {
	const struct places *places;
	struct catch_book *book;
	__u32 now_s, within_s;
};

static int add_sender(const struct ad_flow *flow, void *arg)
{
	const struct sending *sending = arg;
	const struct ad_addr *client = &flow->client;

	if (flow->kind == AD_FLOW_FREE || flow->via ||
	    sending->now_s - flow->last_s > sending->within_s)
		return 0;
	catch_book_add(sending->book, sending->places, CATCH_CONNECTIONS,
		       addr_is_ip4(client) ? AD_PREFIX_OF_IP4(client->w[3])
					   : AD_PREFIX_OF_IP6(client->q[0]),
		       1);
	return 0;
}

int catch_read_senders(const struct pins *pins, const struct places *places, __u32 within_s,
		       struct catch_book *book)
{
	struct sending sending = { places, book, clock_mono_s(), within_s };

	return pins_each_flow(pins, add_sender, &sending);
}

struct timing {
	const struct places *places;
	struct catch_book *book;
	unsigned int nr;
};

static int time_one(const struct socket_entry *socket, void *arg)
{
	struct timing *timing = arg;

	if (socket->info.min_rtt_us)
		catch_book_time(timing->book, timing->places, &socket->tuple.client,
				socket->info.min_rtt_us);
	return ++timing->nr >= CATCH_SOCKETS_MAX;
}

int catch_read_times(const struct pins *pins, const struct places *places, struct catch_book *book)
{
	struct timing timing = { places, book, 0 };
	int err, fd = pins_map(pins, "locals", false);
	struct vip_set vips;

	if (fd < 0)
		return fd;
	err = vip_set_read(&vips, fd, AD_LOCAL_VIP_TCP);
	close(fd);
	err = err ?: sockets_each(SOCKETS_LIVE, &vips, time_one, &timing);
	return err < 0 ? err : 0;
}
