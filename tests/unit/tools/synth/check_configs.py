"""distload-synth --config makes models that distload-inspect, dry runs and loads take; so are headers alone, except by loads."""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
# Config, options of distload-synth, and the types of weights that it has to write.
MODELS = {
    "qwen3_moe": ("qwen3_moe.json", ["--sparse", "--shard-size", "2MB"], {"BF16", "F32"}),
    "kimi_k2_int4": ("kimi_k2_int4.json", ["--shard-size", "4MB"], {"BF16", "F32", "I32", "I64"}),
    "llama_awq": ("llama.json", ["--quantization", "awq", "--sparse"], {"F16", "I32"}),
    "llama_fp8": ("llama.json", ["--quantization", "fp8"], {"F16", "F32", "F8_E4M3"}),
}  # fmt: skip


def run(*command, code=0):
    """The output of a command that ends with that code."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    text = result.stdout + result.stderr
    assert result.returncode == code, f"{command} ended with {result.returncode} instead of {code}:\n{text}"
    return text


def expect(text, *words):
    for word in words:
        assert word in text, f"`{word}` is not in:\n{text}"


def headers_of(folder):
    """{tensor: (dtype, shape)} of all files."""
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        tensors |= {name: (entry["dtype"], entry["shape"]) for name, entry in header.items()}
    return tensors


def keep_headers_alone(folder, copy):
    shutil.copytree(folder, copy)
    for path in copy.glob("*.safetensors"):
        with path.open("r+b") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            file.truncate(8 + size)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    distload = [given.mpirun, "-np", "4", given.bin / "distload"]

    for name, (config, options, types) in MODELS.items():
        folder = given.work / name
        expect(run(given.bin / "distload-synth", "--config", HERE / "configs" / config, *options, folder), "tensors")
        tensors = headers_of(folder)
        assert {dtype for dtype, _ in tensors.values()} == types, (name, {dtype for dtype, _ in tensors.values()})
        files = list(folder.glob("*.safetensors"))
        stored = sum(os.stat(path).st_blocks * 512 for path in files)
        size = sum(path.stat().st_size for path in files)
        is_sparse = "--sparse" in options
        assert (stored < size / 4) == is_sparse, f"{name}: {stored} of {size} bytes are stored"

        inspected = run(given.bin / "distload-inspect", "-n", "4", folder)
        expect(inspected, "plan for 4 ranks", f"{len(tensors)}, ")
        assert ("holes instead of data" in inspected) == is_sparse, inspected
        dry = run(*distload, "--dry-run", "--set", "topology.tensor_parallel=2", "--set", "topology.pipeline_parallel=2", folder)
        expect(dry, "read amplification")

        alone = given.work / (name + "_headers")
        keep_headers_alone(folder, alone)
        expect(run(given.bin / "distload-inspect", "-n", "4", alone), "plan for 4 ranks", "cut short")
        expect(run(*distload, "--dry-run", alone), "read amplification", "cut short")
        expect(run(*distload, alone, code=5), "cut short")

    report = given.work / "report.json"
    folder = given.work / "llama_fp8"
    run(given.mpirun, "-np", "2", given.bin / "distload", "--report", report, "--set", "report.tensors=true", folder)
    loaded = {tensor["name"] for tensor in json.loads(report.read_text())["tensors"]}
    assert loaded == set(headers_of(folder)), loaded ^ set(headers_of(folder))

    synth = given.bin / "distload-synth"
    broken = given.work / "broken.json"
    config = json.loads((HERE / "configs" / "llama.json").read_text())
    del config["vocab_size"]
    broken.write_text(json.dumps(config))
    expect(run(synth, "--config", broken, given.work / "none", code=3), "model.embed_tokens.weight", "vocab_size")
    expect(run(synth, "--config", HERE / "configs" / "llama.json", "--quantization", "awk", given.work / "none", code=3), "did you mean awq")
    expect(run(synth, "--config", HERE / "configs" / "llama.json", "--layers", "3", given.work / "none", code=2), "excludes")
    expect(run(synth, "--sparse", "--format", "hdf5", given.work / "none", code=2), "--sparse")
    expect(run(synth, "--quantization", "awq", given.work / "none", code=2), "--config")


main()
