/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h: a thread for what takes long, so that the loop goes on serving.
 *
 * Jobs run one after the other, in the order in which they were queued. What a job borrows must
 * live until it is done; a job that frees something is therefore queued behind those that borrow
 * it.
 */
#ifndef AD_WORKER_H
#define AD_WORKER_H

#include <stdbool.h>
#include <sys/queue.h>

struct event_base;
struct worker;

/* A part of what its owner works on. */
struct worker_job {
	/* On the worker's thread. */
	void (*work)(struct worker_job *job);
	/*
	 * In the loop, afterwards. @ran is false if the worker ended before that: the work may be
	 * done or not, and all there is to do is to free the job.
	 */
	void (*done)(struct worker_job *job, bool ran);
	TAILQ_ENTRY(worker_job) entry;
};

/* Takes jobs, and works on none before worker_start(). 0 or -errno. */
int worker_new(struct event_base *base, struct worker **worker);
/*
 * Starts the thread. It has the rights that the caller has at this moment, and takes no signals.
 * 0 or -errno.
 */
int worker_start(struct worker *worker);
void worker_queue(struct worker *worker, struct worker_job *job);
/* Tells the job at hand to stop (progress_stop()), waits for the thread, and ends all jobs. */
void worker_free(struct worker *worker);

#endif
