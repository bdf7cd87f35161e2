// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor_fleet.c: does each node answer, how long may packets be on the way there and back, and
 * does its clock agree with ours? All by questions through the tunnel (echo.h).
 *
 * A node takes a question only if the time in it is within AD_TUNNEL_FRESH_S of its own clock. So
 * questions whose time is wrong on purpose tell how far its clock is from ours.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "doctor.h"
#include "user/base/addr.h"

#define WAIT_MS	     400
#define CLOCK_GOOD_S 3 /* what a node's clock may be off */

/* How far a clock is looked for, and of how many nodes. Zones are whole hours apart. */
#define FAR_STEP_S (2 * AD_TUNNEL_FRESH_S - 10)
#define FAR_STEPS  19
#define FAR_HOURS  12
#define FAR_NODES  8

#define SMALLEST 576 /* below that a path is not looked for */

/* What is known of one node. */
struct peer_look {
	const struct config_node *node;
	bool answers;
	int passes; /* bytes, in the tunnel: a packet of that length was answered */
	int fails;  /* one of that length was not; 0: none */
};

struct fleet_look {
	struct doctor *doctor;
	struct echo_asker asker;
	struct peer_look *list;
	struct echo *echoes;
	size_t nr;
};

static int overhead_of(const struct config *config)
{
	return addr_is_ip4(&config->self->tunnel) ? AD_OVERHEAD_IP4 : AD_OVERHEAD_IP6;
}

/* Nothing of this is known. */
static void cannot(struct doctor *doctor, const char *why)
{
	static const char *const words[] = { "peers", "mtu", "clocks" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		doctor->findings->check = words[i];
		doctor_unknown(doctor, "%s: not asked: %s", words[i], why);
	}
}

/* --- who answers ------------------------------------------------------------------------------ */

static __u64 stale_packets(const struct doctor *doctor)
{
	struct ad_count counts[AD_REASON_MAX];

	return pins_read_reasons(&doctor->view.pins, counts) ? 0
							     : counts[AD_R_TUNNEL_STALE].packets;
}

/* Questions of one shape to those that @wants; the answers are in ->echoes, in the same order. */
static size_t ask(struct fleet_look *look, bool (*wants)(const struct peer_look *peer),
		  void (*shape)(const struct peer_look *peer, struct echo *echo))
{
	size_t nr = 0;

	for (size_t i = 0; i < look->nr; i++) {
		if (!wants(&look->list[i]))
			continue;
		look->echoes[nr] = (struct echo){ .node = look->list[i].node };
		shape(&look->list[i], &look->echoes[nr++]);
	}
	if (echo_ask(&look->asker, look->echoes, nr, WAIT_MS))
		return 0;
	return nr;
}

static bool everybody(const struct peer_look *peer)
{
	return true;
}

static void plainly(const struct peer_look *peer, struct echo *echo)
{
}

/*
 * A node whose clock is far off takes no question, unless the time in it is as wrong. What it
 * answers then is too old or too new for our data path, which counts it.
 */
static bool clock_is_far(struct fleet_look *look, const struct config_node *node)
{
	__u64 before = stale_packets(look->doctor);
	struct echo echoes[2 * (FAR_STEPS + FAR_HOURS)];
	size_t nr = 0;

	for (int i = 1; i <= FAR_STEPS; i++) {
		echoes[nr++] = (struct echo){ .node = node, .shift_s = i * FAR_STEP_S };
		echoes[nr++] = (struct echo){ .node = node, .shift_s = -i * FAR_STEP_S };
	}
	for (int i = 1; i <= FAR_HOURS; i++) {
		echoes[nr++] = (struct echo){ .node = node, .shift_s = i * 3600 };
		echoes[nr++] = (struct echo){ .node = node, .shift_s = -i * 3600 };
	}
	return !echo_ask(&look->asker, echoes, nr, WAIT_MS) &&
	       stale_packets(look->doctor) != before;
}

