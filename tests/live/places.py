# SPDX-License-Identifier: GPL-2.0-only
"""Drops whose reason alone misleads, and drops in functions that give none.

Each function makes its drop and returns what the row must hold. What the explanation of the reason at
that location must say is listed with it in PLACES.
"""

import contextlib
import socket
import struct
import time

import net
from net import A4, A6, B4, B6, IPV4, IPV6, VLAN
from test_probes import NATIVE, RETURN_R0, Xdp, set_register
from trace import Settings, wait_for


def vlan_without_device(pair):
    pair.a.frame(VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(40101, 1101))))
    # The kernel has cleared the tag.
    return {"REASON": "OTHERHOST", "VLAN": "-"}


def one_full_tcp_socket(pair):
    """Segments with a gap before each: each costs more memory than its data."""
    client = "192.0.2.50"
    pair.b.ip("neigh", "add", client, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
    with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener, \
            pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)) as wire:
        wire.bind(("eth0", IPV4))
        wire.settimeout(1 * Settings.slow)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        listener.bind((B4, 1102))
        listener.listen()

        def send(flags, sequence, acknowledged, data=b""):
            segment = net.tcp(40102, 1102, client, flags=flags, sequence=sequence, acknowledged=acknowledged)
            segment = segment[:16] + bytes(2) + segment[18:] + data
            value = net.checksum(net.pseudo(6, len(segment), client, B4) + segment)
            pair.a.frame(IPV4, net.ipv4(6, segment[:16] + struct.pack("!H", value) + segment[18:], client))

        send(net.SYN, 1000, 0)
        ports, start, window = (), 0, 0
        while ports != (1102, 40102):
            sport, dport, start, _, _, _, window = struct.unpack("!HHIIBBH", wire.recv(2000)[34:50])
            ports = sport, dport
        send(net.ACK, 1001, start + 1)
        time.sleep(Settings.pause)
        for at in range(0, window - 40, 40):
            send(net.ACK, 1002 + at, start + 1, bytes(39))
        time.sleep(Settings.pause)
    return {"REASON": "PROTO_MEM", "DPORT": "1102"}


def ack_for_a_listener(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((B4, 1103))
        listener.listen()
        pair.a.frame(IPV4, net.ipv4(6, net.tcp(40103, 1103, flags=net.ACK, sequence=5, acknowledged=77)))
        time.sleep(Settings.pause)
    return {"REASON": "TCP_FLAGS", "DPORT": "1103"}


def syn_and_fin(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((B4, 1104))
        listener.listen()
        pair.a.frame(IPV4, net.ipv4(6, net.tcp(40104, 1104, flags=net.SYN | 1)))
        time.sleep(Settings.pause)
    return {"REASON": "TCP_FLAGS", "DPORT": "1104"}


def full_raw_socket(pair):
    """OSPF, whose daemon does not read."""
    with pair.b.socket(socket.AF_INET, socket.SOCK_RAW, 89) as daemon:
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(10):
            pair.a.frame(IPV4, net.ipv4(89, bytes(500)))
        time.sleep(Settings.pause)
    return {"REASON": "IP_NOPROTO"}


def xdp_in_veth(pair):
    with Xdp(pair.b, "eth0", set_register(0, 1) + RETURN_R0, NATIVE):
        pair.a.udp(b"x", B4, 1105, sport=40105)
        time.sleep(Settings.pause)
    return {"REASON": "NOT_SPECIFIED", "DPORT": "1105"}


def unknown_icmp_type(pair):
    pair.a.frame(IPV4, net.ipv4(1, net.icmp(41)))
    return {"REASON": "UNHANDLED_PROTO", "PROTOCOL": "1"}


def unknown_ipv6_option(pair):
    """The highest bits of its type say: drop the packet, and tell the sender."""
    pair.a.frame(IPV6, net.ipv6(0, b"\x11\x00\xbe\x04" + bytes(4) + net.udp(40106, 1106, b"x", A6, B6)))
    return {"REASON": "UNHANDLED_PROTO", "DPORT": "1106"}


def answered_ping(pair):
    with pair.a.socket(socket.AF_INET, socket.SOCK_RAW, 1) as s:
        s.settimeout(1 * Settings.slow)
        s.sendto(net.icmp(8), (B4, 0))
        s.recv(100)
        time.sleep(Settings.pause)
    return {"REASON": "NO_SOCKET", "PROTOCOL": "1"}


def full_ping_socket(pair):
    pair.a.sysctl("net.ipv4.ping_group_range", "0 2147483647")
    with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM, 1) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(10):
            s.sendto(net.icmp(8, bytes(500)), (B4, 0))
        time.sleep(Settings.pause)
    return {"REASON": "SOCKET_RCVBUFF", "PROTOCOL": "1"}


def no_carrier(pair):
    """The other end is down, and the kernel has noticed: the device has a qdisc that drops everything."""
    pair.b.ip("link", "set", "eth0", "down")
    wait_for(lambda: "state LOWERLAYERDOWN" in pair.a.ip("link", "show", "eth0")
             or "state DOWN" in pair.a.ip("link", "show", "eth0"), 5, "no carrier")
    time.sleep(Settings.pause)
    with contextlib.suppress(OSError):
        pair.a.udp(b"x", B4, 1107, sport=40107)
    return {"REASON": "QDISC_DROP", "DPORT": "1107"}


def emptied_qdisc(pair):
    pair.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "1600", "limit", "16000")
    for _ in range(8):
        pair.a.udp(bytes(500), B4, 1108, sport=40108)
    pair.a.ip("link", "set", "eth0", "down")
    return {"REASON": "NOT_SPECIFIED", "DPORT": "1108"}


