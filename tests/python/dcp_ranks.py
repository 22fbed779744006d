"""torch.distributed.checkpoint with distload's reader on several ranks: torchrun dcp_ranks.py FOLDER.

DTensors of several meshes and placements get what the Hugging Face reader gives; every byte is read once by the ranks together, and with
no more memory on the way than `batch_bytes`.
"""
import gc
import itertools
import math

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

# All tensors at once; some of them; some rows of one.
BATCH_BYTES = 1 << 30, 30_000, 4_000
# Names and shapes of 192 MiB in float32.
LARGE = {"whole": (8192, 2048), **{f"part{i}": (1024, 2048) for i in range(16)}}


def resident_bytes(field):
    """VmRSS of this process, or VmHWM: its peak."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


def extra_memory(state, reader):
    """Collective: by how many bytes the resident memory of a rank rises, at most, while the state is loaded, whose own memory is in use before."""
    gc.collect()
    before = resident_bytes("VmRSS")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # forgets the peak
    dcp.load(state, storage_reader=reader)
    extra = torch.tensor([resident_bytes("VmHWM") - before])
    dist.all_reduce(extra, dist.ReduceOp.MAX)
    return extra.item()


def check_memory(folder, mesh):
    """A tensor of which a rank needs more than a batch, and many that are too much together, whether cut or not, in place or cast."""
    batch_bytes = 8 << 20
    for engine, dtype, placement in itertools.product(("auto", "direct"), (torch.float32, torch.bfloat16), (Shard(0), Shard(1), Replicate())):
        state = {name: distribute_tensor(torch.full(shape, -1.0, dtype=dtype), mesh, [placement]) for name, shape in LARGE.items()}
        extra = extra_memory(state, DistloadReader(folder / "memory", batch_bytes=batch_bytes, engine=engine))
        assert extra < batch_bytes + (12 << 20), (engine, dtype, placement, extra)
        if dist.get_rank() == 0:
            own = sum(tensor.to_local().nbytes for tensor in state.values())
            print(f"{engine}, {dtype}, {placement}: {extra / 1e6:.1f} MB beside a state of {own / 1e6:.1f} MB on a rank", flush=True)
        for name, tensor in state.items():
            expected = distribute_tensor(large_tensor(name).to(dtype), mesh, [placement])
            assert torch.equal(tensor.to_local(), expected.to_local()), (engine, dtype, placement, name)


def large_tensor(name):
    """Every element has another value."""
    return (torch.arange(math.prod(LARGE[name]), dtype=torch.float32) + len(name)).view(LARGE[name])


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
    (folder / "memory").mkdir()
    save_file({name: large_tensor(name) for name in LARGE}, folder / "memory" / "model.safetensors")


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
                dcp.load(state, storage_reader=DistloadReader(path, batch_bytes=BATCH_BYTES[turn % 3]))
                check_equal(state, expected)
                checked += 1
            for name, tensor in expected.items():
                assert torch.equal(tensor.full_tensor(), tensors[name]), name

    # Plain tensors, with another prefix, and names that are not there.
    plain = {"model." + name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    dcp.load(plain, storage_reader=DistloadReader(saved, prefix="model."))
    for name, tensor in tensors.items():
        assert torch.equal(plain["model." + name], tensor), name
    # Two names of one tensor: the last one's values, and nothing of the other.
    for first, last in (("lm_head.weight", "model.embed_tokens.weight"), ("model.layers.0.mlp.gate_proj.weight", "model.layers.0.mlp.up_proj.weight")):
        shared = torch.zeros_like(tensors[first])
        dcp.load({last: shared, first: shared}, storage_reader=DistloadReader(folder / "llama"))
        assert torch.equal(shared, tensors[last]), last
    try:
        dcp.load({"missing": torch.zeros(3)}, storage_reader=DistloadReader(saved))
    except CheckpointException as error:  # of torch's planner
        assert "missing" in str(error), error
    else:
        raise AssertionError("a missing tensor was loaded")

    # All bytes of the file once, by the ranks together; of a half of it, half of the bytes.
    mesh = meshes[0]
    half = torch.bfloat16  # what is cast needs memory on its way
    for count, dtype, batch_bytes in ((12, None, 1 << 30), (12, half, 1 << 30), (12, half, 2 << 20), (12, half, 1 << 19), (6, None, 1 << 30)):
        share = count / 12
        state = {f"t{i}": distribute_tensor(torch.zeros(1024, 1024 + i, dtype=dtype), mesh, [Shard(i % 2)]) for i in range(count)}
        before = torch_ranks.bytes_read()
        dcp.load(state, storage_reader=DistloadReader(folder / "large", engine="direct", batch_bytes=batch_bytes))
        read = torch.tensor([torch_ranks.bytes_read() - before])
        dist.all_reduce(read)
        whole = sum(4 * 1024 * (1024 + i) for i in range(12))
        ratio = read.item() / (whole * share)
        assert 0.98 < ratio < 1.05, (share, batch_bytes, ratio)
        if rank == 0:
            print(f"read {ratio:.3f} times the bytes of {share} of the file, in batches of {batch_bytes} bytes", flush=True)
    assert isinstance(state["t0"], DTensor)
    check_memory(folder, mesh)
    print(f"rank {rank} of {size}: {checked} states are as the Hugging Face reader gives them", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
