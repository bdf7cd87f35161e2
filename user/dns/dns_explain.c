// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_explain.c: the engine asked once more for each name on the way (dns_explain.h).
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <string.h>
#include "dns_explain.h"
#include "maps/dns_proto.h"

struct explaining {
	const struct dns_zones *zones;
	const struct dns_ask *ask;
	struct dns_steering steering;
	struct dns_work *work;
	struct dns_explanation *to;
};

/* The question, but for another name and perhaps another type. */
static const struct ad_dns_image *put_question(struct explaining *explaining, const __u8 *name,
					       __u16 qtype)
{
	struct dns_ask ask = *explaining->ask;
	struct dns_work *work = explaining->work;

	memset(work, 0, sizeof(*work));
	memcpy(ask.wire, name, name_len(name));
	ask.qtype = qtype;
	work->home = explaining->zones->image;
	work->steering = explaining->zones->steering ? &explaining->steering : NULL;
	dns_ask_write(&ask, work);
	return dns_image(work);
}

/* --- steered names ---------------------------------------------------------------------------- */

/* Which one the cell that was reached is of: the name itself, or the wildcard above it. */
static const struct dns_steered *find_steered(const struct explaining *explaining)
{
	const struct dns_steer_set *set = explaining->zones->steering;
	const struct dns_work *work = explaining->work;
	const __u8 *name = (const __u8 *)work->name;
	__u8 owner[256] = { 1, '*' };
	size_t i, len = name_len(name);

	if (work->match) {
		len = name_len(name + work->labels[work->match]);
		memcpy(owner + 2, name + work->labels[work->match], len);
		len += 2;
	} else {
		memcpy(owner, name, len);
	}
	for (i = 0; i < set->nr_names; i++)
		if (name_len(set->names[i].name) == len && !memcmp(set->names[i].name, owner, len))
			return &set->names[i];
	return NULL;
}

static void take_draw(const struct explaining *explaining, int verdict, struct dns_explain_name *to)
{
	const struct dns_work *work = explaining->work;

	to->where = work->where;
	to->by_subnet = work->front != AD_STEER_NONE;
	to->known_bits = 128;
	if (to->by_subnet)
		to->known_bits = work->front + explaining->ask->prefix_bits;
	to->location = work->location;
	to->place_bits = work->place_bits;
	to->draw = work->draw;
	to->draw_bits = work->draw_bits;
	to->drawn = work->drawn;
	to->doubtful = work->doubtful;
	to->pop = AD_STEER_NONE;
	if (verdict != DNS_GO)
		return;
	to->pop = work->pops[0];
	memcpy(to->pops, work->pops, sizeof(to->pops));
	to->nr_pops = work->nr_pops;
}

/* What is known of @name: by the stages of the engine, as far as the choice of a POP. */
static void explain_name(struct explaining *explaining, const __u8 *name)
{
	struct dns_explain_name *to = &explaining->to->names[explaining->to->nr++];
	const struct ad_dns_image *image = put_question(explaining, name, explaining->ask->qtype);
	struct dns_work *work = explaining->work;
	const struct ad_dns_cell *cell;

	memset(to, 0, sizeof(*to));
	name_lower(to->name, name);
	if (!work->steering || dns_read(work, image) != DNS_GO || dns_is_meta(work->qtype) ||
	    dns_reach(work, image) != DNS_GO)
		return;
	cell = dns_cell(work, image, work->cell);
	if (!cell || !(cell->flags & AD_DNS_IS_STEERED) || work->skip)
		return;
	to->steered = find_steered(explaining);
	if (!to->steered)
		return;
	explaining->steering.asked = &to->asked;
	take_draw(explaining, dns_steer(work, image), to);
	explaining->steering.asked = NULL;
}

/* --- the way ---------------------------------------------------------------------------------- */

