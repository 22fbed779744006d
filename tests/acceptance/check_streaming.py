#!/usr/bin/env python3
"""Converts a checkpoint that is several times as large as the memory that all processes together may have: from safetensors to HDF5 and back,
by save.stream, in a control group with a limit. Then every block of the HDF5 file has to agree with its checksum, and the safetensors have to
be what they were.

Usage: check_streaming.py --bin DIRECTORY [--work DIRECTORY] [--size 4GB] [--limit MIB] [--ranks N]
Exits with 1 if something is wrong, with 77 if this user can make no control group.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import check_safetensors

MIB = 1 << 20
SKIPPED = 77
SHARD_BYTES = 2 << 30


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where distload lies")
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--work", default=pathlib.Path("build/streaming"), type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--size", default="4GB", help="of the model")
    parser.add_argument("--limit", default=512, type=int, help="MiB of memory for all processes")
    parser.add_argument("--ranks", default=4, type=int)
    return parser.parse_args()


class ControlGroup:
    """Memory of a group of processes, by control groups of version 1 or 2."""

    # Where groups are, and what their limit and the most that they have used are called.
    VERSIONS = (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
        ("/sys/fs/cgroup", "memory.max", "memory.peak"),
    )

    def __init__(self, limit_bytes):
        for root, limit, most in self.VERSIONS:
            self.path = pathlib.Path(root) / f"distload-streaming-{os.getpid()}"
            self.most = self.path / most
            with contextlib.suppress(OSError):
                self.path.mkdir()
                (self.path / limit).write_text(str(limit_bytes))
                return
            with contextlib.suppress(OSError):
                self.path.rmdir()
        raise PermissionError("no control group can be made")

    def enter(self):
        """In a child, before it runs a program."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def most_bytes(self):
        return int(self.most.read_text()) if self.most.exists() else None

    def remove(self):
        self.path.rmdir()


def convert(arguments, group, source, save):
    """How a conversion within the group failed, and its seconds."""
    config = arguments.work / "config.yaml"
    config.write_text(json.dumps({"checkpoint": {"path": str(source)}, "save": save | {"stream": True}, "report": {"progress": "none"}}))
    begin = time.monotonic()
    command = [arguments.mpirun, "-np", str(arguments.ranks), arguments.bin / "distload", config]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=group.enter)
    seconds = time.monotonic() - begin
    return ([f"exit code {done.returncode}", *done.stdout.splitlines()] if done.returncode else []), seconds


def main():
    arguments = parse_arguments()
    arguments.work = arguments.work.resolve()
    arguments.bin = arguments.bin.resolve()
    try:
        group = ControlGroup(arguments.limit * MIB)
    except PermissionError as refusal:
        print(refusal)
        return SKIPPED
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    model = arguments.work / "model"
    try:
        subprocess.run([arguments.bin / "distload-synth", "--family", "llama", "--size", arguments.size, model], check=True)
        differences, seconds = convert(arguments, group, model, {"directory": str(arguments.work / "hdf5"), "tensor_parallel": 8})
        print(f"safetensors to HDF5 for 8 ranks: {seconds:.1f} s")
        if not differences:
            verified = subprocess.run([arguments.bin / "distload-verify", arguments.work / "hdf5"], stdout=subprocess.PIPE, text=True)
            differences += verified.stdout.splitlines() if verified.returncode else []
            back = {"directory": str(arguments.work / "back"), "format": "safetensors", "shard_size": SHARD_BYTES}
            failure, seconds = convert(arguments, group, arguments.work / "hdf5", back)
            print(f"HDF5 to safetensors: {seconds:.1f} s")
            differences += failure or check_safetensors.check(model, arguments.work / "back" / "model-step-0", SHARD_BYTES)[0]
        most = group.most_bytes()
        print(f"memory: at most {most / MIB:.0f} MiB of {arguments.limit}, page cache included" if most else "memory: the kernel does not tell")
    finally:
        shutil.rmtree(arguments.work, ignore_errors=True)
        group.remove()
    for difference in differences:
        print(difference)
    print("1 failed" if differences else "1 passed")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
