# SPDX-License-Identifier: GPL-2.0-only
"""Causes of drops in UDP, ICMP, raw and packet sockets, IP, fragments, routes and neighbors."""

import socket
import struct
import time

import net
from net import A4, A6, B4, B6, IPV4, IPV6
from recorded import cause, checked, drop_all, ignored
from trace import Settings

ELSEWHERE4, ELSEWHERE6 = "198.51.100.7", "2001:db8:1::7"
BROADCAST = b"\xff" * 6


def forward(scene):
    """b forwards: to ELSEWHERE4 and ELSEWHERE6 over a second pair, whose other end is in a third namespace."""
    third = scene.namespace()
    scene.b.ip("link", "add", "out0", "address", "02:00:00:00:00:0c", "mtu", "1400", "type", "veth", "peer", "name",
               "in0", "address", "02:00:00:00:00:0d", "netns", third.name)
    third.ip_batch(["link set in0 addrgenmode none up", f"addr add {ELSEWHERE4}/24 dev in0",
                    f"addr add {ELSEWHERE6}/64 dev in0 nodad", "route add default via 198.51.100.1",
                    "neigh add 198.51.100.1 lladdr 02:00:00:00:00:0c dev in0"])
    scene.b.ip_batch(["link set out0 addrgenmode none up", "addr add 198.51.100.1/24 dev out0",
                      "addr add 2001:db8:1::1/64 dev out0 nodad",
                      f"neigh add {ELSEWHERE4} lladdr 02:00:00:00:00:0d dev out0",
                      f"neigh add {ELSEWHERE6} lladdr 02:00:00:00:00:0d dev out0"])
    scene.b.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    scene.b.wait_until_running("out0")
    return third


def fill(scene, address, port, source):
    receiver = scene.listen(port, socket.SOCK_DGRAM, address,
                            [(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)])
    with scene.a.socket(receiver.family, socket.SOCK_DGRAM) as sender:
        sender.bind(("", source))
        for _ in range(12):
            sender.sendto(bytes(500), (address, port))
    return receiver


@cause("SOCKET_RCVBUFF", "PROTO_MEM")
def udp6_receive_buffer(scene):
    fill(scene, B6, 3001, 40001)


@cause("UDP_CSUM")
def udp6_checksum(scene):
    receiver = scene.listen(3002, socket.SOCK_DGRAM, B6)
    receiver.setblocking(False)
    scene.send6(17, net.udp(40002, 3002, b"y" * 100, A6, B6, bad_checksum=True))
    scene.answer_time()
    with ignored(BlockingIOError):
        receiver.recv(1000)


@cause("UDP_CSUM")
def udp6_no_checksum(scene):
    scene.listen(3003, socket.SOCK_DGRAM, B6)
    datagram = net.udp(40003, 3003, b"y" * 100, A6, B6)
    scene.send6(17, datagram[:6] + bytes(2) + datagram[8:])


@cause("QUEUE_PURGE", "NOT_SPECIFIED")
def udp_closed_unread(scene):
    receiver = scene.listen(3004, socket.SOCK_DGRAM)
    scene.a.udp(b"unread", B4, 3004, sport=40004)
    scene.answer_time()
    receiver.close()
    time.sleep(Settings.pause / 2)  # the kernel ends the socket a little later


@cause("QUEUE_PURGE", "NOT_SPECIFIED")
def udp6_closed_unread(scene):
    receiver = scene.listen(3005, socket.SOCK_DGRAM, B6)
    scene.a.udp(b"unread", B6, 3005, sport=40005)
    scene.answer_time()
    receiver.close()
    time.sleep(Settings.pause / 2)  # the kernel ends the socket a little later


@cause("PKT_TOO_SMALL")
def udp_length(scene):
    datagram = net.udp(40006, 3006, b"y" * 20)
    scene.send4(17, datagram[:4] + struct.pack("!H", 200) + datagram[6:])


@cause("PKT_TOO_SMALL")
def udp6_length(scene):
    datagram = net.udp(40007, 3007, b"y" * 20, A6, B6)
    scene.send6(17, datagram[:4] + struct.pack("!H", 200) + datagram[6:])


