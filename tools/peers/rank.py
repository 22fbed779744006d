"""The program of each rank, `mpirun python rank.py JOB`: loads its shards with the job's peer, measures the time, and prints the result.

JOB is JSON: the module of the peer, its options, the files, and how long the rank is idle before it loads. Rank 0 prints one line of JSON.
"""
import gc
import importlib
import json
import pathlib
import sys
import time
import traceback

from mpi4py import MPI

import model
from settle import settle


class Job:
    """The inputs of a peer."""

    def __init__(self, settings):
        self.comm = MPI.COMM_WORLD
        self.rank = self.comm.rank
        self.ranks = self.comm.size
        self.safetensors = pathlib.Path(settings["safetensors"])
        self.files = sorted(str(path) for path in self.safetensors.glob("*.safetensors"))
        self.checkpoint = settings["checkpoint"]  # the file or folder to read
        self.options = settings["options"]
        self.warm = settings["warm"]  # the files are in the page cache
        self.idle = settings["idle"]  # seconds
        self.settle = settings["settle"]
        self.tensors = model.read_model(self.safetensors)

    def slices(self, tensor):
        return model.slices(tensor, self.rank, self.ranks)

    def shard_shape(self, tensor):
        return model.shard_shape(tensor, self.ranks)


def bytes_of(name, shard, may_be_view):
    """The bytes of a shard, a numpy array or a torch tensor, which must be packed, and a copy of its own unless it may be a view."""
    if hasattr(shard, "numpy"):
        import torch  # slow to import, and not needed by all peers

        if not shard.is_contiguous() or (shard.untyped_storage().nbytes() != shard.nbytes and not may_be_view):
            raise ValueError(f"{name} is no copy of its own")
        return shard.reshape(-1).view(torch.uint8).numpy()
    if not shard.flags.c_contiguous or not shard.flags.owndata:
        raise ValueError(f"{name} is no copy of its own")
    return shard.reshape(-1).view("u1")


def resident_bytes(field):
    """VmRSS of this process, or VmHWM, its peak since the last call of forget_peak."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


def forget_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def measure(peer, job, want_hashes):
    """Loads once. Returns the seconds of the slowest rank, the shards of every rank, and what the peer tells of itself. With hashes, also the
    memory that the load needed at its peak besides the shards, which includes mapped files."""
    if hasattr(peer, "prepare"):
        peer.prepare(job)
    if job.settle:
        settle(sum(tensor.nbytes for tensor in job.tensors) // job.ranks)
    gc.disable()
    time.sleep(job.idle)
    resident = resident_bytes("VmRSS")
    forget_peak()
    job.comm.Barrier()
    begin = time.perf_counter()
    shards = peer.load(job)
    seconds = job.comm.allreduce(time.perf_counter() - begin, op=MPI.MAX)
    peak = resident_bytes("VmHWM") - resident

    held = {name: bytes_of(name, shard, job.options.get("views")) for name, shard in shards.items()}
    told = {"bytes": sum(len(shard) for shard in held.values())}
    if want_hashes:
        import xxhash

        told["extra_bytes"] = peak - told["bytes"]
        told["hashes"] = {name: xxhash.xxh3_64_hexdigest(shard) for name, shard in held.items()}
    return {"seconds": seconds, "ranks": job.comm.gather(told), **(peer.told(job) if hasattr(peer, "told") else {})}


def main():
    settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
    job = Job(settings)
    try:
        peer = importlib.import_module(settings["module"])
        result = peer.convert(job) if settings["convert"] else measure(peer, job, settings["hashes"])
    except Exception as error:
        traceback.print_exc()
        reason = str(error).strip().splitlines() or [""]
        print(f"peer failed: {type(error).__name__}: {reason[0]}", file=sys.stderr, flush=True)
        job.comm.Abort(1)
    if job.rank == 0:
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
