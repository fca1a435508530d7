# SPDX-License-Identifier: GPL-2.0-only
"""What is said about drops: whether it is true on this kernel, and whether it is said once."""

import contextlib
import os
import re
import subprocess
import time

import net
from net import A4, B4
from oracle import kernel_gives_reasons, open_tracefs
from test_causes import causes, drop_rule, matches
from trace import Settings, Trace, run

NSTAT = re.compile(r"^  nstat -az ([\w ]+)$", re.M)


def explain(*names):
    code, out, err = run("--explain", *names)
    assert code == 0, err
    return out


def counters(ns):
    """What nstat reads, by the names that it prints."""
    found = {}
    with ns.inside():
        for name in "snmp", "netstat":
            with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
                lines = file.read().splitlines()
            for names, values in zip(lines[::2], lines[1::2]):
                prefix, *keys = names.split()
                found.update((prefix.rstrip(":") + key, int(value))
                             for key, value in zip(keys, values.split()[1:]))
        with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
            found.update((key, int(value)) for key, value in map(str.split, file))
    return found


def moved(before, after):
    return {key for key, value in after.items() if value > before.get(key, 0)}


def test_counters_that_are_named_do_move():
    """Real drops of each kind: a counter that --explain names for their reason counted them."""
    if not kernel_gives_reasons():
        raise net.Unsupported("this kernel gives no reasons")
    seen = []
    with Trace("-vv", "-n") as tracer, contextlib.ExitStack() as stack:
        for name, _, function in causes:
            with contextlib.suppress(net.Unsupported):
                pair = stack.enter_context(net.Pair())
                before = [counters(pair.a), counters(pair.b)]
                seen.append((name, function(pair), pair, before))
        time.sleep(2 * Settings.pause)
        seen = [(name, expected, moved(before[0], counters(pair.a)) | moved(before[1], counters(pair.b)))
                for name, expected, pair, before in seen]
        tracer.stop()
    wrong, checked = [], set()
    for name, expected, changes in seen:
        row = next((row for row in tracer.rows if matches(row, expected)), None)
        there = [row for row in tracer.rows if row["NETNS"] == expected["NETNS"]]
        assert row, f"{name}: no row like {expected}; of that namespace: {there}"
        named = {counter for line in NSTAT.findall(explain(row["REASON"])) for counter in line.split()}
        if named and not named & changes:
            wrong.append(f"{name}: {row['REASON']} at {row['LOCATION']}: none of {sorted(named)} moved, but "
                         f"{sorted(changes)}")
        elif named:
            checked.add(row["REASON"])
    assert not wrong, "\n".join(wrong)
    assert len(checked) >= (10 if "SOCKET_RCVBUFF" in checked else 5), checked


def test_counters_that_are_named_exist():
    """Each counter that is named for a reason of this kernel is one that it has."""
    with net.Netns() as ns:
        known = counters(ns)
    reasons = [line.split()[0] for line in explain().splitlines() if not line.startswith(" ")]
    missing = set()
    for reason in reasons:
        missing |= {counter for line in NSTAT.findall(explain(reason)) for counter in line.split()} - known.keys()
    # Those that came later than this kernel; without IPv6 there are none of it.
    missing -= {"TcpExtBeyondWindow"}
    assert not {name for name in missing if "6" not in name[:5]}, missing


def test_list_has_all_reasons_of_this_kernel():
    with open(f"{open_tracefs()}/events/skb/kfree_skb/format", encoding="ascii") as file:
        names = re.findall(r'"(?:SKB_DROP_REASON_)?([A-Z][A-Z0-9_]+)"', file.read())
    out = explain()
    listed = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert listed[:len(names)] == names if names else "NETFILTER_DROP" in listed, listed
    assert max(map(len, out.splitlines())) <= 80
    assert all(len(explain(name).splitlines()) > 1 for name in names)


def test_names_are_taken_as_people_type_them():
    out = explain("NETFILTER_DROP")
    assert out.startswith("NETFILTER_DROP: "), out
    for words in (["--explain=NETFILTER_DROP"], ["--explain", "skb_drop_reason_netfilter_drop"]):
        assert run(*words) == (0, out, ""), words
    code, both, _ = run("--explain=NETFILTER_DROP", "nft_do_chain+0x4e8/0x5a0 [nf_tables]")
    assert code == 0 and both == out + "\n" + explain("nft_do_chain"), both
    code, out, err = run("--explain", "NETFILTER_DRP")
    assert code == 2 and "the nearest: NETFILTER_DROP, " in err, err


def test_any_function_of_the_kernel():
    out = explain("kallsyms_lookup_name")
    with open("/proc/kallsyms", encoding="ascii") as file:
        address = next(line.split()[0] for line in file if line.split()[2] == "kallsyms_lookup_name")
    assert f"\n  0x{address.lstrip('0')} to 0x" in out, out


def test_without_root():
    def drop():
        os.setgid(65534)
        os.setuid(65534)

    with open(Settings.program, "rb") as program:
        def as_nobody(*flags):
            # By descriptor: the way to the binary may be root's alone.
            return subprocess.run([f"/proc/self/fd/{program.fileno()}", *flags], capture_output=True, text=True,
                                  preexec_fn=drop, pass_fds=[program.fileno()], check=False)

        one, all_of_them = as_nobody("--explain", "XDP"), as_nobody("--explain")
    assert one.returncode == 0 and one.stdout.startswith("XDP: "), one
    assert all_of_them.returncode == 0 and "\nNETFILTER_DROP  " in all_of_them.stdout, all_of_them
    assert "these are all that there are texts for" in all_of_them.stderr, all_of_them.stderr


def test_hints_come_once_for_a_pair():
    with net.Pair() as pair:
        pair.b.nft(drop_rule("input", "udp dport 1001"))
        with Trace("--hints", "-p", "udp", "-s", A4, "-d", B4, "-k") as tracer:
            for port in 1001, 1001, 1002, 1001, 1002:
                pair.a.udp(b"x", B4, port)
                time.sleep(Settings.pause)
            tracer.stop()
    assert len(tracer.rows) == 5, tracer.text
    lines = tracer.text.splitlines()
    hints = [line for line in lines if line.startswith("  ^ ")]
    assert len(hints) == len(set(hints)) == 2, tracer.text
    if kernel_gives_reasons():
        assert hints[0].startswith("  ^ NETFILTER_DROP: "), hints
        assert hints[1].startswith("  ^ NO_SOCKET: "), hints
    # Between the row and its stack.
    at = lines.index(hints[0])
    assert lines[at - 1].startswith("|") and lines[at + 1].startswith("    "), lines
