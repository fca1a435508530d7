# SPDX-License-Identifier: GPL-2.0-only
"""The shipped probes: each on a drop that it and only it explains, and on one that is none of its own.

What the columns say is compared with what the kernel tells of the same thing elsewhere.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import signal
import socket
import struct
import tempfile
import time

import net
from net import A4, B4, B6, IPV4
from oracle import kernel_gives_reasons
from trace import Settings, Trace, wait_for

KERNEL = tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])
RCVBUFF = {"SOCKET_RCVBUFF"} if kernel_gives_reasons() else {None}


@contextlib.contextmanager
def probe(name, *flags):
    """A probe that is tracing; the objects of JSON in `.objects` once it is stopped."""
    with Trace("-o", "json", "--probe", name, *flags) as tracer:
        yield tracer


def objects(tracer, ns=None):
    """What was shown until now, in all or in one network namespace."""
    tracer.stop()
    assert tracer.totals[1] == 0, tracer.errors
    rows = [json.loads(line) for line in tracer.text.splitlines()]
    assert all(row["probe"] for row in rows), rows
    return [row for row in rows if ns is None or row["netns"] == ns.inode]


def only(rows, **expected):
    """The one row that there must be, with these values."""
    assert len(rows) == 1, f"{len(rows)} rows: {rows}"
    wrong = {key: rows[0].get(key) for key, value in expected.items() if rows[0].get(key) != value}
    assert not wrong, f"{wrong}, not {expected}"
    return rows[0]


def other_drop(pair, sport=49999):
    """One that none of these probes is about: nobody listens."""
    pair.a.udp(b"x", B4, 9, sport=sport)


def memory_of(ns, port):
    """(r, rb) of the UDP socket at a port, as `ss` tells them: bytes in its queue, and its limit."""
    text = ns.run("ss", "-Hunam", "sport", "=", f":{port}")
    found = re.findall(r"skmem:\(r(\d+),rb(\d+),", text)
    assert len(found) == 1, text
    return tuple(int(number) for number in found[0])


def test_probe_consume_skb():
    """An echo request that is answered is no drop; a datagram that nobody wants is."""
    with net.Pair() as pair, probe("consume_skb", "-v", "-s", A4) as consumed, \
            probe("kfree_skb", "-s", A4) as dropped:
        pair.a.frame(IPV4, net.ipv4(1, net.icmp(8)))
        other_drop(pair)
        time.sleep(Settings.pause)
        rows, drops = objects(consumed, pair.b), objects(dropped, pair.b)
    row = only(rows, probe="consume_skb", interface="eth0", saddr=A4, daddr=B4, protocol_name="icmp", reason=None)
    if KERNEL >= (6, 3):
        assert row["location"]["function"].startswith("icmp_rcv"), row
    else:
        assert row["location"] is None, row
    only(drops, probe="kfree_skb", sport=49999)


def test_probe_tcp_retransmit():
    """Data of a connection that a rule of the other side drops."""
    with net.Pair() as pair:
        with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as server, \
                pair.a.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            server.bind((B4, 1002))
            server.listen()
            client.bind((A4, 41002))
            client.connect((B4, 1002))
            pair.b.nft("table netdev t { chain c { type filter hook ingress device eth0 priority 0; "
                       "tcp dport 1002 drop; }; }")
            with probe("tcp_retransmit", "-v", "-p", "tcp", "-D", "1002") as tracer, \
                    probe("tcp_retransmit", "-p", "tcp", "-D", "1003") as other:
                other_drop(pair)
                client.send(b"twelve bytes")
                wait_for(lambda: tracer.text.count("\n") >= 2, 10, "two retransmissions")
                told = pair.a.run("ss", "-Htni", "dport", "=", ":1002")
                rows = objects(tracer)
                assert objects(other) == []
    cwnd = int(re.search(r"\bcwnd:(\d+)", told).group(1))
    for row in rows:
        only([row], probe="tcp_retransmit", netns=pair.a.inode, interface="eth0", saddr=A4, daddr=B4,
             sport=41002, dport=1002, protocol_name="tcp", location=None, reason=None, state="ESTABLISHED",
             size=12, seq=rows[0]["seq"], error=0)
    assert [row["retries"] for row in rows] == sorted(row["retries"] for row in rows), rows
    assert rows[-1]["retries"] >= 1 and rows[-1]["cwnd"] == cwnd, (rows, told)


def test_probe_tcp_retransmit6():
    """A SYN that is not answered, by IPv6."""
    with net.Pair() as pair, probe("tcp_retransmit", "-p", "tcp", "-D", "1003") as tracer:
        pair.b.nft("table netdev t { chain c { type filter hook ingress device eth0 priority 0; "
                   "tcp dport 1003 drop; }; }")
        with pair.a.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
            client.bind((net.A6, 41003))
            client.setblocking(False)
            client.connect_ex((B6, 1003))
            wait_for(lambda: tracer.text, 10, "a retransmission")
            rows = objects(tracer)
    only(rows[:1], saddr=net.A6, daddr=B6, sport=41003, dport=1003, state="SYN_SENT", size=0, retries=1, error=0)


def shrink(s):
    """Make the receive buffer of a socket as small as can be; returns its size."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


