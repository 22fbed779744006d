#!/usr/bin/env python3
"""Lets transformers write the models of computed_models.py and compute them: make_models.py DIRECTORY NAME...; without names: all.

DIRECTORY/NAME/checkpoint is the model. DIRECTORY/NAME/reference has tokens.npy, one file for each output, and generated.npy.
"""
import pathlib
import shutil
import sys

import numpy as np
import torch

from computed_models import BATCH, LENGTH, MODELS, VOCABULARY, reference


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[2:] or MODELS:
        directory = pathlib.Path(sys.argv[1], name)
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "reference").mkdir(parents=True)
        MODELS[name].write(directory / "checkpoint")
        model, generator, found = MODELS[name].load(directory / "checkpoint"), torch.Generator().manual_seed(1), None
        while found is None:
            tokens = torch.randint(3, VOCABULARY, (BATCH, LENGTH), generator=generator)
            found = reference(model, tokens)
        outputs, generated = found
        arrays = dict(outputs) | {"tokens": tokens.numpy()} | ({} if generated is None else {"generated": generated})
        for key, array in arrays.items():
            np.save(directory / "reference" / f"{key}.npy", array)


if __name__ == "__main__":
    main()
