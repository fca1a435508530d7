# SPDX-License-Identifier: GPL-2.0-only
"""Causes of drops in TCP."""

import socket
import struct

import net
from net import A4, A6, B4, B6
from recorded import ACK, FIN, PSH, RST, SYN, Connection, cause, drop_all, ignored, segment, timestamps


@cause("TCP_OLD_DATA")
def tcp_old_data(scene):
    client = Connection(scene, 2001)
    client.open()
    for _ in range(2):
        client.send(ACK | PSH, b"again")


@cause("TCP_OLD_SEQUENCE")
def tcp_old_sequence(scene):
    client = Connection(scene, 2002)
    server = client.open()
    client.send(ACK | PSH, b"first")
    server.recv(100)
    client.send(ACK | PSH, b"old", ahead=-50)


@cause("TCP_OFOMERGE")
def tcp_ofomerge(scene):
    client = Connection(scene, 2003)
    client.open()
    client.send(ACK, bytes(300), ahead=500)
    client.send(ACK, bytes(100), ahead=600)


@cause("TCP_OVERWINDOW")
def tcp_overwindow(scene):
    client = Connection(scene, 2004, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    client.open()
    client.send(ACK, b"behind it", ahead=client.server_window)


@cause("TCP_INVALID_SEQUENCE")
def tcp_invalid_sequence(scene):
    client = Connection(scene, 2005)
    client.open()
    client.send(ACK, b"far away", ahead=1 << 24)


@cause("TCP_ACK_UNSENT_DATA")
def tcp_ack_unsent_data(scene):
    client = Connection(scene, 2006)
    client.open()
    client.send(ACK, acknowledge=5000)


@cause("TCP_TOO_OLD_ACK")
def tcp_too_old_ack(scene):
    client = Connection(scene, 2007)
    client.open()
    client.send(ACK, b"x", acknowledge=-(1 << 20))


@cause("TCP_RFC7323_PAWS")
def tcp_paws(scene):
    client = Connection(scene, 2008, timestamp=10000)
    client.open()
    client.send(ACK, b"stale", options=timestamps(5000))


@cause("TCP_RFC7323_PAWS_ACK", "TCP_RFC7323_PAWS")
def tcp_paws_ack(scene):
    client = Connection(scene, 2009, timestamp=10000)
    client.open()
    client.send(ACK, options=timestamps(5000))


@cause("TCP_RFC7323_TSECR")
def tcp_tsecr(scene):
    client = Connection(scene, 2010, timestamp=10000)
    client.answer()
    client.send(ACK, options=timestamps(10001, 12345))


@cause("TCP_FLAGS")
def tcp_stray_ack(scene):
    scene.listen(2011)
    scene.send4(6, segment(40011, 2011, ACK, acknowledged=77))


@cause("TCP_FLAGS")
def tcp_no_flags(scene):
    scene.listen(2012)
    scene.send4(6, segment(40012, 2012, 0))


@cause("TCP_FLAGS")
def tcp_syn_fin(scene):
    scene.listen(2013)
    scene.send4(6, segment(40013, 2013, SYN | FIN))


@cause("TCP_FLAGS")
def tcp_no_ack(scene):
    client = Connection(scene, 2014)
    client.open()
    client.send(PSH, b"no ACK")


@cause("TCP_RESET")
def tcp_reset(scene):
    client = Connection(scene, 2015)
    client.open()
    client.send(RST, ahead=5)  # in the window, but not exactly the next


@cause("TCP_RESET")
def tcp_reset_at_listener(scene):
    scene.listen(2016)
    scene.send4(6, segment(40016, 2016, RST))


@cause("TCP_INVALID_SYN")
def tcp_invalid_syn(scene):
    client = Connection(scene, 2017)
    client.open()
    client.send(SYN)


@cause("TCP_ABORT_ON_DATA")
def tcp_abort_on_data(scene):
    client = Connection(scene, 2018)
    server = client.open()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    client.send(ACK, b"too late")


@cause("TCP_MINTTL")
def tcp_minttl(scene):
    client = Connection(scene, 2019)
    server = client.open()
    server.setsockopt(socket.IPPROTO_IP, 21, 255)  # IP_MINTTL
    client.send(ACK, b"from afar")


@cause("TCP_MINTTL")
def tcp6_minttl(scene):
    scene.listen(2020, address=B6, options=[(socket.IPPROTO_IPV6, 73, 255)])  # IPV6_MINHOPCOUNT
    scene.send6(6, segment(40020, 2020, SYN, source=A6, destination=B6))


MD5_OPTION = bytes([19, 18]) + bytes(16)


def md5_key(address=A4):
    """struct tcp_md5sig, of a key of one letter."""
    peer = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(address))
    return peer.ljust(128, b"\0") + struct.pack("=BBHi", 0, 0, 1, 0) + b"k".ljust(80, b"\0")


def listen_md5(scene, port):
    try:
        return scene.listen(port, options=[(socket.IPPROTO_TCP, 14, md5_key())])
    except OSError as error:
        raise net.Unsupported(f"TCP_MD5SIG: {error}") from error


@cause("TCP_MD5NOTFOUND")
def tcp_md5_missing(scene):
    listen_md5(scene, 2021)
    scene.send4(6, segment(40021, 2021, SYN))


