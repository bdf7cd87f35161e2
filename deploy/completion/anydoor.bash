# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of anydoor in bash: asks the program itself (`anydoor complete`).
# shellcheck shell=bash

_anydoor()
{
	local line=${COMP_LINE:0:COMP_POINT} words typed lead found candidate
	# Not COMP_WORDS, which are also cut at = and :.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	typed=${words[-1]}
	# Of the last word, bash replaces only what is behind = or :.
	lead=${typed%"${typed##*[=:]}"}
	mapfile -t found < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
	COMPREPLY=()
	for candidate in "${found[@]%%$'\t'*}"; do
		case $candidate in
		:files)	compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$typed") ;;
		:directories) compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -d -- "$typed") ;;
		*)	COMPREPLY+=("${candidate#"$lead"}") ;;
		esac
	done
} && complete -F _anydoor anydoor
