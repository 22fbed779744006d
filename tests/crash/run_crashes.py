#!/usr/bin/env python3
"""Crashes: kills training loops while they save, at random instants and at every named step of a save, and checks what is left. Some
of those at random instants are no crashes: the loops are told to end, by SIGTERM or SIGUSR1.

After each crash the newest valid checkpoint must verify, have the content of its step, and be no older than the last one of which the
loop has said that it is saved; no checkpoint may have anything else than its step's content; and what was left unfinished must be gone
after the next save that succeeds. After some of the crashes the power goes as well: what was not synced is lost (power_loss.py).

By hand, after `source tools/environment.sh`: run_crashes.py --crashes 200
"""
import argparse
import json
import math
import os
import pathlib
import random
import shutil
import signal
import sys
import time

from checkpoints import names, step_of
from content import check_content
from file_layer import recorded
from job import Job, run_alone
from power_loss import LOST, lose_power
from save_steps import OF_RANK_0, REPLACING, exists, save_steps
from ways import WAYS, options_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRASHES_PER_DIRECTORY = 10
STEPS_PER_RUN = 3
SECONDS_ALLOWED = 30
SECONDS_TO_BEGIN = 10
TOPOLOGIES = ("2,1,1", "1,2,1", "1,1,2", "3,1,1", "1,1,3", "2,2,1", "2,1,2", "1,2,2", "4,1,1")
SECONDS_TO_SAVE = 0.15  # about; a run is killed at any time of its saves
MPIRUN = -1  # the victim that is no rank
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1)
NO_CHECKSUMS = 9  # exit code of distload-verify, where the newest is safetensors


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crashes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--work", default=ROOT / "build/crash/work", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--build", default=ROOT / "build/host-release", type=pathlib.Path)
    parser.add_argument("--mpirun", default="mpirun")
    return parser.parse_args()


class Crash:
    """When and whom to kill, or to end by a signal that can be heard; made before the run, so that all chance comes from one seed."""

    def __init__(self, chance, step=None, way=None):
        self.step = step
        self.way = way or chance.choice(WAYS)
        self.topology = chance.choice(TOPOLOGIES)
        self.ranks = math.prod(map(int, self.topology.split(",")))
        self.time = 1 if step == REPLACING else chance.randint(1, STEPS_PER_RUN)  # that the victim gets to the step
        self.lost = chance.choice((None, *LOST))
        if step:
            self.victim = 0 if step in OF_RANK_0 else chance.randrange(self.ranks)
            self.verify = "full"
            self.keep = 0 if step == REPLACING else chance.choice((0, 2))
        else:
            self.victim = chance.choice((MPIRUN, *range(self.ranks)))
            self.verify = chance.choice(("none", "index", "full"))
            self.keep = chance.choice((0, 2, 3))
        self.signal = signal.SIGKILL if step else chance.choice(SIGNALS)
        self.when = "named" if step else chance.choice(("random", "random", "saved"))
        self.delay = chance.uniform(0, STEPS_PER_RUN * SECONDS_TO_SAVE)
        self.replaces = step == REPLACING or chance.random() < 0.3
        self.layout = chance.choice((1, 2, 4))
        self.has_base = chance.random() < 0.3
        self.shard_size = chance.choice((1_000_000, 5_000_000_000))
        self.staging = chance.choice((1, 64 << 20))

    def __str__(self):
        victim = "mpirun" if self.victim == MPIRUN else f"rank {self.victim}"
        at = {"named": f"in {self.step} {self.time}", "random": f"after {self.delay:.3f} s", "saved": "when a step is saved"}[self.when]
        return f"{self.way.name} on {self.topology}: {victim} gets {self.signal.name} {at}" + (f", power lost: {self.lost}" if self.lost else "")


