# SPDX-License-Identifier: GPL-2.0-only
"""Every filter flag on real traffic that matches and real traffic that does not."""

import contextlib
import struct
import time

import net
from net import A4, A6, ARP, B4, B6, IPV4, IPV6, VLAN
from oracle import Oracle, kernel_gives_reasons
from trace import Settings, Trace, run, wait_for

# Drops everything that comes in, of whatever protocol.
INGRESS_DROP = ("table netdev t { chain c { type filter hook ingress device eth0 priority 0; "
                "drop; }; }")

# What is sent for each filter: how the row is known by, and the frame.
PACKETS = {
    "tcp": (IPV4, net.ipv4(6, net.tcp(1000, 80))),
    "tcp6": (IPV6, net.ipv6(6, net.tcp(1000, 443, A6, B6))),
    "udp": (IPV4, net.ipv4(17, net.udp(53, 5353, source="10.1.2.3"), "10.1.2.3")),
    "udp6": (IPV6, net.ipv6(17, net.udp(53, 5353, b"x", "2001:db8:1::5", "fe80::9"),
                              "2001:db8:1::5", "fe80::9")),
    "icmp": (IPV4, net.ipv4(1, net.icmp(8), "10.255.0.1", "192.168.10.1")),
    "arp": (ARP, net.arp("10.1.2.3", "10.1.2.4")),
    "lldp": (0x88CC, bytes(46)),
    "vlan": (VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(67, 68)))),
    "sctp": (IPV4, net.ipv4(132, struct.pack("!HHII", 2905, 2906, 0, 0))),
    "fragment": (IPV4, net.ipv4(17, bytes(16), "172.16.0.1", "172.16.0.2", fragment=185)),
    "truncated": (IPV4, net.ipv4(17, b"")[:12]),
}

ALL = set(PACKETS)


def name_of(row):
    """Which of PACKETS a row with -vv -n shows."""
    key = (row["PROTOCOL"], row["SPORT"], row["VLAN"], ":" in row["SOURCE"])
    return {("6", "1000", "-", False): "tcp", ("6", "1000", "-", True): "tcp6",
            ("17", "53", "-", False): "udp", ("17", "53", "-", True): "udp6",
            ("1", "0", "-", False): "icmp", ("0x0806", "0", "-", False): "arp",
            ("0x88cc", "0", "-", False): "lldp", ("17", "67", "42", False): "vlan",
            ("132", "2905", "-", False): "sctp", ("17", "-", "-", False): "fragment",
            ("0x0800", "-", "-", False): "truncated"}.get(key, f"unknown {row}")


def shown(pair, *filters):
    """For each list of flags the names of the packets that it shows, when all are dropped."""
    with contextlib.ExitStack() as stack:
        tracers = [stack.enter_context(Trace("-vv", "-n", *flags, wait=False)) for flags in filters]
        for tracer in tracers:
            wait_for(lambda: tracer.tracing or tracer.process.poll() is not None, 20, "start")
            assert tracer.tracing, f"bytetrace did not start: {tracer.errors.strip()}"
        for ethertype, payload in PACKETS.values():
            pair.a.frame(ethertype, payload)
        tables = [tracer.stop().rows for tracer in tracers]
    # Multicast reports of the kernel's own (58, ICMPv6) may come at any time.
    return [sorted(name_of(row) for row in rows
                   if row["NETNS"] == str(pair.b.inode) and row["PROTOCOL"] != "58")
            for rows in tables]


@contextlib.contextmanager
def dropping_pair():
    with net.Pair() as pair:
        pair.b.nft(INGRESS_DROP)
        yield pair


