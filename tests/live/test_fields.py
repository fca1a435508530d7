# SPDX-License-Identifier: GPL-2.0-only
"""Filters on what is not in the packet, and the packet inside of a tunnel: matching and not."""

import contextlib
import json
import os
import socket
import struct
import time

import net
from net import A4, B4, IPV4
from oracle import kernel_gives_reasons
from trace import Settings, Trace, run, wait_for


def ports_shown(namespaces, make_drops, *filters, flags=("-vv", "-n")):
    """For each list of flags the source ports of the rows that it shows while drops are made there.

    Source ports from 41000 on are the tests' own.
    """
    inodes = {str(ns.inode) for ns in namespaces}
    with contextlib.ExitStack() as stack:
        tracers = [stack.enter_context(Trace(*flags, *words, wait=False)) for words in filters]
        for tracer in tracers:
            wait_for(lambda: tracer.tracing or tracer.process.poll() is not None, 60, "start")
            assert tracer.tracing, f"bytetrace did not start: {tracer.errors.strip()}"
        make_drops()
        tables = [tracer.stop().rows for tracer in tracers]
    return [sorted({int(row["SPORT"]) for row in rows
                    if row["NETNS"] in inodes and row["SPORT"].isdigit() and int(row["SPORT"]) >= 41000})
            for rows in tables]


def check(namespaces, make_drops, cases):
    found = ports_shown(namespaces, make_drops, *(flags for flags, _ in cases))
    wrong = [f"{' '.join(flags)}: {ports}, not {expected}"
             for (flags, expected), ports in zip(cases, found) if ports != expected]
    assert not wrong, "; ".join(wrong)


def test_reason_and_location():
    """41001 is dropped by a rule of nftables, 41002 by the lack of a socket."""
    with net.Pair() as pair:
        pair.b.nft("table ip t { chain c { type filter hook input priority 0; udp dport 1 drop; }; }")

        def drops():
            pair.a.udp(b"x", B4, 1, sport=41001)
            pair.a.udp(b"x", B4, 9, sport=41002)

        ours = ["-p", "udp"]
        # Where a verdict of nftables is carried out moved with Linux 6.4.
        rules = "nft_do_chain*,nf_hook_slow*"
        cases = [((*ours, "--location", rules), [41001]),
                 ((*ours, "--location", f"!{rules}"), [41002]),
                 ((*ours, "--location", f"{rules},__udp4_lib_rcv*"), [41001, 41002]),
                 ((*ours, "--location", f"*,!{rules.replace(',', ',!')}"), [41002]),
                 ((*ours, "--location", "tcp_*"), [])]
        if kernel_gives_reasons():
            cases += [((*ours, "--reason", "NO_SOCKET"), [41002]),
                      ((*ours, "--reason", "netfilter_drop"), [41001]),
                      ((*ours, "--reason", "N*,!NO_SOCKET"), [41001]),
                      ((*ours, "--reason", "!NETFILTER_DROP"), [41002]),
                      ((*ours, "--reason", "TCP_*"), []),
                      ((*ours, "--reason", "*"), [41001, 41002])]
        check((pair.a, pair.b), drops, cases)


def test_unknown_names():
    if kernel_gives_reasons():
        code, out, err = run("--reason", "NETFILTER_DROPS")
        assert code == 2 and out == "" and err.count("\n") == 1, err
        assert 'unknown drop reason "NETFILTER_DROPS"; did you mean NETFILTER_DROP' in err, err
        code, _, err = run("--reason", "TCP_*,!NO_SUCH*")
        assert code == 2 and 'unknown drop reason "NO_SUCH*"' in err, err
        code, _, err = run("-r", "--reason", "NOT_SPECIFIED")
        assert code == 2 and "contradicts" in err, err
    else:
        code, _, err = run("--reason", "NO_SOCKET")
        assert code == 3 and "does not report drop reasons" in err, err
    code, _, err = run("--location", "kfree_skbb")
    assert code == 2 and 'unknown kernel function "kfree_skbb"; did you mean ' in err, err
    code, _, err = run("--netns", "no-such-namespace")
    assert code == 2 and 'unknown network namespace "no-such-namespace": No such file' in err, err
    code, _, err = run("--netns", "/dev/null")
    assert code == 2 and 'unknown network namespace "/dev/null": Invalid argument' in err, err


