"""Tables for notebooks: HTML that needs no style sheet. No text of a checkpoint is markup."""
from __future__ import annotations

from html import escape
from typing import Any, Iterable, Sequence, Tuple

_MOST_ROWS = 200
_MOST_NOTICES = 50
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def size_text(nbytes: int) -> str:
    """Bytes for people: "1.50 GiB"."""
    size, unit = float(nbytes), 0
    while size >= 1024 and unit + 1 < len(_UNITS):
        size, unit = size / 1024, unit + 1
    return f"{size:.2f} {_UNITS[unit]}" if unit else f"{nbytes} bytes"


def counted(number: int, what: str) -> str:
    """"1 file", "2 files"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def shape_text(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape)) or "scalar"


def facts(title: str, rows: Iterable[Tuple[str, Any]]) -> str:
    """What and its value, one below the other, without those that are unknown."""
    lines = "".join(f"<tr><th>{escape(what)}</th><td>{escape(str(value))}</td></tr>" for what, value in rows if value not in (None, ""))
    return f"<table><caption><b>{escape(title)}</b></caption><tbody>{lines}</tbody></table>"


def table(what: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of things, as "tensor", that unfolds, with its first rows; the number of others is below them."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        lines += f'<tr><td colspan="{len(head)}">and {len(rows) - _MOST_ROWS} more</td></tr>'
    body = f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"
    return f"<details><summary>{counted(len(rows), what)}</summary>{body}</details>"


def notices(texts: Sequence[str]) -> str:
    """A list, if there is something to say, with its first items; the number of others is below them."""
    lines = "".join(f"<li>{escape(text)}</li>" for text in texts[:_MOST_NOTICES])
    if len(texts) > _MOST_NOTICES:
        lines += f"<li>and {len(texts) - _MOST_NOTICES} more</li>"
    return f"<ul>{lines}</ul>" if lines else ""
