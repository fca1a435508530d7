# SPDX-License-Identifier: GPL-2.0-only
"""The course, probes/README.md: each exercise is run as a reader types it."""

import contextlib
import difflib
import os
import re
import signal
import subprocess
import tempfile

from net import Netns, Unsupported
from trace import Settings, wait_for

COURSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../probes/README.md")
MARK = "\x1e"  # between what two commands print
SECONDS = 60  # an exercise may take

# The reader's root shell: network namespaces and cache are its own, so that nothing is left behind.
SHELL = ('mount -t tmpfs none /run/netns && mount --bind "$1" /var/cache && '
         'cd "$2" && exec bash "$3"')


class Command:
    def __init__(self, text, line):
        self.text, self.line, self.expected = text, line, []


class File:
    """A listing that the reader saves."""

    def __init__(self, name):
        self.name, self.lines = name, []


class Section:
    """What stands below a title: commands and files in their order."""

    def __init__(self, title):
        self.title, self.steps, self.prose = title, [], []

    @property
    def needs(self):
        return [word for line in self.prose if line.startswith("Needs ")
                for word in re.findall(r"`(\w+)`", line.split(":")[0])]


def parse(text):
    """The sections of the course; the first one has no title."""
    sections = [Section("")]
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        section = sections[-1]
        if line.startswith("## "):
            sections.append(Section(line[3:]))
        elif line == "```console":
            for number, line in lines:
                if line == "```":
                    break
                if line.startswith("$ "):
                    section.steps.append(Command(line[2:], number))
                else:
                    section.steps[-1].expected.append(line)
        elif line in ("```c", "```sh", "```nft"):
            name = re.search(r"`([\w.-]+)`:$", section.prose[-1])
            assert name, f"line {number}: the line before a listing ends with the name of its file"
            section.steps.append(File(name[1]))
            for number, line in lines:
                if line == "```":
                    break
                section.steps[-1].lines.append(line)
        elif line.startswith("```"):
            raise AssertionError(f"line {number}: a block is console, c, sh or nft")
        elif line:
            section.prose.append(line)
    return sections


def same_word_elsewhere(sections):
    """The table of what other kernels call otherwise: a name, and those that stand for it."""
    rows = [re.findall(r"`([^`]+)`", line) for section in sections for line in section.prose
            if line.startswith("| `")]
    return {here: there for here, *there in rows}


class Rule:
    """When what was printed is what the course shows; the course itself says the same in words."""

    def __init__(self, typed, elsewhere):
        self.typed = set(re.findall(r"\d+", typed))
        self.elsewhere = elsewhere

    def word(self, match):
        text = match[0]
        if text == "...":
            return ".*"
        if text in self.elsewhere:
            return "(?:" + "|".join(re.escape(word) for word in (text, *self.elsewhere[text])) + ")"
        if text.isspace():
            return r"[ \t]+"
        if re.fullmatch(r"-{3,}", text):
            return "-+"
        if re.fullmatch(r"0x[0-9a-f]+", text):
            return "0x[0-9a-f]+"
        if re.fullmatch(r"\d+\.\d+", text):
            return r"\d+\.\d+"
        if re.fullmatch(r"\d{2,}", text) and text not in self.typed:
            return r"\d{2,}" if len(text) > 2 else r"\d+"  # what is large does not become 0
        return re.escape(text)

    def line(self, line):
        known = "|".join(re.escape(word) for word in sorted(self.elsewhere, key=len, reverse=True))
        parts = r"\.\.\.|" + (f"(?<!\\w)(?:{known})(?!\\w)|" if known else "")
        parts += r"\s+|-{3,}|0x[0-9a-f]+|(?<![\d.])\d+\.\d+(?![\d.])|\d+|(?<!\d)[A-Za-z_]\w*|."
        return re.sub(parts, self.word, line.strip())

    def lines(self, expected):
        return "".join(r"(?:.*\n)*?" if line == "..." else f"[ \\t]*{self.line(line)}[ \\t]*\n" for line in expected)

    def difference(self, expected, printed):
        """None, or a diff in which what may differ does not."""
        if re.fullmatch(self.lines(expected), "".join(line + "\n" for line in printed)):
            return None
        alike, start = [], 0
        for line in expected:
            # The next line that is as it should be, if there is one, stands for it in the diff.
            pattern = re.compile(r"$.^" if line == "..." else rf"\s*{self.line(line)}\s*")
            at = next((at for at in range(start, len(printed)) if pattern.fullmatch(printed[at])), None)
            alike.append(line if at is None else printed[at])
            start = start if at is None else at + 1
        return "\n".join(difflib.unified_diff(alike, printed, "the course", "here", lineterm=""))


