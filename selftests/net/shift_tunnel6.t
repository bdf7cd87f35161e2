#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shift_tunnel6.t: the same as shift.t, with the tunnel over IPv6.
export LAB_TUNNEL=6
exec "$(dirname "$0")/shift.t"
