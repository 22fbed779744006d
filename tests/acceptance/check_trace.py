#!/usr/bin/env python3
"""Loads a model with `report.trace` on 1 and 4 ranks and holds the trace against the run: every rank has its stages, each stage of a rank does one thing at
a time, the bytes read are those of the report, and nothing lies outside of the load's seconds. Then what has to be refused.

Usage: check_trace.py --make "COMMAND that writes a model into the directory that comes last" --bin DIRECTORY --mpirun PROGRAM --work DIRECTORY
Exits with 1 and a list of differences if something is wrong.
"""
import argparse
import collections
import json
import os
import pathlib
import shlex
import subprocess
import sys

MICROSECONDS = 1e6


class Check:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.mpirun = arguments.mpirun
        self.work = pathlib.Path(arguments.work)
        self.found = []

    def expect(self, holds, otherwise):
        if not holds:
            self.found.append(otherwise)

    def load(self, ranks, code=0, environment=None, **keys):
        settings = {f"{section}.{key}": value for section, of_section in keys.items() for key, value in of_section.items()}
        options = [option for key, value in settings.items() for option in ("--set", f"{key}={value}")]
        command = [self.mpirun, "-np", str(ranks), str(self.bin / "distload"), *options, str(self.work / "model")]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, env=os.environ | (environment or {}))
        text = done.stdout + done.stderr
        self.expect(done.returncode == code, f"{command} ends with {done.returncode}, not {code}:\n{text}")
        return text

    def check_load(self, ranks, engine, environment=None):
        where = f"{ranks} ranks, {engine}, {environment}: "
        trace, report = self.work / "trace.json", self.work / "report.json"
        trace.unlink(missing_ok=True)
        self.load(ranks, environment=environment, report={"trace": trace, "json": report}, load={"engine": engine, "staging": "16 MiB"}, topology={"tensor_parallel": ranks})
        events = json.loads(trace.read_text())
        report = json.loads(report.read_text())
        spans = [event for event in events if event["ph"] == "X"]
        names = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
        hosts = {rank["rank"]: rank["host"] for rank in report["ranks"]}
        self.expect(names == {rank: f"rank {rank} on {host}" for rank, host in hosts.items()}, f"{where}processes {names}")

        stages = collections.defaultdict(list)
        for span in spans:
            stages[span["pid"], span["tid"]].append(span)
        for rank in range(ranks):
            has = {span["name"] for span in spans if span["pid"] == rank}
            self.expect({"open", "partition", "plan", "allocate", "read"} <= has, f"{where}rank {rank} has only {has}")
        for line, of_line in stages.items():
            for before, after in zip(of_line, of_line[1:]):
                self.expect(before["ts"] + before["dur"] <= after["ts"] + 1e-3, f"{where}{line}: {before} and {after} overlap")
            self.expect(len({span["name"] for span in of_line}) == 1, f"{where}{line} has several stages")
        waves = [span["args"]["wave"] for span in spans if span["name"] == "read" and span["pid"] == 0]
        self.expect(waves == list(range(len(waves))), f"{where}rank 0 reads the waves {waves}")
        read = sum(span["args"].get("bytes", 0) for span in spans if span["name"] == "read")
        self.expect(read == report["bytes"]["storage_read"], f"{where}{read} bytes read, but {report['bytes']['storage_read']} in the report")
        end = max(span["ts"] + span["dur"] for span in spans)
        self.expect(min(span["ts"] for span in spans) == 0, f"{where}the first begin is not 0")
        # The trace also has the check of the destinations, which lies between opening and planning.
        self.expect(end <= report["seconds"] * MICROSECONDS + 1e5, f"{where}the last end is at {end} us, but the load took {report['seconds']} s")
        return spans


def main():
    parser = argparse.ArgumentParser()
    for name in ("--make", "--bin", "--mpirun", "--work"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    check = Check(arguments)
    check.work.mkdir(parents=True, exist_ok=True)
    subprocess.run([*shlex.split(arguments.make), check.work / "model"], check=True, stdout=subprocess.DEVNULL)

    check.check_load(1, "direct")
    spans = check.check_load(4, "collective")
    for stage in ("pack", "exchange", "place"):
        check.expect(any(span["name"] == stage for span in spans), f"the collective engine has no stage {stage}")
    check.check_load(4, "buffered")

    # A device in host memory, whose streams are threads.
    spans = check.check_load(2, "direct", {"DISTLOAD_EMULATED_DEVICE": "1"})
    uploaded = sum(span["args"].get("bytes", 0) for span in spans if span["name"] == "upload")
    check.expect(uploaded > 0, "nothing is uploaded to the device")

    absent = check.work / "absent" / "trace.json"
    text = check.load(2, code=6, report={"trace": absent}, topology={"tensor_parallel": 2})
    check.expect("report.trace: " in text and "loaded" not in text, f"a folder that does not exist: {text}")
    for text in check.found:
        print(text)
    return 1 if check.found else 0


if __name__ == "__main__":
    sys.exit(main())
