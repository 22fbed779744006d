"""fastsafetensors: distributes files over the ranks; each is read whole by one rank, which scatters its tensors to all."""
import os

from fastsafetensors import SafeTensorsFileLoader
import torch.distributed

import torch_group


def prepare(job):
    torch_group.start(job)
    if job.warm:
        os.environ["FASTSAFETENSORS_ODIRECT"] = "0"  # its default bypasses the page cache on local file systems, which is slower when warm


def load(job):
    loader = SafeTensorsFileLoader(torch.distributed.group.WORLD, "cpu", nogds=True)
    loader.add_filenames({rank: job.files[rank :: job.ranks] for rank in range(job.ranks)})
    buffers = loader.copy_files_to_device()
    shards = {}
    for tensor in job.tensors:
        shards[tensor.name] = buffers.get_tensor(tensor.name) if tensor.axis is None else buffers.get_sharded(tensor.name, tensor.axis)
    buffers.close()
    loader.close()
    return shards
