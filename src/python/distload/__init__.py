"""Loads LLM checkpoints onto tensor-, pipeline-, data- and expert-parallel ranks.

    import distload
    model = distload.load("checkpoints", tensor_parallel=4)  # under mpirun or torchrun
    weight = torch.from_dlpack(model["model.layers.0.self_attn.q_proj.weight"])  # no copy

Functions that take `group`, and members of `Model`, are collective: all ranks of the group call them, in the same order,
with equal arguments. A failure on one rank is the same exception on all of them. Sizes are in bytes, times in seconds.
"""
import atexit
import pathlib
import sys
from typing import Any

from distload import _core, _errors
from distload._core import Partition, Section, Tensor, version as __version__
from distload._errors import (
    CommunicationError,
    ConfigError,
    CorruptData,
    Error,
    InternalError,
    IoError,
    NoValidCheckpoint,
    NothingToCompare,
    OutOfBudget,
    OutputsDiffer,
    UsageError,
)
from distload._inspect import Inspection, Page, inspect, inspect_page, verify
from distload._model import Model, load
from distload._parallel_model import ParallelModel, computed_families
from distload._plan import Plan, plan
from distload._safe_open import safe_open
from distload._save import PendingSave, SaveResult, save, save_async
from distload._tensors import shard, unshard


def _finish() -> None:
    _core.finish(hasattr(sys, "last_type"))



def __getattr__(name: str) -> Any:
    """Functions that need torch, which is imported when they are used."""
    if name == "capture":
        from distload._capture import capture

        return capture
    if name == "from_pretrained":
        from distload._transformers import from_pretrained

        return from_pretrained
    raise AttributeError(f"module 'distload' has no attribute {name!r}")


_core.set_errors(_errors.BY_EXIT_CODE)
_core.add_data_directory(str(pathlib.Path(__file__).parent / "config"))
atexit.register(_finish)

__all__ = [
    "CommunicationError",
    "ConfigError",
    "CorruptData",
    "Error",
    "Inspection",
    "InternalError",
    "IoError",
    "Model",
    "NoValidCheckpoint",
    "NothingToCompare",
    "OutOfBudget",
    "OutputsDiffer",
    "Page",
    "ParallelModel",
    "Partition",
    "PendingSave",
    "Plan",
    "SaveResult",
    "Section",
    "Tensor",
    "UsageError",
    "__version__",
    "computed_families",
    "inspect",
    "inspect_page",
    "load",
    "plan",
    "safe_open",
    "save",
    "save_async",
    "shard",
    "unshard",
    "verify",
]
