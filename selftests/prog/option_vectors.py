# SPDX-License-Identifier: GPL-3.0-or-later
"""Other nodes, other options: the far end of the tunnel, and a node set up differently."""

from oracle import MONO_MS, NO, Segment, stamp
import dns_vectors
import egress_vectors
import guard_vectors
import hunt_vectors
from egress_vectors import MSS, sent
from local_vectors import MINUTE, STRANGER4, STRANGER6
from wrap_vectors import DIRECT, MACS, leg, stamped
from world import (ACKED, FLOW_FORWARDED, NODE_DEAD, NODE_KNOWN, OURS, REDIRECT, TX, US, Options,
                   fleet, flow_entry, node_image, socket_flow, tunnel4, tunnel6, u32)

FAR = TX  # the node at the other end
MASK = 0xFFFFFFFF


def write_far_end(w):
    """unwrap(wrap(x)) == x, one hop older: what the default node sent, as node FAR takes it."""
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        for outer, tunnel in (("4", tunnel4), ("6", tunnel6)):
            sets = fleet(tunnel6, FAR) if tunnel is tunnel6 else []
            there = stamped(flow, FAR)
            home = there.but(ttl=there.ttl - 1)
            # FAR has no such socket, and the next candidate is asked.
            onward = leg(there.but(ttl=there.ttl - 1), REDIRECT, (FAR, REDIRECT), tunnel, hop=2)
            onward = onward.but(src=tunnel(FAR))
            w.vector(f"far{family}-in{outer}-next", None, "redirect", "wrap_next",
                     in_of=f"wrap{family}-in{outer}-to{FAR}", sets=sets,
                     out=onward.frame(dst="02:00:00:00:01:01", src="02:00:00:00:01:02"))
            # FAR forwards the flow to a server behind it: the stamp is taken off.
            w.vector(f"far{family}-in{outer}-table", None, "pass", "local_stamp",
                     in_of=f"wrap{family}-in{outer}-to{FAR}",
                     sets=sets + flow_entry(flow, OURS, FAR, flags=FLOW_FORWARDED),
                     out=swapped(home.but(ts=(99, MONO_MS & MASK)).frame()),
                     flows=((flow, OURS, FAR, US),))
        plain = Segment(flow, payload=b"more")
        # FAR lost what was pinned to it: the landing node is to know.
        back = leg(plain.but(ttl=plain.ttl - 1), REDIRECT, (FAR,), hop=2, why=NO)
        w.vector(f"far{family}-pin", None, "redirect", "wrap_no", in_of=f"pin{family}-to{FAR}",
                 out=back.but(src=tunnel4(FAR)).frame(**MACS[REDIRECT]), peers=((US, 1, 1),),
                 sets=[("nodes", u32(US), node_image(tunnel4(REDIRECT)))], udp_check=14)
        syn = Segment(flow, "S", ack=0, options=(("MSS", 1460),), ts=(5, 0))
        w.vector(f"far{family}-divert", None, "pass", "local_syn", in_of=f"divert{family}-to{FAR}",
                 out=swapped(syn.but(ttl=syn.ttl - 1).frame()), peers=((US, 0, 1),))
        for shape in ("odd", "data", "ce", "padding"):
            before = shape_of(shape, flow)
            after = before.but(ttl=before.ttl - 1, ts=(99, MONO_MS & MASK), padding=b"")
            w.vector(f"far{family}-{shape}", None, "pass", "local_stamp",
                     in_of=f"wrap{family}-{shape}",
                     sets=flow_entry(flow, OURS, FAR, flags=FLOW_FORWARDED),
                     out=swapped(after.frame()))


def shape_of(name, flow):
    plain = stamped(flow, FAR)
    return {"odd": plain.but(payload=b"x" * 333),
            "data": plain.but(payload=bytes(range(256)), flags="PA"),
            "ce": plain.but(tos=0x03), "padding": plain.but(padding=b"\xaa" * 6)}[name]


def swapped(frame):
    """The Ethernet header as the default node wrote it."""
    return frame[6:12] + frame[:6] + frame[12:]


