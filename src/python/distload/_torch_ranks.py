"""Ranks of a process group of torch.distributed, for the library's PythonCommunicator."""
from __future__ import annotations

import warnings
from typing import Any, Iterator, List, Tuple

import torch
import torch.distributed as dist

# Gloo's messages are one buffer each; larger ones are divided.
_PIECE_BYTES = 1 << 28


def _pieces(view: memoryview) -> Iterator[torch.Tensor]:
    for begin in range(0, len(view), _PIECE_BYTES):
        yield _tensor(view[begin : begin + _PIECE_BYTES])


def _tensor(view: memoryview, dtype: torch.dtype = torch.uint8) -> torch.Tensor:
    """The memory of `view` as a tensor, without a copy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that memory which is only sent is not writable
        return torch.frombuffer(view, dtype=dtype)


class TorchRanks:
    """Ranks that communicate by a process group for host memory (gloo). Members are collective."""

    def __init__(self, process_group: dist.ProcessGroup, is_owned: bool) -> None:
        """is_owned: `close` destroys the process group."""
        self._group = process_group
        self._is_owned = is_owned
        self.rank: int = dist.get_rank(self._group)
        self.size: int = dist.get_world_size(self._group)

    def _job_rank(self, rank: int) -> int:
        return dist.get_global_rank(self._group, rank)

    def broadcast(self, view: memoryview, root: int) -> None:
        for piece in _pieces(view):
            dist.broadcast(piece, self._job_rank(root), group=self._group)

    def all_gather(self, sent: memoryview, received: memoryview) -> None:
        parts = list(_tensor(received).view(self.size, -1).unbind())
        dist.all_gather(parts, _tensor(sent), group=self._group)

    def all_reduce(self, view: memoryview, dtype: str, operation: str) -> None:
        values = _tensor(view, getattr(torch, dtype))
        dist.all_reduce(values, getattr(dist.ReduceOp, operation.upper()), group=self._group)

    def exchange(self, sends: List[Tuple[int, memoryview]], receives: List[Tuple[int, memoryview]]) -> None:
        # Messages of two ranks are matched in their order, so that receiving is begun first, then sending.
        pending: List[Any] = []
        for peer, view in receives:
            for piece in _pieces(view):
                pending.append(dist.irecv(piece, self._job_rank(peer), group=self._group))
        for peer, view in sends:
            for piece in _pieces(view):
                pending.append(dist.isend(piece, self._job_rank(peer), group=self._group))
        for work in pending:
            work.wait()

    def barrier(self) -> None:
        # Gloo's own barrier begins threads of its own for monitoring; the sum of one number waits as well.
        dist.all_reduce(torch.zeros(1), group=self._group)

    def split(self, color: int, key: int) -> "TorchRanks":
        wishes = torch.empty(self.size, 2, dtype=torch.int64)
        dist.all_gather(list(wishes.unbind()), torch.tensor([color, key]), group=self._group)
        members = [rank for rank in range(self.size) if wishes[rank, 0] == color]
        if members != sorted(members, key=lambda rank: int(wishes[rank, 1])):
            raise ValueError("torch.distributed orders the ranks of a group by their numbers in the job")
        part = dist.new_group(
            [self._job_rank(rank) for rank in members], backend="gloo", use_local_synchronization=True
        )
        assert isinstance(part, dist.ProcessGroup)  # this rank is a member
        return TorchRanks(part, is_owned=True)

    def close(self) -> None:
        """The group is not used any more. Threads of a group that is not destroyed may end the process with an abort."""
        if self._is_owned and dist.is_initialized():
            dist.destroy_process_group(self._group)
