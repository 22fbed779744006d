"""Tensors of torch."""
from __future__ import annotations

from typing import Tuple

import torch
from torch.utils.dlpack import from_dlpack

from distload import _core
from distload._core import Reader, Tensor
from distload._errors import ConfigError

LOADS_TO = "cuda" if _core.built_for_devices else "cpu"
"""The type of device that this build has shards on."""

# Types that DLPack 1.0 has no code for, which arrive as bytes.
_FROM_BYTES = {
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E8M0": torch.float8_e8m0fnu,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "F4": torch.float4_e2m1fn_x2,
}

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
    "C128": torch.complex128,
    **_FROM_BYTES,
}
"""torch's type for safetensors' name of one."""


def dtype_of(reader: Reader, name: str) -> torch.dtype:
    """The type of a tensor of the checkpoint. Raises ConfigError if torch has none."""
    found = DTYPES.get(reader.dtype(name))
    if found is None:
        raise ConfigError(f"{name} is of type {reader.dtype(name)}, which torch does not have")
    return found


def as_torch(tensor: Tensor) -> torch.Tensor:
    """The tensor as torch's, in the same memory, also in 8-bit types, which ``torch.from_dlpack`` gives as uint8."""
    made = from_dlpack(tensor)
    dtype = _FROM_BYTES.get(tensor.dtype)
    return made if dtype is None else made.view(dtype)


_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def exported_tensor(tensor: torch.Tensor) -> Tuple[str, torch.Tensor]:
    """safetensors' name of the tensor's type, and the tensor as DLPack can carry it. Raises ConfigError for types without a name."""
    name = _NAMES.get(tensor.dtype)
    if name is None:
        raise ConfigError(f"a tensor has type {tensor.dtype}, which checkpoints do not have")
    return name, tensor.view(torch.uint8) if name in _FROM_BYTES else tensor