@cause("TCP_MD5FAILURE")
def tcp_md5_wrong(scene):
    listen_md5(scene, 2022)
    scene.send4(6, segment(40022, 2022, SYN, options=MD5_OPTION))


@cause("TCP_MD5UNEXPECTED")
def tcp_md5_unexpected(scene):
    listen_md5(scene, 2023)
    scene.b.ip("addr", "add", "192.0.2.9/24", "dev", "eth0")
    scene.send4(6, segment(40023, 2023, SYN, options=MD5_OPTION, source="192.0.2.60"), source="192.0.2.60")


@cause("TCP_AUTH_HDR")
def tcp_two_signatures(scene):
    scene.listen(2024)
    scene.send4(6, segment(40024, 2024, SYN, options=MD5_OPTION + bytes([29, 16]) + bytes(14)))


@cause("TCP_AONOTFOUND", "TCP_AOKEYNOTFOUND", "TCP_AOUNEXPECTED", "NOT_SPECIFIED")
def tcp_ao(scene):
    scene.listen(2025)
    scene.send4(6, segment(40025, 2025, SYN, options=bytes([29, 16]) + bytes(14)))


@cause("TCP_ZEROWINDOW", "TCP_INVALID_END_SEQUENCE")
def tcp_window_full(scene):
    client = Connection(scene, 2026, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)])
    client.open()
    client.send(ACK | PSH, bytes(client.server_window))
    client.send(ACK, b"probe", ahead=client.server_window)


@cause("PROTO_MEM", "TCP_OFO_DROP", "TCP_OFO_QUEUE_PRUNE")
def tcp_out_of_order_full(scene):
    client = Connection(scene, 2027, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)])
    client.open()
    for gap in range(400):
        client.send(ACK, b"x", ahead=2 + 2 * gap)


@cause("XFRM_POLICY")
def tcp_ipsec_policy(scene):
    scene.listen(2028)
    scene.b.ip("xfrm", "policy", "add", "src", f"{A4}/32", "dst", f"{B4}/32", "dir", "in", "action", "block")
    scene.send4(6, segment(40028, 2028, SYN))


@cause("XFRM_POLICY")
def tcp6_ipsec_policy(scene):
    scene.listen(2029, address=B6)
    scene.b.ip("xfrm", "policy", "add", "src", f"{A6}/128", "dst", f"{B6}/128", "dir", "in", "action", "block")
    scene.send6(6, segment(40029, 2029, SYN, source=A6, destination=B6))


@cause("SOCKET_FILTER")
def tcp_socket_filter(scene):
    drop_all(scene.listen(2030))
    scene.send4(6, segment(40030, 2030, SYN))


@cause("PKT_TOO_SMALL", "NOT_SPECIFIED")
def tcp_truncated(scene):
    scene.send4(6, segment(40031, 2031, SYN)[:12])


@cause("PKT_TOO_SMALL")
def tcp_header_too_short(scene):
    scene.send4(6, segment(40032, 2032, SYN, offset=2))


@cause("TCP_CSUM")
def tcp6_checksum(scene):
    scene.listen(2033, address=B6)
    scene.send6(6, net.tcp(40033, 2033, A6, B6, bad_checksum=True))


@cause("TCP_FLAGS")
def tcp6_stray_ack(scene):
    scene.listen(2034, address=B6)
    scene.send6(6, segment(40034, 2034, ACK, acknowledged=5, source=A6, destination=B6))


@cause("TCP_INVALID_END_SEQUENCE")
def tcp_invalid_end_sequence(scene):
    client = Connection(scene, 2035, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    client.open()
    client.send(ACK | PSH, b"in the queue")
    client.sequence += 12
    client.send(ACK, bytes(1400), ahead=1000)
    client.send(ACK, bytes(1400), ahead=2000)


@cause("TCP_RFC7323_TW_PAWS")
def tcp_time_wait_paws(scene):
    client = Connection(scene, 2036, timestamp=10000)
    server = client.open()
    server.close()
    client.send(FIN | ACK, options=client.stamp(), acknowledge=1)
    client.sequence += 1
    scene.answer_time()
    client.send(ACK, b"stale", options=timestamps(5000), acknowledge=1)


@cause("NO_SOCKET")
def tcp_reset_to_nobody(scene):
    scene.send4(6, segment(40037, 2037, RST))


@cause("TCP_INVALID_ACK_SEQUENCE")
def tcp_wrong_answer_to_syn(scene):
    scene.b.ip("neigh", "replace", Connection.address, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
    client = scene.keep(scene.b.socket(socket.AF_INET, socket.SOCK_STREAM))
    client.bind((B4, 2039))
    client.setblocking(False)
    with ignored(BlockingIOError):
        client.connect((Connection.address, 40039))
    scene.send4(6, segment(40039, 2039, SYN | ACK, acknowledged=1, source=Connection.address),
                source=Connection.address)


@cause("TCP_RESET", "TCP_INVALID_ACK_SEQUENCE")
def tcp_wrong_reset_of_syn(scene):
    scene.b.ip("neigh", "replace", Connection.address, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
    client = scene.keep(scene.b.socket(socket.AF_INET, socket.SOCK_STREAM))
    client.bind((B4, 2040))
    client.setblocking(False)
    with ignored(BlockingIOError):
        client.connect((Connection.address, 40040))
    scene.send4(6, segment(40040, 2040, RST, source=Connection.address), source=Connection.address)
