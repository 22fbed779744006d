#!/usr/bin/env python3
"""Runs `distload --dry-run --machine` for each machine of config/machines and for a file, on 1 and 2 processes: the plan has the machine's ranks, not the
job's; the seconds of the stages, their limit and the memory are printed. Then machines that are too small, and files with mistakes.

Usage: check_machines.py --make "COMMAND that writes a model into the directory that comes last" --bin DIRECTORY --mpirun PROGRAM --work DIRECTORY
Exits with 1 and a list of differences if something is wrong.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys

MACHINES = {"1xh100": 1, "8xh100": 8, "8xh200": 8, "16x8xh100": 128, "16x8xh200": 128}
STAGES = ("read", "upload", "peers", "exchange", "place")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--make", "--bin", "--mpirun", "--work"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    model = work / "model"
    subprocess.run([*shlex.split(arguments.make), model], check=True, stdout=subprocess.DEVNULL)
    found = []

    def run(processes, machine, *options, code=0):
        command = [arguments.mpirun, "-np", str(processes), str(pathlib.Path(arguments.bin) / "distload"), "--dry-run", "--rows", "--machine", str(machine)]
        done = subprocess.run([*command, *options, model], capture_output=True, text=True, errors="replace", timeout=60)
        if done.returncode != code:
            found.append(f"{machine} {options} ends with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def expect(holds, otherwise):
        if not holds:
            found.append(otherwise)

    def seconds_of(text):
        found = re.findall(r"predicted (\w+) +([\d.]+) (m?)s", text)
        seconds = {name: float(value) * (1e-3 if milli else 1) for name, value, milli in found}
        return {**dict.fromkeys(STAGES, 0), **seconds}  # stages that take no time are not printed

    for machine, ranks in MACHINES.items():
        text, _ = run(1 if ranks > 1 else 2, machine, "--set", f"topology.tensor_parallel={min(ranks, 4)}")
        table = text[text.index("\nrank ") :]
        rows = re.findall(r"^ *(\d+) ", table, re.MULTILINE)
        expect(rows[-1:] == [str(ranks - 1)], f"{machine}: the last rank is {rows[-1:]}, not {ranks - 1}:\n{text}")
        seconds = seconds_of(text)
        expect(set(seconds) == {*STAGES, "start", "load", "job"}, f"{machine}: seconds of {set(seconds)}")
        limit = re.search(r"limited by +(\w+)", text)
        expect(limit and seconds[limit[1]] == max(seconds[stage] for stage in STAGES), f"{machine}: {limit} of {seconds}")
        expect(f"{machine}: " in text and "fits" in text, f"{machine}: neither machine nor memory in:\n{text}")

    own = work / "own.yaml"
    own.write_text("machine: {devices_per_node: 2, device_memory: 4 GB, device_reserve: 1 GB}\ncost: {storage_bandwidth: 1 MB/s}\n")
    slow = seconds_of(run(2, own)[0])
    expect(slow["read"] > 10, f"the file's storage of 1 MB/s is not used: {slow}")
    expect(seconds_of(run(1, own, "--set", "cost.storage_bandwidth=1 GB/s")[0])["read"] < 1, "--set is not above the machine's file")

    own.write_text("machine: {device_memory: 220 MB, device_reserve: 200 MB}\n")
    text, errors = run(2, own, code=8)
    expect("does not fit" in text and "would fit" in text and "predicted read" in text and "short" in errors, f"too little memory: {text}{errors}")
    own.write_text("machine:\n  device_memory: 80 GB\n  device_per_node: 2\n")
    _, errors = run(1, own, code=3)
    expect(f"{own}:3:3" in errors and "machine.devices_per_node" in errors, f"a mistyped key: {errors}")
    _, errors = run(1, "8xh10", code=2)
    expect("8xh100" in errors, f"an unknown machine: {errors}")
    for text in found:
        print(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
