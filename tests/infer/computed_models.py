"""The tiny models that distload-infer computes, as transformers builds them, and what transformers computes from them.

The sizes are those of tests/transformers. The numbers are such that outputs keep their magnitude from layer to layer, and differ by much more than
rounding: a window, a soft cap, a rotary base or a routing that is not applied shows.
"""
import json
import math
import operator
import pathlib
import sys

import safetensors.torch
import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "transformers"))
from models import (  # noqa: E402
    ALL_HEADS, DECODER, DEEPSEEK, ENCODER, EXPERTS, HEADS, HIDDEN, LAYERS, ONE_HEAD, RENAMED, T5, TOKENS, VOCABULARY, Model,
)  # fmt: skip

BATCH, LENGTH, GENERATED = 2, 7, 8
ROPE = {"rope_theta": 100.0}  # with the usual base, the slow half of eight numbers does not turn within a few tokens
LLAMA3 = ROPE | {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
YARN = ROPE | {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "beta_fast": 1.0, "beta_slow": 0.3}
LONGER = {"max_position_embeddings": 128}  # than without scaling
LONGROPE = ROPE | {"rope_type": "longrope", "short_factor": [1.0, 1.1, 1.2], "long_factor": [1.5, 2.5, 4.0], "partial_rotary_factor": 0.75}
WINDOW = {"sliding_window": 4}  # shorter than the tokens
T5_NEAR = T5 | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 16}  # several distances share a bucket
CAPS = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0}
GEMMA = DECODER | WINDOW | {"head_dim": 16, "query_pre_attn_scalar": 24, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
FALCON = TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS}
BLOOM = TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "n_head": HEADS, "n_layer": LAYERS}
GPT2 = TOKENS | {"vocab_size": VOCABULARY, "n_embd": HIDDEN, "n_head": HEADS, "n_layer": LAYERS, "n_positions": 32}
OPT = ENCODER | {"ffn_dim": 48}
DEEPSEEK_YARN = LONGER | {"rope_parameters": YARN | {"mscale": 0.707, "mscale_all_dim": 0.9}}
GROUPS = {"topk_method": "group_limited_greedy", "routed_scaling_factor": 1.5}


class Computed(Model):
    """`older`: config.json has rope_theta, rope_scaling and torch_dtype, as transformers 4 wrote them."""

    def __init__(self, model_type, sizes, dtype="float32", loader="AutoModelForCausalLM", older=False, **save):
        super().__init__(model_type, sizes, dtype, loader, **save)
        self.older = older

    def fill(self, name, tensor, generator):
        noise = torch.empty_like(tensor).normal_(generator=generator)
        if tensor.dim() == 1:  # norms start with ones or zeros, biases with zeros
            tensor.add_(noise, alpha=0.2)
        else:
            inputs = tensor.shape[0] if self.model_type == "gpt2" and ".c_" in name else tensor.shape[-1]
            tensor.copy_(noise / math.sqrt(inputs))

    def write(self, directory):
        self.build().save_pretrained(directory, **self.save)
        if self.older:
            rewrite_config(directory, to_older)

    def load(self, directory):
        """The model in float32, with the weights as they are stored."""
        # Falcon's eager attention adds ALiBi twice, in the mask and to the scores; its default, sdpa, once.
        attention = "sdpa" if self.model_type == "falcon" else "eager"
        return self.loader.from_pretrained(directory, dtype=torch.float32, attn_implementation=attention).eval()


