# SPDX-License-Identifier: GPL-2.0-only
"""Drops that are counted in the kernel."""

import contextlib
import json
import os
import re
import signal
import socket
import tempfile
import time

import net
from test_errors import one_line, source
from trace import Settings, Trace, run, wait_for

ROWS = 8192  # SUMMARY_ROWS in templates/summary.h
# Addresses that no other run of the tests on this host uses.
NET = f"127.{1 + os.getpid() % 250}.{os.getpid() // 250 % 250}"
HERE, THERE = f"{NET}.1", f"{NET}.2"


def send(ns, address, ports, sport=0):
    """One datagram to each port of a namespace in which nobody listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ns.inside(), contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as s:
        if sport:
            s.bind(("", sport))
        for port in ports:
            s.sendto(b"x", (address, port))
            # What a closed port answers comes back as an error of the next call.
            s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


@contextlib.contextmanager
def counted(*flags):
    """A namespace and a tracer that counts what is dropped in it on its way to UDP sockets."""
    with net.Netns() as ns, Trace("--summary=" + flags[0], "-s", f"{NET}.0/24", *flags[1:]) as tracer:
        ns.ip("addr", "add", f"{HERE}/24", "dev", "lo")
        yield ns, tracer


def numbers(rows):
    return [int(row["COUNT"]) for row in rows]


def drop_some(ns):
    with ns.inside(), contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.bind((HERE, 40000))
        for port, count in (1997, 1), (1998, 5), (1999, 3):
            for _ in range(count):
                s.sendto(b"x", (THERE, port))
                s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def test_keys():
    """Each key alone and all of them: sorted, with count and share, and the total in the footer."""
    for keys, titles, rows in (
            ("dport", ["DPORT"], [["1998"], ["1999"], ["1997"]]),
            ("sport", ["SPORT"], [["40000"]]),
            ("saddr", ["SOURCE"], [[HERE]]),
            ("daddr", ["DESTINATION"], [[THERE]]),
            ("proto", ["PROTOCOL"], [["udp"]]),
            ("iface", ["INTERFACE"], [["lo"]]),
            ("location", ["LOCATION"], None),
            ("reason", ["REASON"], None),
            ("reason,location,iface,proto,saddr,daddr,sport,dport",
             ["INTERFACE", "SOURCE", "DESTINATION", "PROTOCOL", "SPORT", "DPORT", "LOCATION", "REASON"],
             [["lo", HERE, THERE, "udp", "40000", port] for port in ("1998", "1999", "1997")])):
        with counted(keys) as (ns, tracer):
            drop_some(ns)
            shown = tracer.stop().rows
        assert list(shown[0]) == titles + ["COUNT", "SHARE", "RATE"], (keys, shown)
        assert tracer.totals == (9, 0, 0), tracer.errors
        if rows is None:
            assert numbers(shown) == [9], shown
            assert keys == "reason" or shown[0][keys.upper()] != "-", shown
            continue
        assert [list(row.values())[:len(rows[0])] for row in shown] == rows, shown
        assert numbers(shown) == ([5, 3, 1] if len(rows) == 3 else [9]), shown
        assert shown[0]["SHARE"] == ("55.6%" if len(rows) == 3 else "100.0%"), shown


def test_families_and_protocols_have_rows_of_their_own():
    for keys, expected in (("saddr,proto", [(HERE, "udp", "9"), ("2001:db8::9", "udp", "1")]),
                           ("proto", [(None, "udp", "10")])):
        with net.Netns() as ns, Trace(f"--summary={keys}", "-p", "udp",
                                         "-s", f"{NET}.0/24,2001:db8::9") as tracer:
            ns.ip("addr", "add", f"{HERE}/24", "dev", "lo")
            ns.ip("addr", "add", "2001:db8::9/128", "dev", "lo", "nodad")
            drop_some(ns)
            send(ns, "2001:db8::9", [1998])
            rows = tracer.stop().rows
        assert [(row.get("SOURCE"), row["PROTOCOL"], row["COUNT"]) for row in rows] == expected, rows


def test_filters_come_before_counting():
    with counted("dport", "-D", "1998-1999") as (ns, tracer):
        drop_some(ns)
        rows = tracer.stop().rows
    assert [(row["DPORT"], row["COUNT"]) for row in rows] == [("1998", "5"), ("1999", "3")], rows


def test_what_has_no_row_is_other():
    """More keys than rows: the rest is counted together, and nothing is missing."""
    ports = range(1, ROWS + 301)
    with counted("dport") as (ns, tracer):
        ns.sysctl("net.ipv4.icmp_ratelimit", "0")
        send(ns, THERE, ports, sport=40001)
        send(ns, THERE, ports, sport=40001)
        text = tracer.stop().text
    rows = tracer.rows
    assert rows[-1]["DPORT"] == "other", rows[-1]
    # The kernel holds some of its rows back for each CPU.
    assert ROWS - 300 <= len(rows) - 1 <= ROWS, len(rows)
    assert set(numbers(rows[:-1])) == {2}, text[:1000]
    assert sum(numbers(rows)) == 2 * len(ports) == tracer.totals[0], tracer.errors
    assert tracer.totals[1:] == (0, 0)


def test_cpus_that_count_at_once():
    """The same keys on every CPU, from the first time on and read meanwhile: each drop is counted once.

    They are far more than have a place in front of the hash table, and come often enough to claim one.
    """
    ports = range(1, 3001)
    senders, times = 2, 4
    cpus = sorted(os.sched_getaffinity(0))
    with counted("dport", "-o", "json", "--interval", "0.1") as (ns, tracer):
        ns.nft("table ip t { chain c { type filter hook input priority 0; udp dport 1-3000 counter drop; }; }")
        children = []
        for sender in range(senders):
            child = os.fork()
            if child == 0:
                os.sched_setaffinity(0, {cpus[sender % len(cpus)]})
                for _ in range(times):
                    send(ns, THERE, ports)
                os._exit(0)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        tracer.stop()
        dropped = int(re.search(r"counter packets (\d+)", ns.run("nft", "list", "ruleset"))[1])
    tables = {}
    for row in map(json.loads, tracer.text.splitlines()):
        tables.setdefault(row["time"], {})[row["dport"]] = row["count"]
    last = {port: 0 for port in ports}
    for table in tables.values():  # no count ever goes back
        assert all(table.get(port, 0) >= count for port, count in last.items())
        last.update(table)
    assert last == {port: senders * times for port in ports}
    assert dropped == senders * times * len(ports) == tracer.totals[0], tracer.errors


def test_interval():
    """A table each time, with what was counted up to then and the rate since the last one."""
    with counted("dport", "--interval", str(0.5 * Settings.slow), "-o", "json") as (ns, tracer):
        drop_some(ns)
        wait_for(lambda: tracer.text.count('"dport":1998') >= 2, 5, "two summaries")
        drop_some(ns)
        tracer.stop()
    rows = [row for row in map(json.loads, tracer.text.splitlines()) if row["dport"] == 1998]
    assert [row["count"] for row in rows][:2] == [5, 5] and rows[-1]["count"] == 10, rows
    assert rows[0]["rate"] > 0 and rows[1]["rate"] == 0 and rows[-1]["rate"] > 0, rows
    assert all(row["share"] == 0.555556 and row["other"] is False for row in rows), rows
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_json():
    with counted("reason,location,saddr,dport,proto,iface", "-o", "json") as (ns, tracer):
        drop_some(ns)
        tracer.stop()
    row = json.loads(tracer.text.splitlines()[0])
    assert list(row) == ["time", "interface", "ethertype", "ethertype_name", "saddr", "protocol",
                         "protocol_name", "dport", "location", "reason", "reason_name", "other",
                         "count", "share", "rate"], row
    assert (row["saddr"], row["dport"], row["count"]) == (HERE, 1998, 5), row
    assert row["location"]["function"], row


def test_ends():
    """It ends like a table of drops: by signal or duration, also without a drop."""
    with Trace("--summary", "-s", f"{NET}.9", "--duration", "0.2") as tracer:
        assert tracer.finish() == 0
    assert tracer.rows == [] and tracer.text.count("\n") == 4 and tracer.totals == (0, 0, 0), tracer.text
    with Trace("--summary", "-s", f"{NET}.9") as tracer:
        start = time.monotonic()
        tracer.stop(signal.SIGTERM)
    assert time.monotonic() - start < 2 * Settings.slow


def test_refused():
    for flags, words in ((["--summary=nonsense"], '"nonsense"'),
                         (["--summary=reason,,proto"], '",proto"'),
                         (["--summary="], '""'),
                         (["--interval", "1"], "--interval"),
                         (["--summary", "--interval", "0"], "--interval"),
                         (["--summary", "--count", "3"], "--count"),
                         (["--summary", "-k"], "--stack"),
                         (["--summary", "-v"], "--verbose"),
                         (["--summary", "--buffer", "1M"], "--buffer"),
                         (["--buffer", "3K"], '"3K"'), (["--buffer", "12K"], '"12K"'),
                         (["--buffer", "512M"], '"512M"'), (["--buffer", "4KB"], '"4KB"'),
                         (["--buffer", "M"], '"M"'), (["--buffer", "99999999999999999999"], "--buffer")):
        one_line(2, words, flags=flags)


def test_programs_of_ones_own():
    """They must count, and by the keys that are asked for."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        for flags, keys, words in (((), "dport", '"summary"'),
                                   (("--summary=dport",), "saddr", "other keys"),
                                   (("--summary=dport",), None, '"events"')):
            file.seek(0)
            file.truncate()
            file.write(source(*flags))
            file.flush()
            one_line(5, words, flags=("--source", file.name, *([f"--summary={keys}"] if keys else [])))
        code, _, err = run("--source", file.name, "--summary=dport", "--duration", "0.1")
        assert code == 0, err


