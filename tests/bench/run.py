#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What bytetrace costs, beside bpftrace and, if PEER names one, another tracer's binary.

    tests/bench/run.py [--rounds N] [--only TEXT] [--soak SECONDS] [--json | --update]
    tests/bench/run.py --smoke

Needs root, bpftool and nft; a peer that is not there is left out. Each figure is the median of N (5)
rounds in which the tools take turns. The drops are datagrams that an nft rule throws away in a
network namespace of its own; statistics of BPF programs are on only while the kernel's time is
measured. --only measures the figures that have TEXT in their name; --soak is how long the drops
come after which memory is looked at; --update writes the table in tests/bench/README.md. --smoke measures
nothing: it checks, in a few short floods, that every drop is accounted for.
"""

import argparse
import contextlib
import itertools
import json
import os
import platform
import random
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../live"))

import net
from trace import FOOTER

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BYTETRACE = f"{ROOT}/bytetrace"
FLOOD = f"{ROOT}/build/flood"
INJECT = f"{ROOT}/build/inject"
CONSUME = f"{ROOT}/build/consume"
PORT = 1998
COST_DROPS = 200_000  # a burst in which the kernel's time is measured
LOAD_SECONDS, LONG_SECONDS = 2, 10
SETTLE_SECONDS = 0.3  # in which a tracer that just attached has read what it needs besides, or shown the rest
SOAK_BURST = 50_000  # each half second
READER_RECORDS = 1_000_000
WRITE_SIZE = 64 * 1024  # as in src/run/session.c
FLOOD_BYTES = LONG_SECONDS * 1_300_000 * 500  # of JSON, in a long flood
FLOOD_BUFFER = "4M"  # holds what comes while the reader is not let run for some 20 ms
NOTHING_LOST = "0 lost"  # the target of a flood
SENDER_CPU, READER_CPU = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))

# bpftrace finds tracepoints only where tracefs is usually mounted.
BPFTRACE = ["unshare", "-m", "sh", "-c", "mount -t debugfs none /sys/kernel/debug 2>/dev/null || {"
            " mount -t tmpfs none /sys/kernel/debug && mkdir /sys/kernel/debug/tracing &&"
            " mount -t tracefs none /sys/kernel/debug/tracing; }; exec bpftrace -e \"$1\"", "sh"]
READY = 'BEGIN { printf("ready\\n"); } '
BY_PORT = ("tracepoint:skb:kfree_skb { $skb = (struct sk_buff *)args->skbaddr; "
           "$udp = (struct udphdr *)($skb->head + $skb->transport_header); "
           "if ($udp->dest == 1) { @ = count(); } }")


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"timed out: {what}")
        time.sleep(0.0005)


@contextlib.contextmanager
def on_cpu(cpu):
    """What is started meanwhile runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Tool:
    """A running tracer: attached once `ready` is in what it says on standard error.

    Rows go into `output`, a new file or `over` what is there; without one, to where it says the rest
    if `rows_too`, or nowhere.
    """

    def __init__(self, command, ready, output=None, rows_too=False, over=False):
        self.words = tempfile.TemporaryFile()
        with open(output or os.devnull, "r+b" if over else "wb") as rows:
            with on_cpu(READER_CPU):
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/", stderr=self.words,
                                                stdout=self.words if rows_too else rows)
        wait_for(lambda: ready in os.pread(self.words.fileno(), 4096, 0) or self.process.poll() is not None, 20,
                 f"start of {command}")
        if self.process.poll() is not None:
            raise RuntimeError(f"{command} ended: {self.said}")

    @property
    def said(self):
        self.words.seek(0)
        return self.words.read().decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(60):  # bpftrace misses a signal that comes at once
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=1)
                return
        self.process.kill()
        self.process.wait()


def bytetrace(*flags, **keywords):
    return Tool([BYTETRACE, *flags], b"tracing", **keywords)


def bpftrace(program):
    return Tool([*BPFTRACE, READY + program], b"ready", rows_too=True)


def programs():
    """Run count and time of each BPF program, by its number."""
    shown = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True)
    return {entry["id"]: (entry.get("run_cnt", 0), entry.get("run_time_ns", 0))
            for entry in json.loads(shown.stdout)}


@contextlib.contextmanager
def statistics_on():
    path = "/proc/sys/kernel/bpf_stats_enabled"
    with open(path, encoding="ascii") as file:
        before = file.read()
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write("1")
        yield
    finally:
        with open(path, "w", encoding="ascii") as file:
            file.write(before)


