# SPDX-License-Identifier: GPL-2.0-only
"""Files of the user's: who may have written them, what they include; and floods of their drops."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import tempfile
import time

from net import Netns, Unsupported
from test_watch import PROBE
from trace import Settings, Trace, run, wait_for

FORCE = "; --force uses it anyway\n"


@contextlib.contextmanager
def directory():
    with tempfile.TemporaryDirectory() as path:
        _, printed, _ = run("--print-source", "--attach", "raw_tracepoint")
        save(f"{path}/mine.c", printed)
        yield path, printed


def save(path, text, mode=0o644):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, mode)


def refused(status, message, *flags, cwd=None):
    code, out, err = run(*flags, cwd=cwd)
    assert (code, out, err) == (status, "", f"bytetrace: {message}"), (flags, code, err)


def works(*flags, cwd=None):
    code, _, err = run(*flags, "--duration", "0.05", cwd=cwd)
    assert code == 0, (flags, err)


def test_who_may_write():
    with directory() as (path, printed):
        mine = f"{path}/mine.c"
        works("--source", mine)
        os.chmod(mine, 0o666)
        refused(3, f'--source: everybody can write to "{mine}"' + FORCE, "--source", mine)
        works("--source", mine, "--force")
        os.chmod(mine, 0o644)
        # Also with the sticky bit: anybody could have made the file.
        for mode in (0o777, 0o1777):
            os.chmod(path, mode)
            refused(3, f'--source: everybody can write to "{path}", so anybody could have put '
                    f'"{mine}" there' + FORCE, "--source", mine)
            refused(3, f'--source: everybody can write to "{path}", so anybody could have put '
                    '"mine.c" there' + FORCE, "--source", "mine.c", cwd=path)
        works("--source", mine, "--force")
        # Further up the sticky bit keeps what is there.
        os.mkdir(f"{path}/below", 0o755)
        inner = f"{path}/below/mine.c"
        save(inner, printed)
        works("--source", inner)
        os.chmod(path, 0o777)
        refused(3, f'--source: everybody can write to "{path}", so anybody could have put '
                f'"{inner}" there' + FORCE, "--source", inner)
        # Nor does a link in a safe place make it safe.
        os.mkdir(f"{path}/safe", 0o755)
        with tempfile.TemporaryDirectory() as safe:
            os.symlink(inner, f"{safe}/link.c")
            refused(3, f'--source: everybody can write to "{path}", so anybody could have put '
                    f'"{safe}/link.c" there' + FORCE, "--source", f"{safe}/link.c")
            # Wherever on the way it is; nor is a link safe that anybody could have made.
            os.chmod(path, 0o755)
            os.mkdir(f"{path}/middle")
            os.symlink(mine, f"{path}/middle/link.c")
            os.symlink(f"{path}/middle/link.c", f"{safe}/long.c")
            works("--source", f"{safe}/long.c")
            for mode in (0o777, 0o1777):
                os.chmod(f"{path}/middle", mode)
                refused(3, f'--source: everybody can write to "{path}/middle", so anybody could have put '
                        f'"{safe}/long.c" there' + FORCE, "--source", f"{safe}/long.c")
            works("--source", f"{safe}/link.c")
        save(f"{path}/probe.c", "int raw_tracepoint__kfree_skb(void *ctx)\n{\n\treturn 0;\n}\n", 0o666)
        refused(3, f'--probe: everybody can write to "{path}/probe.c"' + FORCE, "--probe", f"{path}/probe.c")
        save(f"{path}/drop.c", "\n", 0o666)
        refused(3, f'--templates: everybody can write to "{path}/drop.c"' + FORCE, "--templates", path)


def test_what_is_no_file():
    with directory() as (path, _):
        os.mkfifo(f"{path}/fifo.c")
        os.mknod(f"{path}/zero.c", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(f"{path}/socket.c")
        os.symlink("fifo.c", f"{path}/to_fifo.c")
        for name in ("fifo.c", ".", "zero.c", "socket.c", "to_fifo.c"):
            refused(3, f'--source: "{path}/{name}" is not a regular file\n', "--source", f"{path}/{name}")
        refused(3, '--source: "/dev/stdin" is not a regular file\n', "--source", "/dev/stdin")
        os.symlink("loop.c", f"{path}/loop.c")
        refused(3, f'--source: cannot read "{path}/loop.c": Too many levels of symbolic links\n',
                "--source", f"{path}/loop.c")
        refused(3, f'--source: cannot read "{path}/mine.c/": Not a directory\n', "--source", f"{path}/mine.c/")
        refused(3, f'--source: cannot read "{path}/none.c": No such file or directory\n',
                "--source", f"{path}/none.c")
        with open(f"{path}/nul.c", "wb") as file:
            file.write(b"int a;\0int b;\n")
        refused(3, f'--source: cannot read "{path}/nul.c": it contains a NUL byte\n', "--source", f"{path}/nul.c")
        with open(f"{path}/large.c", "wb") as file:
            file.truncate(1 << 30)
        refused(3, f'--source: cannot read "{path}/large.c": File too large\n', "--source", f"{path}/large.c")


def test_includes_lie_next_to_the_source():
    """Whatever is where root stands, in the environment, or above the file."""
    with directory() as (path, printed), tempfile.TemporaryDirectory() as elsewhere, Netns() as ns:
        mine, line = f"{path}/mine.c", 1 + printed[:printed.index(PROBE)].count("\n")

        def include(name):
            save(mine, printed.replace(PROBE, f'#include "{name}"\n{PROBE}', 1))

        include("own.h")
        save(f"{elsewhere}/own.h", "#error found elsewhere\n")
        os.environ["C_INCLUDE_PATH"] = os.environ["CPATH"] = elsewhere
        try:
            refused(3, f'{mine}:{line}: #include: cannot read "{path}/own.h": No such file or directory\n',
                    "--source", mine, cwd=elsewhere)
            # The file's own lines are told, and what it declares works.
            save(f"{path}/own.h", '#include "more.h"\nDROP_FIELD(u32, index, "%u", READ(skb, dev, ifindex))\n')
            save(f"{path}/more.h", "#pragma once\n#include \"own2.h\"\n")
            save(f"{path}/own2.h", "/*\n#include \"absent.h\"\n*/\n#include \"more.h\"\n")
            with Trace("--source", mine, "-o", "json", cwd=elsewhere) as t:
                ns.udp(b"x", "127.0.0.1", 9)
                wait_for(lambda: "NO_SOCKET" in t.text, 5, "row")
                t.stop()
            assert any(row["index"] == 1 for row in map(json.loads, t.text.splitlines())), t.text
            save(f"{path}/own2.h", "\nint wrong = nonsense;\n")
            code, _, err = run("--source", mine)
            assert code == 4 and err.startswith(f"bytetrace: {path}/own2.h:2:13: error: "), err
        finally:
            del os.environ["C_INCLUDE_PATH"], os.environ["CPATH"]
        for name in ("../own.h", "/etc/passwd", "a/b.h", "", "n" * 300):
            shown = name if len(name) < 256 else ""
            include(name)
            refused(4, f'{mine}:{line}: #include "{shown}": give the name of a file in the same '
                    "directory, without a path\n", "--source", mine)
        include("link.h")
        os.symlink("/etc/passwd", f"{path}/link.h")
        refused(3, f'{mine}:{line}: #include: cannot read "{path}/link.h": it is a symbolic link\n',
                "--source", mine)
        include("self.h")
        save(f"{path}/self.h", '#include "self.h"\n')  # which does not come into itself
        works("--source", mine)
        include("fifo.h")
        os.mkfifo(f"{path}/fifo.h")
        refused(3, f'{mine}:{line}: #include: "{path}/fifo.h" is not a regular file\n', "--source", mine)
        include("..")
        refused(3, f'{mine}:{line}: #include: "{path}/.." is not a regular file\n', "--source", mine)
        include("nul.h")
        with open(f"{path}/nul.h", "wb") as file:
            file.write(b"int a;\0int b;\n")
        refused(3, f'{mine}:{line}: #include: cannot read "{path}/nul.h": it contains a NUL byte\n',
                "--source", mine)
        for i in range(1000):
            save(f"{path}/deep{i}.h", f'#include "deep{i + 1}.h"\n')
        include("deep0.h")
        refused(4, f'{path}/deep63.h:1: #include "deep64.h": the program includes more than 64 files\n', "--source", mine)
        include("all.h")
        save(f"{path}/all.h", "\n", 0o666)
        refused(3, f'{mine}:{line}: #include: everybody can write to "{path}/all.h"' + FORCE, "--source", mine)
        works("--source", mine, "--force")


def test_includes_that_no_name_tells():
    """What only the preprocessor finds is refused, if it is not a header of the kernel's."""
    with directory() as (path, printed):
        mine, other = f"{path}/mine.c", f"{path}/other.h"
        save(other, "enum { other };\n")
        for name in (other, f"../../../../../..{other}"):
            save(mine, f"#include <{name}>\n{printed}")
            refused(4, f'{mine}:1: #include "{name}": only kernel headers can stand between < and '
                    ">\n", "--source", mine)
            save(mine, f"#define NAME <{name}>\n#include NAME\n{printed}")
            code, _, err = run("--source", mine)
            assert code == 4 and err.startswith('bytetrace: the program includes "') and err.endswith(
                f'{other}", which is not a kernel header; include other files as "NAME" from the directory '
                "of the source\n"), err
        save(mine, f"#define NAME <net/sock.h>\n#include NAME\n{printed}")
        works("--source", mine)
        save(mine, f'#import "other.h"\n{printed}')
        code, _, err = run("--source", mine)
        assert code == 4 and err.startswith(f"bytetrace: {mine}:1:9: fatal error: 'other.h' file not found"), err


