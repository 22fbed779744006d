"""The plug-in in vLLM itself: torchrun plugin_ranks.py FOLDER. `--load-format distload` gives vLLM's own models what their own loading gives them."""
import pathlib
import sys

import torch
import torch.distributed as dist
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import distload
import engine
import models
import torch_ranks
from distload.vllm_plugin import register
from vllm.config import LoadConfig, set_current_vllm_config
from vllm.distributed import parallel_state
from vllm.model_executor.model_loader import get_model_loader

MODELS = "llama", "qwen2", "gemma2", "mixtral", "qwen3_moe", "deepseek_v3", "phi3", "gpt_neox"


def bytes_of(tensor):
    return tensor.data.reshape(-1).view(torch.uint8)


def main():
    _, write = models.test_models()

    def write_all(folder):
        for name in MODELS:
            write(name, folder / "models" / name)
            models.write_config(name, folder / "models" / name, folder / "engine" / name)

    folder, rank, size = torch_ranks.start(write_all)
    register()
    loader = get_model_loader(LoadConfig(load_format="distload", model_loader_extra_config={"engine": "direct"}))
    count = 0
    for name in MODELS:
        tensors = engine.tensors_of(folder / "models" / name)
        made = [engine.make_model(folder / "engine" / name, tensors, rank, size, **models.ARGUMENTS.get(name, {})) for _ in range(2)]
        for _, model in made:
            for tensor in [*model.parameters(), *model.buffers()]:
                tensor.data.fill_(0)
        (config, model), (_, expected) = made
        parallel_state._WORLD.cpu_group = dist.group.WORLD
        config.model_config.model = str(folder / "models" / name)
        loader.download_model(config.model_config)
        with set_current_vllm_config(config):
            loader.load_weights(model, config.model_config)
            expected.load_weights(iter(load_file(folder / "models" / name / "model.safetensors").items()))
        for parameter, tensor in expected.named_parameters():
            assert torch.equal(bytes_of(tensor), bytes_of(model.get_parameter(parameter))), (name, parameter)
            count += 1
    config.model_config.model = "somebody/some-model"
    try:
        loader.download_model(config.model_config)
    except distload.ConfigError as error:
        assert "downloaded" in str(error)
    else:
        raise AssertionError("a model that is not here was accepted")
    print(f"rank {rank} of {size}: {count} parameters of vLLM's models are right", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