class Directory:
    """Checkpoints that come from one run after the other, most of which crash."""

    def __init__(self, arguments, number, chance):
        self.arguments = arguments
        self.root = arguments.work / f"directory-{number}"
        self.log = arguments.work / f"log-{number}"
        self.path = self.root / "training" / "checkpoints"  # which the first save makes
        self.root.mkdir(parents=True)
        self.without = chance.choice((("large",), ("large", "deep", "conv"), ()))
        self.frozen = chance.choice(((), ("column", "norm", "large")))
        self.reported = 0  # the last step that a run has told to be saved
        self.newest = 0
        self.left = set()  # names of what was unfinished after the last crash
        self.job = None

    def start(self, crash, first, count, environment):
        command = [self.arguments.build / "tests/bin/training_loop", self.path, *options_of(crash.way), "--topology", crash.topology]
        command += ["--first", first, "--count", count, "--verify", crash.verify, "--keep", crash.keep, "--staging", crash.staging]
        command += ["--overwrite"] * (first <= self.newest)
        command += ["--without", ",".join(self.without)] * bool(self.without) + ["--frozen", ",".join(self.frozen)] * bool(self.frozen)
        if crash.way.format == "hdf5":
            has_base = crash.has_base and first > self.newest and (self.path / f"model-step-{self.newest}.h5").exists()
            command += ["--layout", crash.layout, *["--base", self.path] * has_base]
        else:
            command += ["--shard-size", crash.shard_size]
        self.job = Job(self.arguments.mpirun, crash.ranks, command, environment)

    def first_step(self, crash):
        return self.newest if crash.replaces and self.newest else self.newest + 1

    def kill(self, crash):
        """Waits for the instant and kills. Returns the processes of the ranks."""
        first = self.first_step(crash)
        if not self.job.wait_for(f"begin {first}", SECONDS_TO_BEGIN):
            return ()
        ranks = self.job.rank_processes()
        if crash.when == "saved":
            self.job.wait_for(f"saved {first}", SECONDS_ALLOWED)
        elif crash.when == "random":
            time.sleep(crash.delay)
        else:
            return ranks.values()
        victim = self.job.process.pid if crash.victim == MPIRUN else ranks.get(crash.victim)
        try:
            if victim:
                os.kill(victim, crash.signal)
        except ProcessLookupError:
            pass  # it was faster
        return ranks.values()

    def crash(self, crash):
        """One run that is killed. Returns what went wrong."""
        problems = []
        if crash.step == REPLACING:
            problems += self.save_without_crash(crash, max(self.newest, 1), 1)
        environment = recorded(self.arguments.build / "tests/lib/file_layer.so", self.root, self.log) if crash.lost else {}
        if crash.step:
            environment["DISTLOAD_FAULT"] = f"{crash.step}:{crash.victim}:kill:{crash.time}"
        before = names(self.path, finished=True)
        first = self.first_step(crash)
        self.start(crash, first, STEPS_PER_RUN, environment)
        code, problems_of_end = self.job.end(SECONDS_ALLOWED, self.kill(crash))
        problems += problems_of_end
        if crash.step and code != 128 + signal.SIGKILL:
            problems.append(f"it was not killed in {crash.step}: exit code {code}")
        elif code not in (0, -signal.SIGKILL, 128 + signal.SIGKILL, 128 + crash.signal, *[1] * (crash.signal == signal.SIGTERM)):
            problems.append(f"exit code {code}")
        saved = self.job.saved()
        if saved is not None:
            self.reported = max(self.reported, saved)
            problems += self.check_left(saved)  # a removal need not outlive a power loss
        if crash.lost:
            lose_power(self.log, self.root, crash.lost)
        problems += self.check_checkpoints(before if crash.keep == 0 else (), first)
        if not self.reported <= self.newest < first + STEPS_PER_RUN:
            problems.append(f"step {self.reported} was told to be saved, but the newest that is valid is {self.newest}")
        self.left = names(self.path, finished=False)
        return problems

    def save_without_crash(self, crash, first, count):
        self.start(crash, first, count, {})
        code, problems = self.job.end(SECONDS_ALLOWED)
        self.reported = self.newest = first + count - 1
        if code != 0 or self.job.saved() != self.newest:
            problems.append(f"exit code {code}, and step {self.job.saved()} is the last one saved")
        unfinished = names(self.path, finished=False)
        if unfinished:
            problems.append(f"a save that succeeded left {', '.join(sorted(unfinished))}")
        return problems

    def finish(self, crash):
        """A run without a crash, after which nothing may be left of the others."""
        problems = self.save_without_crash(crash, self.newest + 1, 2)
        return problems + self.check_checkpoints((), self.newest)

    def check_left(self, saved):
        """What a crash has left must be gone after a save that has succeeded. What has the same name now may be a new one: of the step
        after the one that was saved, or of one that was just being removed."""
        there = names(self.path, finished=False)
        stale = {name for name in self.left & there if step_of(name) <= saved and (self.path / name.rpartition(".")[0]).exists()}
        return [f"{name} is still there after step {saved} was saved" for name in sorted(stale)]

    def check_checkpoints(self, expected, first):
        """Asks distload for the newest valid checkpoint, and numpy whether all have their content; `expected` must be there, or, from step
        `first` on, be replaced."""
        problems = []
        found = names(self.path, finished=True)
        for name in sorted(found):
            problems += check_content(self.path / name, step_of(name), self.without, self.frozen)
        replaced = {step_of(name) for name in found if step_of(name) >= first}  # perhaps by one in the other format
        problems += [f"{name} is gone" for name in sorted(set(expected) - found) if step_of(name) not in replaced]
        verify = run_alone([self.arguments.build / "bin/distload-verify", "--json", self.path])
        if verify.returncode == 4 and self.reported == 0:
            self.newest = 0
        elif verify.returncode not in (0, NO_CHECKSUMS):
            problems.append(f"distload-verify: exit code {verify.returncode}: {verify.stdout}{verify.stderr}")
        else:
            self.newest = next(found["step"] for found in json.loads(verify.stdout)["checkpoints"] if found["state"] in ("verified", "nothing_to_verify"))
        return problems


