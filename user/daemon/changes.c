// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * changes.c: what differs between two configurations, in words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "changes.h"
#include "user/base/addr.h"
#include "user/base/printable.h"

__attribute__((format(printf, 2, 3))) static void say(json_t *list, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	text = printable_take(text);
	if (text)
		json_array_append_new(list, json_string(text));
	free(text);
}

static void number(json_t *list, const char *key, unsigned int old, unsigned int new)
{
	if (old != new)
		say(list, "%s: %u -> %u", key, old, new);
}

static void text(json_t *list, const char *key, const char *old, const char *new)
{
	old = old ?: "none";
	new = new ?: "none";
	if (strcmp(old, new))
		say(list, "%s: %s -> %s", key, old, new);
}

static void address(json_t *list, const char *of, const char *key, const struct ad_addr *old,
		    const struct ad_addr *new)
{
	char a[ADDR_TEXT], b[ADDR_TEXT];

	if (addr_compare(old, new))
		say(list, "%s: %s: %s -> %s", of, key, addr_format(old, a), addr_format(new, b));
}

static const char *state_name(enum config_node_state state)
{
	static const char *const names[] = { "up", "draining", "down" };

	return names[state];
}

static void one_node(json_t *list, const struct config_node *old, const struct config_node *new)
{
	char of[CONFIG_NAME_MAX + 8];

	snprintf(of, sizeof(of), "node %s", new->name);
	if (old->id != new->id)
		say(list, "%s: id: %u -> %u", of, old->id, new->id);
	if (old->state != new->state)
		say(list, "%s: %s -> %s", of, state_name(old->state), state_name(new->state));
	if (old->mtu != new->mtu)
		say(list, "%s: mtu: %u -> %u", of, old->mtu, new->mtu);
	address(list, of, "tunnel", &old->tunnel, &new->tunnel);
}

static void nodes(json_t *list, const struct config *old, const struct config *new)
{
	size_t i;

	for (i = 0; i < new->nr_nodes; i++) {
		const struct config_node *was = config_node_by_name(old, new->nodes[i].name);

		if (was)
			one_node(list, was, &new->nodes[i]);
		else
			say(list, "node %s: added", new->nodes[i].name);
	}
	for (i = 0; i < old->nr_nodes; i++)
		if (!config_node_by_name(new, old->nodes[i].name))
			say(list, "node %s: removed", old->nodes[i].name);
}

static const struct config_vip *find_vip(const struct config *config, const struct ad_addr *addr)
{
	size_t i;

	for (i = 0; i < config->nr_vips; i++)
		if (!addr_compare(&config->vips[i].address, addr))
			return &config->vips[i];
	return NULL;
}

static void vips(json_t *list, const struct config *old, const struct config *new)
{
	char name[ADDR_TEXT];
	size_t i;

	for (i = 0; i < new->nr_vips; i++) {
		const struct config_vip *vip = &new->vips[i], *was = find_vip(old, &vip->address);

		addr_format(&vip->address, name);
		if (!was)
			say(list, "vip %s: added", name);
		else if (was->tcp != vip->tcp)
			say(list, "vip %s: tcp: %s", name, vip->tcp ? "on" : "off");
		else if (was->dns != vip->dns)
			say(list, "vip %s: dns: %s", name, vip->dns ? "on" : "off");
	}
	for (i = 0; i < old->nr_vips; i++)
		if (!find_vip(new, &old->vips[i].address))
			say(list, "vip %s: removed", addr_format(&old->vips[i].address, name));
}

/* Most stand where they stood, at @hint, and there may be thousands. */
static const struct config_zone *find_zone(const struct config *config, const char *name,
					   size_t hint)
{
	size_t i;

	if (hint < config->nr_zones && !strcmp(config->zones[hint].name, name))
		return &config->zones[hint];
	for (i = 0; i < config->nr_zones; i++)
		if (!strcmp(config->zones[i].name, name))
			return &config->zones[i];
	return NULL;
}

static void zones(json_t *list, const struct config *old, const struct config *new)
{
	size_t i;

	for (i = 0; i < new->nr_zones; i++) {
		const struct config_zone *was = find_zone(old, new->zones[i].name, i);

		if (!was)
			say(list, "zone %s: added", new->zones[i].name);
		else if (strcmp(was->file, new->zones[i].file))
			say(list, "zone %s: file: %s -> %s", was->name, was->file,
			    new->zones[i].file);
	}
	for (i = 0; i < old->nr_zones; i++)
		if (!find_zone(new, old->zones[i].name, i))
			say(list, "zone %s: removed", old->zones[i].name);
}

static bool has_interface(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->nr_interfaces; i++)
		if (!strcmp(config->interfaces[i], name))
			return true;
	return false;
}

static void interfaces(json_t *list, const struct config *old, const struct config *new)
{
	size_t i;

	for (i = 0; i < new->nr_interfaces; i++)
		if (!has_interface(old, new->interfaces[i]))
			say(list, "interface %s: added", new->interfaces[i]);
	for (i = 0; i < old->nr_interfaces; i++)
		if (!has_interface(new, old->interfaces[i]))
			say(list, "interface %s: removed", old->interfaces[i]);
}

