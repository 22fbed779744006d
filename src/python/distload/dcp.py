"""Checkpoints of distload for torch.distributed.checkpoint.

    dcp.load(state_dict, storage_reader=distload.dcp.DistloadReader("checkpoints"))

loads DTensors of any mesh from distload's HDF5 files, and from Hugging Face directories, by the tensors' names.

    dcp.save(state_dict, storage_writer=distload.dcp.DistloadWriter("checkpoints", step=1000))

saves them as checkpoints/model-step-1000.h5, which distload loads onto any topology.
"""
from __future__ import annotations

import io
import json
import math
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.metadata import (
    STORAGE_TYPES,
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    StorageMeta,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import (
    LoadItemType,
    LoadPlan,
    LoadPlanner,
    ReadItem,
    SavePlan,
    SavePlanner,
    WriteItem,
    WriteItemType,
)
from torch.distributed.checkpoint.storage import StorageReader, StorageWriter, WriteResult
from torch.futures import Future

from distload import _core
from distload._arguments import arguments_of
from distload._batches import BATCH_BYTES, batches_of
from distload._errors import ConfigError
from distload._fill import overlapping
from distload._group import group_of, raise_together
from distload._torch import DTYPES, LOADS_TO, exported_tensor

Path = Union[str, "os.PathLike[str]"]
Box = Tuple[List[int], List[int], List[int]]  # first element in the tensor, sizes, first element in the shard

# What is no tensor is saved as a tensor of bytes, whose name ends like this.
_BYTES = ".__bytes__"


def ranks_of(group: Any) -> _core.Group:
    """The group of `group`, as of `distload.load`; this process alone if none is given, and neither torch nor MPI has started one."""
    alone = group is None and not (dist.is_available() and dist.is_initialized()) and not _core.mpi_runs()
    return _core.own_group() if alone else group_of(group)


class DistloadReader(StorageReader):
    """Reads checkpoints of any format that distload knows.

    Every rank gets the boxes that its shards need, and every byte is read once by the ranks together; parts that several ranks need
    travel between them. Blocks are verified where the checkpoint has checksums.

    Objects that are no tensors are unpickled by torch, as those of its own checkpoints are: only HDF5 files of `DistloadWriter` have some, and
    only files that you trust should be loaded into a state dict that has objects. Tensors of types that torch lacks are not there.

    What a rank needs of a tensor is read straight into the state dict's tensor, if that is one contiguous box of the same type, as the
    local part of a DTensor is. Otherwise it needs memory on its way.

    path: as of `distload.load`. prefix: what the state dict's names have before those of the checkpoint: "model.". group: as of
    `distload.load`; the ranks that call ``dcp.load``. batch_bytes: memory of a rank, beside the state dict, for what is on its way,
    in bytes; smaller batches take longer. Other keywords are keys of the sections checkpoint, load and runtime of the configuration.
    """

    def __init__(
        self, path: Path, *, prefix: str = "", group: Any = None, batch_bytes: int = BATCH_BYTES, **config: Any
    ) -> None:
        self._path = os.path.expanduser(os.fspath(path))
        self._prefix = prefix
        self._comm = group
        self._batch_bytes = batch_bytes
        self._arguments = arguments_of(("checkpoint", "load", "runtime"), config)
        self._opened: Optional[_core.Reader] = None

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Path) -> bool:
        """True for paths of folders and files that exist."""
        return os.path.exists(checkpoint_id)

    def reset(self, checkpoint_id: Optional[Path] = None) -> None:
        """Called before every load, which opens the checkpoint again."""
        if checkpoint_id is not None:
            self._path = os.fspath(checkpoint_id)
        self._opened = None

    def open(self) -> _core.Reader:
        """Collective, unless the checkpoint is open: its tensors and its config.json."""
        if self._opened is None:
            self._opened = _core.Reader.open(ranks_of(self._comm), self._path, self._arguments)
        return self._opened

    def read_metadata(self) -> Metadata:
        """Collective: all tensors of the checkpoint, each as one chunk."""
        reader = self.open()
        tensors: Dict[str, STORAGE_TYPES] = {}
        for name in reader.names():
            if reader.dtype(name) not in DTYPES:
                continue
            if self._is_object(name):
                tensors[self._prefix + name[: -len(_BYTES)]] = BytesStorageMetadata()
                continue
            size = torch.Size(reader.shape(name))
            tensors[self._prefix + name] = TensorStorageMetadata(
                properties=TensorProperties(dtype=DTYPES[reader.dtype(name)]),
                size=size,
                chunks=[ChunkStorageMetadata(offsets=torch.Size([0] * len(size)), sizes=size)],
            )
        return Metadata(state_dict_metadata=tensors, storage_meta=StorageMeta(checkpoint_id=self._path))

    def set_up_storage_reader(self, metadata: Metadata, is_coordinator: bool, *_: Any, **__: Any) -> None:
        """Nothing is to be set up."""

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        """The plan as it is."""
        return plan

    def prepare_global_plan(self, plans: List[LoadPlan]) -> List[LoadPlan]:
        """The plans as they are."""
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> Future[None]:
        """Collective: loads the items of the plan into the tensors that they belong to."""
        items: Dict[str, List[ReadItem]] = {}
        for item in plan.items:
            name = item.storage_index.fqn[len(self._prefix) :]
            items.setdefault(name + _BYTES if item.type == LoadItemType.BYTE_IO else name, []).append(item)
        targets = _Targets(planner)
        in_place: Set[str] = set()
        failure: Optional[Exception] = None
        try:
            for of_name in items.values():
                for item in of_name:
                    if item.type != LoadItemType.BYTE_IO:
                        targets.of(item)
            in_place = {name for name, of_name in items.items() if self._is_in_place(name, of_name, targets)}
            own = {name: targets.of(items[name][0]) for name in in_place}  # contiguous; two names may be one tensor
            in_place -= overlapping((tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes, name) for name, tensor in own.items() if tensor.nbytes)
        except ConfigError as error:
            failure = error
        raise_together(failure, self.open().group)
        for batch in self._batches(items, in_place):
            self._load(batch, items, in_place, targets)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _is_in_place(self, name: str, items: List[ReadItem], targets: _Targets) -> bool:
        """True if the tensor can be read straight into the state dict's: one box, of the same type."""
        if len(items) > 1 or self._is_object(name):
            return False
        target = targets.of(items[0])
        is_plain = target.is_contiguous() and not target.is_neg() and not target.is_conj()
        return target.dtype == DTYPES[self.open().dtype(name)] and target.device.type == LOADS_TO and is_plain

    def _load(self, batch: List[_Rows], items: Dict[str, List[ReadItem]], in_place: Set[str], targets: _Targets) -> None:
        """Collective: loads rows of tensors. When it returns, the memory that they needed on their way is free again."""
        reader = self.open()
        wanted = [(rows.name, parts) for rows in batch if (parts := rows.parts_of(items.get(rows.name, [])))]
        requests = []
        memories = []
        for name, parts in wanted:
            request = _request(name, parts)
            requests.append(request)
            if name in in_place:
                memories.append(targets.rows_of(parts[0]))
            else:
                memories.append(torch.empty(request[1], dtype=DTYPES[reader.dtype(name)], device=LOADS_TO))
        reader.load_into(requests, [exported_tensor(memory)[1] for memory in memories])
        for (name, parts), memory in zip(wanted, memories):
            if self._is_object(name):
                for part in parts:
                    targets.planner.load_bytes(part.item, io.BytesIO(memory.cpu().numpy().tobytes()))
            elif name in in_place:
                targets.finish(parts[0])
            else:
                targets.fill(parts, memory)

    def _batches(self, items: Dict[str, List[ReadItem]], in_place: Set[str]) -> Iterator[List[_Rows]]:
        """Collective: what is loaded together, equal on all ranks, so that what several of them need is read once. No rank needs more
        than `batch_bytes` on the way for a batch: a tensor of which one does is loaded in several batches, each of some rows."""
        reader = self.open()
        own = {name: 0 if name in in_place else self._whole(name).nbytes_of(of_name) for name, of_name in items.items()}
        for batch in batches_of(reader, own, self._batch_bytes):
            rows = [self._whole(name) for name in batch]
            if max(batch.values()) > self._batch_bytes and not rows[0].is_object:
                yield from ([part] for part in rows[0].divided(self._batch_bytes))
            else:
                yield rows

    def _whole(self, name: str) -> _Rows:
        reader = self.open()
        shape = list(reader.shape(name))
        return _Rows(name, shape, reader.nbytes(name), 0, shape[0] if shape else 1, self._is_object(name))

    def _is_object(self, name: str) -> bool:
        """True for pickled objects, which files of safetensors do not have: they hold no code."""
        return name.endswith(_BYTES) and self.open().format == "hdf5"


