"""torch.distributed.checkpoint with distload's reader on several ranks: torchrun dcp_ranks.py FOLDER.

DTensors of several meshes and placements get what the Hugging Face reader gives; every byte is read once by the ranks together.
"""
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch.distributed.checkpoint import CheckpointException, HuggingFaceStorageReader
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor

import distload
import tiny_llama
import torch_ranks
from distload.dcp import DistloadReader


def placements_of(tensor, mesh):
    """Placements on each axis of the mesh, by turns."""
    kinds = [Shard(0), Shard(1), Replicate()] if tensor.dim() > 1 else [Shard(0), Replicate()]
    for first in kinds:
        for second in kinds if mesh.ndim > 1 else [None]:
            yield [first] if second is None else [first, second]


def empty_state(tensors, mesh, turn):
    state = {}
    for number, (name, tensor) in enumerate(sorted(tensors.items())):
        choices = list(placements_of(tensor, mesh))
        state[name] = distribute_tensor(torch.zeros_like(tensor), mesh, choices[(number + turn) % len(choices)])
    return state


def check_equal(state, other):
    for name, tensor in state.items():
        assert torch.equal(tensor.to_local(), other[name].to_local()), (dist.get_rank(), name)


def write_models(folder):
    tiny_llama.write(folder / "llama")
    (folder / "large").mkdir()
    save_file({f"t{i}": torch.randn(1024, 1024 + i) for i in range(12)}, folder / "large" / "model.safetensors")


def main():
    folder, rank, size = torch_ranks.start(write_models)
    tensors = tiny_llama.tensors()
    saved = distload.save(distload.load(folder / "llama", tensor_parallel=size), folder / "saved")["path"]
    meshes = [init_device_mesh("cpu", (size,))] + ([init_device_mesh("cpu", (2, size // 2))] if size > 2 else [])
    checked = 0
    for mesh in meshes:
        for turn in range(9 if mesh.ndim > 1 else 3):
            expected = empty_state(tensors, mesh, turn)
            dcp.load(expected, storage_reader=HuggingFaceStorageReader(str(folder / "llama")))
            for path in (folder / "llama", saved):
                state = empty_state(tensors, mesh, turn)
                dcp.load(state, storage_reader=DistloadReader(path, batch_bytes=30_000 if turn % 2 else 1 << 30))
                check_equal(state, expected)
                checked += 1
            for name, tensor in expected.items():
                assert torch.equal(tensor.full_tensor(), tensors[name]), name

    # Plain tensors, with another prefix, and names that are not there.
    plain = {"model." + name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    dcp.load(plain, storage_reader=DistloadReader(saved, prefix="model."))
    for name, tensor in tensors.items():
        assert torch.equal(plain["model." + name], tensor), name
    try:
        dcp.load({"missing": torch.zeros(3)}, storage_reader=DistloadReader(saved))
    except CheckpointException as error:  # of torch's planner
        assert "missing" in str(error), error
    else:
        raise AssertionError("a missing tensor was loaded")

    # All bytes of the file once, by the ranks together; of a half of it, half of the bytes.
    mesh = meshes[0]
    for names, share in ((range(12), 1.0), (range(6), 0.5)):
        state = {f"t{i}": distribute_tensor(torch.zeros(1024, 1024 + i), mesh, [Shard(i % 2)]) for i in names}
        before = torch_ranks.bytes_read()
        dcp.load(state, storage_reader=DistloadReader(folder / "large", engine="direct"))
        read = torch.tensor([torch_ranks.bytes_read() - before])
        dist.all_reduce(read)
        whole = sum(4 * 1024 * (1024 + i) for i in range(12))
        ratio = read.item() / (whole * share)
        assert 0.98 < ratio < 1.05, (share, ratio)
        if rank == 0:
            print(f"read {ratio:.3f} times the bytes of {share} of the file", flush=True)
    assert isinstance(state["t0"], DTensor)
    print(f"rank {rank} of {size}: {checked} states are as the Hugging Face reader gives them", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
