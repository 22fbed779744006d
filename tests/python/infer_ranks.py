"""Computing on several ranks: under mpirun or torchrun, python infer_ranks.py FOLDER DISTLOAD_INFER.

On every topology the logits and tokens are those of the program distload-infer on one rank, bit by bit. Wrong calls fail on all ranks.
"""
import itertools
import os
import pathlib
import shutil
import subprocess
import sys

import numpy
import torch

import distload
import tiny_llama
from distload._group import group_of
from ranks import raises

IDS = [[5, 17, 100, 0], [3, 3, 99, 42]]
GENERATED = 6


def run_program(program, folder, model):
    """What the program computes on one rank, as a job of its own: its logits and tokens, written into `folder`."""
    numpy.save(folder / "ids.npy", numpy.array(IDS))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_", "PMIX_", "PRTE_", "PMI_"))}
    own |= {name: os.environ[name] for name in os.environ if name.startswith(("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_MCA_io"))}
    command = [program, folder / model, "--tokens", folder / "ids.npy", "--logits", folder / f"{model}.npy", "--generate", str(GENERATED)]
    done = subprocess.run(command, env=own, check=True, stdout=subprocess.PIPE, text=True)
    rows = [line.split(": ")[1].split(",") for line in done.stdout.splitlines() if line.startswith("generated: ")]
    numpy.save(folder / f"{model}-tokens.npy", numpy.array(rows, dtype=numpy.int64))


def check(computing, folder, model, is_last):
    expected = torch.from_numpy(numpy.load(folder / f"{model}.npy"))
    logits = computing.forward(IDS)
    assert (logits is not None) == is_last
    if is_last:
        assert torch.equal(torch.from_dlpack(logits), expected), (model, logits)
    assert computing.generate(torch.tensor(IDS), GENERATED) == numpy.load(folder / f"{model}-tokens.npy").tolist()
    assert computing.inexact_layers == []


def check_topologies(folder, rank, size):
    topologies = [(t, p, d) for t, p, d in itertools.product((1, 2, 4), (1, 2), (1, 2, 4)) if t * p * d == size]
    hashes = set()
    for t, p, d in topologies:
        model = distload.load(folder / "llama", tensor_parallel=t, pipeline_parallel=p, data_parallel=d, engine="direct")
        model.check_numbers()
        computing = distload.ParallelModel(model)
        is_last = rank // (t * d) == p - 1
        check(computing, folder, "llama", is_last)
        hashes.add(computing.hash(IDS))
        # Replicas compute by themselves.
        own = [rank // t % d, 7]
        assert computing.hash(own) == computing.hash([own])
        model.reload(folder / "other")
        check(computing, folder, "other", is_last)
        assert raises(distload.CorruptData, lambda: computing.self_test(IDS, min(hashes)))
    assert len(hashes) == 1
    return len(topologies)


def check_refusals(folder, rank, size):
    """What one rank does wrong is an error of all ranks, at once."""
    model = distload.load(folder / "llama", tensor_parallel=size, engine="direct")
    computing = distload.ParallelModel(model)
    is_odd = rank == size - 1
    if size > 1:
        message = raises(distload.ConfigError, lambda: computing.forward([1, 2] if is_odd else [1, 3]))
        assert "hash of the ids" in message and f"rank {size - 1}" in message, message
    message = raises(distload.ConfigError, lambda: computing.forward([1, "2"] if is_odd else [1, 2]))
    assert "integer" in message, message
    message = raises(distload.ConfigError, lambda: computing.generate([1, 2], -1 if is_odd else 2))
    assert "-1" in message, message
    message = raises(distload.ConfigError, lambda: computing.forward([1, 101]))
    assert "vocabulary has 101" in message, message
    message = raises(distload.ConfigError, lambda: model.redistribute(tensor_parallel=1, data_parallel=size, in_place=True))
    assert "in use" in message, message
    # An object that is freed on one rank alone does not make the others wait.
    another = distload.ParallelModel(model)
    if is_odd:
        another.close()
    assert "closed" in raises(distload.ConfigError, lambda: another.forward([1]))
    if rank == 0:
        del another
    check(computing, folder, "llama", is_last=True)
    computing.close()
    if rank != 0:
        del another
    moved = model.redistribute(tensor_parallel=1, data_parallel=size, in_place=True)
    check(distload.ParallelModel(moved), folder, "llama", is_last=True)
    assert "redistributed" in raises(distload.ConfigError, lambda: distload.ParallelModel(model))


def main():
    folder = pathlib.Path(sys.argv[1])
    group = group_of(None)
    if group.rank == 0:
        shutil.rmtree(folder, ignore_errors=True)
        for seed, model in enumerate(("llama", "other")):
            tiny_llama.write(folder / model, seed)
            run_program(sys.argv[2], folder, model)
    group.barrier()
    topologies = check_topologies(folder, group.rank, group.size)
    check_refusals(folder, group.rank, group.size)
    print(f"rank {group.rank} of {group.size}: logits and tokens are those of the program on {topologies} topologies", flush=True)


if __name__ == "__main__":
    main()
