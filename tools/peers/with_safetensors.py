"""The safetensors library: get_slice maps a part of the file, clone copies it. With `views`, slices that are one range of the file are
not copied and not read."""
import safetensors
import torch


def load(job):
    views = job.options.get("views")
    shards = {}
    for path in job.files:
        with safetensors.safe_open(path, framework="pt") as file:
            for tensor in job.tensors:
                if tensor.file == path:
                    part = file.get_slice(tensor.name)[job.slices(tensor)]
                    is_shown = views and part.is_contiguous()
                    shards[tensor.name] = part if is_shown else part.clone(memory_format=torch.contiguous_format)
    return shards
