"""from_pretrained: models of transformers, cut by their own plans, with the shards that each rank needs."""
from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional, Union

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.state_dict_loader import load

from distload import _core
from distload._errors import ConfigError
from distload.dcp import DistloadReader

Path = Union[str, "os.PathLike[str]"]


def from_pretrained(
    model_class: Any,
    path: Path,
    *,
    tp_size: Optional[int] = None,
    tp_plan: Any = "auto",
    dtype: Optional[torch.dtype] = None,
    **config: Any,
) -> Any:
    """Collective: a model of transformers, tensor-parallel over the ranks of torch.distributed, from any checkpoint that distload loads.

    The parameters are DTensors, cut by the model's `tp_plan`, as transformers' own ``from_pretrained(..., tp_plan="auto")`` makes them;
    every rank gets its boxes alone, and every byte is read once by the ranks together.

    model_class: of transformers (5.23 or newer), e.g. ``AutoModelForCausalLM``. tp_size: ranks; None: all. dtype: of the model; None: that
    of its config.json. Other keywords are keys of the sections checkpoint, load and runtime of the configuration.

    Raises ConfigError if the checkpoint has not all of the model's parameters under their names, and as `distload.load`.
    """
    from transformers import AutoConfig
    from transformers.distributed.configuration_utils import DistributedConfig
    from transformers.utils.generic import ContextManagers

    reader = DistloadReader(path, **config)
    opened = reader.open()
    if not opened.config_json:
        raise ConfigError(f"{os.fspath(path)} has no config.json, by which transformers makes a model")
    described = json.loads(opened.config_json)
    model_config = AutoConfig.for_model(**described)
    wanted = dtype or getattr(torch, str(described.get("dtype") or described.get("torch_dtype") or "float32"))
    size = tp_size or (dist.get_world_size() if dist.is_initialized() else 1)
    kind = _class_of(model_class, model_config)
    with ContextManagers(kind.get_init_context(wanted, False, False, None)):
        model = kind(model_config)
    if size > 1:
        distributed, _, mesh = kind.prepare_distribute_model(DistributedConfig(tp_plan=tp_plan, tp_size=size))
        model = kind.maybe_distribute_model(model, distributed, mesh)
    # As transformers does it for its own distributed checkpoints: memory, ties, values, and buffers that no checkpoint has.
    model._move_missing_keys_from_meta_to_device(set(model.state_dict()), None, getattr(model, "_device_mesh", None), None)
    model.tie_weights(recompute_mapping=False)
    load(_state_of(model, opened), storage_reader=reader)
    for tensor in model.state_dict(keep_vars=True).values():
        tensor._is_hf_initialized = True
    model.initialize_weights()
    return model.eval()


def _class_of(model_class: Any, config: Any) -> Any:
    """The model's class: for ``AutoModel...``, the one that it has for such a configuration."""
    known = getattr(model_class, "_model_mapping", None)
    if known is None:
        return model_class
    kind = known[type(config)]
    return kind[0] if isinstance(kind, (list, tuple)) else kind


def _state_of(model: Any, opened: _core.Reader) -> Dict[str, torch.Tensor]:
    """The model's parameters and buffers by the checkpoint's names; of tied ones, those that the checkpoint has.

    Raises ConfigError for what the checkpoint has not.
    """
    there = frozenset(opened.names())
    prefix = f"{model.base_model_prefix}."
    state: Dict[str, torch.Tensor] = {}
    missing = []
    loaded = set()
    tensors = model.state_dict(keep_vars=True)
    for name, tensor in tensors.items():
        found = next((other for other in (name, prefix + name, name.removeprefix(prefix)) if other in there), None)
        if found is not None:
            state[found] = tensor.detach()
            loaded.add(id(tensor))
    for name, tensor in tensors.items():
        if id(tensor) not in loaded:
            missing.append(name)
    if missing:
        text = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ConfigError(
            f"the checkpoint has no tensors of the names of {text}: transformers makes these of several tensors, which "
            "from_pretrained does not do yet"
        )
    return state
