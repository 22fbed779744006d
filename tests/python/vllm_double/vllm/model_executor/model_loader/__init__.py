"""Model loaders by the name of their format."""
from vllm.model_executor.model_loader.base_loader import BaseModelLoader

_LOADERS = {}


def register_model_loader(load_format):
    def register(kind):
        if not issubclass(kind, BaseModelLoader):
            raise ValueError("a model loader is derived from BaseModelLoader")
        _LOADERS[load_format] = kind
        return kind

    return register


def get_model_loader(load_config):
    return _LOADERS[load_config.load_format](load_config)
