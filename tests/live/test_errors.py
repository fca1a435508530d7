# SPDX-License-Identifier: GPL-2.0-only
"""Bad input and bad circumstances: one sentence, the right status, nothing left behind."""

import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

import net
from net import B4
from trace import Settings, Trace, run, wait_for


def fails(status, *words, flags=(), **popen):
    """Run it; it must end with this status and one line on stderr that holds the words."""
    code, out, err = run(*flags, **popen)
    assert code == status, (flags, code, err)
    assert out == "", (flags, out)
    assert err.startswith("bytetrace: "), (flags, err)
    for word in words:
        assert word in err, (flags, word, err)
    return err


def one_line(*arguments, **keywords):
    err = fails(*arguments, **keywords)
    assert err.count("\n") == 1, err


def test_bad_values():
    for flag, value in (("-p", "nonsense"), ("--proto", "300"), ("-s", "10.0.0.0/33"),
                        ("--daddr", "x::y"), ("-S", "65536"), ("--dport", "9-1"), ("-V", "4095"),
                        ("-i", "a b"), ("-i", ""), ("--count", "0"), ("--duration", "x"),
                        ("--types", "dwarf"), ("-p", "tcp\n\033[2J")):
        one_line(2, f"{flag}: ", flags=(flag, value))
    one_line(2, 'unknown option "--nonsense"; see --help', flags=("--nonsense",))
    err = fails(2, '"extra"', "syntax error", flags=("extra",))
    assert err.endswith("\n  extra\n  ^\n"), err


def test_mistyped_words():
    """The word that was meant, where one is near."""
    for flags, message in (
            (("--interfcae", "eth0"), 'unknown option "--interfcae"; did you mean --interface?'),
            (("--in", "eth0"),
             'option "--in" is ambiguous; did you mean --interface, --inner or --interval?'),
            (("-x",), 'unknown option "-x"; see --help'),
            (("--stack=3",), 'option "--stack" takes no argument'),
            (("--count",), 'option "--count" needs an argument'),
            (("--types", "hedaers"), '--types: unknown value "hedaers"; did you mean headers?'),
            (("--duration", "1mm"),
             '--duration: "1mm" is not a time above 0 (such as 30, 0.5, 5m or 2h)'),
            (("--tcp-flags", "syn,!syn"),
             '--tcp-flags: "!syn" in "syn,!syn" contradicts a flag before it'),
            (("--check", "--explain"), "--explain contradicts --check: give one of them"),
            (("--location", "no such function at all"),
             '--location: unknown kernel function "no such function at all"; see /proc/kallsyms'),
    ):
        assert run(*flags) == (2, "", f"bytetrace: {message}\n"), flags


def test_not_root():
    """Also for an unprivileged user who may read all that is needed."""
    program = pathlib.Path(tempfile.mkdtemp()) / "bytetrace"
    program.write_bytes(pathlib.Path(Settings.program).read_bytes())
    program.chmod(0o755)
    program.parent.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program],
                          cwd="/", capture_output=True, text=True, check=False)
    printed = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                              "--print-source", "-p", "tcp"], cwd="/", capture_output=True,
                             text=True, check=False)
    for flags in ("-r",), ("--reason", "NO_SOCKET"):  # which BTF says to everybody
        reasons = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                  program, "--print-source", *flags], cwd="/", capture_output=True,
                                 text=True, check=False)
        assert not os.path.exists("/sys/kernel/btf/vmlinux") or reasons.stdout == source(*flags), reasons
    program.unlink()
    program.parent.rmdir()
    assert printed.returncode == 0 and printed.stdout == source("-p", "tcp"), printed.stderr
    assert done.returncode == 3, done
    assert "CAP_SYS_ADMIN" in done.stderr and done.stderr.count("\n") == 1, done


def test_root_of_a_user_namespace():
    done = subprocess.run(["unshare", "-Ur", Settings.program, *Settings.cache,
                           "--duration", "1"], capture_output=True, text=True, check=False)
    if "unshare:" in done.stderr:
        raise net.Unsupported(done.stderr.strip())
    assert done.returncode == 3, done
    assert done.stderr.count("\n") == 1 and "root of the host" in done.stderr, done


def in_mount_namespace(commands, *flags):
    """Run bytetrace behind shell commands that change mounts, for itself alone."""
    script = f'{commands}\nexec "$@"'
    with open(Settings.program, "rb") as program:  # by its descriptor: a mount may hide its place
        done = subprocess.run(["unshare", "-m", "sh", "-e", "-c", script, "sh",
                               f"/proc/self/fd/{program.fileno()}", *Settings.cache, *flags],
                              capture_output=True, text=True, check=False, timeout=20 * Settings.slow,
                              pass_fds=(program.fileno(),))
    if done.returncode in (1, 32) and "mount:" in done.stderr:
        raise net.Unsupported(done.stderr.strip())
    return done


