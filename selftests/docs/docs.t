#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs.t: documents say what the program prints, their links lead somewhere, and README is short.
set -u

cd "$(dirname "$0")/../.." || exit 1
nr=0

ok()
{
	local what=$1
	shift
	nr=$((nr + 1))
	if "$@"; then
		echo "ok $nr - $what"
	else
		echo "not ok $nr - $what"
	fi
}

# The same on a copy with one cell changed: a check that finds nothing is none.
notices_stale()
{
	local copy said code files
	copy=$(mktemp -d) || return 1
	mapfile -t files < <(git ls-files '*.md' '*.8')
	cp --parents "${files[@]}" deploy/doc/print "$copy"
	sed -i 's/^| `node` .*/| `node` | stale |/' "$copy/deploy/doc/keys.md"
	(cd "$copy" && git init -q . && git add -A)
	said=$(BUILD=$PWD/${BUILD:-build} "$copy/deploy/doc/print" --check)
	code=$?
	rm -rf "$copy"
	[[ $code == 1 && $said == "deploy/doc/keys.md: "* ]]
}

# Every relative link of every document; what is behind # is a heading of that document.
broken_links()
{
	/usr/bin/python3 -B - <<'PY'
import os, re, subprocess, sys

def anchors(path):
    with open(path, encoding="utf-8") as file:
        heads = re.findall(r"^#+ (.*)$", file.read(), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}

bad = 0
for path in subprocess.check_output(["git", "ls-files", "*.md"], text=True).split():
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"```.*?```", "", file.read(), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(target) or anchor and anchor not in anchors(target):
            print(f"# {path}: {link} leads nowhere")
            bad = 1
sys.exit(not bad)
PY
}

links_lead_somewhere()
{
	! broken_links
}

readme_is_short()
{
	[ "$(wc -c <README.md)" -le 10240 ]
}

ok "documents are what the program prints" deploy/doc/print --check
ok "one that is not is named" notices_stale
ok "every link leads somewhere" links_lead_somewhere
ok "README has at most 10 KB" readme_is_short
echo "1..$nr"
