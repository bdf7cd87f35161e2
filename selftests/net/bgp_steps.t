#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bgp_steps.t: whatever an operator does in each step of a drain has a defined end: asked for again, taken back, and the
# host started again.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
. "$(dirname "$0")/bgp.sh"
bgp_up

keeping() { # BGP
	configure bgp="{ $1 }" state="{ bpffs: $PINS, run: $LAB_DIR/run, keep: $LAB_DIR/keep }"
}

held=0
# A drain that stops at STEP.
reach() { # STEP
	case $1 in
	deprefer)
		keeping "${BGP/settle: 1s/settle: 1h}"
		anydoor reload >/dev/null
		anydoor drain --window 1h >/dev/null
		;;
	flows)
		hold lives$((++held)) "$VIP4"
		anydoor drain --window 1h >/dev/null
		;;
	silence)
		hold lives$((++held)) "$VIP4"
		anydoor drain --window 0 >/dev/null
		;;
	withdraw) # which BIRD does not say to have done
		bird_stop pop
		anydoor drain --window 0 >/dev/null
		;;
	quiet) anydoor drain --window 0 >/dev/null ;;
	esac
	await 25 step_is "$1"
}

# As before the drain.
end() {
	local name
	for name in "${!HOLD_PID[@]}"; do
		release "$name" || true
	done
	keeping "$BGP"
	anydoor reload >/dev/null
}

keeping "$BGP"
daemon_start
await 10 all_hear "$PLAIN"
for step in deprefer flows withdraw silence quiet; do
	reach $step # not in a subshell: it holds connections
	ok "$step: reached" step_is $step
	ok "$step: drained again, with the same terms" anydoor drain --window "$([[ $step == [dq]* || $step == flows ]] && echo 1h || echo 0)"
	sleep 2
	ok "$step: it is that step still" step_is $step
	ok "$step: undrain" anydoor undrain
	[[ $step != withdraw ]] || bird_start pop
	ok "$step: the VIPs are announced, plain" await 10 all_hear "$PLAIN"
	is "$step: no step is left" "$(status .drain.steps)" null
	end
	reach $step
	ok "$step: reached again" step_is $step
	reboot
	ok "$step: after a reboot nothing is announced" all_hear "$NOTHING"
	is "$step: it drains on, and not for a moment was announced" "$(status .drain.draining) $(sent)" "true $before"
	ok "$step: to the end" await 20 step_is quiet
	ok "$step: undrain" anydoor undrain
	ok "$step: all is as it was" await 10 all_hear "$PLAIN"
	end
done
done_testing
