#!/usr/bin/env python3
"""Takes a Hugging Face directory to an HDF5 file and back by distload, and lets transformers open what comes out: the tokenizer gives the same
tokens, the model the same numbers. check_tokenizer.py DISTLOAD MPIRUN WORK_DIRECTORY MODEL_DIRECTORY

Exits with 1 and a list of differences if something is wrong, with 77 without a model.
"""
import pathlib
import shutil
import subprocess
import sys

import torch
import transformers

TEXTS = ["Any checkpoint onto any topology.", "Ärger mit 漢字, emoji 🙂 and unaffable words", "", "a " * 300]


def convert(distload, mpirun, source, directory, *settings):
    configuration = directory.parent / "empty.yaml"
    configuration.write_text("{}\n")
    keys = [f"checkpoint.path={source}", "topology.tensor_parallel=2", f"save.directory={directory}", *settings]
    options = [option for key in keys for option in ("--set", key)]
    subprocess.run([mpirun, "-np", "2", distload, *options, configuration], check=True, capture_output=True, timeout=120)


def tokens_of(directory):
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    return tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")


def differences(source, result):
    wanted, found = tokens_of(source), tokens_of(result)
    wrong = [f"{key} of the tokenizer differ" for key in wanted if key not in found or not torch.equal(wanted[key], found[key])]
    wrong += [f"{key} is not the tokenizer's" for key in found if key not in wanted]
    with torch.no_grad():
        vectors = [transformers.AutoModel.from_pretrained(path).eval()(**wanted).last_hidden_state for path in (source, result)]
    return wrong + ([] if torch.equal(*vectors) else ["the model gives other numbers"])


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    distload, mpirun, work, model = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    if not (model / "tokenizer.json").exists():
        print(f"there is no model in {model}; tools/fetch_model.sh brings it")
        return 77
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    convert(distload, mpirun, model, work / "hdf5")
    convert(distload, mpirun, work / "hdf5", work / "back", "save.format=safetensors")
    found = differences(model, work / "back/model-step-0")
    print("\n".join([*found, f"{len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