@cause("NO_SOCKET", "NOT_SPECIFIED")
def udp_multicast_other_port(scene):
    member = scene.listen(3008, socket.SOCK_DGRAM, "239.1.1.1")
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                      socket.inet_aton("239.1.1.1") + socket.inet_aton(B4))
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40008, 3999, destination="239.1.1.1"), destination="239.1.1.1"),
                  bytes.fromhex("01005e010101"))


@cause("OTHERHOST", "NOT_SPECIFIED", "IP_INADDRERRORS", "IP_INVALID_DEST")
def udp_multicast_no_member(scene):
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40009, 3009, destination="239.1.1.2"), destination="239.1.1.2"),
                  bytes.fromhex("01005e010102"))


@cause("UNICAST_IN_L2_MULTICAST")
def unicast_in_broadcast(scene):
    scene.b.sysctl("net.ipv4.conf.all.drop_unicast_in_l2_multicast", 1)
    scene.b.sysctl("net.ipv4.conf.eth0.drop_unicast_in_l2_multicast", 1)
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40010, 3010)), BROADCAST)


@cause("XFRM_POLICY")
def udp_ipsec_policy(scene):
    scene.listen(3011, socket.SOCK_DGRAM)
    scene.b.ip("xfrm", "policy", "add", "src", f"{A4}/32", "dst", f"{B4}/32", "dir", "in", "action", "block")
    scene.a.udp(b"x", B4, 3011, sport=40011)


@cause("XFRM_POLICY")
def forwarded_ipsec_policy(scene):
    forward(scene)
    scene.b.ip("xfrm", "policy", "add", "src", f"{A4}/32", "dst", f"{ELSEWHERE4}/32", "dir", "fwd", "action", "block")
    scene.send4(17, net.udp(40012, 3012, destination=ELSEWHERE4), destination=ELSEWHERE4)


@cause("SOCKET_FILTER")
def udp6_socket_filter(scene):
    receiver = scene.listen(3013, socket.SOCK_DGRAM, B6)
    drop_all(receiver)
    scene.a.udp(b"x", B6, 3013, sport=40013)


@cause("NO_SOCKET", "NOT_SPECIFIED")
def udp_connected_elsewhere(scene):
    scene.listen(3014, socket.SOCK_DGRAM).connect(("192.0.2.99", 9))
    scene.a.udp(b"x", B4, 3014, sport=40014)


@cause("IP_NOPROTO", "SOCKET_RCVBUFF")
def raw_socket_full(scene):
    receiver = scene.keep(scene.b.socket(socket.AF_INET, socket.SOCK_RAW, 253))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for _ in range(10):
        scene.send4(253, bytes(800))


@cause("SOCKET_RCVBUFF", "PROTO_MEM", "IP_NOPROTO")
def raw6_socket_full(scene):
    receiver = scene.keep(scene.b.socket(socket.AF_INET6, socket.SOCK_RAW, 253))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for _ in range(10):
        scene.send6(253, bytes(800))


@cause("SOCKET_RCVBUFF", "PROTO_MEM", "PACKET_SOCK_ERROR")
def packet_socket_full(scene):
    receiver = scene.keep(scene.b.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    with scene.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(10):
            sender.sendto(bytes(700), (B4, 3017))


@cause("QUEUE_PURGE", "NOT_SPECIFIED")
def packet_socket_closed_unread(scene):
    with scene.b.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)):
        scene.a.udp(b"x", B4, 3019, sport=40019)
        scene.answer_time()


@cause("ICMP_CSUM")
def icmp_checksum(scene):
    message = net.icmp(8)
    scene.send4(1, message[:2] + b"\x12\x34" + message[4:])


@cause("UNHANDLED_PROTO")
def icmp_unknown_type(scene):
    scene.send4(1, net.icmp(99))


@cause("INVALID_PROTO")
def icmp_broadcast(scene):
    scene.a.frame(IPV4, net.ipv4(1, net.icmp(8), destination="192.0.2.255"), BROADCAST)


@cause("NO_SOCKET")
def icmp_reply_to_nobody(scene):
    scene.send4(1, net.icmp(0))


