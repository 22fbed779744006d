"""The plug-in for vLLM, over a double of vLLM: torchrun vllm_ranks.py FOLDER. Layers in vLLM's style get their parts."""
import pathlib
import sys
import types

import torch
import torch.distributed as dist

sys.path.insert(0, str(pathlib.Path(__file__).parent / "vllm_double"))

import distload  # noqa: E402
import parallel_layers  # noqa: E402
import tiny_llama  # noqa: E402
import torch_ranks  # noqa: E402
from distload.vllm_plugin import register  # noqa: E402
from vllm.model_executor.model_loader import get_model_loader  # noqa: E402


def main():
    folder, rank, size = torch_ranks.start(lambda folder: tiny_llama.write(folder / "llama"))
    register()
    loader = get_model_loader(types.SimpleNamespace(load_format="distload", model_loader_extra_config={"engine": "direct"}))
    config = types.SimpleNamespace(model=str(folder / "llama"))
    loader.download_model(config)
    model, expected = parallel_layers.Llama(rank, size), parallel_layers.Llama(rank, size)
    loader.load_weights(model, config)
    expected.load_weights(iter(tiny_llama.tensors().items()))
    for name, param in expected.named_parameters():
        assert torch.equal(param, model.get_parameter(name)), name
    try:
        loader.download_model(types.SimpleNamespace(model="somebody/some-model"))
    except distload.ConfigError as error:
        assert "downloaded" in str(error)
    else:
        raise AssertionError("a model that is not here was accepted")
    print(f"rank {rank} of {size}: vLLM's layers have their parts", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
