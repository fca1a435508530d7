# SPDX-License-Identifier: GPL-2.0-only
"""Ways to attach. That all of them show the same rows is in test_causes."""

import os
import subprocess
import tempfile

import net
from test_errors import one_line, source
from trace import Trace

# What a kernel before 4.15 says of raw tracepoints, and of names for maps and programs.
OLD_KERNEL = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

static int refused(long command, const union bpf_attr *attr)
{
	switch (command) {
	case BPF_RAW_TRACEPOINT_OPEN:
		return 1;
	case BPF_MAP_CREATE:
		return attr->map_name[0];
	case BPF_PROG_LOAD:
		return attr->prog_name[0];
	}
	return 0;
}

long syscall(long number, ...)
{
	long (*real)(long, ...) = dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_bpf && refused(a[0], (const union bpf_attr *)a[1])) {
		errno = EINVAL;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
"""


def test_older_kernels_get_the_next_way():
    with tempfile.TemporaryDirectory() as directory:
        library = f"{directory}/old.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", library, "-ldl"],
                       input=OLD_KERNEL, text=True, check=True)
        environment = {**os.environ, "LD_PRELOAD": library}
        with net.Netns() as ns, Trace("-vv", env=environment) as tracer:
            with ns.inside():
                net.flood("127.0.0.1", 1998, 2)
            rows = [row for row in tracer.stop().rows if row["NETNS"] == str(ns.inode)]
        assert "tracing tracepoint skb:kfree_skb, types" in tracer.errors, tracer.errors
        assert len(rows) == 2, rows
        one_line(6, "no raw tracepoints", flags=("--attach", "raw_tracepoint"), env=environment)


def attached_by(*functions):
    """The default program with its one function under these names instead."""
    text = source("-vv", "--attach", "raw_tracepoint")
    start = text.index("int raw_tracepoint__kfree_skb(")
    return text[:start] + "".join(text[start:].replace("raw_tracepoint__kfree_skb", function)
                                  for function in functions)


def test_functions_are_named_after_attach_points():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        for functions, status, words in (
                (["raw_tracepoint__kfree_skb", "what"], 6, '"what"'),
                (["tracepoint__skb"], 6, "named after nothing"),
                (["raw_tracepoint__no_such_tracepoint"], 6, '"no_such_tracepoint"'),
                ([], 6, "the program has no function to attach")):
            file.seek(0)
            file.truncate()
            file.write(attached_by(*functions))
            file.flush()
            one_line(status, words, flags=("--source", file.name))


def test_a_program_may_have_several_functions():
    """Attached twice, it sees each drop twice."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        text = attached_by("raw_tracepoint__kfree_skb")
        tracepoint = source("-vv", "--attach", "tracepoint")
        file.write(text + tracepoint[tracepoint.index("int tracepoint__skb__kfree_skb("):])
        file.flush()
        with net.Netns() as ns, Trace("--source", file.name, "-vv") as tracer:
            with ns.inside():
                net.flood("127.0.0.1", 1998, 2)
            rows = [row for row in tracer.stop().rows if row["NETNS"] == str(ns.inode)]
        assert "tracing kfree_skb, tracepoint skb:kfree_skb, types" in tracer.errors
    assert len(rows) == 4, rows


def test_ways_to_attach():
    one_line(2, "--attach", '"fentry"', flags=("--attach", "fentry"))
    one_line(2, "--source", "--attach", flags=("--source", "/dev/null", "--attach", "kprobe"))
    if not os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        one_line(6, "kprobe", flags=("--attach", "kprobe"))
