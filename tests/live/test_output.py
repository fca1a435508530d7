# SPDX-License-Identifier: GPL-2.0-only
"""What is printed, when, and how a run ends."""

import collections
import contextlib
import fcntl
import json
import os
import re
import resource
import select
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

import net
from net import A4, B4, IPV4
from oracle import kernel_gives_reasons
from trace import Settings, Trace, run, wait_for

HERE = f"127.77.{os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"  # of no other run on this host
PING = net.ipv4(1, net.icmp(8))
INPUT_DROP = "table ip t { chain c { type filter hook input priority 0; icmp type echo-request drop; }; }"


class Pings:
    """A pair in which pings from a are dropped by b."""

    def __enter__(self):
        self.pair = net.Pair().__enter__()
        self.pair.b.nft(INPUT_DROP)
        return self

    def __exit__(self, *_):
        self.pair.__exit__()

    def send(self, count=1):
        for _ in range(count):
            self.pair.a.frame(IPV4, PING)


def test_example_of_the_design():
    reason = "NETFILTER_DROP" if kernel_gives_reasons() else "-"
    with Pings() as pings, Trace("-i", "eth0", "-p", "1", "-v", "-s", A4) as tracer:
        pings.send()
        tracer.stop()
        width = max(len(reason), len("REASON"))
        border = f"+-----------+-----------+-------------+----------+-------+-------+--------------+{'-' * (width + 2)}+"
        assert tracer.text.splitlines() == [
            border,
            f"| INTERFACE |  SOURCE   | DESTINATION | PROTOCOL | SPORT | DPORT |   LOCATION   | {'REASON'.center(width)} |",
            border,
            f"| eth0      | 192.0.2.1 | 192.0.2.2   |        1 |     0 |     0 | nft_do_chain | {reason.ljust(width)} |",
            border,
        ], tracer.text


def test_no_rows_is_a_whole_table():
    with Trace("-p", "253", "-V", "4094") as tracer:
        tracer.stop()
        lines = tracer.text.splitlines()
    assert len(lines) == 4 and lines[0] == lines[2] == lines[3], lines
    assert lines[1].split() == list("|") + "SOURCE | DESTINATION | PROTOCOL | SPORT | DPORT | LOCATION | REASON |".split()


def test_stack():
    with Pings() as pings, Trace("-k", "-p", "icmp", "-s", A4) as tracer:
        pings.send()
        tracer.stop()
        lines = tracer.text.splitlines()
    row = next(i for i, line in enumerate(lines) if "192.0.2.1" in line)
    stack = lines[row + 1:-1]
    assert len(stack) > 5, lines
    for frame in stack:
        assert re.fullmatch(r"    [\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+( \[\w+\])?", frame), frame
    names = [frame.split("+")[0].strip() for frame in stack]
    assert names[0] == "nft_do_chain", names
    assert "nf_hook_slow" in names and "ip_local_deliver" in names, names
    assert not any("bpf" in name or "kfree_skb" in name for name in names), names


def test_numeric():
    for flags, protocol in (("-p", "icmp"), "icmp"), (("-p", "icmp", "-n"), "1"), (("-p", "1"), "1"):
        with Pings() as pings, Trace(*flags, "-s", A4) as tracer:
            pings.send()
            rows = tracer.stop().rows
        assert [row["PROTOCOL"] for row in rows] == [protocol], (flags, rows)


def test_color():
    plain = {**os.environ, "NO_COLOR": "1"}
    for flags, colored in (("--color=always",), True), (("-c",), True), (("--color=never",), False), ((), False):
        with Pings() as pings, Trace("-p", "icmp", "-s", A4, *flags, env=plain) as tracer:
            pings.send()
            tracer.stop()
        assert ("\033[" in tracer.text) == colored, (flags, tracer.text)


def test_color_on_a_terminal():
    for environment, colored in ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False):
        controller, terminal = os.openpty()
        with Pings() as pings, Trace("-p", "icmp", "-s", A4, stdout=terminal,
                                     env={**os.environ, **environment}) as tracer:
            pings.send()
            tracer.stop()
            os.close(terminal)
            text = os.read(controller, 65536).decode()
            os.close(controller)
        assert ("\033[" in text) == colored, (environment, text)


