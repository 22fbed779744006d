"""Recording what is done with tensors of a checkpoint that have no memory: which boxes of them are copied to which parameters."""
from __future__ import annotations

import gc
import sys
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from distload._boxes import Part, Unknown, View, parts_of, row_major_strides

Weights = Iterable[Tuple[str, torch.Tensor]]

_aten = torch.ops.aten


@dataclass
class Captured:
    """What a loading function does: the parts of each parameter, and the tensors that it must get as a whole, with the reason."""

    parts: Dict[str, List[Part]] = field(default_factory=dict)
    whole: Dict[str, str] = field(default_factory=dict)
    unused: List[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Piece:
    """A part of a tensor that a function has made, and the view of the checkpoint that it is a copy of, axis by axis."""

    offset: int
    strides: Tuple[int, ...]
    view: View
    # Where it lies in the tensor.
    begin: Tuple[int, ...]
    sizes: Tuple[int, ...]
    # Strides of the whole tensor, in its own axes.
    whole_strides: Tuple[int, ...]


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own has no types
    """Records copies of tensors on the device `meta` into parameters."""

    def __init__(self, targets: Dict[int, List[Tuple[str, torch.Tensor]]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._targets = targets  # parameters by storage
        self._pieces: Dict[int, List[_Piece]] = {}  # what is in a storage
        # Tensors that the function has got, with the uses of their storages, which are not given out again.
        self._made: List[Tuple[torch.Tensor, int]] = []
        self.raised: Optional[Unknown] = None
        self._written: Dict[int, List[Tuple[int, int, str]]] = {}  # of a parameter's storage: from, to, and the tensor
        self.captured: List[Tuple[View, View]] = []

    def source(self, name: str, shape: Tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """A tensor of the checkpoint, without memory."""
        tensor = torch.empty(shape, dtype=dtype, device="meta")
        strides = row_major_strides(shape)
        view = View(name, shape, 0, shape, strides)
        self._pieces[storage_of(tensor)] = [_Piece(0, strides, view, (0,) * len(shape), shape, strides)]
        self._made.append((tensor, _uses(tensor)))
        return tensor

    def finish(self) -> None:
        """Raises what has been raised before, which the function may not have passed on; or Unknown if someone still has a tensor of the
        checkpoint or what was made of it, e.g. as a parameter."""
        if self.raised is not None:
            raise self.raised
        if self._kept_names():
            gc.collect()  # of frames that refer to each other
            names = self._kept_names()
            if names:
                raise Unknown("the tensor is kept", names)

    def _kept_names(self) -> List[str]:
        """The tensors of the checkpoint of which someone has a tensor."""
        for tensor, uses in self._made:
            if _uses(tensor) > uses or sys.getrefcount(tensor) > 3:  # of the list's pair, of this loop, and of the call
                return self._names([tensor])
        return []

    def check_order(self, names: List[str]) -> None:
        """Raises Unknown if tensors are copied to the same place in another order than that of their names, in which they are loaded."""
        order = {name: number for number, name in enumerate(names)}
        for written in self._written.values():
            for number, (first, last, name) in enumerate(written):
                for begin, end, other in written[:number]:
                    if begin < last and first < end and order[other] > order[name]:
                        raise Unknown(f"its place being written to in another order than by {other}", [name, other])

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return self._recorded(func, args, dict(kwargs or {}))
        except Unknown as error:
            self.raised = self.raised or error
            raise

    def _recorded(self, func: Any, args: Any, kwargs: Dict[str, Any]) -> Any:
        tensors = [value for value in _flat((args, list(kwargs.values()))) if isinstance(value, torch.Tensor)]
        recorded = [tensor for tensor in tensors if self._is_recorded(tensor)]
        if not recorded:
            if not func.is_view:
                self._check_unwritten(func, tensors)
            return func(*args, **kwargs)
        operation = func.overloadpacket
        if operation is _aten.copy_:
            return self._copy(args[0], args[1])
        if operation in (_aten._to_copy, _aten.clone):
            result = func(*args, **{key: value for key, value in kwargs.items() if key != "device"})
            return self._derived(result, [(args[0], None)])
        if operation in (_aten.cat, _aten.stack):
            dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            parts = list(args[0]) if operation is _aten.cat else [part.unsqueeze(dim) for part in args[0]]
            return self._joined(func(*args, **kwargs), parts, dim)
        if func.is_view or operation in (_aten.detach, _aten.alias, _aten._unsafe_view):
            made = func(*args, **kwargs)
            for view in made if isinstance(made, (list, tuple)) else [made]:
                if view.dtype != args[0].dtype or view.is_conj() or view.is_neg():
                    raise Unknown("a view of its bytes in another type", self._names(recorded))
            return made
        raise Unknown(f"the operation {func}", self._names(recorded))

    def _is_recorded(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.device.type == "meta" and storage_of(value) in self._pieces

    def _names(self, tensors: Iterable[torch.Tensor]) -> List[str]:
        return [piece.view.base for tensor in tensors if self._is_recorded(tensor) for piece in self._pieces[storage_of(tensor)]]

    def _check_unwritten(self, func: Any, tensors: List[torch.Tensor]) -> None:
        """Raises Unknown if an operation that runs now uses what will have been copied to a parameter only later."""
        for tensor in tensors:
            written = self._written.get(storage_of(tensor), []) if tensor.device.type != "meta" else []
            begin, end = range_of(tensor)
            names = [name for first, last, name in written if first < end and begin < last]
            if names:
                raise Unknown(f"the operation {func} on a parameter that it has been copied to", names)

    def _joined(self, result: torch.Tensor, tensors: List[torch.Tensor], dim: int) -> torch.Tensor:
        parts = []
        begin = 0
        for tensor in tensors:
            if not self._is_recorded(tensor):
                raise Unknown("a join with a tensor that is not of the checkpoint", self._names(tensors))
            parts.append((tensor, (dim, begin)))
            begin += tensor.size(dim)
        return self._derived(result, parts)

    def _derived(self, result: torch.Tensor, parts: Sequence[Tuple[torch.Tensor, Optional[Tuple[int, int]]]]) -> torch.Tensor:
        """Notes what `result`, which has memory of its own, is made of: tensors, each whole or from (axis, position) on."""
        pieces = []
        strides = tuple(result.stride())
        for tensor, place in parts:
            for view, begin, groups in self._views(tensor):
                if result.dtype != tensor.dtype:
                    view = replace(view, casts=(*view.casts, result.dtype))
                if place:
                    begin = [at + place[1] if axis == place[0] % result.dim() else at for axis, at in enumerate(begin)]
                at = int(result.storage_offset()) + sum(first * stride for first, stride in zip(begin, strides))
                sizes = tuple(torch.Size(group).numel() for group in groups)
                pieces.append(_Piece(at, _refined(strides, groups), view, tuple(begin), sizes, strides))
        self._pieces[storage_of(result)] = pieces
        self._made.append((result, _uses(result)))
        return result

    def _views(self, tensor: torch.Tensor) -> List[Tuple[View, List[int], List[List[int]]]]:
        """What `tensor` shows: views of tensors of the checkpoint, each with its position in `tensor`, and for each axis of `tensor` the sizes
        of the axes of the view."""
        pieces = self._pieces[storage_of(tensor)]
        if tensor.numel() == 0:
            return []
        if len(pieces) == 1:
            shown = _seen_through(int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride()), pieces[0])
            if shown is None:
                raise Unknown("a view that is no box", self._names([tensor]))
            return [(shown[0], [0] * tensor.dim(), shown[1])]
        made = []
        count = 0
        for piece in pieces:
            box = _common(tensor, piece)
            if box is None:
                continue
            begin, sizes = box
            offset = int(tensor.storage_offset()) + sum(at * stride for at, stride in zip(begin, tensor.stride()))
            shown = _seen_through(offset, tuple(sizes), tuple(tensor.stride()), piece)
            if shown is None:
                raise Unknown("a view of joined tensors that is no box", self._names([tensor]))
            made.append((shown[0], begin, shown[1]))
            count += torch.Size(sizes).numel()
        if count != tensor.numel():
            raise Unknown("a view of joined tensors that is no box", self._names([tensor]))
        return made

    def _copy(self, target: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        if not self._is_recorded(source):
            raise Unknown("it is written to", self._names([target]))
        begin_of, end_of = range_of(target)
        known = None
        for candidate in self._targets.get(storage_of(target), []):
            first, last = range_of(candidate[1])
            if target.numel() == 0 or (first <= begin_of and end_of <= last and candidate[1].dtype == target.dtype):
                known = candidate
        if known is None or target.is_conj() or target.is_neg():
            raise Unknown("a copy to a tensor that is no parameter", self._names([source]))
        name, parameter = known
        offset = int(target.storage_offset()) - int(parameter.storage_offset())
        strides = tuple(target.stride())
        for view, begin, groups in self._views(source.expand(target.shape)):
            at = offset + sum(position * stride for position, stride in zip(begin, strides))
            into = View(name, tuple(parameter.shape), at, view.sizes, _refined(strides, groups))
            self.captured.append((view, into))
            self._written.setdefault(storage_of(target), []).append((begin_of, end_of, view.base))
        return target


def _common(tensor: torch.Tensor, piece: _Piece) -> Optional[Tuple[List[int], List[int]]]:
    """Where a piece of a tensor lies in `tensor`, a view of it: position and sizes. None if it has nothing of it."""
    strides = piece.whole_strides
    left = int(tensor.storage_offset())
    fixed: Dict[int, int] = {}
    for axis in sorted(range(len(strides)), key=lambda axis: -strides[axis]):
        fixed[axis], left = divmod(left, strides[axis])
    begin, sizes = [0] * tensor.dim(), list(tensor.shape)
    for own, (size, stride) in enumerate(zip(tensor.shape, tensor.stride())):
        if size == 1:
            continue
        found = [axis for axis in fixed if strides[axis] == stride]
        if not found:
            raise Unknown("a view of joined tensors that is no box", [piece.view.base])
        axis = found[0]
        first = fixed.pop(axis)
        begin[own] = max(piece.begin[axis] - first, 0)
        sizes[own] = min(piece.begin[axis] + piece.sizes[axis] - first, size) - begin[own]
        if sizes[own] <= 0:
            return None
    if all(piece.begin[axis] <= at < piece.begin[axis] + piece.sizes[axis] for axis, at in fixed.items()):
        return begin, sizes
    return None


def _seen_through(
    first: int, shape: Tuple[int, ...], tensor_strides: Tuple[int, ...], piece: _Piece
) -> Optional[Tuple[View, List[List[int]]]]:
    """The view of the checkpoint that a tensor of these sizes and strides shows, which begins at `first` in its storage and lies in `piece`;
    and for each of its axes the sizes of those that it runs through. None if it is no such view."""
    view = piece.view
    first -= piece.offset
    if first < 0:
        return None
    if piece.strides == view.strides and view.offset == 0 and view.sizes == view.shape:
        return replace(view, offset=first, sizes=shape, strides=tensor_strides), [[size] for size in shape]
    moved = view.offset
    order = sorted((axis for axis in range(len(piece.strides)) if view.sizes[axis] > 1), key=lambda axis: -piece.strides[axis])
    begin = [0] * len(piece.strides)
    for axis in order:
        begin[axis], first = divmod(first, piece.strides[axis])
        if begin[axis] >= view.sizes[axis]:
            return None
        moved += begin[axis] * view.strides[axis]
    if first:
        return None
    made: List[int] = []
    groups: List[List[int]] = []
    for size, stride in zip(shape, tensor_strides):
        group: List[int] = []
        inner: List[int] = []
        left = size
        while left > 1:
            found = [axis for axis in order if piece.strides[axis] == stride]
            if not found:
                return None
            axis = found[0]
            length = view.sizes[axis]
            whole = left > length and left % length == 0 and begin[axis] == 0
            taken = length if whole else left
            if begin[axis] + taken > length:
                return None
            group.insert(0, taken)
            inner.insert(0, view.strides[axis])
            left //= taken
            stride *= taken
        groups.append(group or [size])
        made += inner or [0]
    sizes = tuple(size for group in groups for size in group)
    return replace(view, offset=moved, sizes=sizes, strides=tuple(made)), groups


def _refined(strides: Tuple[int, ...], groups: List[List[int]]) -> Tuple[int, ...]:
    """The strides of axes that are divided into axes of these sizes."""
    made: List[int] = []
    for stride, sizes in zip(strides, groups):
        inner = [stride]
        for size in sizes[:0:-1]:
            inner.insert(0, inner[0] * size)
        made += inner
    return tuple(made)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def storage_of(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def range_of(tensor: torch.Tensor) -> Tuple[int, int]:
    """The elements of its storage between the first and behind the last one of a tensor."""
    begin = int(tensor.storage_offset())
    if tensor.numel() == 0:
        return begin, begin
    return begin, begin + 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))


def _uses(tensor: torch.Tensor) -> int:
    """How often the storage is used, by tensors and by torch itself."""
    return int(torch._C._storage_Use_Count(tensor.untyped_storage()._cdata))


def record(
    load_weights: Callable[[Weights], Any], targets: Dict[str, torch.Tensor], tensors: Dict[str, Tuple[Tuple[int, ...], torch.dtype]]
) -> Captured:
    """Runs `load_weights` on tensors without memory, and notes what it copies where.

    targets: parameters and buffers by name. tensors: shape and type of what the checkpoint has, by name.
    """
    by_storage: Dict[int, List[Tuple[str, torch.Tensor]]] = {}
    for name, tensor in targets.items():
        if tensor.is_contiguous():
            by_storage.setdefault(storage_of(tensor), []).append((name, tensor))
    captured = Captured()
    while True:
        recorder = Recorder(by_storage)
        current: List[str] = []

        def weights() -> Iterator[Tuple[str, torch.Tensor]]:
            for name, (shape, dtype) in tensors.items():
                if name not in captured.whole:
                    current[:] = [name]
                    yield name, recorder.source(name, shape, dtype)

        try:
            with recorder:
                load_weights(weights())
            recorder.finish()
            recorder.check_order(list(tensors))
            made: Dict[str, List[Part]] = {}
            for source, target in recorder.captured:
                current[:] = [source.base]
                made.setdefault(target.base, []).extend(parts_of(source, target))
        except Exception as error:  # of the engine, which does not know these tensors, or ours
            known = error if isinstance(error, Unknown) else recorder.raised
            why = str(known or error).split("\n")[0]
            new = sorted(((known.names if known else frozenset()) or frozenset(current)) - captured.whole.keys())
            missed = isinstance(error, KeyError) and error.args[:1] and error.args[0] in captured.whole  # it was not given
            if missed or (not new and known is None and captured.whole):
                return Captured(whole={name: captured.whole.get(name, f"{type(error).__name__}: {why}") for name in tensors})
            if not new:
                raise
            captured.whole.update(dict.fromkeys(new, why))
            continue
        captured.parts = made
        used = {part.tensor for parts in made.values() for part in parts}
        captured.unused = [name for name in tensors if name not in used and name not in captured.whole]
        return captured
