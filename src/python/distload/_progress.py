"""How far a load or a save is, for a function or a bar of tqdm."""
from __future__ import annotations

import importlib
from typing import Any, Callable, Literal, Optional, Tuple, Union

from distload import _core

Callback = Callable[[str, int, int, float], None]
Progress = Union[Callback, Literal["tqdm"]]
"""Called as progress(phase, done_bytes, total_bytes, seconds) by threads of the library, with estimates for all ranks; "tqdm": a bar of tqdm
on the first rank. None: nothing."""


class Bar:
    """A bar of tqdm in a terminal or a notebook: one for each load or save."""

    def __init__(self, kind: Any) -> None:
        """kind: tqdm's class."""
        self._kind = kind
        self._bar: Any = None

    def __call__(self, phase: str, done_bytes: int, total_bytes: int, seconds: float) -> None:
        if self._bar is None:
            self._bar = self._kind(unit="B", unit_scale=True, unit_divisor=1024)
        self._bar.set_description_str(phase, refresh=False)
        if total_bytes > 0:
            self._bar.total = total_bytes
        self._bar.update(max(done_bytes - self._bar.n, 0))
        if phase == "done":
            self._bar.close()
            self._bar = None


def callback_of(progress: Optional[Progress], group: _core.Group) -> Tuple[Optional[Callback], str]:
    """Local: the function that the library calls, and why `progress` is refused; empty: it is not."""
    if progress is None:
        return None, ""
    if isinstance(progress, str):
        if progress != "tqdm":
            return None, f"progress is {progress!r}: it is a function, or 'tqdm'"
        if group.rank != 0:
            return None, ""
        try:
            return Bar(importlib.import_module("tqdm.auto").tqdm), ""
        except ImportError as error:
            return None, f"progress is 'tqdm', which cannot be imported: {error}"
    if not callable(progress):
        return None, f"progress is {progress!r}: it is a function, or 'tqdm'"
    return progress, ""
