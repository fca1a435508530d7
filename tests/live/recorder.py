# SPDX-License-Identifier: GPL-2.0-only
"""An independent witness of drops: recorder.bpf.c reads the raw arguments of skb:kfree_skb and what they
point to, and the functions here say what follows from them. Nothing here is shared with bytetrace."""

import dataclasses
import os
import re
import shutil
import socket
import struct
import subprocess

import net
from net import ARP, IPV4, IPV6, QINQ, VLAN
from oracle import Symbols, open_tracefs

HERE = os.path.dirname(os.path.abspath(__file__))
RARP = 0x8035
TAGS = VLAN, QINQ
UNSET = 0xFFFF  # of mac_header and transport_header
BYTES = 256
# The members of struct record in recorder.bpf.c, device and owner of two each.
RECORD = struct.Struct(f"=8Q10I8H 2I16s 2I16s Q2I4H Q2I4H 16s{BYTES}s")


def tracepoint_format():
    with open(f"{open_tracefs()}/events/skb/kfree_skb/format", encoding="ascii") as file:
        return file.read()


def build(directory):
    """Compile the recorder for this kernel; returns its command."""
    layout = tracepoint_format()
    if " reason;" not in layout:
        raise net.Unsupported("this kernel gives no reasons")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise net.Unsupported("this kernel has no BTF")
    for tool in "clang", "cc":
        if not shutil.which(tool):
            raise net.Unsupported(f"{tool} is not installed")
    include = net.command("cc", "-print-multiarch").strip()
    rx_sk = ["-DRX_SK"] if "* rx_sk;" in layout else []
    net.command("clang", "-g", "-O2", "-Wall", "-Wextra", "-Werror", "-target", "bpf", *rx_sk,
                "-idirafter", f"/usr/include/{include}",
                "-c", f"{HERE}/recorder.bpf.c", "-o", f"{directory}/recorder.o")
    net.command("cc", "-O1", "-Wall", "-Wextra", "-Werror", f"{HERE}/recorder.c", "-o",
                f"{directory}/recorder", "-lbpf")
    return [f"{directory}/recorder", f"{directory}/recorder.o"]


@dataclasses.dataclass
class Device:
    """A network device, if that is what the pointer leads to."""
    netns: int
    ifindex: int
    name: bytes

    def __post_init__(self):
        self.name = self.name.split(b"\0")[0]

    def __bool__(self):
        # The inodes of namespaces start at 0xeffffff8; other structures hold other numbers there.
        return self.netns >= 0xEFFFFFF0 and self.ifindex < 1 << 24 and self.name.isascii() and self.name != b""


@dataclasses.dataclass
class Owner:
    """A socket."""
    inode: int
    netns: int
    uid: int
    family: int
    type: int
    protocol: int
    state: int

    @property
    def is_whole(self):
        """A request and a closed connection are smaller structures, without a user."""
        return self.netns != 0 and self.state not in (6, 12)


class Drop:
    """What the arguments of one drop say."""

    def __init__(self, values):
        (self.time, self.location, self.skb, self.dev, self.sk, self.rx_sk, self.dst, self.head,
         self.reason, self.cpu, self.pid, self.len, self.data_len, self.iif, self.mark, self.data,
         self.tail, self.start, protocol, self.vlan_proto, self.vlan_tci, self.has_vlan, self.mac,
         self.network, self.transport, self.pkt_type) = values[:26]
        self.device, self.dst_device = Device(*values[26:29]), Device(*values[29:32])
        self.owner, self.rx_owner = Owner(*values[32:39]), Owner(*values[39:46])
        self.comm = values[46].split(b"\0")[0]
        self.buffer = values[47][:max(self.tail - self.start, 0)]
        self.protocol = socket.ntohs(protocol)

    def __str__(self):
        buffer = self.buffer.hex()
        return (f"reason={self.reason} location={self.location:#x} dev={self.dev:#x} {self.device} sk={self.sk:#x} "
                f"{self.owner} rx_sk={self.rx_sk:#x} {self.rx_owner} dst={self.dst:#x} {self.dst_device} "
                f"iif={self.iif} protocol={self.protocol:#06x} vlan={self.has_vlan}:{self.vlan_tci:#06x} "
                f"mac={self.mac} network={self.network} transport={self.transport} data={self.data} "
                f"tail={self.tail} len={self.len} bytes from {self.start}: {buffer}")

    def read(self, offset, size):
        """Bytes of the linear part, None if it ends before; offsets count from the head of the buffer."""
        begin = offset - self.start
        if begin < 0 or begin + size > len(self.buffer):
            return None
        return self.buffer[begin:begin + size]

    def read16(self, offset):
        data = self.read(offset, 2)
        return struct.unpack("!H", data)[0] if data else None

    @property
    def netns(self):
        """The namespace of the device, of a socket, or of the device that the packet was to leave by."""
        for one, valid in ((self.device, self.device), (self.owner, self.sk), (self.rx_owner, self.rx_sk),
                           (self.dst_device, self.dst_device)):
            if valid and one.netns:
                return one.netns
        return None


class Recorder:
    """Records drops from __enter__ to stop()."""

    def __init__(self, directory):
        self.command = build(directory)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        if line != b"recording\n":
            self.process.kill()
            raise net.Unsupported(f"the recorder: {(line + self.process.stderr.read()).decode()[-500:]}")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def stop(self):
        data, errors = self.process.communicate()
        assert self.process.returncode == 0, f"recorder: {errors.decode()}"
        count, = struct.unpack_from("=Q", data)
        room = (len(data) - 8) // RECORD.size
        assert count <= room, f"recorder: {count} drops, room for {room}"
        return [Drop(RECORD.unpack_from(data, 8 + i * RECORD.size)) for i in range(count)]