class Target:
    """A namespace in which datagrams to a port are dropped and counted."""

    # Of no other run on this host.
    address = f"127.66.{os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"

    def __enter__(self):
        self.ns = net.Netns().__enter__()
        self.ns.nft("table ip t { chain c { type filter hook prerouting priority -300; "
                    f"udp dport {PORT} counter drop; }}; }};")
        return self

    def __exit__(self, *_):
        self.ns.__exit__()

    def flood(self, count, seconds, program=FLOOD):
        """(sent, seconds)"""
        with on_cpu(SENDER_CPU):
            sent, took = self.ns.run(program, self.address, str(PORT), str(count), str(seconds)).split()
        return int(sent), float(took)

    @property
    def dropped(self):
        return int(re.search(r"packets (\d+)", self.ns.run("nft", "list", "ruleset"))[1])


def kernel_time(start):
    """Nanoseconds a drop in the program of the tracer that `start` starts."""
    with statistics_on(), Target() as target:
        before = programs()
        with start():
            target.flood(COST_DROPS, 60)
            after = programs()
    runs = {number: entry for number, entry in after.items()
            if number not in before and entry[0] >= COST_DROPS}
    return sum(nanoseconds / count for count, nanoseconds in runs.values())


def start_time(start):
    """Seconds from the start to where drops are seen."""
    begin = time.monotonic()
    with start():
        return time.monotonic() - begin


def resident(pid):
    """Megabytes of a process and its children, with all of their perf buffers."""
    total = 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parent = re.search(r"^PPid:\t(\d+)", read(f"/proc/{entry}/status"), re.M)[1]
            if str(pid) not in (entry, parent):
                continue
            for line in read(f"/proc/{entry}/smaps").splitlines():
                if "-" in line.split()[0]:
                    # Memory of the kernel, which it does not count as resident.
                    counted = "Size:" if "perf_event" in line else "Rss:"
                elif line.startswith(counted):
                    total += int(line.split()[1])
    return total / 1024


def memory(start, seconds=0):
    """Megabytes of a tool, buffers counted, once it has seen some drops, 100,000 a second for so long."""
    with Target() as target, start() as tool:
        end = time.monotonic() + seconds
        target.flood(100, 5)
        while time.monotonic() < end:
            next_ = time.monotonic() + 0.5
            target.flood(SOAK_BURST, 5)
            time.sleep(max(0, next_ - time.monotonic()))
        time.sleep(SETTLE_SECONDS)
        return resident(tool.process.pid)


def first_drop(start, output):
    """Seconds from the start to where the first of many drops is shown: of a tool that says nothing."""
    with Target() as target:
        begin = time.monotonic()

        def shown():
            target.ns.udp(b"x", target.address, PORT)
            return target.address in read(output)
        with start():
            wait_for(shown, 5, "a row")
            return time.monotonic() - begin


def lone_drop(start, output):
    """Seconds until a drop that comes alone is shown."""
    with Target() as target, start():
        time.sleep(SETTLE_SECONDS + random.random() * 0.1)  # at any time between two looks
        target.ns.udp(b"x", target.address, PORT)
        begin = time.monotonic()
        wait_for(lambda: target.address in read(output), 5, "a row")
        return time.monotonic() - begin


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def reader_time(form, output=os.devnull, count=READER_RECORDS):
    """Nanoseconds that decoding and printing a record takes, or what else tests/bench/consume.c measures."""
    with open(output, "wb") as rows, on_cpu(READER_CPU):
        done = subprocess.run([CONSUME, form, "0", str(count)], stdout=rows, stderr=subprocess.PIPE, check=True)
    return float(done.stderr)


