"""The beginning of the programs that torchrun starts."""
import pathlib
import shutil
import sys

import torch.distributed as dist


def start(write):
    """Collective: the folder of the command line, in which rank 0 alone has called `write(folder)`; this rank; and their number."""
    folder = pathlib.Path(sys.argv[1])
    dist.init_process_group("gloo")
    if dist.get_rank() == 0:
        shutil.rmtree(folder, ignore_errors=True)
        write(folder)
    dist.barrier()
    return folder, dist.get_rank(), dist.get_world_size()


def bytes_read():
    """Of this process, from storage."""
    with open("/proc/self/io", encoding="ascii") as io:
        return int(dict(line.split(": ") for line in io.read().splitlines())["read_bytes"])
