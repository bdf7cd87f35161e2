/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin.h: what commands ask of the bus themselves, without a daemon.
 */
#ifndef AD_BUS_ADMIN_H
#define AD_BUS_ADMIN_H

#include "record.h"
#include "session.h"

/* Makes the bucket. 0; -EEXIST: there is one, which stays as it is; other -errno, and @why. */
int bus_make_bucket(const struct config_bus *config, int replicas, char why[BUS_WHY]);

/* An operator's word, as the bucket keeps it. */
struct bus_word {
	char key[BUS_KEY_MAX];
	__u64 revision, last_revision; /* when it was first written, and last */
	__u64 written_real_s;	       /* first, by the server's clock */
	struct bus_head head;
	enum bus_read read; /* but OK: it is not signed by our key, and has no body */
	json_t *body;
};
/*
 * All words that the bucket keeps, by rising revision of what was first written of each. A node
 * writes its word again when its daemon starts, or when a bucket lost it: that is one word, with
 * the revision of the last. 0, *words to bus_words_free(); or -errno, and @why.
 */
int bus_read_words(const struct config_bus *config, const struct bus_secret *secret,
		   struct bus_word **words, size_t *nr, char why[BUS_WHY]);
void bus_words_free(struct bus_word *words, size_t nr);
/* What it says: the section of its kind; NULL: it cannot be read. */
const json_t *bus_word_said(const struct bus_word *word);

#endif
