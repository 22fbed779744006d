#!/usr/bin/env python3
"""Compares how fast a model computes on one and on two ranks, and beside OpenBLAS, in turns.

Usage, after `source tools/environment.sh`: bench_infer.py CHECKPOINT. Each round starts `distload-bench infer` on one rank and on several ranks, with one
thread each, and after each of them OpenBLAS's sgemm (libopenblas.so.0, by ctypes) with the shapes of the model's matrices on as many threads, in a process
of its own. The figures are medians over rounds:

steps, prefill      speed on all ranks as a multiple of that on one rank
of memory           weights read per second in one-token steps, as a part of what the same ranks read from memory
of OpenBLAS         FLOP/s of the prefill, and of its matrix products alone, as a part of sgemm's for the same products
"""
import argparse
import ctypes
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
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112  # of cblas.h


def sgemm_seconds(library, tokens, outputs, inputs, repeats):
    """Median seconds of tokens [tokens, inputs] times the transposed weight [outputs, inputs], both float32."""
    x, weight, y = ((ctypes.c_float * size)() for size in (tokens * inputs, outputs * inputs, tokens * outputs))
    for numbers in (x, weight):
        ctypes.memset(numbers, 0x3C, ctypes.sizeof(numbers))  # 0.0115, written once
    taken = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        library.cblas_sgemm(
            ROW_MAJOR, PLAIN, TRANSPOSED, tokens, outputs, inputs, ctypes.c_float(1), x, inputs, weight, inputs, ctypes.c_float(0), y, outputs
        )  # fmt: skip
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def run_openblas(message):
    """The process that is started for OpenBLAS: prints FLOP/s of all products together."""
    job = json.loads(message)
    library = ctypes.CDLL("libopenblas.so.0")
    seconds = parameters = 0
    for product in job["products"]:
        seconds += product["count"] * sgemm_seconds(library, job["tokens"], product["outputs"], product["inputs"], job["repeats"])
        parameters += product["count"] * product["outputs"] * product["inputs"]
    print(2 * parameters * job["tokens"] / seconds)


class Bench:
    def __init__(self, arguments, work):
        self.arguments = arguments
        self.result = work / "infer.json"

    def run(self, ranks):
        """The figures of one start, with `openblas`: FLOP/s of sgemm."""
        arguments = self.arguments
        options = ["--tokens", str(arguments.tokens), "--steps", str(arguments.steps), "--rounds", str(arguments.samples), "--json", str(self.result)]
        program = [arguments.bin.resolve() / "distload-bench", "infer", arguments.checkpoint.resolve()]
        started = subprocess.run(
            [arguments.mpirun, "--oversubscribe", "-np", str(ranks), *program, *options], capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
        )  # fmt: skip
        if started.returncode:
            sys.exit(f"bench_infer: distload-bench on {ranks} ranks ended with {started.returncode}:\n{started.stdout}{started.stderr}")
        figures = json.loads(self.result.read_text())
        job = {"tokens": arguments.tokens, "repeats": arguments.samples, "products": figures["products"]}
        openblas = subprocess.run(
            [sys.executable, __file__, "--openblas", json.dumps(job)], capture_output=True, text=True, env=os.environ | {"OPENBLAS_NUM_THREADS": str(ranks)}
        )  # fmt: skip
        if openblas.returncode:
            sys.exit(f"bench_infer: OpenBLAS failed:\n{openblas.stderr}")
        return figures | {"openblas": float(openblas.stdout)}

    def play(self):
        """{ranks: [figures of each round]}"""
        found = {}
        for _ in range(self.arguments.rounds):
            for ranks in sorted({1, self.arguments.ranks}):
                found.setdefault(ranks, []).append(self.run(ranks))
        return found


def speeds(figures):
    """What is compared, of one start."""
    prefill = figures["prefill"]
    return {
        "tokens/s": figures["step"]["tokens_per_second"],
        "memory": figures["step"]["memory_bytes_per_second"],
        "of memory": figures["step"]["of_memory"],
        "prefill": prefill["flops_per_second"],
        "products": prefill["products_flops_per_second"],
        "openblas": figures["openblas"],
        "prefill of OpenBLAS": prefill["flops_per_second"] / figures["openblas"],
        "products of OpenBLAS": prefill["products_flops_per_second"] / figures["openblas"],
    }


def summary(found):
    """{ranks: {what: median}}, and the medians of all ranks' speeds as multiples of one rank's within a round."""
    rounds = {ranks: [speeds(figures) for figures in all_figures] for ranks, all_figures in found.items()}
    medians = {ranks: {what: statistics.median(each[what] for each in taken) for what in taken[0]} for ranks, taken in rounds.items()}
    most = max(rounds)
    scaled = ("tokens/s", "memory", "prefill", "openblas")
    scaling = {what: statistics.median(many[what] / one[what] for one, many in zip(rounds[1], rounds[most])) for what in scaled}
    return medians, scaling


def print_tables(medians, scaling):
    for ranks, each in sorted(medians.items()):
        print(
            f"{ranks} ranks: {each['tokens/s']:.1f} tokens/s, {100 * each['of memory']:.0f} % of memory ({each['memory'] / 1e9:.1f} GB/s); prefill {each['prefill'] / 1e9:.0f} GFLOP/s, "
            f"{100 * each['prefill of OpenBLAS']:.0f} % of OpenBLAS ({each['openblas'] / 1e9:.0f} GFLOP/s), its products alone "
            f"{each['products'] / 1e9:.0f} GFLOP/s, {100 * each['products of OpenBLAS']:.0f} %"
        )  # fmt: skip
    print(f"{max(medians)} ranks against 1: " + ", ".join(f"{what} {times:.2f} x" for what, times in scaling.items()))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path, help="of a decoder without experts")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="starts of each program")
    parser.add_argument("--samples", type=int, default=2, help="of each figure in a start")
    parser.add_argument("--tokens", type=int, default=512, help="of the prefill")
    parser.add_argument("--steps", type=int, default=32, help="one-token steps of a sample")
    parser.add_argument("--bin", default=BUILD / "bin", type=pathlib.Path, help="where distload-bench lies")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures to this file")
    parser.add_argument("--mpirun", default="mpirun")
    arguments = parser.parse_args()
    if min(arguments.ranks, arguments.rounds, arguments.samples, arguments.tokens, arguments.steps) < 1:
        parser.error("numbers must be positive")
    return arguments


def main():
    if sys.argv[1:2] == ["--openblas"]:
        return run_openblas(sys.argv[2])
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as work:
        found = Bench(arguments, pathlib.Path(work)).play()
    medians, scaling = summary(found)
    print_tables(medians, scaling)
    if arguments.json:
        arguments.json.write_text(json.dumps({"medians": medians, "scaling": scaling, "rounds": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
