# SPDX-License-Identifier: GPL-2.0-only
"""Whose packet it is: the socket, its user, and the program that has it open."""

import contextlib
import json
import os
import socket
import subprocess
import sys

import net
from net import A4, B4, IPV4, Pair
from oracle import kernel_passes_socket
from trace import Trace, run, wait_for

NOBODY = 65534

# A program of its own, which has a socket open and does not read it: what it is called, as which
# user it runs, and the socket, by its descriptor.
OWNER = """
import os, socket, sys
name, uid, fd = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open("/proc/self/comm", "w") as comm:
    comm.write(name)
s = socket.socket(fileno=fd)
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def owned(name, opened):
    """Give a socket to a program of this name; yields its process ID."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, name, str(NOBODY), str(opened.fileno())],
                               pass_fds=[opened.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        opened.close()
        yield process.pid
    finally:
        process.kill()
        process.wait()


def inode(opened):
    return os.fstat(opened.fileno()).st_ino


def full_socket(ns, port):
    """A UDP socket of user nobody that has room for no second datagram."""
    opened = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    os.fchown(opened.fileno(), NOBODY, NOBODY)
    opened.bind(("", port))
    return opened


def objects(tracer):
    return [json.loads(line) for line in tracer.text.splitlines()]


def needs_receiving_socket():
    if not kernel_passes_socket():
        raise net.Unsupported("the tracepoint passes the receiving socket from Linux 6.11 on")


def test_owner_of_a_full_socket():
    """Row, object and filters say whose socket it is, and never who happened to run."""
    needs_receiving_socket()
    with Pair() as pair:
        one, other = full_socket(pair.b, 5001), full_socket(pair.b, 5002)
        inodes = inode(one), inode(other)
        with owned("bt-one", one) as pid, owned("bt-other", other):
            ours = ("--netns", pair.b.name, "-p", "udp")
            filters = [((), {5001, 5002}),
                       (("--socket", str(inodes[0])), {5001}),
                       (("--socket", f"!{inodes[0]}"), {5002}),
                       (("--uid", "nobody"), {5001, 5002}),
                       (("--uid", str(NOBODY)), {5001, 5002}),
                       (("--uid", "!nobody"), set()),
                       (("--program", "bt-one"), {5001}),
                       (("--program", "bt-*,!bt-one"), {5002}),
                       (("--program", "!bt-*"), set())]
            with contextlib.ExitStack() as stack:
                tracers = [stack.enter_context(Trace("-o", "json", *ours, *words)) for words, _ in filters]
                table = stack.enter_context(Trace("-vv", *ours, "-D", "5001"))
                for _ in range(4):
                    pair.a.udp(b"x" * 400, B4, 5001)
                    pair.a.udp(b"x" * 400, B4, 5002)
                for tracer in (*tracers, table):
                    tracer.stop()
            for tracer, (words, expected) in zip(tracers, filters):
                found = {drop["dport"] for drop in objects(tracer)}
                assert found == expected, f"{words}: {found}"
            drop = [drop for drop in objects(tracers[0]) if drop["dport"] == 5001][0]
            assert drop["socket"] == inodes[0] and drop["uid"] == NOBODY, drop
            assert drop["program"] == "bt-one" and drop["program_pid"] == pid, drop
            row = table.rows[0]
            assert row["SOCKET"] == str(inodes[0]) and row["UID"] == str(NOBODY), row
            assert row["PROGRAM"] == f"bt-one[{pid}]", row


def test_owners_in_a_summary():
    """Sockets of programs of one name are one row by program, and a row each by socket."""
    needs_receiving_socket()
    with Pair() as pair:
        sockets = [full_socket(pair.b, port) for port in (5001, 5002, 5003)]
        inodes = {str(inode(opened)) for opened in sockets}
        with owned("bt-two", sockets[0]), owned("bt-two", sockets[1]), owned("bt-one", sockets[2]):
            ours = ("--netns", pair.b.name, "-p", "udp")
            keys = ["program", "socket", "uid", "reason", "socket,program"]
            with contextlib.ExitStack() as stack:
                tracers = [stack.enter_context(Trace(f"--summary={key}", *ours)) for key in keys]
                mine = stack.enter_context(Trace("--summary=reason", "--program", "*-two", *ours))
                for _ in range(4):
                    for port in 5001, 5002, 5003:
                        pair.a.udp(b"x" * 400, B4, port)
                for tracer in (*tracers, mine):
                    tracer.stop()
            rows = {key: tracer.rows for key, tracer in zip(keys, tracers)}
        total = sum(int(row["COUNT"]) for row in rows["reason"])
        names = {row["PROGRAM"]: int(row["COUNT"]) for row in rows["program"]}
        assert len(rows["program"]) == 2 and set(names) == {"bt-one", "bt-two"}, rows["program"]
        assert sum(names.values()) == total and names["bt-two"] == 2 * names["bt-one"], rows
        assert {row["SOCKET"] for row in rows["socket"]} == inodes, rows["socket"]
        assert [row["UID"] for row in rows["uid"]] == [str(NOBODY)], rows["uid"]
        assert {row["SOCKET"] for row in rows["socket,program"]} == inodes, rows
        assert [int(row["COUNT"]) for row in mine.rows] == [names["bt-two"]], mine.rows


def with_checksum(packet):
    """A segment that was captured before its checksum was put in."""
    header, segment = packet[:20], packet[20:]
    segment = segment[:16] + b"\0\0" + segment[18:]
    value = net.checksum(net.pseudo(6, len(segment), A4, B4) + segment)
    return header + segment[:16] + value.to_bytes(2, "big") + segment[18:]


def test_receiving_socket():
    """What TCP drops behind the queue of a socket has no device: the tracepoint passes the socket."""
    needs_receiving_socket()
    with Pair() as pair:
        server = pair.b.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.bind((B4, 7001))
        server.listen()
        client = pair.a.socket(socket.AF_INET, socket.SOCK_STREAM)
        seen = pair.b.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4))
        seen.settimeout(5)
        client.connect((B4, 7001))
        accepted, _ = server.accept()
        number = inode(accepted)
        with owned("bt-server", accepted), Trace("-o", "json", "--netns", pair.b.name, "-i", "eth0",
                                                 "-p", "tcp", "--program", "bt-server") as tracer:
            client.send(b"once and again")
            while b"once and again" not in (frame := seen.recv(2000)):
                pass
            pair.a.frame(IPV4, with_checksum(frame[14:]))
            wait_for(lambda: tracer.text, 5, "a row")
            tracer.stop()
        drop = objects(tracer)[0]
        assert drop["reason_name"] == "TCP_OLD_DATA", drop
        assert drop["netns"] == pair.b.inode and drop["interface"] == "eth0", drop
        assert drop["socket"] == number, drop
        client.close()
        server.close()
        seen.close()


