# SPDX-License-Identifier: GPL-2.0-only
"""Real drops, a cause each. One tracer and one oracle watch all of them.

A cause makes its drop in namespaces of its own and returns what the row must hold. `reasons` are
the names that kernels give for the cause; which one it must be, and the location, is what this
kernel's own trace says.
"""

import collections
import contextlib
import os
import select
import socket
import struct
import time

import net
from net import A4, A6, ARP, B4, B6, IPV4, IPV6, QINQ, VLAN
from oracle import Oracle
from trace import Settings, Trace, wait_for

NOT_SPECIFIED = "NOT_SPECIFIED"

causes = []


def cause(*reasons):
    """Register a cause; on kernels that know it only by another name that one is listed too."""
    def register(function):
        causes.append((function.__name__, reasons, function))
        return function
    return register


def expect(ns, protocol, source=A4, destination=B4, sport=0, dport=0, interface="eth0", vlan="-"):
    return {"NETNS": str(ns.inode), "PROTOCOL": str(protocol), "SOURCE": source,
            "DESTINATION": destination, "SPORT": str(sport), "DPORT": str(dport),
            "INTERFACE": interface, "VLAN": str(vlan)}


def drop_rule(hook, match, priority=0, family="inet"):
    return (f"table {family} t {{ chain c {{ type filter hook {hook} priority {priority}; "
            f"{match} drop; }}; }}")


INGRESS_DROP = ("table netdev t { chain c { type filter hook ingress device eth0 priority 0; "
                "drop; }; }")


@cause("NETFILTER_DROP")
def nft_input(pair):
    pair.b.nft(drop_rule("input", "udp dport 1001"))
    pair.a.udp(b"x", B4, 1001, sport=40001)
    return expect(pair.b, 17, sport=40001, dport=1001)


@cause("NETFILTER_DROP")
def nft_forward(pair):
    pair.b.sysctl("net.ipv4.ip_forward", 1)
    pair.b.ip("route", "add", "198.51.100.0/24", "via", A4)
    pair.b.nft(drop_rule("forward", "udp dport 1002"))
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40002, 1002, destination="198.51.100.7"),
                                destination="198.51.100.7"))
    return expect(pair.b, 17, destination="198.51.100.7", sport=40002, dport=1002)


@cause("NETFILTER_DROP")
def nft_output(pair):
    pair.a.nft(drop_rule("output", "udp dport 1003"))
    with contextlib.suppress(PermissionError):
        pair.a.udp(b"x", B4, 1003, sport=40003)
    return expect(pair.a, 17, sport=40003, dport=1003)


@cause("NETFILTER_DROP")
def nft_ping(pair):
    pair.b.nft(drop_rule("input", "icmp type echo-request"))
    pair.a.frame(IPV4, net.ipv4(1, net.icmp(8)))
    return expect(pair.b, 1)


@cause("NETFILTER_DROP")
def nft_ping6(pair):
    pair.b.nft(drop_rule("input", "icmpv6 type echo-request"))
    message = struct.pack("!BBHHH", 128, 0, 0, 1, 1)
    value = net.checksum(net.pseudo(58, len(message), A6, B6) + message)
    pair.a.frame(IPV6, net.ipv6(58, message[:2] + struct.pack("!H", value) + message[4:]))
    return expect(pair.b, 58, A6, B6)


@cause("NO_SOCKET")
def udp_closed(pair):
    pair.a.udp(b"x", B4, 1004, sport=40004)
    return expect(pair.b, 17, sport=40004, dport=1004)


@cause("NO_SOCKET")
def udp_closed6(pair):
    pair.a.udp(b"x", B6, 1005, sport=40005)
    return expect(pair.b, 17, A6, B6, 40005, 1005)


@cause("NO_SOCKET")
def tcp_closed(pair):
    pair.a.frame(IPV4, net.ipv4(6, net.tcp(40006, 1006)))
    return expect(pair.b, 6, sport=40006, dport=1006)


@cause("NO_SOCKET")
def tcp_closed6(pair):
    pair.a.frame(IPV6, net.ipv6(6, net.tcp(40007, 1007, A6, B6)))
    return expect(pair.b, 6, A6, B6, 40007, 1007)


@cause("IP_RPFILTER", "IP_LOCAL_SOURCE", NOT_SPECIFIED)
def rp_filter(pair):
    pair.b.sysctl("net.ipv4.conf.all.rp_filter", 1)
    pair.b.ip("link", "add", "other", "type", "veth", "peer", "name", "other2")
    pair.b.ip("link", "set", "other", "up")
    pair.b.ip("link", "set", "other2", "up")
    pair.b.ip("addr", "add", "203.0.113.1/24", "dev", "other")
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40008, 1008, source="203.0.113.5"),
                                source="203.0.113.5"))
    return expect(pair.b, 17, "203.0.113.5", sport=40008, dport=1008)


