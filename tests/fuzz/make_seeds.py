#!/usr/bin/env python3
"""Writes the binary seeds of the fuzz targets into corpus/: make_seeds.py

The other seeds are text, kept as they are. Run it again when a message or the index changes its form.
"""
import struct
from pathlib import Path

import xxhash

CORPUS = Path(__file__).parent / "corpus"
NO_BLOCKS = 0xFFFFFFFF
DTYPES = ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"]

# Two tensors as in a file of distload's: one in two boxes with checksums, a scalar without.
TENSORS = [
    # name, dtype, shape, first extent, extents, partition, axis
    ("a.weight", "F32", (4, 2), 0, 2, "column_parallel", 0),
    ("b", "BF16", (), 2, 1, "", -1),
]
EXTENTS = [
    # tensor, offset, bytes, box offset, box extent, first block
    (0, 4096, 16, (0, 0), (2, 2), 0),
    (0, 8192, 16, (2, 0), (2, 2), 1),
    (1, 8208, 2, (), (), NO_BLOCKS),
]
HASHES = [0x0123456789ABCDEF, 0xFEDCBA9876543210]
FILE_BYTES = 12288
BLOCK_BYTES = 4 << 20


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def text(value):
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def dims(values):
    return struct.pack(f"<B{len(values)}Q", len(values), *values)


def metadata():
    return (text("model") + text("LlamaForCausalLM") + struct.pack("<QQ", 9, 7) + text("") + struct.pack("<I", 2)
            + text("distload 0.1.0") + text('{"model_type": "llama"}') + struct.pack("<Q", 1) + text("key") + text("value") + files())


def files():
    """A tokenizer in the file, with its hash, and one beside it."""
    message = struct.pack("<Q", 2)
    for name, path, modified, has_hash in [("1_Pooling/config.json", "model-step-7.h5", 0, 1), ("vocab.txt", "vocab.txt", 1 << 60, 0)]:
        message += text(name) + struct.pack("<QB", 8, 1) + text(path) + struct.pack("<QqBQ", 8300, modified, has_hash, HASHES[0] * has_hash)
    return message


def catalog_message():
    message = struct.pack("<B", 0) + text("model-step-7.h5") + metadata()
    message += struct.pack("<Q", 1) + text("model-step-7.h5") + struct.pack("<Q", FILE_BYTES)
    message += struct.pack("<Q", len(TENSORS))
    for name, dtype, shape, first, count, partition, axis in TENSORS:
        message += text(name) + struct.pack("<B", DTYPES.index(dtype)) + dims(shape)
        message += struct.pack("<II", first, count) + text(partition) + struct.pack("<i", axis)
    message += struct.pack("<Q", len(EXTENTS))
    for tensor, offset, nbytes, box_offset, box_extent, block in EXTENTS:
        message += struct.pack("<IIQQ", tensor, 0, offset, nbytes) + dims(box_offset) + dims(box_extent) + struct.pack("<I", block)
    message += struct.pack("<QQ", BLOCK_BYTES, len(HASHES)) + struct.pack(f"<{len(HASHES)}Q", *HASHES)
    return message + struct.pack("<Q", 1) + text("a warning")


def rules_message():
    return text("llama") + text("llama.yaml") + text("rules: []") + struct.pack("<Q", 1) + text("base.yaml") + text("rules: []")


def settings_message():
    return struct.pack("<Q", 1) + text("load.engine") + text("direct") + text("--set load.engine=direct")


def tensor_message():
    message = b""
    for name, shape, kind, sections, experts in [("a", (4, 2), 1, [(2, 1, 1), (2, 2, 2)], 0), ("b", (), 0, [], 1), ("c", (2, 3), 4, [], 2)]:
        message += text(name) + struct.pack("<B", 1) + dims(shape) + struct.pack("<BIQ", kind, 0, len(sections))
        message += b"".join(struct.pack("<QQB", *section) for section in sections) + struct.pack("<QIIB", 2, 0, 1, experts)
        message += struct.pack("<II", 1, 0) if experts else b""
    return message


def index_rows(name_bytes, axes):
    rows = struct.pack("<BBBBBQ", name_bytes, axes - 1, 22, len(TENSORS), len(EXTENTS), FILE_BYTES)
    padded = lambda values: struct.pack(f"<{axes}Q", *values, *[0] * (axes - len(values)))
    for name, dtype, shape, first, count, partition, axis in TENSORS:
        rows += struct.pack(f"<{name_bytes}s8sI", name.encode(), dtype.encode(), len(shape)) + padded(shape)
        rows += struct.pack("<II16si", first, count, partition.encode(), axis)
    for tensor, offset, nbytes, box_offset, box_extent, block in EXTENTS:
        rows += struct.pack("<IQQ", tensor, offset, nbytes) + padded(box_offset) + padded(box_extent) + struct.pack("<I", block)
    return rows + struct.pack(f"<{len(HASHES)}Q", *HASHES)


def superblock(version, flags):
    return b"\x89HDF\r\n\x1a\n" + bytes([version, 8, 8, flags])


def main():
    write("catalog_message", "two-tensors", catalog_message())
    write("rank_messages", "rules", b"r" + rules_message())
    write("rank_messages", "settings", b"s" + settings_message())
    write("rank_messages", "failure", b"f" + struct.pack("<i", 5) + text("rank 1: a failure"))
    write("rank_messages", "tensors", b"t" + tensor_message())
    write("hdf5_index_rows", "two-tensors", index_rows(8, 2))
    write("hdf5_index_rows", "wide-rows", index_rows(20, 8))
    write("hdf5_superblock", "closed", superblock(3, 0))
    write("hdf5_superblock", "open-for-writing", superblock(3, 1))
    write("hdf5_superblock", "behind-a-user-block", bytes(1024) + superblock(2, 0))
    head = b"HDF5's own structures"
    content = head + b"data"
    write("hdf5_stamp", "right", struct.pack("<QQQQ", len(content), len(head), xxhash.xxh3_64_intdigest(head), 1) + content)
    write("hdf5_stamp", "longer-than-the-file", struct.pack("<QQQQ", len(content), 1 << 62, 0, 1) + content)


if __name__ == "__main__":
    main()
