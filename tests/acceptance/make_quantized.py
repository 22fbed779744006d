#!/usr/bin/env python3
"""Writes a tiny model of quantized_formats.py, with random bits for weights.

Usage: make_quantized.py VARIANT FAMILY DIRECTORY [--misfit] [--prefix TEXT]
"""
import argparse
import json
import math
import pathlib
import random

import numpy

import quantized_formats

BYTES = {"I64": 8, "F32": 4, "I32": 4, "U32": 4, "BF16": 2, "F16": 2}  # 1 for the others


def order_of_inputs(variant, inputs, generator):
    """g_idx: the group of each input, in which act-order finds them scattered."""
    groups = numpy.arange(inputs) // (variant.config.get("group_size") or 128) if variant.config.get("group_size") != -1 else numpy.zeros(inputs)
    return (generator.permutation(groups) if variant.refused else groups).astype("<i4")


def elements_of(name, tensor, model, generator):
    """The tensor's bytes: numbers that mean something to other programs, and otherwise random ones, of ordinary size if they can be cast."""
    if name.endswith("g_idx"):
        return order_of_inputs(model.variant, tensor.shape[0], generator).tobytes()
    if name.endswith("weight_shape"):
        rows, packed = model.tensors[name.replace("_shape", "_packed")].shape
        return numpy.array([rows, packed * 32 // model.variant.config["config_groups"]["group_0"]["weights"]["num_bits"]], "<i8").tobytes()
    count = math.prod(tensor.shape)
    if tensor.dtype in ("F32", "F16"):
        return generator.standard_normal(count).astype("<f4" if tensor.dtype == "F32" else "<f2").tobytes()
    if tensor.dtype == "BF16":
        return (generator.standard_normal(count).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return generator.integers(0, 256, count * BYTES.get(tensor.dtype, 1), dtype="u1").tobytes()


def write(model, directory, prefix=""):
    """Writes config.json and model.safetensors, in the order in which the model's layers are, with something in front of all names."""
    generator = numpy.random.default_rng(random.Random(model.variant.name).getrandbits(32))
    header, data, begin = {}, [], 0
    for name, tensor in model.tensors.items():
        data.append(elements_of(name, tensor, model, generator))
        header[prefix + name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [begin, begin + len(data[-1])]}
        begin += len(data[-1])
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(model.config, indent=2))
    text = json.dumps(header).encode()
    (directory / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variant", choices=[variant.name for variant in quantized_formats.FORMATS])
    parser.add_argument("family")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--misfit", action="store_true", help="MLPs whose groups two ranks cannot share")
    parser.add_argument("--prefix", default="", help="text in front of all names")
    arguments = parser.parse_args()
    variant = quantized_formats.variant_named(arguments.variant)
    write(quantized_formats.Model(variant, arguments.family, arguments.misfit), arguments.directory, arguments.prefix)


if __name__ == "__main__":
    main()
