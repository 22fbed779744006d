#!/usr/bin/env python3
"""Checks a report of distload against the safetensors files that the model came from: every shard's shape, dtype and XXH3-64, that
none is missing or too many, that every byte was read once, and that the report says all it has to.

Usage: check_shards.py MODEL_DIRECTORY REPORT.json [--tensor-parallel N] [--pipeline-parallel N] [--data-parallel N] [--expert-parallel N]
           [--dtype D]
The topology is the report's if it is not given. Exits with 1 and a list of differences if something is wrong.
"""
import argparse
import json
import sys

import xxhash

from reference_shards import Reference, shape_in_numbers

SCHEMA = "distload-report-1"
NUMBERS = {
    "phases": ["open", "partition", "plan", "allocate", "read", "exchange", "place"],
    "bytes": ["checkpoint", "storage_read", "exchanged", "resident"],
    "memory": ["resident", "staging_peak", "overhead_peak", "fresh_touched"],
}
DIFFERENCES_SHOWN = 50


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="Hugging Face directory")
    parser.add_argument("report", help="written with report.tensors: true")
    parser.add_argument("--tensor-parallel", type=int)
    parser.add_argument("--pipeline-parallel", type=int)
    parser.add_argument("--data-parallel", type=int)
    parser.add_argument("--expert-parallel", type=int)
    parser.add_argument("--dtype", default="keep", help="load.dtype")
    return parser.parse_args()


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def check_numbers(group, part, where):
    """Differences where report[group] or a rank's lacks a number."""
    return [
        f"{where}{group}.{key} is {part.get(group, {}).get(key)!r}"
        for key in NUMBERS[group]
        if not is_number(part.get(group, {}).get(key))
    ]


def check_summary(report, reference, topology):
    """Differences outside of the list of tensors."""
    found = []
    if report.get("schema") != SCHEMA:
        found.append(f"schema is {report.get('schema')!r}")
    for key, wanted in topology.items():
        if key != "uneven" and report.get("topology", {}).get(key) != wanted:
            found.append(f"topology.{key} is {report.get('topology', {}).get(key)!r}, not {wanted}")
    for group in NUMBERS:
        found += check_numbers(group, report, "")
    if not (is_number(report.get("seconds")) and report["seconds"] > 0):
        found.append(f"seconds is {report.get('seconds')!r}")
    if not isinstance(report.get("engine"), str):
        found.append(f"engine is {report.get('engine')!r}")
    if report.get("read_amplification") != 1.0:
        found.append(f"read_amplification is {report.get('read_amplification')!r}")

    ranks = topology["tensor_parallel"] * topology["pipeline_parallel"] * topology["data_parallel"]
    if [entry.get("rank") for entry in report.get("ranks", [])] != list(range(ranks)):
        found.append(f"ranks does not list 0 to {ranks - 1}")

    stored = sum(tensor.elements.nbytes for tensor in reference.tensors.values())
    loaded = sum(reference.tensors[name].elements.nbytes for name in reference.loaded())
    # What was loaded and saved again has a tensor that two stand for only once.
    for key, wanted in {"checkpoint": (stored, loaded), "storage_read": (loaded,)}.items():
        if report.get("bytes", {}).get(key) not in wanted:
            found.append(f"bytes.{key} is {report.get('bytes', {}).get(key)!r}, not {wanted[0]}")
    return found


def check_tensors(report, reference):
    """Differences between the shards of the report and those of the reference; also how many were compared."""
    found, reported = [], {}
    for entry in report.get("tensors", []):
        key = (entry["name"], entry["rank"])
        if key in reported:
            found.append(f"{key[0]} is listed twice for rank {key[1]}")
        reported[key] = entry
    compared = 0
    resident = {}
    for name, ranks, dtype, elements in reference.parameters():
        wanted = {"dtype": dtype, "shape": shape_in_numbers(dtype, elements.shape), "xxh3_64": xxhash.xxh3_64_hexdigest(elements.data, seed=0)}
        for rank in ranks:
            resident[rank] = resident.get(rank, 0) + elements.nbytes
            entry = reported.pop((name, rank), None)
            compared += 1
            if entry is None:
                found.append(f"{name} is missing on rank {rank}")
                continue
            found += [
                f"{name} on rank {rank}: {key} is {entry.get(key)!r}, not {value!r}"
                for key, value in wanted.items()
                if entry.get(key) != value
            ]
    found += [f"{name} is on rank {rank}, where it does not belong" for name, rank in sorted(reported)]
    for entry in report.get("ranks", []):
        held = resident.get(entry["rank"], 0)
        if entry["memory"]["resident"] < held:
            found.append(f"rank {entry['rank']} says that {entry['memory']['resident']} bytes are resident, but holds {held}")
    return found, compared


def check(model, report, topology, dtype="keep", transpose=False, fuse=(), split=()):
    """(differences, number of shards compared) of a report as a dict and a model's directory. The others are what the
    configuration says in its sections `load` and `model`."""
    reference = Reference(model, **topology, dtype=dtype, transpose=transpose, fuse=fuse, split=split)
    in_tensors, compared = check_tensors(report, reference)
    return check_summary(report, reference, topology) + in_tensors, compared


def main():
    arguments = parse_arguments()
    with open(arguments.report, encoding="utf-8") as file:
        report = json.load(file)
    topology = {
        key: getattr(arguments, key) or report["topology"][key]
        for key in ("tensor_parallel", "pipeline_parallel", "data_parallel", "expert_parallel")
    }
    found, compared = check(arguments.model, report, topology, arguments.dtype)
    for difference in found[:DIFFERENCES_SHOWN]:
        print(difference)
    if len(found) > DIFFERENCES_SHOWN:
        print(f"and {len(found) - DIFFERENCES_SHOWN} more")
    print(f"{compared} shards compared, {len(found)} differences")
    return 1 if found or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