@cause("IP_INHDR", NOT_SPECIFIED)
def ttl_exceeded(pair):
    pair.b.sysctl("net.ipv4.ip_forward", 1)
    pair.b.ip("route", "add", "198.51.100.0/24", "via", A4)
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40009, 1009, destination="198.51.100.9"),
                                destination="198.51.100.9", ttl=1))
    return expect(pair.b, 17, destination="198.51.100.9", sport=40009, dport=1009)


@cause("IP_INNOROUTES", "IP_INADDRERRORS", NOT_SPECIFIED)
def no_route(pair):
    pair.b.sysctl("net.ipv4.ip_forward", 1)
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40010, 1010, destination="203.0.113.10"),
                                destination="203.0.113.10"))
    return expect(pair.b, 17, destination="203.0.113.10", sport=40010, dport=1010)


@cause("IP_CSUM")
def bad_ip_checksum(pair):
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40011, 1011), bad_checksum=True))
    return expect(pair.b, 17, sport=40011, dport=1011)


@cause("UDP_CSUM", NOT_SPECIFIED)
def bad_udp_checksum(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((B4, 1012))
        receiver.setblocking(False)
        pair.a.frame(IPV4, net.ipv4(17, net.udp(40012, 1012, b"y" * 500, bad_checksum=True)))
        time.sleep(Settings.pause)
        with contextlib.suppress(BlockingIOError):
            receiver.recv(1000)  # where the kernel may verify it only
    # What waits in a socket's queue has lost its device, and with it the namespace.
    return dict(expect(pair.b, 17, sport=40012, dport=1012), INTERFACE="-", NETNS="-")


@cause("TCP_CSUM")
def bad_tcp_checksum(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((B4, 1013))
        listener.listen()
        pair.a.frame(IPV4, net.ipv4(6, net.tcp(40013, 1013, bad_checksum=True)))
        time.sleep(Settings.pause)
    return expect(pair.b, 6, sport=40013, dport=1013)


@cause("OTHERHOST", NOT_SPECIFIED)
def other_host(pair):
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40014, 1014)), bytes.fromhex("02000000dead"))
    return expect(pair.b, 17, sport=40014, dport=1014)


@cause("SOCKET_RCVBUFF", NOT_SPECIFIED)
def receive_buffer_full(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        receiver.bind((B4, 1015))
        with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((A4, 40015))
            for _ in range(20):
                sender.sendto(bytes(500), (B4, 1015))
        time.sleep(Settings.pause)
    return expect(pair.b, 17, sport=40015, dport=1015)


@cause("TCP_LISTEN_OVERFLOW", "TCP_OVERFLOW", NOT_SPECIFIED)
def listen_queue_overflow(pair):
    # A queue for three, two of which may be half-way: the fourth finds it full with its last
    # segment. The client is no host, so that nobody answers for it but this test.
    client = "192.0.2.50"
    pair.b.ip("neigh", "add", client, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
    pair.b.sysctl("net.ipv4.tcp_syncookies", 0)
    with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener, \
            pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)) as wire:
        wire.bind(("eth0", IPV4))
        wire.settimeout(1 * Settings.slow)
        listener.bind((B4, 1016))
        listener.listen(2)
        answers = {}

        def syn(port):
            pair.a.frame(IPV4, net.ipv4(6, net.tcp(port, 1016, client), client))
            while port not in answers:
                sport, dport, sequence = struct.unpack("!HHI", wire.recv(2000)[34:42])
                if sport == 1016:
                    answers[dport] = sequence

        def ack(port):
            pair.a.frame(IPV4, net.ipv4(6, net.tcp(port, 1016, client, flags=net.ACK, sequence=1001,
                                                   acknowledged=answers[port] + 1), client))

        for step, port in ((syn, 1), (syn, 2), (ack, 1), (syn, 3), (ack, 2), (syn, 4), (ack, 3),
                           (ack, 4)):
            step(40160 + port)
        time.sleep(Settings.pause)
    return expect(pair.b, 6, client, sport=40164, dport=1016)


