"""capture: an engine's own loading function, run once on tensors without memory, says which boxes each parameter needs."""
from __future__ import annotations

import itertools
import json
import os
import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple, Union

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from distload import _core
from distload._arguments import arguments_of
from distload._errors import ConfigError
from distload._torch import DTYPES, LOADS_TO, as_torch, exported_tensor
from distload.dcp import ranks_of

Path = Union[str, "os.PathLike[str]"]
Weights = Iterable[Tuple[str, torch.Tensor]]

# A copy in more parts than these loads its tensor as a whole.
_MOST_PARTS = 4096

_aten = torch.ops.aten


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


@dataclass
class Captured:
    """What a loading function does: the parts of each parameter, and the tensors that it must get as a whole, with the reason."""

    parts: Dict[str, List[Part]] = field(default_factory=dict)
    whole: Dict[str, str] = field(default_factory=dict)
    unused: List[str] = field(default_factory=list)


def _strides(shape: Tuple[int, ...]) -> Tuple[int, ...]:
    strides = [1] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        strides[axis - 1] = strides[axis] * shape[axis]
    return tuple(strides)


class _Unknown(Exception):
    """Something is done with a tensor that boxes cannot describe. `names`: of the tensors that are concerned, if they are known."""

    def __init__(self, why: str, names: Iterable[str] = ()) -> None:
        super().__init__(why)
        self.names = frozenset(names)


# An axis of a copy: how many elements, and the strides in both bases.
_Axis = Tuple[int, int, int]


