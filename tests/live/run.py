#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Live tests: bytetrace on this kernel, on drops that are made for it. Needs root.

    tests/live/run.py [--bytetrace PATH] [--slow] [-k TEXT]...
"""

import argparse
import os
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_attach
import test_cache
import test_causes
import test_course
import test_cpus
import test_errors
import test_explain
import test_expressions
import test_fields
import test_filters
import test_kprobes
import test_lab
import test_output
import test_probes
import test_recorded
import test_safety
import test_see
import test_sockets
import test_summary
import test_trust
import test_watch
from net import Unsupported
from trace import Settings


def functions(module, wanted):
    """Run the functions test_* of a module; yields what test_causes.results() yields."""
    for name, function in list(vars(module).items()):
        label = f"{module.__name__.removeprefix('test_')} {name.removeprefix('test_')}"
        if not name.startswith("test_") or not wanted(label):
            continue
        try:
            function()
            yield label, None, None
        except Unsupported as reason:
            yield label, None, str(reason)
        except AssertionError as failure:
            where = traceback.extract_tb(failure.__traceback__)[-1]
            yield label, f"{failure or where.line} ({os.path.basename(where.filename)}:{where.lineno})", None
        except Exception:  # one broken test must not hide the others
            yield label, traceback.format_exc(), None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytetrace", default="./bytetrace", metavar="PATH")
    parser.add_argument("--slow", action="store_true", help="for emulated machines: wait 25 times longer")
    parser.add_argument("-k", action="append", metavar="TEXT",
                        help="only tests whose name has this text, or that of another -k")
    arguments = parser.parse_args()
    Settings.program = os.path.abspath(arguments.bytetrace)
    if arguments.slow:
        Settings.slow, Settings.pause = 25, 2

    passed = failed = skipped = 0
    if os.geteuid() != 0:
        print("skip all live tests: they need root")
        print("live: 0 passed, 0 failed, 1 skipped")
        return 0
    def wanted(name):
        return not arguments.k or any(text in name for text in arguments.k)

    suites = [test_causes.results(wanted), test_recorded.results(wanted)]
    suites += [functions(module, wanted)
               for module in (test_filters, test_fields, test_expressions, test_output, test_see,
                              test_summary, test_sockets, test_explain, test_cpus, test_attach, test_errors, test_cache,
                              test_safety, test_trust, test_watch, test_lab, test_kprobes, test_probes, test_course)]
    start = last = time.monotonic()
    # The tests' own files stay out of /tmp, where they look for what bytetrace leaves behind.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as tempfile.tempdir:
        if arguments.slow:  # not to parse headers seventy times
            Settings.cache = ["--cache-dir", f"{tempfile.tempdir}/cache"]
        for suite in suites:
            for name, failure, skip in suite:
                seconds = time.monotonic() - last
                last += seconds
                name += f" ({seconds:.0f} s)" if seconds > 10 else ""
                if failure:
                    failed += 1
                    print(f"FAIL {name}: {failure[:4000]}", flush=True)
                elif skip:
                    skipped += 1
                    print(f"skip {name}: {skip}", flush=True)
                else:
                    passed += 1
                    print(f"ok {name}", flush=True)
    print(f"{time.monotonic() - start:.0f} seconds")
    print(f"live: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main())
