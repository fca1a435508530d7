# SPDX-License-Identifier: GPL-2.0-only
"""What is said about drops: whether it is true on this kernel, and whether it is said once."""

import collections
import contextlib
import functools
import json
import os
import re
import socket
import struct
import subprocess
import time

import net
from net import A4, A6, B4, B6, IPV4, IPV6
from oracle import kernel_gives_reasons, open_tracefs
from places import PLACES
from test_causes import causes, drop_rule, matches
from test_probes import KERNEL
from trace import Settings, Trace, run

KNOWN_KERNEL = 6, 18  # whose reasons and functions are those of PLACES
NSTAT = re.compile(r"^  nstat -az ([\w ]+)$", re.M)
DEVICE = re.compile(r"^  (ip|tc) -s(?: -s)? (?:link|qdisc) show .*\n((?:      .*\n)*)", re.M)
# The words of such a note, and the counter that they mean.
DEVICE_COUNTERS = {("ip", "RX dropped"): "rx_dropped", ("ip", "TX dropped"): "tx_dropped",
                   ("ip", "otherhost"): "rx_otherhost_dropped", ("tc", "dropped"): "qdisc_dropped"}


@functools.lru_cache(maxsize=None)
def explain(*names):
    code, out, err = run("--explain", *names)
    assert code == 0, err
    return out


def section(text, heading):
    """The lines below the first heading of that name."""
    found = re.search(rf"^{heading}\n((?:  .*\n)*)", text, re.M)
    return found[1] if found else ""


def named_counters(text):
    """The counters that an explanation names, of nstat and of devices."""
    counted = section(text, "What counts it")
    named = {counter for line in NSTAT.findall(counted) for counter in line.split()}
    return named | {counter for program, note in DEVICE.findall(counted)
                    for (its, words), counter in DEVICE_COUNTERS.items() if its == program and words in note}


def counters(ns):
    """What nstat reads, by the names that it prints, and the sums of all devices of the namespace."""
    found = collections.Counter()
    for link in json.loads(ns.ip("-j", "-s", "-s", "link")):
        for direction, values in link["stats64"].items():
            found[f"{direction}_dropped"] += values.get("dropped", 0)
            found["rx_otherhost_dropped"] += values.get("otherhost", 0)
    qdiscs = json.loads(ns.run("tc", "-j", "-s", "qdisc") or "[]")
    found["qdisc_dropped"] = sum(qdisc.get("drops", 0) for qdisc in qdiscs)
    with ns.inside():
        for name in "snmp", "netstat":
            with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
                lines = file.read().splitlines()
            for names, values in zip(lines[::2], lines[1::2]):
                prefix, *keys = names.split()
                found.update({prefix.rstrip(":") + key: int(value)
                              for key, value in zip(keys, values.split()[1:])})
        with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
            found.update({key: int(value) for key, value in map(str.split, file)})
    return found


def moved(before, after):
    return {key for key, value in after.items() if value > before.get(key, 0)}


def icmp_checksum(pair):
    pair.a.frame(IPV4, net.ipv4(1, net.icmp(8)[:-1] + b"?"))
    return {"REASON": "ICMP_CSUM"}


def ping_to_all(pair):
    pair.a.frame(IPV4, net.ipv4(1, net.icmp(8), destination="192.0.2.255"), b"\xff" * 6)
    return {"REASON": "INVALID_PROTO"}


def too_big_to_forward(pair):
    pair.b.sysctl("net.ipv4.ip_forward", 1)
    pair.b.ip_batch(["link add small mtu 600 type veth peer name large", "link set large up", "link set small up",
                     "route add 198.51.100.0/24 dev small"])
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40001, 1001, bytes(900), destination="198.51.100.1"),
                                destination="198.51.100.1", fragment=0x4000))
    return {"REASON": "PKT_TOO_BIG"}


def fragment_alone(pair):
    pair.b.sysctl("net.ipv4.ipfrag_time", 1)
    pair.a.frame(IPV4, net.ipv4(17, net.udp(40002, 1002, bytes(8)), fragment=0x2000))
    time.sleep(2)
    return {"REASON": "FRAG_REASM_TIMEOUT"}


def ipv6_switched_off(pair):
    pair.b.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
    pair.a.frame(IPV6, net.ipv6(17, net.udp(40003, 1003, b"x", A6, B6)))
    return {"REASON": "IPV6DISABLED"}


def time_to_live_too_small(pair):
    listener = pair.b.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.IPPROTO_IP, 21, 255)  # IP_MINTTL
        listener.bind((B4, 1004))
        listener.listen()
        pair.a.frame(IPV4, net.ipv4(6, net.tcp(40004, 1004)))
        time.sleep(Settings.pause)
    return {"REASON": "TCP_MINTTL"}


