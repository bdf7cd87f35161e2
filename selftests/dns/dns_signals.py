# SPDX-License-Identifier: GPL-3.0-or-later
"""An interrupted test still takes down what it raised."""
import signal, sys

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_by_finally():
    """The first signal leaves through every `finally`; the next ones, and one keystroke gives
    several, must not cut those short."""
    def end(number, frame):
        for other in ENDING:
            signal.signal(other, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in ENDING:
        signal.signal(number, end)
