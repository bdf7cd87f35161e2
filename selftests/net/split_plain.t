#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# split_plain.t: the same of a client without timestamps.
export LAB_TIMESTAMPS=0
# shellcheck source=selftests/net/split.t
. "$(dirname "$0")/split.t"
