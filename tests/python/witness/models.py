"""The test models as vLLM gets them: what their config.json lacks for an engine that computes, and which class serves each."""
import importlib.util
import json
import pathlib
import sys

from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

ACCEPTANCE = pathlib.Path(__file__).resolve().parents[2] / "acceptance"

# Families that transformers does not know, and whose releases have a configuration class beside the weights.
for _name in ("internlm2",):
    if _name not in CONFIG_MAPPING:
        AutoConfig.register(_name, type(_name, (PreTrainedConfig,), {"model_type": _name}))

# In place of a value: the key is left out.
ABSENT = object()
_ROUTING = {"topk_method": "noaux_tc"}
BY_TYPE = {
    "camembert": {"architectures": ["RobertaForMaskedLM"]},
    "chatglm": {
        "architectures": ["ChatGLMModel"], "original_rope": True, "seq_length": 32, "add_bias_linear": False, "add_qkv_bias": True,
        "rmsnorm": True, "post_layer_norm": True, "layernorm_epsilon": 1e-5, "apply_residual_connection_post_layernorm": False,
        "rope_ratio": 1, "num_key_value_heads": ABSENT, "tie_word_embeddings": False,
    },
    "deepseek_v3": _ROUTING,
    "deepseek_v32": _ROUTING | {"index_topk": 16},
    "deepseek_v4": _ROUTING,
    "falcon": {"head_dim": ABSENT},
    "glm": {"pad_token_id": 0},
    "glm5_next": {"text_config": _ROUTING | {"mhc": True, "mla_use_nope": True, "indexer_rope_interleave": True, "scoring_func": "sigmoid"}},
    "glm_moe_dsa": _ROUTING,
    "internlm2": {
        "architectures": ["InternLM2ForCausalLM"], "hidden_act": "silu", "rms_norm_eps": 1e-5, "bias": False,
        "max_position_embeddings": 32, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    },
    "kimi_k2": _ROUTING | {"architectures": ["DeepseekV3ForCausalLM"]},
    "kimi_k25": {
        "architectures": ["KimiK25ForConditionalGeneration"], "text_config": _ROUTING,
        "vision_config": {
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "pos_emb_height": 4, "pos_emb_width": 4,
        },
    },
    "kimi_linear": {"num_experts_per_token": 2, "mla_use_nope": True},
    "llama4": {"architectures": ["Llama4ForConditionalGeneration"]},
    "minimax_m2": {"rotary_dim": 8, "scoring_func": "sigmoid", "use_routing_bias": True},
    "minimax_m3_vl": {
        "vision_config": {"img_token_compression_config": {}, "num_channels": 3, "layer_norm_eps": 1e-5},
        "text_config": {
            "moe_layer_freq": [0, 1, 1], "n_shared_experts": 0, "use_routing_bias": True, "scoring_func": "sigmoid",
        },
    },
    "mixtral": {"num_experts_per_tok": 2},
    "modernbert": {"architectures": ["ModernBertModel"]},
    "nomic_bert": {
        "activation_function": "swiglu", "mlp_fc1_bias": False, "mlp_fc2_bias": False, "qkv_proj_bias": False,
        "rotary_emb_scale_base": None, "rotary_emb_interleaved": False, "layer_norm_epsilon": 1e-5, "type_vocab_size": 2,
    },
    "opt": {"ffn_dim": 50, "max_position_embeddings": 32},
    "qwen3_5": {"architectures": ["Qwen3_5ForConditionalGeneration"]},
    "qwen3_5_moe": {"architectures": ["Qwen3_5MoeForConditionalGeneration"]},
    "qwen3_vl_moe": {"text_config": {"norm_topk_prob": True}},
    "roberta": {"architectures": ["RobertaForMaskedLM"]},
    "smollm3": {"pad_token_id": 0},
    "whisper": {"pad_token_id": 0},
    "xlm-roberta": {"architectures": ["RobertaForMaskedLM"]},
}  # fmt: skip
_MLA = {"q_lora_rank": 24, "kv_lora_rank": 24, "first_k_dense_replace": 1, "n_shared_experts": 2, "num_experts_per_tok": 2}
_SIZES = {
    "vocab_size": 101, "hidden_size": 96, "num_attention_heads": 12, "intermediate_size": 48, "num_hidden_layers": 3, "head_dim": 8,
}  # fmt: skip
# After those of the model's type.
BY_MODEL = {
    "deepseek_v2": _MLA | {"moe_intermediate_size": 50},
    "deepseek_v3": _MLA | {"moe_intermediate_size": 48, "quantization_config": {"quant_method": "fp8", "activation_scheme": "dynamic"}},
    "falcon_rw": {"bias": True},
    "gemma3": {
        "vision_config": {
            "hidden_size": 30, "intermediate_size": 70, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 4, "image_size": 16,
        },
    },
    "gpt2": {"n_positions": 32},
    "mistral4": {
        "architectures": ["Mistral3ForConditionalGeneration"], "text_config": {"architectures": ["MistralLarge3ForCausalLM"]},
    },
    "mistral_large3_params": _SIZES | {
        "model_type": "deepseek_v3", "architectures": ["MistralLarge3ForCausalLM"], "num_key_value_heads": 12, "n_routed_experts": 4,
        "num_experts_per_tok": 2, "n_shared_experts": 1, "moe_intermediate_size": 24, "first_k_dense_replace": 1,
    },
    "mistral_params": _SIZES | {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "num_key_value_heads": 4},
    "mistral_params_tied": _SIZES | {
        "model_type": "mistral", "architectures": ["MistralForCausalLM"], "num_key_value_heads": 4, "tie_word_embeddings": True,
    },
    "qwen2_moe": {"moe_intermediate_size": 50, "shared_expert_intermediate_size": 50},
    "roberta": {"type_vocab_size": 1, "max_position_embeddings": 34},
}  # fmt: skip
# Further arguments of vLLM's ModelConfig.
ARGUMENTS = {
    "deepseek_v3": {"dtype": "bfloat16"},
    "llama_bare": {"runner": "pooling"},
    "llama_classifier": {"runner": "pooling"},
    "mixtral_together": {"model_impl": "transformers"},
}
# vLLM's classes for layers that predict further tokens, which are models of their own there.
PREDICTING = {
    "deepseek_v3": "DeepSeekMTPModel",
    "deepseek_v3_released": "DeepSeekMTPModel",
    "glm4_moe": "Glm4MoeMTPModel",
    "nemotron_h_mtp": "NemotronHMTPModel",
    "qwen3_5": "Qwen3_5MTP",
    "qwen3_5_moe": "Qwen3_5MoeMTP",
    "qwen3_next": "Qwen3NextMTP",
}
# 4 ranks do not divide the sizes of these, as vLLM demands.
TWO_RANKS = frozenset("""
    adapted deepseek_v2 gemma2 gemma3 gemma3n mixtral mixtral_together opt phi3 qwen2_5_vl qwen2_moe qwen3_moe qwen3_vl qwen3_vl_moe
    roberta t5 tied_apart tied_twice
""".split())


