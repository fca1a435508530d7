# SPDX-License-Identifier: GPL-2.0-only
"""Probes that need kprobes: each on real drops that it explains, and on one that it does not."""

import functools
import os
import re
import socket
import subprocess
import time

import net
from net import Unsupported
from trace import Trace, run


# Functions of modules must be there when tracing starts.
MODULES = ("nf_tables", "nf_conntrack", "iptable_raw", "ip6table_filter")


@functools.cache
def listed():
    """What the list of probes says of each; every entry of it attaches and detaches a program."""
    for module in MODULES:
        subprocess.run(["modprobe", module], capture_output=True, check=False)
    status, lines, _ = run("--list-probes")
    assert status == 0, lines
    return {line.split()[0]: line for line in lines.splitlines()}


def needs_kprobes(probe):
    line = listed()[probe]
    if not os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        assert "no: this kernel does not support kprobes" in line, line
        raise Unsupported("this kernel does not support kprobes")
    assert line.endswith(" yes"), line


def traced(probe, make_drops):
    """What the probe shows of the drops, by port; the tests' own are 1600 to 1699."""
    with Trace("--probe", probe) as tracer:
        make_drops()
        rows = tracer.stop().rows
    assert "lost" in tracer.errors and tracer.totals[1] == 0, tracer.errors
    return {int(row["DPORT"]): row for row in rows if re.fullmatch("16..", row["DPORT"])}


def columns(row, *names):
    return {name: row[name.upper()] for name in names}


def is_reason(row, reason):
    """The reason, on kernels that give one and this one."""
    assert row["REASON"] in (reason, "-", "NOT_SPECIFIED"), row


def test_probe_neigh():
    """Who did not answer, by IPv4 and IPv6, and whose queue was full; not a closed port."""
    needs_kprobes("neigh")
    with net.Pair() as pair:
        for family in "ipv4", "ipv6":
            pair.a.sysctl(f"net.{family}.neigh.eth0.retrans_time_ms", 200)
            pair.a.sysctl(f"net.{family}.neigh.eth0.mcast_solicit", 2)

        def drops():
            pair.a.udp(b"x", "192.0.2.77", 1601)
            pair.a.udp(b"x", "2001:db8::77", 1602)
            pair.a.udp(b"x", net.B4, 1603)
            time.sleep(1.5)
            # The first one is pushed out by the others.
            pair.a.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 60000)
            pair.a.sysctl("net.ipv4.neigh.eth0.unres_qlen_bytes", 10000)
            with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for port in 1604, *[1605] * 6:
                    sender.sendto(bytes(1400), ("192.0.2.78", port))

        rows = traced("neigh", drops)
    assert sorted(rows) == [1601, 1602, 1604, 1605], rows
    for port, address in (1601, "::ffff:192.0.2.77"), (1602, "2001:db8::77"):
        assert columns(rows[port], "neighbour", "neigh_dev", "nud_state", "neigh_probes") == \
            {"neighbour": address, "neigh_dev": "eth0", "nud_state": "FAILED", "neigh_probes": "5"}, rows[port]
        is_reason(rows[port], "NEIGH_FAILED")
    assert columns(rows[1604], "neighbour", "neigh_dev", "nud_state", "neigh_probes") == \
        {"neighbour": "::ffff:192.0.2.78", "neigh_dev": "eth0", "nud_state": "INCOMPLETE",
         "neigh_probes": "4"}, rows[1604]
    assert int(rows[1604]["NEIGH_QUEUE"]) >= 1, rows[1604]
    is_reason(rows[1604], "NEIGH_QUEUEFULL")


NETFILTER = """
table inet bt_rules {
	chain nested {
		udp dport 9 accept
		counter drop
	}
	chain guard {
		type filter hook input priority 0; policy accept;
		udp dport 1610 counter meta mark set 0 drop
		udp dport 1611 jump nested
		udp dport 1613 accept
	}
}
table ip bt_policy {
	chain closed {
		type filter hook input priority 10; policy drop;
		udp dport != 1612 accept
	}
}
"""


def handle(ns, table, chain, words):
    """Of the rule with these words, as nft lists it."""
    listed = ns.run("nft", "-a", "list", "chain", *table.split(), chain)
    return re.search(rf"{words}.* # handle (\d+)", listed)[1]


