#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What bytetrace costs, beside bpftrace and, if PEER names one, another tracer's binary.

    tests/bench/run.py [--rounds N] [--json | --update]

Needs root, bpftool and nft; a peer that is not there is left out. Each figure is the median of N (5)
rounds in which the tools take turns. The drops are datagrams that an nft rule throws away in a
network namespace of its own; statistics of BPF programs are on only while the kernel's time is
measured. --update puts the table into the README.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import select
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
PORT = 1998
COST_DROPS = 300_000  # a burst in which the kernel's time is measured
LOAD_SECONDS = 3
SENDER_CPU, READER_CPU = "0", str((os.cpu_count() or 1) - 1)

# bpftrace finds tracepoints only where tracefs is usually mounted.
BPFTRACE = ["unshare", "-m", "sh", "-c", "mount -t debugfs none /sys/kernel/debug 2>/dev/null || {"
            " mount -t tmpfs none /sys/kernel/debug && mkdir /sys/kernel/debug/tracing &&"
            " mount -t tracefs none /sys/kernel/debug/tracing; }; exec bpftrace -B none -e \"$1\"", "sh"]
READY = 'BEGIN { printf("ready\\n"); } '
BY_PORT = ("tracepoint:skb:kfree_skb { $skb = (struct sk_buff *)args->skbaddr; "
           "$udp = (struct udphdr *)($skb->head + $skb->transport_header); "
           "if ($udp->dest == 1) { @ = count(); } }")


class Tool:
    """A running tracer. `ready` is in its first words once it is attached."""

    def __init__(self, command, ready, output=None):
        self.output = open(output or os.devnull, "wb")
        self.process = subprocess.Popen(["taskset", "-c", READER_CPU, *command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE if ready == b"ready" else self.output,
                                        stderr=subprocess.PIPE, cwd="/")
        pipe = self.process.stdout if ready == b"ready" else self.process.stderr
        self.said = b""
        end = time.monotonic() + 20
        while ready not in self.said:
            if not select.select([pipe], [], [], max(0, end - time.monotonic()))[0]:
                raise RuntimeError(f"{command[0]} does not start: {self.said}")
            some = os.read(pipe.fileno(), 4096)
            if not some:
                raise RuntimeError(f"{command}: {self.said + self.process.stderr.read()}")
            self.said += some

    def __enter__(self):
        return self

    def __exit__(self, *_):
        err = None
        for _ in range(60):  # bpftrace misses a signal that comes at once
            self.process.send_signal(signal.SIGINT)
            try:
                # What it printed besides is read so that it can end.
                _, err = self.process.communicate(timeout=1)
                break
            except subprocess.TimeoutExpired:
                pass
        else:
            self.process.kill()
        self.errors = (self.said + (err or b"")).decode(errors="replace")
        self.output.close()


def bytetrace(*flags, output=None):
    return Tool([BYTETRACE, *flags], b"tracing", output)


def bpftrace(program):
    return Tool([*BPFTRACE, READY + program], b"ready")


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

    def __enter__(self):
        self.ns = net.Netns().__enter__()
        self.ns.nft("table ip t { chain c { type filter hook input priority 0; "
                    f"udp dport {PORT} counter drop; }}; }};")
        return self

    def __exit__(self, *_):
        self.ns.__exit__()

    def flood(self, count, seconds):
        """(sent, seconds)"""
        sent, took = self.ns.run("taskset", "-c", SENDER_CPU, FLOOD, "127.0.0.1", str(PORT), str(count),
                                 str(seconds)).split()
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


def memory(start):
    """Resident megabytes, all processes of the tool, once it has seen some drops."""
    with Target() as target, start() as tool:
        target.flood(100, 5)
        time.sleep(0.3)
        total = 0
        for pid in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if pid.isdigit() and os.getpgid(int(pid)) == os.getpgid(0):
                    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                        status = file.read()
                    parents = re.search(r"^PPid:\t(\d+)", status, re.M)[1]
                    if str(tool.process.pid) in (pid, parents):
                        total += int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1])
        return total / 1024