static void say_silent(struct fleet_look *look, const struct peer_look *peer, bool far)
{
	char text[ADDR_TEXT];

	addr_format(&peer->node->tunnel, text);
	if (far)
		doctor_bad(look->doctor,
			   "peers: %s (%s) does not answer unless the time in a packet is wrong by "
			   "more than %d s: the clock of %s, or ours, is wrong; `chronyc "
			   "tracking` on both",
			   peer->node->name, text, AD_TUNNEL_FRESH_S, peer->node->name);
	else
		doctor_bad(look->doctor,
			   "peers: %s (%s) does not answer through the tunnel: is it up (`anydoor "
			   "status` there), is UDP port %u open both ways, does it have the same "
			   "keys.file and a neighbouring keys.epoch, and us among its nodes? If it "
			   "is to be off, say nodes[].state: down",
			   peer->node->name, text, look->doctor->config->tunnel_port);
}

static bool look_who_answers(struct fleet_look *look)
{
	size_t nr = ask(look, everybody, plainly), answer = 0, silent = 0;

	if (!nr) {
		cannot(look->doctor, "the maps of the data path cannot be read");
		return false;
	}
	look->doctor->findings->check = "peers";
	for (size_t i = 0; i < nr; i++) {
		look->list[i].answers = look->echoes[i].heard;
		answer += look->echoes[i].heard;
	}
	for (size_t i = 0; i < nr; i++)
		if (!look->list[i].answers)
			say_silent(look, &look->list[i],
				   silent++ < FAR_NODES && clock_is_far(look, look->list[i].node));
	doctor_fine(look->doctor, "peers: %zu of %zu answer through the tunnel", answer, look->nr);
	return answer;
}

/* --- how long packets may be ------------------------------------------------------------------ */

static bool searches(const struct peer_look *peer)
{
	return peer->answers && peer->fails - peer->passes > 1;
}

static void halfway(const struct peer_look *peer, struct echo *echo)
{
	echo->bytes = (peer->passes + peer->fails) / 2;
}

static bool answers(const struct peer_look *peer)
{
	return peer->answers;
}

/* As long as it must be able to be. */
static void at_full_length(const struct peer_look *peer, struct echo *echo)
{
	echo->bytes = peer->fails;
}

static void take_lengths(struct fleet_look *look, size_t nr,
			 bool (*wants)(const struct peer_look *peer))
{
	size_t at = 0;

	for (size_t i = 0; i < look->nr && at < nr; i++) {
		struct peer_look *peer = &look->list[i];

		if (!wants(peer) || look->echoes[at].node != peer->node)
			continue;
		if (look->echoes[at].heard)
			peer->passes = look->echoes[at].bytes;
		else
			peer->fails = look->echoes[at].bytes;
		at++;
	}
}

static int mtu_of(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	struct ifreq request = {};

	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &request))
		mtu = request.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu;
}

/* The longest packet that a client sends which obeys the MSS in our SYN-ACK. */
static int longest(const struct config *config)
{
	int mtu = 0;

	for (size_t i = 0; i < config->nr_interfaces; i++)
		if (mtu_of(config->interfaces[i]) > mtu)
			mtu = mtu_of(config->interfaces[i]);
	mtu -= (int)config->tunnel_overhead;
	return mtu > PROBE_BYTES_MAX ? PROBE_BYTES_MAX : mtu;
}

static void say_narrow(struct fleet_look *look, const struct peer_look *peer, int wanted)
{
	int overhead = overhead_of(look->doctor->config);

	doctor_warn(look->doctor,
		    "mtu: to %s and back packets of %d bytes pass, and not longer ones; %d are "
		    "needed: raise the MTU of the path, or say nodes[].mtu: %d and "
		    "tunnel.mss_overhead: %u",
		    peer->node->name, peer->passes + overhead, wanted + overhead,
		    peer->passes + overhead,
		    look->doctor->config->tunnel_overhead + wanted - peer->passes);
}

