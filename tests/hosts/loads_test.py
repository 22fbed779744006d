#!/usr/bin/env python3
"""Loads of three files on five topologies of two and three hosts with every engine: each shard has the bytes that it must have, and each host has
read from its storage what the report says, which is no byte twice."""
import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "acceptance"))

import check
import h5py
import numpy
from check_shards import check_tensors
from reference_shards import Reference

ENGINES = ["auto", "mmap", "direct", "buffered", "collective"]
FILES = ["safetensors", "own", "foreign/foreign.h5"]
# Ranks of a host, hosts, and tensor, pipeline and data parallel. The ranks of n2 are of two replicas in the last one.
TOPOLOGIES = [(2, 2, 4, 1, 1), (2, 2, 2, 2, 1), (2, 2, 2, 1, 2), (2, 3, 2, 3, 1), (2, 3, 3, 1, 2)]
SIZES = ("--layers", "3", "--hidden", "384", "--heads", "12", "--kv-heads", "12", "--head-dim", "32", "--intermediate", "1152", "--vocabulary", "6007",
         "--dtype", "f32")  # fmt: skip
# What a host reads besides shards: headers, samples, config.json, the ends of pages, and what the system reads ahead.
MORE = 3 << 20
LESS = 1 << 18  # blocks that a host has from its samples

given, hosts, checks = check.start(3)
program = given.test_bin / "hosts_load_reports"
model = given.work / "model"  # what hosts see, each its own copy
model.mkdir()


def make_foreign(source, folder):
    """The tensors as another program writes them: some in one piece, some in chunks, without checksums."""
    folder.mkdir()
    shutil.copy(source / "config.json", folder)
    with h5py.File(folder / "foreign.h5", "w") as file:
        for name, tensor in Reference(source, 1, 1, 1).tensors.items():
            numbers = tensor.elements.view("<f4")
            rows = numbers.shape[0] // 3
            file.create_dataset(name, data=numbers, chunks=(rows, *numbers.shape[1:]) if name.endswith("down_proj.weight") else None)


def make_files():
    first = given.work / "n1"
    check.synth(given, first / "safetensors", *SIZES, "--format", "safetensors", "--shard-size", "15MB")
    check.synth(given, first / "own", *SIZES, "--format", "hdf5", "--tensor-parallel", "4", "--step", "1")
    make_foreign(first / "safetensors", first / "foreign")
    for name in hosts.names[1:]:
        shutil.copytree(first, given.work / name)
    os.sync()
    for name in hosts.names:
        hosts.show(name, given.work / name, model)


def counts_reads():
    """True if the system counts what a process reads from storage."""
    path = next((given.work / "n1/own").iterdir())
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    read = [0, 0]
    for time in (0, 1):
        text = pathlib.Path("/proc/self/io").read_text() if os.path.exists("/proc/self/io") else "read_bytes: 0"
        read[time] = int(text.split("read_bytes:")[1].split()[0])
        os.pread(file, 4 << 20, 0)
    os.close(file)
    return read[1] - read[0] >= 4 << 20


def counted_by_hosts(counts, kind, until):
    """What the system has counted of each host's ranks since before the load."""
    sums = {}
    for rank in counts:
        sums[rank["host"]] = sums.get(rank["host"], 0) + rank[until][kind] - rank["before"][kind]
    return sums


def differing_reads(report, counts):
    """Where the system has counted other reads than those of the report.

    From the device come at least the bytes of the report; with the page cache also what the system reads ahead, but no byte of a file twice to a
    host. Calls (`rchar`) have no such bytes, but those of messages; direct reads are none of them.
    """
    found = []
    device, calls = counted_by_hosts(counts, "read_bytes", "loaded"), counted_by_hosts(counts, "rchar", "loaded")
    device_at_end = counted_by_hosts(counts, "read_bytes", "used")
    for node in report["nodes"]:
        host = node["host"]
        now = node["storage_read"] - node["deferred"]
        received = sum(rank["bytes"]["received"] for rank in report["ranks"] if rank["host"] == host)
        is_direct = report["engine"] == "direct"
        bounds = {
            "from the device": (device[host], now - LESS, now + MORE if is_direct else report["bytes"]["checkpoint"] + MORE),
            "by calls": (calls[host], now - LESS if report["engine"] in ("buffered", "collective") else 0, now + received + MORE),
            "from the device, at the end": (device_at_end[host], node["storage_read"] - LESS, report["bytes"]["checkpoint"] + MORE),
        }
        found += [f"{host} has read {value} bytes {what}, not {least} to {most}: {node}, {received} received"
                  for what, (value, least, most) in bounds.items() if not least <= value <= most]  # fmt: skip
    return found


def check_load(name, out, reference, with_counts, is_once):
    report = json.loads(pathlib.Path(f"{out}.json").read_text())
    found, compared = check_tensors(report, reference)
    if compared == 0 or sum(node["storage_read"] for node in report["nodes"]) != report["bytes"]["storage_read"]:
        found.append(f"{compared} shards compared; {report['nodes']} in {report['bytes']}")
    if is_once and report["read_amplification"] != 1:
        found.append(f"read amplification is {report['read_amplification']}")
    if with_counts:
        found += differing_reads(report, json.loads(pathlib.Path(f"{out}.io.json").read_text()))
    checks.cases += 1
    checks.report(name, found, f"{report['engine']}, {compared} shards", "")


def load_all(topology, with_counts):
    ranks, count, tensor, pipeline, data = topology
    name = f"{count} x {ranks}, tensor {tensor}, pipeline {pipeline}, data {data}"
    out = given.work / "reports"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    ended = hosts.run(program, out, tensor, pipeline, data, *(model / file for file in FILES), ranks=ranks, hosts=hosts.names[:count], limit=120)
    checks.ended(name, ended, 0)
    if ended.code != 0:
        return
    reference = Reference(given.work / "n1/safetensors", tensor, pipeline, data)
    for file in FILES:
        for engine in ENGINES:
            # With mapped files nodes send nothing; elements of `own` are not aligned, so that it is not mapped.
            is_once = engine != "auto" and (engine != "mmap" or file == "own")
            check_load(f"{name}, {file}, {engine}", out / f"{pathlib.Path(file).stem}-{engine}", reference, with_counts, is_once)


def load_by_program(engine, *words):
    """The program itself, on two hosts."""
    report = given.work / "report.json"
    report.unlink(missing_ok=True)
    ended = hosts.run(given.bin / "distload", "--set", f"load.engine={engine}", "--set", "topology.tensor_parallel=2", "--report", report,
                      "--set", "report.tensors=true", "--progress", "none", model / "safetensors", hosts=hosts.names[:2])  # fmt: skip
    checks.ended(f"distload, {engine}", ended, 0, "loaded .* parameters", *words)
    found, compared = check_tensors(json.loads(report.read_text()), Reference(given.work / "n1/safetensors", 2, 1, 2))
    checks.that(f"distload, {engine}: {compared} shards", compared > 0 and not found, "\n".join(found))


make_files()
with_counts = counts_reads()
if not with_counts:
    print("the system does not count reads of this folder's storage, so that they are not compared")
for topology in TOPOLOGIES:
    load_all(topology, with_counts)
for engine in ENGINES:
    load_by_program(engine, *(["read amplification 2.00, since each of 2 nodes maps the files and reads once"] if engine == "mmap" else []))
checks.exit()
