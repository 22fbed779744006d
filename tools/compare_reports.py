#!/usr/bin/env python3
"""Prints the JSON reports of several loads in columns, and whether all loaded the same bytes on the same ranks.

Usage: compare_reports.py REPORT.json...  Exits with 1 if the shard hashes differ.
"""
import json
import sys


def shards(report):
    """{(rank, tensor name): hash} of a report written with report.tensors, else an empty dict."""
    return {(entry["rank"], entry["name"]): entry["xxh3_64"] for entry in report.get("tensors", [])}


def rows(report):
    """The main figures as (label, text)."""
    read = report["bytes"]["storage_read"]
    seconds = report["seconds"]
    return [
        ("engine", report["engine"]),
        ("ranks", str(len(report["ranks"]))),
        ("seconds", f"{seconds:.3f}"),
        ("read from storage", f"{read / 2**20:.1f} MiB"),
        ("read rate", f"{read / seconds / 1e9:.2f} GB/s"),
        ("read amplification", f"{report['read_amplification']:.2f}"),
        ("sent between ranks", f"{report['bytes']['exchanged'] / 2**20:.1f} MiB"),
        ("resident", f"{report['bytes']['resident'] / 2**20:.1f} MiB"),
    ]


def main(paths):
    reports = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))

    names = [path.rsplit("/", 1)[-1].removesuffix(".json") for path in paths]
    width = max(18, *(len(name) + 2 for name in names))
    print(" " * 20 + "".join(f"{name:>{width}}" for name in names))
    for cells in zip(*(rows(report) for report in reports)):
        print(f"{cells[0][0]:20}" + "".join(f"{text:>{width}}" for _, text in cells))

    hashes = [shards(report) for report in reports]
    if not all(hashes):
        return 0
    if any(other != hashes[0] for other in hashes[1:]):
        print("The shards DIFFER between the loads.")
        return 1
    print(f"All {len(hashes[0])} shards have the same XXH3-64 in every load.")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
