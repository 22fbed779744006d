"""Plan: what a load would do."""
from __future__ import annotations

import json
from html import escape
from typing import Any, Dict

from distload import _core
from distload._arguments import Source, arguments_of, source_of
from distload._group import group_of

_SECTIONS = ("checkpoint", "topology", "model", "load", "runtime", "cost")


class Plan:
    """What a load would do, without loading: ``print(plan)``, or `report` for programs."""

    def __init__(self, text: str, report: Dict[str, Any]) -> None:
        self.text = text
        self.report = report
        """The report of ``distload --dry-run``: bytes, memory and seconds, of all ranks."""

    @property
    def fits(self) -> bool:
        """False if a rank needs more memory than it may use; `report["would_fit"]` has topologies that fit."""
        return bool(self.report["fits"])

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


def plan(source: Source = None, *, group: Any = None, tensors: bool = False, **config: Any) -> Plan:
    """Collective: plans the load that `load` would do with the same arguments. Headers alone are enough, or a config.json.

    tensors: list every rank and every tensor.

    Raises ConfigError, NoValidCheckpoint, CorruptData and IoError as `load`. A plan that does not fit is a result and no error.
    """
    path, arguments = source_of(source)
    if tensors:
        arguments.append(("report.tensors", "true", "argument tensors"))
    text, report = _core.plan(group_of(group), path, arguments + arguments_of(_SECTIONS, config))
    return Plan(text, json.loads(report))