def test_no_socket():
    """Nobody listens: what is not known is null."""
    with Pair() as pair, Trace("-o", "json", "--netns", pair.b.name, "-p", "udp") as tracer:
        pair.a.udp(b"x", B4, 9)
        wait_for(lambda: tracer.text, 5, "a row")
        tracer.stop()
    drop = objects(tracer)[0]
    assert [drop[key] for key in ("socket", "uid", "program", "program_pid")] == [None] * 4, drop


def test_interface_of_an_outgoing_packet():
    """In an output hook the skb has no device yet: its route has one."""
    with Pair() as pair:
        pair.a.nft("table inet t { chain c { type filter hook output priority 0; udp dport 53 drop; }; }")
        with Trace("-o", "json", "--netns", pair.a.name, "-i", "eth0", "-D", "53") as tracer, \
                Trace("-o", "json", "--netns", pair.a.name, "-i", "!eth0", "-D", "53") as none:
            sockets = [pair.a.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
            for opened, address in zip(sockets, (B4, net.B6)):
                with contextlib.suppress(PermissionError):
                    opened.sendto(b"query", (address, 53))
            wait_for(lambda: tracer.text.count("\n") == 2, 5, "two rows")
            tracer.stop()
            none.stop()
            inodes = {inode(opened) for opened in sockets}
            for opened in sockets:
                opened.close()
        assert not none.text, none.text
        for drop in objects(tracer):
            assert drop["interface"] == "eth0" and drop["ifindex"], drop
            assert drop["program_pid"] == os.getpid(), drop
        assert {drop["socket"] for drop in objects(tracer)} == inodes


def test_unknown_users():
    code, out, err = run("--uid", "no-such-user")
    assert code == 2 and not out and 'unknown user "no-such-user": No such file' in err, err
    code, _, err = run("--socket", "x")
    assert code == 2 and '"x" is not the inode of a socket' in err, err
    code, _, err = run("--program", "longer-than-15-bytes")
    assert code == 2 and "is not a program name" in err, err