def reason_names():
    """Names of the kernel's drop reasons by number, of the text by which its trace prints them."""
    return {int(number, 0): name
            for number, name in re.findall(r'\{ (\w+), "(\w+)" \}', tracepoint_format())}


# What follows from a drop: the keys are those of bytetrace's JSON.


def network_of(drop):
    """(EtherType, offset of the network header or None, outermost VLAN or None)."""
    ethertype, offset = drop.protocol, drop.network
    vlan = drop.vlan_tci & 0xFFF if drop.has_vlan else None
    mac = drop.mac if drop.mac != UNSET else None
    if mac is not None and mac > offset and mac + 14 == drop.data:
        offset = drop.data  # taken out of a tunnel: the network header is still the outer packet's
    elif mac is not None and ethertype in TAGS and drop.read16(mac + 12) == ethertype and offset >= mac + 18:
        offset = mac + 14  # on the way out the tags lie between the headers
    for _ in range(2):
        if ethertype not in TAGS:
            break
        tci, following = drop.read16(offset), drop.read16(offset + 2)
        if following is None:
            return ethertype, None, vlan
        if vlan is None:
            vlan = tci & 0xFFF
        ethertype, offset = following, offset + 4
    return ethertype or None, offset, vlan


def parse_ipv4(drop, offset):
    header = drop.read(offset, 20)
    if header is None or header[0] >> 4 != 4 or header[0] & 15 < 5:
        return {}, None
    found = {"saddr": socket.inet_ntoa(header[12:16]), "daddr": socket.inet_ntoa(header[16:20]),
             "protocol": header[9]}
    first = not struct.unpack("!H", header[6:8])[0] & 0x1FFF
    return found, offset + (header[0] & 15) * 4 if first else None


def parse_ipv6(drop, offset):
    header = drop.read(offset, 40)
    if header is None or header[0] >> 4 != 6:
        return {}, None
    found = {"saddr": socket.inet_ntop(socket.AF_INET6, header[8:24]),
             "daddr": socket.inet_ntop(socket.AF_INET6, header[24:40])}
    following, offset = header[6], offset + 40
    while following in (0, 43, 44, 51, 60):
        extension = drop.read(offset, 4)
        if extension is None:
            return found, None
        if following == 44 and struct.unpack("!H", extension[2:])[0] & 0xFFF8:
            return dict(found, protocol=extension[0]), None
        units, unit = (extension[1] + 2, 4) if following == 51 else (extension[1] + 1, 8)
        offset += 8 if following == 44 else units * unit
        following = extension[0]
    return dict(found, protocol=following), offset


def parse_arp(drop, offset):
    packet = drop.read(offset, 28)
    if packet is None or packet[4:6] != b"\x06\x04":
        return {}
    return {"saddr": socket.inet_ntoa(packet[14:18]), "daddr": socket.inet_ntoa(packet[24:28])}


PORTS = 6, 17, 33, 132, 136


def packet_facts(drop):
    ethertype, offset, vlan = network_of(drop)
    found = {"vlan": vlan, "ethertype": ethertype, "saddr": None, "daddr": None, "protocol": None,
             "sport": None, "dport": None}
    transport = None
    if offset is not None and ethertype in (IPV4, IPV6):
        more, transport = (parse_ipv4 if ethertype == IPV4 else parse_ipv6)(drop, offset)
        found.update(more)
    elif offset is not None and ethertype in (ARP, RARP):
        found.update(parse_arp(drop, offset))
    if transport is not None and found["protocol"] in PORTS and drop.read(transport, 4):
        found["sport"], found["dport"] = drop.read16(transport), drop.read16(transport + 2)
    return found


def device_facts(drop, interfaces):
    """`interfaces`: names by namespace and number, for packets that have lost their device. Those of namespaces
    that are none of ours are not known."""
    if drop.device:
        index, name = drop.device.ifindex, drop.device.name.decode()
    elif drop.iif:
        index, name = drop.iif, interfaces.get((drop.netns, drop.iif))
        if drop.netns and drop.netns not in (netns for netns, _ in interfaces):
            return {"netns": drop.netns, "ifindex": index}
    elif drop.dst_device and drop.dst_device.netns == drop.netns:
        index, name = drop.dst_device.ifindex, drop.dst_device.name.decode()
    else:
        index = name = None
    return {"netns": drop.netns, "ifindex": index or None, "interface": name}


class Facts:
    """Says what bytetrace has to show of a drop."""

    def __init__(self, interfaces):
        self.interfaces = interfaces
        self.symbols = Symbols()
        self.reasons = reason_names()

    def of(self, drop):
        function, offset = self.symbols.find(drop.location)
        owner = drop.rx_owner if drop.rx_owner.netns else drop.owner
        return {"cpu": drop.cpu, "pid": drop.pid, "comm": drop.comm.decode(errors="replace"),
                "mark": drop.mark, "length": drop.len,
                "address": f"{drop.location:#x}", "function": function, "offset": int(offset, 16),
                "reason": drop.reason, "reason_name": self.reasons.get(drop.reason),
                "socket": owner.inode or None, "uid": owner.uid if owner.is_whole else None,
                **device_facts(drop, self.interfaces), **packet_facts(drop)}
