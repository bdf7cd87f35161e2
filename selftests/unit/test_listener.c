// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_listener.c: without descriptors a listener hangs up on who connects, and goes on.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/base/listener.h"

#define FILES 64

static int taken;

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *peer, int len, void *arg)
{
	taken++;
	close(fd);
}

static void set_files(rlim_t soft, rlim_t hard)
{
	struct rlimit files = { .rlim_cur = soft, .rlim_max = hard };

	ok(!setrlimit(RLIMIT_NOFILE, &files), "%lu descriptors", (unsigned long)soft);
}

static rlim_t files(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur;
}

/* What is left until no descriptor can be opened; closed again by give_back(). */
static int hoard[FILES], nr_hoard;

static void take_all(void)
{
	int fd;

	while (nr_hoard < FILES && (fd = dup(STDOUT_FILENO)) >= 0)
		hoard[nr_hoard++] = fd;
}

static void give_back(void)
{
	while (nr_hoard)
		close(hoard[--nr_hoard]);
}

static int connect_to(struct evconnlistener *listener)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&at, &len);
	ok(!connect(fd, (struct sockaddr *)&at, len), "somebody connects");
	return fd;
}

static bool is_hung_up(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_turn_away_without_descriptors(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct event_base *base = event_base_new();
	struct evconnlistener *listener =
		evconnlistener_new_bind(base, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE, 8,
					(struct sockaddr *)&at, sizeof(at));
	const char *said;
	int fd;

	listener_turn_away(listener);
	fd = connect_to(listener);
	catch_output(stderr);
	take_all();
	event_base_loop(base, EVLOOP_NONBLOCK);
	give_back();
	said = release_output();
	ok(strstr(said, "connections are refused") != NULL, "which is told");
	is_int(taken, 0, "he is not served");
	ok(is_hung_up(fd), "but hung up on");
	close(fd);
	fd = connect_to(listener);
	event_base_loop(base, EVLOOP_NONBLOCK);
	is_int(taken, 1, "with descriptors the next one is served");
	close(fd);
	evconnlistener_free(listener);
	event_base_free(base);
}

static void test_spares_the_last_descriptors(void)
{
	int low = dup(STDOUT_FILENO), high = fcntl(STDOUT_FILENO, F_DUPFD, FILES - 10);

	ok(listener_spares(low), "a low number leaves enough");
	ok(fcntl(low, F_GETFD) >= 0, "and stays open");
	catch_output(stderr);
	ok(!listener_spares(high), "a high one does not");
	release_output();
	ok(fcntl(high, F_GETFD) < 0, "and is closed");
	close(low);
}

static void test_raise_limit_as_far_as_allowed(void)
{
	set_files(FILES, FILES);
	listener_raise_limit();
	is_int(files(), FILES, "no further than the hard limit");
}

static void test_raise_limit(void)
{
	set_files(FILES, 2 * FILES);
	listener_raise_limit();
	is_int(files(), 2 * FILES, "raised");
}

int main(void)
{
	test_raise_limit();
	test_raise_limit_as_far_as_allowed();
	test_turn_away_without_descriptors();
	test_spares_the_last_descriptors();
	return done_testing();
}
