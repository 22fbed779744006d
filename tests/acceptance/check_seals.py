#!/usr/bin/env python3
"""Checks seals from outside: distload.checksums.json is recomputed with numpy, xxhash and hashlib, loads of sealed files give the same shards
as before with every engine, and whatever happens to a sealed file is noticed by name.

Usage: check_seals.py --bin DIRECTORY --make DISTLOAD_SYNTH --work DIRECTORY [--mpirun MPIRUN] [--brief]
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import h5py
import numpy
import xxhash

BLOCK = 4 << 20
SIDECAR = "distload.checksums.json"
ENGINES = ("mmap", "direct", "buffered", "collective")
NO_CHECKSUMS = "no checksums"
NO_WAIT = {"OMPI_MCA_odls_base_sigkill_timeout": "0"}  # mpirun waits a second after each load that fails


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--make", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--brief", action="store_true", help="every engine on 2 ranks instead of 1, 2 and 4")
    return parser.parse_args()


def block_hashes(data):
    return "".join(xxhash.xxh3_64_hexdigest(data[begin : begin + BLOCK]) for begin in range(0, len(data), BLOCK))


def safetensors_entry(path):
    """What the sidecar should say of a safetensors file, from its bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    base = 8 + length
    return {
        "size_bytes": len(data),
        "mtime_ns": path.stat().st_mtime_ns,
        "header_xxh3_64": xxhash.xxh3_64_hexdigest(data[:base]),
        "sha256": hashlib.sha256(data).hexdigest(),
        "tensors": {name: block_hashes(data[base + entry["data_offsets"][0] : base + entry["data_offsets"][1]]) for name, entry in header.items()},
    }


