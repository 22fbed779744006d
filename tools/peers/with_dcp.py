"""torch.distributed.checkpoint: loads a directory of files, written by the same number of ranks, into DTensors."""
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


def load(job):
    state = {
        tensor.name: distributed(job, tensor, torch.empty(job.shard_shape(tensor), dtype=DTYPES[tensor.dtype])) for tensor in job.tensors
    }
    torch.distributed.checkpoint.load(state, checkpoint_id=job.dcp)
    return {name: tensor.to_local() for name, tensor in state.items()}


def convert(job):
    """Collective: writes the model into the directory `job.dcp`."""
    prepare(job)
    shards = with_safetensors.load(job)
    state = {tensor.name: distributed(job, tensor, shards[tensor.name]) for tensor in job.tensors}
    torch.distributed.checkpoint.save(state, checkpoint_id=job.dcp)
    return {}
