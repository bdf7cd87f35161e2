#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dead_plain.t: the same of a client without timestamps.
export LAB_TIMESTAMPS=0
# shellcheck source=selftests/net/dead.t
. "$(dirname "$0")/dead.t"