def _divided(axis: _Axis, shape: Tuple[int, ...], which: int) -> List[_Axis]:
    """The axis, divided where it runs through several axes of a base."""
    size, stride = axis[0], axis[which]
    for length, base_stride in zip(shape, _strides(shape)):
        if base_stride == stride and size > length and length > 1 and size % length == 0:
            outer = (size // length, axis[1] * length, axis[2] * length)
            return [*_divided(outer, shape, which), (length, axis[1], axis[2])]
    return [axis]


def parts_of(source: View, target: View) -> List[Part]:
    """The boxes of a copy. Raises _Unknown if they are too many, or none."""
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
        raise _Unknown(f"a copy of {count} parts")
    parts = []
    for steps in itertools.product(*(range(axis[0]) for axis in stepped)):
        moved = [sum(step * axis[which] for step, axis in zip(steps, stepped)) for which in (1, 2)]
        parts.append(_part(source, target, source.offset + moved[0], target.offset + moved[1], straight))
    return parts


def _axis_of(stride: int, shape: Tuple[int, ...]) -> Optional[int]:
    for axis, base_stride in enumerate(_strides(shape)):
        if base_stride == stride and shape[axis] > 1:
            return axis
    return None


def _part(source: View, target: View, at: int, target_at: int, straight: List[Tuple[int, int, int]]) -> Part:
    boxes = []
    for view, offset, which in ((source, at, 1), (target, target_at, 2)):
        begin = []
        for stride in _strides(view.shape):
            begin.append(offset // stride)
            offset %= stride
        sizes = [1] * len(view.shape)
        for axis in straight:
            if sizes[axis[which]] != 1:
                raise _Unknown("a copy along one axis twice")
            sizes[axis[which]] = axis[0]
        if any(first + size > length for first, size, length in zip(begin, sizes, view.shape)):
            raise _Unknown("a copy across the end of an axis")
        boxes.append((tuple(begin), tuple(sizes)))
    by_target = sorted(straight, key=lambda axis: axis[2])
    return Part(source.base, *boxes[0], *boxes[1], tuple(axis[1] for axis in by_target), source.casts)


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


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own has no types
    """Records copies of tensors on the device `meta` into parameters."""

    def __init__(self, targets: Dict[int, List[Tuple[str, torch.Tensor]]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._targets = targets  # parameters by storage
        self._pieces: Dict[int, List[_Piece]] = {}  # what is in a storage
        self._kept: List[torch.Tensor] = []  # so that storages are not given out again
        self._sources: List[Tuple[str, torch.Tensor, int]] = []  # with the uses of their storages
        self._written: Dict[int, List[Tuple[int, int, str]]] = {}  # of a parameter's storage: from, to, and the tensor
        self.captured: List[Tuple[View, View]] = []

    def source(self, name: str, shape: Tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """A tensor of the checkpoint, without memory."""
        tensor = torch.empty(shape, dtype=dtype, device="meta")
        strides = _strides(shape)
        view = View(name, shape, 0, shape, strides)
        self._pieces[_storage(tensor)] = [_Piece(0, strides, view, (0,) * len(shape), shape, strides)]
        self._sources.append((name, tensor, _uses(tensor)))
        return tensor

    def finish(self) -> None:
        """Raises _Unknown if someone still has a tensor of the checkpoint, e.g. as a parameter."""
        for name, tensor, uses in self._sources:
            if _uses(tensor) > uses:
                raise _Unknown("the tensor is kept", [name])

    def check_order(self, names: List[str]) -> None:
        """Raises _Unknown if tensors are copied to the same place in another order than that of their names, in which they are loaded."""
        order = {name: number for number, name in enumerate(names)}
        for written in self._written.values():
            for number, (first, last, name) in enumerate(written):
                for begin, end, other in written[:number]:
                    if begin < last and first < end and order[other] > order[name]:
                        raise _Unknown(f"its place being written to in another order than by {other}", [name, other])

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
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
                    raise _Unknown("a view of its bytes in another type", self._names(recorded))
            return made
        raise _Unknown(f"the operation {func}", self._names(recorded))

    def _is_recorded(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.device.type == "meta" and _storage(value) in self._pieces

    def _names(self, tensors: Iterable[torch.Tensor]) -> List[str]:
        return [piece.view.base for tensor in tensors if self._is_recorded(tensor) for piece in self._pieces[_storage(tensor)]]

    def _check_unwritten(self, func: Any, tensors: List[torch.Tensor]) -> None:
        """Raises _Unknown if an operation that runs now uses what will have been copied to a parameter only later."""
        for tensor in tensors:
            written = self._written.get(_storage(tensor), []) if tensor.device.type != "meta" else []
            begin, end = _range(tensor)
            names = [name for first, last, name in written if first < end and begin < last]
            if names:
                raise _Unknown(f"the operation {func} on a parameter that it has been copied to", names)

    def _joined(self, result: torch.Tensor, tensors: List[torch.Tensor], dim: int) -> torch.Tensor:
        parts = []
        begin = 0
        for tensor in tensors:
            if not self._is_recorded(tensor):
                raise _Unknown("a join with a tensor that is not of the checkpoint", self._names(tensors))
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
        self._pieces[_storage(result)] = pieces
        self._kept.append(result)
        return result

    def _views(self, tensor: torch.Tensor) -> List[Tuple[View, List[int], List[List[int]]]]:
        """What `tensor` shows: views of tensors of the checkpoint, each with its position in `tensor`, and for each axis of `tensor` the sizes
        of the axes of the view."""
        pieces = self._pieces[_storage(tensor)]
        if tensor.numel() == 0:
            return []
        if len(pieces) == 1:
            shown = _seen_through(int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride()), pieces[0])
            if shown is None:
                raise _Unknown("a view that is no box", self._names([tensor]))
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
                raise _Unknown("a view of joined tensors that is no box", self._names([tensor]))
            made.append((shown[0], begin, shown[1]))
            count += torch.Size(sizes).numel()
        if count != tensor.numel():
            raise _Unknown("a view of joined tensors that is no box", self._names([tensor]))
        return made

    def _copy(self, target: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        if not self._is_recorded(source):
            raise _Unknown("it is written to", self._names([target]))
        begin_of, end_of = _range(target)
        known = None
        for candidate in self._targets.get(_storage(target), []):
            first, last = _range(candidate[1])
            if target.numel() == 0 or (first <= begin_of and end_of <= last and candidate[1].dtype == target.dtype):
                known = candidate
        if known is None or target.is_conj() or target.is_neg():
            raise _Unknown("a copy to a tensor that is no parameter", self._names([source]))
        name, parameter = known
        offset = int(target.storage_offset()) - int(parameter.storage_offset())
        strides = tuple(target.stride())
        for view, begin, groups in self._views(source.expand(target.shape)):
            at = offset + sum(position * stride for position, stride in zip(begin, strides))
            into = View(name, tuple(parameter.shape), at, view.sizes, _refined(strides, groups))
            self.captured.append((view, into))
            self._written.setdefault(_storage(target), []).append((begin_of, end_of, view.base))
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
            raise _Unknown("a view of joined tensors that is no box", [piece.view.base])
        axis = found[0]
        first = fixed.pop(axis)
        begin[own] = max(piece.begin[axis] - first, 0)
        sizes[own] = min(piece.begin[axis] + piece.sizes[axis] - first, size) - begin[own]
        if sizes[own] <= 0:
            return None
    if all(piece.begin[axis] <= at < piece.begin[axis] + piece.sizes[axis] for axis, at in fixed.items()):
        return begin, sizes
    return None


class _Watcher(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own has no types
    """Sees whether something is written to where parts have been loaded, which the tensors' order may have meant otherwise."""

    def __init__(self, captured: Captured, targets: Dict[str, torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.has_seen = False
        self._loaded: Dict[int, List[Tuple[int, int]]] = {}
        for name, parts in captured.parts.items():
            for part in parts:
                there = targets[name]
                for axis, (first, size) in enumerate(zip(part.target_begin, part.target_sizes)):
                    there = there.narrow(axis, first, size)
                self._loaded.setdefault(_storage(there), []).append(_range(there))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for argument, value in zip(func._schema.arguments, args):
            if argument.alias_info is not None and argument.alias_info.is_write and isinstance(value, torch.Tensor):
                begin, end = _range(value)
                known = self._loaded.get(_storage(value), [])
                self.has_seen = self.has_seen or any(first < end and begin < last for first, last in known)
        return func(*args, **(kwargs or {}))


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def _refined(strides: Tuple[int, ...], groups: List[List[int]]) -> Tuple[int, ...]:
    """The strides of axes that are divided into axes of these sizes."""
    made: List[int] = []
    for stride, sizes in zip(strides, groups):
        inner = [stride]
        for size in sizes[:0:-1]:
            inner.insert(0, inner[0] * size)
        made += inner
    return tuple(made)


def _uses(tensor: torch.Tensor) -> int:
    """How often the storage is used, by tensors and by torch itself."""
    return int(torch._C._storage_Use_Count(tensor.untyped_storage()._cdata))


def _range(tensor: torch.Tensor) -> Tuple[int, int]:
    """The elements of its storage between the first and behind the last one of a tensor."""
    begin = int(tensor.storage_offset())
    if tensor.numel() == 0:
        return begin, begin
    return begin, begin + 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))


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


def record(
    load_weights: Callable[[Weights], Any], targets: Dict[str, torch.Tensor], tensors: Dict[str, Tuple[Tuple[int, ...], torch.dtype]]
) -> Captured:
    """Runs `load_weights` on tensors without memory, and notes what it copies where.

    targets: parameters and buffers by name. tensors: shape and type of what the checkpoint has, by name.
    """
    by_storage: Dict[int, List[Tuple[str, torch.Tensor]]] = {}
    for name, tensor in targets.items():
        if tensor.is_contiguous():
            by_storage.setdefault(_storage(tensor), []).append((name, tensor))
    captured = Captured()
    while True:
        recorder = _Recorder(by_storage)
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
            names = (error.names if isinstance(error, _Unknown) else frozenset()) or frozenset(current)
            new = sorted(names - captured.whole.keys())
            if not new:
                raise
            captured.whole.update(dict.fromkeys(new, str(error).split("\n")[0]))
            continue
        captured.parts = made
        used = {part.tensor for parts in made.values() for part in parts}
        captured.unused = [name for name in tensors if name not in used and name not in captured.whole]
        return captured


def capture(
    load_weights: Callable[[Weights], Any],
    model: torch.nn.Module,
    checkpoint: Path,
    *,
    group: Any = None,
    batch_bytes: int = 1 << 30,
    names: Optional[Callable[[str], bool]] = None,
    **config: Any,
) -> Captured:
    """Collective: loads a model's parameters as its own `load_weights` would, but reads only what this rank needs.

    load_weights: gets (name, tensor) of the checkpoint's tensors, as vLLM's and SGLang's models take them, and copies them, or parts of
    them, into the model's parameters; it goes by the names, not by their order. It runs on tensors without memory; what it copies where
    becomes boxes, which are loaded from storage into the parameters, each byte once by the ranks of `group` together. Tensors with which
    it does something else are loaded as a whole and given to it in a second run, with a warning.
    model: whose parameters and buffers are filled. Only boxes that are transposed, cast or stepped through need memory on their way.
    names: which of the checkpoint's tensors `load_weights` gets; None: all.
    batch_bytes: memory of a rank for what is on its way, in bytes.
    Other keywords are keys of the sections checkpoint, load and runtime of the configuration.

    Returns what was captured. Raises as `distload.load`.
    """
    reader = _core.Reader.open(ranks_of(group), os.fspath(checkpoint), arguments_of(("checkpoint", "load", "runtime"), config))
    chosen = [name for name in reader.names() if names is None or names(name)]
    targets = {name: tensor.detach() for name, tensor in itertools.chain(model.named_parameters(), model.named_buffers())}
    tensors = {name: (reader.shape(name), DTYPES[reader.dtype(name)]) for name in chosen}

    def find() -> Captured:
        for name, tensor in targets.items():
            if tensor.device.type == "meta":
                raise ConfigError(f"capture: {name} has no memory; give it some with model.to_empty(device='cpu')")
        return record(load_weights, targets, tensors)

    captured = _agreed(find, reader.group)
    for name, why in captured.whole.items():
        warnings.warn(f"capture: {name} is loaded as a whole, because of {why}", stacklevel=2)
    with torch.no_grad():
        _fill(reader, captured, targets, batch_bytes)
        if captured.whole:
            watcher = _Watcher(captured, targets)
            with watcher:
                load_weights(_whole(reader, sorted(captured.whole)))
            if "yes" in reader.group.all_gather_text("yes" if watcher.has_seen else "no"):
                warnings.warn("capture: all tensors are loaded as a whole, because several are written to one place", stacklevel=2)
                captured.whole = {name: "several are written to one place" for name in chosen}
                captured.parts = {}
                load_weights(_whole(reader, chosen))
    return captured


def _agreed(find: Callable[[], Captured], group: _core.Group) -> Captured:
    """Collective: what `find` finds, with the tensors that any rank must get as a whole, since loading them is collective.

    Raises what `find` raises, or ConfigError if it has raised on another rank.
    """
    failure: Optional[Exception] = None
    captured = Captured()
    try:
        captured = find()
    except Exception as error:  # of this rank
        failure = error
    own = json.dumps({"whole": captured.whole, "failure": None if failure is None else f"{type(failure).__name__}: {failure}"})
    found = [json.loads(text) for text in group.all_gather_text(own)]
    if failure is not None:
        raise failure
    for rank, of_rank in enumerate(found):
        if of_rank["failure"] is not None:
            raise ConfigError(f"rank {rank}: {of_rank['failure']}")
    for of_rank in found:
        for name, why in of_rank["whole"].items():
            captured.whole.setdefault(name, why)
    captured.parts = {
        target: [part for part in parts if part.tensor not in captured.whole] for target, parts in captured.parts.items()
    }
    return captured


def _whole(reader: _core.Reader, names: List[str]) -> Iterator[Tuple[str, torch.Tensor]]:
    for name in names:
        shape = list(reader.shape(name))
        loaded = reader.load([(name, shape, [(name, [0] * len(shape), shape, [0] * len(shape))])])
        yield name, as_torch(loaded.tensor(name))


def _fill(reader: _core.Reader, captured: Captured, targets: Dict[str, torch.Tensor], batch_bytes: int) -> None:
    """Collective: loads all parts into the parameters, or copies them there in the order of the tensors' names."""
    needed: Dict[str, List[Tuple[str, Part]]] = {}
    for name, parts in captured.parts.items():
        for part in parts:
            needed.setdefault(part.tensor, []).append((name, part))
    over_others = _over_others(captured, targets)
    batch: List[str] = []
    nbytes = 0
    # The same batches on all ranks, so that what several of them need is read once.
    names = reader.names()
    for name in names:
        batch.append(name)
        nbytes += reader.nbytes(name)
        if nbytes >= batch_bytes * reader.group.size or name == names[-1]:
            _fill_batch(reader, {of: needed[of] for of in batch if of in needed}, targets, over_others)
            batch, nbytes = [], 0


def _over_others(captured: Captured, targets: Dict[str, torch.Tensor]) -> Set[str]:
    """The tensors that may be copied to places where others are, so that their order counts."""
    written: Dict[int, List[Tuple[int, int, str]]] = {}
    for name, parts in captured.parts.items():
        for part in parts:
            into = _box_of(targets[name], part.target_begin, part.target_sizes)
            begin, end = (number * into.element_size() for number in _range(into))
            written.setdefault(_storage(into), []).append((begin, end, part.tensor))
    found: Set[str] = set()
    for ranges in written.values():
        end, last = 0, ""
        for first, behind, tensor in sorted(ranges):
            if first < end and tensor != last:
                found.update((tensor, last))
            if behind > end:
                end, last = behind, tensor
    return found


def _box_of(tensor: torch.Tensor, begin: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
    for axis, (first, size) in enumerate(zip(begin, sizes)):
        tensor = tensor.narrow(axis, first, size)
    return tensor


def _fill_batch(
    reader: _core.Reader, batch: Dict[str, List[Tuple[str, Part]]], targets: Dict[str, torch.Tensor], over_others: Set[str]
) -> None:
    requests = []
    memories = []
    staged: List[Tuple[torch.Tensor, List[Tuple[str, Part, int]]]] = []
    for tensor, parts in batch.items():
        dtype = DTYPES[reader.dtype(tensor)]
        if tensor not in over_others and _is_in_place(parts, targets, dtype):
            memory = targets[parts[0][0]]
            boxes = [(tensor, list(part.begin), list(part.sizes), list(part.target_begin)) for _, part in parts]
        else:
            shape, boxes, places = _staged(tensor, parts)
            memory = torch.empty(shape, dtype=dtype, device=LOADS_TO)
            staged.append((memory, places))
        requests.append((tensor, list(memory.shape), boxes))
        memories.append(exported_tensor(memory)[1])
    reader.load_into(requests, memories)
    for memory, places in staged:
        for target, part, begin in places:
            value = _box_of(memory, [begin, *[0] * (len(part.sizes) - 1)], part.sizes)
            into = _box_of(targets[target], part.target_begin, part.target_sizes)
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
