# SPDX-License-Identifier: GPL-2.0-only
"""Causes of drops in devices: Ethernet, bridges, tunnels, veth, tun and tap, macvlan."""

import fcntl
import os
import socket
import struct
import time

import net
from net import A4, A6, ARP, B4, B6, IPV4, IPV6, MAC_B, QINQ, VLAN
from recorded import SYN, cause, ignored, keep_nothing, segment
from trace import Settings

PORT2 = bytes.fromhex("02000000000f")


def bridge(scene, *options):
    """b's eth0 is a port of br0, which has its addresses; behind the other port lives PORT2."""
    third = scene.namespace()
    scene.b.ip_batch(["link add br0 address 02:00:00:00:00:0b type bridge forward_delay 0 mcast_snooping 0",
                      "link add port2 type veth peer name in0 address 02:00:00:00:00:0f netns " + third.name,
                      f"addr del {B4}/24 dev eth0", f"addr del {B6}/64 dev eth0",
                      "link set eth0 address 02:00:00:00:00:1b master br0",
                      "link set port2 master br0 addrgenmode none up", "link set br0 addrgenmode none up",
                      f"addr add {B4}/24 dev br0", f"addr add {B6}/64 dev br0 nodad",
                      f"neigh add {A4} lladdr 02:00:00:00:00:0a dev br0",
                      f"neigh add {A6} lladdr 02:00:00:00:00:0a dev br0", *options])
    third.ip("link", "set", "in0", "addrgenmode", "none", "up")
    scene.b.wait_until_running("port2")
    scene.b.wait_until_running("br0")
    return third


def frame_from(scene, source, packet):
    """An IPv4 packet from a, with another source address in its Ethernet header."""
    with scene.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("eth0", 0))
        s.send(MAC_B + bytes.fromhex(source) + struct.pack("!H", IPV4) + packet)


@cause("OTHERHOST", "UNHANDLED_PROTO")
def unknown_vlan(scene):
    scene.a.frame(VLAN, net.tag(60, IPV4, net.ipv4(17, net.udp(40001, 5001))))


@cause("UNHANDLED_PROTO", "NOT_SPECIFIED", "OTHERHOST")
def cut_vlan_tag(scene):
    scene.a.frame(VLAN, b"\x00\x3d")


@cause("UNHANDLED_PROTO", "NOT_SPECIFIED", "OTHERHOST")
def cut_qinq_tag(scene):
    scene.a.frame(QINQ, b"\x00")


@cause("UNHANDLED_PROTO", "OTHERHOST")
def vlan_of_unknown_ethertype(scene):
    scene.a.frame(VLAN, net.tag(61, 0x4321, bytes(40)))


@cause("UNHANDLED_PROTO")
def rarp(scene):
    request = net.arp()
    scene.a.frame(0x8035, request[:6] + b"\0\3" + request[8:], b"\xff" * 6)


@cause("UNHANDLED_PROTO", "NOT_SPECIFIED")
def llc(scene):
    scene.a.frame(40, b"\xaa\xaa\x03\0\0\0" + bytes(34))


@cause("UNHANDLED_PROTO")
def mpls(scene):
    scene.a.frame(0x8847, struct.pack("!I", 100 << 12 | 1 << 8 | 64) + net.ipv4(17, net.udp(40007, 5007)))


@cause("UNHANDLED_PROTO")
def pppoe(scene):
    scene.a.frame(0x8864, struct.pack("!BBHHH", 0x11, 0, 1, 30, 0x21) + net.ipv4(17, b"12345678"))


@cause("OTHERHOST")
def other_host6(scene):
    scene.a.frame(IPV6, net.ipv6(17, net.udp(40009, 5009, b"x", A6, B6)), PORT2)


@cause("PKT_TOO_SMALL", "HDR_TRUNC")
def arp_truncated(scene):
    scene.a.frame(ARP, net.arp()[:10])


@cause("NOT_SPECIFIED")
def arp_wrong_sizes(scene):
    scene.a.frame(ARP, net.arp()[:4] + b"\x08\x04" + net.arp()[6:])


@cause("QDISC_DROP", "DEV_READY")
def peer_down(scene):
    scene.b.ip("link", "set", "eth0", "down")
    scene.a.ip("link", "set", "eth0", "up")
    with ignored():
        scene.a.udp(b"x", B4, 5013, sport=40013)
    with ignored():
        scene.a.frame(IPV4, net.ipv4(17, net.udp(40013, 5013)))


@cause("QDISC_DROP", "NOT_SPECIFIED", "DEV_READY")
def no_carrier(scene):
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "pfifo")
    scene.b.ip("link", "set", "eth0", "down")
    time.sleep(Settings.pause)
    with ignored():
        scene.a.udp(b"x", B4, 5014, sport=40014)


