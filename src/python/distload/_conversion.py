"""Which boxes of a checkpoint's tensors make the parameters of a model of transformers: its own conversion, run on tensors without memory."""
from __future__ import annotations

import contextlib
import copy
import os
from typing import Any, Dict, Iterable, Iterator, List, Tuple

import torch

from distload._boxes import Unknown, parts_of
from distload._errors import ConfigError
from distload._recorder import Captured, Recorder, storage_of

Shapes = Dict[str, Tuple[Tuple[int, ...], torch.dtype]]


class Conversion:
    """What transformers makes of a checkpoint's tensors for a model: renamed, stacked, joined, divided, transposed.

    It makes whole parameters, which are cut then. transformers' own loading of cut models cuts what it reads, before it converts it, which is
    wrong where a conversion divides or transposes.
    """

    def __init__(self, model: Any, dtype: torch.dtype) -> None:
        """model: on the device `meta`, with whole parameters; nobody else uses it."""
        from transformers.conversion_mapping import get_model_conversion_mapping

        self._model = model
        self._empty = dict(model.state_dict(keep_vars=True))
        self._settings = {"dtype": dtype, "dtype_plan": model._get_dtype_plan(dtype), "weight_mapping": get_model_conversion_mapping(model)}

    def run(self, tensors: Dict[str, torch.Tensor], device: str) -> Tuple[Dict[str, torch.Tensor], Any]:
        """The whole parameters and buffers that transformers makes of these tensors on this device, by name, and its report."""
        from transformers.core_model_loading import convert_and_load_state_dict_in_model
        from transformers.modeling_utils import LoadStateDictConfig

        with _in_this_thread():
            report, _ = convert_and_load_state_dict_in_model(
                self._model, tensors, LoadStateDictConfig(device_map={"": device}, **self._settings)
            )
        absent = report.missing_and_mismatched()
        made = {name: tensor for name, tensor in self._model.state_dict().items() if name not in absent}
        self._model.load_state_dict(self._empty, assign=True)
        return made, report

    def used(self) -> Any:
        """The conversions that have changed a tensor, by which transformers saves the model in the checkpoint's form."""
        return self._model._weight_conversions

    def groups(self, names: Iterable[str]) -> Dict[str, List[str]]:
        """The tensors that are converted together, by the name of the first parameter that is made of them."""
        from transformers.core_model_loading import WeightConverter, WeightRenaming, dot_natural_key, rename_source_key

        mapping = self._settings["weight_mapping"]
        renamings = [entry for entry in mapping if isinstance(entry, WeightRenaming)]
        converters = [entry for entry in mapping if isinstance(entry, WeightConverter)]
        prefix = self._model.base_model_prefix
        found: Dict[str, List[str]] = {}
        for name in sorted(names, key=dot_natural_key):
            renamed, _ = rename_source_key(name, renamings, converters, prefix, self._empty)
            if renamed not in self._empty and name in self._empty:
                renamed, _ = rename_source_key(name, [], [], prefix, self._empty)
            found.setdefault(renamed, []).append(name)
        return found

    def check(self, report: Any) -> None:
        """Raises ConfigError for parameters that the checkpoint has not, unless another one is tied to them, or has in another shape, and for
        conversions that have failed."""
        check_conversions(report)
        missing = _missing(self._model, report)
        if missing:
            raise ConfigError(f"the checkpoint has no tensors for {_some(missing)}")
        if report.mismatched_keys:
            name, found, expected = min(report.mismatched_keys)
            raise ConfigError(f"{name} would be of shape {tuple(found)} by the checkpoint, but the model's is {tuple(expected)}")


def check_conversions(report: Any) -> None:
    """Raises ConfigError for conversions that have failed."""
    for name, text in report.conversion_errors.items():
        raise ConfigError(f"transformers cannot make {name} of the checkpoint's tensors: {_last_line(text)}")


