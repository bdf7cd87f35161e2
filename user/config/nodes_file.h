/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nodes_file.h: the nodes that the bus knows: as a list that the daemon keeps, and as the file by
 * which it outlives the daemon and the bus. Configurations with `nodes: from bus` are made of it.
 *
 * A node is forgotten by an operator's word alone. What was forgotten stays in the list, so that no
 * old record brings it back.
 */
#ifndef AD_NODES_FILE_H
#define AD_NODES_FILE_H

#include "config.h"

struct known_node {
	__u16 id;
	__u16 mtu; /* 0: as the route says */
	bool is_forgotten;
	char name[CONFIG_NAME_MAX + 1];
	char pop[CONFIG_NAME_MAX + 1];
	struct ad_addr tunnel;
	__u64 seq;    /* of its record; of one that is forgotten: of the newest that counts not */
	__u64 by_seq; /* of the record that forgot it */
	int line;     /* in the file; 0: it came from elsewhere */
};

struct known_nodes {
	struct known_node *list; /* by rising id */
	size_t nr;
};

enum known_verdict {
	KNOWN_SAME, /* what is known, or older */
	KNOWN_CHANGED,
	KNOWN_REFUSED
};
#define KNOWN_WHY 200

/* The file of the node @name in @dir, to be freed; NULL without memory. */
char *nodes_file_path(const char *dir, const char *name);
/*
 * 0, also if there is no file, or -EINVAL or another -errno with every error in @errors.
 * known_nodes_free() in any case.
 */
int nodes_file_read(const char *path, struct known_nodes *nodes, struct config_errors *errors);
/* As file_write(). */
int nodes_file_write(const char *path, const struct known_nodes *nodes);

/* NULL, or why @node can be none, whatever the other nodes are. */
const char *known_node_trouble(const struct known_node *node);
/* NULL: it is not in the list, not even as forgotten. */
struct known_node *known_nodes_find(const struct known_nodes *nodes, __u16 id);
/* What a node says of itself. KNOWN_REFUSED: @why, to be written behind its name. */
enum known_verdict known_nodes_take(struct known_nodes *nodes, const struct known_node *node,
				    char why[KNOWN_WHY]);
/* An operator said so, of records up to .seq, by a record of .by_seq. False: it changes nothing. */
bool known_nodes_forget(struct known_nodes *nodes, const struct known_node *node);
void known_nodes_free(struct known_nodes *nodes);

#endif