def plan(arguments, chance):
    """The crashes: every named step in every way, as far as they are allowed, and then at any time."""
    named = [(step, way) for way in WAYS for step in save_steps() if exists(step, way)]
    chance.shuffle(named)
    crashes = [Crash(chance, step, way) for step, way in named[: arguments.crashes]]
    crashes += [Crash(chance) for _ in range(arguments.crashes - len(crashes))]
    chance.shuffle(crashes)
    return crashes, max(0, len(named) - arguments.crashes)


def main():
    arguments = parse_arguments()
    shutil.rmtree(arguments.work, ignore_errors=True)
    begin = time.monotonic()
    print(f"seed {arguments.seed}", flush=True)
    chance = random.Random(arguments.seed)
    crashes, left_out = plan(arguments, chance)
    failures = directories = 0
    directory = None
    for number, crash in enumerate(crashes, 1):
        if directory is None:
            directories += 1
            directory, crashed = Directory(arguments, directories, chance), 0
        problems = directory.crash(crash)
        crashed += 1
        if not problems and (crashed == CRASHES_PER_DIRECTORY or number == len(crashes)):
            problems = directory.finish(crash)
            if not problems:
                shutil.rmtree(directory.root)
            crashed = CRASHES_PER_DIRECTORY
        if problems:
            failures += 1
            print(f"FAILED crash {number} in {directory.path}: {crash}", *problems, *directory.job.describe(), sep="\n  ", flush=True)
        if problems or crashed == CRASHES_PER_DIRECTORY:
            directory = None
    named = sum(crash.step is not None for crash in crashes)
    losses = sum(crash.lost is not None for crash in crashes)
    counts = f"{named} of them at a named step and {left_out} such left out, {losses} with a power loss, in {directories} directories"
    print(f"{len(crashes)} crashes, {counts}: {failures} failed, {time.monotonic() - begin:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
