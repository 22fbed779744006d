#!/usr/bin/env python3
"""Compares what distload-inspect --json and distload-verify --json print with what the files hold: names, shapes, types, offsets, checksums, and
which blocks are damaged. Nothing but JSON is on stdout, errors are on stderr, and exit codes are those of the text.

Usage: check_json.py --bin DIRECTORY --work DIRECTORY
Exits with 1 and a list of differences if something is wrong.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np
import xxhash

import sample_models

MIB = 1 << 20


class Check:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.work = pathlib.Path(arguments.work)
        self.found = []

    def expect(self, holds, otherwise):
        if not holds:
            self.found.append(otherwise)

    def equal(self, what, is_now, should):
        self.expect(is_now == should, f"{what} is {is_now!r}, not {should!r}")

    def run(self, code, program, *arguments):
        command = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.expect(done.returncode == code, f"{command} ends with {done.returncode}, not {code}:\n{done.stdout[:500]}{done.stderr}")
        return done

    def json(self, code, program, *arguments):
        done = self.run(code, program, "--json", *arguments)
        return json.loads(done.stdout), done.stderr

    def check_safetensors(self):
        model = self.work / "model"
        tensors, offsets = sample_models.write_llama(model)
        file = model / "model.safetensors"
        content = file.read_bytes()

        told, errors = self.json(0, "distload-inspect", model)
        self.equal("stderr", errors, "")
        self.equal("schema", told["schema"], "distload-inspect/1")
        self.equal("tensors", {tensor["name"]: (tensor["dtype"], tuple(tensor["shape"])) for tensor in told["tensors"]}, tensors)
        self.equal("order of tensors", [tensor["name"] for tensor in told["tensors"]], sorted(tensors))
        self.expect(all("extents" not in tensor for tensor in told["tensors"]), "extents are listed without --extents")
        self.equal("bytes", told["checkpoint"]["bytes"], 4 * sum(int(np.prod(shape)) for _, shape in tensors.values()))
        self.equal("parameters", told["checkpoint"]["parameters"], told["checkpoint"]["bytes"] // 4)
        self.equal("checksummed bytes", told["checkpoint"]["checksummed_bytes"], 0)
        self.equal("files", told["files"], [{"path": str(file), "size_bytes": len(content)}])
        self.equal("plan and health", (told["plan"], told["health"]), (None, None))
        self.equal("health without checksums", self.json(9, "distload-inspect", "--verify", model)[0]["health"]["state"], "nothing_to_verify")

        self.run(0, "distload-verify", "--seal", model)
        told, _ = self.json(0, "distload-inspect", "--extents", "--verify", model)
        for tensor in told["tensors"]:
            (extent,) = tensor["extents"]
            begin = offsets[tensor["name"]]
            blocks = [content[begin + at:begin + min(at + 4 * MIB, extent["bytes"])] for at in range(0, extent["bytes"], 4 * MIB)]
            expected = {"file": 0, "offset_bytes": begin, "bytes": tensor["bytes"], "box": {"offset": [0] * len(tensor["shape"]), "shape": tensor["shape"]},
                        "xxh3_64": [xxhash.xxh3_64_hexdigest(block) for block in blocks]}
            self.equal(f"extent of {tensor['name']}", extent, expected)
        self.equal("health", told["health"]["state"], "verified")
        self.equal("verified bytes", told["health"]["verified_bytes"], told["checkpoint"]["bytes"])

        damaged = "model.layers.3.mlp.up_proj.weight"
        sample_models.flip_byte(file, offsets[damaged] + 100)
        health = self.json(5, "distload-inspect", "--verify", model)[0]["health"]
        (block,) = health["damaged_blocks"]
        size = 4 * 96 * 64
        self.equal("damaged block", {key: block[key] for key in ("tensor", "file", "begin_bytes", "end_bytes")},
                   {"tensor": damaged, "file": str(file), "begin_bytes": offsets[damaged], "end_bytes": offsets[damaged] + size})
        self.equal("verified bytes beside damage", health["verified_bytes"], told["checkpoint"]["bytes"] - size)
        self.equal("exit code in health", health["exit_code"], 5)
        self.check_verify(model, health)

    def check_verify(self, model, health):
        told, errors = self.json(5, "distload-verify", model)
        self.equal("stderr of distload-verify", errors, "")
        self.equal("schema of distload-verify", told["schema"], "distload-verify/1")
        self.equal("exit code of distload-verify", told["exit_code"], 5)
        (outcome,) = told["checkpoints"]
        self.equal("blocks that distload-verify finds", outcome["damaged_blocks"], health["damaged_blocks"])
        self.equal("state", outcome["state"], "damaged")
        self.equal("tensors", outcome["tensors"], 57)
        self.equal("verified", outcome["verified_bytes"], health["verified_bytes"])
        told, errors = self.json(4, "distload-verify", self.work / "nowhere")
        self.equal("state of nothing", told["checkpoints"][0]["state"], "not_valid")
        self.expect("nowhere" in errors, f"the error is not on stderr: {errors!r}")

    def check_plan(self):
        plan = self.json(0, "distload-inspect", "--tp", 2, "--pp", 2, "--dp", 2, self.work / "model")[0]["plan"]
        self.equal("topology", plan["topology"], {"tensor_parallel": 2, "pipeline_parallel": 2, "data_parallel": 2, "expert_parallel": 1})
        self.equal("ranks", [(rank["tensor"], rank["data"], rank["pipeline"]) for rank in plan["ranks"]],
                   [(tensor, data, pipeline) for pipeline in range(2) for data in range(2) for tensor in range(2)])
        parameters = {parameter["tensor"]: parameter for parameter in plan["parameters"]}
        shards = {"model.layers.4.mlp.down_proj.weight": ("row_parallel", 1, [1], [[64, 48], [64, 48]]),
                  "model.layers.0.self_attn.q_proj.weight": ("column_parallel", 0, [0], [[32, 64], [32, 64]]),
                  "model.embed_tokens.weight": ("vocab_parallel", 0, [0], [[64, 64], [64, 64]]),
                  "model.norm.weight": ("replicated", None, [1], [[64]])}
        for name, (partition, axis, stages, shapes) in shards.items():
            told = parameters[name]
            self.equal(name, (told["partition"], told["axis"], told["stages"], [shard["shape"] for shard in told["shards"]]), (partition, axis, stages, shapes))
        self.equal("topology of --pp alone", self.json(0, "distload-inspect", "--pp", 3, self.work / "model")[0]["plan"]["topology"]["pipeline_parallel"], 3)

    def check_hdf5(self):
        folder = self.work / "hdf5"
        self.run(0, "distload-synth", "--force", "--size", "12MB", "--dtype", "f32", "--format", "hdf5", "--tensor-parallel", 2, folder)
        (file,) = folder.glob("*.h5")
        told, _ = self.json(0, "distload-inspect", "--extents", file)
        content = file.read_bytes()
        with h5py.File(file) as opened:
            datasets = {}
            opened.visititems(lambda name, item: datasets.__setitem__(name, item) if isinstance(item, h5py.Dataset) else None)
            for tensor in told["tensors"]:
                (dataset,) = (item for name, item in datasets.items() if name.split("/")[-1] == tensor["name"])
                self.equal(f"{tensor['name']} in HDF5", (tensor["dtype"], tensor["shape"]), ("F32", list(dataset.shape)))
                whole = dataset[...]
                for extent in tensor["extents"]:
                    box = tuple(slice(begin, begin + size) for begin, size in zip(extent["box"]["offset"], extent["box"]["shape"]))
                    begin = extent["offset_bytes"]
                    same = content[begin:begin + extent["bytes"]] == np.ascontiguousarray(whole[box]).tobytes()
                    self.expect(same, f"{tensor['name']}: other bytes at {begin}")
        self.expect(max(len(tensor["extents"]) for tensor in told["tensors"]) == 2, "no tensor has two extents")

    def check_errors(self):
        for arguments, code in (((self.work / "nowhere",), 4), ((), 2), (("--tp", 3, self.work / "model"), 3)):
            done = self.run(code, "distload-inspect", "--json", *arguments)
            self.equal(f"stdout of {arguments}", done.stdout, "")
            self.expect(done.stderr.startswith("distload: error: "), f"{arguments}: {done.stderr!r}")
        page = self.work / "page.html"
        done = self.run(0, "distload-inspect", "--json", "--html", page, self.work / "model")
        json.loads(done.stdout)
        self.expect(page.read_text().startswith("<!DOCTYPE html>"), "no page beside the JSON")
        self.run(6, "distload-inspect", "--html", self.work / "nowhere" / "page.html", self.work / "model")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--work", required=True)
    check = Check(parser.parse_args())
    shutil.rmtree(check.work, ignore_errors=True)
    check.work.mkdir(parents=True)
    check.check_safetensors()
    check.check_plan()
    check.check_hdf5()
    check.check_errors()
    for text in check.found:
        print(text)
    return 1 if check.found else 0


if __name__ == "__main__":
    sys.exit(main())
