# SPDX-License-Identifier: GPL-2.0-only
"""Columns of one's own, the check of the record, and probes by name and by path."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

import net
from trace import Settings, Trace, run, wait_for

KPROBES = "/sys/bus/event_source/devices/kprobe/type"
PROBES = pathlib.Path(__file__).parents[2] / "probes"


@contextlib.contextmanager
def mine(*flags, declarations=(), changes=()):
    """mine.c: the program that the flags give, edited as a person would do it; yields its path."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/mine.c"
        with open(path, "wb") as file:
            subprocess.run([Settings.program, "--print-source", *flags], stdout=file, check=True)
        for line in declarations:
            net.command("sed", "-i", f"/^int [a-z_]*__kfree_skb/i {line}", path)
        text = pathlib.Path(path).read_text("ascii")
        assert all(line in text for line in declarations), text
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        pathlib.Path(path).write_text(text, "ascii")
        yield path


def line_of(path, word):
    return pathlib.Path(path).read_text("ascii").split(word)[0].count("\n") + 1


def refused(status, message, *flags, **popen):
    assert run(*flags, **popen) == (status, "", f"bytetrace: {message}\n"), run(*flags, **popen)


COLUMNS = (
    'DROP_FIELD(u32, rcvbuf, "%u", READ(sk, sk_rcvbuf))',
    'DROP_FIELD(u32, mtu, "<%u>", READ(skb, dev, mtu))',
    'DROP_FIELD(char[16], device, "%s", READ(skb, dev, name))',
    'DROP_FIELD(u8[6], mac, "%pM", READ(skb, dev, dev_addr))',
    'DROP_FIELD(s32, negative, "%d", -(int)READ(skb, len))',
    'DROP_FIELD(__be16, port, "%u", READ(sk, __sk_common.skc_dport))',
    'DROP_FIELD(__be16, type, "%#x", READ(skb, protocol))',
    'DROP_FIELD(__be32, target, "%pI4", READ((struct iphdr *)(READ(skb, head) + READ(skb, network_header)), daddr))',
    'DROP_FIELD(u64, where, "%pS", location)',
    'DROP_FIELD(u64, first, "%#x", TRACEPOINT_ARG(0) == (u64)skb)',
    'DROP_FIELD(u32, why, "%u", reason)',
)


def test_columns_have_the_values_of_the_kernel():
    """Of a datagram that is dropped on its way out, when its socket and its device are known."""
    with net.Pair() as pair, mine("-p", "udp", "--netns", pair.a.name, declarations=COLUMNS) as path:
        pair.a.ip("link", "set", "eth0", "mtu", "1444")
        pair.a.nft("table ip t { chain c { type filter hook postrouting priority 0; udp dport 9 drop; }; }")
        with pair.a.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 12345)
            sender.connect((net.B4, 9))
            rcvbuf = sender.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            assert f"rb{rcvbuf}," in pair.a.run("ss", "-Huanm")
            with Trace("--source", path) as table, Trace("--source", path, "-o", "json") as lines:
                with contextlib.suppress(PermissionError):  # as the rule has it
                    sender.send(b"fifteen of them")
                table.stop()
                lines.stop()
    row, = table.rows
    titles = list(row)
    assert titles[titles.index("REASON") + 1:] == [
        "RCVBUF", "MTU", "DEVICE", "MAC", "NEGATIVE", "PORT", "TYPE", "TARGET", "WHERE", "FIRST", "WHY"]
    assert "PROBE" not in row
    record, = map(json.loads, lines.text.splitlines())
    assert row["RCVBUF"] == str(rcvbuf) and record["rcvbuf"] == rcvbuf
    assert row["MTU"] == "<1444>" and record["mtu"] == 1444
    assert row["DEVICE"] == "eth0" and record["device"] == "eth0", row
    assert row["MAC"] == record["mac"] == "02:00:00:00:00:0a", row
    assert row["NEGATIVE"] == str(-15 - 8 - 20) and record["negative"] == -43
    assert row["PORT"] == "9" and record["port"] == 9
    assert row["TYPE"] == "0x800" and record["type"] == 0x800
    assert row["TARGET"] == record["target"] == net.B4
    assert row["WHERE"].startswith(f"{row['LOCATION']}+0x") and record["where"] == row["WHERE"]
    assert row["FIRST"] == "0x1" and record["first"] == 1
    assert record["why"] == (record["reason"] or 0)
    assert record["probe"] == "mine"