def test_netns():
    with net.Pair() as pair:
        def drops():
            pair.a.udp(b"x", B4, 9, sport=41003)
            pair.b.udp(b"x", A4, 9, sport=41004)

        with pair.b.inside():
            sleeper = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
        try:
            ours = ["-p", "udp"]
            check((pair.a, pair.b), drops,
                  [((*ours, "--netns", pair.b.name), [41003]),
                   ((*ours, "--netns", pair.a.path), [41004]),
                   ((*ours, "--netns", str(sleeper)), [41003]),
                   ((*ours, "--netns", str(pair.a.inode)), [41004]),
                   ((*ours, "--netns", f"{pair.a.name},{sleeper}"), [41003, 41004]),
                   ((*ours, "--netns", f"!{pair.a.name}", "-s", A4), [41003]),
                   ((*ours, "--netns", pair.a.name, "-i", "eth0"), [41004]),
                   ((*ours, "--netns", pair.a.name, "-i", "lo"), [])])
        finally:
            os.kill(sleeper, 9)
            os.waitpid(sleeper, 0)


def send(ns, sport, comm="bt-sender", cpu=None, mark=None):
    """A datagram to a closed port of the loopback device, by a process of its own: it is dropped while
    that runs. Returns its process ID."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return pid
    try:
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write(comm)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            if mark is not None:
                s.setsockopt(socket.SOL_SOCKET, 36, mark)  # SO_MARK
            s.bind(("127.0.0.1", sport))
            s.sendto(b"x", ("127.0.0.1", 9))
    finally:
        os._exit(0)


def test_who_was_running():
    cpus = sorted(os.sched_getaffinity(0))
    with net.Netns() as ns:
        def drops():
            send(ns, 41005, "bt-one", cpus[0], 0x15)
            send(ns, 41006, "bt-two", cpus[-1], 0x26)

        ours = ["-p", "udp"]
        cases = [((*ours, "--comm", "bt-one"), [41005]),
                 ((*ours, "--comm", "bt-*"), [41005, 41006]),
                 ((*ours, "--comm", "bt-*,!bt-two"), [41005]),
                 ((*ours, "--comm", "?t-t*o"), [41006]),
                 ((*ours, "--comm", "!bt-one"), [41006]),
                 ((*ours, "--comm", "bt"), []),
                 ((*ours, "--mark", "0x15"), [41005]),
                 ((*ours, "--mark", "0x20/0xf0,1"), [41006]),
                 ((*ours, "--mark", "0/1"), [41006]),
                 ((*ours, "--mark", "!0x15"), [41006]),
                 ((*ours, "--mark", "7"), [])]
        if len(cpus) > 1:
            cases += [((*ours, "--cpu", str(cpus[0])), [41005]),
                      ((*ours, "--cpu", f"!{cpus[0]}"), [41006])]
        check((ns,), drops, cases)


def test_pid():
    with net.Netns() as ns:
        me = str(os.getpid())

        def drops():
            with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind(("127.0.0.1", 41007))
                s.sendto(b"x", ("127.0.0.1", 9))
            send(ns, 41008)

        check((ns,), drops, [(("-p", "udp", "--pid", me), [41007]),
                      (("-p", "udp", "--pid", f"!{me}"), [41008]),
                      (("-p", "udp", "--pid", f"1-4194304,!{me}"), [41008])])


def test_length():
    with net.Netns() as ns:
        def drops():
            for sport, size in (41009, 10), (41010, 500), (41011, 1000):
                with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.bind(("127.0.0.1", sport))
                    s.sendto(bytes(size), ("127.0.0.1", 9))

        # What is left of the packet where it is dropped may lack the headers in front of the data.
        check((ns,), drops, [(("-p", "udp", "--len", "500-530"), [41010]),
                      (("-p", "udp", "--len", "!500-530"), [41009, 41011]),
                      (("-p", "udp", "--len", "10-40,1000-65535"), [41009, 41011])])


def test_name_that_was_longer_before():
    """The kernel leaves the end of a device's old name behind the new one."""
    with net.Netns() as ns:
        ns.ip("link", "add", "bt-a-long-name", "type", "veth", "peer", "name", "bt-peer")
        ns.ip("link", "set", "bt-a-long-name", "name", "bt-new")
        ns.ip_batch(["addr add 192.0.2.1/24 dev bt-new", "link set bt-new up", "link set bt-peer up"])
        with Trace("-v", "-p", "udp", "-i", "bt-new") as tracer:
            with ns.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind(("bt-peer", 0))
                s.send(bytes(6) + net.MAC_A + struct.pack("!H", IPV4) + net.ipv4(
                    17, net.udp(41012, 9, source="192.0.2.9", destination="192.0.2.1"), "192.0.2.9", "192.0.2.1"))
            rows = tracer.stop().rows
    assert [(row["INTERFACE"], row["SPORT"]) for row in rows] == [("bt-new", "41012")], rows


