#!/usr/bin/env python3
"""Compares distload with other programs that load the tensor-parallel slices of a llama on N ranks: the same files, the same machine,
interleaved rounds of one run. All checkpoints contain the same model.

Usage, after `source tools/environment.sh`: bench_peers.py HDF5_CHECKPOINT... SAFETENSORS_DIRECTORY. The first run makes a Python environment and,
beside the safetensors, a checkpoint of torch.distributed.checkpoint written by N ranks. Several HDF5 checkpoints have different layouts; they are
called by the names of their folders.

Every sample is taken in processes of its own, as a user's load runs, and the memory of the machine is idle for some seconds before: a peer's ranks
import their modules, sleep, and are then told to begin; `distload` is started after that sleep. The measured time begins at a barrier of the
running ranks, after all imports, and ends when the slowest rank has its last slice in packed private memory; it includes opening files and reading
metadata. distload's time is `seconds` of its report, which also lasts from opening to the last byte.
distload verifies the checksums of HDF5 files; the peers verify nothing. distload and the peers may use the same number of threads.
Contenders that do not copy all slices to private memory: `auto`, if it chooses the engine mmap, and `get_slice, views` map slices that are
one range of a file. `distload.load` is the Python package, which loads as the program does, over MPI or over torch's gloo, and has torch's tensors
in the end. `torch DCP` loads into DTensors, by three readers: torch's own for its own files and for safetensors, and distload's. The columns
`x auto` and `x buffered` give a contender's time as a multiple of distload's with these engines, from the same files; for torch's own format,
distload reads the first HDF5 file.

Warm: before every run, the files are read once and all others are dropped from the page cache. Cold: all files are dropped. The order differs from
round to round; contenders with the same files follow each other. With --settled, memory is touched and freed before every run, so that no sample
includes what the first use of idle memory costs. In the first round, which is not counted, the XXH3-64 of every shard of every contender is
compared with distload's, and the peak of a rank's resident memory is taken: the column `MB more` has what it was above the rank's shards and
what the process had before, including mapped files.

Below the table, `distload.load` is compared with the program: the time of the whole call in Python, from a barrier until the slowest rank has its
tensors, less `seconds` of the program's report, beside an allowance of 20 ms + 1 %. Where a load takes long, both vary by more than that from
round to round. The time that the call takes outside the library (checking arguments, making communicators and tensors) varies less.

Exits with 1 if a contender has loaded other bytes. One that cannot run is listed as not measured, with the reason.
"""
import argparse
import json
import math
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
sys.path.insert(0, str(PEERS))

import environment
import model
from settle import settle

SECONDS_ALLOWED = 300
READ_BYTES = 16 << 20
ALLOWED_SECONDS, ALLOWED_SHARE = 0.020, 0.01  # that Python may take more than the program


class Failure(Exception):
    """A contender did not run."""


class Contender:
    """A way of loading, with its settings and results."""

    def __init__(self, name, source, **settings):
        self.name = name
        self.source = source  # files to read: safetensors, the name of an HDF5 checkpoint, or dcp
        self.settings = settings  # distload: engine; a peer: module, options
        self.engine = None  # distload: the engine that `auto` has chosen
        self.library_seconds = []  # distload.load: of these, what the library itself took
        self.extra_bytes = None  # a peer: peak memory of a rank besides its shards
        self.problem = None
        self.differences = []
        self.shards = 0  # number compared with distload's
        self.bytes = []  # of each rank
        self.seconds = []


    def needs_package(self):
        return self.settings.get("module") == "with_distload" or self.settings.get("options", {}).get("reader") == "distload"


