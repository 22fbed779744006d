"""Model: this rank's shards, by name."""
from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from distload import _core, _html
from distload._arguments import Source, arguments_of, refused, source_of
from distload._core import Partition, Tensor
from distload._group import group_of
from distload._progress import Progress, callback_of

_SECTIONS = ("checkpoint", "topology", "model", "load", "runtime", "cost")
# What may differ when a model is filled again.
_RELOAD_SECTIONS = ("checkpoint", "load", "runtime")
_REDISTRIBUTE_SECTIONS = ("topology", "model", "load", "runtime")


class Model(Mapping[str, Tensor]):
    """The shards that this rank holds: a mapping from parameters' names to tensors, without aliases.

    A tensor is row-major, in the shape and dtype that it has on this rank, and shares memory with the model:
    ``torch.from_dlpack(model[name])``. It stays valid as long as anything uses it, also after the model is deleted, and shows new values
    after `reload`. Where a file is mapped it is read-only; load with ``engine="direct"`` to have memory of your own.
    """

    def __init__(self, core: _core.Model) -> None:
        self._core = core
        self._names: List[str] = core.names()

    def __getitem__(self, name: str) -> Tensor:
        """The shard of that parameter, or of the parameter that it is an alias of. Raises KeyError if this rank holds none."""
        return self._core.tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._core.holds(name)

    def __repr__(self) -> str:
        topology = " x ".join(f"{key} {value}" for key, value in self.topology.items() if value > 1) or "one rank"
        return f"<distload.Model {self.name!r}: {len(self)} shards, {self.resident_bytes} bytes, {topology}>"

    def _repr_html_(self) -> str:
        topology = ", ".join(f"{key} {value}" for key, value in self.topology.items())
        known = (
            ("Shards", f"{len(self):,}, {_html.size_text(self.resident_bytes)}"),
            ("Topology", topology),
            ("Engine", self.engine[0]),
            ("Step", self.step or None),
            ("Path", self._core.path),
        )
        rows = []
        for name in self:
            tensor, cut = self[name], self.partition(name)
            how = cut.kind if cut.kind == "replicated" else f"{cut.kind}, axis {cut.axis}"
            shapes = _html.shape_text(self.global_shape(name)), _html.shape_text(tensor.shape)
            rows.append((name, tensor.dtype, *shapes, how, _html.size_text(tensor.nbytes)))
        return _html.facts(self.name, known) + _html.table("shard", ("name", "type", "shape", "here", "cut", "size"), rows)

    @property
    def name(self) -> str:
        """The model's name in the checkpoint."""
        return self._core.name

    @property
    def step(self) -> int:
        """The training step of the checkpoint that was loaded last."""
        return self._core.step

    @property
    def config(self) -> Dict[str, Any]:
        """The model's config.json; empty if the checkpoint has none."""
        text = self._core.config_json
        return dict(json.loads(text)) if text else {}

    @property
    def topology(self) -> Dict[str, int]:
        """tensor_parallel, pipeline_parallel, data_parallel and expert_parallel."""
        return self._core.topology

    @property
    def times(self) -> Dict[str, float]:
        """Seconds of this rank's load, by phase, and `total`, until the slowest rank had its tensors."""
        return self._core.times

    @property
    def engine(self) -> Tuple[str, str]:
        """What has read, and why it was chosen."""
        return self._core.engine

    @property
    def resident_bytes(self) -> int:
        """Memory of this rank's shards in bytes."""
        return self._core.resident_bytes

    def partition(self, name: str) -> Partition:
        """How the parameter is cut over tensor-parallel ranks."""
        return self._core.partition(name)

    def global_shape(self, name: str) -> Tuple[int, ...]:
        """The parameter's shape in the checkpoint, in elements."""
        return self._core.global_shape(name)

    def pieces(self, name: str) -> List[Tuple[Tuple[int, ...], Tuple[int, ...], Tuple[int, ...]]]:
        """Which boxes of the parameter lie where: (offset in the parameter, sizes, offset in the shard), in elements. What none
        covers is padding, and zero."""
        return self._core.pieces(name)

    def stages(self, name: str) -> List[int]:
        """Pipeline stages that hold the parameter."""
        return self._core.stages(name)

    def added_once(self, name: str) -> bool:
        """True for the bias of a row-parallel layer, which is added once, after the sum over the ranks."""
        return self._core.added_once(name)

    def report(self, tensors: bool = False) -> Dict[str, Any]:
        """Collective: the program's JSON report of the load on the first rank; empty on others.

        tensors: list every shard of every rank with the XXH3-64 of its bytes, which reads all of them.
        """
        text = self._core.report(tensors)
        return dict(json.loads(text)) if text else {}

    def check_numbers(self) -> None:
        """Collective: reads all shards of floating-point types. Raises CorruptData, with a parameter's name, if numbers are NaN or
        infinite."""
        self._core.check_numbers()

    def reload(self, source: Source = None, *, progress: Optional[Progress] = None, **config: Any) -> None:
        """Collective: fills the shards from another checkpoint of the same model, or another step of the same one.

        source: a checkpoint; None: where the model was loaded from, whose newest step is taken unless `step` is given.
        Other keywords are keys of the sections `checkpoint`, `load` and `runtime`. Tensors that are in use show the new values.
        Raises as `load`; after an error while reading, the values are undefined.
        """
        path, arguments = source_of(source)
        if path:
            arguments.append(("checkpoint.path", path, "argument source"))
        if "step" not in config:
            arguments.append(("checkpoint.step", "latest", "the default of step"))
        callback, refusal = callback_of(progress, self._core.group)
        self._core.reload(arguments + arguments_of(_RELOAD_SECTIONS, config) + refused(refusal), callback)

    def redistribute(self, *, in_place: bool = False, progress: Optional[Progress] = None, **config: Any) -> "Model":
        """Collective: the model in another topology, from memory to memory.

        Keywords are keys of the sections `topology`, `model` (fuse, split) and `load` (dtype, transpose, ...); others are as in this
        model. Shards that stay on their rank are shared by both models. Neither can be reloaded then. in_place: frees this
        model's shards on the way; after an error on the way they are lost.

        Raises ConfigError if the model cannot be cut like that, or if `in_place` is asked for while tensors are in use, and
        OutOfBudget if a rank has too little memory.
        """
        callback, refusal = callback_of(progress, self._core.group)
        return Model(self._core.redistribute(arguments_of(_REDISTRIBUTE_SECTIONS, config) + refused(refusal), in_place, callback))


