#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# jumbo.t: everything in packets of 9000 bytes, which XDP sees in several buffers: shifted uploads
# are wrapped, unwrapped and unstamped as any other.
set -euo pipefail
export LAB_MTU=9000 LAB_BIG_MIB=64
# shellcheck source=selftests/net/net.sh
. "$(dirname "$0")/net.sh"

readonly UPLOAD_S=5

net_up
uploads_serve fra
uploads_start fra $UPLOAD_S
web_download_start four 4 16M
web_download_start six 6 16M
bgp_prefer nyc
for family in 4 6; do
	ok "the upload over IPv$family arrives" upload_complete $family $UPLOAD_S
done
downloads_intact 30 four six
at_least "nyc wrapped packets of several buffers" "$(counter_mean_bytes nyc wrap_stamp)" 3500
at_least "fra took them from the tunnel" "$(counter_mean_bytes fra local_stamp)" 3500
is "everything did fit" "$(counter_sum nyc '.reason | startswith("too_big")')" 0
ok "nobody was reset" no_resets
net_done