@cause("PKT_TOO_SMALL", "HDR_TRUNC", "ICMP_CSUM")
def icmp_truncated(scene):
    scene.send4(1, net.icmp(8)[:3])


@cause("PKT_TOO_SMALL", "NOT_SPECIFIED", "NO_SOCKET", "HDR_TRUNC")
def icmp_error_cut(scene):
    scene.send4(1, net.icmp(3, b"too short to be a packet"[:16]))


def icmp6(kind, data=b"", code=0, source=A6, destination=B6, bad=False):
    message = struct.pack("!BBH", kind, code, 0) + data
    value = net.checksum(net.pseudo(58, len(message), source, destination) + message)
    return message[:2] + struct.pack("!H", value ^ (0x5A5A if bad else 0)) + message[4:]


@cause("ICMP_CSUM")
def icmp6_checksum(scene):
    scene.send6(58, icmp6(128, bytes(8), bad=True))


@cause("UNHANDLED_PROTO", "NOT_SPECIFIED")
def icmp6_unknown_type(scene):
    scene.send6(58, icmp6(200, bytes(8)))


def solicitation(target=B6, options=b""):
    return bytes(4) + socket.inet_pton(socket.AF_INET6, target) + options


@cause("IPV6_NDISC_HOP_LIMIT")
def ndisc_hop_limit(scene):
    scene.send6(58, icmp6(135, solicitation()))  # net.ipv6() gives it 64 hops, not 255


def from_the_link(following, payload, source=A6, destination=B6):
    packet = net.ipv6(following, payload, source, destination)
    return packet[:7] + b"\xff" + packet[8:]


@cause("IPV6_NDISC_BAD_CODE")
def ndisc_code(scene):
    scene.a.frame(IPV6, from_the_link(58, icmp6(135, solicitation(), code=7)))


@cause("IPV6_NDISC_BAD_OPTIONS")
def ndisc_options(scene):
    scene.a.frame(IPV6, from_the_link(58, icmp6(135, solicitation(options=bytes(8)))))


@cause("IPV6_NDISC_NS_OTHERHOST")
def ndisc_other_host(scene):
    scene.a.frame(IPV6, from_the_link(58, icmp6(135, solicitation("2001:db8::77"))))


def with_options(options, datagram):
    header = net.ipv4(17, datagram)[:20]
    words = 5 + len(options) // 4
    return checked(bytes([0x40 | words]) + header[1:2] + struct.pack("!H", words * 4 + len(datagram)) + header[4:]
                   + options) + datagram


@cause("IP_INHDR")
def ip_options(scene):
    datagram = net.udp(40030, 3030)
    scene.a.frame(IPV4, with_options(bytes([7, 2, 0, 0]), datagram))  # record route that is too short


@cause("IP_INHDR", "NOT_SPECIFIED")
def ip_header_length(scene):
    packet = net.ipv4(17, net.udp(40031, 3031))
    scene.a.frame(IPV4, b"\x43" + packet[1:])


@cause("PKT_TOO_SMALL")
def ip_total_length(scene):
    packet = net.ipv4(17, net.udp(40032, 3032))
    scene.a.frame(IPV4, checked(packet[:2] + struct.pack("!H", 900) + packet[4:20]) + packet[20:])


@cause("IP_INVALID_SOURCE")
def ip_multicast_source(scene):
    scene.send4(17, net.udp(40033, 3033, source="224.0.0.9"), source="224.0.0.9")


@cause("IP_LOCALNET")
def ip_loopback_destination(scene):
    scene.send4(17, net.udp(40034, 3034, destination="127.0.0.9"), destination="127.0.0.9")


@cause("IP_LOCAL_SOURCE")
def ip_own_source(scene):
    scene.send4(17, net.udp(40035, 3035, source=B4), source=B4)


@cause("IP_INVALID_DEST", "IP_INADDRERRORS")
def ip_zero_destination(scene):
    scene.send4(17, net.udp(40036, 3036, destination="0.0.0.1"), destination="0.0.0.1")