def load(
    source: Source = None,
    *,
    group: Any = None,
    device: Optional[str] = None,
    progress: Optional[Progress] = None,
    **config: Any,
) -> Model:
    """Collective: loads a checkpoint onto the ranks of `group` and returns this rank's shards.

    source: a checkpoint (HDF5 file, directory of them, Hugging Face directory, safetensors file), or a configuration (YAML file, dict).
    group: None (all ranks of mpirun or torchrun), a communicator of mpi4py, or a process group of torch.distributed.
    device: "cpu" or "cuda"; None: what this build loads to.
    progress: called as progress(phase, done_bytes, total_bytes, seconds) by threads of the library; "tqdm": a bar of tqdm on the first
    rank.
    Other keywords are keys of the configuration (config/reference.yaml) in the sections checkpoint, topology, model, load, runtime and
    cost: ``tensor_parallel=4, dtype="bf16", step=1000``; or whole sections: ``load={"engine": "direct"}``.

    Raises ConfigError, NoValidCheckpoint, CorruptData, IoError, OutOfBudget (before anything is allocated) and CommunicationError, on
    all ranks. After KeyboardInterrupt the other ranks' calls go on until `timeout`.
    """
    path, arguments = source_of(source)
    ranks = group_of(group)
    callback, refusal = callback_of(progress, ranks)
    arguments += arguments_of(_SECTIONS, config) + refused(device_refusal(device)) + refused(refusal)
    return Model(_core.Model.load(ranks, path, arguments, callback))


def device_refusal(device: Optional[str]) -> str:
    """Why that device is refused: this build loads to another one. Empty: it is not."""
    built_for = "cuda" if _core.built_for_devices else "cpu"
    if device is None or str(device).split(":")[0] == built_for:
        return ""
    return f"device: this build of distload loads to {built_for!r}, not to {str(device)!r}"
