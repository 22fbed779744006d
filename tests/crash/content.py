"""What a checkpoint of the training loop must hold, computed and read without distload: by numpy, h5py and the text of safetensors headers."""
import functools
import json
import math
import struct

import h5py
import numpy

# Of tests/support/sample_tensors.cpp: shape and bytes per element.
TENSORS = {
    "column": ((768, 96), 4),
    "row": ((256, 768), 2),
    "vocab": ((1001, 64), 4),
    "fused": ((1152, 160), 2),
    "conv": ((96, 1152), 4),
    "deep": ((24, 128, 96), 4),
    "bias": ((768,), 4),
    "norm": ((768,), 4),
    "large": ((1500, 1000), 4),
    "scalar": ((), 8),
    "empty": ((0, 8), 4),
    "mask": ((33,), 1),
    "eight": ((4, 4), 1),
    "attention": ((768, 100), 4),
}
NOT_FOR_THREE = {"attention"}  # where three ranks share each layer


@functools.lru_cache(maxsize=64)
def tensor_bytes(name, step):
    shape, size = TENSORS[name]
    first = 7 * len(name) + ord(name[0]) + 1000003 * step
    values = numpy.arange(math.prod(shape), dtype="<u8") * numpy.uint64(2654435761) + numpy.uint64(first)
    return values.view("u1").reshape(-1, 8)[:, :size].tobytes()


def read_hdf5(path):
    """Name, shape and bytes of every tensor of a file."""
    with h5py.File(path, "r") as file:
        for name, dataset in file["tensors"].items():
            content = numpy.empty(dataset.shape, dtype=f"V{dataset.id.get_type().get_size()}")
            if content.size:
                dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, content, mtype=dataset.id.get_type())
            yield name, dataset.shape, content.tobytes()


def read_safetensors(path):
    """Name, shape and bytes of every tensor of a directory."""
    for file in sorted(path.glob("*.safetensors")):
        data = file.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        for name, tensor in json.loads(data[8 : 8 + length]).items():
            if name != "__metadata__":
                begin, end = (8 + length + offset for offset in tensor["data_offsets"])
                yield name, tuple(tensor["shape"]), data[begin:end]


def check_content(path, step, without=(), frozen=()):
    """[] or what is wrong with the file or directory `path`, which should hold `step`; the `frozen` tensors hold step 0."""
    problems = []
    missing = set(TENSORS) - set(without)
    try:
        for name, shape, content in read_safetensors(path) if path.is_dir() else read_hdf5(path):
            if name not in missing:
                problems.append(f"{path.name}: tensor {name} should not be there")
                continue
            missing.remove(name)
            if shape != TENSORS[name][0] or content != tensor_bytes(name, 0 if name in frozen else step):
                problems.append(f"{path.name}: tensor {name} is not that of step {step}")
    except (OSError, KeyError, ValueError, struct.error) as error:
        return [f"{path.name} cannot be read: {error}"]
    if missing - NOT_FOR_THREE:
        problems.append(f"{path.name}: tensors {', '.join(sorted(missing))} are missing")
    return problems
