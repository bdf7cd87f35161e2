#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# model.t: what must be true of each packet of a fleet, by the model, which takes millions.
# PACKETS of the same each time, and as many others: SEED=, from the output, plays those again.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}

exec "$build/selftests/fleet/fleet" model "${PACKETS:-4000000}" 1 "${SEED:-$RANDOM$RANDOM}"
