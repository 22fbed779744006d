"""vLLM's model classes on a machine without a GPU: which elements of a checkpoint rank r of N takes.

The models are built by vLLM itself, for a tensor-parallel group of N ranks in which this process is one; their own `load_weights` runs on
tensors without memory (`distload._recorder.record`). Nothing is computed, so that what computes is replaced.
"""
import importlib.abc
import importlib.machinery
import json
import logging
import os
import sys
import types

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from distload._recorder import record

os.environ |= {"VLLM_TARGET_DEVICE": "cpu", "VLLM_LOGGING_LEVEL": "ERROR", "HF_HUB_OFFLINE": "1", "VLLM_KIMI_K3_GEMM_AR": "0"}
logging.disable(logging.WARNING)

# Packages and modules that vLLM imports and that neither models nor their loading use.
STAND_INS = frozenset("""
    aiohttp cbor2 cuda cutlass fastapi mistral_common openai openai_harmony prometheus_client pybase64 pydantic_extra_types setuptools tiktoken torchaudio
    uvloop xgrammar vllm._C vllm._moe_C vllm.distributed.kv_transfer vllm.entrypoints vllm.parser vllm.renderers vllm.v1.structured_output
""".split())
DTYPES = {
    "F32": torch.float32, "BF16": torch.bfloat16, "F8_E4M3": torch.float8_e4m3fn, "F8_E8M0": torch.float8_e8m0fnu, "U8": torch.uint8,
    "I8": torch.int8, "I32": torch.int32, "I64": torch.int64,
}  # fmt: skip


class StandIn(types.ModuleType):
    """A module that has every name, as an empty class."""

    __path__ = []
    __all__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        members = {"__module__": self.__name__, "__init__": lambda self, *_, **__: None, "__call__": lambda self, *_, **__: self}
        setattr(self, name, type(name, (), members | {"__getattr__": lambda self, _: self}))
        return getattr(self, name)


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[:count]) in STAND_INS for count in range(1, len(parts) + 1)):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, StandIns())

from vllm.config import CacheConfig, DeviceConfig, LoadConfig, ModelConfig, ParallelConfig, VllmConfig, set_current_vllm_config  # noqa: E402
from vllm.distributed import parallel_state  # noqa: E402
from vllm.model_executor.layers import vocab_parallel_embedding  # noqa: E402
from vllm.model_executor.layers.fused_moe import config as experts_config  # noqa: E402
from vllm.model_executor.layers.fused_moe import unquantized_fused_moe_method  # noqa: E402
from vllm.model_executor.layers.fused_moe.oracle.unquantized import UnquantizedMoeBackend  # noqa: E402
from vllm.model_executor.layers.fused_moe.oracle.fp8 import Fp8MoeBackend  # noqa: E402
from vllm.model_executor.layers.mamba import mamba_mixer2  # noqa: E402
from vllm.model_executor.layers.quantization import fp8  # noqa: E402
from vllm.model_executor.model_loader.utils import initialize_model  # noqa: E402
from vllm.model_executor.models import registry  # noqa: E402
from vllm.models.deepseek_v4 import compressor  # noqa: E402
from vllm.platforms import current_platform  # noqa: E402
from vllm.platforms.cpu import CpuPlatform  # noqa: E402
from vllm.utils.torch_utils import set_default_torch_dtype  # noqa: E402


class Operations:
    """Compiled functions, which layers look up when they are made."""

    def __getattr__(self, name):
        return self

    def __call__(self, *_, **__):
        raise AssertionError("nothing is computed")


class Group:
    """This process as one of several ranks. Nothing is communicated."""

    def __init__(self, rank, size):
        self.rank = self.rank_in_group = self.local_rank = rank
        self.world_size = size
        self.ranks = list(range(size))
        self.is_first_rank, self.is_last_rank = rank == 0, rank == size - 1
        self.device_group = self.cpu_group = types.SimpleNamespace(size=lambda: size, rank=lambda: rank)


class AnyPlatform:
    """The platform, as one on which all layers can be computed."""

    def __getattr__(self, name):
        return (lambda: True) if name == "is_cuda_alike" else getattr(current_platform, name)


class Speculation:
    """The configuration of a model that predicts further tokens, and of that for which it does: one config.json has both."""

    def __init__(self, model_config):
        self.draft_model_config = self.target_model_config = model_config

    def __getattr__(self, name):
        return None


class Values(TorchDispatchMode):
    """Functions of single values, which do not change which elements are taken, do nothing."""

    FUNCTIONS = {torch.ops.aten.exp, torch.ops.aten.neg, torch.ops.aten.zero_}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return args[0] if func.overloadpacket in self.FUNCTIONS and args[0].device.type == "meta" else func(*args, **(kwargs or {}))