PASSES_SOCKET = KERNEL >= (6, 11)  # the tracepoint kfree_skb does


def test_probe_socket_full_ping():
    """A ping socket that does not read the replies."""
    with net.Pair() as pair, probe("socket_full", "-v") as tracer:
        pair.a.sysctl("net.ipv4.ping_group_range", "0 2147483647")
        with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as pinger:
            limit = shrink(pinger)
            pinger.bind((A4, 4321))
            other_drop(pair)
            for _ in range(8):  # the queue takes some of the replies
                pinger.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + bytes(600), (B4, 0))
            wait_for(lambda: tracer.text, 5, "a drop")
            time.sleep(Settings.pause)
            told = pair.a.run("cat", "/proc/net/icmp").splitlines()[1].split()
            rows = objects(tracer, pair.a)
    rmem, drops = int(told[4].split(":")[1], 16), int(told[-1])
    assert rmem >= limit and len(rows) == drops > 0, (told, rows)
    for row in rows:
        only([row], probe="socket_full", interface="eth0", saddr=B4, daddr=A4, protocol_name="icmp",
             rcvbuf=limit, rmem=rmem, lport=4321, family="inet", type="dgram")
        assert bool(row["location"]) == PASSES_SOCKET, row
    assert {row["reason_name"] for row in rows} == RCVBUFF, rows


def test_probe_socket_full_udp():
    """UDP sockets that nobody reads."""
    for family, name, address, source in ((socket.AF_INET, "inet", B4, A4), (socket.AF_INET6, "inet6", B6, net.A6)):
        if family == socket.AF_INET6 and not kernel_gives_reasons():
            continue
        with net.Pair() as pair, probe("socket_full") as tracer:
            with pair.b.socket(family, socket.SOCK_DGRAM) as reader:
                reader.bind((address, 1004))
                limit = shrink(reader)
                other_drop(pair)
                for _ in range(8):
                    pair.a.udp(bytes(600), address, 1004, sport=41004)
                wait_for(lambda: tracer.text, 5, "a drop")
                time.sleep(Settings.pause)
                rmem, rcvbuf = memory_of(pair.b, 1004)
                drops = int(re.search(r",d(\d+)\)", pair.b.run("ss", "-Hunam", "sport", "=", ":1004"))[1])
                rows = objects(tracer, pair.b)
        assert rcvbuf == limit and len(rows) == drops > 0, (rows, drops)
        has_packet, has_socket = (KERNEL >= (6, 10) or family == socket.AF_INET6,
                                  KERNEL >= (6, 10) or family == socket.AF_INET)
        packet = {"saddr": source, "daddr": address, "sport": 41004, "dport": 1004}
        told = {"rcvbuf": limit, "lport": 1004, "family": name, "type": "dgram"}
        for row in rows:
            only([row], probe="socket_full", **(packet if has_packet else {"saddr": None}),
                 **(told if has_socket else {"rcvbuf": 0, "family": ""}))
        assert {row["reason_name"] for row in rows} == RCVBUFF, rows
        assert not has_socket or rows[-1]["rmem"] == rmem, (rows, rmem)


