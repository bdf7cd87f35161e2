/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gzip.h: a page of text, smaller (RFC 1952).
 */
#ifndef AD_GZIP_H
#define AD_GZIP_H

struct evbuffer;

/* @in, which stays as it is, as one gzip member; NULL: out of memory. */
struct evbuffer *gzip_of(struct evbuffer *in);

#endif