def test_columns_with_a_stack_and_hostile_text():
    """The columns lie in front of the stack; what a text holds cannot break a row."""
    line = 'DROP_FIELD(char[12], payload, "%s", READ(skb, head) + READ(skb, transport_header) + 8)'
    with net.Netns() as ns, mine("-p", "udp", "--netns", ns.name, "-k", declarations=[line]) as path, \
            Trace("--source", path, "-k") as table, Trace("--source", path, "-k", "-o", "json") as lines:
        ns.udp(b"a|\033[2J\xff\"\xc3\xa9", "127.0.0.1", 9)
        row, = table.stop().rows
        record, = map(json.loads, lines.stop().text.splitlines())
    assert row["PAYLOAD"].startswith("a\\x7c\\x1b[2J\\xff\""), row
    assert record["payload"].startswith('a|\x1b[2J\\xff"\xe9'), record
    assert record["stack"][0] == record["location"], record


def test_mistakes_are_told_with_their_line():
    cases = (
        ('DROP_FIELD(u32, a, "%u", READ(sk, sk_rcvbuff))',
         "error: no member named 'sk_rcvbuff' in 'struct sock'"),
        ('DROP_FIELD(u32, a, "%u", nonsense)', "error: use of undeclared identifier 'nonsense'"),
        ('int x; DROP_FIELD(u32, a, "%u", 1)',
         "error: use of undeclared identifier 'drop_field_begins_its_line_a'"),
        ('DROP_FIELD(u32, a, "%u")', "error: expected expression"),
        ('DROP_FIELD(u32, a', "error: unterminated function-like macro invocation"),
        ('DROP_FUNCTIONS(a)', "error: too few arguments provided to function-like macro invocation"),
        ('DROP_FUNCTIONS(none, "no_such_*")',
         'DROP_FUNCTIONS: "no_such_*" matches no function of this kernel; is the module loaded?'),
        ('DROP_FIELD(u32, a, "%s", 1)',
         'DROP_FIELD: "%s" does not fit the type: a format has one conversion, %d %u %x %o %c for '
         "numbers, %s for char[N], %pI4 %pI6 %pM for addresses, %pS for a kernel function"),
        ('DROP_FIELD(u32, reason, "%u", 1)',
         'DROP_FIELD: "reason" is the name of a built-in column or key'),
        ('DROP_FIELD(struct sock *, a, "%u", sk)',
         'DROP_FIELD: "struct sock *" is not a column type: use u8 to u64, s8 to s64, bool, int, '
         "__be16, __be32, char[N] up to 64, u8[4], u8[6] or u8[16]"),
    )
    for line, message in cases:
        with mine(declarations=[line]) as path:
            code, out, err = run("--source", path)
            assert (code, out) == (3 if "no_such" in line else 4, ""), err
            first = err.splitlines()[0]
            where = f"bytetrace: {path}:{line_of(path, line)}:"
            assert first.startswith(where) and message in first, (err, where, message)
            if "DROP_FIELD:" in message or "DROP_FUNCTIONS:" in message:
                assert err == f"{where} {message}\n", err


def test_column_that_is_left_out():
    with mine("--attach", "raw_tracepoint", changes=[("int raw_tracepoint__kfree_skb",
                        '#if 0\nDROP_FIELD(u32, absent, "%u", 1)\n#endif\nint raw_tracepoint__kfree_skb')]) as path:
        code, _, err = run("--source", path)
    assert code == 4 and "function 'drop_field_absent' has internal linkage but is not defined" in err, err


def test_record_that_differs():
    cases = (
        ("#define DROP_EVENT_VERSION 5", "#define DROP_EVENT_VERSION 6",
         "the record is of another version than this bytetrace reads, which is 5"),
        ("__u32 mark;", "__u64 mark;", "the record differs: mark has to be 4 bytes at 104"),
        ("__u64 time;", "__u64 time, mine;", "the record differs: location has to be 8 bytes at 8"),
        ("char comm[16];", "char comm[16];\n\t__u64 mine;",
         "the record differs: stack has to start at 136; further members are made with DROP_FIELD"),
        ("DROP_EVENT_VERSION", "MY_VERSION",
         "the record is missing: the program has no DROP_EVENT_VERSION"),
    )
    for old, new, message in cases:
        with mine(changes=[(old, new)]) as path:
            refused(4, f"struct drop_event: {message}", "--source", path)
    with mine(changes=[("__u32 mark;", "__u32 my_mark;")]) as path:
        code, _, err = run("--source", path)
        assert code == 4 and err.startswith("bytetrace: struct drop_event: error: no member named 'mark'"), err