def test_interface_of_a_queued_packet():
    """A packet in a socket's queue has lost its device, but tells by which one it came in."""
    with net.Pair() as pair, Trace("-v", "-p", "icmp") as tracer, Trace("-p", "icmp", "-i", "eth0") as filtered:
        with pair.b.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as receiver:
            pair.a.frame(IPV4, net.ipv4(1, net.icmp(13)))
            wait_for(lambda: receiver.recv(100, socket.MSG_PEEK), 5, "packet in the queue")
            time.sleep(Settings.pause)
            before = len(tracer.rows)
        rows = tracer.stop().rows[before:]
        filtered.stop()
    if not rows:
        raise net.Unsupported("this kernel does not count what a closed socket had queued as dropped")
    assert [(row["INTERFACE"], row["SOURCE"]) for row in rows] == [("eth0", A4)], rows
    assert len(filtered.rows) == before + 1, filtered.rows


INNER = net.udp(41101, 53, source="10.9.8.7", destination="10.9.8.6")
INNER4 = net.ipv4(17, INNER, "10.9.8.7", "10.9.8.6")
INNER6 = net.ipv6(6, net.tcp(41102, 443, "fd00::1", "fd00::2"), "fd00::1", "fd00::2")


def ethernet(ethertype, payload):
    return net.MAC_B + net.MAC_A + struct.pack("!H", ethertype) + payload


TUNNELLED = {
    "vxlan": net.ipv4(17, net.udp(41100, 4789, struct.pack("!II", 0x08000000, 77 << 8)
                                  + ethernet(IPV4, INNER4))),
    "vxlan to the kernel's own port": net.ipv4(17, net.udp(41100, 8472, struct.pack("!II", 0x08000000, 77 << 8)
                                                           + ethernet(net.VLAN, net.tag(9, net.IPV6, INNER6)))),
    "geneve": net.ipv4(17, net.udp(41100, 6081, struct.pack("!BBHI", 2, 0, 0x6558, 5 << 8) + bytes(8)
                                   + ethernet(IPV4, INNER4))),
    "gre": net.ipv4(47, struct.pack("!HHI", 0x2000, IPV4, 5) + INNER4),
    "gre with a frame": net.ipv4(47, struct.pack("!HHII", 0x3000, 0x6558, 5, 1) + ethernet(net.IPV6, INNER6)),
    "ipip": net.ipv4(4, INNER4),
    "6in4": net.ipv4(41, INNER6),
    "4in6": net.ipv6(4, INNER4),
    "no tunnel": net.ipv4(17, net.udp(41100, 4790, b"x")),
    "vxlan that is cut off": net.ipv4(17, net.udp(41100, 4789, struct.pack("!II", 0x08000000, 77 << 8))),
    "gre of another version": net.ipv4(47, struct.pack("!HHI", 0x2001, 0x880B, 5) + INNER4),
}


