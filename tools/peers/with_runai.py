"""Run:ai model streamer: all files stream through every rank, which keeps its slices. Either each rank reads everything, which is its default
without NCCL, or each reads a part and broadcasts it."""
import os

import torch
from runai_model_streamer import SafetensorsStreamer

import torch_group


def prepare(job):
    if job.warm:
        os.environ["RUNAI_STREAMER_FS_STRATEGY"] = "sync_buffered"  # its default bypasses the page cache, which is slower when warm
    if job.options["distributed"]:
        torch_group.start(job)
        os.environ["RUNAI_STREAMER_DIST"] = "1"


def load(job):
    cuts = {tensor.name: job.slices(tensor) for tensor in job.tensors}
    shards = {}
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(job.files, device="cpu", is_distributed=job.options["distributed"], owned=False)
        for name, tensor in streamer.get_tensors():
            shards[name] = tensor[cuts[name]].clone(memory_format=torch.contiguous_format)
    return shards
