"""The checks on several ranks: under mpirun or torchrun, python ranks.py FOLDER.

Every rank compares its shards on all topologies with those that Megatron's layers would have; saves, loads, reloads and redistributes.
"""
import itertools
import os
import pathlib
import shutil
import sys
import warnings

import torch

import distload
import tiny_llama
from distload._group import group_of


def check(model, tensors, rank):
    topology = model.topology
    tensor_parallel, stages = topology["tensor_parallel"], topology["pipeline_parallel"]
    own_stage = rank // (tensor_parallel * topology["data_parallel"])
    expected = {name for name in tensors if tiny_llama.stage(name, stages) == own_stage}
    assert set(model) == expected, (topology, rank, set(model) ^ expected)
    for name in expected:
        shard = tiny_llama.shard(name, tensors[name], rank % tensor_parallel, tensor_parallel)
        assert torch.equal(torch.from_dlpack(model[name]), shard), (topology, rank, name)


class Engine(torch.nn.Module):
    """Computes with the tensors that it gets."""

    def __init__(self, stops, fails):
        super().__init__()
        self.register_buffer("head", torch.zeros(tiny_llama.VOCABULARY, tiny_llama.HIDDEN))
        self.stops, self.fails = stops, fails

    def load_weights(self, weights):
        for name, tensor in weights:
            doubled = tensor.float() * 2
            if self.stops:
                if self.fails:
                    raise ValueError("no such layer")
                return
            if name == "lm_head.weight":
                self.head.copy_(doubled)


def raises(error, call):
    try:
        call()
    except error as raised:
        return str(raised)
    raise AssertionError(f"{error.__name__} was not raised")


def main():
    folder = pathlib.Path(sys.argv[1])
    group = group_of(None)
    rank, size = group.rank, group.size
    if rank == 0:
        shutil.rmtree(folder, ignore_errors=True)
        tiny_llama.write(folder / "llama")
        tiny_llama.write(folder / "other", seed=9)
    group.barrier()
    tensors = tiny_llama.tensors()
    topologies = [(t, p, d) for t, p, d in itertools.product((1, 2, 4), (1, 2), (1, 2, 4)) if t * p * d == size]
    for t, p, d in topologies:
        for engine in ("auto", "direct", "buffered", "mmap") + (("collective",) if group.uses_mpi else ()):
            model = distload.load(folder / "llama", tensor_parallel=t, pipeline_parallel=p, data_parallel=d, engine=engine)
            check(model, tensors, rank)
        saved = distload.save(model, folder / f"saved-{t}-{p}-{d}", step=1)
        check(distload.load(saved["path"], tensor_parallel=t, pipeline_parallel=p, data_parallel=d), tensors, rank)
        pending = distload.save_async(model, folder / f"saved-{t}-{p}-{d}", step=2)
        assert pending.wait()["step"] == 2
    whole = distload.load(folder / "llama", tensor_parallel=size, engine="direct")
    for t, p, d in topologies:
        check(whole.redistribute(tensor_parallel=t, pipeline_parallel=p, data_parallel=d), tensors, rank)
    kept = torch.from_dlpack(whole["lm_head.weight"])
    assert "in use" in raises(distload.ConfigError, lambda: whole.redistribute(tensor_parallel=1, data_parallel=size, in_place=True))
    del kept
    check(whole.redistribute(tensor_parallel=1, data_parallel=size, in_place=True), tensors, rank)
    fused = distload.load(folder / "llama", tensor_parallel=size, fuse=["qkv", "gate_up"], engine="direct")
    assert "model.layers.0.self_attn.qkv_proj.weight" in fused
    half = fused.redistribute(split=["qkv"])
    assert "model.layers.0.self_attn.q_proj.weight" in half and "model.layers.0.mlp.gate_up_proj.weight" in half
    check(half.redistribute(split=["gate_up"]), tensors, rank)
    again = half.redistribute(fuse=["qkv", "gate_up"])
    assert set(again) == set(fused)
    for name in fused:
        assert torch.equal(torch.from_dlpack(again[name]), torch.from_dlpack(fused[name])), name

    model = distload.load(folder / "llama", tensor_parallel=size, engine="direct")
    model.reload(folder / "other")
    check(model, tiny_llama.tensors(9), rank)

    message = raises(distload.ConfigError, lambda: distload.load(folder / "llama", dtype="fp32" if rank == size - 1 else "bf16"))
    assert "load.dtype" in message and f"rank {size - 1}" in message, message
    # What is refused on one rank alone does not make the others wait.
    is_odd = rank == size - 1
    refused = ({"colour": 3}, "colour is not known"), ({"device": "tpu"}, "not to 'tpu'"), ({"progress": "bar"}, "progress is 'bar'")
    for wrong, reason in refused:
        message = raises(distload.ConfigError, lambda: distload.load(folder / "llama", **(wrong if is_odd else {})))
        assert reason in message and f"rank {size - 1}" in message, message
    message = raises(distload.ConfigError, lambda: distload.save(model, folder / "refused", **({"colour": 3} if is_odd else {})))
    assert "colour" in message, message
    message = raises(distload.ConfigError, lambda: distload.capture(lambda weights: None, Engine(False, False), folder / "llama", batch_bytes=100 + rank))
    assert "batch_bytes is 100, 101" in message, message
    # Neither does an engine's function that fails, or stops, on one rank alone, with tensors that it gets as a whole.
    for fails in (True, False):
        engine = Engine(stops=is_odd, fails=fails)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of capture, about what is loaded as a whole
            if fails:
                message = raises((ValueError, distload.ConfigError), lambda: distload.capture(engine.load_weights, engine, folder / "llama"))
                assert "no such layer" in message, message
            else:
                distload.capture(engine.load_weights, engine, folder / "llama")
                assert is_odd or torch.equal(engine.head, tensors["lm_head.weight"].float() * 2)
    if not group.uses_mpi:
        assert "MPI" in raises(distload.ConfigError, lambda: distload.load(folder / "llama", engine="collective"))
    assert distload.verify(folder / "saved-1-1-4" if size == 4 else saved["path"])["checkpoints"][0]["exit_code"] == 0
    assert distload.plan(folder / "llama", tensor_parallel=size).fits
    print(f"rank {rank} of {size}: every shard is right on {len(topologies)} topologies", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
