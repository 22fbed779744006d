"""Reads the sample file of sample_file.cpp with h5py and compares what it finds."""
import sys

import h5py
import numpy
import xxhash

with h5py.File(sys.argv[1], "r") as file:
    assert file.attrs["format"] == b"distload"
    assert file.attrs["committed"] == 1
    assert file.attrs["model_name"] == b"sample"
    assert file["extra"].attrs["loss"] == b"0.5"
    assert bytes(file["files"]["vocab.txt"][()]) == b"a\n\0\xff"
    assert bytes(file["files"]["1_Pooling"]["config.json"][()]) == b""
    assert file["files"]["vocab.txt"].attrs["xxh3_64"] == xxhash.xxh3_64_intdigest(b"a\n\0\xff")
    tensors = file["tensors"]
    for name in ("a.row", "b.column", "vocab"):
        stored = tensors[name]
        index = numpy.arange(stored.size).reshape(stored.shape) + len(name)
        expected = (index % 251 / 8).astype(numpy.float32)
        read = stored[...].astype(numpy.float32)
        assert (read == expected).all(), name
    assert tensors["norm"].dtype == numpy.float16
    assert tensors["mask"].dtype == bool
    assert tensors["scalar"][()] == 6
    assert tensors["empty"].shape == (0, 8)
    assert tensors["a.row"].attrs["partition"] == b"row_parallel"
    assert tensors["a.row"].attrs["axis"] == 1
    rows = file["index/tensors"][...]
    assert [row["name"] for row in rows] == sorted(name.encode() for name in tensors)
    large = file["index/extents"][rows[[row["name"] for row in rows].index(b"large")]["first_extent"]]
    with open(sys.argv[1], "rb") as raw:
        raw.seek(int(large["offset_bytes"]))
        assert raw.read(int(large["nbytes"])) == tensors["large"][...].tobytes()