static void look_how_long(struct fleet_look *look)
{
	const struct config *config = look->doctor->config;
	int wanted = longest(config), overhead = overhead_of(config);
	size_t i, nr;

	look->doctor->findings->check = "mtu";
	for (i = 0; i < look->nr; i++) {
		struct peer_look *peer = &look->list[i];
		int room = peer->node->mtu ? peer->node->mtu - overhead : wanted;

		peer->passes = SMALLEST;
		peer->fails = room < wanted ? room : wanted;
	}
	nr = ask(look, answers, at_full_length);
	take_lengths(look, nr, answers);
	while ((nr = ask(look, searches, halfway)))
		take_lengths(look, nr, searches);
	for (i = 0, nr = 0; i < look->nr; i++) {
		if (!look->list[i].answers || look->list[i].fails <= look->list[i].passes)
			continue;
		say_narrow(look, &look->list[i], wanted);
		nr++;
	}
	if (!nr)
		doctor_fine(look->doctor,
			    "mtu: packets of %d bytes, the longest that are needed, pass to each "
			    "that answers, and back",
			    wanted + overhead);
}

/* --- clocks ----------------------------------------------------------------------------------- */

/* It would be too old for a clock that is further ahead than is good. */
static void as_old_as_is_good(const struct peer_look *peer, struct echo *echo)
{
	echo->shift_s = CLOCK_GOOD_S - AD_TUNNEL_FRESH_S;
}

/* And too new for one that is further behind. */
static void as_new_as_is_good(const struct peer_look *peer, struct echo *echo)
{
	echo->shift_s = AD_TUNNEL_FRESH_S - CLOCK_GOOD_S;
}

static void take_clocks(struct fleet_look *look, size_t nr, const char *how)
{
	for (size_t i = 0; i < nr; i++)
		if (!look->echoes[i].heard)
			doctor_warn(look->doctor,
				    "clocks: the clock of %s is more than %d s %s ours; at %d s "
				    "packets are dropped; `chronyc tracking` on both",
				    look->echoes[i].node->name, CLOCK_GOOD_S, how,
				    AD_TUNNEL_FRESH_S);
}

static void look_at_clocks(struct fleet_look *look)
{
	look->doctor->findings->check = "clocks";
	take_clocks(look, ask(look, answers, as_old_as_is_good), "ahead of");
	take_clocks(look, ask(look, answers, as_new_as_is_good), "behind");
}

/* --- all of it -------------------------------------------------------------------------------- */

static void look_at_all(struct fleet_look *look)
{
	const struct config *config = look->doctor->config;

	look->list = calloc(config->nr_nodes, sizeof(*look->list));
	look->echoes = calloc(config->nr_nodes, sizeof(*look->echoes));
	for (size_t i = 0; look->list && i < config->nr_nodes; i++)
		if (&config->nodes[i] != config->self && config->nodes[i].state != CONFIG_NODE_DOWN)
			look->list[look->nr++].node = &config->nodes[i];
	if (look->list && look->echoes && look->nr && look_who_answers(look)) {
		look_how_long(look);
		look_at_clocks(look);
	}
	free(look->list);
	free(look->echoes);
}

void doctor_fleet(struct doctor *doctor)
{
	struct fleet_look look = { .doctor = doctor };
	int err;

	if (!doctor->loaded || doctor->alone)
		return;
	if (!doctor->status.here) {
		cannot(doctor, "the instance is in another network namespace");
		return;
	}
	err = echo_open(&look.asker, doctor->config, &doctor->view.pins);
	if (!err)
		look_at_all(&look);
	else if (err == -EACCES || err == -EPERM)
		cannot(doctor, "only root has the tunnel's key");
	else if (err == -ENOENT)
		cannot(doctor, "there is no VIP with TCP");
	else
		cannot(doctor, strerror(-err));
	echo_close(&look.asker);
}