def load(start):
    """Thousand drops a second under a flood while it traces; and what share it lost or never told."""
    with Target() as target, start() as tool:
        sent, seconds = target.flood(10**9, LOAD_SECONDS)
        time.sleep(0.2)
        dropped = target.dropped
    footer = FOOTER.search(tool.errors)
    if footer:
        shown, lost, suppressed = map(int, footer.groups())
        # Drops of others on this host come on top.
        if shown and not 0 <= shown + lost + suppressed - dropped <= 1000:
            raise RuntimeError(f"{shown} + {lost} + {suppressed} is not {dropped}")
        return sent / seconds / 1000, lost / dropped * 100
    return sent / seconds / 1000, None


@contextlib.contextmanager
def nothing():
    class Quiet:
        errors = ""
    yield Quiet()


def figures(scratch):
    """(name, unit, target or None, {tool: function that measures it once})"""
    cached = ["--cache-dir", f"{scratch}/cache"]
    thousand = ",".join(f"10.{i // 250}.{i % 250}.1" for i in range(1000))
    source = f"{scratch}/empty.c"
    with open(source, "w", encoding="ascii") as file:
        file.write("BPF_PERF_OUTPUT(events);\nBPF_PERCPU_ARRAY(lost, u64, 1);\n"
                   "int raw_tracepoint__kfree_skb(void *ctx)\n{\n\treturn 0;\n}\n")
    table, rows = f"{scratch}/table", f"{scratch}/json"

    def ours(measure, *flags, **keywords):
        return lambda: measure(lambda: bytetrace(*cached, *flags, **keywords))

    def theirs(measure, program):
        return lambda: measure(lambda: bpftrace(program))

    # Another tracer is only known to trace: it counts as started after a second.
    def peer(measure):
        def start():
            tool = Tool(shlex.split(os.environ["PEER"]), b"", table)
            time.sleep(1)
            return tool
        return {"peer": lambda: measure(start)} if os.environ.get("PEER") else {}

    count = "tracepoint:skb:kfree_skb { @[args->location, args->reason] = count(); }"
    show = 'tracepoint:skb:kfree_skb { printf("%d %llx\\n", args->reason, (uint64)args->location); }'
    never = "tracepoint:skb:kfree_skb /args->reason == 9999/ { @ = count(); }"
    yield "start to attached, same flags again", "s", 0.025, {
        "bytetrace": ours(start_time, "-p", "tcp"), "bpftrace": theirs(start_time, count)}
    yield "start to attached, new flags", "s", 0.25, {
        "bytetrace": lambda: start_time(lambda: bytetrace("--no-cache", "-p", "tcp")),
        "bpftrace": theirs(start_time, count)}
    yield "resident memory while tracing", "MB", 8, {
        "bytetrace": ours(memory), "bpftrace": theirs(memory, show), **peer(memory)}
    yield "in the kernel: an empty program", "ns", None, {
        "bytetrace": ours(kernel_time, "--source", source),
        "bpftrace": theirs(kernel_time, "tracepoint:skb:kfree_skb { }")}
    yield "in the kernel: rejected by reason", "ns", 32, {
        "bytetrace": ours(kernel_time, "--source", f"{scratch}/reason.c"),
        "bpftrace": theirs(kernel_time, never)}
    yield "in the kernel: rejected by protocol", "ns", None, {
        "bytetrace": ours(kernel_time, "-p", "tcp")}
    yield "in the kernel: rejected by port", "ns", 64, {
        "bytetrace": ours(kernel_time, "-D", "1"), "bpftrace": theirs(kernel_time, BY_PORT)}
    yield "in the kernel: rejected by 1 address", "ns", None, {
        "bytetrace": ours(kernel_time, "-s", "10.0.0.1")}
    yield "in the kernel: rejected by 1,000 addresses", "ns", None, {
        "bytetrace": ours(kernel_time, "-s", thousand)}
    yield "in the kernel: counted", "ns", 70, {
        "bytetrace": ours(kernel_time, "--summary"), "bpftrace": theirs(kernel_time, count)}
    yield "in the kernel: shown", "ns", 150, {
        "bytetrace": ours(kernel_time), "bpftrace": theirs(kernel_time, show),
        **peer(kernel_time)}
    yield "flood: no tracer", "k drops/s", None, {"bytetrace": lambda: load(nothing)}
    yield "flood: nothing matches", "k drops/s", None, {
        "bytetrace": ours(load, "-p", "tcp"), "bpftrace": theirs(load, never)}
    yield "flood: counted", "k drops/s", None, {
        "bytetrace": ours(load, "--summary"), "bpftrace": theirs(load, count)}
    yield "flood: table into a file", "k drops/s", None, {
        "bytetrace": ours(load, output=table), "bpftrace": theirs(load, show), **peer(load)}
    yield "flood: JSON into a file", "k drops/s", None, {"bytetrace": ours(load, "-o", "json", output=rows)}


