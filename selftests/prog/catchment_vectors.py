# SPDX-License-Identifier: GPL-3.0-or-later
"""Where clients come from: what counts as a connection of a prefix, and which answers are sampled."""

import re
import socket
import struct

from layout import TREE
from oracle import DATA, Segment, is_ip6
from dns_vectors import answered, ask, question, rrset
from local_vectors import CLIENT_NEXT, kept
from tunnel_vectors import came, unwrapped
from world import CLIENT4, CLIENT6, SAMPLE_ALL, SAMPLE_OF, VIP4, VIP6, sample, socket_flow, u32

SAMPLE = 64  # AD_CATCHMENT_SAMPLE
STEP, SPACE = 0x9e3779b1, 1 << 32
ROWS = (TREE / "maps/reasons.h").read_text("ascii").split("#define AD_REASONS(X)")[1]
REASONS = re.findall(r'X\(\w+, \w+, \w+, "(\w+)"', ROWS)
ANSWERED = REASONS.index("dns_answered") + 1  # AD_CONTINUE comes first


def prefix(client):
    """A /24 or a /48 in the order of the wire, and the family in the last byte."""
    if is_ip6(client):
        return socket.inet_pton(socket.AF_INET6, client)[:6] + b"\0\6"
    return socket.inet_aton(client)[:3] + b"\0\0\0\0\4"


def counts(client, number, name="catch_flows"):
    """Number None: the prefix is not there."""
    return name, prefix(client), b"" if number is None else struct.pack("<Q", number)


def nth(sampled):
    """How many answers a CPU has counted before one that is sampled, or before one that is not."""
    return next(n - 1 for n in range(1, SPACE) if (n * STEP % SPACE < SPACE // SAMPLE) == sampled)


def write_flows(w):
    for name in ("est4", "est6"):
        flow = socket_flow(name)
        w.vector(f"catchment-{name}", Segment(flow).frame(), "pass", "local_socket", needs=(name,),
                 after=[counts(flow.client, None)])
    for name in ("half4", "half6", "cookie4", "cookie6"):
        flow = socket_flow(name)
        proof = Segment(flow, seq=CLIENT_NEXT)
        acks = ((name, proof.tcp_at(), 0),)
        w.vector(f"catchment-{name}", proof.frame(), "pass", "local_socket", needs=(name,),
                 acks=acks, after=[counts(flow.client, 1)])
        w.vector(f"catchment-{name}-again", proof.frame(), "pass", "local_socket", needs=(name,),
                 acks=acks, sets=[counts(flow.client, 7)], after=[counts(flow.client, 8)])
        # With a stamp it stands for those that are not of the sample, or is not of it itself.
        for label, nr, number in (("first", SAMPLE_ALL - 1, 1), ("beyond", SAMPLE_ALL, None),
                                  ("for-many", SAMPLE_OF - 1, SAMPLE_OF)):
            kept(w, f"catchment-{name}-{label}", proof, needs=(name,), acks=acks, sets=sample(nr),
                 after=[counts(flow.client, number)])
    for name in ("listen4", "listen6"):
        flow = socket_flow(name)
        w.vector(f"catchment-{name}-syn", Segment(flow, "S").frame(), "pass", "local_syn",
                 needs=(name,), after=[counts(flow.client, None)])
    # Led here by the node where it landed, which counts it.
    flow = socket_flow("est4")
    inner = Segment(flow).l3()
    w.vector("catchment-landed-elsewhere", came(inner, why=DATA).frame(), "pass", "local_socket",
             out=unwrapped(inner), needs=("est4",), after=[counts(flow.client, None)])


def write_queries(w):
    for client, vip in ((CLIENT4, VIP4), (CLIENT6, VIP6)):
        query = question("www.example.org.")
        reply = answered(query, rrset("www.example.org.", "A"))
        for sampled, number in ((True, SAMPLE), (False, None)):
            before = ("reasons", u32(ANSWERED), struct.pack("<QQ", nth(sampled), 0))
            ask(w, f"catchment-{'6' if is_ip6(client) else '4'}-{'in' if sampled else 'out'}", query,
                reply, client, vip, sets=[before],
                after=[counts(client, number, "catch_queries")])


def write(w):
    write_flows(w)
    write_queries(w)
