/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h: what the two ends of a crowd of connections agree on.
 *
 * The client opens with a request, then sends bytes of its stream or nothing. The server answers
 * in frames: its name, data, and, once the client has ended its half, the totals; then it
 * closes. Every byte of a stream follows from its seed and place, so that each end can
 * tell whether what came is what was sent.
 */
#ifndef AD_CROWD_H
#define AD_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define CROWD_MAGIC 0x636f776bu
#define NAME_BYTES  16
#define FRAME_MAX   16384 /* bytes behind a frame's header */
#define TICK_MS	    50
#define PHASES	    4 /* each connection's turn is every fourth tick */
#define TURNS_PER_S (1000 / (TICK_MS * PHASES))
#define TALK_BYTES  64
#define EVENTS_MAX  256

enum crowd_kind {
	CROWD_DOWN, /* the server streams */
	CROWD_UP,   /* the client does */
	CROWD_TALK, /* the client does, a little each second, and hears it back */
	CROWD_IDLE, /* nobody does, until the client does once in the end */
	CROWD_KINDS
};

struct crowd_request {
	__u32 magic;
	__u32 rate; /* bytes a second, for UP and DOWN */
	__u64 seed;
	__u32 kind;
	__u32 pad;
};

enum frame_type {
	FRAME_NAME,
	FRAME_DATA,
	FRAME_TOTALS
};

struct frame_header {
	__u16 type;
	__u16 bytes;
};

struct crowd_totals {
	__u64 received; /* bytes of the client's stream */
	__u64 sent;	/* bytes of data in frames */
	__u64 intact;	/* 1: all received were right */
};

/* --- a stream -------------------------------------------------------------------------------- */
struct stream {
	__u64 seed;
	__u64 at;
};

/* The next @bytes of it, at most FRAME_MAX. */
void stream_take(struct stream *stream, void *to, size_t bytes);
/* Are these its next @bytes? */
bool stream_expect(struct stream *stream, const void *from, size_t bytes);

/* --- what is to be written, on a socket that may not take all of it at once ------------------- */
struct outbox {
	size_t from, to;
	char bytes[sizeof(struct frame_header) + FRAME_MAX + sizeof(struct crowd_request)];
};

bool outbox_is_empty(const struct outbox *box);
/* Room for @bytes, to be written by the caller; the box must be empty enough. */
void *outbox_add(struct outbox *box, size_t bytes);
/* 0: empty now; 1: something is left; -errno. */
int outbox_flush(struct outbox *box, int fd);

/* --- the loop's clock ------------------------------------------------------------------------- */
__u64 crowd_now_ms(void);
/* A descriptor that is readable every TICK_MS; takes what is pending: number of ticks. */
int crowd_ticker(void);
__u64 crowd_ticked(int fd);
void crowd_nodelay(int fd);

int crowd_serve(const char *name, const char *port);
int crowd_call(int argc, char **argv);

#endif