def cut(parameter: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """The part of a whole parameter that this rank has."""
    from transformers.distributed.sharding_utils import DtensorShardOperation
    from transformers.distributed.utils import is_dtensor

    if not is_dtensor(parameter):
        return whole
    part = DtensorShardOperation(parameter).shard_tensor(whole)
    assert part is not None  # which it is for an expert alone
    return part


def record(conversion: Conversion, tensors: Shapes, model: Any, device: Any) -> Tuple[Captured, Dict[str, torch.Tensor], Any]:
    """Gives the parameters of `model` memory on `device`: which boxes belong where, this memory by the parameters' names, and the report.

    model: on the device `meta`, with the parameters that this rank has. tensors: shape and type of what the checkpoint has, by name.
    Raises ConfigError as `Conversion.check`.
    """
    from transformers.core_model_loading import set_param_for_module

    captured = Captured()
    places: Dict[int, List[Tuple[str, torch.Tensor]]] = {}
    recorder = Recorder(places)
    recorded, unrecorded, report = _convert(conversion, tensors, recorder, captured)
    no_quantizer: Any = None
    targets: Dict[str, torch.Tensor] = {}
    parameters = model.state_dict(keep_vars=True)
    for name, whole in {**recorded, **unrecorded}.items():
        with recorder:
            part = cut(parameters[name], whole)
        targets[name] = torch.empty(part.shape, dtype=part.dtype, device=device)
        set_param_for_module(model, name, targets[name], report, no_quantizer)
        if name in unrecorded:
            continue
        places[storage_of(targets[name])] = [(name, targets[name])]
        recorder.captured.clear()
        try:
            with recorder:
                targets[name].copy_(part)
            captured.parts[name] = [box for source, into in recorder.captured for box in parts_of(source, into)]
        except Unknown as error:
            names = error.names or {source.base for source, _ in recorder.captured}
            captured.whole.update(dict.fromkeys(names, str(error)))
    if captured.whole:
        for group in conversion.groups(tensors).values():
            why = next((captured.whole[name] for name in group if name in captured.whole), None)
            if why is not None:
                captured.whole.update({name: why for name in group if name not in captured.whole})
    return captured, targets, report


def _convert(
    conversion: Conversion, tensors: Shapes, recorder: Recorder, captured: Captured
) -> Tuple[Dict[str, torch.Tensor], Dict[str, torch.Tensor], Any]:
    """The parameters, recorded and, where a conversion does what cannot be recorded, others without memory; and the report.

    Tensors of which the latter are made are to be loaded as a whole.
    """
    with recorder:
        recorded, report = conversion.run({name: recorder.source(name, *of) for name, of in tensors.items()}, "meta")
    unrecorded: Dict[str, torch.Tensor] = {}
    if report.conversion_errors:
        groups = conversion.groups(tensors)
        for name, text in report.conversion_errors.items():
            captured.whole.update(dict.fromkeys(groups[name], _last_line(text)))
        plain = {name: torch.empty(tensors[name][0], dtype=tensors[name][1], device="meta") for name in captured.whole}
        unrecorded, plain_report = conversion.run(plain, "meta")
        report.missing_keys -= unrecorded.keys()
        report.mismatched_keys |= plain_report.mismatched_keys
        report.conversion_errors = plain_report.conversion_errors
    conversion.check(report)
    return recorded, unrecorded, report


def _missing(model: Any, report: Any) -> List[str]:
    """The parameters that nothing gives values, neither the checkpoint nor a parameter that they are tied to, nor the model itself."""
    adjusted = copy.copy(report)
    model._adjust_missing_and_unexpected_keys(adjusted)
    tied: Dict[str, List[str]] = {}
    for target, source in model.all_tied_weights_keys.items():
        tied.setdefault(source, [source]).append(target)
    filled = {name for family in tied.values() if not report.missing_keys.issuperset(family) for name in family}
    return sorted(adjusted.missing_keys - filled)


def _some(names: List[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _last_line(text: str) -> str:
    """Of transformers' text on an error: the error itself."""
    lines = [line for line in text.split("\n") if line and not line.startswith("Error")]
    return lines[-1] if lines else text


@contextlib.contextmanager
def _in_this_thread() -> Iterator[None]:
    """transformers uses no threads, in which nothing would be recorded, and shows no progress, as nothing is loaded."""
    from transformers.utils import logging

    bars: Any = logging  # which has no types
    had_bar = bars.is_progress_bar_enabled()
    before = os.environ.get("HF_DEACTIVATE_ASYNC_LOAD")
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if had_bar:
            bars.enable_progress_bar()
        if before is None:
            del os.environ["HF_DEACTIVATE_ASYNC_LOAD"]
        else:
            os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = before
