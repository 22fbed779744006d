#!/usr/bin/env python3
"""The main job on a model, from outside: loads it from safetensors on several topologies, saves it as HDF5 in two layouts, loads both files
at those and other layouts with each engine, and holds every shard of every load against an independent computation. Saves the HDF5 files as
safetensors again, whose tensors must be those of the model byte by byte.

By hand, after `source tools/environment.sh`: run_acceptance.py MODEL, or run_acceptance.py --large for a llama of 4 GB.
Exits with 1 if something is wrong, with 77 if --optional and there is no model.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

import check_hdf5
import check_safetensors
import check_shards
from reference_shards import DTYPES, family_of, read_model
from topologies import Topologies, Topology

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENGINES = ("buffered", "collective", "direct", "mmap", "collective, by dataset", "mmap, each rank by itself", "buffered, each rank by itself")
OVERWRITE = {"overwrite": True}  # the same step is saved again and again
LOAD_KEYS = {"by dataset": {"read_datasets": True}, "each rank by itself": {"peer_writes": False}}
STREAMED = {}
SAVES = (
    {"engine": "direct", "verify": "full"},
    {"engine": "collective", "verify": "full"},
    {"async": True},
    {"async": True, "async_staging": "1 MiB", "verify": "none"},
    STREAMED,
)
SKIPPED = 77
DIFFERENCES_SHOWN = 20

MIB = 1 << 20
STAGING_BYTES = 16 * MIB  # the least there is, so that small models take several waves as well
LARGE_STAGING_BYTES = 64 * MIB
SHARD_BYTES = 3 * MIB
LARGE_SHARD_BYTES = 2048 * MIB
EXPORT_SHARD_BYTES = 1 * MIB
OVERHEAD_BYTES = 64 * MIB  # what a rank may need besides its shards and two staging slots


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=ROOT / "build/acceptance/model", type=pathlib.Path, help="Hugging Face directory")
    parser.add_argument("--make", help="command that makes MODEL, which is appended to it")
    parser.add_argument("--optional", action="store_true", help="exit with 77 if there is no MODEL")
    parser.add_argument("--large", action="store_true", help="MODEL is a llama of 4 GB, made by distload-synth; 1, 2 and 4 ranks")
    parser.add_argument("--brief", action="store_true", help="one layout and one engine: for models that differ only in their rules")
    parser.add_argument("--sample", action="store_true", help="of what --brief loads, what differs most")
    parser.add_argument("--every-pair", type=int, metavar="N", help="nothing but resharding, between all layouts up to N")
    parser.add_argument("--every-save", action="store_true", help="nothing but saving, from 1, 2, 3, 4 and 8 ranks for as many, in every way")
    parser.add_argument("--rules", type=pathlib.Path, help="rule file for model.rules; the family's by default")
    parser.add_argument("--export", type=pathlib.Path, help="directory for a safetensors checkpoint that stays, made from the first layout")
    parser.add_argument("--work", default=ROOT / "build/acceptance/work", type=pathlib.Path, help="directory that is emptied")
    parser.add_argument("--bin", default=ROOT / "build/host-release/bin", type=pathlib.Path, help="where distload lies")
    parser.add_argument("--mpirun", default="mpirun")
    arguments = parser.parse_args()
    if arguments.large:
        arguments.make = arguments.make or f"{arguments.bin}/distload-synth --force --family llama --size 4GB"
    return arguments


class Acceptance:
    """Runs of distload on one model, and how many of them were wrong."""

    def __init__(self, arguments):
        self.model = arguments.model.resolve()
        self.work = arguments.work.resolve()
        self.brief = arguments.brief or arguments.sample
        self.sample = arguments.sample
        self.rules = arguments.rules and arguments.rules.resolve()
        self.export = arguments.export and arguments.export.resolve()
        self.launcher = [arguments.mpirun, "-np"]
        self.distload = arguments.bin.resolve() / "distload"
        self.staging = LARGE_STAGING_BYTES if arguments.large else STAGING_BYTES
        self.seconds_allowed = 600 if arguments.large else 60
        self.checks = 0
        self.failures = 0

    def note(self, what, begin, differences, remark=""):
        """Prints how a check went that began at `begin`."""
        self.checks += 1
        self.failures += bool(differences)
        print(f"{'FAILED' if differences else 'ok':6} {time.monotonic() - begin:6.2f} s  {what}{remark}")
        for difference in differences[:DIFFERENCES_SHOWN]:
            print(f"         {difference}")
        if len(differences) > DIFFERENCES_SHOWN:
            print(f"         and {len(differences) - DIFFERENCES_SHOWN} more")
        sys.stdout.flush()

    def run(self, config, ranks, fault="", arguments=()):
        """Runs distload, with a fault as src/base/fault.hpp describes them; [] or how it failed."""
        path = self.work / "config.yaml"
        path.write_text(json.dumps(config, indent=2))
        command = [*self.launcher, str(ranks), self.distload, path, *arguments]
        environment = os.environ | {"DISTLOAD_FAULT": fault}
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as process:
            try:
                output, _ = process.communicate(timeout=self.seconds_allowed)
            except subprocess.TimeoutExpired:
                process.terminate()  # mpirun ends its ranks then; it could not after SIGKILL
                output, _ = process.communicate()
                return [f"it did not end within {self.seconds_allowed} s", *output.splitlines()]
        return [f"exit code {process.returncode}", *output.splitlines()] if process.returncode else []

    def load(self, checkpoint, topology, engine="auto", dtype="keep", transpose=False, save=None, model=None, expected=None, to=None, in_place=False):
        """Loads `checkpoint`, redistributes it if there is a topology `to`, checks the report, and saves if `save` holds a configuration of
        that. `model` is the section of the configuration, `expected` the one that would give the same from the model's own files, if it is
        another."""
        model = model or {}
        arguments = ["--redistribute", ",".join(f"{key}={value}" for key, value in to._asdict().items() if key != "uneven")] if to else []
        arguments += ["--in-place"] * in_place
        named, _, how = engine.partition(", ")
        begin = time.monotonic()
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        config = {
            "checkpoint": {"path": str(checkpoint)},
            "topology": topology._asdict(),
            "model": model | ({"rules": str(self.rules)} if self.rules else {}),
            "load": {"engine": named, "staging": self.staging, "dtype": dtype, "transpose": transpose} | LOAD_KEYS.get(how, {}),
            "report": {"json": str(report), "tensors": True, "progress": "none"},
        }
        if save:
            config["save"] = save | OVERWRITE
        remark = ""
        differences = self.run(config, topology.ranks, arguments=arguments)
        if not differences:
            told = json.loads(report.read_text())
            expected = model if expected is None else expected
            differences, compared = check_shards.check(self.model, told, (to or topology)._asdict(), dtype, transpose, **expected)
            differences += self.check_report(told, named, told["redistribution"]["memory"]["peak"] if to else 0)
            if to and told["redistribution"]["bytes"]["sent"] != told["redistribution"]["bytes"]["needed"]:
                differences.append("the ranks have sent other bytes than are needed")
            remark = f": {compared} shards, {told['seconds']:.3f} s, {told['memory']['overhead_peak'] / MIB:.0f} MiB besides"
        what = f"{pathlib.Path(checkpoint).name} onto {topology}" + f", then {to}" * bool(to) + ", in place" * in_place + f", {engine}" + ("" if dtype == "keep" else f", as {dtype}")
        what += ", transposed" * transpose + "".join(f", {key} {names if isinstance(names, str) else ', '.join(names)}" for key, names in model.items())
        if save:
            what += "".join(f", {key} {value}" for key, value in save.items() if key not in ("directory", "tensor_parallel", "format"))
            what += f", saved for {save['tensor_parallel']}" if "tensor_parallel" in save else f", saved as {save['format']}"
        self.note(what, begin, differences, remark)

    def check_report(self, report, engine, moved=0):
        """Differences that have nothing to do with the model. `moved`: bytes of memory that a redistribution may need."""
        differences = []
        refused = engine == "direct" and report["engine_reason"].startswith("direct is not possible: ")
        if engine not in ("auto", report["engine"]) and not refused:
            differences.append(f"engine is {report['engine']!r}")
        if self.rules and report["model"]["family"] != self.rules.stem:
            differences.append(f"family is {report['model']['family']!r}")
        allowed = 2 * self.staging + OVERHEAD_BYTES + moved
        for rank in report["ranks"]:
            if rank["memory"]["overhead_peak"] > allowed:
                differences.append(f"rank {rank['rank']} needed {rank['memory']['overhead_peak']} bytes besides its shards, more than {allowed}")
        return differences

    def saved_file(self, layout):
        return self.work / f"layout-{layout}" / "model-step-0.h5"

    def check_file(self, layout):
        begin = time.monotonic()
        differences, chunked = check_hdf5.check(self.model, self.saved_file(layout), layout)
        self.note(f"h5py and h5dump, layout {layout}", begin, differences, f": {chunked} tensors in chunks")

    def check_round_trip(self, layout, topology, limit, directory):
        """Saves the file of a layout as safetensors files of up to `limit` bytes in `directory`, then loads those."""
        self.load(self.saved_file(layout), topology, save={"directory": str(directory), "format": "safetensors", "shard_size": limit})
        begin = time.monotonic()
        saved = directory / "model-step-0"
        if not saved.exists():
            return  # told above
        differences, files = check_safetensors.check(self.model, saved, limit)
        self.note(f"safetensors from layout {layout}", begin, differences, f": {files} files")
        self.load(directory, topology)

    def check_redistributed(self, topologies):
        """Brings what is loaded into another topology of as many ranks, and saves the last."""
        model_config, names = read_model(self.model)
        parameters = family_of(model_config).FUSED
        apart = [what for what, (parts, _) in parameters.items() if all(any(f".{part}." in name for name in names) for part in parts)]
        pairs = [(a, b) for a in topologies.even for b in topologies.even if a != b and a.ranks == b.ranks]
        step = len(pairs) if self.sample else len(pairs) // 3 if self.brief else 1
        for number, (topology, to) in enumerate(pairs[:: max(1, step)]):
            fuse = {"fuse": apart} if apart and number % 3 == 2 else None
            self.load(self.model, topology, to=to, in_place=number % 2 == 0, transpose=number % 5 == 4, model=fuse)
        if pairs:
            topology, to = pairs[-1]
            directory = self.work / "layout-redistributed"
            self.load(self.model, topology, to=to, save={"directory": str(directory), "format": "hdf5"})
            self.load(directory, topology)

    def check_fused(self, topologies):
        """Fuses what is stored apart, saves that, and loads it as it is and split again; splits what is stored fused."""
        model_config, names = read_model(self.model)
        parameters = family_of(model_config).FUSED
        apart = {"fuse": [what for what, (parts, _) in parameters.items() if all(any(f".{part}." in name for name in names) for part in parts)]}
        fused = {"split": [what for what, (_, whole) in parameters.items() if any(f".{whole}." in name for name in names)]}
        if fused["split"]:
            for topology in topologies.mixed[:2]:
                self.load(self.model, topology, model=fused)
        if not apart["fuse"]:
            return
        directory = self.work / "layout-fused"
        saves = [*zip(ENGINES, (*topologies.mixed[:1], Topology(topologies.layouts[0])))]
        if self.sample:
            saves = saves[-1:]
        else:
            self.load(self.model, Topology(topologies.layouts[0]), transpose=True, model=apart)
        for engine, topology in saves:
            save = {"directory": str(directory), "tensor_parallel": topology.tensor_parallel}
            self.load(self.model, topology, engine, model=apart, save=save)
        if not self.sample:
            self.load(directory, Topology(topologies.layouts[0]), "collective", expected=apart)
        # Experts that are stored in one tensor stay there.
        if not any(name.endswith(".experts.gate_up_proj") for name in names):
            self.load(directory, Topology(topologies.layouts[0]), model={"split": apart["fuse"]}, expected={})
        if topologies.of_experts:
            self.load(self.model, topologies.of_experts[0], model=apart)

    def check_crashes(self, layout, topology):
        """Kills distload while it replaces what `check_round_trip` has left, which must stay."""
        directory = self.work / f"layout-{layout}" / "safetensors"
        config = {
            "checkpoint": {"path": str(self.saved_file(layout))},
            "topology": topology._asdict(),
            "save": {"directory": str(directory), "format": "safetensors"} | OVERWRITE,
            "report": {"progress": "none"},
        }
        for phase in ("save_write", "save_commit", "save_publish"):
            begin = time.monotonic()
            failure = self.run(config, topology.ranks, fault=f"{phase}:0:kill")
            differences = [] if failure else ["it did not die"]
            if not (directory / "model-step-0.partial").exists():
                differences.append("it died before it wrote anything")
            differences += check_safetensors.check(self.model, directory / "model-step-0")[0]
            self.note(f"safetensors after a crash in {phase}", begin, differences)

    def check_every_pair(self, most):
        """Saves the model for every number of tensor-parallel ranks, and loads that onto every number."""
        for saved in range(1, most + 1):
            directory = self.saved_file(saved).parent
            self.load(self.model, Topology(saved), save={"directory": str(directory), "tensor_parallel": saved})
            for loaded in range(1, most + 1):
                self.load(self.saved_file(saved), Topology(loaded), ENGINES[(saved + loaded) % len(ENGINES)])
            exported = self.work / f"layout-{saved}-exported"
            self.load(self.saved_file(saved), Topology(saved), save={"directory": str(exported), "format": "safetensors"})
            for loaded in range(1, most + 1):
                self.load(exported, Topology(loaded))

    def convert(self, checkpoint, topology, save):
        """Has `checkpoint` streamed into another one; what comes out is to be checked afterwards."""
        begin = time.monotonic()
        config = {
            "checkpoint": {"path": str(checkpoint)},
            "topology": topology._asdict(),
            "load": {"staging": self.staging},
            "save": save | {"stream": True} | OVERWRITE,
            "report": {"progress": "none"},
        }
        self.note(f"{pathlib.Path(checkpoint).name} streamed by {topology}", begin, self.run(config, topology.ranks))

    def check_every_save(self, numbers):
        """Saves the model from every number of tensor-parallel ranks for every number, and loads what others can read as well."""
        for held in numbers:
            for layout in numbers:
                way = SAVES[(numbers.index(held) + numbers.index(layout)) % len(SAVES)]
                directory = self.saved_file(layout).parent
                shutil.rmtree(directory, ignore_errors=True)
                save = {"directory": str(directory), "tensor_parallel": layout}
                if way is STREAMED:
                    self.convert(self.model, Topology(held), save)
                else:
                    self.load(self.model, Topology(held), save=save | way)
                if self.saved_file(layout).exists():
                    self.check_file(layout)
                    self.load(directory, Topology(layout), ENGINES[(held + layout) % len(ENGINES)])

    def check_all(self, topologies):
        for topology in topologies.sample if self.sample else topologies.from_safetensors:
            save = None
            if topology.tensor_parallel == topology.ranks and topology.ranks in topologies.layouts:
                directory = self.saved_file(topology.ranks).parent
                save = {"directory": str(directory), "tensor_parallel": topology.ranks}
            self.load(self.model, topology, save=save)
        for layout in topologies.layouts:
            if not self.saved_file(layout).exists():
                continue  # told above
            self.check_file(layout)
            for engine in ENGINES[: 1 if self.brief else None]:
                for topology in topologies.from_layout(layout)[: 1 if self.sample else None]:
                    self.load(self.saved_file(layout), topology, engine)
            if self.brief:
                continue
            directory = self.saved_file(layout).parent / "safetensors"
            for topology, limit in zip((Topology(layout), *topologies.mixed[1:]), (SHARD_BYTES, LARGE_SHARD_BYTES)):
                self.check_round_trip(layout, topology, limit, directory)
        for topology in topologies.of_experts[:1]:
            # Saved by ranks that hold whole experts, for ranks that cut them.
            directory = self.work / "layout-of-experts"
            self.load(self.model, topology, save={"directory": str(directory), "tensor_parallel": 2})
            self.load(directory, Topology(2))
        self.check_fused(topologies)
        self.check_redistributed(topologies)
        transposed = [*zip((*topologies.mixed[:1], *topologies.of_experts[:1]), ("keep", "fp32"))]
        for topology, dtype in transposed[-1:] if self.sample else transposed:
            self.load(self.model, topology, dtype=dtype, transpose=True)
        self.load(self.saved_file(topologies.layouts[0]), topologies.from_layout(topologies.layouts[0])[1], dtype="bf16", transpose=True)
        if self.export and self.saved_file(topologies.layouts[0]).exists():
            self.check_round_trip(topologies.layouts[0], Topology(topologies.layouts[0]), EXPORT_SHARD_BYTES, self.export)
        if self.brief:
            return
        if (self.work / f"layout-{topologies.layouts[0]}" / "safetensors").exists():
            self.check_crashes(topologies.layouts[0], Topology(topologies.layouts[0]))
        for topology in topologies.mixed if self.saved_file(topologies.layouts[0]).exists() else []:
            # From the directory, as the newest checkpoint in it.
            self.load(self.saved_file(topologies.layouts[0]).parent, topology)
        for topology, dtype in zip(topologies.mixed, DTYPES):
            self.load(self.model, topology, dtype=dtype)


def main():
    arguments = parse_arguments()
    if arguments.make:
        subprocess.run([*shlex.split(arguments.make), arguments.model], check=True)
    if arguments.optional and not arguments.model.exists():
        print(f"there is no {arguments.model}; tools/fetch_model.sh puts the sample model there")
        return SKIPPED
    for directory in filter(None, (arguments.work, arguments.export)):
        shutil.rmtree(directory, ignore_errors=True)
    arguments.work.mkdir(parents=True)

    acceptance = Acceptance(arguments)
    if arguments.every_save:
        acceptance.check_every_save((1, 2, 3, 4, 8))
    elif arguments.every_pair:
        acceptance.check_every_pair(arguments.every_pair)
    else:
        acceptance.check_all(Topologies(acceptance.model, (1, 2, 4) if arguments.large else (1, 2, 3, 4), acceptance.brief))
    for directory in arguments.work.glob("layout-*"):
        shutil.rmtree(directory)
    print(f"{acceptance.checks} checks, {acceptance.failures} failed")
    return 1 if acceptance.failures else 0


if __name__ == "__main__":
    sys.exit(main())
