"""A gloo process group over the ranks of mpirun."""
import datetime
import os
import socket

import torch.distributed


def start(job):
    """Collective: makes the default process group; all ranks are on one machine."""
    port = None
    if job.rank == 0:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    port = job.comm.bcast(port)
    os.environ.update(GLOO_SOCKET_IFNAME="lo", LOCAL_RANK=str(job.rank))
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=job.rank, world_size=job.ranks, timeout=datetime.timedelta(seconds=120)
    )
    torch.distributed.barrier()  # connects the ranks
