"""The tiny models of the test, as transformers builds them: each with something of its own, and all with random numbers in every tensor.

A vocabulary of 101 is divided by no number of ranks, 12 heads and the intermediate sizes by 1, 2, 3 and 4. Few heads of keys and values go
to several ranks each.
"""
import zlib

import torch
import transformers

transformers.utils.logging.disable_progress_bar()

LAYERS, HIDDEN, HEADS, HEAD_DIM, INTERMEDIATE, VOCABULARY, POSITIONS = 3, 96, 12, 8, 48, 101, 32
TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
ENCODER = TOKENS | {
    "vocab_size": VOCABULARY, "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE, "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS,
}  # fmt: skip
DECODER = ENCODER | {"num_key_value_heads": 4}
ALL_HEADS, ONE_HEAD = {"num_key_value_heads": HEADS}, {"num_key_value_heads": 1}  # both for 3 ranks as well
HEAD = {"head_dim": HEAD_DIM}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
# Latent attention: all heads have keys and values of their own.
LATENT = {"q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16}
DEEPSEEK = ALL_HEADS | LATENT | {"n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 2, "moe_intermediate_size": 24,
                                 "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1}  # fmt: skip
T5 = {"vocab_size": VOCABULARY, "d_model": HIDDEN, "d_kv": HEAD_DIM, "d_ff": INTERMEDIATE, "num_layers": LAYERS, "num_decoder_layers": 2,
      "num_heads": HEADS, "decoder_start_token_id": 0}  # fmt: skip
VISION = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 28, "patch_size": 14,
          "vision_use_head": False}  # fmt: skip


class Model:
    """A model_type, sizes for its config, a dtype, the class that writes and loads it, and further arguments of save_pretrained."""

    def __init__(self, model_type, sizes, dtype="float32", loader="AutoModelForCausalLM", **save):
        self.model_type = model_type
        self.sizes = sizes
        self.dtype = getattr(torch, dtype)
        self.loader = getattr(transformers, loader)
        self.save = save

    def build(self):
        """The model; the same numbers at every call, also in buffers, and none of the ones and zeros that it starts with."""
        config = transformers.AutoConfig.for_model(self.model_type, **self.sizes)
        model = self.loader.from_config(config, dtype=self.dtype)
        generator = torch.Generator().manual_seed(zlib.crc32(self.model_type.encode()))
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                self.fill(name, tensor, generator)
        return model

    def fill(self, name, tensor, generator):
        tensor.normal_(generator=generator)


# Names and shapes as transformers has them in memory: all experts in one tensor, and an lm_head where older versions had other names.
RENAMED = {"save_original_format": False}
MODELS = {
    "llama": Model("llama", DECODER, "bfloat16", max_shard_size="50KB"),
    "llama_tied": Model("llama", DECODER | ALL_HEADS | {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True}),
    "llama_bare": Model("llama", DECODER | ALL_HEADS, "float16", "AutoModel"),
    "llama_classifier": Model("llama", DECODER, loader="AutoModelForTokenClassification"),
    "mistral": Model("mistral", DECODER | ONE_HEAD, "float16"),
    "qwen2": Model("qwen2", DECODER | {"num_key_value_heads": 2, "tie_word_embeddings": True}, "bfloat16"),
    "qwen3": Model("qwen3", DECODER | {"head_dim": 16, "num_key_value_heads": 2}, "bfloat16"),
    "qwen3_answers": Model("qwen3", DECODER | HEAD | {"num_key_value_heads": 6}, loader="AutoModelForQuestionAnswering"),
    "qwen2_moe": Model("qwen2_moe", DECODER | ALL_HEADS | EXPERTS | {"shared_expert_intermediate_size": 36, "mlp_only_layers": [1]}),
    "qwen3_moe": Model("qwen3_moe", DECODER | EXPERTS | HEAD, "bfloat16"),
    "qwen3_moe_together": Model("qwen3_moe", DECODER | ALL_HEADS | EXPERTS | HEAD, **RENAMED),
    "mixtral": Model("mixtral", DECODER | {"num_local_experts": 4}, "bfloat16"),
    "mixtral_together": Model("mixtral", DECODER | ONE_HEAD | {"num_local_experts": 4}, "bfloat16", **RENAMED),
    "deepseek_v2": Model("deepseek_v2", DECODER | DEEPSEEK),
    "deepseek_v2_lite": Model("deepseek_v2", DECODER | DEEPSEEK | {"q_lora_rank": None}, **RENAMED),
    "gemma2": Model("gemma2", DECODER | {"head_dim": 16}, "bfloat16"),
    "gemma3_text": Model("gemma3_text", DECODER | ONE_HEAD | {"head_dim": 16}, "bfloat16"),
    "phi3": Model("phi3", DECODER | ONE_HEAD),
    "gpt2": Model("gpt2", TOKENS | {"vocab_size": VOCABULARY, "n_embd": HIDDEN, "n_head": HEADS, "n_layer": LAYERS, "n_positions": POSITIONS}),
    "gpt_neox": Model("gpt_neox", ENCODER, "float16"),
    "gpt_neox_tied": Model("gpt_neox", ENCODER | {"tie_word_embeddings": True}, "bfloat16"),
    "gpt_neox_renamed": Model("gpt_neox", ENCODER, **RENAMED),
    "bloom": Model("bloom", TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "n_head": HEADS, "n_layer": LAYERS}, "float16"),
    "opt": Model("opt", ENCODER | {"ffn_dim": INTERMEDIATE, "word_embed_proj_dim": 64}, "float16"),
    "bert": Model("bert", ENCODER, loader="AutoModelForPreTraining"),
    "bert_bare": Model("bert", ENCODER, "float16", "AutoModel"),
    "roberta": Model("roberta", ENCODER, loader="AutoModelForMaskedLM"),
    "deepseek_v3": Model("deepseek_v3", DECODER | DEEPSEEK),
    "falcon": Model("falcon", TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_attention_heads": HEADS,
                                        "num_hidden_layers": LAYERS}, "bfloat16"),
    "falcon_new": Model("falcon", TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_attention_heads": HEADS, "num_kv_heads": 4,
                                            "num_hidden_layers": LAYERS, "new_decoder_architecture": True}, "bfloat16"),
    "falcon_rw": Model("falcon", TOKENS | {"vocab_size": VOCABULARY, "hidden_size": HIDDEN, "num_attention_heads": HEADS, "bias": True,
                                           "num_hidden_layers": LAYERS, "multi_query": False, "alibi": True, "parallel_attn": False}),
    "t5": Model("t5", T5, loader="AutoModelForSeq2SeqLM"),
    "t5_gated": Model("t5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}, "bfloat16", "AutoModelForSeq2SeqLM"),
    "gemma3": Model("gemma3", {"text_config": DECODER | {"head_dim": 16}, "vision_config": VISION, "mm_tokens_per_image": 4}, "bfloat16",
                    "AutoModelForImageTextToText"),
}  # fmt: skip