def test_only_what_is_counted_by_is_read():
    """The program for the default keys does not touch the packet."""
    raw = "--attach", "raw_tracepoint"
    assert "copy_back(skb, address)" not in source("--summary", *raw)
    assert "copy_back(skb, address)" in source("--summary=dport", *raw)
    assert "read_ports" not in source("--summary=proto", *raw)


def test_buffer():
    """A larger one holds a burst that a smaller one loses; both count every drop."""
    lost = {}
    for size in "4K", "16M":
        with net.Netns() as ns, Trace("--buffer", size, "-D", "1998", "-d", HERE) as tracer:
            ns.ip("addr", "add", f"{HERE}/24", "dev", "lo")
            with ns.inside():
                tracer.process.send_signal(signal.SIGSTOP)
                net.flood(HERE, 1998, 20000)
                tracer.process.send_signal(signal.SIGCONT)
            tracer.stop()
        shown, lost[size], suppressed = tracer.totals
        assert shown + lost[size] + suppressed == 20000, (size, tracer.totals)
    assert lost["4K"] > 10000 and lost["16M"] == 0, lost


PROBE = """
DROP_FIELD(char[16], device, "%s", READ(skb, dev, name))
DROP_FIELD(u32, mtu, "%u", READ(skb, dev, mtu))
int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	return drop(ctx, (struct sk_buff *)ctx->args[0], ctx->args[1], 0);
}
"""


