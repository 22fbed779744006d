"""fastsafetensors: files are dealt out over the ranks, each is read whole, and its tensors are scattered to all. No file is cut between ranks."""
import os

from fastsafetensors import SafeTensorsFileLoader
import torch.distributed

import torch_group


def prepare(job):
    torch_group.start(job)
    if job.warm:
        os.environ["FASTSAFETENSORS_ODIRECT"] = "0"  # from local file systems it would read past the page cache, which is slower then


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
