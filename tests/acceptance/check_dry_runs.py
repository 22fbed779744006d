#!/usr/bin/env python3
"""Dry runs: totals first, stages, rows on request and a report; of models that do not fit, which says what does, and it does; of headers alone, holes, and a
config.json; and whose costs they take: --machine, the configuration, what `distload-bench calibrate` has written, or built-in ones.

Usage: check_dry_runs.py --bin DIRECTORY --mpirun PROGRAM --work DIRECTORY
"""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess

GIB = 1 << 30


def expect(holds, otherwise):
    assert holds, otherwise


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--mpirun", "--work"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    home = work / "config"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(home)}
    report = work / "report.json"

    def run(*command, code=0, ranks=1):
        """The output of a command that ends with that code, on stdout and stderr."""
        launcher = [arguments.mpirun, "-np", str(ranks)] if ranks > 1 else []
        program = str(pathlib.Path(arguments.bin) / command[0])
        done = subprocess.run([*launcher, program, *map(str, command[1:])], capture_output=True, text=True, timeout=60, env=environment)
        expect(done.returncode == code, f"{command} ends with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def dry_run(*options, code=0, ranks=1):
        """What a dry run prints, and its report."""
        report.unlink(missing_ok=True)
        text, errors = run("distload", "--dry-run", "--report", report, *options, code=code, ranks=ranks)
        return text, errors, json.loads(report.read_text())

    model = work / "model"
    run("distload-synth", "--size", "20MB", "--dtype", "f32", model)
    text, _, real = dry_run("--pp", 2, "--out", work / "saved", model, ranks=2)
    lines = text.splitlines()
    expect(lines[0].startswith("model ") and lines[1].startswith("ranks ") and lines[2].startswith("memory "), text)
    expect("embed_tokens" not in text and "\nrank " not in text, f"rows that nobody has asked for:\n{text}")
    expect("costs" in text and "built-in" in text, text)
    layers = [stage["layers"] for stage in real["stages"]]
    expect(len(layers) == 2 and layers[0] + layers[1] == list(range(len(layers[0]) + len(layers[1]))), layers)
    expect(f"0-{layers[0][-1]}" in text if len(layers[0]) > 1 else True, text)
    expect(real["fits"] and real["topology"]["pipeline_parallel"] == 2 and len(real["ranks"]) == 2, real)
    expect(real["memory"]["needed"] >= max(rank["bytes"]["resident"] for rank in real["ranks"]) - real["memory"]["in_page_cache"], real["memory"])
    stored = sum(path.stat().st_size for path in model.glob("*.safetensors"))
    expect(0.9 * stored < real["bytes"]["checkpoint"] <= stored, (stored, real["bytes"]))
    save = real["save"]
    expect(real["bytes"]["checkpoint"] <= save["bytes"] < save["available"] and save["predicted_seconds"] > 0, save)
    expect(not (work / "saved").exists(), "a dry run has made the folder of the save")
    parts = real["costs"]["start"] + real["predicted_seconds"] + save["predicted_seconds"]
    expect(abs(real["predicted_job_seconds"] - parts) < 1e-9, real)
    text, _, listed = dry_run("--rows", "--pp", 2, model, ranks=2)
    expect("embed_tokens" in text and "\nrank " in text and ".yaml:" in text, text)
    expect(len(listed["tensors"]) == real["stages"][0]["tensors"] + real["stages"][1]["tensors"], len(listed["tensors"]))

    # What does not fit, on hosts that are only described. What the dry run says would fit is tried.
    machine = work / "small.yaml"

    def describe_machine(nbytes, ranks):
        nodes = ranks // 8 if ranks % 8 == 0 else 1  # of 8 ranks, as far as possible
        memory = f"device_memory: {nbytes} B, device_reserve: 0 B"
        machine.write_text(f"machine: {{device: host, nodes: {nodes}, devices_per_node: {ranks // nodes}, {memory}}}\n")

    describe_machine(GIB, 8)
    _, _, one = dry_run("--machine", machine, "--tp", 1, model)
    needed = one["memory"]["needed"]
    describe_machine(needed * 2 // 3, 8)
    text, errors, short = dry_run("--machine", machine, "--tp", 1, model, code=8)
    expect("does not fit" in text and "would fit" in text and "predicted load" in text and "short" in errors, text + errors)
    fits = short["would_fit"]
    expect(not short["fits"] and {"same_ranks", "fewest_ranks", "tensor_parallel"} <= set(fits), fits)
    for name, fit in fits.items():
        topology = fit["topology"]
        describe_machine(needed * 2 // 3, topology["ranks"])
        sizes = ["--tp", topology["tensor_parallel"], "--pp", topology["pipeline_parallel"], "--dp", topology["data_parallel"]]
        _, _, tried = dry_run("--machine", machine, *sizes, model)
        expect(tried["fits"] and tried["memory"]["needed"] == fit["needed"], (name, fit, tried["memory"]))
    expect(fits["same_ranks"]["topology"]["ranks"] == 8 and fits["fewest_ranks"]["topology"]["ranks"] > 1, fits)
    _, errors, limited = dry_run("--set", "load.memory_limit=1 MiB", "--engine", "buffered", model, code=8, ranks=2)
    expect("load.memory_limit" in errors and limited["memory"]["limit"] == 1 << 20, errors)

    # Headers alone, holes, and a config.json.
    describe_machine(GIB, 4)
    same = ["--machine", machine, "--tp", 2, "--pp", 2]
    _, _, whole = dry_run(*same, model)
    cut = work / "cut"
    shutil.copytree(model, cut)
    for path in cut.glob("*.safetensors"):
        with path.open("r+b") as file:
            file.truncate(8 + struct.unpack("<Q", file.read(8))[0] + 1000)
    _, errors, of_headers = dry_run(*same, cut)
    expect("cut short" in errors and any("cut short" in warning for warning in of_headers["warnings"]), errors)
    run("distload", cut, code=5)
    sparse = work / "sparse"
    run("distload-synth", "--config", model, "--sparse", sparse)
    _, errors, of_holes = dry_run(*same, sparse)
    expect("holes" in errors, errors)
    alone = work / "alone"
    alone.mkdir()
    shutil.copy(model / "config.json", alone)
    _, errors, of_config = dry_run(*same, alone)
    expect("no weights" in errors, errors)
    _, _, of_file = dry_run(*same, alone / "config.json")
    for each in (of_headers, of_holes, of_config, of_file):
        for key in ("bytes", "memory", "stages", "ranks", "topology"):
            expect(each[key] == whole[key], f"{each['checkpoint']}: {key} is {each[key]}, not {whole[key]}")
    dry_run(alone, ranks=2)
    _, errors = run("distload", alone, code=4)

    # Whose costs.
    run("distload-bench", "calibrate", work, "--bytes", "4MiB", "--rounds", 1, "--idle", 0, ranks=2)
    written = home / "distload/machine.yaml"
    expect(not list(work.glob(".distload-calibrate*")), "the scratch file is left")
    text, _, measured = dry_run(model, ranks=2)
    expect(f"{written}, measured 2" in text and "2 ranks in" in text, text)
    rates = {name: rate for name, rate in measured["costs"].items() if name != "from"}
    expect(all(rate > 0 for rate in rates.values()), rates)
    written.write_text("machine: {device: host, device_memory: 1 GB, device_reserve: 0 B}\ncost: {storage_bandwidth: 1 MB/s}\n")
    slow = ["--engine", "direct", model]
    text, _, from_file = dry_run(*slow)
    expect(from_file["predicted_seconds"] > 10 and str(written) in text, text)
    text, _, from_key = dry_run("--set", "cost.storage_bandwidth=1 GB/s", *slow)
    expect(from_key["predicted_seconds"] < 10 and "of the configuration" in text, text)
    text, _, from_machine = dry_run("--machine", machine, *slow)
    expect(from_machine["predicted_seconds"] < 10 and str(written) not in text, text)
    written.write_text("cost: {storage_bandwith: 1 MB/s}\n")
    _, errors = run("distload", "--dry-run", model, code=3)
    expect(f"{written}:1:" in errors and "storage_bandwidth" in errors, errors)


main()
