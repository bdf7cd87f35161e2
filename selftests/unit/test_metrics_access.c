// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_metrics_access.c: who may ask over HTTP: by the token, and by a Host that is this node.
 */
#include <unistd.h>
#include "fleet_fixture.h"
#include "selftests/tap.h"
#include "user/daemon/metrics_access.h"

static struct evhttp_request *request_with(const char *name, const char *value)
{
	struct evhttp_request *request = evhttp_request_new(NULL, NULL);

	if (name)
		evhttp_add_header(evhttp_request_get_input_headers(request), name, value);
	return request;
}

static bool has_token(const char *header, const char *token)
{
	struct evhttp_request *request = request_with(header ? "Authorization" : NULL, header);
	bool has = access_has_token(request, token);

	evhttp_request_free(request);
	return has;
}

static bool is_ours(const char *host)
{
	struct evhttp_request *request = request_with(host ? "Host" : NULL, host);
	bool is = access_is_our_host(request, &fleet_config);

	evhttp_request_free(request);
	return is;
}

static void test_token_must_be_this_very_one(void)
{
	ok(has_token("Bearer abc", "abc"), "the token");
	ok(has_token("bearer abc", "abc"), "the scheme in any case");
	ok(!has_token("Bearer ABC", "abc"), "but not the token");
	ok(!has_token("Bearer abcd", "abc"), "nor a longer one");
	ok(!has_token("Bearer ab", "abc"), "nor a shorter one");
	ok(!has_token("Basic abc", "abc"), "nor another scheme");
	ok(!has_token(NULL, "abc"), "nor none");
	ok(!has_token("Bearer ", ""), "an empty token is nobody's");
}

static void test_host_that_is_this_node(void)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	ok(is_ours("192.0.2.1"), "an address");
	ok(is_ours("192.0.2.1:9911"), "and a port");
	ok(is_ours("[2001:db8::1]"), "an IPv6 address");
	ok(is_ours("[2001:db8::1]:9911"), "and a port");
	ok(is_ours("localhost:9911"), "localhost");
	ok(is_ours("FRA-1"), "its name in the configuration, in any case");
	ok(is_ours(name), "its host name");
	ok(is_ours(NULL), "no Host: HTTP/1.0");
}

static void test_host_that_somebody_points_at_us(void)
{
	char text[400];

	ok(!is_ours("rebind.example"), "a name of somebody");
	ok(!is_ours("rebind.example:9911"), "and a port");
	ok(!is_ours("edge7"), "another node");
	ok(!is_ours("192.0.2.1.example"), "what begins like an address");
	ok(!is_ours("[2001:db8::1].example"), "with brackets, too");
	ok(!is_ours(""), "an empty one");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ok(!is_ours(text), "one that is too long");
}

int main(void)
{
	test_token_must_be_this_very_one();
	test_host_that_is_this_node();
	test_host_that_somebody_points_at_us();
	return done_testing();
}
