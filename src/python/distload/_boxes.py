"""Boxes of strided copies: which parts of a tensor of the checkpoint go to which parts of a parameter."""
from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Iterable, List, Optional, Tuple

import torch

# A copy in more parts than these loads its tensor as a whole.
_MOST_PARTS = 4096


@dataclass(frozen=True)
class View:
    """A strided view: of a tensor of the checkpoint, or of a parameter; offset and strides in elements."""

    base: str
    shape: Tuple[int, ...]  # of the base, which is row-major
    offset: int
    sizes: Tuple[int, ...]
    strides: Tuple[int, ...]
    casts: Tuple[torch.dtype, ...] = ()  # types that its numbers have been rounded to, in this order


@dataclass(frozen=True)
class Part:
    """A box of a tensor, and the box of a parameter that it is copied to; `order` has the tensor's axes longer than 1 in the order in
    which the parameter has them."""

    tensor: str
    begin: Tuple[int, ...]
    sizes: Tuple[int, ...]
    target_begin: Tuple[int, ...]
    target_sizes: Tuple[int, ...]
    order: Tuple[int, ...]
    casts: Tuple[torch.dtype, ...] = ()


def row_major_strides(shape: Tuple[int, ...]) -> Tuple[int, ...]:
    strides = [1] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        strides[axis - 1] = strides[axis] * shape[axis]
    return tuple(strides)


class Unknown(Exception):
    """Something is done with a tensor that boxes cannot describe. `names`: of the tensors that are concerned, if they are known."""

    def __init__(self, why: str, names: Iterable[str] = ()) -> None:
        super().__init__(why)
        self.names = frozenset(names)


# An axis of a copy: how many elements, and the strides in both bases.
_Axis = Tuple[int, int, int]


def _divided(axis: _Axis, shape: Tuple[int, ...], which: int) -> List[_Axis]:
    """The axis, divided where it runs through several axes of a base."""
    size, stride = axis[0], axis[which]
    for length, base_stride in zip(shape, row_major_strides(shape)):
        if base_stride == stride and size > length and length > 1 and size % length == 0:
            outer = (size // length, axis[1] * length, axis[2] * length)
            return [*_divided(outer, shape, which), (length, axis[1], axis[2])]
    return [axis]


def parts_of(source: View, target: View) -> List[Part]:
    """The boxes of a copy. Raises Unknown if they are too many, or none."""
    if 0 in source.sizes:
        return []
    axes = [(n, s, t) for n, s, t in zip(source.sizes, source.strides, target.strides) if n > 1]
    joined: List[_Axis] = []
    for axis in axes:
        if joined and all(joined[-1][which] == axis[0] * axis[which] for which in (1, 2)):
            axis = (joined.pop()[0] * axis[0], axis[1], axis[2])
        joined.append(axis)
    for which, view in ((1, source), (2, target)):
        joined = [part for axis in joined for part in _divided(axis, view.shape, which)]
    straight: List[Tuple[int, int, int]] = []  # size, axis of the source, axis of the target
    stepped: List[_Axis] = []
    for axis in joined:
        places = [_axis_of(axis[which], view.shape) for which, view in ((1, source), (2, target))]
        if places[0] is None or places[1] is None:
            stepped.append(axis)
        else:
            straight.append((axis[0], places[0], places[1]))
    count = 1
    for axis in stepped:
        count *= axis[0]
    if count > _MOST_PARTS:
        raise Unknown(f"a copy of {count} parts")
    parts = []
    for steps in itertools.product(*(range(axis[0]) for axis in stepped)):
        moved = [sum(step * axis[which] for step, axis in zip(steps, stepped)) for which in (1, 2)]
        parts.append(_part(source, target, source.offset + moved[0], target.offset + moved[1], straight))
    return parts


def _axis_of(stride: int, shape: Tuple[int, ...]) -> Optional[int]:
    for axis, base_stride in enumerate(row_major_strides(shape)):
        if base_stride == stride and shape[axis] > 1:
            return axis
    return None


def _part(source: View, target: View, at: int, target_at: int, straight: List[Tuple[int, int, int]]) -> Part:
    boxes = []
    for view, offset, which in ((source, at, 1), (target, target_at, 2)):
        begin = []
        for stride in row_major_strides(view.shape):
            begin.append(offset // stride)
            offset %= stride
        sizes = [1] * len(view.shape)
        for axis in straight:
            if sizes[axis[which]] != 1:
                raise Unknown("a copy along one axis twice")
            sizes[axis[which]] = axis[0]
        if any(first + size > length for first, size, length in zip(begin, sizes, view.shape)):
            raise Unknown("a copy across the end of an axis")
        boxes.append((tuple(begin), tuple(sizes)))
    by_target = sorted(straight, key=lambda axis: axis[2])
    return Part(source.base, *boxes[0], *boxes[1], tuple(axis[1] for axis in by_target), source.casts)
