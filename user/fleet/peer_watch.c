// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * peer_watch.c: nodes that are sent to and not heard of (peer_watch.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "peer_watch.h"
#include "probe.h"
#include "user/base/clock.h"
#include "user/base/log.h"

#define AT_ONCE		  256 /* nodes, in one tick */
#define AT_ONCE_URGENT	  64
#define UNANSWERED	  3
#define UNANSWERED_URGENT 2 /* seconds, of ... */
#define QUESTIONS_URGENT  6 /* ... so many each: also where four of ten answers are lost */

struct peer_seen {
	__u64 tx, rx;	    /* packets, at the last look */
	unsigned int asked; /* since it was last heard */
	bool begun;	    /* looked at before */
	bool urgent;
	bool urgent_before; /* at the last look */
};

static int make_room(struct peer_watch *watch, size_t nr)
{
	struct peer_seen *seen;

	if (nr <= watch->nr)
		return 0;
	seen = reallocarray(watch->seen, nr, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	memset(seen + watch->nr, 0, (nr - watch->nr) * sizeof(*seen));
	watch->seen = seen;
	watch->nr = nr;
	return 0;
}

static void tell(struct model *model, const struct probe *probe, const struct config_node *node,
		 bool silent)
{
	if (model_columns(model, node->id).silent == silent)
		return;
	model_see(model, node->id, silent, clock_mono_s());
	if (silent)
		log_warn("%s is sent to and does not answer through the tunnel: is it up, and is "
			 "UDP port %u open both ways?",
			 node->name, probe->config->tunnel_port);
	else
		log_info("%s answers through the tunnel again", node->name);
}

static void ask(const struct probe *probe, const struct config_node *node, int nr)
{
	while (nr-- > 0)
		probe_send(probe, node);
}

/* Who was silent when the last process looked is so until it is heard of by us. */
static void begin(struct peer_seen *seen, const struct ad_peer_count *count, bool silent)
{
	seen->begun = true;
	if (!silent)
		return;
	seen->rx = count->rx.packets;
	seen->asked = UNANSWERED;
}

/* What came since the last look may have come before it mattered: it says nothing. */
static void begin_urgent(struct peer_seen *seen, const struct probe *probe,
			 const struct config_node *node)
{
	seen->urgent_before = true;
	seen->asked = 1;
	ask(probe, node, QUESTIONS_URGENT);
}

static void look_at(struct peer_watch *watch, const struct probe *probe, const struct pins *pins,
		    struct model *model, const struct config_node *node)
{
	struct peer_seen *seen = &watch->seen[node->id];
	struct ad_peer_count count;
	struct model_columns columns = model_columns(model, node->id);
	bool heard, sent, urgent = seen->urgent;

	if (pins_read_peer(pins, node->id, &count))
		return;
	if (!seen->begun)
		begin(seen, &count, columns.silent);
	heard = count.rx.packets != seen->rx;
	sent = count.tx.packets != seen->tx;
	seen->rx = count.rx.packets;
	seen->tx = count.tx.packets;
	if (urgent && !seen->urgent_before) {
		begin_urgent(seen, probe, node);
		return;
	}
	seen->urgent_before = urgent;
	if (heard) {
		seen->asked = 0;
		tell(model, probe, node, false);
	}
	if (heard ? !urgent : !sent && !seen->asked && !columns.missed && !urgent)
		return;
	if (seen->asked >= (urgent ? UNANSWERED_URGENT : UNANSWERED))
		tell(model, probe, node, true);
	else
		seen->asked++;
	ask(probe, node, urgent ? QUESTIONS_URGENT : 1);
}

static bool is_watched(const struct config *config, const struct config_node *node)
{
	return node != config->self && node->state != CONFIG_NODE_DOWN;
}

void peer_watch_tick(struct peer_watch *watch, const struct config *config, const struct pins *pins,
		     struct model *model)
{
	struct probe probe;

	if (make_room(watch, (size_t)1 << config->owner_bits) || probe_init(&probe, config, pins))
		return;
	for (size_t i = 0; i < AT_ONCE && i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[watch->next++ % config->nr_nodes];

		if (is_watched(config, node) && !watch->seen[node->id].urgent)
			look_at(watch, &probe, pins, model, node);
	}
	explicit_bzero(&probe, sizeof(probe));
}

void peer_watch_urge(struct peer_watch *watch, __u16 id, bool is_urgent)
{
	if (id >= watch->nr || watch->seen[id].urgent == is_urgent)
		return;
	watch->seen[id].urgent = is_urgent;
	watch->nr_urgent += is_urgent ? 1 : -1;
}

void peer_watch_calm(struct peer_watch *watch)
{
	for (size_t id = 0; watch->nr_urgent && id < watch->nr; id++)
		peer_watch_urge(watch, id, false);
}

void peer_watch_hurry(struct peer_watch *watch, const struct config *config,
		      const struct pins *pins, struct model *model)
{
	struct probe probe;
	size_t i, nr = 0;

	if (!watch->nr_urgent || probe_init(&probe, config, pins))
		return;
	for (i = 0; i < config->nr_nodes && nr < AT_ONCE_URGENT; i++) {
		const struct config_node *node =
			&config->nodes[watch->next_urgent++ % config->nr_nodes];

		if (node->id >= watch->nr || !watch->seen[node->id].urgent ||
		    !is_watched(config, node))
			continue;
		look_at(watch, &probe, pins, model, node);
		nr++;
	}
	explicit_bzero(&probe, sizeof(probe));
}

void peer_watch_free(struct peer_watch *watch)
{
	free(watch->seen);
	*watch = (struct peer_watch){};
}