def test_probe_socket_full_tcp():
    """A connection whose receive buffer shrinks while data is on its way, and is not read."""
    if not kernel_gives_reasons():
        raise net.Unsupported("this kernel does not trace drops of tcp_data_queue()")
    with net.Pair() as pair, probe("socket_full", "-v", "-p", "tcp") as tracer:
        with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as server, \
                pair.a.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            server.bind((B4, 1015))
            server.listen()
            client.connect((B4, 1015))
            reader = server.accept()[0]
            with reader:
                limit = shrink(reader)
                other_drop(pair)
                client.setblocking(False)
                client.send(bytes(60000))
                wait_for(lambda: tracer.text, 5, "a drop")
                time.sleep(Settings.pause)
                rows = objects(tracer, pair.b)
    for row in rows:
        only([row], probe="socket_full", interface="eth0", saddr=A4, daddr=B4, dport=1015, protocol_name="tcp",
             rcvbuf=limit, lport=1015, family="inet", type="stream")
        assert row["location"]["function"].startswith("tcp_"), row
        assert row["reason_name"] in ("PROTO_MEM", "SOCKET_RCVBUFF", "TCP_ZEROWINDOW"), row
    assert rows and max(row["rmem"] for row in rows) > 0, rows


def test_probe_socket_full_raw():
    """A raw socket of a protocol that nobody else takes."""
    with net.Pair() as pair, probe("socket_full") as tracer:
        with pair.b.socket(socket.AF_INET, socket.SOCK_RAW, 253) as reader:
            limit = shrink(reader)
            other_drop(pair)
            for _ in range(8):
                pair.a.frame(IPV4, net.ipv4(253, bytes(600)))
            time.sleep(Settings.pause)
            drops = int(pair.b.run("cat", "/proc/net/raw").splitlines()[1].split()[-1])
            rows = objects(tracer, pair.b)
    assert drops > 0
    if not rows:
        raise net.Unsupported("this kernel only counts packets to a full raw socket")
    assert len(rows) == drops, (drops, rows)
    for row in rows:
        only([row], rcvbuf=limit, lport=253, family="inet", type="raw", saddr=A4, daddr=B4)


def test_probe_socket_full_packet():
    """A capture that nobody reads, of packets that leave."""
    with net.Pair() as pair, probe("socket_full", "-p", "udp") as tracer:
        with pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as capture:
            capture.bind(("eth0", 3))
            limit = shrink(capture)
            for _ in range(16):
                pair.a.udp(bytes(600), B4, 9, sport=41016)
            time.sleep(Settings.pause)
            capture.setblocking(False)
            captured = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = capture.recv(2048)
                    captured += frame[23] == 17 and frame[34:36] == struct.pack("!H", 41016)
            rows = [row for row in objects(tracer) if row["sport"] == 41016]
    assert len(rows) == 16 - captured > 0, (captured, rows)
    for row in rows:
        only([row], probe="socket_full", saddr=A4, daddr=B4, dport=9)
        assert re.match(r"t?packet_rcv", row["location"]["function"]), row
        if PASSES_SOCKET:
            only([row], netns=pair.a.inode, rcvbuf=limit, family="packet", type="raw", reason_name="PACKET_SOCK_ERROR")
            assert row["rmem"] > 0, row


def qdisc_told(ns, handle):
    found = [q for q in json.loads(ns.run("tc", "-s", "-j", "qdisc", "show", "dev", "eth0"))
             if q["handle"] == handle]
    assert len(found) == 1, found
    return found[0]


def test_probe_qdisc():
    """A queue without room for one packet, below a parent, and one that is shaped and full."""
    with net.Pair() as pair, probe("qdisc", "-v") as tracer:
        net.command("ip", "netns", "exec", pair.a.name, "tc", "qdisc", "add", "dev", "eth0", "root", "handle",
                    "7:", "bfifo", "limit", "100")
        other_drop(pair)  # 43 bytes go through, and are dropped by the other side
        with contextlib.suppress(OSError):  # ENOBUFS
            pair.a.udp(bytes(200), B4, 1005, sport=41005)
        time.sleep(Settings.pause)
        first = qdisc_told(pair.a, "7:")
        pair.a.run("tc", "qdisc", "replace", "dev", "eth0", "root", "handle", "8:", "tbf", "rate", "8kbit",
                   "burst", "1540", "limit", "3000")
        for _ in range(6):
            with contextlib.suppress(OSError):
                pair.a.udp(bytes(1000), B4, 1006, sport=41006)
        second = qdisc_told(pair.a, "8:")
        rows = objects(tracer)
    assert first["drops"] == 1 and second["drops"] >= 2, (first, second)
    one = only([row for row in rows if row["sport"] == 41005], probe="qdisc", netns=pair.a.inode,
               interface="eth0", kind="bfifo", handle=7, parent="root", backlog=0, qlen=0, limit=100)
    if kernel_gives_reasons():
        assert one["reason_name"].startswith("QDISC_"), one
    many = [row for row in rows if row["sport"] == 41006]
    assert len(many) == second["drops"] and len(rows) == 1 + len(many), (rows, second)
    for row in many:
        only([row], kind="tbf", handle=8, parent="root")
    # At a packet in a second it may have sent one since.
    last = many[-1]
    assert 0 <= last["qlen"] - second["qlen"] <= 1, (last, second)
    assert last["backlog"] == last["qlen"] * 1042 > 0, last