def sizes(name):
    """On how many ranks a test model is compared."""
    return (2,) if name in TWO_RANKS else (2, 4)


def test_models():
    """(names of all test models, function that writes one of them to a folder)."""
    sys.path.insert(0, str(ACCEPTANCE))
    spec = importlib.util.spec_from_file_location("make_family", ACCEPTANCE / "make_family.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def write(name, folder):
        sys.argv = [module.__name__, name, str(folder)]
        module.main()

    return sorted({**module.FAMILIES, **module.MODELS}), write


def _changed(config, changes):
    result = dict(config)
    for key, value in changes.items():
        if value is ABSENT:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _changed(result.get(key, {}), value)
        else:
            result[key] = value
    return result


def config_for_engine(name, config):
    """config.json of a test model, completed; with `architectures` as transformers calls it, unless it is among those above."""
    if config.get("num_key_value_heads", 0) is None:
        config = _changed(config, {"num_key_value_heads": ABSENT})
    config = _changed(_changed(config, BY_TYPE.get(config.get("model_type"), {})), BY_MODEL.get(name, {}))
    if "architectures" not in config:
        for names in (
            modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
            modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES, modeling_auto.MODEL_MAPPING_NAMES,
        ):  # fmt: skip
            if config.get("model_type") in names:
                return config | {"architectures": [names[config["model_type"]]]}
    return config


def write_config(name, model, folder):
    """Writes the config.json of test model `name`, whose folder is `model`, for vLLM; that of its predicting layers into `predicting`."""
    config = config_for_engine(name, json.loads((model / "config.json").read_text()))
    configs = {folder: config}
    if name in PREDICTING:
        configs[folder / "predicting"] = config | {"architectures": [PREDICTING[name]]}
    for place, content in configs.items():
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.json").write_text(json.dumps(content))
