"""Cutting tensors as the library does, and joining them."""
from __future__ import annotations

import sys
from typing import Any, Sequence

from distload import _core
from distload._core import Partition


def _like(example: Any, tensor: _core.Tensor) -> Any:
    """`tensor` as the library of `example` has tensors: torch's, numpy's, or distload's own."""
    module = type(example).__module__.split(".")[0]
    if module in ("torch", "numpy"):
        return sys.modules[module].from_dlpack(tensor)
    return tensor


def shard(tensor: Any, partition: Partition, rank: int, ranks: int) -> Any:
    """Local: the part of `tensor` that `rank` of `ranks` tensor-parallel ranks holds, in new memory. Padding is zero.

    tensor: in host memory, row-major; of torch, numpy, or any library with DLPack. The result is of the same library.

    Raises ConfigError if the partition cannot cut a tensor of that shape for so many ranks.
    """
    return _like(tensor, _core.shard(tensor, partition, rank, ranks))


def unshard(shards: Sequence[Any], partition: Partition, shape: Sequence[int]) -> Any:
    """Local: the tensor of that shape that `shards`, of all tensor-parallel ranks in their order, were cut from, without padding.

    Raises ConfigError if a shard has another shape than it then has.
    """
    return _like(shards[0] if shards else None, _core.unshard(list(shards), partition, list(shape)))
