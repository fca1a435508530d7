# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, and packets that go where no socket would send them."""

import contextlib
import ctypes
import fcntl
import itertools
import os
import socket
import struct
import subprocess
import time

MAC_A, MAC_B = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
A4, B4 = "192.0.2.1", "192.0.2.2"
A6, B6 = "2001:db8::1", "2001:db8::2"
IPV4, ARP, VLAN, IPV6, QINQ = 0x0800, 0x0806, 0x8100, 0x86DD, 0x88A8

libc = ctypes.CDLL(None, use_errno=True)
counter = itertools.count()


class Unsupported(Exception):
    """This machine lacks what a test needs."""


def command(*words, text=None):
    """Run a command; what it says is the reason if it fails."""
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise Unsupported(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


CLONE_NEWNET = 0x40000000


def call(name, *arguments):
    """A function of libc that returns 0."""
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def setns(fd):
    call("setns", fd, CLONE_NEWNET)


class Netns:
    """A network namespace with a name of its own, deleted at the end.

    What `ip netns add` and `del` do, without their processes: on an emulated machine those are slow.
    """

    def __init__(self):
        self.name = f"bt{os.getpid()}-{next(counter)}"
        self.path = f"/run/netns/{self.name}"

    def __enter__(self):
        os.makedirs("/run/netns", exist_ok=True)
        with open(self.path, "x", encoding="ascii"):
            pass
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            call("unshare", CLONE_NEWNET)
            call("mount", b"/proc/thread-self/ns/net", self.path.encode(), b"none", 0x1000, None)  # MS_BIND
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1))  # SIOCSIFFLAGS, IFF_UP
        except OSError as reason:
            os.unlink(self.path)
            raise Unsupported(f"network namespaces: {reason}") from None
        finally:
            setns(home)
            os.close(home)
        self.inode = os.stat(self.path).st_ino
        return self

    def __exit__(self, *_):
        call("umount2", self.path.encode(), 2)  # MNT_DETACH
        os.unlink(self.path)

    def ip(self, *words):
        return command("ip", "-n", self.name, *words)

    def ip_batch(self, lines):
        """Several commands for the price of one process: on an emulated machine that counts."""
        return command("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    def run(self, *words, text=None):
        return command("ip", "netns", "exec", self.name, *words, text=text)

    def nft(self, rules):
        self.run("nft", "-f", "-", text=rules)

    def wait_until_running(self, device, seconds=10):
        """The kernel notices a carrier some time after it is there, and throws away what is sent before."""
        request = struct.pack("16sh14x", device.encode(), 0)
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            end = time.monotonic() + seconds
            while True:
                flags = struct.unpack("16sh14x", fcntl.ioctl(s, 0x8913, request))[1]  # SIOCGIFFLAGS
                if flags & 0x40:  # IFF_RUNNING
                    break
                if time.monotonic() > end:
                    raise AssertionError(f"{device} does not run")
                time.sleep(0.01)
        time.sleep(0.01)  # the flag is set just before packets are let through

    def sysctl(self, key, value):
        self.run("sysctl", "-qw", f"{key}={value}")

    @contextlib.contextmanager
    def inside(self):
        """What is opened here belongs to the namespace, also later."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(self.path, os.O_RDONLY)
        try:
            setns(there)
            yield self
        finally:
            setns(home)
            os.close(home)
            os.close(there)

    def socket(self, *kind):
        with self.inside():
            return socket.socket(*kind)

    def udp(self, data, address, port, sport=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.socket(family, socket.SOCK_DGRAM) as s:
            if sport:
                s.bind(("", sport))
            s.sendto(data, (address, port))

    def frame(self, ethertype, payload, destination=MAC_B, device="eth0"):
        """Send a frame as it is."""
        with self.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind((device, 0))
            s.send(destination + MAC_A + struct.pack("!H", ethertype) + payload)


class Pair:
    """Two namespaces, a and b, joined by a veth pair with an eth0 in each."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        try:
            self.a = self.stack.enter_context(Netns())
            self.b = self.stack.enter_context(Netns())
            self.a.ip("link", "add", "eth0", "address", "02:00:00:00:00:0a", "type", "veth",
                      "peer", "name", "eth0", "address", "02:00:00:00:00:0b",
                      "netns", self.b.name)
            # Neighbours are known, so that no packet of the kernel's own comes in between.
            for ns, four, six, mac, four_there, six_there in (
                    (self.a, A4, A6, "02:00:00:00:00:0b", B4, B6),
                    (self.b, B4, B6, "02:00:00:00:00:0a", A4, A6)):
                ns.ip_batch(["link set eth0 addrgenmode none up",
                             f"addr add {four}/24 dev eth0",
                             f"addr add {six}/64 dev eth0 nodad",
                             f"neigh add {four_there} lladdr {mac} dev eth0",
                             f"neigh add {six_there} lladdr {mac} dev eth0"])
            for ns in (self.a, self.b):
                ns.wait_until_running("eth0")
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(protocol, payload, source=A4, destination=B4, ttl=64, fragment=0, bad_checksum=False,
         version=4):
    header = struct.pack("!BBHHHBBH4s4s", version << 4 | 5, 0, 20 + len(payload), 77, fragment,
                         ttl, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination))
    value = checksum(header) ^ (1 if bad_checksum else 0)
    return header[:10] + struct.pack("!H", value) + header[12:] + payload


