// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * echo.c: questions through the tunnel that are told apart (echo.h).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <sys/random.h>
#include "echo.h"
#include "user/base/clock.h"
#include "user/state/prf.h"

#define PAUSE_MS   10
#define BURST	   64 /* questions that are sent at once */
#define EPHEMERAL  49152
#define PROBE_PORT 9

int echo_open(struct echo_asker *asker, const struct config *config, const struct pins *pins)
{
	int err = probe_init(&asker->probe, config, pins);

	asker->notes = err ? -1 : pins_map(pins, "nobodies", false);
	if (!err && asker->notes < 0)
		err = asker->notes;
	return err ?: probe_vip(config) ? 0 : -ENOENT;
}

void echo_close(struct echo_asker *asker)
{
	if (asker->notes >= 0)
		close(asker->notes);
	explicit_bzero(&asker->probe, sizeof(asker->probe));
	asker->notes = -1;
}

static __u64 prf(const struct probe *probe, const struct ad_addr *vip, __be16 port)
{
	const struct ad_tuple tuple = {
		.client = *vip,
		.vip = *vip,
		.client_port = port,
		.vip_port = htons(PROBE_PORT),
	};

	return prf_of_tuple(&tuple, probe->stamp);
}

/* As nobody_place() and nobody_tag() of bpf/flow/hints.h have it. */
static int number_it(const struct probe *probe, struct echo *echo)
{
	__u32 drawn[2];
	__u64 hash;

	if (getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
		return -EIO;
	echo->shape = (struct probe_shape){
		.ack = drawn[0],
		.port = htons(EPHEMERAL + drawn[1] % (65536 - EPHEMERAL)),
		.bytes = echo->bytes,
		.shift_s = echo->shift_s,
	};
	hash = prf(probe, probe_vip(probe->config), echo->shape.port);
	echo->place = hash >> 32 & (AD_NOBODY_MAX - 1);
	echo->tag = (__u32)hash ^ ntohl(drawn[0]);
	echo->heard = false;
	return 0;
}

/* How many of them were not heard yet, or -errno. */
static int listen_for(struct echo_asker *asker, struct echo *list, size_t nr)
{
	int left = 0;
	__u64 note;

	for (size_t i = 0; i < nr; i++) {
		if (list[i].heard)
			continue;
		if (bpf_map_lookup_elem(asker->notes, &list[i].place, &note))
			return -errno;
		list[i].heard = note >> 32 == list[i].tag;
		left += !list[i].heard;
	}
	return left;
}

static int ask_once(struct echo_asker *asker, struct echo *list, size_t nr, unsigned int wait_ms)
{
	__u64 end_ms = clock_mono_us() / 1000 + wait_ms;
	int left = 0;

	for (size_t i = 0; i < nr; i++)
		if (!list[i].heard &&
		    !probe_send_shaped(&asker->probe, list[i].node, &list[i].shape))
			left++;
	while (left > 0 && clock_mono_us() / 1000 < end_ms) {
		usleep(PAUSE_MS * 1000);
		left = listen_for(asker, list, nr);
	}
	return left < 0 ? left : 0;
}

static int ask_some(struct echo_asker *asker, struct echo *list, size_t nr, unsigned int wait_ms)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < nr; i++)
		err = number_it(&asker->probe, &list[i]);
	for (i = 0; !err && i < ECHO_TRIES; i++)
		err = ask_once(asker, list, nr, wait_ms);
	return err;
}

int echo_ask(struct echo_asker *asker, struct echo *list, size_t nr, unsigned int wait_ms)
{
	size_t at, some;
	int err = 0;

	for (at = 0; !err && at < nr; at += some) {
		some = nr - at < BURST ? nr - at : BURST;
		err = ask_some(asker, list + at, some, wait_ms);
	}
	return err;
}