def in_connection(reason, flags, sequence=1001, acknowledged=1):
    """A segment within an open connection, in numbers relative to those of the handshake."""
    def make(pair):
        client = "192.0.2.50"
        pair.b.ip("neigh", "add", client, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
        with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener, \
                pair.a.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4)) as wire:
            wire.bind(("eth0", IPV4))
            wire.settimeout(1 * Settings.slow)
            listener.bind((B4, 1005))
            listener.listen()

            def send(segment_flags, number, acknowledges):
                pair.a.frame(IPV4, net.ipv4(6, net.tcp(40005, 1005, client, flags=segment_flags, sequence=number,
                                                       acknowledged=acknowledges % 2**32), client))

            send(net.SYN, 1000, 0)
            ports, start = 0, 0
            while ports != (1005, 40005):
                *ports, start = struct.unpack("!HHI", wire.recv(2000)[34:42])
                ports = tuple(ports)
            send(net.ACK, 1001, start + 1)
            time.sleep(Settings.pause)
            send(flags, sequence, start + acknowledged)
            time.sleep(Settings.pause)
        return {"REASON": reason, "DPORT": "1005"}
    return make


OWN_CAUSES = [
    icmp_checksum, ping_to_all, too_big_to_forward, fragment_alone, ipv6_switched_off, time_to_live_too_small,
    in_connection("TCP_INVALID_SYN", net.SYN, 1001, 0),
    in_connection("TCP_INVALID_SEQUENCE", net.ACK, 10000000),
    in_connection("TCP_ACK_UNSENT_DATA", net.ACK, 1001, 100000),
    in_connection("TCP_RESET", 4, 1101),
]


def title_of(row):
    """How the explanation of a drop is called: that of its reason and location, or of one of them."""
    function = re.sub(r"[.+].*", "", row["LOCATION"])
    if row["REASON"] == "NOT_SPECIFIED":
        for name in f"NOT_SPECIFIED@{function}", function:
            text = explain(name).splitlines()[0]
            if text.startswith((f"NOT_SPECIFIED at {function}: ", f"{function}: ")) and "no text yet" not in text:
                return text.partition(": ")[0]
        return "NOT_SPECIFIED"
    return explain(f"{row['REASON']}@{function}").partition(": ")[0]


@functools.lru_cache(maxsize=None)
def make_drops():
    """Make each drop in namespaces of its own, once for all tests, with one tracer.

    Returns for each function what its row must hold, the row or None, and the counters that moved; and all hints.
    """
    made = []
    # A title that is not a reason alone names the function that must drop.
    places = {place: title.rpartition(" at ")[2] for place, title, _ in PLACES if not title.isupper()}
    with Trace("-vv", "-n", "--hints") as tracer, contextlib.ExitStack() as stack:
        for function in [function for _, _, function in causes] + OWN_CAUSES + [place[0] for place in PLACES]:
            with contextlib.suppress(net.Unsupported):
                pair = stack.enter_context(net.Pair())
                before = [counters(pair.a), counters(pair.b)]
                # What waits in a socket's queue has lost its namespace.
                spaces = {str(pair.a.inode), str(pair.b.inode), "-"}
                made.append((function, function(pair), spaces, pair, before))
        time.sleep(2 * Settings.pause)
        made = [(function, expected, spaces, moved(before[0], counters(pair.a)) | moved(before[1], counters(pair.b)))
                for function, expected, spaces, pair, before in made]
        tracer.stop()
        rows = tracer.rows
    results = []
    for function, expected, spaces, changes in made:
        row = next((row for row in rows if row["NETNS"] in spaces and matches(row, expected)
                    and re.match(rf"{places.get(function, '')}\b", row["LOCATION"])), None)
        results.append((function, expected, row, changes))
    return results, [line[4:] for line in tracer.text.splitlines() if line.startswith("  ^ ")]


def same_text(title, other):
    """Whether two names have one text. The first of them stands for all in lists."""
    one, two = (explain(name.replace(" at ", "@")).partition("\nWhat it means\n")[2] for name in (title, other))
    return one == two


def test_counters_that_are_named_do_move():
    """Real drops of each kind: a counter that --explain names for their reason, or for their location, counted them."""
    if not kernel_gives_reasons():
        raise net.Unsupported("this kernel gives no reasons")
    made, _ = make_drops()
    wrong, checked, missing = [], set(), []
    for function, expected, row, changes in made:
        if not row:  # this kernel has another reason for it, or none
            missing.append(expected)
            continue
        title = title_of(row)
        named = named_counters(explain(title.replace(" at ", "@")))
        if named and not named & changes:
            wrong.append(f"{function.__name__}: {row['REASON']} at {row['LOCATION']}: none of {sorted(named)} moved, "
                         f"but {sorted(changes)}")
            continue
        if named:
            checked.add(title)
        # And the other way round: by the counter, one finds the drop.
        for counter in named & changes:
            drops = section(explain(counter), "Drops that increase it")
            if not any(same_text(title, other) for other in re.findall(r"^  (\S+(?: at \S+)?): ", drops, re.M)):
                wrong.append(f"--explain {counter} does not list {title}: {drops}")
    assert not wrong, "\n".join(wrong)
    assert all("REASON" in expected for expected in missing), f"no rows like {missing}"
    assert len(checked) + len(missing) >= 30, (checked, missing)


