"""Saving with torch.distributed.checkpoint and distload's writer on several ranks: torchrun dcp_save_ranks.py FOLDER.

What is saved from DTensors of any mesh is loaded again by DistloadReader, and by distload's own loader with the rules of the family.
"""
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import CheckpointException
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor

import distload
import tiny_llama
import torch_ranks
from dcp_ranks import empty_state, placements_of
from distload.dcp import DistloadReader, DistloadWriter


def state_of(tensors, mesh, turn):
    state = {}
    for number, (name, tensor) in enumerate(sorted(tensors.items())):
        choices = list(placements_of(tensor, mesh))
        state[name] = distribute_tensor(tensor, mesh, choices[(number + turn) % len(choices)])
    return state


def main():
    folder, rank, size = torch_ranks.start(lambda folder: tiny_llama.write(folder / "llama"))
    tensors = tiny_llama.tensors(4)
    meshes = [init_device_mesh("cpu", (size,))] + ([init_device_mesh("cpu", (2, size // 2))] if size > 2 else [])
    step = 0
    for mesh in meshes:
        for turn in range(9 if mesh.ndim > 1 else 3):
            step += 1
            writer = DistloadWriter(folder / "saved", step=step, config=folder / "llama" / "config.json", name="tiny")
            dcp.save(state_of(tensors, mesh, turn), storage_writer=writer)
            assert writer.result["step"] == step
            state = empty_state(tensors, mesh, turn + 1)
            dcp.load(state, storage_reader=DistloadReader(folder / "saved"))
            for name, tensor in tensors.items():
                assert torch.equal(state[name].full_tensor(), tensor), (step, name)
    model = distload.load(folder / "saved", tensor_parallel=size)
    assert model.step == step and model.name == "tiny" and model.config["model_type"] == "llama"
    for name, whole in tensors.items():
        assert torch.equal(torch.from_dlpack(model[name]), tiny_llama.shard(name, whole, rank, size)), name
    assert distload.verify(folder / "saved")["exit_code"] == 0

    # The state of training: nested, with numbers and types of 8 bits.
    mesh = meshes[0]
    torch.manual_seed(0)
    weight = torch.randn(4 * size, 6)
    state = {
        "model": {"w": distribute_tensor(weight, mesh, [Shard(0)]), "q": weight.to(torch.float8_e4m3fn)},
        "step": 17,
        "schedule": {"kind": "cosine", "rates": [0.1, 0.01]},
    }
    dcp.save(state, storage_writer=DistloadWriter(folder / "training", step=1))
    empty = {
        "model": {"w": distribute_tensor(torch.zeros_like(weight), mesh, [Shard(1)]), "q": torch.zeros(4 * size, 6).to(torch.float8_e4m3fn)},
        "step": 0,
        "schedule": {"kind": "", "rates": []},
    }
    dcp.load(empty, storage_reader=DistloadReader(folder / "training"))
    assert torch.equal(empty["model"]["w"].full_tensor(), weight)
    assert torch.equal(empty["model"]["q"].float(), weight.to(torch.float8_e4m3fn).float())
    assert empty["step"] == 17 and empty["schedule"] == {"kind": "cosine", "rates": [0.1, 0.01]}, empty

    try:
        dcp.save(state, storage_writer=DistloadWriter(folder / "training", step=1))
    except CheckpointException as error:
        assert "overwrite" in str(error), error
    else:
        raise AssertionError("a checkpoint was replaced")
    print(f"rank {rank} of {size}: {step} saves are right", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
