// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * host_services.c: NAT, IPVS and MPTCP (host_services.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <libmnl/libmnl.h>
#include "host_services.h"
#include "user/base/addr.h"
#include "user/base/sysctl.h"
#include "user/net/netlink.h"

#define warning(...) findings_add(findings, FINDING_WARNING, __VA_ARGS__)

/* --- MPTCP ------------------------------------------------------------------------------------ */

/*
 * A subflow that joins a connection is a flow of its own, and BGP may deliver it to a node that
 * does not know the connection.
 */
static void check_mptcp(struct findings *findings)
{
	if (sysctl_read("/proc/sys/net/mptcp/enabled") == 1 &&
	    sysctl_read("/proc/sys/net/mptcp/allow_join_initial_addr_port") == 1)
		warning("net.mptcp.allow_join_initial_addr_port is 1: further subflows of MPTCP "
			"clients go to the VIP, may land at another POP, and are reset there; set "
			"it to 0 and announce an address of this node (`ip mptcp endpoint add ... "
			"signal`)");
}

/* --- IPVS ------------------------------------------------------------------------------------- */

struct ipvs {
	const struct config *config;
	const struct config_vip *vip; /* of the service whose servers follow */
	unsigned int port;
};

/* "  -> 0A000001:0050  Masq  1 0 0"; with IPv6, "[0000:...]:0050". */
static void check_ipvs_server(const struct ipvs *ipvs, const char *line, struct findings *findings)
{
	char text[ADDR_TEXT], way[16];

	if (!ipvs->vip || sscanf(line, " -> %*s %15s", way) != 1)
		return;
	addr_format(&ipvs->vip->address, text);
	if (!strcmp(way, "Masq"))
		warning("ipvs: %s port %u: no socket here; its flows are known by their replies, "
			"which leave through us: after a start, or silent for flows.idle, they are "
			"asked about at other nodes first",
			text, ipvs->port);
	else if (strcmp(way, "Local"))
		warning("ipvs: %s port %u: its servers answer directly (%s), past us: each packet "
			"is asked about at other nodes, and waits for their answer; use NAT "
			"(`ipvsadm -m`), or vips[].tcp: false",
			text, ipvs->port, way);
}

static int parse_ipvs_address(const char *text, struct ad_addr *addr)
{
	char plain[64] = {};
	struct in_addr ip4;

	if (*text == '[') {
		snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text + 1, "]"), text + 1);
		return addr_parse(plain, addr);
	}
	if (sscanf(text, "%8x", &ip4.s_addr) != 1)
		return -EINVAL;
	ip4.s_addr = htonl(ip4.s_addr);
	return addr_parse(inet_ntop(AF_INET, &ip4, plain, sizeof(plain)) ?: "", addr);
}

/* "TCP  C0000235:0050 wlc": a service; its port is behind the last colon. */
static void read_ipvs_service(struct ipvs *ipvs, const char *line)
{
	char at[64], *colon;
	struct ad_addr addr;

	ipvs->vip = NULL;
	if (sscanf(line, "TCP %63s", at) != 1 || parse_ipvs_address(at, &addr))
		return;
	colon = strrchr(at, ':');
	if (!colon || sscanf(colon + 1, "%x", &ipvs->port) != 1)
		return;
	for (size_t i = 0; i < ipvs->config->nr_vips; i++)
		if (ipvs->config->vips[i].tcp &&
		    !addr_compare(&ipvs->config->vips[i].address, &addr))
			ipvs->vip = &ipvs->config->vips[i];
}

void host_services_check_ipvs(const struct config *config, FILE *file, struct findings *findings)
{
	struct ipvs ipvs = { .config = config };
	const struct config_vip *told = NULL;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, "->")) {
			read_ipvs_service(&ipvs, line);
			told = NULL;
		} else if (ipvs.vip != told) {
			check_ipvs_server(&ipvs, line, findings);
			told = ipvs.vip;
		}
	}
}

static void check_ipvs(const struct config *config, struct findings *findings)
{
	FILE *file = fopen("/proc/net/ip_vs", "re");

	host_services_check_ipvs(config, file, findings);
	if (file)
		fclose(file);
}

/* --- NAT -------------------------------------------------------------------------------------- */

static int each_chain_attribute(const struct nlattr *attribute, void *arg)
{
	const struct nlattr **found = arg;

	if (mnl_attr_get_type(attribute) <= NFTA_CHAIN_MAX)
		found[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static int each_hook_attribute(const struct nlattr *attribute, void *arg)
{
	if (mnl_attr_get_type(attribute) == NFTA_HOOK_HOOKNUM)
		*(__u32 *)arg = ntohl(mnl_attr_get_u32(attribute));
	return MNL_CB_OK;
}

/* A chain of type nat at the hook prerouting can change the destination of packets. */
static int each_chain(const struct nlmsghdr *message, void *arg)
{
	const struct nlattr *found[NFTA_CHAIN_MAX + 1] = {};
	__u32 hook = ~0u;

	mnl_attr_parse(message, sizeof(struct nfgenmsg), each_chain_attribute, found);
	if (!found[NFTA_CHAIN_TYPE] || !found[NFTA_CHAIN_HOOK] || !found[NFTA_CHAIN_TABLE] ||
	    strcmp(mnl_attr_get_str(found[NFTA_CHAIN_TYPE]), "nat"))
		return MNL_CB_OK;
	mnl_attr_parse_nested(found[NFTA_CHAIN_HOOK], each_hook_attribute, &hook);
	if (hook == NF_INET_PRE_ROUTING)
		snprintf(arg, 64, "%s", mnl_attr_get_str(found[NFTA_CHAIN_TABLE]));
	return MNL_CB_OK;
}

/* The rules of the old tables are not easily read: it is enough that there is one. */
static bool has_legacy_nat(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[64];
	bool found = false;

	while (file && fgets(line, sizeof(line), file))
		found |= !strcmp(line, "nat\n");
	if (file)
		fclose(file);
	return found;
}

/* The name of a table that may publish services, or "". */
static void find_nat(char table[64])
{
	char buffer[256] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *family = mnl_nlmsg_put_extra_header(request, sizeof(*family));

	*table = '\0';
	request->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	family->nfgen_family = NFPROTO_UNSPEC;
	family->version = NFNETLINK_V0;
	netlink_ask_family(NETLINK_NETFILTER, request, each_chain, table);
	if (!*table && (has_legacy_nat("/proc/net/ip_tables_names") ||
			has_legacy_nat("/proc/net/ip6_tables_names")))
		strcpy(table, "nat");
}

static void check_nat(struct findings *findings)
{
	char table[64];

	find_nat(table);
	if (*table)
		warning("nat: table %s changes destinations on the way in (Docker does): flows "
			"that "
			"it leads to a server have no socket here and are known by their replies, "
			"which must leave through `interfaces`; after a start, or silent for "
			"flows.idle, they are asked about at other nodes first",
			table);
}

void host_services_check(const struct config *config, struct findings *findings)
{
	check_mptcp(findings);
	check_ipvs(config, findings);
	check_nat(findings);
}
