#!/usr/bin/env python3
"""Writes a tiny model of a family, with the names and proportions of the real ones and random bits for weights.

FAMILY is a function below, or a model of tests/families.
Usage: make_family.py FAMILY DIRECTORY
"""
import json
import pathlib
import random
import sys

import numpy

from family_tables import MODELS

HIDDEN, HEADS, HEAD_DIM, KV_HEADS, INTERMEDIATE, VOCABULARY, LAYERS, EXPERTS = 96, 12, 8, 4, 50, 101, 3, 8
CONFIG = {
    "vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
    "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "intermediate_size": INTERMEDIATE, "tie_word_embeddings": False,
}  # fmt: skip
# As the families call it.
EXPERT_CONFIG = {"num_experts": EXPERTS, "num_local_experts": EXPERTS, "n_routed_experts": EXPERTS}
KV = KV_HEADS * HEAD_DIM


def linear_fp8(name, rows, columns, block=4):
    """Eight-bit numbers with a scale for every block."""
    scales = (-(-rows // block), -(-columns // block))
    return {f"{name}.weight": ("F8_E4M3", rows, columns), f"{name}.weight_scale_inv": scales}


def linear(name, rows, columns, bias=False):
    return {f"{name}.weight": (rows, columns)} | ({f"{name}.bias": (rows,)} if bias else {})


def norm(name, size=HIDDEN, bias=False):
    return {f"{name}.weight": (size,)} | ({f"{name}.bias": (size,)} if bias else {})


def mlp(prefix, intermediate=INTERMEDIATE):
    return {
        **linear(f"{prefix}.gate_proj", intermediate, HIDDEN),
        **linear(f"{prefix}.up_proj", intermediate, HIDDEN),
        **linear(f"{prefix}.down_proj", HIDDEN, intermediate),
    }


def experts(prefix, intermediate=INTERMEDIATE):
    tensors = linear(f"{prefix}.gate", EXPERTS, HIDDEN)
    for number in range(EXPERTS):
        tensors |= mlp(f"{prefix}.experts.{number}", intermediate)
    return tensors


def experts_together(prefix):
    return {
        **linear(f"{prefix}.gate", EXPERTS, HIDDEN),
        f"{prefix}.experts.gate_up_proj": (EXPERTS, 2 * INTERMEDIATE, HIDDEN),
        f"{prefix}.experts.down_proj": (EXPERTS, HIDDEN, INTERMEDIATE),
    }


def attention(prefix, bias=False):
    return {
        **linear(f"{prefix}.q_proj", HEADS * HEAD_DIM, HIDDEN, bias),
        **linear(f"{prefix}.k_proj", KV, HIDDEN, bias),
        **linear(f"{prefix}.v_proj", KV, HIDDEN, bias),
        **linear(f"{prefix}.o_proj", HIDDEN, HEADS * HEAD_DIM),
    }


def decoder(layer_of, norms=("input", "post_attention"), head=True):
    """A model in llama's form; `layer_of(prefix)` gives what is in a layer besides its norms."""
    tensors = linear("model.embed_tokens", VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        tensors |= layer_of(prefix)
        for name in norms:
            tensors |= norm(f"{prefix}.{name}_layernorm")
    return tensors | norm("model.norm") | (linear("lm_head", VOCABULARY, HIDDEN) if head else {})


def adapted():
    """A llama with more in its layers than its family's rules know."""

    def layer(prefix):
        adapter = linear(f"{prefix}.adapter.into", INTERMEDIATE, HIDDEN) | linear(f"{prefix}.adapter.out", HIDDEN, INTERMEDIATE)
        return attention(f"{prefix}.self_attn") | mlp(f"{prefix}.mlp") | adapter

    return {"model_type": "llama"}, decoder(layer)


def tied_apart():
    """A llama whose head is tied, by config.json, but stored with bytes of its own."""
    config = {"model_type": "llama", "tie_word_embeddings": True}
    return config, decoder(lambda prefix: attention(f"{prefix}.self_attn") | mlp(f"{prefix}.mlp"))


def tied_twice():
    """A llama whose tied head is stored as well."""
    config, tensors = tied_apart()
    return config, tensors | {"lm_head.weight": "model.embed_tokens.weight"}


def quantized():
    """A llama of eight-bit numbers, with companions of every form."""

    def layer(prefix):
        tensors = {}
        for name, (rows, columns) in (attention(f"{prefix}.self_attn") | mlp(f"{prefix}.mlp", 48)).items():
            module = name.removesuffix(".weight")
            tensors |= {name: ("F8_E4M3", rows, columns), f"{module}.weight_scale": (rows // 4, 1, columns // 4, 1)}
            tensors |= {f"{module}.input_scale": (), f"{module}.pre_quant_scale": (columns,)}
        return tensors | {f"{prefix}.self_attn.{name}_scale": (1,) for name in "kv"}

    return {"model_type": "llama", "intermediate_size": 48}, decoder(layer)


def divisible():
    """A llama whose heads and intermediate size divide by 1 to 8. Its vocabulary does not."""
    size, hidden = 840, 24
    tensors = linear("model.embed_tokens", VOCABULARY, hidden) | norm("model.norm", hidden) | linear("lm_head", VOCABULARY, hidden)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for name in ("self_attn.q", "self_attn.k", "self_attn.v", "mlp.gate", "mlp.up"):
            tensors |= linear(f"{prefix}.{name}_proj", size, hidden)
        for name in ("self_attn.o", "mlp.down"):
            tensors |= linear(f"{prefix}.{name}_proj", hidden, size)
        tensors |= norm(f"{prefix}.input_layernorm", hidden) | norm(f"{prefix}.post_attention_layernorm", hidden)
    config = {"model_type": "llama", "num_attention_heads": size, "num_key_value_heads": size, "head_dim": 1, "hidden_size": hidden}
    return config | {"intermediate_size": size}, tensors


def mixtral():
    def layer(prefix):
        moe = f"{prefix}.block_sparse_moe"
        tensors = attention(f"{prefix}.self_attn") | linear(f"{moe}.gate", EXPERTS, HIDDEN)
        for number in range(EXPERTS):
            expert = f"{moe}.experts.{number}"
            tensors |= linear(f"{expert}.w1", INTERMEDIATE, HIDDEN) | linear(f"{expert}.w2", HIDDEN, INTERMEDIATE)
            tensors |= linear(f"{expert}.w3", INTERMEDIATE, HIDDEN)
        return tensors

    return EXPERT_CONFIG | {"model_type": "mixtral"}, decoder(layer)


def mixtral_together():
    return EXPERT_CONFIG | {"model_type": "mixtral"}, decoder(lambda prefix: attention(f"{prefix}.self_attn") | experts_together(f"{prefix}.mlp"))


def qwen2_moe():
    def layer(prefix):
        shared = mlp(f"{prefix}.mlp.shared_expert") | linear(f"{prefix}.mlp.shared_expert_gate", 1, HIDDEN)
        return attention(f"{prefix}.self_attn", bias=True) | experts(f"{prefix}.mlp") | shared

    return EXPERT_CONFIG | {"model_type": "qwen2_moe"}, decoder(layer)


def qwen3_moe():
    def layer(prefix):
        norms = norm(f"{prefix}.self_attn.q_norm", HEAD_DIM) | norm(f"{prefix}.self_attn.k_norm", HEAD_DIM)
        return attention(f"{prefix}.self_attn") | norms | experts(f"{prefix}.mlp")

    return EXPERT_CONFIG | {"model_type": "qwen3_moe"}, decoder(layer)


def gemma2():
    norms = ("input", "post_attention", "pre_feedforward", "post_feedforward")
    config = {"model_type": "gemma2", "tie_word_embeddings": True}
    return config, decoder(lambda prefix: attention(f"{prefix}.self_attn") | mlp(f"{prefix}.mlp"), norms, head=False)


def phi3():
    def layer(prefix):
        return {
            **linear(f"{prefix}.self_attn.qkv_proj", HEADS * HEAD_DIM + 2 * KV, HIDDEN),
            **linear(f"{prefix}.self_attn.o_proj", HIDDEN, HEADS * HEAD_DIM),
            **linear(f"{prefix}.mlp.gate_up_proj", 2 * INTERMEDIATE, HIDDEN),
            **linear(f"{prefix}.mlp.down_proj", HIDDEN, INTERMEDIATE),
        }

    return {"model_type": "phi3"}, decoder(layer)


def deepseek_v3():
    config, shapes = deepseek_v2(48)
    extra = f"model.layers.{LAYERS}"
    # The layer that predicts further tokens: one with experts, and what joins it to the others.
    shapes |= {name.replace(f"model.layers.{LAYERS - 1}", extra): shape for name, shape in shapes.items()}
    shapes |= linear(f"{extra}.eh_proj", HIDDEN, 2 * HIDDEN) | linear(f"{extra}.embed_tokens", VOCABULARY, HIDDEN)
    shapes |= linear(f"{extra}.shared_head.head", VOCABULARY, HIDDEN)
    for name in ("enorm", "hnorm", "shared_head.norm"):
        shapes |= norm(f"{extra}.{name}")
    for layer in range(1, LAYERS + 1):
        shapes |= {f"model.layers.{layer}.mlp.gate.e_score_correction_bias": (EXPERTS,)}
    for name, shape in list(shapes.items()):
        if "proj" in name and "eh_proj" not in name:
            shapes |= linear_fp8(name.removesuffix(".weight"), *shape)
    return config | {"model_type": "deepseek_v3", "num_nextn_predict_layers": 1, "intermediate_size": 48,
                     "quantization_config": {"weight_block_size": [4, 4]}}, shapes  # fmt: skip


def deepseek_v2(intermediate=INTERMEDIATE):
    nope, rope, value, rank = 16, 8, 16, 24

    def layer(prefix):
        attn = f"{prefix}.self_attn"
        tensors = {
            **linear(f"{attn}.q_a_proj", rank, HIDDEN),
            **norm(f"{attn}.q_a_layernorm", rank),
            **linear(f"{attn}.q_b_proj", HEADS * (nope + rope), rank),
            **linear(f"{attn}.kv_a_proj_with_mqa", rank + rope, HIDDEN),
            **norm(f"{attn}.kv_a_layernorm", rank),
            **linear(f"{attn}.kv_b_proj", HEADS * (nope + value), rank),
            **linear(f"{attn}.o_proj", HIDDEN, HEADS * value),
        }
        if prefix.endswith(".0"):
            return tensors | mlp(f"{prefix}.mlp", intermediate)
        return tensors | experts(f"{prefix}.mlp", intermediate) | mlp(f"{prefix}.mlp.shared_experts", 2 * intermediate)

    config = EXPERT_CONFIG | {"model_type": "deepseek_v2", "qk_nope_head_dim": nope, "qk_rope_head_dim": rope, "v_head_dim": value,
              "num_key_value_heads": HEADS}  # fmt: skip
    return config, decoder(layer)


def gpt2():
    tensors = {"transformer.wte.weight": (VOCABULARY, HIDDEN), "transformer.wpe.weight": (32, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"transformer.h.{layer}"
        tensors |= norm(f"{prefix}.ln_1", bias=True) | norm(f"{prefix}.ln_2", bias=True)
        # Conv1D: [in, out]
        for name, rows, columns in (("attn.c_attn", HIDDEN, 3 * HIDDEN), ("attn.c_proj", HIDDEN, HIDDEN),
                                    ("mlp.c_fc", HIDDEN, 4 * HIDDEN), ("mlp.c_proj", 4 * HIDDEN, HIDDEN)):  # fmt: skip
            tensors |= {f"{prefix}.{name}.weight": (rows, columns), f"{prefix}.{name}.bias": (columns,)}
    config = {"model_type": "gpt2", "intermediate_size": 4 * HIDDEN, "n_embd": HIDDEN, "n_head": HEADS, "n_layer": LAYERS, "tie_word_embeddings": True}
    return config, tensors | norm("transformer.ln_f", bias=True)


def fused_by_head(model_type, embeddings, layers, attn, first, last):
    """gpt_neox and bloom, which differ in names."""
    tensors = linear(embeddings, VOCABULARY, HIDDEN) | first
    for layer in range(LAYERS):
        prefix = f"{layers}.{layer}"
        tensors |= linear(f"{prefix}.{attn}.query_key_value", 3 * HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.{attn}.dense", HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.mlp.dense_h_to_4h", 4 * HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.mlp.dense_4h_to_h", HIDDEN, 4 * HIDDEN, bias=True)
        tensors |= norm(f"{prefix}.input_layernorm", bias=True) | norm(f"{prefix}.post_attention_layernorm", bias=True)
    config = {"model_type": model_type, "intermediate_size": 4 * HIDDEN, "num_key_value_heads": None}
    return config, tensors | last


def gpt_neox():
    last = norm("gpt_neox.final_layer_norm", bias=True) | linear("embed_out", VOCABULARY, HIDDEN)
    return fused_by_head("gpt_neox", "gpt_neox.embed_in", "gpt_neox.layers", "attention", {}, last)


def bloom():
    first, last = norm("transformer.word_embeddings_layernorm", bias=True), norm("transformer.ln_f", bias=True)
    config, tensors = fused_by_head("bloom", "transformer.word_embeddings", "transformer.h", "self_attention", first, last)
    return config | {"tie_word_embeddings": True}, tensors


def falcon(config, qkv_heads, bias=False):
    """`qkv_heads` are those of queries, keys and values together."""
    tensors = linear("transformer.word_embeddings", VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        prefix = f"transformer.h.{layer}"
        tensors |= linear(f"{prefix}.self_attention.query_key_value", qkv_heads * HEAD_DIM, HIDDEN, bias)
        tensors |= linear(f"{prefix}.self_attention.dense", HIDDEN, HIDDEN, bias)
        tensors |= linear(f"{prefix}.mlp.dense_h_to_4h", 4 * HIDDEN, HIDDEN, bias)
        tensors |= linear(f"{prefix}.mlp.dense_4h_to_h", HIDDEN, 4 * HIDDEN, bias)
        for name in ("ln_attn", "ln_mlp") if config.get("new_decoder_architecture") else ("input_layernorm",):
            tensors |= norm(f"{prefix}.{name}", bias=True)
    config |= {"model_type": "falcon", "intermediate_size": 4 * HIDDEN, "tie_word_embeddings": True}
    return config, tensors | norm("transformer.ln_f", bias=True)


def falcon_7b():
    return falcon({"multi_query": True, "num_key_value_heads": None}, HEADS + 2)


def falcon_40b():
    return falcon({"new_decoder_architecture": True, "num_kv_heads": KV_HEADS}, HEADS + 2 * KV_HEADS)


def falcon_rw():
    return falcon({"multi_query": False, "num_key_value_heads": None}, 3 * HEADS, bias=True)


def t5():
    stacks = {"encoder": (2, ["SelfAttention"]), "decoder": (3, ["SelfAttention", "EncDecAttention"])}
    tensors = linear("shared", VOCABULARY, HIDDEN)
    for stack, (layers, attentions) in stacks.items():
        for layer in range(layers):
            block = f"{stack}.block.{layer}.layer"
            for number, name in enumerate(attentions):
                for part in "qkv":
                    tensors |= linear(f"{block}.{number}.{name}.{part}", HEADS * HEAD_DIM, HIDDEN)
                tensors |= linear(f"{block}.{number}.{name}.o", HIDDEN, HEADS * HEAD_DIM) | norm(f"{block}.{number}.layer_norm")
            number = len(attentions)
            tensors |= linear(f"{block}.{number}.DenseReluDense.wi_0", INTERMEDIATE, HIDDEN) | norm(f"{block}.{number}.layer_norm")
            tensors |= linear(f"{block}.{number}.DenseReluDense.wi_1", INTERMEDIATE, HIDDEN)
            tensors |= linear(f"{block}.{number}.DenseReluDense.wo", HIDDEN, INTERMEDIATE)
        tensors |= linear(f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias", 16, HEADS) | norm(f"{stack}.final_layer_norm")
    config = {"model_type": "t5", "num_heads": HEADS, "d_kv": HEAD_DIM, "num_layers": 2, "num_decoder_layers": 3,
              "num_key_value_heads": None, "tie_word_embeddings": True}  # fmt: skip
    return config, tensors


def gemma3():
    config, tensors = gemma2()
    tensors = {name.replace("model.", "model.language_model."): shape for name, shape in tensors.items()}
    for layer in range(LAYERS):
        for name in ("q_norm", "k_norm"):
            tensors |= norm(f"model.language_model.layers.{layer}.self_attn.{name}", HEAD_DIM)
    vision = "model.vision_tower.vision_model"
    for layer in range(2):
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            tensors |= linear(f"{vision}.encoder.layers.{layer}.self_attn.{name}", 30, 30, bias=True)
        tensors |= norm(f"{vision}.encoder.layers.{layer}.layer_norm1", 30, bias=True)
        tensors |= linear(f"{vision}.encoder.layers.{layer}.mlp.fc1", 70, 30, bias=True)
    tensors |= {f"{vision}.embeddings.patch_embedding.weight": (30, 3, 4, 4), "model.multi_modal_projector.mm_input_projection_weight": (30, HIDDEN)}
    return config | {"model_type": "gemma3", "text_config": CONFIG}, tensors


def opt():
    tensors = linear("model.decoder.embed_tokens", VOCABULARY, HIDDEN) | linear("model.decoder.embed_positions", 34, HIDDEN)
    for layer in range(LAYERS):
        prefix = f"model.decoder.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            tensors |= linear(f"{prefix}.self_attn.{name}", HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.fc1", INTERMEDIATE, HIDDEN, bias=True) | linear(f"{prefix}.fc2", HIDDEN, INTERMEDIATE, bias=True)
        tensors |= norm(f"{prefix}.self_attn_layer_norm", bias=True) | norm(f"{prefix}.final_layer_norm", bias=True)
    config = {"model_type": "opt", "num_key_value_heads": None, "tie_word_embeddings": True}
    return config, tensors | norm("model.decoder.final_layer_norm", bias=True)


def roberta():
    tensors = {f"roberta.embeddings.{name}_embeddings.weight": (size, HIDDEN)
               for name, size in (("word", VOCABULARY), ("position", 34), ("token_type", 1))}  # fmt: skip
    tensors |= norm("roberta.embeddings.LayerNorm", bias=True)
    for layer in range(LAYERS):
        prefix = f"roberta.encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            tensors |= linear(f"{prefix}.attention.self.{name}", HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.attention.output.dense", HIDDEN, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.intermediate.dense", INTERMEDIATE, HIDDEN, bias=True)
        tensors |= linear(f"{prefix}.output.dense", HIDDEN, INTERMEDIATE, bias=True)
        tensors |= norm(f"{prefix}.attention.output.LayerNorm", bias=True) | norm(f"{prefix}.output.LayerNorm", bias=True)
    tensors |= linear("lm_head.dense", HIDDEN, HIDDEN, bias=True) | norm("lm_head.layer_norm", bias=True)
    config = {"model_type": "roberta", "num_key_value_heads": None, "tie_word_embeddings": True}
    return config, tensors | {"lm_head.bias": (VOCABULARY,)}


FAMILIES = {maker.__name__: maker for maker in (
    adapted, tied_apart, tied_twice, quantized, divisible, mixtral, mixtral_together, qwen2_moe, qwen3_moe, gemma2, gemma3, phi3, deepseek_v2, deepseek_v3, falcon_7b, falcon_40b, falcon_rw, gpt2,
    gpt_neox, bloom, opt, roberta, t5)}  # fmt: skip


def from_table(name):
    """(config.json, shapes) of a model of tests/families."""
    model = MODELS[name]
    shapes = {tensor: line.target or line.shape for tensor, _, line in model.tensors()}
    return model.config | {"distload_table": name}, {tensor: shape for tensor, shape in shapes.items() if not isinstance(shape, str)}


def main():
    family, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    if family in FAMILIES:
        config, shapes = FAMILIES[family]()
        config = CONFIG | config
    else:
        config, shapes = from_table(family)
    directory.mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng(random.Random(family).getrandbits(32))
    header, data = {}, []
    begin = 0
    stored = {}
    for name, shape in sorted(shapes.items(), key=lambda item: (isinstance(item[1], str), item[0])):
        if isinstance(shape, str):  # the same as another one
            header[name] = header[shape] | {"data_offsets": [begin, begin + len(stored[shape])]}
            begin += len(stored[shape])
            data.append(stored[shape])
            continue
        dtype, *shape = shape if shape and shape[0] == "F8_E4M3" else ("F32", *shape)
        # Numbers of ordinary size, so that they can be cast.
        elements = generator.standard_normal(shape, dtype="<f4") if dtype == "F32" else generator.integers(0, 256, shape, dtype="u1")
        elements = numpy.asarray(elements)  # also a single number
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + elements.nbytes]}
        begin += elements.nbytes
        stored[name] = elements.tobytes()
        data.append(stored[name])
    text = json.dumps(header).encode()
    (directory / "config.json").write_text(json.dumps(config, indent=2))
    (directory / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


if __name__ == "__main__":
    main()
