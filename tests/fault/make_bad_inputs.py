#!/usr/bin/env python3
"""Makes damaged and hostile checkpoints out of good ones, and configurations that name them, for the failure tests.

Usage: make_bad_inputs.py GOOD_SAFETENSORS_DIRECTORY GOOD_HDF5_FILE OUTPUT_DIRECTORY
"""
import json
import pathlib
import shutil
import struct
import sys

import hostile_inputs

GOOD_CONFIG = "checkpoint: {{path: {path}}}\ntopology: {{tensor_parallel: 2}}\nload: {{engine: {engine}}}\n"


class Inputs:
    def __init__(self, safetensors, hdf5, output):
        self.safetensors = pathlib.Path(safetensors)
        self.hdf5 = pathlib.Path(hdf5)
        self.output = pathlib.Path(output)
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)

    def config(self, name, text):
        (self.output / f"{name}.yaml").write_text(text)

    def checkpoint(self, name, path):
        """A good configuration for a bad checkpoint; also for either engine by name."""
        self.config(name, GOOD_CONFIG.format(path=path, engine="auto"))
        for engine in ("buffered", "collective", "direct", "mmap"):
            self.config(f"{name}-{engine}", GOOD_CONFIG.format(path=path, engine=engine))

    # HDF5 files

    def copy_of_hdf5(self, name):
        path = self.output / f"{name}.h5"
        shutil.copy(self.hdf5, path)
        self.checkpoint(name, path)
        return path

    def flip_byte(self, name, tensor):
        """One bit of one tensor's data, found through h5py, so that the file stays a good HDF5 file."""
        import h5py

        path = self.copy_of_hdf5(name)
        with h5py.File(path, "r") as file:
            dataset = file["tensors"][tensor]
            if dataset.chunks is None:
                offset = dataset.id.get_offset()
            else:
                offset = dataset.id.get_chunk_info(0).byte_offset
        with open(path, "r+b") as file:
            file.seek(offset + 7)
            byte = file.read(1)[0]
            file.seek(offset + 7)
            file.write(bytes([byte ^ 0x10]))

    def truncate(self, name, fraction):
        path = self.copy_of_hdf5(name)
        with open(path, "r+b") as file:
            file.truncate(int(path.stat().st_size * fraction))

    # safetensors directories

    def safetensors_with(self, name, change=None, raw_header=None, cut_bytes=0):
        """A copy whose header `change` has edited, or whose header is `raw_header`."""
        directory = self.output / name
        directory.mkdir()
        shutil.copy(self.safetensors / "config.json", directory)
        good = (self.safetensors / "model.safetensors").read_bytes()
        (length,) = struct.unpack("<Q", good[:8])
        header, data = good[8 : 8 + length], good[8 + length :]
        if change is not None:
            parsed = json.loads(header)
            change(parsed)
            header = json.dumps(parsed).encode()
        if raw_header is not None:
            header = raw_header
        bad = struct.pack("<Q", len(header)) + header + data
        (directory / "model.safetensors").write_bytes(bad[: len(bad) - cut_bytes])
        self.checkpoint(name, directory)


