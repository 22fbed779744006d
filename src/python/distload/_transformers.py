"""from_pretrained: models of transformers, cut by their own plans, with the shards that each rank needs."""
from __future__ import annotations

import contextlib
import copy
import os
import tempfile
import warnings
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

import torch
import torch.distributed as dist

from distload import _core
from distload._arguments import arguments_of
from distload._batches import BATCH_BYTES
from distload._capture import agreed
from distload._conversion import Conversion, Shapes, check_conversions, cut, record
from distload._errors import ConfigError
from distload._fill import fill, load_whole
from distload._group import group_of, runs_under_torch
from distload._torch import dtype_of
from distload.dcp import ranks_of

Path = Union[str, "os.PathLike[str]"]


def from_pretrained(
    model_class: Any,
    path: Path,
    *,
    tp_size: Optional[int] = None,
    tp_plan: Any = "auto",
    dtype: Optional[torch.dtype] = None,
    batch_bytes: int = BATCH_BYTES,
    **config: Any,
) -> Any:
    """Collective: a model of transformers, tensor-parallel over the ranks of torch.distributed, from any checkpoint that distload loads.

    The parameters are DTensors, cut by the model's `tp_plan`, as transformers' own ``from_pretrained(..., tp_plan="auto")`` makes them.
    transformers' own conversions say which tensors of the checkpoint a parameter is made of, under which names; every rank gets its boxes
    of them alone, and every byte is read once by the ranks together. Tensors with which a conversion computes are loaded as a whole, with a
    warning.

    model_class: of transformers (5.23 or newer), e.g. ``AutoModelForCausalLM``. tp_size: 1, or all ranks; None: all. dtype: of the model;
    None: that of its config.json, or else of the checkpoint. batch_bytes: memory of a rank for what is on its way, in bytes. Other keywords
    are keys of the sections checkpoint, load and runtime of the configuration.

    Raises ConfigError if the checkpoint has not all of the model's parameters, or is quantized, or the model has no plan; and as
    `distload.load`.
    """
    from transformers.distributed.configuration_utils import DistributedConfig
    from transformers.modeling_utils import LoadStateDictConfig

    group = group_of(None) if runs_under_torch() else ranks_of(None)
    folder = os.path.expanduser(os.fspath(path))
    reader = _core.Reader.open(group, folder, arguments_of(("checkpoint", "load", "runtime"), config))
    stated = {"dtype": dtype, "tp_size": tp_size, "tp_plan": tp_plan, "model_class": model_class.__name__}
    if len(set(reader.group.all_gather_text(repr(stated)))) > 1:
        raise ConfigError(f"from_pretrained: the ranks have other arguments than each other; this one has {stated}")
    tensors = {name: (reader.shape(name), dtype_of(reader, name)) for name in reader.names()}
    kind, model_config = _class_and_config(model_class, reader.config_json, path)
    model_config, wanted = _with_dtype(model_config, dtype, tensors)
    ranks = dist.get_world_size() if dist.is_initialized() else 1
    size = tp_size or ranks
    if size not in (1, ranks):
        raise ConfigError(f"tp_size is {size}, but transformers makes models tensor-parallel over all ranks, which are {ranks}")

    model = _made(kind, model_config, wanted)
    device: Any = "cpu"
    if size > 1:
        distributed, own_device, mesh = kind.prepare_distribute_model(DistributedConfig(tp_plan=tp_plan, tp_size=size))
        try:
            model = kind.maybe_distribute_model(model, distributed, mesh)
        except ValueError as error:  # of its plan
            raise ConfigError(str(error)) from error
        device = own_device or device
    conversion = Conversion(_made(kind, model_config, wanted), wanted)
    targets: Dict[str, torch.Tensor] = {}
    reports: List[Any] = []

    def find() -> Any:
        captured, memory, report = record(conversion, tensors, model, device)
        targets.update(memory)
        reports.append(report)
        return captured

    captured = agreed(find, reader.group)
    for name, why in captured.whole.items():
        warnings.warn(f"from_pretrained: {name} is loaded as a whole, because of {why}", stacklevel=2)
    with torch.no_grad():
        fill(reader, captured, targets, batch_bytes)
        parameters = model.state_dict(keep_vars=True)
        for names in _batches(reader, conversion.groups(tensors) if captured.whole else {}, captured.whole, batch_bytes):
            made, report = conversion.run(dict(load_whole(reader, names)), "cpu")
            check_conversions(report)
            for name, tensor in made.items():
                targets[name].copy_(cut(parameters[name], tensor))
    model._weight_conversions = conversion.used()
    settings = LoadStateDictConfig(pretrained_model_name_or_path=os.fspath(path), device_map={"": device}, dtype=wanted)
    kind._finalize_model_loading(model, settings, reports[0])
    if model.can_generate():
        model.generation_config = _generation_config(folder, reader.config_json)
    return model.eval()