def test_record_whose_columns_are_not_declared_there():
    """A member that is added by hand where columns are: the check knows how long they are."""
    with mine(declarations=['DROP_FIELD(u32, a, "%u", READ(skb, len))'],
              changes=[("\t__u64 stack[];", "\t__u64 mine;\n\t__u64 stack[];")]) as path:
        refused(4, "struct drop_event: the record differs: stack has to start at 144; further members "
                "are made with DROP_FIELD", "--source", path)


def test_file_without_a_newline_at_its_end():
    """What bytetrace puts behind it starts a line of its own."""
    with mine() as path:
        with open(path, "a", encoding="ascii") as file:
            file.write("// the end")
        code, _, err = run("--source", path, "--duration", "0.05")
        assert code == 0, err


def test_program_without_the_map_of_losses():
    with mine(changes=[("BPF_PERCPU_ARRAY(lost,", "BPF_PERCPU_ARRAY(gone,"),
                       ("lost.lookup", "gone.lookup")]) as path:
        refused(5, 'the program defines no map "lost"', "--source", path)


OWN = """/* {name}: a copy of a shipped probe. */
DROP_FIELD(u32, {column}, "%u", READ(skb, len))
DROP_FIELD(u32, common, "%u", {value})
"""


def own_probe(path, column, value="7"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OWN.format(name=path.stem, column=column, value=value)
                    + (PROBES / "kfree_skb.c").read_text("ascii"), "ascii")
    return str(path)


def test_two_probes_at_once():
    with net.Netns() as ns, tempfile.TemporaryDirectory() as directory:
        first = own_probe(pathlib.Path(directory, "one.c"), "one")
        second = own_probe(pathlib.Path(directory, "two"), "two", "8")
        flags = ("--probe", first, "--probe", second, "--probe", "kfree_skb_tracepoint", "--netns", ns.name)
        with Trace(*flags) as table, Trace(*flags, "-o", "json", "-k") as lines:
            with ns.inside():
                net.flood("127.0.0.1", 9, 1)
            rows = table.stop().rows
            records = [json.loads(line) for line in lines.stop().text.splitlines()]
    # A datagram of one byte: 20 and 8 bytes of headers.
    length = {record["length"] for record in records}
    assert len(length) == 1, records
    length = length.pop()
    assert list(rows[0])[0] == "PROBE", rows
    assert sorted((row["PROBE"], row["ONE"], row["TWO"], row["COMMON"]) for row in rows) == [
        ("kfree_skb_tracepoint", "-", "-", "-"), ("one", str(length), "-", "7"),
        ("two", "-", str(length), "8")], rows
    assert sorted((record["probe"], record["one"] or 0, record["two"] or 0, record["common"] or 0)
                  for record in records) == [
        ("kfree_skb_tracepoint", 0, 0, 0), ("one", length, 0, 7), ("two", 0, length, 8)], records
    for record in records:
        assert "one" in record and record["stack"], record
    assert "tracing raw tracepoint kfree_skb, " in table.errors, table.errors


def test_probe_that_is_the_default():
    with net.Netns() as ns, Trace("--probe", "kfree_skb", "--netns", ns.name, "-o", "json") as t:
        ns.udp(b"x", "127.0.0.1", 9)
        record, = map(json.loads, t.stop().text.splitlines())
    assert record["probe"] == "kfree_skb" and record["dport"] == 9


def test_list_of_probes():
    code, out, err = run("--list-probes")
    assert code == 0 and err == "", err
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert list(lines) == sorted(lines), out
    assert set(lines) >= {path.stem for path in PROBES.glob("*.c")}, out
    assert lines["kfree_skb"].split() == ["kfree_skb", "raw", "tracepoint", "kfree_skb", "yes"], out
    assert lines["kfree_skb_tracepoint"].split()[1:] == ["tracepoint", "skb:kfree_skb", "yes"], out
    kprobe = lines["kfree_skb_kprobe"]
    assert kprobe.startswith("kfree_skb_kprobe     kprobe sk_skb_reason_drop, kfree_skb_reason, kfree_skb, "
                             "kfree_skb_list_reason "), kprobe
    if os.path.exists(KPROBES):
        assert kprobe.endswith(" yes"), kprobe
    else:
        assert kprobe.endswith(" no: this kernel does not support kprobes, which need Linux 4.17 or later and "
                               f"CONFIG_KPROBE_EVENTS: {KPROBES} is missing"), kprobe


