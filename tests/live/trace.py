# SPDX-License-Identifier: GPL-2.0-only
"""Run bytetrace and read what it prints."""

import re
import signal
import subprocess
import tempfile
import time

FOOTER = re.compile(r"^bytetrace: (\d+) shown, (\d+) lost, (\d+) suppressed$", re.M)


class Settings:
    """Set once by the runner."""

    program = "./bytetrace"
    slow = 1  # factor on all time-outs
    pause = 0.2  # seconds in which a busy machine has handled a packet
    cache = ["--no-cache"]  # each test compiles anew, unless it is about the cache


def cache_flags(flags):
    return [] if "--cache-dir" in flags or "--no-cache" in flags else Settings.cache


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds * Settings.slow
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"timed out: {what}")
        time.sleep(0.01)


def parse_table(text):
    """The rows of a table as dictionaries, by the titles of their columns."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    if not lines:
        return []
    titles, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for row in rows:
        assert len(row) == len(titles), f"broken row: {row}"
    return [dict(zip(titles, row)) for row in rows]


class Trace:
    """A running bytetrace. `with Trace("-p", "tcp") as t: ...; t.stop(); t.rows`."""

    def __init__(self, *flags, wait=True, **popen):
        self.stdout, self.stderr = (tempfile.NamedTemporaryFile("ab") for _ in range(2))
        popen.setdefault("stdout", self.stdout)
        self.process = subprocess.Popen([Settings.program, *cache_flags(flags), *flags], stderr=self.stderr,
                                        stdin=subprocess.DEVNULL, **popen)
        if wait:
            try:
                wait_for(lambda: self.tracing or self.process.poll() is not None, 30, "start")
                assert self.tracing, f"bytetrace did not start: {self.errors.strip()}"
            except BaseException:
                self.process.kill()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @staticmethod
    def read(file):
        with open(file.name, encoding="utf-8") as text:
            return text.read()

    @property
    def errors(self):
        return self.read(self.stderr)

    @property
    def text(self):
        return self.read(self.stdout)

    @property
    def tracing(self):
        return re.search(r"^bytetrace: tracing .*\n", self.errors, re.M) is not None

    @property
    def rows(self):
        return parse_table(self.text)

    @property
    def totals(self):
        """(shown, lost, suppressed)"""
        footer = FOOTER.search(self.errors)
        assert footer, f"no footer: {self.errors!r}"
        return tuple(int(number) for number in footer.groups())

    def finish(self, seconds=10):
        """Wait for the end; the exit status."""
        try:
            return self.process.wait(seconds * Settings.slow)
        except subprocess.TimeoutExpired:
            raise AssertionError("bytetrace does not end") from None

    def stop(self, with_signal=signal.SIGINT):
        """End it in the orderly way, after what happened up to now had time to be recorded."""
        time.sleep(Settings.pause / 2)
        self.process.send_signal(with_signal)
        status = self.finish()
        assert status == 0, f"exit status {status}: {self.errors.strip()}"
        return self


def run(*flags, **popen):
    """Run to the end: (exit status, standard output, standard error)."""
    done = subprocess.run([Settings.program, *cache_flags(flags), *flags], text=True, capture_output=True,
                          timeout=20 * Settings.slow, stdin=subprocess.DEVNULL, check=False, **popen)
    return done.returncode, done.stdout, done.stderr
