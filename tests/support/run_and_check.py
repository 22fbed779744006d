#!/usr/bin/env python3
"""Runs a command under mpirun and checks how it ends: exit code, time, number of error lines, and what stderr says."""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

ERROR_LINE = re.compile(r"^distload: error: ", re.MULTILINE)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--ranks", type=int, required=True)
    parser.add_argument("--code", type=int, required=True, help="expected exit code of mpirun")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds within which the command must end")
    parser.add_argument("--errors", type=int, default=1, help="expected number of 'distload: error:' lines")
    parser.add_argument("--pattern", action="append", default=[], help="regular expression that stderr must contain")
    parser.add_argument("--absent", action="append", default=[], help="regular expression that stderr must not contain")
    parser.add_argument("--signal", choices=["INT", "TERM"], help="send this to mpirun")
    parser.add_argument("--when", default="ready", help="text on stdout after which --signal is sent")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if arguments.command[:1] == ["--"]:
        arguments.command = arguments.command[1:]
    if not arguments.command:
        parser.error("no command")
    return arguments


def read(stream):
    """All that has been written to a temporary file so far."""
    with open(stream.name, encoding="utf-8", errors="replace") as text:
        return text.read()


def run(arguments):
    """Returns exit code (None if it had to be killed), stdout and stderr."""
    command = [arguments.mpirun, "--oversubscribe", "-np", str(arguments.ranks), *arguments.command]
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        end = time.monotonic() + arguments.limit
        if arguments.signal:
            while arguments.when not in read(out) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            process.send_signal(getattr(signal, "SIG" + arguments.signal))
        try:
            code = process.wait(timeout=max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
            # mpirun ends its ranks on SIGTERM; SIGKILL would leave them behind.
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return code, read(out), read(err)


def main():
    arguments = parse_arguments()
    code, out, err = run(arguments)
    problems = []
    if code is None:
        problems.append(f"it did not end within {arguments.limit} s")
    elif code != arguments.code:
        problems.append(f"exit code {code} instead of {arguments.code}")
    errors = len(ERROR_LINE.findall(err))
    if errors != arguments.errors:
        problems.append(f"{errors} error lines instead of {arguments.errors}")
    problems += [f"stderr does not contain /{p}/" for p in arguments.pattern if not re.search(p, err, re.MULTILINE)]
    problems += [f"stderr contains /{p}/" for p in arguments.absent if re.search(p, err, re.MULTILINE)]
    if problems:
        print("\n".join(["FAILED: " + p for p in problems] + ["--- stdout", out, "--- stderr", err]))
        return 1
    print(err)
    return 0


if __name__ == "__main__":
    sys.exit(main())