def test_an_include_that_changes():
    """It is part of what the cache goes by."""
    with directory() as (path, printed), tempfile.TemporaryDirectory() as cache:
        os.chmod(cache, 0o700)
        save(f"{path}/mine.c", f'#include "own.h"\n{printed}')
        flags = ("--source", f"{path}/mine.c", "--cache-dir", cache)
        save(f"{path}/own.h", "enum { right };\n")
        works(*flags)
        save(f"{path}/own.h", "wrong;;\nint right = nonsense;\n")
        code, _, err = run(*flags)
        assert code == 4 and f"{path}/own.h:2:13: error: " in err, err
        os.unlink(f"{path}/own.h")
        refused(3, f'{path}/mine.c:1: #include: cannot read "{path}/own.h": No such file or directory\n', *flags)


def flood(ns, count):
    with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        sent = 0
        while sent < count:
            try:
                s.sendto(b"x", ("127.0.0.1", 9))
                sent += 1
            except ConnectionRefusedError:  # for the one before
                pass


def test_rate():
    """What is above it is counted, and told once."""
    count = 30000
    hint = ("bytetrace: hint: showing at most {} drops per second and counting the others as suppressed; "
            "--rate N changes the limit, --rate 0 removes it\n")
    with Netns() as ns, directory() as (path, _):
        save(f"{path}/mine.c", run("--print-source", "--netns", ns.name)[1])
        # The reader's own clock counts, whatever the records say.
        for name, expression in (("still", "1"), ("back", "-bpf_ktime_get_ns()")):
            text = run("--print-source", "--netns", ns.name)[1]
            assert text.count("event->time = record_time();") == 1
            save(f"{path}/{name}.c", text.replace("event->time = record_time();", f"event->time = {expression};"))
        for flags, limit in ((("--source", f"{path}/still.c"), 10000),
                             (("--source", f"{path}/back.c"), 10000),
                             (("--source", f"{path}/mine.c"), 10000),
                             (("--source", f"{path}/mine.c", "--rate", "500"), 500),
                             (("--source", f"{path}/mine.c", "--rate", "0"), None),
                             (("--probe", "kfree_skb", "--netns", ns.name), 10000),
                             (("--netns", ns.name, "--rate", "500"), 500),
                             (("--netns", ns.name), None)):
            with Trace("--buffer", "16M", *flags) as t:
                start = time.monotonic()
                flood(ns, count)
                t.stop()
            seconds = time.monotonic() - start
            shown, lost, suppressed = t.totals
            assert shown + lost + suppressed == count and lost == 0, (flags, t.totals)
            assert t.errors.count("hint") == (limit is not None), t.errors
            if limit is None:
                assert shown == count
            else:
                # As many as may come at once, and what the seconds add.
                assert limit <= shown <= min(limit * (1 + seconds), count - 1), (flags, t.totals, seconds)
                assert hint.format(limit) in t.errors, t.errors
    refused(2, '--rate: "-1" is not a number\n', "--rate", "-1")
    refused(2, "--rate has no effect with --summary, which shows no single drops\n", "--summary", "--rate", "5")