@cause("NEIGH_FAILED", NOT_SPECIFIED)
def neighbour_failed(pair):
    pair.a.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 50)
    pair.a.sysctl("net.ipv4.neigh.eth0.mcast_solicit", 1)
    pair.a.udp(b"x", "192.0.2.77", 1017, sport=40017)
    time.sleep(1.5)
    return expect(pair.a, 17, destination="192.0.2.77", sport=40017, dport=1017)


@cause("QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_DROP_OVERLIMIT", "QDISC_DROP_GENERIC")
def qdisc_overlimit(pair):
    pair.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "1600",
               "limit", "1600")
    with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((A4, 40018))
        for _ in range(12):
            with contextlib.suppress(OSError):
                sender.sendto(bytes(500), (B4, 1018))
    return expect(pair.a, 17, sport=40018, dport=1018)


@cause("IP_NOPROTO")
def unknown_ip_protocol(pair):
    pair.a.frame(IPV4, net.ipv4(253, b"experiment"))
    return expect(pair.b, 253)


@cause("UNHANDLED_PROTO")
def unknown_ethertype(pair):
    pair.a.frame(0x1234, bytes(46))
    return expect(pair.b, "0x1234", "-", "-")


@cause("NETFILTER_DROP", "NETFILTER_INGRESS", NOT_SPECIFIED)
def vlan_in_metadata(pair):
    # The kernel has taken the tag off when the ingress hook comes.
    pair.b.nft(INGRESS_DROP)
    pair.a.frame(VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(40019, 1019))))
    return expect(pair.b, 17, sport=40019, dport=1019, vlan=42)


@cause("QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_DROP_OVERLIMIT", "QDISC_DROP_GENERIC")
def vlan_in_payload(pair):
    pair.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "1600",
               "limit", "1600")
    frame = net.tag(43, IPV4, net.ipv4(17, net.udp(40020, 1020, bytes(500))))
    for _ in range(12):
        with contextlib.suppress(OSError):
            pair.a.frame(VLAN, frame)
    return expect(pair.a, 17, sport=40020, dport=1020, vlan=43)


@cause("NETFILTER_DROP", "NETFILTER_INGRESS", NOT_SPECIFIED)
def qinq_in_metadata(pair):
    pair.b.nft(INGRESS_DROP)
    pair.a.frame(QINQ, net.tag(100, VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(40021, 1021)))))
    return expect(pair.b, 17, sport=40021, dport=1021, vlan=100)


@cause("QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_DROP_OVERLIMIT", "QDISC_DROP_GENERIC")
def qinq_in_payload(pair):
    pair.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "1600",
               "limit", "1600")
    inner = net.ipv6(17, net.udp(40022, 1022, bytes(500), A6, B6))
    for _ in range(12):
        with contextlib.suppress(OSError):
            pair.a.frame(QINQ, net.tag(101, VLAN, net.tag(44, IPV6, inner)))
    return expect(pair.a, 17, A6, B6, 40022, 1022, vlan=101)


@cause("NO_SOCKET")
def ipv6_extension_headers(pair):
    options = b"\x01\x04" + bytes(4)  # PadN
    routing = struct.pack("!BBBBI", 60, 0, 0, 0, 0)  # no segments left
    destination = b"\x11\x00" + options
    hop_by_hop = b"\x2b\x00" + options
    datagram = net.udp(40023, 1023, b"x", A6, B6)
    pair.a.frame(IPV6, net.ipv6(0, hop_by_hop + routing + destination + datagram))
    return expect(pair.b, 17, A6, B6, 40023, 1023)


@cause("NETFILTER_DROP")
def ipv6_fragment(pair):
    pair.b.nft(drop_rule("prerouting", f"ip6 saddr {A6}", priority=-450))
    fragment = struct.pack("!BBHI", 17, 0, 0 | 1, 99)
    pair.a.frame(IPV6, net.ipv6(44, fragment + net.udp(40024, 1024, bytes(8), A6, B6)))
    return expect(pair.b, 17, A6, B6, 40024, 1024)


@cause("NETFILTER_DROP")
def ipv6_later_fragment(pair):
    pair.b.nft(drop_rule("prerouting", f"ip6 saddr {A6}", priority=-450))
    fragment = struct.pack("!BBHI", 17, 0, 185 << 3, 99)
    pair.a.frame(IPV6, net.ipv6(44, fragment + bytes(16)))
    return expect(pair.b, 17, A6, B6, "-", "-")


@cause("NETFILTER_DROP")
def ipv4_fragment(pair):
    pair.b.nft(drop_rule("prerouting", "ip protocol udp", priority=-450))
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40025, 1025, bytes(8)), fragment=0x2000))
    return expect(pair.b, 17, sport=40025, dport=1025)


