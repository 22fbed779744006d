#!/usr/bin/env python3
"""Storage that fails: makes every single write, sync, rename, ... of a save fail in turn, and fills the storage up.

A save that fails ends the job with the exit code for I/O and one message, leaves the checkpoints that were there as they were, and nothing
that is unfinished.

With --brief the first three calls of each kind fail, and every fourth of the others.

By hand, after `source tools/environment.sh`: run_io_failures.py
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

from checkpoints import names, step_of
from content import check_content
from file_layer import failing, has_failed
from job import Job, run_alone
from ways import WAYS, options_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("write", "fsync", "rename", "create", "allocate", "mkdir")
FULL = "full"  # not a call: storage that has no space
EXIT_CODE_OF_IO = 6
RANKS = 2
SECONDS_ALLOWED = 15
WITHOUT = ("large", "deep", "conv", "vocab", "fused", "attention")  # a small model: what counts is the number of calls
SMALL_STORAGE_BYTES = 4 << 20
NEEDED_AND_LEFT = re.compile(r"needs .*\((\d+) bytes\).*\((\d+) bytes\) left")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=(*KINDS, FULL), action="append", help="what fails; all by default")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--work", default=ROOT / "build/crash/io-failures", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--build", default=ROOT / "build/host-release", type=pathlib.Path)
    parser.add_argument("--mpirun", default="mpirun")
    return parser.parse_args()


class Failures:
    """Saves that fail, and how many did not do so as they should."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.layer = arguments.build / "tests/lib/file_layer.so"
        self.log = arguments.work / "log"
        self.runs = self.failures = 0

    def save(self, path, way, step, environment, without=WITHOUT):
        """Runs a save to its end. Returns the job, its exit code and what went wrong with the end."""
        command = [self.arguments.build / "tests/bin/training_loop", path, *options_of(way), "--topology", f"{RANKS},1,1", "--first", step, "--verify", "full"]
        command += ["--without", ",".join(without)] * bool(without) + ["--overwrite"] * any(path.glob(f"model-step-{step}*"))
        job = Job(self.arguments.mpirun, RANKS, command, environment)
        self.runs += 1
        return job, *job.end(SECONDS_ALLOWED)

    def note(self, what, job, problems):
        if problems:
            self.failures += 1
            print(f"FAILED {what}", *problems, *job.describe(), sep="\n  ", flush=True)

    def check_failure(self, job, code, path, before):
        """What is wrong after a save that had to fail."""
        errors = job.error_lines()
        problems = [f"exit code {code}"] * (code != EXIT_CODE_OF_IO)
        if code == 0:
            verify = run_alone([self.arguments.build / "bin/distload-verify", path])
            problems.append(f"then distload-verify: exit code {verify.returncode}: {verify.stdout}{verify.stderr}".strip())
        problems += [f"{len(errors)} error lines"] * (len(errors) != 1)
        return problems + self.check_directory(path, before)

    def check_directory(self, path, expected):
        found, left = names(path, finished=True), names(path, finished=False)
        problems = [f"checkpoints are {sorted(found)} instead of {sorted(expected)}"] * (found != expected)
        problems += [f"{name} is left" for name in sorted(left)]
        for name in sorted(found):
            problems += check_content(path / name, step_of(name), WITHOUT)
        return problems

    def fail_every(self, kind, way, rank, step):
        """Saves `step` again and again, with more calls succeeding each time, until nothing fails any more. Returns how many did."""
        root = self.arguments.work / "storage"
        path = root / "checkpoints"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        self.save(path, way, 1, {})
        before = names(path, finished=True)
        failed = 0
        while True:
            number = failed + 1 if failed < 3 or not self.arguments.brief else 4 * failed - 8
            job, code, problems = self.save(path, way, step, failing(self.layer, root, self.log, rank, f"{kind}:{number}"))
            what = f"{kind} {number} of rank {rank}, {way.name}, step {step}"
            if not has_failed(self.log):
                after = before | {name.replace("step-1", f"step-{step}") for name in before}
                self.note(what, job, problems + [f"exit code {code}"] * (code != 0) + self.check_directory(path, after))
                return failed
            failed += 1
            self.note(what, job, problems + self.check_failure(job, code, path, before))
            for name in names(path, finished=True) - before:
                shutil.rmtree(path / name, ignore_errors=True) if (path / name).is_dir() else (path / name).unlink()

    def check_full_storage(self, path):
        """On storage that is too small, and on storage that is full all of a sudden."""
        for way in WAYS:
            self.save(path, way, 1, {})
            before = names(path, finished=True)
            job, code, problems = self.save(path, way, 2, {}, without=())
            problems += self.check_failure(job, code, path, before)
            told = NEEDED_AND_LEFT.search(job.error_text())
            if not told or int(told[1]) <= int(told[2]):
                problems.append("it does not say how many bytes are needed and how many there are")
            self.note(f"storage that is too small, {way.name}", job, problems)
            for kind in ("allocate:1", "write:1", "write:4"):
                job, code, problems = self.save(path, way, 2, failing(self.layer, path, self.log, 0, f"{kind}:ENOSPC"))
                problems += self.check_failure(job, code, path, before)
                problems += ["nothing failed"] * (not has_failed(self.log))
                # MPI-IO keeps the system's reason to itself.
                problems += ["it does not say why"] * (not re.search(r"No space left on device|bytes\) are left", job.error_text()))
                self.note(f"storage that is full, {kind}, {way.name}", job, problems)
            for name in before:
                shutil.rmtree(path / name, ignore_errors=True) if (path / name).is_dir() else (path / name).unlink()


def check_full_storage(failures, path):
    path.mkdir(parents=True, exist_ok=True)  # still mounted if a time limit has ended the last run
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_STORAGE_BYTES}", "distload-test", path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"left out: storage that is full, since no tmpfs can be mounted here: {done.stderr.strip()}", flush=True)
        return
    try:
        failures.check_full_storage(path)
    finally:
        subprocess.run(["umount", path], check=True)


def main():
    arguments = parse_arguments()
    shutil.rmtree(arguments.work, ignore_errors=True)
    begin = time.monotonic()
    failures = Failures(arguments)
    for kind in arguments.kind or (*KINDS, FULL):
        if kind == FULL:
            check_full_storage(failures, arguments.work / "small")
            continue
        counts = []
        for way in WAYS:
            for rank in (0, RANKS - 1):
                # Also where the new checkpoint takes the place of one, but only calls that are about that.
                for step in (2, 1) if kind in ("fsync", "rename") else (2,):
                    counts.append(failures.fail_every(kind, way, rank, step))
        print(f"{kind}: {sum(counts)} calls failed ({', '.join(map(str, counts))}), {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{failures.runs} saves: {failures.failures} not as they should, {time.monotonic() - begin:.0f} s")
    return 1 if failures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
