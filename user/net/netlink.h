/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netlink.h: one question to rtnetlink, or to another family of netlink.
 */
#ifndef AD_NETLINK_H
#define AD_NETLINK_H

#include <libmnl/libmnl.h>

/*
 * Sends @request and calls @each for every answer. It returns MNL_CB_OK for more, MNL_CB_STOP to
 * end, or MNL_CB_ERROR with errno set. 0 or -errno, also the kernel's own.
 */
int netlink_ask(struct nlmsghdr *request, mnl_cb_t each, void *arg);
/* The same of another family: NETLINK_SOCK_DIAG, NETLINK_NETFILTER. */
int netlink_ask_family(int family, struct nlmsghdr *request, mnl_cb_t each, void *arg);

/* For who asks thousands of times: a socket for many questions to rtnetlink. */
struct netlink {
	struct mnl_socket *socket;
	__u32 sequence; /* of the last question: an answer to another one is none */
};
int netlink_open(struct netlink *netlink);
int netlink_ask_by(struct netlink *netlink, struct nlmsghdr *request, mnl_cb_t each, void *arg);
void netlink_close(struct netlink *netlink);

#endif