def main(safetensors, hdf5, output):
    inputs = Inputs(safetensors, hdf5, output)
    good_path = inputs.safetensors

    # Files that are not there, are something else, or are not whole.
    inputs.checkpoint("missing", inputs.output / "nowhere.h5")
    empty = inputs.output / "empty"
    empty.mkdir()
    inputs.checkpoint("empty_directory", empty)
    text = inputs.output / "text.h5"
    text.write_text("This is not an HDF5 file.\n" * 100)
    inputs.checkpoint("not_hdf5", text)
    inputs.truncate("truncated", 0.5)
    inputs.truncate("truncated_a_little", 0.999)
    inputs.flip_byte("flipped_weight", "model.layers.1.mlp.up_proj.weight")
    inputs.flip_byte("flipped_norm", "model.norm.weight")

    # safetensors headers.
    tensor = "model.layers.0.mlp.up_proj.weight"

    def offsets(begin, end):
        def change(header):
            header[tensor]["data_offsets"] = [begin, end]

        return change

    def shape(sizes):
        def change(header):
            header[tensor]["shape"] = sizes

        return change

    def overlap(header):
        other = header["model.layers.0.mlp.gate_proj.weight"]["data_offsets"]
        header[tensor]["data_offsets"] = list(other)

    def rename(name):
        def change(header):
            header[name] = header.pop(tensor)

        return change

    inputs.safetensors_with("overlapping", overlap)
    inputs.safetensors_with("negative_offset", offsets(-8, 10))
    inputs.safetensors_with("overflowing_offset", offsets(2**64 - 8, 2**64 - 1))
    inputs.safetensors_with("offset_beyond_64_bits", offsets(0, 2**70))
    inputs.safetensors_with("offset_behind_the_end", offsets(0, 2**40))
    inputs.safetensors_with("overflowing_shape", shape([2**32, 2**32, 4]))
    inputs.safetensors_with("wrong_shape", shape([3, 3]))
    inputs.safetensors_with("slash_in_name", rename("model/layers.weight"))
    inputs.safetensors_with("no_rule", rename("model.layers.0.mystery.weight"))

    def several_at_once(header):
        header["model.layers.0.mystery.weight"] = header.pop("model.layers.0.mlp.gate_proj.weight")
        header["model.layers.1.mlp.up_proj.weight"]["shape"].reverse()
        header["model.other_norm.weight"] = header.pop("model.norm.weight")

    inputs.safetensors_with("several_at_once", several_at_once)
    inputs.safetensors_with("other_sizes")
    config_json = inputs.output / "other_sizes" / "config.json"
    config_json.write_text(config_json.read_text().replace('"intermediate_size": 144', '"intermediate_size": 160'))
    inputs.safetensors_with("wrong_dtype", lambda header: header[tensor].update(dtype="F31"))
    inputs.safetensors_with("not_json", raw_header=b"{not json")
    inputs.safetensors_with("duplicate_key", raw_header=b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' b'"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}')
    inputs.safetensors_with("deep_nesting", raw_header=b"[" * 200000)
    inputs.safetensors_with("cut_short", cut_bytes=100)

    # Configurations.
    def config(name, rest, topology="{tensor_parallel: 2}"):
        inputs.config(name, f"checkpoint: {{path: {good_path}}}\ntopology: {topology}\n{rest}")

    config("unknown_key", "load: {engin: auto}\n")
    config("duplicate_config_key", "load: {engine: auto, engine: buffered}\n")
    config("wrong_type", "load: {verify: perhaps}\n")
    config("huge_number", "load: {staging: 99999999999999999999 GiB}\n")
    config("wrong_rank_count", "", topology="{tensor_parallel: 4}")
    config("huge_topology", "", topology="{tensor_parallel: 4294967297}")
    config("does_not_divide", "", topology="{tensor_parallel: 1, pipeline_parallel: 1, data_parallel: 2}\nmodel: {family: bert}")
    config("file_layout", "save: {directory: nowhere, tensor_parallel: 7}\n")
    config("long_hint", f"load: {{engine: collective, hints: {{cb_nodes: '{'9' * 5000}'}}}}\n")
    config("memory_limit", "load: {memory_limit: 100 KiB}\n")
    config("transposed_save", "load: {transpose: true}\nsave: {directory: nowhere}\n")
    (inputs.output / "bad_rules.rules.yaml").write_text("extends: llama\nrules:\n  - {match: x, partition: sideways, stage: all}\n")
    (inputs.output / "unknown_base.rules.yaml").write_text("extends: lama\n")
    for name in ("no_such_rules", "bad_rules", "unknown_base"):
        config(name, f"model: {{rules: {inputs.output / name}.rules.yaml}}\n")
    config("good", "")
    inputs.config("not_yaml", "checkpoint: {path: [unclosed\n")
    inputs.config("no_checkpoint", "topology: {tensor_parallel: 2}\n")
    hostile_inputs.add_all(inputs)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
