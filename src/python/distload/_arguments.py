"""Keyword arguments as keys of the configuration."""
from __future__ import annotations

import json
import os
from typing import Any, Iterable, List, Mapping, Tuple, Union

from distload import _core

Argument = Tuple[str, str, str]  # key, value as YAML, name for messages
Source = Union[str, "os.PathLike[str]", Mapping[str, Any], None]

_REFUSED = ""  # the library's key for what is refused

_KEYS = frozenset(_core.config_keys()) | {"load.hints"}
_SECTIONS = frozenset(key.split(".")[0] for key in _KEYS)


def _yaml(value: Any) -> str:
    """JSON, which is YAML. None is `auto`, as in the configuration."""
    if value is None:
        return "auto"
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    # A dtype of torch or numpy.
    name = str(value).rsplit(".", 1)[-1]
    return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}.get(name, name)


def _flat(section: str, values: Mapping[str, Any], origin: str) -> Iterable[Argument]:
    for name, value in values.items():
        key = f"{section}.{name}" if section else name
        if isinstance(value, Mapping):
            yield from _flat(key, value, f"{origin}[{name!r}]")
        else:
            yield key, _yaml(value), f"{origin}[{name!r}]"


def refused(reason: str) -> List[Argument]:
    """Instead of raising ConfigError on this rank alone, for which others would wait: the library raises it on all ranks when they have
    met. None of an empty reason."""
    return [(_REFUSED, reason, "")] if reason else []


def arguments_of(sections: Iterable[str], keywords: Mapping[str, Any]) -> List[Argument]:
    """The settings that keyword arguments stand for.

    A name is looked for in `sections`, in this order. The name of a section itself takes a dict, so that every key can be set:
    ``load={"engine": "direct"}``. Other names are refused.
    """
    made: List[Argument] = []
    for name, value in keywords.items():
        origin = f"argument {name}"
        if name == "step" and value is None:
            value = "latest"
        key = next((f"{section}.{name}" for section in sections if f"{section}.{name}" in _KEYS), None)
        if key is not None and isinstance(value, Mapping):
            made += _flat(key, value, origin)
        elif key is not None:
            made.append((key, _yaml(value), origin))
        elif name in _SECTIONS and isinstance(value, Mapping):
            made += _flat(name, value, origin)
        else:
            known = sorted({key.split(".", 1)[1] for key in _KEYS if key.split(".")[0] in sections})
            made += refused(f"{origin} is not known; these are: {', '.join(known)}")
    return made


def source_of(source: Source) -> Tuple[str, List[Argument]]:
    """A configuration as the library takes it: its path, and settings."""
    if source is None:
        return "", []
    if isinstance(source, Mapping):
        return "", list(_flat("", source, "config"))
    return os.path.expanduser(os.fspath(source)), []