def write_id0(w):
    """d is 0: a number that no node has, even if somebody wrote it into the fleet."""
    home = Segment(STRANGER4, ts=(1, stamp(STRANGER4, 0)))
    zero = [("nodes", u32(0), node_image(tunnel4(REDIRECT)))]
    out = leg(home, US, (US,)).but(src=tunnel4(FAR), dst=tunnel4(US), landing=FAR)
    w.vector("id0-is-never-asked", home.frame(), "drop", "no_route", sets=zero)
    routed = zero + [("nodes", u32(US), node_image(tunnel4(REDIRECT)))]
    out = out.but(dst=tunnel4(REDIRECT))
    w.vector("id0-leads-to-d1", home.frame(), "redirect", "wrap_stamp", sets=routed,
             out=out.frame(dst="02:00:00:00:01:01", src="02:00:00:00:01:02"))


def write_neighbour(w):
    """A young stamp of d might be an old one of d + 1, which is us: what we have must fit it."""
    routed = [("nodes", u32(US), node_image(tunnel4(REDIRECT)))]
    w.vector("neighbour-is-dead", Segment(STRANGER4, ts=(99, stamp(STRANGER4, US))).frame(), "pass",
             "owner_dead", sets=[("nodes", u32(US), node_image(tunnel4(US), NODE_KNOWN | NODE_DEAD))])
    for name in ("wait4", "est4"):
        flow = socket_flow(name)
        segment = Segment(flow, ts=(99, stamp(flow, US)), ack=ACKED + 1)
        out = leg(segment, US, (US,)).but(src=tunnel4(FAR), dst=tunnel4(REDIRECT), landing=FAR)
        for label, sets in (("", []), ("-and-table", flow_entry(flow, OURS, FAR))):
            w.vector(f"neighbours-over-{name}{label}", segment.frame(), "redirect", "wrap_stamp",
                     sets=routed + sets, needs=(name,),
                     out=out.frame(dst="02:00:00:00:01:01", src="02:00:00:00:01:02"))


def write_bare(w):
    """owner_bits 14, no clamp, another port, a tiny list of unstamped flows."""
    shift = 18
    for family, flow in (("4", STRANGER4), ("6", STRANGER6)):
        own = socket_flow("est" + family)
        for label, age in (("now", 0), ("4min", 4 * MINUTE), ("5min", 5 * MINUTE),
                           ("8min", 8 * MINUTE)):
            segment = Segment(own, ts=(1, stamp(own, US, age, shift)))
            restored = segment.but(ts=(1, (MONO_MS - age) & MASK))
            w.vector(f"bare{family}-stamp-{label}", segment.frame(), "pass", "local_stamp",
                     out=restored.frame(), needs=("est" + family,))
        there = Segment(flow, ts=(99, stamp(flow, TX, 0, shift)))
        out = leg(there, TX, (TX, REDIRECT), port=6082)
        w.vector(f"bare{family}-wrap", there.frame(), "tx", "wrap_stamp", out=out.frame(**DIRECT),
                 udp_check=14)
        synack = sent(flow, "SA", options=MSS)
        w.vector(f"bare{family}-synack", synack.frame(), "pass", "out_stamped", program="egress",
                 out=egress_vectors.with_stamp(synack, shift=shift).frame())
    # Ids beyond the default's ten bits.
    high = Segment(STRANGER4, ts=(99, stamp(STRANGER4, 16000, 0, shift)))
    out = leg(high, REDIRECT, (16000,), port=6082)
    w.vector("bare-high-id", high.frame(), "redirect", "wrap_stamp",
             sets=[("nodes", u32(16000), node_image(tunnel4(REDIRECT)))],
             out=out.frame(dst="02:00:00:00:01:01", src="02:00:00:00:01:02"))
    egress_vectors.write_full(w)


def write(w, zones):
    w.options(Options("far", node=FAR, unserved_pass=1), zones)
    dns_vectors.write_unserved(w)
    write_far_end(w)
    write_id0(w)
    write_neighbour(w)
    w.options(Options("hears", hz=MASK), {})
    hunt_vectors.write_heard(w)
    w.options(Options("bare", shift=18, mss_overhead=0, port=6082, unstamped_max=2), {})
    write_bare(w)
    w.options(Options("limited", account_mask=7), zones)
    guard_vectors.write_limited(w)
