# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet, the network and the sockets of the program tests, and the file they are written to.

Maps are written as images of the structs of maps/types.h (layout.py).
"""

import socket
import struct
from dataclasses import dataclass

from layout import image
from oracle import (EPOCH, EPOCH_OLD, MAC_GATEWAY, MAC_US, MASK32, MONO_NS, MONO_S,
                    REAL_MINUS_MONO_NS, STAMP_KEY, STAMP_WALL_MINUS_MONO_MS, TUNNEL_KEY,
                    TUNNEL_KEY_OLD, Flow, addr16, is_ip6, packed, siphash)

VIP4, VIP6 = "192.0.2.10", "2001:db8:a::10"  # TCP and DNS
VIP4_TCP, VIP4_DNS, VIP6_DNS = "192.0.2.20", "192.0.2.53", "2001:db8:a::53"
CLIENT4, CLIENT6 = "198.51.100.7", "2001:db8:c::7"

LOCAL_TCP, LOCAL_DNS, LOCAL_TUNNEL, LOCAL_UNARMED = 1, 2, 4, 8
ARMED, DRAINING, ROUTES_BY_ADDRESS, METERED, FORWARDS, DIVERTS = 1, 2, 4, 8, 16, 32
NODE_KNOWN, NODE_DEAD, NODE_DRAINING = 1, 2, 4
FREE, TRANSIT, PIN, OURS = range(4)
FLOW_STAMPED, FLOW_CLOSING, FLOW_DOUBTED, FLOW_SCOUTED, FLOW_FORWARDED, FLOW_HALF_OPEN = (
    1 << bit for bit in range(6))

UPLINK, SIDE, TAGGED = 10, 12, 14  # indexes of up0, side0 and tag0
MAC_SIDE, MAC_SIDE_GATEWAY = "02:00:00:00:01:02", "02:00:00:00:01:01"

US, TX, REDIRECT, NO_ROUTE, NO_NEIGH, DEAD, DRAINS, NARROW, VLAN, AFTER_GAP = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 20)
NODES = (US, TX, REDIRECT, NO_ROUTE, NO_NEIGH, DEAD, DRAINS, NARROW, VLAN, AFTER_GAP)
UNKNOWN = 40
NARROW_MTU = 1400
FLOW_MASK = 63
SLOTS = 8
HOME_PARTS = 256
ACKED = 0x05060708  # what our established sockets have sent, and their peers acknowledge
MAX_WINDOW = 4096
UNSENT = 100  # bytes that wait in a socket for a larger window


def tunnel4(node):
    return f"203.0.113.{node}"


def tunnel6(node):
    return f"2001:db8:f::{node:x}"


def network():
    """Lines for `ip -batch`. What is not here is not routed, or has no neighbour."""
    yield "link set lo up"
    for name, index, mac, far in (("up", UPLINK, MAC_US, MAC_GATEWAY),
                                  ("side", SIDE, MAC_SIDE, MAC_SIDE_GATEWAY),
                                  ("tag", TAGGED, "02:00:00:00:02:02", "02:00:00:00:02:01")):
        yield (f"link add name {name}0 index {index} address {mac} type veth "
               f"peer name {name}1 index {index + 1} address {far}")
        yield f"link set {name}0 mtu 9000 up"
        yield f"link set {name}1 mtu 9000 up"
    for i, (device, far) in enumerate((("up0", MAC_GATEWAY), ("side0", MAC_SIDE_GATEWAY),
                                       ("tag0", "02:00:00:00:02:01"))):
        yield f"addr add 10.0.{i}.2/24 dev {device}"
        yield f"addr add 2001:db8:{i}::2/64 dev {device} nodad"
        yield f"neigh add 10.0.{i}.1 lladdr {far} dev {device} nud permanent"
        yield f"neigh add 2001:db8:{i}::1 lladdr {far} dev {device} nud permanent"
    yield "link add name idle0 type veth peer name idle1"  # never up
    for address in (VIP4, VIP4_TCP, VIP4_DNS, tunnel4(US)):
        yield f"addr add {address}/32 dev lo"
    for address in (VIP6, VIP6_DNS, tunnel6(US)):
        yield f"addr add {address}/128 dev lo nodad"
    yield "route add 198.51.100.0/24 via 10.0.0.1 dev up0"
    yield "route add 2001:db8:c::/64 via 2001:db8:0::1 dev up0"
    for node in NODES:
        if node in (US, NO_ROUTE):
            continue
        net = {REDIRECT: 1, VLAN: 2}.get(node, 0)
        device = ("up0", "side0", "tag0")[net]
        last = "99" if node == NO_NEIGH else "1"
        # Forwarding heeds a route's MTU only if it is locked.
        mtu = "" if node == REDIRECT else " mtu lock 1500"
        yield f"route add {tunnel4(node)}/32 via 10.0.{net}.{last} dev {device}{mtu}"
        yield f"route add {tunnel6(node)}/128 via 2001:db8:{net}::{last} dev {device}{mtu}"


SYSCTLS = (
    "net/ipv4/conf/all/rp_filter=0",
    "net/ipv4/conf/default/rp_filter=0",
    "net/ipv4/conf/up0/rp_filter=0",
    "net/ipv4/conf/lo/forwarding=1",  # the only one that anydoor needs
    "net/ipv6/conf/lo/forwarding=1",
    "net/ipv4/tcp_syncookies=1",
    "net/ipv4/tcp_synack_retries=12",
)

# --- images of the structs in maps/types.h ---------------------------------------------------


@dataclass(frozen=True)
class Options:
    name: str
    node: int = US
    shift: int = 22
    mss_overhead: int = 84
    version: int = 1
    port: int = 6081
    unserved_pass: int = 0
    unstamped_max: int = 1024
    idle_s: int = 3600
    nsid: str = "fra.fra1"
    account_mask: int = 0
    hz: int = 0  # no socket is heard

    def image(self):
        return image("ad_options", fixed_mono_ns=MONO_NS, flow_mask=FLOW_MASK,
                     flow_idle_s=self.idle_s, node_id=self.node, tunnel_port=self.port,
                     mss_overhead=self.mss_overhead, stamp_shift=self.shift,
                     tunnel_version=self.version, hz=self.hz, dns_account_mask=self.account_mask)


def u32(value):
    return struct.pack("<I", value)


def own_bit(address):
    """AD_OWN_BIT"""
    return struct.unpack("<I", addr16(address)[12:])[0] * 0x9E3779B1 % 2 ** 32 >> 26


# The tunnel's far end plays on the same ground.
OWN = sum({1 << own_bit(a) for a in (VIP4, VIP6, VIP4_TCP, VIP4_DNS, VIP6_DNS,
                                     tunnel4(US), tunnel6(US), tunnel4(TX), tunnel6(TX))})


def state(flags=ARMED, unstamped=0, successors=(), kept=0):
    return image("ad_state", stamp_wall_minus_mono_ms=STAMP_WALL_MINUS_MONO_MS,
                 real_minus_mono_ns=REAL_MINUS_MONO_NS, flags=flags, unstamped=unstamped,
                 nr_successors=len(successors), successors=successors, kept=kept,
                 own=OWN)


def keys(stamp=STAMP_KEY, current=(TUNNEL_KEY, EPOCH, 1), previous=(TUNNEL_KEY_OLD, EPOCH_OLD, 1)):
    return image("ad_keys", stamp=stamp,
                 tunnel=[{"key": key, "epoch": epoch, "valid": valid}
                         for key, epoch, valid in (current, previous)])


COOKIES_OFF, COOKIES_ON, COOKIES_REQUIRED = range(3)
COOKIE_SECRET, COOKIE_SECRET_OLD, ACCOUNT_KEY = (bytes.fromhex(c * 16) for c in ("c1", "c0", "ac"))
TICKS_A_SECOND = 976562


def guard(cookies=COOKIES_ON, cost=0, slip=0, cookies_exempt=1, log_only=0, exempt=0):
    """struct ad_dns_rules; every class costs the same."""
    return image("ad_dns_rules", secrets=(COOKIE_SECRET, COOKIE_SECRET_OLD),
                 account_key=ACCOUNT_KEY, ip6_mask=0xFFFFFFFFFFFFFF00, ip4_mask=0xFFFFFF00,
                 costs=[cost] * 5, debt_max=16 * TICKS_A_SECOND, nr_exempt=exempt,
                 cookies=cookies, nr_secrets=2, slip=slip, cookies_exempt=cookies_exempt,
                 log_only=log_only)


def prefix(bits, address):
    return image("ad_dns_prefix", bits=bits, address=addr16(address))


def local(vip, flags):
    return image("ad_local", vip=vip, flags=flags)


def u64(value):
    return struct.pack("<Q", value)


def homes(*nodes, pop=0):
    """Each part of the POP's flows is told to the next of `nodes`, and so on round."""
    return [("homes", u32(pop), b"".join(struct.pack("<H", nodes[part % len(nodes)])
                                          for part in range(HOME_PARTS)))]