def test_counted_but_not_dropped():
    """SYNs that find the SYN queue full are counted, but the kernel reports no drop, as --explain says."""
    client = "192.0.2.50"
    with net.Pair() as pair, Trace("-vv", "-n", "-D", "1020") as tracer:
        pair.b.sysctl("net.ipv4.tcp_syncookies", 0)
        pair.b.ip("neigh", "add", client, "lladdr", "02:00:00:00:00:0a", "dev", "eth0")
        before = counters(pair.b)
        with pair.b.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            listener.bind((B4, 1020))
            listener.listen(1)
            for port in range(40200, 40208):
                pair.a.frame(IPV4, net.ipv4(6, net.tcp(port, 1020, client), client))
            time.sleep(Settings.pause)
        changes = moved(before, counters(pair.b))
        tracer.stop()
    assert {"TcpExtListenDrops", "TcpExtTCPReqQFullDrop"} <= changes, changes
    assert not [row for row in tracer.rows if row["NETNS"] == str(pair.b.inode)], tracer.rows
    assert section(explain("TCPReqQFullDrop"), "Drops that increase it").startswith("  None: ")
    assert "without reporting a drop" in " ".join(explain("ListenDrops").split())


def test_not_counted():
    """Drops of which --explain says that no counter increases."""
    quiet = {place for place, title, _ in PLACES
             if title in ("__rtnl_unlock", "dst_discard_out", "NOT_SPECIFIED at ip_error")}
    errors = re.compile("Drop|Discard|Err|Fail|NoRoutes|NoPorts|dropped")
    checked = 0
    for function, expected, row, changes in make_drops()[0]:
        if function not in quiet or not row:
            continue
        # Earlier packets find no socket; and the kernel's own, of IPv6, a device that is down.
        wrong = {name for name in changes if errors.search(name) and "Icmp" not in name} \
            - {"UdpNoPorts", "rx_dropped", "tx_dropped", "Ip6OutDiscards"}
        assert not wrong, (row, wrong)
        checked += 1
    assert checked == len(quiet) or KERNEL != KNOWN_KERNEL


def test_hints_fit_reason_and_location():
    """What misleads, or says nothing, by its reason alone."""
    made, hints = make_drops()
    rows = {function: (expected, row) for function, expected, row, _ in made}
    problems = []
    for function, title, words in PLACES:
        expected, row = rows.get(function, (None, None))
        if not row:  # unsupported, or with another reason or function
            if expected and KERNEL == KNOWN_KERNEL:
                problems.append(f"{function.__name__}: no row like {expected}")
            continue
        place = re.sub(r"[.+].*", "", row["LOCATION"])
        hint = next((hint for hint in hints if hint.startswith(f"{title}: ")), None)
        if not hint or words not in hint:
            problems.append(f"{function.__name__}: {row['REASON']} at {row['LOCATION']}: {title} should say "
                            f"{words!r}: {hint}")
        elif not re.search(rf"^{re.escape(title)}: ", explain(f"{row['REASON']}@{place}"), re.M):
            problems.append(f"--explain {row['REASON']}@{place} has no text {title}")
    assert not problems, "\n".join(problems)


def test_counters_that_are_named_exist():
    """Each counter that is named for a reason or location of this kernel is one that it has."""
    if not kernel_gives_reasons():
        raise net.Unsupported("this kernel gives no reasons")
    with net.Netns() as ns:
        known = counters(ns)
    reasons = {line.split()[0] for line in explain().splitlines() if not line.startswith(" ")}
    names = re.findall(r"^(\w+): ", explain("*"), re.M)
    text = explain(*(name for name in names if name in reasons or not name.isupper()))
    sections = re.findall(r"^(?:What counts it|How to read it)\n((?:  .*\n)*)", text, re.M)
    missing = {counter for line in NSTAT.findall("\n".join(sections)) for counter in line.split()} - known.keys()
    # Those that came later than this kernel; without IPv6 there are none of it.
    missing -= {"TcpExtBeyondWindow"}
    assert not {name for name in missing if "6" not in name[:8]}, missing