class _Part(NamedTuple):
    """Rows of an item: a box of a tensor of the checkpoint, and the first row in the tensor that the item fills."""

    item: ReadItem
    begin: List[int]
    sizes: List[int]
    row: int


class _Rows(NamedTuple):
    """Rows (indices of the first axis) of a tensor of the checkpoint: all of them, or as many as a batch has room for."""

    name: str
    shape: List[int]
    nbytes: int
    begin: int
    end: int
    is_object: bool

    def divided(self, nbytes: int) -> Iterator[_Rows]:
        """All rows, in parts of at most so many bytes, or of one row."""
        count = max(1, nbytes * self.end // self.nbytes) if self.nbytes else self.end
        for begin in range(0, self.end, count):
            yield self._replace(begin=begin, end=min(begin + count, self.end))

    def parts_of(self, items: List[ReadItem]) -> List[_Part]:
        """The parts of the items that lie in these rows. Pickled objects are whole tensors of bytes."""
        if self.is_object:
            return [_Part(item, [0], self.shape, 0) for item in items]
        parts = []
        for item in items:
            begin, sizes = list(item.storage_offsets), list(item.lengths)
            row = 0
            if sizes and sizes[0] > 0:
                first, last = max(begin[0], self.begin), min(begin[0] + sizes[0], self.end)
                if first >= last:
                    continue
                row = first - begin[0]
                begin[0], sizes[0] = first, last - first
            elif self.begin > 0:
                continue
            parts.append(_Part(item, begin, sizes, row))
        return parts

    def nbytes_of(self, items: List[ReadItem]) -> int:
        """Bytes of these parts together, one behind the other."""
        elements = math.prod(_stacked([(part.begin, part.sizes) for part in self.parts_of(items)])[0])
        return self.nbytes * elements // max(1, math.prod(self.shape))


def _overlaps_itself(tensor: torch.Tensor) -> bool:
    """True if the tensor may have two elements in one place: an axis has a step that the axes of smaller steps reach over."""
    reach = 0
    for step, size in sorted((step, size) for step, size in zip(tensor.stride(), tensor.size()) if size > 1):
        if step <= reach:
            return tensor.numel() > 0
        reach += step * (size - 1)
    return False


def _request(name: str, parts: List[_Part]) -> Tuple[str, List[int], List[Tuple[str, List[int], List[int], List[int]]]]:
    """These parts of a tensor as one shard, one behind the other along the first axis. A pickled object is asked for once."""
    is_object = parts[0].item.type == LoadItemType.BYTE_IO
    shape, boxes = _stacked([(part.begin, part.sizes) for part in (parts[:1] if is_object else parts)])
    return name, shape, [(name, *box) for box in boxes]


def _stacked(boxes: List[Tuple[List[int], List[int]]]) -> Tuple[List[int], List[Box]]:
    """The shape of a shard that has these boxes (first element, sizes) one behind the other, and where each lies in it."""
    shape = [0] * len(boxes[0][1])
    parts = []
    for begin, sizes in boxes:
        parts.append((begin, sizes, [shape[0], *[0] * (len(sizes) - 1)] if sizes else []))
        shape = [shape[axis] + size if axis == 0 else max(shape[axis], size) for axis, size in enumerate(sizes)]
    return shape, parts


class _Targets:
    """The tensors of the state dict, each asked for once and given back when all of its rows have been filled."""

    def __init__(self, planner: LoadPlanner) -> None:
        self.planner = planner
        self._begun: Dict[int, torch.Tensor] = {}

    def fill(self, parts: List[_Part], stacked: torch.Tensor) -> None:
        """The reverse of `_request`."""
        begin = 0
        for part in parts:
            value = stacked
            for axis, size in enumerate(part.sizes):
                value = value.narrow(axis, begin if axis == 0 else 0, size)
            begin += part.sizes[0] if part.sizes else 0
            self.rows_of(part).copy_(value)
            self.finish(part)

    def rows_of(self, part: _Part) -> torch.Tensor:
        """The rows that a part fills."""
        target = self.of(part.item)
        return target.narrow(0, part.row, part.sizes[0]) if part.sizes else target

    def finish(self, part: _Part) -> None:
        """Gives the tensor of a part that has been filled back if it was the last one."""
        if not part.sizes or part.row + part.sizes[0] == part.item.lengths[0]:
            self.planner.commit_tensor(part.item, self._begun.pop(id(part.item)))

    def of(self, item: ReadItem) -> torch.Tensor:
        """The tensor that an item is for. Raises ConfigError if it has another shape."""
        if id(item) not in self._begun:
            target = self.planner.resolve_tensor(item).detach()
            if target.size() != item.lengths:
                raise ConfigError(f"{item.dest_index.fqn} has shape {tuple(target.size())}, not {tuple(item.lengths)}")
            if _overlaps_itself(target):
                raise ConfigError(f"{item.dest_index.fqn} has several elements in one place, as an expanded tensor: make it contiguous")
            self._begun[id(item)] = target
        return self._begun[id(item)]


class DistloadWriter(StorageWriter):
    """Writes a state dict as `directory`/model-step-`step`.h5, in which every tensor has its global shape.

    Tensors are written from the ranks' memory; what is no tensor, as torch has pickled it. The checkpoint appears when it is complete
    and on storage.

    directory: as of `distload.save`. step: in the checkpoint's name. name, config: of the model; `config` is its config.json, as a path or
    a dict, by which distload knows the family. extra: free texts. group: as of `distload.load`; the ranks that call ``dcp.save``.
    Other keywords are keys of the section `save` of the configuration: keep, overwrite, base, ...
    """

    def __init__(
        self,
        directory: Path,
        *,
        step: int = 0,
        name: str = "",
        config: Union[Path, Dict[str, Any], None] = None,
        extra: Optional[Dict[str, str]] = None,
        group: Any = None,
        **settings: Any,
    ) -> None:
        self._directory = os.path.expanduser(os.fspath(directory))
        self._step = step
        text = ""
        if isinstance(config, dict):
            text = json.dumps(config, indent=2)
        elif config is not None:
            with open(config, encoding="utf-8") as file:
                text = file.read()
        architectures = json.loads(text).get("architectures") if text else None
        self._texts = {"name": name, "config_json": text, "architecture": architectures[0] if architectures else ""}
        self._extra = dict(extra or {})
        self._comm = group
        self._settings = settings
        self.result: Optional[Dict[str, Any]] = None
        """Of the last save, as of `distload.save`."""

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Path) -> bool:
        """True for all paths."""
        return bool(os.fspath(checkpoint_id))

    def reset(self, checkpoint_id: Optional[Path] = None) -> None:
        """Called before every save."""
        if checkpoint_id is not None:
            self._directory = os.fspath(checkpoint_id)

    def set_up_storage_writer(self, is_coordinator: bool, *_: Any, **__: Any) -> None:
        """Nothing is to be set up."""

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        """The plan as it is."""
        return plan

    def prepare_global_plan(self, plans: List[SavePlan]) -> List[SavePlan]:
        """The plans as they are."""
        return plans

    def storage_meta(self) -> Optional[StorageMeta]:
        """Where the checkpoint is."""
        return StorageMeta(checkpoint_id=self._directory)

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[List[WriteResult]]:
        """Collective: writes the items of all ranks' plans."""
        items: Dict[str, List[WriteItem]] = {}
        for item in plan.items:
            items.setdefault(item.index.fqn, []).append(item)
        group = ranks_of(self._comm)
        shards = []
        failure: Optional[Exception] = None
        try:
            shards = [_held_shard(name, of_name, planner) for name, of_name in items.items()]
        except ConfigError as error:
            failure = error
        raise_together(failure, group)
        arguments = [
            ("save.directory", self._directory, "argument directory"),
            ("save.step", str(self._step), "argument step"),
            *arguments_of(("save", "runtime"), self._settings),
        ]
        saver = _core.Saver.of_group(group, self._directory, arguments)
        self.result = saver.save_shards(shards, self._texts, self._extra)
        results = [
            WriteResult(index=item.index, size_in_bytes=_nbytes(item), storage_data=None) for item in plan.items
        ]
        done: Future[List[WriteResult]] = Future()
        done.set_result(results)
        return done

    def finish(self, metadata: Metadata, results: List[List[WriteResult]]) -> None:
        """The checkpoint has been complete since `write_data`."""


