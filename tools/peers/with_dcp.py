"""torch.distributed.checkpoint: loads into DTensors, from a directory of its own files, written by the same number of ranks, or by a reader for other
files: torch's for Hugging Face directories, or distload's."""
import torch
import torch.distributed.checkpoint
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard

import torch_group
import with_safetensors

DTYPES = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32, "F64": torch.float64}


def prepare(job):
    torch_group.start(job)
    job.mesh = init_device_mesh("cpu", (job.ranks,))


def distributed(job, tensor, shard):
    placement = Replicate() if tensor.axis is None else Shard(tensor.axis)
    return DTensor.from_local(shard, job.mesh, [placement], run_check=False)


def reader_of(job):
    """None: of the files that torch writes by itself."""
    kind = job.options.get("reader")
    if kind == "distload":
        from distload.dcp import DistloadReader

        return DistloadReader(job.checkpoint, group=job.comm)
    return torch.distributed.checkpoint.HuggingFaceStorageReader(job.checkpoint) if kind == "huggingface" else None


def load(job):
    state = {
        tensor.name: distributed(job, tensor, torch.empty(job.shard_shape(tensor), dtype=DTYPES[tensor.dtype])) for tensor in job.tensors
    }
    reader = reader_of(job)
    torch.distributed.checkpoint.load(state, checkpoint_id=None if reader else job.checkpoint, storage_reader=reader)
    return {name: tensor.to_local() for name, tensor in state.items()}


def convert(job):
    """Collective: writes the model into the directory `job.checkpoint`."""
    prepare(job)
    shards = with_safetensors.load(job)
    state = {tensor.name: distributed(job, tensor, shards[tensor.name]) for tensor in job.tensors}
    torch.distributed.checkpoint.save(state, checkpoint_id=job.checkpoint)
    return {}
