# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel itself says of its drops: the trace of skb:kfree_skb, in an instance of ours."""

import bisect
import ctypes
import os
import re

libc = ctypes.CDLL(None, use_errno=True)
SYS_FSOPEN, SYS_FSCONFIG, SYS_FSMOUNT = 430, 431, 432

LINE = re.compile(r"\[(\d+)\].* (\d+\.\d+): kfree_skb: .*?location=(?:([\w.]+)\+(0x[0-9a-f]+)/\S+"
                  r"|(?:0x)?([0-9a-f]+))(?:.* reason: (\S+))?")


class Symbols:
    """Functions by address: old kernels print the location as a number."""

    def __init__(self):
        with open("/proc/kallsyms", encoding="ascii") as file:
            fields = [line.split() for line in file]
        # Of several names for an address the kernel takes the first.
        self.names = {}
        for address, kind, name, *_ in fields:
            if kind in "tTwW":
                self.names.setdefault(int(address, 16), name)
        self.addresses = sorted(self.names)

    def find(self, address):
        start = self.addresses[bisect.bisect_right(self.addresses, address) - 1]
        return self.names[start], hex(address - start)


def syscall(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def open_tracefs():
    """The path of tracefs: where it is mounted, or of a mount without a place."""
    for path in "/sys/kernel/tracing", "/sys/kernel/debug/tracing":
        if os.path.exists(f"{path}/events"):
            return path
    context = syscall(SYS_FSOPEN, b"tracefs", 0)
    syscall(SYS_FSCONFIG, context, 6, None, None, 0)  # FSCONFIG_CMD_CREATE
    mount = syscall(SYS_FSMOUNT, context, 0, 0)
    os.close(context)
    return f"/proc/self/fd/{mount}"


def tracepoint_has(field):
    with open(f"{open_tracefs()}/events/skb/kfree_skb/format", encoding="ascii") as file:
        return f" {field};" in file.read()


def kernel_gives_reasons():
    return tracepoint_has("reason")


def kernel_passes_socket():
    return tracepoint_has("rx_sk")


class Oracle:
    """Collects drops between __enter__ and lines()."""

    def __enter__(self):
        self.path = f"{open_tracefs()}/instances/bytetrace-test-{os.getpid()}"
        os.mkdir(self.path)
        self.write("trace_clock", "mono")
        self.write("buffer_size_kb", "8192")
        self.write("events/skb/kfree_skb/enable", "1")
        return self

    def __exit__(self, *_):
        self.write("events/skb/kfree_skb/enable", "0")
        os.rmdir(self.path)

    def write(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as file:
            file.write(value)

    def lines(self):
        """Drops as (cpu, seconds, function, offset, reason or None).

        Kernels around 6.1 print a hash of the location instead: function and offset are None.
        """
        self.write("events/skb/kfree_skb/enable", "0")
        with open(f"{self.path}/trace", encoding="utf-8", errors="replace") as file:
            found = [LINE.search(line) for line in file if "kfree_skb:" in line]
        symbols = None
        drops = []
        for match in filter(None, found):
            function, offset = match[3], match[4]
            if match[5] and match[5].startswith("ffff"):
                symbols = symbols or Symbols()
                function, offset = symbols.find(int(match[5], 16))
            drops.append((int(match[1]), float(match[2]), function, offset, match[6]))
        return drops
