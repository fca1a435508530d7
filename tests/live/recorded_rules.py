# SPDX-License-Identifier: GPL-2.0-only
"""Causes of drops in what people configure: netfilter, traffic control, XDP."""

import shutil
import socket
import struct

import net
from net import A4, A6, B4, B6, ARP, IPV4, IPV6, QINQ, VLAN
from recorded import ACK, RST, SYN, cause, compile_bpf, ignored, segment
from recorded_ip import ELSEWHERE4, ELSEWHERE6, forward
from recorded_link import bridge


def rule(scene, ns, hook, match="", verdict="drop", priority=0, family="inet", device=""):
    ns.nft(f"table {family} t {{ chain c {{ type filter hook {hook} {device} priority {priority}; "
           f"{match} {verdict}; }}; }}")


@cause("NETFILTER_DROP")
def nft_prerouting(scene):
    rule(scene, scene.b, "prerouting", "udp dport 4001")
    scene.a.udp(b"x", B4, 4001, sport=40001)


@cause("NETFILTER_DROP")
def nft_input6(scene):
    rule(scene, scene.b, "input", "udp dport 4002", family="ip6")
    scene.a.udp(b"x", B6, 4002, sport=40002)


@cause("NETFILTER_DROP")
def nft_output6(scene):
    rule(scene, scene.a, "output", "udp dport 4003")
    with ignored():
        scene.a.udp(b"x", B6, 4003, sport=40003)


@cause("NETFILTER_DROP")
def nft_output_tcp(scene):
    rule(scene, scene.a, "output", "tcp dport 4004", family="ip")
    with scene.a.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        with ignored():
            client.connect((B4, 4004))


@cause("NETFILTER_DROP")
def nft_output_loopback(scene):
    rule(scene, scene.a, "output", "udp dport 4005")
    with ignored():
        scene.a.udp(b"x", "127.0.0.1", 4005, sport=40005)


@cause("NETFILTER_DROP")
def nft_postrouting(scene):
    rule(scene, scene.a, "postrouting", "udp dport 4006")
    with ignored():
        scene.a.udp(b"x", B4, 4006, sport=40006)


@cause("NETFILTER_DROP")
def nft_postrouting6(scene):
    rule(scene, scene.a, "postrouting", "udp dport 4007", family="ip6")
    with ignored():
        scene.a.udp(b"x", B6, 4007, sport=40007)


@cause("NETFILTER_DROP")
def nft_forward6(scene):
    forward(scene)
    rule(scene, scene.b, "forward", "udp dport 4008")
    scene.send6(17, net.udp(40008, 4008, b"x", A6, ELSEWHERE6), destination=ELSEWHERE6)


@cause("NETFILTER_DROP")
def nft_forward_postrouting(scene):
    forward(scene)
    rule(scene, scene.b, "postrouting", "udp dport 4009")
    scene.send4(17, net.udp(40009, 4009, destination=ELSEWHERE4), destination=ELSEWHERE4)


@cause("NETFILTER_DROP")
def nft_policy(scene):
    scene.b.nft("table ip t { chain c { type filter hook input priority 0; policy drop; }; }")
    scene.a.udp(b"x", B4, 4010, sport=40010)


@cause("NETFILTER_DROP")
def nft_invalid_state(scene):
    rule(scene, scene.b, "input", "ct state invalid")
    scene.send4(6, segment(40011, 4011, ACK | SYN, acknowledged=99))
    scene.send4(6, segment(40011, 4011, RST))


@cause("NETFILTER_DROP")
def nft_limit(scene):
    rule(scene, scene.b, "input", "udp dport 4012 limit rate over 1/minute burst 2 packets")
    for _ in range(6):
        scene.a.udp(b"x", B4, 4012, sport=40012)


@cause("NETFILTER_DROP")
def nft_reject(scene):
    rule(scene, scene.b, "input", "udp dport 4013", "reject")
    scene.a.udp(b"x", B4, 4013, sport=40013)


@cause("NETFILTER_DROP")
def nft_reject_reset(scene):
    rule(scene, scene.b, "input", "tcp dport 4014", "reject with tcp reset")
    scene.send4(6, segment(40014, 4014, SYN))


@cause("NETFILTER_DROP")
def nft_reject_forward6(scene):
    forward(scene)
    rule(scene, scene.b, "forward", "udp dport 4015", "reject")
    scene.send6(17, net.udp(40015, 4015, b"x", A6, ELSEWHERE6), destination=ELSEWHERE6)


