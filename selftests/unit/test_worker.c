// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_worker.c: jobs on a thread of their own, in order, while the loop goes on; zones that are
 * read there while the loop answers from older ones; and the end, whatever is under way.
 */
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/base/log.h"
#include "user/base/progress.h"
#include "user/config/config.h"
#include "user/daemon/worker.h"
#include "user/dns/dns_service.h"
#include "user/dns/dns_zones.h"

#define NAMES  20000
#define ROUNDS 6

static struct event_base *base;
static struct worker *worker;

/* Runs the loop until @done says so, at most ten seconds. */
static bool loop_until(bool (*done)(void))
{
	time_t end = time(NULL) + 120;

	while (!done() && time(NULL) < end)
		event_base_loop(base, EVLOOP_NONBLOCK);
	return done();
}

/* --- order ------------------------------------------------------------------------------------ */

static int order[3], nr_done;
static bool in_loop = true, elsewhere = true, blocked = true;
static pthread_t loop_thread;

struct numbered {
	struct worker_job job;
	int number;
	bool hears_term, is_loop;
};

static void work_numbered(struct worker_job *job)
{
	struct numbered *numbered = (struct numbered *)job;
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	numbered->hears_term = !sigismember(&mask, SIGTERM);
	numbered->is_loop = pthread_equal(pthread_self(), loop_thread);
}

static void on_numbered(struct worker_job *job, bool ran)
{
	struct numbered *numbered = (struct numbered *)job;

	in_loop = in_loop && ran && pthread_equal(pthread_self(), loop_thread);
	elsewhere = elsewhere && !numbered->is_loop;
	blocked = blocked && !numbered->hears_term;
	order[nr_done++] = numbered->number;
}

static bool all_done(void)
{
	return nr_done == 3;
}

static void test_worker_works_in_order(void)
{
	struct numbered jobs[3] = {};
	int i;

	for (i = 0; i < 3; i++) {
		jobs[i].job = (struct worker_job){ .work = work_numbered, .done = on_numbered };
		jobs[i].number = i;
		worker_queue(worker, &jobs[i].job);
	}
	ok(!nr_done, "nothing is done before the thread starts");
	is_int(worker_start(worker), 0, "it starts");
	ok(loop_until(all_done), "and then all is");
	ok(order[0] == 0 && order[1] == 1 && order[2] == 2, "one after the other");
	ok(elsewhere && in_loop, "the work on its thread, the rest in the loop");
	ok(blocked, "signals are the loop's");
}

/* --- zones ------------------------------------------------------------------------------------ */

static char dir[] = "/tmp/worker.XXXXXX", path[64];
static struct config_zone zone = { .name = "example.", .file = path };
static struct config config = {
	.path = "test", .zones = &zone, .nr_zones = 1, .dns_udp_size = 1232
};

struct load {
	struct worker_job job;
	const struct dns_zones *before;
	struct dns_zones *zones, *old;
	int err;
};

static struct load load;
static struct dns_zones *served;
static int loads;
static unsigned long looks;

static void write_zone(unsigned int serial)
{
	FILE *file = fopen(path, "w");
	int i;

	fprintf(file, "$TTL 60\n@ SOA ns host %u 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n", serial);
	for (i = 0; i < NAMES; i++)
		fprintf(file, "n%d A 192.0.2.1\n", i);
	fclose(file);
}

static void work_load(struct worker_job *job)
{
	struct config_errors errors = {};

	log_info("a line from the worker");
	load.err = dns_zones_load(&config, load.before, NULL, &load.zones, &errors);
	config_errors_free(&errors);
}

static void work_free(struct worker_job *job)
{
	dns_zones_free(load.old);
}

static void on_freed(struct worker_job *job, bool ran)
{
	loads++;
}

/* The loop swaps; what was replaced is freed where nobody waits. */
static void on_loaded(struct worker_job *job, bool ran)
{
	load.old = served;
	served = load.zones;
	load.job = (struct worker_job){ .work = work_free, .done = on_freed };
	worker_queue(worker, &load.job);
}

/* As the daemon does for an answer: from the image and the list. */
static bool loaded(void)
{
	__u32 i;

	for (i = 0; served && i < served->image->nr_pages; i++)
		looks += served->image->pages[i][64] + served->list[0].serial;
	log_info("a line from the loop");
	return loads;
}

static void test_worker_loads_while_the_loop_answers(void)
{
	unsigned int serial;
	bool good = true;

	catch_output(stderr);
	for (serial = 1; serial <= ROUNDS && good; serial++) {
		loads = 0;
		write_zone(serial);
		load = (struct load){ .job = { .work = work_load, .done = on_loaded },
				      .before = served };
		worker_queue(worker, &load.job);
		good = loop_until(loaded) && !load.err && served->list[0].serial == serial;
	}
	release_output();
	ok(good, "%d loads, each swapped in while the loop looked %s", ROUNDS,
	   looks ? "on" : "away");
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool began_long;
static int not_run;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* As a zone of a million names: it asks now and then whether to go on. */
static void work_long(struct worker_job *job)
{
	pthread_mutex_lock(&lock);
	began_long = true;
	pthread_mutex_unlock(&lock);
	while (progress_at("for ever"))
		usleep(1000);
}

static void on_long(struct worker_job *job, bool ran)
{
	not_run += !ran;
}

static bool long_began(void)
{
	bool began;

	pthread_mutex_lock(&lock);
	began = began_long;
	pthread_mutex_unlock(&lock);
	return began;
}

static void test_worker_ends_in_the_middle(void)
{
	struct worker_job first = { .work = work_long, .done = on_long }, second = first;

	progress_begin();
	worker_queue(worker, &first);
	worker_queue(worker, &second);
	ok(loop_until(long_began), "something that takes long is under way");
	worker_free(worker);
	is_int(not_run, 2, "it is told to stop, and what waits is never begun");
	ok(progress_at("again"), "others may go on");
}

static void test_zones_are_not_read_to_the_end(void)
{
	struct config_errors errors = {};
	struct dns_zones *zones = NULL;

	progress_stop(true);
	is_int(dns_zones_load(&config, served, NULL, &zones, &errors), -ECANCELED,
	       "a load that is stopped");
	progress_stop(false);
	ok(!zones, "gives nothing");
	config_errors_free(&errors);
}

int main(void)
{
	if (!ok(mkdtemp(dir) != NULL, "a directory"))
		return done_testing();
	snprintf(path, sizeof(path), "%s/zone", dir);
	base = event_base_new();
	loop_thread = pthread_self();
	log_set_level(LOG_INFO_);
	is_int(worker_new(base, &worker), 0, "a worker");
	test_worker_works_in_order();
	test_worker_loads_while_the_loop_answers();
	test_worker_ends_in_the_middle();
	test_zones_are_not_read_to_the_end();
	dns_zones_free(served);
	event_base_free(base);
	unlink(path);
	rmdir(dir);
	return done_testing();
}
