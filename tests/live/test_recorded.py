# SPDX-License-Identifier: GPL-2.0-only
"""Real drops, compared with what an independent program reads of the tracepoint's raw arguments.

One bytetrace and one recorder see the drops of all causes. Each row is paired with the record of the same
drop, and must show what the record says, whichever cause made it.
"""

import collections
import contextlib
import json
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
# Columns that this build has or not.
OPTIONAL = {"socket", "uid"}


def plain(row):
    """A row of JSON with its place and reason as the keys of recorder.Facts."""
    return {**row, **row["location"]}


def differences(row, facts):
    return {key: (row[key], value) for key, value in facts.items()
            if (key in row or key not in OPTIONAL) and row.get(key) != value}


class Run:
    """All causes, and what both programs saw of them."""

    def __init__(self):
        self.scenes, self.skipped, self.broken, self.times = {}, {}, {}, {}
        self.drops, self.rows, self.facts = [], [], None

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
        end = max([scene.until for scene in self.scenes.values()], default=0)
        time.sleep(max(0, end - time.monotonic()) + 2 * Settings.pause)

    def watch(self, chosen, directory):
        recorder = Recorder(directory)
        with Trace("-o", "json", "-vv") as tracer, recorder, contextlib.ExitStack() as stack:
            time.sleep(Settings.pause / 2)
            start = time.monotonic_ns()
            self.make(chosen, stack)
            end = time.monotonic_ns()
            time.sleep(Settings.pause / 2)
            self.drops = [drop for drop in recorder.stop() if start < drop.time < end]
            tracer.stop()
            self.facts = Facts(recorded.interfaces(
                [ns for scene in self.scenes.values() for ns in scene.namespaces]))
        offset = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        rows = [plain(json.loads(line)) for line in tracer.text.splitlines()]
        self.rows = [row for row in rows if start < row["time"] * 1e9 - offset < end]
        self.totals = tracer.totals

    def pairs(self):
        """Each drop with its row, which is None if there is none: those of one CPU are in the same order."""
        waiting = collections.defaultdict(collections.deque)
        for row in sorted(self.rows, key=lambda row: row["time"]):
            waiting[row["cpu"], int(row["address"], 16), row["reason"]].append(row)
        found = []
        for drop in sorted(self.drops, key=lambda drop: drop.time):
            rows = waiting[drop.cpu, drop.location, drop.reason]
            found.append((drop, rows.popleft() if rows else None))
        return found, [row for rows in waiting.values() for row in rows]

    def cause_of(self, drop):
        """The cause in whose namespaces a drop was; for one that leads to none, the cause that then ran."""
        for name, scene in self.scenes.items():
            if drop.netns in [ns.inode for ns in scene.namespaces]:
                return name
        return next((name for name, (start, end) in self.times.items()
                     if drop.netns is None and start <= drop.time <= end), None)


def describe(wrong, drop, row):
    shown = ", ".join(f"{key} is {there!r}, must be {right!r}" for key, (there, right) in wrong.items())
    return f"{shown}\n  row: {row}\n  recorded: {drop}"


def is_report(facts):
    """Kernels speak of groups, neighbors and routers whenever they like, and drop what others say."""
    return facts["protocol"] == 58 and str(facts["daddr"]).startswith("ff02::")


def judge(reasons, pairs):
    """None, or what is wrong with the drops of a cause."""
    seen = collections.Counter((facts["reason_name"], facts["function"]) for _, _, facts in pairs
                               if not is_report(facts))
    if not any(reason in reasons for reason, _ in seen):
        return f"no drop for {' or '.join(reasons)}, but {dict(seen) or 'none at all'}"
    problems = []
    for drop, row, facts in pairs:
        if row is None:
            problems.append(f"no row for {drop}")
        elif differences(row, facts):
            problems.append(describe(differences(row, facts), drop, row))
    return f"{len(problems)} of {len(pairs)} drops: {problems[0]}" if problems else None


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
        for name, _, _ in chosen:
            yield f"recorded {name}", None, str(reason)
        return
    pairs, extra = run.pairs()
    of_cause = collections.defaultdict(list)
    for drop, row in pairs:
        of_cause[run.cause_of(drop)].append((drop, row, run.facts.of(drop)))
    for name, reasons, _ in chosen:
        if name in run.skipped:
            yield f"recorded {name}", None, run.skipped[name]
        else:
            yield f"recorded {name}", run.broken.get(name) or judge(reasons, of_cause[name]), None
    others = [f"{describe(differences(row, facts), drop, row)}" for drop, row, facts in of_cause[None]
              if row and differences(row, facts)]
    yield "recorded other_drops", others[0] if others else None, None
    missing = [str(drop) for drop, row in pairs if row is None]
    yield "recorded completeness", (f"no row for {missing}, no record for {extra}" if missing or extra else None), None
    _, lost, suppressed = run.totals
    yield "recorded totals", f"{run.totals}" if lost or suppressed else None, None