def lacks(what):
    """Why this machine cannot do what an exercise needs, or None."""
    if what == "kprobes" and not os.path.exists("/sys/bus/event_source/devices/kprobe/type"):
        return "this kernel has no kprobes"
    assert what == "kprobes", what
    return None


def script(steps, directory):
    """What bash reads: each command by itself, so that it is that of the course to the letter."""
    yield "exec 2>&1"
    for number, step in enumerate(steps):
        path = os.path.join(directory, str(number))
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(step.lines) + "\n" if isinstance(step, File) else step.text + "\n")
        if isinstance(step, File):
            yield f"cp {path} {step.name}"
        else:
            yield f". {path} </dev/null\nstatus=$?; printf '{MARK}'; (exit $status)"


def processes_of(session):
    """Command lines of what still runs; a shell's own process stays a zombie until it is waited for."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                state, _, _, in_session = file.read().rsplit(")", 1)[1].split()[:4]
            if int(in_session) == session and state != "Z":
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                    yield file.read().replace("\0", " ").strip()


def perform(steps, home):
    """Run the steps in a shell: what each command printed, and the processes that are left."""
    cache = os.path.join(tempfile.gettempdir(), "course-cache")
    os.makedirs(cache, mode=0o755, exist_ok=True)
    os.makedirs("/run/netns", exist_ok=True)
    os.makedirs("/var/cache", exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "script")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(script(steps, directory)) + "\n")
        shell = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", SHELL, "sh", cache,
             os.path.dirname(Settings.program), path],
            env={"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", start_new_session=True)
        try:
            printed, _ = shell.communicate(timeout=SECONDS * Settings.slow)
            with contextlib.suppress(AssertionError):  # what was killed may be about to end
                wait_for(lambda: not list(processes_of(shell.pid)), 1, "end of all processes")
            left = list(processes_of(shell.pid))
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"does not end within {late.timeout:.0f} s; so far:\n"
                                 f"{(late.stdout or b'').decode()}") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
            shell.stdout.close()
    return printed.split(MARK), left


def sections_of_course():
    with open(COURSE, encoding="utf-8") as file:
        sections = parse(file.read())
    by_title = {section.title: section for section in sections}
    exercises = [section for section in sections if re.match(r"\d+\. ", section.title)]
    return by_title["Before you start"], exercises, by_title["Clean up"], by_title["Answers"], sections


def perform_exercise(exercise):
    start, exercises, end, _, sections = sections_of_course()
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (5, 17):
        raise Unsupported("the course is for Linux from 5.17 on")
    for need in exercise.needs:
        reason = lacks(need)
        if reason:
            raise Unsupported(reason)
    with Netns() as ns:
        ns.nft("add table inet lab")  # which may be Unsupported
    steps = [*start.steps, *listings_of_others(exercise, exercises), *exercise.steps, *end.steps]
    commands = [step for step in steps if isinstance(step, Command)]
    typed = "\n".join(step.text if isinstance(step, Command) else "\n".join(step.lines) for step in steps)
    rule = Rule(typed, same_word_elsewhere(sections))
    with tempfile.TemporaryDirectory() as home:
        printed, left = perform(steps, home)
        assert not os.listdir(home), f"left behind: {os.listdir(home)}"
    differences = []
    for command, text in zip(commands, printed):
        difference = rule.difference(command.expected, text.splitlines())
        if difference is not None:
            differences.append(f"line {command.line}: $ {command.text}\n{difference}")
    assert not differences, "probes/README.md, " + "\n".join(differences)
    assert len(printed) == len(commands) + 1, f"the shell ended early: {printed[-1]}"
    assert not left, f"still running: {left}"


def test_form():
    """Each exercise has commands and ends with a question, and each question has its answer."""
    start, exercises, end, answers, _ = sections_of_course()
    numbers = [exercise.title.split(".")[0] for exercise in exercises]
    assert numbers == [str(number + 1) for number in range(len(numbers))] and len(numbers) >= 10, numbers
    assert not answers.steps and start.steps and end.steps
    for exercise in exercises:
        assert any(isinstance(step, Command) for step in exercise.steps), exercise.title
        assert sum(line.startswith("**Question.**") for line in exercise.prose) == 1, exercise.title
    answered = [line.split(".")[0] for line in answers.prose if re.match(r"\d+\. ", line)]
    assert answered == numbers, answered


def test_rule():
    """What the comparison of output lets pass, and what it does not."""
    rule = Rule("$ bytetrace -D 8080", {"nft_do_chain": ["nf_hook_slow"]})
    for expected, printed, same in (
            ("| a |   53 |", "| a |     53 |", True),
            ("| a | 5 |", "| a | 4 |", False),
            ("| a | 41234 |", "| a | 999 |", True),
            ("| a | 41234 |", "| a | 0 |", False),
            ("| a | 12 |", "| a | 9 |", True),
            ("66.7%", "5.0%", True),
            ("127.0.0.1", "127.0.0.2", False),
            ("12a13,14", "9a10,11", True),
            ("u32 a12", "u64 a12", False),
            ("| a | 8080 |", "| a | 8081 |", False),
            ("a\t\tb", "\ta b", True),
            ("+-----+---+", "+-------+---+", True),
            ("+-----+---+", "+-------+", False),
            ("f+0x1af/0x500 [m]", "f+0x2/0xa77 [m]", True),
            ("f+0x1af/0x500", "g+0x1af/0x500", False),
            ("| nft_do_chain |", "| nf_hook_slow |", True),
            ("| nft_do_chain |", "| ip_rcv |", False),
            ("| nft_do_chains |", "| nf_hook_slow |", False),
            ("types from ...", "types from BTF", True),
            ("a.c", "abc", False),
            ("a\n...\nb", "a\nx\ny\nb", True),
            ("a\n...\nb", "a\nb", True),
            ("a\n...\nb", "a\nx", False),
            ("a", "a\nb", False),
            ("a\nb", "a", False)):
        difference = rule.difference(expected.split("\n"), printed.split("\n"))
        assert (difference is None) == same, (expected, printed, difference)
        assert same or difference, (expected, printed)


def test_reference():
    """templates/README.md tells every slot and condition of the templates, and what probes may use."""
    templates = os.path.join(os.path.dirname(COURSE), "../templates")
    with open(f"{templates}/README.md", encoding="utf-8") as file:
        reference = file.read()
    told = set(re.findall(r"`(\w+)", reference))
    names = set()
    files = {name for name in os.listdir(templates) if name.endswith((".c", ".h"))}
    for name in files:
        with open(f"{templates}/{name}", encoding="utf-8") as file:
            text = file.read()
        names |= set(re.findall(r"^\s*//@(?:slot|if) (\w+)", text, re.M))
        if name != "types.c":
            names |= set(re.findall(r"^#ifn?def (\w+)$", text, re.M)) - {"READ"}
        names |= set(re.findall(r"#define ((?:TRACEPOINT|KPROBE)_ARG|DROP_IN|READ(?:_AT|_STR|_BYTES)?)\(", text))
    assert {"probe", "stack", "BPF_HAS_LOOPS", "KPROBE_ARG", "READ_AT"} <= names and names <= told, names - told
    assert {"drop.c", "network.h"} <= files, files
    assert all(f"| `{name}` |" in reference for name in files), files


def listings_of_others(exercise, exercises):
    """The files that it takes from others: `NAME` of exercise N."""
    for name, number in re.findall(r"`([\w.-]+)` of exercise (\d+)", " ".join(exercise.prose)):
        other = next(other for other in exercises if other.title.startswith(number + "."))
        yield next(step for step in other.steps if isinstance(step, File) and step.name == name)


def exercise_test(exercise):
    def test():
        perform_exercise(exercise)
    return test


with contextlib.suppress(AssertionError, KeyError):  # test_form tells
    for made in sections_of_course()[1]:
        globals()["test_" + re.sub(r"\W+", "_", made.title.lower()).strip("_")] = exercise_test(made)