@cause("NOT_SPECIFIED", "PKT_TOO_BIG", "DEV_READY")
def peer_mtu(scene):
    scene.b.ip("link", "set", "eth0", "mtu", "600")
    scene.a.udp(bytes(1000), B4, 5015, sport=40015)


@cause("BRIDGE_INGRESS_STP_STATE")
def bridge_port_blocked(scene):
    bridge(scene)
    scene.b.run("bridge", "link", "set", "dev", "eth0", "state", "0")
    scene.a.udp(b"x", B4, 5016, sport=40016)


@cause("MAC_IEEE_MAC_CONTROL")
def bridge_pause_frame(scene):
    bridge(scene)
    scene.a.frame(0x8808, b"\0\1\0\1" + bytes(42), bytes.fromhex("0180c2000001"))


@cause("MAC_INVALID_SOURCE")
def bridge_multicast_source(scene):
    bridge(scene)
    frame_from(scene, "01000000000a", net.ipv4(17, net.udp(40018, 5018)))


@cause("NO_TX_TARGET", "NOT_SPECIFIED")
def bridge_isolated(scene):
    bridge(scene)
    for port in "eth0", "port2":
        scene.b.run("bridge", "link", "set", "dev", port, "isolated", "on")
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40019, 5019, destination="192.0.2.3"), destination="192.0.2.3"), PORT2)


@cause("NO_TX_TARGET", "NOT_SPECIFIED")
def bridge_no_flood(scene):
    bridge(scene)
    for port in "eth0", "port2":
        scene.b.run("bridge", "link", "set", "dev", port, "flood", "off")
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40020, 5020)), bytes.fromhex("0200000000ee"))


@cause("NOT_SPECIFIED")
def bridge_locked(scene):
    bridge(scene)
    scene.b.run("bridge", "link", "set", "dev", "eth0", "learning", "off", "locked", "on")
    frame_from(scene, "020000000cab", net.ipv4(17, net.udp(40021, 5021)))


@cause("NOT_SPECIFIED", "DEV_READY")
def bridge_port_down(scene):
    third = bridge(scene)
    scene.b.run("bridge", "fdb", "replace", "02:00:00:00:00:0f", "dev", "port2", "master", "static")
    third.ip("link", "set", "in0", "down")
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40022, 5022, destination="192.0.2.3"), destination="192.0.2.3"), PORT2)


def vxlan(scene, *options):
    """b's vx0, VNI 10, from A4; it has 10.9.0.2 and the MAC address 02:...:99."""
    scene.b.ip("link", "add", "vx0", "address", "02:00:00:00:00:99", "type", "vxlan", "id", "10", "dstport", "4789",
               "local", B4, *options)
    scene.b.ip_batch(["link set vx0 addrgenmode none up", "addr add 10.9.0.2/24 dev vx0"])


def inside_vxlan(frame, vni=10, flags=8, port=4789):
    return net.udp(40099, port, struct.pack("!BBHI", flags, 0, 0, vni << 8) + frame)


def ethernet(ethertype, payload, destination="020000000099", source="0200000000aa"):
    return bytes.fromhex(destination) + bytes.fromhex(source) + struct.pack("!H", ethertype) + payload


INNER_TCP = net.ipv4(6, segment(40123, 22, SYN, source="10.9.0.1", destination="10.9.0.2"), "10.9.0.1", "10.9.0.2")
INNER_ARP = net.arp("10.9.0.1", "10.9.0.2")


@cause("VXLAN_VNI_NOT_FOUND")
def vxlan_unknown_vni(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP), vni=11))


@cause("VXLAN_INVALID_HDR")
def vxlan_header(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP), flags=0))


@cause("LOCAL_MAC")
def vxlan_own_source(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP, source="020000000099")))


@cause("LOCAL_MAC")
def vxlan_own_source_arp(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(ARP, INNER_ARP, source="020000000099")))


@cause("LOCAL_MAC")
def vxlan_own_source6(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV6, net.ipv6(17, net.udp(40124, 53, b"x", A6, B6)),
                                          source="020000000099")))


@cause("MAC_INVALID_SOURCE")
def vxlan_multicast_source(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP, source="010000000001")))


def static_neighbor(scene, address="192.0.2.33"):
    scene.b.run("bridge", "fdb", "add", "02:00:00:00:00:aa", "dev", "vx0", "dst", address, "static")


@cause("VXLAN_ENTRY_EXISTS")
def vxlan_moved(scene):
    vxlan(scene)
    static_neighbor(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP)))


@cause("VXLAN_ENTRY_EXISTS")
def vxlan_moved_arp(scene):
    vxlan(scene)
    static_neighbor(scene)
    scene.send4(17, inside_vxlan(ethernet(ARP, INNER_ARP)))


