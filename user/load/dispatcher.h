/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatcher.h: our own dispatcher for libxdp, for kernels where its own cannot run programs that
 * change packets (the reason is in bpf/dispatcher.bpf.c).
 */
#ifndef AD_DISPATCHER_H
#define AD_DISPATCHER_H

/*
 * Makes libxdp load ours instead of its own, until dispatcher_return(). 0; -EEXIST if the operator
 * has set LIBXDP_OBJECT_PATH; -errno.
 */
int dispatcher_lend(void);
void dispatcher_return(void);

#endif
