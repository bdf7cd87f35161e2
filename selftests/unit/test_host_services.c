// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_host_services.c: services of VIPs that no socket of this host serves.
 */
#include <stdio.h>
#include <string.h>
#include "selftests/tap.h"
#include "user/base/addr.h"
#include "user/host/host_services.h"

#define HEAD                                                                                       \
	"IP Virtual Server version 1.2.1 (size=4096)\n"                                            \
	"Prot LocalAddress:Port Scheduler Flags\n"                                                 \
	"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"

static struct config *config_with_vips(void)
{
	static struct config_vip vips[3];
	static struct config config = { .vips = vips, .nr_vips = 3 };

	addr_parse("192.0.2.53", &vips[0].address);
	addr_parse("2001:db8:53::53", &vips[1].address);
	addr_parse("192.0.2.54", &vips[2].address);
	vips[0].tcp = vips[1].tcp = true;
	return &config;
}

static void found(const char *text, struct findings *findings)
{
	FILE *file = fmemopen((char *)text, strlen(text), "r");

	memset(findings, 0, sizeof(*findings));
	host_services_check_ipvs(config_with_vips(), file, findings);
	fclose(file);
}

static void says(const char *what, const char *text, const char *expected)
{
	struct findings findings;

	found(text, &findings);
	is_int(findings.nr, 1, "one finding");
	ok(findings.nr && strstr(findings.list[0].text, expected), "%s: %s", what,
	   findings.nr ? findings.list[0].text : "nothing");
	findings_free(&findings);
}

static void says_nothing(const char *what, const char *text)
{
	struct findings findings;

	found(text, &findings);
	is_int(findings.nr, 0, "%s", what);
	findings_free(&findings);
}

int main(void)
{
	struct findings none = {};

	says("NAT",
	     HEAD "TCP  C0000235:0050 wlc\n  -> AC110002:0050      Masq    1      0          0\n",
	     "192.0.2.53 port 80: no socket here");
	says("direct routing, told once",
	     HEAD "TCP  C0000235:01BB wlc\n  -> AC110002:01BB      Route   1      0          0\n"
		  "  -> AC110003:01BB      Route   1      0          0\n",
	     "192.0.2.53 port 443: its servers answer directly (Route)");
	says("IPv6",
	     HEAD
	     "TCP  [2001:0db8:0053:0000:0000:0000:0000:0053]:0050 rr\n"
	     "  -> [2001:0db8:0000:0000:0000:0000:0000:0001]:0050      Tunnel  1      0     0\n",
	     "2001:db8:53::53 port 80: its servers answer directly (Tunnel)");
	says_nothing("UDP", HEAD "UDP  C0000235:0035 wlc\n  -> AC110002:0035 Masq 1 0 0\n");
	says_nothing("no VIP", HEAD "TCP  C0000299:0050 wlc\n  -> AC110002:0050 Masq 1 0 0\n");
	says_nothing("a VIP without TCP",
		     HEAD "TCP  C0000236:0050 wlc\n  -> AC110002:0050 Masq 1 0 0\n");
	says_nothing("a server of this host",
		     HEAD "TCP  C0000235:0050 wlc\n  -> C0000235:0050 Local 1 0 0\n");
	says_nothing("garbage", "TCP :\nTCP  C0000235\n  -> x Masq\n\n->\n");
	host_services_check_ipvs(config_with_vips(), NULL, &none);
	is_int(none.nr, 0, "no IPVS");
	return done_testing();
}