def writing_time(form, output):
    """Nanoseconds a record that it takes to write as many bytes as a long flood's into a new file."""
    reader_time(form, output)
    chunk, size = bytes(WRITE_SIZE), os.path.getsize(output)
    with open(output, "wb", buffering=0) as file, on_cpu(READER_CPU):
        begin = time.monotonic_ns()
        for _ in range(LONG_SECONDS * size // WRITE_SIZE):
            file.write(chunk)
        took = time.monotonic_ns() - begin
    os.unlink(output)
    return took / LONG_SECONDS / READER_RECORDS


@contextlib.contextmanager
def memory_file():
    """A file in memory that is as large as what a long flood writes, in which all memory is there."""
    with open("/proc/meminfo", encoding="ascii") as file:
        free = int(re.search(r"^MemAvailable: *(\d+)", file.read(), re.M)[1]) * 1024
    if free < 2 * FLOOD_BYTES:
        raise RuntimeError(f"not enough memory for a file of {FLOOD_BYTES} bytes")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        for _ in range(FLOOD_BYTES // WRITE_SIZE):
            file.write(bytes(WRITE_SIZE))
        file.flush()
        yield file.name


def load(start, seconds=LOAD_SECONDS, program=INJECT, strays=1000):
    """Thousand drops a second under a flood while it traces, and the percentage that it lost.

    bytetrace's counts must be true, but for the drops of others on this host, `strays` at most.
    """
    with Target() as target:
        with start() as tool:
            time.sleep(SETTLE_SECONDS)
            sent, took = target.flood(10**9, seconds, program)
            time.sleep(SETTLE_SECONDS)
        dropped = target.dropped
    footer = FOOTER.search(tool.said)
    if not footer:
        lost = sum(map(int, re.findall(r"^Lost (\d+) events", tool.said, re.M)))  # bpftrace
        return sent / took / 1000, lost / dropped * 100
    shown, lost, suppressed = map(int, footer.groups())
    if not 0 <= shown + lost + suppressed - (dropped if shown + lost else 0) <= strays:
        raise RuntimeError(f"{shown} + {lost} + {suppressed} is not {dropped}")
    where = re.search(r"^bytetrace: lost (.*)", tool.said, re.M)
    if lost != (sum(map(int, re.findall(r"(\d+) (?:on|skipped)", where[1]))) if where else 0):
        raise RuntimeError(f"{where[0]} is not {lost}")
    return sent / took / 1000, lost / dropped * 100


def slowdown(start):
    """By how many percent a sender is slower while it traces."""
    alone, _ = load(nothing, program=FLOOD)
    traced, _ = load(start, program=FLOOD)
    return (1 - traced / alone) * 100


@contextlib.contextmanager
def nothing():
    class Quiet:
        said = ""
    yield Quiet()


def figures(scratch, soak):
    """(name, unit, target or None, {tool: function that measures it once})"""
    cached = ["--cache-dir", f"{scratch}/cache"]
    thousand = ",".join(f"10.{i // 250}.{i % 250}.1" for i in range(1000))
    source = f"{scratch}/empty.c"
    with open(source, "w", encoding="ascii") as file:
        printed = subprocess.run([BYTETRACE, "--print-source"], check=True, capture_output=True,
                                 text=True).stdout
        # Nothing is left of it, but a program that never calls drop() is refused.
        call = "return drop_socket(ctx, skb, sk,"
        assert call in printed
        file.write(printed.replace(call, call.replace("return", "return 1 ? 0 :")))
    table, rows = f"{scratch}/table", f"{scratch}/json"

    def ours(measure, *flags, **keywords):
        return lambda: measure(lambda: bytetrace(*cached, *flags, **keywords))

    def theirs(measure, program):
        return lambda: measure(lambda: bpftrace(program))

    # Of another tracer it is only known that it shows drops: it counts as started after a second.
    def peer(measure, wait=1):
        def start():
            tool = Tool(shlex.split(os.environ["PEER"]), b"", table)
            time.sleep(wait)
            return tool
        return {"peer": lambda: measure(start)} if os.environ.get("PEER") else {}

    def shows_first(start):
        return first_drop(start, table)

    def shows_lone(start):
        return lone_drop(start, table)

    count = "tracepoint:skb:kfree_skb { @[args->location, args->reason] = count(); }"
    show = 'tracepoint:skb:kfree_skb { printf("%d %llx\\n", args->reason, (uint64)args->location); }'
    never = "tracepoint:skb:kfree_skb /args->reason == 9999/ { @ = count(); }"
    with bytetrace(*cached, "-p", "tcp"):
        pass  # is compiled, for the next one
    yield "start to attached, same flags again", "s", 0.025, {
        "bytetrace": ours(start_time, "-p", "tcp"), "bpftrace": theirs(start_time, count)}
    ports = itertools.count(1)
    yield "start to attached, new flags", "s", 0.25, {
        "bytetrace": lambda: start_time(lambda: bytetrace(*cached, "-D", str(next(ports)))),
        "bpftrace": theirs(start_time, count), **peer(shows_first, 0)}
    yield "a lone drop is shown after", "s", 0.1, {
        "bytetrace": ours(shows_lone, "-D", str(PORT), output=table), **peer(shows_lone)}
    yield "memory while tracing, buffers counted", "MB", 8, {
        "bytetrace": ours(memory), "bpftrace": theirs(memory, show), **peer(memory)}

    def soaked(start):
        return memory(start, soak)

    yield f"memory after {soak} s of 100,000 drops/s", "MB", 8, {
        "bytetrace": ours(soaked), "bpftrace": theirs(soaked, show), **peer(soaked)}
    yield "in the kernel: an empty program", "ns", None, {
        "bytetrace": ours(kernel_time, "--source", source),
        "bpftrace": theirs(kernel_time, "tracepoint:skb:kfree_skb { }")}
    yield "in the kernel: rejected by reason", "ns", 32, {
        "bytetrace": ours(kernel_time, "--reason", "NO_SOCKET"),
        "bpftrace": theirs(kernel_time, never)}
    yield "in the kernel: rejected by protocol", "ns", None, {
        "bytetrace": ours(kernel_time, "-p", "tcp")}
    yield "in the kernel: rejected by port", "ns", 64, {
        "bytetrace": ours(kernel_time, "-D", "1"), "bpftrace": theirs(kernel_time, BY_PORT)}
    yield "in the kernel: rejected by an expression (udp port 1)", "ns", None, {
        "bytetrace": ours(kernel_time, "udp", "port", "1")}
    yield "in the kernel: rejected by 1 address", "ns", None, {
        "bytetrace": ours(kernel_time, "-s", "10.0.0.1")}
    yield "in the kernel: rejected by 1,000 addresses", "ns", None, {
        "bytetrace": ours(kernel_time, "-s", thousand)}
    yield "in the kernel: counted", "ns", 70, {
        "bytetrace": ours(kernel_time, "--summary"), "bpftrace": theirs(kernel_time, count)}
    yield "in the kernel: shown", "ns", 150, {
        "bytetrace": ours(kernel_time), "bpftrace": theirs(kernel_time, show),
        **peer(kernel_time)}
    yield "reader: a row of the table into a file", "ns", 1000, {"bytetrace": lambda: reader_time("table", table)}
    yield "reader: a JSON object into a file", "ns", 1000, {"bytetrace": lambda: reader_time("json", rows)}
    yield "reader: the name of a place that came before", "ns", None, {
        "bytetrace": lambda: reader_time("places")}
    yield "reader: all names of the kernel's functions, once", "ms", None, {
        "bytetrace": lambda: reader_time("symbols", count=5) / 1e6}
    yield f"writing alone, {LONG_SECONDS} s of JSON into a new file: an object", "ns", None, {
        "bytetrace": lambda: writing_time("json", rows)}
    yield "sender slowed by a filter that matches nothing", "%", 5, {
        "bytetrace": ours(slowdown, "-p", "tcp"), "bpftrace": theirs(slowdown, never), **peer(slowdown)}
    yield "flood: no tracer", "k drops/s", None, {"bytetrace": lambda: load(nothing)[0]}
    yield "flood: counted", "k drops/s", NOTHING_LOST, {
        "bytetrace": ours(load, "--summary"), "bpftrace": theirs(load, count)}

    def long_load(start):
        return load(start, LONG_SECONDS)

    def over_memory(*flags):
        def once():
            with memory_file() as file:
                return long_load(lambda: bytetrace(*cached, *flags, output=file, over=True))
        return once

    buffer = "--buffer", FLOOD_BUFFER
    for what, flags, theirs_too in (("the table", buffer, {"bpftrace": theirs(load, show), **peer(load)}),
                                    ("JSON", (*buffer, "-o", "json"), {})):
        name = f"{LONG_SECONDS} s of flood, --buffer {FLOOD_BUFFER}: {what}"
        yield f"{name} over a file in memory", "k drops/s", NOTHING_LOST, {"bytetrace": over_memory(*flags)}
        yield f"{name} into a new file", "k drops/s", NOTHING_LOST, {
            "bytetrace": ours(long_load, *flags, output=table), **theirs_too}


def measure(rounds, only, soak):
    """A dictionary a figure."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, unit, target, tools in figures(scratch, soak):
            if only not in name:
                continue
            if not shutil.which("bpftrace"):
                tools.pop("bpftrace", None)
            values, losses = ({tool: [] for tool in tools} for _ in range(2))
            for _ in range(rounds):
                for tool, once in tools.items():
                    try:
                        value = once()
                    except (RuntimeError, subprocess.SubprocessError, net.Unsupported) as problem:
                        print(f"bench: {name}, {tool}: {problem}", file=sys.stderr)
                        continue
                    value, lost = value if isinstance(value, tuple) else (value, None)
                    values[tool].append(value)
                    losses[tool].append(lost)
            result = {"figure": name, "unit": unit, "target": target}
            for tool, found in values.items():
                result[tool] = statistics.median(found) if found else None
                if found and None not in losses[tool]:
                    result[f"{tool}_lost_percent"] = statistics.median(losses[tool])
            print(f"bench: {name}: {result.get('bytetrace')} {unit}", file=sys.stderr)
            yield result


def number(value, lost=None):
    text = "-" if value is None else f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}" if value < 100 \
        else f"{value:,.0f}"
    return f"{text}, {lost:.2g} % lost" if lost else text


def is_met(result):
    """None: there is no target or no figure."""
    mine, target = result.get("bytetrace"), result["target"]
    if target is None or mine is None:
        return None
    return result["bytetrace_lost_percent"] == 0 if target == NOTHING_LOST else mine <= target


def table(results):
    """Rows of Markdown: bytetrace, each peer and how many times as much bytetrace takes, the target."""
    peers = [tool for tool in ("bpftrace", "peer") if any(tool in result for result in results)]
    heads = ["figure", "bytetrace", *(head for tool in peers for head in (tool, "ratio")), "target", ""]
    lines = ["| " + " | ".join(heads) + " |",
             "| --- |" + " ---: |" * (len(heads) - 2) + " --- |"]
    for result in results:
        mine, target = result.get("bytetrace"), result["target"]
        cells = [f"{result['figure']}, {result['unit']}", number(mine, result.get("bytetrace_lost_percent"))]
        for tool in peers:
            other = result.get(tool)
            cells += [number(other, result.get(f"{tool}_lost_percent")),
                      f"{mine / other:.2f}" if mine and other else "-"]
        cells += [target if target == NOTHING_LOST else number(target),
                  {None: "", True: "met", False: "not met"}[is_met(result)]]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)", file.read(), re.M)
    return (f"Linux {platform.release()}, {os.cpu_count()} CPUs"
            f"{' of ' + model[1] if model else ''}, {time.strftime('%Y-%m-%d')}")


def update_readme(lines):
    with open(f"{ROOT}/tests/bench/README.md", encoding="utf-8") as file:
        text = file.read()
    new, replaced = re.subn(r"Measured on .*\n\n(\|.*\n)+",
                            lambda _: "\n".join([f"Measured on {machine()}:", "", *lines, ""]), text)
    if replaced != 1:
        raise SystemExit("bench: tests/bench/README.md has no table")
    with open(f"{ROOT}/tests/bench/README.md", "w", encoding="utf-8") as file:
        file.write(new)


def smoke():
    """Whether shown + lost + suppressed is what nft counted, to the drop. The exit status."""
    if os.geteuid() != 0:
        print("skip smoke: needs root\nbench: 0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    ours = ["-p", "udp", "-D", str(PORT), "-d", Target.address]
    for flags in [], ["-vv", "-k"], ["-o", "json"], ["--buffer", "4K"], ["--summary"]:
        try:
            load(lambda: bytetrace("--no-cache", *ours, *flags), 0.3, FLOOD, strays=0)
            print(f"ok smoke {' '.join(flags)}")
            passed += 1
        except RuntimeError as problem:
            print(f"FAIL smoke {' '.join(flags)}: {problem}")
            failed += 1
    print(f"bench: {passed} passed, {failed} failed, 0 skipped")
    return failed > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--soak", type=int, default=3, metavar="SECONDS")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--update", action="store_true", help="write the table in tests/bench/README.md")
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    subprocess.run(["make", "--no-print-directory", "-s", "-C", ROOT, "build/flood", "build/inject", "build/consume"], check=True,
                   stdout=sys.stderr)
    if arguments.smoke:
        sys.exit(smoke())
    results = list(measure(arguments.rounds, arguments.only, arguments.soak))
    if arguments.json:
        figures_ = [{**result, "met": is_met(result)} for result in results]
        json.dump({"machine": machine(), "rounds": arguments.rounds, "figures": figures_}, sys.stdout, indent=1)
        print()
        return
    lines = table(results)
    print(f"{machine()}, medians of {arguments.rounds} rounds\n")
    print("\n".join(lines))
    if arguments.update:
        update_readme(lines)


main()
