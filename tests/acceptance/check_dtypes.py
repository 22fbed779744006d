#!/usr/bin/env python3
"""Every element type from outside, also those that are only carried as bytes: loads a tensor of each, cut by rows, by columns and not at all,
holds every shard against numpy's slice, saves them as HDF5, loads that on other ranks, and saves it as safetensors again, which must be the
same byte by byte. A tensor of an unknown type must be an error of that tensor alone.

Usage: check_dtypes.py --bin DIRECTORY --mpirun COMMAND --work DIRECTORY  (which is emptied)
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time
import types

import numpy

import check_hdf5
import check_safetensors
from reference_shards import ELEMENT_TYPES, NUMBERS
from run_acceptance import Acceptance
from topologies import Topology

ROWS, COLUMNS = 8, 16  # by columns, four ranks get a unit of F6 each
CONFIG_EXIT_CODE = 3
RULES = pathlib.Path(__file__).resolve().with_name("dtypes_rules.yaml")


def elements(generator, dtype, nbytes):
    """Random bytes: of types that can be cast those of ordinary numbers, without different forms of NaN."""
    if dtype in ("F64", "F32", "F16"):
        return generator.standard_normal(nbytes // int(dtype[1:]) * 8).astype(f"<f{int(dtype[1:]) // 8}").tobytes()
    if dtype == "BF16":
        return (generator.standard_normal(nbytes // 2).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return generator.integers(0, 2 if dtype == "BOOL" else 256, nbytes, dtype="u1").tobytes()


def write(directory, others=()):
    """Writes the model; `others` are names of further tensors, of a type that does not exist."""
    generator = numpy.random.default_rng(0)
    header, data, begin = {}, [], 0
    for dtype, element in ELEMENT_TYPES.items():
        for cut in ("column", "row", "whole"):
            shape = [ROWS, COLUMNS]
            nbytes = ROWS * COLUMNS // NUMBERS.get(dtype, 1) * numpy.dtype(element).itemsize
            data.append(elements(generator, dtype, nbytes))
            header[f"{cut}.{dtype}"] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + nbytes]}
            begin += nbytes
    for name in others:
        header[name] = {"dtype": "F5", "shape": [8], "data_offsets": [begin, begin + 5]}
        data.append(bytes(5))
        begin += 5
    directory.mkdir(parents=True)
    text = json.dumps(header).encode()
    (directory / "config.json").write_text(json.dumps({"model_type": "dtypes", "num_hidden_layers": 1}))
    (directory / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


class Dtypes:
    def __init__(self, arguments):
        self.inspect = arguments.bin / "distload-inspect"
        write(arguments.work / "model")
        settings = {"model": arguments.work / "model", "rules": RULES, "export": None, "brief": True, "sample": False, "large": False}
        self.acceptance = Acceptance(types.SimpleNamespace(bin=arguments.bin, mpirun=arguments.mpirun, work=arguments.work, **settings))

    def check_loads(self):
        acceptance = self.acceptance
        hdf5, exported = acceptance.work / "hdf5", acceptance.work / "safetensors"
        acceptance.load(acceptance.model, Topology(4), save={"directory": str(hdf5), "tensor_parallel": 4})
        begin = time.monotonic()
        acceptance.note("h5py and h5dump", begin, check_hdf5.check(acceptance.model, hdf5 / "model-step-0.h5", 4)[0])
        acceptance.load(hdf5, Topology(2, 1, 2), save={"directory": str(exported), "format": "safetensors"})
        begin = time.monotonic()
        acceptance.note("safetensors again", begin, check_safetensors.check(acceptance.model, exported / "model-step-0")[0])
        acceptance.load(exported, Topology(4))
        acceptance.load(acceptance.model, Topology(2), dtype="fp32")

    def check_unknown(self):
        """One that no rule needs can be ignored; one that the model needs cannot."""
        work = self.acceptance.work
        write(work / "unknown", ["freqs_cis"])
        self.acceptance.load(work / "unknown", Topology(2), model={"unexpected": "ignore"}, expected={})
        self.check_refused("an unknown type", work / "unknown", 1, ["1 tensor of", "has dtype 'F5'", "freqs_cis", "model.unexpected: warn"])
        write(work / "needed", ["whole.F5"])
        self.check_refused("an unknown type that is needed", work / "needed", 1, ["1 tensor of", "has dtype 'F5'", "whole.F5"])

    def check_inside_bytes(self):
        """Eight ranks could have two numbers of F4 each, but not two of F6, four of which are in three bytes."""
        wanted = ["2 tensors of", "row.F6_E2M3", "row.F6_E3M2", "tensor_parallel could be 1, 2, 4\n"]
        self.check_refused("a cut inside of bytes", self.acceptance.model, 8, wanted)

    def check_refused(self, what, model, ranks, wanted):
        begin = time.monotonic()
        command = [self.inspect, "--rules", RULES, "-n", str(ranks), model]
        told = subprocess.run(command, check=False, capture_output=True, text=True)
        differences = [f"the message lacks {text}" for text in wanted if text not in told.stderr]
        if told.returncode != CONFIG_EXIT_CODE:
            differences.append(f"exit code {told.returncode}")
        self.acceptance.note(f"{what} is refused", begin, differences + [told.stderr] * bool(differences))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    shutil.rmtree(arguments.work, ignore_errors=True)
    dtypes = Dtypes(arguments)
    dtypes.check_loads()
    dtypes.check_unknown()
    dtypes.check_inside_bytes()
    print(f"{dtypes.acceptance.checks} checks, {dtypes.acceptance.failures} failed")
    return 1 if dtypes.acceptance.failures else 0


if __name__ == "__main__":
    sys.exit(main())
