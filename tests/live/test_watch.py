# SPDX-License-Identifier: GPL-2.0-only
"""--watch: programs that are swapped while they run."""

import json
import os
import socket
import struct
import tempfile
import threading
import time

from net import Netns
from trace import Trace, run, wait_for

PROBE = "int raw_tracepoint__kfree_skb"

# The number that a datagram carries: at a closed port the transport header is known.
SEQUENCE = ('DROP_FIELD(__be32, sequence, "%u", '
            "READ((struct payload *)(READ(skb, head) + READ(skb, transport_header) + 8), number))\n")
PAYLOAD = "struct payload {\n\t__be32 number;\n};\n"


class File:
    """A program in a directory of its own, saved as editors do: written anew and renamed."""

    def __init__(self, *flags):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "mine.c")
        _, self.printed, _ = run("--print-source", "--attach", "raw_tracepoint", *flags)
        assert PROBE in self.printed
        self.save("")

    def save(self, declarations, text=None):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write((text or self.printed).replace(PROBE, declarations + PROBE, 1))
        os.rename(self.path + ".new", self.path)

    def write_in_place(self, declarations):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(self.printed.replace(PROBE, declarations + PROBE, 1))


class Sender(threading.Thread):
    """Datagrams to a closed port, numbered from 0, as fast as they go."""

    def __init__(self, ns):
        super().__init__()
        self.socket = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sent = 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            try:
                self.socket.sendto(struct.pack("!I", self.sent), ("127.0.0.1", 9))
                self.sent += 1
            except ConnectionRefusedError:  # for the one before
                pass

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()
        self.socket.close()


def test_no_gap_under_load():
    """Every drop is in exactly one record, also while a program takes the place of another."""
    with Netns() as ns:
        file = File("--netns", ns.name, "-p", "udp")
        file.save(PAYLOAD + SEQUENCE)
        with Trace("--source", file.path, "--watch", "-o", "json", "--buffer", "64M", "--rate", "0") as t:
            with Sender(ns) as sender:
                for swap in range(1, 7):
                    time.sleep(0.2)
                    more = 'DROP_FIELD(u32, swap, "%u", ' + str(swap) + ")\n" if swap % 3 else ""
                    file.save(PAYLOAD + SEQUENCE + more + f"/* {swap} */\n")
                    wait_for(lambda: t.errors.count("mine.c: reloaded") == swap, 10, "swap")
                time.sleep(0.2)
            t.stop()
        rows = [json.loads(line) for line in t.text.splitlines()]
        numbers = [row["sequence"] for row in rows]
        assert numbers == list(range(sender.sent)), (len(numbers), sender.sent)
        assert {row.get("swap") for row in rows} == {None, 1, 2, 4, 5}
        assert t.totals == (sender.sent, 0, 0), t.errors


def test_columns_change_with_the_program():
    with Netns() as ns:
        file = File("--netns", ns.name)
        with Trace("--source", file.path, "--watch") as t:
            ns.udp(b"x", "127.0.0.1", 9)
            wait_for(lambda: "NO_SOCKET" in t.text, 5, "row")
            file.write_in_place('DROP_FIELD(char[16], device, "<%s>", READ(skb, dev, name))\n')
            wait_for(lambda: "mine.c: reloaded\n" in t.errors, 10, "swap")
            ns.udp(b"x", "127.0.0.1", 9)
            wait_for(lambda: "<lo>" in t.text, 5, "row")
            t.stop()
        lines = t.text.splitlines()
        headers = [line for line in lines if "SOURCE" in line]
        assert len(headers) == 2 and "DEVICE" not in headers[0] and "DEVICE" in headers[1], t.text
        first = lines.index(headers[1])
        assert lines[first - 1].startswith("+") and lines[first - 2].startswith("+"), t.text


def test_what_does_not_compile_or_load_is_not_taken():
    with Netns() as ns:
        file = File("--netns", ns.name)
        with Trace("--source", file.path, "--watch") as t:
            file.save('DROP_FIELD(u32, wrong, "%u", READ(skb, nonsense))\n')
            line = 1 + file.printed[:file.printed.index(PROBE)].count("\n")
            wait_for(lambda: f"{file.path}: reload failed; keeping the running program: {file.path}:{line}:"
                     in t.errors, 10, "refusal")
            assert "no member named 'nonsense' in 'struct sk_buff'" in t.errors
            file.save("", file.printed.replace("return drop_socket(ctx, skb, sk, location, reason);",
                                               "char a[8] = {};\n\tif (((volatile char *)a)[reason])\n\t\treturn 0;\n"
                                               "\treturn drop_socket(ctx, skb, sk, location, reason);"))
            wait_for(lambda: t.errors.count("reload failed; keeping the running program") == 2, 10, "refusal")
            assert "verifier" in t.errors, t.errors
            file.save("", file.printed.replace(PROBE, "int raw_tracepoint__nonsense"))
            wait_for(lambda: t.errors.count("reload failed; keeping the running program") == 3, 10, "refusal")
            assert 'cannot attach to the raw tracepoint "nonsense"' in t.errors, t.errors
            ns.udp(b"x", "127.0.0.1", 9)
            wait_for(lambda: "NO_SOCKET" in t.text, 5, "row")
            file.save('DROP_FIELD(u32, right, "%u", READ(skb, skb_iif))\n')
            wait_for(lambda: ": reloaded\n" in t.errors, 10, "swap")
            t.stop()
        assert t.totals == (1, 0, 0), t.errors


def test_the_attach_point_may_change():
    with Netns() as ns:
        file = File("--netns", ns.name)
        with Trace("--source", file.path, "--watch") as t:
            text = file.printed.replace(PROBE + "(", "int raw_tracepoint__consume_skb(")
            text = text.replace("u32 reason = ctx->args[2];", "u32 reason = DROP_NO_REASON;")
            with open(file.path, "w", encoding="ascii") as out:
                out.write(text)
            wait_for(lambda: ": reloaded\n" in t.errors, 10, "swap")
            ns.udp(b"x", "127.0.0.1", 9)
            time.sleep(0.3)
            t.stop()
        assert "NO_SOCKET" not in t.text, t.text


def test_contradictions():
    for flags, message in (
            (("--watch",), "--watch needs a file: --source FILE or --probe FILE"),
            (("--watch", "--probe", "kfree_skb", "--summary"),
             "--watch and --summary contradict: only programs that show drops can be replaced"),
            (("--watch", "--probe", "kfree_skb", "--print-source"),
             "--watch has no effect: nothing is traced"),
            (("--watch", "--probe", "kfree_skb"),
             "--watch needs a file to watch, but the probes are built in: use --probe FILE")):
        assert run(*flags) == (2, "", f"bytetrace: {message}\n"), flags