def told(flow, owner):
    """The directory knows the flow."""
    return [("directory", struct.pack("<Q", flow.prf64()), u32(owner))]


def node_image(address, flags=NODE_KNOWN, pop=0, mtu=0):
    return image("ad_node", tunnel=addr16(address), flags=flags, pop=pop, mtu=mtu)


HINT_S, NOBODY_MS = 600, 3000
(HUNT_BUDGET, GUESS_BUDGET, DATA_BUDGET, DIVERT_BUDGET, ACCEPT_BUDGET, ICMP_BUDGET,
 TOO_BIG_BUDGET) = range(7)
ICMP_RATES = (1000, 0, 32)  # per second: in all, for each node (no limit), for each prefix


def hunt(neighbours=(), **budgets):
    """struct ad_hunt. A budget is (all, node, prefix) by its name here, without _BUDGET."""
    budgets = {"icmp": ICMP_RATES, "too_big": ICMP_RATES, **budgets}
    rates = [budgets.get(name, (0, 0, 0))
             for name in ("hunt", "guess", "data", "divert", "accept", "icmp", "too_big")]
    return image("ad_hunt", budgets=rates, nr_neighbours=len(neighbours), neighbours=neighbours,
                 hint_s=HINT_S, nobody_ms=NOBODY_MS)


