# SPDX-License-Identifier: GPL-2.0-only
"""Filter expressions on real drops: wherever the packet's bytes are, and whatever it lacks."""

import contextlib
import os
import platform
import socket

import net
from net import A4, B4, IPV4, VLAN
from test_filters import INGRESS_DROP
from oracle import kernel_gives_reasons
from trace import Trace, run, wait_for

OUTPUT_DROP = "table ip t { chain c { type filter hook output priority 0; udp dport 1000-1999 drop; }; }"


def ports(ns, cause, *expressions):
    """For each expression the destination ports of the drops in a namespace that it shows."""
    with contextlib.ExitStack() as stack:
        tracers = [stack.enter_context(Trace("-vv", "-n", *words, wait=False)) for words in expressions]
        for tracer in tracers:
            wait_for(lambda: tracer.tracing or tracer.process.poll() is not None, 20, "start")
            assert tracer.tracing, f"bytetrace did not start: {tracer.errors.strip()}"
        cause()
        tables = [tracer.stop().rows for tracer in tracers]
    return [sorted(row["DPORT"] for row in rows if row["NETNS"] == str(ns.inode)) for rows in tables]


def check(ns, cause, wanted):
    """wanted: expression -> ports."""
    got = ports(ns, cause, *[[text] for text in wanted])
    for (text, expected), shown in zip(wanted.items(), got):
        assert shown == sorted(expected), f"{text}: shown {shown}, not {expected}"


def test_frames_that_arrive():
    with net.Pair() as pair:
        pair.b.nft(INGRESS_DROP)
        datagram = net.ipv4(17, net.udp(53, 1001, b"payload"))

        def cause():
            pair.a.frame(IPV4, datagram)
            pair.a.frame(IPV4, net.ipv4(6, net.tcp(1000, 1002)))
            # The first tag goes to the metadata, on the way in.
            pair.a.frame(VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(53, 1003))))
            pair.a.frame(VLAN, net.tag(7, VLAN, net.tag(42, IPV4, net.ipv4(17, net.udp(53, 1004)))))

        length = 14 + len(datagram)
        check(pair.b, cause, {
            "udp dst port 1001": ["1001"],
            "udp[8:4] = 0x7061796c": ["1001"],
            "tcp[tcpflags] & tcp-syn != 0 and not net 10.0.0.0/8": ["1002"],
            "ether src 02:00:00:00:00:0a and ether dst 02:00:00:00:00:0b and ip": ["1001", "1002"],
            f"len = {length} and ip": ["1001"],
            "vlan 42 and udp": ["1003"],
            "vlan 7 and vlan 42 and ether[0] = 2": ["1004"],
            "vlan and udp dst portrange 1000-1010": ["1003"],
        })


def test_flags_and_words():
    with net.Pair() as pair:
        pair.b.nft(INGRESS_DROP)

        def cause():
            for port in (1001, 1002):
                pair.a.frame(IPV4, net.ipv4(17, net.udp(53, port)))
                pair.a.frame(IPV4, net.ipv4(6, net.tcp(53, port)))

        reason = ["-r"] if kernel_gives_reasons() else ["-n"]
        got = ports(pair.b, cause, ["-p", "udp", "dst", "port", "1001"], ["udp", "and", "port 1002", *reason],
                    ["-k", "tcp port 1001"])
        assert got == [["1001"], ["1002"], ["1001"]], got


def check_before_the_link(cases):
    with net.Netns() as ns:
        ns.nft(OUTPUT_DROP)

        def cause():
            with contextlib.suppress(PermissionError):
                ns.udp(b"hello", "127.0.0.1", 1001)

        check(ns, cause, cases)


def test_before_the_link_header():
    """On its way out: where headers are is known from the kernel's own fields, which differ."""
    check_before_the_link({
        "udp dst port 1001 and udp[8] = 0x68": ["1001"],
        "ether[0] = 0": [],
        "ether proto 0x800": ["1001"],
    })


def test_what_it_is_without_one():
    check_before_the_link({
        "ip and len = 47": ["1001"],
        "not ether host 02:00:00:00:00:0a": [],
        "ip6": [],
    })


def test_without_link_header():
    with net.Netns() as ns, net.tun(ns) as fd:
        ns.ip("addr", "add", f"{B4}/24", "dev", "tun0")

        def cause():
            packet = net.ipv4(17, net.udp(53, 1001, b"x" * 20))
            os.write(fd, packet)

        check(ns, cause, {
            f"src host {A4} and udp port 1001": ["1001"],
            "udp[27] = 0x78 and len = 62": ["1001"],
            "ether[6] = 0": [],
        })


def test_payload_in_page_fragments():
    if platform.machine() != "x86_64":
        raise net.Unsupported("page fragments are only read on x86-64")
    with net.Netns() as ns:
        ns.nft(OUTPUT_DROP)
        data = bytearray(os.urandom(6000))
        data[100:104], data[3000:3004], data[5990:5994] = b"aaaa", b"bbbb", b"cccc"

        def cause():
            # Pages of a file become page fragments; what is in front of them is linear.
            with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: fragments are allowed
                s.connect(("127.0.0.1", 1001))
                file = os.memfd_create("payload")
                os.write(file, data)
                os.lseek(file, 0, os.SEEK_SET)
                with contextlib.suppress(PermissionError):
                    s.send(b"head", socket.MSG_MORE)
                    os.sendfile(s.fileno(), file, 0, len(data))
                    s.setsockopt(socket.IPPROTO_UDP, 1, 0)  # UDP_CORK, off: send it
                os.close(file)

        offset = 8 + len(b"head")
        check(ns, cause, {
            "udp dst port 1001": ["1001"],
            f"udp[{offset + 100}:4] = 0x61616161": ["1001"],
            f"udp[{offset + 3000}:4] = 0x62626262": ["1001"],
            f"udp[udp[4:2] - {6000 - 5990}:4] = 0x63636363": ["1001"],
            f"udp[{offset + 100}:4] = 0x61616161 and udp[{offset + 3000}:4] = 0x62626262 and "
            f"udp[{offset + 5990}:4] = 0x63636363 and udp[8:4] = 0x68656164": ["1001"],
            f"udp[{offset + 100}:4] = 0x62626262": [],
            f"udp[{offset + 6000}] >= 0": [],
        })


def test_refused():
    for text, said in (("tcp prot 80", '  tcp prot 80\n      ^\n'), ("inbound", "not supported"),
                       ("host nosuch.invalid", "unknown host"), ("ip6 protochain 6", "protochain")):
        status, out, errors = run("--print-source", *text.split())
        assert status == 2 and out == "" and said in errors and errors.startswith("bytetrace: "), errors


def test_print_source_is_the_program():
    status, out, errors = run("--print-source", "tcp port 443")
    assert status == 0 and "expression_matches" in out and "/* (000) ldh [12] */" in out, errors
