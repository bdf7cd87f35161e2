/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * bus.h: what is known of the bus and of the nodes on it, as the daemon keeps it for commands and
 * metrics. No program reads it.
 */
#ifndef AD_BUS_H
#define AD_BUS_H

#include "types.h"

/* X(name, word, text): of the bus as this node has it. */
#define AD_BUS_STATES(X)                                                                           \
	X(OFF, "off", "no bus is configured")                                                      \
	X(JOINING, "joining", "it was not reached yet")                                            \
	X(FRESH, "fresh", "what this node writes comes back to it")                                \
	X(STALE, "stale", "it cannot be reached, or is silent: the last known state holds")        \
	X(REFUSED, "refused", "another node writes under our id: we do not")

enum ad_bus_state {
#define X(name, word, text) AD_BUS_##name,
	AD_BUS_STATES(X)
#undef X
	AD_BUS_STATES_NR
};

/* bus: by node id what was heard of it; by 0 the bus itself. */
struct ad_bus_seen {
	__u64 heard_real_s; /* last news of it; of the bus: the last echo of ours. 0: never */
	__u64 since_real_s; /* of the bus: it stands so; of a node: its operator said so */
	__u64 refused;	    /* of the bus: records that are not signed by our key */
	__u32 state;	    /* of the bus: enum ad_bus_state */
	union {
		__u32 told;	 /* of a node: enum ad_told_what */
		__u32 key_epoch; /* of the bus: the epoch of the tunnel's keys here, while ... */
	};
	union {
		__u32 gone;	/* of a node: not heard of for long */
		__u32 key_goal; /* of the bus: ... a rotation to this one is under way; 0: none */
	};
	union {
		__u32 shed_percent; /* of a node: by its load */
		__u32 echo_ms;	    /* of the bus: how long the last echo took */
	};
	union {
		char version[16];  /* of a node */
		__u64 step_real_s; /* of the bus: when the rotation's last step was taken */
	};
	char name[64];	 /* of a node */
	char not_up[64]; /* of a node: POPs that do not pass its health checks, as far as they fit
			  */
	char who[32];	 /* told it; of the bus: took that step */
	char why[128];	 /* his words; of the bus: what is wrong */
};
AD_ASSERT_SIZE(struct ad_bus_seen, 344);
#define AD_BUS_SLOW_MS	1000 /* an echo takes longer: the bus is slow */
#define AD_BUS_STEP_S	300  /* after a rotation's last step: nobody goes on with it */
#define AD_BUS_SEEN_MAX (1 << AD_OWNER_BITS_MAX)

#endif
