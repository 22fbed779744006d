#!/usr/bin/env python3
"""Measures how long `distload` takes to start and to end, beside an MPI program that does nothing else.

Usage, after `source tools/environment.sh`: bench_startup.py SMALL_CHECKPOINT. Both programs are started in turns, each after some idle seconds; the
times are medians, counted from the start of mpirun:

to the checkpoint     distload begins to open it: the system, MPI and Kokkos are initialised, and the configuration is read
to the first byte     it begins to read the first tensor; metadata are read and the load is planned
to the last byte      the load is done
to the prompt         mpirun has returned

distload's own part is what it needs beyond the empty program until mpirun returns, without the load itself.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/host-release"
EVENTS = {"open": "to the checkpoint", "read": "to the first byte", "done": "to the last byte"}
PROMPT, LOAD = "to the prompt", "load"


class Bench:
    """Starts the programs and takes the times."""

    def __init__(self, arguments, work):
        self.launcher = [arguments.mpirun, "--oversubscribe", "-np", str(arguments.ranks)]
        self.distload = arguments.bin.resolve() / "distload"
        self.empty = arguments.empty.resolve()
        self.idle = arguments.idle
        self.config = work / "config.yaml"
        self.config.write_text(json.dumps({
            "checkpoint": {"path": str(arguments.checkpoint.resolve())}, "load": {"engine": arguments.engine}, "report": {"progress": "json"},
        }))  # fmt: skip

    def run(self, *command):
        """Runs a program. Returns ({what: seconds since the start}, seconds of the load); no load for a program without progress."""
        time.sleep(self.idle)
        reached, load, told = {}, None, []
        begin = time.monotonic()
        with subprocess.Popen(
            [*self.launcher, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        ) as process:  # fmt: skip
            for line in process.stderr:
                now = time.monotonic() - begin
                event = json.loads(line) if line.startswith('{"phase"') else {}
                told.append(line)
                if what := EVENTS.get(event.get("phase")):
                    reached.setdefault(what, now)
                if event.get("phase") == "done":
                    load = event["seconds"]
        reached[PROMPT] = time.monotonic() - begin
        if process.returncode:
            sys.exit(f"bench_startup: {command[0]} ended with {process.returncode}:\n{''.join(told)}")
        return reached, load

    def play(self, rounds):
        """{program: {what: samples}}"""
        samples = {"distload": {}, "empty": {}}
        for number in range(rounds + 1):
            for name, command in (("empty", [self.empty]), ("distload", [self.distload, self.config])):
                reached, load = self.run(*command)
                if number == 0:  # puts the programs and the checkpoint into the page cache
                    continue
                for what, seconds in (reached | ({LOAD: load} if load is not None else {})).items():
                    samples[name].setdefault(what, []).append(seconds)
        return samples


def summary(samples):
    """The medians, and distload's own part: the median of the differences in each round."""
    medians = {name: {what: statistics.median(each) for what, each in taken.items()} for name, taken in samples.items()}
    rounds = zip(samples["distload"][PROMPT], samples["distload"][LOAD], samples["empty"][PROMPT])
    return medians | {"own_part": statistics.median(whole - load - empty for whole, load, empty in rounds)}


def print_table(found):
    print(f"{'':20}{'distload':>10}{'empty MPI program':>20}")
    for what in (*EVENTS.values(), PROMPT):
        empty = found["empty"].get(what)
        print(f"{what:20}{1e3 * found['distload'][what]:7.0f} ms" + (f"{1e3 * empty:17.0f} ms" if empty else ""))
    print(f"{'load':20}{1e3 * found['distload'][LOAD]:7.0f} ms")
    print(f"distload's own part {1e3 * found['own_part']:7.0f} ms")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path, help="a small one, since its load is part of the time")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds")
    parser.add_argument("--idle", type=float, default=1, metavar="SECONDS", help="before every start")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--bin", default=BUILD / "bin", type=pathlib.Path, help="where distload lies")
    parser.add_argument("--empty", default=BUILD / "tools/bin/distload-empty-mpi", type=pathlib.Path, help="the empty MPI program")
    parser.add_argument("--json", type=pathlib.Path, help="write all samples to this file")
    parser.add_argument("--mpirun", default="mpirun")
    arguments = parser.parse_args()
    if arguments.ranks < 1 or arguments.rounds < 1 or arguments.idle < 0:
        parser.error("ranks and rounds must be positive, idle seconds not negative")
    return arguments


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as work:
        samples = Bench(arguments, pathlib.Path(work)).play(arguments.rounds)
    found = summary(samples)
    print_table(found)
    if arguments.json:
        arguments.json.write_text(json.dumps({"ranks": arguments.ranks, "rounds": arguments.rounds, "medians": found, "samples": samples}, indent=2) + "\n")


if __name__ == "__main__":
    main()
