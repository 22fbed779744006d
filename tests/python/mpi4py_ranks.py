"""Communicators of mpi4py: mpirun python mpi4py_ranks.py FOLDER. Groups that know nothing of each other load different models."""
import pathlib
import shutil
import sys

import torch
from mpi4py import MPI

import distload
import tiny_llama


def check(model, tensors, rank, size):
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(model[name]), tiny_llama.shard(name, whole, rank, size)), name


def main():
    folder = pathlib.Path(sys.argv[1])
    world = MPI.COMM_WORLD
    if world.rank == 0:
        shutil.rmtree(folder, ignore_errors=True)
        for seed in range(2):
            tiny_llama.write(folder / f"llama-{seed}", seed)
    world.barrier()
    half = world.rank % 2
    part = world.Split(half, world.rank)
    for _ in range(2):  # the second time with the group that is known
        model = distload.load(folder / f"llama-{half}", tensor_parallel=part.size, group=part)
        check(model, tiny_llama.tensors(half), part.rank, part.size)
    if half == 0:
        # The others do not take part.
        saved = distload.save(model, folder / "saved", step=1)
        check(distload.load(saved["path"], group=part), tiny_llama.tensors(0), part.rank, part.size)
    own = distload.load(folder / "llama-1", group=MPI.COMM_SELF)
    check(own, tiny_llama.tensors(1), 0, 1)
    try:
        distload.load(folder / "llama-1", group=object())
    except distload.ConfigError as error:
        assert "neither a communicator of mpi4py" in str(error)
    else:
        raise AssertionError("any object was taken for a communicator")
    world.barrier()
    check(distload.load(folder / "llama-0", tensor_parallel=world.size), tiny_llama.tensors(0), world.rank, world.size)
    print(f"rank {world.rank} of {world.size}: the shards of each group are right", flush=True)


if __name__ == "__main__":
    main()
