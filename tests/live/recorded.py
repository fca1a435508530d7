# SPDX-License-Identifier: GPL-2.0-only
"""What the causes of test_recorded.py are written with."""

import contextlib
import os
import shutil
import socket
import struct
import tempfile
import time

import net
from net import A4, B4, IPV4, IPV6
from trace import Settings

causes = []


def cause(*reasons):
    """Register a cause. The reasons only say that the drop it is about was made: one of them must be among
    those that the recorder saw. All that bytetrace must show of it, and of every other drop that the cause
    makes, is what the recorder saw."""
    def register(function):
        causes.append((function.__name__, reasons, function))
        return function
    return register


class Scene(net.Pair):
    """The namespaces a and b, joined by a veth pair, more if needed, and what must stay until the end."""

    def __enter__(self):
        super().__enter__()
        self.namespaces = [self.a, self.b]
        self.until = 0
        return self

    def keep(self, context):
        return self.stack.enter_context(context)

    def namespace(self):
        self.namespaces.append(self.keep(net.Netns()))
        return self.namespaces[-1]

    def wait_later(self, seconds):
        """The drop comes that much later, by a timer of the kernel: other causes run meanwhile."""
        self.until = time.monotonic() + seconds * Settings.slow

    def listen(self, port, kind=socket.SOCK_STREAM, address=B4, options=()):
        """A socket in b, which is kept."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = self.keep(self.b.socket(family, kind))
        for level, name, value in options:
            server.setsockopt(level, name, value)
        server.bind((address, port))
        if kind == socket.SOCK_STREAM:
            server.listen()
        return server

    def send4(self, protocol, payload, **header):
        """An IPv4 packet from a to b."""
        self.a.frame(IPV4, net.ipv4(protocol, payload, **header))

    def send6(self, following, payload, **header):
        self.a.frame(IPV6, net.ipv6(following, payload, **header))

    def answer_time(self):
        """What was sent arrives at once, but a program may sleep before its socket is read."""
        time.sleep(Settings.pause / 10)


FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def segment(sport, dport, flags, sequence=1000, acknowledged=0, data=b"", options=b"", source=A4, destination=B4,
            window=1024, offset=None):
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    header = struct.pack("!HHIIBBHHH", sport, dport, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, words << 4,
                         flags, window, 0, 0) + options
    value = net.checksum(net.pseudo(6, len(header) + len(data), source, destination) + header + data)
    return header[:16] + struct.pack("!H", value) + header[18:] + data


def timestamps(value, echo=0):
    return struct.pack("!BBBBII", 1, 1, 8, 10, value, echo)


class Connection:
    """A TCP connection to a socket in b, by a client that this test plays: its address is no host's, so that
    no kernel answers for it."""

    address, source_port = "192.0.2.50", 4050

    def __init__(self, scene, port, timestamp=None, options=(), window=1024):
        self.scene, self.port, self.window, self.timestamp = scene, port, window, timestamp
        scene.b.ip("neigh", "replace", self.address, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
        self.listener = scene.listen(port, options=options)
        self.wire = scene.keep(scene.a.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)))
        self.wire.bind(("eth0", IPV4))
        self.wire.settimeout(2 * Settings.slow)
        self.sequence, self.acknowledged = 1000, 0
        self.send(SYN, options=self.stamp())

    def stamp(self, value=None, echo=0):
        return b"" if self.timestamp is None else timestamps(self.timestamp if value is None else value, echo)

    def open(self):
        """Finish the handshake; returns the accepted socket, which is kept."""
        self.answer()
        self.send(ACK, options=self.stamp())
        server = self.scene.keep(self.listener.accept()[0])
        server.settimeout(2 * Settings.slow)
        return server

    def answer(self):
        """Take the SYN-ACK."""
        packet = self.receive()
        self.sequence += 1
        self.acknowledged = struct.unpack("!I", packet[4:8])[0] + 1
        self.server_window, = struct.unpack("!H", packet[14:16])

    def receive(self):
        """The next segment to the client."""
        while True:
            packet = self.wire.recv(2000)[14:]
            if packet[9] == 6 and packet[16:20] == socket.inet_aton(self.address):
                return packet[20:]

    def send(self, flags, data=b"", options=b"", ahead=0, acknowledge=0):
        """Send a segment `ahead` of where the stream is; nothing remembers it."""
        self.scene.a.frame(IPV4, net.ipv4(6, segment(
            self.source_port, self.port, flags, self.sequence + ahead, self.acknowledged + acknowledge, data,
            options, self.address, B4, self.window), self.address))


def checked(header):
    """An IPv4 header with its checksum."""
    header = header[:10] + bytes(2) + header[12:]
    return header[:10] + struct.pack("!H", net.checksum(header)) + header[12:]


@contextlib.contextmanager
def keep_nothing():
    """struct sock_fprog of a socket filter that keeps nothing."""
    buffer = net.ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # BPF_RET | BPF_K
    yield struct.pack("HxxxxxxQ", 1, net.ctypes.addressof(buffer))


def drop_all(sock):
    with keep_nothing() as program:
        sock.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER


def compile_bpf(text):
    """An object file of a BPF program in C, deleted at the end of the run."""
    if not shutil.which("clang"):
        raise net.Unsupported("clang is not installed")
    directory = tempfile.mkdtemp()
    with open(f"{directory}/program.c", "w", encoding="ascii") as file:
        file.write(text)
    net.command("clang", "-O2", "-g", "-target", "bpf", "-idirafter",
                f"/usr/include/{net.command('cc', '-print-multiarch').strip()}",
                "-c", f"{directory}/program.c", "-o", f"{directory}/program.o")
    return f"{directory}/program.o"


@contextlib.contextmanager
def ignored(*errors):
    """The kernel also tells the sender of some drops."""
    with contextlib.suppress(*(errors or (OSError,))):
        yield


def interfaces(namespaces):
    """Names of devices by namespace and number."""
    found = {}
    for ns in namespaces:
        with ns.inside():
            found.update({(ns.inode, index): name for index, name in socket.if_nameindex()})
    inode = os.stat("/proc/self/ns/net").st_ino
    found.update({(inode, index): name for index, name in socket.if_nameindex()})
    return found
