"""Loading in batches, so that what is on its way needs little memory."""
from __future__ import annotations

import json
from typing import Dict, Iterator

from distload import _core
from distload._errors import ConfigError

BATCH_BYTES = 256 << 20
"""Memory of a rank for what is on its way, in bytes, unless a caller says otherwise."""


def batches_of(reader: _core.Reader, own: Dict[str, int], batch_bytes: int) -> Iterator[Dict[str, int]]:
    """Collective: which tensors are loaded together, with the most bytes that a rank needs for each on the way. Equal on all ranks, so that
    what several of them need is read once. No rank needs more than `batch_bytes` for a batch, unless it has one tensor alone.

    own: the bytes that this rank needs on the way, of the tensors that it loads.

    Raises ConfigError, on all ranks, if `batch_bytes` is no positive number, or not the same on all.
    """
    stated = [json.loads(text) for text in reader.group.all_gather_text(json.dumps([repr(batch_bytes), own]))]
    limits = [limit for limit, _ in stated]
    if not isinstance(batch_bytes, int) or batch_bytes <= 0 or len(set(limits)) > 1:
        raise ConfigError(f"batch_bytes is {', '.join(sorted(set(limits)))}: it is a positive number of bytes, the same on all ranks")
    needs = [need for _, need in stated]
    wanted = {name for need in needs for name in need}
    batch: Dict[str, int] = {}
    held = [0] * len(needs)
    for name in reader.names():
        if name not in wanted:
            continue
        sizes = [need.get(name, 0) for need in needs]
        if batch and max(before + size for before, size in zip(held, sizes)) > batch_bytes:
            yield batch
            batch, held = {}, [0] * len(needs)
        batch[name] = max(sizes)
        held = [before + size for before, size in zip(held, sizes)]
    if batch:
        yield batch