def test_lockdown():
    done = in_mount_namespace("mount -t tmpfs none /sys/kernel/security\n"
                              "echo 'none integrity [confidentiality]' >/sys/kernel/security/lockdown")
    assert done.returncode == 3, done
    assert "lockdown" in done.stderr and done.stderr.count("\n") == 1, done


def test_no_types_at_all():
    if os.path.exists(f"/lib/modules/{os.uname().release}/build/include"):
        raise net.Unsupported("this kernel's headers are installed")
    done = in_mount_namespace("mount -t tmpfs none /sys/kernel/btf")
    assert done.returncode == 3, done
    assert f"linux-headers-{os.uname().release}" in done.stderr, done
    assert done.stderr.count("\n") == 1, done


def test_tracefs_is_mounted_for_itself_only():
    """Where tracefs is nowhere, it is mounted without a place, and no mount is seen meanwhile."""
    before = pathlib.Path("/proc/self/mounts").read_text()
    if "tracefs" in before:
        done = in_mount_namespace("umount -l /sys/kernel/tracing 2>/dev/null || true\n"
                                  "umount -l /sys/kernel/debug 2>/dev/null || true",
                                  "--duration", "0.1")
        assert done.returncode == 0, done
    else:
        with Trace() as tracer:
            mounts = pathlib.Path(f"/proc/{tracer.process.pid}/mounts").read_text()
            tracer.stop()
        assert mounts == before


def test_types():
    one_line(3, "/nowhere", flags=("--headers", "/nowhere"))
    one_line(3, "not a header tree of a kernel", flags=("--headers", "/etc"))
    one_line(3, "/nowhere", flags=("--btf", "/nowhere"))
    one_line(3, '"/etc/passwd" is not a valid BTF file: ', flags=("--btf", "/etc/passwd"))
    one_line(3, "archive", flags=("--headers", "/etc/passwd"))


def test_no_types_names_the_package():
    if os.path.exists(f"/lib/modules/{os.uname().release}/build/include"):
        raise net.Unsupported("this kernel's headers are installed")
    one_line(3, f"linux-headers-{os.uname().release}", flags=("--types=headers",))


def test_headers_of_another_kernel():
    """Refused, as a tree and as an archive: their fields would lie elsewhere."""
    with tempfile.TemporaryDirectory() as directory:
        generated = pathlib.Path(directory, "include/generated")
        generated.mkdir(parents=True)
        pathlib.Path(directory, "include/linux").mkdir()
        pathlib.Path(directory, "include/linux/kconfig.h").touch()
        (generated / "autoconf.h").touch()
        archive = f"{directory}.tar.xz"
        for text, words in (('#define UTS_RELEASE "1.2.3-other"\n', ("1.2.3-other", os.uname().release)),
                            ("", ("utsrelease.h",))):
            (generated / "utsrelease.h").write_text(text)
            one_line(3, *words, "--force", flags=("--headers", directory))
            net.command("tar", "-C", directory, "-cJf", archive, "include")
            one_line(3, *words, "--force", flags=("--headers", archive))
        os.unlink(archive)
        fails(4, flags=("--headers", directory, "--force"))  # believed, and then found to be empty


def test_headers_that_the_kernel_holds():
    """kheaders.tar.xz in a /sys/kernel like that of a kernel which has it; /tmp takes no file."""
    with tempfile.TemporaryDirectory() as directory:
        generated = pathlib.Path(directory, "include/generated")
        generated.mkdir(parents=True)
        (generated / "utsrelease.h").write_text('#define UTS_RELEASE "1.2.3-held"\n')
        net.command("tar", "-C", directory, "-cJf", f"{directory}/kheaders.tar.xz", "include")
        done = in_mount_namespace(
            "[ ! -d /lib/modules ] || mount -t tmpfs none /lib/modules\n"
            f"mkdir {directory}/sys\n"
            f"mount --rbind /sys/kernel {directory}/sys\n"
            "mount -t tmpfs none /sys/kernel\n"
            f"for entry in {directory}/sys/*; do\n"
            "    name=/sys/kernel/${entry##*/}\n"
            "    if [ -d $entry ]; then mkdir $name; else : >$name; fi\n"
            "    mount --rbind $entry $name\n"
            "done\n"
            f"cp {directory}/kheaders.tar.xz /sys/kernel\n"
            "mount -t tmpfs -o ro none /tmp")
    assert done.returncode == 3, done
    assert "1.2.3-held" in done.stderr and os.uname().release in done.stderr, done
    assert done.stderr.count("\n") == 1, done