@cause("IP_INHDR", "UNHANDLED_PROTO")
def ip6_version(scene):
    packet = net.ipv6(17, net.udp(40037, 3037, b"x", A6, B6))
    scene.a.frame(IPV6, b"\x50" + packet[1:])


@cause("IP_INHDR", "NOT_SPECIFIED", "IP_INVALID_SOURCE")
def ip6_multicast_source(scene):
    scene.send6(17, net.udp(40038, 3038, b"x", "ff02::9", B6), source="ff02::9")


@cause("IP_INHDR", "NOT_SPECIFIED")
def ip6_loopback_source(scene):
    scene.send6(17, net.udp(40039, 3039, b"x", "::1", B6), source="::1")


@cause("IPV6DISABLED")
def ip6_disabled(scene):
    scene.b.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
    scene.send6(17, net.udp(40040, 3040, b"x", A6, B6))


@cause("UNHANDLED_PROTO", "IP_NOPROTO", "NOT_SPECIFIED")
def ip6_unknown_protocol(scene):
    scene.send6(253, b"experiment")


@cause("UNHANDLED_PROTO", "IP_INHDR", "IPV6_BAD_EXTHDR", "NOT_SPECIFIED")
def ip6_unknown_option(scene):
    option = bytes([17, 0, 0x85, 4]) + bytes(4)  # discard it and tell the sender
    scene.send6(60, option + net.udp(40042, 3042, b"x", A6, B6))


@cause("UNHANDLED_PROTO", "IP_INHDR", "IPV6_BAD_EXTHDR", "NOT_SPECIFIED")
def ip6_unknown_hop_by_hop(scene):
    option = bytes([17, 0, 0x45, 4]) + bytes(4)  # discard it
    scene.send6(0, option + net.udp(40043, 3043, b"x", A6, B6))


@cause("UNHANDLED_PROTO", "IP_INHDR", "IPV6_BAD_EXTHDR", "NOT_SPECIFIED")
def ip6_routing_header(scene):
    routing = struct.pack("!BBBBI", 17, 2, 0, 1, 0) + socket.inet_pton(socket.AF_INET6, "2001:db8::99")
    scene.send6(43, routing + net.udp(40044, 3044, b"x", A6, B6))


@cause("NOT_SPECIFIED", "UNHANDLED_PROTO", "IP_INHDR", "IPV6_BAD_EXTHDR")
def ip6_segment_routing(scene):
    routing = struct.pack("!BBBBBBH", 17, 2, 4, 1, 0, 0, 0) + socket.inet_pton(socket.AF_INET6, "2001:db8::99")
    scene.send6(43, routing + net.udp(40045, 3045, b"x", A6, B6))


@cause("FRAG_REASM_TIMEOUT")
def fragments_time_out(scene):
    scene.b.sysctl("net.ipv4.ipfrag_time", 1)
    scene.send4(17, net.udp(40046, 3046, bytes(16)), fragment=0x2000)
    scene.wait_later(1.5)


@cause("FRAG_REASM_TIMEOUT")
def fragments6_time_out(scene):
    scene.b.sysctl("net.ipv6.ip6frag_time", 1)
    scene.send6(44, struct.pack("!BBHI", 17, 0, 1, 5) + net.udp(40047, 3047, bytes(8), A6, B6))
    scene.wait_later(1.5)


@cause("DUP_FRAG")
def fragment_twice(scene):
    for _ in range(2):
        scene.send4(17, net.udp(40048, 3048, bytes(16)), fragment=0x2000)


@cause("NOT_SPECIFIED", "DUP_FRAG")
def fragments_overlap(scene):
    scene.send4(17, net.udp(40049, 3049, bytes(24)), fragment=0x2000)
    scene.send4(17, bytes(64), fragment=0x2001)


@cause("NOT_SPECIFIED", "DUP_FRAG", "IPV6_BAD_EXTHDR")
def fragments6_overlap(scene):
    scene.send6(44, struct.pack("!BBHI", 17, 0, 1, 6) + net.udp(40050, 3050, bytes(24), A6, B6))
    scene.send6(44, struct.pack("!BBHI", 17, 0, 2 << 3 | 1, 6) + bytes(64))


