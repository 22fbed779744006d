"""ParallelModel: a loaded model that computes."""
from __future__ import annotations

import operator
from typing import Any, List, Optional, Protocol, Sequence, Tuple, Union

from distload import _core
from distload._core import Tensor
from distload._model import Model


class _HasToList(Protocol):
    """Tensors of torch, and arrays of numpy."""

    def tolist(self) -> Any: ...


Tokens = Union[Sequence[int], Sequence[Sequence[int]], _HasToList]
"""Token ids, [tokens] or [batch, tokens]: lists, or tensors of torch or numpy."""

_IDS = range(-(1 << 63), 1 << 63)
_COUNTS = range(1 << 32)


class ParallelModel:
    """What a loaded model computes, in float32, as ``distload-infer`` computes it: on any topology with the same bits, unless layers are
    cut beside the borders of their segments (`inexact_layers`).

        computing = distload.ParallelModel(distload.load("model"))
        logits = torch.from_dlpack(computing.forward([1, 2, 3]))

    Collective over the model's ranks: raises ConfigError if its family is not computed (`computed_families`), or if parameters are missing
    or cut in another way than their layers need. It uses the model's shards where they lie, and keeps them: after `Model.reload` it computes
    with the new values, and the model cannot be redistributed in place until the object is closed or deleted.

    `forward`, `generate`, `hash` and `self_test` are collective over the ranks of a replica, with expert parallelism over all ranks. They
    give equal ids. Otherwise, and if ids are not below the vocabulary's size, if there are more tokens than the model has positions, or if
    the object is closed on one of them, all of them raise ConfigError; if a rank has not the memory for activations, OutOfBudget.
    """

    def __init__(self, model: Model) -> None:
        self._core = _core.ParallelModel.bind(model._core)

    def __enter__(self) -> "ParallelModel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def forward(self, ids: Tokens) -> Optional[Tensor]:
        """The logits, float32 [batch, tokens, vocabulary]; of encoders the last hidden state, [batch, tokens, hidden]. In host memory that
        stays valid as long as anything uses it, on the ranks of the last pipeline stage; None on others. If the model has an encoder and a
        decoder, `ids` are the encoder's, and the decoder reads the start token and `ids` but the last."""
        return self._core.forward(_given(ids))

    def generate(self, ids: Tokens, count: int) -> List[List[int]]:
        """The `count` tokens behind each sequence, [batch][count], on all ranks: each the one with the largest logit, of equal ones the
        first. Keys and values are cached.

        Raises ConfigError also if the model is an encoder, or has no head."""
        is_count = isinstance(count, int) and count in _COUNTS
        refusal = "" if is_count else f"count is {count!r}, no number of tokens from 0 to {_COUNTS[-1]}"
        return self._core.generate(_given(ids, refusal), count if is_count else 0)

    def hash(self, ids: Tokens) -> str:
        """The XXH3-64 of the bytes of `forward`'s result, 16 digits as ``distload-infer`` prints them, on all ranks."""
        return f"{self._core.hash(_given(ids)):016x}"

    def self_test(self, ids: Tokens, expected: str) -> None:
        """Checks that the model computes what it should, e.g. after `Model.reload`. Raises CorruptData, with both hashes, if `hash` is not
        `expected`."""
        try:
            number, refusal = int(expected, 16), ""
        except (TypeError, ValueError):
            number, refusal = 0, f"expected is {expected!r}, no hash of 16 digits"
        self._core.self_test(_given(ids, refusal), number)

    def close(self) -> None:
        """Local: gives up the model, which other references may keep. Calls after it raise ConfigError."""
        self._core.close()

    @property
    def is_decoder(self) -> bool:
        """True for models that have logits and can generate."""
        return self._core.is_decoder

    @property
    def inexact_layers(self) -> List[str]:
        """Layers of this rank's stage whose sums depend, in the last bits, on the number of ranks."""
        return self._core.inexact_layers


def computed_families() -> List[str]:
    """Values of `model_type` in config.json that `ParallelModel` computes; sorted."""
    return _core.computed_families()


def _given(ids: Any, refusal: str = "") -> _core.GivenTokens:
    """Token ids for the library. What they are refused for is raised there, on all ranks."""
    if not refusal:
        try:
            batch, numbers = _flat(ids)
            return _core.GivenTokens(numbers, batch)
        except (TypeError, ValueError) as error:
            refusal = f"ids: {error}"
    return _core.GivenTokens([], 0, refusal)


def _flat(ids: Any) -> Tuple[int, List[int]]:
    """The number of sequences, and the ids of all of them. Raises TypeError or ValueError if they are none."""
    items = list(ids.tolist() if hasattr(ids, "tolist") else ids)
    is_one = not items or not isinstance(items[0], (list, tuple))
    sequences = [items] if is_one else items
    lengths = {len(sequence) for sequence in sequences}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"sequences have {sorted(lengths)} tokens: they need one length that is not 0")
    numbers = [operator.index(number) for sequence in sequences for number in sequence]
    outside = next((number for number in numbers if number not in _IDS), None)
    if outside is not None:
        raise ValueError(f"{outside} is no 64-bit number")
    return len(sequences), numbers
