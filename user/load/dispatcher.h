/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatcher.h: our own dispatcher for libxdp, where its own takes no program that changes packets
 * (bpf/dispatcher.bpf.c says why).
 */
#ifndef AD_DISPATCHER_H
#define AD_DISPATCHER_H

/*
 * Puts ours where libxdp looks for its own, until dispatcher_return(). 0; -EEXIST if the
 * operator says by LIBXDP_OBJECT_PATH which to take; -errno.
 */
int dispatcher_lend(void);
void dispatcher_return(void);

#endif