def prefix_hash(address):
    """Of a /24 or /48."""
    raw = packed(address)
    prefix = raw[:6].ljust(7, b"\0") + b"\x06" if len(raw) == 16 else \
        raw[:3].ljust(7, b"\0") + b"\x04"
    return siphash(STAMP_KEY, prefix)


def tokens(budget, scope, which=0, until=0):
    """Its tokens are spent until then, MONO_NS being now. `which`: a node or an address."""
    place = {"all": lambda: 0, "node": lambda: 1024 | which % 1024,
             "prefix": lambda: 4096 | prefix_hash(which) % 4096}[scope]()
    return "budgets", u32(budget * 8192 + place), u64(until)


def spent(budget, scope, which=0):
    """It is overdrawn, by a nanosecond."""
    return [tokens(budget, scope, which, MONO_NS + 1)]


def hint(address, owner, learned_s=MONO_S, asked_s=0):
    """Where the prefix of `address` shifted from."""
    number = prefix_hash(address)
    return [("hints", u32(number >> 32 & 65535),
             image("ad_hint", tag=number & MASK32, owner=owner, learned_s=learned_s,
                   asked_s=asked_s))]


def sources(first=0, first_s=0, second=0, second_s=0):
    return [("sources", u32(0), image("ad_sources", last_s=(first_s, second_s),
                                      owner=(first, second)))]