def _class_and_config(model_class: Any, config_json: str, path: Path) -> Tuple[Any, Any]:
    """The model's class, for ``AutoModel...`` the one that it has for such a configuration, and the configuration, as transformers reads it."""
    from transformers import AutoConfig
    from transformers.models.auto import auto_factory

    factory: Any = auto_factory  # whose functions have no types
    if not config_json:
        raise ConfigError(f"{os.fspath(path)} has no config.json, by which transformers makes a model")
    mapping = getattr(model_class, "_model_mapping", None)
    with _folder_with(config_json) as folder:
        config = (model_class.config_class if mapping is None else AutoConfig).from_pretrained(folder)
    config.name_or_path = os.fspath(path)
    if getattr(config, "quantization_config", None) or getattr(config.get_text_config(decoder=True), "quantization_config", None):
        raise ConfigError(f"{os.fspath(path)} is quantized, and from_pretrained does not do what transformers' quantizers do")
    if mapping is None:
        return model_class, config
    if type(config) not in mapping:
        raise ConfigError(f"{model_class.__name__} has no class for {type(config).__name__}")
    kind = factory._get_model_class(config, mapping)
    text_class = config.sub_configs.get("text_config")
    return kind, config.get_text_config() if text_class is not None and kind.config_class == text_class else config


@contextlib.contextmanager
def _folder_with(config_json: str) -> Iterator[str]:
    """A folder from which transformers reads the model's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            file.write(config_json)
        yield folder


def _generation_config(path: str, config_json: str) -> Any:
    """How the model generates: by the generation_config.json beside the checkpoint, or else by its config.json."""
    from transformers import GenerationConfig

    if os.path.isfile(os.path.join(path, "generation_config.json")):
        return GenerationConfig.from_pretrained(path)
    with _folder_with(config_json) as folder:
        return GenerationConfig.from_pretrained(folder, config_file_name="config.json", _from_model_config=True)


def _with_dtype(config: Any, dtype: Optional[torch.dtype], tensors: Shapes) -> Tuple[Any, torch.dtype]:
    """The configuration with the model's type, and this."""
    from transformers.modeling_utils import _get_dtype

    state = {name: torch.empty(shape, dtype=of, device="meta") for name, (shape, of) in tensors.items()}
    with_dtype, wanted = _get_dtype(dtype or "auto", None, config, None, state, True)
    return with_dtype, wanted


def _made(kind: Any, config: Any, dtype: torch.dtype) -> Any:
    """A model without memory."""
    from transformers.monkey_patching import patch_output_recorders
    from transformers.utils.generic import ContextManagers

    with ContextManagers(kind.get_init_context(dtype, False, False, None)):
        model = kind(copy.deepcopy(config))
        patch_output_recorders(model)
    return model


def _batches(reader: _core.Reader, groups: Dict[str, List[str]], whole: Dict[str, str], batch_bytes: int) -> Iterator[List[str]]:
    """The tensors that are loaded as a whole in parts of about `batch_bytes`, with those that are converted together in one."""
    batch: List[str] = []
    for names in groups.values():
        if whole.keys().isdisjoint(names):
            continue
        if batch and sum(map(reader.nbytes, [*batch, *names])) > batch_bytes:
            yield batch
            batch = []
        batch += names
    if batch:
        yield batch
