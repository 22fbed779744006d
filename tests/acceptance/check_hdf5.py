#!/usr/bin/env python3
"""Checks a checkpoint file of distload with other people's tools against the safetensors files that the model came from: h5py finds every
tensor with its shape, attributes, layout and numbers, and h5dump shows them.

Usage: check_hdf5.py MODEL_DIRECTORY FILE.h5 TENSOR_PARALLEL  (the layout that the file was saved in)
Exits with 1 and a list of differences if something is wrong.
"""
import pathlib
import re
import subprocess
import sys

import h5py
import numpy

from reference_shards import Reference

# Numbers as numpy has them; of BF16, which it does not have, as the upper half of a float.
NUMBER_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4",
                "U16": "<u2", "U8": "u1", "BOOL": "?"}  # fmt: skip

# So many elements of a tensor are compared, evenly spread: bytes are the hashes' business, and HDF5 converts BF16 slowly.
ELEMENTS_COMPARED = 1 << 20
ELEMENTS_DUMPED = 8


def numbers_of(tensor, rows):
    """The numbers in `rows` of a stored tensor."""
    elements = numpy.array(tensor.elements[rows])
    if tensor.dtype == "BF16":
        return (elements.astype("<u4") << 16).view("<f4")
    return elements.view(NUMBER_TYPES[tensor.dtype])


def same(left, right):
    """Whether two arrays hold the same numbers, bit for bit."""
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def check_root(file, directory, reference, tensor_parallel):
    wanted = {
        "format": b"distload",
        "committed": 1,
        "tensor_parallel": tensor_parallel,
        "model_size": sum(reference.tensors[name].numbers for name in reference.loaded()),
        "config_json": (directory / "config.json").read_bytes(),
    }
    return [f"attribute {key} is {file.attrs.get(key)!r}, not {value!r}" for key, value in wanted.items() if file.attrs.get(key) != value]


def is_block_of(chunk, shape):
    return all(size % block == 0 for block, size in zip(chunk, shape))


def check_tensor(dataset, name, reference):
    """Differences of one dataset."""
    found = []
    tensor = reference.tensors[name]
    if dataset.shape != tensor.elements.shape:
        return [f"{name} has shape {dataset.shape}, not {tensor.elements.shape}"]
    if dataset.attrs["dtype"] != tensor.dtype.encode():
        found.append(f"{name} has dtype {dataset.attrs['dtype']!r}, not {tensor.dtype}")
    if dataset.attrs["axis"] != reference.axis(name):
        found.append(f"{name} is cut along axis {dataset.attrs['axis']}, not {reference.axis(name)}")
    shard = next(reference.shards(name))[2]
    # A chunk is a shard, or, where a shard is several runs of the tensor, their greatest common block.
    fused = isinstance(reference.family.axis(name)[1], list)
    if dataset.chunks and dataset.chunks != shard.shape and not (fused and is_block_of(dataset.chunks, shard.shape)):
        found.append(f"{name} has chunks of {dataset.chunks}, but shards of {shard.shape}")
    rows = slice(None, None, -(-tensor.elements.size // ELEMENTS_COMPARED) or 1) if dataset.shape else ()
    if tensor.dtype not in NUMBER_TYPES | {"BF16": ""}:  # opaque bytes, which h5py does not convert
        stored = numpy.empty(dataset.shape, tensor.elements.dtype)
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, stored, dataset.id.get_type())
        return found + ([] if (stored == tensor.elements).all() else [f"{name} has other bytes"])
    stored = dataset.astype("<f4")[rows] if tensor.dtype == "BF16" else dataset[rows]
    if not same(numpy.asarray(stored), numbers_of(tensor, rows)):
        found.append(f"{name} has other numbers")
    return found


def h5dump(*arguments):
    return subprocess.run(["h5dump", *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def check_dump(path, name, tensor):
    """Differences where h5dump shows other numbers than the first ones of a tensor of floating-point numbers."""
    shape = tensor.elements.shape
    count = (1,) * (len(shape) - 1) + (min(ELEMENTS_DUMPED, shape[-1]),)
    text = h5dump("-m", "%.17g", "-d", f"/tensors/{name}", "-s", ",".join("0" * len(shape)), "-c", ",".join(map(str, count)), path)
    data = re.search(r"\n +DATA \{\n(.*?)\}", text, re.DOTALL)[1]
    wanted = numbers_of(tensor, (0,) * (len(shape) - 1))[: count[-1]].tolist()
    shown = [type(wanted[0])(number) for number in re.sub(r"\([\d,]*\):", "", data).replace("\n", "").split(",")]
    return [] if shown == wanted else [f"h5dump shows {name} as {shown}, not {wanted}"]


def check_dumps(path, reference):
    found = []
    attributes = h5dump("-A", path)
    for words in ("distload", *reference.loaded()):
        if f'"{words}"' not in attributes:
            found.append(f"h5dump -A does not show {words}")
    for dtype in sorted({tensor.dtype for tensor in reference.tensors.values()} & {*NUMBER_TYPES, "BF16"} - {"BOOL"}):
        largest = max((name for name in reference.loaded() if reference.tensors[name].dtype == dtype),
                      key=lambda name: reference.tensors[name].elements.size)
        if reference.tensors[largest].elements.shape:
            found += check_dump(path, largest, reference.tensors[largest])
    return found


def check(directory, path, tensor_parallel):
    """(differences, number of chunked tensors) of a checkpoint file."""
    reference = Reference(directory, tensor_parallel, 1, 1)
    with h5py.File(path, "r") as file:
        tensors = file["tensors"]
        found = check_root(file, pathlib.Path(directory), reference, tensor_parallel)
        names = set(tensors)
        found += [f"{name} is missing" for name in sorted(set(reference.loaded()) - names)]
        found += [f"{name} does not belong there" for name in sorted(names - set(reference.loaded()))]
        for name in sorted(names & set(reference.loaded())):
            found += check_tensor(tensors[name], name, reference)
        chunked = sum(tensors[name].chunks is not None for name in names)
    return found + check_dumps(path, reference), chunked


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    found, chunked = check(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    print("\n".join(found + [f"{chunked} tensors lie in chunks, {len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