class Quantized(Computed):
    """Weights of linear layers in FP8. `scales` gives the shape of the scales of a weight [out, in]."""

    def __init__(self, sizes, companion, scales, quantization):
        super().__init__("llama", sizes)
        self.companion = companion
        self.scales = scales
        self.quantization = quantization

    def parts(self):
        """Names and tensors as they are stored, and as they are computed with."""
        stored, computed = {}, {}
        for name, tensor in self.build().state_dict().items():
            if not name.endswith("_proj.weight"):
                stored[name] = computed[name] = tensor
                continue
            rows, columns = self.scales(*tensor.shape)
            blocks = tensor.reshape(rows, tensor.shape[0] // rows, columns, tensor.shape[1] // columns)
            scale = blocks.abs().amax(dim=(1, 3), keepdim=True) / torch.finfo(torch.float8_e4m3fn).max
            quantized = (blocks / scale).to(torch.float8_e4m3fn)
            stored[name] = quantized.reshape(tensor.shape)
            stored[f"{name}{self.companion}"] = scale.reshape([] if rows == columns == 1 else [rows, columns])
            computed[name] = (quantized.float() * scale).reshape(tensor.shape)
        return stored, computed

    def write(self, directory):
        model = self.build()
        model.save_pretrained(directory)
        safetensors.torch.save_file(self.parts()[0], directory / "model.safetensors", metadata={"format": "pt"})
        rewrite_config(directory, lambda config: config | {"quantization_config": self.quantization})

    def load(self, directory):
        config = transformers.AutoConfig.for_model(self.model_type, **self.sizes)
        model = self.loader.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
        model.load_state_dict(self.parts()[1])
        return model


def to_older(config):
    rope = config.pop("rope_parameters")
    kind = rope.pop("rope_type")
    config |= {key: rope.pop(key) for key in ("rope_theta", "partial_rotary_factor") if key in rope}
    if kind == "longrope":
        rope.pop("original_max_position_embeddings", None)  # config has it
    config["rope_scaling"] = {"rope_type" if kind == "llama3" else "type": kind, **rope} if rope else None
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    return config


def rewrite_config(directory, change):
    path = directory / "config.json"
    path.write_text(json.dumps(change(json.loads(path.read_text())), indent=2))


MODELS = {
    "llama": Computed("llama", DECODER | {"rope_parameters": ROPE}, "bfloat16"),
    "llama3": Computed("llama", DECODER | LONGER | {"rope_parameters": LLAMA3}, older=True),
    "llama_yarn": Computed("llama", DECODER | ONE_HEAD | LONGER | {"rope_parameters": YARN}, "float16"),
    "llama_biases": Computed("llama", DECODER | ALL_HEADS | {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True,
                                                             "rope_parameters": ROPE}),
    "llama_wide_heads": Computed("llama", DECODER | {"head_dim": 16}, older=True),
    "llama_uneven": Computed("llama", DECODER | {"intermediate_size": 50}),
    "llama_fp8_blocks": Quantized(DECODER | {"intermediate_size": 96}, "_scale_inv", lambda rows, columns: (rows // 8, columns // 8),
                                  {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [8, 8]}),
    "llama_fp8_rows": Quantized(DECODER, "_scale", lambda rows, _: (rows, 1), {"quant_method": "compressed-tensors"}),
    "llama_fp8_tensors": Quantized(DECODER | ONE_HEAD, "_scale", lambda rows, columns: (1, 1), {"quant_method": "compressed-tensors"}),
    "mistral": Computed("mistral", DECODER | ONE_HEAD | WINDOW | {"rope_parameters": ROPE}, "float16"),
    "qwen2": Computed("qwen2", DECODER | {"num_key_value_heads": 2, "tie_word_embeddings": True}, "bfloat16"),
    "qwen2_window": Computed("qwen2", DECODER | ALL_HEADS | WINDOW | {"use_sliding_window": True, "max_window_layers": 1}, older=True),
    "qwen3": Computed("qwen3", DECODER | {"head_dim": 16, "num_key_value_heads": 2, "rope_parameters": ROPE}, "bfloat16"),
    "gemma2": Computed("gemma2", GEMMA | CAPS, "bfloat16"),
    "gemma3_text": Computed("gemma3_text", GEMMA | ONE_HEAD | {
        "rope_parameters": {"sliding_attention": ROPE | {"rope_type": "default"},
                            "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1000.0}}}, "bfloat16"),
    "phi3": Computed("phi3", DECODER | {"rope_parameters": ROPE | {"rope_type": "default", "partial_rotary_factor": 0.5}}, "bfloat16"),
    # The short factors are for contexts of up to original_max_position_embeddings.
    "phi3_short": Computed("phi3", DECODER | {"original_max_position_embeddings": 16, "rope_parameters": LONGROPE}, older=True),
    "phi3_long": Computed("phi3", DECODER | ONE_HEAD | WINDOW | {"original_max_position_embeddings": 4, "rope_parameters": LONGROPE}, "float16"),
    "gpt2": Computed("gpt2", GPT2),
    "gpt2_scaled": Computed("gpt2", GPT2 | {"scale_attn_by_inverse_layer_idx": True, "n_inner": 48, "activation_function": "relu"}, "float16"),
    "gpt_neox": Computed("gpt_neox", ENCODER, "float16"),
    "gpt_neox_serial": Computed("gpt_neox", ENCODER | {"use_parallel_residual": False, "tie_word_embeddings": True}, "bfloat16"),
    "opt": Computed("opt", OPT, "float16"),
    "opt_norm_after": Computed("opt", OPT | {"word_embed_proj_dim": 64, "do_layer_norm_before": False}),
    "opt_projected": Computed("opt", OPT | {"word_embed_proj_dim": 64}, "bfloat16"),
    "bloom": Computed("bloom", BLOOM, "float16"),
    "bloom_norm": Computed("bloom", BLOOM | {"apply_residual_connection_post_layernorm": True}),
    "falcon": Computed("falcon", FALCON, "bfloat16"),
    "falcon_new": Computed("falcon", FALCON | {"num_kv_heads": 4, "new_decoder_architecture": True}, "bfloat16"),
    "falcon_rw": Computed("falcon", FALCON | {"bias": True, "multi_query": False, "alibi": True, "parallel_attn": False}),
    "mixtral": Computed("mixtral", DECODER | {"num_local_experts": 4}, "bfloat16"),
    "mixtral_together": Computed("mixtral", DECODER | ONE_HEAD | WINDOW | {"num_local_experts": 4}, **RENAMED),
    "qwen2_moe": Computed("qwen2_moe", DECODER | ALL_HEADS | EXPERTS | {"shared_expert_intermediate_size": 36, "mlp_only_layers": [1]}),
    "qwen3_moe": Computed("qwen3_moe", DECODER | EXPERTS | {"head_dim": 16, "norm_topk_prob": True}, "bfloat16"),
    "qwen3_moe_together": Computed("qwen3_moe", DECODER | ALL_HEADS | EXPERTS | {"norm_topk_prob": False}, **RENAMED),
    "deepseek_v2": Computed("deepseek_v2", DECODER | DEEPSEEK | GROUPS | LONGER | {"rope_parameters": YARN}, older=True),
    "deepseek_v2_lite": Computed("deepseek_v2", DECODER | DEEPSEEK | {"q_lora_rank": None, "topk_method": "greedy"}, "bfloat16"),
    "deepseek_v3": Computed("deepseek_v3", DECODER | DEEPSEEK | DEEPSEEK_YARN, "bfloat16", older=True),
    "deepseek_v3_halves": Computed("deepseek_v3", DECODER | DEEPSEEK | {"rope_interleave": False, "norm_topk_prob": False, "q_lora_rank": None}),
    "bert": Computed("bert", ENCODER, loader="AutoModelForMaskedLM"),
    "bert_bare": Computed("bert", ENCODER, "float16", "AutoModel"),
    "roberta": Computed("roberta", ENCODER, loader="AutoModelForMaskedLM"),
    "t5": Computed("t5", T5_NEAR, loader="AutoModelForSeq2SeqLM"),
    "t5_gated": Computed("t5", T5_NEAR | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}, "bfloat16", "AutoModelForSeq2SeqLM"),
}  # fmt: skip

# Where transformers has layers and the last norm, in the model without its head, and a layer's projections whose outputs are compared.
PLACES = {
    "gpt2": ("h", "attn.c_proj", "mlp", "ln_f"),
    "gpt_neox": ("layers", "attention.dense", "mlp", "final_layer_norm"),
    "opt": ("decoder.layers", "self_attn.out_proj", "fc2", "decoder.final_layer_norm"),
    "bloom": ("h", "self_attention.dense", "mlp.dense_4h_to_h", "ln_f"),
    "falcon": ("h", "self_attention.dense", "mlp", "ln_f"),
    "bert": ("encoder.layer", "attention.output.dense", "output.dense", None),
    "roberta": ("encoder.layer", "attention.output.dense", "output.dense", None),
}
USUAL_PLACES = ("layers", "self_attn.o_proj", "mlp", "norm")
ENCODERS = {"bert", "roberta"}


class Outputs(dict):
    """Outputs by name, float32 [batch, tokens, width], of the call of a model in a `with` block."""

    def __init__(self, model, tokens):
        super().__init__()
        self.shape = tokens.shape
        self.hooks = []
        base = model.base_model
        if model.config.model_type == "t5":
            count = model.config.num_layers
            self.watch_t5(base.encoder, "encoder.", 0, ["SelfAttention.o", "DenseReluDense"])
            self.watch_t5(base.decoder, "", count, ["SelfAttention.o", "EncDecAttention.o", "DenseReluDense"])
            return
        layers, attention, mlp, norm = PLACES.get(model.config.model_type, USUAL_PLACES)
        layers = base.get_submodule(layers)
        self.watch_input("embeddings", layers[0])
        for index, layer in enumerate(layers):
            self.watch(f"layers.{index}.attention", layer.get_submodule(attention))
            self.watch(f"layers.{index}.mlp", layer.get_submodule(mlp))
            self.watch(f"layers.{index}", layer)
        last = norm and operator.attrgetter(norm)(base)  # None in opt models that normalise after each layer
        if last:
            self.watch("norm", last)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def watch_t5(self, stack, prefix, first, parts):
        self.watch_input(f"{prefix}embeddings", stack.block[0])
        names = ["attention", "cross_attention", "mlp"] if len(parts) == 3 else ["attention", "mlp"]
        for index, block in enumerate(stack.block, first):
            for name, part, layer in zip(names, parts, block.layer, strict=True):
                self.watch(f"layers.{index}.{name}", layer.get_submodule(part))
            self.watch(f"layers.{index}", block)
        self.watch(f"{prefix}norm", stack.final_layer_norm)

    def watch(self, name, module):
        self.hooks.append(module.register_forward_hook(lambda module, arguments, output: self.keep(name, output)))

    def watch_input(self, name, module):
        def keep(module, arguments, named):
            self.keep(name, arguments or named["hidden_states"])

        self.hooks.append(module.register_forward_pre_hook(keep, with_kwargs=True))

    def keep(self, name, output):
        tensor = output[0] if isinstance(output, tuple) else output
        self[name] = tensor.detach().float().reshape(*self.shape, -1).numpy().copy()


def logits(model, ids, answer=None):
    """Logits of a decoder; of t5, those for `answer`, what the decoder has so far; of an encoder, its last hidden state."""
    kind = model.config.model_type
    with torch.no_grad():
        if kind in ENCODERS:
            return model.base_model(ids).last_hidden_state
        if kind == "t5":
            return model(input_ids=ids, decoder_input_ids=answer).logits
        return model(ids, use_cache=False).logits


def shifted(model, ids):
    """What t5's decoder reads to predict `ids`."""
    start = torch.full_like(ids[:, :1], model.config.decoder_start_token_id)
    return torch.cat([start, ids[:, :-1]], dim=1)


def is_clear(logits):
    """Whether rounding cannot change the most likely tokens."""
    best = logits.topk(2).values
    return bool(((best[..., 0] - best[..., 1]) > 1e-3 * logits.abs().max()).all())


def reference(model, tokens):
    """Outputs by name, and the tokens that follow the first sequence (none for an encoder); None if two tokens are nearly equally likely."""
    is_t5 = model.config.model_type == "t5"
    with Outputs(model, tokens) as outputs:
        last = logits(model, tokens, shifted(model, tokens) if is_t5 else None)
        outputs["logits"] = last.numpy()
    if model.config.model_type in ENCODERS:
        return outputs, None
    prompt = tokens[:1]
    answer = shifted(model, prompt)[:, :1] if is_t5 else prompt
    given = answer.shape[1]
    for _ in range(GENERATED):
        if not is_clear(last):
            return None
        last = logits(model, prompt if is_t5 else answer, answer)
        answer = torch.cat([answer, last[:, -1:].argmax(dim=-1)], dim=1)
    return (outputs, answer[0, given:].numpy()) if is_clear(last) else None