def test_inner():
    shown = {"v4": ("10.9.8.7", "41101", "17", "-"), "v6": ("fd00::1", "41102", "6", "-"),
             "tagged": ("fd00::1", "41102", "6", "9")}
    expected = [(*shown["v4"], "vxlan"), (*shown["tagged"], "vxlan"), (*shown["v4"], "geneve"),
                (*shown["v4"], "gre"), (*shown["v6"], "gre"), (*shown["v4"], "ip"), (*shown["v6"], "ip"),
                (*shown["v4"], "ip"), (A4, "41100", "17", "-", "-"), (A4, "41100", "17", "-", "-"),
                (A4, "0", "47", "-", "-")]
    with net.Pair() as pair:
        pair.b.nft("table netdev t { chain c { type filter hook ingress device eth0 priority 0; drop; }; }")
        with Trace("-vv", "-n", "--inner") as all_, Trace("-vv", "-n", "--inner", "-D", "443") as inner, \
                Trace("-vv", "-n", "-D", "443") as outer, Trace("-o", "json", "--inner", "-p", "udp") as data, \
                Trace("-vv", "-n", "--inner", "ip6 and tcp port 443 or udp[8]=100") as expression, \
                Trace("-vv", "-n", "--inner", "ether", "src", "02:00:00:00:00:0a", "and", "udp") as link:
            for packet in TUNNELLED.values():
                pair.a.frame(net.IPV6 if packet[0] >> 4 == 6 else IPV4, packet)
            for tracer in all_, inner, outer, data, expression, link:
                tracer.stop()
    rows = [(row["SOURCE"], row["SPORT"], row["PROTOCOL"], row["VLAN"], row["TUNNEL"])
            for row in all_.rows if row["NETNS"] == str(pair.b.inode) and row["PROTOCOL"] != "58"]
    wrong = [f"{name}: {row}, not {wanted}" for name, row, wanted in zip(TUNNELLED, rows, expected)
             if row != wanted]
    assert not wrong and len(rows) == len(expected), f"{len(rows)} rows; {'; '.join(wrong)}"
    assert [row["TUNNEL"] for row in inner.rows] == ["vxlan", "gre", "ip"], inner.rows
    assert outer.rows == [], outer.rows
    # The expression is about the packet inside: `ip6` as such only where no tag is in front of it.
    assert [row["TUNNEL"] for row in expression.rows if row["PROTOCOL"] == "6"] == ["gre", "ip"], expression.rows
    tunnels = [row["TUNNEL"] for row in expression.rows if row["PROTOCOL"] == "17"]
    assert tunnels == ["vxlan", "geneve", "gre", "ip", "ip"], expression.rows
    assert [row["TUNNEL"] for row in link.rows] == ["vxlan", "geneve", "-", "-"], link.rows
    objects = [json.loads(line) for line in data.text.splitlines()]
    tunnels = [o["tunnel"] for o in objects if o["netns"] == pair.b.inode]
    assert tunnels == ["vxlan", "geneve", "gre", "ip", "ip", None, None], tunnels


def test_print_filter():
    code, out, err = run("--print-filter", "-p", "tcp", "-D", "!80,443", "--comm", "x*")
    assert code == 0 and err == "" and out.count("\n") == 1, (out, err)
    text, _, cost = out.partition(": ")
    assert text == 'drops with protocol "tcp", destination port not "80,443", process name "x*"', out
    total, plain = [int(word) for word in cost.split() if word.isdigit()]
    with Trace("-p", "tcp", "-D", "!80,443", "--comm", "x*") as tracer:
        tracer.stop()
    assert f" {total} instructions" in tracer.errors and plain > 0, (out, tracer.errors)
    code, out, _ = run("--print-filter", "-p", "tcp", "port", "80")
    assert code == 0 and out.startswith('drops with protocol "tcp" matching "port 80": '), out
    for flags in (["-p", "udp", "port", "53"], ["-p", "udp", "ether[12:2] = 0x8100"], ["-p", "udp", "ip6 proto 0"],
                  ["-p", "!tcp", "tcp port 80"]):
        code, _, err = run("--print-filter", *flags)
        assert code == 0, err
    code, out, _ = run("--print-filter")
    assert code == 0 and out.startswith("every drop: ") and len({w for w in out.split() if w.isdigit()}) == 1, out


def test_contradictions():
    for flags in (["-p", "udp", "--tcp-flags", "syn"], ["-p", "arp", "-D", "80"], ["-s", "10.0.0.1", "-d", "::1"],
                  ["-D", "80,!80"], ["-i", "any", "-i", "lo"], ["-p", "udp", "tcp port 80"],
                  ["-p", "arp", "icmp", "or", "udp", "port", "53"]):
        code, out, err = run(*flags)
        assert code == 2 and out == "" and err.count("\n") == 1, (flags, err)
        assert "contradicts" in err or "matches nothing" in err, err


