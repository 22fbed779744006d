"""The ranks that call together: of MPI, of an mpi4py communicator, or of a process group of torch.distributed."""
from __future__ import annotations

import os
import sys
from typing import Any, Dict, Optional, Tuple

from distload import _core
from distload._errors import CommunicationError, ConfigError

_torch_groups: Dict[int, Tuple[Any, _core.Group]] = {}


def group_of(comm: Any) -> _core.Group:
    """The group of `comm`.

    None: under torchrun, and where torch.distributed has been initialized without MPI, its default group; otherwise all
    ranks of MPI, which is started if need be. Otherwise a communicator of mpi4py, or a ProcessGroup of torch.distributed.
    """
    if comm is None:
        return _torch_group(None) if runs_under_torch() else _core.world_group()
    if hasattr(comm, "py2f"):
        from mpi4py import MPI

        return _core.group_of_mpi(comm.py2f(), MPI.Get_library_version())
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and isinstance(comm, distributed.ProcessGroup):
        return _torch_group(comm)
    raise ConfigError(
        f"group: {type(comm).__name__} is neither a communicator of mpi4py nor a process group of torch.distributed"
    )


def runs_under_torch() -> bool:
    """True under torchrun, and where torch.distributed has been initialized without MPI."""
    if _core.mpi_runs():
        return False
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return True
    distributed = sys.modules.get("torch.distributed")
    return distributed is not None and distributed.is_available() and distributed.is_initialized()


def _torch_group(group: Any) -> _core.Group:
    import torch.distributed as dist

    from distload._torch_ranks import TorchRanks

    is_own = not dist.is_initialized()
    if is_own:
        dist.init_process_group("gloo")
    if group is None:
        group = dist.group.WORLD
    # The process group is kept with its ranks, so that its id is not given out again.
    if id(group) not in _torch_groups:
        _torch_groups[id(group)] = group, _core.group_of_python(TorchRanks(group, is_own))
    return _torch_groups[id(group)][1]


def raise_together(failure: Optional[Exception], group: _core.Group) -> None:
    """Collective: raises this rank's failure, or ConfigError if another rank has one."""
    if isinstance(failure, CommunicationError):  # the ranks cannot agree on anything any more
        raise failure
    texts = group.all_gather_text("" if failure is None else f"{type(failure).__name__}: {failure}")
    if failure is not None:
        raise failure
    for rank, text in enumerate(texts):
        if text:
            raise ConfigError(f"rank {rank}: {text}")
