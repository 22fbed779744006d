#!/usr/bin/env python3
"""Runs distload-infer on models of make_models.py: check_models.py [--brief] DIRECTORY [NAME...]; without names: all in DIRECTORY.

One rank is compared with transformers, output by output. All other topologies, forms in memory, engines and files must give the bits of one rank,
the uneven ones numbers within the tolerance. By hand after `source tools/environment.sh`. Exits with 1 if something is wrong, with 77 without models.
"""
import functools
import pathlib
import sys
import time

import numpy as np
import xxhash

from infer_runs import ROOT, SKIPPED, Checks, differs, parse_arguments

sys.path.insert(0, str(ROOT / "tests/acceptance"))
from reference_shards import FAMILIES, read_model  # noqa: E402
from topologies import Topologies, Topology  # noqa: E402

ENGINES = ("buffered", "collective", "direct", "mmap")
ENCODERS = ("bert", "roberta")


def settings_of(topology):
    return {f"topology.{key}": value for key, value in topology._asdict().items()}


def results(report):
    return report["logits"]["shape"], report["logits"]["xxh3"], report.get("generated")


class ModelCheck:
    """The runs of one model."""

    def __init__(self, checks, directory):
        self.checks = checks
        self.name = directory.name
        self.checkpoint = directory / "checkpoint"
        self.reference = directory / "reference"
        self.tokens = self.reference / "tokens.npy"
        generated = self.reference / "generated.npy"
        self.generated = np.load(generated).tolist() if generated.exists() else None
        self.options = ["--generate", len(self.generated)] if self.generated else []
        self.config, self.tensors = read_model(self.checkpoint)

    def infer(self, ranks, checkpoint, *options, settings=None):
        return self.checks.infer(ranks, checkpoint, self.tokens, *self.options, *options, settings=settings)

    def wrong_tokens(self, report):
        if not self.generated or report["generated"][0] == self.generated:
            return []
        return [f"generated {report['generated'][0]} instead of {self.generated}"]

    def check_one_rank(self):
        """Compares one rank with transformers; returns the report."""
        begin = time.monotonic()
        outputs, logits = self.checks.work / "outputs", self.checks.work / "logits.npy"
        run = self.infer(1, self.checkpoint, "--against", self.reference, "--outputs", outputs, "--logits", logits)
        differences = run.failure
        if not differences:
            differences = self.wrong_tokens(run.report) + self.wrong_logits(run.report, np.load(logits))
        if outputs.exists():
            differences += self.wrong_outputs(outputs)[:3]
        self.checks.note(f"{self.name}: one rank, transformers", begin, differences)
        return run.report if not differences else None

    def wrong_logits(self, report, logits):
        """The logits and what the report says of them, without the program's own comparison."""
        wanted = np.load(self.reference / "logits.npy")
        wrong = [f"logits: {how}" for how in [differs(logits, wanted)] if how]
        if not wrong and self.config["model_type"] not in ENCODERS:
            if (logits.argmax(-1) != wanted.argmax(-1)).any():
                wrong.append("other tokens are the most likely ones")
            if report["against"]["top1_equal"] != 1:
                wrong.append(f"top1_equal is {report['against']['top1_equal']}")
        told = report["logits"]
        digest = xxhash.xxh3_64_hexdigest(np.ascontiguousarray(logits).tobytes())
        if told["xxh3"] != digest or told["shape"] != list(logits.shape):
            wrong.append(f"the report has logits {told}, but the file {list(logits.shape)}, {digest}")
        if not report["exact"] or report["inexact"]:
            wrong.append(f"inexact: {report['inexact']}")
        return wrong

    def wrong_outputs(self, outputs):
        """Outputs of layers that differ from those of transformers, or are missing."""
        paths = [path for path in self.reference.glob("*.npy") if path.stem not in ("tokens", "generated", "logits")]
        found = {path.stem: differs(np.load(outputs / path.name), np.load(path)) if (outputs / path.name).exists() else "missing" for path in paths}
        return [f"{name}: {how}" for name, how in sorted(found.items(), key=lambda item: place_of(item[0])) if how]

    def check(self, what, topology, base, checkpoint=None, **settings):
        """Compares a run with the report of one rank."""
        begin = time.monotonic()
        uneven = topology.uneven == "allow"
        against = self.reference if uneven else "one-rank"
        settings = {key.replace("__", "."): value for key, value in settings.items()}
        keys = settings_of(topology) | settings
        what += "".join(f", {key} {value}" for key, value in settings.items())
        run = self.infer(topology.ranks, checkpoint or self.checkpoint, "--against", against, settings=keys)
        differences = run.failure
        if not differences:
            differences = self.wrong_tokens(run.report)
            if uneven == run.report["exact"]:
                differences.append(f"exact is {run.report['exact']}, inexact: {run.report['inexact']}")
            if not uneven:
                differences += [f"{found} instead of {wanted}" for found, wanted in zip(results(run.report), results(base)) if found != wanted]
                if not run.report["against"]["same_bits"]:
                    differences.append("not the bits of one rank")
        self.checks.note(f"{self.name}: {topology}{what}", begin, differences)

    def forms(self):
        """Settings that fuse and transpose what is stored apart, and that split what is stored fused, where there is any."""
        fused = FAMILIES[self.config["model_type"]].FUSED
        apart = [name for name, (parts, _) in fused.items() if all(any(f".{part}." in tensor for tensor in self.tensors) for part in parts)]
        whole = [name for name, (_, whole) in fused.items() if any(f".{whole}." in tensor for tensor in self.tensors)]
        fuse = [{"model__fuse": f"[{','.join(apart)}]", "load__transpose": "true"}] if apart else []
        return fuse + ([{"model__split": f"[{','.join(whole)}]"}] if whole else [])

    def check_all(self, brief):
        base = self.check_one_rank()
        if base is None:
            return
        topologies = Topologies(self.checkpoint, (1, 2, 3, 4))
        check = functools.partial(self.check, base=base)
        experts = 2 if topologies.of_experts else 1
        forms, transposed = self.forms(), {"load__transpose": "true"}
        if brief:
            check("", Topology(2))
            check("", Topology(2, 2, 1, experts), **(forms[0] if forms else transposed))
            return
        alone = [Topology(1, 2), Topology(1, 1, 2)] + [Topology(2, expert_parallel=2)] * (experts > 1)
        for topology in [*topologies.from_safetensors[1:], *alone]:
            check("", topology)
        for form in [transposed, *forms]:
            check("", Topology(2), **form)
        self.check_saved(check, topologies)

    def check_saved(self, check, topologies):
        """Saves at one layout, computes at others with every engine; then the same as safetensors."""
        layout, hdf5, back = topologies.layouts[0], self.checks.work / "hdf5", self.checks.work / "safetensors"
        begin = time.monotonic()
        saved = self.checks.save(layout, self.checkpoint, hdf5, {"save.overwrite": "true"})
        saved = saved or self.checks.save(2, hdf5, back, {"save.overwrite": "true", "save.format": "safetensors"})
        self.checks.note(f"{self.name}: saved at layout {layout}, and as safetensors", begin, saved)
        if saved:
            return
        for engine, topology in zip(ENGINES, (Topology(1), Topology(2), Topology(2, 2), Topology(1, 1, 2)), strict=True):
            check(f", HDF5 of layout {layout}", topology, checkpoint=hdf5, load__engine=engine)
        check(", safetensors from HDF5", Topology(2), checkpoint=back)


def place_of(name):
    """A key that sorts outputs as they are computed."""
    words = name.removeprefix("encoder.").split(".")
    if words[0] != "layers":
        return (-1 if words[0] == "embeddings" else 1, 0, name)
    kinds = ("attention", "cross_attention", "mlp", "")
    return (0, int(words[1]), str(kinds.index(words[2] if len(words) > 2 else "")))


def main():
    arguments = parse_arguments(
        __doc__, directory={"type": pathlib.Path}, names={"nargs": "*"}, __brief={"action": "store_true", "help": "two topologies"}
    )
    directories = [arguments.directory / name for name in arguments.names] or sorted(path.parent for path in arguments.directory.glob("*/reference"))
    if not directories or not all((directory / "reference").exists() for directory in directories):
        print("there are no models of transformers; tools/transformers.sh installs what writes them")
        return SKIPPED
    checks = Checks(arguments)
    for directory in directories:
        ModelCheck(checks, directory).check_all(arguments.brief)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
