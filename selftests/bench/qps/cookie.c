// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cookie.c: kxdpgun knows no cookies, so they are put in on its way out: preloaded, this is found
 * before libknot's knot_xdp_send(). QPS_COOKIE holds the option's data, in hex; the last record of
 * every query must be an OPT without options.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/xdp/xdp.h>

#define COOKIE	   10 /* RFC 7873, 4 */
#define COOKIE_MAX 40

typedef int send_fn(knot_xdp_socket_t *, const knot_xdp_msg_t[], uint32_t, uint32_t *);

static send_fn *send_on;
static uint8_t option[4 + COOKIE_MAX];
static size_t option_len;

__attribute__((constructor)) static void read_cookie(void)
{
	const char *hex = getenv("QPS_COOKIE");
	unsigned int byte;

	send_on = (send_fn *)dlsym(RTLD_NEXT, "knot_xdp_send");
	for (option_len = 4; hex && option_len < sizeof(option); hex += 2, option_len++) {
		if (sscanf(hex, "%2x", &byte) != 1)
			break;
		option[option_len] = byte;
	}
	option[1] = COOKIE;
	option[3] = option_len - 4;
	if (!send_on || option_len == 4) {
		fprintf(stderr, "cookie.so: no QPS_COOKIE, or not in front of kxdpgun\n");
		exit(2);
	}
}

/* The frames lie in memory of the socket's, with much room behind each. */
static void add_option(const struct iovec *payload)
{
	uint8_t *end = (uint8_t *)payload->iov_base + payload->iov_len;

	end[-1] = option_len; /* RDLENGTH */
	memcpy(end, option, option_len);
}

int knot_xdp_send(knot_xdp_socket_t *socket, const knot_xdp_msg_t msgs[], uint32_t count,
		  uint32_t *sent)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!msgs[i].payload.iov_len)
			continue;
		add_option(&msgs[i].payload);
		((knot_xdp_msg_t *)msgs)[i].payload.iov_len += option_len;
	}
	return send_on(socket, msgs, count, sent);
}