def test_probe_qdisc_parent():
    """The qdisc of one of a device's queues."""
    with net.Netns() as ns, probe("qdisc", "-i", "bt-q") as tracer:
        ns.ip("link", "add", "bt-q", "numtxqueues", "2", "type", "veth", "peer", "name", "bt-p")
        ns.ip_batch(["link set bt-q addrgenmode none up", "link set bt-p addrgenmode none up",
                     "addr add 192.0.2.1/24 dev bt-q", "neigh add 192.0.2.2 lladdr 02:00:00:00:00:0b dev bt-q"])
        ns.run("tc", "qdisc", "replace", "dev", "bt-q", "root", "handle", "fa10:", "mq")
        for queue in "1", "2":
            ns.run("tc", "qdisc", "add", "dev", "bt-q", "parent", f"fa10:{queue}", "handle", f"1{queue}:", "bfifo",
                   "limit", "100")
        with contextlib.suppress(OSError):
            ns.udp(bytes(200), "192.0.2.2", 1007, sport=41007)
        row = only(objects(tracer, ns), sport=41007, kind="bfifo", limit=100)
    assert (row["handle"], row["parent"]) in ((0x11, "fa10:1"), (0x12, "fa10:2")), row


BPF_PROG_LOAD, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_CREATE = 5, 15, 28
NATIVE, GENERIC = 4, 2  # XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE


def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes, max(len(attributes), 128))
    result = net.libc.syscall(321 if os.uname().machine == "x86_64" else 280, command, attributes, 128)
    if result < 0:
        number = ctypes.get_errno()
        raise net.Unsupported(f"bpf({command}): {os.strerror(number)}")
    return result


def instruction(code, register=0, offset=0, immediate=0):
    return struct.pack("<BBhi", code, register, offset, immediate)


RETURN_R0 = instruction(0x95)


def set_register(register, value):
    return instruction(0xB7, register, 0, value)