class Home:
    """Another home for root, in a mount namespace of the processes that are started there."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.home = os.path.join(self.directory.name, "home")
        os.mkdir(self.home)
        # A copy: the mount may hide the place of the program.
        self.program, copy = Settings.program, os.path.join(self.directory.name, "bytetrace")
        shutil.copy(self.program, copy)
        Settings.program = copy
        self.popen = {"preexec_fn": self.mount,
                      "env": {"HOME": os.path.join(self.directory.name, "wrong"), "PATH": os.environ["PATH"]}}
        return self

    def __exit__(self, *_):
        Settings.program = self.program
        self.directory.cleanup()

    def mount(self):
        net.call("unshare", 0x20000)  # CLONE_NEWNS
        net.call("mount", b"none", b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
        net.call("mount", self.home.encode(), pwd.getpwuid(0).pw_dir.encode(), None, 0x1000, None)  # MS_BIND

    def probe(self, name, column, home="home"):
        return own_probe(pathlib.Path(self.directory.name, home, ".config/bytetrace/probes", name), column)


def test_own_probes_are_found():
    """In the home that the password database tells, and not in that of the environment."""
    with net.Netns() as ns, Home() as home:
        home.probe("mine.c", "right")
        home.probe("mine.c", "wrong", "wrong")
        home.probe("elsewhere.c", "wrong", "wrong")
        home.probe("kfree_skb_tracepoint.c", "instead")
        home.probe("bad name.c", "wrong")
        with Trace("--probe", "mine", "--netns", ns.name, **home.popen) as t:
            ns.udp(b"x", "127.0.0.1", 9)
            row, = t.stop().rows
        assert row["COMMON"] == "7" and "RIGHT" in row and "WRONG" not in row, row
        # One's own goes before one that is built in.
        with Trace("--probe", "kfree_skb_tracepoint", "--netns", ns.name, **home.popen) as t:
            ns.udp(b"x", "127.0.0.1", 9)
            row, = t.stop().rows
        assert "INSTEAD" in row, row
        _, out, _ = run("--list-probes", **home.popen)
        names = [line.split()[0] for line in out.splitlines()]
        assert "mine" in names and "elsewhere" not in names and "bad" not in names, out
        assert names.count("kfree_skb_tracepoint") == 1, out
        # What it is attached to is that of the file.
        assert [line.split()[1:] for line in out.splitlines() if line.startswith("mine ")] == [
            ["raw", "tracepoint", "kfree_skb", "yes"]], out
        code, _, err = run("--probe", "mein", **home.popen)
        assert code == 2 and 'unknown probe "mein"; did you mean mine' in err, err


def test_mistake_in_a_probe():
    with tempfile.TemporaryDirectory() as directory:
        path = own_probe(pathlib.Path(directory, "mine.c"), "reason")
        refused(4, f'{path}:2: DROP_FIELD: "reason" is the name of a built-in column or key',
                "--probe", path)
        pathlib.Path(path).write_text("int raw_tracepoint__nonsense(void *ctx)\n{\n\treturn drop(ctx, NULL, 0, 0);\n}\n", "ascii")
        code, _, err = run("--probe", path)
        assert code == 6 and 'cannot attach to the raw tracepoint "nonsense"' in err, err
        _, _, err = run("--probe", "kfree_skb", "--probe", path)
        assert 'cannot attach to the raw tracepoint "nonsense"' in err, err


def test_probe_that_reports_nothing():
    """Neither a comment nor a text is a call; a helper function that calls drop() is enough."""
    silent = """/* drop(ctx) */