@cause("VXLAN_ENTRY_EXISTS")
def vxlan_moved_vlan(scene):
    vxlan(scene)
    static_neighbor(scene)
    scene.send4(17, inside_vxlan(ethernet(VLAN, net.tag(62, IPV4, INNER_TCP))))


@cause("VXLAN_ENTRY_EXISTS")
def vxlan_moved_rarp(scene):
    vxlan(scene)
    static_neighbor(scene)
    scene.send4(17, inside_vxlan(ethernet(0x8035, INNER_ARP)))


@cause("NO_SOCKET")
def vxlan_inner_closed_port(scene):
    vxlan(scene)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP)))


@cause("NETFILTER_DROP")
def vxlan_inner_rule(scene):
    vxlan(scene)
    scene.b.nft("table inet t { chain c { type filter hook input priority 0; tcp dport 22 drop; }; }")
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP)))


@cause("VXLAN_VNI_NOT_FOUND", "DEV_READY")
def vxlan_down(scene):
    vxlan(scene)
    scene.b.ip("link", "add", "vx1", "type", "vxlan", "id", "12", "dstport", "4789", "local", B4)
    scene.send4(17, inside_vxlan(ethernet(IPV4, INNER_TCP), vni=12))


@cause("NO_TX_TARGET")
def vxlan_no_target(scene):
    vxlan(scene)
    scene.b.ip("neigh", "add", "10.9.0.7", "lladdr", "02:00:00:00:00:77", "dev", "vx0")
    scene.b.udp(b"x", "10.9.0.7", 5037, sport=40037)


@cause("NO_TX_TARGET")
def vxlan_no_target_arp(scene):
    vxlan(scene)
    scene.b.udp(b"x", "10.9.0.8", 5038, sport=40038)


@cause("IP_OUTNOROUTES", "NO_TX_TARGET")
def vxlan_no_route(scene):
    vxlan(scene, "remote", "203.0.113.77")
    scene.b.ip("neigh", "add", "10.9.0.7", "lladdr", "02:00:00:00:00:77", "dev", "vx0")
    scene.b.udp(b"x", "10.9.0.7", 5039, sport=40039)


@cause("NETFILTER_DROP")
def vxlan_outer_output(scene):
    vxlan(scene, "remote", A4)
    scene.b.nft("table inet t { chain c { type filter hook output priority 0; udp dport 4789 drop; }; }")
    scene.b.ip("neigh", "add", "10.9.0.7", "lladdr", "02:00:00:00:00:77", "dev", "vx0")
    with ignored():
        scene.b.udp(b"x", "10.9.0.7", 5040, sport=40040)


@cause("NETFILTER_DROP")
def vxlan_outer_neighbor_egress(scene):
    vxlan(scene, "remote", A4)
    scene.b.nft("table netdev t { chain c { type filter hook egress device eth0 priority 0; drop; }; }")
    scene.b.ip("neigh", "add", "10.9.0.7", "lladdr", "02:00:00:00:00:77", "dev", "vx0")
    with ignored():
        scene.b.udp(b"x", "10.9.0.7", 5041, sport=40041)


def macvlan(scene, mode):
    """b's eth0 has two macvlan devices, in namespaces of their own."""
    for name, last, ns in (("mv1", "01", scene.namespace()), ("mv2", "02", scene.namespace())):
        scene.b.ip("link", "add", name, "link", "eth0", "address", f"02:00:00:00:01:{last}", "netns", ns.name, "type",
                   "macvlan", "mode", mode)
        ns.ip_batch([f"link set {name} addrgenmode none up", f"addr add 10.7.0.{int(last)}/24 dev {name}"])
        yield ns


@cause("NO_SOCKET")
def macvlan_closed_port(scene):
    list(macvlan(scene, "bridge"))
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40043, 5043, destination="10.7.0.1"), destination="10.7.0.1"),
                  bytes.fromhex("020000000101"))


@cause("IP_INADDRERRORS", "IP_INVALID_DEST")
def macvlan_broadcast(scene):
    list(macvlan(scene, "private"))
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40044, 5044, destination="10.7.0.9"), destination="10.7.0.9"),
                  b"\xff" * 6)


@cause("OTHERHOST")
def macvlan_down(scene):
    first, _ = macvlan(scene, "bridge")
    first.ip("link", "set", "mv1", "down")
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40045, 5045, destination="10.7.0.1"), destination="10.7.0.1"),
                  bytes.fromhex("020000000101"))


def tun_with_address(scene, kind=0x1, name="tun0"):
    fd = scene.keep(net.tun(scene.b, name, kind))
    scene.b.ip("addr", "add", "10.6.0.1/24", "dev", name)
    return fd


@cause("FULL_RING")
def tun_queue_full(scene):
    tun_with_address(scene)
    scene.b.ip("link", "set", "tun0", "txqueuelen", "3")
    with scene.b.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", 40046))
        for _ in range(10):
            with ignored():
                sender.sendto(b"x", ("10.6.0.2", 5046))