@cause("FRAG_TOO_FAR")
def fragment_too_far(scene):
    scene.b.sysctl("net.ipv4.ipfrag_max_dist", 1)
    scene.send4(17, net.udp(40051, 3051, bytes(16)), fragment=0x2000)
    for number in range(3):
        packet = net.ipv4(17, net.udp(40051, 3051, bytes(16)), fragment=0x2000)
        scene.a.frame(IPV4, checked(packet[:4] + struct.pack("!H", 200 + number) + packet[6:20]) + packet[20:])
    scene.send4(17, bytes(16), fragment=0x2000 | 5)


@cause("IP_INADDRERRORS", "IP_INNOROUTES", "NOT_SPECIFIED")
def route_blackhole(scene):
    forward(scene)
    scene.b.ip("route", "add", "blackhole", "203.0.113.0/25")
    scene.send4(17, net.udp(40053, 3053, destination="203.0.113.1"), destination="203.0.113.1")


@cause("IP_INADDRERRORS", "IP_INNOROUTES", "NOT_SPECIFIED")
def route_unreachable(scene):
    forward(scene)
    scene.b.ip("route", "add", "unreachable", "203.0.113.0/25")
    scene.send4(17, net.udp(40054, 3054, destination="203.0.113.1"), destination="203.0.113.1")


@cause("IP_INADDRERRORS", "IP_INNOROUTES", "NOT_SPECIFIED")
def route_prohibit(scene):
    forward(scene)
    scene.b.ip("route", "add", "prohibit", "203.0.113.0/25")
    scene.send4(17, net.udp(40055, 3055, destination="203.0.113.1"), destination="203.0.113.1")


@cause("IP_INNOROUTES", "IP_INADDRERRORS", "NOT_SPECIFIED")
def route6_blackhole(scene):
    forward(scene)
    scene.b.ip("route", "add", "blackhole", "2001:db8:9::/64")
    scene.send6(17, net.udp(40056, 3056, b"x", A6, "2001:db8:9::1"), destination="2001:db8:9::1")


@cause("IP_INNOROUTES", "IP_INADDRERRORS", "NOT_SPECIFIED")
def route6_none(scene):
    forward(scene)
    scene.send6(17, net.udp(40057, 3057, b"x", A6, "2001:db8:8::1"), destination="2001:db8:8::1")


@cause("IP_INNOROUTES", "IP_INADDRERRORS", "NOT_SPECIFIED")
def route6_not_forwarding(scene):
    scene.send6(17, net.udp(40058, 3058, b"x", A6, ELSEWHERE6), destination=ELSEWHERE6)


@cause("PKT_TOO_BIG")
def forward_too_big(scene):
    forward(scene)
    scene.send4(17, net.udp(40060, 3060, bytes(1420), destination=ELSEWHERE4), destination=ELSEWHERE4, fragment=0x4000)


@cause("PKT_TOO_BIG")
def forward6_too_big(scene):
    forward(scene)
    scene.send6(17, net.udp(40061, 3061, bytes(1420), A6, ELSEWHERE6), destination=ELSEWHERE6)


@cause("IP_INHDR")
def forward6_hop_limit(scene):
    forward(scene)
    packet = net.ipv6(17, net.udp(40062, 3062, b"x", A6, ELSEWHERE6), destination=ELSEWHERE6)
    scene.a.frame(IPV6, packet[:7] + b"\x01" + packet[8:])


@cause("NEIGH_FAILED", "NOT_SPECIFIED")
def neighbor6_failed(scene):
    scene.a.run("sysctl", "-qw", "net.ipv6.neigh.eth0.retrans_time_ms=50", "net.ipv6.neigh.eth0.mcast_solicit=1")
    scene.a.udp(b"x", "2001:db8::77", 3063, sport=40063)
    scene.wait_later(1.2)


@cause("NEIGH_QUEUEFULL")
def neighbor_queue_full(scene):
    scene.a.run("sysctl", "-qw", "net.ipv4.neigh.eth0.unres_qlen_bytes=3000")
    with scene.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", 40064))
        for _ in range(8):
            sender.sendto(bytes(600), ("192.0.2.78", 3064))


