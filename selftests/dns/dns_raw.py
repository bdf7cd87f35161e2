# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames as nobody's stack would send them, and what comes back, header by header."""
import socket, struct, time

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

ETH_P_ALL = 3
TTL = 64


class Wire:
    """The client's end of the cable."""

    def __init__(self, device, server_mac, timeout=1.0):
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.s.bind((device, 0))
        self.s.settimeout(0.1)
        self.macs = bytes.fromhex(server_mac.replace(":", "")) + self.s.getsockname()[4]
        self.timeout = timeout

    def send(self, packet, tags=b"", padding=b""):
        """An IP packet in a frame; `tags`: VLAN tags in front of its type."""
        data = bytes(packet)
        kind = b"\x86\xdd" if data[0] >> 4 == 6 else b"\x08\x00"
        self.s.send(self.macs + tags + kind + data + padding)

    def hear(self, port):
        """The first frame from port 53 to ours, as scapy reads it, or None."""
        end = time.monotonic() + self.timeout
        while time.monotonic() < end:
            try:
                frame, _, _, sender = self.s.recvmsg(65536)
            except TimeoutError:
                continue
            packet = Ether(frame)
            if sender[2] != socket.PACKET_OUTGOING and packet.haslayer(UDP) and \
                    (packet[UDP].sport, packet[UDP].dport) == (53, port):
                return packet
        return None


def message_of(packet):
    """The datagram's payload, without what pads the frame."""
    return bytes(packet[UDP].payload)[:packet[UDP].len - 8]


def adds_up(data):
    """RFC 1071: all ones."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total == 0xffff


def udp_adds_up(packet):
    """There is a checksum, and it holds."""
    ip = packet[IPv6] if packet.haslayer(IPv6) else packet[IP]
    ends = socket.inet_pton(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, ip.src) + \
        socket.inet_pton(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, ip.dst)
    udp = bytes(packet[UDP])[:packet[UDP].len]
    return udp[6:8] != b"\0\0" and adds_up(ends + struct.pack("!HH", 17, len(udp)) + udp)


def faults(packet, vip, client):
    """What is wrong with the heads of a reply to what `client` sent to `vip`."""
    if packet is None:
        return ["silence"]
    ip = packet[IPv6] if packet.haslayer(IPv6) else packet[IP]
    six = ip.version == 6
    checks = {f"from {ip.src} to {ip.dst}": (ip.src, ip.dst) == (vip, client),
              "TTL": (ip.hlim if six else ip.ttl) == TTL,
              "a fragment": six or (ip.flags == "DF" and ip.frag == 0),
              "an identification": six or ip.id == 0,
              "options or extension headers": ip.nh == 17 if six else ip.ihl == 5,
              "IP checksum": six or adds_up(bytes(ip)[:20]),
              "UDP checksum": udp_adds_up(packet)}
    return [what for what, good in checks.items() if not good]