class Stream:
    """A GPU's stream."""

    def __init__(self, *_, **__):
        pass


make_compressor = compressor.DeepseekCompressor.__init__


def compressor_of_any_size(self, *arguments, **named):
    """Its parameters have been made when it finds its heads too small."""
    try:
        make_compressor(self, *arguments, **named)
    except ValueError as error:
        if not str(error).startswith("Unsupported head_dim"):
            raise


dense_backend = CpuPlatform.get_attn_backend_cls


# What is replaced, with what, and why.
PATCHES = [
    (registry, "_run_in_subprocess", lambda function: function(), "a new process would not have the stand-ins"),
    (torch.ops, "_C", Operations(), "vLLM's compiled functions"),
    (torch.ops, "_moe_C", Operations(), "vLLM's compiled functions for experts"),
    (vocab_parallel_embedding, "pad_vocab_size", lambda rows, _: -(-rows // parallel_state._TP.world_size) * parallel_state._TP.world_size,
     "vLLM makes a vocabulary a multiple of 64, not only of the ranks"),
    (CpuPlatform, "get_attn_backend_cls", staticmethod(
        lambda backend, attn_selector_config, **rest: dense_backend(backend, attn_selector_config._replace(use_sparse=False), **rest)),
     "sparse attention is computed on a GPU alone"),
    (unquantized_fused_moe_method, "select_unquantized_moe_backend", lambda **_: (UnquantizedMoeBackend.CPU, None),
     "not all experts are computed on a CPU"),
    (fp8, "init_fp8_linear_kernel", lambda **_: types.SimpleNamespace(), "not all numbers of 8 bits are computed on a CPU"),
    (fp8, "select_fp8_moe_backend", lambda **_: (Fp8MoeBackend.TRITON, None), "neither are experts of such"),
    (torch.cuda, "Stream", Stream, "a GPU's"),
    (compressor.DeepseekCompressor, "__init__", compressor_of_any_size, "its functions are compiled for two sizes of heads"),
    (mamba_mixer2, "composed_weight_loader", lambda loader, _: loader, "a function of the values that have been loaded"),
    (experts_config, "current_platform", AnyPlatform(), "experts without a gate are computed on a GPU alone"),
]  # fmt: skip
for place, name, value, _ in PATCHES:
    setattr(place, name, value)


def tensors_of(path):
    """{name: (shape, dtype)} of a folder's model.safetensors."""
    with open(path / "model.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return {name: (tuple(entry["shape"]), DTYPES[entry["dtype"]]) for name, entry in header.items() if name != "__metadata__"}


def make_model(path, tensors, rank, size, predicts=False, **arguments):
    """(configuration, model) of vLLM, for rank `rank` of `size`. path: of a folder with a config.json. predicts: the class is one of those
    that predict further tokens for another model. arguments: of ModelConfig."""
    one = Group(0, 1)
    for name in ("_PP", "_DP", "_DCP", "_PCP", "_EPLB"):
        setattr(parallel_state, name, one)
    for name in ("_TP", "_ETP", "_EP", "_WORLD"):
        setattr(parallel_state, name, Group(rank, size))
    parallel = ParallelConfig()
    parallel.tensor_parallel_size, parallel.world_size, parallel.rank = size, size, rank
    config = VllmConfig(
        model_config=ModelConfig(model=str(path), skip_tokenizer_init=True, enforce_eager=True, **{"dtype": "float32", **arguments}),
        parallel_config=parallel, cache_config=CacheConfig(enable_prefix_caching=False), load_config=LoadConfig(), device_config=DeviceConfig(device="cpu"),
    )  # fmt: skip
    if predicts:
        config.speculative_config = Speculation(config.model_config)
    with set_default_torch_dtype(torch.float32):
        model = initialize_model(vllm_config=config)
    head = getattr(model, "lm_head", None)
    if "lm_head.bias" in tensors and head is not None:  # transformers' models get it only while they are loaded
        head._register_bias()
        head._register_bias = lambda: None
    return config, model


def capture(path, tensors, rank, size, **arguments):
    """(the class's name, Captured) of rank `rank` of `size`; arguments as of make_model."""
    config, model = make_model(path, tensors, rank, size, **arguments)
    targets = {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers(remove_duplicate=False))}

    def load(weights):
        with Values():
            model.load_weights(weights)

    with set_current_vllm_config(config):
        return type(model).__name__, record(load, targets, tensors)
