# SPDX-License-Identifier: GPL-2.0-only
"""Files that root is given: by other users, with special files in the place of plain ones, damaged."""

import contextlib
import io
import os
import pathlib
import random
import socket
import stat
import struct
import subprocess
import tarfile
import tempfile

from net import Unsupported
from test_errors import fails, one_line
from test_safety import FORCE, directory, refused, save, works
from trace import Settings

STRANGER = 54321  # a user and group without a name
BTF = "/sys/kernel/btf/vmlinux"


def own_btf():
    if not os.path.exists(BTF):
        raise Unsupported("this kernel has no BTF")
    return pathlib.Path(BTF).read_bytes()


def test_owners():
    with directory() as (path, printed):
        mine = f"{path}/mine.c"
        os.mkdir(f"{path}/below")
        inner = f"{path}/below/mine.c"
        save(inner, printed)
        save(f"{path}/probe.c", printed)
        os.mkdir(f"{path}/templates")
        save(f"{path}/templates/drop.c", "\n")

        os.chown(mine, STRANGER, 0)
        refused(3, f'--source: "{mine}" belongs to user {STRANGER}' + FORCE, "--source", mine)
        refused(3, f'--source: "{mine}" belongs to user {STRANGER}' + FORCE, "--source", mine, "--watch")
        works("--source", mine, "--force")
        os.chown(mine, 0, STRANGER)
        works("--source", mine)
        os.chmod(mine, 0o664)
        refused(3, f'--source: group {STRANGER} can write to "{mine}"' + FORCE, "--source", mine)

        # Whoever owns a directory can replace what is in it, also with the sticky bit.
        for mode in 0o755, 0o1755:
            os.chown(f"{path}/below", STRANGER, 0)
            os.chmod(f"{path}/below", mode)
            refused(3, f'--source: "{path}/below" belongs to user {STRANGER}, who could have put "{inner}" there'
                    + FORCE, "--source", inner)
        works("--source", inner, "--force")
        os.chown(f"{path}/below", 0, STRANGER)
        os.chmod(f"{path}/below", 0o775)
        refused(3, f'--source: group {STRANGER} can write to "{path}/below", so its members could have put '
                f'"{inner}" there' + FORCE, "--source", inner)
        # Everything on the way of a link counts.
        os.symlink(inner, f"{path}/link.c")
        refused(3, f'--source: group {STRANGER} can write to "{path}/below", so its members could have put '
                f'"{path}/link.c" there' + FORCE, "--source", f"{path}/link.c")

        os.chown(f"{path}/probe.c", STRANGER, 0)
        refused(3, f'--probe: "{path}/probe.c" belongs to user {STRANGER}' + FORCE, "--probe", f"{path}/probe.c")
        os.chown(f"{path}/templates", STRANGER, 0)
        refused(3, f'--templates: "{path}/templates" belongs to user {STRANGER}, who could have put '
                f'"{path}/templates/drop.c" there' + FORCE, "--templates", f"{path}/templates")
        save(mine, f'#include "own.h"\n{printed}')
        save(f"{path}/own.h", "\n")
        os.chown(f"{path}/own.h", STRANGER, 0)
        refused(3, f'{mine}:1: #include: "{path}/own.h" belongs to user {STRANGER}' + FORCE, "--source", mine)


def test_the_user_who_logged_in():
    """Files of whoever became root with sudo or su are the caller's own; the environment does not count."""
    with directory() as (path, printed):
        mine = f"{path}/mine.c"
        save(mine, printed)
        script = 'echo "$1" >/proc/self/loginuid || exit 77; shift; exec "$@"'
        for owner, login, status in (STRANGER, STRANGER, 0), (STRANGER + 1, STRANGER, 3):
            os.chown(mine, owner, 0)
            done = subprocess.run(["sh", "-c", script, "sh", str(login), Settings.program, "--no-cache", "--check",
                                   "--source", mine], capture_output=True, text=True, check=False,
                                  env={**os.environ, "SUDO_UID": str(owner)}, timeout=20 * Settings.slow)
            if done.returncode == 77:
                raise Unsupported(done.stderr.strip())
            assert done.returncode == status, (owner, login, done)
            assert status == 0 or f"belongs to user {owner}" in done.stderr, done


def test_btf_of_others():
    btf = own_btf()
    with tempfile.TemporaryDirectory() as path:
        file = pathlib.Path(path, "kernel.btf")
        file.write_bytes(btf)
        works("--btf", str(file))
        os.chown(file, STRANGER, 0)
        refused(3, f'--btf: "{file}" belongs to user {STRANGER}' + FORCE, "--btf", str(file))
        works("--btf", str(file), "--force")
        os.chown(file, 0, 0)
        file.chmod(0o666)
        refused(3, f'--btf: everybody can write to "{file}"' + FORCE, "--btf", str(file))


