"""What is in a checkpoint, and whether it is as it was written."""
from __future__ import annotations

import json
import os
import pathlib
from html import escape
from typing import Any, Dict, Iterator, Optional, Union

from distload import _core, _html
from distload._errors import BY_EXIT_CODE, InternalError
from distload._group import group_of

Path = Union[str, "os.PathLike[str]"]


class Inspection(Dict[str, Any]):
    """What is in a checkpoint: the dict that ``distload-inspect --json`` prints (tools/README.md), which notebooks show as tables."""

    def __repr__(self) -> str:
        about = self["checkpoint"]
        return f"<distload.Inspection of {about['path']}: {len(self['tensors'])} tensors, {about['bytes']} bytes>"

    def _repr_html_(self) -> str:
        about = self["checkpoint"]
        rows = []
        of_types: Dict[str, int] = {}
        for tensor in self["tensors"]:
            rows.append((tensor["name"], tensor["dtype"], _html.shape_text(tensor["shape"]), _html.size_text(tensor["bytes"])))
            of_types[tensor["dtype"]] = of_types.get(tensor["dtype"], 0) + tensor["bytes"]
        where = f"in {_html.counted(len(rows), 'tensor')} and {_html.counted(len(self['files']), 'file')}"
        known = (
            ("Size", f"{_html.size_text(about['bytes'])} {where}"),
            ("Parameters", f"{about['parameters']:,}"),
            ("Types", ", ".join(f"{dtype} {_html.size_text(nbytes)}" for dtype, nbytes in sorted(of_types.items()))),
            ("Architecture", about["architecture"]),
            ("Format", about["format"]),
            ("Step", about["step"] or None),
            ("Checksums", f"of {_html.size_text(about['checksummed_bytes'])}" if about["checksummed_bytes"] else "none"),
            ("Health", _health_text(self["health"]) if self["health"] else None),
            ("Written", about["created"]),
            ("Path", about["path"]),
        )
        return (
            _html.facts(about["model"], known)
            + _html.notices(list(self._notices()))
            + _html.table("tensor", ("name", "type", "shape", "size"), rows)
            + _html.table("file", ("path", "size"), [(file["path"], _html.size_text(file["size_bytes"])) for file in self["files"]])
        )

    def _notices(self) -> Iterator[str]:
        yield from map(str, self["warnings"])
        if self["unreadable_tensors"]:
            yield f"{_html.counted(len(self['unreadable_tensors']), 'tensor')} cannot be loaded"
        for block in (self["health"] or {}).get("damaged_blocks", []):
            yield str(block["reason"])


def _health_text(health: Dict[str, Any]) -> str:
    state = f"{health['state']}: {_html.size_text(health['verified_bytes'])} are as they were written"
    return state + (f", {_html.size_text(health['unverified_bytes'])} have no checksums" if health["unverified_bytes"] else "")


def inspect(path: Path, *, step: Optional[int] = None, extents: bool = False, verify: bool = False) -> Inspection:
    """Local: metadata, tensors and layout of a checkpoint, as ``distload-inspect --json`` prints them (tools/README.md).
    Notebooks show them as tables.

    step: of a directory of steps; None: the newest valid one.
    extents: also where the parts of every tensor lie in which file, in bytes.
    verify: also compare every block with its checksum, on this process' threads; damage is a result and no error.

    Raises NoValidCheckpoint, CorruptData and IoError.
    """
    return Inspection(json.loads(_core.inspect(os.path.expanduser(os.fspath(path)), step, extents, verify)))


class Page:
    """A page of HTML that fetches nothing. Notebooks show it in a frame."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, file: Path) -> None:
        """Writes it, for a browser."""
        pathlib.Path(os.path.expanduser(os.fspath(file))).write_text(self.html, encoding="utf-8")

    def __repr__(self) -> str:
        return f"<distload.Page: {len(self.html)} characters of HTML>"

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" width="100%" height="720" style="border: 0"></iframe>'


def inspect_page(
    path: Path,
    *,
    step: Optional[int] = None,
    verify: bool = False,
    tensor_parallel: Optional[int] = None,
    pipeline_parallel: Optional[int] = None,
    data_parallel: Optional[int] = None,
    expert_parallel: Optional[int] = None,
) -> Page:
    """Local: the page of ``distload-inspect --html`` (tools/README.md): modules, sizes, which rank holds what on usual topologies,
    and damage.

    step: of a directory of steps; None: the newest valid one. verify: as `inspect`. Others: a topology that is shown first.

    Raises NoValidCheckpoint, CorruptData, IoError, and ConfigError if the model cannot be cut for that topology.
    """
    degrees = (tensor_parallel, pipeline_parallel, data_parallel, expert_parallel)
    return Page(_core.inspect_page(os.path.expanduser(os.fspath(path)), step, verify, *degrees))


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
