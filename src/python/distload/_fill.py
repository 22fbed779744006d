"""Loading boxes of tensors into parameters."""
from __future__ import annotations

import math
from typing import Dict, Iterable, Iterator, List, Sequence, Set, Tuple

import torch

from distload import _core
from distload._batches import batches_of
from distload._boxes import Part
from distload._recorder import Captured, range_of, storage_of
from distload._torch import DTYPES, LOADS_TO, as_torch, exported_tensor


def fill(reader: _core.Reader, captured: Captured, targets: Dict[str, torch.Tensor], batch_bytes: int) -> None:
    """Collective: loads all parts into the parameters, or copies them there in the order of the tensors' names.

    batch_bytes: memory of a rank for what is copied, unless one tensor needs more.
    """
    needed: Dict[str, List[Tuple[str, Part]]] = {}
    for name, parts in captured.parts.items():
        for part in parts:
            needed.setdefault(part.tensor, []).append((name, part))
    over_others = _over_others(captured, targets)
    in_place = {
        tensor
        for tensor, parts in needed.items()
        if tensor not in over_others and _is_in_place(parts, targets, DTYPES[reader.dtype(tensor)])
    }
    own = {
        tensor: 0 if tensor in in_place else math.prod(_staged(tensor, parts)[0]) * DTYPES[reader.dtype(tensor)].itemsize
        for tensor, parts in needed.items()
    }
    for batch in batches_of(reader, own, batch_bytes):
        _fill_batch(reader, {tensor: needed[tensor] for tensor in batch if tensor in needed}, targets, in_place)


def _over_others(captured: Captured, targets: Dict[str, torch.Tensor]) -> Set[str]:
    """The tensors that may be copied to places where others are, or other parts of them, so that the order counts."""
    written: Dict[int, List[Tuple[int, int, str]]] = {}
    for name, parts in captured.parts.items():
        for part in parts:
            into = box_of(targets[name], part.target_begin, part.target_sizes)
            begin, end = (number * into.element_size() for number in range_of(into))
            written.setdefault(storage_of(into), []).append((begin, end, part.tensor))
    return {tensor for ranges in written.values() for tensor in overlapping(ranges)}


def overlapping(ranges: Iterable[Tuple[int, int, str]]) -> Set[str]:
    """The names of those of the ranges (first place, place behind the last, name) that have places of others."""
    found: Set[str] = set()
    end, last = 0, ""
    for first, behind, name in sorted(ranges):
        if first < end:
            found.update((name, last))
        if behind > end:
            end, last = behind, name
    return found


def box_of(tensor: torch.Tensor, begin: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
    """A view of the box of a tensor."""
    for axis, (first, size) in enumerate(zip(begin, sizes)):
        tensor = tensor.narrow(axis, first, size)
    return tensor


def _fill_batch(
    reader: _core.Reader, batch: Dict[str, List[Tuple[str, Part]]], targets: Dict[str, torch.Tensor], in_place: Set[str]
) -> None:
    requests = []
    memories = []
    staged: List[Tuple[torch.Tensor, List[Tuple[str, Part, int]]]] = []
    for tensor, parts in batch.items():
        if tensor in in_place:
            memory = targets[parts[0][0]]
            boxes = [(tensor, list(part.begin), list(part.sizes), list(part.target_begin)) for _, part in parts]
        else:
            shape, boxes, places = _staged(tensor, parts)
            memory = torch.empty(shape, dtype=DTYPES[reader.dtype(tensor)], device=LOADS_TO)
            staged.append((memory, places))
        requests.append((tensor, list(memory.shape), boxes))
        memories.append(exported_tensor(memory)[1])
    reader.load_into(requests, memories)
    for memory, places in staged:
        for target, part, begin in places:
            value = box_of(memory, [begin, *[0] * (len(part.sizes) - 1)], part.sizes)
            into = box_of(targets[target], part.target_begin, part.target_sizes)
            rest = [axis for axis in range(value.dim()) if axis not in part.order]
            value = value.permute([*rest, *part.order]).reshape(into.shape)
            for cast in part.casts:
                value = value.to(cast)
            into.copy_(value)


def _is_in_place(parts: List[Tuple[str, Part]], targets: Dict[str, torch.Tensor], dtype: torch.dtype) -> bool:
    """True if all parts of a tensor can be read straight to one parameter, which they change in nothing."""
    name = parts[0][0]
    target = targets[name]
    if target.dtype != dtype or target.device.type != LOADS_TO or len({(part.begin, part.sizes) for _, part in parts}) < len(parts):
        return False
    axes = max(target.dim(), len(parts[0][1].sizes))
    return all(
        to == name
        and not part.casts
        and list(part.order) == sorted(part.order)
        and _with_axes(part.sizes, axes) == _with_axes(part.target_sizes, axes)
        for to, part in parts
    )


def _with_axes(sizes: Tuple[int, ...], axes: int) -> Tuple[int, ...]:
    return (1,) * (axes - len(sizes)) + sizes


_Box = Tuple[str, List[int], List[int], List[int]]


def _staged(tensor: str, parts: List[Tuple[str, Part]]) -> Tuple[List[int], List[_Box], List[Tuple[str, Part, int]]]:
    """The shape of memory that has the boxes of all parts one behind the other, each once; the boxes; and where each part begins."""
    shape = [0] * len(parts[0][1].sizes)
    boxes = []
    places = []
    seen: Dict[Tuple[Tuple[int, ...], Tuple[int, ...]], int] = {}
    for target, part in parts:
        key = (part.begin, part.sizes)
        if key not in seen:
            begin = shape[0] if shape else 0
            seen[key] = begin
            boxes.append((tensor, list(part.begin), list(part.sizes), [begin, *[0] * (len(shape) - 1)] if shape else []))
            shape = [shape[0] + size if axis == 0 else max(shape[axis], size) for axis, size in enumerate(part.sizes)]
        places.append((target, part, seen[key]))
    return shape, boxes, places


def load_whole(reader: _core.Reader, names: List[str]) -> Iterator[Tuple[str, torch.Tensor]]:
    for name in names:
        shape = list(reader.shape(name))
        loaded = reader.load([(name, shape, [(name, [0] * len(shape), shape, [0] * len(shape))])])
        yield name, as_torch(loaded.tensor(name))