def test_counters_by_name():
    out = explain("TcpExtListenDrops")
    assert out.startswith("TcpExtListenDrops: ") and "\n  TCP_LISTEN_OVERFLOW: " in out, out
    for name in "tcpextlistendrops", "ListenDrops", "LISTENDROPS":
        assert explain(name).partition(":")[2] == out.partition(":")[2], name
    assert "SOCKET_RCVBUFF: " in explain("RcvbufErrors")
    assert "UNHANDLED_PROTO: " in explain("rx_dropped")
    assert "\n  None: " in explain("rx_missed_errors")
    # One of the kernel that no text names.
    out = explain("OutSegs")
    assert out.startswith("TcpOutSegs: a counter of this kernel, no text yet\n"), out
    code, _, err = run("--explain", "ListenDrps")
    assert code == 2 and "did you mean ListenDrops, " in err, err


def test_patterns():
    lines = explain("TCP_*").splitlines()
    assert all(re.match(r"(?i)tcp_\w+: ", line) for line in lines), lines
    assert {"TCP_FLAGS", "TCP_RESET", "tcp_v4_rcv"} <= {line.partition(":")[0] for line in lines}, lines
    assert explain("netfilter_d?op") == explain("NETFILTER_DROP")
    code, out, err = run("--explain", "SOCKET_X*")
    assert (code, out) == (2, "") and 'matches "SOCKET_X*"; did you mean ' in err, err


def test_list_has_all_reasons_of_this_kernel():
    with open(f"{open_tracefs()}/events/skb/kfree_skb/format", encoding="ascii") as file:
        names = re.findall(r'"(?:SKB_DROP_REASON_)?([A-Z][A-Z0-9_]+)"', file.read())
    out = explain()
    listed = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert listed[:len(names)] == names if names else "NETFILTER_DROP" in listed, listed
    assert max(map(len, out.splitlines())) <= 80
    assert all(len(explain(name).splitlines()) > 1 for name in names)


def test_names_are_taken_as_people_type_them():
    out = explain("NETFILTER_DROP")
    assert out.startswith("NETFILTER_DROP: "), out
    for words in (["--explain=NETFILTER_DROP"], ["--explain", "skb_drop_reason_netfilter_drop"]):
        assert run(*words) == (0, out, ""), words
    code, both, _ = run("--explain=NETFILTER_DROP", "nft_do_chain+0x4e8/0x5a0 [nf_tables]")
    assert code == 0 and both == out + "\n" + explain("nft_do_chain"), both
    code, out, err = run("--explain", "NETFILTER_DRP")
    assert code == 2 and "did you mean NETFILTER_DROP, " in err, err


def test_any_function_of_the_kernel():
    out = explain("kallsyms_lookup_name")
    with open("/proc/kallsyms", encoding="ascii") as file:
        address = next(line.split()[0] for line in file if line.split()[2] == "kallsyms_lookup_name")
    assert f"\n  0x{address.lstrip('0')} to 0x" in out, out


def test_without_root():
    def drop():
        os.setgid(65534)
        os.setuid(65534)

    with open(Settings.program, "rb") as program:
        def as_nobody(*flags):
            # By descriptor: the way to the binary may be root's alone.
            return subprocess.run([f"/proc/self/fd/{program.fileno()}", *flags], capture_output=True, text=True,
                                  preexec_fn=drop, pass_fds=[program.fileno()], check=False)

        one, all_of_them = as_nobody("--explain", "XDP"), as_nobody("--explain")
    assert one.returncode == 0 and one.stdout.startswith("XDP: "), one
    assert all_of_them.returncode == 0 and "\nNETFILTER_DROP  " in all_of_them.stdout, all_of_them
    assert "listing the reasons that have a text" in all_of_them.stderr, all_of_them.stderr


def test_hints_come_once_for_a_pair():
    with net.Pair() as pair:
        pair.b.nft(drop_rule("input", "udp dport 1001"))
        with Trace("--hints", "-p", "udp", "-s", A4, "-d", B4, "-k") as tracer:
            for port in 1001, 1001, 1002, 1001, 1002:
                pair.a.udp(b"x", B4, port)
                time.sleep(Settings.pause)
            tracer.stop()
    assert len(tracer.rows) == 5, tracer.text
    lines = tracer.text.splitlines()
    hints = [line for line in lines if line.startswith("  ^ ")]
    assert len(hints) == len(set(hints)) == 2, tracer.text
    if kernel_gives_reasons():
        assert hints[0].startswith("  ^ NETFILTER_DROP: "), hints
        assert hints[1].startswith("  ^ NO_SOCKET: "), hints
    # Between the row and its stack.
    at = lines.index(hints[0])
    assert lines[at - 1].startswith("|") and lines[at + 1].startswith("    "), lines
