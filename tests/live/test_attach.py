# SPDX-License-Identifier: GPL-2.0-only
"""Ways to attach. That all of them show the same rows is in test_causes."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import net
from test_errors import in_mount_namespace, one_line, source
from trace import Trace, run

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

KERNEL_BTF = os.path.exists("/sys/kernel/btf/vmlinux")


# What a verifier says that does not like the way in which packets are read directly.
STRICT_VERIFIER = OLD_KERNEL.replace("""	case BPF_RAW_TRACEPOINT_OPEN:
		return 1;
	case BPF_MAP_CREATE:
		return attr->map_name[0];
	case BPF_PROG_LOAD:
		return attr->prog_name[0];
""", """	case BPF_PROG_LOAD:
		return attr->prog_type == BPF_PROG_TYPE_TRACING;
""")


@contextlib.contextmanager
def on_kernel(text):
    """The environment in which system calls are refused as the C text says."""
    with tempfile.TemporaryDirectory() as directory:
        library = f"{directory}/old.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", library, "-ldl"],
                       input=text, text=True, check=True)
        yield {**os.environ, "LD_PRELOAD": library}


def offers_tp_btf():
    code, _, errors = run("--attach", "tp_btf", "--duration", "0.1")
    assert code in (0, 6), errors
    return code == 0


def calls(*flags):
    """The helpers that the loaded program calls."""
    if not shutil.which("bpftool"):
        raise net.Unsupported("there is no bpftool")
    with Trace(*flags) as tracer:
        # Both its program and what it is attached by name it.
        descriptors = pathlib.Path(f"/proc/{tracer.process.pid}/fdinfo").iterdir()
        number = {found[1] for file in descriptors
                  if (found := re.search(r"^prog_id:\t(\d+)", file.read_text(), re.M))}
        assert len(number) == 1, number
        dumped = subprocess.run(["bpftool", "prog", "dump", "xlated", "id", *number], check=True,
                                capture_output=True, text=True).stdout
    return set(re.findall(r"call (\w+)#", dumped))


def test_packets_are_read_without_calls():
    if not offers_tp_btf():
        raise net.Unsupported("this kernel does not offer tp_btf")
    allowed = {"bpf_get_smp_processor_id", "bpf_map_lookup_elem", "bpf_jiffies64", "array_of_map_lookup_elem"}
    wanted = {"bpf_ringbuf_query", "bpf_ringbuf_output"}
    assert wanted <= calls("-D", "1") <= wanted | allowed, calls("-D", "1")
    assert any("probe_read" in name for name in calls("-D", "1", "--attach", "raw_tracepoint"))


def test_what_a_verifier_refuses_is_read_by_calls():
    if not offers_tp_btf():
        raise net.Unsupported("this kernel does not offer tp_btf")
    with on_kernel(STRICT_VERIFIER) as environment:
        with Trace("-D", "1", env=environment) as tracer:
            tracer.stop()
        assert "tracing raw tracepoint kfree_skb, types" in tracer.errors, tracer.errors
        one_line(5, "refused the program: Invalid argument", flags=("--attach", "tp_btf"), env=environment)


def test_without_btf_there_is_no_tp_btf():
    hidden = "[ ! -d /sys/kernel/btf ] || mount -t tmpfs none /sys/kernel/btf"
    done = in_mount_namespace(hidden, "--attach", "tp_btf")
    assert done.returncode == 6 and done.stderr.count("\n") == 1, done
    assert ("this kernel does not support tp_btf, which needs Linux 6.2 or later and /sys/kernel/btf/vmlinux"
            in done.stderr), done
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return
    with tempfile.TemporaryDirectory() as directory:
        source_file, types = f"{directory}/typed.c", f"{directory}/btf"
        with open(source_file, "w", encoding="ascii") as file:
            file.write("BPF_PERF_OUTPUT(events);\nBPF_PERCPU_ARRAY(lost, u64, 1);\n"
                       "static int drop(void *ctx)\n{\n\treturn 0;\n}\n"
                       "int tp_btf__kfree_skb(void *ctx)\n{\n\treturn drop(ctx);\n}\n")
        shutil.copyfile("/sys/kernel/btf/vmlinux", types)
        done = in_mount_namespace(hidden, "--btf", types, "--source", source_file)
    assert done.returncode == 6 and done.stderr.count("\n") == 1, done
    assert ("the program has a function tp_btf__NAME, which needs the kernel's BTF, but "
            "/sys/kernel/btf/vmlinux cannot be read; name it raw_tracepoint__NAME instead" in done.stderr), done


def test_older_kernels_get_the_next_way():
    with on_kernel(OLD_KERNEL) as environment:
        with net.Netns() as ns, Trace("-vv", env=environment) as tracer:
            with ns.inside():
                net.flood("127.0.0.1", 1998, 2)
            rows = [row for row in tracer.stop().rows if row["NETNS"] == str(ns.inode)]
        assert "tracing tracepoint skb:kfree_skb, types" in tracer.errors, tracer.errors
        assert len(rows) == 2, rows
        one_line(6, "does not support raw tracepoints", flags=("--attach", "raw_tracepoint"), env=environment)


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
                (["tracepoint__skb"], 6, "does not say where to attach it"),
                (["raw_tracepoint__no_such_tracepoint"], 6, '"no_such_tracepoint"'),
                (["tp_btf__no_such_tracepoint"], 6, 'tracepoint "no_such_tracepoint"' if KERNEL_BTF
                 else "/sys/kernel/btf/vmlinux cannot be read"),
                ([], 6, "the program has no function to attach")):
            file.seek(0)
            file.truncate()
            file.write(attached_by(*functions))
            if not functions:
                file.write("static __always_inline int helper(void *ctx)\n{\n\treturn drop(ctx, NULL, 0, 0);\n}\n")
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
        assert "tracing raw tracepoint kfree_skb, tracepoint skb:kfree_skb, types" in tracer.errors
    assert len(rows) == 4, rows


def test_ways_to_attach():
    one_line(2, "--attach", '"fentry"', flags=("--attach", "fentry"))
    one_line(2, "--source", "--attach", flags=("--source", "/dev/null", "--attach", "kprobe"))
    if not os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        one_line(6, "kprobe", flags=("--attach", "kprobe"))


MISSING = """
int kprobe__no_such_function(struct pt_regs *ctx) { return 0; }
int kretprobe__no_such_function(struct pt_regs *ctx) { return 0; }
int kprobe__kfree_skbmem(struct pt_regs *ctx) { return 0; }
"""


def test_missing_functions_are_told_once():
    """As long as one of those of the kprobes is there."""
    if not os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        raise net.Unsupported("this kernel does not support kprobes")
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(attached_by("raw_tracepoint__kfree_skb") + MISSING)
        file.flush()
        with Trace("--source", file.name) as tracer:
            tracer.stop()
        warnings = [line for line in tracer.errors.splitlines() if "warning" in line]
        assert warnings == ["bytetrace: warning: this kernel has no function no_such_function, or its module "
                            "is not loaded; drops there are not shown"], tracer.errors
        file.seek(0)
        file.truncate()
        file.write(attached_by("raw_tracepoint__kfree_skb") + MISSING[:MISSING.index("int kprobe__kfree_skbmem")])
        file.flush()
        one_line(6, 'cannot attach to the kprobe "no_such_function": No such file or directory',
                 flags=("--source", file.name))
