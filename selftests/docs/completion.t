#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""completion.t: bash, zsh and fish complete command lines of anydoor by what it says itself.

Each shell is a real one on a terminal: a line is typed, then TAB, then Return; a program called
anydoor tells what it was called with. Only `complete` goes to the one that is tested.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
PROGRAM = os.path.join(TOP, os.environ.get("BUILD", "build"), "anydoor")
SCRIPTS = os.path.join(TOP, "deploy/completion")
PATIENCE = 20

CONFIG = """node: fra1
interfaces: [lo]
vips: [{ address: 192.0.2.53 }]
pops: [{ name: fra }, { name: nyc }, { name: sin }, { name: both }]
nodes:
  - { name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1 }
  - { name: nyc1, id: 2, pop: nyc, tunnel: 198.51.100.2 }
  - { name: both, id: 3, pop: both, tunnel: 198.51.100.3 }
dns: { zones: [{ name: example.com, file: example.zone }] }
"""

# What is typed, and what the line is when Return comes, without the last slash, which zsh takes back.
LINES = [
    ("undr", "undrain"),
    ("drain --to ny", "drain --to nyc"),
    ("drain --to=ny", "drain --to=nyc"),
    ("drain --to fra1,ny", "drain --to fra1,nyc"),
    ("drain pop:n", "drain pop:nyc"),
    ("drain --until", "drain --until-flows"),
    ("drain --wait fra1 --las", "drain --wait fra1 --last"),
    ("pop si", "pop sin"),
    ("pop sin sh", "pop sin shed"),
    ("bus for", "bus forget"),
    ("bus forget ny", "bus forget nyc1"),
    ("flows --kind tr", "flows --kind transit"),
    ("flows --vip 192", "flows --vip 192.0.2.53"),
    ("query exa", "query example.com"),
    ("query example.com NSEC3P", "query example.com NSEC3PARAM"),
    ("help ca", "help catchment"),
    ("--conf", "--config"),
    ("--config other.yaml drain --to oth", "--config other.yaml drain --to other1"),
    ("--config oth", "--config other.yaml"),
    ("keygen ./emp", "keygen ./empty"),
    ("variants example.com --dir dir", "variants example.com --dir directory"),
]

run = failed = 0


def ok(name, good, said=""):
    global run, failed
    run += 1
    print(f"{'' if good else 'not '}ok {run} - {name}", flush=True)
    if not good:
        failed += 1
        print(f"# {said}", file=sys.stderr)


def same(name, got, wanted):
    ok(name, got == wanted, f"got {got!r}, expected {wanted!r}")


def make_place(place):
    files = {"anydoor.yaml": CONFIG, "other.yaml": CONFIG.replace("nyc1", "other1"), "empty": "",
             "bin/anydoor": f'#!/bin/sh\n[ "$1" != complete ] || exec {PROGRAM} "$@"\n'
                            'echo "RAN<$*>"\n',
             "bashrc": f"PS1='READY> '\n. {SCRIPTS}/anydoor.bash\n",
             ".zshrc": f"PS1='READY> '\nfpath=({SCRIPTS} $fpath)\nautoload -Uz compinit\n"
                       "compinit -u -D\nunsetopt BEEP\n",
             "fish/config.fish": "set fish_greeting\nfunction fish_prompt; echo -n 'READY> '; end\n"
                                 "set -g fish_autosuggestion_enabled 0\n"
                                 f"source {SCRIPTS}/anydoor.fish\n"}
    for name, text in files.items():
        path = os.path.join(place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(os.path.join(place, "bin/anydoor"), 0o755)
    os.mkdir(os.path.join(place, "directory"))


def environment(place):
    return {"HOME": place, "ZDOTDIR": place, "XDG_CONFIG_HOME": place, "XDG_DATA_HOME": place,
            "TERM": "vt100", "LANG": "C.UTF-8", "PATH": f"{place}/bin:/usr/bin:/bin",
            "ANYDOOR_CONFIG": f"{place}/anydoor.yaml", "COLUMNS": "200"}


class Shell:
    """One on a terminal of its own."""

    def __init__(self, place, command):
        self.said = ""
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.chdir(place)
            os.execvpe(command[0], command, environment(place))

    def read_until(self, pattern):
        """What it says up to the first match of the pattern, or None."""
        until = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said)):
            left = until - time.monotonic()
            if left < 0 or not select.select([self.terminal], [], [], left)[0]:
                return None
            try:
                self.said += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                return None
        self.said = self.said[found.end():]
        return found

    def complete(self, line):
        os.write(self.terminal, f"anydoor {line}\t\r".encode())
        found = self.read_until(r"RAN<([^>]*)>\s")
        self.read_until("READY> ")
        return found[1].strip().rstrip("/") if found else f"nothing; it said {self.said!r}"

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def try_shell(place, command):
    shell = Shell(place, command)
    try:
        ok(f"{command[0]} starts", shell.read_until("READY> "), f"it said {shell.said!r}")
        for typed, wanted in LINES:
            same(f"{command[0]}: {typed}", shell.complete(typed), wanted)
    finally:
        shell.end()


def candidates(place, *words):
    said = subprocess.run([PROGRAM, "complete", "--", *words], capture_output=True, text=True,
                          env=environment(place), check=True)
    return [line.split("\t")[0] for line in said.stdout.splitlines()]


def said_by(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True).stdout


def try_program(place):
    """What it offers is what it has: every command, every option of each."""
    every = re.findall(r"^  ([a-z]+) ", said_by("help"), re.M)
    general = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", said_by("help"), re.M)
    same("every command is offered", candidates(place, ""), every)
    for command in every:
        own = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", said_by("help", command), re.M)
        same(f"every option of {command} is offered", candidates(place, command, "-"), own + general)
    same("nodes and POPs", candidates(place, "drain", ""),
         ["fra1", "nyc1", "both", "fra", "nyc", "sin", "both"])
    same("nothing after an unknown command", candidates(place, "nonsense", ""), [])
    same("nor after a word too many but options", candidates(place, "geo", "suspects", "x"), [])
    same("nor after --", candidates(place, "check", "--", "-"), [])
    same("an option's value is not a command", candidates(place, "--name", "drain", "undr"),
         ["undrain"])
    with open(os.path.join(place, "anydoor.yaml"), "w", encoding="utf-8") as file:
        file.write(CONFIG + "nonsense: [}\n")
    same("a broken file offers no names", candidates(place, "pop", ""), [])
    same("and all that is not of it", candidates(place, "drain", "--wa"), ["--wait"])
    os.remove(os.path.join(place, "anydoor.yaml"))
    same("so does none", candidates(place, "pop", ""), [])


def main():
    place = tempfile.mkdtemp(prefix="ad-completion-")
    try:
        make_place(place)
        try_shell(place, ["bash", "--noprofile", "--rcfile", f"{place}/bashrc", "-i"])
        try_shell(place, ["zsh", "-d", "-i"])
        try_shell(place, ["fish", "-i"])
        try_program(place)
    finally:
        shutil.rmtree(place)
    print(f"1..{run}")
    return failed > 0


sys.exit(main())