def nobody(flow, ack, ms=MONO_NS // 1_000_000, timestamps=False):
    """A segment of `flow` that acknowledges `ack` was nobody's: of those with timestamps, or without."""
    number = flow.prf64()
    tag = (number ^ ack ^ (MASK32 if timestamps else 0)) & MASK32
    return [("nobodies", u32(number >> 32 & 65535), struct.pack("<II", ms & MASK32, tag))]


def slot(tag, kind, last_s=MONO_S, busy=0):
    return image("ad_flow_slot", tag=tag, last_s=last_s & 0xFFFF, kind=kind, busy=busy)


def bucket_of(*slots):
    return image("ad_flow_bucket", slots=slots)


def sample(nr, ago_ns=0):
    """So many packets with a fresh stamp have come on each CPU since its clock's last tick."""
    return [("flow_sample", u32(0), image("ad_flow_sample", tick_ns=MONO_NS - ago_ns, nr=nr))]


SAMPLE_ALL, SAMPLE_OF = 16, 64
BEYOND = sample(SAMPLE_ALL)  # the next is not of the sample


def flow_image(flow, vip, kind, owner, flags=0, via=0, last_s=MONO_S, received=(), weight=1):
    """`received`: segments of the client, each standing for `weight`."""
    return image("ad_flow", client=addr16(flow.client), client_port=flow.cport,
                 vip_port=flow.vport, vip=vip, protocol=socket.IPPROTO_TCP, owner=owner,
                 rx_bytes=sum(len(s.l3()) for s in received) * weight,
                 rx_packets=len(received) * weight,
                 first_s=MONO_S, last_s=last_s, via=via, kind=kind, flags=flags)


def leg_image(target, sport, asked_ns=MONO_NS, mac="02:00:00:00:0a:01", mtu=1500, tunnel=tunnel4):
    """A way to `target` as it was found before, by a gateway that no route names."""
    proto = 0x86DD if tunnel is tunnel6 else 0x0800
    macs = bytes.fromhex((mac + MAC_US).replace(":", ""))
    return image("leg", asked_ns=asked_ns, target=target, sport=sport,
                 ends={"from": addr16(tunnel(US)), "to": addr16(tunnel(target))},
                 ethernet={"macs": macs, "proto": proto, "ifindex": UPLINK, "mtu": mtu})


def bucket(flow):
    return (flow.prf64() >> 32) & FLOW_MASK


def vip_index(flow):
    return {VIP4: 0, VIP6: 1, VIP4_TCP: 2}[flow.vip]


def flow_entry(flow, kind, owner, **more):
    """The two map entries that put `flow` into the first slot of its bucket."""
    at = bucket(flow)
    return [("flow_tags", u32(at), bucket_of(slot(flow.prf(), kind))),
            ("flows", u32(at * SLOTS), flow_image(flow, vip_index(flow), kind, owner, **more))]


NODE_FLAGS = {DEAD: NODE_KNOWN | NODE_DEAD, DRAINS: NODE_KNOWN | NODE_DRAINING}


def fleet(tunnel, us=US):
    """nodes, peer_ids and our tunnel address, all of one family."""
    entries = [("locals", addr16(tunnel(us)), local(0, LOCAL_TUNNEL))]
    for node in NODES:
        mtu = NARROW_MTU if node == NARROW else 0
        entries.append(("nodes", u32(node),
                        node_image(tunnel(node), NODE_FLAGS.get(node, NODE_KNOWN), node, mtu)))
        entries.append(("peer_ids", addr16(tunnel(node)), u32(node)))
    return entries


def base(options):
    yield "state", u32(0), state()
    yield "keys", u32(0), keys()
    yield "dns_guard", u32(0), guard()
    for index, (vip, flags) in enumerate(((VIP4, LOCAL_TCP | LOCAL_DNS),
                                          (VIP6, LOCAL_TCP | LOCAL_DNS),
                                          (VIP4_TCP, LOCAL_TCP), (VIP4_DNS, LOCAL_DNS),
                                          (VIP6_DNS, LOCAL_DNS))):
        yield "locals", addr16(vip), local(index, flags)
    yield "hunt", u32(0), hunt()
    for budget in (ICMP_BUDGET, TOO_BIG_BUDGET):
        yield tokens(budget, "all")
        for client in (CLIENT4, CLIENT6):
            yield tokens(budget, "prefix", client)
    yield from fleet(tunnel4, options.node)


# --- sockets ---------------------------------------------------------------------------------

SOCKETS = {
    "est4": ("established", Flow(CLIENT4, 40001, VIP4)),
    "est6": ("established", Flow(CLIENT6, 40001, VIP6)),
    "unsent4": ("unsent", Flow(CLIENT4, 40006, VIP4)),
    "unsent6": ("unsent", Flow(CLIENT6, 40006, VIP6)),
    "half4": ("half_open", Flow(CLIENT4, 40002, VIP4)),
    "half6": ("half_open", Flow(CLIENT6, 40002, VIP6)),
    "wait4": ("time_wait", Flow(CLIENT4, 40003, VIP4)),
    "wait6": ("time_wait", Flow(CLIENT6, 40003, VIP6)),
    "cookie4": ("cookie", Flow(CLIENT4, 40004, VIP4, 81)),
    "cookie6": ("cookie", Flow(CLIENT6, 40004, VIP6, 81)),
    "listen4": ("listen", Flow(CLIENT4, 40005, VIP4)),
    "listen6": ("listen", Flow(CLIENT6, 40005, VIP6)),
}


def socket_flow(name):
    return SOCKETS[name][1]


# --- the file --------------------------------------------------------------------------------


def dashed(data):
    return data.hex() or "-"


class Writer:
    """Collects vectors and prints them; a name is used once."""

    def __init__(self, out):
        self.out = out
        self.names = set()
        for line in network():
            self.line("network", line)
        for assignment in SYSCTLS:
            self.line("sysctl", assignment)
        for name, (kind, flow) in SOCKETS.items():
            self.line("socket", name, kind, flow.tuple40().hex())

    def line(self, *words):
        print(*words, file=self.out)

    def options(self, options, zones):
        self.line("options", options.name, options.image().hex(), options.unstamped_max,
                  options.nsid, options.unserved_pass)
        for name, file in zones.items():
            self.line("zone", name, file)
        for name, key, value in base(options):
            self.line("base", name, key.hex(), value.hex())

    def vector(self, name, frame, action, reason, *, program="packet", out=None, sets=(), needs=(),
               acks=(), flips=(), after=(), flows=(), peers=(), udp_check=0,
               truncate=False, device=None, in_of=None):
        """One vector. `frame` is what comes in; `out` what leaves, None if it is the same."""
        assert name not in self.names, name
        self.names.add(name)
        self.line("vector", name, program, action, reason)
        for socket in needs:
            self.line("needs", socket)
        for entry in sets:
            self.line("set", entry[0], entry[1].hex(), dashed(entry[2]))
        self.line("in_of", in_of) if in_of else self.line("in", frame.hex())
        if out is not None:
            self.line("out", out.hex())
        if device:
            self.line("device", device)
        for words in acks:
            self.line("ack", *words)
        for offset, length, reasons in flips:
            self.line("flip", offset, length, ",".join(reasons))
        if udp_check:
            self.line("udp_check", udp_check)
        if truncate:
            self.line("truncate")
        for entry in after:
            self.line("after", entry[0], entry[1].hex(), dashed(entry[2]))
        for flow, kind, owner, via in flows:
            self.line("flow", bucket(flow), flow.prf() & MASK32, kind, owner, via)
        for node, sent, received in peers:
            self.line("peer", node, sent, received)
