#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# silence_plain.t: the same of a client without timestamps.
export LAB_TIMESTAMPS=0
# shellcheck source=selftests/net/silence.t
. "$(dirname "$0")/silence.t"
