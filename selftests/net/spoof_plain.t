#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# spoof_plain.t: the same of a client without timestamps.
export LAB_TIMESTAMPS=0
# shellcheck source=selftests/net/spoof.t
. "$(dirname "$0")/spoof.t"
