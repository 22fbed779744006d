"""Runs of distload-infer and distload from outside, and how they are told. The tests of this folder share it."""
import argparse
import json
import pathlib
import shutil
import subprocess
import time
from typing import NamedTuple

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS_ALLOWED = 120
SKIPPED = 77
REFUSED, DIFFERS = 3, 10  # exit codes of distload-infer
TOLERANCE = 1e-4  # of the largest magnitude of an output


class Run(NamedTuple):
    code: int
    output: str
    report: dict  # empty if there is none

    @property
    def failure(self):
        return [f"exit code {self.code}", *self.output.splitlines()[-20:]] if self.code else []


def parse_arguments(description, **more):
    """Arguments that all tests have, and those of `more`: the keywords of add_argument by name."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, keywords in more.items():
        parser.add_argument(name.replace("__", "--"), **keywords)
    parser.add_argument("--work", default=ROOT / "build/infer", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--bin", default=ROOT / "build/host-release/bin", type=pathlib.Path, help="where distload-infer lies")
    parser.add_argument("--mpirun", default="mpirun")
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    return arguments


class Checks:
    """Runs programs, prints a line for each check, and counts them."""

    def __init__(self, arguments):
        self.work = arguments.work
        self.bin = arguments.bin.resolve()
        self.mpirun = arguments.mpirun
        self.passed = self.failed = 0

    def run(self, program, ranks, *arguments, settings=None):
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        keys = [option for key, value in (settings or {}).items() for option in ("--set", f"{key}={value}")]
        command = [self.mpirun, "-np", str(ranks), self.bin / program, *map(str, arguments), *keys]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_ALLOWED
            )
        except subprocess.TimeoutExpired as late:
            return Run(-1, f"{late.output or ''}\nit did not end within {SECONDS_ALLOWED} s", {})
        return Run(done.returncode, done.stdout, json.loads(report.read_text()) if report.exists() else {})

    def infer(self, ranks, checkpoint, tokens, *options, settings=None):
        """`tokens`: path of a .npy, or a list of numbers."""
        text = ",".join(map(str, tokens)) if isinstance(tokens, list) else tokens
        return self.run("distload-infer", ranks, checkpoint, "--tokens", text, "--report", self.work / "report.json", *options, settings=settings)

    def save(self, ranks, checkpoint, directory, settings):
        """Has `distload` load and save a checkpoint; [] or how it failed."""
        config = self.work / "empty.yaml"
        config.write_text("{}\n")
        keys = {"checkpoint.path": checkpoint, "topology.tensor_parallel": ranks, "save.directory": directory, "report.progress": "none"}
        return self.run("distload", ranks, config, settings=keys | settings).failure

    def note(self, what, begin, differences):
        """Prints how a check went that began at `begin`."""
        self.passed += not differences
        self.failed += bool(differences)
        differences = [line for line in differences if line.strip("- ")]  # without the rules that mpirun draws
        print("\n         ".join([f"{'FAILED' if differences else 'ok':6} {time.monotonic() - begin:6.2f} s  {what}", *differences]), flush=True)

    def end(self):
        """Exit code of the test."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def differs(found, wanted):
    """'' or how an output differs from the one of transformers by more than the tolerance."""
    if found.shape != wanted.shape:
        return f"shape {found.shape} instead of {wanted.shape}"
    difference, magnitude = np.abs(found - wanted).max(), np.abs(wanted).max()
    return "" if difference <= TOLERANCE * magnitude else f"largest difference {difference:.3g}, magnitude {magnitude:.3g}"
