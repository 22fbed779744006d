#!/usr/bin/env python3
"""Runs a command, by default under mpirun, and checks how it ends: exit code, time, number of error lines, content of stderr, and
files that remain."""
import argparse
import glob
import os
import re
import shutil
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
    parser.add_argument("--code", type=int, required=True, help="expected exit code; 128 + n also stands for an end by signal n")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds within which the command must end")
    parser.add_argument("--errors", type=int, default=1, help="expected number of 'distload: error:' lines")
    parser.add_argument("--pattern", action="append", default=[], help="regular expression that stderr must contain")
    parser.add_argument("--printed", action="append", default=[], help="regular expression that stdout must contain")
    parser.add_argument("--absent", action="append", default=[], help="regular expression that stderr must not contain")
    parser.add_argument("--signal", choices=["HUP", "INT", "TERM", "USR1", "USR2", "XCPU"], help="send this to what is run")
    parser.add_argument("--when", default="ready", help="text on stdout after which --signal is sent")
    parser.add_argument("--when-there", help="send --signal when a file of this pattern is there, whatever stdout says")
    parser.add_argument("--without-mpirun", action="store_true", help="run the command by itself")
    parser.add_argument("--stdout", choices=["full", "closed", "unread"], help="what takes no output: a full device, nothing, a pipe without reader")
    parser.add_argument("--stderr", choices=["full", "closed", "unread"], help="likewise; then nothing is known of error lines")
    parser.add_argument("--fresh", action="append", default=[], help="remove the files of this pattern before the run")
    parser.add_argument("--there", action="append", default=[], help="pattern of files of which there must be one afterwards")
    parser.add_argument("--gone", action="append", default=[], help="pattern of files of which there must be none afterwards")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if arguments.command[:1] == ["--"]:
        arguments.command = arguments.command[1:]
    if not arguments.command:
        parser.error("no command")
    return arguments


def read(stream):
    """The content of a temporary file."""
    with open(stream.name, encoding="utf-8", errors="replace") as text:
        return text.read()


def stream(kind, normal):
    """The stdout or stderr of a program."""
    if kind == "full":
        return open("/dev/full", "wb")
    if kind == "unread":
        reading, writing = os.pipe()
        os.close(reading)
        return os.fdopen(writing, "wb")
    return normal


def is_time_to_signal(arguments, out):
    return bool(glob.glob(arguments.when_there)) if arguments.when_there else arguments.when in read(out)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def run(arguments):
    """Returns exit code (None if it had to be killed), stdout and stderr."""
    command = arguments.command
    if not arguments.without_mpirun:
        command = [arguments.mpirun, "-np", str(arguments.ranks), *command]
    for pattern in arguments.fresh:
        for path in glob.glob(pattern):
            remove(path)

    def close_streams():
        for number, kind in ((1, arguments.stdout), (2, arguments.stderr)):
            if kind == "closed":
                os.close(number)

    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream(arguments.stdout, out),
                                   stderr=stream(arguments.stderr, err), preexec_fn=close_streams, start_new_session=True)
        end = time.monotonic() + arguments.limit
        if arguments.signal:
            while not is_time_to_signal(arguments, out) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            process.send_signal(getattr(signal, "SIG" + arguments.signal))
        try:
            code = process.wait(timeout=max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
            # On SIGTERM mpirun ends its ranks; after SIGKILL they would remain.
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
    elif code != arguments.code and -code != arguments.code - 128:
        problems.append(f"exit code {code} instead of {arguments.code}")
    errors = len(ERROR_LINE.findall(err))
    if errors != arguments.errors and not arguments.stderr:
        problems.append(f"{errors} error lines instead of {arguments.errors}")
    problems += [f"stderr does not contain /{p}/" for p in arguments.pattern if not re.search(p, err, re.MULTILINE)]
    problems += [f"stderr contains /{p}/" for p in arguments.absent if re.search(p, err, re.MULTILINE)]
    problems += [f"stdout does not contain /{p}/" for p in arguments.printed if not re.search(p, out, re.MULTILINE)]
    problems += [f"there is no {p}" for p in arguments.there if not glob.glob(p)]
    problems += [f"{path} is there" for p in arguments.gone for path in glob.glob(p)]
    if problems:
        print("\n".join(["FAILED: " + p for p in problems] + ["--- stdout", out, "--- stderr", err]))
        return 1
    print(err)
    return 0


if __name__ == "__main__":
    sys.exit(main())