@cause("NETFILTER_DROP", "NOT_SPECIFIED")
def nft_queue_without_listener(scene):
    rule(scene, scene.b, "input", "udp dport 4016", "queue num 7")
    scene.a.udp(b"x", B4, 4016, sport=40016)


@cause("NETFILTER_DROP")
def nft_reverse_path(scene):
    rule(scene, scene.b, "prerouting", "fib saddr . iif oif missing", priority=-300)
    scene.send4(17, net.udp(40017, 4017, source="203.0.113.9"), source="203.0.113.9")


@cause("NETFILTER_DROP")
def nft_arp_output(scene):
    rule(scene, scene.a, "output", family="arp")
    scene.a.udp(b"x", "192.0.2.79", 4018)


@cause("NETFILTER_DROP")
def nft_ingress_arp(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    scene.a.frame(ARP, net.arp(), b"\xff" * 6)


@cause("NETFILTER_DROP")
def nft_ingress6(scene):
    rule(scene, scene.b, "ingress", "ip6 nexthdr udp", family="netdev", device="device eth0")
    scene.a.udp(b"x", B6, 4020, sport=40020)


@cause("NETFILTER_DROP")
def nft_ingress_vlan6(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    scene.a.frame(VLAN, net.tag(45, IPV6, net.ipv6(17, net.udp(40021, 4021, b"x", A6, B6))))


@cause("NETFILTER_DROP")
def nft_ingress_vlan_arp(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    scene.a.frame(VLAN, net.tag(46, ARP, net.arp()), b"\xff" * 6)


@cause("NETFILTER_DROP")
def nft_ingress_rarp(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    request = net.arp()
    scene.a.frame(0x8035, request[:6] + b"\0\3" + request[8:], b"\xff" * 6)


@cause("NETFILTER_DROP")
def nft_ingress_mpls(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    scene.a.frame(0x8847, struct.pack("!I", 100 << 12 | 1 << 8 | 64) + net.ipv4(17, net.udp(40023, 4023)))


@cause("NETFILTER_DROP")
def nft_ingress_pppoe(scene):
    rule(scene, scene.b, "ingress", family="netdev", device="device eth0")
    scene.a.frame(0x8864, struct.pack("!BBHHH", 0x11, 0, 1, 30, 0x21) + net.ipv4(17, b"12345678"))


@cause("NETFILTER_DROP", "NETFILTER_EGRESS", "NOT_SPECIFIED")
def nft_egress(scene):
    rule(scene, scene.a, "egress", "udp dport 4024", family="netdev", device="device eth0")
    with ignored():
        scene.a.udp(b"x", B4, 4024, sport=40024)


@cause("NETFILTER_DROP", "NETFILTER_EGRESS", "NOT_SPECIFIED")
def nft_egress_vlan(scene):
    rule(scene, scene.a, "egress", family="netdev", device="device eth0")
    with ignored():
        scene.a.frame(VLAN, net.tag(47, IPV4, net.ipv4(17, net.udp(40025, 4025))))


@cause("NETFILTER_DROP", "NETFILTER_EGRESS", "NOT_SPECIFIED")
def nft_egress_arp(scene):
    rule(scene, scene.a, "egress", family="netdev", device="device eth0")
    scene.a.udp(b"x", "192.0.2.80", 4026)


@cause("NETFILTER_DROP")
def bridge_prerouting(scene):
    bridge(scene)
    rule(scene, scene.b, "prerouting", "udp dport 4027", family="bridge")
    scene.a.udp(b"x", B4, 4027, sport=40027)


@cause("NETFILTER_DROP")
def bridge_input(scene):
    bridge(scene)
    rule(scene, scene.b, "input", "udp dport 4028", family="bridge")
    scene.a.udp(b"x", B4, 4028, sport=40028)


@cause("NETFILTER_DROP")
def bridge_forward(scene):
    bridge(scene)
    rule(scene, scene.b, "forward", "udp dport 4029", family="bridge")
    scene.a.frame(IPV4, net.ipv4(17, net.udp(40029, 4029, destination="192.0.2.3"), destination="192.0.2.3"),
                  bytes.fromhex("02000000000f"))


@cause("NETFILTER_DROP")
def bridge_forward_vlan(scene):
    bridge(scene)
    rule(scene, scene.b, "forward", family="bridge")
    scene.a.frame(VLAN, net.tag(48, IPV4, net.ipv4(17, net.udp(40030, 4030))), bytes.fromhex("02000000000f"))


@cause("NETFILTER_DROP")
def bridge_output(scene):
    bridge(scene)
    rule(scene, scene.b, "output", "udp dport 4031", family="bridge")
    scene.b.udp(b"x", A4, 4031, sport=40031)


@cause("NETFILTER_DROP")
def bridge_postrouting(scene):
    bridge(scene)
    rule(scene, scene.b, "postrouting", "udp dport 4032", family="bridge")
    scene.b.udp(b"x", A4, 4032, sport=40032)


@cause("NETFILTER_DROP")
def bridge_arp_forward(scene):
    bridge(scene)
    rule(scene, scene.b, "forward", "ether type arp", family="bridge")
    scene.a.frame(ARP, net.arp(), b"\xff" * 6)


def iptables(ns, tool, *words):
    if not shutil.which(tool):
        raise net.Unsupported(f"{tool} is not installed")
    ns.run(tool, *words)


@cause("NETFILTER_DROP")
def iptables_legacy(scene):
    iptables(scene.b, "iptables-legacy", "-A", "INPUT", "-p", "udp", "--dport", "4034", "-j", "DROP")
    scene.a.udp(b"x", B4, 4034, sport=40034)


@cause("NETFILTER_DROP")
def iptables_legacy_output(scene):
    iptables(scene.a, "iptables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", "4033", "-j", "DROP")
    with ignored():
        scene.a.udp(b"x", B4, 4033, sport=40033)


@cause("NETFILTER_DROP")
def ip6tables_legacy_reject(scene):
    iptables(scene.b, "ip6tables-legacy", "-A", "INPUT", "-p", "udp", "--dport", "4035", "-j", "REJECT")
    scene.a.udp(b"x", B6, 4035, sport=40035)


@cause("NETFILTER_DROP")
def iptables_over_nft(scene):
    iptables(scene.b, "iptables-nft", "-A", "INPUT", "-p", "udp", "--dport", "4055", "-j", "DROP")
    scene.a.udp(b"x", B4, 4055, sport=40055)


SHOT = "1,6 0 0 2,"  # a classic BPF program that returns TC_ACT_SHOT


def clsact(ns, direction, device="eth0"):
    ns.run("tc", "qdisc", "add", "dev", device, "clsact")
    ns.run("tc", "filter", "add", "dev", device, direction, "bpf", "da", "bytecode", SHOT)


@cause("TC_INGRESS")
def tc_ingress(scene):
    clsact(scene.b, "ingress")
    scene.a.udp(b"x", B4, 4036, sport=40036)


@cause("TC_INGRESS")
def tc_ingress_vlan(scene):
    clsact(scene.b, "ingress")
    scene.a.frame(QINQ, net.tag(49, VLAN, net.tag(50, IPV6, net.ipv6(17, net.udp(40037, 4037, b"x", A6, B6)))))


@cause("TC_EGRESS")
def tc_egress(scene):
    clsact(scene.a, "egress")
    with ignored():
        scene.a.udp(b"x", B4, 4038, sport=40038)


@cause("TC_EGRESS")
def tc_egress_vlan(scene):
    clsact(scene.a, "egress")
    with ignored():
        scene.a.frame(VLAN, net.tag(51, IPV4, net.ipv4(17, net.udp(40039, 4039))))


@cause("TC_EGRESS")
def tc_egress_arp(scene):
    clsact(scene.a, "egress")
    scene.a.udp(b"x", "192.0.2.81", 4040)


@cause("TC_EGRESS")
def tc_egress6(scene):
    clsact(scene.a, "egress")
    with ignored():
        scene.a.udp(b"x", B6, 4041, sport=40041)


@cause("QDISC_DROP", "QDISC_OVERLIMIT", "NOT_SPECIFIED")
def qdisc_too_large(scene):
    """A packet larger than the bucket never gets through."""
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8mbit", "burst", "600", "limit", "9000")
    with ignored():
        scene.a.udp(bytes(1000), B4, 4042, sport=40042)


@cause("QDISC_DROP", "QDISC_OVERLIMIT", "NOT_SPECIFIED")
def qdisc_pfifo_full(scene):
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb", "default", "1")
    scene.a.run("tc", "class", "add", "dev", "eth0", "parent", "1:", "classid", "1:1", "htb", "rate", "8kbit",
                "burst", "1600")
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "parent", "1:1", "pfifo", "limit", "1")
    with scene.a.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.bind(("", 40043))
        for _ in range(12):
            with ignored():
                sender.sendto(bytes(700), (B6, 4043))


@cause("QDISC_DROP", "NOT_SPECIFIED", "QUEUE_PURGE")
def qdisc_deleted(scene):
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "1600", "limit", "9000")
    with scene.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", 40044))
        for _ in range(5):
            sender.sendto(bytes(700), (B4, 4044))
    scene.a.run("tc", "qdisc", "del", "dev", "eth0", "root")


@cause("QDISC_DROP", "NOT_SPECIFIED")
def qdisc_of_no_class(scene):
    """htb without a default class sends directly; a class that does not exist drops nothing, but a filter may."""
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb")
    scene.a.run("tc", "filter", "add", "dev", "eth0", "parent", "1:", "bpf", "da", "bytecode", SHOT)
    with ignored():
        scene.a.udp(b"x", B4, 4045, sport=40045)


@cause("NOT_SPECIFIED", "DEV_READY", "TC_INGRESS")
def mirred_to_device_down(scene):
    scene.b.ip("link", "add", "ifb0", "type", "ifb")
    scene.b.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    scene.b.run("tc", "filter", "add", "dev", "eth0", "ingress", "u32", "match", "u32", "0", "0", "action", "mirred",
                "egress", "redirect", "dev", "ifb0")
    scene.a.udp(b"x", B4, 4046, sport=40046)


@cause("NOT_SPECIFIED", "DEV_READY", "TC_EGRESS", "TC_INGRESS", "RECURSION_LIMIT")
def mirred_loop(scene):
    scene.a.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    scene.a.run("tc", "filter", "add", "dev", "eth0", "egress", "u32", "match", "u32", "0", "0", "action", "mirred",
                "egress", "redirect", "dev", "eth0")
    with ignored():
        scene.a.udp(b"x", B4, 4047, sport=40047)


XDP = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("drop") int xdp_drop(struct xdp_md *ctx) { return XDP_DROP; }
SEC("aborted") int xdp_aborted(struct xdp_md *ctx) { return XDP_ABORTED; }
SEC("nowhere") int xdp_nowhere(struct xdp_md *ctx) { return bpf_redirect(4000, 0); }
SEC("tc") int tc_nowhere(struct __sk_buff *skb) { return bpf_redirect(4000, 0); }
char LICENSE[] SEC("license") = "GPL";
"""


def xdp(scene, mode, section):
    scene.b.ip("link", "set", "dev", "eth0", mode, "obj", compile_bpf(XDP), "sec", section)


@cause("XDP", "NOT_SPECIFIED")
def xdp_generic(scene):
    xdp(scene, "xdpgeneric", "drop")
    scene.a.udp(b"x", B4, 4048, sport=40048)


@cause("XDP", "NOT_SPECIFIED")
def xdp_generic_vlan(scene):
    xdp(scene, "xdpgeneric", "drop")
    scene.a.frame(VLAN, net.tag(52, IPV4, net.ipv4(17, net.udp(40049, 4049))))


@cause("XDP", "NOT_SPECIFIED")
def xdp_generic_aborted(scene):
    xdp(scene, "xdpgeneric", "aborted")
    scene.a.udp(b"x", B6, 4050, sport=40050)


@cause("XDP", "NOT_SPECIFIED")
def xdp_generic_redirect(scene):
    xdp(scene, "xdpgeneric", "nowhere")
    scene.a.udp(b"x", B4, 4051, sport=40051)


@cause("XDP", "NOT_SPECIFIED")
def xdp_native(scene):
    xdp(scene, "xdpdrv", "drop")
    scene.a.udp(b"x", B4, 4052, sport=40052)


@cause("NOT_SPECIFIED", "TC_INGRESS")
def tc_redirect_nowhere(scene):
    program = compile_bpf(XDP)
    scene.b.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    scene.b.run("tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "da", "obj", program, "sec", "tc")
    scene.a.udp(b"x", B4, 4053, sport=40053)