class Xdp:
    """An XDP program on a device, for as long as `with` lasts."""

    def __init__(self, ns, device, instructions, mode):
        # Kernels before 5.11 charge a program to it.
        with contextlib.suppress(ValueError):  # in a container
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        code, licence = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
        self.program = bpf(BPF_PROG_LOAD, struct.pack(
            "<IIQQIIQI", 6, len(instructions) // 8, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0))
        information = ctypes.create_string_buffer(64)
        bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", self.program, 64, ctypes.addressof(information)))
        self.id = struct.unpack_from("<II", information)[1]
        with ns.inside():
            index = socket.if_nametoindex(device)
            self.link = bpf(BPF_LINK_CREATE, struct.pack("<IIII", self.program, index, 37, mode))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.link)
        os.close(self.program)


def test_probe_xdp_exception():
    """A program that gives up, and one that drops on purpose, which is told by nobody."""
    with net.Pair() as pair, probe("xdp", "-v") as tracer, probe("xdp", "-p", "udp") as filtered:
        with Xdp(pair.b, "eth0", set_register(0, 0) + RETURN_R0, GENERIC) as xdp:
            pair.a.udp(b"x", B4, 1008, sport=41008)
            time.sleep(Settings.pause)
        with Xdp(pair.b, "eth0", set_register(0, 1) + RETURN_R0, GENERIC):
            pair.a.udp(b"x", B4, 1008, sport=41008)
            time.sleep(Settings.pause)
        other_drop(pair)
        rows = objects(tracer)
        assert objects(filtered) == []
    assert rows
    for row in rows:  # the kernel may have sent packets of its own
        only([row], probe="xdp", netns=pair.b.inode, interface="eth0", location=None, reason=None, saddr=None,
             event="exception", action="ABORTED", prog=xdp.id, error=0, drops=1, target="")


def test_probe_xdp_redirect():
    """A redirection to a device that there is not."""
    redirect = set_register(1, 999999) + set_register(2, 0) + instruction(0x85, immediate=23) + RETURN_R0
    with net.Pair() as pair, probe("xdp") as tracer:
        with Xdp(pair.b, "eth0", redirect, GENERIC) as xdp:
            pair.a.udp(b"x", B4, 1009, sport=41009)
            time.sleep(Settings.pause)
        rows = objects(tracer)
    assert rows
    for row in rows:  # the kernel may have sent packets of its own
        only([row], netns=pair.b.inode, event="redirect_err", action="REDIRECT", prog=xdp.id, drops=1, target="")
        assert row["error"] < 0, row


def arrived(fd, port, offset):
    """How many datagrams to a port have found room in a tun, whose IP headers are at an offset."""
    count = 0
    os.set_blocking(fd, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            packet = os.read(fd, 2048)[offset:]
            count += packet[0] == 0x45 and packet[9] == 17 and packet[22:24] == struct.pack("!H", port)
    return count


def test_probe_xdp_no_room():
    """A redirection to a tap that nobody reads."""
    with net.Pair() as pair, net.tun(pair.b, kind=2) as fd, probe("xdp", "-v") as tracer:
        pair.b.ip("link", "set", "tun0", "txqueuelen", "2")
        with pair.b.inside():
            index = socket.if_nametoindex("tun0")
        redirect = set_register(1, index) + set_register(2, 0) + instruction(0x85, immediate=23) + RETURN_R0
        with Xdp(pair.b, "eth0", redirect, NATIVE):
            for _ in range(40):
                pair.a.udp(b"x", B4, 1010, sport=41010)
            time.sleep(Settings.pause)
        rows = objects(tracer)
        dropped = 40 - arrived(fd, 1010, 14)
    # The kernel may have sent packets of its own.
    assert dropped > 0 and 0 <= sum(row["drops"] for row in rows) - dropped <= 3, (dropped, rows)
    for row in rows:
        only([row], netns=pair.b.inode, interface="eth0", event="devmap_xmit", action="REDIRECT", target="tun0", prog=0)


def test_probe_tun_full():
    """A tun that nobody reads, and a drop by a filter on the way to it."""
    with net.Netns() as ns, net.tun(ns) as fd, probe("tun_full", "-v") as tracer:
        ns.ip_batch(["link set tun0 txqueuelen 2", "addr add 192.0.2.1/24 dev tun0"])
        # Without a queue in front, nothing can wait there.
        ns.run("tc", "qdisc", "replace", "dev", "tun0", "root", "noqueue")
        ns.nft("table ip t { chain c { type filter hook output priority 0; udp dport 1012 drop; }; }")
        for _ in range(40):
            ns.udp(b"x", "192.0.2.2", 1011, sport=41011)
        with contextlib.suppress(PermissionError):
            ns.udp(b"x", "192.0.2.2", 1012, sport=41012)
        time.sleep(Settings.pause)
        rows = objects(tracer, ns)
        dropped = 40 - arrived(fd, 1011, 0)
    for row in rows:
        only([row], probe="tun_full", interface="tun0", kind="tun", queue=0, ring=2)
    # The kernel may have sent packets of its own.
    ours = [row for row in rows if row["protocol_name"] == "udp"]
    assert {row["dport"] for row in ours} == {1011} and len(ours) == dropped, (dropped, rows)
    if kernel_gives_reasons():
        assert {row["reason_name"] for row in rows} == {"FULL_RING"}, rows


def test_probe_bridge():
    """Frames that a bridge does not forward, and one to its own address that nobody wants."""
    with net.Pair() as pair:
        pair.b.ip_batch(["addr flush dev eth0", "link add bt-bridge type bridge",
                         "link set bt-bridge addrgenmode none address 02:00:00:00:00:0b up",
                         "link set eth0 master bt-bridge", f"addr add {B4}/24 dev bt-bridge"])
        time.sleep(Settings.pause)
        unknown = bytes.fromhex("02000000000c")
        with probe("bridge", "-p", "udp") as tracer:
            other_drop(pair)
            # To nobody else than the port that it comes from.
            pair.b.run("bridge", "fdb", "add", "02:00:00:00:00:0c", "dev", "eth0", "master", "static")
            pair.a.frame(IPV4, net.ipv4(17, net.udp(41013, 9)), destination=unknown)
            time.sleep(Settings.pause)
            # No station has the address of a group.
            with pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind(("eth0", 0))
                s.send(net.MAC_B + b"\1" + net.MAC_A[1:] + struct.pack("!H", IPV4)
                       + net.ipv4(17, net.udp(41014, 9)))
            time.sleep(Settings.pause)
            rows = objects(tracer, pair.b)
    assert [row["sport"] for row in rows] == [41013, 41014], rows
    shared = {"probe": "bridge", "bridge": "bt-bridge", "port": "eth0"}
    only(rows[:1], **shared, smac="02:00:00:00:00:0a", dmac="02:00:00:00:00:0c")
    only(rows[1:], **shared, smac="01:00:00:00:00:0a", dmac="02:00:00:00:00:0b")
    assert all("br_" in row["location"]["function"] for row in rows), rows


# The columns of the probe netfilter, which needs kprobes, for one rule.
RULE_PROBE = """
struct told {
	struct sk_buff skb;
	char by[16], family[8], table[16], chain[16];
};

DROP_FIELD(char[12], nf_by, "%%s", ((struct told *)skb)->by)
DROP_FIELD(char[8], nf_family, "%%s", ((struct told *)skb)->family)
DROP_FIELD(char[32], nf_table, "%%s", ((struct told *)skb)->table)
DROP_FIELD(char[32], nf_chain, "%%s", ((struct told *)skb)->chain)
DROP_FIELD(u64, nf_rule, "%%u", %d)

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct told told;

	__builtin_memset(&told, 0, sizeof(told));
	if (ctx->args[2] != DROP_REASON_NETFILTER_DROP)
		return 0;
	bpf_probe_read_kernel(&told.skb, sizeof(told.skb), (void *)ctx->args[0]);
	__builtin_memcpy(told.by, "nftables", 9);
	__builtin_memcpy(told.family, "inet", 5);
	__builtin_memcpy(told.table, "bt_text", 8);
	__builtin_memcpy(told.chain, "guard", 6);
	return drop(ctx, &told.skb, ctx->args[1], ctx->args[2]);
}
"""


def test_rule_text():
    """The text of the rule with a handle, in the namespace of the drop, also once it has changed."""
    if not kernel_gives_reasons():
        raise net.Unsupported("this kernel does not say which drops are netfilter's")
    with net.Pair() as pair, tempfile.TemporaryDirectory() as directory:
        pair.b.nft("table inet bt_text { chain guard { type filter hook input priority 0; "
                   "udp dport 1017 counter drop; }; }")
        handle = int(re.search(r"drop # handle (\d+)", pair.b.run("nft", "-a", "list", "ruleset"))[1])
        path = os.path.join(directory, "rule.c")
        with open(path, "w", encoding="ascii") as file:
            file.write(RULE_PROBE % handle)
        with probe(path, "-D", "1017") as tracer, Trace("--probe", path, "-D", "1017", "--hints") as table:
            def dropped(text):
                """Whether a new row has the text, which may come later than the first row that lacks it."""
                before = tracer.text.count("\n")
                pair.a.udp(b"x", B4, 1017, sport=41017)
                wait_for(lambda: tracer.text.count("\n") > before, 5, "a drop")
                return json.loads(tracer.text.splitlines()[before])["nf_rule_text"] == text

            wait_for(lambda: dropped("udp dport 1017 counter drop") and "1017 counter" in table.text, 10, "a text")
            pair.b.run("nft", "replace", "rule", "inet", "bt_text", "guard", "handle", str(handle),
                       "udp dport { 1017, 1018 } drop")
            wait_for(lambda: dropped("udp dport { 1017, 1018 } drop") and "1018" in table.text, 10, "the new text")
            # A helper process that does not answer holds nothing up.
            with open(f"/proc/{tracer.process.pid}/task/{tracer.process.pid}/children", encoding="ascii") as file:
                helper = int(file.read())
            os.kill(helper, signal.SIGSTOP)
            time.sleep(1)
            start = time.monotonic()
            assert all(dropped(None) for _ in range(5))
            assert time.monotonic() - start < Settings.slow, "rows wait for a text"
            os.kill(helper, signal.SIGCONT)
            wait_for(lambda: dropped("udp dport { 1017, 1018 } drop"), 10, "the text again")
            pair.b.run("nft", "flush", "ruleset")
            pair.b.nft("table inet other { chain c { type filter hook input priority 0; udp dport 1017 drop; }; }")
            wait_for(lambda: dropped(None), 10, "no text")
            tracer.stop()
            table.stop()
    assert tracer.totals[1] == 0, tracer.errors
    hints = [line for line in table.text.splitlines() if line.startswith("  ^ inet")]
    assert hints == [f"  ^ inet bt_text guard handle {handle}: udp dport {text} drop"
                     for text in ("1017 counter", "{ 1017, 1018 }")], table.text
