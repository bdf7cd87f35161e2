/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h: the page for browsers (page.html, built in): it asks for `fleet` beside it, and for
 * nothing from elsewhere.
 */
#ifndef AD_PAGE_H
#define AD_PAGE_H

#include <stdbool.h>

struct evhttp_request;

/* Whether it is a browser that asks, and not a person with curl. */
bool page_is_wanted(struct evhttp_request *request);
void page_serve(struct evhttp_request *request);

#endif
