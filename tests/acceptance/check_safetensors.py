#!/usr/bin/env python3
"""Checks a Hugging Face directory that distload wrote against the one that the model came from: the same tensors byte by byte, the same
config.json, and files as the safetensors library and transformers want them.

Usage: check_safetensors.py MODEL_DIRECTORY SAVED_DIRECTORY [LARGEST_FILE_BYTES]
Exits with 1 and a list of differences if something is wrong.
"""
import json
import pathlib
import sys

from reference_shards import Reference, read_model

CARRIED = {"generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "modules.json",
           "sentence_bert_config.json", "config_sentence_transformers.json", "preprocessor_config.json", "1_Pooling"}  # fmt: skip
MANIFEST = "distload.manifest.json"
INDEX = "model.safetensors.index.json"
# The safetensors library's dtypes in its own order, the last of which come first in a file.
DTYPES = ("BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3FNUZ F8_E5M2FNUZ F8_E4M3 F8_E8M0 I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 U64 "
          "C128").split()  # fmt: skip


def check_file(path, largest):
    """(differences, bytes of data, names) of one file by itself."""
    with open(path, "rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_bytes))
    found = []
    if header_bytes % 8:
        found.append(f"{path.name}: the data is not aligned")
    if header.pop("__metadata__", None) != {"format": "pt"}:
        found.append(f"{path.name}: transformers wants the metadata to say that the format is pt")
    if list(header) != sorted(header, key=lambda name: (-DTYPES.index(header[name]["dtype"]), name)):
        found.append(f"{path.name}: the tensors are not in the order of the safetensors library")
    end = 0
    for name, entry in header.items():
        if entry["data_offsets"][0] != end:
            found.append(f"{path.name}: {name} does not begin where the tensor before it ends")
        end = entry["data_offsets"][1]
    if path.stat().st_size != 8 + header_bytes + end:
        found.append(f"{path.name}: has {path.stat().st_size} bytes")
    if end > largest and len(header) > 1:
        found.append(f"{path.name}: has {end} bytes of data, more than {largest}")
    return found, end, list(header)


def is_same_file(path, other):
    if path.is_dir() and other.is_dir():
        return sorted(each.name for each in path.iterdir()) == sorted(each.name for each in other.iterdir())
    return path.is_file() and path.read_bytes() == other.read_bytes()


def carried_files(directory):
    """Names of the other files in a model's directory that go along with it, as far as the models of these tests have any."""
    return {path.name for path in directory.iterdir() if path.name in CARRIED}


def check_files(saved, largest, carried):
    """Differences between the files and their index, and what else lies there but the names `carried`."""
    files = sorted(saved.glob("*.safetensors"))
    found, total, weight_map = [], 0, {}
    for number, path in enumerate(files, 1):
        wrong, nbytes, names = check_file(path, largest)
        found += wrong
        total += nbytes
        weight_map.update(dict.fromkeys(names, path.name))
        wanted = f"model-{number:05}-of-{len(files):05}.safetensors" if len(files) > 1 else "model.safetensors"
        if path.name != wanted:
            found.append(f"{path.name} should be {wanted}")
    names = {path.name for path in files} | {"config.json", MANIFEST} | carried
    if len(files) > 1:
        names.add(INDEX)
        index = json.loads((saved / INDEX).read_text())
        if index != {"metadata": {"total_size": total}, "weight_map": weight_map}:
            found.append(f"{INDEX} does not say what the files hold")
    listed = json.loads((saved / MANIFEST).read_text())["files"]
    if {name.partition("/")[0] for name in listed} != names - {MANIFEST}:
        found.append(f"{MANIFEST} does not list the files")
    return found + [f"{name} does not belong there" for name in sorted({path.name for path in saved.iterdir()} ^ names)]


def check(directory, saved, largest=5_000_000_000):
    """(differences, number of files) of a saved directory."""
    directory, saved = pathlib.Path(directory), pathlib.Path(saved)
    reference = Reference(directory, 1, 1, 1)
    _, tensors = read_model(saved)
    carried = carried_files(directory)
    found = check_files(saved, largest, carried)
    found += [f"{name} is another one" for name in sorted(carried) if not is_same_file(saved / name, directory / name)]
    if (saved / "config.json").read_bytes() != (directory / "config.json").read_bytes():
        found.append("config.json is another one")
    found += [f"{name} is missing or does not belong there" for name in sorted(set(reference.loaded()) ^ set(tensors))]
    for name in sorted(set(reference.loaded()) & set(tensors)):
        wanted, stored = reference.tensors[name], tensors[name]
        if (stored.dtype, stored.elements.shape) != (wanted.dtype, wanted.elements.shape):
            found.append(f"{name} is {stored.dtype} {stored.elements.shape}, not {wanted.dtype} {wanted.elements.shape}")
        elif (stored.elements != wanted.elements).any():
            found.append(f"{name} has other bytes")
    return found, len(list(saved.glob("*.safetensors")))


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    found, files = check(*sys.argv[1:3], *map(int, sys.argv[3:]))
    print("\n".join(found + [f"{files} files, {len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
