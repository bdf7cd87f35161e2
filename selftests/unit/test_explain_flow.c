// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_explain_flow.c: who owns a flow by what is known of it: the rungs of the ladder, in their
 * order.
 */
#include "selftests/tap.h"
#include "user/cli/explain_flow.h"

#define SELF 1
#define PEER 2
#define DEAD 3

static __u32 node_flags(void *arg, __u16 id)
{
	switch (id) {
	case SELF:
	case PEER:
		return AD_NODE_KNOWN;
	case DEAD:
		return AD_NODE_KNOWN | AD_NODE_DEAD;
	default:
		return 0;
	}
}

static struct flow_facts plain(void)
{
	return (struct flow_facts){
		.is_vip = true, .is_armed = true, .self = SELF, .node_flags = node_flags
	};
}

static void is_judged(const struct flow_facts *facts, enum ad_reason reason, __u16 owner,
		      const char *what)
{
	struct flow_verdict verdict = explain_flow_judge(facts);

	is_int(verdict.reason, reason, "%s: reason", what);
	is_int(verdict.owner, owner, "%s: owner", what);
}

static void test_explain_flow_without_evidence_is_hunted(void)
{
	struct flow_facts facts = plain();

	is_judged(&facts, AD_R_WRAP_HUNT, 0, "nothing is known");
	facts.is_armed = false;
	is_judged(&facts, AD_R_DISARMED, 0, "before stamps are armed");
	facts.is_vip = false;
	is_judged(&facts, AD_R_FOREIGN, 0, "no VIP");
}

static void test_explain_flow_socket_is_ours(void)
{
	struct flow_facts facts = plain();

	facts.socket.known = true;
	is_judged(&facts, AD_R_LOCAL_SOCKET, SELF, "a socket");
	facts.unstamped = FLOW_YES;
	is_judged(&facts, AD_R_LOCAL_UNSTAMPED, SELF, "that is listed");
	facts.socket.known = false;
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "an entry of the list outlives its socket");
}

static void test_explain_flow_stamp_names_its_owner(void)
{
	struct flow_facts facts = plain();

	facts.stamped = FLOW_YES;
	facts.stamp = PEER;
	facts.stamp_age_ms = 60000;
	is_judged(&facts, AD_R_WRAP_STAMP, PEER, "another node");
	facts.socket.known = true;
	facts.stamp_age_ms = 100;
	is_judged(&facts, AD_R_WRAP_STAMP, PEER, "a moment ago, whatever socket is here");
	facts.stamp_age_ms = 60000;
	is_judged(&facts, AD_R_LOCAL_SOCKET, SELF, "but a socket is here");
	facts.stamp = SELF;
	is_judged(&facts, AD_R_LOCAL_STAMP, SELF, "this node");
	facts.stamp = SELF - 1;
	is_judged(&facts, AD_R_LOCAL_STAMP, SELF, "an old stamp of this node");
	facts.socket.known = false;
	facts.stamp = SELF;
	is_judged(&facts, AD_R_WRAP_STAMP, PEER, "of this node or the next, and no socket here");
	facts.stamp = DEAD;
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "a dead node");
	facts.stamp = 77;
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "no node of the fleet");
	facts.stamp = PEER;
	facts.stamped = FLOW_UNREADABLE;
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "a stamp that may not be read");
}

static void test_explain_flow_table_leads(void)
{
	struct flow_facts facts = plain();

	facts.has_entry = true;
	facts.entry.owner = PEER;
	facts.entry.kind = AD_FLOW_PIN;
	is_judged(&facts, AD_R_WRAP_PIN, PEER, "a pin");
	facts.socket.known = true;
	is_judged(&facts, AD_R_WRAP_PIN, PEER, "a pin counts more than a socket");
	facts.entry.kind = AD_FLOW_TRANSIT;
	is_judged(&facts, AD_R_LOCAL_SOCKET, SELF, "a meter does not");
	facts.socket.known = false;
	is_judged(&facts, AD_R_WRAP_PIN, PEER, "a meter leads what has no stamp");
	facts.entry.owner = DEAD;
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "but not to a dead node");
	facts.entry.kind = AD_FLOW_PIN;
	is_judged(&facts, AD_R_OWNER_DEAD, DEAD, "a pin says that it died with it");
	facts.entry = (struct ad_flow){ .owner = SELF, .kind = AD_FLOW_OURS };
	is_judged(&facts, AD_R_WRAP_HUNT, 0, "an entry whose socket is gone");
	facts.entry.flags = AD_FLOW_FORWARDED;
	is_judged(&facts, AD_R_LOCAL_FLOW, SELF, "forwarded to a server behind us");
}

static void test_explain_flow_words(void)
{
	ok(explain_is_endpoint("198.51.100.7:40000"), "IPv4");
	ok(explain_is_endpoint("[2001:db8::7]:40000"), "IPv6");
	ok(!explain_is_endpoint("198.51.100.7"), "without a port");
	ok(!explain_is_endpoint("2001:db8::7"), "an address of IPv6");
	ok(!explain_is_endpoint("198.51.100.0/24"), "a prefix");
	ok(!explain_is_endpoint(":80"), "any address");
	ok(!explain_is_endpoint("198.51.100.7:0"), "port 0");
}

int main(void)
{
	test_explain_flow_without_evidence_is_hunted();
	test_explain_flow_socket_is_ours();
	test_explain_flow_stamp_names_its_owner();
	test_explain_flow_table_leads();
	test_explain_flow_words();
	return done_testing();
}