def test_count():
    with Pings() as pings, Trace("--count", "3", "-p", "icmp", "-s", A4) as tracer:
        pings.send(3)
        assert tracer.finish() == 0
        assert len(tracer.rows) == 3, tracer.text
        assert tracer.totals == (3, 0, 0), tracer.totals
        assert tracer.text.endswith("+\n")


def test_count_suppresses_the_rest():
    with Pings() as pings, Trace("--count", "3", "-p", "icmp", "-s", A4) as tracer:
        tracer.process.send_signal(signal.SIGSTOP)
        pings.send(10)
        tracer.process.send_signal(signal.SIGCONT)
        assert tracer.finish() == 0
        assert len(tracer.rows) == 3, tracer.text
        assert tracer.totals == (3, 0, 7), tracer.totals


def test_duration():
    with Trace("--duration", "0.4") as tracer:
        start = time.monotonic()
        assert tracer.finish() == 0
        assert time.monotonic() - start < 0.4 + 2 * Settings.slow
        assert tracer.totals


def test_sigterm():
    with Pings() as pings, Trace("-p", "icmp", "-s", A4) as tracer:
        pings.send(2)
        tracer.stop(signal.SIGTERM)
        assert tracer.totals == (2, 0, 0), tracer.totals
        assert tracer.text.endswith("+\n")


def test_one_line_when_tracing_and_one_at_the_end():
    with Trace() as tracer:
        tracer.stop()
        lines = tracer.errors.splitlines()
    assert len(lines) == 2, lines
    assert re.fullmatch(r"bytetrace: tracing (tp_btf |raw tracepoint )?kfree_skb, types from .*", lines[0]), lines


def test_rows_come_at_once_through_a_pipe():
    reader, writer = os.pipe()
    with Pings() as pings, Trace("-p", "icmp", "-s", A4, stdout=writer):
        os.close(writer)
        pings.send()
        start = time.monotonic()
        text = b""
        while b"192.0.2.1" not in text:
            text += os.read(reader, 65536)
        waited = time.monotonic() - start
        os.close(reader)
    assert waited < 0.3 * Settings.slow, waited


def test_reader_that_goes_away():
    """As with `| head`: quiet, also if no drop comes that could fail to be written."""
    for flags, send in (("-p", "icmp", "-s", A4), True), (("-p", "253", "-V", "4094"), False):
        reader, writer = os.pipe()
        with Pings() as pings, Trace(*flags, stdout=writer) as tracer:
            os.close(writer)
            os.close(reader)
            if send:
                pings.send()
            assert tracer.finish() == 1
            assert len(tracer.errors.splitlines()) == 1, tracer.errors


JSON_KEYS = ["time", "probe", "cpu", "pid", "comm", "netns", "interface", "ifindex", "socket", "uid", "program",
             "program_pid", "mark", "tunnel", "vlan",
             "ethertype", "ethertype_name", "saddr", "daddr", "protocol", "protocol_name", "sport", "dport",
             "length", "location", "reason", "reason_name"]


def test_json():
    name = 'a"\\\u00e9'
    with net.Pair() as pair:
        pair.b.nft(INPUT_DROP)
        pair.b.ip("link", "set", "eth0", "down")
        pair.b.ip("link", "set", "eth0", "name", name)
        pair.b.ip("link", "set", name, "up")
        with Trace("-o", "json", "-k", "-p", "icmp,0x1234", "-n", "-c") as tracer:
            before = time.time()
            pair.a.frame(IPV4, PING)
            pair.a.frame(0x1234, bytes(46))
            tracer.stop()
        drops = [json.loads(line) for line in tracer.text.splitlines()]
    drops = [drop for drop in drops if drop["netns"] == pair.b.inode]
    assert all(list(drop) == [*JSON_KEYS, "stack"] for drop in drops), drops
    ping, unknown = drops
    assert abs(ping["time"] - before) < 1 * Settings.slow, (ping, before)
    expected = {"interface": name, "ethertype": 0x0800, "ethertype_name": "ipv4", "saddr": A4,
                "daddr": B4, "protocol": 1, "protocol_name": "icmp", "sport": None, "vlan": None}
    assert expected.items() <= ping.items(), ping
    assert ping["location"]["function"] == "nft_do_chain", ping
    assert ping["location"] == ping["stack"][0], ping
    assert unknown["saddr"] is None and unknown["protocol"] is None, unknown
    assert unknown["ethertype"] == 0x1234 and unknown["ethertype_name"] is None, unknown


