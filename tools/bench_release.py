#!/usr/bin/env python3
"""Writes what distload-bench has measured as the line of this version in tools/bench/releases.jsonl.

Usage: bench_release.py --machine WORDS --command COMMAND [--replace] BENCH.json...

A line is a JSON object: version, commit, date, machine, command, and a measurement per checkpoint, state and start with the median speed of every
contender in GB/s, and the share of its limit where it has one. `auto` says which engine was chosen; `start` says whether every sample had processes
of its own (fresh) or all had the same (reload). tools/plot_bench.py draws it.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="+", type=pathlib.Path, metavar="BENCH.json", help="written by distload-bench --json")
    parser.add_argument("--machine", required=True, help="in words: processors, memory, storage")
    parser.add_argument("--command", required=True, help="what has measured")
    parser.add_argument("--replace", action="store_true", help="instead of the line that this version has")
    parser.add_argument("--to", type=pathlib.Path, default=ROOT / "tools/bench/releases.jsonl", help="the file of all lines")
    return parser.parse_args()


def version():
    return re.search(r"^project\(distload VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]


def commit():
    described = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(described, check=True, capture_output=True, text=True).stdout.strip()


def shortened(measured):
    """One measurement of distload-bench, without its samples."""
    contenders = measured["contenders"]
    short = {key: measured[key] for key in ("checkpoint", "format", "ranks", "state", "start", "part")}
    short["rounds"] = min(len(each["seconds"]) for each in contenders)
    short["gigabytes_per_second"] = {each["name"]: float(f"{each['gigabytes_per_second']:.4g}") for each in contenders}
    short["of_limit"] = {each["name"]: round(each["of_limit"], 2) for each in contenders if "of_limit" in each}
    short["auto"] = next((each["engine"] for each in contenders if each["name"] == "auto"), None)
    return short


def main():
    arguments = parse_arguments()
    line = {"version": version(), "commit": commit(), "date": datetime.date.today().isoformat(), "machine": arguments.machine, "command": arguments.command}
    line["measurements"] = [shortened(measured) for path in arguments.bench for measured in json.loads(path.read_text())["measurements"]]
    lines = arguments.to.read_text().splitlines() if arguments.to.exists() else []
    others = [each for each in lines if json.loads(each)["version"] != line["version"]]
    if len(others) < len(lines) and not arguments.replace:
        sys.exit(f"bench_release: {arguments.to} has a line of version {line['version']}; --replace writes another one")
    arguments.to.write_text("\n".join([*others, json.dumps(line, ensure_ascii=False)]) + "\n")


if __name__ == "__main__":
    main()
