"""A small model in Hugging Face's format, and its shards, cut as Megatron's parallel layers cut them."""
import json
import pathlib

import torch
from safetensors.torch import save_file

LAYERS = 2
HIDDEN = 64
HEADS = 8
KV_HEADS = 4
HEAD = 8
INTERMEDIATE = 96
VOCABULARY = 101  # odd, so that it is padded


def tensors(seed=0):
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, generator=generator).to(torch.bfloat16)

    made = {"model.embed_tokens.weight": random(VOCABULARY, HIDDEN), "lm_head.weight": random(VOCABULARY, HIDDEN), "model.norm.weight": random(HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        made |= {
            prefix + "self_attn.q_proj.weight": random(HEADS * HEAD, HIDDEN),
            prefix + "self_attn.k_proj.weight": random(KV_HEADS * HEAD, HIDDEN),
            prefix + "self_attn.v_proj.weight": random(KV_HEADS * HEAD, HIDDEN),
            prefix + "self_attn.o_proj.weight": random(HIDDEN, HEADS * HEAD),
            prefix + "mlp.gate_proj.weight": random(INTERMEDIATE, HIDDEN),
            prefix + "mlp.up_proj.weight": random(INTERMEDIATE, HIDDEN),
            prefix + "mlp.down_proj.weight": random(HIDDEN, INTERMEDIATE),
            prefix + "input_layernorm.weight": random(HIDDEN),
            prefix + "post_attention_layernorm.weight": random(HIDDEN),
        }
    return made


def write(folder, seed=0):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE,
              "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD, "num_hidden_layers": LAYERS, "vocab_size": VOCABULARY,
              "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors(seed), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def shard(name, whole, rank, ranks):
    """Rank `rank` of `ranks` holds this part of a tensor."""
    if "embed_tokens" in name or "lm_head" in name:
        rows = -(-whole.shape[0] // ranks)
        padded = torch.zeros(rows * ranks, *whole.shape[1:], dtype=whole.dtype)
        padded[: whole.shape[0]] = whole
        return padded.chunk(ranks, dim=0)[rank]
    if any(part in name for part in ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj")):
        return whole.chunk(ranks, dim=0)[rank]
    if "o_proj" in name or "down_proj" in name:
        return whole.chunk(ranks, dim=1)[rank]
    return whole


def stage(name, stages):
    """The pipeline stage that holds a tensor."""
    if name.startswith("model.layers."):
        return int(name.split(".")[2]) * stages // LAYERS
    return 0 if "embed_tokens" in name else stages - 1