def ipv6(next_header, payload, source=A6, destination=B6):
    return (struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64)
            + socket.inet_pton(socket.AF_INET6, source)
            + socket.inet_pton(socket.AF_INET6, destination) + payload)


def pseudo(protocol, length, source, destination):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    return (socket.inet_pton(family, source) + socket.inet_pton(family, destination)
            + struct.pack("!HH", protocol, length))


def udp(sport, dport, data=b"datagram", source=A4, destination=B4, bad_checksum=False):
    header = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    value = checksum(pseudo(17, len(header + data), source, destination) + header + data)
    return header[:6] + struct.pack("!H", value ^ (0x5A5A if bad_checksum else 0)) + data


SYN, ACK = 2, 16


def tcp(sport, dport, source=A4, destination=B4, flags=SYN, sequence=1000, acknowledged=0,
        bad_checksum=False):
    header = struct.pack("!HHIIBBHHH", sport, dport, sequence, acknowledged, 5 << 4, flags, 1024,
                         0, 0)
    value = checksum(pseudo(6, len(header), source, destination) + header)
    return header[:16] + struct.pack("!H", value ^ (0x5A5A if bad_checksum else 0)) + header[18:]


def icmp(kind, data=b"echo request"):
    header = struct.pack("!BBHHH", kind, 0, 0, 1, 1)
    return header[:2] + struct.pack("!H", checksum(header + data)) + header[4:] + data


def arp(source=A4, destination=B4):
    return (struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + MAC_A + socket.inet_aton(source)
            + bytes(6) + socket.inet_aton(destination))


def tag(vlan, ethertype, payload):
    """A VLAN tag's TCI, and what follows it."""
    return struct.pack("!HH", vlan, ethertype) + payload


@contextlib.contextmanager
def tun(ns, name="tun0", kind=0x1):
    """A device without link-layer header, or with one (kind 0x2); yields its descriptor."""
    try:
        with ns.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR)
    except OSError as error:
        raise Unsupported(f"/dev/net/tun: {error}") from error
    try:
        with ns.inside():
            fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1000 | kind))
        ns.ip("link", "set", name, "addrgenmode", "none", "up")
        yield fd
    finally:
        os.close(fd)


def flood(address, port, count):
    """Send `count` small datagrams to a port of this namespace, as fast as Python can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(count):
            with contextlib.suppress(ConnectionRefusedError):
                s.sendto(b"x", (address, port))