@contextlib.contextmanager
def header_tree():
    """A header tree of this kernel that can be opened; it holds no headers."""
    with tempfile.TemporaryDirectory() as path:
        for name in "include/linux/kconfig.h", "include/generated/autoconf.h", "include/net/sock.h":
            pathlib.Path(path, name).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(path, name).touch()
        pathlib.Path(path, "include/generated/utsrelease.h").write_text(
            f'#define UTS_RELEASE "{os.uname().release}"\n', encoding="ascii")
        yield path


def test_header_trees_of_others():
    with header_tree() as path:
        header = f"{path}/include/net/sock.h"
        fails(4, flags=("--headers", path))  # nothing to compile against, but opened
        for changed in path, f"{path}/include/net", header:
            before = os.stat(changed).st_mode
            os.chown(changed, STRANGER, 0)
            refused(3, f'--headers: "{changed}" belongs to user {STRANGER}' + FORCE, "--headers", path)
            fails(4, flags=("--headers", path, "--force"))
            os.chown(changed, 0, STRANGER)
            os.chmod(changed, stat.S_IMODE(before) | 0o20)
            refused(3, f'--headers: group {STRANGER} can write to "{changed}"' + FORCE, "--headers", path)
            os.chmod(changed, before)
        with tempfile.TemporaryDirectory() as elsewhere:
            os.chmod(elsewhere, 0o1777)
            save(f"{elsewhere}/sock.h", "\n")
            os.unlink(header)
            os.symlink(f"{elsewhere}/sock.h", header)
            refused(3, f'--headers: everybody can write to "{elsewhere}", so anybody could have put '
                    f'"{header}" there' + FORCE, "--headers", path)


def archive(path, *members):
    """A kernel header archive in `path` with these tarfile members; a member may have content."""
    with tarfile.open(path, "w:xz", preset=0) as tar:
        for member in members:
            content = getattr(member, "content", b"")
            tar.addfile(member, io.BytesIO(content))