def source(*flags):
    code, text, err = run("--print-source", *flags)
    assert code == 0, err
    return text


def test_printed_source_runs():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source("-vv", "-p", "udp", "-D", "1998"))
        file.flush()
        with net.Netns() as ns, Trace("--source", file.name, "-vv") as tracer:
            with ns.inside():
                net.flood("127.0.0.1", 1998, 2)
                net.flood("127.0.0.1", 1997, 2)
            rows = tracer.stop().rows
    assert [row["DPORT"] for row in rows] == ["1998", "1998"], rows
    assert {row["INTERFACE"] for row in rows} == {"lo"}, rows


def test_compile_error_names_the_users_line():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        text = source().replace("event->reason = reason;", "event->reasonn = reason;")
        line = text[:text.index("reasonn")].count("\n") + 1
        file.write(text)
        file.flush()
        err = fails(4, f"{file.name}:{line}:", "no member named 'reasonn'", "^",
                    flags=("--source", file.name))
    assert err.count("error:") == 1 and err.count("\n") <= 4, err


def templates(**changes):
    """A directory with the templates, changed."""
    directory = pathlib.Path(tempfile.mkdtemp())
    root = pathlib.Path(__file__).parents[2]
    changed = (f"templates/{name.replace('_', '.')}" for name in changes)
    for path in {"templates/drop.c", "templates/event.h", "probes/kfree_skb.c", *changed}:
        if not (root / path).exists():  # the probe
            continue
        text = (root / path).read_text()
        name = pathlib.Path(path).name
        for old, new in changes.get(name.replace(".", "_"), ()):
            assert old in text
            text = text.replace(old, new)
        (directory / name).write_text(text)
    return directory


def remove(directory):
    for file in directory.iterdir():
        file.unlink()
    directory.rmdir()


def test_compile_error_names_the_templates_line():
    for file, old, new in (("drop.c", "event->reason = reason;", "event->reasonn = reason;"),
                           ("event.h", "__u32 length;", "__u33 length;"),
                           ("kfree_skb.c", "u64 location =", "u65 location =")):
        directory = templates(**{file.replace(".", "_"): [(old, new)]})
        line = (directory / file).read_text().split(new)[0].count("\n") + 1
        err = fails(4, f"{directory}/{file}:{line}:", flags=("--templates", str(directory)))
        remove(directory)
        assert err.count("error:") == 1 and err.count("\n") <= 4, err


def test_the_compile_childs_own_sentence():
    """A program that compiles, and that the child then refuses."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source())
        file.write("int raw_tracepoint__consume_skb(void *ctx)\n{\n\tint key = 0;\n\tu64 *value = "
                   "bpf_map_lookup_elem((void *)bpf_pseudo_fd(1, 4000), &key);\n"
                   "\treturn value ? *value : 0;\n}\n")
        file.flush()
        one_line(4, "uses a map that it does not define", flags=("--source", file.name))


def test_a_program_that_cannot_be_handed_over():
    """The child may write the files that it compiles against, but not a program as large as this."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source())
        file.write("int raw_tracepoint__consume_skb(void *ctx)\n{\n"
                   "\tasm volatile(\".rept 60000; r0 = 0; .endr\");\n\treturn 0;\n}\n")
        file.flush()
        one_line(4, "cannot pass the compiled program on from the compile child: File too large",
                 flags=("--source", file.name), restore_signals=False,  # SIGXFSZ stays ignored
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)))


def test_templates_directory_is_used():
    directory = templates(record_h=[("event->length = skb->len;", "event->length = 4242;")])
    with net.Netns() as ns, Trace("--templates", str(directory), "-vv", "-p", "udp") as tracer:
        with ns.inside():
            net.flood("127.0.0.1", 9, 1)
        rows = tracer.stop().rows
    remove(directory)
    assert [row["LEN"] for row in rows if row["NETNS"] == str(ns.inode)] == ["4242"], rows
    one_line(3, "--templates: cannot read", flags=("--templates", "/nowhere"))


def test_headers_of_a_templates_directory_are_printed():
    """Built-in ones are named in the program; the user's own would not be found by that name."""
    assert "#include <bytetrace/read.h>" in source()
    directory = templates(read_h=[("#define READ(pointer", "#define MINE\n#define READ(pointer")])
    printed = source("--templates", str(directory))
    remove(directory)
    assert "#define MINE" in printed and "#include <bytetrace/read.h>" not in printed, printed


def test_template_with_a_slot_that_nobody_fills():
    directory = templates(drop_c=[("//@slot probe", "//@slot probe\n//@slot mine")])
    one_line(4, f"{directory}/drop.c:", 'nothing fills the slot "mine"',
             flags=("--templates", str(directory)))
    remove(directory)