@cause("NETFILTER_DROP")
def ipv4_later_fragment(pair):
    pair.b.nft(drop_rule("prerouting", "ip protocol udp", priority=-450))
    pair.a.frame(IPV4, net.ipv4(17, bytes(16), fragment=185))
    return expect(pair.b, 17, sport="-", dport="-")


@cause("NETFILTER_DROP")
def arp_dropped(pair):
    pair.b.nft(drop_rule("input", "", family="arp"))
    pair.a.frame(ARP, net.arp(), b"\xff" * 6)
    return expect(pair.b, "0x0806")


@cause("NO_SOCKET")
def tun_device(pair):
    with net.tun(pair.b) as fd:
        pair.b.ip("addr", "add", "198.51.100.1/24", "dev", "tun0")
        os.write(fd, net.ipv4(17, net.udp(40026, 1026, b"x", "198.51.100.2", "198.51.100.1"),
                              "198.51.100.2", "198.51.100.1"))
        time.sleep(Settings.pause)
    return expect(pair.b, 17, "198.51.100.2", "198.51.100.1", 40026, 1026, "tun0")


@cause("NO_SOCKET")
def loopback(pair):
    pair.a.udp(b"x", "127.0.0.1", 1027, sport=40027)
    return expect(pair.a, 17, "127.0.0.1", "127.0.0.1", 40027, 1027, "lo")


@cause("IP_NOPROTO", "NETFILTER_DROP")
def sctp_ports(pair):
    pair.b.nft(drop_rule("input", "ip protocol 132"))
    pair.a.frame(IPV4, net.ipv4(132, struct.pack("!HHII", 40028, 1028, 0, 0)))
    return expect(pair.b, 132, sport=40028, dport=1028)


@cause("SOCKET_FILTER")
def socket_filter(pair):
    with pair.b.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        program = struct.pack("HBBI", 6, 0, 0, 0)  # BPF_RET | BPF_K: keep nothing
        buffer = net.ctypes.create_string_buffer(program)
        receiver.setsockopt(socket.SOL_SOCKET, 26,  # SO_ATTACH_FILTER
                            struct.pack("HxxxxxxQ", 1, net.ctypes.addressof(buffer)))
        receiver.bind((B4, 1029))
        pair.a.udp(b"x", B4, 1029, sport=40029)
        time.sleep(Settings.pause)
    return expect(pair.b, 17, sport=40029, dport=1029)


@cause("PKT_TOO_SMALL", "IP_INHDR", NOT_SPECIFIED)
def truncated_ipv4_header(pair):
    pair.a.frame(IPV4, net.ipv4(17, b"")[:12])
    return expect(pair.b, "0x0800", "-", "-", "-", "-")


@cause("PKT_TOO_SMALL", "IP_INHDR", "IPV6DISABLED", NOT_SPECIFIED)
def truncated_ipv6_header(pair):
    pair.a.frame(IPV6, net.ipv6(17, b"")[:20])
    return expect(pair.b, "0x86dd", "-", "-", "-", "-")


@cause("PKT_TOO_SMALL", "UDP_CSUM", NOT_SPECIFIED)
def truncated_udp_header(pair):
    pair.a.frame(IPV4, net.ipv4(17, b"\x9c\x5e"))
    return expect(pair.b, 17, sport="-", dport="-")


@cause("IP_INHDR", NOT_SPECIFIED)
def wrong_ip_version(pair):
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40030, 1030), version=5))
    return expect(pair.b, "0x0800", "-", "-", "-", "-")


def matches(row, expected):
    return all(value is None or row[column] == value for column, value in expected.items())


def wall_clock(row, offset):
    """A row's TIME as seconds of CLOCK_MONOTONIC, within the day."""
    hours, minutes, seconds = row["TIME"].split(":")
    local = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return (local - time.localtime().tm_gmtoff - offset) % 86400


def oracle_line(row, lines, offset):
    """The kernel's own line of the same drop: same CPU, function and offset, and moment."""
    function, _, address = row["LOCATION"].partition("+")
    at = wall_clock(row, offset)
    near = [(abs(line[1] % 86400 - at), line) for line in lines
            if line[0] == int(row["CPU"]) and line[2:4] in ((function, address), (None, None))]
    distance, line = min(near, default=(None, None), key=lambda entry: entry[0])
    # The nearest one is meant; a machine may halt for a while between the two stamps of a drop.
    if not line or distance >= 0.2 * Settings.slow:
        return None
    # Where the trace hides places, drops of about the same moment are told apart by their reasons
    # only: that all of them were seen with theirs, complete() tells.
    alike = [entry for entry in near if entry[1][2] is None and entry[1][4] == row["REASON"]
             and entry[0] < distance + 0.02 * Settings.slow]
    return min(alike, key=lambda entry: entry[0])[1] if alike else line


