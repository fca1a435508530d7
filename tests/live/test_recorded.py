# SPDX-License-Identifier: GPL-2.0-only
"""Real drops, compared with what an independent program reads of the tracepoint's raw arguments.

One recorder and one bytetrace for each way to attach see the drops of all causes. Each row is paired with the
record of the same drop, and must show what the record says, whichever cause made it.
"""

import collections
import contextlib
import json
import os
import tempfile
import time
import traceback

import net
import recorded
import recorded_ip
import recorded_link
import recorded_rules
import recorded_tcp
from recorded import Scene
from recorder import Facts, Recorder
from trace import Settings, Trace

# Their causes are registered when they are imported.
SUBJECTS = recorded_ip, recorded_link, recorded_rules, recorded_tcp
# Flags by the way to attach; the best one is compared cause by cause.
WAYS = {"best_way": [], "raw_tracepoint": ["--attach", "raw_tracepoint"], "tracepoint": ["--attach", "tracepoint"]}


def plain(row):
    """A row of JSON with its place and reason as the keys of recorder.Facts."""
    return {**row, **row["location"]}


def own_sockets():
    """The inodes of the sockets that this process has open."""
    links = []
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the directory
            links.append(os.readlink(f"/proc/self/fd/{fd}"))
    return {int(link[8:-1]) for link in links if link.startswith("socket:[")}


class Run:
    """All causes, and what the recorder and each bytetrace saw of them."""

    def __init__(self):
        self.scenes, self.skipped, self.broken, self.times = {}, {}, {}, {}
        self.drops, self.rows, self.totals, self.facts = [], {}, {}, None
        self.sockets = set()

    def make(self, chosen, stack):
        """Make the drops of all causes."""
        for name, _, function in chosen:
            start = time.monotonic_ns()
            try:
                self.scenes[name] = stack.enter_context(Scene())
                function(self.scenes[name])
            except net.Unsupported as reason:
                self.skipped[name] = str(reason)
            except Exception:  # one broken cause must not hide the others
                self.broken[name] = traceback.format_exc()
            self.times[name] = start, time.monotonic_ns()
        self.sockets = own_sockets()
        end = max([scene.until for scene in self.scenes.values()], default=0)
        time.sleep(max(0, end - time.monotonic()) + 2 * Settings.pause)

    def watch(self, chosen, directory):
        recorder = Recorder(directory)
        with contextlib.ExitStack() as stack:
            tracers = {way: stack.enter_context(Trace("-o", "json", "-vv", *flags)) for way, flags in WAYS.items()}
            stack.enter_context(recorder)
            time.sleep(Settings.pause / 2)
            start = time.monotonic_ns()
            self.make(chosen, stack)
            end = time.monotonic_ns()
            time.sleep(Settings.pause / 2)
            self.drops = sorted((drop for drop in recorder.stop() if start < drop.time < end),
                                key=lambda drop: drop.time)
            for tracer in tracers.values():
                tracer.stop()
            facts = Facts(recorded.interfaces([ns for scene in self.scenes.values() for ns in scene.namespaces]))
        self.facts = [facts.of(drop) for drop in self.drops]
        offset = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for way, tracer in tracers.items():
            rows = [plain(json.loads(line)) for line in tracer.text.splitlines()]
            self.rows[way] = [row for row in rows if start < row["time"] * 1e9 - offset < end]
            self.totals[way] = tracer.totals

    def pairs(self, way):
        """([(drop, facts, its row or None)], [rows without a drop]): those of one CPU are in the same order."""
        waiting = collections.defaultdict(collections.deque)
        for row in sorted(self.rows[way], key=lambda row: row["time"]):
            waiting[row["cpu"], int(row["address"], 16), row["reason"]].append(row)
        found = []
        for drop, facts in zip(self.drops, self.facts):
            rows = waiting[drop.cpu, drop.location, drop.reason]
            found.append((drop, facts, rows.popleft() if rows else None))
        return found, [row for rows in waiting.values() for row in rows]

    def problem(self, drop, facts, row):
        """None, or what is wrong with a row."""
        if row is None:
            return f"no row for {drop}"
        wrong = {key: (row[key], value) for key, value in facts.items() if row[key] != value}
        # The program may not be known any more, but then must be right.
        if facts["socket"] in self.sockets and row["program_pid"] not in (None, os.getpid()):
            wrong["program_pid"] = row["program_pid"], os.getpid()
        if not wrong:
            return None
        shown = ", ".join(f"{key} is {there!r}, must be {right!r}" for key, (there, right) in wrong.items())
        return f"{shown}\n  row: {row}\n  recorded: {drop}"

    def problems(self, pairs):
        """None, or the number of wrong rows and the first of them."""
        found = list(filter(None, (self.problem(*pair) for pair in pairs)))
        return f"{len(found)} of {len(pairs)} drops: {found[0]}" if found else None

    def cause_of(self, drop):
        """The cause in whose namespaces a drop was; for one that leads to none, the cause that then ran."""
        for name, scene in self.scenes.items():
            if drop.netns in [ns.inode for ns in scene.namespaces]:
                return name
        return next((name for name, (start, end) in self.times.items()
                     if drop.netns is None and start <= drop.time <= end), None)


def is_report(facts):
    """Kernels speak of groups, neighbors and routers whenever they like, and drop what others say."""
    return facts["protocol"] == 58 and str(facts["daddr"]).startswith("ff02::")


def missing(reasons, pairs):
    """None, or the drops that came instead of the expected ones."""
    seen = collections.Counter((facts["reason_name"], facts["function"]) for _, facts, _ in pairs
                               if not is_report(facts))
    if any(reason in reasons for reason, _ in seen):
        return None
    return f"no drop for {' or '.join(reasons)}, but {dict(seen) or 'none at all'}"


def results(wanted):
    """Run the causes; yields (name, None or what failed, None or why it was skipped)."""
    chosen = [c for c in recorded.causes if wanted(f"recorded {c[0]}")]
    if not chosen:
        return
    run = Run()
    try:
        with tempfile.TemporaryDirectory() as directory:
            run.watch(chosen, directory)
    except net.Unsupported as reason:
        yield f"recorded causes ({len(chosen)})", None, str(reason)
        return
    pairs, _ = run.pairs("best_way")
    of_cause = collections.defaultdict(list)
    for pair in pairs:
        of_cause[run.cause_of(pair[0])].append(pair)
    for name, reasons, _ in chosen:
        drops = of_cause[name]
        failure = run.broken.get(name) or missing(reasons, drops) or run.problems(drops)
        yield f"recorded {name}", None if name in run.skipped else failure, run.skipped.get(name)
    yield "recorded other_drops", run.problems(of_cause[None]), None
    for way in WAYS:
        pairs, extra = run.pairs(way)
        _, lost, suppressed = run.totals[way]
        failure = run.problems(pairs)
        if extra or lost or suppressed:
            failure = f"no record for {extra[:1]}, {lost} lost, {suppressed} suppressed"
        yield f"recorded all_by_{way}", failure, None
