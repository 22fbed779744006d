#!/usr/bin/env python3
"""Takes a model's other files (tokenizer, templates, ...) through the programs: from a Hugging Face directory to HDF5, to HDF5 of another layout, and to
safetensors again, on 1, 2 and 4 ranks, by loading, streaming and in the background; out of the HDF5 file by distload-inspect and by h5py. Then what
has to be refused or found: damage, absent and too large files, files that are there already.

Usage: check_files.py --make "COMMAND that writes a model into the directory that comes last" --bin DIRECTORY --mpirun PROGRAM --work DIRECTORY
Exits with 1 and a list of differences if something is wrong.
"""
import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import h5py
import xxhash

CARRIED = {
    "tokenizer.json": bytes(range(256)) * 5000,
    "tokenizer.model": b"",
    "special_tokens_map.json": b"{}",
    "generation_config.json": b'{"eos_token_id": 2}\n',
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
    "additional_chat_templates/tool_use.jinja": b"{{ messages }}",
}
LEFT = {"README.md": b"# read me", "training_args.bin": b"pickle", ".gitattributes": b"", "onnx/config.json": b"{}"}
MIB = 1 << 20


class Check:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.mpirun = arguments.mpirun
        self.work = pathlib.Path(arguments.work)
        self.found = []

    def run(self, ranks, program, *arguments, code=0, says=()):
        """What the program prints. It has to end with `code` and to say all of `says`."""
        command = [self.mpirun, "-np", str(ranks)] if ranks else []
        done = subprocess.run([*command, self.bin / program, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=120)
        text = done.stdout + done.stderr
        self.expect(done.returncode == code, f"{program} {arguments} ends with {done.returncode}, not {code}:\n{text}")
        for words in says:
            self.expect(words in text, f"{program} {arguments} does not say '{words}':\n{text}")
        return done.stdout

    def expect(self, holds, otherwise):
        if not holds:
            self.found.append(otherwise)

    def save(self, ranks, source, directory, code=0, says=(), **keys):
        settings = {"checkpoint.path": source, "topology.tensor_parallel": ranks, "save.directory": directory} | {
            f"save.{key}": value for key, value in keys.items()
        }
        configuration = self.work / "empty.yaml"
        configuration.write_text("{}\n")
        options = [option for key, value in settings.items() for option in ("--set", f"{key}={value}")]
        self.run(ranks, "distload", *options, configuration, code=code, says=says)

    def expect_directory(self, directory, wanted):
        """That the other files in a directory are `wanted`, byte by byte."""
        ours = {"config.json", "model.safetensors"}
        stored = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()} if directory.exists() else {}
        names = {name for name in stored if name not in ours and not name.startswith("distload.")}
        self.expect(names == set(wanted), f"{directory} has {sorted(names)}, not {sorted(wanted)}")
        for name in names & set(wanted):
            self.expect(stored[name].read_bytes() == wanted[name], f"{directory / name} has other bytes")

    def expect_hdf5(self, path, wanted):
        with h5py.File(path, "r") as file:
            names = set()
            if "files" in file:
                file["files"].visititems(lambda name, item: names.add(name) if isinstance(item, h5py.Dataset) else None)
            self.expect(names == set(wanted), f"{path} has {sorted(names)}, not {sorted(wanted)}")
            for name in names & set(wanted):
                stored = file["files"][name]
                self.expect(bytes(stored[()]) == wanted[name], f"{path}: {name} has other bytes")
                self.expect(stored.attrs["xxh3_64"] == xxhash.xxh3_64_intdigest(wanted[name]), f"{path}: {name} has another hash")

    def check_ways(self, model):
        ways = ({}, {"async": "true"}, {"stream": "true"}, {"engine": "collective"})
        for number, (ranks, keys) in enumerate([(ranks, keys) for ranks in (1, 2, 4) for keys in (ways if ranks == 2 else ways[:1])]):
            place = self.work / f"way-{number}"
            direct = {key: value for key, value in keys.items() if key != "engine"}
            self.save(ranks, model, place / "hdf5", **keys)
            self.expect_hdf5(place / "hdf5/model-step-0.h5", CARRIED)
            self.save(ranks, place / "hdf5", place / "other", tensor_parallel=3 - min(ranks, 2), **keys)
            self.expect_hdf5(place / "other/model-step-0.h5", CARRIED)
            self.save(ranks, place / "other", place / "safetensors", format="safetensors", **direct)
            self.expect_directory(place / "safetensors/model-step-0", CARRIED)
            self.save(ranks, place / "safetensors", place / "again", format="safetensors", verify="full", **direct)
            self.expect_directory(place / "again/model-step-0", CARRIED)

    def check_lists(self, model):
        self.save(2, model, self.work / "listed", files="[README.md, tokenizer.json]")
        wanted = {"README.md": LEFT["README.md"], "tokenizer.json": CARRIED["tokenizer.json"]}
        self.expect_hdf5(self.work / "listed/model-step-0.h5", wanted)
        # What a checkpoint carries goes along, whatever it is called.
        self.save(2, self.work / "listed", self.work / "listed-again")
        self.expect_hdf5(self.work / "listed-again/model-step-0.h5", wanted)
        self.save(2, model, self.work / "none", files="none")
        self.expect_hdf5(self.work / "none/model-step-0.h5", {})
        self.save(2, model, self.work / "no", files="[vocab.txt]", code=3, says=["save.files", "'vocab.txt'", "tokenizer.json"])
        with open(model / "large.model", "wb") as large:
            large.truncate(256 * MIB)
        self.save(2, model, self.work / "no", code=3, says=["save.files", "256 MiB", "large.model"])
        self.save(2, model, self.work / "no", stream="true", code=3, says=["save.files", "256 MiB", "large.model"])
        self.expect(not (self.work / "no").exists(), "a refused save has made its directory")
        (model / "large.model").unlink()

    def check_inspect(self, checkpoint, config):
        listed = self.run(0, "distload-inspect", checkpoint, says=CARRIED)
        self.expect("README" not in listed, "distload-inspect lists README.md")
        place = self.work / "extracted"
        self.run(0, "distload-inspect", "--extract", "tokenizer.json", checkpoint, "--to", place)
        self.expect_directory(place, {"tokenizer.json": CARRIED["tokenizer.json"]})
        (place / "tokenizer.json").write_bytes(b"mine")
        self.run(0, "distload-inspect", "--extract", "all", "--to", place, checkpoint, code=3, says=["tokenizer.json", "exists already"])
        self.expect_directory(place, {"tokenizer.json": b"mine"})
        self.run(0, "distload-inspect", "--extract", "vocab.txt", "--to", place, checkpoint, code=3, says=["vocab.txt", "tokenizer.json"])
        shutil.rmtree(place)
        self.run(0, "distload-inspect", "--extract", "all", "--to", place, checkpoint)
        self.expect_directory(place, CARRIED)
        self.expect((place / "config.json").read_bytes() == config, "the extracted config.json is another one")
        self.run(0, "distload-inspect", "--extract", "config.json", "--extract", "generation_config.json", "--to", place / "two", checkpoint)
        self.expect_directory(place / "two", {"generation_config.json": CARRIED["generation_config.json"]})

    def check_damage(self, checkpoint):
        damaged = self.work / "damaged.h5"
        shutil.copyfile(checkpoint, damaged)
        with h5py.File(damaged, "r") as file:
            offset = file["files"]["generation_config.json"].id.get_offset()
        with open(damaged, "r+b") as file:
            file.seek(offset + 3)
            file.write(b"X")
        for ranks in (1, 3):
            self.run(ranks, "distload-verify", damaged, code=5, says=["generation_config.json"])
        self.run(1, "distload-verify", checkpoint)
        self.run(0, "distload-inspect", "--extract", "generation_config.json", "--to", self.work / "no", damaged, code=5, says=["generation_config.json"])
        self.save(2, damaged, self.work / "no", code=5, says=["generation_config.json"])
        self.save(2, damaged, self.work / "other-files", files="[tokenizer.json]")
        self.expect_hdf5(self.work / "other-files/model-step-0.h5", {"tokenizer.json": CARRIED["tokenizer.json"]})
        self.expect(not (self.work / "no").exists(), "something was made of a damaged file")


def make_model(command, directory):
    subprocess.run([*shlex.split(command), directory], check=True, timeout=60)
    for name, content in (CARRIED | LEFT).items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    # As the cache of a hub has it.
    (directory.parent / "blob").write_bytes(CARRIED["tokenizer.json"])
    (directory / "tokenizer.json").unlink()
    os.symlink("../blob", directory / "tokenizer.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--make", "--bin", "--mpirun", "--work"):
        parser.add_argument(option, required=True)
    check = Check(parser.parse_args())
    shutil.rmtree(check.work, ignore_errors=True)
    check.work.mkdir(parents=True)
    model = check.work / "model"
    make_model(parser.parse_args().make, model)
    check.check_ways(model)
    check.check_lists(model)
    check.check_inspect(check.work / "way-0/hdf5", (model / "config.json").read_bytes())
    check.check_damage(check.work / "way-0/hdf5/model-step-0.h5")
    print("\n".join([*check.found, f"{len(check.found)} differences"]))
    return 1 if check.found else 0


if __name__ == "__main__":
    sys.exit(main())
