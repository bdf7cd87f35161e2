#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shift_generic.t: the same as shift.t, with XDP in generic mode.
export LAB_XDP=generic
exec "$(dirname "$0")/shift.t"