def member(name, kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def test_special_files():
    """They are refused in every place, before anything waits for them."""
    with header_tree() as path, tempfile.TemporaryDirectory() as other:
        os.mkfifo(f"{other}/fifo")
        os.mknod(f"{other}/zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(f"{other}/socket")
        os.symlink("fifo", f"{other}/link")
        for name in "fifo", "zero", "socket", "link":
            refused(3, f'--btf: "{other}/{name}" is not a regular file\n', "--btf", f"{other}/{name}")
            refused(3, f'--headers: "{other}/{name}" is not a directory or regular file\n',
                    "--headers", f"{other}/{name}")
        refused(3, f'--btf: "{other}" is not a regular file\n', "--btf", other)
        # In a tree, also where it is looked at before the compiler reads it.
        for name in "include/net/other.h", "include/linux/skbuff.h", "include/uapi/linux/bpf.h", "Makefile":
            pathlib.Path(path, name).parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(f"{path}/{name}")
            if name == "Makefile":
                fails(4, flags=("--headers", path))
            for flags in ((), ("--force",)) if name != "Makefile" else ():
                refused(3, f'--headers: "{path}/{name}" is not a directory or regular file\n',
                        "--headers", path, *flags)
            os.unlink(f"{path}/{name}")
        os.unlink(f"{path}/include/generated/utsrelease.h")
        os.mkfifo(f"{path}/include/generated/utsrelease.h")
        one_line(3, "utsrelease.h", flags=("--headers", path))

        file = f"{other}/headers.tar.xz"
        for kind in tarfile.FIFOTYPE, tarfile.CHRTYPE:
            archive(file, member("include/linux/skbuff.h", kind, devmajor=1, devminor=5))
            refused(3, 'the archive of kernel headers: "./include/linux/skbuff.h" is not a directory or '
                    "regular file\n", "--headers", file)
        archive(file, member("include/linux/skbuff.h", tarfile.SYMTYPE, linkname=f"{other}/fifo"))
        refused(3, 'the archive of kernel headers: "./include/linux/skbuff.h" is not a directory or '
                "regular file\n", "--headers", file)


def test_archives_that_unpack_to_too_much():
    with tempfile.TemporaryDirectory() as path:
        file = f"{path}/headers.tar.xz"
        message = ("the archive of kernel headers is too large: it unpacks to more than 512 MiB or 131072 "
                   "files\n")
        subprocess.run(["sh", "-e", "-c", "cd $1; truncate -s 700M big; tar -cf - big | xz -0 >headers.tar.xz; "
                        "rm big", "sh", path], check=True)
        assert os.path.getsize(file) < 1_000_000
        refused(3, message, "--headers", file)
        if Settings.slow == 1:
            archive(file, *(member(f"include/{i}") for i in range(131073)))
            refused(3, message, "--headers", file)


def test_invalid_btf():
    btf = own_btf()
    with tempfile.TemporaryDirectory() as path:
        file = pathlib.Path(path, "kernel.btf")

        def invalid(content, reason):
            file.write_bytes(content)
            refused(3, f'"{file}" is not a valid BTF file: {reason}\n', "--btf", str(file))

        types_size, = struct.unpack_from("<I", btf, 12)
        invalid(b"", "it is shorter than a header")
        invalid(btf[:1000], "its sections do not fit in 1000 bytes")
        invalid(b"\xeb\x9f" + btf[2:], "it has the byte order of another machine")
        # A pointer to itself, on which libbpf would recurse for ever.
        invalid(struct.pack("<HBBIIIIIIIIB", 0xeb9f, 1, 0, 24, 0, 12, 12, 1, 0, 2 << 24, 1, 0),
                "type 1 contains itself")
        invalid(b"\x7fELF\x02\x01\x01" + b"\0" * 100, "the section headers of the ELF file are damaged")
        with open("/proc/self/exe", "rb") as program:
            invalid(program.read(), "the ELF file has no section .BTF")
        # Whatever becomes of it, it ends with a sentence about the file or a type.
        generator = random.Random(13)
        for _ in range(8):
            damaged = bytearray(btf)
            for _ in range(200):
                damaged[24 + generator.randrange(types_size)] = generator.randrange(256)
            file.write_bytes(damaged)
            err = fails(3, "BTF", flags=("--btf", str(file)))
            assert err.count("\n") == 1 and "signal" not in err and "Unknown error" not in err, err


def test_names_that_would_control_the_terminal():
    """Nothing that a file is called reaches the terminal raw, wherever the message comes from."""
    with directory() as (path, printed):
        name = os.fsdecode(b"a\x1b[2J\nbytetrace: \xff\xc2\x9b\xc3\xa9.c")
        shown = "a\\x1b[2J\\x0abytetrace: \\xff\\xc2\\x9b\u00e9.c"
        mine = f"{path}/{name}"
        line = printed.count("\n") + 1

        def refuses(status, text, *words, flags=()):
            with open(mine, "w", encoding="utf-8") as file:
                file.write(text)
            err = fails(status, *words, flags=("--source", mine, *flags))
            for raw in "\x1b", "\x9b", "\nbytetrace: ":
                assert raw not in err, err
            return err

        refuses(4, printed + "int x = nonsense;\n", f"{path}/{shown}:{line}:9: error: ")
        refuses(3, f'#include "absent.h"\n{printed}', f"{path}/{shown}:1: #include: cannot read ")
        refuses(4, f'#include "a/b"\n{printed}', f'{path}/{shown}:1: #include "a/b": ')
        refuses(4, printed + "DROP_FIELD(u32, two words, \"%u\", 1)\n", f"{path}/{shown}:{line}: ")
        refuses(5, printed.replace("event->reason = reason;",
                                   "event->reason = reason; *(volatile u64 *)ctx = 0;"), f"{path}/{shown}:")
        os.chmod(mine, 0o666)
        err = fails(3, "everybody can write to", flags=("--source", mine))
        assert err.count("\n") == 1 and "\x1b" not in err, err
        fails(3, "a\\x1b[2J\\x0a", flags=("--btf", mine))
        fails(3, "a\\x1b[2J\\x0a", flags=("--headers", f"{mine}x"))
        fails(3, "a\\x1b[2J\\x0a", flags=("--templates", f"{mine}x"))


def test_limit_of_open_files():
    done = subprocess.run(["setpriv", "--bounding-set=-sys_resource", "sh", "-c", 'ulimit -n 10; exec "$@"', "sh",
                           Settings.program, "--no-cache", "--duration", "0.1"],
                          capture_output=True, text=True, check=False, timeout=20 * Settings.slow)
    assert done.returncode in (3, 6), done
    assert done.stderr.count("\n") == 1 and "; the limit is 10 open files (ulimit -n)\n" in done.stderr, done


def test_without_proc():
    own_btf()
    for flags, message in (
            (("--btf", BTF), f'--btf: cannot read "{BTF}": /proc is not mounted'),
            (("--source", "/etc/hostname"), '--source: cannot read "/etc/hostname": /proc is not mounted')):
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'umount -l /proc; exec "$@"', "sh", Settings.program,
                               "--no-cache", *flags], capture_output=True, text=True, check=False,
                              timeout=20 * Settings.slow)
        if "umount:" in done.stderr:
            raise Unsupported(done.stderr.strip())
        assert done.stderr == f"bytetrace: {message}\n", done