def test_location_of_a_flood_stays_exact():
    """Filters by location and reason reject before anything is read: nothing is lost for them."""
    with net.Netns() as ns, Trace("--location", "tcp_*,!tcp_v4_rcv*") as tracer:
        with ns.inside():
            net.flood("127.0.0.1", 9, 20_000)
        time.sleep(Settings.pause)
        tracer.stop()
    assert tracer.totals[1:] == (0, 0), tracer.totals


def rows_of_frames(pair, protocol, *frames):
    """What is shown of frames that a sends to b, by what follows their addresses, in order."""
    with Trace("-o", "json", "--netns", pair.b.name, "-p", protocol) as tracer:
        for frame in frames:
            with pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind(("eth0", 0))
                s.send(net.MAC_B + net.MAC_A + frame)
        wait_for(lambda: tracer.text.count("\n") >= len(frames), 5, "a row for each frame")
        tracer.stop()
    return [json.loads(line) for line in tracer.text.splitlines()]


def test_rarp():
    """It has the addresses of ARP, in the same places, if they are of IPv4."""
    other = net.arp()[:2] + struct.pack("!H", 0x1234) + net.arp()[4:]
    with net.Pair() as pair:
        drop, unknown = rows_of_frames(pair, "0x8035", struct.pack("!H", 0x8035) + net.arp(),
                                       struct.pack("!H", 0x8035) + other)
    assert unknown["saddr"] is None and unknown["daddr"] is None, unknown
    assert drop["ethertype_name"] == "rarp" and drop["protocol"] is None, drop
    assert (drop["saddr"], drop["daddr"], drop["sport"]) == (A4, B4, None), drop


def test_vlan_tag_that_is_cut():
    """The packet ends within its tag, or three are left of four: that much of its protocol is known."""
    with net.Pair() as pair:
        cut, third = rows_of_frames(
            pair, "0x8100", struct.pack("!HH", net.VLAN, 7),
            struct.pack("!9H", net.QINQ, 1, net.VLAN, 2, net.VLAN, 3, net.VLAN, 4, IPV4) + net.ipv4(17, net.udp(1, 2)))
    assert cut["ethertype_name"] == "802.1q" and cut["protocol"] is None, cut
    assert third["ethertype_name"] == "802.1q" and third["vlan"] == 2 and third["saddr"] is None, third


def test_frame_out_of_a_tunnel():
    """VXLAN has taken out a frame and drops it, as its source is the device's own address."""
    with net.Pair() as pair:
        pair.b.ip("link", "add", "vx", "address", "02:00:00:00:00:ee", "type", "vxlan", "id", "7",
                  "local", B4, "remote", A4, "dstport", "4789")
        pair.b.ip("link", "set", "vx", "addrgenmode", "none", "up")
        own = bytes.fromhex("0200000000ee")
        inner = [struct.pack("!H", IPV4) + net.ipv4(6, net.tcp(1234, 22, "10.0.0.1", "10.0.0.2"), "10.0.0.1", "10.0.0.2"),
                 struct.pack("!H", net.ARP) + net.arp("10.0.0.3", "10.0.0.4"),
                 struct.pack("!HHH", net.VLAN, 9, IPV4) + net.ipv4(17, net.udp(5, 6), "10.0.0.5", "10.0.0.6")]
        with Trace("-o", "json", "--netns", pair.b.name, "--reason", "*LOCAL_MAC") as tracer, \
                Trace("-o", "json", "--netns", pair.b.name, "--reason", "*LOCAL_MAC", "tcp port 22") as matching:
            for frame in inner:
                pair.a.udp(struct.pack("!II", 0x08000000, 7 << 8) + net.MAC_B + own + frame, B4, 4789)
            wait_for(lambda: tracer.text.count("\n") >= 3, 5, "three rows")
            tracer.stop()
            matching.stop()
    tcp, arp, udp = (json.loads(line) for line in tracer.text.splitlines())
    assert (tcp["saddr"], tcp["protocol_name"], tcp["dport"]) == ("10.0.0.1", "tcp", 22), tcp
    assert (arp["ethertype_name"], arp["saddr"], arp["daddr"]) == ("arp", "10.0.0.3", "10.0.0.4"), arp
    assert (udp["vlan"], udp["saddr"], udp["dport"]) == (9, "10.0.0.5", 6), udp
    assert matching.text.count("\n") == 1, matching.text
