#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs.t: documents say what the program prints, their links lead somewhere, and README is short.
set -u

cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build}
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
	mapfile -t files < <(git ls-files '*.md' deploy/man)
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

# What a document names in `quotes`: files of this tree, targets of make, commands and their options; and
# every metric in documents and alerts.
wrong_names()
{
	BUILD=${BUILD:-build} /usr/bin/python3 -B - <<'PY'
import os, re, subprocess, sys

def output(*command):
    return subprocess.check_output(command, text=True)

anydoor = os.environ["BUILD"] + "/anydoor"
listed = output("git", "ls-files").split("\n")
files = {os.path.basename(name) for name in listed}
with open("Makefile", encoding="utf-8") as file:
    targets = {word for line in re.findall(r"^([a-z-]+(?: [a-z-]+)*):", file.read(), re.M)
               for word in line.split()}
commands = re.findall(r"^  ([a-z]+) ", output(anydoor, "help"), re.M)
options = {name: output(anydoor, "help", name) + output(anydoor, "help") for name in commands}
metrics = set(re.findall(r"anydoor_[a-z_]+", output(anydoor, "stats", "--metrics")))
bad = 0
for path in [name for name in listed if name.endswith(".md") or name.endswith("alerts.yml")]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for metric in set(re.findall(r"\banydoor_[a-z_]+", text)) - metrics:
        print(f"# {path}: {metric}: there is no such metric")
        bad = 1
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    for text in quoted:
        words = text.removeprefix("sudo ").split()
        wrong = False
        if re.fullmatch(r"[\w/.-]+\.(h|c|t|py|md|yml)", text):
            wrong = os.path.basename(text) not in files
        elif words[:1] == ["make"] and len(words) > 1 and words[1][0].islower():
            wrong = words[1] not in targets and "/" not in words[1]
        elif words[:1] == ["anydoor"] and len(words) > 1 and words[1][0].islower():
            wrong = words[1] not in commands or any(
                word.split("=")[0] not in options[words[1]]
                for word in words[2:] if word.startswith("--"))
        if wrong:
            print(f"# {path}: `{text}`: there is none")
            bad = 1
sys.exit(not bad)
PY
}

# Each of these on a copy: what the check must notice.
notices_bad_page()
{
	local copy said what
	copy=$(mktemp -d) || return 1
	cp deploy/man/* "$copy"
	mv "$copy/anydoor-drain.8" "$copy/anydoor-drown.8"
	sed -i '/check --keys/d; $a.BR anydoor\\-nothing (8)' "$copy/anydoor.yaml.5"
	printf '%s\n' '.SH "\fx"' >>"$copy/anydoor-metrics.7"
	said=$(PAGES=$copy selftests/lint/manual 2>&1 | sed "s|$copy/||g")
	rm -rf "$copy"
	for what in "anydoor-drain.8: nothing in it" "anydoor-drown.8: there is no such command" \
		"anydoor.yaml.5: nothing in it" "anydoor-nothing(8): there is no such page" "anydoor-metrics.7:"; do
		[[ $said == *"$what"* ]] || { echo "$said" | sed 's/^/# /'; return 1; }
	done
}

names_are_right()
{
	! wrong_names
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
ok "manual pages are clean, and there is one for each command" selftests/lint/manual
ok "one that is not is named" notices_bad_page
ok "every link leads somewhere" links_lead_somewhere
ok "files, targets, commands, options and metrics that documents name are there" names_are_right
ok "README has at most 10 KB" readme_is_short
echo "1..$nr"
