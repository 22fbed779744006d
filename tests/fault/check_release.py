#!/usr/bin/env python3
"""Checks tools/bench_release.py with what distload-bench has measured, and the lines that are kept: check_release.py ROOT BENCH.json REPEAT.json WORK"""
import json
import pathlib
import statistics
import subprocess
import sys

KEYS = ["version", "commit", "date", "machine", "command", "measurements"]
MEASUREMENT = ["checkpoint", "format", "ranks", "state", "start", "part", "rounds", "gigabytes_per_second", "of_limit", "auto"]


def main():
    root, bench, repeated, work = map(pathlib.Path, sys.argv[1:])
    lines = work / "releases.jsonl"
    older = {"version": "0.0.1", "measurements": []}
    lines.write_text(json.dumps(older) + "\n")

    def write(machine, *options):
        return subprocess.run([sys.executable, root / "tools/bench_release.py", "--machine", machine, "--command", "made up", "--to", lines, *options, bench, repeated],
                              text=True, capture_output=True)

    first, second, third = write("one"), write("two"), write("three", "--replace")
    assert first.returncode == 0, first.stderr
    assert second.returncode == 1 and "--replace" in second.stderr, second.stderr
    assert third.returncode == 0, third.stderr

    kept, line = map(json.loads, lines.read_text().splitlines())
    assert kept == older and line["machine"] == "three", line
    measured = [each for path in (bench, repeated) for each in json.loads(path.read_text())["measurements"]]
    assert {each["start"] for each in json.loads(bench.read_text())["measurements"]} == {"fresh"}
    assert {each["start"] for each in json.loads(repeated.read_text())["measurements"]} == {"reload"}
    loads = [each for whole in measured for each in whole["contenders"] if each["name"] == "auto"]
    assert loads and all(whole > load for each in loads for whole, load in zip(each["whole_seconds"], each["seconds"], strict=True)), loads
    assert len(line["measurements"]) == len(measured) > 0
    for short, whole in zip(line["measurements"], measured):
        assert short["gigabytes_per_second"].keys() == {each["name"] for each in whole["contenders"]}
        for each in whole["contenders"]:
            speed = each["bytes"] / statistics.median(each["seconds"]) / 1e9
            assert abs(short["gigabytes_per_second"][each["name"]] / speed - 1) < 0.001, each
        assert short["auto"] in ("mmap", "direct", "buffered", "collective"), short

    releases = [json.loads(text) for text in (root / "tools/bench/releases.jsonl").read_text().splitlines()]
    versions = [release["version"] for release in releases]
    assert versions and len(versions) == len(set(versions)), versions
    for release in [*releases, line]:
        assert list(release) == KEYS, list(release)
        assert release["measurements"] and all(list(short) == MEASUREMENT for short in release["measurements"]), release["version"]


main()
