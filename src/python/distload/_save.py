"""Saving models."""
from __future__ import annotations

import os
from typing import Any, Dict, Optional, Tuple, Union

from distload import _core
from distload._arguments import Argument, arguments_of, refused
from distload._errors import ConfigError
from distload._model import Model
from distload._progress import Callback, Progress, callback_of

Path = Union[str, "os.PathLike[str]"]
SaveResult = Dict[str, Any]
"""path, step, engine, seconds, stall_seconds, checkpoint_bytes, written_bytes, unchanged_bytes (of all ranks together)."""

# Savers by group and settings: each keeps the memory of its snapshots for the next save, and lets one save be in flight.
_savers: Dict[Tuple[int, Tuple[Argument, ...]], Tuple[_core.Saver, "_Listener"]] = {}


class PendingSave:
    """A save in the background."""

    def __init__(self, saver: _core.Saver) -> None:
        self._saver = saver
        self._result: Optional[SaveResult] = None

    def wait(self) -> SaveResult:
        """Collective: waits until the checkpoint is complete and on storage. Raises IoError and CorruptData, on all ranks."""
        if self._result is None:
            result = self._saver.wait()
            if result is None:
                raise ConfigError("wait: a later save_async into this directory has waited for this save")
            self._result = result
        return self._result


class _Listener:
    """What a saver calls, for the progress function of each of its saves."""

    def __init__(self) -> None:
        self.callback: Optional[Callback] = None

    def __call__(self, phase: str, done_bytes: int, total_bytes: int, seconds: float) -> None:
        if self.callback is not None:
            self.callback(phase, done_bytes, total_bytes, seconds)


def _saver_of(model: Model, directory: Path, config: Dict[str, Any], progress: Optional[Progress]) -> _core.Saver:
    path = os.path.expanduser(os.fspath(directory))
    callback, refusal = callback_of(progress, model._core.group)
    arguments = [("save.directory", path, "argument directory"), *arguments_of(("save", "runtime"), config), *refused(refusal)]
    key = (model._core.group.identity, tuple(arguments))
    if key not in _savers:
        listener = _Listener()
        _savers[key] = _core.Saver.of_model(model._core, arguments, listener), listener
    saver, listener = _savers[key]
    listener.callback = callback
    return saver


def save(
    model: Model, directory: Path, *, step: Optional[int] = None, progress: Optional[Progress] = None, **config: Any
) -> SaveResult:
    """Collective: saves the model as `directory`/model-step-N.h5, or with ``format="safetensors"`` as a Hugging Face directory
    model-step-N. It appears when it is complete and on storage; after a crash the directory is as before.

    step: in the checkpoint's name; None: the model's. progress: as `load` takes it. Other keywords are keys of the section `save`:
    ``tensor_parallel=8, keep=3``.

    Raises ConfigError (something may not be replaced, or cannot be cut), IoError and CorruptData, on all ranks.
    """
    return _saver_of(model, directory, config, progress).save(model._core, step)


def save_async(
    model: Model, directory: Path, *, step: Optional[int] = None, progress: Optional[Progress] = None, **config: Any
) -> PendingSave:
    """Collective: as `save`, but returns when the shards have been copied, so that the model may change; a thread writes them.
    First waits for the save in flight into that directory, and raises its failure."""
    saver = _saver_of(model, directory, config, progress)
    saver.save_async(model._core, step)
    return PendingSave(saver)
