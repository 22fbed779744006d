"""safe_open: tensors of a checkpoint one by one, as the package safetensors opens files."""
from __future__ import annotations

import json
import operator
import os
import struct
from typing import Any, Dict, List, Optional, Tuple, Union

from distload import _core
from distload._errors import ConfigError

Path = Union[str, "os.PathLike[str]"]


class safe_open:  # the name that the package safetensors has
    """Local: opens a checkpoint of any format, and loads tensors and parts of them when they are asked for.

        with distload.safe_open("checkpoints", framework="pt") as f:
            rows = f.get_slice("lm_head.weight")[:1000]

    framework: "pt" for tensors of torch, "np" for arrays of numpy. Blocks are verified where the checkpoint has checksums.
    """

    def __init__(self, filename: Path, framework: str = "pt", device: str = "cpu", **config: Any) -> None:
        from distload._arguments import arguments_of

        if framework not in ("pt", "pytorch", "np", "numpy"):
            raise ConfigError(f"framework: {framework!r} is neither 'pt' nor 'np'")
        if str(device) != "cpu":
            raise ConfigError(f"device: safe_open loads to 'cpu', not to {str(device)!r}")
        self._is_torch = framework in ("pt", "pytorch")
        self._path = os.path.expanduser(os.fspath(filename))
        self._reader = _core.Reader.open(
            _core.own_group(), self._path, arguments_of(("checkpoint", "model", "load", "runtime"), config)
        )

    def __enter__(self) -> "safe_open":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def keys(self) -> List[str]:
        """Names of all tensors, sorted."""
        return self._reader.names()

    def offset_keys(self) -> List[str]:
        """The same: readers of several files have no order of offsets."""
        return self.keys()

    def metadata(self) -> Optional[Dict[str, str]]:
        """What the file states as text beside tensors: `__metadata__` of a safetensors file; None if there is nothing."""
        extra = dict(self._reader.extra)
        if self._path.endswith(".safetensors"):
            with open(self._path, "rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                extra.update(json.loads(file.read(length)).get("__metadata__") or {})
        return extra or None

    def get_tensor(self, name: str) -> Any:
        """The whole tensor. Raises KeyError if there is none of that name, and as `load` if it cannot be read."""
        return self.get_slice(name)[...]

    def get_slice(self, name: str) -> "Slice":
        """The tensor, of which indexing loads parts."""
        return Slice(self._reader, name, self._is_torch)


class Slice:
    """A tensor in a checkpoint. ``slice[a:b, i]`` loads that part alone.

    Of types smaller than a byte the shape and indices count numbers, as the file does, and a part has whole bytes along its last axis.
    torch's elements of F4 stand for 2 numbers each; F6, which torch has not, is given as uint8, 3 bytes for 4 numbers.
    """

    def __init__(self, reader: _core.Reader, name: str, is_torch: bool) -> None:
        self._reader = reader
        self._name = name
        self._is_torch = is_torch
        self._unit = reader.elements_per_unit(name)
        self._shape = tuple(reader.shape(name))
        if self._unit > 1:
            self._shape = (*self._shape[:-1], self._shape[-1] * self._unit)

    def get_shape(self) -> List[int]:
        """Sizes in numbers."""
        return list(self._shape)

    def get_dtype(self) -> str:
        """safetensors' name: "BF16", ..."""
        return self._reader.dtype(self._name)

    def __getitem__(self, index: Any) -> Any:
        """Index: integers, slices of step 1, and one ellipsis. Raises IndexError as lists do."""
        begin, sizes, kept = box_of(index, self._shape)
        if self._unit > 1:
            if begin[-1] % self._unit or sizes[-1] % self._unit:
                raise IndexError(f"the part begins or ends inside a byte: {self._unit} numbers of type {self.get_dtype()} have whole bytes")
            begin[-1] //= self._unit
            sizes[-1] //= self._unit
            kept[-1] = kept[-1] // self._unit * (3 if self.get_dtype().startswith("F6_") else 1)
        request = (self._name, sizes, [(self._name, begin, sizes, [0] * len(sizes))])
        loaded: Any = self._reader.load([request]).tensor(self._name)
        if self._is_torch:
            from distload._torch import as_torch

            return as_torch(loaded).reshape(kept)
        import numpy

        if loaded.dtype == "BF16" or loaded.dtype.startswith(("F8_", "F4", "F6_")):
            raise TypeError(f"numpy has no type {loaded.dtype}; use framework='pt'")
        return numpy.from_dlpack(loaded).reshape(kept)


def box_of(index: Any, shape: Tuple[int, ...]) -> Tuple[List[int], List[int], List[int]]:
    """First element and sizes of the part of a tensor that an index means, and the sizes without the axes of integers."""
    items = list(index) if isinstance(index, tuple) else [index]
    if items.count(Ellipsis) > 1:
        raise IndexError("an index has at most one ellipsis")
    if Ellipsis in items:
        at = items.index(Ellipsis)
        items[at : at + 1] = [slice(None)] * (len(shape) - len(items) + 1)
    if len(items) > len(shape):
        raise IndexError(f"{len(items)} indices for a tensor of {len(shape)} axes")
    items += [slice(None)] * (len(shape) - len(items))
    begin, sizes, kept = [], [], []
    for item, size in zip(items, shape):
        if isinstance(item, slice):
            first, last, step = item.indices(size)
            if step != 1:
                raise IndexError("only slices of step 1 are loaded")
            begin.append(first)
            sizes.append(max(last - first, 0))
            kept.append(sizes[-1])
        else:
            if isinstance(item, bool):
                raise IndexError("a truth value is no index of a slice")
            try:
                number = operator.index(item)
            except TypeError:
                raise IndexError(f"{type(item).__name__} is no index of a slice: integers and slices are") from None
            if not -size <= number < size:
                raise IndexError(f"index {number} is out of bounds for an axis of size {size}")
            begin.append(number % size)
            sizes.append(1)
    return begin, sizes, kept