DROP_FIELD(u32, a, "drop(%u)", 1)

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
\treturn 0; // drop(ctx, NULL, 0, 0);
}
"""
    helper = "static __always_inline int report(void *ctx)\n{\n\treturn drop(ctx, NULL, 0, 0);\n}\n"
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "silent.c")
        path.write_text(silent, "ascii")
        refused(4, f"{path} never calls drop(): no packet would be shown", "--probe", str(path))
        path.write_text(helper + silent.replace("return 0;", "return report(ctx);"), "ascii")
        code, _, err = run("--probe", str(path), "--check")
        assert code == 0, err
        with mine(changes=[("return drop_socket(ctx, skb, sk, location, reason);", "return 0;")]) as source:
            refused(4, f"{source} never calls drop(): no packet would be shown", "--source", source)


def test_arrow_that_the_verifier_refuses():
    """The line, and what to write instead."""
    with mine("--attach", "raw_tracepoint", declarations=['DROP_FIELD(u32, mtu, "%u", skb->dev->mtu)']) as path:
        code, _, err = run("--source", path)
        line = line_of(path, "DROP_FIELD(u32, mtu")
        assert code == 5 and err.startswith(
            f"bytetrace: {path}:{line}: the kernel's verifier refused the program: Permission denied: read kernel "
            "memory with READ(pointer, member), not pointer->member\n"
            '    DROP_FIELD(u32, mtu, "%u", skb->dev->mtu)\n'), err


def test_columns_by_helper_functions():
    """What works in DROP_FIELD works in a function above it; texts and bytes are read in each way."""
    lines = ("static __always_inline u32 mtu_of(struct sk_buff *skb) { return READ(skb, dev, mtu); }",
             "static __always_inline u32 letters(struct sk_buff *skb) { char name[16] = {}; "
             "READ_STR(name, sizeof(name), skb, dev, name); return name[0] << 8 | name[1]; }",
             "static __always_inline u32 first(struct sk_buff *skb) { u8 mac[6] = {}; "
             "READ_BYTES(mac, sizeof(mac), skb, dev, dev_addr); return mac[0]; }",
             'DROP_FUNCTIONS(some, "__udp4_lib_rcv*,udp_rcv*")',
             'DROP_FIELD(u32, mtu, "%u", mtu_of(skb))',
             'DROP_FIELD(u32, letters, "%x", letters(skb))',
             'DROP_FIELD(u32, first, "%u", first(skb))',
             'DROP_FIELD(char[16], at, "%s", READ_AT(skb, dev, name))',
             'DROP_FIELD(u32, letter, "%c", READ(skb, dev, name[1]))',
             'DROP_FIELD(u32, nothing, "%u", READ((struct sk_buff *)NULL, dev, nd_net.net, ns.inum))',
             'DROP_FIELD(bool, known, "%u", DROP_IN(some, location))',
             'DROP_FIELD(bool, unknown, "%u", DROP_IN(some, 4096))')
    with net.Netns() as ns, mine("--netns", ns.name, declarations=lines) as path, \
            Trace("--source", path, "-o", "json") as t:
        ns.udp(b"x", "127.0.0.1", 9)
        wait_for(lambda: t.text, 10, "row")
        record = json.loads(t.stop().text.splitlines()[0])
    assert {name: record[name] for name in ("mtu", "letters", "first", "at", "letter", "nothing", "known",
                                            "unknown")} == {
        "mtu": 65536, "letters": 0x6c6f, "first": 0, "at": "lo", "letter": "o", "nothing": 0, "known": 1,
        "unknown": 0}, record


def test_too_many_columns():
    with tempfile.TemporaryDirectory() as directory:
        flags = []
        for letter in "abc":
            path = pathlib.Path(directory, f"{letter}.c")
            path.write_text("".join(f'DROP_FIELD(u32, {letter}{i}, "%u", {i})\n' for i in range(11))
                            + (PROBES / "kfree_skb.c").read_text("ascii"), "ascii")
            flags += ["--probe", str(path)]
        refused(4, "the probes have more than 32 columns", *flags)


def test_probes_that_there_are_not():
    code, out, err = run("--probe", "kfree_sbk")
    assert (code, out) == (2, "")
    assert err.startswith('bytetrace: --probe: unknown probe "kfree_sbk"; did you mean kfree_skb, '), err
    assert err.endswith("? (--list-probes lists them; a file needs a / or .c in its name)\n"), err
    refused(3, '--probe: cannot read "./kfree_skb": No such file or directory', "--probe", "./kfree_skb",
            cwd="/")
    refused(3, '--probe: "/etc" is not a regular file', "--probe", "/etc")


def test_contradictions():
    for flags, message in (
            (("--probe", "kfree_skb", "--attach", "kprobe"),
             "--attach has no effect with --probe: the probe's functions say what to attach to"),
            (("--probe", "kfree_skb", "--source", "mine.c"), "--source and --probe contradict: both name the program"),
            (("--probe", "a", "--probe", "b", "--print-filter"),
             "--print-filter describes one program: give one --probe"),
            (("--probe", "a", "--probe", "b", "--print-source"),
             "--print-source prints one program: give one --probe"),
            (("--list-probes", "-p", "tcp"), "filters have no effect with --list-probes: nothing is traced"),
            (("--probe", ""), '--probe: "" is not a name or a path')):
        refused(2, message, *flags)


def test_filters_and_print_of_a_probe():
    """--print-source and --print-filter are of the probe that is named."""
    code, out, err = run("--print-source", "--probe", "kfree_skb_tracepoint")
    assert code == 0 and "int tracepoint__skb__kfree_skb(" in out, err
    _, other, _ = run("--print-source", "--attach", "tracepoint")
    assert out == other
    code, out, err = run("--print-filter", "--probe", "kfree_skb", "-p", "tcp")
    assert code == 0 and out.startswith('drops with protocol "tcp": '), err