/* Where the CNAME of @name in the message leads: 0, or -ENOENT. */
static int find_alias(const struct dns_work *work, const __u8 *name, __u8 target[256])
{
	knot_pkt_t *pkt = knot_pkt_new((void *)work->msg, work->len, NULL);
	const knot_pktsection_t *answers;
	const knot_dname_t *to;
	int err = -ENOENT;
	__u16 i;

	if (pkt && knot_pkt_parse(pkt, 0) == KNOT_EOK) {
		answers = knot_pkt_section(pkt, KNOT_ANSWER);
		for (i = 0; err && i < answers->count; i++) {
			const knot_rrset_t *rr = knot_pkt_rr(answers, i);

			if (rr->type != KNOT_RRTYPE_CNAME || !knot_dname_is_equal(rr->owner, name))
				continue;
			to = knot_cname_name(rr->rrs.rdata);
			memcpy(target, to, knot_dname_size(to));
			err = 0;
		}
	}
	knot_pkt_free(pkt);
	return err;
}

/* What @name is another name for, for this client. Asked for by type, no alias is followed. */
static int follow_alias(struct explaining *explaining, const __u8 *name, __u8 target[256])
{
	const struct ad_dns_image *image;

	if (explaining->ask->qtype == DNS_T_CNAME || explaining->ask->qtype == DNS_T_ANY)
		return -ENOENT;
	image = put_question(explaining, name, DNS_T_CNAME);
	if (dns_respond(explaining->work, image) != DNS_SEND)
		return -ENOENT;
	return find_alias(explaining->work, name, target);
}

static void explain_way(struct explaining *explaining)
{
	__u8 name[256], next[256];
	int i;

	name_lower(name, explaining->ask->wire);
	for (i = 0; i < DNS_EXPLAIN_NAMES; i++) {
		explain_name(explaining, name);
		if (follow_alias(explaining, name, next))
			break;
		name_lower(name, next);
	}
}

/* --- the answer ------------------------------------------------------------------------------- */

/* The subnet that the reply tells is the query's, but for this byte. */
static int find_scope(const struct dns_explanation *to)
{
	knot_pkt_t *pkt = knot_pkt_new((void *)to->reply, to->reply_len, NULL);
	const __u8 *option = NULL;
	int scope = -1;

	if (pkt && knot_pkt_parse(pkt, 0) == KNOT_EOK && pkt->edns_opts)
		option = pkt->edns_opts->ptr[KNOT_EDNS_OPTION_CLIENT_SUBNET];
	if (option && knot_edns_opt_get_length(option) >= 4)
		scope = knot_edns_opt_get_data((__u8 *)option)[3];
	knot_pkt_free(pkt);
	return scope;
}

static void explain_answer(struct explaining *explaining)
{
	struct dns_explanation *to = explaining->to;
	const struct ad_dns_image *image =
		put_question(explaining, explaining->ask->wire, explaining->ask->qtype);

	to->verdict = dns_respond(explaining->work, image);
	to->rcode = explaining->work->rcode;
	to->scope = -1;
	to->reply_len = 0;
	if (to->verdict != DNS_SEND)
		return;
	to->reply_len = explaining->work->len;
	memcpy(to->reply, explaining->work->msg, to->reply_len);
	to->scope = find_scope(to);
}

int dns_explain(const struct dns_zones *zones, const struct ad_steer_pop *pops,
		const struct dns_ask *ask, struct dns_explanation *explanation)
{
	struct explaining explaining = {
		.zones = zones,
		.ask = ask,
		.work = malloc(sizeof(*explaining.work)),
		.to = explanation,
	};

	if (!explaining.work)
		return -ENOMEM;
	explaining.steering = dns_steering_of(zones->steering, pops);
	explanation->nr = 0;
	explain_way(&explaining);
	explain_answer(&explaining);
	free(explaining.work);
	return 0;
}

const struct ad_steer_row *dns_explain_row(const struct dns_steer_set *set, unsigned int policy,
					   unsigned int location, unsigned int rank)
{
	const struct ad_rows_head *head = steer_table_head(&set->rows);
	const __u8 *bytes = set->rows.bytes;
	const __u32 *entries = (const __u32 *)(bytes + head->entries);
	const __u32 *nexts = (const __u32 *)(bytes + head->nexts);
	__u32 entry = entries[(size_t)policy * (head->nr_locations + 1) + location];

	while (rank-- && entry & AD_STEER_ROW)
		entry = nexts[entry & AD_STEER_ROW];
	if (!(entry & AD_STEER_ROW))
		return NULL;
	return (const struct ad_steer_row *)(bytes + head->rows) + (entry & AD_STEER_ROW);
}
