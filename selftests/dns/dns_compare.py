# SPDX-License-Identifier: GPL-3.0-or-later
"""In what two replies to one query differ."""
from dns_wire import Malformed, Message, record_text

FIELDS = ["qr", "opcode", "rcode", "aa", "tc", "rd", "ra", "z", "ad", "cd", "question", "edns",
          "do", "nsid", "cookie", "subnet"]
SECTIONS = ["answer", "authority", "additional"]


def read(wire):
    """A reply; None for silence; words for what is none."""
    if wire is None:
        return None
    try:
        return Message(wire)
    except Malformed as e:
        return str(e)


def differences(ours, theirs):
    if not isinstance(ours, Message) or not isinstance(theirs, Message):
        return set() if ours is None and theirs is None else {"silence"}
    keys = {f for f in FIELDS if getattr(ours, f) != getattr(theirs, f)}
    if ours.tc or theirs.tc:  # what is left of the sections means nothing
        return keys
    return keys | {s for s in SECTIONS if getattr(ours, s)() != getattr(theirs, s)()}


def describe(reply):
    if not isinstance(reply, Message):
        return reply or "silence"
    fields = " ".join(f"{f}={getattr(reply, f)}" for f in FIELDS
                      if f != "question" and getattr(reply, f) not in (0, None, []))
    sections = "; ".join(f"{s}: {', '.join(map(record_text, records))}"
                         for s, records in zip(SECTIONS, reply.sections) if records)
    return f"{fields} {reply.size} bytes {sections}"
