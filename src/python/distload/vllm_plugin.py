"""vLLM loads models by distload: ``vllm serve MODEL --load-format distload``.

vLLM finds `register` by the entry point `vllm.general_plugins`. Every rank gets the boxes that its layers take (`distload.capture`), and every
byte of the checkpoint is read once by the ranks together. Settings of the sections checkpoint, load and runtime:
``--model-loader-extra-config '{"engine": "direct"}'``.
"""
from __future__ import annotations

import os
from typing import Any

import distload


def register() -> None:
    """Makes the format known to vLLM."""
    # vLLM is not installed where types are checked.
    from vllm.distributed import get_world_group  # type: ignore[import-not-found]
    from vllm.model_executor.model_loader import register_model_loader  # type: ignore[import-not-found]
    from vllm.model_executor.model_loader.base_loader import BaseModelLoader  # type: ignore[import-not-found]

    @register_model_loader("distload")
    class DistloadModelLoader(BaseModelLoader):  # type: ignore[misc]
        """Loads by the model's own `load_weights`, run on tensors without memory."""

        def download_model(self, model_config: Any) -> None:
            """Nothing is downloaded: raises ConfigError unless the model is here."""
            if not os.path.exists(model_config.model):
                raise distload.ConfigError(f"{model_config.model} is no file or folder: distload loads models that have been downloaded")

        def load_weights(self, model: Any, model_config: Any) -> None:
            """Collective over vLLM's ranks."""
            settings = dict(self.load_config.model_loader_extra_config or {})
            distload.capture(model.load_weights, model, model_config.model, group=get_world_group().cpu_group, **settings)
