/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exabgp_relay.h: the process that ExaBGP runs: says to it what the file of the daemon has, and
 * hands ExaBGP's answers on to the daemon, by a local socket.
 *
 * Who connects says EXABGP_ASK or EXABGP_AGAIN (all is said once more), hears what ExaBGP says
 * of its neighbours and of what it exports, then the line EXABGP_END.
 */
#ifndef AD_BGP_EXABGP_RELAY_H
#define AD_BGP_EXABGP_RELAY_H

#include <stddef.h>

#define EXABGP_ANNOUNCE	 "announce route "
#define EXABGP_WITHDRAW	 "withdraw route "
#define EXABGP_ASK	 "ask\n"
#define EXABGP_AGAIN	 "again\n"
#define EXABGP_END	 "end"
#define EXABGP_REPLY_MAX (1024 * 1024)

/* Until ExaBGP closes stdin: 0; or -errno, and what could not be done is logged. */
int exabgp_relay(const char *file, const char *socket);

#endif
