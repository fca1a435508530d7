# SPDX-License-Identifier: GPL-2.0-only
"""What is shown of a program: as libbcc rewrites it, its instructions, flags, what it takes."""

import os
import pathlib
import re
import tempfile

from trace import run

UNCHECKED = "if (*(volatile u32 *)(location + 4) == 1) return 0;"


def printed(*flags):
    code, out, err = run(*flags)
    assert code == 0 and err == "", (code, err)
    assert not re.search(r"[^\n\t\x20-\x7e]", out), "bytes that a terminal obeys"
    return out


def test_rewritten():
    source = printed("--print-source", "-p", "tcp")
    rewritten = printed("--print-source=rewritten", "-p", "tcp")
    assert "bpf_map_lookup_elem" in rewritten and "bpf_map_lookup_elem" not in source
    assert "BPF_PERF_OUTPUT(events)" in rewritten
    assert "clang -cc1" not in rewritten and "Disassembly" not in rewritten


def test_instructions_below_lines():
    """Each line that is named is in the file of that name, or in the text of a filter."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "mine.c")
        path.write_text(printed("--print-source", "-p", "tcp", "-D", "80"))
        asm = printed("--print-asm", "--source", str(path))
        lines = path.read_text().splitlines()
        found = re.findall(rf"^; {re.escape(str(path))}:(\d+): (.*)$", asm, re.M)
        assert len(found) > 50, asm
        for number, text in found:
            assert lines[int(number) - 1].strip() == text, (number, text)
    numbers = [int(n) for n in re.findall(r"^ *(\d+):\t", asm, re.M)]
    assert numbers == sorted(numbers) and numbers[0] == 0
    # A call that libbcc rewrites, in one line or in more, stands by the line that was written.
    assert any("events.lookup" in text for _, text in found), found
    assert re.search(r"^; templates/drop\.c:\d+: .*\n", printed("--print-asm"), re.M)


def normal(asm):
    """Instructions without the lines that they are from."""
    return [line for line in asm.splitlines() if not line.startswith(";")]


def test_what_is_printed_is_what_runs():
    """Printed and run again unchanged, a program has the same instructions."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "kfree_skb.c")  # its name has a number in its records
        for flags, again in (((), ()), (("-vv", "-k"), ("-vv", "-k")), (("--summary",), ("--summary",)),
                             (("--attach", "raw_tracepoint", "-D", "80"), ())):
            path.write_text(printed("--print-source", *flags))
            assert normal(printed("--print-asm", *flags)) == normal(
                printed("--print-asm", "--source", str(path), *again)), flags


def test_columns_in_what_is_printed():
    """A line that is added by hand gets the room that it needs, also beside direct reads."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "mine.c")
        for flags in (), ("--attach", "raw_tracepoint"), ("--summary=saddr",):
            text = printed("--print-source", *flags)
            lines = "".join(f'DROP_FIELD(char[64], text{i}, "%s", READ(skb, dev, name))\n' for i in range(4))
            path.write_text(re.sub(r"^int \w+__kfree_skb", lines + r"\g<0>", text, flags=re.M))
            out = printed("--check", "--source", str(path), *flags[:1] * ("summary" in "".join(flags)))
            assert "map scratch: percpu_array, 4 entries" in out, out


def test_flags_of_the_compiler():
    flags = printed("--print-cflags").splitlines()
    assert "-D__KERNEL__" in flags and "-O2" in flags
    assert "-Werror=implicit-function-declaration" in flags
    assert all(flag.startswith("-") for flag in flags), flags
    for word in "/proc/self/fd", "/virtual", "/tmp":
        assert not any(word in flag for flag in flags), flags
    for flag in flags:
        if flag.startswith("-I"):
            assert os.path.isdir(flag[2:]), flag


def test_check():
    out = printed("--check", "-p", "tcp", "--attach", "tracepoint")
    match = re.search(r"^tracepoint__skb__kfree_skb: attaches to tracepoint skb:kfree_skb, "
                      r"(\d+) instructions, verifier processed (\d+) instructions, "
                      r"stack (\d+) bytes$", out, re.M)
    assert match, out
    count, processed, stack = map(int, match.groups())
    assert 100 < count < 5000 and processed > 100 and 0 < stack <= 512, out
    cpus = pathlib.Path("/sys/devices/system/cpu/possible").read_text().strip().split("-")
    assert f"map lost: percpu_array, 1 entries, {8 * (int(cpus[-1]) + 1)} bytes\n" in out, out
    assert re.search(r"^map events: (array_of_maps|perf_event_array), \d+ entries, \d+ bytes$", out, re.M), out


def test_refused_line():
    """The verifier's message names the line of the file that a person edits."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "mine.c")
        before, after = printed("--print-source").rsplit("\treturn drop_socket(ctx", 1)
        path.write_text(f"{before}\t{UNCHECKED}\n\treturn drop_socket(ctx{after}")
        number = before.count("\n") + 1
        for flags in (), ("--check",):
            code, out, err = run("--source", str(path), *flags)
            assert (code, out) == (5, ""), (code, out, err)
            first, line, words, *rest = err.splitlines()
            assert first.startswith(f"bytetrace: {path}:{number}: the kernel's verifier refused the "
                                    "program: Permission denied"), err
            assert line == f"    {UNCHECKED}", err
            assert words == "its last words:" and rest, err