@cause("NEIGH_FAILED")
def neighbor_failed_forwarding(scene):
    forward(scene)
    scene.b.run("sysctl", "-qw", "net.ipv4.neigh.out0.retrans_time_ms=50", "net.ipv4.neigh.out0.mcast_solicit=1")
    scene.send4(17, net.udp(40065, 3065, destination="198.51.100.66"), destination="198.51.100.66")
    scene.wait_later(1.2)


@cause("NOT_SPECIFIED", "QUEUE_PURGE")
def multicast_router_gone(scene):
    """A multicast router that knows no way for a group holds its packets until it ends."""
    with scene.b.socket(socket.AF_INET, socket.SOCK_RAW, 2) as router:  # IGMP
        router.setsockopt(socket.IPPROTO_IP, 200, 1)  # MRT_INIT
        index = struct.pack("=HBBI4s4s", 0, 0, 1, 0, socket.inet_aton(B4), bytes(4))  # struct vifctl
        router.setsockopt(socket.IPPROTO_IP, 202, index)  # MRT_ADD_VIF
        scene.a.frame(IPV4, net.ipv4(17, net.udp(40066, 3066, destination="239.2.2.2"), destination="239.2.2.2"),
                      bytes.fromhex("01005e020202"))
        scene.answer_time()


@cause("NOT_SPECIFIED", "IP_INHDR", "PKT_TOO_SMALL")
def igmp_checksum(scene):
    scene.send4(2, bytes([0x16, 0, 1, 2]) + socket.inet_aton("239.1.1.1"), destination=B4)


@cause("IP_NOPROTO")
def esp_without_ipsec(scene):
    scene.send4(50, bytes(40))


@cause("IP_RPFILTER", "NOT_SPECIFIED", "IP_INADDRERRORS")
def source_route(scene):
    datagram = net.udp(40069, 3069)
    options = bytes([131, 7, 4]) + socket.inet_aton("192.0.2.88") + b"\0"
    scene.a.frame(IPV4, with_options(options, datagram))


@cause("NO_SOCKET")
def ports_behind_options(scene):
    scene.a.frame(IPV4, with_options(bytes([1, 1, 1, 0]), net.udp(40070, 3070)))


@cause("IP_NOPROTO", "NO_SOCKET", "UDP_CSUM")
def udplite_closed(scene):
    scene.send4(136, net.udp(40071, 3071))


@cause("IP_NOPROTO", "NO_SOCKET")
def sctp6_closed(scene):
    scene.send6(132, struct.pack("!HHII", 40072, 3072, 0, 0))


@cause("IP_NOPROTO", "NO_SOCKET")
def dccp_closed(scene):
    scene.send4(33, struct.pack("!HH", 40073, 3073) + bytes(12))


@cause("IP_NOPROTO", "NO_SOCKET")
def ip6_authentication_header(scene):
    header = struct.pack("!BBHII", 17, 4, 0, 1, 1) + bytes(12)
    scene.send6(51, header + net.udp(40074, 3074, b"x", A6, B6))


@cause("IP_NOPROTO")
def ip_in_ip_without_tunnel(scene):
    scene.send4(4, net.ipv4(17, net.udp(40075, 3075)))


@cause("IP_NOPROTO")
def gre_without_tunnel(scene):
    scene.send4(47, struct.pack("!HH", 0, IPV4) + net.ipv4(17, net.udp(40076, 3076)))


@cause("IPV6_NDISC_FRAG")
def ndisc_fragmented(scene):
    scene.a.frame(IPV6, from_the_link(44, struct.pack("!BBHI", 58, 0, 0, 7) + icmp6(135, solicitation())))


@cause("QUEUE_PURGE", "NOT_SPECIFIED", "SOCKET_CLOSE", "UNIX_DISCONNECT")
def unix_closed_unread(scene):
    with scene.b.inside():
        sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    scene.keep(sender).send(b"unread")
    receiver.close()


@cause("SOCKET_CLOSE", "QUEUE_PURGE", "NOT_SPECIFIED")
def unix_stream_closed_unread(scene):
    with scene.b.inside():
        sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    scene.keep(sender).send(b"unread")
    receiver.close()
