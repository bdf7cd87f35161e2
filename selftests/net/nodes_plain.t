#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# nodes_plain.t: the same of a client without timestamps.
export LAB_TIMESTAMPS=0
# shellcheck source=selftests/net/nodes.t
. "$(dirname "$0")/nodes.t"
