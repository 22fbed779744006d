#!/usr/bin/env python3
"""Lets transformers load what distload saved of the models of models.py, and compares every parameter and buffer with those that the models
had in memory when transformers wrote them: check_exports.py DIRECTORY NAME...

What was saved lies in DIRECTORY/NAME/model-step-0. Exits with 1 and a list of differences if something is wrong.
"""
import pathlib
import sys

import torch

from models import MODELS

COMPLAINTS = ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")


def same(left, right):
    """Whether two tensors are the same, bit for bit."""
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    return torch.equal(left.contiguous().reshape(-1).view(torch.uint8), right.contiguous().reshape(-1).view(torch.uint8))


def check(name, directory):
    """(differences, number of tensors) of a saved model."""
    model = MODELS[name]
    loaded, complaints = model.loader.from_pretrained(directory, output_loading_info=True)
    found = [f"{kind}: {complaints[kind]}" for kind in COMPLAINTS if complaints.get(kind)]
    wanted, stored = model.build().state_dict(), loaded.state_dict()
    found += [f"{key} is missing or does not belong there" for key in sorted(wanted.keys() ^ stored.keys())]
    found += [f"{key} is another one" for key in wanted.keys() & stored.keys() if not same(wanted[key], stored[key])]
    return found, len(wanted)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    failures = 0
    for name in sys.argv[2:]:
        directory = pathlib.Path(sys.argv[1], name, "model-step-0")
        differences, tensors = check(name, directory) if directory.exists() else ([f"there is no {directory}"], 0)
        failures += bool(differences)
        print("\n    ".join([f"{name}: {tensors} tensors, {len(differences)} differences", *differences]))
    print(f"{len(sys.argv) - 2} models, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