def test_probe_netfilter():
    """Rules and policies of nftables and iptables that drop; not a closed port behind them."""
    needs_kprobes("netfilter")
    with net.Netns() as ns:
        ns.nft(NETFILTER)
        for port in 1613, 1699:  # a rule in front, and chains around
            ns.run("iptables-legacy", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "--dport", str(port))
        ns.run("iptables-legacy", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "--dport", "1614", "-j", "DROP")
        for words in ("-N OTHER", "-N GUARD", "-A OTHER -p udp --dport 1616 -j DROP", "-A GUARD -j OTHER",
                      "-A GUARD -p udp --dport 1616 -j DROP", "-A GUARD -p udp --dport 1617 -j DROP",
                      "-A GUARD -p udp --dport 1618 -j REJECT", "-I OTHER -p udp --dport 1617 -j RETURN",
                      "-A OUTPUT -p udp --dport 1617 -g GUARD", "-A OUTPUT -p udp --dport 1618 -j GUARD"):
            ns.run("iptables-legacy", *words.split())
        ns.run("iptables-legacy", "-t", "mangle", "-A", "INPUT", "-p", "udp", "!", "--dport", "1698", "-j", "ACCEPT")
        ns.run("iptables-legacy", "-t", "mangle", "-P", "INPUT", "DROP")
        ns.run("ip6tables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", "1699")
        ns.run("ip6tables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", "1615", "-j", "DROP")
        ns.run("ip6tables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", "1619", "-j", "REJECT")
        rule = handle(ns, "inet bt_rules", "guard", "dport 1610")
        nested = handle(ns, "inet bt_rules", "nested", "drop")

        def drops():
            with ns.inside():
                for address, ports in (("127.0.0.1", (1610, 1611, 1612, 1613, 1614, 1617, 1618, 1698)),
                                       ("::1", (1615, 1619))):
                    for port in ports:
                        try:
                            ns.udp(b"x", address, port)
                        except OSError:
                            pass  # a drop on the way out is an error for the sender

        rows = traced("netfilter", drops)
    assert sorted(rows) == [1610, 1611, 1612, 1614, 1615, 1617, 1618, 1619, 1698], rows
    for port, words in ((1610, f"nftables inet bt_rules guard input {rule}"),
                        (1611, f"nftables inet bt_rules nested input {nested}"),
                        (1612, "nftables ip bt_policy closed input 0"),
                        (1614, "iptables ip raw PREROUTING prerouting 3"),
                        (1615, "iptables ip6 filter OUTPUT output 2"),
                        (1617, "iptables ip filter GUARD output 3"),
                        (1618, "iptables ip filter GUARD output 4"),
                        (1619, "iptables ip6 filter OUTPUT output 3"),
                        (1698, "iptables ip mangle INPUT input 0")):
        shown = columns(rows[port], "nf_by", "nf_family", "nf_table", "nf_chain", "nf_hook", "nf_rule")
        assert " ".join(shown.values()) == words, rows[port]
        is_reason(rows[port], "NETFILTER_DROP")


CONNTRACK = """
table ip bt_conntrack {
	chain zones {
		type filter hook prerouting priority -300;
		tcp dport 1621 ct zone set 7
	}
	chain guard {
		type filter hook input priority 0;
		ct state invalid drop
		udp dport 1622 drop
	}
}
"""


def test_probe_conntrack():
    """Segments that belong to no connection; not what another rule drops."""
    needs_kprobes("conntrack")
    with net.Pair() as pair:
        pair.b.nft(CONNTRACK)

        def drops():
            # No connection starts with SYN and FIN.
            for port in 1620, 1621:
                pair.a.frame(net.IPV4, net.ipv4(6, net.tcp(40620, port, flags=3)))
            pair.a.udp(b"x", net.B4, 1622)

        rows = traced("conntrack", drops)
    assert sorted(rows) == [1620, 1621], rows
    for port, zone in (1620, "0"), (1621, "7"):
        assert columns(rows[port], "ct_state", "ct_zone", "ct_why") == \
            {"ct_state": "INVALID", "ct_zone": zone, "ct_why": "invalid tcp flag combination"}, rows[port]
        is_reason(rows[port], "NETFILTER_DROP")