def all_contenders(hdf5_names, engines):
    """All contenders in the order of the first round; the first is the reference for bytes. Python is measured with the first HDF5 file."""
    made = [Contender(f"distload {engine}", source, engine=engine) for source in ("safetensors", *hdf5_names) for engine in engines]
    of_python = ("safetensors", *hdf5_names[:1])

    def add(name, source, module, **options):
        made.append(Contender(name, source, module=module, options=options))

    for source in of_python:
        for engine in engines:
            add(f"distload.load {engine}, MPI", source, "with_distload", engine=engine, group="MPI")
            if engine != "collective":
                add(f"distload.load {engine}, gloo", source, "with_distload", engine=engine, group="gloo")
    add("numpy memmap", "safetensors", "with_mmap")
    add("safetensors get_slice", "safetensors", "with_safetensors")
    add("safetensors get_slice, views", "safetensors", "with_safetensors", views=True)
    add("fastsafetensors", "safetensors", "with_fastsafetensors")
    add("Run:ai streamer", "safetensors", "with_runai", distributed=False)
    add("Run:ai streamer, distributed", "safetensors", "with_runai", distributed=True)
    for name in hdf5_names:
        add("h5py, independent", name, "with_h5py", collective=False)
        add("h5py, collective", name, "with_h5py", collective=True)
    add("torch DCP", "dcp", "with_dcp")
    add("torch DCP, Hugging Face reader", "safetensors", "with_dcp", reader="huggingface")
    for source in of_python:
        add("torch DCP, DistloadReader", source, "with_dcp", reader="distload")
    return made


def order_of(contenders, number):
    """The contenders in the order of a round, by their files. It differs from round to round, since memory that the processes before have just
    freed is faster to get again than memory that has been idle for longer. The first round begins with the reference."""
    groups = {}
    for contender in contenders:
        groups.setdefault(contender.source, []).append(contender)
    groups = list(groups.values())
    if number > 0:
        shuffled = random.Random(number)
        shuffled.shuffle(groups)
        for group in groups:
            shuffled.shuffle(group)
    return [contender for group in groups for contender in group]


def named_hdf5(paths):
    """{name: file} of the HDF5 checkpoints."""
    if len(paths) == 1:
        return {"hdf5": newest_hdf5(paths[0])}
    named = {path.name if path.is_dir() else path.parent.name: newest_hdf5(path) for path in paths}
    if len(named) < len(paths):
        raise SystemExit("the folders of the HDF5 checkpoints need different names")
    return named


def newest_hdf5(path):
    """The HDF5 file at `path`, or the newest one in a directory of steps."""
    if path.is_file():
        return path
    steps = {int(match[1]): file for file in path.iterdir() if (match := re.fullmatch(r"model-step-(\d+)\.h5", file.name))}
    if not steps:
        raise SystemExit(f"there is no HDF5 checkpoint in {path}")
    return steps[max(steps)]


