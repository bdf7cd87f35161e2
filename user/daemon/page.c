// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * page.c: the page for browsers (page.h).
 */
#include <stdio.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <sodium.h>
#include "metrics_job.h"
#include "page.h"
#include "page_html.inc"

#define DIGEST_TEXT                                                                                \
	sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)
#define POLICY_TEXT 512

/* What is between @open and @close, as a source of a Content-Security-Policy (CSP3, 2.3.1). */
static void digest_of(const char *open, const char *close, char text[DIGEST_TEXT])
{
	const char *from = strstr(page_html, open) + strlen(open), *to = strstr(from, close);
	unsigned char digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, (const unsigned char *)from, to - from);
	sodium_bin2base64(text, DIGEST_TEXT, digest, sizeof(digest),
			  sodium_base64_VARIANT_ORIGINAL);
}

/* This style and this script, and requests to where the page is from: nothing else. */
static void format_policy(char policy[POLICY_TEXT])
{
	char style[DIGEST_TEXT], script[DIGEST_TEXT];

	digest_of("<style>", "</style>", style);
	digest_of("<script>", "</script>", script);
	snprintf(policy, POLICY_TEXT,
		 "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
		 "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
		 "frame-ancestors 'none'",
		 style, script);
}

bool page_is_wanted(struct evhttp_request *request)
{
	const char *accept =
		evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");

	return accept && strstr(accept, "text/html");
}

void page_serve(struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();
	char policy[POLICY_TEXT];

	format_policy(policy);
	evhttp_add_header(headers, "Content-Security-Policy", policy);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
	evhttp_add_header(headers, "Vary", "Accept");
	if (body)
		evbuffer_add_reference(body, page_html, sizeof(page_html) - 1, NULL, NULL);
	metrics_reply(request, 200, "text/html; charset=utf-8", body);
	if (body)
		evbuffer_free(body);
}