def measure(rounds):
    """A dictionary a figure."""
    with tempfile.TemporaryDirectory() as scratch:
        printed = subprocess.run([BYTETRACE, "--print-source", "-r"], capture_output=True, text=True,
                                 check=True).stdout
        # A filter by one reason that never comes: what -r does, with another number.
        with open(f"{scratch}/reason.c", "w", encoding="ascii") as file:
            file.write(re.sub(r"if \(reason == 0 \|\| reason == \d+", "if (reason != 9999", printed))
        for name, unit, target, tools in figures(scratch):
            if not shutil.which("bpftrace"):
                tools.pop("bpftrace", None)
            values, losses = {tool: [] for tool in tools}, []
            for round_ in range(rounds + 1):
                for tool, once in tools.items():
                    try:
                        value = once()
                    except (RuntimeError, subprocess.SubprocessError) as problem:
                        print(f"bench: {name}, {tool}: {problem}", file=sys.stderr)
                        continue
                    if isinstance(value, tuple):
                        value, lost = value
                        losses += [lost] if lost is not None and round_ else []
                    if round_:  # the first one warms up
                        values[tool].append(value)
            result = {"figure": name, "unit": unit, "target": target,
                      "lost_percent": statistics.median(losses) if losses else None}
            result.update({tool: statistics.median(found) if found else None
                           for tool, found in values.items()})
            print(f"bench: {name}: {result.get('bytetrace')} {unit}", file=sys.stderr)
            yield result


def number(value):
    return "-" if value is None else f"{value:.3f}" if value < 1 else f"{value:.1f}" if value < 100 \
        else f"{value:,.0f}"


def table(results):
    """Rows of Markdown: bytetrace, each peer and how many times as much bytetrace takes, the target."""
    peers = [tool for tool in ("bpftrace", "peer") if any(tool in result for result in results)]
    heads = ["figure", "bytetrace", *(head for tool in peers for head in (tool, "ratio")), "target", ""]
    lines = ["| " + " | ".join(heads) + " |",
             "| --- |" + " ---: |" * (len(heads) - 2) + " --- |"]
    for result in results:
        mine, target = result.get("bytetrace"), result["target"]
        cells = [f"{result['figure']}, {result['unit']}", number(mine)]
        for tool in peers:
            other = result.get(tool)
            cells += [number(other), f"{mine / other:.2f}" if mine and other else "-"]
        met = "" if target is None or mine is None else "met" if mine <= target else "not met"
        if result["lost_percent"] is not None:
            met = f"{result['lost_percent']:.1f} % lost, counted"
        lines.append("| " + " | ".join([*cells, number(target), met]) + " |")
    return lines


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)", file.read(), re.M)
    return (f"Linux {platform.release()}, {os.cpu_count()} CPUs"
            f"{' of ' + model[1] if model else ''}, {time.strftime('%Y-%m-%d')}")


def update_readme(lines):
    with open(f"{ROOT}/README.md", encoding="utf-8") as file:
        text = file.read()
    new, replaced = re.subn(r"Measured on .*\n\n(\|.*\n)+",
                            lambda _: "\n".join([f"Measured on {machine()}:", "", *lines, ""]), text)
    if replaced != 1:
        raise SystemExit("bench: the README has no place for the table")
    with open(f"{ROOT}/README.md", "w", encoding="utf-8") as file:
        file.write(new)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--update", action="store_true", help="put the table into the README")
    arguments = parser.parse_args()
    results = list(measure(arguments.rounds))
    if arguments.json:
        json.dump({"machine": machine(), "rounds": arguments.rounds, "figures": results}, sys.stdout, indent=1)
        print()
        return
    lines = table(results)
    print(f"{machine()}, medians of {arguments.rounds} rounds\n")
    print("\n".join(lines))
    if arguments.update:
        update_readme(lines)


main()