def test_columns_of_a_probe():
    """They can be counted by like any other."""
    with tempfile.TemporaryDirectory() as directory, net.Netns() as ns:
        path = f"{directory}/mine.c"
        with open(path, "w", encoding="ascii") as file:
            file.write(PROBE)
        ns.ip("link", "set", "lo", "mtu", "40000")
        for flags in ((), ("-o", "json")):
            with Trace("--probe", path, "--summary=device,dport,mtu", "--netns", ns.name, "-p", "udp",
                       *flags) as tracer:
                for port in (9, 9, 10):
                    ns.udp(b"x", "127.0.0.1", port)
                tracer.stop()
            if flags:
                rows = [json.loads(line) for line in tracer.text.splitlines()]
                assert [(row["device"], row["dport"], row["mtu"], row["count"]) for row in rows] == \
                    [("lo", 9, 40000, 2), ("lo", 10, 40000, 1)], rows
            else:
                assert [(row["DEVICE"], row["DPORT"], row["MTU"], row["COUNT"]) for row in tracer.rows] == \
                    [("lo", "9", "40000", "2"), ("lo", "10", "40000", "1")], tracer.text
            assert tracer.totals == (3, 0, 0)
        one_line(2, '--summary: "nonsense" is not a key (iface, socket, uid, program, saddr, daddr, proto, sport, dport, location, '
                 "reason), and the program has no column of that name\n", flags=("--summary=nonsense", "--probe", path))
        other = f"{directory}/other.c"
        with open(other, "w", encoding="ascii") as file:
            file.write(PROBE.replace("u32, mtu", "u16, mtu").replace("%u", "%x"))
        one_line(2, "--summary: its columns must be the same in all probes\n",
                 flags=("--summary=mtu", "--probe", path, "--probe", other))


def test_large_keys():
    """As much as fits into a key: four texts and all that can be counted by besides."""
    texts = "".join(f'DROP_FIELD(char[{size}], t{i}, "%s", READ(skb, dev, name))\n'
                    for i, size in enumerate((64, 64, 64, 16)))
    every = "reason,location,iface,proto,saddr,daddr,sport,dport"
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/mine.c"
        with open(path, "w", encoding="ascii") as file:
            file.write(texts + PROBE[PROBE.index("int raw_"):])
        with counted(f"t0,t1,t2,{every}", "--probe", path) as (ns, tracer):
            for _ in range(4):
                drop_some(ns)
            rows = tracer.stop().rows
        assert [(row["T0"], row["T2"], row["DPORT"], row["COUNT"]) for row in rows] == \
            [("lo", "lo", "1998", "20"), ("lo", "lo", "1999", "12"), ("lo", "lo", "1997", "4")], tracer.text
        with counted("t0,t1,t2,t3", "--probe", path) as (ns, tracer):
            drop_some(ns)
            assert [row["T3"] for row in tracer.stop().rows] == ["lo"], tracer.text
