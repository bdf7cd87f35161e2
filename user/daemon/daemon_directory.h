/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_directory.h: this node's part in the directory of its POP (user/directory/): tells
 * siblings of its flows without stamps, keeps what they tell, and tells the data path which node is
 * whose flows' home.
 */
#ifndef AD_DAEMON_DIRECTORY_H
#define AD_DAEMON_DIRECTORY_H

struct daemon;
struct daemon_directory;

/* 0 or -ENOMEM. */
int daemon_directory_new(struct daemon *daemon);
/* Once a second. */
void daemon_tend_directory(struct daemon *daemon);
/* After worker_free(). */
void daemon_directory_free(struct daemon *daemon);

#endif