def parts_of_a_packet(pair):
    pair.a.udp(bytes(4000), B4, 1109, sport=40109)
    # The parts have no headers and no device of their own.
    return {"REASON": "NOT_SPECIFIED", "SOURCE": A4, "NETNS": "-"}


def blackhole_route(pair):
    pair.b.ip("-6", "route", "add", "blackhole", "2001:db8:6::/64")
    pair.b.sysctl("net.ipv6.conf.all.forwarding", 1)
    pair.a.frame(IPV6, net.ipv6(17, net.udp(40110, 1110, b"x", A6, "2001:db8:6::1"), destination="2001:db8:6::1"))
    return {"REASON": "NOT_SPECIFIED", "DESTINATION": "2001:db8:6::1"}


def blackhole_route4(pair):
    pair.b.ip("route", "add", "blackhole", "198.51.100.0/24")
    pair.b.sysctl("net.ipv4.ip_forward", 1)
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40111, 1111, destination="198.51.100.1"), destination="198.51.100.1"))
    return {"REASON": "NOT_SPECIFIED", "DESTINATION": "198.51.100.1"}


def smaller_mtu_at_the_other_end(pair):
    pair.b.ip("link", "set", "eth0", "mtu", "1000")
    pair.a.udp(bytes(1300), B4, 1112, sport=40112)
    return {"REASON": "NOT_SPECIFIED", "DPORT": "1112"}


def tap_with_napi(pair):
    with net.tun(pair.a, "tap0", 0x2 | 0x10):  # IFF_TAP, IFF_NAPI
        pass
    return {"REASON": "NOT_SPECIFIED", "INTERFACE": "tap0", "SOURCE": "-", "PROTOCOL": "-"}


# The cause, the title and words of its hint on Linux 6.18. Older kernels have other reasons and functions.
PLACES = [
    (vlan_without_device, "OTHERHOST", "VLAN without a device"),
    (one_full_tcp_socket, "PROTO_MEM at tcp_data_queue", "this one socket"),
    (ack_for_a_listener, "TCP_FLAGS at tcp_v4_do_rcv", "does not know"),
    (syn_and_fin, "TCP_FLAGS at tcp_rcv_state_process", "scan"),
    (full_raw_socket, "IP_NOPROTO", "raw socket is full"),
    (xdp_in_veth, "veth_xdp_rcv_skb", "XDP program"),
    (unknown_icmp_type, "UNHANDLED_PROTO at icmp_rcv", "type"),
    (unknown_ipv6_option, "UNHANDLED_PROTO at ip6_tlvopt_unknown", "option"),
    (answered_ping, "NO_SOCKET at ping_rcv", "normal"),
    (full_ping_socket, "SOCKET_RCVBUFF at ping_rcv", "does not read"),
    (no_carrier, "QDISC_DROP", "without carrier"),
    (emptied_qdisc, "__rtnl_unlock", "emptied"),
    (parts_of_a_packet, "skb_release_data", "part of a packet"),
    (blackhole_route, "dst_discard_out", "blackhole"),
    (blackhole_route4, "NOT_SPECIFIED at ip_error", "blackhole"),
    (smaller_mtu_at_the_other_end, "__dev_forward_skb2", "MTU"),
    (tap_with_napi, "netif_napi_add_weight_locked", "not a packet"),
]
