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


def problems_of(text):
    """What of a trace is against the Trace Event Format, as chrome://tracing and Perfetto read it: an array of events that are complete spans or
    metadata, with the fields of their kinds; spans of one line lie beside or within each other."""
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    try:
        events = json.loads(text, parse_constant=refuse)
    except ValueError as error:
        return [str(error)]
    if not isinstance(events, list):
        return ["it is no array"]
    found = []
    metadata = {"process_name": ("name", str), "thread_name": ("name", str), "process_sort_index": ("sort_index", int), "thread_sort_index": ("sort_index", int)}
    number = (int, float)
    lines = collections.defaultdict(list)
    for event in events:
        kinds = {"name": str, "ph": str, "pid": int, "tid": int, "args": dict}
        if event.get("ph") == "X":
            kinds |= {"ts": number, "dur": number}
        wrong = [key for key, kind in kinds.items() if not isinstance(event.get(key), kind) or isinstance(event.get(key), bool)]
        if wrong or event["ph"] not in "XM" or set(event) != set(kinds):
            found.append(f"{event}: {wrong}")
        elif event["ph"] == "X":
            if event["ts"] < 0 or event["dur"] < 0 or not event["name"]:
                found.append(f"{event} is no span")
            lines[event["pid"], event["tid"]].append((event["ts"], -event["dur"]))
        else:
            key, kind = metadata.get(event["name"], (None, None))
            if key is None or not isinstance(event["args"].get(key), kind):
                found.append(f"{event} is no metadata that viewers know")
    named = {(event["pid"], event["tid"]) for event in events if event.get("name") == "thread_name"}
    found += [f"{line} has no name" for line in set(lines) - named]
    for line, spans in lines.items():
        ends = []
        for begin, minus_duration in sorted(spans):
            end = begin - minus_duration
            while ends and ends[-1] <= begin + 1e-3:
                ends.pop()
            if ends and end > ends[-1] + 1e-3:
                found.append(f"{line}: a span from {begin} to {end} is partly within one that ends at {ends[-1]}")
            ends.append(end)
    return found


def check_format_itself():
    """Every mistake in a trace is found."""
    span = {"name": "read", "ph": "X", "ts": 1.5, "dur": 2, "pid": 0, "tid": 1, "args": {}}
    name = {"name": "thread_name", "ph": "M", "pid": 0, "tid": 1, "args": {"name": "read"}}
    assert not problems_of(json.dumps([name, span]))
    for mistake in ({"ph": "Q"}, {"ts": "1"}, {"ts": -1}, {"dur": None}, {"pid": "0"}, {"tid": 2}, {"name": ""}, {"args": []}, {"ts": float("nan")}, {"more": 1}):
        assert problems_of(json.dumps([name, span | mistake])), mistake
    for mistake in ({"name": "thread"}, {"args": {}}):
        assert problems_of(json.dumps([name, name | mistake, span])), mistake
    assert problems_of(json.dumps({"events": []})) and problems_of("[")
    assert problems_of(json.dumps([name, span, span | {"ts": 2.5}]))


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
        text = trace.read_text()
        self.expect(not problems_of(text), f"{where}{problems_of(text)[:5]}")
        events = json.loads(text)
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
    check_format_itself()
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
