// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The HTTP listener over a table of a hundred thousand flows: pages, junk, clients that stall or
 * go away. In a network namespace of its own.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <event2/event.h>
#include "selftests/tap.h"
#include "instance_fixture.h"
#include "fleet_fixture.h"
#include "netns_fixture.h"
#include "user/base/clock.h"
#include "user/daemon/metrics.h"
#include "user/daemon/worker.h"

#define PORT	9911
#define TOKEN	"0123456789abcdef"
#define BUCKETS 16384
#define FLOWS	(BUCKETS * AD_FLOW_SLOTS)
/* What two stalled streams may cost; the table makes 40 MB of text. TSan keeps books of its own. */
#ifdef __SANITIZE_THREAD__
#define STALLED_KB 16384
#else
#define STALLED_KB 2048
#endif

/* --- the server, in a child ------------------------------------------------------------------ */

static void fill(struct fixture *fixture)
{
	struct ad_meta meta = {
		.abi = AD_ABI_VERSION, .node_id = 1, .owner_bits = 4, .version = "0"
	};
	struct ad_state state = { .flags = AD_STATE_ARMED };
	__u32 key = 0;

	clock_choose(&state);
	fixture_put(fixture, "meta", &key, &meta);
	fixture_put(fixture, "state", &key, &state);
	fixture_vip(fixture, "203.0.113.1", 0);
	for (size_t i = 0; i < FLOWS; i++)
		fixture_flow(fixture, i, AD_FLOW_OURS, 1);
}

static char *write_token(void)
{
	static char path[] = "/tmp/test_metrics_http.XXXXXX";
	int fd = mkstemp(path);

	if (write(fd, TOKEN "\n", sizeof(TOKEN)) != sizeof(TOKEN))
		_exit(1);
	close(fd);
	return path;
}

static struct event_base *base;
static struct worker *reader;
static struct metrics *metrics;
static struct config *config; /* in force */

static struct config *new_config(char *token)
{
	struct config *new = malloc(sizeof(*new));

	*new = fleet_config;
	new->metrics_token = token;
	new->metrics.on = true;
	new->metrics.port = PORT;
	addr_parse("127.0.0.1", &new->metrics.address);
	return new;
}

/* As a reload does: the old configuration goes when nobody reads by it any more. */
struct replaced {
	struct worker_job job;
	struct config *config;
};

static void work_nothing(struct worker_job *job)
{
}

static void on_given_back(struct worker_job *job, bool ran)
{
	struct replaced *replaced = (struct replaced *)job;

	memset(replaced->config, 0xa5, sizeof(*replaced->config));
	free(replaced->config);
	free(replaced);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	struct replaced *replaced = calloc(1, sizeof(*replaced));

	replaced->config = config;
	config = new_config(config->metrics_token);
	metrics_use(metrics, config);
	replaced->job = (struct worker_job){ .work = work_nothing, .done = on_given_back };
	worker_queue(reader, &replaced->job);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(base);
}

/* Ends as the daemon does, so that what is left over is found by who looks for it. */
static void serve(struct fixture *fixture)
{
	struct event *reload, *end;

	config = new_config(write_token());
	base = event_base_new();
	reload = event_new(base, SIGUSR1, EV_SIGNAL | EV_PERSIST, on_reload, NULL);
	end = event_new(base, SIGTERM, EV_SIGNAL, on_end, NULL);
	event_add(reload, NULL);
	event_add(end, NULL);
	if (worker_new(base, &reader) ||
	    metrics_new(base, config, &fixture->pins, reader, &metrics) || worker_start(reader))
		_exit(1);
	event_base_dispatch(base);
	unlink(config->metrics_token);
	worker_free(reader);
	metrics_free(metrics);
	event_free(reload);
	event_free(end);
	event_base_free(base);
	free(config);
	exit(0);
}

static pid_t start_server(struct fixture *fixture)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		serve(fixture);
	return child;
}

/* --- a client -------------------------------------------------------------------------------- */

static int open_connection(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(PORT),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 10 };

	for (int i = 0; i < 100; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
			return fd;
		close(fd);
		usleep(20000);
	}
	return -1;
}