@cause("FULL_RING")
def tap_queue_full(scene):
    tun_with_address(scene, 0x2, "tap0")
    scene.b.ip_batch(["link set tap0 txqueuelen 3", "neigh add 10.6.0.2 lladdr 02:00:00:00:00:66 dev tap0"])
    with scene.b.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", 40047))
        for _ in range(10):
            with ignored():
                sender.sendto(b"x", ("10.6.0.2", 5047))


@cause("TAP_TXFILTER")
def tap_filter(scene):
    fd = tun_with_address(scene, 0x2, "tap0")
    scene.b.ip("neigh", "add", "10.6.0.2", "lladdr", "02:00:00:00:00:66", "dev", "tap0")
    fcntl.ioctl(fd, 0x400454D1, struct.pack("=HH6s", 0, 1, bytes.fromhex("020000000077")))  # TUNSETTXFILTER
    scene.b.udp(b"x", "10.6.0.2", 5048, sport=40048)


@cause("TAP_FILTER", "SOCKET_FILTER")
def tap_socket_filter(scene):
    fd = tun_with_address(scene, 0x2, "tap0")
    scene.b.ip("neigh", "add", "10.6.0.2", "lladdr", "02:00:00:00:00:66", "dev", "tap0")
    with keep_nothing() as program:
        fcntl.ioctl(fd, 0x401054D5, program)  # TUNATTACHFILTER
    scene.b.udp(b"x", "10.6.0.2", 5049, sport=40049)


@cause("INVALID_PROTO", "NOT_SPECIFIED", "DEV_HDR", "UNHANDLED_PROTO", "IP_INHDR")
def tun_not_ip(scene):
    fd = tun_with_address(scene)
    with ignored():
        os.write(fd, b"\x10" + bytes(30))
    os.write(fd, net.ipv4(17, net.udp(40050, 5050, b"x", "10.6.0.2", "10.6.0.1"), "10.6.0.2", "10.6.0.1",
                          bad_checksum=True))


@cause("NO_SOCKET")
def tap_closed_port(scene):
    fd = tun_with_address(scene, 0x2, "tap0")
    scene.b.ip("link", "set", "tap0", "address", "02:00:00:00:00:67")
    datagram = net.udp(40051, 5051, b"x", "10.6.0.2", "10.6.0.1")
    os.write(fd, ethernet(IPV4, net.ipv4(17, datagram, "10.6.0.2", "10.6.0.1"), destination="020000000067"))


@cause("QUEUE_PURGE", "NOT_SPECIFIED", "DEV_READY", "FULL_RING")
def tun_closed_unread(scene):
    with net.tun(scene.b) as _:
        scene.b.ip("addr", "add", "10.6.0.1/24", "dev", "tun0")
        scene.b.udp(b"x", "10.6.0.2", 5052, sport=40052)
    scene.answer_time()


@cause("NOT_SPECIFIED", "IP_INHDR", "IPV6_BAD_EXTHDR", "UNHANDLED_PROTO")
def srv6_end(scene):
    """An End action on a packet whose segments are all visited."""
    scene.b.sysctl("net.ipv6.conf.all.forwarding", 1)
    scene.b.ip("-6", "route", "add", "2001:db8:5::1/128", "encap", "seg6local", "action", "End", "dev", "eth0")
    scene.send6(17, net.udp(40053, 5053, b"x", A6, "2001:db8:5::1"), destination="2001:db8:5::1")


@cause("NOT_SPECIFIED", "IP_INHDR", "IPV6_BAD_EXTHDR", "UNHANDLED_PROTO")
def srv6_decapsulate(scene):
    """End.DX4 on a packet that is not an IPv4 packet in IPv6."""
    scene.b.sysctl("net.ipv6.conf.all.forwarding", 1)
    scene.b.ip("-6", "route", "add", "2001:db8:5::2/128", "encap", "seg6local", "action", "End.DX4", "nh4", A4,
               "dev", "eth0")
    scene.send6(17, net.udp(40054, 5054, b"x", A6, "2001:db8:5::2"), destination="2001:db8:5::2")


@cause("NETFILTER_DROP")
def srv6_decapsulated(scene):
    """End.DX4, and a rule for the IPv4 packet that was inside."""
    scene.b.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1")
    scene.b.nft("table ip t { chain c { type filter hook postrouting priority 0; udp dport 5055 drop; }; }")
    scene.b.ip("-6", "route", "add", "2001:db8:5::3/128", "encap", "seg6local", "action", "End.DX4", "nh4", A4,
               "dev", "eth0")
    datagram = net.udp(40055, 5055, source="10.5.0.1", destination="10.5.0.2")
    scene.send6(4, net.ipv4(17, datagram, "10.5.0.1", "10.5.0.2"), destination="2001:db8:5::3")