def judge(name, reasons, expected, rows, lines, offset, gives_reasons):
    """None, or what is wrong with the rows of a cause."""
    found = [row for row in rows if matches(row, expected)]
    if not found:
        there = [row for row in rows if row["NETNS"] == expected["NETNS"]]
        return f"no row like {expected}; of that namespace: {there}"
    problem = None
    for row in found:
        line = oracle_line(row, lines, offset)
        if not line:
            problem = f"the kernel's trace has no such drop: {row}"
        elif gives_reasons and row["REASON"] != line[4]:
            return f"REASON is {row['REASON']}, the kernel says {line[4]}"
        elif not gives_reasons and row["REASON"] != "-":
            return f"REASON is {row['REASON']}, but this kernel gives none"
        elif gives_reasons and row["REASON"] not in reasons:
            problem = f"reason {row['REASON']} at {row['LOCATION']}, not one of {reasons}"
        else:
            return None
    return problem


def complete(rows, lines):
    """None, or which drops of the kernel's trace have no row."""
    told = all(line[2] for line in lines)
    missing = collections.Counter((line[2], line[4]) for line in lines)
    missing -= collections.Counter(
        (row["LOCATION"].partition("+")[0] if told else None,
         None if row["REASON"] == "-" else row["REASON"])
        for row in rows)
    return f"drops without a row: {dict(missing)}" if missing else None


def same_rows(rows, others, namespaces):
    """None, or what another way to attach saw differently in the namespaces of the causes.

    Each tracer looks for the programs on its own, and may find that one has closed its socket.
    """
    def counted(table):
        return collections.Counter(
            tuple(value for column, value in row.items() if column not in ("TIME", "PROGRAM"))
            for row in table if row["NETNS"] in namespaces)
    first, second = counted(rows), counted(others)
    assert first, "no rows to compare"
    if first == second:
        return None
    return f"only by the best way: {list(first - second)}, only here: {list(second - first)}"


def start_ways(stack):
    """A tracer for each way to attach but the best; why not, for those that this kernel lacks."""
    tracers, lacking = {}, {}
    for way in "raw_tracepoint", "tracepoint", "kprobe":
        tracer = stack.enter_context(Trace("-vv", "-n", "--attach", way, wait=False))
        wait_for(lambda: tracer.tracing or tracer.process.poll() is not None, 20, "start")
        if tracer.process.poll() == 6:
            lacking[way] = tracer.errors.strip()
        else:
            assert tracer.tracing, f"bytetrace --attach {way} did not start: {tracer.errors.strip()}"
            tracers[way] = tracer
    return tracers, lacking


def results(wanted):
    """Run the causes; yields (name, None or what failed, None or why it was skipped)."""
    chosen = [c for c in causes if wanted(f"cause {c[0]}")]
    if not chosen:
        return
    expectations = {}
    skipped = {}
    with Trace("-vv", "-n") as tracer, contextlib.ExitStack() as tracers:
        ways, lacking = start_ways(tracers)
        with Oracle() as oracle, contextlib.ExitStack() as stack:
            for name, reasons, function in chosen:
                try:
                    pair = stack.enter_context(net.Pair())
                    expectations[name] = function(pair)
                except net.Unsupported as reason:
                    skipped[name] = str(reason)
            time.sleep(2 * Settings.pause)
            lines = oracle.lines()
            namespaces = {row["NETNS"] for row in expectations.values()}
        for started in tracer, *ways.values():
            started.stop()
        rows = tracer.rows
        offset = time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
        totals = tracer.totals
        seen = {way: started.rows for way, started in ways.items()}
    gives_reasons = any(line[4] for line in lines)
    for name, reasons, _ in chosen:
        if name in skipped:
            yield f"cause {name}", None, skipped[name]
        else:
            yield f"cause {name}", judge(name, reasons, expectations[name], rows, lines, offset,
                                         gives_reasons), None
    yield "cause completeness", complete(rows, lines), None
    yield "cause totals", (None if totals == (len(rows), 0, 0) else f"{totals}, {len(rows)} rows"), None
    for way, others in seen.items():
        yield f"cause same_rows_by_{way}", same_rows(rows, others, namespaces), None
    for way, reason in lacking.items():
        yield f"cause same_rows_by_{way}", None, reason
