// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * worker.c: a thread for what takes long (worker.h).
 */
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include "user/base/progress.h"
#include "worker.h"

#define NICENESS 5 /* on one CPU the loop comes first */

TAILQ_HEAD(jobs, worker_job);

struct worker {
	pthread_t thread;
	bool started;
	int bell; /* the thread wakes the loop by it */
	struct event *rung;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	struct jobs waiting, finished;
	bool ends;
};

static struct worker_job *take_first(struct jobs *jobs)
{
	struct worker_job *job = TAILQ_FIRST(jobs);

	if (job)
		TAILQ_REMOVE(jobs, job, entry);
	return job;
}

/* Waits for one. NULL: the worker ends. */
static struct worker_job *next_job(struct worker *worker)
{
	struct worker_job *job;

	pthread_mutex_lock(&worker->lock);
	while (TAILQ_EMPTY(&worker->waiting) && !worker->ends)
		pthread_cond_wait(&worker->wake, &worker->lock);
	job = worker->ends ? NULL : take_first(&worker->waiting);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void finish(struct worker *worker, struct worker_job *job)
{
	pthread_mutex_lock(&worker->lock);
	TAILQ_INSERT_TAIL(&worker->finished, job, entry);
	pthread_mutex_unlock(&worker->lock);
	eventfd_write(worker->bell, 1);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct worker_job *job;

	setpriority(PRIO_PROCESS, gettid(), NICENESS);
	while ((job = next_job(worker))) {
		job->work(job);
		finish(worker, job);
	}
	return NULL;
}

static void end_all(struct worker *worker, struct jobs *jobs, bool ran)
{
	struct worker_job *job;

	for (;;) {
		pthread_mutex_lock(&worker->lock);
		job = take_first(jobs);
		pthread_mutex_unlock(&worker->lock);
		if (!job)
			return;
		job->done(job, ran);
	}
}

static void on_bell(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	eventfd_t times;

	eventfd_read(fd, &times);
	end_all(worker, &worker->finished, true);
}

int worker_new(struct event_base *base, struct worker **result)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	TAILQ_INIT(&worker->waiting);
	TAILQ_INIT(&worker->finished);
	worker->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->bell >= 0)
		worker->rung = event_new(base, worker->bell, EV_READ | EV_PERSIST, on_bell, worker);
	if (!worker->rung || event_add(worker->rung, NULL)) {
		worker_free(worker);
		return -ENOMEM;
	}
	*result = worker;
	return 0;
}

/* Signals are the loop's: a thread starts with the mask of who starts it. */
int worker_start(struct worker *worker)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->started = !err;
	return -err;
}

void worker_queue(struct worker *worker, struct worker_job *job)
{
	pthread_mutex_lock(&worker->lock);
	TAILQ_INSERT_TAIL(&worker->waiting, job, entry);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

static void end_thread(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->ends = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	progress_stop(true);
	pthread_join(worker->thread, NULL);
	progress_stop(false);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->started)
		end_thread(worker);
	end_all(worker, &worker->finished, false);
	end_all(worker, &worker->waiting, false);
	if (worker->rung)
		event_free(worker->rung);
	if (worker->bell >= 0)
		close(worker->bell);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}
