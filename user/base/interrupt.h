/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interrupt.h: what a command that waits says when somebody ends it: how far it is, and how to go
 * on.
 */
#ifndef AD_INTERRUPT_H
#define AD_INTERRUPT_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP write this line on stderr before they end the process, as
 * they would anyway. The last call counts. A signal that was ignored before stays so.
 */
__attribute__((format(printf, 1, 2))) void interrupt_says(const char *format, ...);

#endif
