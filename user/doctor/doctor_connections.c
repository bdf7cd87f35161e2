// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor_connections.c: whether the kernel tells of connections. That it does not is no fault,
 * unless the flow log needs it: of that the status warns.
 */
#include "doctor.h"

void doctor_connections(struct doctor *doctor)
{
	const struct status *status = &doctor->status;

	doctor->findings->check = "connections";
	if (!doctor->loaded || !status->has_daemon)
		return;
	if (status->telling.state == AD_CONNECTIONS_FAILED)
		doctor_fine(doctor,
			    "connections are not counted (%s): no figures of connections that have "
			    "ended; all else works",
			    status->telling.why);
	else if (status->state.flags & AD_STATE_FORWARDS)
		doctor_fine(doctor,
			    "connections are counted, but not those that NAT forwards: their "
			    "sockets are elsewhere");
}
