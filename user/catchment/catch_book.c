// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * catch_book.c: windows that fill, and what was before them (catch_book.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "catch_book.h"
#include "user/base/addr.h"

#define REGIONS_MAX (CONFIG_REGIONS_MAX + 1)

static const size_t rows_max[] = { REGIONS_MAX, CATCH_ASNS_MAX, CATCH_PREFIXES_MAX };
static const size_t seen_max[] = { REGIONS_MAX, CATCH_ASNS_WATCHED };
static const size_t lines_max[] = { REGIONS_MAX, CATCH_LINES_MAX, CATCH_LINES_MAX };

void catch_book_begin(struct catch_book *book, double now_s)
{
	size_t by;

	for (by = 0; by < CATCH_BYS; by++)
		catch_table_clear(&book->tables[by]);
	memset(book->sum, 0, sizeof(book->sum));
	book->began_s = now_s;
}

int catch_book_init(struct catch_book *book, double now_s)
{
	size_t by;

	memset(book, 0, sizeof(*book));
	for (by = 0; by < CATCH_BYS; by++) {
		if (catch_table_init(&book->tables[by], rows_max[by])) {
			catch_book_free(book);
			return -ENOMEM;
		}
	}
	catch_book_begin(book, now_s);
	return 0;
}

void catch_book_free(struct catch_book *book)
{
	size_t by;

	for (by = 0; by < CATCH_BYS; by++)
		catch_table_free(&book->tables[by]);
	for (by = 0; by < CATCH_BY_PREFIX; by++)
		catch_watch_free(&book->watches[by]);
}

void catch_book_restart(struct catch_book *book, double now_s)
{
	size_t by;

	for (by = 0; by < CATCH_BY_PREFIX; by++)
		catch_watch_free(&book->watches[by]);
	catch_book_begin(book, now_s);
}

/* --- a window fills --------------------------------------------------------------------------- */

/* The first address of a prefix. */
static void prefix_addr(__u64 prefix, struct ad_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (prefix >> 56 == 6) {
		addr->q[0] = prefix & 0x0000ffffffffffffull;
		return;
	}
	addr->b[10] = addr->b[11] = 0xff;
	addr->w[3] = prefix;
}

/* Its row in each table; NULL: the table is full. */
static void rows_of(struct catch_book *book, const struct places *places,
		    const struct ad_addr *addr, __u64 prefix, struct catch_row *rows[CATCH_BYS])
{
	__u32 region, asn;

	places_find(places, addr, &region, &asn);
	rows[CATCH_BY_REGION] = catch_table_add(&book->tables[CATCH_BY_REGION], region);
	rows[CATCH_BY_ASN] = catch_table_add(&book->tables[CATCH_BY_ASN], asn);
	rows[CATCH_BY_PREFIX] = catch_table_add(&book->tables[CATCH_BY_PREFIX], prefix);
}

void catch_book_add(struct catch_book *book, const struct places *places, enum catch_kind kind,
		    __u64 prefix, __u64 count)
{
	struct catch_row *rows[CATCH_BYS];
	struct ad_addr addr;
	size_t by;

	prefix_addr(prefix, &addr);
	rows_of(book, places, &addr, prefix, rows);
	for (by = 0; by < CATCH_BYS; by++)
		if (rows[by])
			rows[by]->count[kind] += count;
	book->sum[kind] += count;
}

