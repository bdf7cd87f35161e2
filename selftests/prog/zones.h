/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zones.h: the zones of a set of options, brought to the kernel as the daemon brings them.
 */
#ifndef AD_PROG_ZONES_H
#define AD_PROG_ZONES_H

struct anydoor_bpf;
struct options;

/* A bpffs that only this process sees: the DNS service works on pinned maps. 0 or -errno. */
int zones_mount(void);
/* Between open and load of the skeleton. Each 0 or -errno, told on stderr. */
int zones_prepare(struct anydoor_bpf *skel, const struct options *options);
int zones_publish(struct anydoor_bpf *skel, const struct options *options);

#endif
