# SPDX-License-Identifier: GPL-2.0-only
"""Compiled programs that are kept: used when nothing changed, and only then."""

import os
import pathlib
import shutil
import sys
import tempfile

from net import Unsupported, command
from test_errors import one_line
from trace import Settings, run

COMPILER_KB = 60_000  # a process that has loaded LLVM is larger than this, and no other


# Starts a program and prints what it and its children took at most. In a process of its own: that
# counts what the parent had when it started it, and the runner of the tests may be large.
MEASURE = """import os, sys
null = os.open("/dev/null", os.O_RDWR)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
_, status, usage = os.wait4(pid, 0)
print(status, usage.ru_maxrss)"""


def compiled(directory, *flags):
    """Trace for a moment; whether a compiler ran for it."""
    words = [Settings.program, "--cache-dir", str(directory), "--duration", "0.05", *flags]
    status, size = map(int, command(sys.executable, "-IS", "-c", MEASURE, *words).split())
    assert status == 0, (words, status)
    return size > COMPILER_KB


def is_program(entry):
    """Or else it holds the types of the kernel's headers."""
    return b"struct kernel_types {" not in entry.read_bytes()


class Cache:
    """A cache of its own, with one program in it."""

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.temporary.name) / "cache"
        shared = pathlib.Path(Settings.cache[-1])
        if shared.is_dir():  # where headers are slow to parse
            self.path.mkdir(0o700)
            for entry in shared.iterdir():
                if not is_program(entry):
                    shutil.copy(entry, self.path)
        assert compiled(self.path)
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    @property
    def entry(self):
        entries = [entry for entry in self.path.iterdir() if is_program(entry)]
        assert len(entries) == 1, entries
        return entries[0]


def test_same_flags_need_no_compiler():
    with Cache() as cache:
        assert not compiled(cache.path)
        assert cache.path.stat().st_mode & 0o777 == 0o700
        assert cache.entry.stat().st_mode & 0o777 == 0o600


def test_types_of_headers_are_kept():
    """So that other flags need a compiler, but no headers: tests/compile shows what they get."""
    if not os.path.exists(f"/lib/modules/{os.uname().release}/build/include"):
        raise Unsupported("this kernel's headers are not installed")
    with Cache() as cache:
        kept = [entry for entry in cache.path.iterdir() if not is_program(entry)]
        assert len(kept) == 1, list(cache.path.iterdir())
        assert compiled(cache.path, "-p", "tcp")
        assert [entry for entry in cache.path.iterdir() if not is_program(entry)] == kept


def test_other_programs_are_others():
    with Cache() as cache:
        for flags in ("-p", "tcp"), ("-p", "udp"), ("-k",), ("-vv",):
            assert compiled(cache.path, *flags), flags
            assert not compiled(cache.path, *flags), flags
        assert not compiled(cache.path, "-n", "-c"), "only how it is shown differs"


def test_damaged_entries_are_replaced():
    with Cache() as cache:
        good = cache.entry.read_bytes()
        for what, bad in {"empty": b"", "cut short": good[:-1], "header only": good[:24],
                          "a byte of the header": b"\0" + good[1:],
                          "a byte of the key": good[:40] + b"\0" + good[41:],
                          "a byte of the program": good[:-200] + b"\xff" + good[-199:],
                          "longer": good + b"x"}.items():
            cache.entry.write_bytes(bad)
            assert compiled(cache.path), what
            assert not compiled(cache.path), what
            assert cache.entry.read_bytes()[:8] == good[:8], what


def test_foreign_entries_are_not_believed():
    with Cache() as cache:
        name, good = cache.entry, cache.entry.read_bytes()
        elsewhere = cache.path.parent / "elsewhere"
        elsewhere.write_bytes(good)
        name.unlink()
        name.symlink_to(elsewhere)
        assert compiled(cache.path), "a link"
        name.chmod(0o666)
        assert compiled(cache.path), "writable by others"
        os.chown(name, 65534, 65534)
        assert compiled(cache.path), "of another user"
        assert not compiled(cache.path)


def test_what_is_no_file_is_replaced():
    with Cache() as cache:
        name = cache.entry
        for put in os.mkfifo, os.mkdir:
            name.unlink()
            put(name)
            assert compiled(cache.path), put
            assert not compiled(cache.path), put
            assert name.is_file(), put


def test_foreign_directories_are_refused():
    with Cache() as cache:
        cache.path.chmod(0o755)
        one_line(3, "must belong to this user and have mode 0700", flags=("--cache-dir", str(cache.path)))
        cache.path.chmod(0o700)
        os.chown(cache.path, 65534, 65534)
        one_line(3, "must belong to this user", flags=("--cache-dir", str(cache.path)))
        one_line(3, "/proc/nothing", flags=("--cache-dir", "/proc/nothing"))
        one_line(2, "contradicts", flags=("--cache-dir", str(cache.path), "--no-cache"))


def test_bounded():
    with Cache() as cache:
        first = cache.entry
        for i in range(200):
            file = cache.path / f"{i:032x}"
            file.touch()
            os.utime(file, (1000 + i, 1000 + i))
        assert compiled(cache.path, "-p", "sctp")
        left = list(cache.path.iterdir())
        assert len(left) == 128, len(left)
        assert first in left, "the oldest go first"


def test_nothing_is_kept_without_a_cache():
    before = sorted(os.listdir("/var/cache"))
    code, _, err = run("--no-cache", "--duration", "0.05")
    assert code == 0, err
    assert sorted(os.listdir("/var/cache")) == before
