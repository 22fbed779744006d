#!/usr/bin/env python3
"""Compares the seconds that dry runs predict with those that loads and saves take, in new processes after seconds of idling, and prints a table.

    mpirun -np 4 distload-bench calibrate FOLDER        # measures the machine, once
    tools/check_predictions.py --work FOLDER            # models of 1 and 4 GB are made there and removed

Ends with 10 if a ratio is outside of the tolerance. Needs 3 times the space of the largest model.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

# Name, state of the page cache, settings, and what is compared: the load or the save.
CASES = (
    ("from the disk", "cold", (), "load"),
    ("page cache, mapped", "warm", (), "load"),
    ("page cache, private copy", "warm", ("--set", "load.engine=buffered"), "load"),
    ("save", "warm", ("--set", "load.engine=buffered"), "save"),
)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.bin = pathlib.Path(arguments.bin).resolve()
        self.work = pathlib.Path(arguments.work)
        self.report = self.work / "predictions-report.json"
        self.saved = self.work / "predictions-saved"

    def make(self, size, form):
        folder = self.work / f"predictions-{size}-{form}"
        layout = ["--tensor-parallel", str(self.arguments.ranks)] if form == "hdf5" else []
        subprocess.run([self.bin / "distload-synth", "--size", size, "--format", form, *layout, "--force", folder], check=True, stdout=subprocess.DEVNULL)
        os.sync()
        return folder

    def set_cache(self, folder, state):
        for path in folder.iterdir():
            with path.open("rb") as file:
                if state == "cold":
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                else:
                    while file.read(1 << 24):
                        pass

    def run(self, folder, options):
        """The report of a job."""
        self.report.unlink(missing_ok=True)
        command = [*self.arguments.launcher.split(), "-np", str(self.arguments.ranks), str(self.bin / "distload"), *options]
        begin = time.monotonic()
        subprocess.run([*command, "--progress", "none", "--report", self.report, folder], check=True, stdout=subprocess.DEVNULL)
        return json.loads(self.report.read_text()), time.monotonic() - begin

    def case(self, folder, state, options, what):
        """The seconds predicted and measured, and the whole job's from the launcher's start to its end."""
        save = ["--out", str(self.saved)] if what == "save" else []
        self.set_cache(folder, state)
        dry, _ = self.run(folder, ["--dry-run", *options, *save])
        predicted = []
        measured = []
        whole = []
        for _ in range(self.arguments.rounds):
            shutil.rmtree(self.saved, ignore_errors=True)
            self.set_cache(folder, state)
            time.sleep(self.arguments.idle)
            report, seconds = self.run(folder, [*options, *save])
            measured.append(report["save"]["seconds"] if what == "save" else report["seconds"])
            whole.append(seconds)
        shutil.rmtree(self.saved, ignore_errors=True)
        predicted = dry["save"]["predicted_seconds"] if what == "save" else dry["predicted_seconds"]
        return predicted, measured, dry.get("predicted_job_seconds"), statistics.median(whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=pathlib.Path(__file__).parent.parent / "build/host-release/bin", help="folder of the programs")
    parser.add_argument("--launcher", default="mpirun", help="starts ranks by -np N")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--work", required=True, help="folder on the storage in question; what is made there is removed")
    parser.add_argument("--sizes", default="1GB,4GB")
    parser.add_argument("--formats", default="hdf5,safetensors")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts")
    parser.add_argument("--idle", type=float, default=3, help="seconds before each")
    parser.add_argument("--tolerance", type=float, default=0.3)
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    bench.work.mkdir(parents=True, exist_ok=True)
    rows = []
    print("| model | what | predicted s | measured s (least to most) | predicted / measured | job predicted s | job measured s |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for size in arguments.sizes.split(","):
        for form in arguments.formats.split(","):
            folder = bench.make(size, form)
            for name, state, options, what in CASES:
                predicted, measured, job, whole = bench.case(folder, state, options, what)
                middle = statistics.median(measured)
                rows.append({"size": size, "format": form, "case": name, "predicted": predicted, "measured": measured, "job_predicted": job, "job_measured": whole})
                print(f"| {size} {form} | {name} | {predicted:.3f} | {middle:.3f} ({min(measured):.3f} to {max(measured):.3f}) | {predicted / middle:.2f} | {job or 0:.2f} | {whole:.2f} |", flush=True)
            shutil.rmtree(folder)
    bench.report.unlink(missing_ok=True)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")
    outside = [row for row in rows if not 1 / (1 + arguments.tolerance) <= row["predicted"] / statistics.median(row["measured"]) <= 1 + arguments.tolerance]
    print(f"\n{len(rows) - len(outside)} of {len(rows)} predictions are within {arguments.tolerance:.0%}")
    return 10 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