def _nbytes(item: WriteItem) -> int:
    data = item.tensor_data
    return 0 if data is None else data.chunk.sizes.numel() * data.properties.dtype.itemsize


def _held_shard(name: str, items: List[WriteItem], planner: SavePlanner) -> Tuple[str, str, List[int], torch.Tensor, List[Box]]:
    """What this rank writes of a tensor: its name, its type, its whole shape, the shard in memory, and what is where in it."""
    if name.endswith(_BYTES):
        raise ConfigError(f"{name}: names with this ending are those of objects that are no tensors")
    if items[0].type == WriteItemType.BYTE_IO:
        data = planner.resolve_data(items[0])
        assert isinstance(data, io.BytesIO)
        content = torch.frombuffer(bytearray(data.getbuffer()), dtype=torch.uint8)
        return name + _BYTES, "U8", list(content.shape), content, [([0], list(content.shape), [0])]
    boxes = []
    tensors = []
    for item in items:
        assert item.tensor_data is not None
        boxes.append((list(item.tensor_data.chunk.offsets), list(item.tensor_data.chunk.sizes)))
        tensor = planner.resolve_data(item)
        assert isinstance(tensor, torch.Tensor)
        tensors.append(tensor.detach().resolve_neg().resolve_conj().to(LOADS_TO).contiguous())
    shape, parts = _stacked(boxes)
    shard = tensors[0]
    if len(tensors) > 1:
        shard = torch.zeros(shape, dtype=tensors[0].dtype)
        for tensor, (_, sizes, offset) in zip(tensors, parts):
            shard[tuple(slice(begin, begin + size) for begin, size in zip(offset, sizes))] = tensor
    assert items[0].tensor_data is not None
    dtype, exported = exported_tensor(shard)
    return name, dtype, list(items[0].tensor_data.size), exported, parts