def hdf5_entry(path, dtypes):
    """What the sidecar should say of a foreign HDF5 file with flat datasets; `dtypes` by numpy's names."""
    data = path.read_bytes()
    description = b""
    tensors = {}
    with h5py.File(path, "r") as file:
        for name in sorted(file):
            dataset = file[name]
            shape = dataset.shape
            if dataset.chunks:
                chunks = [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
                parts = sorted((chunk.chunk_offset, chunk.byte_offset, chunk.size, dataset.chunks) for chunk in chunks)
            else:
                parts = [((0,) * len(shape), dataset.id.get_offset(), dataset.id.get_storage_size(), shape)]
            numbers = "".join(f"{size}," for size in shape)
            description += f"{name}\0{dtypes[dataset.dtype.name]}\0{numbers}\0".encode()
            for offset, at, nbytes, extent in parts:
                description += (f"{at},{nbytes}," + "".join(f"{number}," for number in (*offset, *extent)) + ";").encode()
            description += b"\n"
            tensors[name] = "".join(block_hashes(data[at : at + nbytes]) for _, at, nbytes, _ in parts)
    return {
        "size_bytes": len(data),
        "mtime_ns": path.stat().st_mtime_ns,
        "header_xxh3_64": xxhash.xxh3_64_hexdigest(description),
        "sha256": hashlib.sha256(data).hexdigest(),
        "tensors": tensors,
    }


def flip(path, offset, keep_time):
    """One bit; with `keep_time` as decay on storage does it, which nobody records."""
    status = path.stat()
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


class Seals:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = arguments.work
        self.failures = 0
        self.checks = 0
        self.numbers_of_ranks = (2,) if arguments.brief else (1, 2, 4)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.model = self.work / "model"
        subprocess.run([arguments.make, "--size", "60MB", "--shard-size", "25MB", "--kv-heads", "4", self.model], check=True, capture_output=True)
        self.first = sorted(self.model.glob("*.safetensors"))[0]

    def note(self, what, problem):
        self.checks += 1
        self.failures += bool(problem)
        print(f"{'FAILED' if problem else 'ok'}: {what}{': ' + str(problem) if problem else ''}", flush=True)

    def run(self, program, *arguments, ranks=2):
        command = [self.arguments.mpirun, "-np", str(ranks), self.arguments.bin / program, *arguments]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, env=os.environ | NO_WAIT)
        return done.returncode, done.stdout + done.stderr

    def expect(self, what, result, code, *patterns, absent=()):
        got, text = result
        problems = [] if got == code else [f"exit code {got} instead of {code}"]
        problems += [f"does not say '{pattern}'" for pattern in patterns if pattern not in text]
        problems += [f"says '{pattern}'" for pattern in absent if pattern in text]
        self.note(what, "; ".join(problems) + "\n" + text if problems else "")

    def verify(self, *arguments, ranks=2):
        return self.run("distload-verify", *arguments, ranks=ranks)

    def seal(self, what, path, *arguments, ranks=2):
        self.expect(what, self.verify("--seal", *arguments, path, ranks=ranks), 0, "sealed")

    def load(self, path, ranks=2, report=None, **keys):
        """Loads with the given keys, `load_engine` for load.engine; also saves where the keys say so."""
        config = self.work / "config.json"
        config.write_text(json.dumps({"checkpoint": {"path": str(path)}, "topology": {"tensor_parallel": ranks}}))
        settings = {"report.progress": "none"} | {key if "." in key else key.replace("_", ".", 1): value for key, value in keys.items()}
        if report:
            settings |= {"report.json": report, "report.tensors": "true"}
        return self.run("distload", *(f"--set={key}={value}" for key, value in settings.items()), config, ranks=ranks)

    def shards(self, what, path, ranks, absent=(), **keys):
        """Every shard's hash."""
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        result = self.load(path, ranks, report, **keys)
        self.expect(what, result, 0, absent=absent)
        if result[0] != 0:
            return {}
        loaded = json.loads(report.read_text())
        self.note(f"{what}: every byte is read once", "" if loaded["read_amplification"] == 1 else loaded["read_amplification"])
        return {(tensor["rank"], tensor["name"]): tensor["xxh3_64"] for tensor in loaded["tensors"]}

    def sidecar(self, directory):
        return json.loads((directory / SIDECAR).read_text())

    def copy(self, name):
        """The sealed model at another place, times and all."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.model, path)
        return path

    def check_sidecar(self):
        expected = {path.name: safetensors_entry(path) for path in self.model.glob("*.safetensors")}
        self.expect("before a seal there is nothing to verify", self.verify(self.model), 9, "nothing to verify")
        for ranks in (1, 3):
            (self.model / SIDECAR).unlink(missing_ok=True)
            self.seal(f"sealing on {ranks} ranks", self.model, "--sha256", ranks=ranks)
            self.note(f"seal of {ranks} ranks, recomputed", "" if self.sidecar(self.model)["files"] == expected else "it differs")
        self.seal("resealing without sums", self.model)
        self.note("sums stay with files that are as they were", "" if self.sidecar(self.model)["files"] == expected else "it differs")
        self.expect("verified", self.verify(self.model, ranks=3), 0, "0 B without checksums", absent=(NO_CHECKSUMS + ",", "warning"))

    def check_loads(self):
        unsealed = self.copy("unsealed")
        (unsealed / SIDECAR).unlink()
        for ranks in self.numbers_of_ranks:
            wanted = self.shards(f"unsealed on {ranks} ranks", unsealed, ranks)
            for engine in ENGINES:
                found = self.shards(f"sealed, {engine} on {ranks} ranks", self.model, ranks, (NO_CHECKSUMS,), load_engine=engine)
                self.note(f"{engine} on {ranks} ranks gives the same shards", "" if found == wanted else "they differ")
        wanted = self.shards("unsealed, fused", unsealed, 2, model_fuse="[qkv, gate_up]")
        found = self.shards("sealed, fused", self.model, 2, (NO_CHECKSUMS,), model_fuse="[qkv, gate_up]")
        self.note("fused, the same shards", "" if found == wanted else "they differ")

    def check_damage(self):
        """A bit that changes in silence, in whatever way the file is read."""
        damaged = self.copy("damaged")
        path = damaged / self.first.name
        name, entry = max(self.header(path).items(), key=lambda item: item[1]["data_offsets"][1] - item[1]["data_offsets"][0])
        place = 8 + self.header_bytes(path) + entry["data_offsets"][1] - 5
        flip(path, place, keep_time=True)
        for ranks in self.numbers_of_ranks:
            for engine in ENGINES:
                self.expect(f"a flipped bit, {engine} on {ranks} ranks", self.load(damaged, ranks, load_engine=engine), 5, name)
            self.expect(f"a flipped bit, streamed by {ranks}", self.load(damaged, ranks, save_directory=self.work / "streamed", save_stream="true"), 5, name)
        self.expect("without verification", self.load(damaged, load_verify="false"), 0)
        for ranks in (1, 3):
            result = self.verify("--json", damaged, ranks=ranks)
            found = json.loads(result[1][: result[1].rindex("}") + 1].split("\n-----")[0])
            block = found["checkpoints"][0]["damaged_blocks"]
            right = result[0] == found["exit_code"] == 5 and found["checkpoints"][0]["state"] == "damaged" and len(block) == 1 and block[0]["tensor"] == name and block[0]["begin_bytes"] <= place < block[0]["end_bytes"]
            self.note(f"--json on {ranks} ranks names the damage", "" if right else result[1])
        self.expect("damage is not sealed over", self.verify("--seal", damaged), 5, "is damaged", name)

    def check_changes(self):
        """What makes a seal stale, one by one."""
        for what, change, words in (
            ("a flipped bit with its time", lambda path: flip(path, path.stat().st_size - 3, False), "it was modified at"),
            ("a flipped header", lambda path: flip(path, 8 + self.header_bytes(path) // 2, True), self.first.name),
            ("spaces in the header", self.change_header, "its header is another one"),
            ("a touched file", lambda path: os.utime(path), "it was modified at"),
            ("a cut file", lambda path: os.truncate(path, path.stat().st_size - 4096), self.first.name),
        ):
            changed = self.copy("changed")
            change(changed / self.first.name)
            self.expect(f"{what}, loaded", self.load(changed), 5, self.first.name, words)
            if words.startswith("it was"):
                self.expect(f"{what}, remedies", self.load(changed), 5, "distload-verify --seal")
                self.expect(f"{what}, unverified", self.load(changed, load_verify="false"), 0, "has changed since it was sealed")
                code = 0 if what == "a touched file" else 5
                self.expect(f"{what}, content compared", self.verify(changed), code, words)
                self.seal(f"{what}, resealed", changed)
                self.expect(f"{what}, loaded after resealing", self.load(changed), 0, absent=("warning",))
            else:
                self.expect(f"{what}, verified", self.verify(changed), 5, self.first.name)

    def check_hostile(self):
        good = (self.model / SIDECAR).read_text()
        entry = self.sidecar(self.model)["files"][self.first.name]
        tensor = next(iter(entry["tensors"]))

        def changed(**keys):
            sidecar = self.sidecar(self.model)
            sidecar["files"][self.first.name] |= keys
            return json.dumps(sidecar)

        cases = {
            "nothing": "",
            "no JSON": "{not json",
            "cut": good[: len(good) // 2],
            "nested": "[" * 200000,
            "nested objects": '{"files":' * 200000,
            "a list": "[]",
            "another format": good.replace("distload-checksums", "other"),
            "a newer version": good.replace('"format_version": 1', '"format_version": 2'),
            "other blocks": good.replace('"block_bytes": 4194304', '"block_bytes": 1'),
            "a path": good.replace(f'"{self.first.name}"', '"../x.safetensors"'),
            "an absolute path": good.replace(f'"{self.first.name}"', '"/etc/passwd"'),
            "a file twice": good.replace('"files": {', '"files": {' + '"a": {"size_bytes":1,"mtime_ns":1,"header_xxh3_64":"0000000000000000","tensors":{}},' * 2),
            "a tensor twice": good.replace(f'"{tensor}":', f'"{tensor}": "", "{tensor}":', 1),
            "a negative size": changed(size_bytes=-1),
            "a huge size": good.replace(str(entry["size_bytes"]), "9" * 40),
            "a fraction": changed(mtime_ns=0.5),
            "a short hash": changed(header_xxh3_64="12"),
            "no hex": changed(sha256="z" * 64),
            "too few hashes": changed(tensors=entry["tensors"] | {tensor: ""}),
            "too many hashes": changed(tensors=entry["tensors"] | {tensor: entry["tensors"][tensor] + "0" * 16}),
            "a half hash": changed(tensors=entry["tensors"] | {tensor: entry["tensors"][tensor][:-1]}),
            "a tensor too many": changed(tensors=entry["tensors"] | {"other": ""}),
            "a tensor too few": changed(tensors={name: hashes for name, hashes in entry["tensors"].items() if name != tensor}),
            "an unknown key": changed(more=1),
            "a missing key": good.replace('"mtime_ns"', '"writer"', 1),
        }
        hostile = self.copy("hostile")
        for what, text in cases.items():
            (hostile / SIDECAR).write_text(text)
            self.expect(f"seal with {what}", self.load(hostile), 5, SIDECAR, absent=("json.exception",))
        self.expect("a damaged seal, verified", self.verify(hostile), 5, SIDECAR)
        self.expect("a damaged seal is not replaced unasked", self.verify("--seal", hostile), 5, "remove this damaged seal")
        self.expect("a damaged seal, unverified", self.load(hostile, load_verify="false"), 0, SIDECAR)

    def check_single_files(self):
        """One sidecar for several files: sealing one keeps the others' entries; links count by what they lead to."""
        cache = self.work / "cache"
        blobs = cache / "blobs"
        snapshot = cache / "snapshots" / "1234"
        blobs.mkdir(parents=True)
        snapshot.mkdir(parents=True)
        for path in self.model.iterdir():
            if path.name == SIDECAR:
                continue
            shutil.copy2(path, blobs / f"blob-{path.name}")
            (snapshot / path.name).symlink_to(f"../../blobs/blob-{path.name}")
        for path in sorted(snapshot.glob("*.safetensors")):
            self.seal(f"sealing {path.name} by itself", path)
        expected = {path.name: safetensors_entry(path) for path in snapshot.glob("*.safetensors")}
        for entry in expected.values():
            del entry["sha256"]
        self.note("entries of single files stay", "" if self.sidecar(snapshot)["files"] == expected else "they differ")
        self.note("links stay links", "" if all(path.is_symlink() for path in snapshot.glob("*.safetensors")) else "they do not")
        self.expect("sealed through links, loaded", self.load(snapshot), 0, absent=("warning",))
        sidecar = self.sidecar(snapshot)
        del sidecar["files"][self.first.name]
        (snapshot / SIDECAR).write_text(json.dumps(sidecar))
        self.expect("partly sealed", self.verify(snapshot), 0, "1 of 3 files", self.first.name, absent=(" 0 B without checksums",))
        flip(blobs / f"blob-{sorted(expected)[1]}", expected[sorted(expected)[1]]["size_bytes"] - 2, keep_time=True)
        self.expect("partly sealed and damaged", self.load(snapshot), 5, sorted(expected)[1])

    def check_hdf5(self):
        """Other people's HDF5 files, contiguous and in chunks."""
        directory = self.work / "foreign"
        directory.mkdir()
        shutil.copy(self.model / "config.json", directory)
        path = directory / "weights.h5"
        with h5py.File(path, "w") as file:
            for source in self.model.glob("*.safetensors"):
                data = source.read_bytes()
                base = 8 + self.header_bytes(source)
                for name, entry in self.header(source).items():
                    raw = data[base + entry["data_offsets"][0] : base + entry["data_offsets"][1]]
                    numbers = (numpy.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4").astype("<f2").reshape(entry["shape"])
                    chunks = (entry["shape"][0] // 2, entry["shape"][1]) if "down_proj" in name else None
                    file.create_dataset(name, data=numbers, chunks=chunks)
        expected = hdf5_entry(path, {"float16": "F16"})
        wanted = self.shards("a foreign HDF5 file, unsealed", path, 2)
        self.seal("sealing it", path, "--sha256", ranks=3)
        self.note("its seal, recomputed", "" if self.sidecar(directory)["files"] == {path.name: expected} else self.sidecar(directory)["files"])
        for ranks in self.numbers_of_ranks:
            for engine in ENGINES:
                for by_dataset in ("true", "false") if engine == "collective" else ("",):
                    keys = {"load_engine": engine} | ({"load_read_datasets": by_dataset} if by_dataset else {})
                    found = self.shards(f"sealed HDF5, {engine} {by_dataset} on {ranks} ranks", path, ranks, (NO_CHECKSUMS,), **keys)
                    if ranks == 2:
                        self.note("the same shards", "" if found == wanted else "they differ")
        flip(path, path.stat().st_size - 100, keep_time=True)
        for engine in ENGINES:
            self.expect(f"damaged HDF5, {engine}", self.load(path, load_engine=engine), 5, path.name)

    def check_saves(self):
        """What is saved out of sealed files is verified on the way."""
        out = self.work / "out"
        self.expect("streamed out of sealed files", self.load(self.model, save_directory=out, save_stream="true"), 0, absent=(NO_CHECKSUMS,))
        self.expect("what was streamed", self.verify(out), 0)
        self.expect("own files need no seal", self.verify("--seal", out), 0, "checksums of its own")
        exported = self.work / "exported"
        self.expect("exported", self.load(self.model, save_directory=exported, save_format="safetensors"), 0)
        self.seal("sealing an export", exported)
        self.expect("the sealed export as a base", self.load(self.model, save_directory=self.work / "based", save_tensor_parallel=1, save_base=exported), 0, "are as in the base", absent=(NO_CHECKSUMS,))

    def check_manifest(self):
        manifest = self.work / "SHA256SUMS"
        names = sorted(path.name for path in self.model.iterdir() if path.name != SIDECAR)
        sums = {name: hashlib.sha256((self.model / name).read_bytes()).hexdigest() for name in names}
        lines = [f"{sums[name]} {'*' if i % 2 else ' '}{name}" for i, name in enumerate(names)]

        def check(what, lines, code, *patterns, path=self.model):
            manifest.write_text("\n".join(lines) + "\n")
            for ranks in (1, 3):
                self.expect(f"{what}, {ranks} ranks", self.verify("--check-sha256", manifest, path, ranks=ranks), code, *patterns)

        check("published sums", lines, 0, f"{len(names)} files compared", "0 are not as published")
        check("one file's sum", lines, 0, "1 files compared", path=self.first)
        check("another sum", [f"{'0' * 64}  {names[1]}", *lines[2:]], 5, names[1], "0" * 64)
        check("a file that is not there", [*lines, f"{'0' * 64}  gone.bin"], 5, "gone.bin is listed, but is not there")
        check("a way out", [*lines, f"{'0' * 64}  ../config.json"], 5, "../config.json", "leads out of")
        check("an absolute way out", [*lines, f"{'0' * 64}  /etc/passwd"], 5, "/etc/passwd", "leads out of")
        check("files that are not listed", lines[:2], 0, f"{names[-2]} is not listed")
        check("no sums", [], 9, "lists no sum")
        check("no manifest", ["hello"], 5, "SHA256SUMS:1:")
        damaged = self.work / "damaged"
        check("a damaged file", lines, 5, self.first.name, path=damaged)

    def check_steps(self):
        """A directory of steps in both formats: every one that is passed over is named."""
        steps = self.work / "steps"
        own = next((self.work / "out").glob("model-step-*.h5"))
        steps.mkdir()
        for step in (3, 5, 6):
            shutil.copy(own, steps / f"model-step-{step}.h5")
        shutil.copytree(self.model, steps / "model-step-4")
        shutil.copytree(self.model, steps / "model-step-2.replaced")
        (steps / "model-step-2.replaced" / SIDECAR).unlink()
        os.truncate(steps / "model-step-6.h5", own.stat().st_size // 2)
        for ranks in (1, 3):
            self.expect("newest is cut", self.verify(steps, ranks=ranks), 5, "passed over", "model-step-6.h5", "model-step-5.h5: ", "model-step-4: not looked at", "model-step-3.h5: not looked at", "model-step-2.replaced: not looked at")
            self.expect("all steps", self.verify("--all", steps, ranks=ranks), 5, "model-step-6.h5", "model-step-5.h5: ", "model-step-4: ", "model-step-3.h5: ", "model-step-2.replaced: ", "nothing to verify", absent=("not looked at",))
            self.expect("a cut step", self.verify("--step", 6, steps, ranks=ranks), 5, "model-step-6.h5")
            self.expect("a good step", self.verify("--step", 5, steps, ranks=ranks), 0, "model-step-5.h5: ")
            self.expect("a missing step", self.verify("--step", 9, steps, ranks=ranks), 4, "has no step 9")
        (steps / "model-step-6.h5").unlink()
        self.expect("a good newest", self.verify(steps), 0, "model-step-5.h5: ")
        self.expect("all, one without checksums", self.verify("--all", steps), 9, "nothing to verify")
        flip(steps / "model-step-3.h5", own.stat().st_size // 2, True)
        self.expect("all, an old one is damaged", self.verify("--all", steps), 5, "damaged data", "model-step-3.h5")
        self.expect("several paths", self.verify(self.work / "nowhere", steps, self.work / "unsealed"), 4, "nowhere", "model-step-5.h5: ", "unsealed: ")
        self.expect("the worst counts", self.verify(self.work / "nowhere", self.work / "damaged", self.work / "unsealed"), 5, "nowhere", "damaged data")
        self.expect("nothing to verify counts", self.verify(steps, self.work / "unsealed"), 9)

    def header_bytes(self, path):
        return struct.unpack("<Q", path.read_bytes()[:8])[0]

    def header(self, path):
        header = json.loads(path.read_bytes()[8 : 8 + self.header_bytes(path)])
        header.pop("__metadata__", None)
        return header

    def change_header(self, path):
        """Another order of the same entries, with the time kept."""
        status = path.stat()
        data = path.read_bytes()
        length = self.header_bytes(path)
        text = json.dumps(dict(reversed(json.loads(data[8 : 8 + length]).items())), separators=(",", ":")).encode()
        path.write_bytes(data[:8] + text.ljust(length) + data[8 + length :])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def main():
    seals = Seals(parse_arguments())
    for check in (seals.check_sidecar, seals.check_loads, seals.check_damage, seals.check_changes, seals.check_hostile, seals.check_single_files,
                  seals.check_hdf5, seals.check_saves, seals.check_manifest, seals.check_steps):
        check()
    if not seals.failures:
        shutil.rmtree(seals.work)
    print(f"{seals.checks} checks, {seals.failures} failed")
    return 1 if seals.failures else 0


if __name__ == "__main__":
    sys.exit(main())
