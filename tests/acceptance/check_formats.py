#!/usr/bin/env python3
"""Quantized formats from outside: loads a tiny model in each variant of quantized_formats.py on several topologies, holds every shard against
an independent computation, saves it as HDF5, loads that on other topologies, and saves it as safetensors again, which must be the same byte
by byte. What cannot be cut must be refused, with the format, the reason and the numbers of ranks that fit.

By hand, after `source tools/environment.sh`: check_formats.py, or check_formats.py --only gptq for variants whose names begin so.
Exits with 1 if something is wrong.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time
import types

import check_hdf5
import check_safetensors
import make_quantized
from quantized_formats import FORMATS, Model
from run_acceptance import ROOT, Acceptance
from topologies import Topology

CONFIG_EXIT_CODE = 3
# What wrappers put in front of all names, tried with these variants.
WRAPPED = {"gptq_4bit": "_orig_mod.", "awq": "base_model.model.", "ct_int4": "module."}
STAGES, RANKS, STAGES_OF_EXPERTS, REPLICAS = Topology(1, 2), Topology(4), Topology(2, 2, 1, 2), Topology(2, 1, 2)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="variants whose names begin with one of these")
    parser.add_argument("--brief", action="store_true", help="one family; HDF5, safetensors and stages for one variant of each format")
    parser.add_argument("--work", default=ROOT / "build/acceptance/formats", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--bin", default=ROOT / "build/host-release/bin", type=pathlib.Path, help="where distload lies")
    parser.add_argument("--mpirun", default="mpirun")
    return parser.parse_args()


class Formats:
    def __init__(self, arguments):
        self.arguments = arguments
        self.checks = self.failures = 0

    def acceptance(self, model, name):
        """Writes a model, and gives what runs distload on it."""
        work = self.arguments.work / name
        make_quantized.write(model, work / "model")
        settings = {"model": work / "model", "work": work, "brief": True, "sample": False, "rules": None, "export": None, "large": False}
        return Acceptance(types.SimpleNamespace(bin=self.arguments.bin, mpirun=self.arguments.mpirun, **settings))

    def add(self, acceptance):
        self.checks += acceptance.checks
        self.failures += acceptance.failures
        shutil.rmtree(acceptance.work)

    def check(self, variant):
        if variant.refused == "all":
            acceptance = self.acceptance(Model(variant, variant.families[0]), variant.name)
            for ranks in (1, 2):
                self.check_refused(acceptance, variant, ranks, "")
            self.add(acceptance)
            return
        for family in variant.families[-1:] if self.arguments.brief else variant.families:
            acceptance = self.acceptance(Model(variant, family), f"{variant.name}-{family}")
            self.check_loads(acceptance, variant, family)
            if variant.name in WRAPPED:
                self.check_wrapped(acceptance, Model(variant, family), WRAPPED[variant.name])
            if variant.refused == "rows":
                self.check_refused(acceptance, variant, 2, r"\n  tensor_parallel could be 1$")
            self.add(acceptance)
        if variant.group and not variant.refused:
            acceptance = self.acceptance(Model(variant, variant.families[0], misfit=True), f"{variant.name}-misfit")
            self.check_refused(acceptance, variant, 2, r"\n  tensor_parallel could be 1$")
            self.add(acceptance)

    def check_loads(self, acceptance, variant, family):
        """Loads a model, saves it as HDF5 and loads that at another layout, from which it goes to safetensors again."""
        one_rank = bool(variant.refused)
        has_experts = family != "llama"
        first = STAGES if one_rank else RANKS
        second = Topology(1) if one_rank else STAGES_OF_EXPERTS if has_experts else STAGES_OF_EXPERTS._replace(expert_parallel=1)
        if self.arguments.brief and variant != next(other for other in FORMATS if other.format == variant.format):
            acceptance.load(acceptance.model, first)
            return
        hdf5 = acceptance.work / "hdf5"
        acceptance.load(acceptance.model, first, save={"directory": str(hdf5), "tensor_parallel": first.tensor_parallel})
        if not hdf5.exists():
            return  # told above
        exported = acceptance.work / "safetensors"
        acceptance.load(hdf5, second, save={"directory": str(exported), "format": "safetensors"})
        begin = time.monotonic()
        saved = exported / "model-step-0"
        differences = check_safetensors.check(acceptance.model, saved)[0] if saved.exists() else ["nothing was saved"]
        acceptance.note("safetensors again", begin, differences)
        if self.arguments.brief:
            return
        begin = time.monotonic()
        acceptance.note("h5py and h5dump", begin, check_hdf5.check(acceptance.model, hdf5 / "model-step-0.h5", first.tensor_parallel)[0])
        acceptance.load(exported, second)
        for topology in (Topology(1), STAGES) if one_rank else (Topology(1), Topology(2), second, REPLICAS):
            acceptance.load(acceptance.model, topology)
        acceptance.load(acceptance.model, first, dtype="fp32")
        acceptance.load(hdf5, Topology(1))

    def check_wrapped(self, acceptance, model, prefix):
        """The same model with something in front of all names: one line says so, and how to remove it."""
        begin = time.monotonic()
        wrapped = acceptance.work / "wrapped"
        make_quantized.write(model, wrapped, prefix)
        told = self.inspect(wrapped, 2)
        count = len(model.tensors)
        start = f"distload: error: {wrapped}: the names of {count} of {count} tensors begin with {prefix}, "
        differences = [] if told.returncode == CONFIG_EXIT_CODE else [f"exit code {told.returncode}"]
        for wanted in (start, f"; model.strip_prefix: {prefix} removes it"):
            if wanted not in told.stderr or told.stderr.count("\n") > 1:
                differences += [f"the message is not one line with {wanted}", told.stderr]
        acceptance.note(f"names that begin with {prefix}", begin, differences)
        acceptance.load(wrapped, Topology(2), model={"strip_prefix": prefix}, expected={})

    def inspect(self, model, ranks):
        """What distload-inspect says of the plan."""
        command = [self.arguments.bin / "distload-inspect", "-n", str(ranks), model]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    def check_refused(self, acceptance, variant, ranks, ending):
        """The plan is refused, and so is the load."""
        begin = time.monotonic()
        told = self.inspect(acceptance.model, ranks)
        differences = [] if told.returncode == CONFIG_EXIT_CODE else [f"exit code {told.returncode}"]
        message = told.stderr.strip()
        reason = rf"the format {re.escape(variant.format)} cannot be cut( along the weight's inputs)?: \w+"
        if not variant.refused:
            reason = rf"format {re.escape(variant.format)}: (there is a scale for every \d+|\d+ of the weight's) elements"
        for wanted in (reason, ending):
            if not re.search(wanted, message):
                differences.append(f"the message lacks {wanted}")
        if not self.arguments.brief or variant.refused:
            failure = acceptance.run({"checkpoint": {"path": str(acceptance.model)}, "topology": {"tensor_parallel": ranks}}, ranks)
            if not failure or failure[0] != f"exit code {CONFIG_EXIT_CODE}" or not any(re.search(reason, line) for line in failure):
                differences += ["distload does not refuse it so", *failure]
        acceptance.note(f"{acceptance.work.name} onto {ranks} ranks is refused", begin, differences + [message] * bool(differences))


def main():
    arguments = parse_arguments()
    arguments.work = arguments.work.resolve()
    shutil.rmtree(arguments.work, ignore_errors=True)
    formats = Formats(arguments)
    tried = [variant for variant in FORMATS if variant.name.startswith(tuple(arguments.only))]
    for variant in tried:
        print(f"{variant.name}:")
        formats.check(variant)
    print(f"{len(tried)} variants, {formats.checks} checks, {formats.failures} failed")
    return 1 if formats.failures or not formats.checks else 0


if __name__ == "__main__":
    sys.exit(main())