def read_once(path):
    """Reads a file into the page cache."""
    buffer = bytearray(READ_BYTES)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def drop(path):
    """Drops a file from the page cache."""
    with open(path, "rb", buffering=0) as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Bench:
    """Rounds of all contenders for one state of the page cache."""

    def __init__(self, arguments, state, python):
        self.state = state
        self.ranks = arguments.ranks
        self.rounds = arguments.rounds
        self.idle = arguments.idle
        self.settled = arguments.settled
        self.python = python
        self.distload = arguments.bin.resolve() / "distload"
        self.launcher = [arguments.mpirun, "--oversubscribe", "-np", str(arguments.ranks)]
        self.safetensors = arguments.safetensors.resolve()
        self.hdf5 = named_hdf5([path.resolve() for path in arguments.hdf5])
        self.work = self.safetensors.with_name(self.safetensors.name + "-peers")
        self.work.mkdir(exist_ok=True)
        self.dcp = self.work / f"dcp-{self.ranks}"
        self.nbytes = sum(tensor.nbytes for tensor in model.read_model(self.safetensors))
        self.contenders = [
            each for each in all_contenders(list(self.hdf5), arguments.engines)
            if "engine" in each.settings or any(text in each.name for text in arguments.only)
        ]  # fmt: skip
        self.variables = {"CUDA_VISIBLE_DEVICES": ""}
        if arguments.package:
            self.variables["PYTHONPATH"] = str(arguments.package.resolve())
        elif any(each.needs_package() for each in self.contenders):
            environment.install_distload()
        self.reference = {}  # (rank, tensor): hash

    def path_of(self, source):
        return self.dcp if source == "dcp" else self.hdf5.get(source, self.safetensors)

    def files(self, source):
        if source in self.hdf5:
            return [self.hdf5[source]]
        return sorted(self.safetensors.glob("*.safetensors") if source == "safetensors" else self.dcp.glob("*"))

    def launch(self, *command):
        """Runs a command on all ranks and returns what it printed."""
        threads = str(max(1, len(os.sched_getaffinity(0)) // self.ranks))
        with subprocess.Popen(
            [*self.launcher, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | self.variables | {"OMP_NUM_THREADS": threads},
        ) as process:  # fmt: skip
            try:
                output, errors = process.communicate(timeout=SECONDS_ALLOWED)
            except subprocess.TimeoutExpired:
                process.terminate()  # mpirun then ends its ranks
                process.communicate()
                raise Failure(f"it did not end within {SECONDS_ALLOWED} s") from None
        if process.returncode:
            told = [line for line in errors.splitlines() if re.match("peer failed: |distload: error", line)] or errors.split("\n")[-3:]
            raise Failure(f"exit code {process.returncode}: {told[0].removeprefix('peer failed: ')}")
        return output

    def launch_peer(self, module, options, source, hashes=False, convert=False):
        """Runs a peer's ranks. The counted rounds are those without hashes; only they need to be idle before."""
        idle = 0 if hashes or convert else self.idle
        job = {"module": module, "options": options, "hashes": hashes, "convert": convert, "warm": self.state == "warm", "idle": idle}
        job |= {"settle": self.settled, "safetensors": str(self.safetensors), "checkpoint": str(self.path_of(source))}
        path = self.work / "job.json"
        path.write_text(json.dumps(job))
        return json.loads(self.launch(self.python, PEERS / "rank.py", path).splitlines()[-1])

    def convert(self):
        """Writes the checkpoint of torch.distributed.checkpoint, if it is missing."""
        mark = self.work / f"dcp-{self.ranks}.json"
        made_of = json.dumps([[path.name, path.stat().st_size, path.stat().st_mtime] for path in self.files("safetensors")])
        if mark.is_file() and mark.read_text() == made_of:
            return
        mark.unlink(missing_ok=True)
        shutil.rmtree(self.dcp, ignore_errors=True)
        self.launch_peer("with_dcp", {}, "dcp", convert=True)
        mark.write_text(made_of)

    def run_distload(self, contender, hashes):
        """(seconds, bytes of each rank's shards, {(rank, tensor): hash}); bytes and hashes only on request."""
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        config = {
            "checkpoint": {"path": str(self.path_of(contender.source))},
            "load": {"engine": contender.settings["engine"]},
            "report": {"json": str(report), "tensors": hashes, "progress": "none"},
        }
        path = self.work / "config.yaml"
        path.write_text(json.dumps(config))
        if self.settled:
            settle(self.nbytes)
        if not hashes:
            time.sleep(self.idle)
        self.launch(self.distload, path)
        told = json.loads(report.read_text())
        contender.engine = told["engine"]
        nbytes, shards = [0] * self.ranks, {}
        for entry in told.get("tensors", []):
            nbytes[entry["rank"]] += math.prod(entry["shape"]) * model.ELEMENT_BYTES[entry["dtype"]]
            shards[entry["rank"], entry["name"]] = entry["xxh3_64"]
        return told["seconds"], nbytes, shards

    def run_peer(self, contender, hashes):
        told = self.launch_peer(contender.settings["module"], contender.settings["options"], contender.source, hashes)
        contender.engine = told.get("engine")
        if hashes:
            contender.extra_bytes = max(entry["extra_bytes"] for entry in told["ranks"])
        elif "library_seconds" in told:
            contender.library_seconds.append(told["library_seconds"])
        shards = {(rank, name): value for rank, entry in enumerate(told["ranks"]) for name, value in entry.get("hashes", {}).items()}
        return told["seconds"], [entry["bytes"] for entry in told["ranks"]], shards

    def run(self, contender, hashes):
        """One run, with the page cache in the requested state."""
        if contender.source == "dcp":
            self.convert()
        for source in ("safetensors", *self.hdf5, "dcp"):
            for path in self.files(source):
                (read_once if self.state == "warm" and source == contender.source else drop)(path)
        return (self.run_distload if "engine" in contender.settings else self.run_peer)(contender, hashes)

    def check(self, contender, nbytes, shards):
        """Compares the hashes of a contender's shards with the reference."""
        self.reference = self.reference or shards
        contender.bytes = nbytes
        contender.shards = len(shards)
        if nbytes != self.contenders[0].bytes:
            contender.differences.append(f"{nbytes} bytes per rank instead of {self.contenders[0].bytes}")
        wrong = [f"{name} of rank {rank}" for rank, name in sorted(self.reference.keys() | shards.keys())
                 if self.reference.get((rank, name)) != shards.get((rank, name))]  # fmt: skip
        if wrong:
            contender.differences.append(f"{len(wrong)} shards differ, e.g. {wrong[0]}")

    def play(self):
        for number in range(self.rounds + 1):
            for contender in order_of(self.contenders, number):
                if contender.problem:
                    continue
                if sys.stderr.isatty():
                    print(f"\r\033[K{self.state}, round {number} of {self.rounds}: {contender.name}", end="", file=sys.stderr, flush=True)
                try:
                    seconds, nbytes, shards = self.run(contender, hashes=number == 0)
                except (Failure, OSError, ValueError) as failure:
                    if contender is self.contenders[0] and number == 0:
                        raise SystemExit(f"{contender.name}: {failure}") from None
                    contender.problem = str(failure)
                    continue
                if number == 0:
                    self.check(contender, nbytes, shards)
                else:
                    contender.seconds.append(seconds)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)

    def program(self, contender, engine):
        """The contender that is distload with an engine. It reads the same files or, for torch's own format, the first HDF5 file."""
        source = next(iter(self.hdf5)) if contender.source == "dcp" else contender.source
        return next(each for each in self.contenders if each.source == source and each.settings.get("engine") == engine)

    def times_distload(self, contender, engine):
        """The time as a multiple of distload's with an engine: the median over the rounds."""
        own = self.program(contender, engine)
        return None if own.problem else statistics.median(theirs / ours for theirs, ours in zip(contender.seconds, own.seconds))

    def overhead(self, contender):
        """How much longer distload.load takes than the program, in seconds, as medians; None of others."""
        if not contender.library_seconds:
            return None
        program = self.program(contender, contender.settings["options"]["engine"])
        if program.problem:
            return None
        theirs, own = statistics.median(contender.seconds), statistics.median(program.seconds)
        return {
            "call": theirs, "program": own, "more": theirs - own, "allowed": ALLOWED_SECONDS + ALLOWED_SHARE * own,
            "least_more": min(contender.seconds) - min(program.seconds),
            "outside_library": statistics.median(call - library for call, library in zip(contender.seconds, contender.library_seconds)),
        }  # fmt: skip

    def result(self):
        rows = []
        for contender in self.contenders:
            row = {"name": contender.name, "source": contender.source}
            if contender.engine:
                row["engine"] = contender.engine
            if contender.problem:
                rows.append(row | {"not_measured": contender.problem})
                continue
            row["gigabytes_per_second"] = self.nbytes / statistics.median(contender.seconds) / 1e9
            row |= {f"times_{engine}": self.times_distload(contender, engine) for engine in ("auto", "buffered")}
            if contender.extra_bytes is not None:
                row["extra_bytes"] = contender.extra_bytes
            if contender.library_seconds:
                row |= {"library_seconds": contender.library_seconds, "overhead": self.overhead(contender)}
            row |= {"seconds": contender.seconds, "shard_bytes": contender.bytes, "shards_checked": contender.shards}
            rows.append(row | {"differences": contender.differences})
        return {
            "state": self.state, "start": "settled" if self.settled else "fresh", "idle_seconds": self.idle, "ranks": self.ranks, "bytes": self.nbytes, "safetensors": str(self.safetensors),
            "safetensors_files": len(self.files("safetensors")), "hdf5": {name: str(path) for name, path in self.hdf5.items()},
            "contenders": rows,
        }  # fmt: skip


def print_table(result):
    rounds = max(len(row.get("seconds", [])) for row in result["contenders"])
    start = f"{result['start']}: every sample in new processes, idle for {result['idle_seconds']:g} s"
    print(f"{result['bytes'] / 1e9:.2f} GB onto {result['ranks']} ranks, {result['state']}, medians of {rounds} rounds, {start}")
    print(f"{'':32}{'files':13}{'GB/s':>7}{'ms':>9}{'least ms':>10}{'x auto':>9}{'x buffered':>12}{'MB more':>9}")
    for row in result["contenders"]:
        line = f"{row['name']:32}{row['source']:13}"
        if "not_measured" in row:
            print(f"{line}not measured: {row['not_measured']}")
            continue
        seconds = row["seconds"]
        line += f"{row['gigabytes_per_second']:7.2f}{1e3 * statistics.median(seconds):9.1f}{1e3 * min(seconds):10.1f}"
        line += "".join(f"{row[key]:{width}.2f}" if row[key] else " " * width for key, width in (("times_auto", 9), ("times_buffered", 12)))
        line += f"{row['extra_bytes'] / 1e6:9.0f}" if "extra_bytes" in row else " " * 9
        remarks = [f"engine {row['engine']}"] if " auto" in row["name"] else []
        print("  ".join([line, *remarks, *(f"WRONG: {difference}" for difference in row["differences"])]))
    checked = max(row.get("shards_checked", 0) for row in result["contenders"])
    if not any(row.get("differences") for row in result["contenders"]):
        print(f"All of them have the same {checked} shards.")
    print_overhead(result)
    print(flush=True)


def print_overhead(result):
    columns = {"call": "call", "program": "program", "more": "more", "allowed": "allowed", "least_more": "of least", "outside_library": "outside"}
    rows = [row for row in result["contenders"] if row.get("overhead")]
    if rows:
        print(f"{'ms, Python over the program':32}{'files':13}" + "".join(f"{title:>9}" for title in columns.values()))
    for row in rows:
        print(f"{row['name']:32}{row['source']:13}" + "".join(f"{1e3 * row['overhead'][key]:9.1f}" for key in columns))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=pathlib.Path, help="HDF5 files or directories of steps, and a directory of safetensors")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds; 7 for figures that are published")
    parser.add_argument("--idle", type=float, default=3, metavar="SECONDS", help="that processes and memory are idle before every sample")
    parser.add_argument("--settled", action="store_true", help="touch and free memory before every sample")
    parser.add_argument("--state", choices=("warm", "cold", "both"), default="both", help="of the page cache")
    parser.add_argument("--only", action="append", metavar="TEXT", help="only peers with this in their name, besides distload; may be repeated")
    parser.add_argument("--engine", action="append", default=[], dest="engines", help="of distload, besides auto and buffered; may be repeated")
    parser.add_argument("--package", type=pathlib.Path, metavar="FOLDER", help="where the Python package lies; installed without this")
    parser.add_argument("--bin", default=environment.ROOT / "build/host-release/bin", type=pathlib.Path, help="where distload lies")
    parser.add_argument("--json", type=pathlib.Path, help="write all samples to this file")
    parser.add_argument("--setup-only", action="store_true", help="make the Python environment, and nothing else")
    parser.add_argument("--mpirun", default="mpirun")
    arguments = parser.parse_args()
    if not arguments.setup_only:
        if len(arguments.checkpoints) < 2:
            parser.error("an HDF5 checkpoint and a directory of safetensors are needed")
        *arguments.hdf5, arguments.safetensors = arguments.checkpoints
        arguments.only = arguments.only or [""]
        arguments.engines = ["auto", "buffered", *(engine for engine in arguments.engines if engine not in ("auto", "buffered"))]
        if arguments.ranks < 1 or arguments.rounds < 1 or arguments.idle < 0:
            parser.error("ranks and rounds must be positive, idle seconds not negative")
        if refusal := model.why_not_cut(arguments.safetensors, arguments.ranks):
            parser.error(refusal)
    return arguments


def main():
    arguments = parse_arguments()
    python = environment.python()
    if arguments.setup_only:
        print(environment.PREFIX)
        return 0
    results = []
    for state in ("warm", "cold") if arguments.state == "both" else (arguments.state,):
        bench = Bench(arguments, state, python)
        bench.play()
        results.append(bench.result())
        print_table(results[-1])
        if arguments.json:
            arguments.json.write_text(json.dumps({"measurements": results}, indent=2) + "\n")
    return 1 if any(row.get("differences") for result in results for row in result["contenders"]) else 0


if __name__ == "__main__":
    sys.exit(main())