# Makes a system below the directory $1 out of this one, in a mount namespace of its own, and checks a
# program there. The directory stays a plain one: no mount point. Prints the mounts that this adds.
CHROOT = """
root=$1 program=$2
mount --make-r$3 /
for entry in /*; do
    case $entry in
    /bin|/dev|/etc|/lib*|/proc|/sbin|/sys|/usr) ;;
    *) continue ;;
    esac
    if [ -L $entry ]; then
        cp -P $entry $root
    else
        mkdir $root$entry
        mount --rbind $entry $root$entry
    fi
done
mkdir $root/tmp
cp $program $root/bytetrace
[ $4 = rw ] || mount -o remount,bind,ro /
before=$(cat /proc/self/mountinfo)
chroot $root /bytetrace --no-cache --check >&2
[ "$(cat /proc/self/mountinfo)" = "$before" ] || cat /proc/self/mountinfo
"""


def test_plain_chroot():
    """The root directory is no mount point there; no mount of the compiler's reaches another namespace."""
    for propagation in ("shared",) if Settings.slow > 1 else ("shared", "private"):
        for access in ("rw",) if Settings.slow > 1 else ("rw", "ro"):
            with tempfile.TemporaryDirectory() as root:
                done = subprocess.run(
                    ["unshare", "-m", "sh", "-e", "-c", CHROOT, "sh", root, Settings.program, propagation, access],
                    capture_output=True, text=True, check=False, timeout=20 * Settings.slow)
                if "mount:" in done.stderr:
                    raise Unsupported(done.stderr.strip())
                assert done.returncode == 0, (propagation, access, done.stderr)
                assert "map events: " in done.stderr, done.stderr
                assert done.stdout == "", (propagation, access, done.stdout)
                assert os.listdir(f"{root}/tmp") == []
