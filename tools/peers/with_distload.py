"""distload's Python package: `distload.load` over MPI or over a gloo process group, and torch's tensors of the shards, without copies."""
import distload
import torch
import torch.distributed

import torch_group


def prepare(job):
    job.group = job.comm
    if job.options["group"] == "gloo":
        torch_group.start(job)
        job.group = torch.distributed.group.WORLD


def load(job):
    job.model = distload.load(job.checkpoint, group=job.group, engine=job.options["engine"])
    return {name: torch.from_dlpack(job.model[name]) for name in job.model}


def told(job):
    """The engine, and the seconds that the report of the program has: those of the library, which are equal on all ranks."""
    return {"engine": job.model.engine[0], "library_seconds": job.model.times["total"]}