static int send_request(const char *bytes, size_t size)
{
	int fd = open_connection();

	if (write(fd, bytes, size) != (ssize_t)size) {
		close(fd);
		return -1;
	}
	return fd;
}

static int get(const char *path)
{
	char request[256];
	int len = snprintf(request, sizeof(request),
			   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:9911\r\n"
			   "Authorization: Bearer " TOKEN "\r\nConnection: close\r\n\r\n",
			   path);

	return send_request(request, len);
}

/* Reads to the end: the status code, 0 if there is none; *newlines of head and body together. */
static int read_reply(int fd, size_t *newlines)
{
	static char bytes[1 << 20];
	int code = 0;
	ssize_t got;
	bool first = true;

	*newlines = 0;
	while ((got = read(fd, bytes, sizeof(bytes) - 1)) > 0) {
		bytes[got] = '\0';
		if (first)
			sscanf(bytes, "HTTP/1.%*d %d", &code);
		first = false;
		for (char *at = bytes; (at = memchr(at, '\n', bytes + got - at)); at++)
			++*newlines;
	}
	close(fd);
	return code;
}

static int code_of(const char *path)
{
	size_t newlines;

	return read_reply(get(path), &newlines);
}

/* After a walk the next one may be put off; never for long. */
static int patient_code_of(const char *path, size_t *newlines)
{
	int code = 0;

	for (int i = 0; i < 100; i++) {
		code = read_reply(get(path), newlines);
		if (code != 429 && code != 503)
			break;
		usleep(100000);
	}
	return code;
}

/* A stream of which nothing is read but its first word; put off while others are paid for. */
static int open_stalled(void)
{
	char head[13] = "";

	for (int i = 0; i < 100; i++) {
		int fd = get("/flows");

		if (read(fd, head, sizeof(head) - 1) == sizeof(head) - 1 &&
		    !strcmp(head, "HTTP/1.1 200"))
			return fd;
		close(fd);
		usleep(100000);
	}
	return -1;
}

/* Memory of its own, in kB: pages of mapped tables are the kernel's anyway. */
/* ASan keeps 256 MB of what was freed. Here memory is counted, so what is free is free. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=0";
}

static long anonymous_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %ld kB", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void test_pages_answer(void)
{
	size_t newlines;

	is_int(code_of("/"), 200, "index");
	is_int(code_of("/healthz"), 200, "armed is healthy");
	is_int(code_of("/metrics"), 200, "metrics");
	is_int(code_of("/fleet"), 200, "the fleet at a glance");
	is_int(code_of("/nosuch"), 404, "unknown page");
	is_int(code_of("/metrics/flows?top=0"), 400, "no flows are asked for");
	is_int(code_of("/metrics/flows?top=1001"), 400, "too many are");
	is_int(code_of("/metrics/flows?top=1x"), 400, "nonsense is");
	is_int(patient_code_of("/metrics/flows?top=1000", &newlines), 200, "a thousand flows");
	ok(newlines > 6000, "%zu lines of six samples each", newlines);
}

static void test_stream_has_every_flow(void)
{
	size_t newlines;

	is_int(patient_code_of("/flows", &newlines), 200, "flows");
	/* Chunks bring two newlines each, the head a few. */
	ok(newlines >= FLOWS && newlines < FLOWS + FLOWS / 20, "%zu lines for %d flows", newlines,
	   FLOWS);
}

static void test_stream_stalled_clients_bounded(pid_t server)
{
	long before = anonymous_kb(server), grown;
	int first = open_stalled(), second = open_stalled();
	size_t newlines;

	usleep(300000); /* time to buffer all that it will */
	is_int(code_of("/flows"), 503, "a third stream is refused");
	is_int(code_of("/metrics"), 200, "while metrics are served");
	is_int(code_of("/healthz"), 200, "and health is");
	grown = anonymous_kb(server) - before;
	ok(grown < STALLED_KB, "two stalled streams cost %ld kB", grown);
	close(first);
	close(second);
	is_int(patient_code_of("/flows", &newlines), 200, "their places are free again");
}