static void pops(json_t *list, const struct config *old, const struct config *new)
{
	size_t i;

	number(list, "pops", old->nr_pops, new->nr_pops);
	for (i = 0; i < old->nr_pops && i < new->nr_pops; i++)
		text(list, "pop", old->pops[i].name, new->pops[i].name);
}

static const char *cookies_name(enum ad_dns_cookies cookies)
{
	static const char *const names[] = { "off", "on", "required" };

	return names[cookies];
}

static void limit(json_t *list, const struct config_limit *old, const struct config_limit *new)
{
	static const char *const keys[AD_DNS_CLASSES] = { "rate", "referrals", "nodata",
							  "nxdomains", "errors" };
	char key[32];
	size_t i;

	for (i = 0; i < AD_DNS_CLASSES; i++) {
		snprintf(key, sizeof(key), "dns.limit.%s", keys[i]);
		number(list, key, old->rates[i], new->rates[i]);
	}
	number(list, "dns.limit.slip", old->slip, new->slip);
	number(list, "dns.limit.window", old->window_s, new->window_s);
	number(list, "dns.limit.ip4_prefix", old->ip4_prefix, new->ip4_prefix);
	number(list, "dns.limit.ip6_prefix", old->ip6_prefix, new->ip6_prefix);
	number(list, "dns.limit.exempt_cookies", old->exempt_cookies, new->exempt_cookies);
	number(list, "dns.limit.log_only", old->log_only, new->log_only);
	number(list, "dns.limit.table", old->table, new->table);
	if (old->nr_exempt != new->nr_exempt ||
	    (new->nr_exempt &&memcmp(old->exempt, new->exempt,
				     new->nr_exempt * sizeof(*new->exempt))))
		say(list, "dns.limit.exempt: changed");
}

static void settings(json_t *list, const struct config *old, const struct config *new)
{
	text(list, "node", old->self->name, new->self->name);
	number(list, "stamp.owner_bits", old->owner_bits, new->owner_bits);
	text(list, "keys.file", old->key_file, new->key_file);
	number(list, "keys.epoch", old->key_epoch, new->key_epoch);
	number(list, "tunnel.port", old->tunnel_port, new->tunnel_port);
	number(list, "tunnel.mss_overhead", old->tunnel_overhead, new->tunnel_overhead);
	number(list, "flows.max", old->flow_max, new->flow_max);
	number(list, "flows.idle", old->flow_idle_s, new->flow_idle_s);
	text(list, "dns.unserved", old->dns_unserved_pass ? "pass" : "refuse",
	     new->dns_unserved_pass ? "pass" : "refuse");
	text(list, "dns.nsid", old->nsid, new->nsid);
	number(list, "dns.udp_size", old->dns_udp_size, new->dns_udp_size);
	number(list, "dns.tcp_max", old->dns_tcp_max, new->dns_tcp_max);
	number(list, "dns.tcp_idle", old->dns_tcp_idle_s, new->dns_tcp_idle_s);
	text(list, "dns.cookies", cookies_name(old->cookies), cookies_name(new->cookies));
	text(list, "dns.include_dir", old->include_dir, new->include_dir);
	text(list, "dns.cookie_secrets", old->cookie_secrets, new->cookie_secrets);
	limit(list, &old->limit, &new->limit);
	if (old->nr_successors != new->nr_successors ||
	    memcmp(old->successors, new->successors, old->nr_successors * sizeof(__u16)))
		say(list, "drain.successors: changed");
	if (old->nr_neighbours != new->nr_neighbours ||
	    memcmp(old->neighbours, new->neighbours, old->nr_neighbours * sizeof(__u16)))
		say(list, "hunt.neighbours: changed");
	number(list, "hunt.hints", old->hint_s, new->hint_s);
	number(list, "hunt.nobody", old->nobody_s, new->nobody_s);
	if (memcmp(old->budgets, new->budgets, sizeof(old->budgets)))
		say(list, "budgets: changed");
}

/* What a running instance cannot take on; told so, rather than done by half. */
static void later(json_t *list, const struct config *old, const struct config *new)
{
	if (old->xdp_mode != new->xdp_mode || old->xdp_dispatcher != new->xdp_dispatcher)
		say(list,
		    "xdp: changed; takes effect where a program is attached anew (anydoor detach, "
		    "then start)");
	if (old->metrics_on != new->metrics_on || old->metrics_port != new->metrics_port ||
	    addr_compare(&old->metrics_address, &new->metrics_address))
		say(list, "metrics.listen: changed; takes effect at the daemon's next start");
	if (strcmp(old->metrics_token ?: "", new->metrics_token ?: ""))
		say(list, "metrics.token: changed");
	if (strcmp(old->bpffs, new->bpffs) || strcmp(old->run_dir, new->run_dir))
		say(list, "state: changed; takes effect after anydoor detach and a new start");
}

json_t *changes_list(const struct config *old, const struct config *new)
{
	json_t *list = json_array();

	pops(list, old, new);
	nodes(list, old, new);
	vips(list, old, new);
	zones(list, old, new);
	interfaces(list, old, new);
	settings(list, old, new);
	later(list, old, new);
	return list;
}
