// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trace_ring.c: a trace from its beginning to its end (trace_ring.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "trace_ring.h"
#include "user/base/clock.h"
#include "user/state/datapath.h"

struct trace_ring {
	struct ad_state *state;
	struct ad_trace *trace; /* both in the kernel's memory */
	int rings;		/* fd of the map that our ring is in */
	bool began;
	struct ring_buffer *buffer;
	int (*each)(const struct ad_trace_record *record, void *arg);
	void *arg;
	int stopped; /* what @each returned */
};

static __u64 now_ns(void)
{
	return clock_mono_us() * 1000;
}

static int open_map(const struct pins *pins, const char *name, size_t size, void **at)
{
	int err = 0, fd = pins_map(pins, name, true);

	if (fd < 0)
		return fd;
	*at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*at == MAP_FAILED) {
		err = -errno;
		*at = NULL;
	}
	close(fd);
	return err;
}

static int on_record(void *arg, void *data, size_t size)
{
	struct trace_ring *ring = arg;

	if (size < sizeof(struct ad_trace_record))
		return 0;
	ring->stopped = ring->each(data, ring->arg);
	return ring->stopped ? -ECANCELED : 0;
}

static int make_buffer(struct trace_ring *ring)
{
	int err, fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "trace_ring", 0, 0, AD_TRACE_RING_BYTES,
				     NULL);
	__u32 zero = 0;

	if (fd < 0)
		return -errno;
	ring->buffer = ring_buffer__new(fd, on_record, ring, NULL);
	err = ring->buffer ? 0 : -errno;
	if (!err && bpf_map_update_elem(ring->rings, &zero, &fd, BPF_ANY))
		err = -errno;
	close(fd);
	return err;
}

/* The filters first and the flag last: no packet may see a filter half written. */
static void begin(struct trace_ring *ring, const struct ad_trace *wanted)
{
	struct ad_trace start = *wanted;

	start.pid = getpid();
	start.fitted = 0;
	start.lost = 0;
	start.until_ns = 0;
	*ring->trace = start;
	ring->began = true;
	__atomic_store_n(&ring->trace->until_ns, now_ns() + AD_TRACE_LEASE_S * 1000000000ull,
			 __ATOMIC_SEQ_CST);
	state_set_flag(ring->state, AD_STATE_TRACED);
}

int trace_ring_open(const struct pins *pins, const struct ad_trace *wanted,
		    struct trace_ring **opened, __u32 *pid)
{
	struct trace_ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->rings = pins_map(pins, "trace_rings", true);
	err = ring->rings < 0 ? ring->rings : 0;
	err = err ?: open_map(pins, "trace", sizeof(*ring->trace), (void **)&ring->trace);
	err = err ?: open_map(pins, "state", sizeof(*ring->state), (void **)&ring->state);
	if (!err && __atomic_load_n(&ring->trace->until_ns, __ATOMIC_SEQ_CST) > now_ns()) {
		*pid = ring->trace->pid;
		err = -EBUSY;
	}
	if (!err) {
		state_clear_flag(ring->state, AD_STATE_TRACED);
		err = make_buffer(ring);
	}
	if (!err)
		begin(ring, wanted);
	else
		trace_ring_close(ring);
	*opened = err ? NULL : ring;
	return err;
}

/* The flag again, too: a packet that was slow may have taken it back for the trace before. */
static int renew(struct trace_ring *ring)
{
	if (__atomic_load_n(&ring->trace->pid, __ATOMIC_SEQ_CST) != (__u32)getpid())
		return -ESTALE;
	__atomic_store_n(&ring->trace->until_ns, now_ns() + AD_TRACE_LEASE_S * 1000000000ull,
			 __ATOMIC_SEQ_CST);
	if (!state_has_flag(ring->state, AD_STATE_TRACED))
		state_set_flag(ring->state, AD_STATE_TRACED);
	return 0;
}

int trace_ring_read(struct trace_ring *ring, int wait_ms,
		    int (*each)(const struct ad_trace_record *record, void *arg), void *arg)
{
	int err = renew(ring);

	if (err)
		return err;
	ring->each = each;
	ring->arg = arg;
	ring->stopped = 0;
	err = ring_buffer__poll(ring->buffer, wait_ms);
	if (ring->stopped)
		return ring->stopped;
	return err < 0 && err != -EINTR ? err : 0;
}

__u64 trace_ring_fitted(const struct trace_ring *ring)
{
	return __atomic_load_n(&ring->trace->fitted, __ATOMIC_SEQ_CST);
}

__u64 trace_ring_lost(const struct trace_ring *ring)
{
	return __atomic_load_n(&ring->trace->lost, __ATOMIC_SEQ_CST);
}

/* Not if another process has taken over: then all of it is that one's. */
static void end(struct trace_ring *ring)
{
	__u32 zero = 0;

	if (!ring->began || ring->trace->pid != (__u32)getpid())
		return;
	state_clear_flag(ring->state, AD_STATE_TRACED);
	__atomic_store_n(&ring->trace->until_ns, 0, __ATOMIC_SEQ_CST);
	bpf_map_delete_elem(ring->rings, &zero);
}

void trace_ring_close(struct trace_ring *ring)
{
	if (!ring)
		return;
	end(ring);
	ring_buffer__free(ring->buffer);
	if (ring->rings >= 0)
		close(ring->rings);
	if (ring->trace)
		munmap(ring->trace, sizeof(*ring->trace));
	if (ring->state)
		munmap(ring->state, sizeof(*ring->state));
	free(ring);
}