static void test_junk_survived(pid_t server)
{
	static char junk[70000];
	unsigned int seed = 1;
	size_t newlines;

	for (int round = 0; round < 50; round++) {
		size_t size = 1 + rand_r(&seed) % (round % 10 ? 300 : sizeof(junk) - 1);
		int fd;

		for (size_t i = 0; i < size; i++)
			junk[i] = rand_r(&seed);
		fd = send_request(junk, size);
		if (fd < 0)
			continue;
		shutdown(fd, SHUT_WR);
		read_reply(fd, &newlines);
	}
	memset(junk, 'a', sizeof(junk));
	memcpy(junk, "GET /", 5);
	close(send_request(junk, sizeof(junk)));
	close(get("/flows")); /* gone before the answer */
	close(send_request("GET /metrics HTTP/1.1\r\n\r\nGET", 27));
	is_int(code_of("/healthz"), 200, "still there");
	is_int(waitpid(server, NULL, WNOHANG), 0, "and the same");
}

static void test_methods_refused(void)
{
	static const char *const requests[] = {
		"POST /metrics HTTP/1.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
		"DELETE /flows HTTP/1.1\r\nConnection: close\r\n\r\n",
		"BREW /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
	};
	size_t newlines;

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		is_int(read_reply(send_request(requests[i], strlen(requests[i])), &newlines), 405,
		       "%.*s", (int)strcspn(requests[i], "/"), requests[i]);
}

/* As a browser asks for a page of somebody whose name points at us, and as others do. */
static void test_strangers_refused(void)
{
	static const struct {
		const char *path, *headers;
		int code;
	} cases[] = {
		{ "/metrics", "Host: evil.example\r\n", 421 },
		{ "/metrics", "Host: evil.example:9911\r\n", 421 },
		{ "/healthz", "Host: 127.0.0.1.evil.example\r\n", 421 },
		{ "/healthz", "Host: localhost.evil.example\r\n", 421 },
		{ "/healthz", "Host: [::1].evil.example\r\n", 421 },
		{ "/healthz", "Host: [evil.example]\r\n", 421 },
		{ "/healthz", "Host: \r\n", 421 },
		{ "/nosuch", "Host: evil.example\r\n", 404 },
		{ "/metrics", "", 200 },
		{ "/healthz", "Host: localhost\r\n", 200 },
		{ "/healthz", "Host: LocalHost:9911\r\n", 200 },
		{ "/healthz", "Host: 192.0.2.1:9911\r\n", 200 },
		{ "/healthz", "Host: [2001:db8::1]:9911\r\n", 200 },
		{ "/healthz", "Host: evil.example\r\nAuthorization: Bearer " TOKEN "\r\n", 200 },
		{ "/flows", "Host: 127.0.0.1\r\n", 401 },
		{ "/metrics/flows", "Host: 127.0.0.1\r\n", 401 },
		{ "/flows", "Host: 127.0.0.1\r\nAuthorization: Bearer \r\n", 401 },
		{ "/flows", "Host: 127.0.0.1\r\nAuthorization: Bearer " TOKEN "0\r\n", 401 },
		{ "/flows", "Host: 127.0.0.1\r\nAuthorization: Bearer 0123456789abcdeF\r\n", 401 },
		{ "/flows", "Host: 127.0.0.1\r\nAuthorization: Basic " TOKEN "\r\n", 401 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char request[512];
		size_t newlines;
		int len = snprintf(request, sizeof(request),
				   "GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", cases[i].path,
				   cases[i].headers);

		is_int(read_reply(send_request(request, len), &newlines), cases[i].code,
		       "%s of %.*s", cases[i].path, (int)strcspn(cases[i].headers, "\r"),
		       cases[i].headers);
	}
}

static void test_health_tells_the_truth(struct fixture *fixture)
{
	struct ad_state state = { 0 };
	__u32 key = 0;

	usleep(1100000); /* it looks once a second */
	clock_choose(&state);
	state.flags = AD_STATE_ARMED;
	state.stamp_wall_minus_mono_ms += 2 * 3600 * 1000;
	fixture_put(fixture, "state", &key, &state);
	is_int(code_of("/healthz"), 503, "stamps two hours ahead");
	usleep(1100000);
	clock_choose(&state);
	state.flags = 0;
	fixture_put(fixture, "state", &key, &state);
	is_int(code_of("/healthz"), 503, "not armed");
	is_int(code_of("/metrics"), 200, "metrics go on");
}

/* How often each of @nr requests at once was answered in full with 200. */
static int count_good(int *fds, int nr, size_t *newlines)
{
	int good = 0;

	for (int i = 0; i < nr; i++)
		good += read_reply(fds[i], &newlines[i]) == 200;
	return good;
}

static void test_pages_at_once_are_the_same(void)
{
	size_t newlines[8];
	int fds[8], same = 0;

	for (int i = 0; i < 8; i++)
		fds[i] = get("/metrics");
	is_int(count_good(fds, 8, newlines), 8, "eight who ask at once have a page each");
	for (int i = 0; i < 8; i++)
		same += newlines[i] > 100 && newlines[i] == newlines[0];
	is_int(same, 8, "of %zu lines", newlines[0]);
}

/* Some at a time: the listener lets only so many wait. */
static void come_and_go(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		for (int j = 0; j < 8; j++)
			close(get(((const char *[]){ "/metrics", "/healthz", "/fleet" })[j % 3]));
		code_of("/");
	}
}