# A filter's flags, and the packets that pass.
FILTERS = [
    ((), ALL),
    (("-p", "tcp"), {"tcp", "tcp6"}),
    (("--proto", "6"), {"tcp", "tcp6"}),
    (("-p", "tcp,UDP"), {"tcp", "tcp6", "udp", "udp6", "vlan", "fragment"}),
    (("-p", "!tcp,udp"), {"icmp", "arp", "lldp", "sctp", "truncated"}),
    (("-p", "icmp,132"), {"icmp", "sctp"}),
    (("-p", "arp"), {"arp"}),
    (("-p", "!arp"), ALL - {"arp"}),
    (("-p", "ipv6"), {"tcp6", "udp6"}),
    (("-p", "ip"), ALL - {"tcp6", "udp6", "arp", "lldp"}),
    (("-p", "0x88cc,1"), {"lldp", "icmp"}),
    (("-s", "10.0.0.0/8"), {"udp", "icmp", "arp"}),
    (("-s", "!10.0.0.0/8"), ALL - {"udp", "icmp", "arp"}),
    (("--saddr", "10.1.2.3"), {"udp", "arp"}),
    (("-s", f"{A4},2001:db8:1::/48"), {"tcp", "vlan", "sctp", "udp6"}),
    (("-s", "::/0"), {"tcp6", "udp6"}),
    (("-d", B6), {"tcp6"}),
    (("-d", "fe80::/10,172.16.0.0/12"), {"udp6", "fragment"}),
    (("--daddr", "!0.0.0.0/0"), {"tcp6", "udp6", "lldp", "truncated"}),
    (("-S", "1000"), {"tcp", "tcp6"}),
    (("--sport", "50-67,2905"), {"udp", "udp6", "vlan", "sctp"}),
    (("-S", "!0-65535"), {"icmp", "arp", "lldp", "fragment", "truncated"}),
    (("-S", "0"), set()),
    (("-D", "80,443"), {"tcp", "tcp6"}),
    (("-D", "!80"), ALL - {"tcp"}),
    (("--dport", "5000-6000"), {"udp", "udp6"}),
    (("-V", "42"), {"vlan"}),
    (("-V", "1-41,43"), set()),
    (("--vlan", "!42"), ALL - {"vlan"}),
    (("-i", "eth0"), ALL),
    (("-i", "!eth0,lo"), set()),
    (("-p", "udp", "-D", "!68", "-s", "10.0.0.0/8,172.16.0.0/12"), {"udp", "fragment"}),
    (("-p", "arp", "-S", "!1"), {"arp"}),
    (("-p", "ip,arp", "-S", "0-65535"), {"tcp", "udp", "vlan", "sctp"}),
    (("-s", "10.0.0.0/8,!10.255.0.0/16"), {"udp", "arp"}),
    (("-d", "::/0,!fe80::/10"), {"tcp6"}),
    (("-D", "1-1000,!68"), {"tcp", "tcp6"}),
    (("-s", ",".join(f"10.{i // 250}.{i % 250}.3" for i in range(300))), {"udp", "arp"}),
    (("-s", ",".join(f"2001:db8:{i:x}::/48" for i in range(1, 100, 2))), {"udp6"}),
    (("-i", "e*"), ALL),
    (("-i", "*th?,!eth0"), set()),
    (("-i", "any"), ALL),
    (("--tcp-flags", "syn,!ack"), {"tcp", "tcp6"}),
    (("--tcp-flags", "ack", "--tcp-flags", "fin"), set()),
    (("--tcp-flags", "!syn"), ALL - {"tcp", "tcp6"}),
    (("--len", "0-19"), {"truncated"}),
    (("--len", "!20-65535"), {"truncated"}),
]


def test_flags():
    wrong = []
    with dropping_pair() as pair:
        for first in range(0, len(FILTERS), 12):
            some = FILTERS[first:first + 12]
            for (flags, expected), found in zip(some, shown(pair, *(flags for flags, _ in some))):
                if found != sorted(expected):
                    wrong.append(f"{' '.join(flags)}: shown {found}, not {sorted(expected)}")
    assert not wrong, "; ".join(wrong)


def test_interface_that_appears_later():
    with net.Pair() as pair, Trace("-v", "-i", "bt-later") as tracer:
        assert 'warning: no interface "bt-later" in this network namespace' in tracer.errors, tracer.errors
        pair.b.ip("link", "set", "eth0", "down")
        pair.b.ip("link", "set", "eth0", "name", "bt-later")
        pair.b.ip("link", "set", "bt-later", "up")
        pair.a.udp(b"x", B4, 9, sport=40100)
        rows = tracer.stop().rows
    assert [row["SPORT"] for row in rows if row["PROTOCOL"] == "udp"] == ["40100"], rows
    assert all(row["INTERFACE"] == "bt-later" for row in rows), rows


def test_valid_reason():
    if not kernel_gives_reasons():
        code, _, err = run("-r")
        assert code == 3 and "does not report drop reasons" in err and err.count("\n") == 1, err
        return

    def drops(pair):
        pair.a.udp(b"x", B4, 9, sport=40101)  # no socket
        # To a group of which nobody is a member: dropped without a reason, up to now.
        pair.a.frame(IPV6, net.ipv6(17, net.udp(40102, 9, source=A6, destination="ff02::77"), A6,
                                    "ff02::77"), bytes.fromhex("333300000077"))

    with net.Pair() as pair, Oracle() as oracle, Trace("-vv", "-r", "-p", "udp") as tracer:
        drops(pair)
        time.sleep(0.1 * Settings.slow)
        lines = oracle.lines()
        rows = [row for row in tracer.stop().rows if row["NETNS"] == str(pair.b.inode)]
    without = [line for line in lines if line[4] == "NOT_SPECIFIED" and line[2] == "ip6_mc_input"]
    if not without:
        raise net.Unsupported("this kernel gives a reason for every drop made here")
    assert [row["SPORT"] for row in rows] == ["40101"], rows
    assert rows[0]["REASON"] == "NO_SOCKET", rows


def test_rejected_drops_leave_no_record():
    """A filter is decided in the kernel: not even a flood of others fills a buffer."""
    with net.Pair() as pair, Trace("-p", "sctp") as tracer:
        tracer.process.send_signal(19)  # SIGSTOP: nobody reads
        with pair.a.inside():
            net.flood("127.0.0.1", 9, 50_000)
        tracer.process.send_signal(18)  # SIGCONT
        tracer.stop()
        assert tracer.totals == (0, 0, 0), tracer.totals
