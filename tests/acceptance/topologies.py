"""The topologies that a model is loaded on."""
import json
import pathlib
from typing import NamedTuple


class Topology(NamedTuple):
    tensor_parallel: int
    pipeline_parallel: int = 1
    data_parallel: int = 1
    expert_parallel: int = 1
    uneven: str = "error"

    @property
    def ranks(self):
        return self.tensor_parallel * self.pipeline_parallel * self.data_parallel

    def __str__(self):
        text = f"tensor {self.tensor_parallel}"
        text += f", pipeline {self.pipeline_parallel}" * (self.pipeline_parallel > 1)
        text += f", data {self.data_parallel}" * (self.data_parallel > 1)
        text += f", experts {self.expert_parallel}" * (self.expert_parallel > 1)
        return text + ", uneven" * (self.uneven == "allow")


# What families call the number of experts.
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")


def read_config(model):
    """config.json; of a model of several modalities with the sizes of its decoder."""
    config = json.loads((pathlib.Path(model) / "config.json").read_text())
    return config | config.get("text_config", config.get("decoder", config.get("moe", {})))


def size_in(config, *keys):
    """The first number under one of `keys`; families call the same sizes differently. None if there is none."""
    return next((config[key] for key in keys if config.get(key)), None)


def tensor_parallels(model, candidates):
    """Those of `candidates` into which heads and intermediate size of a model divide, and those into which only the heads do; fewer heads of
    keys and values go to several ranks."""
    config = read_config(model)
    heads = size_in(config, "num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads")
    kv_heads = size_in(config, "num_key_value_heads", "n_kv_heads", "num_kv_heads") or heads
    linear_heads = size_in(config, "linear_num_heads") or size_in(config.get("linear_attn_config", {}), "num_heads")
    groups = size_in(config, "o_groups") or linear_heads or heads  # of heads that stay together, and heads of linear attention
    intermediate = size_in(config, "intermediate_size", "ffn_hidden_size", "ffn_dim", "d_ff", "encoder_ffn_dim", "hidden_dim")
    intermediate = intermediate or 4 * size_in(config, "hidden_size", "n_embd")
    by_heads = [ranks for ranks in candidates if heads % ranks == 0 and groups % ranks == 0 and (kv_heads % ranks == 0 or ranks % kv_heads == 0)]
    even = [ranks for ranks in by_heads if intermediate % ranks == 0]
    return even, [ranks for ranks in by_heads if ranks not in even]


class Topologies:
    """What to load where. `layouts` are the tensor-parallel sizes that files are saved for, the largest first: two, one if `brief`."""

    def __init__(self, model, candidates, brief=False):
        sizes, uneven = tensor_parallels(model, candidates)
        experts = size_in(read_config(model), *EXPERTS)
        self.largest = sizes[:-3:-1]
        self.layouts = self.largest[:1] if brief else self.largest
        self.mixed = [Topology(2, data_parallel=2), Topology(2, pipeline_parallel=2), Topology(1, 2, 2)] if 2 in sizes else []
        self.from_safetensors = [Topology(size) for size in sizes] + self.mixed
        self.even = list(self.from_safetensors)
        self.from_safetensors += [Topology(size, uneven="allow") for size in uneven]
        # Whole experts: on all ranks of a stage, on tensor-parallel ranks, and on half of them.
        self.of_experts = [Topology(2, 1, 2, 4), Topology(2, 2, 1, 2), Topology(4, expert_parallel=2)] if experts and 2 in sizes else []
        of_experts = [topology for topology in self.of_experts if topology.tensor_parallel in sizes]
        self.from_safetensors += of_experts
        self.even += of_experts
        # One rank, the layout that is saved, stages, an uneven one, and experts.
        self.sample = [Topology(1), Topology(self.largest[0]), *self.mixed[1:2], *(Topology(size, uneven="allow") for size in uneven[:1]), *of_experts[:2]]

    def from_layout(self, layout):
        """A file's own layout, and another one."""
        other = self.largest[1] if layout == self.largest[0] else self.largest[0]
        return [Topology(layout), Topology(other)]