/* Nobody is left to take the page when it is written; and a page is nobody's who went. */
static void test_clients_that_go_leave_nothing(pid_t server)
{
	long before, grown;

	come_and_go(10);
	is_int(code_of("/metrics"), 200, "some who did not wait, and one who does");
	before = anonymous_kb(server);
	come_and_go(100);
	is_int(code_of("/metrics"), 200, "many who did not wait");
	grown = anonymous_kb(server) - before;
	ok(grown < STALLED_KB, "cost %ld kB", grown);
}

static void test_reload_in_the_middle(pid_t server)
{
	size_t newlines[4];
	int fds[4], good = 0;

	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 4; i++)
			fds[i] = get(i ? "/metrics" : "/metrics/flows?top=1x");
		kill(server, SIGUSR1);
		usleep(round * 20);
		kill(server, SIGUSR1);
		good += count_good(fds, 4, newlines) == 3 && newlines[1] == newlines[3];
	}
	is_int(good, 100, "pages while the configuration is replaced");
}

static void test_detach_in_the_middle(struct fixture *fixture)
{
	static const char *const first[] = { "meta", "state" };
	char from[300], to[300];
	int i, code;

	for (i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s/%s", fixture->pins.dir, first[i]);
		snprintf(to, sizeof(to), "%s/gone", fixture->pins.dir);
		if (rename(from, to))
			perror(from);
		code = code_of("/metrics");
		is_int(code, i ? 503 : 200, "%s is gone: %s", first[i],
		       i ? "no page" : "nothing is loaded");
		usleep(1100000);
		is_int(code_of("/healthz"), 503, "and this is not healthy");
		rename(to, from);
	}
	is_int(code_of("/metrics"), 200, "it is back");
}

/* With clients in the middle of everything. */
static void test_end_leaves_nothing(pid_t server)
{
	int i, status = -1, fds[9];

	for (i = 0; i < 9; i++)
		fds[i] = get(
			((const char *[]){ "/flows", "/metrics", "/healthz", "/fleet" })[i % 4]);
	kill(server, SIGTERM);
	waitpid(server, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "it ends, and leaves nothing behind: %#x",
	   status);
	for (i = 0; i < 9; i++)
		close(fds[i]);
}

int main(void)
{
	struct fixture fixture;
	pid_t server;

	if (!fixture_new(&fixture, BUCKETS))
		return skip_all("needs root and a bpffs");
	fill(&fixture);
	signal(SIGPIPE, SIG_IGN);
	if (!netns_enter()) {
		fixture_free(&fixture);
		return skip_all("needs a network namespace of its own");
	}
	server = start_server(&fixture);
	test_pages_answer();
	test_methods_refused();
	test_strangers_refused();
	test_stream_has_every_flow();
	test_stream_stalled_clients_bounded(server);
	test_junk_survived(server);
	test_pages_at_once_are_the_same();
	test_clients_that_go_leave_nothing(server);
	test_reload_in_the_middle(server);
	test_detach_in_the_middle(&fixture);
	test_health_tells_the_truth(&fixture);
	test_end_leaves_nothing(server);
	fixture_free(&fixture);
	return done_testing();
}