void catch_book_time(struct catch_book *book, const struct places *places,
		     const struct ad_addr *client, __u32 rtt_us)
{
	struct catch_row *rows[CATCH_BYS];
	size_t by;

	rows_of(book, places, client,
		addr_is_ip4(client) ? AD_PREFIX_OF_IP4(client->w[3])
				    : AD_PREFIX_OF_IP6(client->q[0]),
		rows);
	for (by = 0; by < CATCH_BYS; by++)
		if (rows[by])
			catch_row_time(rows[by], rtt_us);
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *region_name(const struct places *places, __u32 region)
{
	return places && region < places->nr_regions ? places->regions[region] : PLACES_NOWHERE;
}

static void asn_name(__u32 asn, char name[CATCH_NAME])
{
	if (asn)
		snprintf(name, CATCH_NAME, "AS%u", asn);
	else
		snprintf(name, CATCH_NAME, "unknown");
}

static void row_name(enum catch_by by, const struct places *places, __u64 key,
		     char name[CATCH_NAME])
{
	char text[ADDR_TEXT];
	struct ad_addr addr;

	switch (by) {
	case CATCH_BY_REGION:
		snprintf(name, CATCH_NAME, "%s", region_name(places, key));
		break;
	case CATCH_BY_ASN:
		asn_name(key, name);
		break;
	default:
		prefix_addr(key, &addr);
		snprintf(name, CATCH_NAME, "%s/%d", addr_format(&addr, text),
			 key >> 56 == 6 ? 48 : 24);
	}
}

/* Without a database of AS numbers there is nothing to tell by them. */
static bool tells(enum catch_by by, const struct places *places)
{
	return by != CATCH_BY_ASN || (places && places->nr_asns);
}

/* --- a window ends ---------------------------------------------------------------------------- */

struct closing {
	enum catch_by by;
	catch_told *told;
	void *arg;
};

static void on_change(const struct catch_change *change, void *arg)
{
	const struct closing *closing = arg;

	closing->told(closing->by, change, closing->arg);
}

static void judge(struct catch_book *book, const struct places *places,
		  const struct catch_rules *rules, const struct catch_window *window,
		  struct closing *closing)
{
	const struct catch_row **rows;
	struct catch_seen *seen;
	size_t nr, i, kind;

	if (!tells(closing->by, places))
		return;
	rows = catch_table_sort(&book->tables[closing->by], seen_max[closing->by], &nr);
	seen = rows ? calloc(nr + 1, sizeof(*seen)) : NULL;
	for (i = 0; seen && i < nr; i++) {
		row_name(closing->by, places, rows[i]->key, seen[i].name);
		for (kind = 0; kind < CATCH_KINDS; kind++)
			seen[i].count[kind] = rows[i]->count[kind];
	}
	if (seen)
		catch_watch_window(&book->watches[closing->by], rules, seen, nr, window, on_change,
				   closing);
	free(seen);
	free(rows);
}

void catch_book_close(struct catch_book *book, const struct places *places,
		      const struct catch_rules *rules, double now_s, bool is_draining,
		      struct catch_view **view, catch_told *told, void *arg)
{
	struct catch_window window = {
		.seconds = now_s - book->began_s,
		.weight = { 1, AD_CATCHMENT_SAMPLE },
		.is_quiet = { is_draining, is_draining },
	};
	struct closing closing = { .told = told, .arg = arg };

	memcpy(window.total, book->sum, sizeof(window.total));
	for (closing.by = 0; closing.by < CATCH_BY_PREFIX; closing.by++)
		judge(book, places, rules, &window, &closing);
	*view = catch_book_look(book, places, now_s);
	if (*view)
		(*view)->is_whole = true;
	catch_book_begin(book, now_s);
}

/* --- a view ----------------------------------------------------------------------------------- */

static void fill_line(const struct catch_book *book, const struct places *places, enum catch_by by,
		      const struct catch_row *row, double seconds, struct catch_line *line)
{
	const struct catch_group *group = NULL;
	struct ad_addr addr;
	__u32 region;
	size_t kind;

	row_name(by, places, row->key, line->name);
	if (by == CATCH_BY_PREFIX) {
		prefix_addr(row->key, &addr);
		places_find(places, &addr, &region, &line->asn);
		snprintf(line->region, CATCH_NAME, "%s", region_name(places, region));
	} else {
		group = catch_watch_find(&book->watches[by], line->name);
	}
	for (kind = 0; kind < CATCH_KINDS; kind++) {
		line->rate[kind] = row->count[kind] / seconds;
		line->share[kind] = book->sum[kind] > 0 ? row->count[kind] / book->sum[kind] : 0;
		line->before[kind] = group ? group->levels[kind].before : 0;
		line->is_moved[kind] = group && group->levels[kind].is_moved;
	}
	line->sockets = row->sockets;
	line->rtt_us = row->sockets ? row->rtt_sum_us / row->sockets : 0;
	line->rtt_least_us = row->rtt_least_us;
}

/* A line of zeros, unless @name has one. */
static void add_absent(const struct catch_watch *watch, const char *name, struct catch_view *view,
		       enum catch_by by)
{
	const struct catch_group *group = catch_watch_find(watch, name);
	struct catch_line *line = &view->lines[by][view->nr[by]];
	size_t i, kind;

	for (i = 0; i < view->nr[by]; i++)
		if (!strcmp(view->lines[by][i].name, name))
			return;
	snprintf(line->name, CATCH_NAME, "%s", name);
	for (kind = 0; group && kind < CATCH_KINDS; kind++) {
		line->before[kind] = group->levels[kind].before;
		line->is_moved[kind] = group->levels[kind].is_moved;
	}
	view->nr[by]++;
}

/* What had nothing in this window is there as well: that may be the news. And every region. */
static void add_all_absent(const struct catch_book *book, const struct places *places,
			   enum catch_by by, struct catch_view *view)
{
	const struct catch_watch *watch = &book->watches[by];
	size_t i;

	for (i = 0; i < watch->nr; i++)
		add_absent(watch, watch->groups[i].name, view, by);
	for (i = 0; by == CATCH_BY_REGION && places && i < places->nr_regions; i++)
		add_absent(watch, places->regions[i], view, by);
}

static int fill_lines(const struct catch_book *book, const struct places *places, enum catch_by by,
		      double seconds, struct catch_view *view)
{
	size_t nr, i, more = by == CATCH_BY_REGION ? REGIONS_MAX : 1;
	const struct catch_row **rows = catch_table_sort(&book->tables[by], lines_max[by], &nr);

	if (!rows)
		return -ENOMEM;
	if (by < CATCH_BY_PREFIX)
		more += book->watches[by].nr;
	view->lines[by] = calloc(nr + more, sizeof(*view->lines[by]));
	if (view->lines[by]) {
		for (i = 0; i < nr; i++)
			fill_line(book, places, by, rows[i], seconds, &view->lines[by][i]);
		view->nr[by] = nr;
		if (by < CATCH_BY_PREFIX)
			add_all_absent(book, places, by, view);
	}
	free(rows);
	return view->lines[by] ? 0 : -ENOMEM;
}

/* All prefixes that have sockets. NULL without memory. */
static struct suspect_seen *list_seen(const struct catch_book *book, const struct places *places,
				      size_t *nr)
{
	const struct catch_table *table = &book->tables[CATCH_BY_PREFIX];
	struct suspect_seen *seen = calloc(table->nr + 1, sizeof(*seen));
	struct ad_addr addr;
	size_t i;

	*nr = 0;
	for (i = 0; seen && i < table->room; i++) {
		const struct catch_row *row = &table->rows[i];
		struct suspect_seen *to = &seen[*nr];

		if (!row->is_used || !row->sockets)
			continue;
		prefix_addr(row->key, &addr);
		places_find(places, &addr, &to->region, &to->asn);
		to->prefix = row->key;
		to->sockets = row->sockets;
		to->rtt_least_us = row->rtt_least_us;
		++*nr;
	}
	return seen;
}

static int fill_suspects(const struct catch_book *book, const struct places *places,
			 struct catch_view *view)
{
	struct suspect found[SUSPECTS_MAX];
	struct suspect_seen *seen;
	size_t nr, i;

	view->suspects = calloc(SUSPECTS_MAX, sizeof(*view->suspects));
	seen = view->suspects ? list_seen(book, places, &nr) : NULL;
	if (!seen)
		return -ENOMEM;
	view->all_suspects = suspects_find(seen, nr, found);
	free(seen);
	for (i = 0; i < view->all_suspects && i < SUSPECTS_MAX; i++) {
		struct catch_suspect *to = &view->suspects[view->nr_suspects++];

		to->is_asn = !found[i].prefix;
		row_name(to->is_asn ? CATCH_BY_ASN : CATCH_BY_PREFIX, places,
			 to->is_asn ? found[i].asn : found[i].prefix, to->name);
		snprintf(to->region, CATCH_NAME, "%s", region_name(places, found[i].region));
		to->asn = found[i].asn;
		to->sockets = found[i].sockets;
		to->rtt_least_us = found[i].rtt_least_us;
		to->region_us = found[i].region_us;
	}
	return 0;
}

static bool is_known(const struct catch_book *book)
{
	const unsigned int *windows = book->watches[CATCH_BY_REGION].windows;

	return windows[CATCH_CONNECTIONS] > CATCH_WARM || windows[CATCH_QUERIES] > CATCH_WARM;
}

struct catch_view *catch_book_look(const struct catch_book *book, const struct places *places,
				   double now_s)
{
	struct catch_view *view = calloc(1, sizeof(*view));
	double seconds = now_s > book->began_s ? now_s - book->began_s : 1e-3;
	enum catch_by by;
	size_t kind;
	int err = 0;

	if (!view)
		return NULL;
	view->references = 1;
	view->seconds = seconds;
	view->is_known = is_known(book);
	for (kind = 0; kind < CATCH_KINDS; kind++)
		view->rate[kind] = book->sum[kind] / seconds;
	for (by = 0; !err && by < CATCH_BYS; by++)
		if (tells(by, places))
			err = fill_lines(book, places, by, seconds, view);
	err = err ?: fill_suspects(book, places, view);
	if (!err)
		return view;
	catch_view_drop(view);
	return NULL;
}