def test_verifier_refusal():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(source("--attach", "raw_tracepoint").replace("event->reason = reason;",
                                    "event->reason = reason; *(volatile u64 *)ctx = 0;"))
        file.flush()
        err = fails(5, "verifier", "invalid bpf_context access", flags=("--source", file.name))
    assert err.count("\n") <= 16, err


def test_attach_refusal():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        text = source("--attach", "raw_tracepoint")
        file.write(text.replace("raw_tracepoint__kfree_skb", "raw_tracepoint__no_such_thing"))
        file.flush()
        one_line(6, '"no_such_thing"', flags=("--source", file.name))
        file.seek(0)
        file.truncate()
        file.write(text.replace("raw_tracepoint__kfree_skb", "something_else"))
        file.flush()
        one_line(6, "raw_tracepoint__", flags=("--source", file.name))


def test_record_of_another_layout():
    directory = templates(event_h=[("#define DROP_EVENT_VERSION 5", "#define DROP_EVENT_VERSION 9")])
    err = fails(4, flags=("--templates", str(directory)))
    remove(directory)
    assert err == ("bytetrace: struct drop_event: the record is of another version than this bytetrace "
                   "reads, which is 5\n"), err


def test_working_directory_is_not_searched():
    """libbcc would look for headers in it first."""
    with tempfile.TemporaryDirectory() as directory:
        for name in "skbuff.h", "netdevice.h", "kconfig.h", "types.h":
            path = pathlib.Path(directory) / "linux" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("#error picked up\n")
        with Trace("--duration", "0.1", cwd=directory) as tracer:
            assert tracer.finish() == 0, tracer.errors


def test_environment_is_not_listened_to():
    hostile = {"BCC_KERNEL_SOURCE": "/nonexistent", "BCC_LINUX_VERSION_CODE": "1", "ARCH": "arm",
               "BCC_KERNEL_MODULES_SUFFIX": "x", "BCC_PROBE_PREFIX": "x", "TMPDIR": "/nonexistent",
               "C_INCLUDE_PATH": "/nonexistent", "CPATH": "/nonexistent", "PATH": "/nonexistent",
               "HOME": "/nonexistent"}
    with Trace("--duration", "0.1", env=hostile) as tracer:
        assert tracer.finish() == 0, tracer.errors


def leftovers():
    """What a run could leave behind on the host."""
    programs = net.command("bpftool", "prog", "list")
    return {"BPF programs": {line.split(":")[0] for line in programs.splitlines()
                             if line[:1].isdigit()},
            "mounts": set(pathlib.Path("/proc/self/mounts").read_text().splitlines()),
            "files": {*os.listdir("/tmp"), *os.listdir("/run"), *os.listdir("/dev/shm")}}


def assert_nothing_left(before):
    def left():
        return {what: now - before[what] for what, now in leftovers().items() if now - before[what]}

    wait_for(lambda: not left(), 5, f"left behind: {left()}")


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_sigkill_while_tracing_leaves_nothing():
    before = leftovers()
    with Trace() as tracer:
        assert leftovers()["BPF programs"] - before["BPF programs"], "no program is loaded"
        tracer.process.kill()
        tracer.finish()
    assert_nothing_left(before)


def test_sigkill_while_compiling_leaves_nothing():
    before = leftovers()
    for delay in 0.01, 0.05, 0.1:
        with Trace(wait=False) as tracer:
            wait_for(lambda: children(tracer.process.pid) or tracer.tracing, 5, "no compile child")
            compilers = children(tracer.process.pid)
            time.sleep(delay)
            tracer.process.kill()
            tracer.finish()
            wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in compilers), 5,
                     "the compile child lives on")
        assert_nothing_left(before)


def test_every_orderly_end_leaves_nothing():
    before = leftovers()
    run("--duration", "0.1")
    run("--source", "/etc/passwd")
    run("-p", "nonsense")
    run("--btf", "/etc/passwd")
    assert_nothing_left(before)


def test_hidden_symbols():
    """Without CAP_SYSLOG and with kptr_restrict the kernel hides symbols: numbers, and one hint."""
    with open("/proc/sys/kernel/kptr_restrict", encoding="ascii") as file:
        before = file.read()
    try:
        pathlib.Path("/proc/sys/kernel/kptr_restrict").write_text("2", encoding="ascii")
        with net.Netns() as ns, Trace("-p", "udp") as tracer:
            with ns.inside():
                net.flood("127.0.0.1", 9, 3)
            rows = tracer.stop().rows
    finally:
        pathlib.Path("/proc/sys/kernel/kptr_restrict").write_text(before, encoding="ascii")
    assert rows and all(row["LOCATION"].startswith("0xffff") for row in rows), rows
    assert tracer.errors.count("kptr_restrict") == 1, tracer.errors
