#!/usr/bin/env python3
"""Lets transformers write the models of models.py: make_models.py DIRECTORY NAME...

Each goes into DIRECTORY/NAME.
"""
import pathlib
import shutil
import sys

from models import MODELS


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for name in sys.argv[2:]:
        directory = pathlib.Path(sys.argv[1], name)
        shutil.rmtree(directory, ignore_errors=True)
        MODELS[name].build().save_pretrained(directory, **MODELS[name].save)


if __name__ == "__main__":
    main()