def test_json_without_drops_is_empty():
    with Trace("-o", "json", "-p", "253", "-V", "4094") as tracer:
        tracer.stop()
    assert tracer.text == ""


def test_closed_output():
    for flags in ("--duration", "0.1"), ("--help",):
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", Settings.program, "--no-cache",
                               *flags], capture_output=True, text=True, check=False)
        assert done.returncode == 1, done
        assert "Bad file descriptor" in done.stderr, done


@contextlib.contextmanager
def full_pipe():
    """A pipe into which nothing can be written: (reader, writer)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def read_until(reader, condition, seconds=10):
    """What comes out of a pipe, up to where the condition holds."""
    text, end = b"", time.monotonic() + seconds * Settings.slow
    while not condition(text):
        ready, _, _ = select.select([reader], [], [], max(0, end - time.monotonic()))
        assert ready, f"timed out after {text[-300:]!r}"
        text += os.read(reader, 1000)
    return text


def test_late_signal_ends_what_hangs():
    """Nobody reads, so the orderly end cannot come; it need not be SIGKILL that helps.

    In the first two seconds more signals mean nothing: timeout(1) sends its own twice.
    """
    for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGHUP),
                          (signal.SIGHUP, signal.SIGINT)):
        with full_pipe() as (_, writer), Pings() as pings, Trace("-p", "icmp", "-s", A4, stdout=writer) as tracer:
            pings.send()
            time.sleep(0.3 * Settings.slow)
            for number in first, second, first:
                tracer.process.send_signal(number)
                time.sleep(0.2)
            assert tracer.process.poll() is None, (first, second)
            time.sleep(2)
            tracer.process.send_signal(second)
            assert tracer.finish() == -second, (first, second)


def test_hangup():
    """SIGHUP ends in the orderly way, unless nohup(1) ignores it."""
    with Pings() as pings, Trace("-p", "icmp", "-s", A4) as tracer:
        pings.send(2)
        tracer.stop(signal.SIGHUP)
        assert tracer.totals == (2, 0, 0) and tracer.text.endswith("+\n"), tracer.text
    with Trace("-p", "253", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as tracer:
        tracer.process.send_signal(signal.SIGHUP)
        time.sleep(0.3 * Settings.slow)
        assert tracer.process.poll() is None
        tracer.stop()


def test_two_signals_at_once():
    """Both are there before the process handles one of them."""
    with Pings() as pings, Trace("-p", "icmp", "-s", A4) as tracer:
        pings.send(2)
        time.sleep(Settings.pause)
        for number in signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCONT:
            tracer.process.send_signal(number)
        assert tracer.finish() == 0
        assert tracer.totals == (2, 0, 0) and tracer.text.endswith("+\n"), tracer.text


def test_timeout():
    """timeout(1) signals its child, then its group, to which the child belongs."""
    cpu = str(min(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as directory:
        flags = ["--cache-dir", directory, "-p", "253"]
        assert run(*flags, "--duration", "0.1")[0] == 0
        for _ in range(3):
            # As on a busy machine, the child runs between the two signals.
            command = ["taskset", "-c", cpu, "timeout", str(1.5 * Settings.slow), "chrt", "-f", "1", Settings.program]
            done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False,
                                  start_new_session=True)
            assert done.returncode == 124, done
            assert " 0 shown, " in done.stderr and len(done.stdout.splitlines()) == 4, done


def test_duration_with_a_stalled_reader():
    for duration, *flags in ("0.5",), ("1",), ("0.5", "--summary"), ("1", "-o", "json"):
        with full_pipe() as (_, writer), Pings() as pings, \
                Trace("-p", "icmp", "-s", A4, "--duration", duration, *flags, stdout=writer) as tracer:
            pings.send()
            start = time.monotonic()
            assert tracer.finish() == 1
            assert time.monotonic() - start > 1.9
            assert tracer.errors.endswith("bytetrace: cannot write the output: nothing was read for 2 seconds "
                                          "after the end of --duration\n"), tracer.errors
    # Standard error may be the same pipe.
    with full_pipe() as (_, writer):
        process = subprocess.Popen([Settings.program, *Settings.cache, "-p", "253", "--duration", "0.5"],
                                   stdout=writer, stderr=writer)
        assert process.wait(10 * Settings.slow) == 1


def test_reader_that_is_late():
    """It gets everything if it reads in time, also from a descriptor that does not block."""
    for blocking in True, False:
        with full_pipe() as (reader, writer), Pings() as pings:
            os.set_blocking(writer, blocking)
            with Trace("-p", "icmp", "-s", A4, "--duration", "0.5", stdout=writer) as tracer:
                start = time.monotonic()
                pings.send(50)
                time.sleep(max(0, start + 1.5 - time.monotonic()))
                assert tracer.process.poll() is None
                text = read_until(reader, lambda text: text.count(b"+\n") == 3)
                assert tracer.finish() == 0
            assert text.count(b"192.0.2.1 ") == tracer.totals[0] > 0, (blocking, tracer.totals)


def test_reader_of_a_descriptor_that_does_not_block():
    """A slow one gets every byte, and so does one of --help."""
    count = 3000
    with full_pipe() as (reader, writer), net.Netns() as ns:
        os.set_blocking(writer, False)
        with Trace("-p", "udp", "-D", "2006", "-d", HERE, stdout=writer) as tracer:
            with ns.inside():
                net.flood(HERE, 2006, count)
            time.sleep(0.3 * Settings.slow)
            tracer.process.send_signal(signal.SIGINT)
            text = read_until(reader, lambda text: text.count(b"+\n") == 3)
            assert tracer.finish() == 0
        assert tracer.totals == (count, 0, 0) and text.count(b"2006 | ") == count, tracer.totals
    with full_pipe() as (reader, writer):
        os.set_blocking(writer, False)
        process = subprocess.Popen([Settings.program, "--help"], stdout=writer)
        time.sleep(0.3)
        read_until(reader, lambda text: b"--explain NETFILTER_DROP" in text)
        assert process.wait(10 * Settings.slow) == 0


def test_summaries_while_it_is_stopped():
    """They are left out: a table is of the time when it is printed."""
    with Trace("--summary", "--interval", "0.1", "-p", "253", "-V", "4094") as tracer:
        tracer.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        before = tracer.text.count("COUNT")
        tracer.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        tracer.stop()
    assert before < tracer.text.count("COUNT") <= before + 8 * Settings.slow, (before, tracer.text)


def test_full_disk():
    with open("/dev/full", "w", encoding="ascii") as full, Pings() as pings, \
            Trace("-p", "icmp", "-s", A4, stdout=full) as tracer:
        pings.send()
        assert tracer.finish() == 1
        assert tracer.errors.splitlines()[1:] == [
            "bytetrace: cannot write the output: No space left on device"], tracer.errors


def test_limited_file_size():
    """As a full disk: what was refused is told, and no signal ends the process."""
    with tempfile.TemporaryFile() as file, net.Netns() as ns, \
            Trace("-p", "udp", "-D", "2005", "-d", HERE, stdout=file) as tracer:
        resource.prlimit(tracer.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        with ns.inside():
            net.flood(HERE, 2005, 100)
        assert tracer.finish() == 1
        assert tracer.errors.splitlines()[1:] == ["bytetrace: cannot write the output: File too large"], tracer.errors


def test_full_disk_for_help_and_source():
    for flag in "--help", "--version", "--print-source":
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([Settings.program, flag], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        assert done.returncode == 1, (flag, done)
        assert b"No space left on device" in done.stderr, (flag, done)


def test_every_loss_is_counted():
    """shown + lost + suppressed is what an independent counter says was dropped."""
    count = 60_000
    with net.Netns() as ns:
        ns.nft("table ip t { chain c { type filter hook input priority 0; "
               "udp dport 1999 counter drop; }; }")
        with Trace("-p", "udp", "-D", "1999", stdout=subprocess.DEVNULL) as tracer:
            tracer.process.send_signal(signal.SIGSTOP)
            with ns.inside():
                net.flood("127.0.0.1", 1999, count)
            tracer.process.send_signal(signal.SIGCONT)
            tracer.stop()
            shown, lost, suppressed = tracer.totals
        dropped = int(re.search(r"counter packets (\d+)", ns.run("nft", "list", "ruleset"))[1])
    assert dropped == count, dropped
    assert lost > 0, "the flood was too small to lose anything"
    assert shown + lost + suppressed == dropped, (tracer.totals, dropped)


def test_little_memory_for_stacks():
    """The threads that put rings into their places need none of the size that a shell allows."""
    def limit():
        for what in resource.RLIMIT_STACK, resource.RLIMIT_AS:
            resource.setrlimit(what, (4 << 30, 4 << 30))

    code, _, errors = run("-p", "253", "--duration", "0.05", preexec_fn=limit)
    assert code == 0, errors


def waits(tracer):
    """How often the reader slept up to now."""
    with open(f"/proc/{tracer.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\t(\d+)", status.read(), re.M)[1])


def test_wake_ups_are_batched():
    """A flood wakes the reader once for many drops, and none of them is lost for it.

    The buffer holds all of them, so that a busy machine loses none either.
    """
    with net.Netns() as ns, Trace("--buffer", "4M", "-p", "udp", "-D", "2003", "-d", HERE,
                                  stdout=subprocess.DEVNULL) as tracer:
        with ns.inside():
            before = waits(tracer)
            net.flood(HERE, 2003, 20_000)
            woken = waits(tracer) - before
        tracer.stop()
    assert tracer.totals == (20_000, 0, 0), tracer.totals
    assert woken < 20_000 / 10, woken


def test_a_quarter_of_the_buffer_wakes():
    """The reader does not only look by itself, every 50 ms: that would be too late in a flood."""
    if Settings.slow != 1:
        raise net.Unsupported("an emulated machine takes longer to drop so much than the reader waits")
    with net.Netns() as ns, Trace("--buffer", "64K", "-p", "udp", "-D", "2003", "-d", HERE,
                                  stdout=subprocess.DEVNULL) as tracer:
        with ns.inside():
            before, start = waits(tracer), time.monotonic()
            for _ in range(60):
                net.flood(HERE, 2003, 230)  # a bit more than a quarter: a record takes 80 bytes
                time.sleep(0.005)
            woken, looks = waits(tracer) - before, (time.monotonic() - start) / 0.05
        tracer.stop()
    assert woken > 2 * looks + 10, (woken, looks)


def test_perf_buffers():
    """What kernels before 5.10 use, and a program by hand may: all is shown, or counted as lost."""
    code, source, _ = run("--print-source", "-p", "udp", "-D", "2004", "-d", HERE)
    assert code == 0 and "#include <bytetrace/perf.h>" in source
    with tempfile.TemporaryDirectory() as directory, net.Netns() as ns:
        with open(f"{directory}/perf.c", "w", encoding="ascii") as file:
            file.write(f"#undef EVENTS_RINGS\n{source}")
        ns.nft("table ip t { chain c { type filter hook input priority 0; udp dport 2004 counter drop; }; }")
        flags = "--source", f"{directory}/perf.c", "--rate", "0"
        assert "map events: perf_event_array" in run(*flags[:2], "--check")[1]
        with Trace(*flags, "--buffer", "16K") as tracer:
            with ns.inside():
                net.flood(HERE, 2004, 20)
            wait_for(lambda: len(tracer.rows) == 20, 5, "rows")
            tracer.process.send_signal(signal.SIGSTOP)
            with ns.inside():
                net.flood(HERE, 2004, 3000)
            tracer.process.send_signal(signal.SIGCONT)
            tracer.stop()
    shown, lost, suppressed = tracer.totals
    assert (shown + lost, suppressed) == (3020, 0) and lost > 0 and shown > 20, tracer.totals
    assert len(tracer.rows) == shown, (len(tracer.rows), shown)


def test_losses_by_cpu():
    """What a CPU dropped is what was shown of it and what was lost on it, and no other is named."""
    allowed = os.sched_getaffinity(0)
    cpus = {min(allowed), max(allowed)}
    rules = "".join(f"udp dport {2001 + cpu} counter drop; " for cpu in cpus)
    with net.Netns() as ns:
        ns.nft(f"table ip t {{ chain c {{ type filter hook input priority 0; {rules} }}; }}")
        with Trace("-o", "json", "-d", HERE, "-p", "udp", "--buffer", "16K") as tracer:
            tracer.process.send_signal(signal.SIGSTOP)
            with ns.inside():
                try:
                    # What goes to loopback is received on the CPU that sends.
                    for count, cpu in zip((3000, 7000), cpus):
                        os.sched_setaffinity(0, {cpu})
                        net.flood(HERE, 2001 + cpu, count)
                finally:
                    os.sched_setaffinity(0, allowed)
            tracer.process.send_signal(signal.SIGCONT)
            tracer.stop()
        dropped = {int(port) - 2001: int(count) for port, count in
                   re.findall(r"dport (\d+) counter packets (\d+)", ns.run("nft", "list", "ruleset"))}
    shown = collections.Counter(json.loads(line)["cpu"] for line in tracer.text.splitlines())
    told = re.search(r"^bytetrace: lost (.*)\n(?=bytetrace: .* shown)", tracer.errors, re.M)
    lost = {int(cpu): int(count) for count, cpu in re.findall(r"(\d+) on CPU (\d+)", told[1])}
    assert sum(lost.values()) == tracer.totals[1] and all(lost.values()), tracer.errors
    assert {cpu: shown[cpu] + lost[cpu] for cpu in lost} == dropped, (shown, tracer.errors, dropped)


def test_footprint():
    with Pings() as pings, Trace("-p", "icmp", "-vv", "-k") as tracer:
        pings.send(50)
        time.sleep(0.3 * Settings.slow)
        pid = tracer.process.pid
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as maps:
            loaded = maps.read()
        tracer.stop()
    # Each CPU has a buffer of 1 MB, which counts as a part of the process where it is a ring buffer.
    buffers = sum(map(int, re.findall(r"anon_inode:bpf-map\n(?:\w+:.*\n)*?Rss:\s+(\d+) kB", loaded)))
    assert resident - buffers <= 8 * 1024, f"{resident} kB, {buffers} kB of them buffers"
    assert buffers <= 1100 * os.cpu_count(), buffers
    assert "LLVM" not in loaded and "libbcc" not in loaded and "clang" not in loaded
    assert len(tracer.rows) >= 50


def test_hostile_names():
    name, comm = "a|$(x)\u00e9", "x\n\033[2J|y"
    with net.Pair() as pair:
        pair.b.ip("link", "set", "eth0", "down")
        pair.b.ip("link", "set", "eth0", "name", name)
        pair.b.ip("link", "set", name, "up")
        with Trace("-vv", "-p", "udp", "-s", f"{A4},127.0.0.1") as tracer:
            pair.a.udp(b"x", B4, 9, sport=40200)
            with pair.b.inside():
                child = os.fork()
                if child == 0:
                    net.libc.prctl(15, comm.encode())  # PR_SET_NAME
                    net.flood("127.0.0.1", 9, 1)
                    os._exit(0)
            os.waitpid(child, 0)
            rows = [row for row in tracer.stop().rows if row["NETNS"] == str(pair.b.inode)]
    assert [row["INTERFACE"] for row in rows] == ["a\\x7c$(x)\\xc3\\xa9", "lo"], rows
    assert rows[1]["COMM"] == "x\\x0a\\x1b[2J\\x7cy", rows
    assert "\033" not in tracer.text


class Terminal:
    """A terminal that shows nothing: what was printed on it, and keys that are typed on it."""

    def __init__(self, columns, rows=24):
        self.controller, self.end = os.openpty()
        self.printed = b""
        self.resize(columns, rows)

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def become_controlling(self):
        """In the child: keys make signals."""
        os.setsid()
        fcntl.ioctl(self.end, termios.TIOCSCTTY, 0)

    def type(self, keys):
        os.write(self.controller, keys)

    def collect(self):
        with contextlib.suppress(OSError):  # the last end was closed
            while True:
                self.printed += os.read(self.controller, 65536)

    def read(self):
        time.sleep(0.1)
        return self.printed.decode(errors="replace").replace("\r\n", "\n")

    def __enter__(self):
        self.thread = threading.Thread(target=self.collect)
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.end)
        self.thread.join()
        os.close(self.controller)


@contextlib.contextmanager
def mixed_drops():
    """A function that makes drops of short and long addresses."""
    with net.Netns() as ns:
        def send(count=1):
            for _ in range(count):
                for address in "127.0.0.1", "::1":
                    ns.udp(b"x", address, 2007, sport=2008)
        ns.ip("addr", "add", "2001:db8:1111:2222:3333:4444:5555:6666", "dev", "lo", "nodad")
        yield ns, send


def fits(text, columns):
    long = [line for line in text.replace("\r", "").splitlines() if len(line) > columns]
    return not long, long[:3]


def test_table_fits_the_terminal():
    with mixed_drops() as (ns, send):
        for columns, flags in ((80, ()), (40, ("--hints",)), (20, ("-k", "--hints")), (80, ("-vv", "-k", "--hints")),
                               (7, ("-v",)), (60, ("--summary=location,reason,saddr,daddr",)),
                               (30, ("--probe", "tcp_retransmit"))):
            with Terminal(columns) as terminal, \
                    Trace("--netns", ns.name, "-D", "2007", "--color=never", *flags, stdout=terminal.end) as tracer:
                send(3)
                time.sleep(Settings.pause)
                send(3)
                tracer.stop()
                text = terminal.read()
            good, long = fits(text, columns)
            assert good, (columns, flags, long)
            if "tcp_retransmit" not in flags:
                assert tracer.totals == (12, 0, 0), tracer.totals
                assert columns < 20 or "NO_SOCKET" in text, text


def test_wide():
    """As in a pipe."""
    with mixed_drops() as (ns, send):
        texts = []
        for flags in ("--wide",), ():
            with Terminal(40) as terminal, Trace("--netns", ns.name, "--color=never", "-o", "table", *flags, "--hints",
                                                 stdout=terminal.end if flags else subprocess.PIPE) as tracer:
                send(2)
                tracer.stop()
                texts.append(terminal.read() if flags else tracer.process.stdout.read().decode())
        assert texts[0].replace("\r", "") == texts[1] and "…" not in texts[0], texts


def test_resize_of_the_terminal():
    with mixed_drops() as (ns, send), Terminal(100) as terminal, \
            Trace("--netns", ns.name, "--color=never", stdout=terminal.end) as tracer:
        send()
        wait_for(lambda: "NO_SOCKET" in terminal.read(), 5, "row")
        terminal.resize(50)
        time.sleep(0.2)
        before = len(terminal.read())
        send()
        wait_for(lambda: "NO_SOCKET" in terminal.read()[before:], 5, "row")
        tracer.stop()
        after = terminal.read()[before:]
    assert after.count("REASON") == 1 and fits(after, 50)[0], after


def test_interrupt_key():
    """The terminal's ^C is not in the border, and its modes are those from before."""
    # The shell leads the session: the terminal hangs up when its leader ends.
    script = 'trap : INT; "$@"; echo "status $?"; read line'
    with mixed_drops() as (ns, send):
        for flags in (), ("--summary",), ("-o", "json"):
            with Terminal(80) as terminal:
                before = termios.tcgetattr(terminal.end)
                process = subprocess.Popen(
                    ["sh", "-c", script, "sh", Settings.program, *Settings.cache, "--netns", ns.name, "--color=never",
                     *flags], stdin=terminal.end, stdout=terminal.end, stderr=subprocess.PIPE,
                    preexec_fn=terminal.become_controlling)
                try:
                    assert b"tracing" in process.stderr.readline()
                    send()
                    time.sleep(Settings.pause)
                    terminal.type(b"\x03")
                    wait_for(lambda: "status 0\n" in terminal.read(), 10, "end")
                    text, after = terminal.read(), termios.tcgetattr(terminal.end)
                finally:
                    process.kill()
                    process.communicate()
            lines = text.splitlines()
            assert after == before and "^C\r" in text, (flags, text)
            if flags != ("-o", "json"):
                assert re.fullmatch(r"(\^C\r)?\+[-+]+\+", lines[-2]), (flags, text)


def test_time_in_a_time_namespace():
    """CLOCK_MONOTONIC is another one there than in the kernel's records."""
    with mixed_drops() as (ns, send):
        for offset in 0, 1_000_000, -100:
            script = f'exec unshare -T --monotonic={offset} "$0" "$@"'
            command = ["sh", "-c", script, Settings.program, *Settings.cache, "--netns", ns.name, "-o", "json",
                       "--count", "1"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = process.stderr.readline()
            if "tracing" not in line:
                raise net.Unsupported(line.strip())
            send()
            out, _ = process.communicate(timeout=20 * Settings.slow)
            assert abs(json.loads(out)["time"] - time.time()) < 2 * Settings.slow, (offset, out)
