#!/usr/bin/env python3
"""Saves a model several times with save.base on a file system that can share blocks: XFS in a file, mounted for this. What has not changed must
be taken over from the base, take no storage, and read back as what it is.

Usage: check_shared_blocks.py MODEL --bin DIRECTORY [--work DIRECTORY]
Exits with 1 if something is wrong, with 77 where XFS cannot be made or mounted.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

MIB = 1 << 20
SKIPPED = 77
IMAGE_BYTES = 512 * MIB
EDGES = 0.02  # share of the bytes that may lie in blocks of the file system that are not whole


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="Hugging Face directory")
    parser.add_argument("--make", help="program that makes MODEL, which it gets as its argument")
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where distload lies")
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--work", default=pathlib.Path("build/shared-blocks"), type=pathlib.Path, help="directory that is emptied")
    return parser.parse_args()


def mount_xfs(work):
    """An empty file system that can share blocks, or None."""
    image = work / "xfs.img"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    target = work / "xfs"
    target.mkdir()
    for command in (["mkfs.xfs", "-q", "-m", "reflink=1", image], ["mount", "-o", "loop", image, target]):
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except FileNotFoundError as missing:
            print(missing)
            return None
        if done.returncode:
            print(" ".join(map(str, command)), "failed:", done.stdout)
            return None
    return target


def used_bytes(path):
    os.sync()
    status = os.statvfs(path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


class Saves:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.steps = 0

    def save(self, **settings):
        """The `save` section of the report of a save that reads everything back."""
        report = self.arguments.work / "report.json"
        self.steps += 1
        config = {
            "checkpoint": {"path": str(self.arguments.model)},
            "save": {"directory": str(self.directory), "base": str(self.directory), "step": self.steps, "verify": "full", "keep": 2, **settings},
            "report": {"json": str(report), "progress": "none"},
        }
        path = self.arguments.work / "config.yaml"
        path.write_text(json.dumps(config))
        subprocess.run([self.arguments.mpirun, "-np", "2", self.arguments.bin / "distload", path], check=True)
        return json.loads(report.read_text())["save"]["bytes"]


def check(arguments, xfs):
    """What is wrong."""
    found = []
    saves = Saves(arguments, xfs / "out")
    first = saves.save()
    if first["unchanged"] or first["written"] != first["checkpoint"]:
        found.append(f"the first save, which has no base: {first}")
    before = used_bytes(xfs)
    for settings in ({}, {"engine": "collective"}, {"async": True}):
        again = saves.save(**settings)
        print(f"saved again {settings}: {again}")
        if again["unchanged"] != again["checkpoint"]:
            found.append(f"saved again {settings}: not all is unchanged: {again}")
        if again["written"] + again["taken_over"] != again["checkpoint"] or again["written"] > EDGES * again["checkpoint"]:
            found.append(f"saved again {settings}: more than edges was written: {again}")
    growth = used_bytes(xfs) - before
    if growth > EDGES * first["checkpoint"] + MIB:
        found.append(f"{growth} bytes of storage are in use more")
    other = saves.save(tensor_parallel=1)
    if other["unchanged"] >= other["checkpoint"]:
        found.append(f"another layout cannot have all blocks in common: {other}")
    return found


def main():
    arguments = parse_arguments()
    arguments.work = arguments.work.resolve()
    arguments.bin = arguments.bin.resolve()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    if arguments.make:
        subprocess.run([arguments.make, "--force", "--family", "llama", "--size", "60MB", arguments.model], check=True, stdout=subprocess.DEVNULL)
    arguments.model = arguments.model.resolve()
    xfs = mount_xfs(arguments.work)
    if xfs is None:
        return SKIPPED
    try:
        found = check(arguments, xfs)
    finally:
        subprocess.run(["umount", xfs], check=True)
        shutil.rmtree(arguments.work)
    for difference in found:
        print(difference)
    print(f"{len(found)} failed" if found else "1 passed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
