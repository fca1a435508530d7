# SPDX-License-Identifier: GPL-2.0-only
"""Drops on every CPU: each has a buffer of its own."""

import collections
import os
import re
import signal
import time

import net
from net import Unsupported
from trace import Settings, Trace

COUNT = 300  # on each CPU: more than the smallest buffer holds
PORT = 1997


def flood(ns, cpus):
    """Drop datagrams on these CPUs: what loops back stays on the CPU that sends it."""
    allowed = os.sched_getaffinity(0)
    try:
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            with ns.inside():
                net.flood("127.0.0.1", PORT, COUNT)
    finally:
        os.sched_setaffinity(0, allowed)


class Drops:
    """A namespace that drops what comes to the port, and counts it; a tracer with little room."""

    def __enter__(self):
        self.ns = net.Netns().__enter__()
        self.ns.nft("table ip t { chain c { type filter hook input priority 0; "
                    f"udp dport {PORT} counter drop; }}; }}")
        self.tracer = Trace("-vv", "-p", "udp", "-D", str(PORT), "--buffer", "4K")
        return self

    def __exit__(self, *failure):
        self.tracer.__exit__(*failure)
        self.ns.__exit__(*failure)

    def flood_unread(self, *cpus):
        """More than the buffers hold, as nobody reads them."""
        self.tracer.process.send_signal(signal.SIGSTOP)
        flood(self.ns, cpus)
        self.tracer.process.send_signal(signal.SIGCONT)
        time.sleep(Settings.pause)

    def judge(self, cpus):
        """End; rows are of these CPUs, and none is missing in the counts. Returns what was lost."""
        self.tracer.stop()
        shown, lost, suppressed = self.tracer.totals
        dropped = int(re.search(r"counter packets (\d+)", self.ns.run("nft", "list", "ruleset"))[1])
        rows = collections.Counter(int(row["CPU"]) for row in self.tracer.rows)
        assert set(rows) == set(cpus), (rows, cpus)
        assert sum(rows.values()) == shown, (rows, shown)
        assert shown + lost + suppressed == dropped, (shown, lost, suppressed, dropped)
        return lost, dropped


def test_drops_on_every_cpu():
    cpus = os.sched_getaffinity(0)
    with Drops() as drops:
        flood(drops.ns, cpus)
        drops.flood_unread(*cpus)
        lost, dropped = drops.judge(cpus)
    assert dropped == 2 * COUNT * len(cpus), dropped
    assert lost > 0, "the buffers held everything"


def switch(cpu, on):
    with open(f"/sys/devices/system/cpu/cpu{cpu}/online", "w", encoding="ascii") as file:
        file.write(str(int(on)))


def test_cpus_that_come_and_go():
    """One is off at the start and comes back, which has no buffer; another goes while we trace."""
    *stay, goes, comes = sorted(os.sched_getaffinity(0))
    if Settings.slow == 1 or not stay:
        raise Unsupported("switches CPUs off, on an emulated machine with three or more")
    try:
        switch(comes, False)
        with Drops() as drops:
            flood(drops.ns, [*stay, goes])
            switch(comes, True)
            flood(drops.ns, [comes])
            switch(goes, False)
            drops.flood_unread(*stay)
            lost, _ = drops.judge([*stay, goes])
        assert lost >= COUNT, "drops on a CPU without a buffer are lost"
    finally:
        for cpu in goes, comes:
            switch(cpu, True)
