"""capture: an engine's own loading function, run once on tensors without memory, says which boxes each parameter needs."""
from __future__ import annotations

import itertools
import json
import os
import warnings
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from distload import _core
from distload._arguments import arguments_of
from distload._batches import BATCH_BYTES
from distload._errors import ConfigError
from distload._fill import box_of, fill, load_whole
from distload._group import group_of, raise_together
from distload._recorder import Captured, Weights, range_of, record, storage_of
from distload._torch import dtype_of

Path = Union[str, "os.PathLike[str]"]


def capture(
    load_weights: Callable[[Weights], Any],
    model: torch.nn.Module,
    checkpoint: Path,
    *,
    group: Any = None,
    batch_bytes: int = BATCH_BYTES,
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
    reader = _core.Reader.open(group_of(group), os.fspath(checkpoint), arguments_of(("checkpoint", "load", "runtime"), config))
    chosen: List[str] = []
    targets = {name: tensor.detach() for name, tensor in itertools.chain(model.named_parameters(), model.named_buffers())}

    def find() -> Captured:
        chosen.extend(name for name in reader.names() if names is None or names(name))
        tensors = {name: (reader.shape(name), dtype_of(reader, name)) for name in chosen}
        for name, tensor in targets.items():
            if tensor.device.type == "meta":
                raise ConfigError(f"capture: {name} has no memory; give it some with model.to_empty(device='cpu')")
        return record(load_weights, targets, tensors)

    captured = agreed(find, reader.group)
    for name, why in captured.whole.items():
        warnings.warn(f"capture: {name} is loaded as a whole, because of {why}", stacklevel=2)
    with torch.no_grad():
        fill(reader, captured, targets, batch_bytes)
        if captured.whole:
            watcher = _Watcher(captured, targets)
            with watcher:
                _run_on_whole(load_weights, reader, sorted(captured.whole))
            if "yes" in reader.group.all_gather_text("yes" if watcher.has_seen else "no"):
                warnings.warn("capture: all tensors are loaded as a whole, because several are written to one place", stacklevel=2)
                captured.whole = {name: "several are written to one place" for name in chosen}
                captured.parts = {}
                _run_on_whole(load_weights, reader, chosen)
    return captured


def agreed(find: Callable[[], Captured], group: _core.Group) -> Captured:
    """Collective: what `find` finds, with the tensors that any rank must get as a whole, since loading them is collective.

    Raises what `find` raises, or ConfigError if it has raised on another rank.
    """
    failure: Optional[Exception] = None
    captured = Captured()
    try:
        captured = find()
    except Exception as error:  # of this rank
        failure = error
    raise_together(failure, group)
    for text in group.all_gather_text(json.dumps(captured.whole)):
        for name, why in json.loads(text).items():
            captured.whole.setdefault(name, why)
    captured.parts = {
        target: [part for part in parts if part.tensor not in captured.whole] for target, parts in captured.parts.items()
    }
    return captured


def _run_on_whole(load_weights: Callable[[Weights], Any], reader: _core.Reader, names: List[str]) -> None:
    """Collective: gives a loading function whole tensors. Loads them all with the other ranks, also those that it does not take.

    Raises what it raises, or ConfigError if it has raised on another rank.
    """
    weights = load_whole(reader, names)
    failure: Optional[Exception] = None
    try:
        load_weights(weights)
    except Exception as error:  # of this rank, or of loading on all ranks
        failure = error
    for _ in weights:
        pass
    raise_together(failure, reader.group)


class _Watcher(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own has no types
    """Sees whether something is written to where parts have been loaded, which the tensors' order may have meant otherwise."""

    def __init__(self, captured: Captured, targets: Dict[str, torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.has_seen = False
        self._loaded: Dict[int, List[Tuple[int, int]]] = {}
        for name, parts in captured.parts.items():
            for part in parts:
                there = box_of(targets[name], part.target_begin, part.target_sizes)
                self._loaded.setdefault(storage_of(there), []).append(range_of(there))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for argument, value in zip(func._schema.arguments, args):
            if argument.alias_info is not None and argument.alias_info.is_write and isinstance(value, torch.Tensor):
                begin, end = range_of(value)
                known = self._loaded.get(storage_of(value), [])
                self.has_seen = self.has_seen or any(first < end and begin < last for first, last in known)
        return func(*args, **(kwargs or {}))
