"""What is in a checkpoint, and whether it is as it was written."""
from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional, Union

from distload import _core
from distload._errors import BY_EXIT_CODE, InternalError
from distload._group import group_of

Path = Union[str, "os.PathLike[str]"]


def inspect(path: Path, *, step: Optional[int] = None, extents: bool = False, verify: bool = False) -> Dict[str, Any]:
    """Local: metadata, tensors and layout of a checkpoint, as ``distload-inspect --json`` prints them (tools/README.md).

    step: of a directory of steps; None: the newest valid one.
    extents: also where the parts of every tensor lie in which file, in bytes.
    verify: also compare every block with its checksum, on this process' threads; damage is a result and no error.

    Raises NoValidCheckpoint, CorruptData and IoError.
    """
    return dict(json.loads(_core.inspect(os.path.expanduser(os.fspath(path)), step, extents, verify)))


def verify(
    path: Path, *, group: Any = None, step: Optional[int] = None, all_steps: bool = False, seal: bool = False
) -> Dict[str, Any]:
    """Collective: compares every block of a checkpoint with its checksum, divided over the ranks. The result, as
    ``distload-verify --json`` prints it, is the same on all ranks.

    step: of a directory of steps; None: the newest valid one. all_steps: every step of a directory.
    seal: write checksums beside files that have none, instead of comparing.

    Raises CorruptData if a block is damaged, IoError if a file cannot be read, NoValidCheckpoint, and NothingToCompare if there are no
    checksums; `report` of the exception is the result.
    """
    text, code = _core.verify(group_of(group), os.path.expanduser(os.fspath(path)), step, all_steps, seal)
    report = dict(json.loads(text))
    if code != 0:
        failure = BY_EXIT_CODE.get(code, InternalError)(_reason(report))
        failure.report = report
        raise failure
    return report


def _reason(report: Dict[str, Any]) -> str:
    for checkpoint in report["checkpoints"]:
        if checkpoint["damaged_blocks"]:
            return str(checkpoint["damaged_blocks"][0]["reason"])
        if checkpoint["reason"]:
            return str(checkpoint["reason"])
    return "the checkpoint could not be verified"
